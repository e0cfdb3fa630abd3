package main

import (
	"strings"

	"github.com/gomodule/redigo/redis"
)

// A device is heard: its alert, a message for later, moves away. One that has come up already is replaced.
var heard = redis.NewScript(5, `
if redis.call('XACKIF', KEYS[1], 'watch', ARGV[1], 'DELIVERY', ARGV[2], 'IDS', 1, ARGV[3])[1] ~= 1 then return 0 end
if redis.call('SISMEMBER', KEYS[4], ARGV[4]) == 1 then return 0 end
local id = redis.call('HGET', KEYS[3], ARGV[4])
id = id and redis.call('XSCHED', 'MOVE', KEYS[2], id, 'DELAY', ARGV[5])
id = id or redis.call('XADD', KEYS[2], 'DELAY', ARGV[5], '*', 'device', ARGV[4])
redis.call('HSET', KEYS[3], ARGV[4], id)
redis.call('SREM', KEYS[5], ARGV[4])
return 1`)

// A device says goodbye: its alert is cancelled, and readings that are still on their way bring no other one.
var goodbye = redis.NewScript(5, `
if redis.call('XACKIF', KEYS[1], 'watch', ARGV[1], 'DELIVERY', ARGV[2], 'IDS', 1, ARGV[3])[1] ~= 1 then return 0 end
local id = redis.call('HGET', KEYS[3], ARGV[4])
if id then redis.call('XDEL', KEYS[2], id) end
redis.call('HDEL', KEYS[3], ARGV[4])
redis.call('SADD', KEYS[4], ARGV[4])
redis.call('SREM', KEYS[5], ARGV[4])
return 1`)

// An alert has come up. If the device was heard meanwhile, there is another one that has not.
var alert = redis.NewScript(4, `
if redis.call('XACKIF', KEYS[1], 'alerts', ARGV[1], 'DELIVERY', ARGV[2], 'IDS', 1, ARGV[3])[1] ~= 1 then return 0 end
local id = redis.call('HGET', KEYS[2], ARGV[4])
if not id or #redis.call('XSCHED', 'RANGE', KEYS[1], id, id) > 0 then return 0 end
redis.call('HDEL', KEYS[2], ARGV[4])
redis.call('SADD', KEYS[3], ARGV[4])
redis.call('HINCRBY', KEYS[4], ARGV[4], 1)
return 1`)

// runWatch hears devices: what they measure, and what they say of themselves.
func runWatch() {
	work("watch", []string{status, readings}, func(c redis.Conn, m message) error {
		device, script := m.fields["device"], heard
		if m.stream == status {
			channel := strings.Split(m.fields["channel"], ".")
			device = channel[len(channel)-1]
			if m.fields["message"] == "offline" {
				script = goodbye
			}
		}
		return script.Send(c, m.stream, silence, armed, gone, silent, *worker, m.delivery, m.id, device, quiet)
	})
}

// runAlerts tells of devices that are silent, as fast as the queue's RATE lets it.
func runAlerts() {
	work("alerts", []string{silence}, func(c redis.Conn, m message) error {
		return alert.Send(c, silence, armed, silent, told, *worker, m.delivery, m.id, m.fields["device"])
	})
}
