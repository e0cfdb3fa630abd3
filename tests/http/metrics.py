#!/usr/bin/env python3
"""GET /metrics (console section 8): who may scrape, what comes, a reader that is slow. usage: metrics.py --server SERVER"""
import argparse, base64, http.client, os, re, socket, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import cases, expect, until  # noqa: E402
from resp import info                             # noqa: E402
from server import Server, free_port              # noqa: E402


class Scraped(Server):
    def begin(self, *more):
        self.http = free_port()
        self.args += ["--console-port", str(self.http), *[str(x) for x in more]]
        self.c = self.start()
        return self.c

    def scrape(self, query="", method="GET", basic=None, **headers):
        """(status, head, text)"""
        if basic:
            headers["Authorization"] = "Basic " + base64.b64encode(basic.encode()).decode()
        while True:
            c = http.client.HTTPConnection("127.0.0.1", self.http, timeout=60)
            c.request(method, "/metrics" + query, headers=headers)
            r = c.getresponse()
            text = r.read().decode()
            c.close()
            if r.status != 429:
                return r.status, r, text
            time.sleep(0.2)  # what a stranger may ask

    def status(self, *a, **k):
        return self.scrape(*a, **k)[0]

    def values(self, query=""):
        return dict(line.rsplit(" ", 1) for line in self.scrape(query)[2].splitlines() if line[0] != "#")


def streams(c, n):
    for i in range(n):
        c.send("XGROUP", "CREATE", "queue-%05d" % i, "g", "0", "MKSTREAM")
        c.send("XADD", "queue-%05d" % i, "1-1", "f", "v")
    for _ in range(2 * n):
        c.answer()


def access(path):
    """metrics-access, G3: what a proxy has touched is not from this machine."""
    with Scraped(path) as s:
        c = s.begin()
        c.do("ACL", "SETUSER", "scraper", "on", ">a-word-of-scraper", "-@all", "+survey|metrics")
        c.do("ACL", "SETUSER", "other", "on", ">a-word-of-other", "~*", "+@all", "-survey")
        expect(s.status(), 200, "from this machine")
        expect((s.status(Via="1.1 x"), s.status(**{"X-Forwarded-For": "1.2.3.4"}), s.status(Forwarded="for=1.2.3.4")), (403, 403, 403), "through a proxy")
        expect(s.status(Host="evil.example"), 421, "under a foreign name")
        expect((s.status("?nonsense=1"), s.status(method="DELETE", **{"Content-Type": "application/json"})), (400, 405), "what there is not")
        status, head, text = s.scrape(method="HEAD")
        expect((status, head.headers["Content-Type"], text), (200, "text/plain; version=0.0.4; charset=utf-8", ""), "HEAD")
        c.do("CONFIG", "SET", "metrics-access", "user")
        expect(s.status(), 401, "nobody")
        expect(s.status(basic="scraper:a-word-of-scraper"), 200, "who may")
        expect(s.status(basic="other:a-word-of-other"), 403, "who may not")
        expect(s.status(basic="scraper:a-wrong-word"), 401, "a wrong password")
        c.do("CONFIG", "SET", "metrics-access", "open")
        expect((s.status(), s.status(Via="1.1 x"), s.status(Host="evil.example")), (200, 200, 200), "everybody")
        c.do("CONFIG", "SET", "console-mode", "off")
        expect(s.status(), 200, "console-mode off")


