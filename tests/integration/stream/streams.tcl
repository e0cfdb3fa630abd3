# Streams: idempotency windows, claiming readers, trims after a reload, and the cache of expanded blocks.

test "producers' ids are forgotten after their time" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s XADD s 1-1 a 1
    expect [resp::ask $s XCFGSET s IDMP-DURATION 3] OK duration
    set id [resp::ask $s XADD s IDMP p m * a 1]
    expect [resp::ask $s XADD s IDMP p m * a 1] $id "still known"
    after 3100
    if {[resp::ask $s XADD s IDMP p m * a 1] eq $id} { error "it was not forgotten" }
    close $s
}
test "a claiming reader wakes when an entry has been idle long enough" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s XADD s 1 a 1
    resp::ask $s XGROUP CREATE s g 0
    set t [clock milliseconds]
    resp::ask $s XREADGROUP GROUP g c1 STREAMS s >
    expect [resp::ask $s XREADGROUP GROUP g c2 BLOCK 60000 CLAIM 150 STREAMS s >] {*1-0*} claimed
    if {[clock milliseconds] - $t < 150} { error "too early" }
    close $s
}
test "an approximate trim by ID is the same after the journal" {
    server::start --appendonly yes --stream-node-max-entries 2
    set s [resp::connect $server::port]
    for {set i 1} {$i < 30} {incr i} { resp::ask $s XADD s $i a 1 }
    resp::ask $s XADD s MINID ~ 18446744073709551615 LIMIT 1000 100 a 1
    set left [resp::ask $s XLEN s]
    set digest [resp::ask $s DEBUG DIGEST]
    resp::ask $s DEBUG LOADAOF
    expect [resp::ask $s XLEN s] $left length
    expect [resp::ask $s DEBUG DIGEST] $digest digest
    close $s
}
proc cached {s} {
    regexp {mem_stream_cache:(\d+)} [resp::ask $s INFO memory] all n
    return $n
}
proc same_range {s want what} {
    if {[resp::ask $s XRANGE t - +] ne $want} { error "$what: not what was there" }
}
test "blocks that are read again stay expanded, within the limit" {
    server::start --stream-cache-size 300kb
    set s [resp::connect $server::port]
    for {set i 1} {$i <= 6000} {incr i} {
        resp::send $s XADD s $i-1 field [string repeat "value $i " 12]
    }
    for {set i 1} {$i <= 6000} {incr i} { resp::read $s }
    expect [cached $s] 0 "before any reading"
    set all [resp::ask $s XRANGE s - +]
    expect [cached $s] 0 "what is read once"
    for {set i 0} {$i < 3} {incr i} {
        if {[resp::ask $s XRANGE s - +] ne $all} { error "read another time it is different" }
    }
    set n [cached $s]
    if {$n < 200000 || $n > 300 * 1024} { error "$n bytes are cached" }
    # What is deleted is not read, and the rest is.
    for {set i 2} {$i <= 4000} {incr i 3} { resp::send $s XDEL s $i-1 }
    for {set i 2} {$i <= 4000} {incr i 3} { expect [resp::read $s] 1 deleted }
    resp::ask $s XTRIM s MINID 700
    set left [resp::ask $s XRANGE s - +]
    expect [regexp -all {field value} $left] [resp::ask $s XLEN s] left
    expect [resp::ask $s XRANGE s 702 703] {\[\[702-1 \[field value 702 value 702 *\]\] \[703-1 *\]\]} one
    # Nothing of a stream that another thread frees is left behind.
    resp::ask $s COPY s t
    same_range $s $left copy
    resp::ask $s XRANGE t - +
    expect [resp::ask $s UNLINK s] 1 unlinked
    same_range $s $left "the copy, after"
    # Room for data comes before it, and no limit is left to it.
    resp::ask $s XRANGE t - +
    if {[cached $s] == 0} { error "nothing is cached" }
    resp::until_info $s "*lazyfree_pending_objects:0*"
    regexp {used_memory:(\d+).*mem_not_counted_for_evict:(\d+)} [resp::ask $s INFO memory] all used apart
    resp::ask $s CONFIG SET maxmemory [expr {$used - $apart - 100000}]
    # Directly after the limit has changed a write may still go by the figures of the last tick.
    until "room that is made" {[resp::ask $s SET key value] eq "OK" && [cached $s] == 0}
    resp::ask $s CONFIG SET maxmemory 0
    resp::ask $s XRANGE t - +
    if {[cached $s] == 0} { error "nothing is cached without a limit" }
    resp::ask $s CONFIG SET stream-cache-size 0
    until "an empty cache" {[cached $s] == 0}
    same_range $s $left "without a cache"
    close $s
}
test "compat 15.6: an approximate trim leaves less than a node more" {
    server::start
    set s [resp::connect $server::port]
    for {set i 1} {$i <= 3000} {incr i} {
        set pairs {}
        for {set k 0} {$k <= $i % 7} {incr k} { lappend pairs field[expr {$i * 7 + $k}] value }
        resp::send $s XADD s MAXLEN ~ 500 $i-1 {*}$pairs
        resp::send $s XLEN s
    }
    for {set i 1} {$i <= 3000} {incr i} {
        resp::read $s
        set n [resp::read $s]
        if {$n >= 600} { error "$n entries after $i" }
    }
    expect [expr {$n >= 500}] 1 "no less than was asked for"
    close $s
}
