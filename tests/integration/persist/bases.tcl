# compat 3.9: aof-use-rdb-preamble and aof-disable-auto-gc act. compat 3.5: what INFO says of a save at work.

proc rewrite {s} {
    set n [expr {[resp::field $s aof_rewrites] + 1}]
    resp::ask $s BGREWRITEAOF
    resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*aof_last_bgrewrite_status:ok*aof_rewrites:$n*"
}
proc files {} { return [lsort [glob -tails -directory $server::dir/appendonlydir *]] }
proc manifest {} {
    set f [open $server::dir/appendonlydir/appendonly.aof.manifest]
    set text [read $f]
    close $f
    return $text
}
# Values of every kind, with what only some servers know.
proc fill {s} {
    for {set i 0} {$i < 300} {incr i} {
        resp::ask $s SET str:$i "value $i\r\n" EX [expr {1000 + $i}]
        resp::ask $s RPUSH list "element $i" [string repeat $i 50]
        resp::ask $s ZADD zset [expr {$i / 7.0}] "member $i"
        resp::ask $s SADD set "member $i"
        resp::ask $s SADD numbers $i
        resp::ask $s HSET hash "field $i" "value $i"
        resp::ask $s XADD stream [expr {$i + 1}]-[expr {$i % 3}] n $i text "entry $i"
    }
    resp::ask $s HPEXPIREAT hash 4102444800000 FIELDS 2 "field 1" "field 200"
    resp::ask $s ZADD zset inf top -inf bottom 1e-300 small 12345678901234567 large
    resp::ask $s SET number 12345
    resp::ask $s SET "key \x01 \r\n" "\x00\xff"
    resp::ask $s XGROUP CREATE stream g 0
    resp::ask $s XGROUP CREATE stream behind 50-1
    resp::ask $s XGROUP CREATE stream ahead 900-0 ENTRIESREAD 7
    resp::ask $s XREADGROUP GROUP g c1 COUNT 150 STREAMS stream >
    resp::ask $s XREADGROUP GROUP g c2 COUNT 20 STREAMS stream >
    resp::ask $s XACK stream g 3-2 7-0 60-2
    resp::ask $s XDEL stream 10-0 11-1 200-1 300-2
    resp::ask $s XCLAIM stream g c2 0 5-1 RETRYCOUNT 9
    resp::ask $s XNACK stream g FAIL IDS 1 6-2
    resp::ask $s XGROUP CREATECONSUMER stream g idle
    resp::ask $s XADD ids IDMP p 1 * f v
    resp::ask $s XADD gone 5-0 a b
    resp::ask $s XDEL gone 5-0
    resp::ask $s XGROUP CREATE never g 0 MKSTREAM
    resp::ask $s XGROUP DESTROY never g
    resp::ask $s FUNCTION LOAD "#!lua name=lib\nredis.register_function('f', function(k, a) return a\[1\] end)"
    resp::ask $s SELECT 3
    resp::ask $s SET other 1
    resp::ask $s SELECT 0
}
foreach policy {always everysec} {
    test "compat 3.9: a base of commands holds everything, over restarts and rewrites, appendfsync $policy" "
        server::start --appendonly yes --aof-use-rdb-preamble no --appendfsync $policy
        set s \[resp::connect \$server::port\]
        fill \$s
        rewrite \$s
        set digest \[resp::ask \$s DEBUG DIGEST\]
        set id \[resp::field \$s master_replid\]
        set offset \[resp::field \$s master_repl_offset\]
        expect \[files\] {appendonly.aof.2.base.aof appendonly.aof.2.incr.aof appendonly.aof.manifest appendonly.aof.reserve} files
        close \$s
        server::stop KILL
        expect \[exec \[file join \[file dirname \$server::path\] millrace-check-aof\] \$server::dir/appendonlydir/appendonly.aof.manifest\] {*BASE AOF (RESP format)*are valid*} check
        server::start --appendonly yes --aof-use-rdb-preamble no --appendfsync $policy
        set s \[resp::connect \$server::port\]
        expect \[resp::ask \$s DEBUG DIGEST\] \$digest {after SIGKILL}
        expect \[resp::field \$s master_replid2\] \$id {the id that was}
        expect \[resp::field \$s master_repl_offset\] \$offset {offset}
        expect \[resp::ask \$s FCALL f 0 x\] x function
        resp::ask \$s INCR counter
        rewrite \$s
        resp::ask \$s INCR counter
        set digest \[resp::ask \$s DEBUG DIGEST\]
        expect \[resp::ask \$s DEBUG LOADAOF\] OK loadaof
        expect \[resp::ask \$s DEBUG DIGEST\] \$digest loadaof
        # And back to a snapshot.
        resp::ask \$s CONFIG SET aof-use-rdb-preamble yes
        rewrite \$s
        expect \[files\] {appendonly.aof.4.base.rdb appendonly.aof.4.incr.aof appendonly.aof.manifest appendonly.aof.reserve} {a snapshot again}
        close \$s
        server::stop KILL
        server::start --appendonly yes
        set s \[resp::connect \$server::port\]
        expect \[resp::ask \$s DEBUG DIGEST\] \$digest {from the snapshot}
        close \$s
    "
}
test "compat 3.9: damage in a base of commands is found; BGREWRITEAOF without an append-only file writes one; the newer file is told" {
    server::start --aof-use-rdb-preamble no --save {3600 1000000}
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    rewrite $s
    expect [files] "appendonly.aof.1.base.aof appendonly.aof.manifest" files
    resp::ask $s SET a 2
    resp::ask $s SAVE
    close $s
    server::stop KILL
    file copy $server::dir/dump.rdb $server::dir/kept
    server::start --appendonly yes --aof-use-rdb-preamble no
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 2 "the snapshot is newer"
    resp::ask $s SET a 3
    rewrite $s
    close $s
    server::stop KILL
    file rename -force $server::dir/kept $server::dir/dump.rdb
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 3 "the append-only file is newer"
    close $s
    server::stop KILL
    set base [lindex [glob $server::dir/appendonlydir/*.base.aof] 0]
    set f [open $base r+]
    fconfigure $f -translation binary
    set text [read $f]
    seek $f [expr {[string first "SET\r\n" $text] + 12}]
    puts -nonewline $f "b"
    close $f
    if {![catch {server::start --appendonly yes}]} { error "a damaged base was loaded" }
}
test "compat 3.9: aof-disable-auto-gc keeps replaced files, named as history, until it is turned off" {
    server::start --appendonly yes --rdb-compat 10 --aof-disable-auto-gc yes
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    rewrite $s
    resp::ask $s SET a 2
    rewrite $s
    set all {appendonly.aof.1.base.rdb appendonly.aof.1.incr.aof appendonly.aof.2.base.rdb appendonly.aof.2.incr.aof appendonly.aof.3.base.rdb appendonly.aof.3.incr.aof appendonly.aof.manifest appendonly.aof.reserve}
    expect [files] $all files
    expect [manifest] "*file appendonly.aof.3.base.rdb seq 3 type b*type h*type h*type h*type h*file appendonly.aof.3.incr.aof seq 3 type i\n" manifest
    close $s
    server::stop KILL
    expect [exec redis-check-aof $server::dir/appendonlydir/appendonly.aof.manifest] "*are valid*" redis-check-aof
    server::start --appendonly yes --rdb-compat 10 --aof-disable-auto-gc yes
    set s [resp::connect $server::port]
    expect [files] $all "after a start"
    expect [resp::ask $s GET a] 2 data
    resp::ask $s CONFIG SET aof-disable-auto-gc no
    rewrite $s
    expect [files] "appendonly.aof.4.base.rdb appendonly.aof.4.incr.aof appendonly.aof.manifest appendonly.aof.reserve" "turned off"
    close $s
}
foreach {how commands} {BGSAVE rdb_last_cow_size BGREWRITEAOF aof_last_cow_size} {
    test "compat 3.5: INFO follows a child: $how" "
        server::start --appendonly yes
        set s \[resp::connect \$server::port\]
        for {set i 0} {\$i < 60} {incr i} { resp::ask \$s SET k:\$i x }
        resp::ask \$s CONFIG SET rdb-key-save-delay 50000
        resp::ask \$s $how
        until {keys that are saved} {\[resp::field \$s current_cow_size\] > 0 && \[resp::field \$s current_save_keys_processed\] > 0}
        set done \[resp::field \$s current_save_keys_processed\]
        if {\$done < 1 || \$done > 60} { error \"processed: \$done\" }
        expect \[resp::field \$s current_save_keys_total\] 60 total
        if {\[resp::field \$s current_fork_perc\] <= 0 || \[resp::field \$s current_fork_perc\] > 100} { error \"percent: \[resp::field \$s current_fork_perc\]\" }
        if {\[resp::field \$s current_cow_peak\] < \[resp::field \$s current_cow_size\] || \[resp::field \$s current_cow_size\] < 4096} { error \"copied: \[resp::field \$s current_cow_size\]\" }
        if {\[resp::field \$s current_cow_size_age\] > 60} { error age }
        resp::until_info \$s *rdb_bgsave_in_progress:0*aof_rewrite_in_progress:0*
        foreach field {current_cow_peak current_cow_size current_cow_size_age current_save_keys_processed current_save_keys_total} {
            expect \[resp::field \$s \$field\] 0 \"\$field behind it\"
        }
        if {\[resp::field \$s $commands\] < 4096} { error \"$commands: \[resp::field \$s $commands\]\" }
        close \$s
    "
}
