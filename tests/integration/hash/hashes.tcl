dialogue "fields" {
    HSET h a 1 b 2 => 2
    HSET h b 3 c 4 => 1
    HGET h b => 3
    HGET h none => (nil)
    HMGET h a none c => \[1 (nil) 4\]
    HLEN h => 3
    HEXISTS h a => 1
    HSTRLEN h c => 1
    HSETNX h a 9 => 0
    HSETNX h d 9 => 1
    HKEYS h => \[a b c d\]
    HVALS h => \[1 3 4 9\]
    HGETALL h => \[a 1 b 3 c 4 d 9\]
    HDEL h a d none => 2
    HGETALL h => \[b 3 c 4\]
    HDEL h b c => 2
    EXISTS h => 0
    HSET h a => !ERR wrong number of arguments for 'hset' command
    SET s 1 => OK
    HGET s a => !WRONGTYPE *
}
dialogue "numbers" {
    HINCRBY h n 5 => 5
    HINCRBY h n -7 => -2
    HINCRBYFLOAT h f 10.5 => 10.5
    HINCRBYFLOAT h f 0.1 => 10.6
    HSET h t abc => 1
    HINCRBY h t 1 => !ERR hash value is not an integer
    HINCRBYFLOAT h t 1 => !ERR hash value is not a float
    HSET h n 9223372036854775807 => 0
    HINCRBY h n 1 => !ERR increment or decrement would overflow
}
dialogue "small and large" {
    HSET h a 1 => 1
    OBJECT ENCODING h => listpack
    HSET h long xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx => 1
    OBJECT ENCODING h => hashtable
    HGET h a => 1
    HLEN h => 2
    HSCAN h 0 MATCH a* => \[0 \[a 1\]\]
}
dialogue -ours "deadlines of fields" {
    HSET h a 1 b 2 c 3 => 3
    HEXPIRE h 100 FIELDS 2 a none => \[1 -2\]
    HTTL h FIELDS 3 a b none => \[100 -1 -2\]
    OBJECT ENCODING h => listpackex
    HEXPIRE h 50 GT FIELDS 1 a => \[0\]
    HEXPIRE h 200 GT FIELDS 2 a b => \[1 0\]
    HEXPIRE h 300 NX FIELDS 2 a b => \[0 1\]
    HPERSIST h FIELDS 3 a c none => \[1 -1 -2\]
    HEXPIREAT h 1 FIELDS 1 c => \[2\]
    HGETALL h => \[a 1 b 2\]
    HSET h b 5 => 0
    HTTL h FIELDS 1 b => \[-1\]
    HEXPIRE h 100 FIELDS 1 b => \[1\]
    HINCRBY h b 1 => 6
    HTTL h FIELDS 1 b => \[100\]
    HPEXPIREAT h 9999999999999 FIELDS 1 b => \[1\]
    HPEXPIRETIME h FIELDS 1 b => \[9999999999999\]
    HEXPIRETIME h FIELDS 1 b => \[10000000000\]
    HEXPIRE h -1 FIELDS 1 b => !ERR invalid expire time, must be >= 0
    HEXPIRE h 1 FIELDS 2 b => !ERR The `numfields` parameter must match the number of arguments
    HEXPIRE h 1 b 1 1 1 => !ERR Mandatory argument FIELDS is missing or not at the right position
}
dialogue -ours "fields go at their deadline" {
    HSET h a 1 b 2 => 2
    HPEXPIRE h 1 FIELDS 1 a => \[?\]
    sleep 30
    HGET h a => (nil)
    HLEN h => 1
    HSET h2 a 1 => 1
    HPEXPIRE h2 1 FIELDS 1 a => \[?\]
    sleep 30
    EXISTS h2 => 0
    HEXPIREAT h 1 FIELDS 1 b => \[2\]
    EXISTS h => 0
}
dialogue -ours "together" {
    HSETEX h EX 100 FIELDS 2 a 1 b 2 => 1
    HTTL h FIELDS 2 a b => \[100 100\]
    HSETEX h FNX FIELDS 1 a 9 => 0
    HSETEX h FXX KEEPTTL FIELDS 1 a 9 => 1
    HTTL h FIELDS 1 a => \[100\]
    HGETEX h PERSIST FIELDS 2 a none => \[9 (nil)\]
    HTTL h FIELDS 1 a => \[-1\]
    HGETEX h PX 100000 FIELDS 1 a => \[9\]
    HTTL h FIELDS 1 a => \[100\]
    HGETDEL h FIELDS 3 a none b => \[9 (nil) 2\]
    EXISTS h => 0
    HGETDEL h FIELDS 1 a => \[(nil)\]
}
dialogue -ours "deadlines survive copies and bytes" {
    HSET h a 1 b 2 => 2
    HPEXPIREAT h 9999999999999 FIELDS 1 a => \[1\]
    COPY h i => 1
    HPEXPIRETIME i FIELDS 2 a b => \[9999999999999 -1\]
    RENAME i j => OK
    HPEXPIRETIME j FIELDS 1 a => \[9999999999999\]
    MOVE j 1 => 1
    SELECT 1 => OK
    HPEXPIRETIME j FIELDS 1 a => \[9999999999999\]
    DEL j => 1
    SELECT 0 => OK
    SET h x => OK
    GET h => x
}
test "deadlines of many fields pass by themselves, and the journal hears of it" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    set l [resp::connect $server::port]
    resp::ask $s CONFIG SET notify-keyspace-events KEA
    resp::ask $l SUBSCRIBE __keyevent@0__:hexpired
    for {set i 0} {$i < 200} {incr i} {
        resp::ask $s HSET h:$i a 1 b 2
        resp::ask $s HPEXPIRE h:$i 20 FIELDS 1 a
    }
    for {set i 0} {$i < 200} {incr i} { expect [resp::read $l] {\[message __keyevent@0__:hexpired h:*\]} event }
    expect [resp::ask $s INFO stats] *expired_subkeys:200* counted
    expect [resp::ask $s HLEN h:7] 1 left
    resp::ask $s DEBUG LOADAOF
    expect [resp::ask $s HGETALL h:7] {\[b 2\]} "after the journal"
    close $s
    close $l
}
test "fields are not seen past their deadline while nothing may be deleted" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s HSET h a 1 b 2
    resp::ask $s HPEXPIRE h 30 FIELDS 1 a
    resp::ask $s CLIENT PAUSE 300 WRITE
    after 60
    expect [resp::ask $s HGETALL h] {\[b 2\]} all
    expect [resp::ask $s HLEN h] 1 count
    expect [resp::ask $s HGET h a] (nil) one
    expect [resp::ask $s HRANDFIELD h 5] {\[b\]} any
    close $s
}
