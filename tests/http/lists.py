#!/usr/bin/env python3
"""What operators list by HTTP, page by page: pending entries, dead letters, clients, keys; and trials of what would be moved (console section 7).
usage: lists.py --server SERVER"""
import argparse, base64, http.client, os, re, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api import Api                       # noqa: E402
from check import Failed, cases, expect   # noqa: E402

G = "/streams/0/jobs/groups/w"


def ids(answer):
    return [x["id"] for x in answer["rows"]]


def pending(path):
    """Each state has what it says; pages; consumers; messages."""
    with Api(path) as s:
        c = s.begin()
        c.do("XPOLICY", "SET", "jobs", "w", "MKSTREAM", "LEASE", 3600000, "RETRY", "FIXED", 600000, "DEADLETTER", "jobs:dlq")
        for i in range(1, 31):
            c.do("XADD", "jobs", "%d-1" % i, "n", i)
        c.do("XREADGROUP", "GROUP", "w", "a", "COUNT", 10, "STREAMS", "jobs", ">")
        c.do("XREADGROUP", "GROUP", "w", "b", "COUNT", 10, "STREAMS", "jobs", ">")
        c.do("XNACK", "jobs", "w", "FAIL", "IDS", 2, "1-1", "11-1", "REASON", "card declined")
        c.do("XNACK", "jobs", "w", "SILENT", "IDS", 1, "2-1")
        s.token = s.log_in()
        a = s.get(G + "/pending?count=200")[1]
        expect((len(a["rows"]), a["after"]), (20, None), "all")
        states = {x["id"]: x["state"] for x in a["rows"]}
        expect({k for k, v in states.items() if v == "unowned"}, {"1-1", "2-1", "11-1"}, "without an owner")
        row = a["rows"][2]
        expect((row["id"], row["ms"], row["state"], row["consumer"], row["deliveries"], row["dueMs"] - row["deliveredMs"]), ("3-1", 3, "leased", "a", 1, 3600000), "a row")
        expect(ids(s.get(G + "/pending?state=leased&consumer=b&count=200")[1]), ["%d-1" % i for i in range(12, 21)], "of a consumer")
        expect(s.get(G + "/pending?state=overdue")[1]["rows"], [], "none is overdue")
        c.do("XPOLICY", "SET", "jobs", "w", "LEASE", 3600000)
        c.do("XCLAIM", "jobs", "w", "a", 0, "5-1", "IDLE", 7200000, "JUSTID")
        overdue = s.get(G + "/pending?state=overdue&idleMs=3600000")[1]["rows"]
        expect([x["id"] for x in overdue] in ([], ["5-1"]), True, "overdue, as long as the broker has not given it back")
        a = s.get(G + "/pending?state=deferred")[1]
        expect([(x["id"], x["state"], x["reason"], x["consumer"]) for x in a["rows"]],
               [(i, "deferred", "card declined", None) for i in ("1-1", "11-1")], "deferred")
        expect(all(x["dueMs"] > 10**12 for x in a["rows"]), True, "with their moments")
        expect(s.get(G + "/pending?state=deferred&from=%d" % (a["rows"][1]["dueMs"] + 1))[1]["rows"], [], "and from a moment on")
        seen, after = [], ""
        while after is not None:
            a = s.get(G + "/pending?count=3&state=leased" + ("&after=" + after if after else ""))[1]
            seen += ids(a)
            after = a["after"]
        expect(set(seen) >= {"%d-1" % i for i in range(1, 21)} - {"1-1", "2-1", "11-1", "5-1"} and len(seen) == len(set(seen)), True, "pages: %r" % seen)
        c.do("XDEL", "jobs", "3-1")
        a = s.get(G + "/pending?count=4&fields=1&state=leased")[1]["rows"]
        expect([x["fields"] for x in a[:2]], [None, [["n", "4"]]], "messages")
        expect(s.code("GET", "/streams/0/jobs/groups/none/pending"), (404, "NOGROUP"), "no group")
        expect(s.code("GET", G + "/pending?state=some"), (400, "ERR"), "no state")


