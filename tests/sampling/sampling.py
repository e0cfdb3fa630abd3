#!/usr/bin/env python3
"""Random choices are uniform, and a scan returns every element that is there all the time.

sampling.py SERVER

Evenness is tested by chi-square: each count is compared with what a fair choice would give. The bound is the quantile at which a fair
server fails once in ten million tests (Wilson and Hilferty's approximation), so that a failure is a bug and not bad luck.
Prints "ok ..." and "not ok ..." lines.
"""
import os, random, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import check, done  # noqa: E402
from server import Server      # noqa: E402

Z = 5.2  # standard deviations: one in ten million


def bound(df):
    return df * (1 - 2 / (9 * df) + Z * (2 / (9 * df)) ** 0.5) ** 3


def even(name, counts, expected):
    chi = sum((c - expected) ** 2 / expected for c in counts.values())
    check(name, chi < bound(len(counts) - 1), "chi-square %.1f, at most %.1f expected" % (chi, bound(len(counts) - 1)))


def members(value):
    return value if isinstance(value, list) else [value]


class Pipe:
    def __init__(self, c):
        self.c = c

    def many(self, commands):
        return [answer for i in range(0, len(commands), 500) for answer in self.c.many(commands[i:i + 500])]

    def one(self, *args):
        return self.c.do(*args)


def choices(p):
    kinds = [("SRANDMEMBER", "SADD", lambda i: [b"m%d" % i]), ("HRANDFIELD", "HSET", lambda i: [b"m%d" % i, b"v"]),
             ("ZRANDMEMBER", "ZADD", lambda i: [b"%d" % (i % 7), b"m%d" % i])]
    for name, add, args in kinds:
        for n in (12, 1000):
            p.one("DEL", "k")
            p.many([[add.encode(), b"k"] + args(i) for i in range(n)])
            for count, draws in (([], 300), ([b"1"], 300), ([b"-5"], 60), ([b"%d" % (n // 4)], 1200 // n + 30), ([b"%d" % (n - 1)], 330000 // n // n + 20)):
                counts = dict.fromkeys((b"m%d" % i for i in range(n)), 0)
                draws *= n
                per = abs(int(count[0])) if count else 1
                draws = max(draws // per, 200)
                distinct = True
                for v in p.many([[name.encode(), b"k"] + count] * draws):
                    got = members(v)
                    distinct = distinct and (not count or count[0][:1] == b"-" or len(set(got)) == len(got) == per)
                    for m in got:
                        counts[m] += 1
                label = "%s of %d, count %s" % (name, n, count[0].decode() if count else "none")
                check(label + ": all different", distinct)
                # Without repetition the counts vary less than a fair die's: the bound only gets safer.
                even(label + ": even", counts, draws * per / n)


def pops(p):
    for n in (10, 200):
        counts = dict.fromkeys((b"m%d" % i for i in range(n)), 0)
        rounds = 300 * n // 4
        for v in p.many([x for _ in range(rounds) for x in ([b"DEL", b"k"], [b"SADD", b"k"] + [b"m%d" % i for i in range(n)], [b"SPOP", b"k", b"4"])])[2::3]:
            for m in members(v):
                counts[m] += 1
        even("SPOP of %d" % n, counts, rounds * 4 / n)


def scans(p, seed):
    rng = random.Random(seed)
    for name, key, add, remove in ((b"SCAN", None, lambda m: [b"SET", m, b"x"], lambda m: [b"DEL", m]),
                                   (b"SSCAN", b"k", lambda m: [b"SADD", b"k", m], lambda m: [b"SREM", b"k", m]),
                                   (b"HSCAN", b"k", lambda m: [b"HSET", b"k", m, b"v"], lambda m: [b"HDEL", b"k", m]),
                                   (b"ZSCAN", b"k", lambda m: [b"ZADD", b"k", b"1", m], lambda m: [b"ZREM", b"k", m])):
        for grows in (True, False):
            p.one("FLUSHALL")
            stay, come = [b"stay%d" % i for i in range(500)], [b"come%d" % i for i in range(20000)]
            p.many([add(m) for m in stay] + ([] if grows else [add(m) for m in come]))
            seen, cursor = set(), b"0"
            while True:
                v = p.one(name, *([key] if key else []), cursor, "COUNT", 20)
                cursor = v[0]
                seen |= set(v[1])
                if cursor == b"0":
                    break
                p.many([(add if grows else remove)(rng.choice(come)) for _ in range(300)])
            missing = [m for m in stay if m not in seen]
            check("%s sees all that stays while the table %s" % (name.decode(), "grows" if grows else "shrinks"), not missing, "%d missed" % len(missing))


def main():
    with Server(sys.argv[1]) as s:
        p = Pipe(s.start())
        choices(p)
        pops(p)
        scans(p, 5)
    done()


if __name__ == "__main__":
    main()
