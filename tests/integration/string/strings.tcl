dialogue "set and get" {
    SET a 1 => OK
    GET a => 1
    SET a hello => OK
    GET a => hello
    GET none => (nil)
    SET a x NX => (nil)
    SET b x NX => OK
    SET c x XX => (nil)
    SET b y XX GET => x
    GET b => y
    SETNX b z => 0
    GETSET b w => y
    GETDEL b => w
    EXISTS b => 0
    MSET a 1 b 2 c 3 => OK
    MGET a b none c => \[1 2 (nil) 3\]
    MSETNX c 1 d 2 => 0
    MSETNX d 1 e 2 => 1
}
dialogue "numbers" {
    INCR n => 1
    INCRBY n 41 => 42
    DECR n => 41
    DECRBY n 41 => 0
    SET n 9223372036854775807 => OK
    INCR n => !ERR increment or decrement would overflow
    SET n abc => OK
    INCR n => !ERR value is not an integer or out of range
    SET f 10.5 => OK
    INCRBYFLOAT f 0.1 => 10.6
    INCRBYFLOAT f 5e3 => 5010.6
}
dialogue "parts" {
    APPEND s hello => 5
    APPEND s " world" => 11
    STRLEN s => 11
    GETRANGE s 0 4 => hello
    GETRANGE s -5 -1 => world
    SETRANGE s 6 there => 11
    GET s => hello there
    SETRANGE gap 3 x => 4
    STRLEN gap => 4
}
dialogue "deadlines" {
    SET a 1 EX 100 => OK
    TTL a => 100
    SET a 2 KEEPTTL => OK
    TTL a => 100
    SET a 3 => OK
    TTL a => -1
    EXPIRE a 50 => 1
    EXPIRE a 10 GT => 0
    EXPIRE a 10 LT => 1
    PERSIST a => 1
    PERSIST a => 0
    TTL none => -2
    SET a 1 PX 1 => OK
    sleep 20
    GET a => (nil)
    SETEX b 0 x => !ERR invalid expire time in 'setex' command
}
test "a large value comes back" {
    server::start
    set s [resp::connect $server::port]
    set big [string repeat "0123456789abcdef" 200000]
    expect [resp::ask $s SET big $big] OK set
    expect [string length [resp::ask $s GET big]] 3200000 get
    expect [resp::ask $s APPEND big x] 3200001 append
    expect [resp::ask $s GETRANGE big 3199999 -1] fx getrange
    close $s
}
dialogue -ours "compat 15.8: DELEX of a missing key looks at no condition" {
    DELEX none IFDEQ 0 => 0
    DELEX none IFDNE 0123456789abcdef => 0
    DELEX none IFEQ a => 0
    DELEX none => 0
    SET k v => OK
    DELEX k IFDEQ 0 => !ERR*
    RPUSH l a => 1
    DELEX l IFEQ a => !WRONGTYPE*
    DELEX k IFNE w => 1
}
test "compat 15.8: INCREX BYFLOAT answers doubles in RESP3" {
    server::start
    set s [resp::connect $server::port]
    resp::send $s whole INCREX f BYFLOAT 1.5
    expect [resp::read $s] {\[1.5 1.5\]} "RESP2"
    resp::ask $s HELLO 3
    resp::send $s whole INCREX f BYFLOAT 0.25 UBOUND 1.6 SATURATE
    fconfigure $s -blocking 1
    foreach want {{\*2} ,1.6* ,0.1*} { expect [string trim [gets $s]] $want "RESP3" }
    close $s
}
