#!/usr/bin/env python3
"""Three servers and three sentinels, writers that count, and one fault after another.

usage: failover.py --server PATH [--faults NAME,...] [--cycles N] [--acks N] [--trios N] [--seed S]

Each writer appends numbers to a list of its own, by RPUSH, in transactions that keep the last number beside the list, or in scripts; a number
is sent once and never again. It asks a sentinel where the primary is, and again after each error. The last writer of each kind goes past the
proxy to the server that was primary when the cycle began, waits for its answers, and in a partition has nobody else: it is on the minority's side.

After every fault: one primary, on which all sentinels agree, and two replicas in step with equal data; every list is in ascending order, and
every transaction whole. A number that was acknowledged and is not in its list is lost. None may be lost by the faults where the kernel still
delivers what was answered (KEPT), and with --acks N, min-replicas-to-ack N, by none at all. Other losses are counted and told. --server
redis-server runs the same and shows its losses.

--trios N: so many trios at the same time, each with its own choices. --cycles N: of each trio, over the faults in turn.
"""
import argparse, multiprocessing, os, random, statistics, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, check, done, until, wait_for  # noqa: E402
from contents import contents, differences              # noqa: E402
from peers import NAME, Closing, Trio, replication      # noqa: E402
from resp import Conn, Error, packet                    # noqa: E402

KINDS = ("push", "transaction", "script")
SCRIPT = "redis.call('SET', KEYS[2], ARGV[1]) return redis.call('RPUSH', KEYS[1], ARGV[1])"
WRITERS = 9        # the last three stay where they are
SOME = 40          # numbers that each writer gets acknowledged before and after a fault
GIVES_UP = 0.5     # seconds after which a client that asks sentinels gives up a connection
KEPT = ("kill", "restart", "replica")
# The least that replication and Sentinel need, as docs/guides/security.md has it.
USERS = """user replication on >r-secret -@all +psync +replconf +ping
user sentinel on >s-secret resetchannels &__sentinel__:hello -@all +multi +exec +slaveof +ping +info +role +publish +subscribe \
+config|rewrite +client|setname +client|kill +script|kill
masteruser replication
masterauth r-secret
""".replace("\\\n", "")
SENTINEL = "sentinel auth-user %s sentinel\nsentinel auth-pass %s s-secret\n" % (NAME, NAME)


class Writer(threading.Thread):
    def __init__(self, trio, who):
        super().__init__(daemon=True)
        self.trio, self.who, self.kind, self.stays = trio, who, KINDS[who % 3], who >= WRITERS - 3
        self.random, self.ended, self.works, self.rests = random.Random(who), False, threading.Event(), threading.Event()
        self.begin(0, None)
        self.start()

    def begin(self, cycle, home):
        """A new list; home: where a writer that stays is; bound: it reaches no other."""
        self.key, self.home, self.bound = "%s:%d:%d" % (self.kind, cycle, self.who), home if self.stays else None, False
        self.next, self.failures, self.acked, self.answered = 0, 0, [], []  # answered: (time, port) of each batch

    def requests(self, n):
        if self.kind == "push":
            return [("RPUSH", self.key, n)]
        if self.kind == "script":
            return [("EVAL", SCRIPT, 2, self.key, self.key + ":last", n)]
        return [("MULTI",), ("RPUSH", self.key, n), ("SET", self.key + ":last", n), ("EXEC",)]

    def batch(self, c, port):
        """A few numbers in one packet."""
        numbers = range(self.next, self.next + self.random.choice((1, 1, 4, 16)))
        self.next = numbers[-1] + 1
        c.write(packet(r for n in numbers for r in self.requests(n)))
        for n in numbers:
            got = [c.reply() for _ in self.requests(n)][-1]
            if got is None:
                raise Error("EXEC has refused")
            self.acked.append(n)
        self.answered.append((time.monotonic(), port))

    def one_connection(self):
        peer = self.home or self.trio.told()
        if peer is None:
            raise Error("nobody knows the primary")
        with Closing(Conn(peer.port, seconds=60) if self.home else Conn(peer.proxy.port, seconds=GIVES_UP)) as c:
            while self.works.is_set():
                self.batch(c, peer.proxy.port)
                time.sleep(0.005)

    def run(self):
        while not self.ended:
            if not self.works.is_set():
                self.rests.set()
                self.works.wait()
                self.rests.clear()
            try:
                self.one_connection()
            except (OSError, Error):
                self.failures += 1
                self.home = self.home if self.bound else None
                time.sleep(0.02)


