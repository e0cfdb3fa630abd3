# CLIENT TRACKING: the table of tracked keys and its limit.

proc stat {s name} {
    regexp "$name:(\\d+)" [resp::ask $s INFO all] -> n
    return $n
}
# A connection in RESP3 that tracks.
proc tracker {args} {
    set t [resp::connect $server::port]
    resp::ask $t HELLO 3
    expect [resp::ask $t CLIENT TRACKING ON {*}$args] OK tracking
    return $t
}
test "scripts that only read track what they read (compat 8.1)" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s FUNCTION LOAD "#!lua name=l\nredis.register_function{function_name='one', callback=function(KEYS) return 1 end, flags={'no-writes'}}\nredis.register_function{function_name='reads', callback=function(KEYS) return redis.call('get', KEYS\[1\]) end, flags={'no-writes'}}"
    set nothing [resp::ask $s SCRIPT LOAD "return 1"]
    set reads [resp::ask $s SCRIPT LOAD "return redis.call('get', KEYS\[1\])"]
    foreach {request keys} [list {EVAL_RO "return 1" 2 a b} 0 {EVAL "return 1" 2 a b} 0 "EVALSHA_RO $nothing 2 a b" 0 "EVALSHA $nothing 1 a" 0 {FCALL_RO one 2 a b} 0 \
        {FCALL one 2 a b} 0 {EVAL_RO "return redis.call('get', KEYS\[1\])" 2 a b} 1 "EVALSHA_RO $reads 2 a b" 1 {FCALL_RO reads 2 a b} 1 {FCALL reads 2 a b} 1] {
        resp::ask $s FLUSHALL
        set t [tracker]
        resp::ask $t {*}$request
        expect [stat $s tracking_total_keys] $keys $request
        close $t
    }
    close $s
}
test "a lower limit of tracked keys holds at once (compat 8.2)" {
    server::start
    set s [resp::connect $server::port]
    set t [tracker NOLOOP]
    set m [tracker]
    foreach key {a b c d e} {
        resp::ask $t GET $key
        resp::ask $m GET $key
    }
    expect [resp::ask $m MULTI] OK multi
    expect [stat $s tracking_total_keys] 5 before
    expect [resp::ask $s CONFIG SET tracking-table-max-keys 1] OK set
    foreach c [list $t $m] {
        foreach key {a b c d} { expect [resp::read $c] "*invalidate*$key*" "the oldest first" }
    }
    expect [stat $s tracking_total_keys] 1 after
    expect [stat $s tracking_total_items] 2 items
    expect [resp::ask $s SET e 1] OK set
    expect [resp::read $t] *invalidate*e* "the last one"
    expect [resp::read $m] *invalidate*e* "the last one"
    # A key that is given up has not been changed by whoever reads: NOLOOP says nothing about it.
    expect [resp::ask $t GET x] (nil) x
    expect [resp::ask $t GET y] (nil) y
    expect [resp::read $t] *invalidate*x* "x is given up"
    close $t
    close $m
    close $s
}
test "giving up tracked keys takes the same time however many there were (faults P3)" {
    server::start
    set s [resp::connect $server::port]
    set t [tracker]
    proc read_some {t from n} {
        set keys {}
        for {set i 0} {$i < $n} {incr i} { lappend keys k[expr {$from + $i}] }
        resp::ask $t MGET {*}$keys
    }
    proc used {s} {
        regexp {used_cpu_user:([\d.]+)} [resp::ask $s INFO cpu] -> n
        return $n
    }
    # One that does not take the invalidations, which are many.
    resp::ask $t CLIENT TRACKING OFF
    resp::ask $t HELLO 2
    resp::ask $t CLIENT TRACKING ON
    resp::ask $s CONFIG SET tracking-table-max-keys 100000
    for {set i 0} {$i < 20} {incr i} { read_some $t [expr {$i * 5000}] 5000 }
    expect [stat $s tracking_total_keys] 100000 full
    set before [used $s]
    for {set i 20} {$i < 40} {incr i} { read_some $t [expr {$i * 5000}] 5000 }
    set spent [expr {[used $s] - $before}]
    expect [stat $s tracking_total_keys] 100000 "full still"
    # A walk from the front of the table took 5 s here.
    if {$spent > 4} { error "100000 keys beyond the limit took $spent s" }
    close $t
    close $s
}
test "long keys do not fill the memory by being tracked (faults M3)" {
    server::start
    set s [resp::connect $server::port]
    set t [tracker]
    set long [string repeat k 4000000]
    for {set i 0} {$i < 80} {incr i} {
        resp::ask $t GET $i$long
    }
    set tracked [stat $s tracking_total_keys]
    if {$tracked < 5 || $tracked > 40} { error "$tracked keys of 4 MB are tracked" }
    resp::ask $s CONFIG SET maxmemory 80mb
    resp::ask $s SET k v
    expect [expr {[stat $s tracking_total_keys] <= 2}] 1 "an eighth of maxmemory"
    close $t
    close $s
}
