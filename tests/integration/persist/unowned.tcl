# Pending entries that nobody owns, in files: here they come back as they were; a redis-server finds
# them with a consumer of a reserved name, and can claim them.

proc as_redis {script} {
    set ours $server::path
    set server::path [auto_execok redis-server]
    set code [catch {uplevel 1 $script} why options]
    set server::path $ours
    return -options $options $why
}

# 1-0 and 3-0 are released, the younger one first; 2-0 is somebody's.
proc fill {s} {
    foreach request {
        {XADD s 1-0 f v} {XADD s 2-0 f v} {XADD s 3-0 f v} {XADD s 4-0 f v} {XGROUP CREATE s g 0}
        {XREADGROUP GROUP g c COUNT 3 STREAMS s >} {XNACK s g FATAL IDS 1 3-0} {XNACK s g FAIL IDS 1 1-0 RETRYCOUNT 7}
    } { resp::ask $s {*}$request }
}

# The words of a reply, however it is nested.
proc words {reply} {
    return [split [string map {[ {} ] {}} $reply] " "]
}

# ID, owner and count of each; times differ between two readings.
proc pending {s} {
    set all {}
    foreach {id owner idle count} [words [resp::ask $s XPENDING s g - + 10]] { lappend all $id:$owner:$count }
    return $all
}

proc consumers {s} {
    set all {}
    foreach {field value} [words [resp::ask $s XINFO CONSUMERS s g]] { if {$field eq "name"} { lappend all $value } }
    return [lsort $all]
}

proc is_whole_here {s digest} {
    expect [resp::ask $s DEBUG DIGEST] $digest "digest"
    expect [consumers $s] "c" "consumers"
    expect [pending $s] "1-0::7 2-0:c:1 3-0::9223372036854775807" "pending"
    # The order of the next deliveries.
    expect [lsearch -all -inline [words [resp::ask $s XREADGROUP GROUP g d CLAIM 100000000 STREAMS s >]] ?-0] "3-0 1-0 4-0" "claimed"
}

proc is_found_by_redis {s} {
    expect [consumers $s] "c millrace-unowned" "consumers"
    expect [pending $s] "1-0:millrace-unowned:7 2-0:c:1 3-0:millrace-unowned:9223372036854775807" "pending"
    expect [words [resp::ask $s XCLAIM s g mine 100000000 1-0 2-0 3-0 JUSTID]] "1-0 3-0" "claimed"
    expect [resp::ask $s XACK s g 1-0 3-0] 2 "acknowledged"
}

test "broker Z3: a snapshot" {
    server::start --rdb-compat 10
    set s [resp::connect $server::port]
    fill $s
    set digest [resp::ask $s DEBUG DIGEST]
    resp::ask $s DEBUG RELOAD
    expect [resp::ask $s DEBUG DIGEST] $digest "after DEBUG RELOAD"
    expect [consumers $s] "c" "consumers after DEBUG RELOAD"
    resp::ask $s SAVE
    close $s
    server::stop KILL
    file copy -force $server::dir/dump.rdb $server::dir/kept
    as_redis { server::start }
    set s [resp::connect $server::port]
    is_found_by_redis $s
    close $s
    server::stop KILL
    file rename -force $server::dir/kept $server::dir/dump.rdb
    server::start --rdb-compat 10
    set s [resp::connect $server::port]
    is_whole_here $s $digest
    close $s
}

proc in_base {preamble} {
    server::start --appendonly yes --rdb-compat 10 --aof-use-rdb-preamble $preamble
    set s [resp::connect $server::port]
    fill $s
    set digest [resp::ask $s DEBUG DIGEST]
    resp::ask $s BGREWRITEAOF
    resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrites:1*"
    close $s
    server::stop KILL
    file copy -force $server::dir/appendonlydir $server::dir/kept
    as_redis { server::start --appendonly yes }
    set s [resp::connect $server::port]
    is_found_by_redis $s
    close $s
    server::stop KILL
    file delete -force $server::dir/appendonlydir
    file rename $server::dir/kept $server::dir/appendonlydir
    server::start --appendonly yes --rdb-compat 10 --aof-use-rdb-preamble $preamble
    set s [resp::connect $server::port]
    is_whole_here $s $digest
    close $s
}
test "broker Z3: a base" {
    in_base yes
}
test "broker Z3: a base of commands" {
    in_base no
}

# Who uses the name keeps what is his.
test "broker Z3: a consumer of that name" {
    server::start
    set s [resp::connect $server::port]
    fill $s
    resp::ask $s XREADGROUP GROUP g millrace-unowned STREAMS s >
    set digest [resp::ask $s DEBUG DIGEST]
    resp::ask $s DEBUG RELOAD
    expect [resp::ask $s DEBUG DIGEST] $digest "digest"
    expect [pending $s] "1-0::7 2-0:c:1 3-0::9223372036854775807 4-0:millrace-unowned:1" "pending"
    close $s
}
