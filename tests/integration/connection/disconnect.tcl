# Clients that leave, in every way, while something is done for them (faults D1 B7 B12, compat 1.3 1.7).
proc waiter {args} {
    set s [resp::connect $server::port]
    set id [resp::ask $s CLIENT ID]
    resp::send $s {*}$args
    return [list $s $id]
}
# Until n clients wait.
proc until_blocked {s n} {
    resp::until_info $s "*\nblocked_clients:$n\r*"
}
# Several requests in one packet.
proc together {s args} {
    set out ""
    foreach words $args { append out [resp::encode {*}$words] }
    fconfigure $s -blocking 1
    puts -nonewline $s $out
    fconfigure $s -blocking 0
}

test "faults D1: who hung up while the server was busy gets nothing" {
    server::start
    set s [resp::connect $server::port]
    set p [resp::connect $server::port]
    foreach {name wait push look want} {
        list {BLPOP l 0} {RPUSH l x} {LRANGE l 0 -1} {\[x\]}
        move {BLMOVE l to LEFT LEFT 0} {RPUSH l x} {LRANGE l 0 -1} {\[x\]}
        zset {BZPOPMAX z 0} {ZADD z 1 m} {ZRANGE z 0 -1} {\[m\]}
        mpop {BLMPOP 0 2 k l LEFT} {RPUSH l x} {LRANGE l 0 -1} {\[x\]}
        stream {XREADGROUP GROUP g c BLOCK 0 STREAMS s >} {XADD s 1-1 f v} {XPENDING s g} {\[0 (nil) (nil) (nil)\]}
    } {
        resp::ask $s FLUSHALL
        resp::ask $s XGROUP CREATE s g 0 MKSTREAM
        lassign [waiter {*}$wait] w
        until_blocked $s 1
        resp::send $s DEBUG SLEEP 0.2
        after 50
        close $w
        after 20
        resp::send $p {*}$push
        resp::read $s
        resp::read $p
        until_blocked $s 0
        expect [resp::ask $s {*}$look] $want $name
    }
}

test "faults D1: a user who is deleted gets nothing, whoever waits next does" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s ACL SETUSER u on >p ~* &* +@all
    set w [resp::connect $server::port]
    resp::ask $w AUTH u p
    resp::send $w BZPOPMIN z 0
    until_blocked $s 1
    lassign [waiter BZPOPMIN z 0] next
    until_blocked $s 2
    together $s {ACL DELUSER u} {ZADD z 1 a 2 b}
    expect [resp::read $s] 1 deluser
    expect [resp::read $s] 2 zadd
    expect [resp::read $w] (closed) gone
    expect [resp::read $next] {\[z a 1\]} next
    expect [resp::ask $s ZRANGE z 0 -1] {\[b\]} left
}

test "compat 1.3: rights are judged again when a blocked command is served" {
    server::start
    set s [resp::connect $server::port]
    foreach {take} {resetkeys -blpop} {
        resp::ask $s ACL SETUSER u reset on >p ~* &* +@all
        resp::ask $s CONFIG RESETSTAT
        resp::ask $s DEL l
        set w [resp::connect $server::port]
        resp::ask $w AUTH u p
        resp::send $w BLPOP l 0
        until_blocked $s 1
        resp::ask $s ACL SETUSER u $take
        expect [resp::ask $s RPUSH l x] 1 push
        expect [resp::read $w] {!NOPERM*} $take
        expect [resp::ask $s LRANGE l 0 -1] {\[x\]} stays
        expect [resp::ask $s INFO commandstats] "*cmdstat_blpop:calls=0,*rejected_calls=1,failed_calls=0*" counted
        expect [resp::ask $w PING] PONG goes-on
        close $w
    }
}

