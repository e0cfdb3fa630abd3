# Strings: large values, and doubles in RESP3.

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
test "compat 15.8: INCREX BYFLOAT answers doubles in RESP3" {
    server::start
    set s [resp::connect $server::port]
    resp::send $s INCREX f BYFLOAT 1.5
    expect [resp::read $s] {\[1.5 1.5\]} "RESP2"
    resp::ask $s HELLO 3
    resp::send $s INCREX f BYFLOAT 0.25 UBOUND 1.6 SATURATE
    fconfigure $s -blocking 1
    foreach want {{\*2} ,1.6* ,0.1*} { expect [string trim [gets $s]] $want "RESP3" }
    close $s
}
