#!/usr/bin/env python3
"""Order of arrival: requests of several connections run in the order in which they came, and their replies are sent in it.

order.py SERVER      prints "ok ..." and "not ok ..." lines

The server is stopped by a signal while requests are sent, so that all of them are there in one turn of its loop (faults B3). Nothing depends
on how fast anything is: a round waits for replies only.
"""
import os, random, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import check, done  # noqa: E402
from server import Server      # noqa: E402

MANY = 100  # more than the kernel names in one call


def pushes(s, conns, rng):
    """Every connection pushes its number; the list is the order."""
    order = list(range(len(conns)))
    rng.shuffle(order)
    s.stop()
    for i in order:
        conns[i].send("RPUSH", "order", i)
    s.go_on()
    lengths = [conns[i].answer() for i in order]
    got = [int(x) for x in conns[0].do("LRANGE", "order", 0, -1)]
    conns[0].do("DEL", "order")
    return got == order and lengths == list(range(1, len(order) + 1)), (order, got)


def waiters(s, conns, rng):
    """Who waited first is served first."""
    order = list(range(1, len(conns)))
    rng.shuffle(order)
    s.stop()
    for i in order:
        conns[i].send("BLPOP", "work", 0)
    conns[0].send("RPUSH", "work", *order)
    s.go_on()
    got = [int(conns[i].answer()[1]) for i in order]
    conns[0].answer()
    return got == order, (order, got)


def messages(s, conns, rng):
    """A message behind a subscription on another connection is heard, one before it is not."""
    order = list(range(len(conns)))
    rng.shuffle(order)
    heard = []
    s.stop()
    for n, i in enumerate(order):
        conns[i].send(*(("PUBLISH", "news", n) if n % 3 == 2 else ("SUBSCRIBE", "news")))
    s.go_on()
    good = True
    for n, i in enumerate(order):
        if n % 3 == 2:
            there = conns[i].answer()
            good = good and there == n - n // 3
            heard.append(there)
            continue
        good = good and conns[i].answer()[0] == b"subscribe"
        for m in range(n, len(order)):
            if m % 3 == 2:
                good = good and conns[i].answer() == [b"message", b"news", b"%d" % m]
        good = good and conns[i].do("UNSUBSCRIBE", "news")[0] == b"unsubscribe"
    return good, heard


def accepted(s, connect, old):
    """New connections: their requests run in the order in which they connected, before those of an open one that came behind them all."""
    s.stop()
    new = []
    for i in range(20):
        c = connect()
        c.send("RPUSH", "order", i)
        new.append(c)
    old.send("RPUSH", "order", 20)
    s.go_on()
    for c in new + [old]:
        c.answer()
    got = [int(x) for x in old.do("LRANGE", "order", 0, -1)]
    old.do("DEL", "order")
    return got == list(range(21)), got


def replies(s, conns):
    """Replies are sent in the order of the requests: whenever one is there, those before it are. The look goes from the last connection to the first,
    so that what comes meanwhile cannot make it wrong."""
    s.stop()
    for c in conns:
        c.send("PING")
    s.go_on()
    good = True
    while True:
        there = [not c.silent() for c in reversed(conns)][::-1]
        good = good and there == sorted(there, reverse=True)
        if there[-1]:
            break
    return good and all(c.answer() == b"PONG" for c in conns)


def kept(s, conns, rng):
    """Requests that were held by CLIENT PAUSE go on in their order, and before those that came later."""
    order = list(range(len(conns)))
    rng.shuffle(order)
    a = s.conn()
    a.do("CLIENT", "PAUSE", 100000, "WRITE")
    half = len(order) // 2
    s.stop()
    for i in order[:half]:
        conns[i].send("RPUSH", "order", i)
    s.go_on()
    while len([x for x in a.do("CLIENT", "LIST").split(b"\n") if b"cmd=rpush" in x and b"qbuf=0 " not in x]) < half:
        time.sleep(0.005)
    a.do("CLIENT", "UNPAUSE")
    s.stop()
    for i in order[half:]:
        conns[i].send("RPUSH", "order", i)
    s.go_on()
    for i in order:
        conns[i].answer()
    got = [int(x) for x in a.do("LRANGE", "order", 0, -1)]
    a.do("DEL", "order")
    return got == order, (order, got)


def rounds(name, one, n=25):
    for _ in range(n):
        good, seen = one()
        if not good:
            check(name, False, seen)
            return
    check(name, True)


def main():
    rng = random.Random(14)
    s = Server(sys.argv[1], tls=True)
    s.start().close()
    try:
        for kind, connect in (("plain", s.conn), ("TLS", s.tls), ("unix", s.unix)):
            for n in (16, MANY):
                conns = [connect() for _ in range(n)]
                for c in conns:
                    c.do("PING")
                label = "%s, %d connections: " % (kind, n)
                rounds(label + "RPUSH in order of arrival", lambda: pushes(s, conns, rng))
                rounds(label + "BLPOP served in order of arrival", lambda: waiters(s, conns, rng))
                rounds(label + "SUBSCRIBE before PUBLISH", lambda: messages(s, conns, rng), 10)
                rounds(label + "what a pause held goes on in order", lambda: kept(s, conns, rng), 3)
                if kind == "unix":
                    rounds(label + "replies leave in order", lambda: (replies(s, conns), ""))
                for c in conns:
                    c.s.close()
        kinds = [s.conn(), s.tls(), s.unix(), s.conn(), s.unix(), s.tls()] * 3
        conns = [k for k in dict.fromkeys(kinds)] + [s.conn(), s.tls(), s.unix()]
        for c in conns:
            c.do("PING")
        rounds("all kinds: RPUSH in order of arrival", lambda: pushes(s, conns, rng))
        rounds("all kinds: SUBSCRIBE before PUBLISH", lambda: messages(s, conns, rng))
        for kind, connect in (("plain", s.conn), ("unix", s.unix)):
            old = connect()
            old.do("PING")
            rounds(kind + ": new connections in order, before what came later", lambda: accepted(s, connect, old))
    finally:
        s.end()
    done()


main()
