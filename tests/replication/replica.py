#!/usr/bin/env python3
"""A replica as its clients and its primary see it: the same dialogue with Millrace and with redis-server, and what is Millrace's own.

usage: replica.py --server PATH [--reference PATH] [--only NAME,...]
"""
import argparse, os, re, socket, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, cases, expect, until   # noqa: E402
from contents import pairs                       # noqa: E402
from resp import Error, Reader, info, received, request  # noqa: E402
from server import Server, free_port             # noqa: E402

A, B = "a" * 40, "b" * 40
OWN_WORDS = ([b"REPLCONF", b"version"], [b"REPLCONF", b"millrace"])  # what a Redis does not say


class Primary:
    """Says and hears every byte of the link to a replica."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.listener.settimeout(60)
        self.port, self.s = self.listener.getsockname()[1], None

    def accept(self):
        if self.s:
            self.s.close()
        self.s, _ = self.listener.accept()
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.s.settimeout(60)
        self.reader = Reader(lambda: received(self.s))

    def hear(self):
        """The next request, as words; LF in front of it are passed over."""
        while True:
            while not self.reader.bytes:
                self.reader.bytes += received(self.s)
            if self.reader.bytes[:1] != b"\n":
                return [word for _, word in self.reader.reply()[1][1]]
            del self.reader.bytes[:1]

    def say(self, text):
        self.s.sendall(text if isinstance(text, bytes) else text.encode("latin-1"))

    def greet(self):
        """The handshake up to the question for the stream: what was said, without what only Millrace says; the question."""
        expect(self.hear(), [b"PING"], "the first word")
        self.say("+PONG\r\n")
        said = []
        while True:
            words = self.hear()
            if words[0] == b"PSYNC":
                return said, words
            own = words[:2] in OWN_WORDS
            said += [] if own else [words]
            self.say("-ERR Unrecognized REPLCONF option: %s\r\n" % words[1].decode() if own else "+OK\r\n")

    def attach(self, c, snapshot, offset=100, history=A):
        """c is made a replica, and has everything."""
        c.ask("REPLICAOF", "127.0.0.1", self.port)
        self.accept()
        self.greet()
        self.say("+FULLRESYNC %s %d\r\n$%d\r\n" % (history, offset, len(snapshot)))
        self.say(snapshot)
        expect(self.hear()[:3], [b"REPLCONF", b"ACK", b"%d" % offset], "the first offset")

    def close(self):
        self.listener.close()
        if self.s:
            self.s.close()


class Pair:
    """A server, and a primary that the test plays."""

    def __init__(self, path, *options):
        self.server, self.primary = Server(path, "--enable-debug-command", "yes", *options), Primary()

    def __enter__(self):
        self.c = self.server.start()
        self.c.ask("SET", "held", "1")
        self.c.ask("SAVE")
        with open(self.server.at("dump.rdb"), "rb") as f:
            self.snapshot = f.read()
        return self

    def __exit__(self, *_):
        self.server.end()
        self.primary.close()

    def attach(self, **how):
        self.primary.attach(self.c, self.snapshot, **how)

    def stream(self, *commands):
        self.primary.say(b"".join(request(*c) for c in commands))

    def asks(self):
        """The offset that is told when it is asked for."""
        self.stream(("REPLCONF", "GETACK", "*"))
        while True:
            words = self.primary.hear()
            if words[:2] == [b"REPLCONF", b"ACK"]:
                return int(words[2])

    def fields(self, *names):
        seen = info(self.c, section="replication")
        return {n: seen.get(n) for n in names}


# ---- The same with both: each case returns what was seen

def texts(p):
    c, seen = p.c, []
    for words in (["REPLICAOF", "h", "x"], ["SLAVEOF", "h", "70000"], ["REPLICAOF", "no", "TWO"], ["REPLICAOF", "NO", "ONE"], ["SLAVEOF", "no", "one"],
                  ["REPLICAOF", "h"], ["CONFIG", "SET", "replicaof", "h 1"], ["CONFIG", "GET", "replicaof"], ["ROLE"]):
        seen.append((words, str(c.do(*words))))
    p.attach()
    for words in (["REPLICAOF", "127.0.0.1", p.primary.port], ["WAIT", "0", "0"]):
        seen.append((words[0], str(c.do(*words))))
    expect(c.ask("CONFIG", "GET", "slaveof")[1], b"127.0.0.1 %d" % p.primary.port, "the setting")
    return seen


def handshake(p):
    seen = []
    p.c.ask("CONFIG", "SET", "masterauth", "secret", "replica-announce-ip", "1.2.3.4", "replica-announce-port", "77")
    p.c.ask("REPLICAOF", "127.0.0.1", p.primary.port)
    p.primary.accept()
    seen.append(p.primary.greet()[0])
    p.primary.say("-NOMASTERLINK no\r\n")
    p.primary.accept()
    seen.append(p.primary.greet()[0])
    p.primary.say("-ERR unknown command 'PSYNC'\r\n")
    while b"\n" not in p.primary.reader.bytes:
        p.primary.reader.bytes += received(p.primary.s)
    seen.append(bytes(p.primary.reader.bytes))
    return seen


def states(p):
    """What ROLE and INFO tell on the way."""
    seen, c = [], p.c
    role = lambda: (c.ask("ROLE")[0], c.ask("ROLE")[3:], p.fields("role", "master_host", "master_link_status", "master_sync_in_progress"))
    c.ask("REPLICAOF", "127.0.0.1", p.primary.port)
    p.primary.accept()
    until("the handshake", lambda: c.ask("ROLE")[3] == b"handshake")
    seen.append(role())
    p.primary.greet()
    p.primary.say("+FULLRESYNC %s 100\r\n$%d\r\n" % (A, len(p.snapshot)))
    until("the transfer", lambda: c.ask("ROLE")[3] == b"sync")
    p.primary.say(p.snapshot[:20])
    until("some of it", lambda: info(c)["master_sync_read_bytes"] == "20")
    seen.append((role(), p.fields("master_sync_left_bytes")["master_sync_left_bytes"] == str(len(p.snapshot) - 20)))
    p.primary.say(p.snapshot[20:])
    p.primary.hear()
    seen.append((role(), p.fields("slave_repl_offset", "slave_read_repl_offset", "master_replid", "master_replid2", "second_repl_offset",
                                  "master_repl_offset", "slave_priority", "slave_read_only", "replica_announced")))
    seen.append(re.search(r"flags=M.* user=(\S+)", c.ask("CLIENT", "LIST", "TYPE", "master").decode())[1])
    p.primary.listener.close()
    p.primary.s.close()
    until("the end of the link", lambda: info(c)["master_link_status"] == "down")
    seen.append(p.fields("master_link_status", "master_last_io_seconds_ago", "slave_repl_offset"))
    return seen


def offsets(p):
    """What counts, what is answered, and from where a cut link goes on."""
    p.attach()
    seen = [p.asks()]
    p.stream(("SELECT", "0"), ("SET", "a", "1"))
    seen.append(p.asks())
    p.primary.say(b"\r\n\n" + request("SET", "b", "2") + b"\n" + request("PING"))
    seen.append(p.asks())
    p.stream(("MULTI",), ("SET", "a", "2"))
    seen.append(info(p.c)["slave_repl_offset"])
    p.primary.accept()
    seen.append(p.primary.greet()[1])
    p.primary.say("+CONTINUE\r\n" + "")
    seen.append((p.primary.hear()[:2], p.c.ask("GET", "a")))
    p.stream(("MULTI",), ("SET", "a", "3"), ("EXEC",))
    seen += [p.asks(), p.c.ask("GET", "a"), p.c.ask("GET", "b")]
    p.primary.accept()
    seen.append(p.primary.greet()[1])
    p.primary.say("+CONTINUE %s\r\n" % B)
    p.primary.hear()
    seen.append(p.fields("master_replid", "master_replid2", "second_repl_offset", "slave_repl_offset"))
    return seen


def applied(p):
    """Databases, scripts, messages, errors; MONITOR, statistics."""
    p.attach()
    seen, m, s = [], p.server.conn(), p.server.conn()
    s.ask("SUBSCRIBE", "ch")
    m.ask("MONITOR")
    p.stream(("SELECT", "3"), ("SET", "a", "x"), ("INCR", "a"), ("BOGUS", "1"), ("PUBLISH", "ch", "hello"), ("EVAL", "return redis.call('set', KEYS[1], 'l')", "1", "k"),
             ("MULTI",), ("SET", "b", "1"), ("EXEC",), ("SELECT", "0"), ("SET", "last", "1"))
    lines = []
    while not lines or "last" not in lines[-1]:
        lines.append(re.sub(r"^[0-9.]+ ", "", m.reply().decode()).replace(str(p.primary.port), "PORT"))
    seen.append(lines)
    seen.append(s.reply())
    p.c.ask("SELECT", "3")
    seen.append([p.c.ask("GET", k) for k in ("a", "b", "k")])
    i = info(p.c)
    seen.append((i["unexpected_error_replies"], i["cmdstat_multi"].split(",")[0], i["cmdstat_exec"].split(",")[0], i["cmdstat_incr"].split("failed")[1]))
    return seen


def becoming(p):
    """Those who wait, and what is queued."""
    seen, waits, queued = [], p.server.conn(), p.server.conn()
    waits.send("BLPOP", "nothing", "0")
    until("its wait", lambda: info(p.c)["blocked_clients"] == "1")
    for words in (("MULTI",), ("SET", "x", "1")):
        queued.ask(*words)
    p.attach()
    seen.append((str(waits.answer()), waits.is_closed()))
    seen.append(str(queued.do("EXEC")))
    for words in (["SET", "x", "1"], ["XADD", "q", "*", "f", "v"], ["EVAL", "return redis.call('set', 'x', 1)", "0"], ["GET", "held"], ["PUBLISH", "c", "x"]):
        seen.append((words[0], str(p.c.do(*words))))
    p.c.ask("REPLICAOF", "NO", "ONE")
    seen.append((str(p.c.do("SET", "x", "1")), p.fields("role", "master_replid2", "second_repl_offset"), p.primary.s.recv(1000)[-20:] is not None))
    return seen


def sentinels_way(p):
    """Roles change within a transaction."""
    p.attach()
    c = p.server.conn()
    seen = [str(c.do(*words)) for words in (("MULTI",), ("SLAVEOF", "NO", "ONE"), ("SET", "a", "1"), ("EXEC",))]
    seen.append(p.fields("role", "master_replid2", "second_repl_offset"))
    seen += [str(c.do(*words)) for words in (("MULTI",), ("SET", "b", "1"), ("SLAVEOF", "127.0.0.1", p.primary.port), ("SET", "c", "1"), ("EXEC",))]
    p.primary.accept()
    seen.append(p.fields("role", "master_link_status"))
    return seen + [p.primary.greet()[1][2]]


def digests(p):
    """A key that is past by our clock is in the digest until the primary deletes it: equal offsets, equal digests."""
    c, seen = p.c, []
    p.attach()
    digest = lambda: (p.asks(), c.ask("DEBUG", "DIGEST"))[1]
    before = digest()
    p.stream(("SELECT", "0"), ("SET", "past", "v", "PXAT", "1000"))
    with_it = digest()
    seen.append((with_it != before, c.ask("GET", "past"), c.ask("DEBUG", "DIGEST-VALUE", "past") == c.ask("DEBUG", "DIGEST-VALUE", "none"), digest() == with_it))
    p.stream(("DEL", "past"))
    seen.append(digest() == before)
    return seen


def kept_until_whole(p):
    """A transfer that is cut, and one that is damaged, change nothing; the next question is for the rest."""
    p.attach()
    p.stream(("SELECT", "0"), ("SET", "more", "1"))
    seen = [p.asks()]
    p.primary.accept()
    seen.append(p.primary.greet()[1])
    p.primary.say("+FULLRESYNC %s 7\r\n$%d\r\n" % (B, len(p.snapshot)))
    p.primary.say(p.snapshot[:-5])
    until("the transfer", lambda: p.c.ask("ROLE")[3] == b"sync")
    p.primary.accept()
    p.primary.greet()
    return seen + [p.c.ask("GET", "more"), p.fields("role", "slave_repl_offset")]


SAME = [texts, handshake, states, offsets, applied, becoming, sentinels_way, digests, kept_until_whole]


def same(o, run):
    seen = []
    for path in (o.reference, o.server):
        with Pair(path) as p:
            seen.append(run(p))
    for want, got in zip(*seen):
        expect(got, want, "step")
    expect(len(seen[1]), len(seen[0]), "steps")


# ---- Millrace's own

def own_words(o):
    with Pair(o.server) as p:
        p.c.ask("REPLICAOF", "127.0.0.1", p.primary.port)
        p.primary.accept()
        p.primary.hear()
        p.primary.say("+PONG\r\n")
        said = [p.primary.hear() for _ in range(4)]
        expect(said[2:], [[b"REPLCONF", b"version", b"9.0.0"], [b"REPLCONF", b"millrace", b"1", info(p.c)["run_id"].encode(), b"-", b"0"]], "words")


def refused(o):
    """A primary must not administer its replica, and of a transaction the rest is applied."""
    with Pair(o.server) as p:
        p.attach()
        p.stream(("SELECT", "0"), ("SHUTDOWN", "NOSAVE"), ("CONFIG", "SET", "maxmemory", "1"), ("REPLICAOF", "NO", "ONE"), ("MULTI",), ("SET", "a", "1"), ("BOGUS",),
                 ("SET", "b", "2"), ("EXEC",), ("SELECT", "99"), ("SET", "c", "3"))
        p.asks()
        expect((p.c.ask("MGET", "a", "b", "c"), info(p.c)["unexpected_error_replies"]), ([b"1", b"2", None], "6"), "what was done")
        expect(p.fields("role")["role"], "slave", "role")


def garbage(o):
    with Pair(o.server) as p:
        p.attach()
        p.primary.say("SET a 1\r\n")
        p.primary.accept()
        expect(p.primary.greet()[1], [b"PSYNC", b"?", b"-1"], "everything anew")
        p.primary.say("+CONTINUE %s\r\n" % B)  # redis-server 7.0.15 ends here
        p.primary.accept()
        expect(p.c.ask("GET", "held"), b"1", "data")


def served_meanwhile(o):
    """swapdb: what there is is served until the other is whole; one that is damaged in its midst changes nothing."""
    with Pair(o.server, "--repl-diskless-load", "swapdb", "--appendonly", "yes") as p, Server(o.server) as other:
        d = other.start()
        d.many([("SET", "k%d" % i, "x" * 100) for i in range(2000)])
        d.ask("SAVE")
        with open(other.at("dump.rdb"), "rb") as f:
            large = f.read()
        p.attach()
        p.stream(("SELECT", "0"), ("SET", "more", "1"))
        offset = p.asks()
        p.c.ask("CONFIG", "SET", "key-load-delay", "1000", "loading-process-events-interval-bytes", "1024")
        p.primary.accept()
        p.primary.greet()
        p.primary.say("+FULLRESYNC %s 1000\r\n$%d\r\n" % (A, len(large)))
        p.primary.say(large)
        until("the load", lambda: info(p.c)["async_loading"] == "1")
        i = info(p.c)
        expect((i["loading"], p.c.ask("DBSIZE"), p.c.ask("GET", "more"), str(p.c.do("REPLICAOF", "NO", "ONE"))),
               ("0", 2, b"1", "LOADING Redis is loading the dataset in memory"), "meanwhile")
        expect(int(info(p.c)["eventloop_cycles"]) > int(i["eventloop_cycles"]), True, "each turn meanwhile is counted")
        p.c.ask("CONFIG", "SET", "key-load-delay", "0")
        until("the exchange", lambda: p.c.ask("DBSIZE") == 2000)
        until("the link", lambda: info(p.c)["master_link_status"] == "up")
        expect((info(p.c)["async_loading"], info(p.c)["slave_repl_offset"], offset < 1000), ("0", "1000", True), "behind it")
        until("the new base", lambda: info(p.c)["aof_rewrite_in_progress"] == "0")
        p.server.kill()
        p.c = p.server.start()
        expect((p.c.ask("DBSIZE"), info(p.c)["master_repl_offset"]), (2000, "1000"), "the file")


def copies_in_a_row(o):
    """A copy that comes while the data of the one before are still being freed."""
    with Server(o.server, "--repl-diskless-sync-delay", 0, "--enable-debug-command", "yes") as s, \
            Server(o.server, "--repl-diskless-load", "swapdb", "--enable-debug-command", "yes") as replica:
        c, r = s.start(), replica.start()
        c.ask("DEBUG", "POPULATE", 50000, "key", 1000)
        r.ask("REPLICAOF", "127.0.0.1", s.port)
        in_step = lambda: info(r)["master_link_status"] == "up" and info(r)["slave_repl_offset"] == info(c)["master_repl_offset"]
        until("the first copy", in_step)
        for i in range(5):
            r.ask("REPLICAOF", "127.0.0.1", free_port())
            c.many([("SET", "more", i), ("DEBUG", "CHANGE-REPL-ID")])
            r.ask("REPLICAOF", "127.0.0.1", s.port)
            until("copy %d" % i, lambda: in_step() and r.ask("GET", "more") == b"%d" % i)
        expect((r.ask("DEBUG", "DIGEST"), int(info(c)["sync_full"])), (c.ask("DEBUG", "DIGEST"), 6), "the last copy")


def queues_in_copies(o):
    """What a snapshot tells in commands comes whole, in place of nothing and of other data: broker Z2."""
    with Server(o.server, "--repl-diskless-sync-delay", 0, "--enable-debug-command", "yes") as s:
        c = s.start()
        c.ask("FUNCTION", "LOAD", "#!lua name=mine\nredis.register_function('f', function() return 7 end)")
        for db, n in ((0, 20000), (3, 100)):  # more than a piece; less
            c.many([("SELECT", db), ("XPOLICY", "SET", "q", "g", "MKSTREAM", "JOBS")] + [("XADD", "q", "%d-0" % i, "a", "b") for i in range(1, n + 1)])
            c.many([("XREADGROUP", "GROUP", "g", "w", "COUNT", 100000, "STREAMS", "q", ">"),
                    *(("XNACK", "q", "g", "FAIL", "IDS", 1, "%d-0" % i, "DELAY", 100000 + i % 7, "REASON", "number %d" % i) for i in range(1, n + 1, 2))])
        c.ask("XADD", "p", "*", "a", "b")
        for how in ("disabled", "on-empty-db", "swapdb"):
            with Server(o.server, "--repl-diskless-load", how, "--enable-debug-command", "yes") as replica:
                r = replica.start()
                r.many([("XPOLICY", "SET", "q", "g", "MKSTREAM", "JOBS"), ("FUNCTION", "LOAD", "#!lua name=other\nredis.register_function('g', function() return 1 end)")])
                r.ask("REPLICAOF", "127.0.0.1", s.port)
                until("the link", lambda: info(r)["master_link_status"] == "up" and info(r)["slave_repl_offset"] == info(c)["master_repl_offset"])
                expect(r.ask("DEBUG", "DIGEST"), c.ask("DEBUG", "DIGEST"), how)
                expect([x[1] for x in r.ask("FUNCTION", "LIST")], [b"mine"], "libraries, " + how)
                expect(int(dict(pairs(r.ask("XPOLICY", "STATS", "q", "g")))[b"deferred"]), 10000, "deferred, " + how)


def lost_while_loading(o):
    """What is loaded from memory ends with the link, and is as it was before; a file goes on, as in Redis."""
    for how, history in (("swapdb", A), ("swapdb", B), ("disabled", A)):
        with Pair(o.server, "--repl-diskless-load", how) as p, Server(o.server) as other:
            d = other.start()
            d.many([("SET", "k%d" % i, "x" * 100) for i in range(2000)])
            d.ask("SAVE")
            with open(other.at("dump.rdb"), "rb") as f:
                large = f.read()
            p.attach()
            p.c.ask("CONFIG", "SET", "key-load-delay", "1000", "loading-process-events-interval-bytes", "1024")
            p.primary.accept()
            p.primary.greet()
            p.primary.say("+FULLRESYNC %s 1000\r\n$%d\r\n" % (history, len(large)))
            p.primary.say(large)
            loads = lambda: info(p.c)["async_loading"] == "1" or info(p.c)["loading"] == "1"
            until("the load", loads)
            p.primary.s.close()
            if how == "disabled":
                time.sleep(0.1)
                expect(loads(), True, "a file")
                p.c.ask("CONFIG", "SET", "key-load-delay", "0")
            until("its end", lambda: not loads())
            expect(p.c.ask("DBSIZE"), 2000 if how == "disabled" else 1, "data with " + how)
            p.primary.s = None
            p.primary.accept()
            question = p.primary.greet()[1]
            expect(question, [b"PSYNC", A.encode(), b"1001" if how == "disabled" else b"101"], "where it goes on")


def file_that_cannot_be_created(o):
    """After a copy the append-only file cannot be created: what would be in no file is neither taken from the primary nor, when promoted, from clients."""
    with Server(o.server, "--repl-diskless-sync-delay", 0) as s, Server(o.server, "--appendonly", "yes", "--appendfsync", "always") as replica:
        c, r = s.start(), replica.start()
        c.ask("SET", "a", "1")
        at, away = replica.at("appendonlydir"), replica.at("away")
        os.rename(at, away)
        with open(at, "w"):
            pass
        r.ask("REPLICAOF", "127.0.0.1", s.port)
        until("the copy", lambda: r.ask("GET", "a") == b"1" and info(r)["master_link_status"] == "up")
        c.ask("SET", "b", "1")
        acked = lambda: int(re.search("offset=([0-9]+)", info(c)["slave0"])[1])
        acks = lambda: int(re.search("calls=([0-9]+)", info(c, "cmdstat_replconf"))[1])
        before = acks()
        until("two more ACKs", lambda: acks() >= before + 2)
        expect((r.ask("GET", "b"), info(r)["aof_last_write_status"], acked() < int(info(c)["master_repl_offset"])), (None, "err", True), "the stream")
        r.ask("REPLICAOF", "NO", "ONE")
        expect(str(r.do("SET", "c", "1"))[:39], "MISCONF Errors writing to the AOF file:", "a write")
        os.unlink(at)
        os.rename(away, at)
        until("the file", lambda: r.do("SET", "c", "1") == b"OK")
        replica.kill()
        r = replica.start()
        expect((r.ask("MGET", "a", "c"), info(r)["aof_enabled"]), ([b"1", b"1"], "1"), "data behind a crash")


def fewer_databases(o):
    """What is for a database that does not exist here changes no other one: not after a restart, nor behind a promotion and back."""
    period = ("--repl-ping-replica-period", "1000")
    with Server(o.server, "--repl-diskless-sync-delay", 0, *period) as s, Server(o.server, "--appendonly", "yes", "--databases", 4, "--replica-read-only", "no") as replica:
        c, r = s.start(), replica.start("--replicaof", "127.0.0.1 %d" % s.port)
        in_step = lambda: info(r)["master_link_status"] == "up" and info(r)["slave_repl_offset"] == info(c)["master_repl_offset"]
        until("the copy", in_step)
        until("the base", lambda: info(r)["aof_rewrite_in_progress"] == "0")
        c.many([("SET", "a", "1"), ("SELECT", 9), ("SET", "b", "1")])
        until("the stream", in_step)
        r.ask("SET", "own", "1")
        replica.kill()
        r = replica.start("--replicaof", "127.0.0.1 %d" % s.port)
        until("the link", in_step)
        c.ask("SET", "c", "1")
        until("the stream", in_step)
        expect((r.ask("MGET", "a", "b", "c", "own"), r.ask("DBSIZE"), info(c)["sync_full"]), ([b"1", None, None, b"1"], 2, "1"), "behind a restart")
        r.ask("REPLICAOF", "NO", "ONE")
        r.ask("REPLICAOF", "127.0.0.1", s.port)
        until("the link", in_step)
        c.ask("SET", "d", "1")
        until("the stream", in_step)
        expect((r.ask("DBSIZE"), info(c)["sync_full"]), (2, "1"), "behind a promotion")
        c.many([("SELECT", 2), ("SET", "e", "1")])
        until("the stream", in_step)
        replica.kill()
        r = replica.start("--replicaof", "127.0.0.1 %d" % s.port)
        expect((r.ask("SELECT", 2), r.ask("GET", "e")), (b"OK", b"1"), "in one that exists")


def libraries_that_fail(o):
    """A library that can't be loaded here (too large, written for another server) is not in the file either: the next start would end with it."""
    library = "#!lua name=good\nredis.register_function('f', function() return 7 end)"
    with Pair(o.server, "--appendonly", "yes") as p:
        p.attach()
        until("the file", lambda: info(p.c)["aof_base_size"] != "0" and info(p.c)["aof_rewrite_in_progress"] == "0")
        p.stream(("SELECT", "0"), ("FUNCTION", "LOAD", "bad"), ("SET", "a", "1"), ("FUNCTION", "LOAD", library))
        p.stream(("MULTI",), ("SET", "b", "2"), ("FUNCTION", "LOAD", "bad"), ("SET", "c", "3"), ("FUNCTION", "LOAD", "worse"), ("EXEC",), ("SET", "d", "4"))
        end = p.asks()
        until("all of it", lambda: p.c.ask("GET", "d") == b"4")
        before = p.c.ask("DEBUG", "DIGEST"), int(info(p.c)["master_repl_offset"])
        expect(before[1] >= end, True, "the offset")
        p.server.kill()
        p.c = p.server.start()
        expect(p.c.ask("MGET", "a", "b", "c", "d"), [b"1", b"2", b"3", b"4"], "the data")
        expect((p.c.ask("DEBUG", "DIGEST"), int(info(p.c)["master_repl_offset"])), before, "the data and the offset")
        expect(p.c.ask("FCALL", "f", "0"), 7, "the library")