class Cycle:
    """One fault. `old` is the primary before it, `at` the moment at which it took the primary away."""

    def __init__(self, trio, writers, o, number):
        self.trio, self.writers, self.o, self.note = trio, writers, o, ""
        self.old = until("a healthy trio", trio.healthy, 120)
        self.others = trio.others(self.old)
        trio.random.shuffle(self.others)
        for w in writers:
            w.begin(number, self.old)
            w.rests.clear()
            w.works.set()
        self.enough(writers)
        self.at = None

    def enough(self, writers=None):
        """Until every writer that moves with the primary has got some more numbers acknowledged."""
        those = writers or [w for w in self.writers if not w.stays]
        before = {w: len(w.acked) for w in those}
        if not wait_for(lambda: all(len(w.acked) >= before[w] + SOME for w in those)):
            raise Failed("writers that get nothing acknowledged: %r of %r" % ([(w.key, len(w.acked) - before[w], w.failures) for w in those], [replication(p) for p in self.trio.peers]))

    def switched(self):
        return until("another primary", lambda: self.trio.agreed() not in (None, self.old))

    def until_writing_again(self):
        self.switched()
        self.enough()

    def end_old(self):
        self.old.kill()
        self.at = time.monotonic()

    # ---- The faults

    def kill(self):
        self.end_old()
        self.until_writing_again()
        self.old.launch()

    def stop(self):
        self.old.freeze()
        self.at = time.monotonic()
        self.until_writing_again()
        self.old.go_on()

    def restart(self):
        """At once, faster than sentinels notice."""
        self.end_old()
        self.old.launch()
        self.enough()

    def emptied(self):
        self.end_old()
        self.old.empty()
        self.old.launch()
        self.enough()

    def partition(self):
        """The primary and the clients that stay with it on one side."""
        for w in self.writers:
            w.bound = w.stays
        self.old.proxy.stall()
        self.at = time.monotonic()
        self.until_writing_again()
        self.old.proxy.go_on()
        for w in self.writers:
            w.bound = False

    def replica(self):
        self.others[0].kill()
        self.enough()
        self.others[0].launch()

    def replicas(self):
        """Both. Who promised replicas acknowledges nothing meanwhile."""
        for p in self.others:
            p.kill()
        until("the primary's notice", lambda: replication(self.old).get("connected_slaves") == "0")
        if self.o.acks:
            had, failed = sum(len(w.acked) for w in self.writers), {w: w.failures for w in self.writers}
            until("refusals", lambda: all(w.failures > failed[w] + 1 for w in self.writers if not w.stays))
            if sum(len(w.acked) for w in self.writers) != had:
                raise Failed("acknowledged without a replica")
        else:
            self.enough()
        for p in self.others:
            p.launch()

    def lagging(self):
        """The replica that Sentinel prefers has not got the last writes; they were on their way to it when the primary died."""
        behind = self.others[0]
        self.set_priority(behind, 10)
        self.old.proxy.stall(behind.proxy.port)
        self.enough()
        self.end_old()
        self.old.proxy.cut(behind.proxy.port)
        self.old.proxy.go_on()
        self.until_writing_again()
        self.note = "promoted: the one behind" if self.trio.agreed() is behind else "promoted: the other one"
        self.old.launch()
        self.set_priority(behind, 100)

    def set_priority(self, peer, priority):
        with peer.open() as c:
            c.ask("CONFIG", "SET", "replica-priority", priority)
            c.ask("CONFIG", "REWRITE")
        known = lambda s: any(r["port"] == str(peer.proxy.port) and r["slave-priority"] == str(priority) for r in s.fields("REPLICAS"))
        if priority != 100:
            until("the priority in all sentinels", lambda: all(known(s) for s in self.trio.sentinels))

    # ---- What has to hold behind each

    def judge(self):
        """(numbers lost, acknowledged, seconds until the first write)"""
        if not wait_for(self.trio.healthy, 120):
            raise Failed("no primary with two replicas in step: %r, the sentinels name %r" %
                         ([(p.proxy.port, replication(p)) for p in self.trio.peers], [s.primary() for s in self.trio.sentinels]))
        for w in self.writers:
            w.works.clear()
        for w in self.writers:
            until("the rest of a writer", w.rests.is_set, 90)
        # Sentinels may have chosen another one only now, for the same fault.
        primary = until("replicas in step", self.trio.healthy)
        with primary.open() as c:
            lost = sum(self.lost(c, w) for w in self.writers)
            held = contents(c)
        for p in self.trio.others(primary):
            with p.open() as c:
                if (there := contents(c)) != held:
                    raise Failed("a replica differs: %r" % differences(held, there))
        with primary.open() as c:
            c.ask("DEL", *(k for w in self.writers for k in (w.key, w.key + ":last")))
        return lost, sum(len(w.acked) for w in self.writers), self.until_first_write()

    @staticmethod
    def lost(c, w):
        there = [int(x) for x in c.ask("LRANGE", w.key, 0, -1)]
        if any(a >= b for a, b in zip(there, there[1:])):
            raise Failed("%s is not in order, or has a number twice" % w.key)
        if there and (there[-1] >= w.next or w.kind != "push" and int(c.ask("GET", w.key + ":last")) != there[-1]):
            raise Failed("%s ends with %d, of %d sent; beside it stands %r" % (w.key, there[-1], w.next, c.ask("GET", w.key + ":last")))
        return len(set(w.acked) - set(there))

    def until_first_write(self):
        """Of a writer that asks sentinels. None when the fault took no primary away."""
        moved = self.trio.agreed() is not self.old
        first = [t for w in self.writers if not w.stays for t, port in w.answered if self.at and t > self.at and (not moved or port != self.old.proxy.port)]
        return round(min(first) - self.at, 2) if first else None


