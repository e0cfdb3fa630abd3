#!/usr/bin/env python3
"""Kills a server under schedules, again and again, and reads from the IDs what has fired when: broker G7, K6, Z9.

usage: schedules.py --server PATH [--mode always|everysec] [--restarts N] [--seed S]

Each stream has a schedule, with a span or a cron expression, and one kind of CATCHUP. A message's ID is the moment that fired it, so after each restart:
every ID is a moment of the schedule, none occurs twice, messages seen before still exist, the schedule's count is right, with ALL no moment is missing, and
more messages come. Half of the kills coincide with a rewrite; now and then the server stays down for more than a second. Finally a replica, which must fire
nothing while its primary is frozen, is promoted and must continue."""
import argparse, os, random, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, cases, expect, until  # noqa: E402
from peers import Peer, until_in_step           # noqa: E402
from resp import Error, as_dict, entry_id       # noqa: E402
from server import Server                       # noqa: E402

# Name, words, ms between moments, messages at most.
SCHEDULES = [("one", ("EVERY", 100), 100, None), ("all", ("EVERY", 250, "CATCHUP", "ALL"), 250, None), ("none", ("EVERY", 300, "CATCHUP", "NONE"), 300, None),
             ("second", ("EVERY", 1000), 1000, None), ("cron", ("CRON", "* * * * * *", "TZ", "Europe/Berlin"), 1000, None),
             ("limit", ("EVERY", 150, "CATCHUP", "ALL", "LIMIT", 12), 150, 12)]


class Account:
    """The schedules' first moments, and the IDs seen so far."""

    def __init__(self):
        self.first, self.seen = {}, {name: [] for name, *_ in SCHEDULES}

    def begin(self, c):
        for name, words, *_ in SCHEDULES:
            self.first[name] = c.ask("XCRON", "SET", name, "plan", *words, "FIELDS", "of", name)

    def judge(self, c):
        for name, words, span, most in SCHEDULES:
            *_, (entries, plan) = c.many([("MULTI",), ("XRANGE", name, "-", "+"), ("XCRON", "GET", name, "plan"), ("EXEC",)])
            ids = [entry_id(i) for i, _ in entries]
            if any(fields != [b"of", name.encode()] for _, fields in entries):
                raise Failed("%s: other messages: %r" % (name, entries[:3]))
            twice = [i for i in ids if i[1]]
            if twice:
                raise Failed("%s: moments that came twice: %r" % (name, twice[:5]))
            moments = [ms for ms, _ in ids]
            odd = [ms for ms in moments if (ms - self.first[name]) % span or ms < self.first[name]]
            if odd:
                raise Failed("%s: not its moments: %r, from %d on" % (name, odd[:5], self.first[name]))
            if moments[:len(self.seen[name])] != self.seen[name]:
                raise Failed("%s: what was seen is gone: %r, %r" % (name, self.seen[name][-5:], moments[-5:]))
            self.seen[name] = moments
            if "ALL" in words and moments != [self.first[name] + k * span for k in range(len(moments))]:
                raise Failed("%s: moments were left out: %r" % (name, moments[-12:]))
            if plan is None:
                expect(len(moments), most, name + " is over with so many")
                continue
            plan = as_dict(plan)
            expect((plan[b"fired"], plan[b"last"]), (len(moments), moments[-1] if moments else 0), name + " has fired, and last")
            if plan[b"next"] <= plan[b"last"] or (plan[b"next"] - self.first[name]) % span:
                raise Failed("%s: %r" % (name, plan))


def more_come(c, account, name="one"):
    """Waits for one more message than was seen."""
    n = len(account.seen[name])
    until("a message of %s" % name, lambda: c.ask("XLEN", name) > n)


def kills(o):
    r, account = random.Random(o.seed), Account()
    with Server(o.server, "--appendonly", "yes", "--appendfsync", o.mode) as server:
        c = server.start()
        account.begin(c)
        for n in range(o.restarts):
            more_come(c, account)
            time.sleep(r.uniform(0, 0.3))
            account.judge(c)
            if n % 2:
                try:
                    c.ask("BGREWRITEAOF")
                    time.sleep(r.uniform(0, 0.1))
                except Error:
                    pass  # one is under way
            else:
                time.sleep(r.uniform(0, 0.1))
            server.kill()
            c.close()
            if r.random() < 0.1:
                time.sleep(r.uniform(1.1, 2))
            c = server.start()
            try:
                account.judge(c)
            except Failed as e:
                raise Failed("after restart %d, seed %d: %s" % (n + 1, o.seed, e))
        more_come(c, account, "cron")
        account.judge(c)


def settled(c, name):
    """The number of messages, once nothing more arrives from the frozen primary."""
    n = -1
    while n != (n := c.ask("XLEN", name)):
        time.sleep(0.05)
    return n


def promotion(o):
    account = Account()
    with Peer(o.server, "--appendonly", "yes") as primary:
        c = primary.start()
        account.begin(c)
        with Peer(o.server, "--appendonly", "yes", replicaof=primary) as replica:
            d = replica.start()
            until("the replica's copy", lambda: d.ask("XLEN", "one") > 5)
            primary.freeze()
            n = settled(d, "one")
            time.sleep(0.5)
            expect(d.ask("XLEN", "one"), n, "while the primary stands still, the replica's stream has")
            account.judge(d)
            primary.go_on()
            more_come(d, account)
            account.judge(d)
            primary.kill()
            c.close()
            replica.follow(None)
            more_come(d, account)
            more_come(d, account, "cron")
            account.judge(d)
            primary.start().close()
            primary.follow(replica)
            for name, *_ in SCHEDULES:
                d.ask("XCRON", "DEL", name, "plan")
            until_in_step(replica, primary)
            with primary.open() as c:
                for name, *_ in SCHEDULES:
                    expect(c.ask("XRANGE", name, "-", "+"), d.ask("XRANGE", name, "-", "+"), "of the former primary: " + name)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--mode", default="always", choices=["always", "everysec"])
    ap.add_argument("--restarts", type=int, default=20)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    cases([("schedules, %s: %d restarts, nothing fires twice (seed %d)" % (o.mode, o.restarts, o.seed), kills, o),
           ("schedules fire on the primary alone, and go on where a replica is promoted", promotion, o)])


if __name__ == "__main__":
    main()