def position(path):
    """What the trial counts is what becomes unread."""
    with Api(path) as s:
        c = s.begin()
        for i in range(1, 3001):
            c.send("XADD", "jobs", "%d-1" % i, "n", i)
        for _ in range(3000):
            c.answer()
        c.do("XGROUP", "CREATE", "jobs", "w", "$")
        s.token = s.log_in()
        for body, unread in (({"start": True}, 3000), ({"end": True}, 0), ({"id": "2900-1"}, 100), ({"atMs": 2901}, 100), ({"id": "5000-0"}, 0), ({"atMs": 0}, 3000)):
            expect(s.call("PUT", G + "/position", {**body, "dry": True})[1], {"unread": unread, "atLeast": False}, "a trial of %r" % body)
            expect(s.call("PUT", G + "/position", body)[0], 200, "%r" % body)
            got = c.do("XREADGROUP", "GROUP", "w", "a", "NOACK", "COUNT", 5000, "STREAMS", "jobs", ">")
            expect(len(got[0][1]) if got else 0, unread, "read after %r" % body)
        for wrong in ({}, {"id": "1-1", "end": True}, {"id": "x"}):
            expect(s.code("PUT", G + "/position", wrong), (400, "ERR"), "%r" % wrong)
        expect(s.code("PUT", "/streams/0/jobs/groups/none/position", {"start": True}), (404, "NOGROUP"), "no group")


def letters(path):
    """Grouped; a trial's number is what is moved; chosen ones; the rest in calls."""
    with Api(path) as s:
        c = s.begin()
        for i in range(1, 601):
            text = "card declined" if i % 5 else "no stock"
            c.send("XADD", "dlq", "%d-1" % i, "order", i, "dl-key", "jobs", "dl-group", "w", "dl-text", text, "dl-reason", "maxdeliver")
        for _ in range(600):
            c.answer()
        c.do("XADD", "dlq", "3000-1", "order", "x")
        s.token = s.log_in()
        a = s.get("/streams/0/dlq/letters")[1]
        expect(a, {"rows": [{"value": "card declined", "count": 480, "first": "1-1", "last": "599-1"},
                            {"value": "no stock", "count": 120, "first": "5-1", "last": "600-1"}], "others": 1, "looked": 601, "of": 601}, "by text")
        expect([x["value"] for x in s.get("/streams/0/dlq/letters?by=dl-key")[1]["rows"]], ["jobs"], "by key")
        for name, n in (("k", 1024), ("l", 1025)):
            c.do("XADD", "long", "*", "dl-key", name * n)
        rows, others = (lambda a: (a["rows"], a["others"]))(s.get("/streams/0/long/letters?by=dl-key")[1])
        expect(([(x["value"], x["count"]) for x in rows], others), ([("k" * 1024, 1)], 1), "what is told of is whole: a redrive finds it")
        expect(s.code("GET", "/streams/0/dlq/letters?by=order"), (400, "ERR"), "by something else")
        match = {"match": {"field": "dl-text", "value": "no stock"}, "to": "again"}
        expect(s.call("POST", "/streams/0/dlq/redrive", {**match, "dry": True})[1], {"would": 120, "looked": 601, "of": 601, "next": None}, "a trial")
        for until, n in (("5-1", 1), ("9-9", 1), ("10-1", 2), ("3000-1", 120)):
            expect(s.call("POST", "/streams/0/dlq/redrive", {**match, "dry": True, "until": until})[1]["would"], n, "a trial up to " + until)
        expect(s.code("POST", "/streams/0/dlq/redrive", {**match, "dry": True, "until": "x" * 60}), (400, "ERR"), "no ID")
        expect(c.do("XLEN", "again"), 0, "which moves nothing")
        moved, start = 0, None
        for _ in range(100):
            status, a = s.call("POST", "/streams/0/dlq/redrive", {**match, "count": 50, **({"start": start} if start else {})})
            expect((status, "XREDRIVE dlq TO again" in a["command"]), (200, True), "a call: %r" % a)
            moved, start = moved + a["moved"], a["next"]
            if not start:
                break
        expect((moved, c.do("XLEN", "again")), (120, 120), "all that match")
        chosen = {"ids": ["1-1", "2-1", "5-1"], "to": "again"}
        expect(s.call("POST", "/streams/0/dlq/redrive", {**chosen, "dry": True})[1]["would"], 2, "a trial of chosen ones")
        a = s.call("POST", "/streams/0/dlq/redrive", chosen)[1]
        expect((a["moved"], a["stayed"]), (2, 1), "chosen ones")
        expect(s.code("POST", "/streams/0/dlq/redrive", {"ids": ["x"], "dry": True, "to": "again"}), (400, "ERR"), "no ID")


