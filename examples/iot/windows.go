package main

import (
	"log"
	"strconv"

	"github.com/gomodule/redigo/redis"
)

// Only who has the message still may count it, and acknowledging is part of the act.
var count = redis.NewScript(3, `
if redis.call('XACKIF', KEYS[1], 'windows', ARGV[1], 'DELIVERY', ARGV[2], 'IDS', 1, ARGV[3])[1] ~= 1 then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[4], 1)
redis.call('HINCRBY', KEYS[3], ARGV[4], ARGV[5])
return 1`)

func countInTwoSteps(c redis.Conn, m message, window string) error {
	c.Send("HINCRBY", counts, window, 1)
	c.Send("HINCRBY", sums, window, m.fields["value"])
	if err := answered(c); err != nil {
		return err
	}
	mayDie() // between the effect and its acknowledgement: the next one counts it again
	return c.Send("XACK", readings, "windows", m.id)
}

// runWindows counts and sums the readings of each site in windows of the devices' clocks.
func runWindows() {
	work("windows", []string{readings}, func(c redis.Conn, m message) error {
		n, err := strconv.Atoi(m.fields["n"])
		if err != nil {
			log.Fatal(m.id, ": ", err)
		}
		window := windowOf(m.fields["site"], n)
		if *careless {
			return countInTwoSteps(c, m, window)
		}
		return count.Send(c, readings, counts, sums, *worker, m.delivery, m.id, window, m.fields["value"])
	})
}