def wrapped_in_vain(o):
    """What a newer server wraps, and this one does not know, is not in the file; nor what must not be wrapped."""
    wrapped = lambda *words: ("PING", request(*words))
    with Pair(o.server, "--appendonly", "yes") as p:
        p.attach()
        until("the file", lambda: info(p.c)["aof_base_size"] != "0" and info(p.c)["aof_rewrite_in_progress"] == "0")
        p.stream(("SELECT", "0"), wrapped("XNEW", "k"), wrapped("CONFIG", "SET", "maxmemory", "0"), wrapped("SELECT", "4"), wrapped("MULTI"), ("SET", "a", "1"))
        p.stream(("MULTI",), ("SET", "b", "2"), wrapped("XNEW", "k"), wrapped("FUNCTION", "LOAD", "bad"), ("SET", "c", "3"), ("EXEC",))
        p.stream(("SELECT", "99"), wrapped("SET", "lost", "1"), ("SELECT", "0"), wrapped("SET", "d", "4"))
        p.asks()
        until("all of it", lambda: p.c.ask("GET", "d") == b"4")
        before = p.c.ask("DEBUG", "DIGEST"), int(info(p.c)["master_repl_offset"])
        p.server.kill()
        p.c = p.server.start()
        expect(p.c.ask("MGET", "a", "b", "c", "d", "lost"), [b"1", b"2", b"3", b"4", None], "the data")
        expect((p.c.ask("DEBUG", "DIGEST"), int(info(p.c)["master_repl_offset"])), before, "the data and the offset")


