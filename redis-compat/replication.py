#!/usr/bin/env python3
"""Millrace and redis-server follow each other under load of all types; every key is compared by reads.

replication.py --server PATH [--reference PATH] [--seed S] [--commands N] [--pairs NAME,...] [--cover]

For each pair (redis-millrace: Millrace follows redis-server; millrace-redis; millrace-millrace) three phases, each under load by N commands a
connection, generated from the usage lines of the primary, with transactions, scripts, functions, payloads, short deadlines and clients that wait:

  copy       the replica is attached in the middle, gets everything, and keeps up
  cuts       the link is cut again and again; no second full synchronisation
  moving     writes are paused at the primary, the replica is promoted, the clients go there, the former primary follows it by a partial
             synchronisation: moving in from a running Redis, and out again, without an acknowledged write lost

Behind each: types, deadlines, values, streams with their groups and pending entries, functions are equal, and the replica has counted no
unexpected_error_replies. --cover: each command that writes has to have succeeded at the primary at least once; for long runs.
"""
import argparse, os, random, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "oracle"), os.path.join(HERE, "..", "tests", "support")]
import mutator                                                       # noqa: E402
import oracle                                                        # noqa: E402
from check import Failed, cases, expect, until                       # noqa: E402
from contents import contents, differences                           # noqa: E402
from peers import Peer, until_in_step                                # noqa: E402
from resp import Error, info, packet                                 # noqa: E402
from server import servers                                           # noqa: E402
from writer import Writer                                            # noqa: E402

OWN = {"spop", "swapdb", "restore", "function", "fcall", "eval"}  # of those that the oracle leaves out; made below
WITHOUT = oracle.LEAVE_OUT | {"migrate", "debug", "flushall", "flushdb"} | OWN
# A replica of redis-server 7.0.15 forgets how far a group has read at each XREADGROUP, its own as well: XCLAIM makes it unknown. A primary
# does not tell its replicas of a consumer that reads its pending entries again, which counts a delivery of each. XTRIM DELREF, which it has
# not got, deletes as XDEL does, and what was pending of it too; it is told to trim.
NOT_OF_REPLICA = frozenset({b"entries-read", b"max-deleted-entry-id", b"orphans"})
NOT_OF_PRIMARY = NOT_OF_REPLICA | {b"deliveries"}
CONNECTIONS, PIPELINE = 3, 40
SCRIPT = ("redis.call('SET', KEYS[1], ARGV[1]) redis.call('RPUSH', 'l2', ARGV[1]) redis.call('XADD', 's2', '*', 'n', ARGV[1]) "
          "redis.call('SELECT', 1) redis.call('HINCRBY', 'h1', ARGV[1], 1) return redis.call('EXPIRE', KEYS[1], 90000)")
LIBRARY = "#!lua name=lib%d\nredis.register_function('f%d', function(keys, args) redis.call('SADD', keys[1], args[1], '%d') return redis.call('SPOP', keys[1]) end)"


