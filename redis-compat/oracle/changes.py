#!/usr/bin/env python3
"""How many changes a command counts as for save points (compat 3.4): rdb_changes_since_last_save, compared with redis-server's after commands
made from the usage lines.

changes.py --server PATH [--commands N] [--seed S]
"""
import argparse, random, re, sys, time

from oracle import NEWER, Conn, Generator, launched, load_docs, servers, show, waits_long

SETUP = [line.encode().split() for line in """XGROUP CREATE s1 g1 0 MKSTREAM|XADD s1 1-1 a b|XADD s1 2-0 a b|XADD s1 3-5 a b|XADD s1 10-1 a b|XADD s1 11-1 a b|XADD s1 12-1 a b
XREADGROUP GROUP g1 c1 COUNT 3 STREAMS s1 >|XGROUP CREATECONSUMER s1 g1 c2|XGROUP CREATECONSUMER s1 g1 c3|XGROUP CREATE s2 g1 0 MKSTREAM|XADD s2 1-1 a b|XADD s2 3-1 a b|XGROUP CREATECONSUMER s2 g1 c1|XGROUP CREATECONSUMER s2 g1 c2|XGROUP CREATECONSUMER s2 g1 c3|RPUSH l1 a b c hello 42 a|RPUSH l2 hello b|SET k1 10|SET k3 x
HSET h1 a 1 b x c 3 1 7|HSET h2 hello x|SADD t1 1 2 3 17 a b c d|SADD t2 a b c 2|GEOADD g1 13.361389 38.115556 a 15.087269 37.502669 b|PFADD p1 a b
PFADD p2 c|SETBIT k2 77 1|ZADD z1 1 a 2 b 2 c 3 d|ZADD z2 5 b 1.5 2""".replace("\n", "|").split("|")]
# What 7.2 does otherwise, chooses by chance, or does to the counter itself.
NOT = {b"FLUSHALL", b"OBJECT", b"SWAPDB", b"SELECT"}


class Counter:
    def __init__(self, server):
        self.c, self.last = Conn(server.port), 0

    def ask(self, args):
        self.c.send(*args)
        return self.c.raw()[0]

    def changes(self):
        text = self.ask([b"INFO", b"persistence"])
        now = int(re.search(rb"rdb_changes_since_last_save:(\d+)", text).group(1))
        n, self.last = now - self.last, now
        return n


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--commands", type=int, default=6000)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    ap.add_argument("--most", type=int, default=10)
    o = ap.parse_args()
    rng = random.Random(o.seed)
    with servers(launched("redis-server"), launched(o.server)) as (ref, ours):
        generator = Generator(load_docs(ref, ours), rng)
        a, b = Counter(ref), Counter(ours)
        seen, failed = {}, 0
        for n in range(o.commands):
            if n % 40 == 0:
                for args in [[b"FLUSHALL"]] + SETUP:
                    a.ask(args), b.ask(args)
                a.changes(), b.changes()
            args = generator.command()
            if rng.random() < 0.06:
                args = [b"XREADGROUP", b"GROUP", b"g1", rng.choice([b"c1", b"c2"]), b"COUNT", rng.choice([b"1", b"2", b"5"]), b"STREAMS",
                        rng.choice([b"s1", b"s2"]), b">"]
            elif rng.random() < 0.04:
                claim = [b"1-1", b"2-0", b"3-5", b"10-1"][:rng.randrange(1, 5)]
                key = rng.choice([b"s1", b"s2"])
                args = rng.choice([[b"XACK", key, b"g1"] + claim, [b"XDEL", key] + claim, [b"XCLAIM", key, b"g1", rng.choice([b"c2", b"c3"]), b"0"] + claim,
                                   [b"XAUTOCLAIM", key, b"g1", rng.choice([b"c2", b"c3"]), b"0", b"0"], [b"XTRIM", key, b"MAXLEN", b"1"]])
            words = {x.upper() for x in args[1:]}
            name = args[0].upper()
            if name in NOT or waits_long(args) or (name == b"XADD" and any(x.endswith(b"*") for x in args)) or NEWER & words or name == b"XSETID":
                continue
            # The reference counts a look at one's own pending entries, also at none.
            if name == b"XREADGROUP" and args[-1] != b">":
                continue
            # A step that fails grows the string all the same.
            if name == b"BITFIELD" and b"FAIL" in words:
                continue
            x, y = a.ask(args), b.ask(args)
            p, q = a.changes(), b.changes()
            if x[:1] == y[:1]:
                seen[name] = max(seen.get(name, 0), p)
            if p != q and x == y:
                failed += 1
                print("FAILED: seed %d, command %d: %s: reference counts %d, ours %d (%r)" % (o.seed, n, show(args), p, q, x[:80]))
                if failed >= o.most:
                    break
        print("%d commands, %d count differently; %d commands counted more than one change" % (n + 1, failed, sum(v > 1 for v in seen.values())))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
