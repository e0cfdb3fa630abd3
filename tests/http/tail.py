#!/usr/bin/env python3
"""Tails of streams and channels by HTTP (console H10). usage: tail.py --server SERVER"""
import argparse, http.client, json, os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api import Api                             # noqa: E402
from check import Failed, cases, expect, until  # noqa: E402
from resp import info                           # noqa: E402


class Tail:
    """One that is open; read() is its next line."""

    def __init__(self, s, path, basic=None):
        self.c = http.client.HTTPConnection("127.0.0.1", s.http, timeout=60)
        if basic:
            import base64
            h = {"Authorization": "Basic " + base64.b64encode(basic.encode()).decode()}
        else:
            h = {"Authorization": "Bearer " + s.token}
        self.c.request("GET", "/api/v1" + path, headers=h)
        self.r = self.c.getresponse()
        self.status = self.r.status

    def read(self):
        """None: it has ended."""
        line = self.r.readline()
        return json.loads(line) if line else None

    def event(self):
        """The next one that is no sign of life; of these there are some at most."""
        for _ in range(8):
            if (x := self.read()) != {}:
                return x
        raise Failed("no event within two minutes")

    def close(self):
        self.c.close()
        self.r.close()


def tails(c):
    return c.do("CLIENT", "LIST").count(b"name=console")


def streams(path):
    """From now on, from an ID on, with a filter; what it ends with."""
    with Api(path) as s:
        c = s.begin()
        for i in range(1, 6):
            c.do("XADD", "s", "%d-1" % i, "n", i)
        s.token = s.log_in()
        now, old, some = Tail(s, "/streams/0/s/tail"), Tail(s, "/streams/0/s/tail?from=3-0"), Tail(s, "/streams/0/s/tail?field=n&contains=7")
        expect(old.event(), {"id": "3-1", "ms": 3, "fields": [["n", "3"]]}, "from an ID on")
        c.do("XADD", "s", "16-1", "n", 16)
        c.do("XADD", "s", "17-1", "n", 17, "blob", b"\xff\x00")
        expect([old.event()["id"] for _ in range(4)], ["4-1", "5-1", "16-1", "17-1"], "and the rest")
        expect([now.event()["id"] for _ in range(2)], ["16-1", "17-1"], "from now on")
        expect(some.event(), {"id": "17-1", "ms": 17, "fields": [["n", "17"], ["blob", {"base64": "/wA="}]]}, "filtered")
        expect(s.code("GET", "/streams/0/s/tail?from=x"), (400, "ERR"), "no ID")
        c.do("SET", "text", "x")
        expect(s.code("GET", "/streams/0/text/tail"), (409, "WRONGTYPE"), "no stream")
        later = Tail(s, "/streams/0/later/tail")
        c.do("XADD", "later", "1-1", "f", "x" * 5000)
        expect(later.event()["fields"], [["f", {"text": "x" * 4096, "bytes": 5000, "cut": True}]], "a stream to come")
        c.do("XADD", "later", "2-1", *[x for i in range(100) for x in ("f%d" % i, "y" * 4000)])
        x = later.event()
        expect((x["id"], x["fields"][0], len(x["fields"]) + x["fieldsLeft"], x["fieldsLeft"] > 0), ("2-1", ["f0", "y" * 4000], 100, True), "the front of a long one")
        c.do("DEL", "s")
        c.do("SET", "s", "x")
        expect((now.event()["error"]["code"], now.event()), ("WRONGTYPE", None), "no longer a stream")
        for t in (now, old, some, later):
            t.close()
        until("their clients are gone", lambda: tails(c) == 0)


def channels(path):
    """A channel, a pattern, bytes."""
    with Api(path) as s:
        c = s.begin()
        s.token = s.log_in()
        one, many = Tail(s, "/channels/news/tail"), Tail(s, "/channels/n%2A/tail?pattern=1")
        until("both listen", lambda: (c.do("PUBSUB", "NUMSUB", "news")[1], c.do("PUBSUB", "NUMPAT")) == (1, 1))
        c.do("PUBLISH", "news", b"\xff")
        c.do("PUBLISH", "nobody", "x" * 100000)
        x = one.event()
        expect(({k: x[k] for k in x if k != "ms"}, x["ms"] > 0), ({"channel": "news", "message": {"base64": "/w=="}}, True), "a channel")
        x = many.event()
        expect((x["channel"], x["pattern"]), ("news", "n*"), "a pattern")
        x = many.event()
        expect((x["channel"], x["message"]["bytes"], x["message"]["cut"]), ("nobody", 100000, True), "a long message")
        one.close()
        many.close()
        until("nobody listens", lambda: (c.do("PUBSUB", "NUMSUB", "news")[1], c.do("PUBSUB", "NUMPAT")) == (0, 0))


