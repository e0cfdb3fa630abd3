#!/usr/bin/env python3
"""Takes the primary away from work queues at chosen places, and looks at what the promoted replica makes of it: broker G7, Z9.

usage: failover.py --server PATH [--cycles N] [--points NAME,...] [--stages NAME,...] [--seed S]

Three servers, min-replicas-to-ack 1. In a cycle a few messages reach a point, and the primary is killed or stopped at a stage of the resulting action:

    lease     the lease has ended                 before    the action has not happened
    backoff   the back-off is over                unsent    the primary has acted, no replica has the effects
    death     the last lease has ended            torn      the effects are cut off at a byte
    told      the last failure is reported        unread    the replicas have the effects, no client was answered
    redrive   the letters are redriven            answered  the client was answered

or it is killed under the producers and workers of kill.py ("load"). A replica is promoted by REPLICAOF NO ONE, even one that lags behind the other. It must
continue on its own: entries die although nobody reads, later retries wake a blocked reader, undelivered messages are delivered. No message is lost or
duplicated; what was answered has happened, acknowledged messages are not delivered again, and transactions are complete or absent. Then the former
primary follows, and all three have equal data."""
import argparse, os, random, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import kill                                                            # noqa: E402
from check import Failed, check, done, expect, until, wait_for  # noqa: E402
from contents import contents, differences                      # noqa: E402
from peers import Three, in_step, until_in_step                 # noqa: E402
from proxy import DOWN                                          # noqa: E402
from resp import Error, as_dict, entry_id, info                 # noqa: E402
from server import Refused, free_port                           # noqa: E402

Q, DLQ, LEASE, MOST = "p", "{p}:dlq", 600000, 3
POINTS, STAGES = ("lease", "backoff", "death", "told", "redrive"), ("before", "unsent", "torn", "unread", "answered")
# ms until something falls due: before the primary fails, and after it.
SOON, LATER = 150, 700
# A replica that has just restarted does not count yet: then confirmation takes repl-timeout.
OPTIONS = ("--appendonly", "yes", "--enable-debug-command", "yes", "--repl-ping-replica-period", "1",
           "--repl-timeout", "4", "--replica-ack-timeout", "0")


class State:
    """The queue at one time: the numbers in the stream, in letters, and pending."""

    def __init__(self, c):
        *_, got = c.many([("MULTI",), ("XRANGE", Q, "-", "+"), ("XRANGE", DLQ, "-", "+"), ("XPENDING", Q, "g", "-", "+", 100000), ("XINFO", "GROUPS", Q),
                            ("EXEC",)])
        if isinstance(got, Error):
            raise got
        entries, letters, pending, (group,) = got
        read = entry_id(as_dict(group)[b"last-delivered-id"])
        self.letters = [int(f[1]) for _, f in letters]
        number = {i: int(f[1]) for i, f in entries}
        orphans = [p for p in pending if p[0] not in number]
        if orphans:
            raise Failed("pending without a message: %r" % orphans[:5])
        self.pending = {number[i]: (owner.decode(), count) for i, owner, _, count in pending}
        # Acknowledged messages stay in the stream with ONACK KEEP.
        self.stream = [n for i, n in number.items() if entry_id(i) > read or n in self.pending]
        twice = [n for n in self.stream + self.letters if (self.stream + self.letters).count(n) > 1]
        if twice:
            raise Failed("messages that stand twice: %r" % twice)

    def of(self, n):
        return "dead" if n in self.letters else self.pending.get(n, "unread") if n in self.stream else "gone"


