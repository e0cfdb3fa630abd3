# Integration tests. A file holds
#   dialogue NAME { lines }   "COMMAND args => reply" a line (or "B: COMMAND" for a second connection);
#                             played on several stages, which must not make a difference:
#                             resp2, resp3, dribble (one byte at a time), aof (the data set is loaded anew from the
#                             append-only file before every command), snapshot (the same from a snapshot),
#                             reference (against redis-server; a dialogue may opt out with -ours)
#   test NAME { script }      anything else; fails by `error` or `expect`
# Prints "ok NAME" or "not ok NAME: why" a line. usage: run.tcl SERVER STAGE,... FILE ...
set here [file dirname [file normalize [info script]]]
source [file join $here .. support resp.tcl]

set server_path [file normalize [lindex $argv 0]]
set stages [split [lindex $argv 1] ,]
set files [lrange $argv 2 end]
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

proc play {lines stage} {
    array set conns {}
    set n 0
    set conns(A) [resp::connect $server::port]
    if {$stage eq "resp3"} { resp::ask $conns(A) HELLO 3 }
    resp::ask $conns(A) FLUSHALL
    try {
        foreach line [split $lines \n] {
            incr n
            set line [string trim $line]
            if {$line eq "" || [string match "#*" $line]} { continue }
            set who A
            regexp {^([A-Z]): (.*)$} $line -> who line
            if {![info exists conns($who)]} {
                set conns($who) [resp::connect $server::port]
                if {$stage eq "resp3"} { resp::ask $conns($who) HELLO 3 }
            }
            set s $conns($who)
            if {[regexp {^sleep (\S+)$} $line -> ms]} { after $ms; continue }
            if {[regexp {^reads (.*)$} $line -> want]} {
                expect [resp::read $s] $want "line $n"
                continue
            }
            if {[regexp {^waits (.*)$} $line -> command]} {
                resp::send $s whole {*}[subst -nocommands -novariables $command]
                set c [resp::connect $server::port]
                resp::settle $c
                close $c
                continue
            }
            if {![regexp {^(.*?)\s+=>\s?(.*)$} $line -> command want]} { error "line $n: no => in <$line>" }
            if {$who eq "A" && ![info exists in_multi]} {
                set debug [expr {$stage eq "aof" ? "LOADAOF" : $stage eq "snapshot" ? "RELOAD" : ""}]
                if {$debug ne ""} {
                    set c [resp::connect $server::port]
                    expect [resp::ask $c DEBUG $debug] OK "line $n: DEBUG $debug"
                    close $c
                }
            }
            if {[string match -nocase MULTI* $command]} { set in_multi 1 }
            if {[string match -nocase EXEC* $command] || [string match -nocase DISCARD* $command]} { unset -nocomplain in_multi }
            resp::send $s [expr {$stage eq "dribble" ? "dribble" : "whole"}] {*}[subst -nocommands -novariables $command]
            set got [resp::read $s]
            if {![string match $want $got]} { error "line $n: $command: got <$got>, wanted <$want>" }
        }
    } finally {
        foreach {who s} [array get conns] { close $s }
    }
}

proc dialogue {args} {
    set ours [expr {[lindex $args 0] eq "-ours"}]
    if {$ours} { set args [lrange $args 1 end] }
    lassign $args name lines
    lappend ::dialogues [list $name $lines $ours]
}

proc test {name script} {
    lappend ::tests [list $name $script]
}

foreach file $files {
    set dialogues {}
    set tests {}
    set label [string map [list $here/ "" .tcl ""] [file normalize $file]]
    source $file
    foreach stage $stages {
        if {![llength $dialogues]} { break }
        set server::path [expr {$stage eq "reference" ? [auto_execok redis-server] : $server_path}]
        server::start {*}[expr {$stage eq "aof" ? "--appendonly yes" : ""}]
        foreach d $dialogues {
            lassign $d name lines ours
            if {$ours && $stage eq "reference"} { continue }
            set why ""
            catch {play $lines $stage} why options
            report "$label: $name ($stage)" [expr {[dict get $options -code] ? $why : ""}]
        }
        server::stop
        server::forget
    }
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
