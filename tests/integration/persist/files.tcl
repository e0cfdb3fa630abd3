# The append-only file and snapshots: kills, full disks, damaged and missing files, rewrites, and the tools that check them.

proc fill {s} {
    for {set i 0} {$i < 200} {incr i} {
        resp::ask $s SET str:$i "value $i" EX [expr {1000 + $i}]
        resp::ask $s RPUSH list [string repeat "element $i " 5]
        resp::ask $s XADD stream [expr {$i + 1}]-0 n $i text "entry $i"
    }
    resp::ask $s XGROUP CREATE stream g 0
    resp::ask $s XREADGROUP GROUP g c1 COUNT 50 STREAMS stream >
    resp::ask $s XREADGROUP GROUP g c2 COUNT 20 STREAMS stream >
    resp::ask $s XACK stream g 3-0 7-0 60-0
    resp::ask $s XDEL stream 10-0 11-0
    resp::ask $s XCLAIM stream g c2 0 5-0
    resp::ask $s XNACK stream g FAIL IDS 1 6-0
    resp::ask $s SELECT 3
    resp::ask $s SET other 1
    resp::ask $s SELECT 0
}
foreach policy {always everysec no} {
    test "what was answered is there after SIGKILL, appendfsync $policy" "
        server::start --appendonly yes --appendfsync $policy
        set s \[resp::connect \$server::port\]
        fill \$s
        set digest \[resp::ask \$s DEBUG DIGEST\]
        close \$s
        server::stop KILL
        server::start --appendonly yes --appendfsync $policy
        set s \[resp::connect \$server::port\]
        expect \[resp::ask \$s DEBUG DIGEST\] \$digest digest
        close \$s
    "
}
test "a rewrite and a snapshot keep everything, also what comes meanwhile" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    fill $s
    expect [resp::ask $s BGREWRITEAOF] "Background append only file rewriting started" rewrite
    for {set i 0} {$i < 300} {incr i} { resp::ask $s INCR counter }
    resp::until_info $s "*aof_rewrite_in_progress:0*"
    expect [resp::ask $s INFO persistence] "*aof_last_bgrewrite_status:ok*aof_rewrites:1*" status
    resp::ask $s INCR counter
    set digest [resp::ask $s DEBUG DIGEST]
    expect [llength [glob $server::dir/appendonlydir/*.base.rdb]] 1 "one base"
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET counter] 301 counter
    expect [resp::ask $s DEBUG DIGEST] $digest digest
    expect [resp::ask $s BGSAVE] "Background saving started" bgsave
    resp::until_info $s "*rdb_bgsave_in_progress:0*"
    close $s
    server::stop KILL
    file delete -force $server::dir/appendonlydir
    server::start
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest "from the snapshot"
    close $s
}
test "redis-server loads our files" {
    server::start --appendonly yes --rdb-compat 10
    set s [resp::connect $server::port]
    fill $s
    resp::ask $s XREADGROUP GROUP g c1 COUNT 5 STREAMS stream >
    # Redis 7.0 has no released entries: the one there is gets an owner again, and a rewrite leaves
    # nothing of it behind.
    resp::ask $s XCLAIM stream g c1 0 6-0
    resp::ask $s SAVE
    resp::ask $s BGREWRITEAOF
    resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrites:1*"
    resp::ask $s SET after 1
    set range [resp::ask $s XRANGE stream - +]
    set list [resp::ask $s LRANGE list 0 -1]
    set pending [resp::ask $s XPENDING stream g]
    close $s
    server::stop
    foreach {what args} {aof {--appendonly yes} snapshot {--appendonly no}} {
        set ours $server::path
        set server::path [auto_execok redis-server]
        server::start {*}$args
        set server::path $ours
        set s [resp::connect $server::port]
        expect [resp::ask $s GET str:7] "value 7" "$what: string"
        if {[resp::ask $s XRANGE stream - +] ne $range} { error "$what: the stream differs" }
        if {[resp::ask $s LRANGE list 0 -1] ne $list} { error "$what: the list differs" }
        if {[resp::ask $s XPENDING stream g] ne $pending} { error "$what: pending entries differ: [resp::ask $s XPENDING stream g] / $pending" }
        close $s
        server::stop
    }
}
test "a torn tail is cut and kept, damage below is refused" {
    server::start --appendonly yes --appendfsync always
    set s [resp::connect $server::port]
    for {set i 0} {$i < 50} {incr i} { resp::ask $s SET k $i }
    close $s
    server::stop KILL
    set file [lindex [glob $server::dir/appendonlydir/*.incr.aof] 0]
    set f [open $file a]
    puts -nonewline $f "*3\r\n\$3\r\nSET\r\n\$1\r\nk\r\n\$3\r\n99"
    close $f
    server::start --appendonly yes --appendfsync always
    set s [resp::connect $server::port]
    expect [resp::ask $s GET k] 49 "after a torn tail"
    expect [resp::ask $s INFO persistence] "*aof_cut_bytes_at_load:26*" info
    if {![llength [glob -nocomplain $file.cut-*]]} { error "the cut bytes are gone" }
    close $s
    server::stop KILL
    set f [open $file r+]
    fconfigure $f -translation binary
    seek $f 400
    puts -nonewline $f "XXXX"
    close $f
    if {![catch {server::start --appendonly yes --appendfsync always}]} { error "it started with damaged data" }
    expect [server::log] "*Bad file format*damaged at byte*" log
}
test "leftovers are swept, live files stay" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    close $s
    server::stop KILL
    foreach name {temp-999.rdb temp-rewriteaof-bg-7.aof appendonlydir/appendonly.aof.99.incr.aof appendonlydir/temp-appendonly.aof.manifest} {
        close [open [file join $server::dir $name] w]
    }
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 1 data
    foreach name {temp-999.rdb temp-rewriteaof-bg-7.aof appendonlydir/appendonly.aof.99.incr.aof appendonlydir/temp-appendonly.aof.manifest} {
        if {[file exists [file join $server::dir $name]]} { error "$name is still there" }
    }
    close $s
}
proc small_disk {size body} {
    set server::dir [file join /tmp "millrace-test-[pid]-full"]
    file mkdir $server::dir
    if {[catch {exec mount -t tmpfs -o size=$size tmpfs $server::dir} why]} { error "cannot mount a small file system: $why" }
    try {
        uplevel 1 $body
        server::stop KILL
    } finally {
        catch {server::stop KILL}
        catch {exec umount $server::dir}
    }
}
proc fill_disk {} { catch {exec dd if=/dev/zero of=$server::dir/filler bs=4k 2>/dev/null} }
proc until_written {s} {
    until "healing by itself" {[resp::ask $s SET b 2] eq "OK"}
}
foreach policy {always everysec no} {
test "a full disk without a reserve holds the reply, stops writes, keeps reads, and heals by itself, appendfsync $policy" [string map [list POLICY $policy] {
    small_disk 2m {
        set mode {--appendonly yes --appendfsync POLICY --aof-disk-reserve 0}
        server::start {*}$mode
        set s [resp::connect $server::port]
        expect [resp::ask $s SET a 1] OK first
        expect [resp::ask $s SET victim [string repeat x 500000]] OK second
        fill_disk
        set t [resp::connect $server::port]
        fconfigure $t -blocking 0
        resp::send $t SET held [string repeat y 300000]
        fconfigure $t -blocking 0
        # Not by INFO: what runs in the same turn as the write is held with it.
        server::until_log "*The append-only file can't be written*"
        expect [resp::silent $t] 1 "the reply of a write that is not on disk is held"
        expect [resp::ask $s GET a] 1 "reads go on"
        set u [resp::connect $server::port]
        fconfigure $u -blocking 0
        resp::send $u STRLEN held
        fconfigure $u -blocking 0
        resp::settle $s
        expect [resp::silent $u] 1 "a read of what is not written waits as well"
        expect [resp::ask $s SET b 1] "!MISCONF Errors writing to the AOF file: No space left on device" misconf
        expect [resp::ask $s INFO persistence] "*aof_last_write_status:err*" info
        file delete $server::dir/filler
        fconfigure $t -blocking 1
        expect [resp::read $t] OK "the held reply leaves when the batch is on the disk"
        fconfigure $u -blocking 1
        expect [resp::read $u] 300000 "and the read"
        close $u
        until_written $s
        set digest [resp::ask $s DEBUG DIGEST]
        close $s
        server::stop KILL
        server::start {*}$mode
        set s [resp::connect $server::port]
        expect [resp::ask $s DEBUG DIGEST] $digest "after a restart"
        expect [resp::ask $s STRLEN held] 300000 held
        close $s
    }
}]
}
test "the reserve lets a batch on a full disk be finished; writes go on when it is back" {
    small_disk 4m {
        set mode {--appendonly yes --appendfsync always --aof-disk-reserve 1mb}
        server::start {*}$mode
        set s [resp::connect $server::port]
        expect [file size $server::dir/appendonlydir/appendonly.aof.reserve] 1048576 reserve
        fill_disk
        expect [resp::ask $s SET last [string repeat y 300000]] OK "by giving the reserve up"
        expect [file exists $server::dir/appendonlydir/appendonly.aof.reserve] 0 "given up"
        # The turn after it knows.
        resp::settle $s
        expect [resp::ask $s SET b 1] "!MISCONF Errors writing to the AOF file: No space left on device" misconf
        expect [resp::ask $s STRLEN last] 300000 "reads go on"
        file delete $server::dir/filler
        until_written $s
        expect [file size $server::dir/appendonlydir/appendonly.aof.reserve] 1048576 "the reserve is back"
        set digest [resp::ask $s DEBUG DIGEST]
        close $s
        server::stop KILL
        server::start {*}$mode
        set s [resp::connect $server::port]
        expect [resp::ask $s DEBUG DIGEST] $digest "after a restart"
        close $s
    }
}
test "an append-only file of Redis before 7.0 becomes the base" {
    set server::dir [file join /tmp "millrace-test-[pid]-old"]
    file mkdir $server::dir
    set f [open $server::dir/appendonly.aof w]
    fconfigure $f -translation binary
    foreach c {{SELECT 0} {SET a 1} {RPUSH l x y} {SELECT 3} {SET b 2}} {
        puts -nonewline $f "*[llength $c]\r\n"
        foreach w $c { puts -nonewline $f "\$[string length $w]\r\n$w\r\n" }
    }
    close $f
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s LRANGE l 0 -1] {\[x y\]} list
    expect [resp::ask $s SET c 3] OK write
    expect [file exists $server::dir/appendonly.aof] 0 moved
    expect [server::log] "*Successfully migrated an old-style AOF*" log
    close $s
    server::stop KILL
    # As if it had ended between the manifest and the move.
    file rename $server::dir/appendonlydir/appendonly.aof $server::dir/appendonly.aof
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s MGET a c] {\[1 3\]} both
    expect [resp::ask $s SELECT 3] OK select
    expect [resp::ask $s GET b] 2 "database 3"
    close $s
    server::stop KILL
    file delete -force $server::dir
}
test "an append-only file may have blanks and quotes in its name" {
    set name "my \"own\" file.aof"
    server::start --appendonly yes --appendfilename $name
    set s [resp::connect $server::port]
    expect [resp::ask $s SET a 1] OK set
    close $s
    server::stop KILL
    server::start --appendonly yes --appendfilename $name
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 1 get
    close $s
}
proc wait_for_base {s} {
    resp::until_info $s "*aof_enabled:1*aof_rewrite_in_progress:0*"
}
proc killed_and_back {s what} {
    set digest [resp::ask $s DEBUG DIGEST]
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest $what
    return $s
}
test "the append-only file is turned on, off and on again" {
    server::start
    set s [resp::connect $server::port]
    fill $s
    expect [resp::ask $s CONFIG SET appendonly yes] OK on
    for {set i 0} {$i < 300} {incr i} { resp::ask $s INCR counter }
    wait_for_base $s
    resp::ask $s INCR counter
    set s [killed_and_back $s "turned on"]
    expect [resp::ask $s CONFIG SET appendonly no] OK off
    resp::ask $s SET nobody "saw this"
    expect [resp::ask $s CONFIG SET appendonly yes] OK "on again"
    resp::ask $s SET before "the base"
    expect [resp::ask $s DEBUG LOADAOF] OK loadaof
    expect [resp::ask $s GET before] "the base" "loaded at once"
    wait_for_base $s
    resp::ask $s SET after "the base"
    set s [killed_and_back $s "on again"]
    set files [lsort [glob -tails -directory $server::dir/appendonlydir *.base.rdb]]
    if {[llength $files] != 1} { error "bases left: $files" }
    close $s
}
test "what was turned on a moment ago survives a shutdown" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s DEBUG POPULATE 50
    resp::ask $s CONFIG SET rdb-key-save-delay 60000
    expect [resp::ask $s CONFIG SET appendonly yes] OK on
    resp::ask $s SET a 1
    set digest [resp::ask $s DEBUG DIGEST]
    resp::send $s SHUTDOWN NOSAVE
    resp::read $s
    close $s
    server::stop
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest digest
    close $s
    expect [server::log] "*Writing initial AOF, can't exit*" "section 14"
}
test "turned on while a snapshot is written, and off while a rewrite begins" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s DEBUG POPULATE 100000
    expect [resp::ask $s BGSAVE] "Background saving started" bgsave
    expect [resp::ask $s CONFIG SET appendonly yes] OK on
    resp::ask $s SET a 1
    wait_for_base $s
    resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*aof_rewrites:1*"
    set s [killed_and_back $s "turned on beside a snapshot"]
    resp::send $s BGREWRITEAOF
    resp::send $s CONFIG SET appendonly no
    resp::read $s
    expect [resp::read $s] OK off
    resp::ask $s SET b 1
    resp::until_idle $s
    expect [resp::ask $s CONFIG GET appendonly] {\[appendonly no\]} "stays off"
    expect [resp::ask $s INFO persistence] *aof_enabled:0* enabled
    expect [resp::ask $s CONFIG SET appendonly yes] OK on
    resp::until_info $s "*aof_rewrite_in_progress:0*"
    wait_for_base $s
    set s [killed_and_back $s "on again"]
    expect [resp::ask $s GET b] 1 b
    close $s
}
test "the file is synced, closed and read in the turn of a write" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    fconfigure $s -blocking 1
    puts -nonewline $s "SET a 1\r\nDEBUG LOADAOF\r\nRPUSH l x\r\nDEBUG LOADAOF\r\nGET a\r\n"
    foreach want {OK OK 1 OK 1} { expect [resp::read $s] $want pipeline }
    puts -nonewline $s "MULTI\r\nSET b 1\r\nCONFIG SET appendonly no\r\nSET c 1\r\nEXEC\r\nSET d 1\r\n"
    foreach want {OK QUEUED QUEUED QUEUED {\[OK OK OK\]} OK} { expect [resp::read $s] $want "off in a transaction" }
    puts -nonewline $s "MULTI\r\nSET e 1\r\nCONFIG SET appendonly yes\r\nSET f 1\r\nDEBUG LOADAOF\r\nEXEC\r\nSET g 1\r\n"
    foreach want {OK QUEUED QUEUED QUEUED QUEUED {\[OK OK OK !ERR*\]} OK} { expect [resp::read $s] $want "on in a transaction" }
    wait_for_base $s
    set s [killed_and_back $s "after it was turned on in a transaction"]
    puts -nonewline $s "RPUSH l y\r\nINCR n\r\nSHUTDOWN NOSAVE\r\n"
    catch {resp::read $s}
    close $s
    server::until_dead
    if {[string match "*ASSERT*" [server::log]]} { error "it died" }
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s LRANGE l 0 -1] {\[x y\]} list
    expect [resp::ask $s GET n] 1 counter
    close $s
}
test "clients in the turn of a reload get their own answers" {
    server::start
    foreach who {a b c d} { set $who [resp::connect $server::port] }
    resp::ask $a DEBUG POPULATE 300000
    resp::send $a DEBUG SLEEP 0.2
    after 50
    fconfigure $b -blocking 1
    fconfigure $c -blocking 1
    puts -nonewline $b "DEBUG RELOAD\r\nSET b 1\r\nGET b\r\n"
    puts -nonewline $c "SET c 2\r\nGET c\r\nECHO c\r\n"
    fconfigure $d -blocking 1
    # While the data is being loaded, too.
    for {set i 0} {$i < 40} {incr i} {
        puts -nonewline $d "PING $i\r\n"
        after 20
    }
    foreach {s wants} [list $a OK $b {OK OK 1} $c {OK 2 c}] {
        foreach want $wants { expect [resp::read $s] $want reply }
    }
    for {set i 0} {$i < 40} {incr i} { expect [resp::read $d] $i ping }
    expect [resp::ask $a DBSIZE] 300002 keys
}
proc tool {name args} {
    set p [file join [file dirname $server::path] $name]
    if {[catch {exec $p {*}$args << y 2>@1} out]} { return "failed: $out" }
    return $out
}
test "millrace-check-aof finds what the loader finds, and cuts a torn tail" {
    server::start --appendonly yes --appendfsync always
    set s [resp::connect $server::port]
    for {set i 0} {$i < 5} {incr i} { resp::ask $s RPUSH l $i }
    close $s
    server::stop KILL
    set dir $server::dir/appendonlydir
    set manifest $dir/appendonly.aof.manifest
    set f $dir/appendonly.aof.1.incr.aof
    expect [tool millrace-check-aof $manifest] "*RDB looks OK*AOF analyzed: filename=appendonly.aof.1.incr.aof*diff=0*All AOF files and manifest are valid*" good
    set whole [file size $f]
    # A torn tail.
    set out [open $f a]
    puts -nonewline $out "*2\r\n\$5\r\nRPU"
    close $out
    expect [tool millrace-check-aof $manifest] "failed: *torn at byte $whole*is not valid. Use the --fix option*" torn
    expect [tool millrace-check-aof --fix $manifest] "*Successfully truncated AOF*What was cut off is in *.cut-*" fixed
    expect [file size $f] $whole cut
    expect [tool millrace-check-aof $manifest] "*All AOF files and manifest are valid*" "good again"
    # Damage where it was synced: not even --fix throws it away.
    set in [open $f r+]
    fconfigure $in -translation binary
    seek $in 200
    puts -nonewline $in "Z"
    close $in
    expect [tool millrace-check-aof --fix $manifest] "failed: *damaged at byte*is damaged where it had been synced*" damaged
    expect [file size $f] $whole untouched
    file link -symbolic $dir/link.manifest $manifest
    expect [tool millrace-check-aof $dir/link.manifest] "failed: *is a symbolic link: refused*" link
    expect [tool millrace-check-rdb $dir/appendonly.aof.1.base.rdb] "*RDB looks OK*" base
    expect [tool millrace-check-rdb $f] "failed: *RDB ERROR DETECTED*Wrong signature*" "not a snapshot"
    server::forget
}
test "with aof-timestamp-enabled a file can be cut at a second" {
    server::start --appendonly yes --aof-timestamp-enabled yes --rdb-compat 10
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    set before [clock seconds]
    after 2100
    resp::ask $s SET a 2
    resp::ask $s SET b 2
    set digest [resp::ask $s DEBUG DIGEST]
    expect [resp::ask $s DEBUG LOADAOF] OK load
    expect [resp::ask $s DEBUG DIGEST] $digest same
    close $s
    server::stop KILL
    set manifest $server::dir/appendonlydir/appendonly.aof.manifest
    expect [exec redis-check-aof $manifest] "*All AOF files and manifest are valid*" "for redis-check-aof, too"
    expect [tool millrace-check-aof --truncate-to-timestamp 100 $manifest] "failed: *has nothing before timestamp 100*" "too early"
    expect [tool millrace-check-aof --truncate-to-timestamp $before $manifest] "*Successfully truncated AOF*" cut
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s MGET a b] {\[1 (nil)\]} "as it was then"
    close $s
    server::stop KILL
    # A damaged time is damage.
    set f $server::dir/appendonlydir/appendonly.aof.1.incr.aof
    set in [open $f]
    fconfigure $in -translation binary
    set text [read $in]
    close $in
    set at [string first "#TS:" $text]
    set out [open $f r+]
    fconfigure $out -translation binary
    seek $out [expr {$at + 8}]
    puts -nonewline $out [expr {[string index $text [expr {$at + 8}]] eq "1" ? "2" : "1"}]
    close $out
    expect [tool millrace-check-aof $manifest] "failed: *at byte*" "a time that was changed"
    server::forget
}
test "a child that is killed leaves the live files alone" {
    server::start --appendonly yes --rdb-key-save-delay 100
    set s [resp::connect $server::port]
    for {set i 0} {$i < 20000} {incr i 1000} {
        set pairs {}
        for {set k $i} {$k < $i + 1000} {incr k} { lappend pairs key$k [string repeat v 200] }
        resp::ask $s MSET {*}$pairs
    }
    set digest [resp::ask $s DEBUG DIGEST]
    foreach {command status} {BGREWRITEAOF aof_last_bgrewrite_status:err BGSAVE rdb_last_bgsave_status:err} {
        resp::ask $s $command
        exec kill -9 [server::until_child]
        resp::until_idle $s
        expect [resp::ask $s INFO persistence] "*$status*" $command
        if {[glob -nocomplain $server::dir/temp-*] ne ""} { error "it left [glob $server::dir/temp-*]" }
    }
    expect [resp::ask $s SET after 1] OK on
    set digest [resp::ask $s DEBUG DIGEST]
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest "after a restart"
    expect [resp::ask $s BGREWRITEAOF] "Background append only file rewriting started" again
    resp::until_info $s "*aof_rewrite_in_progress:0*"
    expect [resp::ask $s INFO persistence] "*aof_last_bgrewrite_status:ok*" "the next one succeeds"
    close $s
}
test "a file that the manifest names and that is not there is named" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    close $s
    server::stop KILL
    set dir $server::dir/appendonlydir
    foreach name {appendonly.aof.1.base.rdb appendonly.aof.1.incr.aof} {
        file rename $dir/$name $dir/away
        if {![catch {server::start --appendonly yes}]} { error "it starts without $name" }
        expect [server::log] "*$name: No such file or directory*" named
        file rename $dir/away $dir/$name
    }
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 1 back
    close $s
}
test "a snapshot says what it keeps where Redis does not look" {
    server::start --appendonly yes --rdb-compat 10
    set s [resp::connect $server::port]
    resp::ask $s SET plain 1
    expect [resp::ask $s SAVE] OK save
    expect [string match "*Redis skips these*" [server::log]] 0 "nothing to say"
    resp::ask $s XADD st IDMP producer 1 * a b
    resp::ask $s HSET h f v
    resp::ask $s HEXPIRE h 1000 FIELDS 1 f
    expect [resp::ask $s SAVE] OK save
    expect [server::log] "*1 streams have message ids of producers, kept in fields*Redis skips these. Scheduled messages among them: 0*" streams
    expect [server::log] "*1 hashes have fields with deadlines*(rdb-compat 10): Redis skips these*" hashes
    set before [string length [server::log]]
    resp::ask $s BGREWRITEAOF
    resp::until_info $s "*aof_rewrite_in_progress:0*"
    expect [string range [server::log] $before end] "*1 streams have*Redis skips these*1 hashes have*" "a new base says it too"
    close $s
}
test "without aof-disk-reserve the reserve of an earlier server is given back" {
    server::start --appendonly yes --aof-disk-reserve 1mb
    expect [file exists $server::dir/appendonlydir/appendonly.aof.reserve] 1 reserve
    server::stop KILL
    server::start --appendonly yes --aof-disk-reserve 0
    expect [file exists $server::dir/appendonlydir/appendonly.aof.reserve] 0 "given back"
}
# Memory that the child of a save has for itself: Private_Dirty, the most that is seen.
proc child_takes {s} {
    set most 0
    set seen 0
    while {[resp::field $s rdb_bgsave_in_progress]} {
        set child [server::child]
        if {$child ne "" && ![catch {open /proc/$child/smaps_rollup} f]} {
            if {![catch {read $f} text] && [regexp {Private_Dirty: +(\d+) kB} $text -> kb]} {
                incr seen
                if {$kb > $most} { set most $kb }
            }
            close $f
        }
        after 5
    }
    expect [expr {$seen > 3}] 1 "the child was seen"
    return $most
}
test "the child of a save needs no memory that grows with the data" {
    server::start --rdb-key-save-delay 1500000
    set s [resp::connect $server::port]
    set few [string repeat x 40]
    resp::ask $s SET few $few
    expect [resp::ask $s BGSAVE] "Background saving started" bgsave
    resp::ask $s SET few2 $few
    set base [child_takes $s]
    resp::ask $s CONFIG SET rdb-key-save-delay 200000
    foreach key {a b} { resp::ask $s SETRANGE $key 100000000 x }
    resp::ask $s EVAL {
        local x = string.rep('y', 1000)
        for i = 1, 30000 do
            redis.call('RPUSH', 'list', x .. i)
            redis.call('HSET', 'hash', 'field' .. i, x)
            redis.call('ZADD', 'zset', i, x .. i)
            redis.call('XADD', 'stream', '*', 'f', x .. i)
        end} 0
    expect [resp::ask $s BGSAVE] "Background saving started" bgsave
    set much [child_takes $s]
    expect [resp::ask $s INFO persistence] "*rdb_last_bgsave_status:ok*" saved
    # 200 MB of strings and 120 MB of others against 40 bytes.
    if {$much - $base > 16384} { error "the child took $much KB, with nothing to save $base KB" }
    close $s
}
test "killed while the first base is being written: the snapshot counts, not half an append-only file" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    resp::ask $s SET b 1
    resp::ask $s SAVE
    resp::ask $s CONFIG SET rdb-key-save-delay 10000000
    resp::ask $s CONFIG SET appendonly yes
    resp::ask $s SET c 1
    expect [file exists $server::dir/appendonlydir/appendonly.aof.beginning] 1 mark
    expect [file exists $server::dir/appendonlydir/appendonly.aof.manifest] 0 "no manifest yet"
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s MGET a b c] {\[1 1 *\]} data
    expect [file exists $server::dir/appendonlydir/appendonly.aof.beginning] 0 "the mark is swept"
    close $s
}