def stays_where_it_receives(o):
    """The directory can't change while a snapshot is received into a file of it: it would not be found, after the old data are gone."""
    with Pair(o.server, "--enable-protected-configs", "yes") as p:
        p.attach()
        p.primary.accept()
        p.primary.greet()
        p.primary.say("+FULLRESYNC %s 7\r\n$%d\r\n" % (B, len(p.snapshot)))
        p.primary.say(p.snapshot[:-5])
        until("the transfer", lambda: info(p.c).get("master_sync_read_bytes", "0") != "0")
        os.mkdir(p.server.at("other"))
        said = str(p.c.do("CONFIG", "SET", "dir", p.server.at("other")))
        expect("a snapshot of the master is being received" in said, True, "the answer: " + said)
        p.primary.say(p.snapshot[-5:])
        until("the link", lambda: p.fields("master_link_status")["master_link_status"] == "up")
        expect(p.c.ask("CONFIG", "SET", "dir", p.server.at("other")), b"OK", "behind it")


def script_gives_way(o):
    """One that has only read ends when what the primary sends has waited for half of repl-timeout; one that has written goes on."""
    with Pair(o.server, "--repl-timeout", "1", "--replica-read-only", "no", "--lua-time-limit", "5") as p:
        p.attach()
        p.stream(("SELECT", "0"))
        p.asks()
        reader, writer = p.server.conn(), p.server.conn()
        reader.send("EVAL", "while true do redis.call('GET', 'held') end", "0")
        until("the script", lambda: str(p.c.do("PING")).startswith("BUSY"))
        p.stream(("SET", "waited", "1"))
        expect("has been waiting" in str(reader.answer()), True, "the script's end")
        until("the stream", lambda: p.c.ask("GET", "waited") == b"1")
        expect(p.fields("master_link_status")["master_link_status"], "up", "the link")
        writer.send("EVAL", "redis.call('SET', 'own', '1') local t = redis.call('TIME') while redis.call('GET', 'held') do end", "0")
        until("the script", lambda: str(p.c.do("PING")).startswith("BUSY"))
        p.stream(("SET", "waited", "2"))
        time.sleep(0.8)
        expect(str(p.c.do("PING")).startswith("BUSY"), True, "one that has written")
        p.server.kill()


