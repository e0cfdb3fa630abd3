# What Redis 7.0 does not know is in files and stream, wrapped, and does not disturb it.

# One of each kind; some within transactions and scripts.
proc newer {s} {
    foreach request {
        {HSET h a 1 b 2 c 3} {HPEXPIRE h 10000000 FIELDS 2 a b} {HPERSIST h FIELDS 1 b}
        {HSETEX h2 PX 10000000 FIELDS 1 f v} {HSETEX h2 KEEPTTL FIELDS 2 f w g x} {HINCRBYFLOAT h2 g2 1.5}
        {HGETEX h2 EX 100000 FIELDS 1 g} {HGETDEL h FIELDS 1 c}
        {XADD s 1-0 f v} {XADD s IDMP producer one * f v} {XADD s IDMPAUTO producer MAXLEN ~ 1000 * f v}
        {XCFGSET other IDMP-DURATION 60} {XADD s KEEPREF MAXLEN 100 * f v}
        {XGROUP CREATE s g 0} {XGROUP CREATE s g2 0} {XREADGROUP GROUP g c COUNT 2 STREAMS s >} {XREADGROUP GROUP g2 c COUNT 1 STREAMS s >}
        {XNACK s g FAIL IDS 1 1-0} {XADD other 1-0 f v} {XADD other 2-0 f v} {XADD other 3-0 f v} {XCFGSET other IDMP-MAXSIZE 7}
        {XGROUP CREATE other g 0} {XREADGROUP GROUP g c COUNT 2 STREAMS other >}
        {XTRIM other MAXLEN 2 DELREF} {XADD other MINID 3 ACKED 4-0 f v} {XDELEX other DELREF IDS 2 2-0 9-9}
        {XACKDEL s g2 DELREF IDS 1 1-0} {XADD trimmed 1-0 f v} {XTRIM trimmed MAXLEN 0 ACKED} {XADD trimmed 2-0 f v} {XTRIM trimmed MAXLEN 5 KEEPREF}
        {SET k v} {DELEX k IFEQ v} {MSETEX 2 k1 v k2 v EX 10000} {SET n 5} {INCREX n BYINT 3 EX 1000} {SET n 9 IFEQ 8}
        {RPUSH l a b c} {LMOVEM l l2 LEFT RIGHT COUNT 2 BULK} {SETRANGE bits 0 abc} {SET bits2 abd} {BITOP DIFF bits3 bits bits2}
        {MULTI} {HSET t a 1} {HEXPIRE t 100000 FIELDS 1 a} {XADD s IDMP producer two * f v} {INCR counted} {EXEC}
        {EVAL {redis.call('HSET', KEYS[1], 'a', 1) redis.call('HEXPIRE', KEYS[1], 100000, 'FIELDS', 1, 'a') return redis.call('INCR', KEYS[2])} 2 t2 counted}
        {SELECT 2} {HSET h a 1} {HPEXPIRE h 10000000 FIELDS 1 a} {SELECT 0}
    } {
        set reply [resp::ask $s {*}$request]
        if {[string match "*ERR*" $reply] && $request ne {XCFGSET other IDMP-DURATION 60}} { error "$request: $reply" }
    }
    # More words than there usually are.
    set fields {}
    for {set i 0} {$i < 700} {incr i} { lappend fields f$i }
    resp::ask $s HSET wide {*}[join [lmap f $fields { list $f 1 }]]
    resp::ask $s HPEXPIRE wide 10000000 FIELDS 700 {*}$fields
    # Payloads of values that only this server writes.
    foreach key {h s} {
        resp::ask $s EVAL {return redis.call('RESTORE', KEYS[2], 0, redis.call('DUMP', KEYS[1]))} 2 $key copy:$key
    }
}

# What Redis can show of the data, in both.
proc common {s} {
    set all {}
    foreach request {
        {HGETALL h} {HLEN wide} {HGETALL h2} {HGETALL t} {HGETALL t2} {HGETALL copy:h} {XRANGE s - +} {XRANGE copy:s - +} {XRANGE other - +} {XRANGE trimmed - +}
        {XLEN s} {GET k} {MGET k1 k2 n} {LRANGE l 0 -1} {LRANGE l2 0 -1} {GET bits3} {GET counted} {DBSIZE}
    } { lappend all [resp::ask $s {*}$request] }
    return $all
}

proc as_redis {script} {
    set ours $server::path
    set server::path [auto_execok redis-server]
    set code [catch {uplevel 1 $script} why options]
    set server::path $ours
    return -options $options $why
}

proc same {got want what} {
    if {$got ne $want} { error "$what: got <$got>, wanted <$want>" }
}

