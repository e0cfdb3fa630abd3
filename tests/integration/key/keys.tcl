dialogue "names" {
    SET a 1 => OK
    RENAME a b => OK
    RENAME a b => !ERR no such key
    SET c 2 => OK
    RENAMENX b c => 0
    COPY b d => 1
    COPY b d => 0
    COPY b c REPLACE => 1
    GET c => 1
    TYPE c => string
    TYPE none => none
    MOVE c 1 => 1
    EXISTS c => 0
    DBSIZE => 2
    DEL b d none => 2
    UNLINK none => 0
    TOUCH none => 0
}
dialogue "swapdb" {
    SET a 1 => OK
    SWAPDB 0 1 => OK
    EXISTS a => 0
    SWAPDB 0 1 => OK
    GET a => 1
    SWAPDB 0 99 => !ERR DB index is out of range
}
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
