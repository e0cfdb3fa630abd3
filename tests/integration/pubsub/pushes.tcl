# Pushes stand behind the reply that brought them about, never in it (compat 5.1, as Redis 7.2).
proc subscriber {} {
    set s [resp::connect $server::port]
    resp::ask $s HELLO 3
    return $s
}
# The kinds of the next n replies: their first bytes.
proc kinds {s n} {
    set out ""
    for {set i 0} {$i < $n} {incr i} {
        resp::line $s line
        set kind [string index $line 0]
        append out $kind
        fconfigure $s -blocking 1
        switch -- $kind {
            $ { if {[string range $line 1 end] >= 0} { ::read $s [expr {[string trim [string range $line 1 end]] + 2}] } }
            > - * { for {set k [string trim [string range $line 1 end]]} {$k > 0} {incr k -1} { append out ([kinds $s 1]) } }
        }
        fconfigure $s -blocking 0
    }
    return [string map {( "" ) ""} $out]
}

test "compat 5.1: one's own message follows the reply" {
    server::start
    set s [subscriber]
    resp::ask $s SUBSCRIBE foo
    resp::send $s PUBLISH foo 1
    expect [resp::read $s] 1 reply
    expect [resp::read $s] {\[message foo 1\]} message
}
test "compat 5.1: the messages of a transaction follow the whole of it" {
    server::start
    set s [subscriber]
    resp::ask $s SUBSCRIBE foo
    foreach words {MULTI {PUBLISH foo bar} {SET a 1} {PUBLISH foo baz}} { resp::ask $s {*}$words }
    resp::send $s EXEC
    expect [kinds $s 1] {\*:+:} exec
    expect [resp::read $s] {\[message foo bar\]} first
    expect [resp::read $s] {\[message foo baz\]} second
}
test "compat 5.1: so do the messages of a script and of a function" {
    server::start
    set s [subscriber]
    resp::ask $s SUBSCRIBE foo
    resp::send $s EVAL "redis.call('publish','foo','x') redis.call('publish','foo','y') return {1,2}" 0
    expect [resp::read $s] {\[1 2\]} reply
    expect [resp::read $s] {\[message foo x\]} first
    expect [resp::read $s] {\[message foo y\]} second
}
test "compat 5.1: notifications of one's own commands follow their replies" {
    server::start --notify-keyspace-events KEA
    set s [subscriber]
    resp::ask $s PSUBSCRIBE __key*
    resp::send $s SET a 1
    expect [resp::read $s] OK reply
    expect [resp::read $s] {\[pmessage * set\]} keyspace
    expect [resp::read $s] {\[pmessage * a\]} keyevent
    foreach words {MULTI {SET a 2} {DEL a} {GET b}} { resp::ask $s {*}$words }
    resp::send $s EXEC
    expect [kinds $s 1] {\*+:_} exec
    foreach want {set a del a} { expect [resp::read $s] "*pmessage *$want*" $want }
}
test "compat 5.1: and those of a blocked command when it is served" {
    server::start --notify-keyspace-events KEA
    set s [subscriber]
    set t [resp::connect $server::port]
    resp::ask $s PSUBSCRIBE __keyevent*:lpop
    resp::send $s BLPOP l 0
    resp::settle $t
    resp::ask $t RPUSH l x
    expect [resp::read $s] {\[l x\]} reply
    expect [resp::read $s] {\[pmessage * l\]} message
}
test "compat 5.1: invalidations of keys that one changes oneself" {
    server::start
    set s [subscriber]
    set t [resp::connect $server::port]
    resp::ask $s CLIENT TRACKING ON
    resp::ask $s RPUSH l a b
    resp::ask $s LRANGE l 0 -1
    foreach words {MULTI {RPUSH l c} {GET x}} { resp::ask $s {*}$words }
    resp::send $s EXEC
    expect [kinds $s 1] {\*:_} exec
    expect [resp::read $s] {\[invalidate \[l\]\]} push
    resp::ask $s DEL l
    resp::ask $s LLEN l
    resp::send $s BLPOP l 0
    resp::settle $t
    resp::ask $t RPUSH l x
    expect [resp::read $s] {\[invalidate \[l\]\]} push
    expect [resp::read $s] {\[l x\]} served
}
test "MONITOR shows one's own transaction behind its replies" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s MONITOR
    foreach words {MULTI {ECHO 2} {ECHO a}} { resp::send $s {*}$words }
    resp::send $s EXEC
    expect [resp::read $s] OK multi
    expect [resp::read $s] {*"MULTI"} line
    foreach want {QUEUED QUEUED {\[2 a\]} {*"ECHO" "2"} {*"ECHO" "a"} {*"EXEC"}} { expect [resp::read $s] $want $want }
}
test "faults B6: EXEC sends as many replies as it says" {
    server::start
    set s [resp::connect $server::port]
    foreach how {OFF SKIP} {
        foreach words [list MULTI [list CLIENT REPLY $how] PING {CLIENT REPLY ON}] { resp::ask $s {*}$words }
        expect [resp::ask $s EXEC] {\[!ERR* PONG OK\]} $how
        expect [resp::ask $s PING] PONG after
    }
}
test "compat 5.2: confirmations come although replies are off, messages as well" {
    server::start
    set s [subscriber]
    set t [resp::connect $server::port]
    resp::send $s CLIENT REPLY OFF
    resp::send $s SUBSCRIBE a
    expect [resp::read $s] {\[subscribe a 1\]} subscribe
    resp::ask $t PUBLISH a x
    expect [resp::read $s] {\[message a x\]} message
    resp::send $s PUBLISH a y
    expect [resp::read $s] {\[message a y\]} own
}
test "compat 2.1: nobody is served while a script runs" {
    server::start --busy-reply-threshold 20
    set b [resp::connect $server::port]
    set c [resp::connect $server::port]
    foreach {wait push want} {
        {BLPOP x 0} {'lpush','x'} {\[x z\]}
        {BZPOPMAX x 0} {'zadd','x',2} {\[x z 2\]}
        {BLMPOP 0 1 x LEFT COUNT 5} {'lpush','x'} {\[x \[z y\]\]}
    } {
        resp::ask $b DEL x
        set a [resp::connect $server::port]
        resp::send $a {*}$wait
        resp::settle $c
        set count [expr {[string match *z* [lindex $wait 0]] || [string match BZ* $wait] ? "zcard" : "llen"}]
        resp::send $b EVAL "redis.call($push,'y') local n=0 for i=1,3e7 do n=n+i%7 end redis.call($push,'z') return redis.call('$count','x')" 0
        for {set busy 0} {$busy < 5} {incr busy} {
            after 30
            resp::ask $c PING
        }
        expect [resp::read $b] 2 "the script sees its own"
        expect [resp::read $a] $want $wait
        close $a
    }
}
