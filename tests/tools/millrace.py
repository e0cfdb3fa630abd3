#!/usr/bin/env python3
"""The operator's command line, utils/millrace: every command, what it refuses, rights, interruption, its view on a terminal, its completions and
its manual page; against this server and against redis-server. usage: millrace.py --server PATH [NAME ...]"""
import argparse, importlib.util, json, os, re, shutil, signal, socket, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from check import Failed, cases, expect, until  # noqa: E402
from resp import Error, info                    # noqa: E402
from server import Server, free_port            # noqa: E402

TOOL, GUIDE, MANUAL = (os.path.join(ROOT, p) for p in ("utils/millrace", "docs/guides/command-line.md", "docs/man/millrace.1"))
WORD = "a-long-word-of-alice"
ODD = bytes(range(256))


def started(s, *args, **how):
    env = {k: v for k, v in os.environ.items() if k != "REDISCLI_AUTH"}
    # What a shell puts into the background ignores SIGINT, and hands that on.
    interrupted = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen([TOOL, *(["-s", s.sock] if s else []), *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**env, "LC_ALL": "C.UTF-8", **how},
                            preexec_fn=interrupted)


def run(s, *args, text=b"", **env):
    """(status, output, errors)"""
    p = started(s, *args, **env)
    out, err = p.communicate(text, 120)
    return p.returncode, out.decode(), err.decode()


def good(s, *args, **how):
    status, out, err = run(s, *args, **how)
    expect((status, err), (0, ""), "millrace %s" % (args,))
    return out


def lines(s, *args, **how):
    return [json.loads(x) for x in good(s, *args, **how).splitlines()]


def refused(s, *args, status=1, **how):
    got, _, err = run(s, *args, **how)
    expect(got, status, "the status of %s, which said %r" % (args, err))
    return err


def seen(s, key, name, value):
    """Until the survey has it: it looks at everything within about a second."""
    until("%s %s of %s" % (name, value, key), lambda: [r for r in lines(s, "queues", "--json") if r["key"] == key and r[name] == value])


def fill(c, letters=3):
    """orders/workers: 3 unread, 1 leased, some dead; a plain list and stream."""
    c.ask("XPOLICY", "SET", "orders", "workers", "MKSTREAM", "JOBS")
    for i in range(letters + 4):
        c.ask("XADD", "orders", "*", "order", i, "state", "even" if i % 2 == 0 else "odd")
    for id, fields in c.ask("XREADGROUP", "GROUP", "workers", "w1", "COUNT", letters + 1, "STREAMS", "orders", ">")[0][1][:letters]:
        c.ask("XNACK", "orders", "workers", "FATAL", "IDS", 1, id, "REASON", "card declined" if int(fields[1]) % 2 else "no such card")
    c.ask("XADD", "plain", "1-1", "a", "b")
    c.ask("RPUSH", "waiting-list", "a", "b")


def listings(path):
    """queues, groups, dead, clients, overview, show: as tables, and as JSON whose names the guide lists."""
    with Server(path) as s, open(GUIDE) as f:
        guide = f.read()
        c = s.start()
        fill(c)
        seen(s, "orders", "ready", 3)
        table = good(s, "queues").splitlines()
        expect([x.split()[0] for x in table], ["key", "orders", "plain", "{orders}:dlq"], "queues by name")
        expect(table[1].split()[:6], ["orders", "4", "3", "1", "0", "3"], "its numbers")
        expect([r["key"] for r in lines(s, "queues", "--json", "--by", "ready")][0], "orders", "by ready")
        expect([r["key"] for r in lines(s, "queues", "pl*", "--json")], ["plain"], "a glob")
        expect(good(s, "queues", "--names"), "orders\nplain\n{orders}:dlq\n", "names")
        expect(good(s, "queues", "nothing*"), "none\n", "none")
        status, out, err = run(s, "queues", "--limit", "1")
        expect((status, len(out.splitlines()), err), (0, 2, "millrace: 1 of 3; --limit 0 shows all\n"), "a limit")
        row = lines(s, "groups", "--json", "--by", "oldest")[0]
        expect((row["key"], row["group"], row["ready"], row["leased"], row["dead"], row["flags"]), ("orders", "workers", 3, 1, 3, ["policy"]), "groups")
        expect(row["oldestReadyMs"] >= 0, True, "an age")
        expect([r["sources"] for r in lines(s, "dead", "--json")], [[["orders", "workers"]]], "dead-letter streams")
        mine = [r for r in lines(s, "clients", "--json") if r["cmd"] == "client|list"]
        expect(len(mine), 1, "the client itself")
        expect(good(s, "clients", "nobody*"), "none\n", "clients by name")
        facts = lambda: json.loads(run(s, "overview", "--json")[1])
        until("the server's look at its streams", lambda: (facts()["ready"], facts()["leased"]) == (3, 1))  # once a second
        shown = lines(s, "show", "orders", "--json")[0]
        expect((shown["length"], shown["groupList"][0]["ready"]), (4, 3), "show")
        group = lines(s, "show", "orders", "workers", "--json")[0]
        expect((group["ready"], group["policy"]["lease"], group["consumerList"][0]["name"]), (3, 30000, "w1"), "show a group")
        expect("MAXDELIVER" in good(s, "show", "orders", "workers").upper(), True, "the policy in words")
        expect("workers" in good(s, "show", "orders"), True, "the groups of a stream")
        expect(good(s, "show", "plain").rstrip().endswith("group-list"), False, "a stream without groups")
        for name in sorted({n for r in lines(s, "queues", "--json") + lines(s, "groups", "--json") + lines(s, "dead", "--json") for n in r}):
            expect("`%s`" % name in guide, True, "the guide tells of %s" % name)


