# Classes of notifications that came after 7.0: overwritten and type_changed (8.2), names of fields (8.8).

# What a listener to `pattern` heard while the commands ran, as "event key" or as "channel payload".
proc heard {flags pattern commands} {
    set s [resp::connect $server::port]
    set l [resp::connect $server::port]
    expect [resp::ask $s CONFIG SET notify-keyspace-events $flags] OK $flags
    resp::ask $l PSUBSCRIBE $pattern end
    resp::read $l
    foreach c $commands {
        if {[lindex $c 0] eq "sleep"} { after [lindex $c 1]; continue }
        set reply [resp::ask $s {*}$c]
        if {[string match *ERR* $reply] || [string match *WRONGTYPE* $reply]} { error "$c: $reply" }
    }
    resp::ask $s PUBLISH end x
    set out {}
    while 1 {
        set m [resp::read $l]
        if {$m eq {[pmessage end end x]}} { break }
        regexp {^\[pmessage \S+ (.*)\]$} $m -> m
        lappend out [string map {__keyevent@0__: {} __subkey _ @0__ {}} $m]
    }
    close $s
    close $l
    return $out
}
proc events {flags commands} { return [join [heard $flags __keyevent* $commands] ", "] }
proc subkeys {flags commands} { return [join [heard $flags __subkey* $commands] ", "] }

