#!/usr/bin/env python3
"""Starts a server whose queue is full of leases that have ended and of deferred messages that are due: broker Z10.

usage: restart.py --server PATH [--messages N] [--scheduled] [--starts N]

N messages are leased, N deferred, all of them overdue when the server is killed and started again. While it loads nothing happens by itself, though the
file shows leases that have ended before it shows that they were acknowledged. Then all is delivered: the deferred ones by their moments, the leased ones
longest first; those that are used up lie in the dead-letter stream. What the start costs, the longest turn of the broker's (with and without
readers) and how long GET takes meanwhile is printed and not judged.

--starts N: the same files are started N times with and N times without readers. The work is the same each time: what the broker's turns cost is in every
one of the longest turns, what the machine takes from the server's thread meanwhile (a stolen core counts as the thread's time) only in some of them.

--scheduled: the same with N messages whose moments pass while the server is down; all are appended, in the order of moments, under the IDs that were told."""
import argparse, os, shutil, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, check, done, expect, until  # noqa: E402
from resp import Error, as_dict, entry_id, info       # noqa: E402
from server import Refused, Server                    # noqa: E402

LEASE, MOST, SPREAD = 3000, 3, 1000  # ms, deliveries, ms over which moments are spread
PAGE = 50000
FILL = """for i = ARGV[1], ARGV[2] do redis.call('XADD', KEYS[1], i .. '-0', 'n', i) end
redis.call('XREADGROUP', 'GROUP', 'g', 'w', 'COUNT', ARGV[2] - ARGV[1] + 1, 'STREAMS', KEYS[1], '>')"""
# Neighbouring messages have distant due times: 7919 is prime.
DEFER = """for i = ARGV[1], ARGV[2] do
redis.call('XNACK', KEYS[1], 'g', 'FAIL', 'IDS', 1, i .. '-0', 'AT', string.format('%d', ARGV[3] + i * 7919 % ARGV[4])) end"""


def pieces(first, last, n=2000):
    return [(at, min(at + n - 1, last)) for at in range(first, last + 1, n)]


class Probe(threading.Thread):
    """Sends a GET each millisecond, and reports the slowest."""

    def __init__(self, s):
        super().__init__(daemon=True)
        self.s, self.times, self.stop = s, [], False
        self.start()

    def run(self):
        c = self.s.conn()
        while not self.stop:
            at = time.perf_counter()
            c.ask("GET", "k")
            self.times.append(time.perf_counter() - at)
            time.sleep(0.001)

    def end(self):
        self.stop = True
        self.join()
        t = sorted(self.times)
        return "GET p50 %.0f us, p99 %.0f us, longest %.0f us" % tuple(t[int(len(t) * q)] * 1e6 for q in (0.5, 0.99, 1 - 1e-9))


def cpu(s):
    with open("/proc/%d/schedstat" % s.p.pid) as f:
        return int(f.read().split()[0]) / 1e9


