#!/usr/bin/env python3
"""Confirmation (min-replicas-to-ack) as replicas and clients of a primary see it, byte by byte. The rules bear the names of docs/decisions/0039.

usage: confirmation.py --server PATH [--only NAME,...]
"""
import argparse, glob, os, re, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, cases, expect, until     # noqa: E402
from follower import Follower                      # noqa: E402
from resp import Error, info, packet, request      # noqa: E402
from scripted import Scripted                      # noqa: E402
from server import Server                          # noqa: E402

A_PRIMARY = "NOMASTERLINK This server is a master itself"
OTHER = "NOMASTERLINK Another server may be the master: retry"
CHANGED = "NOMASTERLINK The replication ID has changed: retry"
FETCHING = "NOMASTERLINK Fetching writes from this replica"
LESS = "NOMASTERLINK This replica is behind you"
E, F = "e" * 40, "f" * 40  # run IDs


def serving(o, *options, n=1, **how):
    return Server(o.server, "--min-replicas-to-ack", n, "--repl-diskless-sync", "no", "--repl-ping-replica-period", "3600", "--appendonly", "yes",
                  "--replica-ack-timeout", "500", "--hz", "100", "--enable-debug-command", "yes", *options, **how)


class Ours(Follower):
    """A replica that says what Millrace says. self.told: the ID and the offset that it is told, or ()."""

    def __init__(self, server, run=E, promise="-", whole="1", port=7000, fetches=False):
        super().__init__(server, ("capa", "psync2"), ("listening-port", port), *([("fetch", "1")] if fetches else []))
        self.run = run
        self.hello(promise, whole)

    def hello(self, promise, whole):
        words = self.ask("REPLCONF", "millrace", "1", self.run, promise, whole).decode().split()
        expect(words[0], "OK", "the answer")
        self.told = (words[1], int(words[2])) if len(words) == 3 else ()

    def asks(self, id, next):
        """The answer to PSYNC."""
        self.send("PSYNC", id, next)
        self.offset = int(next) - 1
        return self.line().lstrip("-")


def generation(id):
    return int(id[8:16], 16) if id.startswith("6d696c6c") else 0


def id_of(generation, like, more="1"):
    """An ID of a confirmation, of that one's family."""
    return "6d696c6c%08x%s%s" % (generation, like[16:24] if like.startswith("6d696c6c") else like[:8], more * 16)


def is_confirmed(c):
    return info(c)["primary_confirmed"] == "1"


def offset(c):
    return int(info(c)["master_repl_offset"])


def confirm(server, c):
    """Two replicas that hold what it holds make it so. What they hold: an ID and an offset."""
    here = [Ours(server, run) for run in (E, F)]
    for f in here:
        f.full()
    expect(is_confirmed(c), False, "before the ACKs")
    for f in here:
        f.ack(f.offset)
    expect([f.is_closed() for f in here], [True, True], "links end, so that all learn the ID")
    expect((is_confirmed(c), info(c)["master_replid"]), (True, here[0].told[0]), "confirmed")
    return here[0].id, here[0].offset


def attached(server, id, at, run=E, **how):
    """One that goes on behind that place and has told all that has come: PING, and whatever follows by now."""
    f = Ours(server, run, **how)
    expect(f.asks(id, at + 1), "+CONTINUE " + f.told[0], "the answer")
    expect(f.commands(1), ["PING"], "the first byte under the ID")
    f.ack(f.offset)
    return f


# ---- What is answered

