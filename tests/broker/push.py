#!/usr/bin/env python3
"""Streams that are pushed, on a real server: kills, restarts, a slow reader, a server that becomes a replica: broker U4, U5, U6, U8.

usage: push.py --server PATH [--only PART ...]"""
import argparse, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import cases, expect, until  # noqa: E402
from resp import Error, entry_id, info  # noqa: E402
from server import Server, servers      # noqa: E402

PATH, LONG = "", 3600000  # ms: not within a test


def queue(c, n=5, key="q"):
    c.ask("XPOLICY", "SET", key, "g", "MKSTREAM", "LEASE", LONG, "ONACK", "DELETE")
    for i in range(1, n + 1):
        c.ask("XADD", key, "%d-1" % i, "n", i)


def subscriber(s, name="w", prefetch=32):
    c = s.conn()
    c.ask("HELLO", 3)
    expect(c.ask("XCONSUME", "START", "GROUP", "g", name, "PREFETCH", prefetch, "STREAMS", "q"), b"OK", "the reply to START")
    return c


def frames(c, n):
    """Numbers and counts of the next n messages."""
    got = [c.reply() for _ in range(n)]
    for f in got:
        expect(f[:3], [b"xdeliver", b"q", b"g"], "a frame")
    return [(int(f[4][1]), f[5]) for f in got]


def released(c):
    return [entry_id(i)[0] for i, name, *_ in c.ask("XPENDING", "q", "g", "-", "+", 1000) if not name]


def what_a_closed_connection_had_is_ready_after_a_kill():
    with Server(PATH, "--appendonly", "yes", "--appendfsync", "always") as s:
        c = s.start()
        queue(c)
        w = subscriber(s)
        expect(frames(w, 5), [(i, 1) for i in range(1, 6)], "what was sent")
        expect(w.ask("XACK", "q", "g", "2-1", "4-1"), 2, "XACK")
        w.close()
        until("the release", lambda: released(c) == [1, 3, 5])
        s.kill()
        c = s.start()
        expect(released(c), [1, 3, 5], "what is released")
        expect(frames(subscriber(s, "other"), 3), [(1, 2), (3, 2), (5, 2)], "what comes again")


def what_an_open_connection_had_comes_first_after_a_kill():
    with Server(PATH, "--appendonly", "yes", "--appendfsync", "always") as s:
        queue(s.start(), 6)
        w = subscriber(s, prefetch=3)
        expect(frames(w, 3), [(1, 1), (2, 1), (3, 1)], "what was sent")
        expect(w.ask("XACK", "q", "g", "2-1"), 1, "XACK")
        expect(frames(w, 1), [(4, 1)], "the next one")
        s.kill()
        c = s.start()
        expect(released(c), [], "released")
        w = subscriber(s, prefetch=4)
        expect(frames(w, 4), [(1, 2), (3, 2), (4, 2), (5, 1)], "what comes again, and then new ones")


def who_does_not_read_holds_nobody_up():
    with Server(PATH) as s:
        c, text = s.start(), "x" * 100000
        queue(c, 0)
        lazy = subscriber(s, "lazy", 1000)
        for _ in range(100):
            c.ask("XADD", "q", "*", "n", text)
        until("an end", lambda: info(c, "broker_subscriptions") == "1" and int(c.ask("XPENDING", "q", "g")[0]) > 10)
        pending = int(c.ask("XPENDING", "q", "g")[0])
        expect(pending < 100, True, "not all of it")
        w = subscriber(s, "w", 1000)
        for _ in range(100 - pending):
            expect(w.reply()[0], b"xdeliver", "a frame for the other one")
        for _ in range(pending):
            expect(lazy.reply()[0], b"xdeliver", "a frame")
        c.ask("XADD", "q", "*", "n", 1)
        until("the last one", lambda: int(c.ask("XPENDING", "q", "g")[0]) == 101)


def a_replica_pushes_nothing():
    with servers(Server(PATH, "--appendonly", "yes"), Server(PATH, "--appendonly", "yes")) as (a, b):
        c, d = a.start(), b.start()
        queue(c)
        d.ask("REPLICAOF", "127.0.0.1", a.port)
        until("a copy", lambda: d.do("XLEN", "q") == 5)
        w = subscriber(a, prefetch=3)
        expect(frames(w, 3), [(1, 1), (2, 1), (3, 1)], "what was sent")
        until("the copy", lambda: d.ask("XPENDING", "q", "g")[0] == 3)
        on_replica = b.conn()
        on_replica.ask("HELLO", 3)
        refused = on_replica.do("XCONSUME", "START", "GROUP", "g", "w", "STREAMS", "q")
        expect(isinstance(refused, Error) and str(refused).startswith("READONLY"), True, "an error")
        d.ask("REPLICAOF", "NO", "ONE")
        c.ask("REPLICAOF", "127.0.0.1", b.port)
        expect(w.is_closed(), True, "closed")
        until("a role", lambda: isinstance(b.conn().do("XADD", "q", "9-1", "n", 9), bytes))
        expect(frames(subscriber(b, prefetch=4), 4), [(1, 2), (2, 2), (3, 2), (4, 1)], "from the new primary")


def who_becomes_a_replica_is_sent_the_stream_alone():
    with Server(PATH, "--repl-diskless-sync-delay", 0) as s:
        c = s.start()
        queue(c, 1)
        w = subscriber(s)
        expect(frames(w, 1), [(1, 1)], "a frame")
        w.send("PSYNC", "?", -1)
        until("a replica", lambda: info(c, "connected_slaves") == "1")
        expect(info(c, "broker_subscriptions"), "0", "subscriptions")
        c.ask("XADD", "q", "9-1", "n", "the-last-one")
        got = bytes(w.reader.bytes)
        while b"the-last-one" not in got:
            got += w.s.recv(1 << 16)
        expect(b"xdeliver" in got, False, "a frame in the stream")


def main():
    global PATH
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--only", nargs="*", default=[])
    o = ap.parse_args()
    PATH = o.server
    cases([("push, " + name, run) for name, run in (
        ("a closed connection and a kill", what_a_closed_connection_had_is_ready_after_a_kill),
        ("an open connection and a kill", what_an_open_connection_had_comes_first_after_a_kill),
        ("who does not read", who_does_not_read_holds_nobody_up), ("a replica", a_replica_pushes_nothing),
        ("who becomes a replica", who_becomes_a_replica_is_sent_the_stream_alone))], o.only, errors=(OSError, Error))


if __name__ == "__main__":
    main()
