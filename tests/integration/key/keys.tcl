# Keys: SCAN over large tables, and notifications.

test "scan sees every key" {
    server::start
    set s [resp::connect $server::port]
    for {set i 0} {$i < 5000} {incr i} { append all [resp::encode SET key:$i $i] }
    puts -nonewline $s $all
    for {set i 0} {$i < 5000} {incr i} { resp::read $s }
    set cursor 0
    set seen {}
    while 1 {
        set r [resp::ask $s SCAN $cursor COUNT 100]
        regexp {^\[(\d+) \[(.*)\]\]$} $r -> cursor keys
        foreach k $keys { dict set seen $k 1 }
        if {$cursor eq "0"} break
    }
    expect [dict size $seen] 5000 keys
    close $s
}
test "keyspace notifications" {
    server::start --notify-keyspace-events KEA
    set s [resp::connect $server::port]
    set l [resp::connect $server::port]
    resp::ask $l PSUBSCRIBE *
    resp::ask $s SET a 1
    expect [resp::read $l] {\[pmessage \* __keyspace@0__:a set\]} keyspace
    expect [resp::read $l] {\[pmessage \* __keyevent@0__:set a\]} keyevent
    resp::ask $s PEXPIRE a 1
    expect [resp::read $l] {*expire\]} expire
    expect [resp::read $l] {*:expire a\]} expire
    expect [resp::read $l] {*expired\]} "active expiry"
    close $s
    close $l
}
# Every page but the last holds at least COUNT elements, and none is empty (compat 15.1).
proc pages {s count scan args} {
    set cursor 0
    set all 0
    for {set n 0} {$n < 10000} {incr n} {
        resp::send $s $scan {*}$args $cursor COUNT $count
        set page [resp::read $s]
        if {![regexp {^\[(\d+) \[(.*)\]\]$} $page -> cursor elements]} { error "$scan: $page" }
        set got [regexp -all {member\d} $elements]
        incr all $got
        if {$cursor == 0} { return $all }
        if {$got < $count} { error "$scan COUNT $count: a page of $got" }
    }
    error "$scan does not end"
}
test "compat 15.1: scans give the pages that are asked for" {
    server::start
    set s [resp::connect $server::port]
    set long [string repeat - 100]
    foreach n {2 3 72 1000} {
        resp::ask $s FLUSHALL
        for {set i 0} {$i < $n} {incr i} {
            resp::send $s HSET h ${long}member$i v
            resp::send $s SADD s ${long}member$i
            resp::send $s ZADD z $i ${long}member$i
            resp::send $s SELECT 1
            resp::send $s SET member$i v
            resp::send $s SELECT 0
        }
        for {set i 0} {$i < 6 * $n} {incr i} { resp::read $s }
        foreach count {1 2 10 50 9223372036854775807} {
            foreach {scan key} {HSCAN h SSCAN s ZSCAN z} { expect [pages $s $count $scan $key] $n "$scan of $n" }
            resp::ask $s SELECT 1
            expect [pages $s $count SCAN] $n "SCAN of $n"
            resp::ask $s SELECT 0
        }
        resp::send $s SSCAN s 0 MATCH *member1 COUNT 1
        expect [resp::read $s] {*member1\]\]} "one that matches is found at once"
        resp::send $s HSCAN h 0 MATCH *member1 COUNT 1
        expect [resp::read $s] {*member1 v\]\]} "one that matches is found at once"
    }
    close $s
}