def clients(path):
    """Pages by ID have each once; filters."""
    with Api(path) as s:
        c = s.begin()
        others = [s.conn() for _ in range(250)]
        for i, x in enumerate(others):
            x.do("CLIENT", "SETNAME", "worker-%d" % i if i % 2 else "web-%d" % i)
        s.token = s.log_in()
        seen, after = [], 0
        while after is not None:
            status, a = s.get("/clients?count=60&after=%d" % after)
            expect((status, a["total"] >= 252), (200, True), "a page")
            seen += [x["id"] for x in a["rows"]]
            after = a["after"]
        own = {x.do("CLIENT", "ID") for x in others} | {c.do("CLIENT", "ID")}
        expect((len(seen) == len(set(seen)), own <= set(seen)), (True, True), "each once")
        expect(seen, sorted(seen), "in order")
        a = s.get("/clients?name=worker-*&count=200")[1]
        expect({x["name"] for x in a["rows"]}, {"worker-%d" % i for i in range(1, 250, 2)}, "by name")
        expect(s.get("/clients?name=none")[1]["rows"], [], "nobody")
        expect([x["name"] for x in s.get("/clients?flags=h")[1]["rows"]][:1], ["console"], "by flag")
        expect(s.get("/clients?idleMs=1000000")[1]["rows"], [], "by idle time")
        expect(len(s.get("/clients?user=default&address=127.0.0.1:*&count=200")[1]["rows"]), 200, "by user and address")


def keys(path):
    """All keys once, with their types; patterns, types, progress."""
    with Api(path) as s:
        c = s.begin()
        for i in range(5000):
            c.send("SET", "k%d" % i, i)
        for i in range(40):
            c.send("LPUSH", "list%d" % i, i)
        for _ in range(5040):
            c.answer()
        c.do("SET", b"\xff\x00", "x")
        s.token = s.log_in()

        def everything(query):
            rows, progress, cursor = [], [0], ""
            while cursor is not None:
                a = s.get("/keys?count=200&%s%s" % (query, "&cursor=" + cursor if cursor else ""))[1]
                rows += a["rows"]
                progress.append(a["progress"])
                cursor = a["cursor"]
            expect((progress == sorted(progress), progress[-1]), (True, 1), "progress")
            return rows
        rows = everything("")
        expect((len(rows), len({str(x["key"]) for x in rows})), (5041, 5041), "all")
        expect({"key": {"base64": "/wA="}, "type": "string"} in rows, True, "bytes")
        for i in range(50):
            c.do("HSET", "zeros of a hash", "f%d" % i, b"\0" * 5000)
            c.do("RPUSH", "zeros of a list", b"\0" * 5000)
        for p in ("/keys/0/zeros%20of%20a%20hash", "/keys/0/zeros%20of%20a%20list", "/lists/0/zeros%20of%20a%20list"):
            status, answer = s.get(p)
            expect((status, len(answer.get("value", answer.get("items")))), (200, 50), "values that are long as text, " + p)
        c.do("DEL", "zeros of a hash", "zeros of a list")
        expect(sorted(x["key"] for x in everything("match=list*")), sorted("list%d" % i for i in range(40)), "by pattern")
        expect({x["type"] for x in everything("type=list")}, {"list"}, "by type")
        expect(s.get("/keys?db=1")[1], {"rows": [], "cursor": None, "progress": 1}, "an empty database")
        for wrong in ("cursor=x", "cursor=" + "1" * 40, "count=201"):
            expect(s.code("GET", "/keys?" + wrong), (400, "ERR"), wrong)


