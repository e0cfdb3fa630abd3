# HyperLogLogs: a damaged value is refused.

test "a damaged one is refused" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s PFADD h a b c
    resp::ask $s SETRANGE h 18 "\xff\xff\xff\xff"
    expect [resp::ask $s PFCOUNT h] "!INVALIDOBJ Corrupted HLL object detected" count
    expect [resp::ask $s PFADD h zzz] "!INVALIDOBJ*" add
    expect [resp::ask $s PFMERGE i h] "!INVALIDOBJ*" merge
    close $s
}
