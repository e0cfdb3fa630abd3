#!/usr/bin/env python3
"""Connections that read from groups come and go on a real server: closed, killed, RESET, timed out, paused; a restart, a replica: broker S1, S2, S3, S4, S5, S6.

usage: presence.py --server PATH [--only PART ...]"""
import argparse, os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, cases, expect, until   # noqa: E402
from resp import Error, as_dict, entry_id, info  # noqa: E402
from server import Refused, Server               # noqa: E402

PATH = ""
LONG = 3600000  # ms: not within a test


class Stage:
    """A server with stream q and group g, entries 1-1 to n-1."""

    def __init__(self, *rules, n=4, args=()):
        self.s = Server(PATH, "--appendonly", "yes", "--enable-debug-command", "yes", *args)
        self.conns = []  # a connection that nobody refers to is closed
        self.c = self.s.start()
        self.c.ask("XPOLICY", "SET", "q", "g", "MKSTREAM", *rules)
        for i in range(1, n + 1):
            self.c.ask("XADD", "q", "%d-1" % i, "n", i)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None and self.s.report():
            raise Failed(self.s.report())
        self.s.end()

    def reads(self, name, count=1, c=None):
        """A connection, or c, that has read, and what it got."""
        c = c or self.s.conn()
        self.conns.append(c)
        return c, numbers(c.ask("XREADGROUP", "GROUP", "g", name, "COUNT", count, "STREAMS", "q", ">"))

    def waits(self, name, count=1, block=0):
        """A connection that is blocked."""
        before, c = self.blocked(), self.s.conn()
        self.conns.append(c)
        c.send("XREADGROUP", "GROUP", "g", name, "COUNT", count, "BLOCK", block, "STREAMS", "q", ">")
        until("a blocked reader", lambda: self.blocked() > before)
        return c

    def blocked(self):
        return int(info(self.c, "blocked_clients", "clients"))

    def owners(self):
        return {entry_id(i)[0]: name.decode() for i, name, *_ in self.c.ask("XPENDING", "q", "g", "-", "+", 1000000)}

    def owned(self):
        """Those with an owner."""
        return {i: name for i, name in self.owners().items() if name}

    def released(self, *ids):
        until("the release of %r" % (ids,), lambda: [i for i, name in self.owners().items() if not name] == list(ids))

    def only_one_left(self):
        until("the end of all connections but one", lambda: info(self.c, "connected_clients", "clients") == "1")

    def client_id(self, c):
        return c.ask("CLIENT", "ID")

    def digest(self):
        return self.c.ask("DEBUG", "DIGEST")

    def consumers(self):
        return sorted(x[1].decode() for x in self.c.ask("XINFO", "CONSUMERS", "q", "g"))

    def groups(self):
        return [x[1].decode() for x in self.c.ask("XINFO", "GROUPS", "q")]


def numbers(reply):
    return [entry_id(i)[0] for i, _ in reply[0][1]] if reply else []


# ---- ONDISCONNECT

def ways_to_go():
    """Each is the end of a connection."""
    def kill(t, c):
        c_id = t.client_id(c)
        t.c.ask("CLIENT", "KILL", "ID", c_id)

    def kill_itself(t, c):
        c.ask("CLIENT", "KILL", "ID", t.client_id(c), "SKIPME", "no")

    return {"closed": lambda t, c: c.close(), "QUIT": lambda t, c: c.ask("QUIT"), "RESET": lambda t, c: c.ask("RESET"), "CLIENT KILL": kill,
            "CLIENT KILL of itself": kill_itself, "a protocol error": lambda t, c: c.write(b"*1\r\n?\r\n"),
            "half a request": lambda t, c: (c.write(b"*2\r\n$4\r\nXA"), c.close())}


def goes(how):
    with Stage("ONDISCONNECT", "RELEASE") as t:
        w, got = t.reads("w", 2)
        x, _ = t.reads("x", 1)
        expect(got, [1, 2], "read")
        ways_to_go()[how](t, w)
        t.released(1, 2)
        expect(t.owned(), {3: "x"}, "others")
        expect(t.reads("y", 9)[1], [1, 2, 4], "read again")
        if how == "RESET":  # it may begin anew
            expect(t.reads("w", 9, w)[1], [], "behind RESET")


def goes_blocked():
    """While it waits for more; nobody else gets in between."""
    with Stage("ONDISCONNECT", "RELEASE", n=2) as t:
        w, _ = t.reads("w", 2)
        w.send("XREADGROUP", "GROUP", "g", "w", "BLOCK", 0, "STREAMS", "q", ">")
        until("a blocked reader", t.blocked)
        x = t.waits("x", 9)
        w.close()
        expect(numbers(x.reply()), [1, 2], "what the lost connection had")


