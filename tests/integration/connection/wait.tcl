# WAIT, WAITAOF, CLIENT DURABLE, XADD DURABLE: replies that mean "it is on the disk".

proc synced {s} {
    # In this very turn: what has been written since is not on the disk before the second is over.
    regexp {aof_unsynced_bytes:(\d+)} [resp::ask $s INFO persistence] -> n
    return [expr {$n == 0}]
}
test "a durable client's replies come when the writes are on the disk, with everysec and without syncs" {
    foreach mode {everysec no} {
        server::start --appendonly yes --appendfsync $mode
        set s [resp::connect $server::port]
        set t [resp::connect $server::port]
        resp::ask $t FLUSHALL
        expect [resp::ask $s CLIENT DURABLE ON] OK on
        for {set i 0} {$i < 20} {incr i} {
            expect [resp::ask $s RPUSH q job$i] [expr {$i + 1}] push
            if {![synced $t]} { error "$mode: answered before the sync" }
        }
        expect [resp::ask $s MULTI] OK multi
        resp::ask $s RPUSH q a
        expect [resp::ask $s EXEC] {\[21\]} exec
        if {![synced $t]} { error "$mode: EXEC answered before the sync" }
        expect [resp::ask $s EVAL {return redis.call('INCR', 'n')} 0] 1 script
        if {![synced $t]} { error "$mode: EVAL answered before the sync" }
        expect [resp::ask $s GET n] 1 "reads need no sync"
        expect [resp::ask $s CLIENT DURABLE OFF] OK off
        set late 0
        for {set i 0} {$i < 50} {incr i} {
            resp::ask $s SET k $i
            incr late [expr {![synced $t]}]
        }
        if {$late == 0} { error "$mode: every write is synced, durable or not" }
        close $s
        close $t
        server::stop KILL
    }
}
test "XADD DURABLE waits alone, a repeated message too, and the journal holds the plain command" {
    server::start --appendonly yes --appendfsync no
    set s [resp::connect $server::port]
    set t [resp::connect $server::port]
    resp::ask $t XADD st * a b
    expect [resp::ask $s XADD st DURABLE * f v] *-* added
    if {![synced $t]} { error "answered before the sync" }
    set id [resp::ask $s XADD st IDMP p one * f v]
    expect [resp::ask $s XADD st NOMKSTREAM DURABLE MAXLEN ~ 1000 IDMP p one * f v] $id "the same message"
    if {![synced $t]} { error "a repeated message was confirmed before it was on the disk" }
    expect [resp::ask $s XADD st DURABLE 99999999999999-1 f v] 99999999999999-1 "an ID that was given"
    set digest [resp::ask $s DEBUG DIGEST]
    expect [resp::ask $s DEBUG LOADAOF] OK again
    expect [resp::ask $s DEBUG DIGEST] $digest same
    foreach f [glob $server::dir/appendonlydir/*.incr.aof] {
        set in [open $f]
        if {[string match -nocase "*durable*" [read $in]]} { error "the journal names DURABLE" }
        close $in
    }
    close $s
    close $t
}
test "WAITAOF answers when the connection's writes are on the disk, or at its timeout" {
    server::start --appendonly yes --appendfsync no
    set s [resp::connect $server::port]
    set t [resp::connect $server::port]
    expect [resp::ask $s WAITAOF 1 0 0] {\[1 0\]} "nothing written"
    resp::ask $s SET a 1
    expect [resp::ask $s WAITAOF 1 0 0] {\[1 0\]} synced
    if {![synced $t]} { error "answered before the sync" }
    resp::ask $s SET a 2
    set start [clock milliseconds]
    expect [resp::ask $s WAITAOF 1 1 150] {\[1 0\]} "no replica comes"
    if {[clock milliseconds] - $start < 140} { error "the timeout was not kept" }
    expect [resp::ask $s WAITAOF 2 0 0] "!ERR value is out of range, value must between 0 and 1" range
    expect [resp::ask $s WAITAOF 1 0 -1] "!ERR timeout is negative" negative
    resp::ask $s MULTI
    resp::ask $s SET a 3
    resp::ask $s WAITAOF 1 0 0
    expect [resp::ask $s EXEC] {\[OK \[0 0\]\]} "within a transaction it does not wait"
    # Ended from outside.
    set id [resp::ask $s CLIENT ID]
    resp::send $s WAITAOF 0 1 0
    resp::until_info $t "*blocked_clients:1*"
    expect [resp::ask $t CLIENT UNBLOCK $id] 1 unblock
    expect [resp::read $s] {\[[01] 0\]} unblocked
    # One that waits goes away.
    resp::send $s WAITAOF 0 1 0
    resp::until_info $t "*blocked_clients:1*"
    close $s
    expect [resp::ask $t SET b 1] OK on
    expect [resp::ask $t WAITAOF 1 0 0] {\[1 0\]} "the others go on"
    expect [resp::ask $t CONFIG SET appendonly no] OK off
    expect [resp::ask $t WAITAOF 1 0 0] "!ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled." "no file"
    expect [resp::ask $t WAITAOF 0 0 0] {\[0 0\]} none
    expect [resp::ask $t CLIENT DURABLE ON] "!ERR there is no append-only file*" "no file"
    expect [resp::ask $t XADD st DURABLE * a b] "!ERR there is no append-only file*" "no file"
    close $t
}
test "who waits for replicas takes nobody's sync away" {
    server::start --appendonly yes --appendfsync no
    set t [resp::connect $server::port]
    set s [resp::connect $server::port]
    expect [resp::ask $s CLIENT DURABLE ON] OK on
    expect [resp::ask $t SET a 1] OK "not yet synced"
    # In one turn: a write that changes nothing and relies on the other's, then a wait of one who has written nothing.
    puts -nonewline $s "[resp::encode DEL missing][resp::encode WAITAOF 0 1 100]"
    flush $s
    expect [resp::read $s] 0 "confirmed"
    if {![synced $t]} { error "answered before the sync" }
    expect [resp::read $s] {\[1 0\]} "the timeout"
    close $s
    close $t
}