class Load(threading.Thread):
    """One connection to the primary that sends packets of random commands until it is told to end."""

    def __init__(self, peer, docs, seed, alike, flushes):
        """alike: both sides are of one kind. flushes: the data are emptied before so many commands, not later."""
        super().__init__(daemon=True)
        self.rng, self.alike, self.flushes, self.peer, self.sent, self.ended, self.error = random.Random(seed), alike, flushes, peer, 0, False, None
        self.generator = oracle.Generator(docs, self.rng)
        self.start()

    def run(self):
        try:
            with self.peer.open() as c:
                while not self.ended:
                    commands = [x for _ in range(PIPELINE) for x in self.some(c)]
                    c.many(commands)
                    self.sent += len(commands)
        except Exception as e:  # told by end_load(): a thread has nobody else to tell
            self.error = e

    def one(self):
        while True:
            args = self.generator.command()
            upper = {a.upper() for a in args}
            if oracle.waits_long(args) or b"BLOCK" in upper or (not self.peer.is_new and (oracle.NEWER & upper or b"+" in args and args[0][:5].upper() == b"XREAD")):
                continue
            # Ranges of names where scores differ mean nothing; those that mean something are made below.
            if not self.alike and (b"BYLEX" in upper or args[0].upper() == b"ZREMRANGEBYLEX"):
                continue
            # A step that fails grows the string all the same, which redis-server tells no replica.
            if not self.alike and args[0].upper() == b"BITFIELD" and b"FAIL" in upper:
                continue
            # A set in no order, and equal weights, are sorted by each server in its own way; replicas are told to sort by themselves.
            if not self.alike and args[0].upper() == b"SORT" and {b"BY", b"STORE"} <= upper:
                continue
            return args

    def some(self, c):
        """One command, or a few that belong together."""
        r = self.rng
        p, n = r.random(), b"%d" % r.randrange(1000)
        if p < 0.02:
            return [[b"SELECT", r.choice([b"0", b"0", b"1", b"9"])]]
        if p < 0.06:
            return [[b"MULTI"]] + [self.one() for _ in range(r.randrange(1, 6))] + [[b"EXEC"]]
        if p < 0.10:
            return [[b"XADD", r.choice([b"s1", b"s2"]), b"*", b"f", r.choice(oracle.WORDS)]]
        if p < 0.15:
            return [[b"XREADGROUP", b"GROUP", b"g1", r.choice([b"c1", b"c2"]), b"COUNT", b"3", b"STREAMS", r.choice([b"s1", b"s2"]), b">"]]
        if p < 0.17:
            return [[b"XGROUP", b"CREATE", r.choice([b"s1", b"s2"]), b"g1", b"0", b"MKSTREAM"]]
        if p < 0.20:
            return [[b"SET", b"short:" + n, b"v", b"PX", b"%d" % r.randrange(1, 200)]]
        if p < 0.21:
            return [[b"HSET", b"short:h" + n, b"f", b"v"], [b"PEXPIRE", b"short:h" + n, b"%d" % r.randrange(1, 200)]]
        if p < 0.23:
            return [[b"EVAL", SCRIPT, b"1", r.choice(oracle.KEYS), n]]
        if p < 0.25:
            return [[b"SPOP", r.choice([b"t1", b"t2"])] + r.choice([[], [b"2"], [b"1000"]])]
        if p < 0.26:
            return [[b"PUBLISH", b"channel", n]]
        if p < 0.262:
            i = r.randrange(4)
            return [[b"FUNCTION", b"LOAD", b"REPLACE", LIBRARY % (i, i, r.randrange(100))], [b"FCALL", b"f%d" % i, b"1", b"t1", n]]
        if p < 0.264 and self.sent < self.flushes:
            return [r.choice([[b"FUNCTION", b"DELETE", b"lib%d" % r.randrange(4)], [b"FUNCTION", b"FLUSH"], [b"SWAPDB", b"0", b"1"], [b"FLUSHDB"], [b"FLUSHALL"]])]
        if p < 0.265:
            return [[b"FUNCTION", b"RESTORE", c.ask(b"FUNCTION", b"DUMP"), r.choice([b"REPLACE", b"FLUSH"])]]
        if p < 0.267:
            return [[b"DEL", b"lex"], [b"ZADD", b"lex"] + [x for m in b"abcdef" for x in (b"0", b"%c" % m)], [b"ZREMRANGEBYLEX", b"lex", b"[a", b"(c"],
                    [b"ZRANGESTORE", b"z1", b"lex", b"(c", b"+", b"BYLEX"]]
        if p < 0.27:
            return self.payload(c)
        if p < 0.28:
            return self.wide()
        return [self.one()]

    def payload(self, c):
        got = c.do(b"DUMP", self.rng.choice(oracle.KEYS))
        return [[b"RESTORE", self.rng.choice(oracle.KEYS), self.rng.choice([b"0", b"9000000"]), got, b"REPLACE"]] if isinstance(got, bytes) else []

    def wide(self):
        """The large forms."""
        r, many = self.rng, self.rng.choice([5, 200, 700])
        kind, key = r.choice([(b"HSET", b"h1"), (b"SADD", b"t1"), (b"ZADD", b"z1"), (b"RPUSH", b"l1"), (b"SET", b"k1")])
        if kind == b"SET":
            return [[kind, key, r.randbytes(many * 20)]]
        members = [b"m%d" % r.randrange(3000) for _ in range(many)]
        pair = {b"HSET": lambda m: [m, b"v%d" % r.randrange(9)], b"ZADD": lambda m: [b"%d" % r.randrange(50), m]}.get(kind, lambda m: [m])
        return [[kind, key] + [x for m in members for x in pair(m)]]