def times_out():
    with Stage("ONDISCONNECT", "RELEASE", args=("--timeout", "1")) as t:
        w, _ = t.reads("w", 2)
        x, got = t.reads("x", 1)
        expect(got, [3], "read")
        until("both connections time out", lambda: not t.owned())
        expect([c.is_closed() for c in (w, x)], [True, True], "closed")


def pool():
    with Stage("ONDISCONNECT", "RELEASE") as t:
        conns = [t.reads("w", 1)[0] for _ in range(4)]
        for c in conns[:3]:
            c.close()
        until("three are gone", lambda: info(t.c, "connected_clients", "clients") == "2")
        expect(set(t.owners().values()), {"w"}, "one connection is left")
        conns[3].close()
        t.released(1, 2, 3, 4)


def in_transactions():
    with Stage("ONDISCONNECT", "RELEASE") as t:
        w, e = t.s.conn(), t.s.conn()
        read = ("XREADGROUP", "GROUP", "g", "w", "COUNT", 2, "STREAMS", "q", ">")
        w.many([("MULTI",), read, ("EXEC",)])
        e.ask("EVAL", "return redis.call('XREADGROUP', 'GROUP', 'g', 'e', 'STREAMS', 'q', '>')", 1, "q")
        e.close()
        w.close()
        t.released(1, 2, 3, 4)


def seat_of_a_script():
    """A script's caller holds the seat; its end frees it."""
    with Stage("SINGLE", 3600000) as t:
        e = t.s.conn()
        e.ask("EVAL", "return redis.call('XREADGROUP', 'GROUP', 'g', 'e', 'COUNT', 2, 'STREAMS', 'q', '>')", 1, "q")
        x, got = t.reads("x", 4)
        expect((got, t.owned()), ([], {1: "e", 2: "e"}), "while it holds the seat")
        e.close()
        until("the seat", lambda: t.reads("x", 4, x)[1] == [1, 2, 3, 4])


def many_at_once():
    n = 300
    with Stage("ONDISCONNECT", "RELEASE", n=n) as t:
        conns = [t.reads("w%d" % i)[0] for i in range(n)]
        t.s.freeze()
        for c in conns:
            c.close()
        t.s.go_on()
        until("all are released", lambda: not t.owned())
        expect(sorted(t.reads("x", n)[1]), [*range(1, n + 1)], "read again")


def much_at_once():
    """In steps of bounded size, between which others are served; a reader of the same name has to wait."""
    n = 100000
    with Stage("ONDISCONNECT", "RELEASE", n=1) as t:
        t.c.ask("EVAL", "for i = 2, %d do redis.call('XADD', KEYS[1], i .. '-1', 'n', i) end" % n, 1, "q")
        w, got = t.reads("w", n)
        expect(len(got), n, "read")
        w.close()
        t.only_one_left()
        again = t.s.conn()
        expect(numbers(again.ask("XREADGROUP", "GROUP", "g", "w", "COUNT", n, "BLOCK", 0, "STREAMS", "q", ">")), [*range(1, n + 1)], "read again")
        longest = int(info(t.c, "broker_turn_longest_us"))
        print("  %d are released, longest turn %d us" % (n, longest))


def paused():
    with Stage("ONDISCONNECT", "RELEASE") as t:
        a, _ = t.reads("a", 1)
        b, _ = t.reads("b", 1)
        t.c.ask("CLIENT", "PAUSE", LONG, "WRITE")
        before = t.digest()
        b.close()
        a.close()
        t.only_one_left()
        expect(t.owned(), {1: "a", 2: "b"}, "nothing happens in a pause")
        expect(t.digest(), before, "digest")
        t.c.ask("CLIENT", "UNPAUSE")
        until("the release", lambda: not t.owned())
        expect(t.reads("x", 9)[1], [2, 1, 3, 4], "in the order of closing")


def dies():
    with Stage("ONDISCONNECT", "RELEASE", "MAXDELIVER", 2, n=1) as t:
        for i in range(2):
            w, got = t.reads("w%d" % i)
            expect(got, [1], "read")
            w.close()
            until("it is gone", lambda: not t.owned())
        letter = until("a letter", lambda: t.c.ask("XRANGE", "{q}:dlq", "-", "+"))
        f = letter[0][1]
        f = as_dict(f)
        expect([f[k] for k in (b"dl-reason", b"dl-text", b"dl-consumer", b"dl-count")], [b"maxdeliver", b"connection closed", b"w1", b"2"], "letter")


