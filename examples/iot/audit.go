package main

import (
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

var passed, failed int

func promise(what string, kept bool, seen ...interface{}) {
	verdict := "ok "
	if passed++; !kept {
		verdict = "not ok "
		passed, failed = passed-1, failed+1
	}
	fmt.Println(verdict+what+":", fmt.Sprint(seen...))
}

func ask(c redis.Conn, command string, args ...interface{}) interface{} {
	reply, err := c.Do(command, args...)
	if err != nil {
		log.Fatal(command, ": ", err)
	}
	return reply
}

func number(c redis.Conn, command string, args ...interface{}) int {
	n, err := redis.Int(ask(c, command, args...), nil)
	if err != nil {
		log.Fatal(command, ": ", err)
	}
	return n
}

// info is a number of INFO memory.
func info(c redis.Conn, field string) (n int) {
	text, _ := redis.String(ask(c, "INFO", "memory"), nil)
	fmt.Sscan(strings.SplitN(text, "\n"+field+":", 2)[1], &n)
	return
}

// eachIsCountedOnce compares what the workers have counted with what the devices have measured.
func eachIsCountedOnce(c redis.Conn) {
	gotCounts, _ := redis.IntMap(ask(c, "HGETALL", counts), nil)
	gotSums, _ := redis.IntMap(ask(c, "HGETALL", sums), nil)
	wantCounts, wantSums, measured, counted, wrong := map[string]int{}, map[string]int{}, 0, 0, 0
	for d := 0; d < *devices; d++ {
		for n := 0; n < sends(d); n++ {
			w := windowOf(site(d), n)
			wantCounts[w]++
			wantSums[w] += value(d, n)
			measured++
		}
	}
	for w := range wantCounts {
		counted += gotCounts[w]
		if gotCounts[w] != wantCounts[w] || gotSums[w] != wantSums[w] {
			wrong++
		}
	}
	promise("each reading is counted once, in its window", wrong == 0 && len(gotCounts) == len(wantCounts),
		measured, " measured, ", counted, " counted, ", wrong, " of ", len(wantCounts), " windows are wrong")
}

func doorsHaveTheirCopies(c redis.Conn) {
	want := 0
	for d := 0; d < *devices; d++ {
		if kind(d) == "door" {
			want += sends(d)
		}
	}
	stream, _ := redis.Values(ask(c, "XINFO", "STREAM", doors), nil)
	got := 0
	for i := 0; i+1 < len(stream); i += 2 {
		if field, _ := redis.String(stream[i], nil); field == "entries-added" {
			got, _ = redis.Int(stream[i+1], nil)
		}
	}
	promise("what doors say is in a stream of its own as well", got == want, got, " of ", want)
}

func statusIsKept(c redis.Conn) {
	last := map[string]string{}
	entries, _ := redis.Values(ask(c, "XRANGE", status, "-", "+"), nil)
	for _, e := range entries {
		f, _ := redis.StringMap(e.([]interface{})[1], nil)
		last[f["channel"]] = f["message"]
	}
	right := 0
	for d := 0; d < *devices; d++ {
		said := last["status."+site(d)+"."+name(d)]
		if (said == "online" && vanishes(d)) || (said == "offline" && !vanishes(d)) {
			right++
		}
	}
	promise("what devices have published of themselves is kept", right == *devices, right, " of ", *devices, " devices")
}

func whoIsSilentIsKnown(c redis.Conn) {
	names, _ := redis.Strings(ask(c, "SMEMBERS", silent), nil)
	known := map[string]bool{}
	for _, n := range names {
		known[n] = true
	}
	want, missed := 0, 0
	for d := 0; d < *devices; d++ {
		if vanishes(d) {
			want++
			if !known[name(d)] {
				missed++
			}
		}
	}
	back := number(c, "HLEN", told) - len(names)
	promise("who has fallen silent is told of, and nobody else in the end", missed == 0 && len(names) == want,
		len(names), " of ", want, " are silent; ", back, " were late, and came back")
}

// oldOnesGo waits: what doors said goes when it is as old as MAXAGE says, and a reading has gone when both groups were done with it.
func oldOnesGo(c redis.Conn) {
	left := 0
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if left = number(c, "XLEN", readings) + number(c, "XLEN", doors); left == 0 || time.Now().After(end) {
			break
		}
	}
	promise("what is done with or old goes by itself", left == 0, left, " messages are left")
}

func nothingIsLeft(c redis.Conn) {
	var left []int
	for _, g := range [][]string{{readings, "windows"}, {readings, "watch"}, {status, "watch"}, {silence, "alerts"}} {
		pending, _ := redis.Values(ask(c, "XPENDING", g[0], g[1]), nil)
		n, _ := redis.Int(pending[0], nil)
		left = append(left, n)
	}
	later := number(c, "XSCHED", "LEN", silence)
	promise("nothing is left over", fmt.Sprint(left, later) == "[0 0 0 0] 0", "pending ", left, ", for later ", later)
}

// runAudit looks at all that was promised, when all is done.
func runAudit() {
	again(func(c redis.Conn) error {
		eachIsCountedOnce(c)
		doorsHaveTheirCopies(c)
		statusIsKept(c)
		whoIsSilentIsKnown(c)
		peak, limit := info(c, "used_memory_peak"), info(c, "maxmemory")
		promise("memory stays below its limit", peak > 0 && peak <= limit, peak>>20, " of ", limit>>20, " MB")
		oldOnesGo(c)
		nothingIsLeft(c)
		return nil
	})
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
