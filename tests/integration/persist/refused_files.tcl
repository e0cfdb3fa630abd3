# What a start refuses, in words that tools of Redis look for; redis-server is asked the same where it has an opinion.

set aof appendonly.aof
proc put_file {name bytes} {
    file mkdir $server::dir/appendonlydir
    set f [open $server::dir/appendonlydir/$name w]
    fconfigure $f -translation binary
    puts -nonewline $f $bytes
    close $f
}
# Whether a server starts with an append-only file, and what it said.
proc starts_with {path manifest files} {
    set server::dir [file join /tmp "millrace-test-[pid]-[clock microseconds]"]
    put_file appendonly.aof.manifest $manifest
    foreach {name bytes} $files { put_file $name $bytes }
    set before $server::path
    set server::path $path
    set started [expr {![catch {server::start --appendonly yes}]}]
    if {$started} { server::stop KILL }
    set log [server::log]
    set server::path $before
    server::forget
    return [list $started $log]
}

test "compat 3.11, faults R2, section 14: manifests are refused and accepted as by redis-server" {
    set i "file appendonly.aof.1.incr.aof seq 1 type i\n"
    set b "file appendonly.aof.1.base.aof seq 1 type b\n"
    foreach {manifest text} [list \
        $b$i "" \
        "# a comment\n$b$i" "" \
        "#comment\n$i#\n" "" \
        "file appendonly.aof.1.incr.aof seq 9000000000000000000 type i\n" "" \
        "  file appendonly.aof.1.incr.aof seq 1 type i and more\n" "" \
        "" "Found an empty AOF manifest" \
        "\n" "Invalid AOF manifest file format" \
        "$b\n$i" "Invalid AOF manifest file format" \
        "$b$i\n" "Invalid AOF manifest file format" \
        "file x\n" "Invalid AOF manifest file format" \
        "${b}file appendonly.aof.1.incr.aof seq no type i\n" "Invalid AOF manifest file format" \
        "file appendonly.aof.1.incr.aof seq 1 type z\n" "Unknown AOF file type" \
        "file x/y seq 1 type i\n" "File can't be a path, just a filename" \
        "file appendonly.aof.2.incr.aof seq 2 type i\n$i" "Found a non-monotonic sequence number" \
        "$i$i" "Found a non-monotonic sequence number" \
        "${b}file appendonly.aof.2.base.aof seq 2 type b\n" "Found duplicate base file information" \
        "file [string repeat x 1100] seq 1 type i\n" "The AOF manifest file contains too long line" \
        [string trimright $i] "The AOF manifest file contains too long line" \
        "${b}file nowhere seq 1 type i\n" "nowhere*No such file or directory" \
    ] {
        set set1 "*3\r\n\$3\r\nSET\r\n\$1\r\na\r\n\$1\r\n1\r\n"
        foreach path [list $server::path [exec sh -c "command -v redis-server"]] {
            lassign [starts_with $path $manifest [list appendonly.aof.1.base.aof $set1 appendonly.aof.1.incr.aof $set1 appendonly.aof.2.incr.aof ""]] started log
            if {$started != ($text eq "")} { error "[file tail $path], <$manifest>: started: $started: $log" }
            if {$text ne "" && ![string match "*$text*" [string map {\n " "} $log]]} { error "[file tail $path], <$manifest>: $log" }
        }
    }
}
test "section 14: append-only files are refused in the words of redis-server" {
    set m "file appendonly.aof.1.base.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"
    set good "*3\r\n\$3\r\nSET\r\n\$1\r\na\r\n\$1\r\n1\r\n"
    foreach {base incr text} [list \
        $good "*1\r\n\$4\r\nFOOO\r\n" "Unknown command 'FOOO' reading the append only file *appendonly.aof.1.incr.aof" \
        "*1\r\n\$4\r\nFOOO\r\n" $good "Unknown command 'FOOO' reading the append only file *appendonly.aof.1.base.aof" \
        $good "${good}!!!" "Bad file format reading the append only file *appendonly.aof.1.incr.aof" \
        $good "${good}nonsense that nobody wrote\r\n" "Bad file format reading the append only file *appendonly.aof.1.incr.aof" \
        [string range $good 0 end-3] $good "the truncated file is not the last file" \
        "$good*2\r\n\$3\r\nGET" $good "the truncated file is not the last file" \
    ] {
        foreach path [list $server::path [exec sh -c "command -v redis-server"]] {
            lassign [starts_with $path $m [list appendonly.aof.1.base.aof $base appendonly.aof.1.incr.aof $incr]] started log
            if {$started || ![string match "*$text*" $log]} { error "[file tail $path]: started: $started, $log" }
        }
    }
}
test "section 14: the check tool says what format a base has, whatever its name" {
    set check [file join [file dirname $server::path] millrace-check-aof]
    set m "file b.aof seq 1 type b\nfile i.aof seq 1 type i\n"
    set good "*3\r\n\$3\r\nSET\r\n\$1\r\na\r\n\$1\r\n1\r\n"
    server::start
    set s [resp::connect $server::port]
    resp::ask $s SAVE
    close $s
    server::stop
    put_file appendonly.aof.manifest $m
    put_file b.aof $good
    put_file i.aof $good
    expect [exec $check $server::dir/appendonlydir/appendonly.aof.manifest] "*Start to check BASE AOF (RESP format).*are valid*" resp
    expect [exec redis-check-aof $server::dir/appendonlydir/appendonly.aof.manifest] "*Start to check BASE AOF (RESP format).*are valid*" "resp, redis-check-aof"
    file copy -force $server::dir/dump.rdb $server::dir/appendonlydir/b.aof
    expect [exec $check $server::dir/appendonlydir/appendonly.aof.manifest] "*Start to check BASE AOF (RDB format).*are valid*" rdb
}
test "decision 32: the manifest's last line is the last increment, and redis-server and its tool take it" {
    server::start --appendonly yes --rdb-compat 10
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    foreach round {1 2} {
        resp::ask $s BGREWRITEAOF
        resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrites:$round*"
        set f [open $server::dir/appendonlydir/appendonly.aof.manifest]
        set lines [split [string trimright [read $f] \n] \n]
        close $f
        expect $lines "?#CRC:*file appendonly.aof.*.base.rdb seq * type b*file appendonly.aof.*.incr.aof seq * type i?" lines
        expect [lindex $lines end] "file appendonly.aof.*.incr.aof seq * type i" last
    }
    resp::ask $s SET a 2
    close $s
    server::stop
    expect [exec redis-check-aof $server::dir/appendonlydir/appendonly.aof.manifest] "*are valid*" redis-check-aof
    set ours $server::path
    set server::path [exec sh -c "command -v redis-server"]
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 2 redis-server
    resp::ask $s SET a 3
    # What it appends to our increment has no frames; a rewrite of its own replaces all files.
    resp::ask $s BGREWRITEAOF
    resp::until_info $s {*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*aof_last_rewrite_time_sec:[0-9]*}
    close $s
    server::stop
    set server::path $ours
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 3 "back"
    close $s
}

test "a file that changes a database that does not exist here is refused, which would change another one; no more than a SELECT is not" {
    set select "*2\r\n\$6\r\nSELECT\r\n\$2\r\n99\r\n"
    set back "*2\r\n\$6\r\nSELECT\r\n\$1\r\n1\r\n"
    set write "*3\r\n\$3\r\nSET\r\n\$1\r\na\r\n\$1\r\n1\r\n"
    set manifest "file appendonly.aof.1.incr.aof seq 1 type i\n"
    foreach {bytes starts} [list $write$select 1 $select$back$write 1 $select$write 0] {
        lassign [starts_with $server::path $manifest [list appendonly.aof.1.incr.aof $bytes]] started log
        expect $started $starts [list $bytes]
        expect [string match "*changes database 99, which does not exist here*" $log] [expr {!$starts}] [list $bytes]
    }
}