def what_is_told(o):
    """REPLCONF millrace in each state."""
    with serving(o, n=0) as s, serving(o) as b:
        c = s.start()
        expect(Ours(s).told, (), "nobody is asked for")
        c.ask("SET", "k", "v")
        d = b.start("--replicaof", "127.0.0.1 %d" % s.port)
        until("the link", lambda: info(d)["master_link_status"] == "up")
        expect(Ours(b).told, (), "by a replica")
        expect(str(Ours(b, fetches=True).do("REPLCONF", "millrace", "1", info(d)["run_id"], "-", "1")), "ERR This server can't replicate itself", "itself")
        c = s.start("--min-replicas-to-ack", "1")
        end, id = offset(c), info(c)["master_replid"]
        f = Ours(s)
        expect((generation(f.told[0]), f.told[0][16:24], f.told[1], end > 0), (1, id[:8], end, True), "proposed")
        expect((is_confirmed(c), info(c)["master_replid"]), (False, id), "not borne yet")
        for wrong in (("millrace", "1"), ("millrace", "1", "x"), ("millrace", "1", "f" * 41, "-", "1")):
            expect(str(f.do("REPLCONF", *wrong)).startswith("ERR"), True, "wrong")
        f.hello("no ID", "7")  # of neither there is anything
        confirm(s, c)
        f = Ours(s)
        expect(f.told, (info(c)["master_replid"], end), "confirmed")
        c.ask("CONFIG", "SET", "min-replicas-to-ack", "0")
        expect(Ours(s).told, (), "nobody is asked for any more")


def nobody_is_asked_for_any_more(o):
    """N set to 0 and to 1 again."""
    with serving(o) as s:
        c = s.start()
        expect(is_confirmed(c), False, "at first")
        c.ask("CONFIG", "SET", "min-replicas-to-ack", "0")
        until("the end of it", lambda: "no confirmation needed" in s.log())
        expect((c.ask("SET", "k", "v"), generation(info(c)["master_replid"])), (b"OK", 1), "it writes")
        c.ask("CONFIG", "SET", "min-replicas-to-ack", "1")
        expect((is_confirmed(c), str(c.do("SET", "k", "w")).split()[0]), (True, "NOREPLICAS"), "confirmed as it is")


def words_of_fetching(o):
    with serving(o) as s:
        c = s.start()
        f = Ours(s, fetches=True)
        for words in (("fetch", "2"), ("fetch", "x"), ("fetch",)):
            expect(str(f.do("REPLCONF", *words)).startswith("ERR"), True, "REPLCONF fetch")
        expect(f.asks("?", -1), A_PRIMARY, "unconfirmed")
        f.ask("REPLCONF", "fetch", "0")
        f.send("PSYNC", "?", "-1")
        expect(f.line()[:11], "+FULLRESYNC", "one that does not")
        confirm(s, c)
        expect(Ours(s, fetches=True).asks("?", -1), A_PRIMARY, "confirmed")


def unseated(o):
    """PROMISE, UNSEATING, BYTES."""
    with serving(o) as s:
        c = s.start()
        id, at = confirm(s, c)
        f, own = attached(s, id, at), info(c)["master_replid"]
        expect(attached(s, id, at, F, promise=own).told[0], own, "with a promise of this one's")
        stale = Ours(s)
        expect(Ours(s, promise=id_of(1, own)).asks(own, 15), OTHER, "of the same generation")
        expect((is_confirmed(c), f.is_closed()), (False, True), "unseated")
        expect((stale.asks(own, 15), stale.ask("PING")), (CHANGED, b"PONG"), "an ID that was told before")
        now = Ours(s, promise=id_of(7, own))
        expect((generation(now.told[0]), now.asks(own, 15), generation(Ours(s).told[0])), (2, OTHER, 8), "against a proposal")
        expect(info(c)["master_replid"], own, "the ID stays until another one is confirmed")
        id, at = confirm(s, c)
        expect((generation(info(c)["master_replid"]), id), (8, own), "confirmed anew")
        expect(Ours(s).asks(id_of(9, own), 2), OTHER, "bytes under a greater one")
        expect((is_confirmed(c), generation(Ours(s).told[0])), (False, 10), "unseated")


def strangers(o):
    """Another family is served, and has no say; so has a Redis, which does not count either."""
    with serving(o, "--repl-timeout", "3600") as s:
        c = s.start()
        id, at = confirm(s, c)
        other = id_of(9, "0" * 40)
        expect(Ours(s, promise=other).asks(other, 500)[:11], "+FULLRESYNC", "another family")
        r = Follower(s, ("capa", "psync2"))
        r.full()
        r.ack(r.offset)
        expect(is_confirmed(c), True, "still")
        expect(str(c.do("SET", "k", "v")).split()[0], "NOREPLICAS", "nobody counts")