def looking(path):
    """Nothing that only looks delivers, counts or changes anything."""
    with Server(path, "--enable-debug-command", "yes") as s:
        c = s.start()
        fill(c)
        state = lambda: (c.ask("DEBUG", "DIGEST"), c.ask("XINFO", "GROUPS", "orders"), c.ask("XPENDING", "orders", "workers"), info(c, "rdb_changes_since_last_save"))
        before = state()
        for args in (["overview"], ["queues"], ["groups"], ["clients"], ["top", "-n", "1"], ["show", "orders"], ["show", "orders", "workers"], ["peek", "orders"], ["tail", "orders", "-n", "1", "--from", "0"],
                     ["dead"], ["dead", "orders"], ["redrive", "orders", "--dry-run"], ["wait-empty", "orders", "workers", "--timeout", "0"], ["export", "orders"], ["definitions"], ["check"], ["doctor"]):
            status, out, err = run(s, *args)
            expect(status in (0, 1, 2) and "Traceback" not in err and out != "", True, "%s: %r %r" % (args, out, err))
        expect(state(), before, "what was looked at")


def messages(path):
    """peek and tail: which, how many, in which order; a terminal is told nothing by a value."""
    with Server(path) as s:
        c = s.start()
        for i in range(2500):
            c.send("XADD", "q", "%d-0" % (i + 1), "n", i, "odd", "yes" if i % 2 else "no")
        for i in range(2500):
            c.reply()
        expect([m["id"] for m in lines(s, "peek", "q", "--json", "-n", "3")], ["1-0", "2-0", "3-0"], "the oldest")
        expect([m["id"] for m in lines(s, "peek", "q", "--json", "-n", "2", "--newest")], ["2500-0", "2499-0"], "the newest")
        expect(len(lines(s, "peek", "q", "--json")), 10, "ten unless told")
        expect([m["id"] for m in lines(s, "peek", "q", "--json", "--from", "2400-0", "--field", "odd=yes", "-n", "2")], ["2400-0", "2402-0"], "from an ID, with a pair")
        expect([m["fields"] for m in lines(s, "peek", "q", "--json", "--field", "n=2499")], [[["n", "2499"], ["odd", "yes"]]], "beyond two pages")
        expect(len(lines(s, "peek", "q", "--json", "-n", "2500", "--newest")), 2500, "all, backwards")
        expect(good(s, "peek", "nothing"), "", "a queue that is not there")
        c.ask("XADD", "q", "2501-0", "odd", b"\x1b[31mred\xff\n", "long", "x" * 1000)
        text = good(s, "peek", "q", "--newest", "-n", "1")
        expect("\\x1b[31mred\\xff\\x0a" in text and "... (1,000 bytes)" in text and len(text.splitlines()) == 1, True, "an escaped value: %r" % text)
        p = started(s, "tail", "later", "--json", "--field", "a=2")
        until("a reader", lambda: "xread" in c.ask("CLIENT", "LIST").decode())
        for v in (1, 2, 3):
            c.ask("XADD", "later", "5-%d" % v, "a", v)
        expect(json.loads(p.stdout.readline()), {"id": "5-2", "fields": [["a", "2"]]}, "tail")
        p.send_signal(signal.SIGINT)
        expect((p.wait(60), p.stderr.read()), (130, b""), "Ctrl-C")
        p = started(s, "tail", "q", "-n", "1", "--json")
        until("a reader", lambda: "xread" in c.ask("CLIENT", "LIST").decode())
        c.ask("XADD", "q", "2502-0", "a", "b")
        expect(json.loads(p.communicate(timeout=60)[0])["id"], "2502-0", "tail shows what is added behind its start only")


