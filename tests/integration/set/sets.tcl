# Sets: what SPOP leaves in the journal.

test "what SPOP took is what the journal says" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    for {set i 0} {$i < 1000} {incr i} { resp::ask $s SADD big m$i }
    for {set i 0} {$i < 300} {incr i} { resp::ask $s SADD small:$i a b c 1 2 3 }
    for {set i 0} {$i < 300} {incr i} {
        resp::ask $s SPOP big
        resp::ask $s SPOP big 2
        resp::ask $s SPOP small:$i [expr {$i % 7}]
    }
    set digest [resp::ask $s DEBUG DIGEST]
    resp::ask $s DEBUG LOADAOF
    expect [resp::ask $s DEBUG DIGEST] $digest digest
    expect [resp::ask $s SCARD big] 100 count
    close $s
}
