# Who replaces the data ends a child that writes the old ones; what is turned on and off while a child works; BGREWRITEAOF without an
# append-only file, and which file a start then takes.

# A child that writes for a long time.
proc slow {s how} {
    for {set i 0} {$i < 50} {incr i} { resp::ask $s SET old:$i x }
    resp::ask $s CONFIG SET rdb-key-save-delay 200000
    resp::ask $s {*}$how
    server::until_child
}
proc temporary_files {} { return [glob -nocomplain -tails -directory $server::dir temp-* appendonlydir/temp-*] }

foreach {what how} {
    plain {{FLUSHALL}} transaction {{MULTI} {FLUSHALL} {SET new 1} {EXEC}} script {{EVAL "redis.call('flushall') redis.call('set','new',1)" 0}} sync {{FLUSHALL SYNC}}
} {
    test "compat 3.1: FLUSHALL writes a snapshot at once: $what" "
        server::start --save {3600 1000}
        set s \[resp::connect \$server::port\]
        resp::ask \$s SET a b
        resp::ask \$s SAVE
        resp::ask \$s SET c d
        foreach request {$how} { resp::ask \$s {*}\$request }
        expect \[resp::field \$s rdb_changes_since_last_save\] 0 changes
        close \$s
        server::stop KILL
        server::start --save {3600 1000}
        set s \[resp::connect \$server::port\]
        expect \[lindex \[resp::ask \$s EXISTS a c\] 0\] 0 {after the start}
        expect \[resp::ask \$s EXISTS new\] [expr {$what in {plain sync} ? 0 : 1}] {the transaction is whole}
        close \$s
    "
}
test "compat 3.2: FLUSHALL ends a running BGSAVE, its file goes, the changes stay" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s SET a b
    resp::ask $s SAVE
    slow $s BGSAVE
    set changes [resp::field $s rdb_changes_since_last_save]
    resp::ask $s FLUSHALL
    expect [resp::field $s rdb_bgsave_in_progress] 0 "no child"
    expect [server::child] "" "no process"
    expect [temporary_files] "" "no file"
    if {[resp::field $s rdb_changes_since_last_save] < $changes} { error "changes: $changes, then [resp::field $s rdb_changes_since_last_save]" }
    expect [resp::field $s rdb_last_bgsave_status] ok status
    expect [server::log] "*Killing running saving child*" log
    close $s
}
foreach {what how} {reload {DEBUG RELOAD} merge {DEBUG RELOAD NOSAVE MERGE}} {
    test "compat 3.2: loading anew ends a running BGSAVE: $what" "
        server::start
        set s \[resp::connect \$server::port\]
        resp::ask \$s SET a b
        resp::ask \$s SAVE
        slow \$s BGSAVE
        resp::ask \$s CONFIG SET rdb-key-save-delay 0
        expect \[resp::ask \$s $how\] OK reload
        expect \[resp::field \$s rdb_bgsave_in_progress\] 0 {no child}
        expect \[temporary_files\] {} {no file}
        close \$s
    "
}
test "compat 3.2: DEBUG RELOAD with an append-only file: a rewrite of the old data is done anew" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s SET a b
    slow $s BGREWRITEAOF
    resp::ask $s CONFIG SET rdb-key-save-delay 0
    expect [resp::ask $s DEBUG RELOAD] OK reload
    resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*aof_last_bgrewrite_status:ok*"
    set digest [resp::ask $s DEBUG DIGEST]
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest digest
    close $s
}
test "compat 3.6: CONFIG SET appendonly no ends a rewrite" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    slow $s BGREWRITEAOF
    expect [resp::ask $s CONFIG SET appendonly no] OK off
    expect [resp::field $s aof_rewrite_in_progress] 0 "no rewrite"
    expect [server::child] "" "no process"
    expect [temporary_files] "" "no file"
    expect [server::log] "*Killing running AOF rewrite child*" log
    close $s
}
test "compat 3.7: CONFIG SET appendonly yes during a BGSAVE is in force at once" {
    server::start --save {3600 1000000}
    set s [resp::connect $server::port]
    slow $s BGSAVE
    expect [resp::ask $s CONFIG SET appendonly yes] OK on
    expect [resp::field $s aof_enabled] 1 enabled
    expect [resp::field $s aof_rewrite_scheduled] 1 scheduled
    expect [server::log] "*AOF background was scheduled*" log
    resp::ask $s SET new 1
    set w [resp::connect $server::port]
    resp::send $w SET w 1
    resp::read $w
    resp::send $w WAITAOF 1 0 20000
    expect [resp::field $s rdb_bgsave_in_progress] 1 "the snapshot goes on"
    exec kill -KILL [server::child]
    resp::ask $s CONFIG SET rdb-key-save-delay 0
    expect [resp::read $w] "?1 0?" "WAITAOF waits for the first base"
    resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*aof_last_bgrewrite_status:ok*"
    set digest [resp::ask $s DEBUG DIGEST]
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest digest
    close $s
}
test "compat 3.5: rewrites are counted when they begin, failures in a row" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    for {set i 1} {$i <= 3} {incr i} {
        slow $s BGREWRITEAOF
        exec kill -KILL [server::child]
        resp::until_info $s "*aof_rewrite_in_progress:0*aof_last_bgrewrite_status:err*aof_rewrites:$i*aof_rewrites_consecutive_failures:$i*"
    }
    resp::ask $s CONFIG SET rdb-key-save-delay 0
    resp::ask $s BGREWRITEAOF
    resp::until_info $s "*aof_rewrite_in_progress:0*aof_last_bgrewrite_status:ok*aof_rewrites:4*aof_rewrites_consecutive_failures:0*"
    close $s
}

