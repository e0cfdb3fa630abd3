#!/usr/bin/env python3
"""Pipelines that take several turns of the server's loop: nothing of them is lost, their clients keep no more than they can run, and leave room for others.

turns.py SERVER      prints "ok ..." and "not ok ..." lines

Each pipeline has commands that take longer than a turn begins requests for, so that the rest of it is kept for later turns. One case is about the turn itself: a client leaves in the turn in which a message comes to it.
"""
import fcntl, os, socket, sys, termios

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import cases, expect, until  # noqa: E402
from resp import packet          # noqa: E402
from server import Server        # noqa: E402

SLOW = ("DEBUG", "SLEEP", "0.006")
BATCH = 32    # requests of one client that are looked at together
MANY = 9000   # more than one client's share of a turn


def slow(batches, *command):
    """Batches of requests; each takes longer than a turn begins requests for."""
    return packet(([SLOW] + [command] * (BATCH - 1)) * batches)


def quick(input="1mb"):
    return Server(sys.argv[1], "--enable-debug-command", "yes", "--save", "", "--client-query-buffer-limit", input, tls=True)


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


def unread(c):
    """Bytes sent by a unix socket that the server has not read."""
    return int.from_bytes(fcntl.ioctl(c.s, termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def together(s, waiting, commands, *later):
    """The clients block in these commands. Then the server reads in one turn what another client sends (`later`), and after it that the first ones have closed. Returns the other client."""
    a, first = s.conn(), s.unix()
    between = [s.conn() for _ in range(20)]  # more than are read together
    for c, command in zip(waiting, commands):
        c.send(*command)
        a.do("PING")
    first.send("DEBUG", "SLEEP", "1")  # what is sent meanwhile is read together behind it
    until("the sleep", lambda: unread(first) == 0)
    a.write(packet(later))
    for c in between:
        c.send("PING")
    for c in waiting:
        c.s.shutdown(socket.SHUT_WR)
    return a


def handed_over():
    """A message that another client of the same turn sends to one whose end is read behind it: it is received, or stays."""
    with quick() as s:
        s.start()
        waiting = [s.conn() for _ in range(3)]
        a = together(s, waiting, (("BLPOP", "list", 0), ("BLMOVE", "list", "to", "LEFT", "RIGHT", 0), ("BZPOPMIN", "zset", 0)),
                     ("RPUSH", "list", "x", "y"), ("ZADD", "zset", 1, "z"))
        expect([a.answer(), a.answer()], [2, 1], "what was added")
        received = [c.answer() for c in waiting]
        expect(received, [[b"list", b"x"], b"y", [b"zset", b"z", b"1"]], "received")
        expect([c.s.recv(100) for c in waiting], [b""] * 3, "and closed")


def accepts_nothing(end):
    """A client that leaves and reads nothing of what it is owed does not stay, and what was pushed to it goes back to its group."""
    with quick(input="1gb") as s:
        a, size = s.start(), 20000000
        c = s.conn()
        number = c.do("CLIENT", "ID")
        there = lambda: "id=%d " % number in a.do("CLIENT", "LIST").decode()
        if end == "a reply of its last turn":
            c.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            a.do("SET", "big", "x" * 6000000)  # more than the buffers hold, and no longer to copy than a turn begins requests for
            a = together(s, [c], [("BLPOP", "list", 0)], ("EVAL", "return redis.call('RPUSH', KEYS[1], redis.call('GET', KEYS[2]))", 2, "list", "big"))
            a.answer()
            until("its end", lambda: not there())
            return
        a.do("XGROUP", "CREATE", "queue", "g", "0", "MKSTREAM")
        a.do("XPOLICY", "SET", "queue", "g", "LEASE", 600000)
        a.do("XADD", "queue", "*", "f", "x" * size)
        c.do("HELLO", 3)
        c.send(*(("XCONSUME", "START", "GROUP", "g", "w", "STREAMS", "queue") if end == "pushes" else ("XRANGE", "queue", "-", "+")))
        until("what it does not read", lambda: " omem=0 " not in [x for x in a.do("CLIENT", "LIST").decode().splitlines() if "id=%d " % number in x][0])
        c.s.shutdown(socket.SHUT_WR)
        until("its end", lambda: not there())
        expect(len(a.do("XREADGROUP", "GROUP", "g", "another", "STREAMS", "queue", ">")[0][1]), 1, "messages for another")


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
      + [("others between long pipelines", others), ("while loading", loading), ("what comes to a client that leaves", handed_over)]
      + [("a client that leaves and reads nothing, " + end, accepts_nothing, end) for end in ("a reply", "a reply of its last turn", "pushes")], sys.argv[2:])
