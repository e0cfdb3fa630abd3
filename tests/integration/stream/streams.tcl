dialogue "add and read" {
    XADD s 1-1 a 1 => 1-1
    XADD s 1-1 a 1 => !ERR The ID specified in XADD is equal or smaller than the target stream top item
    XADD s 2-* b 2 c 3 => 2-0
    XADD s NOMKSTREAM 3 d 4 => 3-0
    XADD none NOMKSTREAM 3 d 4 => (nil)
    XLEN s => 3
    XRANGE s - + => \[\[1-1 \[a 1\]\] \[2-0 \[b 2 c 3\]\] \[3-0 \[d 4\]\]\]
    XREVRANGE s + (1-1 COUNT 1 => \[\[3-0 \[d 4\]\]\]
    XDEL s 2-0 9-9 => 1
    XRANGE s 1 2 => \[\[1-1 \[a 1\]\]\]
    XTRIM s MAXLEN 1 => 1
    XADD s MAXLEN 1 5 e 5 => 5-0
    XLEN s => 1
    XREAD COUNT 5 STREAMS s 0 => *5-0*
    XREAD STREAMS s 5 => (nil)
}
dialogue "groups" {
    XGROUP CREATE s g 0 MKSTREAM => OK
    XGROUP CREATE s g 0 => !BUSYGROUP*
    XADD s 1 a 1 => 1-0
    XADD s 2 a 2 => 2-0
    XADD s 3 a 3 => 3-0
    XREADGROUP GROUP g c1 COUNT 2 STREAMS s > => *1-0*2-0*
    XREADGROUP GROUP g c2 STREAMS s > => *3-0*
    XREADGROUP GROUP g c2 STREAMS s > => (nil)
    XPENDING s g => \[3 1-0 3-0 \[\[c1 2\] \[c2 1\]\]\]
    XACK s g 1-0 9-9 => 1
    XREADGROUP GROUP g c1 STREAMS s 0 => *2-0 \[a 2\]*
    XCLAIM s g c2 0 2-0 JUSTID => \[2-0\]
    XAUTOCLAIM s g c3 0 0 COUNT 1 JUSTID => \[3-0 \[2-0\] \[\]\]
    XDEL s 3-0 => 1
    XAUTOCLAIM s g c3 0 0 JUSTID => \[0-0 \[2-0\] \[3-0\]\]
    XGROUP DELCONSUMER s g c3 => 1
    XGROUP DESTROY s g => 1
    XREADGROUP GROUP g c STREAMS s > => !NOGROUP*
}
dialogue "faults B1: exact trimming by ID where the newest entries were deleted" {
    XADD s 1-0 f v => 1-0
    XADD s 2-0 f v => 2-0
    XDEL s 2-0 => 1
    XTRIM s MINID 2-0 => 1
    XLEN s => 0
    XADD s 3-0 f v => 3-0
    XADD s 4-0 f v => 4-0
    XADD s 5-0 f v => 5-0
    XDEL s 4-0 5-0 => 2
    XADD s MINID 5-0 6-0 f v => 6-0
    XRANGE s - + => \[\[6-0 \[f v\]\]\]
}
dialogue -ours "faults B1: and where they were deleted with their references" {
    XADD s 1-0 f v => 1-0
    XADD s 2-0 f v => 2-0
    XADD s 3-0 f v => 3-0
    XGROUP CREATE s g 0 => OK
    XREADGROUP GROUP g c STREAMS s > => *1-0*2-0*3-0*
    XDELEX s DELREF IDS 1 3-0 => \[1\]
    XACKDEL s g IDS 1 2-0 => \[1\]
    XTRIM s MINID 3-0 => 1
    XLEN s => 0
    XPENDING s g => \[1 1-0 1-0 \[\[c 1\]\]\]
    XTRIM s MAXLEN 5 DELREF => 0
    XPENDING s g => \[0 (nil) (nil) (nil)\]
}
dialogue -ours "what ACKED leaves in front of what it trims" {
    XADD s 1-0 f v => 1-0
    XADD s 2-0 f v => 2-0
    XADD s 3-0 f v => 3-0
    XADD s 4-0 f v => 4-0
    XGROUP CREATE s g 0 => OK
    XREADGROUP GROUP g c STREAMS s > => *
    XACK s g 2-0 3-0 => 2
    XTRIM s MINID ~ 3-0 ACKED => 1
    XRANGE s - + => \[\[1-0*\[3-0*\[4-0*
    XADD s MINID ~ 4-0 ACKED 5-0 f v => 5-0
    XRANGE s - + => \[\[1-0*\[4-0*\[5-0*
}
dialogue -ours "faults B9: the lag is what is there to be read" {
    XADD s 1-0 a 1 => 1-0
    XADD s 2-0 a 1 => 2-0
    XADD s 3-0 a 1 => 3-0
    XADD s 4-0 a 1 => 4-0
    XADD s 5-0 a 1 => 5-0
    XGROUP CREATE s g 0 => OK
    XREADGROUP GROUP g c COUNT 1 STREAMS s > => *1-0*
    XTRIM s MAXLEN 2 => 3
    XINFO GROUPS s => *entries-read 1 lag 2*
    XREADGROUP GROUP g c COUNT 1 STREAMS s > => *4-0*
    XINFO GROUPS s => *entries-read 4 lag 1*
    XREADGROUP GROUP g c COUNT 1 STREAMS s > => *5-0*
    XINFO GROUPS s => *entries-read 5 lag 0*
    XADD s 6-0 a 1 => 6-0
    XADD s 7-0 a 1 => 7-0
    XADD s 8-0 a 1 => 8-0
    XDEL s 6-0 => 1
    XINFO GROUPS s => *entries-read 5 lag (nil)*
    XREADGROUP GROUP g c COUNT 1 STREAMS s > => *7-0*
    XINFO GROUPS s => *entries-read 7 lag 1*
    XSETID s 20-0 ENTRIESADDED 100 => OK
    XINFO GROUPS s => *entries-read 7 lag 1*
    XADD s MAXLEN 1 21-0 a 1 => 21-0
    XREADGROUP GROUP g c COUNT 1 STREAMS s > => *21-0*
    XINFO GROUPS s => *entries-read 101 lag 0*
}
dialogue "a stream that expires wakes who waits for it" {
    XGROUP CREATE s g 0 MKSTREAM => OK
    B: waits XREADGROUP GROUP g c BLOCK 0 STREAMS s >
    C: PEXPIRE s 20 => 1
    B: reads !*
}
dialogue "waiting readers" {
    XADD s 1 a 1 => 1-0
    XGROUP CREATE s g $ => OK
    B: waits XREAD BLOCK 0 STREAMS s $
    C: waits XREADGROUP GROUP g c BLOCK 0 STREAMS s >
    XADD s 2 a 2 => 2-0
    B: reads *2-0*
    C: reads *2-0*
    XREAD BLOCK 20 STREAMS s 2 => (nil)
}
dialogue -ours "references" {
    XGROUP CREATE s g 0 MKSTREAM => OK
    XADD s 1 a 1 => 1-0
    XADD s 2 a 2 => 2-0
    XADD s 3 a 3 => 3-0
    XREADGROUP GROUP g c COUNT 2 STREAMS s > => *
    XDELEX s ACKED IDS 2 1 9 => \[2 -1\]
    XACKDEL s g ACKED IDS 2 1 3 => \[1 -1\]
    XDELEX s DELREF IDS 1 2 => \[1\]
    XPENDING s g => \[0 (nil) (nil) (nil)\]
    XRANGE s - + => \[\[3-0 \[a 3\]\]\]
    XDELEX s IDS 0 1 => !ERR Number of IDs must be a positive integer
    XDELEX s IDS 2 1 => !ERR The `numids` parameter must match the number of arguments
    XDELEX none IDS 1 1 => \[-1\]
}
dialogue -ours "released entries" {
    XGROUP CREATE s g 0 MKSTREAM => OK
    XADD s 1 a 1 => 1-0
    XADD s 2 a 2 => 2-0
    XREADGROUP GROUP g c STREAMS s > => *
    XNACK s g FAIL IDS 1 2 => 1
    XPENDING s g - + 10 => \[\[1-0 c * 1\] \[2-0  -1 1\]\]
    XREADGROUP GROUP g d STREAMS s > => (nil)
    XREADGROUP GROUP g d CLAIM 1000000 STREAMS s > => *2-0*
    XNACK s g FATAL IDS 1 2 => 1
    XPENDING s g - + 10 => *9223372036854775807*
    XNACK s none FAIL IDS 1 2 => !NOGROUP*
}
dialogue -ours "idempotent producers" {
    XADD s 1-1 a 1 => 1-1
    XADD s IDMP p 1 5-5 a 1 => !ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs
    XADD s IDMP {} 1 * a 1 => !ERR syntax error, IDMP requires a non-empty producer ID
    XADD s IDMP p m * a 1 => *-*
    XADD s IDMP p m * b 2 => *-*
    XLEN s => 2
    XADD s IDMPAUTO p * b 2 c 3 => *-*
    XADD s IDMPAUTO p * c 3 b 2 => *-*
    XLEN s => 3
    XCFGSET s IDMP-DURATION 5 => OK
    XADD s IDMP p m * a 1 => *-*
    XLEN s => 4
    XCFGSET s IDMP-MAXSIZE 0 => !ERR IDMP-MAXSIZE must be between 1 and 10000 entries
}
dialogue -ours "limits of a reply" {
    XADD s 1 a 1 => 1-0
    XADD s 2 a 2 => 2-0
    XADD t 1 a 1 => 1-0
    XREAD MAXCOUNT 1 STREAMS s t 0 0 => \[*1-0*\]
    XREAD MAXSIZE 1 STREAMS s t 0 0 => \[*s*1-0*\]
    XREAD STREAMS s + => *2-0*
    XREAD MAXCOUNT 0 STREAMS s 0 => !ERR MAXCOUNT must be a positive integer
}
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
        resp::send $s whole XADD s $i-1 field [string repeat "value $i " 12]
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
    for {set i 2} {$i <= 4000} {incr i 3} { resp::send $s whole XDEL s $i-1 }
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
    expect [resp::ask $s SET key value] OK "room is made"
    expect [cached $s] 0 "after it was made"
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
        resp::send $s whole XADD s MAXLEN ~ 500 $i-1 {*}$pairs
        resp::send $s whole XLEN s
    }
    for {set i 1} {$i <= 3000} {incr i} {
        resp::read $s
        set n [resp::read $s]
        if {$n >= 600} { error "$n entries after $i" }
    }
    expect [expr {$n >= 500}] 1 "no less than was asked for"
    close $s
}
