# BACKUP, and the drill of utils/backup.sh and utils/restore.sh.

set utils [file normalize [file join [file dirname [info script]] .. .. .. utils]]
proc start_with_tools {} {
    set tools [file dirname [file normalize $server::path]]
    if {[lsearch [split $::env(PATH) :] $tools] < 0} { set ::env(PATH) "$tools:$::env(PATH)" }
    server::start --appendonly yes
}
proc state {s} {
    regexp {state (\w+)} [resp::ask $s BACKUP STATUS] -> state
    return $state
}
proc until_state {s want} {
    until "a backup that is $want" {[state $s] eq $want}
}
test "a backup holds what was there when it was sealed, whatever is rewritten meanwhile" {
    start_with_tools
    set s [resp::connect $server::port]
    expect [resp::ask $s BACKUP SEAL] "!ERR no backup is open" "none open"
    expect [resp::ask $s BACKUP STATUS] "*state none*" none
    for {set i 0} {$i < 500} {incr i} { resp::ask $s RPUSH l $i }
    expect [resp::ask $s BACKUP START first] first start
    expect [resp::ask $s BACKUP START second] "!ERR a backup is in progress: first" "one at a time"
    # A rewrite while it is open.
    for {set i 0} {$i < 500} {incr i} { resp::ask $s RPUSH l more$i }
    resp::ask $s BGREWRITEAOF
    for {set i 0} {$i < 500} {incr i} { resp::ask $s XADD st * n $i }
    expect [resp::ask $s BACKUP SEAL] "Backup sealing started" seal
    set digest [resp::ask $s DEBUG DIGEST]
    until_state $s sealed
    for {set i 0} {$i < 100} {incr i} { resp::ask $s RPUSH l after$i }
    resp::ask $s BGREWRITEAOF
    resp::until_info $s "*aof_rewrite_in_progress:0*"
    expect [resp::ask $s BACKUP LIST] {\[first\]} list
    set now [resp::ask $s DEBUG DIGEST]
    regexp {path (\S+)} [resp::ask $s BACKUP STATUS] -> path
    close $s
    expect [exec millrace-check-aof $path/appendonlydir/appendonly.aof.manifest] "*All AOF files and manifest are valid*" sound
    # A second server loads it; the first goes on undisturbed.
    set first [list $server::pid $server::port $server::dir]
    set server::dir [file join /tmp "millrace-test-[pid]-restored"]
    file mkdir $server::dir
    expect [exec $::utils/restore.sh $path $server::dir 2>@1] "*restored*" restore
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest "as it was at the seal"
    close $s
    server::stop KILL
    server::forget
    lassign $first server::pid server::port server::dir
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $now "the server's own files are whole"
    expect [resp::ask $s BACKUP CLEANUP first] 1 cleanup
    expect [resp::ask $s BACKUP LIST] {\[\]} gone
    expect [glob -nocomplain $server::dir/backups/*] "" "nothing is left"
    close $s
}
test "backups that are given up, bad names, no append-only file" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    foreach bad {../x a/b .hidden all} { expect [resp::ask $s BACKUP START $bad] "!ERR a backup name consists of letters*" $bad }
    expect [resp::ask $s BACKUP START] backup-* named
    expect [resp::ask $s BACKUP ABORT] OK abort
    until "the end of the files" {[glob -nocomplain $server::dir/backups/*] eq ""}
    expect [glob -nocomplain $server::dir/backups/*] "" "nothing is left"
    expect [resp::ask $s BACKUP CLEANUP nothing] "!ERR there is no sealed backup of that name" unknown
    for {set i 0} {$i < 3} {incr i} {
        resp::ask $s SET a $i
        expect [resp::ask $s BACKUP START b$i] b$i start
        resp::ask $s BACKUP SEAL
        until_state $s sealed
    }
    expect [resp::ask $s BACKUP CLEANUP ALL] 3 all
    expect [resp::ask $s BACKUP START x y] "!ERR syntax error" syntax
    resp::ask $s CONFIG SET appendonly no
    expect [resp::ask $s BACKUP START] "!ERR BACKUP needs an append-only file*" "no file"
    close $s
}
test "a backup that was open when the server was killed is removed at the next start, a sealed one stays" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    resp::ask $s BACKUP START good
    resp::ask $s BACKUP SEAL
    until_state $s sealed
    resp::ask $s BACKUP START torn
    file mkdir $server::dir/backups/foreign/appendonlydir
    close $s
    server::stop KILL
    server::start --appendonly yes
    expect [server::log] "*Removing backup torn, which was not sealed before the server stopped*" told
    expect [lsort [glob -tails -directory $server::dir/backups *]] "foreign good" "what stays"
    expect [glob -tails -directory $server::dir/backups/good *] appendonlydir "no mark on it"
    set s [resp::connect $server::port]
    expect [resp::ask $s BACKUP LIST] {\[good\]} list
    expect [resp::ask $s BACKUP START torn] torn "the name is free"
    resp::ask $s BACKUP SEAL
    until_state $s sealed
    expect [resp::ask $s BACKUP CLEANUP ALL] 2 all
    close $s
}
test "the drill: backup.sh, a loss, restore.sh" {
    start_with_tools
    set s [resp::connect $server::port]
    for {set i 0} {$i < 300} {incr i} { resp::ask $s HSET h f$i [string repeat v $i] }
    set digest [resp::ask $s DEBUG DIGEST]
    set away [file join /tmp "millrace-test-[pid]-away"]
    file delete -force $away
    expect [exec $::utils/backup.sh $away -p $server::port 2>@1] "*is in $away*" backup
    if {![catch {exec $::utils/restore.sh $away $server::dir 2>@1} out]} { error "restored under a running server" }
    expect $out "*is in use by a server: nothing was changed*" "faults B13"
    resp::ask $s FLUSHALL
    close $s
    server::stop KILL
    expect [exec $::utils/restore.sh $away $server::dir 2>@1] "what was there is in *restored*" restore
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s DEBUG DIGEST] $digest "back"
    close $s
    # A damaged backup changes nothing.
    server::stop KILL
    set f [lindex [glob $away/appendonlydir/*.base.*] 0]
    set out [open $f r+]
    seek $out 20
    puts -nonewline $out "damage"
    close $out
    if {![catch {exec $::utils/restore.sh $away $server::dir} why]} { error "it restores a damaged backup" }
    expect $why "*is not sound: nothing was changed*" damaged
    file delete -force $away
}
test "a seal that is aborted keeps nothing from being rewritten or saved" {
    start_with_tools
    set s [resp::connect $server::port]
    resp::ask $s SET a 1
    resp::ask $s BACKUP START a
    until_state $s open
    until "files" {![regexp {files 0} [resp::ask $s BACKUP STATUS]]}
    # In one turn: what the seal has begun is still being prepared.
    puts -nonewline $s "[resp::encode BACKUP SEAL][resp::encode BACKUP ABORT]"
    flush $s
    expect [resp::read $s] "Backup sealing started" seal
    expect [resp::read $s] OK abort
    after 50
    resp::ask $s BGREWRITEAOF
    resp::until_info $s "*aof_rewrites:1*aof_rewrites_c*"
    expect [resp::ask $s INFO persistence] "*aof_rewrite_scheduled:0*aof_rewrites:1*" "it is rewritten"
    close $s
}
