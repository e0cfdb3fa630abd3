#!/usr/bin/env python3
"""Works at queues that are ordered by a field, over kills, reloads and promotions, and judges each read by the order alone: broker O1, O9, Z9.

usage: order.py --server PATH [--rounds N] [--steps N] [--seed S]

Two queues, HOLD and SKIP, a dozen values. Messages are added, read by several consumers, with COUNT, CLAIM and NOACK, acknowledged, returned (released,
deferred), claimed after their lease, deleted. Whatever happened before, when a read delivers a message

    no other message of its value is being worked on, and the read delivers none twice;
    all earlier messages of its value are acknowledged or deleted or, with SKIP, were deferred and not delivered since.

Between rounds the server is killed (every write is synced), reloads its data, or is replaced by its replica, whose data have the same digest. At the end all
messages are processed, in order."""
import argparse, os, random, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, cases, expect, wait_for  # noqa: E402
from peers import Peer, until_in_step              # noqa: E402
from resp import as_dict                           # noqa: E402

VALUES, LEASE, BACKOFF, AHEAD = 12, 600000, 20, 40
OPTIONS = ("--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes", "--broker-order-ahead", AHEAD)


class Queue:
    def __init__(self, name, skips, rng):
        self.name, self.skips, self.random = name, skips, rng
        self.left = {v: [] for v in range(VALUES)}   # IDs still to be delivered, in order
        self.value, self.taken, self.deferred = {}, {}, set()

    def set_up(self, c):
        c.ask("XPOLICY", "SET", self.name, "g", "MKSTREAM", "LEASE", LEASE, "RETRY", "FIXED", BACKOFF, "ORDERBY", "k", "SKIP" if self.skips else "HOLD")

    def add(self, c):
        """Most have one of two values; some have none."""
        v = self.random.choice((0, 0, 0, 1, 1, self.random.randrange(VALUES)))
        got = c.ask("XADD", self.name, "*", "before", "x", "k", v, "behind", "y")
        self.left[v].append(got)
        self.value[got] = v

    def gone(self, i):
        self.left[self.value[i]].remove(i)
        self.taken.pop(i, None)
        self.deferred.discard(i)

    def judge(self, given):
        seen = set()
        for i in given:
            v = self.value[i]
            if v in seen:
                raise Failed("%s: value %d twice in one read: %r" % (self.name, v, given))
            seen.add(v)
            if i not in self.left[v]:
                raise Failed("%s: %r is not to come any more" % (self.name, i))
            before = [b for b in self.left[v][:self.left[v].index(i)] if b not in self.deferred]
            if before:
                raise Failed("%s: %r comes before %r, value %d; deferred are %r" % (self.name, i, before[:5], v, sorted(self.deferred)))
            others = [t for t in self.taken if self.value[t] == v and t != i]
            if others:
                raise Failed("%s: %r comes while %r is worked on" % (self.name, i, others))
            if i in self.taken and not self.taken[i]:
                raise Failed("%s: %r comes while its lease runs" % (self.name, i))

    def read(self, c, *words):
        noack = "NOACK" in words
        got = c.ask("XREADGROUP", "GROUP", "g", "c%d" % self.random.randrange(3), *words, "STREAMS", self.name, ">")
        given = [e[0] for e in got[0][1]] if got else []
        self.judge(given)
        for i in given:
            if noack:
                self.gone(i)
            else:
                self.taken[i] = False
                self.deferred.discard(i)
        return given

    def give_back(self, c, i, fails):
        expect(c.ask("XNACK", self.name, "g", "FAIL" if fails else "SILENT", "IDS", 1, i), 1, "given back")
        self.taken.pop(i, None)
        if fails and self.skips:
            self.deferred.add(i)

    def step(self, c):
        what, mine = self.random.randrange(12), list(self.taken)
        i = self.random.choice(mine) if mine else None
        if what < 4:
            self.add(c)
        elif what < 7:
            self.read(c, "COUNT", self.random.choice((1, 3, 100)), *(("NOACK",) if self.random.randrange(8) == 0 else ()))
        elif i is None:
            return
        elif what < 9:
            expect(c.ask("XACK", self.name, "g", i), 1, "acknowledged")
            self.gone(i)
        elif what == 9:
            self.give_back(c, i, self.random.randrange(2))
        elif what == 10:     # its lease has ended
            c.ask("XCLAIM", self.name, "g", "c0", 0, i, "IDLE", LEASE + 1000, "JUSTID")
            self.taken[i] = True
        else:
            any_left = [x for v in self.left.values() for x in v]
            x = self.random.choice(any_left)
            c.ask("XDELEX", self.name, "DELREF", "IDS", 1, x)
            self.gone(x)

    def held(self, c):
        got = c.ask("XPOLICY", "STATS", self.name, "g")
        return as_dict(got)[b"held"]

    def work_off(self, c):
        """Processes everything left; each value in order."""
        for i in list(self.taken):
            c.ask("XACK", self.name, "g", i)
            self.gone(i)

        def nothing_left():
            for i in self.read(c):
                c.ask("XACK", self.name, "g", i)
                self.gone(i)
            return not any(self.left.values())
        if not wait_for(nothing_left):
            raise Failed("%s: left are %r" % (self.name, [x for v in self.left.values() for x in v][:10]))
        expect(c.ask("XPENDING", self.name, "g")[0], 0, self.name + ": pending behind the end")


