#!/usr/bin/env python3
"""Which keys a command touches for LRU purposes (compat 9.1): OBJECT IDLETIME of all keys, compared with redis-server's after commands made
from the usage lines.

access.py --server PATH [--commands N] [--seed S]
"""
import argparse, random, sys, time

from changes import SETUP
from oracle import KEYS, NEWER, Conn, Generator, launched, load_docs, servers, show, waits_long

IDLE = 50000


class Side:
    def __init__(self, server):
        self.c = Conn(server.port)
        for args in SETUP:
            self.ask(args)
        self.values = {}
        for key in KEYS:
            v = self.ask([b"DUMP", key])[1][1]
            if v:
                self.values[key] = v

    def ask(self, args):
        self.c.send(*args)
        return self.c.raw()

    def many(self, requests):
        for args in requests:
            self.c.send(*args)
        return [self.c.raw()[1] for _ in requests]

    def begin(self):
        self.many([[b"FLUSHALL"]] + [[b"RESTORE", k, b"0", v, b"IDLETIME", b"%d" % IDLE] for k, v in self.values.items()])

    def shared(self):
        """Small numbers: redis-server has one object for all keys with the same, and RESTORE sets its time."""
        return {k for k, v in zip(KEYS, self.many([[b"OBJECT", b"REFCOUNT", k] for k in KEYS])) if v == (b":", b"2147483647")}

    def touched(self):
        return {k for k, v in zip(KEYS, self.many([[b"OBJECT", b"IDLETIME", k] for k in KEYS])) if v[0] == b":" and int(v[1]) < IDLE}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--commands", type=int, default=3000)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    ap.add_argument("--most", type=int, default=10)
    o = ap.parse_args()
    rng = random.Random(o.seed)
    with servers(launched("redis-server"), launched(o.server)) as (ref, ours):
        generator = Generator(load_docs(ref, ours), rng)
        a, b = Side(ref), Side(ours)
        failed = 0
        for n in range(o.commands):
            args = generator.command()
            name = args[0].upper()
            if waits_long(args) or NEWER & {x.upper() for x in args[1:]} or name in (b"SWAPDB", b"FLUSHALL", b"FLUSHDB", b"SPOP"):
                continue
            a.begin(), b.begin()
            x, y = a.ask(args), b.ask(args)
            p, q = a.touched(), b.touched()
            # An error may come before or after the look at the key.
            if p != q and (p ^ q) - a.shared() and x[0][:1] == y[0][:1] != b"-":
                failed += 1
                print("FAILED: seed %d, command %d: %s: reference touches %s, ours %s" % (o.seed, n, show(args), sorted(p), sorted(q)))
                if failed >= o.most:
                    break
        print("%d commands, %d differ in what they touch" % (n + 1, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