class Failover(kill.Test):
    def __init__(self, o):
        self.o, self.random, self.account, self.kills, self.stop, self.letters = o, random.Random(o.seed), kill.Account(), 0, False, 0
        self.trio = self.server = Three(o.server, *OPTIONS)
        self.next, self.acked, self.seen, self.keeps = 0, set(), {}, False
        self.cutting, self.pushes = False, 0

    # ---- Messages come to a point

    def read(self, c, who, n=1000, block=None):
        """What `>` delivers: {number: ID}. Fails for acknowledged messages."""
        got = c.ask("XREADGROUP", "GROUP", "g", who, "COUNT", n, *(("BLOCK", block) if block is not None else ()), "STREAMS", Q, ">")
        out = {int(f[1]): i for i, f in (got[0][1] if got else [])}
        if self.acked & set(out):
            raise Failed("acknowledged and delivered again: %r" % sorted(self.acked & set(out)))
        return out

    def leased(self, c, n):
        """Adds messages and delivers them once to the consumer "old"."""
        numbers = range(self.next, self.next + n)
        self.next += n
        for x in numbers:
            c.ask("XADD", Q, "*", "n", x)
        got = self.read(c, "old", n)
        expect(sorted(got), list(numbers), "what was added is delivered")
        return got

    def ends_in(self, c, ms, messages, *more):
        c.ask("XCLAIM", Q, "g", "old", 0, *messages.values(), "IDLE", LEASE - ms, *more, "JUSTID")

    def prepare(self, c, point, ms):
        """Prepares messages that reach the point in `ms`."""
        got = self.leased(c, self.random.randint(1, 4))
        ids = list(got.values())
        if point == "lease":
            self.ends_in(c, ms, got)
        elif point == "backoff":
            c.ask("XNACK", Q, "g", "FAIL", "IDS", len(ids), *ids, "DELAY", ms)
        elif point == "death":
            self.ends_in(c, ms, got, "RETRYCOUNT", MOST)
        elif point == "told":
            self.ends_in(c, LEASE, got, "RETRYCOUNT", MOST)
        else:
            # They are made ready again under their own IDs, or appended anew: XREDRIVE has two ways.
            self.keeps = self.random.random() < 0.5
            c.ask("XPOLICY", "SET", Q, "g", "ONACK", "KEEP" if self.keeps else "DELETE")
            expect(c.ask("XNACK", Q, "g", "FATAL", "IDS", len(ids), *ids, "REASON", "given up"), len(ids), "given up")
        return got

    def event(self, point, got):
        """The request that makes it happen; None: it happens by itself."""
        ids = list(got.values())
        return {"death": None, "told": ("XNACK", Q, "g", "FAIL", "IDS", len(ids), *ids, "REASON", "no"), "redrive": ("XREDRIVE", DLQ)}.get(
            point, ("XREADGROUP", "GROUP", "g", "new", "COUNT", 1000, "BLOCK", 0, "STREAMS", Q, ">"))

    # ---- The primary goes at a stage of it

    @staticmethod
    def counted(peer):
        """What the primary counts when it happens."""
        there = info(peer.conn())
        return there["broker_redelivered"], there["broker_dead"], there.get("cmdstat_xredrive")

    def tear(self, old, new):
        """The link of the one that will be promoted ends behind some bytes, at which place ever; who has lost it does not come back."""
        old.proxy.stall(next(p for p in self.trio.replicas() if p is not new).proxy.port)
        old.proxy.target = free_port()
        with old.proxy.lock:
            link = next(x for x in old.proxy.links if x.name == new.proxy.port)
            link.ends = (DOWN, link.passed[DOWN] + self.random.randint(1, 500))

    def until_there(self, old, new, stage):
        """The primary has done it; unread: the others have it as well."""
        until("the effect", lambda: self.counted(old) != self.at)
        if stage == "unread":
            until_in_step(old, *self.trio.replicas())

    def run_to(self, stage, point, got, new):
        old, c = self.trio.primary, self.trio.conn()
        self.at = self.counted(old)
        request = self.event(point, got)
        if stage == "before":
            if point == "death":
                old.freeze()
            time.sleep(0 if request and point in ("told", "redrive") else SOON / 1000 + 0.05)  # the moment passes; nobody asks
            return
        if stage == "unsent":
            old.proxy.stall()
        elif stage == "torn":
            self.tear(old, new)
        elif stage == "answered" and self.random.random() < 0.5:
            old.proxy.stall(new.proxy.port)  # the other one has it
        if request:
            c.send(*request)
        if stage == "answered":
            if request:
                c.reply()
            else:
                until("the letters", lambda: c.ask("XLEN", DLQ) == len(got))
        else:
            self.until_there(old, new, stage)
        self.kept = c  # closed behind the kill, so that it changes nothing

    def take_away(self, new):
        """By SIGKILL, or by SIGSTOP: then it comes back as it was."""
        old = self.trio.primary
        if old.alive() and self.random.random() < 0.3:
            if old.state() != "T":
                old.freeze()
        else:
            old.kill()
        old.proxy.cut()
        old.proxy.go_on()
        self.trio.promote(new)
        return old

    # ---- What the promoted one makes of it

    def judge_point(self, c, point, stage, got):
        """The subjects are as before it, or as behind it."""
        state = State(c)
        now = {n: state.of(n) for n in got}
        before = {"lease": ("old", 1), "backoff": ("", 1), "death": ("old", MOST), "told": ("old", MOST), "redrive": "dead"}[point]
        behind = {"lease": ("new", 2), "backoff": ("new", 2), "death": "dead", "told": "dead", "redrive": ("", 0) if self.keeps else "unread"}[point]
        odd = {n: s for n, s in now.items() if s not in (before, behind)}
        if odd:
            raise Failed("neither as before nor as behind it: %r" % odd)
        if point != "death" and len(set(now.values())) > 1:
            raise Failed("half of it has happened: %r" % now)
        if stage == "answered" and set(now.values()) != {behind}:
            raise Failed("it was answered, and has not happened: %r" % now)
        happened = set(now.values()) == {behind}
        self.seen[point, stage, happened] = self.seen.get((point, stage, happened), 0) + 1
        return happened

    def goes_on(self, c, point, stage, got, later):
        """later: {"death": messages, "backoff": messages}, whose moments come, or came, behind the promotion."""
        happened = self.judge_point(c, point, stage, got)
        dead = set(later["death"]) | (set(got) if point == "death" else set())
        until("letters though nobody reads", lambda: dead <= set(State(c).letters))
        if point == "told" and not happened:
            c.ask(*self.event(point, got))
        if point == "redrive" and not happened:
            expect(c.ask(*self.event(point, got))[0], len(got) + len(dead), "the letters that came back")
        wanted = set(later["backoff"]) | set(later["lease"])
        if point in ("lease", "backoff") and not happened or point == "redrive":
            wanted |= set(got)
        if point == "redrive" and not happened:
            wanted |= dead
        had = {}
        while not wanted <= set(had):
            more = self.read(c, "next", block=0)  # blocked: what falls due wakes it
            if set(more) & set(had):
                raise Failed("given twice: %r" % sorted(set(more) & set(had)))
            had.update(more)
        if set(had) != wanted:
            raise Failed("given: %r, wanted: %r" % (sorted(had), sorted(wanted)))
        self.finish(c)

    def finish(self, c):
        """All letters come back; everything is acknowledged, and gone."""
        c.ask("XREDRIVE", DLQ)
        self.read(c, "next")
        state = State(c)
        expect((state.letters, sorted(state.pending)), ([], sorted(state.stream)), "all that is there is with somebody")
        expect(c.ask("XACK", Q, "g", *[i for i, _ in c.ask("XRANGE", Q, "-", "+")]), len(state.stream), "acknowledged")
        self.acked |= set(state.stream)
        ids = [i for i, _ in c.ask("XRANGE", Q, "-", "+")]
        if ids and c.ask("XPOLICY", "SET", Q, "g", "ONACK", "DELETE") and self.keeps:
            c.ask("XDEL", Q, *ids)
        self.keeps = False
        expect(sorted(self.acked), list(range(self.next)), "all that were ever added")
        expect((c.ask("XLEN", Q), c.ask("XPENDING", Q, "g")[0]), (0, 0), "what is left")

    def equal(self):
        """Digests of all three; leases end meanwhile, so at some moment."""
        def digests():
            return [p.conn().ask("DEBUG", "DIGEST") for p in self.trio.peers]
        if not wait_for(lambda: in_step(self.trio.primary, *self.trio.replicas()) and len(set(digests())) == 1, 30):
            held = [contents(p.conn()) for p in self.trio.peers]
            raise Failed("data differ: %r" % [differences(held[0], x) or "not in what commands tell" for x in held[1:]])

    # ---- A cycle

    def at_a_point(self, c, point, stage):
        new = self.random.choice(self.trio.replicas())
        later = {x: self.prepare(c, x, LATER) for x in ("lease", "backoff", "death")}
        got = self.prepare(c, point, SOON)
        self.run_to(stage, point, got, new)
        old = self.take_away(new)
        self.trio.until_confirmed()
        c = self.trio.conn()
        self.goes_on(c, point, stage, got, later)
        self.trio.come_back(old)

    def judge_others(self, c):
        """What tests/broker/kill.py has beside the queue is not here."""

    judge_routed = judge_others

    def under_load(self, c):
        self.stop = False
        workers = [kill.Worker(self, i) for i in range(8)]
        for w in workers:
            w.start()
        time.sleep(self.random.uniform(0.05, 0.4))
        new, old = self.random.choice(self.trio.replicas()), self.trio.primary
        old.kill()
        self.stop = True
        for w in workers:
            w.join()
        self.kills += 1
        self.take_away(new)
        self.trio.until_confirmed()
        self.judge(self.trio.conn())
        self.trio.come_back(old)

    def run(self):
        c = self.trio.start()
        c.ask("XPOLICY", "SET", "q", "g", "MKSTREAM", *kill.POLICY)
        c.ask("XPOLICY", "SET", Q, "g", "MKSTREAM", "LEASE", LEASE, "MAXDELIVER", MOST, "ONACK", "DELETE")
        all_pairs = [(p, s) for p in self.o.points.split(",") for s in self.o.stages.split(",")]
        pairs = []
        for self.cycle in range(self.o.cycles):
            pairs = pairs or self.random.sample(all_pairs, len(all_pairs))
            self.what = "load" if self.cycle % 3 == 2 else "%s, %s" % pairs[-1]
            if self.cycle % 3 == 2:
                self.under_load(self.trio.conn())
            else:
                self.at_a_point(self.trio.conn(), *pairs.pop())
            self.equal()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--cycles", type=int, default=38, help="every point at every stage once, and loads")
    ap.add_argument("--points", default=",".join(POINTS))
    ap.add_argument("--stages", default=",".join(STAGES))
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    test = Failover(o)
    try:
        test.run()
        check("queues, fail-over: %d cycles, %d messages at points, %d under load, %d of these acknowledged (seed %d)" %
              (o.cycles, test.next, len(test.account.there), sum(x == 2 for x in test.account.acked.values()), o.seed), True)
        for (point, stage, happened), n in sorted(test.seen.items()):
            print("  %s, %s: %d times, %s" % (point, stage, n, "it has happened" if happened else "as before it"))
    except (Failed, Refused, OSError, Error) as e:
        check("queues, fail-over, cycle %d (%s), seed %d" % (test.cycle, test.what, o.seed), False, "%s: %s; %s" % (type(e).__name__, e, [p.dir for p in test.trio.peers]))
    finally:
        test.trio.end()
    done()


if __name__ == "__main__":
    main()
