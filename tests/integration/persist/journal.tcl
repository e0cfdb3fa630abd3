# The journal's replication id and offset: one fact, wherever it is shown.

proc bytes_of {file} {
    set f [open $file]
    fconfigure $f -translation binary
    set bytes [read $f]
    close $f
    return $bytes
}
# The replication ids that the files of the append-only file name.
proc ids_in_files {} {
    set ids {}
    foreach file [lsort [glob $server::dir/appendonlydir/*.base.* $server::dir/appendonlydir/*.incr.aof]] {
        set bytes [bytes_of $file]
        if {[regexp {repl-id\(([0-9a-f]{40})} $bytes -> id] || [regexp {^#MILLRACE:1:[0-9a-f]*:[0-9]*:([0-9a-f]{40}):} $bytes -> id]} { lappend ids $id }
    }
    return $ids
}

test "faults B14: one replication id in INFO, base and increment, over kills, restarts and rewrites" {
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
        expect [resp::field $s master_replid] $id "INFO after $how"
        expect [resp::field $s master_repl_offset] $offset "offset after $how"
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

test "faults B14: a snapshot hands the id on too, and nothing that is no id is taken" {
    server::start --save {3600 1}
    set s [resp::connect $server::port]
    set id [resp::field $s master_replid]
    resp::ask $s SET a 1
    resp::ask $s SAVE
    close $s
    server::stop KILL
    server::start --save {3600 1}
    set s [resp::connect $server::port]
    expect [resp::field $s master_replid] $id "INFO after a restart from the snapshot"
    close $s
    server::stop KILL
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
