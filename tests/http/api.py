#!/usr/bin/env python3
"""Logins and the API: rights, sessions, guessing, what looking changes, kills, answers that wait for the disk. usage: api.py --server SERVER"""
import argparse, base64, http.client, json, os, re, subprocess, sys, tempfile, threading, time, urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import cases, expect, until   # noqa: E402
from resp import info                    # noqa: E402
from server import Server, free_port     # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TEXT = open(os.path.join(ROOT, "src/admin/routes.def")).read()
MACROS = dict(re.findall(r'^#define (\w+) "([^"]*)"', TEXT, re.M))
ROUTES = [(kind, method, path, params.strip('"') if '"' in params else MACROS[params])
          for kind, method, path, params in re.findall(r'^([RLCP])\((\w+), "/api/v1([^"]+)", ("[^"]*"|\w+),', TEXT, re.M)]
# G8, as the guide has them.
PRESETS = dict(re.findall(r"^ACL SETUSER (viewer|operator) (.*)$", open(os.path.join(ROOT, "docs/guides/http.md")).read(), re.M))


class Api(Server):
    def begin(self, *more):
        self.http, self.token = free_port(), None
        self.args += ["--console-port", str(self.http), *[str(x) for x in more]]
        self.c = self.start()
        return self.c

    def ask(self, method, path, body=None, token=None, basic=None, headers=(), link=None):
        """(status, answer, headers)"""
        h = dict(headers)
        if method not in ("GET", "HEAD"):
            h["Content-Type"] = "application/json"
        if token or self.token and not basic:
            h["Authorization"] = "Bearer " + (token or self.token)
        if basic:
            h["Authorization"] = "Basic " + base64.b64encode(basic.encode()).decode()
        c = link or http.client.HTTPConnection("127.0.0.1", self.http, timeout=60)
        c.request(method, "/api/v1" + path, None if body is None else json.dumps(body), h)
        r = c.getresponse()
        text = r.read().decode()
        if not link:
            c.close()
        return r.status, json.loads(text) if text else None, r.headers

    def call(self, *a, **k):
        """(status, answer); asks again where it has asked too much."""
        while True:
            status, answer, _ = self.ask(*a, **k)
            if status != 429 or answer["error"]["text"] != "Too many requests.":
                return status, answer
            time.sleep(0.1)

    def stranger(self, method, path):
        """The same, from an address of its own: nobody is counted with others."""
        self.strangers = getattr(self, "strangers", 1) % 250 + 1
        c = http.client.HTTPConnection("127.0.0.1", self.http, timeout=60, source_address=("127.0.1.%d" % self.strangers, 0))
        c.request(method, "/api/v1" + path, None, {"Content-Type": "application/json"})
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r.status, json.loads(text)

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def log_in(self, **body):
        status, answer = self.call("POST", "/session", body)
        expect(status, 201, "a login: %r" % answer)
        return answer["token"]

    def code(self, *a, **k):
        status, answer = self.call(*a, **k)
        return status, answer["error"]["code"] if answer and "error" in answer else None


def fill(c):
    for i in range(300):
        c.do("XADD", b"q/\x00\xff", "%d-1" % (i + 1), "n", i, "blob", b"\xff\x00")
    c.do("XGROUP", "CREATE", b"q/\x00\xff", "g", "0")
    c.do("XREADGROUP", "GROUP", "g", "w", "COUNT", 3, "STREAMS", b"q/\x00\xff", ">")


KEY = "/streams/0/" + urllib.parse.quote(b"q/\x00\xff", safe="")


def sessions(path):
    """G1, G2: one click without password; by password; the end by logout, idle time, a changed password, CLIENT KILL, a user that goes."""
    with Api(path, "--rename-command", "XCRON", "") as s:
        c = s.begin()
        expect(s.code("GET", "/session"), (401, "NOAUTH"), "nobody")
        expect(s.code("GET", "/session", token="0" * 64), (401, "NOAUTH"), "a token that nobody has")
        s.token = s.log_in()
        expect(s.get("/session")[1]["user"], "default", "who")
        expect(s.get("/session")[1]["features"], ["xpolicy", "xredrive", "xsched", "xbind", "xcapture"], "features without XCRON")
        expect(s.call("DELETE", "/session"), (204, None), "logout")
        expect(s.code("GET", "/session"), (401, "NOAUTH"), "logged out")
        s.token = None
        c.do("ACL", "SETUSER", "alice", "on", ">a-word-of-alice", "~*", "+@all")
        a = s.log_in(user="alice", password="a-word-of-alice")
        expect(s.get("/session", token=a)[0], 200, "by password")
        c.do("ACL", "SETUSER", "alice", ">more")
        expect(s.code("GET", "/session", token=a), (401, "NOAUTH"), "another password")
        a = s.log_in(user="alice", password="more")
        c.do("ACL", "DELUSER", "alice")
        expect(s.code("GET", "/session", token=a), (401, "NOAUTH"), "a user that is gone")
        link = http.client.HTTPConnection("127.0.0.1", s.http, timeout=60)
        s.token = s.log_in()
        expect(s.get("/clients", link=link)[0], 200, "before the kill")
        row = [x for x in s.get("/clients", link=link)[1]["rows"] if x["name"] == "console" and x["cmd"] == "client|list"][0]
        expect((row["flags"], row["user"], row["resp"]), ("hT", "default", 3), "the client")
        c.do("CLIENT", "KILL", "ID", row["id"])
        expect(s.code("GET", "/clients", link=link), (401, "NOAUTH"), "killed")
        expect(s.code("GET", "/clients"), (401, "NOAUTH"), "the session as well")
        s.token, link = None, http.client.HTTPConnection("127.0.0.1", s.http, timeout=60)
        bob = ("ACL", "SETUSER", "bob", "on", ">a-word-of-bob", "~*", "+@all")
        c.do(*bob)
        expect(s.get("/clients", token=s.log_in(user="bob", password="a-word-of-bob"), link=link)[0], 200, "a user's request")
        c.do("ACL", "DELUSER", "bob")
        c.do(*bob)
        expect(s.call("POST", "/session", {"user": "bob", "password": "a-word-of-bob"}, link=link)[0], 201, "a login where the client before was killed")
        expect(s.get("/clients", token=s.log_in(user="bob", password="a-word-of-bob"), link=link)[0], 200, "a user's request")
        c.do("ACL", "DELUSER", "bob")
        c.do(*bob)
        again = s.log_in(user="bob", password="a-word-of-bob")
        expect([s.get("/clients", token=again, link=link)[0] for _ in range(2)], [200, 200], "another session where the client of one before was killed")
        link.close()
        c.do("CONFIG", "SET", "console-session-timeout", 1)
        s.token = s.log_in()
        time.sleep(1.2)
        expect(s.code("GET", "/session"), (401, "NOAUTH"), "idle")
        text = s.log()
        expect((text.count("Console: login, user default"), text.count("Console: login, user alice"), text.count("Console: logout")), (3, 2, 1), "the log")
        expect("a-word-of-alice" in text or s.token in text, False, "a secret in the log")


def bodies(path):
    """A login's body is read strictly; nothing of it comes back."""
    with Api(path) as s:
        s.begin()
        for body in (b"{", b"[]", b"null", b'{"user":1}', b'{"user":"a","user":"b"}', b'{"name":"a"}', b'{"password":null}', b'{} x', b'"a"', b'{"user":"a\\ud800"}'):
            c = http.client.HTTPConnection("127.0.0.1", s.http, timeout=60)
            c.request("POST", "/api/v1/session", body, {"Content-Type": "application/json"})
            r = c.getresponse()
            answer = json.loads(r.read())
            expect((r.status, answer["error"]["code"]), (400, "ERR"), "the body %r: %r" % (body, answer))
            c.close()
            time.sleep(0.2)  # what a stranger may ask
        for basic in ("Basic", "Basic x", "Basic " + base64.b64encode(b"nocolon").decode(), "Bearer", "Digest x", "basic %%%"):
            status, answer = s.get("/session", headers={"Authorization": basic})
            expect(status in (400, 401), True, "%s: %r" % (basic, answer))
            time.sleep(0.2)


