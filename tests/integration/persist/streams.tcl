# What streams have that Redis has not: it is in every kind of file, and comes back.

# One of each: nothing but limits, nothing but scheduled messages, all of it; large messages; what expires.
proc streams_of_ours {s} {
    set fields {}
    for {set i 0} {$i < 300} {incr i} { lappend fields f$i $i }
    set later [expr {[clock milliseconds] + 100000000}]
    foreach request [list \
        {XCFGSET limits MKSTREAM MAXLEN 5 MAXBYTES 1000 MAXAGE 100000000 OVERFLOW DROP ACKED} \
        {XCFGSET refuses MKSTREAM MAXLEN 0 OVERFLOW REJECT} \
        [list XADD future AT $later * a 1] [list XADD future AT $later * a 2] {XADD future DELAY 315360000000 * a 3} \
        [list XADD all AT $later * big [string repeat x 100000]] [list XADD all AT $later * {*}$fields] [list XADD all AT $later TTL 5000 * t 1] \
        {XADD all TTL 90000000 * n 1} {XADD all TTL 90000000 * n 2} {XADD all * n 3} {XCFGSET all MAXLEN 10 IDMP-DURATION 50} \
        {XPOLICY SET all g MKSTREAM JOBS} {XADD all IDMP p i * n 4} {XREADGROUP GROUP g c COUNT 1 STREAMS all >} \
        [list XADD [string repeat k 70000] AT $later * a 1]] {
        set reply [resp::ask $s {*}$request]
        if {[string match "*ERR*" $reply]} { error "[string range $request 0 60]: $reply" }
    }
}

# The IDs of what is scheduled.
proc scheduled {s key} {
    return [regexp -all -inline {\d{13}-\d+} [resp::ask $s XSCHED RANGE $key - +]]
}

proc check_streams_of_ours {s digest} {
    expect [resp::ask $s DEBUG DIGEST] $digest digest
    expect [resp::ask $s XSCHED LEN future] 3 "scheduled"
    expect [resp::ask $s XSCHED LEN all] 3 "also large ones"
    expect [resp::ask $s XSCHED LEN [string repeat k 70000]] 1 "under a long key"
    expect [resp::ask $s XINFO STREAM limits] "*maxlen 5 maxbytes 1000 maxage 100000000 overflow DROP ACKED*" limits
    expect [resp::ask $s XINFO STREAM all] "*maxlen 10 *scheduled 3 *expiries 3 *" "all of it"
    expect [resp::ask $s XADD refuses * a 1] "*STREAMFULL The stream has reached its limit of 0 entries*" "a closed stream"
}

test "extras of streams are in a snapshot and come back, as keys of their own" {
    server::start --enable-debug-command yes
    set s [resp::connect $server::port]
    streams_of_ours $s
    set digest [resp::ask $s DEBUG DIGEST]
    expect [resp::ask $s DEBUG RELOAD] OK reload
    check_streams_of_ours $s $digest
    expect [resp::ask $s SAVE] OK save
    close $s
    server::stop KILL
    server::start --enable-debug-command yes
    set s [resp::connect $server::port]
    check_streams_of_ours $s $digest
    close $s
}
foreach preamble {yes no} {
    test "extras of streams are in an append-only file, before and after a rewrite (aof-use-rdb-preamble $preamble)" [format {
        set how {--appendonly yes --enable-debug-command yes --aof-use-rdb-preamble %s}
        server::start {*}$how
        set s [resp::connect $server::port]
        streams_of_ours $s
        set digest [resp::ask $s DEBUG DIGEST]
        close $s
        server::stop KILL
        server::start {*}$how
        set s [resp::connect $server::port]
        check_streams_of_ours $s $digest
        resp::ask $s BGREWRITEAOF
        resp::until_info $s "*aof_rewrite_in_progress:0*"
        # What was in the base leaves the future by what stands behind it.
        set id [lindex [scheduled $s future] 0]
        expect [resp::ask $s XSCHED RUN future $id] "?1*-0?" "appended now"
        expect [resp::ask $s XDEL all [lindex [scheduled $s all] 2]] 1 "cancelled"
        set digest [resp::ask $s DEBUG DIGEST]
        close $s
        server::stop KILL
        server::start {*}$how
        set s [resp::connect $server::port]
        expect [resp::ask $s DEBUG DIGEST] $digest "base and what is behind it"
        expect [resp::ask $s XSCHED LEN future] 2 "one less"
        expect [resp::ask $s XLEN future] 1 "one there"
        expect [resp::ask $s XINFO STREAM all] "*scheduled 2 *expiries 2 *" "one that would have expired is gone"
        close $s
    } $preamble]
}
test "extras of streams go through DUMP and RESTORE, COPY, RENAME and MOVE" {
    server::start --enable-debug-command yes
    set s [resp::connect $server::port]
    streams_of_ours $s
    foreach key {limits future all} {
        set digest [resp::ask $s DEBUG DIGEST-VALUE $key]
        resp::ask $s EVAL {return redis.call('RESTORE', KEYS[2], 0, redis.call('DUMP', KEYS[1]))} 2 $key restored:$key
        expect [string equal [resp::ask $s DEBUG DIGEST-VALUE restored:$key] $digest] 1 "RESTORE $key"
        expect [resp::ask $s COPY $key copied:$key] 1 copy
        expect [string equal [resp::ask $s DEBUG DIGEST-VALUE copied:$key] $digest] 1 "COPY $key"
        expect [resp::ask $s RENAME copied:$key renamed:$key] OK rename
        expect [resp::ask $s MOVE renamed:$key 3] 1 move
        resp::ask $s SELECT 3
        expect [string equal [resp::ask $s DEBUG DIGEST-VALUE renamed:$key] $digest] 1 "MOVE $key"
        resp::ask $s SELECT 0
    }
    close $s
}
test "a save tells what of streams Redis would not find" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s XADD future DELAY 100000 * a 1
    resp::ask $s XADD future DELAY 100000 TTL 5 * a 1
    expect [resp::ask $s SAVE] OK save
    expect [server::log] "*1 streams have scheduled messages, moments of expiry, kept in fields*Redis skips these. Scheduled messages among them: 2*" kinds
    set before [string length [server::log]]
    resp::ask $s XCFGSET other MKSTREAM MAXLEN 5
    resp::ask $s BGSAVE
    resp::until_info $s "*rdb_bgsave_in_progress:0*"
    expect [string range [server::log] $before end] "*2 streams have settings and limits, scheduled messages, moments of expiry, kept*among them: 2*" "in the background too"
    close $s
}
