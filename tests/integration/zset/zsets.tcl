dialogue "members and scores" {
    ZADD z 1 a 2 b 3 c => 3
    ZADD z 5 a => 0
    ZADD z CH 6 a 1 d => 2
    ZADD z NX 9 a 4 e => 1
    ZADD z XX GT CH 7 a 1 b => 1
    ZADD z INCR 3 b => 5
    ZINCRBY z -1 b => 4
    ZSCORE z a => 7
    ZSCORE z none => (nil)
    ZMSCORE z a none b => \[7 (nil) 4\]
    ZCARD z => 5
    ZRANK z d => 0
    ZREVRANK z a => 0
    ZRANK z none => (nil)
    ZRANGE z 0 -1 WITHSCORES => *d*1*c*3*b*4*e*4*a*7*
    ZREM z a none b => 2
    ZREM z c d e => 3
    EXISTS z => 0
    ZADD z x a => !ERR value is not a valid float
    ZADD z NX XX 1 a => !ERR XX and NX options at the same time are not compatible
    ZADD z GT LT 1 a => !ERR GT, LT, and/or NX options at the same time are not compatible
    ZADD z inf a => 1
    ZINCRBY z -inf a => !ERR resulting score is not a number (NaN)
}
dialogue "ranges" {
    ZADD z 1 a 2 b 3 c 4 d 5 e => 5
    ZRANGE z 1 3 => \[b c d\]
    ZRANGE z -2 -1 REV => \[b a\]
    ZREVRANGE z 0 1 => \[e d\]
    ZRANGEBYSCORE z (1 4 => \[b c d\]
    ZRANGEBYSCORE z -inf +inf LIMIT 1 2 => \[b c\]
    ZREVRANGEBYSCORE z 4 (1 LIMIT 1 10 => \[c b\]
    ZRANGE z 4 2 BYSCORE REV => \[d c b\]
    ZCOUNT z 2 (5 => 3
    ZRANGESTORE y z 1 2 => 2
    ZRANGE y 0 -1 => \[b c\]
    ZREMRANGEBYRANK z 0 1 => 2
    ZREMRANGEBYSCORE z 5 9 => 1
    ZRANGE z 0 -1 => \[c d\]
    ZADD l 0 aa 0 b 0 bb 0 c => 4
    ZRANGEBYLEX l \[b (c => \[b bb\]
    ZRANGEBYLEX l - + LIMIT 1 2 => \[b bb\]
    ZREVRANGEBYLEX l + (b => \[c bb\]
    ZLEXCOUNT l - (bb => 2
    ZREMRANGEBYLEX l - (bb => 2
    ZRANGE l 0 -1 => \[bb c\]
    ZRANGE l 0 1 LIMIT 1 1 => !ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX
    ZRANGEBYSCORE l a b => !ERR min or max is not a float
}
dialogue "several" {
    ZADD a 1 x 2 y => 2
    ZADD b 10 y 20 z => 2
    SADD s x z => 2
    ZUNION 2 a b WITHSCORES => *x*1*y*12*z*20*
    ZINTER 2 a b WITHSCORES => *y*12*
    ZDIFF 2 a b => \[x\]
    ZUNIONSTORE c 2 a b WEIGHTS 2 0.5 AGGREGATE MAX => 3
    ZRANGE c 0 -1 WITHSCORES => *x*2*y*5*z*10*
    ZINTERSTORE c 2 a s => 1
    ZDIFFSTORE c 1 none => 0
    EXISTS c => 0
    ZINTERCARD 2 a b => 1
    ZUNION 0 a => !ERR at least 1 input key is needed for 'zunion' command
}
dialogue "taking" {
    ZADD z 1 a 2 b 3 c 4 d => 4
    ZPOPMIN z => *a*1*
    ZPOPMAX z 2 => *d*4*c*3*
    ZMPOP 2 none z MIN COUNT 5 => *z*b*2*
    EXISTS z => 0
    ZMPOP 1 z MAX => (nil)
    ZPOPMIN z => \[\]
    ZADD z 1 a => 1
    BZPOPMIN none z 1 => *z a 1*
    B: waits BZPOPMAX z 5
    ZADD z 1 a 2 b => 2
    B: reads *z b 2*
    DEL z => 1
    B: waits BZMPOP 5 1 z MIN COUNT 3
    ZADD z 1 a => 1
    B: reads *z*a*1*
    EXISTS z => 0
    BZPOPMIN none 0.01 => (nil)
}
dialogue "large" {
    ZADD z 1 a => 1
    OBJECT ENCODING z => listpack
    ZADD z 2 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx => 1
    OBJECT ENCODING z => skiplist
    ZRANK z a => 0
    ZRANDMEMBER z 10 => \[*a*\]
    ZSCAN z 0 MATCH a => \[0 \[a 1\]\]
}
dialogue -ours "rank with score, as 7.2" {
    ZADD z 1 a 2.5 b => 2
    ZRANK z b WITHSCORE => \[1 2.5\]
    ZREVRANK z b WITHSCORE => \[0 2.5\]
    ZRANK z none WITHSCORE => (nil)
    ZADD z 0.1 c => 1
    ZSCORE z c => 0.1
}
test "a large sorted set keeps order through many changes" {
    server::start
    set s [resp::connect $server::port]
    expr {srand(7)}
    for {set i 0} {$i < 3000} {incr i} {
        set m m[expr {int(rand() * 1000)}]
        set score [expr {int(rand() * 500)}]
        if {rand() < 0.3} {
            resp::ask $s ZREM z $m
            unset -nocomplain want($m)
        } else {
            resp::ask $s ZADD z $score $m
            set want($m) $score
        }
    }
    set rows {}
    foreach {m score} [array get want] { lappend rows [list $score $m] }
    set rows [lsort -integer -index 0 [lsort -index 1 $rows]]
    set flat {}
    foreach row $rows { lappend flat [lindex $row 1] [lindex $row 0] }
    expect [resp::ask $s ZRANGE z 0 -1 WITHSCORES] "\\\[[join $flat]\\\]" range
    set n 0
    foreach row $rows { if {[lindex $row 0] >= 100 && [lindex $row 0] <= 200} { incr n } }
    expect [resp::ask $s ZCOUNT z 100 200] $n count
    close $s
}
dialogue -ours "compat 15.8: AGGREGATE COUNT" {
    ZADD a 5 foo 7 bar => 2
    ZADD b 2 foo inf bar => 2
    SADD c foo => 1
    ZUNION 3 a b c AGGREGATE COUNT WITHSCORES => *bar 2*foo 3*
    ZINTER 3 a b c AGGREGATE COUNT WITHSCORES => *foo 3*
    ZUNIONSTORE d 3 a b c WEIGHTS 1 10 100 AGGREGATE count => 2
    ZRANGE d 0 -1 WITHSCORES => *bar 11*foo 111*
    ZINTERSTORE d 2 a b WEIGHTS 2 0.5 AGGREGATE COUNT => 2
    ZRANGE d 0 -1 WITHSCORES => *bar 2.5*foo 2.5*
    ZINTERSTORE d 2 a none AGGREGATE COUNT => 0
    EXISTS d => 0
    ZUNION 1 a AGGREGATE COUNTS => !ERR syntax error
}
