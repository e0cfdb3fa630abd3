# The table of commands, secrets in logs, and the sections and counters of INFO.

test "compat 12.5: the table of commands is that of 7.2" {
    server::start
    set s [resp::connect $server::port]
    foreach c {blpop brpop brpoplpush blmove bzpopmin bzpopmax wait} {
        if {[string match *noscript* [resp::ask $s COMMAND INFO $c]]} { error "$c: noscript" }
    }
    expect [resp::ask $s COMMAND INFO waitaof] {*noscript*} waitaof
    if {[string match *blocking* [resp::ask $s COMMAND INFO waitaof]]} { error "waitaof: blocking" }
    expect [resp::ask $s COMMAND INFO client|no-touch] {*@slow*} no-touch
    expect [resp::ask $s COMMAND GETKEYS PING] {!ERR The command has no key arguments} getkeys
    expect [resp::ask $s COMMAND GETKEYSANDFLAGS PING] {!ERR The command has no key arguments} getkeysandflags
    foreach c {acl|deluser acl|save acl|setuser client|setinfo client|setname config|resetstat config|rewrite} {
        expect [resp::ask $s COMMAND INFO $c] {*request_policy:all_nodes response_policy:all_succeeded*} $c
    }
    expect [resp::ask $s COMMAND INFO latency|reset] {*response_policy:agg_sum*} reset
    expect [resp::ask $s COMMAND INFO randomkey] {*response_policy:special*} randomkey
    expect [resp::ask $s COMMAND INFO scan] {*response_policy:special*} scan
    if {[string match *policy* [resp::ask $s COMMAND INFO msetnx]]} { error "msetnx has tips" }
    # In a script they do not wait.
    expect [resp::ask $s EVAL {return redis.call('blpop','none',0)} 0] {(nil)} blpop
    expect [resp::ask $s EVAL {redis.call('rpush','l',1) return redis.call('brpop','l',0)} 0] {*l 1*} brpop
    expect [resp::ask $s EVAL {return redis.call('bzpopmin','none',0)} 0] {(nil)} bzpopmin
    expect [resp::ask $s EVAL {return redis.call('wait',1,0)} 0] 0 wait
    expect [resp::ask $s EVAL {return redis.call('waitaof',0,0,0)} 0] {!ERR This Redis command is not allowed from script*} waitaof
    close $s
}
test "faults B12: secrets are in no log" {
    server::start --slowlog-log-slower-than 0 --slowlog-max-len 1000
    set s [resp::connect $server::port]
    set m [resp::connect $server::port]
    resp::ask $m MONITOR
    foreach name {masterauth masteruser tls-key-file-pass tls-client-key-file-pass requirepass} {
        resp::ask $s CONFIG SET hz 11 $name s3cret-$name loglevel notice
        resp::ask $s AUTH s3cret-requirepass
    }
    resp::ask $s AUTH default s3cret
    resp::ask $s HELLO 2 AUTH default s3cret SETNAME visible
    resp::ask $s ACL SETUSER u on >s3cret
    resp::ask $s MULTI
    resp::ask $s CONFIG SET MasterAuth s3cret
    resp::ask $s ACL SETUSER u >s3cret
    resp::ask $s EXEC
    set log [resp::ask $s SLOWLOG GET -1]
    if {[string match *s3cret* $log]} { error "a secret in the slow log: $log" }
    expect $log {*CONFIG SET hz 11 tls-client-key-file-pass (redacted) loglevel notice*} "the rest is shown"
    expect $log {*HELLO 2 AUTH (redacted) (redacted) SETNAME visible*} hello
    resp::ask $s PING
    set seen ""
    while {![string match {*"PING"*} $seen]} { append seen [resp::read $m] }
    if {[string match *s3cret* $seen]} { error "a secret in MONITOR: $seen" }
    close $s
    close $m
}
test "compat 12.3: each section of INFO once, in its own order" {
    server::start
    set s [resp::connect $server::port]
    foreach {args want} {
        {cpu server CPU} {Server CPU}
        {default server} {Server Clients Memory Persistence Stats Replication Broker CPU Modules Errorstats Cluster Keyspace}
        {all default everything stats} {Server Clients Memory Persistence Stats Replication Broker HTTP CPU Modules Commandstats Errorstats Latencystats Cluster Keyspace}
        {debug} Debug
        {nonsense} {}
        {nonsense keyspace} Keyspace
    } {
        set seen {}
        foreach line [split [resp::ask $s INFO {*}$args] \n] {
            if {[regexp {^# (\S+)} $line -> name]} { lappend seen $name }
        }
        expect $seen $want $args
    }
    close $s
}
test "compat 12.4, faults B12: what INFO counts" {
    server::start --hz 100
    set s [resp::connect $server::port]
    proc number {s name {section everything}} {
        if {![regexp "\n$name:(\[0-9.\]+)" [resp::ask $s INFO $section] -> v]} { error "no $name" }
        return $v
    }
    set reads [number $s total_reads_processed]
    set writes [number $s total_writes_processed]
    for {set i 0} {$i < 20} {incr i} { resp::ask $s SET a$i x PX 1 }
    if {[number $s total_reads_processed] < $reads + 20} { error "reads" }
    if {[number $s total_writes_processed] < $writes + 20} { error "writes" }
    foreach name {eventloop_cycles eventloop_duration_sum eventloop_duration_cmd_sum} {
        if {[number $s $name] <= 0} { error $name }
    }
    if {[number $s eventloop_duration_cmd_sum] > [number $s eventloop_duration_sum]} { error "more for commands than there is" }
    foreach name {instantaneous_eventloop_cycles_per_sec instantaneous_eventloop_duration_usec expired_time_cap_reached_count
                  expire_cycle_cpu_milliseconds current_eviction_exceeded_time} { number $s $name }
    foreach name {eventloop_duration_aof_sum eventloop_duration_cron_sum eventloop_duration_max eventloop_cmd_per_cycle_max} { number $s $name debug }
    if {[number $s eventloop_duration_max debug] <= 0 || [number $s eventloop_cmd_per_cycle_max debug] < 1} { error "most" }
    resp::ask $s CONFIG SET maxmemory 1 maxmemory-policy noeviction
    until "memory above the limit" {[number $s current_eviction_exceeded_time] > 0}
    resp::ask $s CONFIG SET maxmemory 0
    until "memory below the limit" {[number $s current_eviction_exceeded_time] == 0}
    if {[number $s total_eviction_exceeded_time] <= 0} { error "total" }
    resp::ask $s CONFIG RESETSTAT
    if {[number $s total_reads_processed] > 5} { error "reads after RESETSTAT" }
    close $s
}
