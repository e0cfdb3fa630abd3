# Settings, start, signals, crash reports and the sandbox.

test "settings are read and changed" {
    server::start
    set s [resp::connect $server::port]
    expect [resp::ask $s CONFIG GET maxmemory] {\[maxmemory 0\]} get
    expect [resp::ask $s CONFIG SET maxmemory 100mb] OK set
    expect [resp::ask $s CONFIG GET maxmemory] {\[maxmemory 104857600\]} again
    expect [resp::ask $s CONFIG SET port x] {!ERR CONFIG SET failed (possibly related to argument 'port') - argument couldn't be parsed into an integer} bad
    expect [resp::ask $s CONFIG SET nonsense 1] {!ERR Unknown option*} unknown
    expect [resp::ask $s CONFIG SET databases 3] {!ERR CONFIG SET failed*immutable*} immutable
    expect [resp::ask $s CONFIG SET maxmemory 1 maxmemory 2] {!*duplicate*} duplicate
    expect [resp::ask $s CONFIG GET hash-max-ziplist-entries] {\[hash-max-ziplist-entries *\]} alias
    close $s
}
test "settings of several words are changed" {
    server::start
    set s [resp::connect $server::port]
    foreach {name value} {save "60 1 300 10" notify-keyspace-events AKE client-output-buffer-limit "normal 0 0 0 slave 1 1 1 pubsub 5 5 5"} {
        expect [resp::ask $s CONFIG SET $name $value] OK $name
        expect [resp::ask $s CONFIG GET $name] "\\\[$name $value\\\]" $name
    }
    close $s
}
test "CONFIG REWRITE keeps comments and order" {
    set server::dir [file join /tmp "millrace-test-[pid]-rw"]
    file mkdir $server::dir
    set conf [file join $server::dir my.conf]
    set f [open $conf w]
    puts $f "# my comment\nmaxclients 500\n# another\nloglevel notice"
    close $f
    server::start_with $conf
    set s [resp::connect $server::port]
    resp::ask $s CONFIG SET maxclients 600
    resp::ask $s CONFIG SET timeout 77
    expect [resp::ask $s CONFIG REWRITE] OK rewrite
    set f [open $conf]
    set text [read $f]
    close $f
    expect $text "# my comment\nmaxclients 600\n# another\nloglevel notice\n*timeout 77\n*" file
    close $s
}
test "bad configuration is refused with its line" {
    set server::dir [file join /tmp "millrace-test-[pid]-bad"]
    file mkdir $server::dir
    foreach {args want} {
        {--port x} {*FATAL CONFIG FILE ERROR (Redis *at line 2*>>> 'port "x"'*argument couldn't be parsed into an integer*}
        {--nonsense 1} {*Bad directive or wrong number of arguments*}
        {--cluster-enabled yes} {*not supported*}
    } {
        if {![catch {exec $server::path {*}$args} out]} { error "it started" }
        expect $out $want $args
    }
}
test "tools find the lines they wait for" {
    server::start --always-show-logo yes
    expect [server::log] "*PID: *Server initialized*Ready to accept connections tcp*" log
    set s [resp::connect $server::port]
    puts -nonewline $s "PING\r\n"
    expect [resp::read $s] PONG inline
    expect [resp::ask $s INFO server] "*redis_version:7.2.4*server_name:millrace*millrace_version:*" info
    expect [resp::ask $s INFO] "*# Server*# Clients*# Memory*# Persistence*# Stats*# Replication*# CPU*# Keyspace*" sections
    close $s
}
test "a crash leaves a report" {
    server::start
    set s [resp::connect $server::port]
    resp::send $s DEBUG SEGFAULT
    expect [resp::read $s] (closed) closed
    server::until_log "*=== REDIS BUG REPORT START*crashed by signal*STACK TRACE*"
}
test "SIGTERM saves when there are save points" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s CONFIG SET save "3600 1"
    resp::ask $s SET a 1
    close $s
    server::stop
    expect [server::log] "*Received SIGTERM*Saving the final RDB snapshot*ready to exit*" log
    server::start
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] 1 loaded
    close $s
}
test "the process gives up calls it never makes, and writing elsewhere when asked to" {
    server::start --filesystem-sandbox yes --enable-protected-configs yes --appendonly yes
    set s [resp::connect $server::port]
    set status [open /proc/$server::pid/status]
    expect [read $status] "*NoNewPrivs:\t1*Seccomp:\t2*" confined
    close $status
    expect [resp::ask $s SET a 1] OK set
    expect [resp::ask $s SAVE] OK save
    resp::ask $s BGREWRITEAOF
    resp::until_idle $s
    expect [resp::ask $s INFO persistence] "*aof_last_bgrewrite_status:ok*" rewritten
    expect [resp::ask $s CONFIG SET appendonly no] OK "no append-only file"
    set elsewhere [file join /tmp millrace-elsewhere-[pid]]
    file mkdir $elsewhere
    expect [resp::ask $s CONFIG SET dir $elsewhere] OK "a directory of others"
    expect [resp::ask $s SAVE] "!ERR*" refused
    if {[glob -nocomplain $elsewhere/*] ne ""} { error "it wrote there" }
    file delete -force $elsewhere
    close $s
    server::stop KILL
    server::start --process-sandbox no
    set s [resp::connect $server::port]
    set status [open /proc/$server::pid/status]
    expect [read $status] "*Seccomp:\t0*" free
    close $status
    expect [resp::ask $s GET a] 1 kept
    close $s
}