def guessing(path):
    """G1: slower each time, for the right password as well; four at once; ACL LOG; users that are not there take as long."""
    with Api(path) as s:
        c = s.begin()
        c.do("ACL", "SETUSER", "alice", "on", ">pw", "~*", "+@all")
        took = []
        for i in range(4):
            began = time.monotonic()
            expect(s.code("POST", "/session", {"user": "alice", "password": "no"}), (401, "WRONGPASS"), "guess %d" % i)
            took.append(time.monotonic() - began)
        expect(took[1] >= 0.1 and took[2] >= 0.2 and took[3] >= 0.4, True, "waits: %r" % took)
        began = time.monotonic()
        expect(s.code("GET", "/session", basic="alice:no"), (401, "WRONGPASS"), "by Basic")
        s.log_in(user="alice", password="pw")
        expect(time.monotonic() - began >= 0.8 + 1.6, True, "the right one waits as well")
        expect(s.code("POST", "/session", {"user": "nobody", "password": "x"}), (401, "WRONGPASS"), "a user that is not there")
        entry = c.do("ACL", "LOG", 1)[0]
        entry = dict(zip(entry[::2], entry[1::2])) if isinstance(entry, list) else entry
        expect((entry[b"reason"], entry[b"username"]), (b"auth", b"nobody"), "ACL LOG")
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(s.code("POST", "/session", {"user": "alice", "password": "no"}))) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        expect(sorted(set(seen)), [(401, "WRONGPASS"), (429, "RATE")], "eight at once")
        expect(s.log().count("Console: failed login") >= 6, True, "the log")


S, G, ONE = "/streams/{db}/{key}", "/streams/{db}/{key}/groups/{group}", ["5-1"]
LATER = ("XADD", "later", "AT", 4000000000000, "*", "f", "v")
CRON = ("XCRON", "SET", "cron", "n", "EVERY", "60000", "FIELDS", "f", "v")
# "METHOD path": what is asked, and what else: parameters of the path, commands before it, what the answer has.
CASES = {
    "POST /session": ({}, {"may": "anybody"}),
    "GET /session": ({}, {"may": "session", "has": "user expiresMs may features mode version confirm databases"}),
    "DELETE /session": ({}, {"may": "session"}),
    "POST /session/confirm": ({}, {"may": "session"}),
    "GET /overview": ({}, {"has": "version alarms survey surveyAgeMs"}),
    "GET /health": ({}, {"has": "ready checks alarms"}),
    "GET /alarms": ({}, {"has": "rows"}),
    "GET /streams": ({"match": "q*", "only": "ready", "by": "length", "desc": 1, "count": 1}, {"has": "survey total rows after"}),
    "GET /groups": ({"match": "q*", "by": "oldest-ready"}, {"has": "survey total rows after"}),
    "GET /lists": ({"by": "length", "desc": 1}, {"has": "survey total rows after"}),
    "GET /schedules": ({"by": "next"}, {"before": [CRON], "has": "survey total rows after"}),
    "GET /prefixes": ({"db": 0}, {"has": "rows"}),
    "GET /history": ({"span": "minutes", "series": "ops"}, {"has": "fromMs stepMs"}),
    "GET /deadletters": ({"db": 0}, {"has": "survey total rows after"}),
    "GET " + S: ({"max": 100}, {"has": "info limits groups"}),
    "POST " + S + "/copy": ({"ids": ["6-1", "7-1"], "to": "copies", "move": True}, {"has": "ids command"}),
    "DELETE " + S: ({}, {"key": "gone", "before": [("XADD", "gone", "*", "f", "v")]}),
    "GET " + S + "/entries": ({"from": "5", "to": "9", "newest": 1, "count": 3, "field": "n", "contains": "6"}, {"has": "entries looked of after"}),
    "GET " + S + "/tail": ({}, {"may": "stream"}),
    "GET /channels/{channel}/tail": ({}, {"may": "stream"}),
    "GET /definitions": ({}, {"may": "stream"}),
    "POST " + S + "/entries": ({"fields": [["a", {"base64": "/wA="}]], "ttlMs": 1000000}, {"key": "added", "has": "id stored command"}),
    "DELETE " + S + "/entries": ({"ids": ["200-1"], "mode": "acked"}, {"has": "deleted of command"}),
    "GET " + S + "/letters": ({"by": "dl-reason"}, {"has": "rows others looked of"}),
    "POST " + S + "/redrive": ({"match": {"field": "a", "value": "b"}, "count": 10, "to": "elsewhere"}, {"has": "moved next command"}),
    "GET " + G + "/pending": ({"state": "leased", "count": 5, "fields": 1}, {"has": "rows after"}),
    "PUT " + G + "/position": ({"id": "5-1"}, {"has": "command"}),
    "POST " + S + "/trim": ({"maxlen": 1000}, {"has": "deleted command"}),
    "PUT " + S + "/limits": ({"maxlen": 1000, "maxage": 0, "overflow": "DROP KEEPREF"}, {}),
    "POST " + S + "/groups": ({"name": "fresh", "from": "0"}, {"has": "command"}),
    "GET " + G: ({}, {"has": "stats policy consumers"}),
    "DELETE " + G: ({}, {"group": "old", "before": [("XGROUP", "CREATE", "{key}", "old", "$")]}),
    "POST " + G + "/ack": ({"ids": ["1-1"], "delete": True}, {"has": "done of command"}),
    "POST " + G + "/nack": ({"ids": ["2-1"], "mode": "silent"}, {"has": "done of command"}),
    "POST " + G + "/claim": ({"ids": ["3-1"], "consumer": "w2", "justId": True}, {"has": "done of command"}),
    "PUT " + G + "/policy": ({"lease": 60000, "retry": "EXP 100 200", "onack": "keep", "maxdeliver": 3}, {"has": "policy command"}),
    "DELETE " + G + "/policy": ({}, {"before": [("XPOLICY", "SET", "{key}", "g", "LEASE", "60000")]}),
    "POST " + G + "/pause": ({"on": False}, {"has": "policy command"}),
    "DELETE " + G + "/consumers/{consumer}": ({}, {"has": "released command"}),
    "GET " + S + "/scheduled": ({"count": 5}, {"key": "later", "before": [("DEL", "later"), LATER], "has": "entries after"}),
    "POST " + S + "/scheduled/{id}/move": ({"atMs": 4000000000001}, {"key": "later", "id": "4000000000000-0", "before": [("DEL", "later"), LATER], "has": "id command"}),
    "POST " + S + "/scheduled/{id}/run": ({}, {"key": "later", "id": "4000000000000-0", "before": [("DEL", "later"), LATER], "has": "id command"}),
    "GET " + S + "/schedules": ({}, {"key": "cron", "before": [CRON], "has": "rows"}),
    "PUT " + S + "/schedules/{name}": ({"cron": "0 7 * * 1-5", "tz": "Europe/Berlin", "catchup": "one", "fields": {"f": "v"}}, {"key": "cron", "has": "nextMs command"}),
    "DELETE " + S + "/schedules/{name}": ({}, {"key": "cron", "before": [CRON]}),
    "POST " + S + "/schedules/{name}/run": ({}, {"key": "cron", "before": [CRON], "has": "id command"}),
    "GET /cron": ({"expr": "0 7 * * *", "tz": "UTC", "count": 3}, {"has": "moments"}),
    "GET " + S + "/bindings": ({}, {"has": "rows"}),
    "POST " + S + "/bindings": ({"kind": "topic", "value": "a.*", "by": "f", "to": "other"}, {"has": "added command"}),
    "DELETE " + S + "/bindings": ({"kind": "headers", "match": "any", "headers": {"x": "y"}, "to": "other"}, {"has": "removed command"}),
    "POST " + S + "/bindings/test": ({"fields": {"f": "a.b"}}, {"has": "to"}),
    "GET " + S + "/captures": ({}, {"has": "rows"}),
    "POST " + S + "/captures": ({"patterns": ["news*"]}, {"has": "added command"}),
    "DELETE " + S + "/captures": ({"patterns": ["news*"]}, {"has": "removed command"}),
    "GET /lists/{db}/{key}": ({"from": 1, "count": 2}, {"key": "l", "before": [("RPUSH", "l", "a", "b", "c")], "has": "length items"}),
    "POST /lists/{db}/{key}/push": ({"side": "left", "values": ["x", "y"]}, {"key": "l", "has": "length command"}),
    "POST /lists/{db}/{key}/move": ({"to": "l2", "count": 2}, {"key": "l", "before": [("RPUSH", "l", "a", "b", "c")], "has": "moved length command"}),
    "POST /lists/{db}/{key}/trim": ({"from": 0, "to": 100}, {"key": "l", "has": "length command"}),
    "POST /lists/{db}/{key}/remove": ({"value": "a"}, {"key": "l", "has": "removed length command"}),
    "GET /channels": ({"match": "c*"}, {"has": "patterns rows total"}),
    "POST /channels/{channel}": ({"message": "hello", "shard": False}, {"has": "receivers command"}),
    "GET /clients": ({"name": "c*", "flags": "h", "count": 5}, {"has": "rows total after"}),
    "POST /clients/pause": ({"ms": 1, "writesOnly": True}, {}),
    "DELETE /clients/pause": ({}, {}),
    "DELETE /clients/{id}": ({}, {"client": True}),
    "POST /clients/{id}/unblock": ({}, {"status": 404, "id": "99999"}),
    "GET /keys": ({"match": "q*", "type": "stream", "count": 5}, {"has": "rows cursor progress"}),
    "GET /keys/{db}/{key}": ({}, {"has": "type ttlMs encoding bytes"}),
    "GET /keys/{db}/{key}/dump": ({"max": 700000}, {"has": "value"}),
    "GET /keys/{db}/{key}/member": ({"field": "f", "skip": 2}, {"key": "h", "before": [("HSET", "h", "f", "value")], "has": "value"}),
    "PATCH /keys/{db}/{key}": ({"ttlMs": 1000000}, {"key": "k", "before": [("SET", "k", "v")]}),
    "DELETE /keys/{db}/{key}": ({}, {"key": "k", "before": [("SET", "k", "v")]}),
    "POST /keys/{db}/{key}/rename": ({"to": "k2"}, {"key": "k", "before": [("DEL", "k2"), ("SET", "k", "v")]}),
    "POST /keys/{db}/{key}/copy": ({"to": "k3", "toDb": 1, "replace": True}, {"key": "k", "before": [("SET", "k", "v")]}),
    "GET /slowlog": ({"count": 3}, {"has": "rows"}),
    "DELETE /slowlog": ({}, {}),
    "GET /latency": ({}, {"has": "rows"}),
    "GET /latency/{event}": ({}, {"has": "rows"}),
    "DELETE /latency": ({}, {}),
    "GET /commands": ({}, {"has": "commands latency"}),
    "DELETE /commands": ({}, {}),
    "GET /errors": ({}, {"has": "rows"}),
    "DELETE /errors": ({}, {}),
    "GET /storage": ({}, {"has": "persistence memory"}),
    "POST /storage/save": ({}, {"has": "reply command"}),
    "POST /storage/rewrite": ({}, {"has": "reply command"}),
    "POST /storage/purge": ({}, {"has": "reply command"}),
    "GET /backups": ({}, {"has": "rows status"}),
    "POST /backups": ({"name": "monday"}, {"status": 400}),  # there is no append-only file
    "POST /backups/seal": ({}, {"status": 400}),
    "POST /backups/abort": ({}, {"status": 400}),
    "DELETE /backups/{name}": ({}, {"status": 400}),
    "GET /replication": ({}, {"has": "info role"}),
    "POST /replication/follow": ({"host": "127.0.0.1", "port": 1}, {}),  # until the next line
    "POST /replication/promote": ({}, {}),
    "POST /replication/failover": ({"host": "127.0.0.1", "port": 1}, {"status": 400}),  # it is no replica
    "GET /config": ({}, {"has": "rows"}),
    "PATCH /config": ({"timeout": "0", "databases": "16"}, {"status": 400}),
    "POST /config/rewrite": ({}, {"status": 400}),  # there is no file
    "GET /users": ({}, {"has": "rows"}),
    "PUT /users/{user}": ({"rules": ["on", "~x*", "+get"], "password": "a-password-of-bob"}, {}),
    "DELETE /users/{user}": ({}, {"before": [("ACL", "SETUSER", "bob", "on")]}),
    "POST /users/{user}/try": ({"argv": ["GET", "x"]}, {"before": [("ACL", "SETUSER", "bob", "on")], "has": "reply"}),
    "GET /acl/log": ({"count": 2}, {"has": "rows"}),
    "DELETE /acl/log": ({}, {}),
    "POST /acl/save": ({}, {"status": 400}),  # there is no file
    "POST /acl/password": ({}, {"has": "password"}),
    "POST /command": ({"argv": ["GET", "k"], "db": 1}, {"has": "reply"}),
    "GET /reference/{command}": ({}, {"has": "docs"}),
}
# What the viewer of G8 may not look at.
NOT_VIEWED = {"GET /config", "GET /users", "GET /acl/log", "GET /backups"}


