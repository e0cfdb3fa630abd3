#!/usr/bin/env python3
"""Searching a stream's entries by HTTP (console V9). usage: search.py --server SERVER"""
import argparse, os, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from api import Api                   # noqa: E402
from check import cases, expect       # noqa: E402

PATH = "/streams/0/s/entries?"


def fill(c, n=9000):
    for i in range(1, n + 1):
        state = b"failed: card declined" if i % 1000 == 7 else b"paid"
        c.send("XADD", "s", "%d-0" % i, "order", i, "state", state, *(("note", b"\xff\x00 card") if i % 3000 == 0 else ()))
    for _ in range(n):
        c.answer()


def everything(s, query, budget=2000):
    """All that a search finds, and the answers that it took."""
    found, answers, after = [], [], ""
    while after is not None:
        status, a = s.get(PATH + query + "&budget=%d" % budget + ("&after=" + after if after else ""))
        expect(status, 200, "%s: %r" % (query, a))
        found += [int(e["id"].split("-")[0]) for e in a["entries"]]
        answers.append(a)
        after = a["after"]
    return found, answers


def filters(path):
    """What is found, both ways, and how far each request looked."""
    with Api(path) as s:
        fill(s.begin())
        s.token = s.log_in()
        declined = [i for i in range(1, 9001) if i % 1000 == 7]
        found, answers = everything(s, "field=state&contains=declined")
        expect(found, declined, "contains")
        expect([(a["looked"], a["of"]) for a in answers], [(2000, 9000)] * 4 + [(1000, 9000)], "budgets")
        found, answers = everything(s, "field=state&contains=declined&newest=1")
        expect(found, declined[::-1], "backwards")
        expect(everything(s, "field=state&contains=declined&count=2")[0], declined, "two a page")
        expect(everything(s, "field=order&equals=4711")[0], [4711], "equals")
        expect(everything(s, "field=state&equals=pai")[0], [], "not all of it")
        expect(everything(s, "field=note")[0], [3000, 6000, 9000], "has the field")
        expect(everything(s, "contains=card")[0], sorted(declined + [3000, 6000, 9000]), "any field")
        expect(everything(s, "contains=%FF%00")[0], [3000, 6000, 9000], "bytes")
        expect(everything(s, "field=state&contains=declined&from=2000&to=5000")[0], [2007, 3007, 4007], "a part of the stream")
        expect(everything(s, "field=state&contains=declined", 17)[0], declined, "small budgets")
        for wrong in ("contains=a&equals=b", "budget=2001", "budget=0", "from=x", "field=a&field=b", "after=x-y&field=a"):
            expect(s.code("GET", PATH + wrong), (400, "ERR"), wrong)
        expect(s.get("/streams/0/none/entries?field=x")[1], {"entries": [], "looked": 0, "of": 0, "after": None}, "no stream")


def shares(path):
    """H5: long values make steps short; what is found fills an answer and no more; others are served meanwhile."""
    with Api(path) as s:
        c = s.begin()
        for i in range(1, 201):
            c.do("XADD", "s", "%d-0" % i, "blob", b"x" * 200000 + b"%d" % i)
        s.token = s.log_in()
        found, answers = everything(s, "field=blob&contains=x&max=65536&count=200")
        expect((found, len(answers) > 10), (list(range(1, 201)), True), "pages of at most 1 MiB")
        expect(everything(s, "field=blob&contains=x199")[0], [199], "the end of a long value")
        for i in (201, 202, 203):
            c.do("XADD", "s", "%d-0" % i, *[x for k in range(1 if i == 202 else 500) for x in ("f%d" % k, "y" * 4000)])
        for way in ("", "&newest=1"):
            found, answers = everything(s, "count=200&max=4096" + way)
            cut = {e["id"]: (len(e["fields"]) + e["fieldsLeft"], e["fields"][-1][0]) for a in answers for e in a["entries"] if "fieldsLeft" in e}
            expect(sorted(found), list(range(1, 204)), "pages past entries that are longer than an answer" + way)
            expect([(n, f.startswith("f")) for n, f in cut.values()], [(500, True)] * 2, "their fronts" + way)
        c.do("XDEL", "s", "201-0", "202-0", "203-0")
        stop, wrong = threading.Event(), []

        def search():
            while not stop.is_set():
                status, a = s.get(PATH + "field=blob&contains=nothing")
                if status != 200 or a["looked"] != 200:
                    wrong.append(a)
        t = threading.Thread(target=search)
        t.start()
        for i in range(300):
            expect(c.do("INCR", "n"), i + 1, "somebody else")
        stop.set()
        t.join()
        expect(wrong, [], "answers")


def rights(path):
    """R1, R3: as the user, and nothing is changed by looking."""
    with Api(path) as s:
        c = s.begin()
        fill(c, 100)
        c.do("XGROUP", "CREATE", "s", "g", "0")
        c.do("XREADGROUP", "GROUP", "g", "w", "COUNT", 3, "STREAMS", "s", ">")
        c.do("ACL", "SETUSER", "one", "on", ">a-word-of-one", "~t", "-@all", "+xrange", "+xlen")
        c.do("ACL", "SETUSER", "two", "on", ">a-word-of-two", "~s", "-@all", "+xlen")
        for user in ("one", "two"):
            expect(s.code("GET", PATH + "field=order", basic="%s:a-word-of-%s" % (user, user)), (403, "NOPERM"), user)
        s.token = s.log_in()
        state = lambda: [c.do("XPENDING", "s", "g"), c.do("XINFO", "STREAM", "s"), c.do("XINFO", "GROUPS", "s")]
        before = state()
        everything(s, "field=order&contains=1")
        expect(state(), before, "the state")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--only", action="append", default=[])
    o = ap.parse_args()
    cases([(f.__name__, f, o.server) for f in (filters, shares, rights)], o.only)


main()