class Test:
    """Messages 1 to n stay leased, n + 1 to 2n are deferred. Of the leased ones some have used up their deliveries, some of these are acknowledged before
    their leases end, and some were claimed with an earlier delivery time."""

    def __init__(self, o):
        self.o, self.n = o, o.messages
        self.s = Server(o.server, "--appendonly", "yes", "--loading-process-events-interval-bytes", "1024",
                        "--latency-monitor-threshold", "1000000")  # processor time is measured
        some = max(1, self.n // 100)
        self.used_up, self.acked = range(1, some + 1), range(some + 1, 2 * some + 1)
        self.claimed = range(3 * some, 2 * some, -1)  # the last one has the earliest delivery time
        self.others = range(3 * some + 1, self.n + 1)

    def fill(self, c):
        c.ask("XPOLICY", "SET", "q", "g", "MKSTREAM", "LEASE", 3600000, "MAXDELIVER", MOST)
        began = time.time()
        for a, b in pieces(1, 2 * self.n):
            c.ask("EVAL", FILL, 1, "q", a, b)
        now = int(time.time() * 1000)
        due = now + 5000 + int(4500 * (time.time() - began))  # after all of this and the check: what is due already is not deferred
        for a, b in pieces(self.n + 1, 2 * self.n):
            c.ask("EVAL", DEFER, 1, "q", a, b, due, SPREAD)
        self.deferred = self.retries(c, due - SPREAD)
        expect(len(self.deferred), self.n, "deferred in time")
        c.ask("XPOLICY", "SET", "q", "g", "LEASE", LEASE)
        ids = lambda numbers: ["%d-0" % n for n in numbers]
        claim = ("XCLAIM", "q", "g", "w", 0)
        c.many([(*claim, i, "TIME", now - 3600000 + k, "JUSTID") for k, i in enumerate(ids(self.claimed))])
        c.many([(*claim, i, "RETRYCOUNT", MOST, "JUSTID") for i in ids([*self.used_up, *self.acked])])
        c.many([("SET", "k", i) for i in range(5000)])  # so that the next start is interrupted by turns
        expect(c.ask("XACK", "q", "g", *ids(self.acked)), len(self.acked), "acknowledged within the lease, of %d s" % (LEASE / 1000))
        self.s.kill()
        time.sleep(max(LEASE / 1000, (due + SPREAD) / 1000 - time.time()) + 0.2)

    @staticmethod
    def retries(c, start):
        """Deferred messages in the server's order: their due times were converted from the wall clock to the steady clock."""
        out, seen = [], set()
        while True:
            page = c.ask("XPOLICY", "RETRIES", "q", "g", "START", start, "COUNT", PAGE)
            fresh = [x for x in (entry_id(r[0])[0] for r in page) if x not in seen]
            out += fresh
            seen |= set(fresh)
            if len(page) < PAGE:
                return out
            start = page[-1][1]

    def starts(self, what, run):
        """run() from the same files as often as wanted; what it returns are longest turns."""
        kept, turns = self.s.dir + "-kept", []
        shutil.copytree(self.s.dir, kept, ignore=shutil.ignore_patterns("sock"))
        for _ in range(self.o.starts):
            shutil.rmtree(self.s.dir)
            shutil.copytree(kept, self.s.dir)
            turns.append(run())
        shutil.rmtree(kept)
        if len(turns) > 1:
            turns.sort()
            print("  %s, %d starts: longest turn of the shortest %d, of the median %d, of the longest %d us of processor time" %
                  (what, len(turns), turns[0], turns[len(turns) // 2], turns[-1]), flush=True)

    def start(self):
        """A connection; prints what the start cost."""
        c = self.s.start()
        print("  start: CPU %.2f s" % cpu(self.s), flush=True)
        return c

    def stats(self, c):
        got = c.ask("XPOLICY", "STATS", "q", "g")
        return {k.decode(): v for k, v in as_dict(got).items()}

    def tell(self, c, what, probe):
        there = info(c)
        print("  %s: longest turn %s us of processor time, %s us by the clock (broker-turn-us %s), late %s ms; %s" %
              (what, there["broker_turn_longest_cpu_us"], there["broker_turn_longest_us"], c.ask("CONFIG", "GET", "broker-turn-us")[1].decode(), there["broker_late_ms"], probe.end()), flush=True)
        return int(there["broker_turn_longest_cpu_us"])

    def letters(self, c):
        return sorted(int(f[1]) for _, f in c.ask("XRANGE", "{q}:dlq", "-", "+"))

    def nobody_reads(self):
        c, left = self.start(), self.n - len(self.used_up) - len(self.acked)
        probe = Probe(self.s)
        until("the end of what it does by itself", lambda: c.ask("XLEN", "{q}:dlq") == len(self.used_up) and self.stats(c)["deferred"] == 0, 600)
        longest = self.tell(c, "nobody reads", probe)
        until("the look at all leases", lambda: self.stats(c)["overdue"] == left, 600)
        expect(self.letters(c), [*self.used_up], "letters")
        expect(self.stats(c)["released"], self.n, "released")
        self.s.kill()
        return longest

    def all_are_read(self):
        c = self.start()
        deferred, leased, left = [], [], self.n - len(self.used_up) - len(self.acked)
        probe, began = Probe(self.s), time.monotonic()
        while len(deferred) < self.n or len(leased) < left:
            got = c.ask("XREADGROUP", "GROUP", "g", "r", "COUNT", 1000, "BLOCK", 60000, "NOACK", "STREAMS", "q", ">")
            for _, fields in got[0][1] if got else []:
                n = int(fields[1])
                (deferred if n > self.n else leased).append(n)
            if not got:
                raise Failed("%d deferred and %d leased ones came, then nothing more" % (len(deferred), len(leased)))
        longest = self.tell(c, "all are read in %.1f s" % (time.monotonic() - began), probe)
        expect(first_wrong(deferred, self.deferred), None, "the order of deferred ones")
        expect(first_wrong(leased, [*self.claimed, *self.others]), None, "the order of leased ones")
        expect((self.letters(c), c.ask("XPENDING", "q", "g")[0]), ([*self.used_up], 0), "letters, and what is left")
        self.s.kill()
        return longest

    def run(self):
        self.fill(self.s.start())
        self.starts("nobody reads", self.nobody_reads)
        self.starts("all are read", self.all_are_read)


class Scheduled(Test):
    """Scheduled messages, half of which share their milliseconds with others."""

    ADD = """for i = ARGV[1], ARGV[2] do
redis.call('XADD', KEYS[1], 'AT', string.format('%d', ARGV[3] + i * 7919 % ARGV[4]), '*', 'n', i) end"""

    def run(self):
        c, began = self.s.start(), time.time()
        c.ask("EVAL", self.ADD, 1, "warm", 1, min(20000, self.n), int(began * 1000) + 600000, SPREAD)
        spent = (time.time() - began) / min(20000, self.n)
        due = int(time.time() * 1000) + 5000 + int((3000 * spent + 0.04) * self.n)  # after all of this and the check
        for a, b in pieces(1, self.n):
            c.ask("EVAL", self.ADD, 1, "q", a, b, due, SPREAD)
        c.ask("DEL", "warm")
        c.ask("SET", "k", 1)
        expect(c.ask("XSCHED", "LEN", "q"), self.n, "scheduled in time")
        planned = self.pages(c, "XSCHED", "RANGE")
        self.s.kill()
        time.sleep(max(0, (due + SPREAD) / 1000 - time.time()) + 0.2)
        c = self.start()
        probe, began = Probe(self.s), time.monotonic()
        until("the last append", lambda: c.ask("XSCHED", "LEN", "q") == 0, 600)
        self.tell(c, "all are appended in %.1f s" % (time.monotonic() - began), probe)
        expect(first_wrong(self.pages(c, "XRANGE"), planned), None, "what was appended")

    @staticmethod
    def pages(c, *command):
        out, start = [], "-"
        while page := c.ask(*command, "q", start, "+", "COUNT", PAGE):
            out += page
            start = b"(" + page[-1][0]
        return out


def first_wrong(got, wanted):
    """None: they are equal."""
    return next(((i, a, b) for i, (a, b) in enumerate(zip(got, wanted)) if a != b), None if len(got) == len(wanted) else (len(got), len(wanted)))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--messages", type=int, default=1000000)
    ap.add_argument("--scheduled", action="store_true")
    ap.add_argument("--starts", type=int, default=1)
    o = ap.parse_args()
    test = (Scheduled if o.scheduled else Test)(o)
    try:
        test.run()
        what = "%d scheduled" % o.messages if o.scheduled else "%d overdue and %d deferred" % (o.messages, o.messages)
        check("queues, a start with %s messages" % what, True)
    except (Failed, Refused, OSError, Error) as e:
        check("queues, a start with much pending", False, "%s: %s; %s" % (type(e).__name__, e, test.s.dir))
    finally:
        test.s.end()
    done()


if __name__ == "__main__":
    main()