def what_goes_away():
    """The key, the group, the policy, all data, a reload: whoever was attached is forgotten, and nothing goes wrong later."""
    for end in (("DEL", "q"), ("XGROUP", "DESTROY", "q", "g"), ("XPOLICY", "DEL", "q", "g"), ("FLUSHALL",), ("DEBUG", "RELOAD"), ("DEBUG", "LOADAOF"), ("SET", "q", "x"),
                ("XGROUP", "DELCONSUMER", "q", "g", "w"), ("RENAME", "q", "p"), ("SWAPDB", 0, 1)):
        with Stage("ONDISCONNECT", "RELEASE", "SINGLE", LONG) as t:
            w, _ = t.reads("w", 2)
            x = t.waits("x")
            t.c.ask(*end)
            t.c.ask("PING")
            w.close()
            x.close()
            t.only_one_left()
            t.c.ask("FLUSHALL")
            t.c.ask("XPOLICY", "SET", "q", "g", "MKSTREAM", "SINGLE", LONG)
            t.c.ask("XADD", "q", "*", "n", 1)
            expect(len(t.reads("y")[1]), 1, "after %s" % (end,))


# ---- SINGLE

def seat_of_the_lost():
    for rules in ((), ("ONDISCONNECT", "RELEASE")):
        for how, go in ways_to_go().items():
            with Stage("SINGLE", LONG, *rules) as t:
                a, got = t.reads("a", 2)
                expect(got, [1, 2], "read")
                first, second = t.waits("b", 9), t.waits("c", 9)
                expect(t.reads("d")[1], [], "who comes along")
                go(t, a)
                expect(numbers(first.reply()), [1, 2, 3, 4], "the longest waiting, when the holder is gone (%s)" % how)
                expect(second.silent(), True, "the other")
                expect(set(t.owners().values()), {"b"}, "owners")


def seat_of_the_slow():
    with Stage("SINGLE", 300) as t:
        a, _ = t.reads("a", 2)
        b = t.waits("b", 9)
        expect(numbers(b.reply()), [1, 2, 3, 4], "after 300 ms")
        expect(t.reads("a", c=a)[1], [], "it is too late")
        a = t.waits("a")  # and stands behind
        expect(t.c.ask("XACK", "q", "g", "1-1"), 1, "it may still acknowledge")
        b.close()
        expect(numbers(a.reply()), [2], "what is left")


def seat_of_the_blocked():
    with Stage("SINGLE", 100, n=0) as t:
        a = t.waits("a", block=1500)
        b = t.waits("b")
        time.sleep(1)
        t.c.ask("XADD", "q", "1-1", "n", 1)
        expect(numbers(a.reply()), [1], "a holder that waits keeps it")
        expect(numbers(b.reply()), [1], "then it is silent")


def seat_of_the_unblocked():
    with Stage("SINGLE", LONG, n=0) as t:
        a = t.s.conn()
        who = t.client_id(a)
        a.send("XREADGROUP", "GROUP", "g", "a", "BLOCK", 0, "STREAMS", "q", ">")
        until("a blocked reader", t.blocked)
        b = t.waits("b")
        t.c.ask("CLIENT", "UNBLOCK", who)
        expect(a.reply(), None, "unblocked")
        t.c.ask("XADD", "q", "1-1", "n", 1)
        expect(b.silent(0.1), True, "it still has the seat")
        t.c.ask("XGROUP", "DELCONSUMER", "q", "g", "a")
        expect(numbers(b.reply()), [1], "deleted")


def seat_after_restart():
    with Stage("SINGLE", LONG) as t:
        t.reads("a", 2)
        before = t.digest()
        t.s.kill()
        t.c = t.s.start()
        expect(t.digest(), before, "digest")
        expect(t.owned(), {1: "a", 2: "a"}, "pending")
        expect(t.reads("b", 9)[1], [1, 2, 3, 4], "the seat is free")
        before = t.digest()
        t.s.kill()
        t.c = t.s.start()
        expect(t.digest(), before, "digest")
        expect(set(t.owned().values()), {"b"}, "owners")


def a_queue_for_the_seat():
    """Each holder takes one, and goes."""
    n = 50
    with Stage("SINGLE", LONG, n=0) as t:
        waiting = [t.waits("w%d" % i) for i in range(n)]
        for i in range(n):
            t.c.ask("XADD", "q", "%d-1" % (i + 1), "n", i)
            expect(numbers(waiting[i].reply()), [i + 1], "reader %d" % i)
            expect([c.silent() for c in waiting[i + 1:]], [True] * (n - i - 1), "others")
            waiting[i].ask("XACK", "q", "g", "%d-1" % (i + 1))
            waiting[i].close()


# ---- CONSUMERTTL, GROUPTTL