def address(template, more):
    what = {"db": "0", "key": b"q/\x00\xff", "group": "g", "consumer": "w", "id": "5-1", "name": "n", "user": "bob", "channel": "c", "event": "command", "command": "get"}
    what.update({k: v for k, v in more.items() if k in what})
    return re.sub(r"\{(\w+)\}", lambda m: urllib.parse.quote(what[m.group(1)], safe=""), template)


def asks(s, method, p, body, **more):
    if method == "GET":
        return s.call("GET", p + ("?" + urllib.parse.urlencode(body) if body else ""), **more)
    return s.call(method, p, body, **more)


def wrong_bodies(method, params, body):
    """(what is asked, how the error begins): each is refused before any command is looked at."""
    for p in params.split():
        name, required, kind, bounds = re.match(r"([\w*]+)(!?)(?::(\w+)(\([^)]*\))?)?", p).groups()
        if name == "*":
            yield {}, "*: "
            continue
        if required:
            yield {k: v for k, v in body.items() if k != name}, name + ": "
        if kind == "int" and bounds:
            least, most = bounds[1:-1].split(",")
            yield {**body, name: int(least) - 1}, name + ": "
            yield {**body, name: int(most) + 1}, name + ": "
        if kind == "int" and not bounds:
            yield {**body, name: "x"}, name + ": "
        if kind == "flag":
            yield {**body, name: 2}, name + ": "
        if kind == "list" and method != "GET":
            yield {**body, name: ["1-1"] * 1001}, name + ": "
            yield {**body, name: []}, name + ": "
        if kind == "pairs":
            yield {**body, name: [["f"]]}, name + ": "
        if kind in (None, "word", "words") and method != "GET":
            yield {**body, name: 7}, name + ": "
        if kind == "place":
            yield {**body, name: "nowhere"}, name + ": "
    if params != "*!:pairs":
        yield {**body, "nonsense": "1"}, "nonsense: "