def refusal(o):
    """REFUSAL: a replica that is asked by one which is ahead of it."""
    with serving(o, n=0) as a, serving(o) as b:
        c = a.start()
        c.ask("SET", "k", "v")
        d = b.start("--replicaof", "127.0.0.1 %d" % a.port)
        until("the link", lambda: info(d)["master_link_status"] == "up")
        own, at = info(d)["master_replid"], int(info(d)["slave_repl_offset"])
        expect(Ours(b).asks(own, at + 2), LESS, "more bytes")
        expect(Ours(b).asks(id_of(1, own), 2), LESS, "a greater generation")
        expect(Ours(b, fetches=True).asks(own, at + 2), LESS, "which fetches")
        expect(Ours(b).asks(own, at + 1)[:9], "+CONTINUE", "the same")
        a.kill()
        until("the end of the link", lambda: info(d)["master_link_status"] == "down")
        expect(Ours(b).asks(own, at + 1), "NOMASTERLINK Can't SYNC while not connected with my master", "without a primary")
        expect(Ours(b, fetches=True).asks(own, at + 1)[:9], "+CONTINUE", "who fetches wants just what it has")


# ---- FETCH

def fetched(o):
    with serving(o) as s:
        c = s.start()
        id, at = confirm(s, c)
        own, end = info(c)["master_replid"], offset(c)
        c = s.start("--replica-ack-timeout", "0")
        more = request("SELECT", "0") + request("SET", "fetched", "1")
        ended = []

        def say(link, asked):
            expect(asked, [b"PSYNC", own.encode(), b"%d" % (end + 1)], "the question")
            link.sendall(b"+CONTINUE %s\r\n" % own.encode() + more[:-5])
            until("what INFO says", lambda: info(s.conn()).get("primary_fetching_from") == "127.0.0.1:%d" % source.port)
            expect(Ours(s).asks(own, end + 1), FETCHING, "others meanwhile")
            link.sendall(more[-5:])
            ended.append(link.recv(1 << 16) and link.recv(1 << 16))

        source = Scripted(say)
        f = Ours(s, port=source.port)
        expect((generation(f.told[0]), f.told[1]), (2, end), "proposed")
        expect(f.asks(own, end + len(more) + 1), FETCHING, "who is ahead")
        until("the end of it", lambda: "Fetched the missing writes from" in s.log())
        expect((offset(c), info(c).get("primary_fetching_from")), (end + len(more), None), "what came")
        d = s.conn()
        d.send("GET", "fetched")
        expect(d.silent(0.2), True, "nobody hears of it before it is confirmed")
        words = [x[:2] for x in source.asked[0]]
        expect([b"REPLCONF", b"fetch"] in words, True, "its word")
        g = Ours(s)
        expect((generation(g.told[0]), g.told[1], is_confirmed(c)), (3, end + len(more), False), "proposed anew")
        source.end()
        confirm(s, c)
        f = attached(s, own, end + len(more))
        expect(d.reply(), b"1", "then it is told")
        c = s.start()
        expect(c.ask("GET", "fetched"), b"1", "the file has it")


def fetch_that_fails(o):
    """LOOKING_AGAIN; and whoever asks next decides."""
    with serving(o) as s:
        c = s.start()
        confirm(s, c)
        own, end = info(c)["master_replid"], offset(c)
        c = s.start()
        for answer in (b"+FULLRESYNC %s %d\r\n" % (own.encode(), end), b"-NOMASTERLINK no\r\n", b"-ERR unknown command\r\n", b""):
            source = Scripted(lambda link, asked: link.sendall(answer))
            before = s.log().count("has failed: waiting for the next replica")
            f = Ours(s, port=source.port)
            expect(f.asks(own, end + 2), FETCHING, "who is ahead")
            until("its end", lambda: s.log().count("has failed: waiting for the next replica") > before)
            expect((offset(c), info(c)["master_replid"], is_confirmed(c)), (end, own, False), "nothing has changed")
            source.end()
        expect(generation(Ours(s).told[0]), 2, "nor the proposal")
        expect(Ours(s).asks(own, end + 1)[:9], "+CONTINUE", "the next")