def elsewhere(o):
    """Who listens on loopback only is told so when its primary is not there."""
    with Server(o.server) as a:
        c = a.start()
        hints = lambda: a.log().count("loopback addresses only")
        c.ask("REPLICAOF", "127.0.0.1", "1")
        c.ask("REPLICAOF", "localhost", "1")
        expect(hints(), 0, "hints of this machine")
        c.ask("REPLICAOF", "192.0.2.1", "1")
        expect(hints(), 1, "hints")
        c.ask("CONFIG", "SET", "replica-announce-ip", "192.0.2.7")
        c.ask("REPLICAOF", "192.0.2.2", "1")
        expect(hints(), 1, "hints of one that announces itself")


def never_answered(o):
    """A transaction that has written and then makes its server a replica: nobody confirms the write, so EXEC has no answer."""
    often = ("--repl-timeout", "2", "--repl-ping-replica-period", "1")
    for write, follows in ((("SET", "x", "1"), "REPLICAOF"), (("EVAL", "redis.call('SET', 'x', '1')", "0"), "SLAVEOF"), (("GET", "x"), "SLAVEOF"), (("PUBLISH", "x", "1"), "SLAVEOF")):
        with Server(o.server, "--repl-diskless-sync-delay", "0", "--min-replicas-to-ack", "1", *often) as a, Server(o.server, *often) as b:
            c, d = a.start(), b.start()
            d.ask("REPLICAOF", "127.0.0.1", a.port)
            until("the replica", lambda: c.do("SET", "before", "1") == b"OK")
            s = a.conn()
            s.many([("MULTI",), write, (follows, "127.0.0.1", b.port)])
            s.send("EXEC")
            if write[0] in ("GET", "PUBLISH"):
                expect(s.reply()[1], b"OK", "EXEC of %s" % write[0])
            else:
                expect(s.is_closed(), True, "closed after %s" % write[0])