def routes(path):
    """Each line of routes.def has its case: good, missing, unknown and too large parameters, another method, without a session, as somebody who
    may nothing, as a viewer, in each mode."""
    with Api(path, "--console-commands", "yes") as s:
        c = s.begin()
        fill(c)
        s.token = s.log_in()
        expect(sorted(CASES), sorted(m + " " + p for _, m, p, _ in ROUTES), "each route has its case")
        c.do("ACL", "SETUSER", "nobody", "on", ">pw", "~*", "&*", "-@all")
        c.do("ACL", "SETUSER", "viewer", "on", ">pw", *PRESETS["viewer"].split())
        nobody, viewer = s.log_in(user="nobody", password="pw"), s.log_in(user="viewer", password="pw")
        for kind, method, template, params in ROUTES:
            body, more = CASES[method + " " + template]
            p, what = address(template, more), method + " " + template
            key = more.get("key", b"q/\x00\xff")
            for command in more.get("before", ()):
                c.do(*[key if x == "{key}" else x for x in command])
            own = more.get("may")
            if own == "stream" or own == "session" and what != "GET /session":
                continue  # tail.py, lists.py, sessions()
            victim = s.conn() if "client" in more else None
            if victim:
                p = p.replace("5-1", str(victim.do("CLIENT", "ID")))
            declared = int(re.search(r'^[RLCP]\(%s, "/api/v1%s",.*?, (\d+), "' % (method, re.escape(template)), TEXT, re.M).group(1))
            for wrong, text in wrong_bodies(method, params, body):
                status, answer = asks(s, method, p, wrong)
                expect((status, answer["error"]["text"][:len(text)]), (400, text), "%s, %r" % (what, wrong))
            if not own:
                expect(s.stranger(method, p + "?" + urllib.parse.urlencode(body) if method == "GET" else p)[0] in ((401,) if method == "GET" else (400, 401)),
                       True, what + " without a session")
                status, answer = asks(s, method, p, body, token=nobody)
                expect((status, answer["error"]["code"]), (403, "NOPERM"), what + " as somebody who may nothing")
                status, answer = asks(s, method, p, body, token=viewer)
                looks = method == "GET" and what not in NOT_VIEWED or what in ("POST " + S + "/bindings/test", "POST /command")
                expect(status, 200 if looks else 403, "%s as a viewer: %r" % (what, answer))
            status, answer = asks(s, method, p, body)
            expect(status, more.get("status", declared), "%s: %r" % (what, answer))
            expect(set(more.get("has", "").split()) - set(answer or {}), set(), what + " has not")
            if method != "GET" and kind == "R" and answer and "error" not in answer:
                expect(bool(answer["command"]), True, what + " tells its command")
            expect(s.code("OPTIONS", p)[0], 405, what + ", OPTIONS")
        c.do("ACL", "SETUSER", "operator", "on", ">pw", *PRESETS["operator"].split())
        operator = s.log_in(user="operator", password="pw")
        for method, p, body, want in (("POST", KEY + "/entries", {"fields": {"a": "b"}}, 201), ("POST", KEY + "/groups/g/ack", {"ids": ["1-1"]}, 200), ("DELETE", "/clients/99999", None, 404),
                                      ("POST", "/channels/c", {"message": "x"}, 200), ("GET", "/streams", None, 200), ("PATCH", "/config", {"timeout": "0"}, 403), ("PUT", "/users/bob", {}, 403),
                                      ("DELETE", "/slowlog", None, 403), ("POST", "/clients/pause", {"ms": 1}, 403)):
            expect(s.call(method, p, body, token=operator)[0], want, "%s %s as an operator" % (method, p))
        expect(s.code("GET", "/streams/0"), (404, "NOTFOUND"), "no route")
        expect(s.code("GET", "/streams/99/a"), (400, "ERR"), "no database")
        expect(s.code("GET", "/streams/x/a"), (400, "ERR"), "no number")
        expect(s.code("GET", "/streams/0/%zz"), (400, "ERR"), "no code")
        for body in ({}, {"persist": False}):
            status, answer = s.call("PATCH", "/keys/0/a", body)
            expect((status, answer["error"]["text"].split(":")[0]), (400, "Nothing is asked for"), "%r" % body)
        expect(s.code("GET", "/streams/0/none"), (404, "ERR"), "no key")
        expect(s.code("GET", KEY + "/groups/none"), (404, "NOGROUP"), "no group")
        c.do("SET", "text", "x")
        expect(s.code("GET", "/streams/0/text/entries"), (409, "WRONGTYPE"), "no stream")
        expect(s.code("POST", KEY + "/groups?name=x", {"name": "x"}), (400, "ERR"), "a query beside a body")
        expect(s.code("GET", KEY, {}), (400, "ERR"), "a body beside a query")


def modes(path):
    """console-mode: read-only lets nobody change anything, off leaves health; at once. console-commands no: neither route is there."""
    with Api(path) as s:
        c = s.begin()
        fill(c)
        s.token = s.log_in()
        expect(s.code("POST", "/command", {"argv": ["PING"]}), (404, "NOTFOUND"), "no commands")
        expect(s.code("GET", "/reference/get"), (404, "NOTFOUND"), "no reference")
        c.do("CONFIG", "SET", "console-commands", "yes")
        expect(s.call("POST", "/command", {"argv": ["PING"]})[1], {"reply": "PONG", "command": "PING"}, "a command")
        c.do("CONFIG", "SET", "console-mode", "read-only")
        for _, method, template, _ in ROUTES:
            body, more = CASES[method + " " + template]
            p = address(template, more)
            if method == "GET" or template.startswith("/session"):
                continue
            expect(s.code(method, p, body), (403, "MODE"), "read-only: %s %s" % (method, p))
        expect((s.get(KEY)[0], s.get("/session")[1]["mode"]), (200, "read-only"), "looking")
        expect(s.call("DELETE", "/session")[0], 204, "logging out")
        s.token = None
        s.token = s.log_in()
        c.do("CONFIG", "SET", "console-mode", "off")
        for p in (KEY, "/session", "/streams"):
            expect(s.code("GET", p), (403, "MODE"), "off: " + p)
        expect(s.code("POST", "/session", {}), (403, "MODE"), "off: a login")
        link = http.client.HTTPConnection("127.0.0.1", s.http, timeout=60)
        link.request("GET", "/healthz")
        expect(link.getresponse().status, 200, "health")
        c.do("CONFIG", "SET", "console-mode", "full")
        expect(s.get(KEY)[0], 200, "full again")


def confirming(path):
    """G9: what is dangerous wants the password again, of sessions, when they have one; G11: one line for each change, without values."""
    with Api(path, "--console-commands", "yes") as s:
        c = s.begin()
        c.do("ACL", "SETUSER", "alice", "on", ">a-word-of-alice", "~*", "&*", "+@all")
        s.token = s.log_in(user="alice", password="a-word-of-alice")
        expect(s.get("/session")[1]["confirm"], "password", "what has to be shown")
        expect(s.call("DELETE", "/slowlog")[0], 204, "just logged in")
        status, answer = s.call("POST", "/session/confirm", {"password": "wrong-word-of-alice"})
        expect((status, answer["error"]["code"]), (403, "WRONGPASS"), "a wrong one")
        expect(s.get("/session")[0], 200, "the session stays")
        expect(s.call("POST", "/session/confirm", {"password": "a-word-of-alice"})[0], 204, "the right one")
        expect(s.call("POST", "/session/confirm", {"password": "a-word-of-alice"}, basic="alice:a-word-of-alice")[0], 401, "without a session")
        status, answer = s.call("PUT", "/users/carol", {"rules": ["on", "~*"], "password": "a-word-of-carol"})
        expect(status, 204, "a user: %r" % answer)
        status, answer, head = s.ask("PUT", "/users/carol", {"rules": ["on", "~*"], "password": "a-word-of-carol"})
        expect(head["X-Millrace-Command"], "ACL SETUSER (redacted) (redacted) (redacted) (redacted) (redacted)", "secrets")
        status, answer = s.call("PUT", "/users/carol", {"rules": ["nonsense-rule"], "password": "a-word-of-carol"})
        expect((status, "carol" in json.dumps(answer)), (400, False), "an error without them: %r" % answer)
        for rule in ("<a-word-of\r\ncarol", "(+get ~" + "a" * 100 + " >a-word-of-carol", "<a-word-of\0carol", "#a-word-of'carol", "!" + "a-word-of-carol" * 200):
            status, answer = s.call("PUT", "/users/carol", {"rules": [rule]})
            expect((status, "a-word" in json.dumps(answer) or "aaa" in json.dumps(answer)), (400, False), "an error that shows some of %r: %r" % (rule, answer))
        expect(s.call("POST", "/streams/0/secret-key-name/entries", {"fields": {"field-name": "value-of-field"}})[0], 201, "an entry")
        text = s.log()
        for word in ("a-word-of-alice", "wrong-word-of-alice", "a-word-of-carol", "value-of-field", "field-name"):
            expect(word in text, False, word + " in the log")
        for line in ("Console: xadd secret-key-name: done, user alice, from 127.0.0.1", "Console: acl|setuser: done, user alice", "Console: acl|setuser: ERR, user alice",
                     "Console: failed confirmation, user alice", "Console: confirmation, user alice", "Console: slowlog|reset: done, user alice"):
            expect(line in text, True, line)


