# The RESP client and the server launcher of the tests in Tcl, and what they wait for.

# Until the expression is true. Nothing is judged by the time it takes: the limit only ends what hangs.
proc until {what condition} {
    set end [expr {[clock seconds] + 90}]
    while {![uplevel 1 [list expr $condition]]} {
        if {[clock seconds] > $end} { error "it does not come: $what" }
        after 10
    }
}

namespace eval resp {
    # Nobody waits longer than this for a reply: a test that hangs fails, and says where.
    variable patience_ms 60000
    variable late 0
    proc connect {port} {
        set s [socket 127.0.0.1 $port]
        fconfigure $s -translation binary -buffering none -buffersize 100000 -blocking 0
        return $s
    }
    # Waits until there is something to read (or the end of the stream).
    proc wait_readable {s} {
        variable patience_ms
        variable late
        set late waiting
        set timer [after $patience_ms {set resp::late 1}]
        fileevent $s readable {set resp::late 0}
        vwait resp::late
        fileevent $s readable {}
        after cancel $timer
        if {$late} { error "no reply within $patience_ms ms" }
    }
    proc line {s name} {
        upvar $name line
        while {[set n [gets $s line]] < 0} {
            if {[eof $s]} { return 0 }
            wait_readable $s
        }
        return 1
    }
    proc bytes {s n} {
        set out [::read $s $n]
        while {[string length $out] < $n && ![eof $s]} {
            wait_readable $s
            append out [::read $s [expr {$n - [string length $out]}]]
        }
        return $out
    }
    proc encode {args} {
        set out "*[llength $args]\r\n"
        foreach a $args {
            set a [encoding convertto utf-8 $a]
            append out "\$[string length $a]\r\n$a\r\n"
        }
        return $out
    }
    proc send {s args} {
        fconfigure $s -blocking 1
        puts -nonewline $s [encode {*}$args]
        fconfigure $s -blocking 0
    }
    # One reply as text: (nil), an integer, a string, !error, [a b], {k v} flattened to [k v].
    proc read {s} {
        if {![line $s line]} { return "(closed)" }
        set line [string trimright $line "\r"]
        set kind [string index $line 0]
        set rest [string range $line 1 end]
        switch -- $kind {
            + - : - ( - , { return $rest }
            - { return "!$rest" }
            _ { return "(nil)" }
            # { return [expr {$rest eq "t"}] }
            $ - = {
                if {$rest < 0} { return "(nil)" }
                set body [bytes $s [expr {$rest + 2}]]
                set body [string range $body 0 end-2]
                return [expr {$kind eq "=" ? [string range $body 4 end] : $body}]
            }
            * - ~ - > - % - | {
                if {$rest < 0} { return "(nil)" }
                set n [expr {$kind in {% |} ? $rest * 2 : $rest}]
                set out {}
                for {set i 0} {$i < $n} {incr i} { lappend out [read $s] }
                if {$kind eq "|"} { return [read $s] }
                return "\[[join $out { }]\]"
            }
        }
        return "(not RESP: $line)"
    }
    proc ask {s args} {
        send $s {*}$args
        return [read $s]
    }
    # A field of INFO.
    proc field {s name} {
        if {![regexp "\n$name:(\[^\r\n\]*)" [ask $s INFO everything] -> value]} { error "INFO has no $name" }
        return $value
    }
    # Until INFO looks like the pattern.
    proc until_info {s pattern} {
        until "INFO with $pattern" {[string match $pattern [ask $s INFO everything]]}
    }
    # Until no snapshot and no rewrite is under way or will begin.
    proc until_idle {s} {
        until_info $s "*rdb_bgsave_in_progress:0*aof_rewrite_in_progress:0*aof_rewrite_scheduled:0*"
    }
    # Until the server has read what was sent on other connections before.
    proc settle {s} {
        ask $s ECHO settled
        ask $s ECHO settled
    }
    # Whether nothing has come.
    proc silent {s} { return [expr {[::read $s] eq ""}] }
}

namespace eval server {
    variable port 0 pid 0 dir "" path "" chan "" config ""
    # One that nobody listens on, below those that the kernel gives to outgoing connections.
    proc free_port {} {
        for {set i 0} {1} {incr i} {
            set p [expr {10000 + int(rand() * 22000)}]
            if {![catch {socket -server {} -myaddr 127.0.0.1 $p} s]} { break }
            if {$i == 100} { error "no free port: $s" }
        }
        close $s
        return $p
    }
    # Starts the executable `path` in `dir`, and does not wait for it.
    proc launch {args} {
        variable port
        variable pid
        variable dir
        variable path
        variable config
        if {$dir eq ""} {
            set dir [file join /tmp "millrace-test-[::pid]-[clock microseconds]"]
            file mkdir $dir
        }
        set port [free_port]
        set pid [exec $path {*}$config --port $port --bind 127.0.0.1 --dir $dir --save {} --enable-debug-command yes \
                     --unixsocket [file join $dir sock] {*}$args >>& [file join $dir log] &]
    }
    proc start {args} {
        variable port
        # Somebody may take the port before the server has it.
        for {set i 0} {1} {incr i} {
            launch {*}$args
            if {![catch {wait} why]} { return }
            if {$i == 2 || ![string match "*Failed listening on port $port *" [log]]} { error $why }
        }
    }
    # With a configuration file.
    proc start_with {file args} {
        variable config
        set config [list $file]
        set failed [catch {start {*}$args} why]
        set config ""
        if {$failed} { error $why }
    }
    # Whether it is our process that listens on the port: between free_port and its start somebody
    # else's may have taken it.
    proc listens {} {
        variable port
        variable pid
        foreach table {/proc/net/tcp /proc/net/tcp6} {
            if {[catch {open $table} f]} { continue }
            set text [read $f]
            close $f
            foreach line [lsearch -all -inline -glob [split $text \n] [format "*:%04X *:0000 0A *" $port]] {
                set inode [lindex $line 9]
                foreach fd [glob -nocomplain /proc/$pid/fd/*] {
                    if {![catch {file readlink $fd} to] && $to eq "socket:\[$inode\]"} { return 1 }
                }
            }
        }
        return 0
    }
    # Until the process `pid` answers at `port` with its data loaded.
    proc wait {} {
        variable port
        variable dir
        for {set end [expr {[clock seconds] + 180}]} {[clock seconds] < $end} {} {
            # A server that is about to refuse its files listens for a moment, and closes.
            if {[listens] && ![catch {resp::connect $port} s]} {
                if {[catch {resp::ask $s PING} r]} { set r (closed) }
                catch {close $s}
                if {![string match "!LOADING*" $r] && $r ne "(closed)"} { return }
            }
            if {![alive]} { break }
            after 10
        }
        error "the server did not start: [string range [log] end-600 end]"
    }
    # A child that was not waited for is gone as well.
    proc alive {} {
        variable pid
        if {[catch {open /proc/$pid/stat} f]} { return 0 }
        if {[catch {read $f} text]} { set text "" }
        close $f
        # While other threads of it end, the files of one that is a zombie already are still open.
        return [expr {[lindex [split $text " "] 2] ni {Z X ""} || [llength [glob -nocomplain /proc/$pid/task/*]] > 1}]
    }
    proc stop {{signal TERM}} {
        variable pid
        catch {exec sh -c "kill -$signal $pid"}
        until_dead
    }
    proc until_dead {} { until "the end of the server" {![alive]} }
    # The process that writes a snapshot or a base, or nothing.
    proc child {} {
        variable pid
        if {[catch {open /proc/$pid/task/$pid/children} f]} { return "" }
        set child [string trim [read $f]]
        close $f
        return $child
    }
    proc until_child {} {
        until "a child" {[child] ne ""}
        return [child]
    }
    proc until_log {pattern} { until "a log with $pattern" {[string match $pattern [log]]} }
    proc log {} {
        variable dir
        set f [open [file join $dir log]]
        set text [read $f]
        close $f
        return $text
    }
    proc forget {} {
        variable dir
        file delete -force $dir
        set dir ""
    }
}
