# What the append-only file and snapshots promise, and what they may ask for.
test "syncs go on when the child that paused them has ended" {
    foreach policy {everysec always} {
        server::start --appendonly yes --appendfsync $policy --no-appendfsync-on-rewrite yes --rdb-key-save-delay 20000
        set s [resp::connect $server::port]
        for {set i 0} {$i < 20} {incr i} { resp::ask $s SET k$i 1 }
        expect [resp::ask $s BGSAVE] "Background saving started" bgsave
        expect [resp::ask $s SET during 1] OK "while it works"
        resp::until_info $s "*rdb_bgsave_in_progress:0*"
        expect [resp::ask $s SET after 1] OK "after it"
        resp::until_info $s "*aof_unsynced_bytes:0\r*"
        expect [resp::ask $s INFO persistence] "*aof_unsynced_bytes:0\r*" $policy
        close $s
        server::stop KILL
        server::forget
    }
}
test "what changes while a snapshot is written is not saved by it" {
    server::start --rdb-key-save-delay 20000
    set s [resp::connect $server::port]
    for {set i 0} {$i < 20} {incr i} { resp::ask $s SET k$i 1 }
    expect [resp::ask $s BGSAVE] "Background saving started" bgsave
    foreach k {a b c} { expect [resp::ask $s SET $k 1] OK set }
    resp::until_info $s "*rdb_bgsave_in_progress:0*"
    expect [resp::ask $s INFO persistence] "*rdb_changes_since_last_save:3\r*rdb_last_bgsave_status:ok*" "the next save point sees them"
    close $s
}
test "a file asks for changes of data and nothing else" {
    set n 0
    foreach {bad good} {
        {SHUTDOWN NOSAVE} 0 {CONFIG SET appendonly no} 0 {SAVE} 0 {BGREWRITEAOF} 0 {DEBUG SLEEP 0} 0 {CLIENT KILL TYPE normal} 0 {ACL SETUSER x} 0
        {SUBSCRIBE a} 0 {MONITOR} 0 {RESET} 0 {PUBLISH a b} 1 {MULTI} 1 {EVAL "return 1" 0} 1 {SCRIPT LOAD "return 1"} 1 {FUNCTION FLUSH} 1 {PING} 1
    } {
        set server::dir [file join /tmp "millrace-test-[pid]-asks-[incr n]"]
        file mkdir $server::dir
        set f [open $server::dir/appendonly.aof w]
        fconfigure $f -translation binary
        set all [list {SELECT 0} {SET a 1} $bad]
        if {$bad eq "MULTI"} { lappend all {SET b 1} EXEC }
        foreach c $all {
            puts -nonewline $f "*[llength $c]\r\n"
            foreach w $c { puts -nonewline $f "\$[string length $w]\r\n$w\r\n" }
        }
        close $f
        set failed [catch {server::start --appendonly yes}]
        expect $failed [expr {!$good}] $bad
        if {$good} {
            set s [resp::connect $server::port]
            expect [resp::ask $s GET a] 1 $bad
            close $s
            server::stop KILL
        } else {
            expect [server::log] "*contains '[lindex $bad 0]', which is not a write command*" $bad
        }
        file delete -force $server::dir
    }
}