class Waiting(threading.Thread):
    """A client that waits, so that pushes serve it."""

    def __init__(self, peer, seed):
        super().__init__(daemon=True)
        self.peer, self.rng, self.ended, self.error, self.sent = peer, random.Random(seed), False, None, 1 << 60
        self.start()

    def run(self):
        waits = [("BLPOP", "l1", "l2", "0.02"), ("BLMOVE", "l1", "l2", "LEFT", "RIGHT", "0.02"), ("BZPOPMIN", "z1", "z2", "0.02"), ("BLMPOP", "0.02", 2, "l1", "l2", "LEFT"),
                 ("XREADGROUP", "GROUP", "g1", "c3", "COUNT", 2, "BLOCK", 20, "STREAMS", "s1", ">"), ("BZMPOP", "0.02", 1, "z1", "MAX"), ("BRPOPLPUSH", "l2", "l1", "0.02"),
                 ("BRPOP", "l2", "0.02"), ("BZPOPMAX", "z2", "0.02")]
        try:
            with self.peer.open() as c:
                while not self.ended:
                    c.do(*self.rng.choice(waits))
        except Exception as e:
            self.error = e


class Together:
    """The load of one phase: begins when it is made; ended by end(), behind so many commands of each connection."""

    def __init__(self, o, peer):
        alike = peer.is_new and peer.other_is_new
        docs = o.docs if peer.is_new else {name: doc for name, doc in o.docs.items() if name in o.known}
        self.o, self.all = o, [Load(peer, docs, o.random.random(), alike, 0.7 * o.commands) for _ in range(CONNECTIONS)] + [Waiting(peer, o.random.random())]

    def behind(self, share):
        """Until each connection has sent this share of the commands."""
        until("commands", lambda: all(x.sent >= share * self.o.commands or x.error for x in self.all), 600)

    def end(self):
        self.behind(1)
        for x in self.all:
            x.ended = True
        for x in self.all:
            x.join()
            if x.error:
                raise Failed("a connection of the load: %r" % x.error)


def until_short_ones_are_gone(peer):
    with peer.open() as c:
        def gone():
            for db in (0, 1, 9):
                c.ask("SELECT", db)
                if any(c.many([("EXISTS", k) for k in c.ask("KEYS", "short:*")])):
                    return False
            return True
        until("the end of the short deadlines", gone)


def compare(primary, replica, told_all):
    """told_all: whether no redis-server has been primary of these data."""
    until_short_ones_are_gone(primary)
    until_in_step(primary, replica)
    with primary.open() as a, replica.open() as b:
        but = NOT_OF_PRIMARY if not told_all else frozenset() if replica.is_new else NOT_OF_REPLICA
        held, there = contents(a, but=but), contents(b, but=but)
        if held != there:
            raise Failed("the data differ: %r" % differences(held, there))
        functions = [c.ask("FUNCTION", "LIST", "WITHCODE") for c in (a, b)]
        if sorted(map(repr, functions[0])) != sorted(map(repr, functions[1])):
            raise Failed("the functions differ: %r" % functions)
        expect(info(b, "unexpected_error_replies"), "0", "unexpected_error_replies (%s)" % [x for x in replica.log().splitlines() if "CRITICAL" in x][:3])
    for p in (primary, replica):
        if p.report():
            raise Failed("a report in the log: %s" % p.report())
    if len(held) < 10:
        raise Failed("there are only %d keys" % len(held))


