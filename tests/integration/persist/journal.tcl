# The journal's replication id and offset: one fact, wherever it is shown.

proc bytes_of {file} {
    set f [open $file]
    fconfigure $f -translation binary
    set bytes [read $f]
    close $f
    return $bytes
}
# Castagnoli's, bit by bit.
proc crc32c {text} {
    set crc 0xffffffff
    binary scan $text cu* bytes
    foreach byte $bytes {
        set crc [expr {$crc ^ $byte}]
        for {set i 0} {$i < 8} {incr i} { set crc [expr {$crc & 1 ? ($crc >> 1) ^ 0x82f63b78 : $crc >> 1}] }
    }
    return [format %08x [expr {$crc ^ 0xffffffff}]]
}
# The replication ids that the files of the append-only file name.
proc ids_in_files {} {
    set ids {}
    foreach file [lsort [glob $server::dir/appendonlydir/*.base.* $server::dir/appendonlydir/*.incr.aof]] {
        set bytes [bytes_of $file]
        if {[regexp {repl-id\(([0-9a-f]{40})} $bytes -> id] || [regexp {^#MILLRACE:2:[0-9a-f]*:[0-9]*:([0-9a-f]{40}):} $bytes -> id]} { lappend ids $id }
    }
    return $ids
}

# The last id that the increments name: a start under way adds a line of its own behind the head.
proc last_id {} {
    set id ""
    foreach file [lsort [glob $server::dir/appendonlydir/*.incr.aof]] {
        foreach {- found} [regexp -all -inline {#ID:([0-9a-f]{40})\r\n} [bytes_of $file]] { set id $found }
    }
    return $id
}

test "faults B14, replication 6.1: each start begins a history, remembers the one before, and files say the same" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    set id [resp::field $s master_replid]
    foreach how {KILL TERM KILL} {
        resp::ask $s SET a $how
        set offset [resp::field $s master_repl_offset]
        close $s
        server::stop $how
        server::start --appendonly yes
        set s [resp::connect $server::port]
        expect [resp::field $s master_replid2] $id "second id after $how"
        expect [resp::field $s second_repl_offset] [expr {$offset + 1}] "where it ends after $how"
        set id [resp::field $s master_replid]
        expect [resp::field $s master_repl_offset] $offset "offset after $how"
        expect [last_id] $id "the file before anything else is written, after $how"
        resp::ask $s BGREWRITEAOF
        resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrites:1*"
        resp::ask $s SET b $how
        expect [ids_in_files] "$id $id" "files after $how"
        resp::ask $s DEBUG LOADAOF
        resp::ask $s DEBUG RELOAD
        expect [resp::field $s master_replid] $id "INFO after loading anew"
    }
    close $s
}

test "replication 6.1: an id that nothing was written under is remembered too" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    set offset [resp::field $s master_repl_offset]
    for {set i 0} {$i < 3} {incr i} {
        set id [resp::field $s master_replid]
        close $s
        server::stop KILL
        server::start --appendonly yes
        set s [resp::connect $server::port]
        expect [resp::field $s master_replid2] $id "start $i"
        expect [resp::field $s master_repl_offset] $offset "offset"
    }
    close $s
}

test "replication 14: a file of version 1 is read, and the next one begins behind it" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    close $s
    server::stop TERM
    # The header of version 1 has a checksum of its own: the tool makes it.
    set file [lindex [glob $server::dir/appendonlydir/*.incr.aof] 0]
    set bytes [bytes_of $file]
    regexp {^#MILLRACE:2:([^\r]*):[0-9a-f]{8}\r\n} $bytes head fields
    set first "#MILLRACE:1:$fields"
    set f [open $file w]
    fconfigure $f -translation binary
    puts -nonewline $f "$first:[crc32c $first]\r\n[string range $bytes [string length $head] end]"
    close $f
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 1 data
    resp::ask $s SET b 2
    expect [llength [glob $server::dir/appendonlydir/*.incr.aof]] 2 "increments"
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s MGET a b] "?1 2?" "data of both"
    close $s
}

test "faults B14: a snapshot names an id only while somebody counts, and nothing that is no id is taken" {
    server::start --save {3600 1}
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    resp::ask $s SAVE
    set bytes [bytes_of $server::dir/dump.rdb]
    if {[string match *repl-id* $bytes]} { error "an id that nobody follows" }
    resp::ask $s CONFIG SET appendonly yes
    resp::ask $s SAVE
    set id [resp::field $s master_replid]
    expect [bytes_of $server::dir/dump.rdb] *repl-id*$id* "the snapshot"
    close $s
    server::stop KILL
    file delete -force $server::dir/appendonlydir
    # An id with a colon or a line break would make heads that nobody can read.
    set bytes [bytes_of $server::dir/dump.rdb]
    set f [open $server::dir/dump.rdb w]
    fconfigure $f -translation binary
    puts -nonewline $f [string map [list $id "[string range $id 0 37]:\n"] $bytes]
    close $f
    server::start --appendonly yes --rdbchecksum no
    set s [resp::connect $server::port]
    resp::ask $s SET b 2
    set fresh [resp::field $s master_replid]
    if {![regexp {^[0-9a-f]{40}$} $fresh] || $fresh eq $id} { error "the id is <$fresh>" }
    expect [ids_in_files] "$fresh $fresh" files
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s MGET a b] "?1 2?" data
    close $s
}

# A command in RESP, and the bytes of a frame around a body.
proc resp_of {args} {
    set text "*[llength $args]\r\n"
    foreach word $args { append text "\$[string length $word]\r\n$word\r\n" }
    return $text
}
proc framed {body} {
    # The salt is 00000000.
    set numbers "[string length $body]:0"
    return "$body#CRC:[string length $body]:[crc32c "$body$numbers"]:0\r\n"
}
proc write_increment {bytes} {
    set directory $server::dir/appendonlydir
    file mkdir $directory
    set f [open $directory/appendonly.aof.1.incr.aof w]
    fconfigure $f -translation binary
    puts -nonewline $f $bytes
    close $f
    set f [open $directory/appendonly.aof.manifest w]
    puts $f "file appendonly.aof.1.incr.aof seq 1 type i"
    close $f
}

test "replication 14: notes in a file are understood here, and skipped by redis-server, its tool, and in a transaction" {
    server::start
    server::stop
    set id [string repeat a 40]
    set other [string repeat b 40]
    set head "#MILLRACE:2:00000000:100:$id"
    set first [resp_of SELECT 3][resp_of SET a 1]
    set only [resp_of SET local 1]
    set group [resp_of MULTI][resp_of INCR n]
    set rest [resp_of INCR n][resp_of EXEC]
    append bytes "$head:[crc32c $head]\r\n" [framed "#ONLY:[string length [resp_of SELECT 3]]\r\n$first"] \
        [framed "$group#SKIP:37\r\n$rest#SKIP:14\r\n"] [framed "#SKIP:28\r\n"] \
        [framed "#ID:$other\r\n[resp_of SET b 2]#ONLY:[string length $only]\r\n$only"]
    set offset [expr {100 + [string length [resp_of SET a 1]] + [string length $group$rest] + 37 + 14 + 28 + [string length [resp_of SET b 2]]}]
    write_increment $bytes
    expect [exec redis-check-aof $server::dir/appendonlydir/appendonly.aof.manifest] "*are valid*" redis-check-aof
    expect [exec [file join [file dirname $server::path] millrace-check-aof] $server::dir/appendonlydir/appendonly.aof.manifest] "*are valid*" millrace-check-aof
    foreach whose {redis ours} {
        set ours $server::path
        if {$whose eq "redis"} { set server::path [auto_execok redis-server] }
        write_increment $bytes
        server::start --appendonly yes
        set server::path $ours
        set s [resp::connect $server::port]
        resp::ask $s SELECT 3
        expect [resp::ask $s MGET a b n local] "?1 2 2 1?" "$whose: data"
        if {$whose eq "ours"} {
            expect [resp::field $s master_replid2] $other "history"
            expect [resp::field $s master_repl_offset] $offset "offset"
        }
        close $s
        server::stop KILL
    }
}

# Asks to follow, as a replica that knows the history up to `next`; answers the reply's line.
proc ask_to_follow {s id next} {
    resp::send $s REPLCONF capa psync2
    resp::line $s line
    resp::send $s PSYNC $id $next
    while {[resp::line $s line] && [string trim $line] eq ""} {}
    return [string trim $line]
}

proc killed_primary_goes_on {args} {
    server::start --appendonly yes --repl-diskless-sync-delay 0 --repl-ping-replica-period 1 {*}$args
    set s [resp::connect $server::port]
    set r [resp::connect $server::port]
    resp::ask $s SET before 1
    expect [ask_to_follow $r ? -1] "+FULLRESYNC *" "first"
    set id [resp::field $s master_replid]
    resp::until_idle $s
    # It is followed: the stream has what no file keeps, a PING each second.
    set start [resp::field $s master_repl_offset]
    resp::ask $s SET a 1
    set mark [resp::field $s master_repl_offset]
    until "a PING" {[resp::field $s master_repl_offset] > $mark}
    set gap [expr {[resp::field $s master_repl_offset] - $mark}]
    resp::ask $s SET b 2
    set mark [resp::field $s master_repl_offset]
    until "a PING" {[resp::field $s master_repl_offset] > $mark}
    set want [resp::encode SELECT 0][resp::encode SET a 1][resp::encode SET b 2]
    set end [resp::field $s master_repl_offset]
    if {$gap % 14} { error "a gap of $gap bytes" }
    close $r
    close $s
    server::stop KILL
    server::start --appendonly yes {*}$args
    set s [resp::connect $server::port]
    expect [resp::field $s master_repl_offset] $end "offset after the kill"
    set r [resp::connect $server::port]
    expect [ask_to_follow $r $id [expr {$start + 1}]] "+CONTINUE [resp::field $s master_replid]" "it goes on"
    set got [resp::bytes $r [expr {$end - $start}]]
    expect [regsub -all {\n\n+} $got "\n"] $want "what was missing"
    expect [regexp {1\r\n(\n+)\*3} $got -> ends] 1 "line ends between the commands"
    expect [string length $ends] $gap "as many as were not kept"
    # From within a gap.
    close $r
    set r [resp::connect $server::port]
    expect [ask_to_follow $r $id [expr {$end - 5}]] "+CONTINUE *" "from within a gap"
    expect [resp::bytes $r 6] "\n\n\n\n\n\n" "line ends"
    resp::ask $s SET c 3
    set got ""
    while {![string match *SET* [set got [string map [list [resp::encode PING] ""] $got]]]} { append got [resp::bytes $r 1] }
    expect $got [resp::encode SELECT 0]* "the new history names a database"
    close $r
    set r [resp::connect $server::port]
    expect [ask_to_follow $r $id [expr {$end + 2}]] "+FULLRESYNC *" "beyond the end of the old history"
    close $r
    close $s
}
test "replication 7, 14: a primary that was killed goes on with the missing bytes" {
    killed_primary_goes_on
}
test "replication 7, 14: the same with a base of commands" {
    killed_primary_goes_on --aof-use-rdb-preamble no
}

test "replication 6.2: keys that are past when a primary comes back are deleted for its replicas too" {
    server::start --repl-diskless-sync-delay 0
    set s [resp::connect $server::port]
    set r [resp::connect $server::port]
    expect [ask_to_follow $r ? -1] "+FULLRESYNC *" "first"
    set id [resp::field $s master_replid]
    resp::until_idle $s
    resp::ask $s SELECT 5
    resp::ask $s DEBUG SET-ACTIVE-EXPIRE 0
    resp::ask $s SET short 1 PX 1
    resp::ask $s SET long 1
    resp::ask $s SAVE
    set end [resp::field $s master_repl_offset]
    close $s
    close $r
    server::stop KILL
    after 2
    server::start
    set s [resp::connect $server::port]
    expect [resp::field $s rdb_last_load_keys_expired] 1 "left out"
    expect [resp::field $s second_repl_offset] [expr {$end + 1}] "where the old history ends"
    set r [resp::connect $server::port]
    expect [ask_to_follow $r $id [expr {$end + 1}]] "+CONTINUE *" "it goes on"
    set want [resp::encode SELECT 5][resp::encode DEL short]
    expect [resp::bytes $r [string length $want]] $want "the key goes"
    expect [resp::field $s master_repl_offset] [expr {$end + [string length $want]}] "and is counted"
    close $r
    close $s
}