def typed(path):
    """POST /command: the reply as it is, names and numbers; no secret in it, nor in an error; what ran is told, though its reply has no room."""
    with Api(path, "--console-commands", "yes", "--masterauth", "a-word-of-masters") as s:
        c = s.begin()
        s.token = s.log_in()
        run = lambda *argv: s.call("POST", "/command", {"argv": argv})
        c.do("HSET", "h", "my-field", "1", "myField", "2", "my_field", "3")
        expect(run("HGETALL", "h")[1]["reply"], {"my-field": "1", "myField": "2", "my_field": "3"}, "names that are data")
        c.do("ZADD", "z", "inf", "a", "-inf", "b")
        expect(run("ZRANGE", "z", "0", "-1", "WITHSCORES")[1]["reply"], [["b", "-inf"], ["a", "inf"]], "scores without end")
        expect(s.get("/keys/0/z")[1]["value"], [["b", "-inf"], ["a", "inf"]], "the same of a key")
        expect(run("CONFIG", "GET", "masterauth", "port")[1]["reply"], {"masterauth": None, "port": str(s.port)}, "a secret setting")
        expect(c.do("CONFIG", "GET", "masterauth")[1], b"a-word-of-masters", "by RESP it is shown")
        for rules in (["<a-word-of-bob"], ["#a-word-of-bob"], ["!a-word-of-bob"], ["(>a-word-of-bob nonsense)"], ["on", ">a-word-of-bob", "nonsense"]):
            answers = [s.call("PUT", "/users/bob", {"rules": rules}), run("ACL", "SETUSER", "bob", *rules)]
            expect(([status for status, _ in answers], "a-word-of-bob" in json.dumps(answers)), ([400, 400], False), "an error: %r" % answers)
        for _ in range(40):
            c.do("RPUSH", "l", *["y" * 1000] * 50)
        status, a = run("LPOP", "l", "2000")
        expect((status, a["error"]["code"], a["error"].get("command"), c.do("LLEN", "l")), (507, "TOOLARGE", "LPOP l 2000", 0), "a reply that has no room")
        expect(run("LRANGE", "h", "0", "1")[1]["error"]["code"], "WRONGTYPE", "an error")


def halves(path):
    """Who may change something, and may not ask for what is told with it, is told that it was done."""
    with Api(path) as s:
        c = s.begin()
        c.do("RPUSH", "l", *"abcdef")
        c.do("XGROUP", "CREATE", "q", "g", "$", "MKSTREAM")
        c.do("ACL", "SETUSER", "half", "on", ">pw", "~*", "-@all", "+ltrim", "+lrem", "+lmovem", "+xpolicy|set")
        s.token = s.log_in(user="half", password="pw")
        expect(s.call("POST", "/lists/0/l/trim", {"from": 0, "to": 4}), (200, {"length": None, "command": "LTRIM l 0 4"}), "trim")
        expect(s.call("POST", "/lists/0/l/remove", {"value": "a"})[1]["removed"], 1, "remove")
        expect(s.call("POST", "/lists/0/l/move", {"to": "m", "count": 2})[1]["moved"], 2, "move")
        expect(s.call("PUT", G.format(db=0, key="q", group="g") + "/policy", {"lease": 60000})[1]["policy"], None, "a policy")
        expect(s.call("POST", G.format(db=0, key="q", group="g") + "/pause", {"on": True})[1]["policy"], None, "a pause")
        expect((c.do("LRANGE", "l", 0, -1), c.do("LLEN", "m")), ([b"d", b"e"], 2), "the lists")
        c.do("ACL", "SETUSER", "half", "+xrange", "+xadd")
        c.do("XADD", "q", "1-1", "f", "v")
        expect(s.code("POST", "/streams/0/q/copy", {"ids": ["1-1"], "to": "other", "move": True}), (403, "NOPERM"), "a move without XDEL")
        expect((c.do("EXISTS", "other"), s.call("POST", "/streams/0/q/copy", {"ids": ["1-1"], "to": "other"})[0]), (0, 200), "nothing was copied")


def without_policies(path):
    """R6: groups of Redis are shown where XPOLICY is not there, or not to this user."""
    for more in ((), ("--rename-command", "XPOLICY", ""), ("--rename-command", "XPOLICY", "another-name")):
        with Api(path, *more) as s:
            c = s.begin()
            session = s.get("/session", token=s.log_in())[1]
            expect(("xpolicy" in session["features"], "xpolicy|get" in session["may"]), (not more,) * 2, "what is told: the API knows no other names")
            for i in range(3):
                c.do("XADD", "q", "%d-1" % (i + 1), "f", "v")
            c.do("XGROUP", "CREATE", "q", "g", "0")
            c.do("XREADGROUP", "GROUP", "g", "w", "COUNT", 2, "STREAMS", "q", ">")
            c.do("ACL", "SETUSER", "looks", "on", ">pw", "~*", "-@all", "+xinfo", "+xpending", "+xrange")
            s.token = s.log_in(user="looks", password="pw")
            group = G.format(db=0, key="q", group="g")
            a = s.get(group)[1]
            expect((a["stats"], a["policy"], [x["name"] for x in a["consumers"]]), (None, None, ["w"]), "a group")
            expect([r["id"] for r in s.get(group + "/pending?fields=1")[1]["rows"]], ["1-1", "2-1"], "what is pending")
            expect((s.code("GET", group + "x"), s.code("GET", group + "x/pending"), s.code("GET", "/streams/0/none/groups/g")), ((404, "NOGROUP"), (404, "NOGROUP"), (404, "ERR")), "no group")


def tags(path):
    """H9: rows of the survey have a tag; the same until the next pass. Pages go on behind the last row, whatever they are ordered by."""
    with Api(path) as s:
        c = s.begin()
        for i in range(7):
            for _ in range(i % 3 + 1):
                c.do("XADD", b"k %d\xff" % i, "*", "f", "v")
            c.do("XGROUP", "CREATE", b"k %d\xff" % i, "g 1", "0")
        s.token = s.log_in()
        until("a pass", lambda: s.get("/streams")[1]["total"] == 7)
        for kind in ("/streams", "/groups"):
            for by in ("", "db", "key", "length" if kind == "/streams" else "ready", "oldest-ready", "added-rate" if kind == "/streams" else "acked-rate"):
                for desc in (0, 1):
                    query = {"count": 3, "desc": desc, **({"by": by} if by else {})}
                    changes, passes = by not in ("", "db", "key"), set()
                    while not passes or (changes and len(passes) > 1):  # a pass between two pages changes what they are ordered by: ages grow
                        seen, after, passes = [], None, set()
                        while after or not passes:
                            page = s.get(kind + "?" + urllib.parse.urlencode({**query, **({"after": after} if after else {})}))[1]
                            seen += [x["key"]["base64"] for x in page["rows"]]
                            after = page["after"]
                            passes.add(page["survey"])
                    expect((len(seen), len(set(seen))), (7, 7), "%s by %s, %d: %r" % (kind, by, desc, seen))

        def same():
            _, _, head = s.ask("GET", "/streams")
            if "ETag" not in head:  # refused for its rate: requests that go on would keep it so
                time.sleep(2)
                return False
            status, answer, again = s.ask("GET", "/streams", headers={"If-None-Match": head["ETag"]})
            return status == 304 and answer is None and again["ETag"] == head["ETag"]
        until("an answer that is the same", same)
        expect(s.call("GET", "/streams", headers={"If-None-Match": '"x-1"'})[0], 200, "another tag")
        c.do("ACL", "SETUSER", "nobody", "on", ">pw", "~*", "-@all")
        nobody = s.log_in(user="nobody", password="pw")
        head = until("a tag", lambda: s.ask("GET", "/streams")[2].get("ETag"))
        expect(s.call("GET", "/streams", token=nobody, headers={"If-None-Match": head})[0], 403, "who may not is not told so")