def changing(path):
    """produce, wait-empty, dead, redrive."""
    with Server(path, "--appendonly", "yes") as s:
        c = s.start()
        id = good(s, "produce", "q", "a=b", "equals=c=d", "empty=").strip()
        expect(c.ask("XRANGE", "q", "-", "+"), [[id.encode(), [b"a", b"b", b"equals", b"c=d", b"empty", b""]]], "produce")
        good(s, "produce", "q", "a=b", "--durable")
        good(s, "produce", "q", "a=b", "--delay", "600000", "--ttl", "700000")
        expect((c.ask("XLEN", "q"), c.ask("XSCHED", "LEN", "q")), (2, 1), "durable, delayed")
        c.ask("XGROUP", "CREATE", "q", "g", "0")
        expect(run(s, "wait-empty", "q", "g", "--timeout", "0.2"), (1, "ready 2, leased 0\n", ""), "not empty")
        p = started(s, "wait-empty", "q", "g")
        until("it asks", lambda: "xpolicy" in c.ask("CLIENT", "LIST").decode())
        got = c.ask("XREADGROUP", "GROUP", "g", "w", "STREAMS", "q", ">")
        c.ask("XACK", "q", "g", *[i for i, _ in got[0][1]])
        expect(p.communicate(timeout=60)[0], b"ready 0, leased 0\n", "empty")
        fill(c, 5)
        rows = {r["text"]: r["letters"] for r in lines(s, "dead", "orders", "--json")}
        expect(rows, {"no such card": 3, "card declined": 2}, "letters by reason, by the queue's name")
        expect({r["text"]: r["letters"] for r in lines(s, "dead", "{orders}:dlq", "--json")}, rows, "by the stream's")
        expect(good(s, "redrive", "orders", "--dry-run", "--match", "dl-text=card declined").splitlines()[0], "2 of 5 would move", "a dry run")
        expect(c.ask("XLEN", "{orders}:dlq"), 5, "nothing has moved")
        expect(run(s, "redrive", "orders", "--match", "dl-text=card declined")[:2], (0, "2 moved, 3 left in {orders}:dlq\n"), "those that match")
        expect(run(s, "redrive", "{orders}:dlq", "--to", "elsewhere", "--step", "2", "--delay", "600000", "--match", "order=0")[:2], (0, "1 moved, 2 left in {orders}:dlq\n"), "elsewhere, later")
        expect((c.ask("XLEN", "elsewhere"), c.ask("XSCHED", "LEN", "elsewhere")), (0, 1), "scheduled there")
        expect(run(s, "redrive", "orders")[:2], (0, "2 moved, 0 left in {orders}:dlq\n"), "the rest")
        expect(run(s, "redrive", "orders")[:2], (0, "0 moved, 0 left in {orders}:dlq\n"), "nothing left")


def interrupted(path):
    """Ctrl-C in redrive: the step under way is whole, the next one does not begin, what has moved is told; the same command goes on."""
    with Server(path) as s:
        c = s.start()
        c.ask("XPOLICY", "SET", "orders", "workers", "MKSTREAM", "JOBS", "RETRY", "NONE")
        dl = ["dl-reason", "fatal", "dl-text", "x", "dl-key", "orders", "dl-group", "workers", "dl-id", "1-1", "dl-consumer", "w", "dl-count", "1", "dl-delivered", "0"]
        for i in range(2000):
            c.send("XADD", "{orders}:dlq", "*", "n", i, *dl)
        for i in range(2000):
            c.reply()
        c.ask("CLIENT", "PAUSE", 100000, "WRITE")  # so that it is in its first step for as long as this takes
        p = started(s, "redrive", "orders", "--step", "5")
        until("a step begins", lambda: b"cmd=xredrive" in c.ask("CLIENT", "LIST"))
        p.send_signal(signal.SIGINT)
        c.ask("CLIENT", "UNPAUSE")
        out, _ = p.communicate(timeout=60)
        moved, left = map(int, re.fullmatch(r"stopped: (\d+) moved, (\d+) left in \{orders\}:dlq\n", out.decode()).groups())
        expect((p.returncode, moved, left), (130, 5, 1995), "stopped at %d" % moved)
        expect((c.ask("XLEN", "orders"), c.ask("XLEN", "{orders}:dlq")), (moved, left), "what has moved")
        expect(run(s, "redrive", "orders")[:2], (0, "%d moved, 0 left in {orders}:dlq\n" % left), "the same command goes on")
        expect([f[1] for _, f in c.ask("XRANGE", "orders", "-", "+")], [b"%d" % i for i in range(2000)], "each once, in their order")


def bytes_both_ways(path):
    """export and import: every byte of names and values, IDs kept or new; a line that is wrong is named."""
    with Server(path) as s:
        c = s.start()
        key = b"q\xff\n {x"
        c.ask("XADD", key, "7-1", ODD, ODD[::-1], b"", b"")
        c.ask("XADD", key, "7-2", "\u00e9".encode(), b"\xed\xa0\x80", "same", "1", "same", "2")
        for i in range(1500):
            c.send("XADD", key, "8-%d" % i, "n", i)
        for i in range(1500):
            c.reply()
        text = good(s, "export", key).encode()
        status, out, _ = run(s, "import", "copy", text=text)
        expect((status, out), (0, "1502 added\n"), "import")
        expect(c.ask("XRANGE", "copy", "-", "+"), c.ask("XRANGE", key, "-", "+"), "byte by byte")
        expect(good(s, "export", "copy").encode(), text, "and out again")
        expect(len(lines(s, "export", "copy", "--from", "8-1400")), 100, "from an ID")
        expect(refused(s, "import", "copy", text=text).splitlines()[-1].startswith("millrace: line 1: ERR The ID specified in XADD is equal or smaller"), True, "the same IDs again")
        expect(run(s, "import", "copy", "--new-ids", text=text)[:2], (0, "1502 added\n"), "with new IDs")
        expect([f for _, f in c.ask("XRANGE", "copy", "-", "+")][1502:], [f for _, f in c.ask("XRANGE", key, "-", "+")], "the same fields")
        for wrong in (b"{", b"[]", b'{"id":"9-9"}', b'{"id":9,"fields":[["a","b"]]}', b'{"id":"9-9","fields":[["a"]]}', b'{"id":"9-9","fields":[["a",1]]}', b'{"id":"9-9","fields":[["a",{"base64":"%"}]]}', b"\xff"):
            err = refused(s, "import", "wrong", text=b'{"id":"1-1","fields":[["a","b"]]}\n' + wrong + b"\n")
            expect(err.splitlines()[-1], 'millrace: line 2: not {"id": ..., "fields": [[field, value], ...]}; 1 added', "%r" % wrong)
            c.ask("DEL", "wrong")
        expect("line 1: ERR" in refused(s, "import", "wrong", text=b'{"id":"1-1","fields":[]}\n'), True, "without fields the server says what is wrong")