def ends(path):
    """With the session, the client, the user, the right."""
    with Api(path) as s:
        c = s.begin()
        rules = ["on", ">a-word-of-alice", "~s", "&news", "-@all", "+xrange", "+xrevrange", "+subscribe"]
        c.do("ACL", "SETUSER", "alice", *rules)
        word = {"user": "alice", "password": "a-word-of-alice"}
        for p in ("/streams/0/s/tail", "/channels/news/tail"):
            s.token = s.log_in(**word)
            t = Tail(s, p)
            s.call("DELETE", "/session")
            expect((t.event()["error"]["code"], t.event()), ("NOAUTH", None), p + ", logout")
            s.token = s.log_in(**word)
            t = Tail(s, p)
            until("its client", lambda: tails(c))
            c.do("CLIENT", "KILL", "USER", "alice")
            expect((t.event()["error"]["code"], t.event()), ("NOAUTH", None), p + ", CLIENT KILL")
            s.token = s.log_in(**word)
            t = Tail(s, p)
            c.do("ACL", "SETUSER", "alice", "-xrange", "resetchannels")
            expect((t.event()["error"]["code"] in ("NOPERM", "NOAUTH"), t.event()), (True, None), p + ", the right")
            c.do("ACL", "SETUSER", "alice", *rules)
            t = Tail(s, p, basic="alice:a-word-of-alice")
            c.do("ACL", "DELUSER", "alice")
            expect((t.event()["error"]["code"], t.event()), ("NOAUTH", None), p + ", the user")
            c.do("ACL", "SETUSER", "alice", *rules)
            s.token = s.log_in(**word)
            t = Tail(s, p)
            c.do("ACL", "SETUSER", "alice", ">another-word")
            c.do("XADD", "s", "*", "f", "v")
            c.do("PUBLISH", "news", "v")
            expect((t.event()["error"]["code"], t.event()), ("NOAUTH", None), p + ", the password")
            c.do("ACL", "SETUSER", "alice", "<another-word")
        s.token = s.log_in(**word)
        c.do("ACL", "DELUSER", "alice")
        c.do("ACL", "SETUSER", "alice", *rules)
        expect(s.code("GET", "/session"), (401, "NOAUTH"), "a user of the same name and password, but another one")
        s.token = s.log_in(**word)
        expect(s.code("GET", "/channels/olds/tail"), (403, "NOPERM"), "another channel")
        expect(s.code("GET", "/streams/0/t/tail"), (403, "NOPERM"), "another stream")


def many(path):
    """At most eight; who goes makes room."""
    with Api(path) as s:
        c = s.begin()
        s.token = s.log_in()
        open_ones = [Tail(s, "/streams/0/s/tail") for _ in range(8)]
        expect([t.status for t in open_ones], [200] * 8, "eight")
        expect(s.code("GET", "/channels/c/tail"), (503, "FULL"), "a ninth")
        open_ones.pop().close()
        until("there is room", lambda: s.call("GET", "/session")[0] == 200 and tails(c) <= 8 and Tail(s, "/channels/c/tail").status == 200)
        for t in open_ones:
            t.close()


def fast(path):
    """At most 50 a second; everything is told or counted, and little is kept, also when nobody reads."""
    with Api(path) as s:
        c = s.begin()
        s.token = s.log_in()
        stream, channel, stuck = Tail(s, "/streams/0/s/tail"), Tail(s, "/channels/c/tail"), Tail(s, "/channels/c/tail")
        until("both listen", lambda: c.do("PUBSUB", "NUMSUB", "c")[1] == 2)
        c.do("CONFIG", "SET", "maxmemory", 0)
        began = time.monotonic()
        before, most = int(info(c, "used_memory")), 0
        for _ in range(20):
            for _ in range(500):
                c.send("XADD", "s", "MAXLEN", 500, "*", "f", "x" * 1000)
                c.send("PUBLISH", "c", "y" * 1000)
            for _ in range(1000):
                c.answer()
            most = max(most, int(info(c, "used_memory")) - before)
        c.do("PUBLISH", "c", "end")
        expect(most < 12 << 20, True, "memory: %d" % most)
        told = skipped = 0
        while told + skipped < 10001:
            x = channel.event()
            told, skipped = told + ("message" in x), x.get("skipped", skipped)
        expect((told + skipped, told >= 50, skipped > 1000), (10001, True, True), "of the channel: %d told, %d skipped" % (told, skipped))
        c.do("XADD", "s", "*", "f", "end")
        # A server that is so slow that it follows has nothing to skip.
        is_last = lambda x: "skipped" in x or x["fields"] == [["f", "end"]]
        told, x = 1, stream.event()
        while not is_last(x):
            told, x = told + 1, stream.event()
        seconds = time.monotonic() - began
        expect((x.get("skipped", 1) > 0, told <= 50 * (seconds + 1)), (True, True), "of the stream: %d in %.1f s" % (told, seconds))
        expect(s.get("/session")[0], 200, "others are served")
        for t in (stream, channel, stuck):
            t.close()


def alive(path):
    """A line each 15 seconds, so that proxies leave it open."""
    with Api(path) as s:
        s.begin()
        s.token = s.log_in()
        t = Tail(s, "/streams/0/s/tail")
        expect(t.read(), {}, "a sign of life")
        t.close()


def durable(path):
    """Nothing is told that the disk does not have, when that is promised."""
    with Api(path, "--appendonly", "yes", "--appendfsync", "always") as s:
        c = s.begin()
        s.token = s.log_in()
        stream, channel = Tail(s, "/streams/0/s/tail"), Tail(s, "/channels/c/tail")
        until("it listens", lambda: c.do("PUBSUB", "NUMSUB", "c")[1] == 1)
        for i in range(20):
            c.do("MULTI")
            c.do("XADD", "s", "%d-1" % (i + 1), "n", i)
            c.do("PUBLISH", "c", i)
            c.do("EXEC")
        expect([int(stream.event()["fields"][0][1]) for _ in range(20)], list(range(20)), "of the stream")
        expect([int(channel.event()["message"]) for _ in range(20)], list(range(20)), "of the channel")
        stream.close()
        channel.close()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--only", action="append", default=[])
    o = ap.parse_args()
    cases([(f.__name__, f, o.server) for f in (streams, channels, ends, many, fast, alive, durable)], o.only)


main()