FAULTS = ("kill", "stop", "restart", "emptied", "partition", "replica", "replicas", "lagging")


def run_trio(o, number):
    """A line of results for each cycle: (fault, why it failed or None, numbers lost, acknowledged, seconds, note)."""
    out = []
    args = ["--appendonly", "yes", "--save", ""] + (["--min-replicas-to-ack", str(o.acks)] if o.acks else [])
    try:
        trio = Trio(o.server, *args, seed=o.seed + number, conf=USERS, sentinel_conf=SENTINEL)
    except (Failed, OSError, Error) as e:
        return [("begin", "%s: %s" % (type(e).__name__, e), 0, 0, None, "")]
    with trio.peers[0].open() as c:
        there = c.ask("CLIENT", "LIST").decode()
    if not all(" user=%s " % u in there for u in ("replication", "sentinel")):
        out.append(("users", "those of replication and Sentinel are not in use: %s" % there, 0, 0, None, ""))
    writers = [Writer(trio, i) for i in range(WRITERS)]
    for n in range(o.cycles):
        fault = o.faults[(n + number + o.seed) % len(o.faults)]
        cycle = None
        try:
            cycle = Cycle(trio, writers, o, n)
            getattr(cycle, fault)()
            out.append((fault, None, *cycle.judge(), cycle.note))
            print("  trio %d, cycle %d: %s, %d of %d lost, %s s %s" % (number, n, fault, *out[-1][2:]), flush=True)
        except (Failed, OSError, Error) as e:
            logs = "" if isinstance(e, Failed) else repr([p.log()[-300:] for p in trio.peers])
            out.append((fault, "%s: %s %s" % (type(e).__name__, e, logs), 0, 0, None, ""))
            break  # what follows would fail by this
    reports = [p.report() for p in trio.peers if p.report()]
    if reports:
        out.append((o.faults[0], "a report in the log: %s" % reports[0], 0, 0, None, ""))
    trio.end()
    return out


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--faults", default=",".join(FAULTS))
    ap.add_argument("--cycles", type=int, default=0, help="of each trio; default: each fault once")
    ap.add_argument("--acks", type=int, default=0)
    ap.add_argument("--trios", type=int, default=1)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    o.faults = o.faults.split(",")
    o.cycles = o.cycles or len(o.faults)
    judged = "redis" not in os.path.basename(o.server)
    with multiprocessing.Pool(o.trios) as pool:
        results = [r for rs in pool.starmap(run_trio, [(o, n) for n in range(o.trios)]) for r in rs]
    for fault in dict.fromkeys(r[0] for r in results):
        those = [r for r in results if r[0] == fault]
        bad, lost, acked = [r[1] for r in those if r[1]], sum(r[2] for r in those), sum(r[3] for r in those)
        kept = not judged or not lost or (not o.acks and fault not in KEPT)
        seconds = [r[4] for r in those if r[4]]
        times = ", first write after %.2f s (median), %.2f s (longest)" % (statistics.median(seconds), max(seconds)) if seconds else ""
        check("%s: %d cycles, %d of %d acknowledged lost%s (seed %d)" % (fault, len(those), lost, acked, times, o.seed), kept and not bad, bad or "lost")
    done()


if __name__ == "__main__":
    main()