def definitions(path):
    """What definitions prints makes the same on an empty server; passwords are not in it."""
    with Server(path) as s, Server(path) as t:
        c, d = s.start(), t.start()
        for line in (["XPOLICY", "SET", "orders", "workers", "MKSTREAM", "JOBS", "RETRY", "LIST", 1, 2, "RATE", 5, 1000, "ORDERBY", "cust omer", "SKIP", "PAUSE", "ON"], ["XPOLICY", "SET", "drop\xff", "g", "MKSTREAM", "LEASE", 5, "DEADLETTER", ""],
                     ["XCFGSET", "orders", "MAXLEN", 1000, "MAXAGE", 5000, "OVERFLOW", "DROP", "ACKED"], ["XCFGSET", "full", "MKSTREAM", "MAXBYTES", 9, "OVERFLOW", "REJECT", "IDMP-MAXSIZE", 9], ["XCFGSET", "once", "MKSTREAM", "IDMP-DURATION", 3600], ["XGROUP", "CREATE", "plain", 'a "group"', "0", "MKSTREAM"],
                     ["XBIND", "ADD", "orders", "TOPIC", "a.*.#", "TO", "tax"], ["XBIND", "ADD", "orders", "DIRECT", "high", "BY", "prio", "TO", "tax"], ["XBIND", "ADD", "orders", "HEADERS", "ANY", 2, "a", "b c", "d", "\n", "TO", "tax"], ["XBIND", "ADD", "orders", "ALTERNATE", "TO", "rest"],
                     ["XCRON", "SET", "orders", "daily", "CRON", "0 7 * * *", "TZ", "Europe/Berlin", "CATCHUP", "ALL", "LIMIT", 7, "FIELDS", "k", "v w"], ["XCRON", "SET", "orders", "often", "EVERY", 600000, "FIELDS", "k", ""],
                     ["XCRON", "SET", "orders", "later", "CRON", "@daily", "START", 4102444800000, "FIELDS", "k", "v"], ["XCRON", "SET", "orders", "once-later", "EVERY", 600000, "START", 4102444800000, "FIELDS", "k", "v"],
                     ["XCAPTURE", "ADD", "news", "news.*", "w e"], ["ACL", "SETUSER", "alice", "on", ">" + WORD, "~o*", "&n*", "+@read", "(+set ~x)"]):
            c.ask(*line)
        text = good(s, "definitions")
        expect(WORD in text or "#" in text.replace("a.*.#", ""), False, "a password")
        expect([x for x in text.splitlines() if "IDMP" in x], ["XCFGSET full MKSTREAM MAXBYTES 9 IDMP-MAXSIZE 9 OVERFLOW REJECT", "XCFGSET once MKSTREAM IDMP-DURATION 3600"], "how long message IDs are known")
        p = subprocess.run(["redis-cli", "-s", t.sock], input=text.encode(), capture_output=True)
        expect([x for x in p.stdout.decode().splitlines() if x not in ("OK", "1", "2") and not re.fullmatch(r"\d{13}", x)], [], "what the other server answers")
        expect(good(t, "definitions"), text, "the same again")
        moments = lambda c: [(x[1], x[x.index(b"next") + 1]) for x in c.ask("XCRON", "LIST", "orders") if x[1].endswith(b"later")]
        expect(moments(d), moments(c), "the moments of schedules that begin later")
        expect("XBIND" in good(s, "definitions", "orders") and "ACL" not in good(s, "definitions", "orders"), True, "of one stream only")
        c.close(), d.close()


