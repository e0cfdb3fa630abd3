# Lists: compressed nodes and encodings.

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
