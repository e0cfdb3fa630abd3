package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"strings"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/gomodule/redigo/redis"
)

const batch = 200 // and what the broker leaves unacknowledged

// store sends what one MQTT packet is here.
func store(c redis.Conn, packet packets.ControlPacket) error {
	p, ok := packet.(*packets.PublishPacket)
	if !ok { // from now on the broker keeps what comes
		return c.Send("SET", bridged, 1)
	}
	topic, text := p.TopicName, string(p.Payload)
	w := strings.Split(topic, "/") // plant, site, device, kind
	switch w[3] {
	case "done":
		return c.Send("SET", done, text)
	case "status":
		return c.Send("PUBLISH", "status."+w[1]+"."+w[2], text)
	}
	var n, v int
	if _, err := fmt.Sscan(text, &n, &v); err != nil {
		log.Fatal(topic, ": ", err)
	}
	args := redis.Args{readings}
	if !*careless {
		args = args.Add("IDMP", w[2], n) // one that comes again is known
	}
	return c.Send("XADD", args.Add("*", "routing-key", strings.Join(w[1:], "."), "site", w[1], "device", w[2], "n", n, "value", v)...)
}

// subscribed opens the session that the broker keeps while no bridge is there.
func subscribed() net.Conn {
	m, err := net.Dial("tcp", fmt.Sprint(host, *mqtt))
	if err != nil {
		log.Fatal(err)
	}
	hello := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	hello.ProtocolName, hello.ProtocolVersion, hello.ClientIdentifier, hello.CleanSession = "MQTT", 4, "bridge", false
	hello.Write(m)
	wish := packets.NewControlPacket(packets.Subscribe).(*packets.SubscribePacket)
	wish.MessageID, wish.Topics, wish.Qoss = 1, []string{"plant/#"}, []byte{1}
	wish.Write(m)
	return m
}

// runBridge carries messages over, a batch at a time, and acknowledges to the broker what the server has answered. The client of paho would
// acknowledge before: so the bridge speaks MQTT by paho's packets.
func runBridge() {
	m := subscribed()
	came := make(chan packets.ControlPacket, batch)
	go func() {
		for in := bufio.NewReader(m); ; {
			p, err := packets.ReadPacket(in)
			if err != nil {
				log.Fatal(err)
			}
			if _, ok := p.(*packets.ConnackPacket); !ok {
				came <- p
			}
		}
	}()
	for p := range came {
		all := []packets.ControlPacket{p}
		for len(came) > 0 && len(all) < batch {
			all = append(all, <-came)
		}
		again(func(c redis.Conn) error {
			for _, p := range all {
				if err := store(c, p); err != nil {
					return err
				}
			}
			return answered(c)
		})
		mayDie() // what was stored comes again, to the next bridge
		out := bufio.NewWriter(m)
		for _, p := range all {
			if p, ok := p.(*packets.PublishPacket); ok {
				ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
				ack.MessageID = p.MessageID
				ack.Write(out)
			}
		}
		out.Flush()
	}
}