def judged(path):
    """check: its line and its status; doctor: what it finds."""
    with Server(path, "--save", "60 1") as s:
        c = s.start()
        expect(run(s, "check")[:2], (0, "MILLRACE OK - oldest 0 s, ready 0, dead 0 | oldest=0s ready=0 dead=0\n"), "an empty server")
        of_host = ("overcommit_memory", "transparent_hugepage", "open files", "no problems found")
        expect([x for x in doctor(s) if not any(words in x for words in of_host)], [], "nothing but the host's faults")
        c.ask("XADD", "old", "1-1", "a", "b")
        c.ask("XGROUP", "CREATE", "old", "g", "0")
        seen(s, "old", "ready", 1)
        status, out, _ = run(s, "check")
        expect((status, out.startswith("MILLRACE CRITICAL - oldest ")), (2, True), "an old message: %r" % out)
        expect(run(s, "check", "--max-age", "inf")[0] < 2, True, "no limit")
        expect(run(s, "check", "--max-age", "inf", "--max-ready", "0", "o*")[:2][0], 2, "too many ready")
        expect(run(s, "check", "new*")[0], 0, "of others only")
        fill(c)
        until("letters", lambda: lines(s, "dead", "--json"))
        expect(run(s, "check", "orders*")[1].split(" | ")[0], "MILLRACE CRITICAL - dead 3", "dead letters of these queues")
        expect(run(s, "check", "orders*", "--max-dead", "3")[0], 0, "as many as may be")
        if "ALARMS" in str(c.ask("SURVEY", "HELP")):
            until("the alarm", lambda: any(a["name"] == "dead-letters" and a["severity"] == "warning" and a["sinceMs"] > 10**12 for a in lines(s, "alarms", "--json")))
            expect(run(s, "check", "--max-age", "inf", "--max-dead", "inf")[1].split(" - ")[0], "MILLRACE WARNING", "the server's alarms")
            expect(run(s, "check", "--max-age", "inf", "--max-dead", "inf")[0], 1, "a warning")
            expect("millrace redrive" in "".join(x for x in doctor(s) if x.startswith("dead-letters")), True, "what to do")
            expect([x for x in good(s, "alarms").splitlines() if "dead-letters" in x] != [], True, "a table of alarms")
            facts = lambda: (lambda x: (type(x["ops"]), x["ready"], x["dead"]))(lines(s, "overview", "--json")[0])
            until("the server's own numbers, by a pass that has met all", lambda: facts() == (float, 4, 3))
        if "LISTS" in str(c.ask("SURVEY", "HELP")):
            until("the list", lambda: [r for r in lines(s, "queues", "--lists", "--json") if (r["key"], r["length"]) == ("waiting-list", 2)])
        expect(run(s, "check", "--max-age", "x")[0], 3, "a wrong command line")
        expect(run(s, "check", "--user", "nobody", REDISCLI_AUTH="wrong")[:2], (3, "MILLRACE UNKNOWN - WRONGPASS invalid username-password pair or user is disabled.\n"), "a wrong password")
        c.ask("CONFIG", "SET", "save", "", "maxmemory-policy", "allkeys-lru", "evict-queues", "yes")
        found = doctor(s)
        for words in ("appendonly no and no save points", "allkeys-lru has no effect", "evict-queues yes"):
            expect(len([x for x in found if words in x]), 1, "%s in %r" % (words, found))
        port = free_port()
        expect(run(None, "-p", str(port), "check")[:2], (2, "MILLRACE CRITICAL - cannot connect to 127.0.0.1:%d: Connection refused\n" % port), "no server")


def doctor(s):
    return run(s, "doctor")[1].splitlines()


def rights(path):
    """A user sees the queues that he may read, and is told by the server's words which right is missing."""
    with Server(path) as s:
        c = s.start()
        fill(c)
        c.ask("ACL", "SETUSER", "alice", "on", ">" + WORD, "~plain", "+survey|streams", "+survey|groups", "+xrange")
        seen(s, "plain", "length", 1)
        alice = {"REDISCLI_AUTH": WORD}
        expect([r["key"] for r in lines(s, "--user", "alice", "queues", "--json", **alice)], ["plain"], "only her own")
        expect(len(lines(s, "--user", "alice", "peek", "plain", "--json", **alice)), 1, "may look")
        for args, words in ((["peek", "orders"], "NOPERM"), (["produce", "plain", "a=b"], "'xadd' command"), (["clients"], "'client|list' command"), (["show", "plain"], "'xinfo|stream' command"), (["dead"], "'survey|dead' command"),
                            (["redrive", "plain"], "NOPERM"), (["definitions"], "'scan' command"), (["doctor"], "NOPERM"), (["overview"], "")):
            err = refused(s, "--user", "alice", *args, **alice)
            expect(words in err and "Traceback" not in err, True, "%s: %r" % (args, err))
        status, out, _ = run(s, "--user", "alice", "check", **alice)
        expect((status, "MILLRACE UNKNOWN - NOPERM" in out), (3, True), "check")
        expect(c.ask("XLEN", "plain"), 1, "nothing was added")