def promoted(o):
    """A chain: who is promoted keeps its replicas, and the former primary comes back by a part."""
    with Server(o.server, "--repl-diskless-sync-delay", "0") as a, Server(o.server, "--repl-diskless-sync-delay", "0") as b, \
            Server(o.server, "--repl-diskless-sync-delay", "0") as e:
        ca = a.start()
        ca.ask("SET", "k", "1")
        cb = b.start("--replicaof", "127.0.0.1 %d" % a.port)
        ce = e.start("--replicaof", "127.0.0.1 %d" % b.port)
        up = lambda c: info(c)["master_link_status"] == "up"
        until("the links", lambda: up(cb) and up(ce))
        ca.ask("SET", "k", "2")
        until("the last one", lambda: ce.ask("GET", "k") == b"2")
        expect(info(ce)["master_replid"], info(ca)["master_replid"], "one history")
        cb.ask("REPLICAOF", "NO", "ONE")
        cb.ask("SET", "k", "3")
        ca.ask("REPLICAOF", "127.0.0.1", b.port)
        until("the others", lambda: ca.ask("GET", "k") == b"3" and ce.ask("GET", "k") == b"3")
        expect((info(cb)["sync_full"], info(cb)["sync_partial_ok"]), ("1", "2"), "only parts")
        expect((ca.ask("ROLE")[0], cb.ask("ROLE")[0]), (b"slave", b"master"), "roles")
        expect(ca.ask("CONFIG", "GET", "replicaof")[1], b"127.0.0.1 %d" % b.port, "the setting")