def interrupt(rng, primary, replica):
    """Returns the new primary and replica."""
    how = rng.choice(("kill", "reload", "rewrite", "promote"))
    with primary.open() as c:
        if how == "reload":
            c.ask("DEBUG", "RELOAD")
        if how == "rewrite":
            c.ask("BGREWRITEAOF")
    if how in ("kill", "rewrite"):
        primary.kill()
        primary.start().close()
        until_in_step(primary, replica)
    if how == "promote":
        until_in_step(primary, replica)
        with primary.open() as c, replica.open() as d:
            expect(d.ask("DEBUG", "DIGEST"), c.ask("DEBUG", "DIGEST"), "the replica's digest")
        replica.follow(None)
        primary.follow(replica)
        for peer in (primary, replica):     # also after a kill
            with peer.open() as c:
                c.ask("CONFIG", "REWRITE")
        until_in_step(replica, primary)
        return replica, primary
    return primary, replica


def rounds(o):
    rng = random.Random(o.seed)
    queues = [Queue("hold", False, rng), Queue("skip", True, rng)]
    with Peer(o.server, *OPTIONS) as first, Peer(o.server, *OPTIONS, replicaof=first) as second:
        first.start().close()
        second.start().close()
        primary, replica = first, second
        until_in_step(primary, replica)
        for n in range(o.rounds):
            with primary.open() as c:
                for q in queues:
                    q.set_up(c)
                for _ in range(o.steps):
                    q = rng.choice(queues)
                    try:
                        q.step(c)
                    except Failed as e:
                        raise Failed("round %d, seed %d: %s" % (n, o.seed, e))
                for q in queues:
                    if q.held(c) > AHEAD + len(q.deferred) + len(q.taken):
                        raise Failed("%s: held are %d" % (q.name, q.held(c)))
            primary, replica = interrupt(rng, primary, replica)
        with primary.open() as c:
            for q in queues:
                q.work_off(c)
        until_in_step(primary, replica)
        with primary.open() as c, replica.open() as d:
            expect(d.ask("DEBUG", "DIGEST"), c.ask("DEBUG", "DIGEST"), "the replica's digest")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--rounds", type=int, default=12)
    ap.add_argument("--steps", type=int, default=600)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    cases([("queues in order, %d rounds of kills, reloads and promotions (seed %d)" % (o.rounds, o.seed), rounds, o)])


if __name__ == "__main__":
    main()