def connecting(path):
    """TCP, unix socket and TLS; passwords from the environment, options and URI; what fails says so."""
    with Server(path, tls=True) as s:
        c = s.start()
        c.ask("ACL", "SETUSER", "alice", "on", ">" + WORD, "~*", "+@all")
        c.ask("CONFIG", "SET", "requirepass", "of-the-default-user")
        c.ask("SELECT", 3)
        c.ask("XADD", "in-three", "1-1", "a", "b")
        tcp, ask = ["-h", "127.0.0.1", "-p", str(s.port)], ["peek", "in-three", "--json"]
        for how, env in ((["-s", s.sock, "-a", "of-the-default-user"], {}), (tcp, {"REDISCLI_AUTH": "of-the-default-user"}), ([*tcp, "--user", "alice", "--pass", WORD], {}), ([*tcp, "--user", "alice"], {"REDISCLI_AUTH": WORD}),
                         (["-u", "redis://alice:%s@127.0.0.1:%d" % (WORD.replace("-", "%2d"), s.port)], {}), ([*tcp, "-a", "of-the-default-user"], {"REDISCLI_AUTH": "wrong"}),
                         (["-p", str(s.tls_port), "--tls", "--insecure", "-a", "of-the-default-user"], {}), (["-p", str(s.tls_port), "--tls", "--cacert", s.at("s.crt"), "--sni", "s", "-a", "of-the-default-user"], {}),
                         (["-u", "rediss://alice:%s@127.0.0.1:%d" % (WORD, s.tls_port), "--insecure"], {})):
            expect(len(lines(None, *how, "-n", "3", *ask, **env)), 1, "%s" % how)
        expect(len(lines(None, *ask, *tcp, "--db", "3", "-a", "of-the-default-user")), 1, "options behind the command")
        expect(len(lines(None, "-u", "redis://alice:%s@127.0.0.1:%d/3" % (WORD, s.port), *ask)), 1, "the database in the URI")
        expect(lines(None, *tcp, "-a", "of-the-default-user", *ask), [], "another database")
        expect(refused(None, *tcp, *ask), "millrace: NOAUTH Authentication required.\n", "no password")
        expect("WRONGPASS" in refused(None, *tcp, "-a", "guess", *ask), True, "a wrong one")
        expect("certificate" in refused(None, "-p", str(s.tls_port), "--tls", *ask), True, "an unknown certificate")
        expect("out of range" in refused(None, *tcp, "-a", "of-the-default-user", "-n", "99", *ask), True, "no such database")
        expect("cannot connect to /nowhere: No such file" in refused(None, "-s", "/nowhere", *ask), True, "no socket")
        expect("cannot connect to 127.0.0.1:" in refused(None, "-p", str(free_port()), *ask), True, "no server")
        for args in ([], ["nonsense"], ["peek"], ["produce", "q"], ["produce", "q", "no-equals"], ["peek", "q", "-n", "x"], ["queues", "--nonsense"]):
            expect("Traceback" in refused(None, *args, status=2), False, "%s" % args)
        expect("redrive" in good(None, "--help") and "--dry-run" in good(None, "redrive", "--help"), True, "help")


def breaking(path):
    """A connection that breaks, a server that speaks something else, an output that nobody reads."""
    ended, other = "has closed the connection", "does not speak the Redis protocol"
    page = b"*3\r\n:1\r\n:1\r\n*1\r\n*4\r\n$3\r\nkey\r\n$10\r\n012345678\n\r\n$10\r\nadded-rate\r\n$3\r\n0.5\r\n"
    parts = [(page[:n], "", ["queues"]) for n in (4, 10, 14, 15, 18, 24, 29, 33, 44, 60, len(page) - 3)]
    for reply, words, command in [(b"HTTP/1.1 400 Bad Request\r\n", other, ["export", "q"]), (b"HTTP/1.1 400 Bad Request\r\n", other, ["queues"]), (b"", ended, ["export", "q"]), (b"", ended, ["queues"]),
                                  (b"$10\r\nabc", ended, ["export", "q"]), (b"*2\r\n:1\r\n", ended, ["export", "q"]), (page.replace(b"0.5", b"x.y"), other, ["queues"]), *parts]:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()

            def serve():
                conn, _ = listening.accept()
                conn.recv(1000)
                conn.sendall(reply)
                conn.shutdown(socket.SHUT_WR)
                conn.recv(1000)
                conn.close()
            t = threading.Thread(target=serve)
            t.start()
            err = refused(None, "-p", str(listening.getsockname()[1]), *command)
            t.join()
            expect((words in err if words else ended in err or other in err) and "Traceback" not in err, True, "%r: %r" % (reply, err))
    with Server(path) as s:
        c = s.start()
        for i in range(5000):
            c.send("XADD", "q", "*", "n", "x" * 100)
        for i in range(5000):
            c.reply()
        p = subprocess.run("%s -s %s export q | head -n 1 | wc -l" % (TOOL, s.sock), shell=True, capture_output=True)
        expect((p.stdout.strip(), p.stderr), (b"1", b""), "head")
        p = started(s, "tail", "q")
        until("a reader", lambda: "xread" in c.ask("CLIENT", "LIST").decode())
        s.kill()
        expect(("has closed the connection" in p.communicate(timeout=60)[1].decode(), p.returncode), (True, 1), "the server is killed")


