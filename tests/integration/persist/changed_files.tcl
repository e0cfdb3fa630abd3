# Files of the append-only directory that somebody else removes, replaces or shortens while the server runs.

# What is done to the files of a server that runs, and what it says of it.
foreach {what script says} {
    removed {file delete $dir/appendonly.aof.1.incr.aof} "appendonly.aof.1.incr.aof is not there any more"
    shortened {close [open $dir/appendonly.aof.1.incr.aof w]} "appendonly.aof.1.incr.aof was changed by somebody else"
    replaced {file rename $dir/appendonly.aof.1.incr.aof $dir/other; file copy $dir/other $dir/appendonly.aof.1.incr.aof}
        "appendonly.aof.1.incr.aof is another file now"
    "without its manifest" {file delete $dir/appendonly.aof.manifest} "appendonly.aof.manifest is not there any more"
    "without its base" {file delete $dir/appendonly.aof.1.base.rdb} "appendonly.aof.1.base.rdb is not there any more"
    "removed with its directory" {file delete -force $dir} "is not there any more"
} {
    test "an append-only file that was $what while the server runs is noticed and made anew" [string map [list SCRIPT $script SAYS $says] {
        server::start --appendonly yes
        set s [resp::connect $server::port]
        for {set i 0} {$i < 100} {incr i} { resp::ask $s RPUSH l $i }
        set dir $server::dir/appendonlydir
        SCRIPT
        server::until_log "*The append-only file is no longer intact*"
        expect [server::log] "*The append-only file is no longer intact: *SAYS*" told
        until "writes" {![string match "!MISCONF*" [resp::ask $s SET a 1]]}
        expect [resp::ask $s SET a 2] OK "writes go on"
        set digest [resp::ask $s DEBUG DIGEST]
        close $s
        server::stop KILL
        server::start --appendonly yes
        set s [resp::connect $server::port]
        expect [resp::ask $s DEBUG DIGEST] $digest "after a kill"
        close $s
    }]
}
test "without its manifest an append-only file is not taken for none" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    resp::ask $s SAVE
    resp::ask $s SET a 2
    close $s
    server::stop KILL
    set manifest $server::dir/appendonlydir/appendonly.aof.manifest
    file rename $manifest $server::dir/away
    if {![catch {server::start --appendonly yes}]} { error "it starts" }
    expect [server::log] "*the manifest is missing, but appendonly.aof.1.incr.aof is there*" named
    file rename $server::dir/away $manifest
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 2 "nothing was swept"
    close $s
}
test "a file that goes is noticed under load as well, when there is always a sync under way" {
    server::start --appendonly yes --appendfsync always
    set load [exec redis-benchmark -p $server::port -c 20 -n 100000000 -t set -q >& /dev/null &]
    after 200
    file delete $server::dir/appendonlydir/appendonly.aof.1.incr.aof
    server::until_log "*is no longer intact*"
    catch {exec kill $load}
    expect [server::log] "*appendonly.aof.1.incr.aof is not there any more*" told
    set s [resp::connect $server::port]
    until "writes" {![string match "!MISCONF*" [resp::ask $s SET a 1]]}
    expect [resp::ask $s SET a 2] OK "writes go on"
    close $s
}
