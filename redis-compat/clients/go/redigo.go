// Redigo (Debian's golang-github-gomodule-redigo-dev): pools, pipelines, transactions, scripts, pub/sub, streams. The server comes from
// on_server.sh.
package main

import (
	"fmt"
	"os"
	"reflect"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
)

var bad = 0

func check(name string, good bool, seen ...interface{}) {
	if good {
		fmt.Println("ok redigo:", name)
		return
	}
	bad++
	fmt.Println("not ok redigo:", name, seen)
}

func main() {
	pool := &redis.Pool{MaxIdle: 4, MaxActive: 16, Wait: true, IdleTimeout: time.Minute,
		Dial:         func() (redis.Conn, error) { return redis.Dial("tcp", "127.0.0.1:"+os.Getenv("PORT"), redis.DialReadTimeout(10*time.Second)) },
		TestOnBorrow: func(c redis.Conn, t time.Time) error { _, err := c.Do("PING"); return err }}
	c := pool.Get()
	defer c.Close()

	ok, err := redis.String(c.Do("SET", "a", 1, "EX", 100))
	n, _ := redis.Int(c.Do("INCRBY", "a", 4))
	check("strings", ok == "OK" && n == 5, ok, err, n)
	_, err = redis.String(c.Do("GET", "nothing"))
	check("nil", err == redis.ErrNil, err)

	c.Send("INCR", "n")
	c.Send("RPUSH", "l", "x", "y")
	c.Send("LRANGE", "l", 0, -1)
	c.Flush()
	one, _ := redis.Int(c.Receive())
	two, _ := redis.Int(c.Receive())
	list, _ := redis.Strings(c.Receive())
	check("a pipeline", one == 1 && two == 2 && reflect.DeepEqual(list, []string{"x", "y"}), one, two, list)

	c.Send("MULTI")
	c.Send("INCR", "n")
	c.Send("GET", "n")
	values, err := redis.Values(c.Do("EXEC"))
	check("a transaction", err == nil && len(values) == 2 && values[0] == int64(2), values, err)

	type order struct {
		Name  string `redis:"name"`
		Count int    `redis:"count"`
	}
	c.Do("HSET", redis.Args{}.Add("h").AddFlat(&order{"x", 3})...)
	values, _ = redis.Values(c.Do("HGETALL", "h"))
	var got order
	check("a structure in a hash", redis.ScanStruct(values, &got) == nil && got == order{"x", 3}, got)

	script := redis.NewScript(1, "return redis.call('INCRBY', KEYS[1], ARGV[1])")
	first, err := redis.Int(script.Do(c, "counter", 5))
	script.Load(c)
	second, err2 := redis.Int(script.Do(c, "counter", 5))
	check("a script", first == 5 && second == 10, first, err, second, err2)

	var wg sync.WaitGroup
	for i := 0; i < 16; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 100; j++ {
				k := pool.Get()
				k.Do("INCR", "many")
				k.Close()
			}
		}()
	}
	wg.Wait()
	many, _ := redis.Int(c.Do("GET", "many"))
	check("sixteen routines share a pool", many == 1600, many)

	popped := make(chan []string)
	go func() {
		k := pool.Get()
		defer k.Close()
		v, _ := redis.Strings(k.Do("BLPOP", "q", 5))
		popped <- v
	}()
	time.Sleep(100 * time.Millisecond)
	c.Do("RPUSH", "q", "job")
	v := <-popped
	check("a blocking pop", reflect.DeepEqual(v, []string{"q", "job"}), v)

	heard := make(chan string)
	ready := make(chan bool)
	go func() {
		k := redis.PubSubConn{Conn: pool.Get()}
		defer k.Close()
		k.PSubscribe("ch*")
		for {
			switch m := k.Receive().(type) {
			case redis.Subscription:
				if m.Kind == "psubscribe" {
					ready <- true
				}
			case redis.Message:
				heard <- m.Channel + " " + string(m.Data)
				k.PUnsubscribe()
				return
			case error:
				heard <- m.Error()
				return
			}
		}
	}()
	<-ready
	c.Do("PUBLISH", "channel", "hello")
	m := <-heard
	check("pub/sub", m == "channel hello", m)

	c.Do("XGROUP", "CREATE", "st", "g", "0", "MKSTREAM")
	id, _ := redis.String(c.Do("XADD", "st", "*", "f", "v"))
	streams, err := redis.Values(c.Do("XREADGROUP", "GROUP", "g", "c", "COUNT", 5, "STREAMS", "st", ">"))
	acked, _ := redis.Int(c.Do("XACK", "st", "g", id))
	check("a stream and its group", err == nil && len(streams) == 1 && acked == 1, streams, err)

	_, err = c.Do("LPUSH", "a", 1)
	_, isError := err.(redis.Error)
	check("an error", isError, err)
	if bad > 0 {
		os.Exit(1)
	}
}