# ---- WHOLE

def made_whole(o):
    """The word comes wrapped in the stream; the file has a gap there."""
    with serving(o) as s:
        c = s.start()
        id, at = confirm(s, c)
        f, g = attached(s, id, at, whole="0"), attached(s, id, at, F, whole="0")
        expect(str(c.do("SET", "k", "v")).split()[0], "NOREPLICAS", "nobody counts")
        seen = []
        while not seen or "WHOLE" not in seen[-1]:
            for x in (f, g):
                got = x.commands(1)
                seen += got if x is f else []
                if got[0].startswith("REPLCONF GETACK"):
                    x.ack(x.offset)
        for word in seen:
            expect(word == "PING" or word == "REPLCONF GETACK *" or word.startswith("PING *3\r\n$8\r\nREPLCONF\r\n$5\r\nWHOLE\r\n$40\r\n"), True, word)
        for x in (f, g):
            while not x.silent(0.3) or x.bytes:
                if x.commands(1)[0].startswith("REPLCONF GETACK"):
                    x.ack(x.offset)
        c.send("SET", "k", "v")
        for x in (f, g):
            x.until("REPLCONF GETACK *")
            x.ack(x.offset)
        expect(c.reply(), b"OK", "they count")
        end = offset(c)
        expect("has caught up and counts" in s.log(), True, "log")
        text = b"".join(open(name, "rb").read() for name in glob.glob(s.at("appendonlydir/*.incr.aof")))
        expect((b"WHOLE" in text, b"#SKIP:" in text, b"$3\r\nSET" in text), (False, True, True), "file")
        c = s.start()
        expect(offset(c), end, "counted")


# ---- An unconfirmed primary

def stands_still(o):
    """Writes are held, then refused; reads are served; nothing moves the offset: PUBLISH, what is past, eviction."""
    with serving(o, n=0) as s:
        c = s.start()
        c.many([("SET", "k%d" % i, "x" * 1000) for i in range(100)])
        c.ask("SET", "past", "1", "PX", "100")
        until("its end", lambda: c.ask("PTTL", "past") < 0)
        c.ask("SET", "past", "1", "PX", "100")
        s.kill()
        time.sleep(0.2)
        c = s.start("--min-replicas-to-ack", "1")
        d, sub = s.conn(), s.conn()
        end = offset(c)
        sub.ask("SUBSCRIBE", "ch")
        expect((c.ask("PUBLISH", "ch", "x"), sub.reply()[2]), (1, b"x"), "a message")
        expect((c.ask("GET", "past"), c.ask("EXISTS", "past"), c.ask("GET", "k1") is None, c.ask("DBSIZE")), (None, 0, False, 101), "reads")
        c.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", "100000", "hz", "100")
        d.send("SET", "new", "1")
        expect(d.silent(0.2), True, "held")
        expect(str(d.answer()).split()[0], "NOREPLICAS", "then refused")
        expect(str(d.do("EVAL", "return redis.call('SET', 'new', 1)", "0")).split()[0], "NOREPLICAS", "in a script")
        i = info(c)
        expect((offset(c), c.ask("DBSIZE"), i["expired_keys"], i["evicted_keys"], i["primary_confirmed"]), (end, 101, "0", "0", "0"), "nothing has moved")
        c.ask("CONFIG", "SET", "maxmemory", "0")
        expect(c.ask("EXISTS", "new"), 0, "it did not run")
        # What waits runs when it is confirmed, and what is past goes then.
        c.ask("CONFIG", "SET", "replica-ack-timeout", "0")
        d.send("SET", "new", "2")
        id, at = confirm(s, c)
        f, g = attached(s, id, at), attached(s, id, at, F)
        seen = f.until("SET new 2") + f.until("REPLCONF GETACK *")
        f.ack(f.offset)
        expect((d.reply(), c.ask("GET", "new")), (b"OK", b"2"), "it runs")
        until("what is past", lambda: info(c)["expired_keys"] == "1")
        if not any(word in ("DEL past", "UNLINK past") for word in seen):
            f.until("DEL past")
        g.close()


