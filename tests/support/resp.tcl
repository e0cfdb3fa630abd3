# A small RESP client and a server to talk to.
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
    proc send {s how args} {
        set bytes [encode {*}$args]
        fconfigure $s -blocking 1
        if {$how eq "dribble"} {
            foreach c [split $bytes ""] { puts -nonewline $s $c }
        } else {
            puts -nonewline $s $bytes
        }
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
        send $s whole {*}$args
        return [read $s]
    }
}

namespace eval server {
    variable port 0 pid 0 dir "" path "" chan "" config ""
    proc free_port {} {
        set s [socket -server {} -myaddr 127.0.0.1 0]
        set p [lindex [fconfigure $s -sockname] 2]
        close $s
        return $p
    }
    proc start {args} {
        variable port
        variable pid
        variable dir
        variable path
        variable config
        if {$dir eq ""} {
            set dir [file join /tmp "millrace-test-[::pid]-[clock microseconds]"]
            file mkdir $dir
        }
        # Somebody may take the port before the server has it.
        for {set i 0} {1} {incr i} {
            set port [free_port]
            set pid [exec $path {*}$config --port $port --bind 127.0.0.1 --dir $dir --save {} --enable-debug-command yes \
                         --unixsocket [file join $dir sock] {*}$args >>& [file join $dir log] &]
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
        for {set i 0} {$i < 500} {incr i} {
            # A server that is about to refuse its files listens for a moment, and closes.
            if {[listens] && ![catch {resp::connect $port} s]} {
                if {[catch {resp::ask $s PING} r]} { set r (closed) }
                catch {close $s}
                if {![string match "!LOADING*" $r] && $r ne "(closed)"} { return }
            }
            if {![alive]} { break }
            after 20
        }
        error "the server did not start, see $dir/log"
    }
    # A child that was not waited for is gone as well.
    proc alive {} {
        variable pid
        if {[catch {open /proc/$pid/stat} f]} { return 0 }
        if {[catch {read $f} text]} { set text "" }
        close $f
        return [expr {[lindex [split $text " "] 2] ni {Z X ""}}]
    }
    proc stop {{signal TERM}} {
        variable pid
        catch {exec sh -c "kill -$signal $pid"}
        for {set i 0} {$i < 500} {incr i} {
            if {![alive]} { return }
            after 10
        }
        error "the server did not stop"
    }
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
