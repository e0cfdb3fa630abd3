# faults B13: one server on a data directory.

# Starts a server that is to fail, and returns what it said.
proc refused {dir args} {
    set port [server::free_port]
    set code [catch {exec timeout 120 $server::path --port $port --bind 127.0.0.1 --dir $dir {*}$args 2>@1} out options]
    if {!$code} { error "it started and ended well" }
    expect [lindex [dict get $options -errorcode] 2] 1 "exit code"
    return $out
}
proc locked_by_us {pid dir} {
    return [expr {[llength [lsearch -all -inline [split [exec cat /proc/locks] \n] "*FLOCK*WRITE $pid *"]] > 0}]
}

test "faults B13: a second server on the directory names the first one and ends, before it reads a file" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    # Whatever it was told about files, and by whatever name it knows the directory.
    file link -symbolic $server::dir.link $server::dir
    set f [open $server::dir/users.acl w]
    puts $f "user broken what"
    close $f
    foreach {dir args} [list $server::dir {} $server::dir {--appendonly yes} $server::dir/. {--save {}} $server::dir.link {--dbfilename x.rdb} \
                            $server::dir/appendonlydir/.. {--appenddirname other --appendonly yes} $server::dir {--aclfile users.acl}] {
        expect [refused $dir {*}$args] "*data directory * is in use by process $server::pid*" "$dir $args"
    }
    file delete $server::dir.link
    expect [resp::ask $s SET a 2] OK "the first one goes on"
    expect [lsort [glob -tails -directory $server::dir *]] "appendonlydir log sock users.acl" "nothing was written"
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 2 "free at once after SIGKILL"
    close $s
}
test "faults B13: a child that still writes does not hold the lock" {
    foreach {what how} {save BGSAVE rewrite BGREWRITEAOF} {
        server::start --appendonly yes
        set s [resp::connect $server::port]
        for {set i 0} {$i < 200} {incr i} { resp::ask $s SET k:$i x }
        resp::ask $s CONFIG SET rdb-key-save-delay 100000
        resp::ask $s $how
        set child [server::until_child]
        # It has closed what it does not need by the time that it writes.
        until "its file" {[glob -nocomplain $server::dir/temp-*$child.*] ne ""}
        # It can't react to the end of its parent while it is stopped.
        exec kill -STOP $child
        close $s
        server::stop KILL
        server::start --appendonly yes
        set s [resp::connect $server::port]
        expect [resp::ask $s DBSIZE] 200 $what
        catch {exec kill -KILL $child}
        close $s
        server::stop
        server::forget
        set server::dir ""
    }
}
test "faults B13: CONFIG SET dir takes the lock of the new directory first" {
    server::start
    set first_dir $server::dir
    set first_port $server::port
    set first_pid $server::pid
    set second_pid ""
    set server::dir ""
    try {
    server::start --enable-protected-configs yes
    set s [resp::connect $server::port]

    set own $server::dir
    expect [resp::ask $s CONFIG SET dir $first_dir] "*directory is in use by process $first_pid*" "another's"
    expect [resp::ask $s CONFIG GET dir] "*$own*" "where it was"
    expect [refused $own] "*in use by process $server::pid*" "still ours"
    expect [resp::ask $s CONFIG SET dir $own] OK "its own"
    expect [resp::ask $s CONFIG SET dir /nowhere/at/all] "*No such file*" nowhere
    expect [refused $own] "*in use by process $server::pid*" "still ours after two attempts"
    file mkdir $own/next
    expect [resp::ask $s CONFIG SET dir $own/next] OK move
    expect [refused $own/next] "*in use by process $server::pid*" "the new one is ours"
    expect [resp::ask $s CONFIG SET dir $own loglevel nonsense] "*loglevel*" "all or nothing"
    expect [refused $own/next] "*in use by process $server::pid*" "the new one is still ours"
    # Not while a child writes where we were.
    for {set i 0} {$i < 50} {incr i} { resp::ask $s SET k:$i x }
    resp::ask $s CONFIG SET rdb-key-save-delay 1000000
    resp::ask $s BGSAVE
    expect [resp::ask $s CONFIG SET dir $own] "*child process*" "a child"
    expect [resp::ask $s CONFIG SET dir $own/next] OK "the same, with a child"
    close $s
    # The old one is free.
    set second_pid $server::pid
    server::start
    server::stop
    server::forget
    } finally {
        foreach pid "$first_pid $second_pid" { catch {exec kill -KILL $pid} }
        file delete -force $first_dir
    }
}
test "faults B13: with an append-only file, CONFIG SET dir to where it is does nothing" {
    server::start --appendonly yes --enable-protected-configs yes
    set s [resp::connect $server::port]
    expect [resp::ask $s CONFIG SET dir $server::dir] OK same
    expect [resp::ask $s CONFIG SET dir /tmp] "*append-only file is open*" other
    close $s
}
test "faults B13: millrace-check-aof changes nothing under a server" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    set check [file join [file dirname $server::path] millrace-check-aof]
    set files [glob $server::dir/appendonlydir/*.manifest $server::dir/appendonlydir/*.incr.aof]
    foreach file $files {
        expect [exec $check $file] "*valid*" "reading is free"
        foreach what {--fix {--fix --force} {--truncate-to-timestamp 5}} {
            if {![catch {exec $check {*}$what $file << y} out]} { error "$what $file: it was done: $out" }
            expect $out "*in use by process $server::pid*" "$what $file"
        }
    }
    # By a relative name, from within.
    if {![catch {exec sh -c "cd $server::dir/appendonlydir && $check --fix [file tail [lindex $files 0]]" << y} out]} { error "done: $out" }
    expect $out "*in use by process $server::pid*" relative
    close $s
    server::stop KILL
    expect [exec $check --fix [lindex $files 0] << y] "*valid*" "when it is gone"
}
