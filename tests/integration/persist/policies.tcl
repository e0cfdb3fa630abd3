# What streams do by themselves comes back from every file as it was: rules, due times, reasons.

# Two groups with policies and one without; what is deferred is not due before the end of the test.
proc fill {s} {
    foreach request {
        {XPOLICY SET q g MKSTREAM JOBS DEADLETTER {{q}:dead} RETRY LIST 90000000 80000000 JITTER 0 MAXDELIVER 9}
        {XPOLICY SET q h MKSTREAM LEASE 500000 RETRY EXP 100000000 200000000 1.5 ONACK DELETE PAUSE ON PREFETCH 7 MAXPENDING 9}
        {XGROUP CREATE q plain 0}
        {XADD q 1-0 f v} {XADD q 2-0 f v} {XADD q 3-0 f v} {XADD q 4-0 f v} {XADD q 5-0 f v} {XADD q 6-0 f v}
        {XREADGROUP GROUP g c COUNT 5 STREAMS q >} {XREADGROUP GROUP plain c COUNT 2 STREAMS q >}
        {XNACK q g FAIL IDS 2 2-0 1-0 REASON {it broke}} {XNACK q g FAIL IDS 1 3-0 DELAY 70000000} {XNACK q g SILENT IDS 1 4-0 REASON later}
        {XNACK q plain FAIL IDS 1 2-0}
        {SET other 1}
    } {
        set reply [resp::ask $s {*}$request]
        if {[string match "*ERR*" $reply]} { error "$request: $reply" }
    }
}

proc look {s} {
    set all {}
    foreach request {
        {XPOLICY GET q g} {XPOLICY GET q h} {XPOLICY GET q plain} {XPOLICY RETRIES q g} {XPOLICY RETRIES q h} {XPOLICY LIST} {XRANGE q - +} {DEBUG DIGEST}
    } { lappend all [resp::ask $s {*}$request] }
    return $all
}

proc equal {all want what} {
    foreach got $all wanted $want {
        if {$got ne $wanted} { error "$what: got <$got>, wanted <$wanted>" }
    }
}
proc same {s want what} { equal [look $s] $want $what }

test "broker Z1: DEBUG RELOAD, a restart from a snapshot" {
    server::start
    set s [resp::connect $server::port]
    fill $s
    set want [look $s]
    resp::ask $s DEBUG RELOAD
    same $s $want "DEBUG RELOAD"
    resp::ask $s SAVE
    close $s
    server::stop KILL
    server::start
    set s [resp::connect $server::port]
    same $s $want "a restart"
    close $s
}

proc in_base {preamble} {
    server::start --appendonly yes --aof-use-rdb-preamble $preamble
    set s [resp::connect $server::port]
    fill $s
    set want [look $s]
    foreach what {increments base both} {
        close $s
        server::stop KILL
        server::start --appendonly yes --aof-use-rdb-preamble $preamble
        set s [resp::connect $server::port]
        same $s $want $what
        if {$what eq "increments"} {
            resp::ask $s BGREWRITEAOF
            resp::until_info $s "*aof_rewrite_in_progress:0*aof_rewrites:1*"
        } elseif {$what eq "base"} {
            resp::ask $s XPOLICY SET q g LEASE 77
            resp::ask $s XACK q g 2-0
            set want [look $s]
        }
    }
    close $s
}
test "broker Z5: increments, and a base" {
    in_base yes
}
test "broker Z5: increments, and a base of commands" {
    in_base no
}

# Otherwise a payload could write where its author may not.
test "broker N5: the keys inside are judged" {
    server::start
    set s [resp::connect $server::port]
    fill $s
    resp::ask $s ACL SETUSER u on nopass ~q* "~{q}:x" +@all
    resp::ask $s ACL SETUSER v on nopass ~q* "~{q}:*" +@all
    set restore {EVAL {return redis.call('RESTORE', KEYS[1], 0, redis.call('DUMP', KEYS[2]), 'REPLACE')} 2 {{q}:x} q}
    foreach {user wanted} {u *NOPERM* v *} {
        resp::ask $s AUTH $user any
        foreach request [list {COPY q {{q}:x} REPLACE} $restore] {
            set reply [resp::ask $s {*}$request]
            if {![string match $wanted $reply] || ($user eq "v" && [string match "*NOPERM*" $reply])} { error "$user $request: $reply" }
            expect [resp::ask $s EXISTS "{q}:x"] [expr {$user eq "v"}] "$user $request"
        }
    }
    close $s
}

test "broker Z7: DUMP, COPY and RENAME" {
    server::start
    set s [resp::connect $server::port]
    fill $s
    set rules [lrange [look $s] 0 4]
    set digest [resp::ask $s DEBUG DIGEST-VALUE q]
    foreach request {
        {EVAL {return redis.call('RESTORE', KEYS[1], 0, redis.call('DUMP', KEYS[2]), 'REPLACE')} 2 {{q}:x} q}
        {COPY q {{q}:x} REPLACE}
    } {
        set reply [resp::ask $s {*}$request]
        if {[string match "*ERR*" $reply]} { error "$request: $reply" }
        equal [list [resp::ask $s DEBUG DIGEST-VALUE "{q}:x"]] [list $digest] $request
    }
    resp::ask $s RENAME "{q}:x" q
    equal [list [resp::ask $s DEBUG DIGEST-VALUE q]] [list $digest] "RENAME"
    equal [lrange [look $s] 0 4] $rules "rules"
    close $s
}
