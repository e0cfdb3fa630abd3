// The programs of this example in one: iot devices, bridge, windows, watch, alerts, audit. What they share is here: names of keys, what a device
// measures, a connection that outlives the server, and the loop of a worker.
package main

import (
	"flag"
	"fmt"
	"log"
	"math/rand"
	"os"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

const (
	readings = "{iot}:readings" // what devices have measured
	doors    = "{iot}:doors"    // copies of what doors have said
	status   = "{iot}:status"   // what was published on status.*
	silence  = "{iot}:silence"  // alerts that come up unless somebody moves them
	counts   = "{iot}:counts"   // of a window of a site: how many readings,
	sums     = "{iot}:sums"     // and their sum
	armed    = "{iot}:armed"    // of a device: its alert
	gone     = "{iot}:gone"     // devices that have said goodbye
	silent   = "{iot}:silent"   // devices that have not, and are not heard
	told     = "{iot}:told"     // of a device: how often it was told of
	bridged  = "{iot}:bridged"  // set when the bridge has its session at the broker
	done     = "{iot}:done"     // set when nothing comes any more
)

const (
	lease  = 2000 // ms
	quiet  = 5000 // ms without a word after which a device is silent; in a plant: minutes
	window = 10   // seconds of a device's clock, of which each reading takes one
	sites  = 8
)

var (
	host     = "127.0.0.1:"
	parent   = os.Getppid()
	port     = flag.Int("port", 6379, "of the server")
	mqtt     = flag.Int("mqtt", 1883, "port of the MQTT broker")
	worker   = flag.String("name", "w", "of the worker, each its own")
	devices  = flag.Int("devices", 2000, "how many there are")
	each     = flag.Int("readings", 100, "of each device")
	pace     = flag.Duration("pace", 250*time.Millisecond, "between two readings of a device")
	deaths   = flag.Float64("deaths", 0, "how likely a worker dies at a dangerous moment")
	careless = flag.Bool("careless", false, "breaks a promise: effect and acknowledgement are two steps, and a reading that comes again is a new one")
)

func name(d int) string   { return fmt.Sprintf("device-%04d", d) }
func site(d int) string   { return fmt.Sprintf("site-%d", d%sites) }
func value(d, n int) int  { return 150 + (d*31+n*17)%100 }
func vanishes(d int) bool { return d%20 == 7 } // stops in the middle, without a word

func kind(d int) string {
	if d%10 == 9 {
		return "door"
	}
	return "temperature"
}

func sends(d int) int {
	if vanishes(d) {
		return *each / 2
	}
	return *each
}

func windowOf(site string, n int) string { return fmt.Sprintf("%s %d", site, n/window) }

var conn redis.Conn

// again does it until the server answers. A step that is repeated may have happened already: it has to be one that may.
func again(step func(c redis.Conn) error) {
	for {
		if os.Getppid() != parent || parent == 1 {
			os.Exit(0) // whoever has started this has ended
		}
		var err error
		if conn == nil {
			conn, err = redis.Dial("tcp", fmt.Sprint(host, *port), redis.DialReadTimeout(time.Minute))
		}
		if err == nil {
			if err = step(conn); err == nil {
				return
			}
			conn.Close()
		}
		if e, ok := err.(redis.Error); ok && !strings.HasPrefix(string(e), "LOADING") {
			log.Fatal(e)
		}
		conn = nil
		time.Sleep(50 * time.Millisecond)
	}
}

// answered flushes what was sent, and waits for all answers.
func answered(c redis.Conn) error {
	replies, err := redis.Values(c.Do(""))
	for _, r := range replies {
		if e, ok := r.(redis.Error); ok {
			return e
		}
	}
	return err
}

// mayDie is a worker that is killed, here: at the worst place.
func mayDie() {
	if rand.Float64() < *deaths {
		os.Exit(1)
	}
}

type message struct {
	stream, id string
	fields     map[string]string
	delivery   int // 1: the first
}

// messagesOf reads the answer to XREADGROUP CLAIM, in which each message says how long it was idle and how often it was delivered before.
func messagesOf(reply interface{}) (all []message, err error) {
	streams, err := redis.Values(reply, nil)
	for _, s := range streams {
		var key string
		var entries []interface{}
		if _, err = redis.Scan(s.([]interface{}), &key, &entries); err != nil {
			return nil, err
		}
		for _, e := range entries {
			m, flat, idle := message{stream: key}, []interface{}{}, 0
			if _, err = redis.Scan(e.([]interface{}), &m.id, &flat, &idle, &m.delivery); err != nil {
				return nil, err
			}
			if m.fields, err = redis.StringMap(flat, nil); err != nil {
				return nil, err
			}
			m.delivery++
			all = append(all, m)
		}
	}
	return all, nil
}

// work reads messages of a group for ever; act sends what is to be done with one of them.
func work(group string, streams []string, act func(c redis.Conn, m message) error) {
	args := redis.Args{"GROUP", group, *worker, "COUNT", 100, "BLOCK", 1000, "CLAIM", lease, "STREAMS"}.AddFlat(streams)
	for range streams {
		args = args.Add(">")
	}
	for {
		again(func(c redis.Conn) error {
			got, err := c.Do("XREADGROUP", args...)
			if err != nil || got == nil {
				return err
			}
			messages, err := messagesOf(got)
			if err != nil {
				return err
			}
			mayDie()
			for _, m := range messages {
				if err := act(c, m); err != nil {
					return err
				}
			}
			err = answered(c)
			mayDie()
			return err
		})
	}
}

func main() {
	programs := map[string]func(){"devices": runDevices, "bridge": runBridge, "windows": runWindows, "watch": runWatch, "alerts": runAlerts, "audit": runAudit}
	if len(os.Args) < 2 || programs[os.Args[1]] == nil {
		log.Fatal("usage: iot devices|bridge|windows|watch|alerts|audit [OPTION...]")
	}
	flag.CommandLine.Parse(os.Args[2:])
	rand.Seed(time.Now().UnixNano())
	programs[os.Args[1]]()
}
