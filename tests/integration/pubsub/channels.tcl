# What a subscriber may do in RESP2 and RESP3.

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
