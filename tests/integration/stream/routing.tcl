# Bindings and captures over restarts, by file and by snapshot, and what a Redis finds of them.

proc prepare {s} {
    foreach how {{ALL TO all} {TOPIC a.*.# TO topic} {DIRECT v BY f TO direct} {HEADERS ANY 1 h 1 TO headers} {ALTERNATE TO rest}} {
        expect [resp::ask $s XBIND ADD ex {*}$how] 1 $how
    }
    expect [resp::ask $s XBIND ADD all ALL TO chain] 1 chain
    expect [resp::ask $s XCAPTURE ADD log news.* {__key*__:*}] 2 captures
    resp::ask $s XADD ex * routing-key a.b.c n 1
    resp::ask $s XADD ex DELAY 100000000 * f v n 2
    resp::ask $s PUBLISH news.eu hello
    resp::ask $s SET k v
}

proc look {s what} {
    expect [resp::ask $s XBIND LIST ex] {*ALL*TOPIC*DIRECT*HEADERS*ALTERNATE*rest*} "$what, bindings"
    expect [resp::ask $s XCAPTURE LIST log] {*__key*news.*} "$what, captures"
    expect [resp::ask $s XLEN chain] 1 "$what, a copy"
    resp::ask $s XADD ex * f v n 3
    expect [resp::ask $s XLEN direct] 1 "$what, it routes"
    resp::ask $s XTRIM chain MAXLEN 1
    resp::ask $s DEL direct
    set before [resp::ask $s XLEN log]
    resp::ask $s PUBLISH news.us x
    expect [resp::ask $s XLEN log] [expr {$before + 1}] "$what, it captures"
}

# broker Z6, Z10
test "they are there after a restart by the append-only file" {
    server::start --appendonly yes --notify-keyspace-events KEA
    set s [resp::connect $server::port]
    prepare $s
    set digest [resp::ask $s DEBUG DIGEST]
    close $s
    server::stop KILL
    server::start --appendonly yes --notify-keyspace-events KEA
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest digest
    look $s increment
    resp::ask $s BGREWRITEAOF
    while {[regexp {aof_rewrite_in_progress:1|aof_rewrite_scheduled:1} [resp::ask $s INFO persistence]]} { after 20 }
    set digest [resp::ask $s DEBUG DIGEST]
    close $s
    server::stop KILL
    server::start --appendonly yes --notify-keyspace-events KEA
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest "digest of the base"
    close $s
}
test "they are there after a restart by the snapshot" {
    server::start --notify-keyspace-events KEA
    set s [resp::connect $server::port]
    prepare $s
    resp::ask $s SAVE
    set digest [resp::ask $s DEBUG DIGEST]
    close $s
    server::stop KILL
    server::start --notify-keyspace-events KEA
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest digest
    look $s snapshot
    close $s
}
# broker G2, Z5, B6: what a Redis reads of the file has every copy.
test "a Redis finds all copies" {
    server::start --appendonly yes --rdb-compat 10
    set s [resp::connect $server::port]
    prepare $s
    set keys {ex all topic rest chain log}
    set ours [lmap k $keys { resp::ask $s XRANGE $k - + }]
    close $s
    server::stop TERM
    set server::path [auto_execok redis-server]
    server::start --appendonly yes
    set s [resp::connect $server::port]
    foreach k $keys want $ours {
        if {[resp::ask $s XRANGE $k - +] ne $want} { error "$k is otherwise there" }
    }
    expect [resp::ask $s XLEN chain] 1 "a copy by a chain"
    close $s
}