def content(path):
    """The same as SURVEY METRICS; match; numbers are fresh; what the port itself does."""
    with Scraped(path) as s:
        c = s.begin()
        c.do("XPOLICY", "SET", "jobs", "w", "MKSTREAM", "JOBS")
        c.do("XADD", b'odd "\\\n\xff', "1-1", "f", "v")
        c.do("XADD", "jobs", "*", "f", "v")
        until("a pass", lambda: 'millrace_group_ready{db="db0",key="jobs",group="w"}' in s.values())
        family = lambda text: {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[0] != "#"}
        by_command, cursor = b"", 0
        while True:
            cursor, part = c.do("SURVEY", "METRICS", "CURSOR", cursor)
            by_command += part
            if not cursor:
                break
        text = s.scrape()[2]
        expect(family(text), family(by_command.decode()), "families")
        c.do("XADD", "jobs", "*", "f", "v")
        until("the new message", lambda: s.values()['millrace_group_ready{db="db0",key="jobs",group="w"}'] == "2")
        some = s.values("?match=j*")
        expect({re.search(r'key="([^"]*)"', x)[1] for x in some}, {"jobs"}, "match")
        before = s.values()
        expect(s.status("?nonsense=1"), 400, "a bad request")
        after = s.values()
        name = 'millrace_http_requests_total{code="%d"}'
        expect(int(after[name % 400]) - int(before.get(name % 400, 0)), 1, "requests that failed")
        expect(int(after[name % 200]) > int(before[name % 200]), True, "requests that did not")
        expect((after["millrace_http_connections"], after["millrace_http_login_failures_total"]), ("1", "0"), "connections, failures")
        expect(float(after["millrace_http_cpu_seconds_total"]) > 0, True, "time")


def old_clients(path):
    """HTTP/1.0 has no chunks: the answer ends with the connection."""
    with Scraped(path) as s:
        s.begin()
        with socket.create_connection(("127.0.0.1", s.http), 60) as x:
            x.sendall(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
            got = b""
            while piece := x.recv(65536):
                got += piece
        head, text = got.split(b"\r\n\r\n", 1)
        expect((b"Transfer-Encoding" in head, b"Content-Length" in head, b"Connection: close" in head), (False, False, True), "the head")
        expect((text.startswith(b"# HELP "), text.endswith(b"\n"), b"\r" in text), (True, True, False), "the text")


def slow_reader(path):
    """H2: of a large answer to somebody who takes nothing little is kept, others are served, and what comes in the end is whole."""
    with Scraped(path) as s:
        c = s.begin("--metrics-groups", 20000)
        streams(c, 5000)
        names = lambda t: [line.rsplit(" ", 1)[0] for line in t.splitlines() if "queue-" in line]
        all_are_met = lambda: (text := s.scrape()[2]).count("millrace_stream_length{") == 5000 and names(s.scrape()[2]) == names(text) and text
        whole = until("passes that have met all", all_are_met)
        expect(len(whole) > 2 << 20, True, "a large answer: %d" % len(whole))
        before = int(info(c, "used_memory"))

        def asks():
            """A reader that is answered, and takes nothing; None: it has asked too much."""
            x = socket.socket()
            x.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            x.connect(("127.0.0.1", s.http))
            x.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return x if x.recv(12, socket.MSG_PEEK | socket.MSG_WAITALL) == b"HTTP/1.1 200" else x.close()
        x = until("an answer", asks)
        for _ in range(10):
            expect(s.status("?match=queue-00001"), 200, "somebody else")
        expect(int(info(c, "used_memory")) - before < 1 << 20, True, "memory: %d" % (int(info(c, "used_memory")) - before))
        r = http.client.HTTPResponse(x)
        r.begin()
        text = r.read().decode()
        missing, more = set(names(whole)) - set(names(text)), set(names(text)) - set(names(whole))
        expect((sorted(missing)[:3], sorted(more)[:3], names(text) == names(whole)), ([], [], True), "all lines")
        x.close()


def busy(path):
    """H8: while a script runs what is known is told."""
    with Scraped(path, "--busy-reply-threshold", "1") as s:
        s.begin()
        k = s.conn()
        k.send("EVAL", "while true do end", 0)
        other = s.conn()
        until("the script is busy", lambda: str(other.do("PING")).startswith("BUSY"))
        expect(s.status(), 200, "metrics")
        other.do("SCRIPT", "KILL")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--only", action="append", default=[])
    o = ap.parse_args()
    cases([(f.__name__, f, o.server) for f in (access, content, old_clients, slow_reader, busy)], o.only)


main()
