#!/usr/bin/env python3
"""Pipelines that take several turns of the server's loop: nothing of them is lost, their clients keep no more than they can run, and leave room for others.

turns.py SERVER      prints "ok ..." and "not ok ..." lines

Each pipeline has commands that take longer than a turn begins requests for, so that the rest of it is kept for later turns. And what comes to a client in the turn in which it leaves.
"""
import os, socket, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import cases, expect  # noqa: E402
from resp import packet          # noqa: E402
from server import Server        # noqa: E402

SLOW = ("DEBUG", "SLEEP", "0.006")
BATCH = 32    # requests of one client that are looked at together
MANY = 9000   # more than one client's share of a turn


def slow(batches, *command):
    """Batches of requests; each takes longer than a turn begins requests for."""
    return packet(([SLOW] + [command] * (BATCH - 1)) * batches)


def quick():
    return Server(sys.argv[1], "--enable-debug-command", "yes", "--save", "", "--client-query-buffer-limit", "1mb", tls=True)


def leaves(kind):
    """What was sent before the connection's end is run."""
    with quick() as s:
        a = s.start()
        c = getattr(s, kind)()
        c.write(slow(40, "INCR", "ran"))
        c.s.shutdown(socket.SHUT_WR)
        while c.s.recv(1 << 16):
            pass
        expect(int(a.do("GET", "ran")), 40 * (BATCH - 1), "commands that ran")


def keeps_little(kind):
    """A client whose requests are slower than its sending is read no faster than it is served."""
    with quick() as s:
        s.start()
        c = getattr(s, kind)()
        batches = 300
        data = slow(batches, "SET", "k", "x" * 150)
        c.s.settimeout(None)
        if os.fork() == 0:
            try:
                c.write(data)
            finally:
                os._exit(0)
        for _ in range(batches * BATCH):
            expect(c.answer(), b"OK", "reply")
        os.wait()


def killed(kind):
    """SCRIPT KILL that was kept for the next turn ends a script that begins there."""
    with quick() as s:
        s.start()
        one, two = s.conn(), getattr(s, kind)()
        one.do("PING"), two.do("PING")
        s.stop()
        one.write(slow(1, "PING") + packet([("EVAL", "while true do end", 0)]))
        two.send("SCRIPT", "KILL")
        s.go_on()
        expect(two.answer(), b"OK", "SCRIPT KILL")
        got = [one.answer() for _ in range(BATCH + 1)][-1]
        expect("killed" in str(got).lower(), True, str(got))


def others():
    """Long pipelines of more clients than are read together leave room for one that comes behind them."""
    with quick() as s:
        a = s.start()
        many, batches = [s.conn() for _ in range(17)], 10
        for c in many + [a]:
            c.do("PING")
        s.stop()
        for c in many:
            c.write(slow(batches, "INCR", "ran"))
        a.send("GET", "ran")
        s.go_on()
        got = int(a.answer() or 0)
        expect(got <= 4 * len(many) * (BATCH - 1), True, "%d of theirs ran first" % got)
        for c in many:
            for _ in range(batches * BATCH):
                c.answer()


def handed_over():
    """A message that another client of the same turn sends to one whose end is read behind it: it is received, or stays."""
    with quick() as s:
        a, first = s.start(), s.conn()
        waiting, between = [s.conn() for _ in range(3)], [s.conn() for _ in range(20)]  # more than are read together
        for c in [first] + between:
            c.do("PING")
        commands = (("BLPOP", "list", 0), ("BLMOVE", "list", "to", "LEFT", "RIGHT", 0), ("BZPOPMIN", "zset", 0))
        for c, command in zip(waiting, commands):
            c.do("PING")
            c.send(*command)
            a.do("PING")
        s.stop()
        first.send("PING")  # ends the server's wait: what follows comes together
        time.sleep(0.05)
        a.write(packet([("RPUSH", "list", "x", "y"), ("ZADD", "zset", 1, "z")]))
        for c in between:
            c.send("PING")
        for c in waiting:
            c.s.shutdown(socket.SHUT_WR)
        s.go_on()
        expect([a.answer(), a.answer()], [2, 1], "what was added")
        received = [c.answer() for c in waiting]
        expect(received, [[b"list", b"x"], b"y", [b"zset", b"z", b"1"]], "received")
        expect([c.s.recv(100) for c in waiting], [b""] * 3, "and closed")


def loading():
    """Each client gets all its replies while data are loaded; the longest turn begins with the first one."""
    with quick() as s:
        a = s.start()
        a.do("DEBUG", "POPULATE", 20000, "k", 100)
        a.do("SAVE")
        expect(s.launch("--key-load-delay", 300, "--loading-process-events-interval-bytes", 1024, loading=True), True, "start")
        c = s.conn()
        c.write(b"PING\r\n" * MANY)
        for _ in range(MANY):
            expect(str(c.answer())[:7], "LOADING", "reply")
        a = s.start()
        longest = a.do("INFO", "debug").partition(b"eventloop_duration_max:")[2].split(b"\r\n")[0]
        expect(0 < int(longest) < 60 * 1000000, True, "longest turn, us: %r" % longest)


cases([(name + ", " + kind, run, kind) for name, run in (("a client that leaves", leaves), ("a client that sends faster than it is served", keeps_little),
                                                        ("SCRIPT KILL from a later turn", killed)) for kind in ("conn", "tls")]
      + [("others between long pipelines", others), ("while loading", loading), ("what comes to a client that leaves", handed_over)], sys.argv[2:])
