dialogue "members" {
    SADD s 3 1 2 3 => 3
    SMEMBERS s => \[1 2 3\]
    OBJECT ENCODING s => intset
    SCARD s => 3
    SISMEMBER s 2 => 1
    SMISMEMBER s 1 9 3 => \[1 0 1\]
    SREM s 1 9 => 1
    SADD s 70000 -5 => 2
    SMEMBERS s => \[-5 2 3 70000\]
    SREM s -5 2 3 70000 => 4
    EXISTS s => 0
    SADD s a => 1
    SMOVE s t a => 1
    EXISTS s => 0
    SMEMBERS t => \[a\]
    SMOVE t t a => 1
    SMOVE none t a => 0
    SET x 1 => OK
    SADD x a => !WRONGTYPE *
    SMOVE t x a => !WRONGTYPE *
}
dialogue "several sets" {
    SADD a 1 2 3 4 => 4
    SADD b 2 4 6 => 3
    SINTER a b => \[2 4\]
    SUNION a b => \[1 2 3 4 6\]
    SDIFF a b => \[1 3\]
    SINTERCARD 2 a b => 2
    SINTERCARD 2 a b LIMIT 1 => 1
    SINTERSTORE c a b => 2
    SMEMBERS c => \[2 4\]
    SUNIONSTORE c a b none => 5
    SDIFFSTORE c a a => 0
    EXISTS c => 0
    SINTER a none => \[\]
    SINTERCARD 0 a => !ERR numkeys should be greater than 0
    SINTERCARD 3 a b => !ERR Number of keys can't be greater than number of args
}
dialogue "any members" {
    SADD s a => 1
    SRANDMEMBER s => a
    SRANDMEMBER s 5 => \[a\]
    SRANDMEMBER s -3 => \[a a a\]
    SRANDMEMBER none => (nil)
    SRANDMEMBER none 2 => \[\]
    SPOP s => a
    EXISTS s => 0
    SPOP s => (nil)
    SADD s 1 2 3 => 3
    SPOP s 0 => \[\]
    SPOP s 5 => \[*\]
    EXISTS s => 0
    SPOP s -1 => !ERR value is out of range, must be positive
}
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
dialogue -ours "compat 15.8: SUNIONCARD and SDIFFCARD" {
    SADD a 1 2 3 x => 4
    SADD b 3 4 => 2
    SADD c y => 1
    SUNIONCARD 3 a b c => 6
    SUNIONCARD 2 a none LIMIT 0 => 4
    SUNIONCARD 3 a b c LIMIT 3 => 3
    SUNIONCARD 3 a b c LIMIT 100 APPROX => 6
    SUNIONCARD 1 none => 0
    SDIFFCARD 2 a b => 3
    SDIFFCARD 2 a b LIMIT 2 => 2
    SDIFFCARD 1 a => 4
    SDIFFCARD 2 none a => 0
    SDIFFCARD 2 a b APPROX => !ERR syntax error
    SDIFFCARD 2 a b LIMIT -1 => !ERR LIMIT can't be negative
    SUNIONCARD 0 a => !ERR numkeys should be greater than 0
    SUNIONCARD 3 a b => !ERR Number of keys can't be greater than number of args
    SET s x => OK
    SDIFFCARD 2 a s => !WRONGTYPE*
    COMMAND GETKEYS SUNIONCARD 2 a b LIMIT 1 => \[a b\]
}