class Pair:
    """A primary and the one that is to follow it."""

    def __init__(self, o, primary, replica):
        self.o = o
        choice = lambda *of: o.random.choice(of)
        options = lambda: ["--repl-diskless-sync", choice("yes", "no"), "--repl-diskless-load", choice("disabled", "swapdb", "on-empty-db"), "--repl-backlog-size", "32mb"]
        self.primary, self.replica = Peer(primary, *options()), Peer(replica, *options())
        for p, path, other in ((self.primary, primary, replica), (self.replica, replica, primary)):
            p.is_new, p.other_is_new = path != o.reference, other != o.reference
            p.start().close()

    def copy(self):
        load = Together(self.o, self.primary)
        load.behind(0.5)
        self.replica.follow(self.primary)
        until("the link", lambda: self.replica.info("master_link_status") == "up")
        load.end()
        compare(self.primary, self.replica, self.primary.is_new)

    def cuts(self):
        full = self.primary.count("sync_full")
        load = Together(self.o, self.primary)
        for i in range(8):
            load.behind(i / 8)
            # A link that was cut a moment ago is up until it is noticed.
            until("the link", lambda: self.replica.info("master_link_status") == "up" and self.primary.proxy.cut(reset=self.o.random.random() < 0.5))
        load.end()
        compare(self.primary, self.replica, self.primary.is_new)
        self.primary.expect_syncs(full=full)
        if not self.primary.count("sync_partial_ok"):
            raise Failed("no partial synchronisation")

    def moving(self):
        until_in_step(self.primary, self.replica)
        writer = Writer(self.primary)
        writer.more()
        with self.primary.open() as c:
            c.ask("CLIENT", "PAUSE", 600000, "WRITE")
            until_in_step(self.primary, self.replica)
            self.replica.follow(None)
            writer.peer = self.replica
            self.primary.follow(self.replica)
            c.ask("CLIENT", "UNPAUSE")
        writer.more()
        writer.end()
        with self.replica.open() as c:
            writer.judge(c.ask("LRANGE", "numbers", 0, -1))
        load = Together(self.o, self.replica)
        load.behind(0.5)
        until("the link", lambda: self.primary.info("master_link_status") == "up")
        load.end()
        compare(self.replica, self.primary, self.primary.is_new and self.replica.is_new)
        self.replica.expect_syncs(full=0, partial_ok=1)

    def cover(self):
        """Which commands that write have never succeeded."""
        with self.primary.open() as c:
            stats = {k[8:]: dict(x.split("=") for x in v.split(",")) for k, v in info(c, section="commandstats").items()}
            done = {k for k, v in stats.items() if int(v["calls"]) > int(v["failed_calls"])}
            names = {n.decode() for n in c.ask("COMMAND", "LIST")} | {n.decode() for n in c.ask("COMMAND", "LIST", "FILTERBY", "PATTERN", "*|*")}
            writes = [n for n in sorted(names) if (known := c.ask("COMMAND", "INFO", n)[0]) and b"write" in known[2] and n.count("|") == (1 if "|" in n else 0)]
        writes = [n for n in writes if not any(x.startswith(n + "|") for x in names)]
        missing = [n for n in writes if n not in done and n not in NOT_MADE]
        print("  %d of %d commands that write have succeeded; not: %s" % (len(writes) - len(missing), len(writes), " ".join(missing)))
        if self.o.cover and missing:
            raise Failed("commands that never succeeded: %s" % missing)

    def end(self):
        self.primary.end()
        self.replica.end()


# Commands that the load does not send: they need another server, or a connection that accepts pushes.
NOT_MADE = {"migrate", "restore-asking", "pfdebug", "debug", "xconsume|start"}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--reference", default="redis-server")
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    ap.add_argument("--commands", type=int, default=3000)
    ap.add_argument("--pairs", default="redis-millrace,millrace-redis,millrace-millrace")
    ap.add_argument("--cover", action="store_true")
    o = ap.parse_args()
    o.random = random.Random(o.seed)
    paths = {"redis": o.reference, "millrace": o.server}
    with servers(oracle.launched(o.reference), oracle.launched(o.server)) as both:
        connections = [s.conn() for s in both]
        for c in connections:
            c.ask("HELLO", 3)
        o.known, o.docs = (mutator.docs_of(c, WITHOUT) for c in connections)
    print("seed %d" % o.seed)
    all_cases, pairs = [], []
    for name in o.pairs.split(","):
        pair = Pair(o, *(paths[x] for x in name.split("-")))
        pairs.append(pair)
        all_cases += [("%s: %s" % (name, phase), getattr(pair, phase)) for phase in ("copy", "cuts", "moving", "cover")]
    try:
        cases(all_cases, errors=(OSError, Error))
    finally:
        for pair in pairs:
            pair.end()


if __name__ == "__main__":
    main()