def terminal(path):
    """top on a terminal: drawn, sorted, filtered, paused, ended, and the terminal as before."""
    with Server(path) as s:
        c = s.start()
        fill(c)
        seen(s, "orders", "ready", 3)
        name = "millrace-%d" % os.getpid()
        tmux = lambda *a: subprocess.run(["tmux", "-L", name, "-f", "/dev/null", *a], capture_output=True, text=True, check=True).stdout
        screen = lambda: tmux("capture-pane", "-p").splitlines()
        shows = lambda what, fits: until(what, lambda: fits(screen()))
        tmux("new-session", "-d", "-x", "90", "-y", "12", "sh")
        try:
            tmux("send-keys", "echo before; %s -s %s top; echo ended $?" % (TOOL, s.sock), "Enter")
            shows("the table", lambda x: any(re.match(r"orders +4 +3 +1 +0 +3 ", line) for line in x))
            at = screen()
            expect((at[0].startswith("millrace %s " % s.sock[:40]), at[1].split()[:3], at[-1].startswith("g groups/queues")), (True, ["key", "length", "ready"], True), "the frame %r" % at)
            expect(all(len(x) <= 90 for x in at), True, "no line is too long")
            tmux("send-keys", "s")
            shows("another column", lambda x: "by leased" in x[0] or "by leased" in " ".join(x[:2]))
            tmux("send-keys", "g")
            shows("groups", lambda x: x[1].split()[:2] == ["key", "group"] and any(line.startswith("orders") and "workers" in line for line in x))
            tmux("send-keys", "g", "/", "pla", "Enter")
            shows("the filter", lambda x: any(line.startswith("plain") for line in x) and not any(line.startswith("orders") for line in x))
            tmux("send-keys", "p")
            shows("the pause", lambda x: "paused" in x[-1])
            c.ask("XADD", "plain-2", "1-1", "a", "b")
            seen(s, "plain-2", "length", 1)
            expect(any("plain-2" in line for line in screen()), False, "nothing changes in a pause")
            tmux("send-keys", "p")
            shows("what was added", lambda x: any("plain-2" in line for line in x))
            tmux("resize-window", "-x", "40", "-y", "6")
            shows("a smaller window", lambda x: len(x) == 6 and x[-1].startswith("g groups/queues") and x[0].startswith("millrace"))
            tmux("send-keys", "q")
            shows("the end", lambda x: any(line.startswith("ended 0") for line in x) and not any("groups/queues" in line for line in x))
        finally:
            tmux("kill-server")
        expect(len([x for x in good(s, "top", "--groups", "-n", "2").splitlines() if x.startswith("orders ")]), 2, "frames of plain text")


def redis(path):
    """redis-server 7: what it knows is shown, what it does not know is told."""
    with Server("redis-server") as s:
        c = s.start()
        now = c.ask("TIME")[0]
        for key in ("orders", "later", b"odd\xff"):
            c.ask("XGROUP", "CREATE", key, "workers", "0", "MKSTREAM")
            for i in range(3):
                c.ask("XADD", key, "*", "n", i)
        c.ask("XREADGROUP", "GROUP", "workers", "w", "COUNT", 1, "STREAMS", "orders", ">")
        status, out, err = run(s, "queues", "--json", "--by", "ready")
        rows = [json.loads(x) for x in out.splitlines()]
        expect((status, [(r["key"], r["ready"], r["leased"]) for r in rows]), (0, [("later", 3, 0), ({"base64": "b2Rk/w=="}, 3, 0), ("orders", 2, 1)]), "queues at %s" % now)
        expect(all(r["oldestReadyMs"] >= 0 for r in rows) and "no SURVEY STREAMS" in err and "deferred dead" in err, True, "ages, and what is missing: %r" % err)
        status, out, err = run(s, "groups", "ord*")
        expect((status, out.splitlines()[1].split()[:4], "no SURVEY GROUPS" in err), (0, ["orders", "workers", "2", "1"], True), "groups")
        expect("unknown column 'dead'" in refused(s, "queues", "--by", "dead"), True, "a column that it has not")
        status, out, err = run(s, "overview", "--json")
        expect((status, json.loads(out)["ready"], "no SURVEY SERVER" in err), (0, 8, True), "overview")
        expect(lines(s, "show", "orders", "--json")[0]["groupList"], [{"group": "workers", "ready": 2, "leased": 1, "consumers": 1}], "show")
        expect("w " in good(s, "show", "orders", "workers"), True, "show a group")
        expect(len(lines(s, "peek", "orders", "--json")), 3, "peek")
        expect(run(s, "wait-empty", "orders", "workers", "--timeout", "0"), (1, "ready 2, leased 1\n", ""), "wait-empty")
        text = good(s, "export", "orders")
        expect(run(s, "import", "copy", text=text.encode())[:2], (0, "3 added\n"), "import")
        expect("XGROUP CREATE orders workers $ MKSTREAM" in good(s, "definitions"), True, "definitions")
        expect(run(s, "check", "--max-age", "inf")[1].split(" | ")[1].split()[1:], ["ready=8", "dead=0"], "check")
        for args, words in ((["alarms"], "SURVEY ALARMS"), (["dead"], "SURVEY DEAD"), (["queues", "--lists"], "SURVEY LISTS"), (["redrive", "orders"], "XREDRIVE")):
            expect(refused(s, *args), "millrace: this server does not know %s\n" % words, "%s" % args)
        c.ask("XDEL", "orders", c.ask("XRANGE", "orders", "-", "+")[2][0])
        expect("the lag of" in refused(s, "wait-empty", "orders", "workers"), True, "a lag that Redis does not know")


