# What is told of commands that wait, of pauses and of time (compat 2.6 2.8 7.1 to 7.6, faults B8 B12 K2).
proc stats {s name} {
    if {[regexp "cmdstat_$name:calls=(\\d+),\[^\r\]*rejected_calls=(\\d+),failed_calls=(\\d+)" [resp::ask $s INFO commandstats] -> calls rejected failed]} {
        return "$calls $rejected $failed"
    }
    return "none"
}

test "compat 7.1: a blocked command is counted when it ends, however it ends" {
    server::start --slowlog-log-slower-than 0
    set s [resp::connect $server::port]
    set w [resp::connect $server::port]
    set id [resp::ask $w CLIENT ID]
    foreach {how error failed} {
        {RPUSH l x} 0 0
        {CLIENT UNBLOCK $id} 0 0
        {CLIENT UNBLOCK $id TIMEOUT} 0 0
        {CLIENT UNBLOCK $id ERROR} 1 1
    } {
        resp::ask $s CONFIG RESETSTAT
        resp::ask $s SLOWLOG RESET
        resp::send $w BLPOP l 0
        resp::until_info $s "*blocked_clients:1\r*"
        expect [stats $s blpop] none "not yet: $how"
        expect [resp::ask $s {*}[subst $how]] 1 $how
        expect [resp::read $w] [expr {$error ? "!UNBLOCKED*" : "*"}] $how
        expect [stats $s blpop] "1 0 $failed" $how
        expect [regexp -all {BLPOP} [resp::ask $s SLOWLOG GET 100]] 1 "slow log: $how"
        expect [resp::ask $s LATENCY HISTOGRAM blpop] {*calls 1 *} "histogram: $how"
    }
    resp::ask $s CONFIG RESETSTAT
    expect [resp::ask $w BLPOP l 0.01] (nil) deadline
    expect [resp::ask $w WAIT 1 10] 0 deadline
    expect [stats $s blpop] "1 0 0" deadline
    expect [stats $s wait] "1 0 0" deadline
}
test "compat 7.1: MONITOR shows it once, when it came" {
    server::start
    set s [resp::connect $server::port]
    set w [resp::connect $server::port]
    set m [resp::connect $server::port]
    resp::ask $m MONITOR
    resp::send $w BLPOP l 0
    expect [resp::read $m] {*"BLPOP" "l" "0"} came
    resp::ask $s RPUSH l x
    resp::read $w
    resp::ask $s ECHO end
    expect [resp::read $m] {*"RPUSH" "l" "x"} push
    expect [resp::read $m] {*"ECHO" "end"} end
}
test "compat 7.2: clients that a pause holds are blocked clients" {
    server::start
    set s [resp::connect $server::port]
    set w [resp::connect $server::port]
    set id [resp::ask $w CLIENT ID]
    resp::ask $s CLIENT PAUSE 100000 WRITE
    resp::send $w SET a 1
    resp::until_info $s "*blocked_clients:1\r*"
    expect [resp::ask $s CLIENT LIST ID $id] {* flags=b *} flag
    resp::ask $s CLIENT UNPAUSE
    expect [resp::read $w] OK runs
    expect [resp::field $s blocked_clients] 0 after
    # Gone while it was held.
    resp::ask $s CLIENT PAUSE 100000 WRITE
    resp::send $w SET a 2
    resp::until_info $s "*blocked_clients:1\r*"
    close $w
    resp::until_info $s "*blocked_clients:0\r*"
    resp::ask $s CLIENT UNPAUSE
    expect [resp::ask $s GET a] 1 dropped
}
test "nobody is served during a pause, and all are after it" {
    server::start
    set s [resp::connect $server::port]
    set w [resp::connect $server::port]
    resp::send $w BLPOP l 0
    resp::until_info $s "*blocked_clients:1\r*"
    foreach words {MULTI {RPUSH l x} {CLIENT PAUSE 100000 WRITE}} { resp::ask $s {*}$words }
    expect [resp::ask $s EXEC] {\[1 OK\]} exec
    expect [resp::ask $s LRANGE l 0 -1] {\[x\]} held
    resp::ask $s CLIENT UNPAUSE
    expect [resp::read $w] {\[l x\]} served
}
test "faults B8, compat 7.3 7.4: a consumer hears that its stream or group is gone" {
    server::start
    set s [resp::connect $server::port]
    set w [resp::connect $server::port]
    foreach how {{DEL s} {UNLINK s} {FLUSHDB} {FLUSHALL} {RENAME s t} {MOVE s 1} {SWAPDB 0 1} {XGROUP DESTROY s g} {PEXPIRE s 10} {PEXPIRE s -1}} {
        resp::ask $s FLUSHALL
        resp::ask $s XGROUP CREATE s g $ MKSTREAM
        resp::send $w XREADGROUP GROUP g c BLOCK 0 STREAMS s >
        resp::until_info $s "*blocked_clients:1\r*"
        expect [resp::field $s total_blocking_keys_on_nokey] 1 counted
        resp::ask $s {*}$how
        expect [resp::read $w] "!NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option" $how
        expect [resp::field $s total_blocking_keys_on_nokey] 0 $how
        expect [resp::field $s total_blocking_keys] 0 $how
    }
    resp::send $w BLPOP l 0
    resp::until_info $s "*blocked_clients:1\r*"
    expect [resp::field $s total_blocking_keys_on_nokey] 0 "a list"
}
test "compat 7.5: time-outs that are too large say so" {
    server::start
    set s [resp::connect $server::port]
    foreach t {1e18 inf 18446744073709551 9223372036854775807 1e400} {
        foreach words [list [list BLPOP l $t] [list BRPOP l $t] [list BLMOVE a b LEFT LEFT $t] [list BZPOPMIN z $t] [list BLMPOP $t 1 l LEFT] [list BZMPOP $t 1 z MIN]] {
            expect [resp::ask $s {*}$words] "!ERR timeout is out of range" $words
        }
    }
    expect [resp::ask $s BLPOP l -1] "!ERR timeout is negative" negative
    expect [resp::ask $s BLPOP l nan] "!ERR timeout is not a float or out of range" nan
    foreach words {{XREAD BLOCK 9223372036854775807 STREAMS s 0} {WAIT 1 9223372036854775807} {CLIENT PAUSE 9223372036854775807}} {
        expect [resp::ask $s {*}$words] "!ERR timeout is out of range" $words
    }
}
test "compat 7.6: an unbalanced list of streams names the command" {
    server::start
    set s [resp::connect $server::port]
    expect [resp::ask $s XREAD STREAMS a b c] "!ERR Unbalanced 'xread' list of streams: for each stream key an ID or '\$' must be specified." xread
    expect [resp::ask $s XREADGROUP GROUP g c STREAMS a b c] "!ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified." xreadgroup
}
test "compat 2.6: a key that had expired before WATCH, and goes for good" {
    server::start
    set s [resp::connect $server::port]
    set t [resp::connect $server::port]
    resp::ask $s DEBUG SET-ACTIVE-EXPIRE 0
    foreach {how want} {{FLUSHDB} {\[PONG\]} {FLUSHALL} {\[PONG\]} {SWAPDB 0 1} {\[PONG\]} {DEL x} {\[PONG\]} {GET x} {\[PONG\]} {SET x w} (nil)} {
        resp::ask $s FLUSHALL
        resp::ask $s SET x v PX 1
        after 10
        resp::ask $s WATCH x
        resp::ask $t {*}$how
        resp::ask $s MULTI
        resp::ask $s PING
        expect [resp::ask $s EXEC] $want $how
    }
    # One that expires after WATCH has changed, whoever takes it away.
    foreach how {FLUSHDB {SWAPDB 0 1} {GET x} PING} {
        resp::ask $s FLUSHALL
        # On a busy machine it may have expired before.
        for {set ms 40} {1} {set ms [expr {2 * $ms}]} {
            resp::ask $s SET x v PX $ms
            resp::ask $s WATCH x
            if {[resp::ask $s PTTL x] > 0} { break }
            resp::ask $s UNWATCH
        }
        after [expr {$ms + 20}]
        resp::ask $t {*}$how
        resp::ask $s MULTI
        resp::ask $s PING
        expect [resp::ask $s EXEC] (nil) "then $how"
    }
    # What takes the other's place has expired as well.
    resp::ask $t SELECT 1
    resp::ask $s FLUSHALL
    resp::ask $t SET x v PX 1
    after 10
    resp::ask $s WATCH x
    resp::ask $t SWAPDB 0 1
    resp::ask $s MULTI
    resp::ask $s PING
    expect [resp::ask $s EXEC] {\[PONG\]} "expired for absent"
}
test "compat 2.8: there is one time within EXEC and within a script" {
    server::start
    set s [resp::connect $server::port]
    set busy {local n=0 for i=1,3e5 do n=n+i end return n}
    set twice {local a=redis.call('time') local n=0 for i=1,3e5 do n=n+i end local b=redis.call('time') return {a[1],a[2],b[1],b[2]}}
    foreach words [list MULTI TIME [list EVAL $busy 0] {SET k v PX 1000000} {PEXPIRETIME k} [list EVAL $twice 0] TIME] { resp::ask $s {*}$words }
    set r [string map {\[ {} \] {}} [resp::ask $s EXEC]]
    lassign $r s1 u1 n ok at a1 a2 b1 b2 s2 u2
    expect "$s2 $u2" "$s1 $u1" "TIME twice"
    expect "$a1 $a2" "$s1 $u1" "a script's"
    expect "$b1 $b2" "$s1 $u1" "a script's, later"
    scan $u1 %d us
    expect $at [expr {$s1 * 1000 + $us / 1000 + 1000000}] "a deadline is set by it"
    lassign [string map {\[ {} \] {}} [resp::ask $s TIME]] s3 u3
    scan $u3 %d later
    if {$s3 * 1000000 + $later <= $s1 * 1000000 + $us} { error "the clock stands still" }
}
test "a script that took long does not shorten the deadlines of who comes behind it" {
    server::start --busy-reply-threshold 10
    set s [resp::connect $server::port]
    set t [resp::connect $server::port]
    set out [resp::encode EVAL "local n=0 for i=1,1e8 do n=n+i%7 end return 1" 0]
    append out [resp::encode SET k v PX 400]
    append out [resp::encode EXISTS k]
    fconfigure $s -blocking 1
    puts -nonewline $s $out
    fconfigure $s -blocking 0
    foreach want {1 OK 1} { expect [resp::read $s] $want "pipelined" }
}
test "faults K2: a command that only met an expired key is no effect and no change" {
    server::start --appendonly yes --appendfsync always
    set s [resp::connect $server::port]
    resp::ask $s DEBUG SET-ACTIVE-EXPIRE 0
    foreach words {{XCLAIM k g c 0 1-1} {XGROUP DESTROY k g} {LPOP k} {XADD k NOMKSTREAM * f v} {HDEL k f} {RENAME k l} {XAUTOCLAIM k g c 0 0} {XSETID k 1-1}} {
        resp::ask $s SET k v PX 1
        after 10
        set before [resp::field $s rdb_changes_since_last_save]
        resp::ask $s {*}$words
        expect [resp::field $s rdb_changes_since_last_save] $before $words
    }
    set text ""
    foreach f [glob [file join $server::dir appendonlydir *.incr.aof]] {
        set h [open $f]
        append text [read $h]
        close $h
    }
    foreach word {XCLAIM XGROUP LPOP XADD HDEL RENAME XAUTOCLAIM XSETID} { expect [regexp $word $text] 0 $word }
    server::stop
    server::start --appendonly yes
    expect [regexp "Error while replaying" [server::log]] 0 "the log of the start"
}
test "faults B12: timeout leaves MONITOR, subscribers and who waits alone" {
    server::start --timeout 3
    set m [resp::connect $server::port]
    resp::ask $m MONITOR
    set p [resp::connect $server::port]
    resp::ask $p SUBSCRIBE ch
    set w [resp::connect $server::port]
    resp::send $w BLPOP l 0
    expect [resp::read $m] {*"SUBSCRIBE"*} subscribe
    expect [resp::read $m] {*"BLPOP"*} blpop
    set idle [resp::connect $server::port]
    resp::ask $idle PING
    expect [resp::read $m] {*"PING"*} ping
    expect [resp::read $idle] (closed) idle
    after 300
    set s [resp::connect $server::port]
    resp::ask $s RPUSH l x
    resp::ask $s PUBLISH ch hi
    expect [resp::read $w] {\[l x\]} waiter
    expect [resp::read $p] {\[message ch hi\]} subscriber
    expect [resp::read $m] {*"RPUSH"*} monitor
}
test "faults P1 P4: a hundred thousand names cost no square" {
    server::start
    set s [resp::connect $server::port]
    set names {}
    for {set i 0} {$i < 100000} {incr i} { lappend names k$i }
    resp::ask $s CONFIG RESETSTAT
    resp::ask $s WATCH {*}$names
    expect [resp::field $s total_watched_keys] 100000 watched
    resp::ask $s UNWATCH
    expect [resp::field $s total_watched_keys] 0 unwatched
    expect [resp::ask $s BLPOP {*}$names {*}$names 0.01] (nil) blpop
    expect [resp::ask $s XREAD BLOCK 10 STREAMS {*}$names {*}[lrepeat 100000 $]] (nil) xread
    # The square of it is 19 seconds of CPU each; straight, less than half a second.
    if {[resp::field $s used_cpu_user] > 15} { error "[resp::field $s used_cpu_user] s of CPU" }
}
