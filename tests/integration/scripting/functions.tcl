# Functions and scripts over a restart, and their place in the append-only file.

test "functions survive, by snapshot and by the append-only file" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    set code "#!lua name=lib\nredis.register_function('f', function(k,a) return redis.call('incrby', k\[1\], a\[1\]) end)"
    expect [resp::ask $s FUNCTION LOAD $code] lib load
    expect [resp::ask $s FCALL f 1 n 5] 5 call
    set dump [resp::ask $s DEBUG DIGEST]
    expect [resp::ask $s DEBUG RELOAD] OK reload
    expect [resp::ask $s FCALL f 1 n 5] 10 "after a snapshot"
    expect [resp::ask $s DEBUG LOADAOF] OK loadaof
    expect [resp::ask $s FCALL f 1 n 5] 15 "after the append-only file"
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s FCALL f 1 n 5] 20 "after a kill"
    expect [resp::ask $s BGREWRITEAOF] "Background append only file rewriting started" rewrite
    resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrites:1*"
    close $s
    server::stop KILL
    server::start --appendonly yes
    set s [resp::connect $server::port]
    expect [resp::ask $s FCALL f 1 n 5] 25 "after a rewrite"
    close $s
}
test "the effects of a script are one transaction in the file" {
    server::start --appendonly yes
    set s [resp::connect $server::port]
    resp::ask $s EVAL {redis.call('set','a',1) redis.call('incr','a') redis.call('spop','none') return redis.call('lpush','l','x')} 0
    resp::ask $s EVAL {return redis.call('set','b',math.random())} 0
    close $s
    set files [glob -directory [file join $server::dir appendonlydir] *.incr.aof]
    set f [open [lindex $files 0]]
    fconfigure $f -translation binary
    set text [read $f]
    close $f
    expect $text "*MULTI*set*a*incr*a*lpush*l*x*EXEC*set*b*" effects
    if {[string match -nocase "*eval*" $text]} { error "the script itself was written" }
}
test "ten thousand scripts stay within their bound" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s EVAL "return 0" 0
    regexp {used_memory_vm_eval:(\d+)} [resp::ask $s INFO memory] -> before
    for {set i 0} {$i < 10000} {incr i} { resp::ask $s EVAL "return $i" 0 }
    set info [resp::ask $s INFO memory]
    expect $info {*number_of_cached_scripts:500*} "only the last ones stay"
    regexp {used_memory_vm_eval:(\d+)} $info -> after
    if {$after - $before > 4000000} { error "the state grew by [expr {$after - $before}] bytes" }
    for {set i 0} {$i < 10000} {incr i} { resp::ask $s SCRIPT LOAD "return -$i" }
    set info [resp::ask $s INFO memory]
    regexp {used_memory_vm_eval:(\d+)} $info -> loaded
    if {$loaded - $after > 20000000} { error "ten thousand loaded scripts take [expr {$loaded - $after}] bytes" }
    close $s
}
