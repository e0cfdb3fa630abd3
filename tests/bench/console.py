#!/usr/bin/env python3
"""What the console, its API and the metrics cost the server: Q1 to Q8 and Q10 of section 16 of its specification.

Prints, judges nothing; behind each figure stands its target.

usage: console.py --server PATH [--rounds N] [--seconds N] [--only NAME,...]

CPU is that of the server's main thread, the least of the rounds; turns and slices are its CPU time too (eventloop_cpu_max), of a server that has nothing else to do. A browser is
played by a client that asks what the page Queues asks, by the connections that a browser keeps. Q3 alternates with and without, and tells the spread.
"""
import argparse, base64, http.client, itertools, json, os, statistics, subprocess, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from broker import PIPELINE, counted, cpu, drive, least, pieces  # noqa: E402
from check import until              # noqa: E402
from resp import info                # noqa: E402
from server import Server, free_port  # noqa: E402

WORD = "a-word-of-this-bench"


class Watched(Server):
    """With a console's port, and CPU times of turns."""

    def __init__(self, path, *more, console=True, **how):
        self.http = free_port()
        super().__init__(path, *(["--console-port", str(self.http)] if console else []), "--latency-monitor-threshold", "1000", "--enable-debug-command", "yes", *more, **how)

    def begin(self):
        self.c = self.start()
        self.c.ask("ACL", "SETUSER", "looker", "on", ">" + WORD, "~*", "&*", "+@all")
        return self.c

    def link(self):
        return http.client.HTTPConnection("127.0.0.1", self.http, timeout=120)

    def log_in(self):
        c = self.link()
        c.request("POST", "/api/v1/session", json.dumps({"user": "looker", "password": WORD}), {"Content-Type": "application/json"})
        self.token = json.loads(c.getresponse().read())["token"]

    def log_in_often(self):
        """A session may ask a hundred times at once, then 50 times a second: requests take turns between these."""
        self.tokens = []
        for _ in range(18):
            self.log_in()
            self.tokens.append(self.token)
        self.turn = itertools.cycle(self.tokens)

    def get(self, c, path, tag=None, basic=False):
        """(text, its tag)"""
        who = "Basic " + base64.b64encode(b"looker:" + WORD.encode()).decode() if basic else "Bearer " + next(self.turn)
        c.request("GET", path, headers={"Authorization": who, "Accept-Encoding": "gzip", **({"If-None-Match": tag} if tag else {})})
        r = c.getresponse()
        text = r.read()
        assert r.status in (200, 304), (path, r.status, text)
        return text, r.headers.get("ETag")

    def streams(self, n, groups=2):
        drive(self.c, pieces([w for i in range(n) for w in (*[("XGROUP", "CREATE", "queue:%06d" % i, "g%d" % g, "0", "MKSTREAM") for g in range(groups)],
                                                            ("XADD", "queue:%06d" % i, "1-1", "f", "v"))], 500))

    def with_streams(self, n, groups=2):
        """Begins, and opens the port once a whole pass has seen so many streams: the first pass is worked on by whoever asks, later ones at their pace only."""
        self.begin()
        self.streams(n, groups)
        while not self.c.ask("SURVEY", "STREAMS", "COUNT", "1")[0]:
            pass
        assert self.c.ask("SURVEY", "GROUPS", "COUNT", "1")[1] == n * groups
        self.c.ask("CONFIG", "SET", "console-port", str(self.http))
        self.log_in_often()

    def longest(self):
        """Microseconds of CPU of the longest turn since the last call."""
        us = int(info(self.c, "eventloop_cpu_max", "debug"))
        self.c.ask("CONFIG", "RESETSTAT")
        return us

    def longest_of(self, what, times):
        """The median and the most of the longest turns, each with one of what is done: a single one may be delayed by the machine."""
        turns = []
        for _ in range(times):
            self.longest()
            what()
            turns.append(self.longest())
        return statistics.median(turns), max(turns)

    def spent(self, what, times):
        """Microseconds of CPU for each."""
        before = cpu(self)
        for _ in range(times):
            what()
        return (cpu(self) - before) * 1e6 / times

    def share(self, seconds):
        """Of one core, in percent."""
        before = cpu(self)
        time.sleep(seconds)
        return (cpu(self) - before) * 100 / seconds


