# Connections: HELLO and AUTH, CLIENT commands, limits on buffers, memory and numbers of clients.

test "compat 5.3: HELLO is judged as a whole" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s ACL SETUSER u on >p +@all ~*
    resp::ask $s ACL SETUSER v on >p +@all ~*
    expect [resp::ask $s HELLO 2 AUTH u bad AUTH u p] {*server redis*} "the last AUTH counts"
    expect [resp::ask $s ACL WHOAMI] u "and no other"
    expect [resp::ask $s HELLO 2 AUTH v p AUTH u bad] {!WRONGPASS*} "also when it is the wrong one"
    expect [resp::ask $s ACL WHOAMI] u "nothing is left of the first"
    foreach {hello refused} {
        {2 SETNAME a SETNAME "b c"} {!ERR Client names*}
        {3 SETNAME a FOO} {!ERR Syntax error in HELLO option 'FOO'*}
        {3 SETNAME a AUTH u} {!ERR Syntax error in HELLO option 'AUTH'*}
        {4 SETNAME a} {!NOPROTO*}
        {3 AUTH v p SETNAME "b c"} {!ERR Client names*}
        {3 SETNAME a AUTH v bad} {!WRONGPASS*}
    } {
        expect [resp::ask $s HELLO {*}$hello] $refused $hello
        expect [resp::ask $s CLIENT GETNAME] (nil) "$hello: no name"
        expect [resp::ask $s ACL WHOAMI] u "$hello: the same user"
        expect [resp::ask $s EXISTS none] 0 "$hello: the same protocol"
        expect [resp::ask $s HGETALL none] {\[\]} "$hello: the same protocol"
    }
    expect [resp::ask $s HELLO 2 SETNAME a SETNAME b] {*} "names"
    expect [resp::ask $s CLIENT GETNAME] b "the last name counts"
    close $s
}
test "a password is asked for" {
    server::start --requirepass secret
    set s [resp::connect $server::port]
    expect [resp::ask $s GET a] {!NOAUTH Authentication required.} get
    expect [resp::ask $s AUTH wrong] {!WRONGPASS*} wrong
    expect [resp::ask $s AUTH secret] OK right
    expect [resp::ask $s GET a] (nil) get
    set t [resp::connect $server::port]
    puts -nonewline $t "*1\r\n\$20000\r\n"
    expect [resp::read $t] {!ERR Protocol error: unauthenticated bulk length} bulk
    expect [resp::read $t] (closed) closed
    set t [resp::connect $server::port]
    puts -nonewline $t "*100\r\n"
    expect [resp::read $t] {!ERR Protocol error: unauthenticated multibulk length} args
    close $s
}
test "clients are listed, killed, paused and unblocked" {
    server::start
    set s [resp::connect $server::port]
    set t [resp::connect $server::port]
    resp::ask $t CLIENT SETNAME victim
    set id [resp::ask $t CLIENT ID]
    expect [resp::ask $s CLIENT LIST] "*id=$id *name=victim *" list
    resp::send $t BLPOP none 0
    resp::settle $s
    expect [resp::ask $s CLIENT UNBLOCK $id ERROR] 1 unblock
    expect [resp::read $t] {!UNBLOCKED*} unblocked
    expect [resp::ask $s CLIENT PAUSE 100000 WRITE] OK pause
    expect [resp::ask $t GET a] (nil) "reads go on"
    resp::send $t SET a 1
    resp::settle $s
    expect [resp::silent $t] 1 "writes wait"
    expect [resp::ask $s CLIENT UNPAUSE] OK unpause
    expect [resp::read $t] OK "the write"
    expect [resp::ask $s CLIENT PAUSE 100 WRITE] OK "a pause that ends by itself"
    expect [resp::ask $t SET a 1] OK "the next write"
    expect [resp::ask $s CLIENT KILL ID $id] 1 kill
    expect [resp::read $t] (closed) killed
    set r [resp::connect $server::port]
    resp::send $r CLIENT REPLY OFF
    resp::send $r SET b 2
    resp::send $r CLIENT REPLY ON
    expect [resp::read $r] OK reply
    expect [resp::ask $r GET b] 2 get
    close $s
    close $r
}
test "the limits on clients and output hold" {
    server::start --maxclients 3 --client-output-buffer-limit "pubsub 100000 0 0"
    set a [resp::connect $server::port]
    # The connection that watched the start may still count for a moment.
    resp::until_info $a "*connected_clients:1\r*"
    set b [resp::connect $server::port]
    set c [resp::connect $server::port]
    resp::ask $c PING
    set d [resp::connect $server::port]
    expect [resp::read $d] {!ERR max number of clients reached} maxclients
    close $d
    resp::ask $b SUBSCRIBE ch
    set payload [string repeat x 20000]
    for {set i 0} {$i < 1000} {incr i} {
        resp::ask $a PUBLISH ch $payload
        if {[resp::ask $a PUBSUB NUMSUB ch] eq {[ch 0]}} break
    }
    if {$i >= 1000} { error "the slow subscriber was never dropped" }
    close $a
}
test "a request of many long arguments is bounded" {
    server::start --client-query-buffer-limit 1mb
    set s [resp::connect $server::port]
    set part [string repeat x 300000]
    set closed [catch {
        fconfigure $s -blocking 1
        puts -nonewline $s "*10\r\n\$4\r\nMSET\r\n"
        for {set i 0} {$i < 8} {incr i} { puts -nonewline $s "\$300000\r\n$part\r\n" }
        fconfigure $s -blocking 0
        set reply [resp::read $s]
    }]
    if {!$closed} { expect $reply (closed) "the connection" }
    set t [resp::connect $server::port]
    expect [resp::ask $t INFO stats] {*client_query_buffer_limit_disconnections:1*} counted
    if {![string match "*reached max query buffer length*" [server::log]]} { error "nothing in the log" }
}
test "a unix socket works" {
    server::start
    set out [exec redis-cli -s [file join $server::dir sock] SET a 1]
    expect $out OK set
}
test "the largest clients are closed beyond maxmemory-clients" {
    server::start --maxmemory-clients 2mb
    set s [resp::connect $server::port]
    set kept [resp::connect $server::port]
    set large [resp::connect $server::port]
    expect [resp::ask $kept CLIENT NO-EVICT ON] OK kept
    foreach c [list $kept $large] {
        # The large one may be closed while it still sends.
        catch { puts -nonewline $c "*2\r\n\$4\r\nECHO\r\n\$30000000\r\n[string repeat x 3000000]"; flush $c }
    }
    resp::until_info $s "*evicted_clients:1*"
    expect [resp::ask $s INFO stats] {*evicted_clients:1*} counted
    set list [resp::ask $s CLIENT LIST]
    expect $list {*flags=e*} kept
    if {[llength [regexp -all -inline {id=\d+} $list]] != 2} { error "the large client is still there: $list" }
    close $s
    catch { close $large }
    close $kept
}
test "who does not authenticate is closed after ten seconds" {
    server::start --requirepass secret
    set known [resp::connect $server::port]
    expect [resp::ask $known AUTH secret] OK auth
    set start [clock milliseconds]
    set stranger [resp::connect $server::port]
    expect [resp::read $stranger] (closed) closed
    if {[clock milliseconds] - $start < 9000} { error "closed too early" }
    expect [resp::ask $known PING] PONG known
    close $known
}
test "those who have not authenticated are a quarter of all at most; the newest stay" {
    server::start --requirepass secret --maxclients 40
    set known [resp::connect $server::port]
    expect [resp::ask $known AUTH secret] OK auth
    for {set i 0} {$i < 14} {incr i} { lappend strangers [resp::connect $server::port]; after 5 }
    foreach old [lrange $strangers 0 3] { expect [resp::read $old] (closed) "the oldest are closed" }
    foreach new [lrange $strangers 4 end] { expect [resp::ask $new AUTH secret] OK "the newest are let in" }
    expect [resp::ask $known INFO stats] {*rejected_connections:4*} counted
    # Those who are known do not count.
    for {set i 0} {$i < 20} {incr i} {
        set s [resp::connect $server::port]
        expect [resp::ask $s AUTH secret] OK auth
        lappend strangers $s
    }
    foreach s [lrange $strangers 4 end] { expect [resp::ask $s PING] PONG alive; close $s }
    close $known
}
test "connections of one address have a limit of their own" {
    server::start
    set a [resp::connect $server::port]
    # Until the one that watched the start is gone.
    resp::until_info $a "*connected_clients:1*"
    expect [resp::ask $a CONFIG SET maxclients-per-address 3] OK set
    set b [resp::connect $server::port]
    set c [resp::connect $server::port]
    expect [resp::ask $c PING] PONG third
    set d [resp::connect $server::port]
    expect [resp::read $d] "!ERR max number of clients reached" fourth
    expect [exec redis-cli -s [file join $server::dir sock] PING] PONG "a unix socket is not counted"
    close $a
    resp::until_info $c "*connected_clients:2*"
    set d [resp::connect $server::port]
    expect [resp::ask $d PING] PONG "room again"
    foreach s [list $b $c $d] { close $s }
}
test "wrong passwords slow down who guesses" {
    server::start --requirepass secret
    set s [resp::connect $server::port]
    # Once it is served, a turn that reads what it sends has begun later. Who is just accepted may be
    # read by a turn that began before.
    expect [resp::ask $s PING] !NOAUTH* "a stranger"
    set start [clock microseconds]
    for {set i 0} {$i < 4} {incr i} { resp::send $s AUTH no$i }
    resp::send $s AUTH secret
    for {set i 0} {$i < 4} {incr i} { expect [resp::read $s] "!WRONGPASS*" wrong }
    expect [resp::read $s] OK right
    # 100 + 200 + 400 + 800 ms
    set us [expr {[clock microseconds] - $start}]
    if {$us < 1500000} { error "four guesses and an answer took $us us" }
    expect [resp::ask $s PING] PONG on
    close $s
}
test "a turn ends before all have been read who have much to say" {
    server::start --enable-debug-command yes
    set s [resp::connect $server::port]
    resp::ask $s CONFIG RESETSTAT
    set all {}
    for {set i 0} {$i < 100} {incr i} { lappend all [resp::connect $server::port] }
    foreach c $all { expect [resp::ask $c PING] PONG there }
    resp::send $s DEBUG SLEEP 0.5
    foreach c $all { resp::send $c DEBUG SLEEP 0.002 }
    foreach c $all { expect [resp::read $c] OK served }
    expect [resp::read $s] OK "the first"
    regexp {eventloop_cmd_per_cycle_max:(\d+)} [resp::ask $s INFO debug] {} most
    # 16 at a time: as many as begin, and those that 5 ms more allow.
    if {$most > 48} { error "$most commands in one turn" }
    foreach c [concat $s $all] { close $c }
}
test "maxmemory-clients in percent" {
    server::start --maxmemory 20mb --maxmemory-clients 50%
    set s [resp::connect $server::port]
    expect [resp::ask $s CONFIG GET maxmemory-clients] {\[maxmemory-clients 50%\]} half
    expect [resp::ask $s CONFIG SET maxmemory-clients 101%] "!*percentage argument must be less or equal to 100" "too much"
    expect [resp::ask $s CONFIG SET maxmemory-clients -5%] "!*argument must be a memory or percent value" negative
    expect [resp::ask $s CONFIG SET maxmemory-clients 10%] OK set
    set large [resp::connect $server::port]
    catch { puts -nonewline $large "*2\r\n\$4\r\nECHO\r\n\$30000000\r\n[string repeat x 3000000]"; flush $large }
    resp::until_info $s "*evicted_clients:1*"
    expect [resp::ask $s INFO stats] {*evicted_clients:1*} counted
    close $s
    catch { close $large }
}