test "compat 15.8: the newer classes are told back, and are none of A" {
    server::start
    set s [resp::connect $server::port]
    foreach {set get} {KEoc KEoc ocKE KEoc AKEonc AnKEoc STIVh hSTIV VITSKEA AKESTIV Kocm Kmoc} {
        resp::ask $s CONFIG SET notify-keyspace-events $set
        expect [resp::ask $s CONFIG GET notify-keyspace-events] "\\\[notify-keyspace-events $get\\\]" $set
    }
    expect [resp::ask $s CONFIG SET notify-keyspace-events KEq] "*Invalid event class*" unknown
    expect [events KEA {{RPUSH k x} {SET k 1} {SET k 2} {DEL k}}] "rpush k, set k, set k, del k" A
    close $s
}
test "compat 15.8: a value put in place of another is overwritten, and its type may have changed" {
    server::start
    expect [events Eoc {{SET a 1} {SET a 2} {SET a 3 KEEPTTL} {SETEX a 100 4} {GETSET a 5} {MSET a 6 b 1 b 2} {MSETEX 1 a 7}}] \
        "[join [lrepeat 5 "overwritten a"] ", "], overwritten b, overwritten a" strings
    expect [events Eoc {{DEL l} {RPUSH l x} {MSET l 1} {DEL l} {SADD l x} {PEXPIRE l 99999} {SET l 1 KEEPTTL XX}}] \
        [join [lrepeat 2 "overwritten l, type_changed l"] ", "] mixed
    expect [events Eoc {{DEL k} {RPUSH k x} {SET k 1}}] "overwritten k, type_changed k" list
    expect [events Ec {{DEL k} {RPUSH k x} {SET k 1} {SET k 2}}] "type_changed k" c
    expect [events Eo {{DEL k} {RPUSH k x} {SET k 1} {SET k 2}}] "overwritten k, overwritten k" o
    expect [events "Eoc$" {{DEL k} {RPUSH k x} {SET k 1}}] "overwritten k, type_changed k, set k" order
    expect [events Eoc {{DEL k} {RPUSH k x} {MSETEX 1 k 1}}] "overwritten k, type_changed k" msetex
    expect [events Eoc {{DEL a b} {SET a 1} {MSET a 2 b 1 b 2}}] "overwritten a, overwritten b" mset
}
test "compat 15.8: so does what is stored, copied, renamed or restored over a key" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s SADD s 1 2
    resp::ask $s ZADD z 1 a
    resp::ask $s GEOADD g 13.3 38.1 p
    resp::ask $s SET t abc
    foreach {type words} {
        set {SUNIONSTORE d s} set {SINTERSTORE d s} set {SDIFFSTORE d s} zset {ZUNIONSTORE d 1 z}
        zset {ZINTERSTORE d 1 z} zset {ZDIFFSTORE d 1 z} zset {ZRANGESTORE d z 0 -1}
        zset {GEOSEARCHSTORE d g FROMMEMBER p BYRADIUS 1 km ASC} zset {GEORADIUS g 13.3 38.1 10 km STORE d}
        list {SORT s STORE d} string {BITOP NOT d t} set {COPY s d REPLACE}
    } {
        set same [dict get {set {SADD d q} zset {ZADD d 1 q} list {RPUSH d q} string {SET d q}} $type]
        expect [events Eoc [list {DEL d} $words]] "" "$words: new"
        expect [events Eoc [list {DEL d} $same $words]] "overwritten d" "$words: same type"
        expect [events Eoc [list {DEL d} {HSET d f v} $words]] "overwritten d, type_changed d" "$words: other type"
    }
    expect [events Eocsg {{DEL d} {SADD d q} {SUNIONSTORE d s}}] "del d, sadd d, overwritten d, sunionstore d" "before the command's own"
    expect [events Eocg {{DEL d} {HSET d f v} {COPY s d REPLACE}}] "del d, copy_to d, overwritten d, type_changed d" copy
    expect [events Eocg {{DEL d x} {SET d 1} {SET x 1} {RENAME x d}}] "del d, rename_from x, rename_to d, overwritten d" rename
    expect [events Eoc {{DEL d} {HSET d f v} {SET x 1} {RENAME x d} {SET x 1} {RENAMENX x e}}] "overwritten d, type_changed d" types
    resp::ask $s DEL d x e
    expect [events Eocg {{DEL d} {SET d 1} {SUNIONSTORE d nothing}}] "del d" "nothing to store deletes"
    resp::ask $s EVAL {redis.call('set','d',1); redis.call('restore','d',0,redis.call('dump','s'),'replace')} 0
    expect [events Eocg {{EVAL {return redis.call('restore','d',0,redis.call('dump','t'),'replace')} 0}}] \
        "overwritten d, type_changed d, restore d" restore
    close $s
}
test "compat 15.8: changes within a value overwrite nothing, and neither does what was refused or gone" {
    server::start
    expect [events Eoc {{SET a 1} {APPEND a 2} {SETRANGE a 0 5} {INCR a} {INCRBYFLOAT a 1} {SETBIT a 1 1} {PEXPIRE a 9999999} {DEL a}
        {RPUSH l x} {RPUSH l y} {LSET l 0 z} {SADD s x} {SADD s y} {ZADD z 1 m} {ZADD z 2 m} {HSET h f 1} {HSET h f 2} {PFADD p x} {PFMERGE p p}
        {XADD x * f v} {SETNX l 1} {SET l 1 NX} {MSETNX l 1 q 1} {COPY s l} {RENAMENX s l} {SET t 1 PX 1} {sleep 20} {SET t 2}}] "" none
}
test "compat 15.8: in transactions and scripts as well" {
    server::start
    expect [events Eoc {{RPUSH k x} MULTI {SET k 1} {SET k 2} EXEC}] "overwritten k, type_changed k, overwritten k" multi
    expect [events Eoc {{DEL k} {SADD k x} {EVAL {redis.call('set', KEYS[1], 'v')} 1 k}}] "overwritten k, type_changed k" script
    expect [subkeys STh {MULTI {HSET h a 1} {HDEL h a} EXEC}] \
        "_space:h hset|1:a, _event:hset 1:h|1:a, _space:h hdel|1:a, _event:hdel 1:h|1:a" multi
    expect [subkeys Sh {{EVAL {redis.call('hset', KEYS[1], 'f', 'v')} 1 h}}] "_space:h hset|1:f" script
}
test "compat 15.8: the fields of an event go to the channels asked for" {
    server::start
    set hset {{DEL h} {HSET h f1 1 field2 2}}
    expect [subkeys Sh $hset] "_space:h hset|2:f1,6:field2" S
    expect [subkeys Th $hset] "_event:hset 1:h|2:f1,6:field2" T
    expect [subkeys Ih $hset] "_spaceitem:h\nf1 hset, _spaceitem:h\nfield2 hset" I
    expect [subkeys Vh $hset] "_spaceevent:hset|h 2:f1,6:field2" V
    expect [llength [heard STIVA __* $hset]] 5 "all of them, and K and E are others"
    expect [subkeys STIV $hset] "" "without the class of hashes"
    expect [subkeys KEA $hset] "" "without S, T, I and V"
    expect [join [heard KESh __*keyspace* $hset] ", "] "__keyspace:h hset, _space:h hset|2:f1,6:field2" "the event, then its fields"
    expect [subkeys STIVh [list [list HSET "k\ny" a,b|c 1]]] \
        "_space:k\ny hset|5:a,b|c, _event:hset 3:k\ny|5:a,b|c, _spaceevent:hset|k\ny 5:a,b|c" "separators in names"
    expect [subkeys Sh {{SELECT 2} {HSET h a 1}}] "_space@2__:h hset|1:a" database
}
test "compat 15.8: and are those that were changed" {
    server::start
    foreach {words want} {
        {HSET h a 1 c 3} hset|1:a,1:c {HMSET h a 1 b 2} hset|1:a,1:b {HSETNX h n 1} hset|1:n {HSETNX h a 1} {}
        {HINCRBY h a 1} hincrby|1:a {HINCRBYFLOAT h x 1.5} hincrbyfloat|1:x
        {HDEL h a no b a} hdel|1:a,1:b {HDEL h no} {} {HGETDEL h FIELDS 2 no a} hdel|1:a
        {HEXPIRE h 100 FIELDS 3 a no b} hexpire|1:a,1:b {HPEXPIRE h 99999 NX FIELDS 2 a t} hexpire|1:a
        {HEXPIREAT h 9999999999 FIELDS 1 b} hexpire|1:b {HPEXPIREAT h 1 FIELDS 2 a no} hdel|1:a
        {HPERSIST h FIELDS 3 t a no} hpersist|1:t {HPERSIST h FIELDS 1 a} {}
        {HGETEX h EX 100 FIELDS 2 a no} hexpire|1:a {HGETEX h PERSIST FIELDS 2 a t} hpersist|1:t {HGETEX h FIELDS 1 a} {}
        {HGETEX h PXAT 1 FIELDS 2 a no} hdel|1:a
        {HSETEX h FIELDS 2 a 1 q 2} hset|1:a,1:q {HSETEX h EX 100 FIELDS 2 a 1 q 2} {hset|1:a,1:q, _space:h hexpire|1:a,1:q}
        {HSETEX h PXAT 1 FIELDS 1 a 1} {hset|1:a, _space:h hdel|1:a} {HSETEX h FNX FIELDS 1 a 1} {} {HGET h a} {} {HLEN h} {}
        {HDEL h a b t} hdel|1:a,1:b,1:t {SET h x} {} {DEL h} {} {RENAME h j} {}
    } {
        set s [resp::connect $server::port]
        resp::ask $s FLUSHALL
        resp::ask $s CONFIG SET notify-keyspace-events ""
        resp::ask $s HSET h a 1 b 2 t 3
        resp::ask $s HEXPIRE h 1000 FIELDS 1 t
        close $s
        expect [subkeys Sh [list $words]] [expr {$want eq "" ? "" : "_space:h $want"}] $words
    }
    expect [events Ehg {{DEL h} {HSET h a 1} {HDEL h a}}] "hset h, hdel h, del h" "the key goes after"
}
test "compat 15.8: fields that passed together are one notification" {
    server::start
    set names {}
    for {set i 100} {$i < 300} {incr i} { lappend names $i }
    set pairs {}
    foreach x $names { lappend pairs $x v }
    set commands [list {DEBUG SET-ACTIVE-EXPIRE 0} [list HSET h stays 1 {*}$pairs] [list HPEXPIRE h 20 FIELDS 200 {*}$names] {sleep 40} {HLEN h}]
    set all [heard STEh __*key* $commands]
    set got [lsearch -all -inline $all *hexpired*]
    expect [llength $got] 3 messages
    expect [lindex $got 0] "hexpired h" event
    expect [lsort [split [string range [lindex $got 1] [string length "_space:h hexpired|"] end] ,]] \
        [join [lmap x $names { string cat 3: $x }]] fields
    expect [lindex $got 2] "_event:hexpired 1:h|3:*" event
    set s [resp::connect $server::port]
    resp::ask $s DEBUG SET-ACTIVE-EXPIRE 1
    resp::ask $s DEL h
    set l [resp::connect $server::port]
    resp::ask $l SUBSCRIBE __subkeyspaceevent@0__:hexpired|h
    resp::ask $s CONFIG SET notify-keyspace-events Vh
    resp::ask $s HSET h a 1
    resp::ask $s HPEXPIRE h 10 FIELDS 1 a
    expect [resp::read $l] {\[message __subkeyspaceevent@0__:hexpired|h 1:a\]} "by itself"
    close $s
    close $l
}