class Browser(threading.Thread):
    """On Queues: the overview and a page of streams every two seconds."""

    def __init__(self, s):
        super().__init__(daemon=True)
        self.s, self.over = s, threading.Event()
        self.start()

    def run(self):
        links, tags = [self.s.link(), self.s.link()], [None, None]
        paths = ["/api/v1/overview", "/api/v1/streams?by=oldest-ready&desc=1&count=100"]
        while not self.over.wait(2):
            for i, path in enumerate(paths):
                _, tags[i] = self.s.get(links[i], path, tags[i])

    def end(self):
        self.over.set()
        self.join()


def say(name, what, value, target):
    print("%-4s %s: %s (<= %s)" % (name, what, value, target), flush=True)


def q1(o):
    with Watched(o.server) as s:
        s.begin()
        s.streams(10000)
        time.sleep(25)  # passes that come by themselves
        say("Q1", "console-port set, nobody looks, 10,000 streams with 2 groups", "%.2f %% of a core" % s.share(o.seconds), "0.3 %")
    n = 20000
    commands = [w for i in range(n // 100) for w in (*[("SET", "k%d" % x, "v") for x in range(100)], *[("XADD", "q", "%d-%d" % (i + 1, x), "f", "v") for x in range(100)],
                                                       ("XREADGROUP", "GROUP", "g", "a", "COUNT", "100", "STREAMS", "q", ">"), ("XACK", "q", "g", *["%d-%d" % (i + 1, x) for x in range(100)]))]
    group = [("XGROUP", "CREATE", "q", "g", "0", "MKSTREAM")]
    figures = []
    for port in (str(free_port()), "0"):
        figures.append((counted(o.server, group + commands, "--console-port", port) - counted(o.server, group, "--console-port", port)) / (2 * n))
    say("Q1", "SET and XADD+XREADGROUP+XACK, instructions a message, against port 0", "%.1f against %.1f, %.3f" % (*figures, figures[0] / figures[1]), "1.01")


def q2(o):
    with Watched(o.server, console=False) as s:
        s.with_streams(10000)
        for n, target in ((1, "2 %, aim 1.3"), (10, "3 %")):
            browsers = [Browser(s) for _ in range(n)]
            time.sleep(5)
            s.longest()
            say("Q2", "%d on Queues, 10,000 streams with 2 groups" % n, "%.2f %% of a core, longest turn %d us" % (s.share(o.seconds), s.longest()), target)
            for b in browsers:
                b.end()


def q3(o):
    """p99.9 of redis-benchmark's GET, as pairs."""
    def quantile():
        text = subprocess.run(["redis-benchmark", "-s", s.sock, "-t", "get", "-n", "400000", "-c", "20", "-P", "1", "--precision", "3"], capture_output=True, text=True).stdout
        line = [x for x in text.replace("\r", "\n").splitlines() if x.startswith("99.9")]
        return float(line[0].split("<=")[1].split()[0])
    with Watched(o.server, console=False) as s:
        s.with_streams(1000, 1)
        pairs = []
        for _ in range(5):
            quiet = quantile()
            b, over = Browser(s), threading.Event()

            def scrape():
                while not over.wait(1):
                    s.get(s.link(), "/metrics", basic=True)
            t = threading.Thread(target=scrape, daemon=True)
            t.start()
            pairs.append((quantile(), quiet))
            over.set()
            t.join()
            b.end()
        ratios = sorted(a / b for a, b in pairs)
        say("Q3", "p99.9 of GET with a browser and a scrape a second against quiet, median of five pairs", "%.2f (%.2f to %.2f)" % (statistics.median(ratios), ratios[0], ratios[-1]), "1.1")


