#!/usr/bin/env python3
"""Logins and the API: rights, sessions, guessing, what looking changes, kills, answers that wait for the disk. usage: api.py --server SERVER"""
import argparse, base64, http.client, json, os, re, sys, threading, time, urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import cases, expect, until   # noqa: E402
from resp import info                    # noqa: E402
from server import Server, free_port     # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROUTES = re.findall(r'^R\((\w+), "([^"]+)", "([^"]*)", (NULL|"[^"]*")', open(os.path.join(ROOT, "src/admin/routes.def")).read(), re.M)


class Api(Server):
    def begin(self, *more):
        self.http, self.token = free_port(), None
        self.args += ["--console-port", str(self.http), *[str(x) for x in more]]
        self.c = self.start()
        return self.c

    def call(self, method, path, body=None, token=None, basic=None, headers=(), link=None):
        """(status, answer)"""
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
        return r.status, json.loads(text) if text else None

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
    with Api(path) as s:
        c = s.begin()
        expect(s.code("GET", "/session"), (401, "NOAUTH"), "nobody")
        expect(s.code("GET", "/session", token="0" * 64), (401, "NOAUTH"), "a token that nobody has")
        s.token = s.log_in()
        expect(s.get("/session")[1]["user"], "default", "who")
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
        for body in (b"", b"{", b"[]", b"null", b'{"user":1}', b'{"user":"a","user":"b"}', b'{"name":"a"}', b'{"password":null}', b'{} x', b'"a"', b'{"user":"a\\ud800"}'):
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


def routes(path):
    """Each line of routes.def: a good request, without a login, with a parameter that there is not, by another method, with a body."""
    with Api(path) as s:
        c = s.begin()
        fill(c)
        s.token = s.log_in()
        tried = 0
        for method, template, query, steps in ROUTES:
            p = template.replace("/api/v1", "").replace("/streams/{db}/{key}", KEY).replace("{db}", "0").replace("{key}", "k").replace("{group}", "g")
            if steps == "NULL":
                continue
            tried += 1
            status, answer = s.get(p)
            expect((status, set(answer) >= {x.split("=")[0] for x in steps.strip('"').split("|")}), (200, True), "%s: %r" % (p, answer))
            link = http.client.HTTPConnection("127.0.0.1", s.http, timeout=60)
            link.request("GET", "/api/v1" + p)
            expect(link.getresponse().status, 401, p + " without a login")
            link.close()
            expect(s.code("GET", p + "?nonsense=1"), (400, "ERR"), p + ", a parameter")
            expect(s.code("POST", p, {}), (405, "ERR"), p + " by POST")
            expect(s.code("GET", p, {}), (400, "ERR"), p + " with a body")
            if "count" in query.split():
                for bad in ("0", "201", "x", "-1", "", "1%00"):
                    expect(s.code("GET", p + "?count=" + bad), (400, "ERR"), "%s, count=%s" % (p, bad))
            time.sleep(0.4)
        expect(tried >= 7, True, "routes were tried")
        expect(s.code("GET", "/streams/0"), (404, "NOTFOUND"), "no route")
        expect(s.code("GET", "/streams/99/a"), (400, "ERR"), "no database")
        expect(s.code("GET", "/streams/x/a"), (400, "ERR"), "no number")
        expect(s.code("GET", "/streams/0/%zz"), (400, "ERR"), "no code")
        expect(s.code("GET", "/streams/0/none"), (404, "ERR"), "no key")
        expect(s.code("GET", KEY + "/groups/none"), (404, "NOGROUP"), "no group")
        c.do("SET", "text", "x")
        expect(s.code("GET", "/streams/0/text/entries"), (409, "WRONGTYPE"), "no stream")


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
        c.do("ACL", "SETUSER", "viewer", "-client|list")
        expect(s.code("GET", "/clients"), (403, "NOPERM"), "no more")
        values = s.get("/config", basic="default:hush")[1]["values"]
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
            key = b"q/\x00\xff"
            return [c.do("XPENDING", key, "g"), c.do("OBJECT", "FREQ", key), c.do("XINFO", "STREAM", key), info(c, "expired_keys")]
        before = state()
        for p in (KEY, KEY + "/entries", KEY + "/groups/g", "/keys/0/k", "/clients", "/slowlog", "/config"):
            expect(s.get(p)[0], 200, p)
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


def paused(path):
    """Requests are held: the answer says so at once."""
    with Api(path) as s:
        c = s.begin()
        fill(c)
        s.token = s.log_in()
        c.do("CLIENT", "PAUSE", 100000, "ALL")
        expect(s.code("GET", KEY), (503, "PAUSED"), "paused")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--only", action="append", default=[])
    o = ap.parse_args()
    cases([(f.__name__, f, o.server) for f in (sessions, bodies, guessing, routes, pages, rights, quiet, durable, paused)], o.only)


if __name__ == "__main__":
    main()
