# Scripts: what a busy one keeps others from, what errors and logs say, memory limits of libraries.

test "compat 2.8: the same time everywhere in a transaction" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s MULTI
    resp::ask $s TIME
    resp::ask $s EVAL "for i=1,300000 do local x=i*i end return redis.call('time')" 0
    resp::ask $s TIME
    lassign [regexp -all -inline {\d+ \d+} [resp::ask $s EXEC]] a b c
    if {$a ne $b || $b ne $c} { error "<$a> <$b> <$c>" }
    after 2
    set later [regexp -inline {\d+ \d+} [resp::ask $s TIME]]
    if {[lindex $later 0] eq $c} { error "it goes on standing" }
    close $s
}
test "faults M4: code words that scripts invent" {
    server::start
    set s [resp::connect $server::port]
    for {set i 0} {$i < 300} {incr i} { resp::ask $s EVAL "return redis.error_reply('W$i x')" 0 }
    set info [resp::ask $s INFO errorstats]
    set n [regexp -all {errorstat_} $info]
    if {$n > 129 || $n < 100} { error "$n lines" }
    expect $info "*errorstat_ERRORSTATS_OVERFLOW:count=17*" "the others together"
    expect [resp::ask $s INFO stats] "*total_error_replies:300*" "all are counted"
    close $s
}
test "faults G1: a line of the log is one line" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s EVAL "redis.log(redis.LOG_WARNING, 'a\\nforged line\\r\\27\[31m\\t\\0end') return 1" 0
    resp::ask $s EVAL "redis.log(redis.LOG_WARNING, string.rep('\\n', 5000)) return 1" 0
    close $s
    set log [server::log]
    expect $log {*a\\nforged line\\r\\x1b?31m\\t*} escaped
    if {[string match "*\nforged line*" $log]} { error "forged" }
}
test "compat 6.4: what runs" {
    server::start --busy-reply-threshold 100
    set s [resp::connect $server::port]
    set o [resp::connect $server::port]
    resp::ask $s FUNCTION LOAD "#!lua name=l\nredis.register_function('Loop', function() while true do end end)"
    resp::send $s FCALL loop 1 key arg
    while {![string match "!BUSY*" [resp::ask $o PING]]} { after 20 }
    expect [resp::ask $o FUNCTION STATS] "*running_script ?name Loop command ?FCALL loop 1 key arg? duration_ms*" stats
    expect [resp::ask $o FUNCTION KILL] OK kill
    expect [resp::read $s] "!ERR Script killed by user with SCRIPT KILL...*" "as Redis says it"
    resp::send $s EVAL "while true do pcall(error) end" 0
    while {![string match "!BUSY*" [resp::ask $o PING]]} { after 20 }
    expect [resp::ask $o FUNCTION STATS] "!BUSY*" "while a script runs"
    expect [resp::ask $o SCRIPT KILL] OK kill
    expect [resp::read $s] "!ERR Script killed by user with SCRIPT KILL...*" "as Redis says it"
    close $s
    close $o
}
# Requests and replies of bytes that are no text.
proc ask_bytes {s args} {
    set out "*[llength $args]\r\n"
    foreach a $args { append out "\$[string length $a]\r\n$a\r\n" }
    puts -nonewline $s $out
    return [resp::read $s]
}
proc bytes_of_reply {s args} { return [resp::ask $s {*}$args] }
test "compat 6.7: FUNCTION RESTORE of what there is" {
    server::start
    set s [resp::connect $server::port]
    set code "#!lua name=lib1\nredis.register_function('f', function() return 1 end)"
    resp::ask $s FUNCTION LOAD $code
    expect [resp::ask $s FUNCTION LOAD $code] "!ERR Library 'lib1' already exists" load
    set dump [bytes_of_reply $s FUNCTION DUMP]
    expect [ask_bytes $s FUNCTION RESTORE $dump] "!ERR Library lib1 already exists" restore
    expect [ask_bytes $s FUNCTION RESTORE $dump REPLACE] OK replace
    close $s
}
test "faults D11: a library that takes long, or no longer fits" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    set big "#!lua name=big\nlocal t = {} for i = 1, 200000 do t\[i\] = i end\nredis.register_function('f', function() return #t end)"
    expect [resp::ask $s FUNCTION LOAD $big] big load
    close $s
    server::stop KILL
    # Most of the time of loading it the process is stopped.
    server::launch --appendonly yes
    for {set i 0} {$i < 3} {incr i} {
        exec kill -STOP $server::pid
        after 300
        exec kill -CONT $server::pid
        after 5
    }
    server::wait
    set s [resp::connect $server::port]
    expect [resp::ask $s FCALL f 0] 200000 "it is there"
    close $s
    server::stop KILL
    if {![catch {server::start --appendonly yes --script-memory-limit 1mb}]} { error "it started without its library" }
    expect [server::log] "*A function library cannot be loaded*" "and said why"
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s FCALL f 0] 200000 "nothing was lost"
    close $s
}
test "a library that keeps too much is loaded anew; others do not notice" {
    server::start --script-memory-limit 8mb
    set s [resp::connect $server::port]
    resp::ask $s FUNCTION LOAD "#!lua name=keeps\nlocal kept = {}\nredis.register_function('fill', function() for i = 1, 1e9 do kept\[#kept + 1\] = i end end)\nredis.register_function('count', function() return #kept end)"
    resp::ask $s FUNCTION LOAD "#!lua name=other\nlocal n = 0\nredis.register_function('other', function() n = n + 1 return n end)"
    expect [resp::ask $s FCALL other 0] 1 other
    expect [resp::ask $s FCALL fill 0] "!ERR*not enough memory*" fill
    expect [resp::ask $s FCALL count 0] 0 "without what it kept"
    expect [resp::ask $s FCALL other 0] 2 "the other has kept its own"
    expect [resp::ask $s FUNCTION LOAD "#!lua name=third\nredis.register_function('third', function() return 3 end)"] third load
    expect [resp::ask $s FCALL third 0] 3 third
    expect [server::log] "*library keeps hold*" log
    close $s
}
test "scripts that came by EVAL do not take the memory of those that run" {
    server::start --script-memory-limit 16mb
    set s [resp::connect $server::port]
    expect [resp::ask $s SCRIPT LOAD "return 'kept'"] * load
    for {set i 0} {$i < 60} {incr i} {
        # About 400 KB each, compiled.
        set text "return \{[string repeat "'a$i',$i.5," 12000]1\}"
        if {$i % 10 == 0} { expect [resp::ask $s EVAL "return #('x'):rep(3e6) + $i" 0] 30000?? run }
        resp::ask $s EVAL "local function f() $text end return $i" 0
    }
    expect [resp::ask $s EVAL "return #('x'):rep(3e6)" 0] 3000000 run
    expect [resp::ask $s EVALSHA [resp::ask $s SCRIPT LOAD "return 'kept'"] 0] kept kept
    close $s
}
test "faults L6: the next script has its memory" {
    server::start --script-memory-limit 16mb
    set s [resp::connect $server::port]
    for {set i 0} {$i < 5} {incr i} {
        expect [resp::ask $s EVAL "local ok = pcall(function() local t = {} for i = 1, 1e9 do t\[i\] = i .. 'x' end end) return tostring(ok)" 0] false fill
        expect [resp::ask $s EVAL "return #('x'):rep(6e6)" 0] 6000000 next
    }
    # Garbage that is less than the limit is collected in time.
    for {set i 0} {$i < 20} {incr i} {
        expect [resp::ask $s EVAL "local t for i = 1, 60 do t = ('x'):rep(1e6) .. i end return #t" 0] 100000? garbage
    }
    close $s
}