# ---- decision 33

proc rewrite_off {s} {
    expect [resp::ask $s BGREWRITEAOF] "Background append only file rewriting started" rewrite
    resp::until_info $s "*aof_enabled:0*aof_rewrite_in_progress:0*aof_last_bgrewrite_status:ok*"
}
proc restart {how args} {
    server::stop $how
    server::start {*}$args
    return [resp::connect $server::port]
}
test "decision 33: BGREWRITEAOF with appendonly no writes base and manifest, which redis-server and a start with appendonly yes take" {
    server::start --rdb-compat 10
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    resp::ask $s SADD b x y z
    resp::ask $s MULTI
    resp::ask $s SET c 1
    resp::ask $s BGREWRITEAOF
    resp::ask $s SET d 1
    expect [resp::ask $s EXEC] "?OK Background append only file rewriting scheduled OK?" "in a transaction"
    resp::until_info $s "*aof_enabled:0*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*aof_rewrites:1*"
    rewrite_off $s
    set files [lsort [glob -tails -directory $server::dir/appendonlydir *]]
    expect $files "appendonly.aof.2.base.rdb appendonly.aof.manifest" files
    set digest [resp::ask $s DEBUG DIGEST]
    close $s
    server::stop KILL
    file copy $server::dir/appendonlydir $server::dir/kept
    set ours $server::path
    set server::path [exec sh -c "command -v redis-server"]
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DBSIZE] 4 redis-server
    close $s
    server::stop KILL
    file delete -force $server::dir/appendonlydir
    file rename $server::dir/kept $server::dir/appendonlydir
    set server::path $ours
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest ours
    close $s
}
test "decision 33: a snapshot that was saved behind it is newer, and the old file is kept" {
    server::start --save {3600 1000000}
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    rewrite_off $s
    resp::ask $s SET a 2
    resp::ask $s SAVE
    close $s
    set s [restart KILL --appendonly yes]
    expect [resp::ask $s GET a] 2 "the snapshot's"
    expect [server::log] "*append-only file is older than dump.rdb*kept in appendonlydir.before-*" log
    expect [llength [glob $server::dir/appendonlydir.before-*/*.manifest]] 1 kept
    resp::ask $s SET a 3
    close $s
    set s [restart KILL --appendonly yes]
    expect [resp::ask $s GET a] 3 "and it goes on from there"
    resp::ask $s SAVE
    resp::ask $s SET a 4
    close $s
    # Saved while the append-only file was kept: that goes on behind it.
    set s [restart KILL --appendonly yes]
    expect [resp::ask $s GET a] 4 "the append-only file's"
    close $s
    # Off for a while.
    set s [restart TERM --save {3600 1}]
    resp::ask $s SET a 5
    close $s
    set s [restart TERM --appendonly yes]
    expect [resp::ask $s GET a] 5 "saved at the shutdown"
    # Turned off, saved, turned on at run time.
    resp::ask $s CONFIG SET appendonly no
    resp::ask $s SET a 6
    resp::ask $s SAVE
    resp::ask $s CONFIG SET appendonly yes
    resp::until_info $s "*aof_enabled:1*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*aof_last_bgrewrite_status:ok*"
    resp::ask $s SET a 7
    close $s
    set s [restart KILL --appendonly yes]
    expect [resp::ask $s GET a] 7 "the new append-only file"
    close $s
}
test "decision 33: rewritten behind the snapshot, the append-only file is newer" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    resp::ask $s SAVE
    resp::ask $s SET a 2
    rewrite_off $s
    close $s
    set s [restart KILL --appendonly yes]
    expect [resp::ask $s GET a] 2 "the append-only file"
    close $s
}
test "decision 33: SAVE while the first base is written is not newer than what comes of it" {
    server::start
    set s [resp::connect $server::port]
    slow $s {CONFIG SET appendonly yes}
    resp::ask $s SET a 1
    resp::ask $s CONFIG SET rdb-key-save-delay 0
    resp::ask $s SAVE
    resp::ask $s SET a 2
    resp::until_info $s "*aof_enabled:1*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*aof_last_bgrewrite_status:ok*"
    close $s
    set s [restart KILL --appendonly yes]
    expect [resp::ask $s GET a] 2 "the append-only file"
    close $s
}
test "decision 33: the append-only file of redis-server wins over any snapshot, and FLUSHALL ends a base of the old data" {
    server::start --save {3600 1}
    set s [resp::connect $server::port]
    resp::ask $s SET a ours
    resp::ask $s SAVE
    close $s
    server::stop KILL
    file mkdir $server::dir/appendonlydir
    set f [open $server::dir/appendonlydir/appendonly.aof.manifest w]
    puts $f "file appendonly.aof.1.incr.aof seq 1 type i"
    close $f
    set f [open $server::dir/appendonlydir/appendonly.aof.1.incr.aof w]
    fconfigure $f -translation binary
    puts -nonewline $f "*3\r\n\$3\r\nSET\r\n\$1\r\na\r\n\$6\r\ntheirs\r\n"
    close $f
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] theirs "as Redis"
    resp::ask $s CONFIG SET appendonly no
    resp::ask $s CONFIG SET save {3600 1}
    slow $s BGREWRITEAOF
    resp::ask $s CONFIG SET rdb-key-save-delay 0
    resp::ask $s FLUSHALL
    resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*"
    close $s
    set s [restart KILL --appendonly yes]
    expect [resp::ask $s DBSIZE] 0 "nothing comes back"
    close $s
}

test "compat 3.13: when BGREWRITEAOF has answered its child is there" {
    server::start --appendonly yes --appendfsync always
    set s [resp::connect $server::port]
    for {set i 0} {$i < 20} {incr i} { resp::ask $s SET k:$i x }
    resp::ask $s CONFIG SET rdb-key-save-delay 1000000
    for {set i 0} {$i < 10} {incr i} {
        resp::ask $s INCR n
        expect [resp::ask $s BGREWRITEAOF] "Background append only file rewriting started" started
        set child [server::child]
        if {$child eq ""} { error "round $i: no child" }
        exec kill -KILL $child
        resp::until_info $s "*aof_rewrite_in_progress:0*"
    }
    # Pipelined behind others, and from a client that does not wait for the answer.
    resp::send $s INCR n
    resp::send $s BGREWRITEAOF
    resp::send $s INCR n
    expect [resp::read $s] 11 n
    expect [resp::read $s] "Background append only file rewriting started" started
    expect [resp::read $s] 12 "in order"
    close $s
}
test "turned on by a transaction while a base is written without it: what came in between is not lost" {
    server::start
    set s [resp::connect $server::port]
    for {set i 0} {$i < 50} {incr i} { resp::ask $s SET old:$i x }
    resp::ask $s CONFIG SET rdb-key-save-delay 20000
    resp::ask $s BGREWRITEAOF
    resp::ask $s SET between 1
    foreach request {MULTI {CONFIG SET appendonly yes} EXEC} { resp::ask $s {*}$request }
    resp::until_info $s "*aof_enabled:1*"
    # The first base that is called finished has to hold it, or an increment.
    for {set i 0} {$i < 800 && ![string match "*Background AOF rewrite finished*" [server::log]]} {incr i} { after 10 }
    close $s
    set s [restart KILL --appendonly yes]
    expect [resp::ask $s GET between] 1 "acknowledged before the append-only file was turned on"
    close $s
}