test "compat 1.3: so are memory and the replicas that writes ask for" {
    server::start
    set s [resp::connect $server::port]
    lassign [waiter BLMOVE l to LEFT LEFT 0] w
    until_blocked $s 1
    together $s MULTI {RPUSH l x} {CONFIG SET maxmemory 1} EXEC
    foreach want {OK QUEUED QUEUED {\[1 OK\]}} { expect [resp::read $s] $want multi }
    expect [resp::read $w] {!OOM*} oom
    expect [resp::ask $s LRANGE l 0 -1] {\[x\]} stays
    resp::ask $s CONFIG SET maxmemory 0
    resp::ask $s DEL l
    resp::send $w BLPOP l 0
    until_blocked $s 1
    together $s MULTI {RPUSH l x} {CONFIG SET min-replicas-to-write 1} EXEC
    foreach want {OK QUEUED QUEUED {\[1 OK\]}} { expect [resp::read $s] $want multi }
    expect [resp::read $w] {!NOREPLICAS*} replicas
    expect [resp::ask $s LRANGE l 0 -1] {\[x\]} stays
}

test "compat 1.7: who ends itself gets its reply first" {
    server::start
    set s [resp::connect $server::port]
    set file [file join $server::dir users.acl]
    close [open $file w]
    set fresh {
        resp::ask $s ACL SETUSER u reset on >p ~* &* +@all
        set w [resp::connect $server::port]
        resp::ask $w AUTH u p
    }
    eval $fresh
    expect [resp::ask $w ACL DELUSER u] 1 deluser
    expect [resp::read $w] (closed) deluser
    eval $fresh
    set id [resp::ask $w CLIENT ID]
    expect [resp::ask $w CLIENT KILL ID $id SKIPME no] 1 kill
    expect [resp::read $w] (closed) kill
    eval $fresh
    resp::ask $w HELLO 3
    resp::ask $w SUBSCRIBE ch
    expect [resp::ask $w ACL SETUSER u resetchannels] OK channels
    expect [resp::read $w] (closed) channels
    server::stop
    server::start --aclfile $file
    set s [resp::connect $server::port]
    eval $fresh
    expect [resp::ask $w ACL LOAD] OK load
    expect [resp::read $w] (closed) load
}

test "faults B7: a transaction is whole whatever becomes of its client" {
    server::start
    set s [resp::connect $server::port]
    foreach end {{ACL DELUSER u} {ACL SETUSER u resetchannels} {CLIENT KILL USER u SKIPME no}} {
        resp::ask $s FLUSHALL
        resp::ask $s ACL SETUSER u reset on >p ~* &* +@all
        resp::ask $s ACL SETUSER default -set
        set w [resp::connect $server::port]
        resp::ask $w AUTH u p
        resp::ask $w HELLO 3
        resp::ask $w SUBSCRIBE ch
        resp::ask $w MULTI
        resp::ask $w SET a 1
        expect [resp::ask $w {*}$end] QUEUED $end
        resp::ask $w ACL WHOAMI
        resp::ask $w SET b 1
        expect [resp::ask $w EXEC] {\[OK * u OK\]} $end
        expect [resp::read $w] (closed) $end
        expect [resp::ask $s EXISTS a b] 2 $end
        resp::ask $s ACL SETUSER default +@all
    }
    resp::ask $s ACL SETUSER default +@all
}

test "faults B7: a transaction is whole when its client hangs up while a script of it runs" {
    server::start --busy-reply-threshold 20
    set s [resp::connect $server::port]
    set w [resp::connect $server::port]
    resp::ask $w MULTI
    resp::ask $w SET a 1
    resp::ask $w EVAL "redis.call('set','begun',1) local n=0 for i=1,3e7 do n=n+i%7 end return n" 0
    resp::ask $w SET b 1
    resp::send $w EXEC
    after 60
    close $w
    until "the whole transaction" {[resp::ask $s MGET a begun b] eq {[1 1 1]}}
}

test "faults B12: a subscription ends with the user who had a right to it" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s ACL SETUSER u on >p ~* &* +@all
    resp::ask $s ACL SETUSER v on >p ~* resetchannels +@all
    set w [resp::connect $server::port]
    resp::ask $w HELLO 3
    resp::ask $w AUTH u p
    resp::ask $w SUBSCRIBE ch
    resp::ask $w AUTH v p
    expect [resp::ask $s ACL DELUSER u] 1 deluser
    expect [resp::read $w] (closed) closed
    expect [resp::ask $s PUBLISH ch x] 0 nobody
}