def q4(o):
    figures = {}
    for n, name, target in ((1000, "Q4", "5 ms; 0.5 ms; 25 ms"), (100000, "Q5", "Q4 x 1.5")):
        with Watched(o.server, console=False) as s:
            s.with_streams(n, 1)
            c, walls = s.link(), []

            def scrape():
                began = time.perf_counter()
                text, _ = s.get(c, "/metrics")
                walls.append((time.perf_counter() - began) * 1e3)
                return text
            text = scrape()
            figures[name] = min(s.spent(scrape, 20) for _ in range(o.rounds)) / 1e3
            turns = s.longest_of(scrape, 15)
            say(name, "/metrics, %d streams with a group, %d lines, %d kB" % (n, text.count(b"\n"), len(text) // 1000),
                "%.2f ms of CPU, %.1f times Q4, %.1f ms by the clock; longest turn %d us of CPU, the worst of 15 %d" %
                (figures[name], figures[name] / figures["Q4"], min(walls), *turns), target)


def q6(o):
    for n, target in ((10000, "1 ms"), (100000, "10 ms")):
        with Watched(o.server, console=False) as s:
            s.with_streams(n, 1)  # as many groups as streams
            c, worst, turns = s.link(), (0, ""), (0, 0)
            for path in ("streams?by=key&count=100", "streams?by=oldest-ready&desc=1&count=100", "streams?by=length&desc=1&match=*7*&count=100", "groups?by=ready&desc=1&count=100",
                         "groups?by=key&match=*99*&count=100"):
                us = min(s.spent(lambda p=path: s.get(c, "/api/v1/" + p), 20) for _ in range(o.rounds))
                worst = max(worst, (us, path))
                turns = [max(a, b) for a, b in zip(turns, s.longest_of(lambda p=path: s.get(c, "/api/v1/" + p), 15))]
            say("Q6", "a page of 100 of %d rows, the dearest order (%s)" % (n, worst[1]), "%.2f ms of CPU, longest turn %d us, the worst of 15 %d" % (worst[0] / 1e3, *turns),
                target + ", slices 500 us")


def q7(o):
    with Watched(o.server) as s:
        s.begin()
        s.log_in_often()
        c = s.link()
        s.streams(10, 1)
        time.sleep(2)  # a pass of them
        rows = "/api/v1/streams?count=100"
        tag = s.get(c, rows)[1]

        def same():
            nonlocal tag
            tag = s.get(c, rows, tag)[1]
        ways = [("/api/v1/overview, 200", lambda: s.get(c, "/api/v1/overview"), 60), ("304 of a page of streams", same, 30), ("a static file", lambda: s.get(c, "/"), 40)]
        for what, way, target in ways:
            say("Q7", what, "%.0f us" % min(s.spent(way, 150) for _ in range(o.rounds)), "%d us" % target)
        time.sleep(4)  # an address without a session may ask 20 times at once, then 5 times a second
        say("Q7", "a login", "%.0f us" % min(s.spent(s.log_in, 6) for _ in range(o.rounds)), "100 us")


def q8(o):
    with Watched(o.server) as s:
        s.begin()
        s.log_in_often()
        drive(s.c, pieces([("XADD", "q", "*", "field", "value %d" % i) for i in range(1000000)], 1000))
        c, wall, slices = s.link(), time.perf_counter(), 0
        s.longest()
        after = ""
        while True:
            text, _ = s.get(c, "/api/v1/streams/0/q/entries?field=field&contains=nothing-like-it&count=50" + after)
            slices += 1
            answer = json.loads(text)
            if not answer["after"]:
                break
            after = "&after=" + answer["after"]
        say("Q8", "a search over 1,000,000 entries", "%.1f s in %d requests, longest turn %d us of CPU" % (time.perf_counter() - wall, slices, s.longest()), "an answer each 2 s; slices 500 us")


def q10(o):
    n = 10000
    with Watched(o.server, "--console-history", "0", console=False) as s:  # nobody looks yet
        s.begin()
        s.streams(n)
        time.sleep(1)
        before = int(info(s.c, "used_memory", "memory"))
        until("a whole pass of the survey", lambda: s.c.ask("SURVEY", "GROUPS", "COUNT", "1")[1] == 2 * n, 120)
        time.sleep(1)  # the figure is of the last tick
        say("Q10", "the survey, a stream with 2 groups", "%.0f bytes" % ((int(info(s.c, "used_memory", "memory")) - before) / n), "400")
    with Watched(o.server) as s:
        s.begin()
        s.log_in_often()
        before, links = int(info(s.c, "used_memory", "memory")), [s.link() for _ in range(60)]
        for x in links:
            s.get(x, "/api/v1/overview")
        time.sleep(1)
        say("Q10", "an idle connection", "%.0f bytes" % ((int(info(s.c, "used_memory", "memory")) - before) / len(links)), "12288")


ALL = {"q1": q1, "q2": q2, "q3": q3, "q4": q4, "q6": q6, "q7": q7, "q8": q8, "q10": q10}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--seconds", type=int, default=30)
    ap.add_argument("--only", default=",".join(ALL))
    o = ap.parse_args()
    for name in o.only.split(","):
        ALL[name](o)


if __name__ == "__main__":
    main()