def sentinels_way(o):
    """EXEC with the promotion in it is answered: only an answer tells Sentinel that it may give the others a new primary."""
    with serving(o, n=0) as a, serving(o) as b:
        c = a.start()
        c.ask("SET", "k", "v")
        d = b.start("--replicaof", "127.0.0.1 %d" % a.port)
        until("the link", lambda: info(d)["master_link_status"] == "up" and d.ask("GET", "k") == b"v")
        expect([str(x) for x in d.many([("MULTI",), ("SLAVEOF", "NO", "ONE"), ("CLIENT", "KILL", "TYPE", "pubsub"), ("EXEC",)])][-1], "[b'OK', 0]", "EXEC")
        expect((d.ask("ROLE")[0], is_confirmed(d), d.ask("GET", "k")), (b"master", False, b"v"), "promoted")
        expect(str(d.do("SET", "k", "w")).split()[0], "NOREPLICAS", "no write")
        expect(info(d)["master_replid"], info(c)["master_replid"], "its history is the old one's")
        # The former primary comes back for a part, and tells that it is ahead of nobody.
        a.args[a.args.index("--min-replicas-to-ack") + 1] = "1"
        c.ask("REPLICAOF", "127.0.0.1", b.port)
        until("the link", lambda: info(c)["master_link_status"] == "up")
        expect((info(d)["sync_full"], is_confirmed(d)), ("0", False), "a part; and of two nobody knows that there is no third")


# ---- Starts

def starts(o):
    """In each state a start ends being confirmed, and keeps data, ID and generation."""
    with serving(o) as s:
        c = s.start()
        expect((is_confirmed(c), offset(c), generation(Ours(s).told[0])), (False, 0, 1), "with nothing")
        c = s.start()
        expect((is_confirmed(c), offset(c), generation(Ours(s).told[0])), (False, 0, 1), "once more")
        confirm(s, c)
        own = info(c)["master_replid"]
        expect(offset(c), 14, "the PING")
        c = s.start()
        f = Ours(s)
        expect((is_confirmed(c), offset(c), info(c)["master_replid"], generation(f.told[0])), (False, 14, own, 2), "confirmed, nothing written")
        id, at = confirm(s, c)
        expect(id, own, "what replicas are told that hold nothing of the new ID")
        f, g = attached(s, id, at), attached(s, id, at, F)
        c.send("SET", "k", "v")
        f.until("SET k v")
        f.until("REPLCONF GETACK *")
        f.ack(f.offset)
        expect(c.reply(), b"OK", "released")
        second = info(c)["master_replid"]
        end = offset(c)
        c = s.start()
        expect((is_confirmed(c), c.ask("GET", "k"), info(c)["master_replid"], generation(Ours(s).told[0])), (False, b"v", second, 3), "written")
        # The stream goes on for those that were there.
        expect(Ours(s).asks(second, end + 1), "+CONTINUE " + second, "the same place")
        # Unseated; and with a proposal that nobody has confirmed.
        expect(Ours(s, promise=id_of(7, second)).asks(second, end + 1), OTHER, "unseated")
        expect(generation(Ours(s).told[0]), 8, "proposed")
        c.ask("BGREWRITEAOF")
        until("the base", lambda: info(c)["aof_rewrite_in_progress"] == "0")
        c = s.start()
        expect((c.ask("GET", "k"), offset(c), info(c)["master_replid"], generation(Ours(s).told[0])), (b"v", end, second, 3), "from a base")
        # In the middle of a fetch.
        source = Scripted(lambda link, asked: (link.sendall(b"+CONTINUE %s\r\n*1\r\n$4\r\nPI" % second.encode()), link.recv(1 << 16), link.recv(1 << 16)))
        expect(Ours(s, port=source.port).asks(second, end + 100), FETCHING, "who is ahead")
        until("the fetch", lambda: source.was_asked(b"PSYNC"))
        c = s.start()
        source.end()
        expect((c.ask("GET", "k"), offset(c), generation(Ours(s).told[0])), (b"v", end, 3), "fetched half a command")