def definitions(path):
    """Run on an empty server they make the same; without passwords; as far as the user may; what fails cuts them off."""
    made = [("XPOLICY", "SET", "q", "w", "MKSTREAM", "JOBS"), ("XPOLICY", "SET", "q", "o", "ORDERBY", "user", "HOLD", "RATE", 100, 1000, "RETRY", "LIST", 1, 2, 3),
            ("XGROUP", "CREATE", "q", "pl ain", "$"), ("XCFGSET", "q", "MAXLEN", 1000, "MAXAGE", 5000, "OVERFLOW", "DROP", "KEEPREF"),
            ("XCFGSET", "once", "MKSTREAM", "IDMP-DURATION", 3600), ("XCFGSET", "q", "IDMP-MAXSIZE", 5000),
            ("XBIND", "ADD", "q", "TOPIC", "a.*", "BY", "f", "TO", "z"), ("XBIND", "ADD", "q", "HEADERS", "ANY", 2, "a", "b", "c", "d", "TO", "z"),
            ("XBIND", "ADD", "q", "ALL", "TO", b"y\xff \""), ("XCRON", "SET", "q", "n", "CRON", "0 7 * * *", "TZ", "Europe/Berlin", "FIELDS", "a", "b c"),
            ("XCRON", "SET", "q", "e", "EVERY", 3600000, "LIMIT", 5, "FIELDS", "a", ""), ("XCAPTURE", "ADD", "q", "ch*", "dh*"), ("XGROUP", "CREATE", b"\xff", "g", "$", "MKSTREAM")]

    def text(s, query="", basic=None):
        h = {"Authorization": "Basic " + base64.b64encode(basic.encode()).decode() if basic else "Bearer " + s.token}
        link = http.client.HTTPConnection("127.0.0.1", s.http, timeout=60)
        link.request("GET", "/api/v1/definitions" + query, headers=h)
        return link.getresponse()
    with Api(path) as s, Api(path) as other:
        c, d = s.begin(), other.begin()
        for command in made:
            expect(str(c.do(*command))[:3] not in ("ERR", "WRO"), True, "%r" % (command,))
        c.do("SET", "text", "x")
        c.do("ACL", "SETUSER", "alice", "on", ">a-word-of-alice", "~q", "+@all", "(~x +get)")
        s.token, other.token = s.log_in(), other.log_in()
        r = text(s, "?users=1")
        lines = r.read().decode().splitlines()
        expect((r.status, r.headers["Content-Type"]), (200, "text/plain; charset=utf-8"), "the head")
        expect([x for x in lines if "a-word" in x or "#" in x], [], "no password, no digest")
        expect(sorted(x.rstrip() for x in lines if x.startswith("XCFGSET")), ["XCFGSET once MKSTREAM IDMP-DURATION 3600", "XCFGSET q MKSTREAM MAXLEN 1000 MAXAGE 5000 IDMP-MAXSIZE 5000 OVERFLOW DROP KEEPREF"], "limits")
        for line in lines:
            answer = d.do(*words(line))
            expect(str(answer).startswith(("ERR", "WRONG", "NO")), False, "%s: %s" % (line, answer))
        expect(sorted(text(other, "?users=1").read().decode().splitlines()), sorted(lines), "made anew, and told again")
        expect(text(s, "?match=none").read(), b"", "of no key")
        expect(text(s, "?db=1").read(), b"", "of another database")
        expect(b"XPOLICY SET q w" in text(s, "?match=q", basic="alice:a-word-of-alice").read(), True, "of what the user may read")
        try:
            text(s, basic="alice:a-word-of-alice").read()
            raise Failed("half of them are taken for all")
        except http.client.IncompleteRead:
            pass


def words(line):
    """As redis-cli cuts it."""
    return [re.sub(rb"\\x(..)|\\(.)", lambda m: bytes([int(m[1], 16)]) if m[1] else {b"n": b"\n"}.get(m[2], m[2]), (q[1:-1] if q[:1] == b'"' else q))
            for q in re.findall(rb'"(?:[^"\\]|\\.)*"|[^ ]+', line.encode())]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--only", action="append", default=[])
    o = ap.parse_args()
    cases([(f.__name__, f, o.server) for f in (pending, position, letters, clients, keys, definitions)], o.only)


main()
