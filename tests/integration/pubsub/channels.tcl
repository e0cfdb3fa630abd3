dialogue "channels and patterns" {
    B: SUBSCRIBE ch => \[subscribe ch 1\]
    C: PSUBSCRIBE c* => \[psubscribe c\* 1\]
    PUBLISH ch hello => 2
    B: reads \[message ch hello\]
    C: reads \[pmessage c\* ch hello\]
    PUBSUB CHANNELS => \[ch\]
    PUBSUB NUMSUB ch none => \[ch 1 none 0\]
    PUBSUB NUMPAT => 1
    B: UNSUBSCRIBE => \[unsubscribe ch 0\]
    PUBLISH ch again => 1
    C: reads \[pmessage c\* ch again\]
    D: SSUBSCRIBE ch => \[ssubscribe ch 1\]
    SPUBLISH ch x => 1
    D: reads \[smessage ch x\]
}
test "a subscriber in RESP2 may do little, in RESP3 all" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s SUBSCRIBE a
    expect [resp::ask $s GET x] {!ERR Can't execute 'get'*} resp2
    expect [resp::ask $s PING] {\[pong \]} ping
    set t [resp::connect $server::port]
    resp::ask $t HELLO 3
    resp::ask $t SUBSCRIBE a
    expect [resp::ask $t GET x] (nil) resp3
    close $s
    close $t
}
