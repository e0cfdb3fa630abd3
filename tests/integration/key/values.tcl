dialogue "sorting" {
    RPUSH l 3 1 2 10 => 4
    SORT l => \[1 2 3 10\]
    SORT l DESC LIMIT 0 2 => \[10 3\]
    SORT l ALPHA => \[1 10 2 3\]
    MSET w_1 9 w_2 8 w_3 7 w_10 6 d_1 one d_3 three => OK
    SORT l BY w_* => \[10 3 2 1\]
    SORT l BY w_* GET # GET d_* => \[10 (nil) 3 three 2 (nil) 1 one\]
    HSET h_1 f 5 => 1
    HSET h_2 f 4 => 1
    SORT l BY h_*->f LIMIT 2 2 GET h_*->f => \[4 5\]
    SORT l BY nosort => \[3 1 2 10\]
    SORT l STORE out => 4
    LRANGE out 0 -1 => \[1 2 3 10\]
    SORT none STORE out => 0
    EXISTS out => 0
    SORT_RO l => \[1 2 3 10\]
    SORT_RO l STORE x => !ERR syntax error
    RPUSH t a => 1
    SORT t => !ERR One or more scores can't be converted into double
    SADD s 3 1 2 => 3
    SORT s DESC => \[3 2 1\]
    ZADD z 1 9 2 8 => 2
    SORT z BY nosort DESC => \[8 9\]
}
dialogue "longest common subsequence" {
    MSET a ohmytext b mynewtext => OK
    LCS a b => mytext
    LCS a b LEN => 6
    LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN => *4 7*5 8*4*len 6*
    LCS a none =>
    LCS a b LEN IDX => !ERR If you want both the length and indexes, please just use IDX.
}
dialogue -ours "conditions and bounds" {
    SET k v1 IFEQ x => (nil)
    EXISTS k => 0
    SET k v1 IFNE x => OK
    SET k v2 IFEQ v1 GET => v1
    DIGEST k => 2225df3932692638
    SET k v3 IFDEQ 2225DF3932692638 => OK
    SET k v4 IFDNE 0000000000000000 => OK
    SET k v4 IFDEQ xyz => !ERR digest must be exactly 16 hexadecimal characters
    SET k v4 NX IFEQ v4 => !ERR syntax error
    DELEX k IFEQ other => 0
    DELEX k IFEQ v4 => 1
    DELEX k => 0
    RPUSH l a => 1
    DELEX l IFEQ a => !WRONGTYPE *
    DELIFEQ l a => !WRONGTYPE *
    SET l x IFEQ a => !WRONGTYPE *
    DELEX l => 1
    MSETEX 2 a 1 b 2 NX EX 100 => 1
    MSETEX 2 b 3 c 4 NX => 0
    EXISTS c => 0
    TTL a => 100
    MSETEX 1 a 5 KEEPTTL => 1
    TTL a => 100
    INCREX a BYINT 3 UBOUND 10 => \[8 3\]
    INCREX a BYINT 3 UBOUND 10 => \[8 0\]
    INCREX a BYINT 3 UBOUND 10 SATURATE => \[10 2\]
    INCREX a BYINT -50 LBOUND -5 SATURATE PERSIST => \[-5 -15\]
    TTL a => -1
    INCREX r EX 60 ENX => \[1 1\]
    INCREX r EX 90 ENX => \[2 1\]
    TTL r => 60
    INCREX f BYFLOAT 1.5 => \[1.5 1.5\]
    INCREX a LBOUND 5 UBOUND 1 => !ERR LBOUND must not be greater than UBOUND
}
