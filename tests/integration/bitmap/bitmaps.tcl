dialogue "bits" {
    SETBIT b 7 1 => 0
    SETBIT b 7 1 => 1
    GETBIT b 7 => 1
    GETBIT b 100 => 0
    STRLEN b => 1
    SETBIT b 17 1 => 0
    BITCOUNT b => 2
    BITCOUNT b 1 -1 => 1
    BITCOUNT b 8 17 BIT => 1
    BITPOS b 1 => 7
    BITPOS b 1 1 => 17
    BITPOS b 0 => 0
    BITFIELD ones SET u16 0 65535 => \[0\]
    BITPOS ones 0 => 16
    BITPOS ones 0 0 -1 => -1
    BITPOS ones 1 3 7 BIT => 3
    SETBIT b -1 1 => !ERR bit offset is not an integer or out of range
    SETBIT b 1 2 => !ERR bit is not an integer or out of range
    BITPOS b 2 => !ERR The bit argument must be 1 or 0.
}
dialogue "combining" {
    SET a abc => OK
    SETBIT b 7 1 => 0
    BITOP AND c a b => 3
    BITCOUNT c => 1
    BITOP OR c a none => 3
    GET c => abc
    BITOP NOT c none => 0
    EXISTS c => 0
    BITOP NOT c a b => !ERR BITOP NOT must be called with a single source key.
}
dialogue "fields" {
    BITFIELD f SET u8 0 255 GET i8 0 => \[0 -1\]
    BITFIELD f INCRBY u8 0 10 => \[9\]
    BITFIELD f OVERFLOW SAT INCRBY u8 0 500 => \[255\]
    BITFIELD f OVERFLOW FAIL INCRBY u8 0 1 => \[(nil)\]
    BITFIELD f SET i5 #2 -3 GET i5 #2 => \[* -3\]
    BITFIELD_RO f GET u4 0 => \[15\]
    BITFIELD_RO f SET u4 0 1 => !ERR BITFIELD_RO only supports the GET subcommand
    BITFIELD f GET u64 0 => !ERR Invalid bitfield type.*
}
dialogue -ours "compat 15.8: BITOP DIFF, DIFF1, ANDOR and ONE" {
    SET x abc => OK
    SET y a => OK
    SET z ab => OK
    BITOP DIFF d x y z => 3
    BITFIELD_RO d GET u24 0 => \[99\]
    BITOP DIFF1 d y x z => 3
    BITFIELD_RO d GET u24 0 => \[25187\]
    BITOP ANDOR d x y z => 3
    BITFIELD_RO d GET u24 0 => \[6382080\]
    BITOP ONE d x y => 3
    BITFIELD_RO d GET u24 0 => \[25187\]
    BITOP one d x x => 3
    BITFIELD_RO d GET u24 0 => \[0\]
    SETBIT p 1 1 => 0
    SETBIT q 1 1 => 0
    SETBIT r 1 1 => 0
    BITOP ONE d p q r => 1
    BITCOUNT d => 0
    BITOP ONE d p => 1
    BITCOUNT d => 1
    BITOP DIFF d none x => 3
    BITCOUNT d => 0
    BITOP ANDOR d none none => 0
    EXISTS d => 0
    BITOP DIFF d x => !ERR BITOP DIFF must be called with at least two source keys*
    BITOP ANDOR d x => !ERR BITOP ANDOR must be called with at least two source keys*
    BITOP ONES d x y => !ERR syntax error
}
