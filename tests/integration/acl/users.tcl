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
