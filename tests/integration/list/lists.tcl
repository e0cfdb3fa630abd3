dialogue "push and pop" {
    RPUSH l a b c => 3
    LPUSH l z => 4
    LRANGE l 0 -1 => \[z a b c\]
    LPOP l => z
    RPOP l 2 => \[c b\]
    LLEN l => 1
    LPUSHX none x => 0
    RPOP l => a
    EXISTS l => 0
    LPOP l => (nil)
}
dialogue "inside" {
    RPUSH l a b c b d => 5
    LINDEX l 1 => b
    LINDEX l -1 => d
    LSET l 0 A => OK
    LSET l 9 x => !ERR index out of range
    LINSERT l BEFORE c x => 6
    LINSERT l AFTER none x => -1
    LREM l -1 b => 1
    LRANGE l 0 -1 => \[A b x c d\]
    LTRIM l 1 -2 => OK
    LRANGE l 0 -1 => \[b x c\]
    LPOS l c => 2
    LPOS l none => (nil)
    LMOVE l m RIGHT LEFT => c
    RPOPLPUSH l m => x
    LRANGE m 0 -1 => \[x c\]
    LMPOP 2 none m LEFT COUNT 5 => \[m \[x c\]\]
}
dialogue -ours "several at once" {
    RPUSH a 1 2 3 4 5 => 5
    LMOVEM a b LEFT RIGHT COUNT 2 OBO => \[1 2\]
    LMOVEM a b LEFT LEFT COUNT 2 OBO => \[4 3\]
    LRANGE b 0 -1 => \[4 3 1 2\]
    RPUSH c 1 2 3 => 3
    LMOVEM c d LEFT LEFT COUNT 3 BULK => \[1 2 3\]
    LRANGE d 0 -1 => \[1 2 3\]
    LMOVEM d e RIGHT LEFT EXACTLY 4 BULK => (nil)
    LMOVEM none e LEFT LEFT COUNT 2 OBO => (nil)
    LMOVEM none e LEFT LEFT => (nil)
}
dialogue "blocking" {
    B: waits BLPOP l 0
    RPUSH l x y => 2
    B: reads \[l x\]
    LRANGE l 0 -1 => \[y\]
    B: waits BLMOVE none dst LEFT RIGHT 0
    C: waits BRPOP none other 0
    RPUSH none 1 => 1
    B: reads 1
    RPUSH none 2 => 1
    C: reads \[none 2\]
    BLPOP none 0.02 => (nil)
    B: waits BLPOP k 0
    MULTI => OK
    RPUSH k a => QUEUED
    DEL k => QUEUED
    EXEC => \[1 1\]
    RPUSH k b => 1
    B: reads \[k b\]
}
test "compressed inner blocks" {
    server::start --list-compress-depth 1 --list-max-listpack-size 10
    set s [resp::connect $server::port]
    for {set i 0} {$i < 500} {incr i} { resp::ask $s RPUSH l "element number $i, with some text that repeats and repeats" }
    expect [resp::ask $s LINDEX l 250] "element number 250,*" lindex
    expect [resp::ask $s LSET l 251 x] OK lset
    expect [resp::ask $s LRANGE l 249 252] {\[element number 249,* x element number 252,*} lrange
    expect [resp::ask $s LLEN l] 500 llen
    expect [resp::ask $s DEBUG RELOAD] OK reload
    expect [resp::ask $s LINDEX l 251] x again
    close $s
}
test "compat 12.6: how lists are encoded, as 7.2 has it" {
    server::start
    set s [resp::connect $server::port]
    proc list_encoding {s size args} {
        resp::ask $s CONFIG SET list-max-listpack-size $size
        resp::ask $s DEL l
        resp::ask $s RPUSH l {*}$args
        return [resp::ask $s OBJECT ENCODING l]
    }
    expect [list_encoding $s -2 [string repeat x 8192]] quicklist "one large element"
    expect [list_encoding $s -2 [string repeat x 8000]] listpack "one that fits"
    expect [list_encoding $s 128 [string repeat x 8192]] quicklist "one large element where elements are counted"
    expect [list_encoding $s 0 a] listpack "size 0, one element"
    expect [list_encoding $s 0 a b] quicklist "size 0, two elements"
    expect [list_encoding $s 4 a b c d] listpack "as many as may be"
    expect [list_encoding $s 4 a b c d e] quicklist "one more"
    resp::ask $s RPOP l 2
    expect [resp::ask $s OBJECT ENCODING l] quicklist "more than half"
    resp::ask $s RPOP l
    expect [resp::ask $s OBJECT ENCODING l] listpack "half"
    close $s
}
