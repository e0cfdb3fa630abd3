#!/usr/bin/env python3
"""Streams that are bound to each other at random, and a replica that must have the same: broker B5, B6, G2, Z9.

usage: routing.py --server PATH [--seconds N] [--seed S]

Cyclic bindings, captures of everything, limits, policies whose dead letters return, scheduled and expiring messages, schedules, RENAME, COPY, keys that
expire, transactions. Repeatedly writes are paused and the replica's digest is compared with the primary's; at the end the primary is killed and must load
its data."""
import argparse, os, random, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import check, done, until  # noqa: E402
from resp import info                 # noqa: E402
from server import Server             # noqa: E402

KEYS = ["a", "b", "c", "d", "{a}:dlq", "{b}:dlq", "e"]


def request(r, last):
    k, t = r.choice(KEYS), r.choice(KEYS)
    how = r.choice([("ALL",), ("DIRECT", "v"), ("TOPIC", "#.v.*"), ("HEADERS", "ANY", 1, "n", "1"), ("ALTERNATE",)])
    full = r.choice([("DROP",), ("DROP", "DELREF"), ("DROP", "ACKED"), ("REJECT",)])
    when = r.choice([(), (), ("DELAY", r.choice([1, 5, 50])), ("TTL", r.choice([3, 100])), ("MAXLEN", 5)])
    add = ("XADD", k, *when, "*", "routing-key", r.choice(["v", "a.v.b", "w"]), "n", r.choice("123"))
    read = ("XREADGROUP", "GROUP", "g", "w", "COUNT", r.choice([1, 5]), "STREAMS", k, ">")
    ways = [(8, ("XBIND", "ADD", k, *how, "TO", t)), (4, ("XBIND", "DEL", k, "TO", t)), (2, ("XCAPTURE", "ADD", k, r.choice(["n*", "__key*__:*", "x"]))),
            (3, ("XCAPTURE", "DEL", k, "n*", "__key*__:*")), (5, ("XCFGSET", k, "MKSTREAM", "MAXLEN", r.choice([-1, 0, 3, 20]), "OVERFLOW", *full)),
            (3, ("XPOLICY", "SET", k, "g", "MKSTREAM", "LEASE", r.choice([5, 50]), "MAXDELIVER", r.choice([1, 2]), "ONACK", r.choice(["KEEP", "DELETE"]))),
            (30, add), (15, read), (3, ("XREDRIVE", k)), (2, ("XREDRIVE", k, "TO", t)), (5, ("PUBLISH", r.choice(["news", "x"]), "m")), (2, ("DEL", k)),
            (2, ("RENAME", k, t)), (2, ("COPY", k, t, "REPLACE")), (1, ("PEXPIRE", k, r.choice([2, 500]))), (1, ("SET", k, "word")),
            (2, ("XCRON", "SET", k, "n", "EVERY", 100, "LIMIT", 3, "FIELDS", "routing-key", "v")),
            (5, ("XNACK", k, "g", r.choice(["FAIL", "FATAL"]), "IDS", 1, last.get(k, "1-1"))), (5, ("SET", "k%d" % r.randrange(5), "v", "PX", r.choice([1, 100])))]
    return r.choices([w for _, w in ways], [n for n, _ in ways])[0]


def ask(c, r, last):
    words = request(r, last)
    got = c.do(*words)
    if words[0] == "XREADGROUP" and isinstance(got, list) and got:
        last[words[7]] = got[0][1][-1][0]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--seconds", type=float, default=10)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    r, last, compared, differ = random.Random(o.seed), {}, 0, []
    more = ("--enable-debug-command", "yes", "--notify-keyspace-events", "KEA")
    with Server(o.server, "--appendonly", "yes", "--repl-diskless-sync-delay", 0, *more) as s:
        c = s.start()
        with Server(o.server, "--replicaof", "127.0.0.1 %d" % s.port, *more) as t:
            d = t.start()
            until("the replica follows", lambda: info(d, "master_link_status") == "up")
            end = time.monotonic() + o.seconds
            while time.monotonic() < end and not differ:
                for _ in range(500):
                    if r.random() < 0.05:
                        c.do("MULTI")
                        for _ in range(3):
                            ask(c, r, last)
                        c.do("EXEC")
                    ask(c, r, last)
                c.ask("CLIENT", "PAUSE", 100000, "WRITE")
                until("it has caught up", lambda: info(c, "master_repl_offset") == info(d, "slave_repl_offset"))
                differ = [k for k in KEYS if c.ask("DEBUG", "DIGEST-VALUE", k) != d.ask("DEBUG", "DIGEST-VALUE", k)]
                compared += 1
                c.ask("CLIENT", "UNPAUSE")
            what = "%s routed, %s captured, %s dead" % tuple(info(c, "broker_" + x) for x in ("routed", "captured", "dead"))
        s.kill()
        c = s.start()
        check("streams bound to each other: %d comparisons, %s (seed %d)" % (compared, what, o.seed), not differ and c.ask("PING") in (b"PONG", "PONG"), repr(differ))
    done()


if __name__ == "__main__":
    main()
