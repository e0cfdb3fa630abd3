package main

import (
	"fmt"
	"log"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// say publishes with QoS 1 and waits until the broker has it.
func say(c paho.Client, topic string, text interface{}) {
	if t := c.Publish(topic, 1, false, fmt.Sprint(text)); t.Wait() && t.Error() != nil {
		log.Fatal(topic, ": ", t.Error())
	}
}

func dial(id string) paho.Client {
	options := paho.NewClientOptions().AddBroker(fmt.Sprint("tcp://", host, *mqtt)).SetClientID(id).SetConnectTimeout(5 * time.Minute)
	c := paho.NewClient(options)
	if t := c.Connect(); t.Wait() && t.Error() != nil {
		log.Fatal(id, ": ", t.Error())
	}
	return c
}

// live is a device from its first word to its last one, which those that vanish do not say: they keep their connection, and nothing comes.
func live(d int, c paho.Client) {
	topic := "plant/" + site(d) + "/" + name(d) + "/"
	say(c, topic+"status", "online")
	for n := 0; n < sends(d); n++ {
		say(c, topic+kind(d), fmt.Sprint(n, " ", value(d, n)))
		time.Sleep(*pace)
	}
	if !vanishes(d) {
		say(c, topic+"status", "offline")
	}
}

// runDevices is all of them, each with a connection of its own.
func runDevices() {
	var all sync.WaitGroup
	gate, begin := make(chan bool, 50), time.Now()
	for d := 0; d < *devices; d++ {
		all.Add(1)
		go func(d int) {
			defer all.Done()
			gate <- true // not all connect at once
			c := dial(name(d))
			<-gate
			live(d, c)
		}(d)
	}
	all.Wait()
	say(dial("last"), "plant/all/all/done", 1)
	fmt.Printf("%d devices have said all in %.0f s\n", *devices, time.Since(begin).Seconds())
}
