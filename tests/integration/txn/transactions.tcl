dialogue "exec and discard" {
    MULTI => OK
    SET a 1 => QUEUED
    INCR a => QUEUED
    EXEC => \[OK 2\]
    MULTI => OK
    INCR a => QUEUED
    DISCARD => OK
    GET a => 2
    EXEC => !ERR EXEC without MULTI
    MULTI => OK
    NOSUCH => !ERR unknown command*
    EXEC => !EXECABORT*
}
dialogue "watched keys" {
    A: WATCH a => OK
    B: SET a 5 => OK
    MULTI => OK
    GET a => QUEUED
    EXEC => (nil)
    A: WATCH a => OK
    UNWATCH => OK
    B: SET a 6 => OK
    MULTI => OK
    GET a => QUEUED
    EXEC => \[6\]
}
