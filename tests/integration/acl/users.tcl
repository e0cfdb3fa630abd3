# Users, ACL files and ACL LOG: what is written is read again, and what a user loses is gone at once.

test "the file of users is read, written and read again" {
    set file [file normalize [file join [pwd] users-[pid].acl]]
    set f [open $file w]
    puts $f "user default on nopass ~* &* +@all"
    puts $f "user alice on >secret ~a* &* +get +set"
    close $f
    server::start --aclfile $file
    set s [resp::connect $server::port]
    expect [resp::ask $s ACL LIST] {*user alice on *~a* &\* -@all +get +set*} list
    expect [resp::ask $s ACL SETUSER bob on nopass ~* +ping] OK setuser
    expect [resp::ask $s ACL SAVE] OK save
    set f [open $file]
    expect [read $f] {*user bob on nopass *+ping*} saved
    close $f
    set b [resp::connect $server::port]
    expect [resp::ask $b AUTH bob x] OK bob
    set f [open $file w]
    puts $f "user carol on nopass +@all ~*"
    close $f
    expect [resp::ask $s ACL LOAD] OK load
    expect [resp::ask $s ACL USERS] {\[carol default\]} users
    expect [resp::read $b] (closed) "bob is gone"
    set f [open $file w]
    puts $f "user dave on +nope"
    close $f
    expect [resp::ask $s ACL LOAD] {!ERR *Unknown command*no change*} "a bad file changes nothing"
    expect [resp::ask $s ACL USERS] {\[carol default\]} users
    file delete $file
    close $s
}
test "users of the configuration file, and CONFIG REWRITE" {
    set file [file normalize [file join [pwd] users-[pid].conf]]
    set f [open $file w]
    puts $f "user alice on nopass ~* &* +@all"
    puts $f "user bob off"
    close $f
    server::start_with $file
    set s [resp::connect $server::port]
    expect [resp::ask $s ACL USERS] {\[alice bob default\]} users
    resp::ask $s ACL DELUSER bob
    resp::ask $s ACL SETUSER erin on >x +get ~e
    expect [resp::ask $s CONFIG REWRITE] OK rewrite
    set f [open $file]
    set text [read $f]
    close $f
    expect $text {*user erin on *#2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 ~e *} written
    if {[string match "*user bob*" $text]} { error "bob stayed" }
    file delete $file
    close $s
}
test "what is denied is kept" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s ACL SETUSER u on >pw ~a* +get
    set t [resp::connect $server::port]
    expect [resp::ask $t AUTH u wrong] !WRONGPASS* wrong
    expect [resp::ask $t AUTH u pw] OK right
    expect [resp::ask $t GET b] {!NOPERM No permissions to access a key} key
    expect [resp::ask $t SET a 1] {!NOPERM User u has no permissions to run the 'set' command} command
    expect [resp::ask $s ACL LOG] {*command*toplevel*set*u*key*toplevel*b*u*auth*AUTH*u*} log
    expect [resp::ask $s INFO stats] {*acl_access_denied_auth:1*acl_access_denied_cmd:1*acl_access_denied_key:1*} info
    expect [resp::ask $s ACL LOG RESET] OK reset
    expect [resp::ask $s ACL LOG] {\[\]} none
    expect [resp::ask $s CLIENT KILL USER u] 1 kill
    close $s
}
# A start that must be refused: what the log or the output says of it.
proc refused_start {args} {
    global server_path
    set dir [file join [pwd] refused-[pid]]
    file mkdir $dir
    catch {exec timeout 20 $server_path {*}$args --port [server::free_port] --bind 127.0.0.1 --dir $dir --logfile "" 2>@1} said
    file delete -force $dir
    return $said
}
proc used_memory {s} {
    regexp {used_memory:(\d+)} [resp::ask $s INFO memory] -> n
    return $n
}
proc write_file {path text} {
    set f [open $path w]
    puts -nonewline $f $text
    close $f
}
test "what users' rules hold is written so that it is read again (faults C2)" {
    set acl [file normalize [file join [pwd] odd-[pid].acl]]
    set conf [file normalize [file join [pwd] odd-[pid].conf]]
    set odd [list on nopass {~a"b} {~"} {&'c'} {%R~x\y} {~#} "~\x01\xff" {+get|a"b} {(~in) +get ~side)} {(+set|x))} "(+get|y) ~z)"]
    foreach {how options} [list --aclfile [list --aclfile $acl] config {}] {
        write_file $acl "user default on nopass ~* &* +@all\n"
        write_file $conf ""
        if {$how eq "config"} { server::start_with $conf } else { server::start {*}$options }
        set s [resp::connect $server::port]
        expect [resp::ask $s ACL SETUSER {od"d} {*}$odd] OK "$how: setuser"
        for {set i 0} {$i < 400} {incr i} { lappend many "~many:$i" }
        expect [resp::ask $s ACL SETUSER many {*}$many] OK "$how: many"
        set before [resp::ask $s ACL LIST]
        if {$how eq "config"} {
            expect [resp::ask $s CONFIG REWRITE] OK rewrite
            server::stop
            server::start_with $conf
        } else {
            expect [resp::ask $s ACL SAVE] OK save
            expect [resp::ask $s ACL LOAD] OK load
            expect [expr {[resp::ask $s ACL LIST] eq $before}] 1 "loaded"
            server::stop
            server::start {*}$options
        }
        set s [resp::connect $server::port]
        expect [expr {[resp::ask $s ACL LIST] eq $before}] 1 "$how: the same after a restart"
        close $s
        server::stop
    }
    file delete $acl $conf
}
test "no rule and no name can make a line of its own (faults C2)" {
    server::start
    set s [resp::connect $server::port]
    foreach rule [list "+get|x\nuser evil on nopass ~* &* +@all" "~a\nuser evil on" "&a\rb" "+get|a\x0bb" "%R~a b" "(~a\n)" "(+get|a\tb)"] {
        expect [resp::ask $s ACL SETUSER u $rule] {!ERR Error in ACL SETUSER modifier *} $rule
    }
    foreach name [list "u\nuser evil on" "a b" "a\tb" "a\rb" "a\x0bb" "a\x00b"] {
        expect [resp::ask $s ACL SETUSER $name on] {!ERR Usernames can't contain spaces or null characters} $name
    }
    expect [resp::ask $s ACL USERS] {\[default\]} users
    close $s
}
test "a user has one line (compat 1.5)" {
    set acl [file normalize [file join [pwd] twice-[pid].acl]]
    set conf [file normalize [file join [pwd] twice-[pid].conf]]
    write_file $acl "user default on nopass ~* &* +@all\n"
    server::start --aclfile $acl
    set s [resp::connect $server::port]
    foreach {name text line} {default "user default on nopass +@all\n\nuser default off\n" 3 u "user u on\nuser u off\n" 2} {
        write_file $acl $text
        expect [resp::ask $s ACL LOAD] "!ERR WARNING: Duplicate user '$name' found on line $line. *no change*" "$name: load"
        expect [resp::ask $s ACL LIST] {\[user default on nopass * +@all\]} "$name: nothing changed"
        expect [refused_start --aclfile $acl] "*Duplicate user '$name' found on line $line*" "$name: aclfile"
        write_file $conf "port 0\n$text"
        expect [refused_start $conf] "*Duplicate user '$name' found on line [expr {$line + 1}]*" "$name: configuration"
    }
    expect [refused_start --user default on --user default off] "*Duplicate user 'default' found*" "command line"
    close $s
    file delete $acl $conf
}
test "names of commands that are elsewhere (compat 15.2)" {
    set conf [file normalize [file join [pwd] foreign-[pid].conf]]
    write_file $conf "\n\nuser other on nopass +@all -cluster +replicaof -@search -json.get\nuser wrong +nosuch\n"
    expect [refused_start $conf] "*configuration file:4:*+nosuch*" "the line is named"
    write_file $conf "\n\nuser other on nopass +@all -cluster +replicaof -@search -json.get\n"
    server::start_with $conf
    set s [resp::connect $server::port]
    expect [resp::ask $s ACL LIST] {*user other on nopass * +@all -cluster +replicaof -@search -json.get\]} list
    expect [resp::ask $s ACL SETUSER u -@all +cluster|info +migrate -module|load +himport|x +migrate|x +ft.search +vadd +arset +@vectorset] OK setuser
    expect [resp::ask $s ACL GETUSER u] {*-@all +cluster|info +migrate -module|load +himport|x +migrate|x +ft.search +vadd +arset +@vectorset*} getuser
    expect [resp::ask $s ACL DRYRUN u GET x] {User u has no permissions to run the 'get' command} "they match nothing"
    expect [resp::ask $s ACL SETUSER u +cluster|] {!ERR * Syntax error} "no subcommand"
    foreach rule {+nosuch -nosuch +@nosuch +client|nosuch +clusters +cluste +json. +cluster|nosuch +module|x +himpor|x} {
        expect [resp::ask $s ACL SETUSER u $rule] {!ERR * Unknown command or category name in ACL} $rule
    }
    close $s
    file delete $conf
}
test "a password with a NUL byte survives CONFIG REWRITE (compat 1.4)" {
    set conf [file normalize [file join [pwd] nul-[pid].conf]]
    write_file $conf ""
    server::start_with $conf
    set s [resp::connect $server::port]
    expect [resp::ask $s CONFIG SET requirepass "abc\x00def"] OK set
    expect [resp::ask $s CONFIG REWRITE] OK rewrite
    server::stop
    server::start_with $conf
    set s [resp::connect $server::port]
    expect [resp::ask $s PING] !NOAUTH* "a password is needed"
    expect [resp::ask $s AUTH abc] !WRONGPASS* "a part of it"
    expect [resp::ask $s AUTH "abc\x00def"] OK "all of it"
    expect [resp::ask $s CONFIG SET requirepass "abc\x00def" proc-title-template "x\x00y"] {!ERR CONFIG SET failed*NUL byte} "texts"
    close $s
    file delete $conf
}
test "ACL LOAD closes the connections of users that changed, and no others (compat 1.6)" {
    set acl [file normalize [file join [pwd] load-[pid].acl]]
    write_file $acl "user default on nopass ~* &* +@all\n"
    server::start --aclfile $acl
    set s [resp::connect $server::port]
    set users {same password rights selector off gone}
    foreach u $users {
        resp::ask $s ACL SETUSER $u on >x ~* +@all "(%R~a +get)"
    }
    resp::ask $s ACL SAVE
    foreach u $users {
        set c($u) [resp::connect $server::port]
        expect [resp::ask $c($u) AUTH $u x] OK $u
    }
    resp::ask $s ACL SETUSER password <x >y
    resp::ask $s ACL SETUSER rights -get
    resp::ask $s ACL SETUSER selector clearselectors
    resp::ask $s ACL SETUSER off off
    resp::ask $s ACL DELUSER gone
    expect [resp::read $c(gone)] (closed) "DELUSER"
    expect [resp::ask $s ACL LOAD] OK load
    foreach u {password rights selector off} { expect [resp::read $c($u)] (closed) $u }
    expect [resp::ask $c(same) PING] PONG same
    expect [resp::ask $s PING] PONG default
    # Whoever loads and has changed gets the answer.
    set t [resp::connect $server::port]
    resp::ask $t AUTH same x
    write_file $acl "user default on nopass ~* &* +@all\nuser same on >z ~* +@all\n"
    expect [resp::ask $t ACL LOAD] OK "its own reply"
    expect [resp::read $t] (closed) "and the end"
    expect [resp::read $c(same)] (closed) "all of that user"
    close $s
    file delete $acl
}
test "ACL LOG names a wrong password's request, and where it stood" {
    server::start
    set s [resp::connect $server::port]
    resp::ask $s ACL SETUSER u on >pw
    resp::ask $s HELLO 2 AUTH u x
    resp::ask $s Auth u x
    resp::ask $s MULTI
    resp::ask $s auth u x
    resp::ask $s EXEC
    expect [resp::ask $s ACL LOG] {*auth*multi*auth*u*auth*toplevel*Auth*u*auth*toplevel*HELLO*u*} log
    close $s
}
test "ACL LOG keeps the beginning of what is long (faults M3)" {
    server::start --proto-max-bulk-len 100mb
    set s [resp::connect $server::port]
    resp::ask $s ACL SETUSER u on nopass +@all ~a &a
    set u [resp::connect $server::port]
    resp::ask $u AUTH u x
    set long [string repeat k 4000000]
    set before [used_memory $s]
    for {set i 0} {$i < 40} {incr i} {
        expect [resp::ask $u GET $i$long] !NOPERM* get
        expect [resp::ask $u PUBLISH $i$long x] !NOPERM* publish
        expect [resp::ask $s ACL DRYRUN u GET $i$long] "*has no permissions to access the '$i*" dryrun
        resp::ask $u AUTH $i$long x
        close $u
        set u [resp::connect $server::port]
        resp::ask $u AUTH u x
    }
    set log [resp::ask $s ACL LOG 200]
    if {[string length $log] > 500000} { error "the log has [string length $log] bytes" }
    if {[used_memory $s] > $before + 50000000} { error "the log holds [expr {[used_memory $s] - $before}] bytes" }
    close $u
    close $s
}