# From increments, then from the base of a rewrite.
proc in_files {args} {
    server::start --appendonly yes --rdb-compat 10 {*}$args
    set s [resp::connect $server::port]
    newer $s
    set digest [resp::ask $s DEBUG DIGEST]
    set want [common $s]
    set ttl [resp::ask $s HPEXPIRETIME h FIELDS 1 a]
    close $s
    foreach what {increments base} {
        server::stop KILL
        expect [exec redis-check-aof $server::dir/appendonlydir/appendonly.aof.manifest] "*are valid*" redis-check-aof
        file copy -force $server::dir/appendonlydir $server::dir/kept
        as_redis { server::start --appendonly yes }
        set s [resp::connect $server::port]
        same [common $s] $want "$what in redis-server"
        if {[string match "*rror*" [server::log]]} { error [server::log] }
        close $s
        server::stop KILL
        file delete -force $server::dir/appendonlydir
        file rename $server::dir/kept $server::dir/appendonlydir
        server::start --appendonly yes --rdb-compat 10 {*}$args
        set s [resp::connect $server::port]
        same [resp::ask $s DEBUG DIGEST] $digest "$what"
        same [common $s] $want "$what"
        same [resp::ask $s HPEXPIRETIME h FIELDS 1 a] $ttl "the deadline of a field"
        resp::ask $s BGREWRITEAOF
        resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrites:1*"
        close $s
    }
}
test "replication 6.3: wrapped effects in files are whole here, and in silence in redis-server and its tool" {
    in_files
}
test "replication 6.3: the same with a base of commands" {
    in_files --aof-use-rdb-preamble no
}

# Runs the script with the replica's connection in r and its log in log.
proc followed_by {path script} {
    upvar s s r r log log
    server::start --repl-diskless-sync-delay 0
    set s [resp::connect $server::port]
    resp::ask $s SET before 1
    set peer [server::free_port]
    set directory [file join $server::dir replica]
    file mkdir $directory
    set pid [exec $path --port $peer --bind 127.0.0.1 --dir $directory --save "" --enable-debug-command yes --replicaof "127.0.0.1 $server::port" > $directory/log &]
    set code [catch {
        until "the replica" {![catch {resp::connect $peer} r]}
        resp::until_info $r "*master_link_status:up*"
        newer $s
        resp::ask $s SET marked 1
        until "the last write" {[resp::ask $r GET marked] eq "1"}
        set f [open $directory/log]
        set log [read $f]
        close $f
        uplevel 1 $script
        close $r
        close $s
    } why options]
    exec kill -9 $pid
    return -options $options $why
}

test "replication 6.3: a redis-server that follows gets every value and says no word" {
    followed_by [auto_execok redis-server] {
        same [common $r] [common $s] "its data"
        same [resp::field $r unexpected_error_replies] 0 "errors"
        if {[string match "*CRITICAL*" $log]} { error $log }
    }
}
test "replication 6.3: a replica of this kind gets everything" {
    followed_by $server::path {
        same [common $r] [common $s] "its data"
        same [resp::ask $r DEBUG DIGEST] [resp::ask $s DEBUG DIGEST] "digest"
        same [resp::ask $r HPEXPIRETIME h FIELDS 1 a] [resp::ask $s HPEXPIRETIME h FIELDS 1 a] "a deadline"
        if {[string match "*CRITICAL*" $log]} { error $log }
    }
}

test "replication 6.3: with rdb-compat 12 deadlines of fields go plainly, in version 12" {
    server::start --appendonly yes --rdb-compat 12
    set s [resp::connect $server::port]
    resp::ask $s HSET h a 1
    resp::ask $s HPEXPIRE h 10000000 FIELDS 1 a
    set ttl [resp::ask $s HPEXPIRETIME h FIELDS 1 a]
    resp::ask $s SAVE
    set f [open [lindex [glob $server::dir/appendonlydir/*.incr.aof] 0]]
    fconfigure $f -translation binary
    expect [string match "*\r\nHPEXPIREAT\r\n*" [set bytes [read $f]]] 1 "the command"
    expect [string match "*PING*" $bytes] 0 "a wrap"
    close $f
    set f [open $server::dir/dump.rdb]
    fconfigure $f -translation binary
    set bytes [read $f]
    close $f
    expect [string range $bytes 0 8] "REDIS0012" "magic"
    expect [string match "*millrace-effects*" $bytes] 0 "a field beside"
    close $s
    server::stop KILL
    server::start
    set s [resp::connect $server::port]
    same [resp::ask $s HPEXPIRETIME h FIELDS 1 a] $ttl "from the snapshot"
    close $s
}
