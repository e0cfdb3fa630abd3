# compat 3.8: a second Ctrl-C. compat 3.10: DEBUG RELOAD onto what there is. Section 14: bad payloads and snapshots in the log.

test "compat 3.8: a second SIGINT while the shutdown saves ends the process at once" {
    server::start --save {3600 1}
    set s [resp::connect $server::port]
    resp::ask $s SET first 1
    resp::ask $s SAVE
    for {set i 0} {$i < 100} {incr i} { resp::ask $s SET k:$i x }
    resp::ask $s CONFIG SET rdb-key-save-delay 1000000
    close $s
    exec kill -INT $server::pid
    until "a temporary file" {[llength [glob -nocomplain $server::dir/temp-*]]}
    exec kill -INT $server::pid
    server::until_dead
    if {[server::alive]} { error "it saves on" }
    expect [glob -nocomplain $server::dir/temp-*] "" "no file"
    server::start --save {3600 1}
    set s [resp::connect $server::port]
    expect [resp::ask $s DBSIZE] 1 "the snapshot of before"
    close $s
}
test "compat 3.10: DEBUG RELOAD NOFLUSH refuses what is there, NOFLUSH MERGE takes it over" {
    server::start
    set s [resp::connect $server::port]
    set library "#!lua name=lib\nredis.register_function('f', function() return 1 end)"
    resp::ask $s FUNCTION LOAD $library
    resp::ask $s SAVE
    expect [resp::ask $s DEBUG RELOAD NOSAVE NOFLUSH] "!ERR Error trying to load the RDB dump*" "a library"
    expect [resp::ask $s DEBUG RELOAD NOSAVE NOFLUSH MERGE] OK "a library, merged"
    expect [resp::ask $s FCALL f 0] 1 works
    expect [resp::ask $s DEBUG RELOAD] OK "flushed"
    resp::ask $s FUNCTION FLUSH
    resp::ask $s SET a saved EX 1000
    resp::ask $s SET b saved
    resp::ask $s SAVE
    resp::ask $s SET a later
    resp::ask $s DEL b
    resp::ask $s SET c later
    resp::ask $s RPUSH d x
    expect [resp::ask $s DEBUG RELOAD NOSAVE NOFLUSH] "!ERR Error trying to load the RDB dump*" "a key"
    resp::ask $s DEL b
    expect [resp::ask $s DEBUG RELOAD NOSAVE NOFLUSH MERGE] OK merge
    expect [resp::ask $s MGET a b c] "?saved saved later?" values
    if {[resp::ask $s TTL a] < 900} { error "the deadline is gone" }
    expect [resp::ask $s DBSIZE] 4 size
    close $s
}
test "compat 3.10: what was merged is in the append-only file too" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s SET a saved
    resp::ask $s SAVE
    resp::ask $s SET a later
    expect [resp::ask $s DEBUG RELOAD NOSAVE NOFLUSH MERGE] OK merge
    resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*aof_rewrites:1*"
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] saved "after a start"
    close $s
}
test "section 14: bad payloads and refused snapshots in the words of Redis" {
    # A ziplist, a zipmap, a stream node, a listpack that are none; the checksum of the payload is right.
    server::start
    set s [resp::connect $server::port]
    set answers [exec /usr/bin/python3 -c "
import sys, redis
sys.path.insert(0, '[file normalize [file join $::here .. .. redis-compat files]]')
import old_rdb as old, struct
r = redis.Redis(port=$server::port)
for kind, body in ((9, old.string(b'nonsense')), (10, old.string(b'nonsense')), (11, old.string(b'nonsense')), (16, old.string(b'nonsense')), (17, old.string(b'nonsense')),
                   (15, old.length(1) + old.string(bytes(16)) + old.string(b'nonsense'))):
    d = bytes(\[kind\]) + body + struct.pack('<H', 10)
    try:
        print(r.restore('k', 0, d + struct.pack('<Q', old.crc64(d))))
    except redis.ResponseError as e:
        print(e)
"]
    expect $answers [join [lrepeat 6 "Bad data format"] \n] answers
    set log [server::log]
    foreach text {"Zipmap integrity check failed" "List integrity check failed" "Intset integrity check failed" "Hash integrity check failed" "Zset integrity check failed" "Stream listpack integrity check failed"} {
        expect $log "*$text*" log
    }
    resp::ask $s SET a 1
    resp::ask $s SAVE
    close $s
    server::stop KILL
    set f [open $server::dir/dump.rdb r+]
    fconfigure $f -translation binary
    seek $f -1 end
    binary scan [read $f 1] cu last
    seek $f -1 end
    puts -nonewline $f [binary format c [expr {$last ^ 1}]]
    close $f
    if {![catch {server::start}]} { error "a damaged snapshot was loaded" }
    expect [server::log] "*RDB CRC error*Terminating server after rdb file reading failure.*" log
}
