# SURVEY over a connection: what it is allowed in, and that passes go on by themselves.

# Waits until the reply to a request fits.
proc survey_shows {s request fits what} {
    for {set i 0} {$i < 400} {incr i} {
        if {[string match $fits [resp::ask $s {*}$request]]} { return }
        after 25
    }
    expect [resp::ask $s {*}$request] $fits $what
}

test "SURVEY follows what happens, by passes" {
    server::start
    set s [resp::connect $server::port]
    expect [resp::ask $s SURVEY STREAMS] {*0 \[\]*} nothing
    resp::ask $s XADD q 1-1 f v
    resp::ask $s XGROUP CREATE q g 0
    survey_shows $s {SURVEY STREAMS} {* 1 *db 0 key q length 1 bytes 2 added 1 * groups 1 * ready 1 *} stream
    survey_shows $s {SURVEY GROUPS MATCH q} {* 1 *db 0 key q group g ready 1 unread 1 *} group
    resp::ask $s RENAME q p
    survey_shows $s {SURVEY STREAMS} {* 1 *db 0 key p *} renamed
    resp::ask $s SWAPDB 0 3
    survey_shows $s {SURVEY STREAMS DB 3} {* 1 *db 3 key p *} swapped
    resp::ask $s FLUSHALL
    survey_shows $s {SURVEY STREAMS} {*0 \[\]*} flushed
    survey_shows $s {SURVEY GROUPS} {*0 \[\]*} groups
    close $s
}
test "SURVEY is for connections outside of transactions and scripts" {
    server::start
    set s [resp::connect $server::port]
    expect [resp::ask $s EVAL {return redis.call('survey', 'streams')} 0] {*not allowed from script*} script
    resp::ask $s MULTI
    expect [resp::ask $s SURVEY STREAMS] {*not allowed inside a transaction*} multi
    resp::ask $s DISCARD
    expect [resp::ask $s SURVEY NOTHING] {*unknown subcommand*} unknown
    expect [resp::ask $s SURVEY HELP] {*GROUPS*STREAMS*} help
    expect [resp::ask $s SURVEY STREAMS BY nothing] {*unknown column 'nothing'*} column
    resp::ask $s ACL SETUSER viewer on nopass ~o* +survey
    resp::ask $s XADD orders 1-1 f v
    resp::ask $s XADD other 1-1 f v
    resp::ask $s XADD secret 1-1 f v
    survey_shows $s {SURVEY STREAMS} {* 3 *} all
    resp::ask $s AUTH viewer x
    expect [resp::ask $s SURVEY STREAMS] {* 2 *db 0 key orders *db 0 key other *} some
    close $s
}