def views(path):
    """Programs: a stream with its groups, copies, channels, users, a key and its value."""
    with Api(path) as s:
        c = s.begin()
        s.token = s.log_in()
        for i in range(30):
            c.do("XADD", "s", "%d-1" % (i + 1), "n", i % 2, "blob", b"\xff")
        for g in ("a", b"b\xff"):
            c.do("XGROUP", "CREATE", "s", g, "0")
        c.do("XPOLICY", "SET", "s", "a", "LEASE", "1000", "MAXDELIVER", "1")
        c.do("XCFGSET", "s", "MAXLEN", "500")
        a = s.get("/streams/0/s")[1]
        expect(([g["name"] for g in a["groups"]], a["info"]["length"], a["limits"]["maxlen"]), (["a", {"base64": "Yv8="}], 30, 500), "a stream")
        expect((a["groups"][0]["policy"]["lease"], a["groups"][0]["stats"]["ready"], a["groups"][1]["policy"]), (1000, 30, None), "its groups")
        # Copies: nothing is deleted that was not added.
        a = s.call("POST", "/streams/0/s/copy", {"ids": ["1-1", "99-1", "3-1"], "to": "t", "move": True})[1]
        expect((len(a["ids"]), a["of"], a["deleted"], c.do("XLEN", "t"), c.do("XLEN", "s"), a["command"].split("\n")[-1]), (2, 3, 2, 2, 28, "XDEL s 1-1 3-1"), "moved")
        expect([x[1] for x in c.do("XRANGE", "t", "-", "+")], [[b"n", b"0", b"blob", b"\xff"]] * 2, "what was moved")
        c.do("SET", "text", "x")
        expect(s.code("POST", "/streams/0/s/copy", {"ids": ["5-1"], "to": "text", "move": True}), (409, "WRONGTYPE"), "to what is no stream")
        c.do("XCFGSET", "full", "MKSTREAM", "MAXLEN", "1", "OVERFLOW", "REJECT")
        a = s.call("POST", "/streams/0/s/copy", {"ids": ["5-1", "6-1"], "to": "full", "move": True})[1]
        expect((len(a["ids"]), a["of"], a["deleted"], c.do("XLEN", "s")), (1, 2, 1, 27), "to what becomes full")
        expect(s.code("POST", "/streams/0/s/copy", {"ids": ["1-1"] * 201, "to": "t"}), (400, "ERR"), "too many")
        c.do("XADD", "s", "77-1", "a", "b")
        c.do("XADD", "s", "77-2", "c", "d")
        c.do("XADD", "s", "77-3", "e", "f")
        expect((s.code("POST", "/streams/0/s/copy", {"ids": ["77"], "to": "u"}), c.do("EXISTS", "u")), ((400, "ERR"), 0), "a moment, which several share")
        c.do("ACL", "SETUSER", "mover", "on", ">pw", "~*", "+xrange")
        mover = s.log_in(user="mover", password="pw")
        expect(s.code("POST", "/streams/0/s/copy", {"ids": ["9-1"], "to": "t"}, token=mover), (403, "NOPERM"), "without XADD")
        # Channels, users.
        k, m = s.conn(), s.conn()
        k.send("SUBSCRIBE", "news.eu", "sport")
        m.send("SSUBSCRIBE", "news.shard")
        until("listeners", lambda: len(s.get("/channels?match=news*")[1]["rows"]) == 2)
        expect(s.get("/channels?match=news*")[1], {"patterns": 0, "rows": [{"channel": "news.eu", "subscribers": 1, "shard": False}, {"channel": "news.shard", "subscribers": 1, "shard": True}], "total": 2},
               "channels")
        rows = {x["name"]: x for x in s.get("/users")[1]["rows"]}
        expect((sorted(rows), rows["mover"]["passwords"], rows["mover"]["keys"], rows["default"]["passwords"]), (["default", "mover"], 1, "~*", 0), "users")
        # Keys.
        c.do("FLUSHALL")
        c.do("SET", "str", "0123456789")
        c.do("RPUSH", "list", *range(10))
        c.do("ZADD", "zset", 1, "a", 2, "b")
        c.do("HSET", "hash", "f", "v" * 100, "g", "w")
        c.do("SADD", "set", "x")
        c.do("XADD", "stream", "*", "f", "v")
        for path_, want in (("str?from=2&max=3", (10, "234", None)), ("list?from=8&count=5", (10, ["8", "9"], None)), ("zset?count=1", (2, [["a", 1]], None)),
                            ("hash?max=2", (2, [["f", {"text": "vv", "bytes": 100, "cut": True}], ["g", "w"]], None)), ("set", (1, ["x"], None)), ("stream", (1, None, None)), ("none", (None, None, None))):
            a = s.get("/keys/0/" + path_)[1]
            got = sorted(a["value"], key=str) if path_.startswith("hash") else a.get("value")
            expect((a.get("length"), got, a.get("next")), want, path_)


def produced(path):
    """POST entries: one; so many equal ones; until one is refused."""
    with Api(path, "--appendonly", "yes") as s:
        c = s.begin()
        s.token = s.log_in()
        status, a = s.call("POST", "/streams/0/s/entries", {"fields": {"n": "1"}})
        expect((status, sorted(a), a["stored"]), (201, ["command", "id", "stored"], "written"), "one")
        status, a = s.call("POST", "/streams/0/s/entries", {"fields": {"n": "1"}, "times": 1000, "durable": True})
        expect((status, a["added"], a["of"], a["stored"], a["command"]), (201, 1000, 1000, "synced", "XADD s DURABLE * n 1"), "a thousand")
        expect((c.do("XLEN", "s"), c.do("XREVRANGE", "s", "+", "-", "COUNT", 1)[0][0].decode()), (1001, a["id"]), "the last one")
        expect(s.log().count("Console: xadd s: done"), 2, "lines in the log")
        c.do("XCFGSET", "s", "MAXLEN", 1010, "OVERFLOW", "REJECT")
        status, a = s.call("POST", "/streams/0/s/entries", {"fields": {"n": "1"}, "times": 25})
        expect((status, a["added"], a["of"], a["error"].split()[0]), (201, 9, 25, "STREAMFULL"), "as many as there was room for")
        expect(s.code("POST", "/streams/0/s/entries", {"fields": {"n": "1"}, "times": 25}), (507, "STREAMFULL"), "none")
        expect(s.call("POST", "/streams/0/none/entries", {"fields": {"n": "1"}, "nomkstream": True, "times": 2})[1]["id"], None, "no stream is made")
        for idmp in ({"idmp": ["p", "1"]}, {"idmpAuto": "p"}):
            expect(s.code("POST", "/streams/0/same/entries", {"fields": {"n": "1"}, "times": 2, **idmp}), (400, "ERR"), "copies that are one message")
            expect(s.call("POST", "/streams/0/same/entries", {"fields": {"n": "1"}, "times": 1, **idmp})[0], 201, "one")
        for times in (0, 1001, "x"):
            expect(s.code("POST", "/streams/0/s/entries", {"fields": {"n": "1"}, "times": times}), (400, "ERR"), "times %r" % times)


def members(path):
    """A hash's field and a list's item from a byte on."""
    with Api(path) as s:
        c = s.begin()
        s.token = s.log_in()
        c.do("SET", "short", "abcdef")
        a = s.get("/keys/0/short?max=2")[1]
        expect([a[x] for x in ("type", "encoding", "value")], ["string", "embstr", "ab"], "max is for values, not for words")
        c.do("SADD", "many", *range(20000))
        seen, at = 0, 0
        while at is not None:
            a = s.get("/keys/0/many?max=0&count=200&from=%s" % at)[1]
            seen, at = seen + len(a["value"]), a["next"]
        expect(seen, 20000, "no cursor was cut")
        long = "\u00e4b".encode() * 50000
        c.do("HSET", "h", b"\xfe/", long, "empty", "")
        c.do("RPUSH", "l", "first", long)
        for where in ("h/member?field=%FE%2F", "l/member?index=1", "l/member?index=-1"):
            whole, skip = b"", 0
            while True:
                value = s.get("/keys/0/%s&max=40000&skip=%d" % (where, skip))[1]["value"]
                piece = (value["text"] if isinstance(value, dict) else value).encode()
                whole, skip = whole + piece, skip + len(piece)
                if not isinstance(value, dict):
                    break
                expect((value["bytes"] + skip - len(piece), value["cut"]), (150000, True), "what is left")
            expect(whole == long, True, where)
        expect([s.get("/keys/0/" + w)[1]["value"] for w in ("h/member?field=empty", "l/member?index=0&skip=3", "l/member?index=0&skip=99")], ["", "st", ""], "short ones")
        for where, want in (("h/member?field=none", (404, "NOTFOUND")), ("l/member?index=2", (404, "NOTFOUND")), ("none/member?index=0", (404, "NOTFOUND")), ("h/member", (400, "ERR")),
                            ("h/member?field=a&index=0", (400, "ERR")), ("l/member?field=a", (409, "WRONGTYPE"))):
            expect(s.code("GET", "/keys/0/" + where), want, where)


