dialogue "counting" {
    PFADD a 1 2 3 => 1
    PFADD a 3 => 0
    PFCOUNT a => 3
    PFADD b 3 4 5 => 1
    PFCOUNT a b none => 5
    PFMERGE c a b => OK
    PFCOUNT c => 5
    PFADD none => 1
    PFCOUNT none => 0
    SET s hello => OK
    PFADD s x => !WRONGTYPE Key is not a valid HyperLogLog string value.
    PFCOUNT s => !WRONGTYPE Key is not a valid HyperLogLog string value.
    PFDEBUG ENCODING a => sparse
    PFDEBUG TODENSE a => 1
    PFDEBUG ENCODING a => dense
    PFCOUNT a => 3
    PFSELFTEST => OK
}
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
