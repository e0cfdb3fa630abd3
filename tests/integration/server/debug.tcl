# Hooks that test suites rely on (compat section 14, 15.3, 15.7).
test "DEBUG ERROR, SLEEP" {
    server::start --enable-debug-command yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG ERROR "LOADING fake message"] {!LOADING fake message} error
    expect [resp::ask $s DEBUG ERROR "two\nlines"] {!two lines} "two lines"
    expect [resp::ask $s DEBUG SLEEP "0\r\n"] OK sleep
    expect [resp::ask $s DEBUG SLEEP 0.001x] OK sleep
    expect [resp::ask $s DEBUG SLEEP x] OK "no number"
    expect [resp::ask $s DEBUG ERROR] {!ERR unknown subcommand or wrong number of arguments for 'ERROR'. Try DEBUG HELP.} arity
    close $s
}
test "DEBUG HTSTATS, HTSTATS-KEY, OBJECT of a past key" {
    server::start --enable-debug-command yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG HTSTATS 0] {*\[Dictionary HT\]*No stats available for empty dictionaries*\[Expires HT\]*} empty
    for {set i 0} {$i < 100} {incr i} { resp::ask $s SET k$i v }
    resp::ask $s EXPIRE k1 1000
    expect [resp::ask $s DEBUG HTSTATS 0] {*number of elements: 100*different slots: *max chain length: *Chain length distribution:*\[Expires HT\]*number of elements: 1*} filled
    expect [resp::ask $s DEBUG HTSTATS 99] {!ERR Out of range database} database
    for {set i 0} {$i < 600} {incr i} { resp::ask $s HSET h f$i v; resp::ask $s SADD set m$i; resp::ask $s ZADD z $i m$i }
    foreach k {h set z} { expect [resp::ask $s DEBUG HTSTATS-KEY $k] {*number of elements: 600*} $k }
    resp::ask $s HSET small a 1
    expect [resp::ask $s DEBUG HTSTATS-KEY small] {!ERR The value stored at the specified key is not represented using an hash table} small
    expect [resp::ask $s DEBUG HTSTATS-KEY k1] {!ERR The value*} string
    expect [resp::ask $s DEBUG HTSTATS-KEY none] {!ERR no such key} none
    resp::ask $s DEBUG SET-ACTIVE-EXPIRE 0
    resp::ask $s SET past v PX 1
    after 10
    expect [resp::ask $s DEBUG OBJECT past] {Value at:*} past
    expect [resp::ask $s GET past] (nil) "it is past"
    close $s
}
test "qbuf of the client that asks is its request" {
    server::start
    set s [resp::connect $server::port]
    expect [resp::ask $s CLIENT LIST] {* qbuf=26 *} list
    expect [resp::ask $s CLIENT INFO] {* qbuf=26 *} info
    close $s
}
