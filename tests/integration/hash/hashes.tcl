# Hashes: TTLs of fields while nobody looks, and in the journal.

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