def starts_from_a_snapshot(o):
    """STEPS: a snapshot that is written before the first byte of an ID names the one before. (A PING follows at once: only a replica is there.)"""
    with Server(o.server, "--min-replicas-to-ack", "1", "--repl-diskless-sync", "no", "--repl-ping-replica-period", "3600") as s:
        # A primary that tells an ID and no byte of it.
        first, second = "a" * 40, id_of(5, "a" * 40)
        c = s.start()
        c.ask("CONFIG", "SET", "min-replicas-to-ack", "0")
        until("the end of it", lambda: "no confirmation needed" in s.log())
        c.ask("SET", "k", "v")
        c.ask("SAVE")
        with open(s.at("dump.rdb"), "rb") as f:
            snapshot = f.read()
        c.ask("CONFIG", "SET", "min-replicas-to-ack", "1")
        links = []

        def say(link, asked):
            links.append(asked)
            link.sendall(b"+FULLRESYNC %s 100\r\n$%d\r\n" % (first.encode(), len(snapshot)) + snapshot if len(links) == 1 else
                         b"+CONTINUE %s\r\n" % second.encode())
            while len(links) > 1 and link.recv(1 << 16):
                pass

        source = Scripted(say)
        c.ask("REPLICAOF", "127.0.0.1", source.port)
        until("the ID", lambda: info(c)["master_replid"] == second)
        expect((offset(c), info(c)["master_replid2"]), (100, first), "no byte of it")
        expect(links[1], [b"PSYNC", first.encode(), b"101"], "the question")
        c.ask("SAVE")
        c = s.start("--replicaof", "127.0.0.1 %d" % source.port)
        until("the question", lambda: len(links) > 2)
        expect(links[2], [b"PSYNC", first.encode(), b"101"], "the question of a start")
        c = s.start()
        source.end()  # which waits for the end of a link
        expect((info(c)["master_replid"], generation(Ours(s).told[0])), (first, 1), "as a primary")


def takes_over(o):
    """PSYNC FAILOVER to a replica with N: it grants it, and hears who asks again."""
    with serving(o, n=0) as a, serving(o) as b:
        c = a.start()
        c.ask("SET", "k", "v")
        d = b.start("--replicaof", "127.0.0.1 %d" % a.port)
        until("the link", lambda: info(d)["master_link_status"] == "up" and info(d)["slave_repl_offset"] == info(c)["master_repl_offset"])
        own, at = info(d)["master_replid"], offset(d)
        f = Ours(b)
        f.send("PSYNC", own, at + 1, "FAILOVER")
        expect((f.line(), f.is_closed()), ("+CONTINUE " + own, True), "granted and closed")
        expect((d.ask("ROLE")[0], is_confirmed(d)), (b"master", False), "promoted")
        g = Ours(b)
        expect((generation(g.told[0]), g.told[1], g.asks(own, at + 1)), (1, at, "+CONTINUE " + own), "who asks again")


def takes_over_at_once(o):
    """Made a replica, and to take over, in one turn: no backlog has been opened."""
    with serving(o, n=0) as s:
        c = s.start()
        c.ask("CONFIG", "SET", "min-replicas-to-ack", "1")
        d, f, id = s.conn(), Ours(s), info(c)["master_replid"]
        s.freeze()
        d.send("REPLICAOF", "127.0.0.1", "1")
        f.send("PSYNC", id, "1", "FAILOVER")
        s.go_on()
        expect((d.reply(), f.line()), (b"OK", "+CONTINUE " + id), "granted")
        expect((c.ask("ROLE")[0], is_confirmed(c)), (b"master", False), "promoted")


ALL = [what_is_told, nobody_is_asked_for_any_more, words_of_fetching, unseated, strangers, refusal, fetched, fetch_that_fails, made_whole, stands_still,
       sentinels_way, starts, starts_from_a_snapshot, takes_over, takes_over_at_once]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--server", required=True)
    p.add_argument("--only", default="")
    o = p.parse_args()
    cases([("confirmation: " + run.__name__, run, o) for run in ALL], [x for x in o.only.split(",") if x],
          errors=(OSError, Error, AssertionError, KeyError, ValueError, TypeError, IndexError))


main()
