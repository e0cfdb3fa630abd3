# MONITOR, SLOWLOG and LATENCY.

test "MONITOR shows what runs, without secrets" {
    server::start
    set s [resp::connect $server::port]
    set m [resp::connect $server::port]
    expect [resp::ask $m MONITOR] OK monitor
    resp::ask $s SET a "b\"c"
    expect [resp::read $m] {*\[0 127.0.0.1:*\] "SET" "a" "b\\"c"} set
    resp::ask $s EVAL {return redis.call('get',KEYS[1])} 1 a
    expect [resp::read $m] {*"EVAL"*} eval
    expect [resp::read $m] {*\[0 lua\] "get" "a"} script
    resp::ask $s AUTH default secret
    expect [resp::read $m] {*"AUTH" "(redacted)" "(redacted)"} auth
    resp::ask $s CONFIG SET requirepass ""
    resp::ask $s MULTI
    resp::ask $s INCR n
    resp::ask $s EXEC
    expect [resp::read $m] {*"MULTI"} multi
    expect [resp::read $m] {*"INCR" "n"} incr
    expect [resp::read $m] {*"EXEC"} exec
    expect [resp::ask $s CLIENT LIST] {*flags=O *} flags
    expect [resp::ask $m RESET] RESET reset
    resp::ask $s GET a
    expect [resp::ask $m PING] PONG "no more lines"
    close $s
    close $m
}
test "the slow log keeps what took long" {
    server::start --slowlog-log-slower-than 0 --slowlog-max-len 3
    set s [resp::connect $server::port]
    resp::ask $s CLIENT SETNAME me
    resp::ask $s SLOWLOG RESET
    resp::ask $s SET key [string repeat x 200]
    expect [resp::ask $s SLOWLOG LEN] 2 len
    expect [resp::ask $s SLOWLOG GET 2] {*SET key xxx*... (72 more bytes)*127.0.0.1:* me*} get
    resp::ask $s CONFIG SET requirepass secret
    expect [resp::ask $s SLOWLOG GET 1] {*CONFIG SET requirepass (redacted)*} redacted
    for {set i 0} {$i < 10} {incr i} { resp::ask $s PING }
    expect [resp::ask $s SLOWLOG LEN] 3 most
    resp::ask $s CONFIG SET slowlog-log-slower-than -1
    expect [resp::ask $s SLOWLOG RESET] OK reset
    expect [resp::ask $s SLOWLOG LEN] 0 none
    close $s
}
test "latency events and histograms" {
    server::start --latency-monitor-threshold 1000 --enable-debug-command yes
    set s [resp::connect $server::port]
    resp::ask $s DEBUG SLEEP 1.1
    expect [resp::ask $s LATENCY LATEST] {*command*} latest
    expect [resp::ask $s LATENCY GRAPH command] {*command - high*} graph
    expect [resp::ask $s LATENCY DOCTOR] {*command: 1 events*} doctor
    expect [resp::ask $s LATENCY RESET] 1 reset
    resp::ask $s SET a 1
    expect [resp::ask $s LATENCY HISTOGRAM set] {*set*calls 1 histogram_usec*} histogram
    expect [resp::ask $s INFO latencystats] {*latency_percentiles_usec_set:p50=*,p99=*,p99.9=*} info
    close $s
}