def completions(path):
    """Bash completions are as they are generated, register, and complete commands, options, settings, files and queues."""
    folder = os.path.join(ROOT, "utils/completions")
    expect(subprocess.run([os.path.join(folder, "generate.py"), "check"], capture_output=True).stderr, b"", "generate.py check")
    with Server(path) as s:
        c = s.start()
        for key in ("orders", "orders:high", "other", "a b", b"odd\xff", "$(touch x)"):
            c.ask("XADD", key, "1-1", "a", "b")
        seen(s, "orders", "length", 1)
        script = """cd %s; PATH=%s:$PATH; timeout() { shift; "$@"; }; source %s/millrace; source %s/millrace-server; complete -p millrace millrace-server
            try() { COMP_LINE=$2; COMP_POINT=${#2}; COMP_WORDS=($2); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); $1; echo "$2 -> ${COMPREPLY[*]}"; }
            """ % (s.home, os.path.dirname(TOOL), folder, folder)
        asked = [("_millrace", "millrace re", "redrive"), ("_millrace", "millrace -p 7000 wa", "wait-empty"), ("_millrace", "millrace redrive --dr", "--dry-run"), ("_millrace", "millrace -s %s peek ord" % s.sock, "orders orders:high"),
                 ("_millrace", "millrace -s %s peek orders:h" % s.sock, "high"), ("_millrace", "millrace -s %s peek a" % s.sock, "a\\ b"), ("_millrace", "millrace -s %s peek \\$" % s.sock, ""), ("_millrace", "millrace -s /nowhere peek ord", ""),
                 ("_millrace", "millrace -s %s" % s.sock[:-2], s.sock), ("_millrace_server", "millrace-server --appendfs", "--appendfsync"), ("_millrace_server", "millrace-server --vers", "--version")]
        p = subprocess.run(["bash", "--norc"], input=script + "\n".join("try %s %s" % (f, "'%s'" % line) for f, line, _ in asked), capture_output=True, text=True)
        got = p.stdout.splitlines()
        expect((got[:2], p.stderr), (["complete -F _millrace millrace", "complete -o filenames -F _millrace_server millrace-server"], ""), "complete -p")
        for line, (_, words, wanted) in zip(got[2:], asked):
            expect(line, "%s -> %s" % (words, wanted), "completion")
        expect(os.path.exists(os.path.join(s.home, "x")), False, "a name that was run")


def manual(path):
    """The manual page and the guide have every command and every option, and no others; the program is of a size that one reads."""
    spec = importlib.util.spec_from_file_location("generate", os.path.join(ROOT, "utils/completions/generate.py"))
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    m = generate.program()
    lint = subprocess.run(["mandoc", "-Tlint", MANUAL], capture_output=True, text=True)
    of_machine = ("referenced manual not found", "outdated mandoc.db")  # which pages and indexes are installed
    expect([x for x in (lint.stdout + lint.stderr).splitlines() if not any(words in x for words in of_machine)], [], "mandoc -Tlint")
    with open(MANUAL) as f:
        page = f.read().replace("\\-", "-")
    with open(GUIDE) as f:
        guide = f.read()
    flags = {f for specs in (m.CONNECTION, m.OPTIONS) for names, _, _ in m.specs(specs).values() for f in names} | {"--help"}
    written = {("-" + x[len("Fl "):]) for x in re.findall(r"Fl [\w-]+", page)}
    expect((sorted(flags - written), sorted(written - flags)), ([], []), "options of the manual page")
    commands = set(re.findall(r"^\.It Cm ([\w-]+)", page, re.M))
    expect((sorted(set(m.COMMANDS) - commands), sorted(commands - set(m.COMMANDS))), ([], []), "commands of the manual page")
    expect(sorted(n for n in m.COMMANDS if "millrace %s" % n not in guide and "`%s" % n not in guide), [], "commands of the guide")
    expect(sorted(f for f in flags if f not in guide and f.startswith("--")), [], "options of the guide")
    with open(TOOL) as f:
        expect(len(f.readlines()) <= 600, True, "lines of utils/millrace")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("names", nargs="*")
    o = ap.parse_args()
    parts = [listings, looking, messages, changing, interrupted, bytes_both_ways, definitions, judged, rights, connecting, breaking, terminal, redis, completions, manual]
    cases([(f.__name__.replace("_", " "), f, o.server) for f in parts], o.names, (OSError, Error, ValueError, KeyError, IndexError, TypeError, AttributeError, subprocess.SubprocessError))


if __name__ == "__main__":
    main()