def pages(path):
    """Section 7: pages of entries, both ways; bytes; cut values; more than 1 MiB."""
    with Api(path) as s:
        c = s.begin()
        fill(c)
        s.token = s.log_in()
        for newest in (0, 1):
            seen, after = [], ""
            while after is not None:
                a = s.get(KEY + "/entries?count=70&newest=%d%s" % (newest, "&after=" + after if after else ""))[1]
                seen += [e["id"] for e in a["entries"]]
                after = a["after"]
            expect(seen, sorted(["%d-1" % (i + 1) for i in range(300)], key=lambda x: int(x[:-2]), reverse=bool(newest)), "all pages")
        entry = s.get(KEY + "/entries?from=5&to=5")[1]["entries"]
        expect(entry, [{"id": "5-1", "ms": 5, "fields": [["n", "4"], ["blob", {"base64": "/wA="}]]}], "one entry")
        for i in range(40):
            c.do("XADD", "large", "%d-0" % (i + 1), "f", "x" * 60000)
        a = s.get("/streams/0/large/entries?max=65536")[1]
        expect((0 < len(a["entries"]) < 40, a["after"]), (True, a["entries"][-1]["id"]), "what fits")
        b = s.get("/streams/0/large/entries?max=65536&after=" + a["after"])[1]
        expect(int(b["entries"][0]["id"][:-2]), int(a["after"][:-2]) + 1, "and the rest")
        a = s.get("/streams/0/large/entries?count=1&max=3")[1]
        expect(a["entries"][0]["fields"], [["f", {"text": "xxx", "bytes": 60000, "cut": True}]], "cut")
        c.do("XADD", "large", "99-0", "other", "y" * 500, "f", "\xe4\u00f6".encode() * 30000)
        rest, skip = b"", 0
        while True:
            ((name, value),) = s.get("/streams/0/large/entries?from=99-0&to=99-0&only=2&max=50000&skip=%d" % skip)[1]["entries"][0]["fields"]
            piece = (value["text"] if isinstance(value, dict) else value).encode()
            rest, skip = rest + piece, skip + len(piece)
            if not isinstance(value, dict):
                break
            expect((name, value["bytes"] + skip - len(piece), value["cut"]), ("f", 120000, True), "the rest of a value")
        expect(rest, "\xe4\u00f6".encode() * 30000, "a value piece by piece")
        expect(s.get("/streams/0/large/entries?from=99-0&to=99-0&only=3&skip=7")[1]["entries"][0]["fields"], [], "no such field")
        expect(s.code("GET", "/streams/0/large/entries?from=x"), (400, "ERR"), "no ID")


def rights(path):
    """R1: what the user may not do with redis-cli; secrets; a user who is restricted while the session goes on."""
    with Api(path, "--requirepass", "hush") as s:
        s.begin()
        c = s.conn()
        c.do("AUTH", "hush")
        fill(c)
        c.do("ACL", "SETUSER", "viewer", "on", ">pw", "~a*", "-@all", "+xinfo", "+xrange", "+client|list")
        expect(s.code("POST", "/session", {}), (401, "WRONGPASS"), "the default user has a password")
        s.token = s.log_in(user="viewer", password="pw")
        expect(s.get("/clients")[0], 200, "what it may")
        expect(s.code("GET", "/slowlog"), (403, "NOPERM"), "a command that it may not")
        expect(s.code("GET", KEY), (403, "NOPERM"), "a key that it may not")
        expect([s.get("/session")[1][x] for x in ("may", "writes")], [["client|list", "xinfo|consumers", "xinfo|groups", "xinfo|help", "xinfo|stream", "xrange"], []], "what it is told that it may")
        c.do("ACL", "SETUSER", "viewer", "+info")
        expect("info" in s.get("/session")[1]["may"], True, "what it is told when it may more")
        answer = s.get("/replication")[1]
        expect((answer["info"]["role"], answer["info"]["masterReplid2"], answer["role"]), ("master", "0" * 40, None), "what it may of two commands")
        c.do("SET", "a", "1")
        c.do("ACL", "SETUSER", "viewer", "+scan", "+type")
        expect([(r["key"] == "a", r["type"]) for r in sorted(s.get("/keys")[1]["rows"], key=lambda r: str(r["key"]))], [(True, "string"), (False, None)], "names are told by SCAN, types to who may read")
        c.do("ACL", "SETUSER", "viewer", "-client|list")
        expect(s.code("GET", "/clients"), (403, "NOPERM"), "no more")
        values = {r["name"]: r["value"] for r in s.get("/config", basic="default:hush")[1]["rows"]}
        expect((values["requirepass"], values["port"]), (None, str(s.port)), "secrets")
        expect("hush" in s.log(), False, "the log")
        seen = [x for x in c.do("SLOWLOG", "GET", 100) if b"hush" in b" ".join(x[3])]
        expect(seen, [], "the slow log")


def quiet(path):
    """R3: looking changes nothing."""
    with Api(path, "--maxmemory-policy", "allkeys-lfu") as s:
        c = s.begin()
        fill(c)
        s.token = s.log_in()

        def state():
            return [c.do("XPENDING", key, "g"), c.do("XINFO", "STREAM", key), info(c, "expired_keys")]
        key = b"q/\x00\xff"
        before, frequency = state(), c.do("OBJECT", "FREQ", key)  # state() itself may raise it
        hits = [info(c, x) for x in ("keyspace_hits", "keyspace_misses")]
        for p in (KEY, KEY + "/entries", KEY + "/groups/g", "/keys/0/k", "/clients", "/slowlog", "/config"):
            expect(s.get(p)[0], 200, p)
        expect(s.get("/streams/0/none/entries")[0], 200, "no such key")
        expect([info(c, x) for x in ("keyspace_hits", "keyspace_misses")], hits, "hits and misses")
        expect(c.do("OBJECT", "FREQ", key), frequency, "how often it is used")
        expect(state(), before, "the state")


def durable(path):
    """H4: an answer waits for the disk as a reply does, and comes."""
    with Api(path, "--appendonly", "yes", "--appendfsync", "always") as s:
        c = s.begin()
        s.token = s.log_in()
        stop, wrong = threading.Event(), []

        def write():
            k = s.conn()
            while not stop.is_set():
                k.do("XADD", "s", "*", "f", "x")
        t = threading.Thread(target=write)
        t.start()
        until("something is written", lambda: c.do("XLEN", "s"))
        link = http.client.HTTPConnection("127.0.0.1", s.http, timeout=60)
        for _ in range(60):
            status, a = s.get("/streams/0/s/entries?newest=1&count=1", link=link)
            if status != 200 or not a["entries"]:
                wrong.append(a)
            time.sleep(0.02)
        stop.set()
        t.join()
        expect(wrong, [], "answers")


def full_disk(path):
    """H4: an answer that relies on a write that failed, in the same turn, is held like a reply: it never comes, or when it has become true."""
    with tempfile.TemporaryDirectory(prefix="millrace-test-") as small:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", small], check=True)
        try:
            with Api(path, "--appendonly", "yes", "--aof-disk-reserve", "0", directory=small) as s:
                c = s.begin()
                c.do("XADD", "q", "1-1", "f", "v")
                s.token = s.log_in()
                filler = os.open(s.at("filler"), os.O_CREAT | os.O_WRONLY)
                answers = []

                def fill():
                    try:
                        while True:
                            os.write(filler, b"x" * 4096)
                    except OSError:
                        pass

                def ask():
                    try:
                        answers.append(s.call("POST", "/streams/0/q/entries", {"fields": {"f": "x" * 100000}})[0])
                    except http.client.RemoteDisconnected:
                        answers.append("closed")

                def fails():
                    t = threading.Thread(target=ask)
                    was = s.log().count("The append-only file can't be written")
                    fill()
                    t.start()
                    until("the write fails", lambda: s.log().count("The append-only file can't be written") > was)
                    return t
                t = fails()
                expect((answers, s.code("POST", "/streams/0/q/entries", {"fields": {"f": "v"}})), ([], (503, "MISCONF")), "held, and refused")
                expect(s.get("/keys/0/untouched")[0], 200, "what does not rely on it")
                os.ftruncate(filler, 0)
                t.join()
                expect(answers, [201], "when it is written")
                os.lseek(filler, 0, os.SEEK_SET)
                t = fails()
                t.join()
                expect(answers, [201, "closed"], "when it is not")
                os.close(filler)
        finally:
            subprocess.run(["umount", "-l", small], check=True)


