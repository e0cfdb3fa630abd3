# Sorted sets: a large one through many changes.

test "a large sorted set keeps order through many changes" {
    server::start
    set s [resp::connect $server::port]
    expr {srand(7)}
    for {set i 0} {$i < 3000} {incr i} {
        set m m[expr {int(rand() * 1000)}]
        set score [expr {int(rand() * 500)}]
        if {rand() < 0.3} {
            resp::ask $s ZREM z $m
            unset -nocomplain want($m)
        } else {
            resp::ask $s ZADD z $score $m
            set want($m) $score
        }
    }
    set rows {}
    foreach {m score} [array get want] { lappend rows [list $score $m] }
    set rows [lsort -integer -index 0 [lsort -index 1 $rows]]
    set flat {}
    foreach row $rows { lappend flat [lindex $row 1] [lindex $row 0] }
    expect [resp::ask $s ZRANGE z 0 -1 WITHSCORES] "\\\[[join $flat]\\\]" range
    set n 0
    foreach row $rows { if {[lindex $row 0] >= 100 && [lindex $row 0] <= 200} { incr n } }
    expect [resp::ask $s ZCOUNT z 100 200] $n count
    close $s
}