def idle_ones():
    with Stage("CONSUMERTTL", 500, "LEASE", LONG, n=2, args=("--notify-keyspace-events", "Kt")) as t:
        told = t.s.conn()
        told.ask("SUBSCRIBE", "__keyspace@0__:q")
        t.reads("w", 1)
        blocked, _ = t.reads("b", 1)
        blocked.send("XREADGROUP", "GROUP", "g", "b", "BLOCK", 0, "STREAMS", "q", ">")
        until("w is deleted", lambda: t.consumers() == ["b"])
        expect(numbers(blocked.reply()), [1], "what it had")
        until("b is deleted", lambda: t.consumers() == [])
        events = []
        until("events", lambda: events.append(told.reply()[2]) or events.count(b"xgroup-delconsumer") == 2)
        expect(t.owners(), {1: "", 2: ""}, "released")


def idle_group():
    with Stage("GROUPTTL", 1500, n=1, args=("--notify-keyspace-events", "Kt")) as t:
        told = t.s.conn()
        told.ask("SUBSCRIBE", "__keyspace@0__:q")
        t.c.ask("XPOLICY", "SET", "q", "h", "MKSTREAM", "GROUPTTL", 300)
        h = t.s.conn()
        h.send("XREADGROUP", "GROUP", "h", "w", "COUNT", 1, "STREAMS", "q", ">")
        h.reply()
        h.send("XREADGROUP", "GROUP", "h", "w", "BLOCK", 0, "STREAMS", "q", ">")
        until("g is destroyed", lambda: t.groups() == ["h"])
        until("the event", lambda: told.reply()[2] == b"xgroup-destroy")
        h.close()
        until("h is destroyed", lambda: t.groups() == [])
        expect(t.c.ask("XLEN", "q"), 1, "the stream stays")
        before = t.digest()
        t.s.kill()
        t.c = t.s.start()
        expect(t.digest(), before, "digest")


def restart_begins_anew():
    with Stage("CONSUMERTTL", 60000, "GROUPTTL", 60000) as t:
        t.reads("w", 1)
        t.c.ask("XPOLICY", "SET", "q", "g", "CONSUMERTTL", 700, "GROUPTTL", 3000)
        t.s.kill()
        time.sleep(4)
        t.c = t.s.start()
        expect(t.consumers(), ["w"], "at the start")
        until("it is deleted", lambda: t.consumers() == [])
        until("the group is destroyed", lambda: t.groups() == [])


def a_replica():
    with Stage("SINGLE", LONG, "ONDISCONNECT", "RELEASE", "CONSUMERTTL", 2000) as t, Server(PATH, "--appendonly", "yes", "--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes") as other:
        r = other.start()
        r.ask("REPLICAOF", "127.0.0.1", t.s.port)
        until("the replica", lambda: info(r, "master_link_status", "replication") == "up")
        w, _ = t.reads("w", 2)
        w.close()
        t.released(1, 2)
        until("the same data", lambda: r.ask("DEBUG", "DIGEST") == t.digest())
        until("the same after the consumer is deleted", lambda: t.consumers() == [] and r.ask("DEBUG", "DIGEST") == t.digest())
        x, got = t.reads("x", 1)
        expect(got, [1], "read")
        until("the same data", lambda: r.ask("DEBUG", "DIGEST") == t.digest())
        t.s.freeze()
        time.sleep(3)
        expect(len(r.ask("XINFO", "CONSUMERS", "q", "g")), 1, "a replica deletes nobody")
        r.ask("REPLICAOF", "NO", "ONE")
        y = other.conn()
        expect(numbers(y.ask("XREADGROUP", "GROUP", "g", "y", "STREAMS", "q", ">")), [2, 1, 3, 4], "the seat is free, and the consumer still there")
        until("x is deleted", lambda: all(c[1] != b"x" for c in r.ask("XINFO", "CONSUMERS", "q", "g")))
        t.s.go_on()


def main():
    global PATH
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--only", nargs="*", default=())
    o = ap.parse_args()
    PATH = o.server
    cases([("presence, a connection goes: " + how, goes, how) for how in ways_to_go()] + [
        ("presence, " + name, run) for name, run in (
            ("a blocked connection goes", goes_blocked), ("a connection times out", times_out), ("a pool of connections", pool), ("transactions and scripts", in_transactions), ("the seat of a script", seat_of_a_script),
            ("many connections go at once", many_at_once), ("a connection with much goes", much_at_once), ("a pause", paused), ("death by lost connections", dies),
            ("what they read from goes away", what_goes_away), ("the seat of a lost connection", seat_of_the_lost), ("the seat of a slow consumer", seat_of_the_slow),
            ("the seat of a blocked reader", seat_of_the_blocked), ("the seat of one that was unblocked", seat_of_the_unblocked),
            ("the seat after a restart", seat_after_restart), ("a queue for the seat", a_queue_for_the_seat), ("idle consumers", idle_ones), ("an idle group", idle_group),
            ("spans begin anew", restart_begins_anew), ("a replica", a_replica))], o.only, errors=(OSError, Refused, Error))


if __name__ == "__main__":
    main()