def paused(path):
    """Requests are held: the answer says so at once."""
    with Api(path) as s:
        c = s.begin()
        fill(c)
        s.token = s.log_in()
        c.do("CLIENT", "PAUSE", 100000, "ALL")
        expect(s.code("GET", KEY), (503, "PAUSED"), "paused")
        checks = {x["name"]: x["ok"] for x in s.get("/health")[1]["checks"]}
        expect((s.get("/overview")[1]["pausedMs"] > 0, s.get("/alarms")[0], checks["paused"]), (True, 200, False), "what is the matter is told")


def settings(path):
    """GET /config: what each setting is now, by default, and in the file; nothing of what is secret."""
    conf = "maxmemory 2gb\nmasterauth a-secret-of-the-file\nappendfsync everysec\n"
    with Api(path, conf=conf) as s:
        c = s.begin()
        c.do("CONFIG", "SET", "maxmemory", "6gb", "slowlog-max-len", "99")
        s.token = s.log_in()
        answer = s.get("/config")[1]
        rows = {r["name"]: r for r in answer["rows"]}
        three = lambda name: tuple(rows[name][x] for x in ("value", "default", "file"))
        expect(three("maxmemory"), (str(6 << 30), "0", str(2 << 30)), "one that differs from the file")
        expect(three("slowlog-max-len"), ("99", "128", None), "one that the file does not name")
        expect(three("appendfsync") + (rows["appendfsync"]["words"],), ("everysec", "everysec", "everysec", ["everysec", "always", "no"]), "one of words")
        expect(three("masterauth") + (rows["masterauth"]["secret"], "a-secret" in json.dumps(answer)), (None, None, None, True, False), "a secret")
        expect((rows["databases"].get("fixed"), rows["maxmemory"].get("fixed"), "Memory" in rows["maxmemory"]["summary"]), (True, None, True), "what they are")
        shown = c.do("CONFIG", "GET", "*")
        expect(set(rows) <= {x.decode() for x in shown[::2]}, True, "each is one that CONFIG GET shows")
        with open(s.conf, "a") as f:
            f.write("nonsense\n")
        expect({r["file"] for r in s.get("/config")[1]["rows"]}, {None}, "a file that no start would read")


def health(path):
    """GET /health: each check with its value, whether it holds or not."""
    with Api(path) as s:
        c = s.begin()
        s.token = s.log_in()

        def checks():
            answer = s.get("/health")[1]
            return answer["ready"], {x["name"]: (x["ok"], x["value"]) for x in answer["checks"]}
        well = {"shutting-down": (True, None), "disk-failed": (True, None), "replica-link": (True, None), "paused": (True, None), "memory": (True, None)}
        expect(checks(), (True, well), "a server")
        c.do("SET", "k", "x" * 3000000)
        c.do("CONFIG", "SET", "maxmemory", "3mb")
        c.do("CLIENT", "PAUSE", 100000, "WRITE")
        ready, got = checks()
        expect((ready, got["paused"][0], 0 < got["paused"][1] <= 100000, got["memory"][0], got["memory"][1] > 90), (False, False, True, False, True), "paused, and full")
        c.do("CLIENT", "UNPAUSE")
        c.do("CONFIG", "SET", "maxmemory", "0")
        c.do("REPLICAOF", "127.0.0.1", free_port())
        until("the link is a reason", lambda: checks()[1]["replica-link"][0] is False)


def opened(path):
    """Whoever can log in without a password from elsewhere, also through a proxy: an alarm; where nobody can, a warning says so (section 3)."""
    with Api(path, "--protected-mode", "no") as s:
        c = s.begin()
        s.token = s.log_in()
        names = lambda: [r["name"] for r in s.get("/alarms")[1]["rows"]]
        until("the first look", lambda: s.get("/streams")[1]["survey"])
        expect(names(), [], "on this machine")
        c.do("CONFIG", "SET", "console-proxies", "127.0.0.1")
        until("a proxy", lambda: names() == ["open"])
        c.do("CONFIG", "SET", "protected-mode", "yes")
        until("protected", lambda: names() == [])
        c.do("CONFIG", "SET", "protected-mode", "no", "console-mode", "off")
        c.do("CONFIG", "SET", "console-mode", "full", "console-proxies", "")
        warning = "WARNING: the console accepts connections from other machines"
        expect(s.log().count(warning), 0, "no warning")
        c.do("CONFIG", "SET", "console-bind", "127.0.0.1 0.0.0.0")
        c.do("CONFIG", "SET", "console-bind", "*")
        expect(s.log().count(warning) >= 1, True, "a warning")


def only(path):
    """Rows of streams and of groups by conditions, which all hold."""
    with Api(path) as s:
        c = s.begin()
        s.token = s.log_in()
        for key in ("full", "idle", "stopped", "wrong"):
            c.do("XPOLICY", "SET", key, "g", "MKSTREAM", "JOBS")
        c.do("XADD", "full", "*", "f", "v")
        c.do("XADD", "stopped", "*", "f", "v")
        c.do("XPOLICY", "SET", "stopped", "g", "PAUSE", "ON")
        c.do("XADD", "wrong", "*", "f", "v")
        c.do("XREADGROUP", "GROUP", "g", "w", "COUNT", 1, "STREAMS", "wrong", ">")
        entry = c.do("XRANGE", "wrong", "-", "+")[0][0]
        c.do("XNACK", "wrong", "g", "FAIL", "IDS", 1, entry, "DELAY", 3600000)
        c.do("XADD", "none", "*", "f", "v")
        before = s.get("/streams")[1]["survey"]  # a pass may have read some of them before they were as they are
        until("a pass that has begun since", lambda: s.get("/streams")[1]["survey"] >= before + 2)
        for kind in ("streams", "groups"):
            names = lambda what: (lambda a: (a["total"], [r["key"] for r in a["rows"]]))(s.get("/%s?only=%s" % (kind, what))[1])
            for what, wanted in (("failing", ["wrong"]), ("ready", ["full", "stopped"]), ("paused", ["stopped"]), ("no-readers", ["full", "idle", "stopped"]), ("ready,paused", ["stopped"]), ("paused,failing", [])):
                expect(names(what), (len(wanted), wanted), "%s that are %s" % (kind, what))
        expect(s.code("GET", "/streams?only=nonsense"), (400, "ERR"), "no condition")
        expect(s.code("GET", "/lists?only=ready"), (400, "ERR"), "lists have none")


def busy(path):
    """H8: beside a script that takes long the overview and the alarms are answered, however often; all else is told why not."""
    with Api(path, "--busy-reply-threshold", 20) as s:
        c = s.begin()
        fill(c)
        s.token = s.log_in()
        expect(s.get("/overview")[1]["pausedMs"], 0, "nothing is paused")
        c.do("CLIENT", "PAUSE", 100000, "WRITE")
        expect(0 < s.get("/overview")[1]["pausedMs"] <= 100000, True, "what is left of a pause")
        c.do("CLIENT", "UNPAUSE")
        runs = s.conn(seconds=600)
        runs.send("EVAL", "while true do end", 0)
        until("it is busy", lambda: s.code("GET", KEY) == (503, "BUSY"))
        for _ in range(130):  # more than a session may ask at once
            expect(s.get("/overview")[0], 200, "the overview")
        expect("rows" in s.get("/alarms")[1], True, "the alarms")
        answer = s.call("POST", KEY + "/trim", {"maxlen": 0})[1]
        expect(answer["error"]["text"].startswith("BUSY "), True, "an action: %r" % answer)
        expect(s.code("GET", "/overview", token="0" * 64), (401, "NOAUTH"), "nobody")
        c.do("SCRIPT", "KILL")
        runs.answer()
        runs.close()
        expect(c.do("XLEN", b"q/\x00\xff"), 300, "nothing was trimmed")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--only", action="append", default=[])
    o = ap.parse_args()
    cases([(f.__name__, f, o.server) for f in (sessions, bodies, guessing, routes, modes, confirming, typed, halves, without_policies, tags, views, produced, members, pages, rights, quiet, durable, full_disk, paused, busy, settings, health, opened, only)], o.only)


if __name__ == "__main__":
    main()
