# Integration tests: what takes several steps that a dialogue cannot say (restarts, files, kills, limits). A file holds
#   test NAME { script }      which fails by `error` or `expect`; it starts its servers itself (tests/support/resp.tcl)
# Dialogues are in redis-compat/oracle/dialogues. Prints "ok NAME" or "not ok NAME: why" a line. usage: run.tcl SERVER FILE ...
set here [file dirname [file normalize [info script]]]
source [file join $here .. support resp.tcl]

set server_path [file normalize [lindex $argv 0]]
set files [lmap f [lrange $argv 1 end] { expr {[file isfile $f] ? $f : [continue]} }]
set failed 0

proc expect {got want what} {
    if {![string match $want $got]} { error "$what: got <$got>, wanted <$want>" }
}

proc report {name why} {
    global failed
    if {$why eq ""} {
        puts "ok $name"
    } else {
        incr failed
        puts "not ok $name: [string map {\n { }} $why]"
    }
    flush stdout
}

proc test {name script} {
    lappend ::tests [list $name $script]
}

foreach file $files {
    set tests {}
    set label [string map [list $here/ "" .tcl ""] [file normalize $file]]
    source $file
    foreach t $tests {
        lassign $t name script
        set server::path $server_path
        set server::dir ""
        set code [catch {apply [list {} $script]} why]
        catch {server::stop KILL}
        report "$label: $name" [expr {$code == 1 ? $why : ""}]
        catch {server::forget}
    }
}
exit [expr {$failed > 0}]
