# Where redis-server has the fault itself: what must not happen is written down.
test "the last of several destinations is the one that is judged (faults A2)" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s GEOADD g 13.361389 38.115556 a 15.087269 37.502669 b
    resp::ask $s ACL SETUSER u on nopass +georadius +georadiusbymember ~g ~mine
    set u [resp::connect $server::port]
    resp::ask $u AUTH u x
    foreach options {
        {STORE mine STORE secret} {STORE mine STOREDIST secret} {STOREDIST mine STORE secret} {STOREDIST mine STOREDIST secret}
        {STORE mine COUNT 1 STORE secret} {store mine ANY COUNT 1 storedist secret}
    } {
        expect [resp::ask $u GEORADIUS g 15 37 200 km {*}$options] {!NOPERM No permissions to access a key} "GEORADIUS $options"
        expect [resp::ask $u GEORADIUSBYMEMBER g a 200 km {*}$options] {!NOPERM No permissions to access a key} "GEORADIUSBYMEMBER $options"
        expect [resp::ask $s COMMAND GETKEYS GEORADIUS g 15 37 200 km {*}$options] {\[g secret\]} "GETKEYS $options"
    }
    expect [resp::ask $s EXISTS secret] 0 untouched
    expect [resp::ask $u GEORADIUS g 15 37 200 km STORE secret STORE mine] 2 allowed
    close $u
    close $s
}
test "an empty range of sources leaves the destination (faults B2)" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s ACL SETUSER u on nopass +pfmerge ~mine
    set u [resp::connect $server::port]
    resp::ask $u AUTH u x
    expect [resp::ask $u PFMERGE secret] {!NOPERM No permissions to access a key} denied
    expect [resp::ask $s EXISTS secret] 0 untouched
    expect [resp::ask $u PFMERGE mine] OK allowed
    expect [resp::ask $s COMMAND GETKEYS PFMERGE mine] {\[mine\]} keys
    close $u
    close $s
}
test "a group or consumer named STREAMS is not where the keys begin (faults A3)" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s XADD secret 1-1 f v
    resp::ask $s XGROUP CREATE secret g 0
    resp::ask $s XGROUP CREATE secret streams 0
    resp::ask $s XADD mine 1-1 f v
    resp::ask $s XGROUP CREATE mine streams 0
    resp::ask $s ACL SETUSER u on nopass +xreadgroup ~mine ~STREAMS ~streams
    set u [resp::connect $server::port]
    resp::ask $u AUTH u x
    foreach request {
        {COUNT 1 GROUP g streams STREAMS secret >} {GROUP streams streams STREAMS secret >} {GROUP streams mine STREAMS secret >}
        {NOACK GROUP streams streams NOACK STREAMS secret >} {NOACK NOACK GROUP g streams STREAMS secret >} {COUNT 1 GROUP streams mine STREAMS secret >}
    } {
        expect [resp::ask $u XREADGROUP {*}$request] {!NOPERM No permissions to access a key} $request
        expect [resp::ask $s COMMAND GETKEYS XREADGROUP {*}$request] {\[secret\]} "GETKEYS $request"
    }
    expect [resp::ask $u XREADGROUP COUNT 1 GROUP streams streams STREAMS mine >] {*1-1*} "one's own"
    close $u
    close $s
}
test "patterns of SORT are judged by ACL DRYRUN and acl_check_cmd too (faults A1)" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s ACL SETUSER u on nopass +sort +sort_ro +eval ~ml
    set u [resp::connect $server::port]
    resp::ask $u AUTH u x
    foreach {request answer allowed} {
        {SORT ml BY nosort GET secret*} {GET option of SORT denied due to insufficient ACL permissions} {}
        {SORT_RO ml BY weight*} {BY option of SORT denied due to insufficient ACL permissions} {}
        {SORT ml BY nosort} OK 1
        {SORT ml BY GET} OK 1
    } {
        expect [resp::ask $s ACL DRYRUN u {*}$request] $answer $request
        set quoted '[join $request ',']'
        expect [resp::ask $u EVAL "return redis.acl_check_cmd($quoted)" 0] [expr {$allowed eq "" ? "(nil)" : "1"}] "acl_check_cmd $request"
    }
    resp::ask $s ACL SETUSER u %R~*
    expect [resp::ask $s ACL DRYRUN u SORT ml BY nosort GET secret*] OK "reads everything"
    close $u
    close $s
}
test "conditions of SET and DELEX read what was there" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s ACL SETUSER u on nopass +set +delex %W~*
    foreach {request answer} {
        {SET k v} OK
        {SET k v EX 100} OK
        {SET k GET} OK
        {SET k v GET} {User u has no permissions to access the 'k' key}
        {SET k v IFEQ get} {User u has no permissions to access the 'k' key}
        {SET k v IFDNE 0123456789abcdef} {User u has no permissions to access the 'k' key}
        {DELEX k} OK
        {DELEX k IFEQ v} {User u has no permissions to access the 'k' key}
    } {
        expect [resp::ask $s ACL DRYRUN u {*}$request] $answer $request
    }
    close $s
}
test "ACL LOG names what was refused furthest (compat 1.8)" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s ACL SETUSER u on nopass +mget +publish ~key &a "(+mget ~key ~other)" "(+publish &b)"
    set u [resp::connect $server::port]
    resp::ask $u AUTH u x
    foreach {request object} {{MGET other x} x {MGET key x other} x {MGET other key z} z {MGET y other} y} {
        resp::ask $s ACL LOG RESET
        resp::ask $u {*}$request
        expect [resp::ask $s ACL LOG] "*reason key *object $object *" $request
        expect [resp::ask $s ACL DRYRUN u {*}$request] "*access the '$object' key" "DRYRUN $request"
    }
    close $u
    close $s
}