def over_tls(o):
    """The link in records; a certificate that nobody vouches for, and a primary without one, are not followed."""
    with Server(o.server, "--repl-diskless-sync-delay", "0", tls=True) as a, Server(o.server, "--tls-replication", "yes", *certificate_of(a)) as b, \
            Server(o.server, "--tls-replication", "yes", tls=True) as stranger:
        ca, cb = a.start(), b.start()
        ca.many([("SET", "k%d" % i, "x" * 1000) for i in range(2000)])
        cb.ask("REPLICAOF", "127.0.0.1", a.tls_port)
        until("the link", lambda: info(cb)["master_link_status"] == "up")
        ca.ask("SET", "last", "1")
        until("the last one", lambda: cb.ask("GET", "last") == b"1")
        expect((cb.ask("DBSIZE"), info(ca)["slave0"].split(",")[2]), (2001, "state=online"), "data")
        stranger.args += ["--tls-ca-cert-file", stranger.at("s.crt")]
        cs = stranger.start()
        for why, port in (("certificate", a.tls_port), ("", a.port)):
            cs.ask("REPLICAOF", "127.0.0.1", port)
            until("the refusal", lambda: re.search("Error condition on socket for SYNC: .*" + why, stranger.log()))
            expect(info(cs)["master_link_status"], "down", "a stranger")


def certificate_of(server):
    return ["--tls-ca-cert-file", server.at("s.crt"), "--tls-port", "0"]


OWN = [own_words, over_tls, refused, garbage, served_meanwhile, copies_in_a_row, queues_in_copies, lost_while_loading, file_that_cannot_be_created, fewer_databases, libraries_that_fail, wrapped_in_vain, stays_where_it_receives, script_gives_way, elsewhere, never_answered, promoted]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--server", required=True)
    p.add_argument("--reference", default="redis-server")
    p.add_argument("--only", default="")
    o = p.parse_args()
    all_cases = [("as redis-server: " + run.__name__, same, o, run) for run in SAME] + [("own: " + run.__name__, run, o) for run in OWN]
    cases(all_cases, [x for x in o.only.split(",") if x], errors=(OSError, Error, AssertionError, KeyError, ValueError, TypeError, IndexError))


main()
