#!/usr/bin/env python3
"""Random commands on a work queue, and a small model that says what may come of each.

usage: model.py --server PATH [--steps N | --seconds N] [--seed S] [--trace FILE]

The server's clock advances only when the test says so (stepped_clock.c; so appendfsync must not be always, where a batch waits to gather), and leases,
back-offs and deaths happen at times known to the model. After each step the whole state is read (XINFO STREAM FULL, XPOLICY RETRIES and STATS, the
dead-letter stream) and compared. Now and then the wall clock jumps, or the server is killed and restarted, saves, or rewrites its file.

The model is of sections 5 (model_rules.py; model_presence.py: 5.8, model_order.py: 5.9 and rates), 6 (model_time.py, model_cron.py), 9 (model_route.py) and 10
(model_push.py) of the broker's rules, whose numbers stand beside what keeps them. What the rules leave open it takes from the server and judges: the order among entries of one
delivery time, or of consumers that go together, how far a read went through references to messages that are gone, which of several full destinations refuses a message.
"""
import argparse, os, random, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, check, done, wait_for                    # noqa: E402
from resp import Error, as_dict, entry_id, info, packet, received  # noqa: E402
from server import Server                                          # noqa: E402
from model_clock import Clock                                      # noqa: E402
from model_cron import CronSteps, STREAM                           # noqa: E402
from model_order import AHEAD, FIELD, OrderSteps                   # noqa: E402
from model_presence import PresenceSteps                           # noqa: E402
from model_push import PushSteps                                   # noqa: E402
from model_route import DEAD, RouteSteps                           # noqa: E402
from model_rules import DLQ, Group, KEY, Model, MOST               # noqa: E402
from model_time import Steps                                       # noqa: E402

CONSUMERS = (b"a", b"b", b"c")


def answers(c, commands):
    """Of many, and long ones: Conn.many() takes several times as long."""
    c.write(packet([*commands, ("PING",)]))
    got = bytearray()
    while not got.endswith(b"+PONG\r\n"):
        got += received(c.s)
    got, at = bytes(got), 0

    def one():
        nonlocal at
        end = got.index(b"\r\n", at)
        kind, word, at = got[at:at + 1], got[at + 1:end], end + 2
        if kind == b"$" and word != b"-1":
            at += int(word) + 2
            return got[end + 2:at - 2]
        if kind == b"*":
            return [one() for _ in range(int(word))]
        return int(word) if kind == b":" else Error(word.decode()) if kind == b"-" else None if kind == b"$" else word
    return [one() for _ in commands]


class Test(Steps, CronSteps, PresenceSteps, OrderSteps, RouteSteps, PushSteps):
    def __init__(self, o, folder):
        self.o, self.random, self.clock = o, random.Random(o.seed), Clock(folder)
        self.counter = 0  # of messages
        self.traced, self.lines = open(o.trace, "w", encoding="latin-1") if o.trace else None, {}
        self.server = Server(o.server, "--appendonly", "yes", "--appendfsync", "everysec", "--enable-debug-command", "yes", "--auto-aof-rewrite-percentage", 0, "--broker-order-ahead", AHEAD,
                             env={"LD_PRELOAD": self.clock.lib, "STEPPED_CLOCK": self.clock.path})
        self.c = self.server.start()
        self.clock.stand()
        self.model, self.log, self.free, self.known = Model(self.clock), [], ((), ()), {}
        self.model.letter_count = self.letter_count
        self.begin_crons()
        self.begin_presence()
        self.begin_routes()
        self.begin_push()
        self.say("XGROUP", "CREATE", KEY, "h", "0", "MKSTREAM")
        self.model.groups[b"h"] = Group(b"h", b"0-0")
        self.policy("g", "MKSTREAM", "LEASE", 1000, "MAXDELIVER", 3)

    def note(self, line, *more):
        """For the report of a difference; `more` stands in the trace only."""
        self.log.append(line)
        self.trace(line, *more)

    def trace(self, line, *more):
        if self.traced:
            print(self.clock.steady, line, *more, file=self.traced)

    def trace_orders(self):
        for g in self.model.groups.values():
            if self.traced and g.order and g.order.lines() != self.lines.get(g.name):
                self.lines[g.name] = g.order.lines()
                self.trace("#  %s: %s" % (g.name.decode(), self.lines[g.name]))

    def trace_state(self):
        """What the model has of each group, in front of what the server told in the same step."""
        for g in self.model.groups.values():
            self.trace("## %s:" % g.name.decode(), g.policy, g.last, g.bucket, {k: v for k, v in vars(g.presence).items() if k != "subscribed"}, {n: vars(s) for n, s in g.presence.subscribed.items()})
            for i in sorted(g.pending, key=entry_id):
                self.trace(i, vars(g.pending[i]), self.model.entries.get(i))
            if g.order:
                self.trace("who takes a value, and who waits:", g.order.takers, g.order.waiters)
        for words, got in self.known.items():
            self.trace(words, got)

    def say(self, *args, connection=None):
        got = (self.c if connection is None else self.conns[connection]).do(*args)
        self.note(("" if connection is None else "%d: " % connection) + " ".join(a.decode("latin-1") if isinstance(a, bytes) else str(a) for a in args), "->", repr(got) if isinstance(got, Error) else got)
        return got

    def letter_count(self, g, i):
        return sum(e[1][-9] == g.name and e[1][-7] == i for e in (self.c.ask("XRANGE", DLQ, "-", "+") if self.c.ask("EXISTS", DLQ) else []))

    def group(self, with_policy=None):
        all_of = [g for g in self.model.groups.values() if with_policy is None or (g.policy is not None) == with_policy]
        return self.random.choice(all_of) if all_of else None

    # ---- Steps

    def policy(self, name, *words):
        r, m = self.random, self.model
        name = name.encode()
        got = self.say("XPOLICY", "SET", KEY, name, *words)
        if got != b"OK":
            raise Failed("XPOLICY SET: %r" % got)
        if name not in m.groups:
            m.groups[name] = Group(name, b"0-0")
        g = m.groups[name]
        before = g.policy and dict(g.policy)
        if g.policy is None:
            g.fresh = True
            g.presence.forget(self.model.now())
            g.policy = {"orderby": b"", "skips": False, "rate": (0, 1), "single": 0, "ondisconnect": "KEEP", "consumerttl": 0, "lease": 0, "retry": ("NONE",), "maxdeliver": 0, "deadletter": DLQ, "onack": "KEEP", "prefetch": 0, "maxpending": 0, "pause": False}
        words = list(words)
        while words:
            w = words.pop(0)
            if w == "RETRY":
                kind = words.pop(0)
                n = 0 if kind == "NONE" else 1 if kind == "FIXED" else 3 if kind == "EXP" else len(words)
                g.policy["retry"] = (kind, *words[:n])
                words = words[n:]
            elif w == "ORDERBY":
                g.policy["orderby"], g.policy["skips"] = words.pop(0).encode(), words.pop(0) == "SKIP"
            elif w == "RATE":
                g.policy["rate"] = (words.pop(0), words.pop(0))
            elif w != "MKSTREAM":
                v = words.pop(0)
                g.policy[w.lower()] = v == "ON" if w == "PAUSE" else v.encode() if w == "DEADLETTER" else v
        self.policy_is_set(g)
        self.order_is_set(g, before)

    def step_policy(self):
        r = self.random
        name = r.choice(["g", "g", "h"])
        m = self.model
        if r.random() < 0.1 and m.groups[name.encode()].policy:
            if self.say("XPOLICY", "DEL", KEY, name) != 1:
                raise Failed("XPOLICY DEL")
            g = m.groups[name.encode()]
            m.unlearn(g)
            for i, p in sorted(((i, p) for i, p in g.pending.items() if p.due), key=lambda x: (x[1].due, entry_id(x[0]))):
                m.release(g, i)  # P8
            for p in g.pending.values():
                p.reason, p.blocked, p.fell = b"", False, 0
            g.policy = g.bucket = None
            self.subscriptions_end(g, b"policy")
            g.presence.forget(m.now())
            return
        options = {"LEASE": [0, 500, 1000, 3000], "MAXDELIVER": [0, 1, 2, 3, 5], "ONACK": ["KEEP", "DELETE"], "PREFETCH": [0, 0, 1, 3], "MAXPENDING": [0, 0, 4],
                   "SINGLE": [0, 0, 700], "ONDISCONNECT": ["KEEP", "RELEASE"], "CONSUMERTTL": [0, 0, 0, 1500], "PAUSE": ["OFF", "OFF", "OFF", "OFF", "OFF", "ON"], "DEADLETTER": [DLQ.decode(), DLQ.decode(), ""]}
        words = []
        for k in r.sample(sorted(options), r.randint(1, 3)):
            words += [k, r.choice(options[k])]
        if r.random() < 0.5:
            words = ["RETRY", *r.choice([("NONE",), ("FIXED", 700), ("EXP", 100, 2000, 2)])] + words
        if r.random() < 0.3:
            words += ["ORDERBY", *r.choice([("", "HOLD"), (FIELD.decode(), "HOLD"), (FIELD.decode(), "SKIP")])]
        if r.random() < 0.3:
            words += ["RATE", *r.choice([(0, 1), (0, 1), (3, 1000), (7, 500)])]
        if not self.may_idle(m.groups[name.encode()], "ORDERBY" in words, "CONSUMERTTL" in words, False):
            return
        self.policy(name, *words)
        self.pushed_at_once(m.groups[name.encode()])

    def step_read(self):
        r, g, consumer = self.random, self.group(), self.random.choice(CONSUMERS)
        count, noack = r.choice([1, 2, 5]), r.random() < 0.15
        claim = r.choice([0, 300, 2000]) if r.random() < 0.2 else None
        connection = self.connection()
        got = self.say("XREADGROUP", "GROUP", g.name, consumer, "COUNT", count, "MAXCOUNT", count, *(["CLAIM", claim] if claim is not None else []),
                       *(["NOACK"] if noack else []), "STREAMS", KEY, ">", connection=connection)
        if isinstance(got, Error):
            raise Failed("XREADGROUP: %r" % got)
        entries = [(e[0], e[1]) for e in got[0][1]] if got else []
        self.free = self.model.read(g, consumer, connection, count, noack, claim, entries, lambda: self.left(g))
        self.reader = g

    WHILE_BLOCKED = ("add_one", "add_one", "ack", "nack", "nack", "claim", "delete", "time", "time", "sched", "redrive", "consumer")

    def step_block(self):
        """A reader that waits is served by what brings it something: judged as a read behind one more step, which is a single command. What waiting means for a seat, for an idle consumer, beside a subscription is left
        to other tests."""
        r, m, g, consumer = self.random, self.model, self.group(), self.random.choice(CONSUMERS)
        if g.presence.subscribed or (g.policy and (g.policy["single"] or g.policy["consumerttl"])):
            return
        n, count, connection = r.choice(self.WHILE_BLOCKED), r.choice([1, 2, 5]), self.connection()
        c = self.conns[connection]
        who = c.ask("CLIENT", "ID")
        self.note("%d: XREADGROUP GROUP %s %s COUNT %d BLOCK 0" % (connection, g.name.decode(), consumer.decode(), count))
        c.send("XREADGROUP", "GROUP", g.name, consumer, "COUNT", count, "MAXCOUNT", count, "BLOCK", 0, "STREAMS", KEY, ">")
        is_blocked = lambda: info(self.c, "blocked_clients", "clients") == "1"
        if not wait_for(lambda: is_blocked() or not c.silent()):
            raise Failed("a reader neither waits nor is served")
        waits = is_blocked()
        if waits:
            self.judge_blocked(g, consumer, connection, count, None)
            lost, dead = self.free
            if not g.presence.unsure:  # to settle it would serve the reader
                getattr(self, "step_" + n)()
                for _ in range(2):
                    self.c.ask("PING")
                m.turn()
                self.look_for_idle_ones()
                self.pushed()
            if c.silent():
                self.say("CLIENT", "UNBLOCK", who)
        else:
            lost = dead = ()
        was_deleted, got = consumer not in g.consumers and waits, c.answer()
        self.judge_blocked(g, consumer, connection, count, got)
        if was_deleted and not got and consumer not in {c[1] for c in self.c.ask("XINFO", "CONSUMERS", KEY, g.name)}:
            g.consumers.discard(consumer)  # it comes again when the reader looks again, and there was nothing to look for
        self.free = ({*lost, *self.free[0]}, {*dead, *self.free[1]})

    def judge_blocked(self, g, consumer, connection, count, got):
        self.note("%d: got" % connection, got)
        if isinstance(got, Error):
            raise Failed("XREADGROUP: %r" % got)
        entries = [(e[0], e[1]) for e in got[0][1]] if got else []
        self.free = self.model.read(g, consumer, connection, count, False, None, entries, lambda: self.left(g))
        self.reader = g

    def step_history(self):
        m, g, consumer = self.model, self.group(), self.random.choice(CONSUMERS)
        got = self.say("XREADGROUP", "GROUP", g.name, consumer, "COUNT", 3, "STREAMS", KEY, "0")
        g.consumers.add(consumer)
        m.see(g, consumer)
        mine = sorted((i for i, p in g.pending.items() if p.owner == consumer), key=entry_id)[:3]
        if [e[0] for e in got[0][1]] != mine:
            raise Failed("history: %r, wanted %r" % (got, mine))
        for i in mine:  # L16
            if i in m.entries:
                p = g.pending[i]
                p.time, p.count = m.time_of(g), min(MOST, p.count + 1)
                m.stand_behind(g, i)

    def some(self, g, n):
        ids = list(g.pending) + [b"1-1"]
        return self.random.sample(ids, min(len(ids), n))

    def step_ack(self):
        g = self.group()
        ids = self.some(g, self.random.choice([1, 1, 3]))
        if self.random.random() < 0.3:  # A4
            consumer = self.random.choice(CONSUMERS)
            got = self.say("XACKIF", KEY, g.name, consumer, "IDS", len(ids), *ids)
            want = [-1 if i not in g.pending else int(g.pending[i].owner == consumer) for i in ids]
            ids = [i for i, w in zip(ids, want) if w == 1]
        else:
            got, want = self.say("XACK", KEY, g.name, *ids), sum(i in g.pending for i in ids)
        if got != want:
            raise Failed("got %r, wanted %r" % (got, want))
        for i in ids:
            if i in g.pending:
                self.model.acked(g, i)

    def step_nack(self):
        r, m, g = self.random, self.model, self.group(True)
        if not g:
            return
        ids, mode = self.some(g, r.choice([1, 1, 3])), r.choice(["FAIL", "FAIL", "FAIL", "SILENT", "FATAL"])
        delay = r.choice([0, 50, 1500]) if mode != "FATAL" and r.random() < 0.3 else None
        reason, set_count = b"why%d" % r.randrange(9) if r.random() < 0.5 else b"", r.choice([0, 2]) if r.random() < 0.1 else None
        got = self.say("XNACK", KEY, g.name, mode, "IDS", len(ids), *ids, *(["DELAY", delay] if delay is not None else []), *(["REASON", reason] if reason else []),
                       *(["RETRYCOUNT", set_count] if set_count is not None else []))
        want = sum(i in g.pending for i in ids)
        if got != want:
            raise Failed("XNACK: %r, wanted %r" % (got, want))
        for i in ids:
            if i not in g.pending:
                continue
            p = g.pending[i]
            count = set_count if set_count is not None else max(0, p.count - 1) if mode == "SILENT" else p.count  # R1
            p.count = count
            if mode == "FATAL" or (mode == "FAIL" and m.used_up(g, p)):
                m.die(g, i, b"fatal" if mode == "FATAL" else b"maxdeliver", reason, p.owner or b"")
                continue
            due = m.now() + delay if delay is not None else m.now() + m.backoff(g, count) if mode == "FAIL" else 0  # R2, R3
            m.put_back(g, i, count, due)
            p.reason = reason

    def step_claim(self):
        r, m, g, consumer = self.random, self.model, self.group(True), self.random.choice(CONSUMERS)
        if not g:
            return
        ids = [i for i in self.some(g, 2) if i != b"1-1"]
        if not ids:
            return
        just = r.random() < 0.5
        got = self.say("XCLAIM", KEY, g.name, consumer, 0, *ids, *(["JUSTID"] if just else []))
        g.consumers.add(consumer)
        m.see(g, consumer)
        there = [i for i in ids if i in m.entries]
        if [e if just else e[0] for e in got] != there:
            raise Failed("XCLAIM: %r, wanted %r" % (got, there))
        for i in ids:
            p = g.pending[i]
            if i in m.entries:  # L12
                p.reason = b""
                m.lease(g, i, consumer, m.now(), p.count if just else min(MOST, p.count + 1))
            else:
                m.acked(g, i)

    def step_autoclaim(self):
        m, g, consumer = self.model, self.group(True), self.random.choice(CONSUMERS)
        if not g:
            return
        idle = self.random.choice([0, 400])
        got = self.say("XAUTOCLAIM", KEY, g.name, consumer, idle, "0", "COUNT", 100, "JUSTID")
        g.consumers.add(consumer)
        m.see(g, consumer)
        claimed, left = [], 100
        for i in sorted(g.pending, key=entry_id):
            p = g.pending[i]
            if not left:
                break
            if i not in m.entries:
                m.acked(g, i)  # whatever its idle time; who is held behind it may be claimed
                left -= 1
            elif not p.due and not p.held and (p.owner is None or m.now() - p.time >= idle):
                claimed.append(i)
                left -= 1
                p.reason = b""
                m.lease(g, i, consumer, m.now(), p.count)
        if got[1] != claimed:
            raise Failed("XAUTOCLAIM: %r, wanted %r" % (got, claimed))

    def step_delete(self):
        m = self.model
        if not m.entries:
            return
        x = self.random.random()
        if x < 0.7:
            i = self.random.choice(sorted(m.entries))
            if x < 0.5 and self.say("XDEL", KEY, i) != 1:
                raise Failed("XDEL")
            if x >= 0.5:
                if self.say("XDELEX", KEY, "DELREF", "IDS", 1, i) != [1]:
                    raise Failed("XDELEX")
                for g in m.groups.values():
                    m.drop(g, i)
            del m.entries[i]
        else:
            n = max(0, len(m.entries) - 2)
            self.say("XTRIM", KEY, "MAXLEN", "=", n)
            for i in sorted(m.entries, key=entry_id)[:len(m.entries) - n]:
                del m.entries[i]

    def step_consumer(self):
        m, g, consumer = self.model, self.group(True), self.random.choice(CONSUMERS)
        if not g:
            return
        if self.say("XGROUP", "DELCONSUMER", KEY, g.name, consumer) != m.delete_consumer(g, consumer):
            raise Failed("XGROUP DELCONSUMER")

    def step_redrive(self):
        """V1 to V3: to where it died, in place when it is still there."""
        m = self.model
        letters = self.c.ask("XRANGE", DLQ, "-", "+") if self.c.ask("EXISTS", DLQ) else []
        got = self.say("XREDRIVE", DLQ, "COUNT", 2)
        moved = 0
        kept = []
        for n, (_, fields) in enumerate(letters):
            group, i = fields[-9], fields[-7]
            g = m.groups.get(group)
            if moved == 2 or n >= 20:
                kept.append(fields)
            elif i in m.entries and g:
                if i not in g.pending and entry_id(i) <= entry_id(g.last):
                    if g.order:
                        m.know(g, i)
                    m.new_pending(g, i)
                    m.release(g, i)
                moved += 1
            else:  # two groups: it would be delivered twice
                kept.append(fields)
        if got[0] != moved:
            raise Failed("XREDRIVE: %r, wanted %d" % (got, moved))
        m.letters = kept

    def step_time(self):
        self.clock.on(self.random.choice([1, 40, 300, 800, 2500]))
        self.c.ask("PING")
        self.model.turn()
        self.look_for_idle_ones()

    def step_wall(self):
        self.clock.step(self.random.choice([-3600000, 3600000, -500, 500]))
        self.c.ask("PING")

    def rewrite(self):
        """Time goes on in steps, each behind what takes real time: a batch gathers for a millisecond, and the end of the child is looked for ten times a second. So it mostly lasts as
        long, by this clock, as in another run."""
        self.c.send("BGREWRITEAOF")
        while self.c.silent(0.1):
            self.clock.on(2)
        self.c.reply()
        if not wait_for(self.child_has_ended):
            raise Failed("the rewrite does not end")
        for _ in range(100):
            self.clock.on(100)
            if wait_for(lambda: b"aof_rewrite_in_progress:0" in self.c.ask("INFO", "persistence"), 2):
                return
        raise Failed("the rewrite does not end")

    def child_has_ended(self):
        with open("/proc/%d/task/%d/children" % (self.server.p.pid, self.server.p.pid)) as f:
            return all(self.server.state(p) == "Z" for p in f.read().split())

    def step_restart(self):
        r = self.random
        how = r.choice(["kill", "kill", "reload", "rewrite", "save"])
        self.note("# " + how)
        if how == "reload":
            self.c.ask("DEBUG", "RELOAD")
        elif how == "rewrite":
            self.all_leave()
            self.model.turn()
            self.rewrite()
        elif how == "save":
            self.c.ask("SAVE")
        else:
            self.server.kill()
            self.clock.creep()
            started = self.clock.steady
            self.c = self.server.start()
            self.clock.stand()
            self.c.ask("PING")
            self.presence_begins_anew(started, self.clock.steady, True)
            for g in self.model.groups.values():
                for p in g.pending.values():
                    p.order = 0  # the file does not tell what fell due in front of what was released
                    if g.policy and p.owner is not None:
                        p.latest = self.clock.steady  # L15: a time in the future is that of the start
        if how == "reload":
            self.presence_begins_anew(self.clock.steady, None, False)
        self.look_up()
        self.look_crons_up()
        if how in ("kill", "reload"):
            for g in self.model.groups.values():
                for p in g.pending.values():
                    p.turn = None
            self.order_begins_anew()
            self.fall_due_again()
        self.model.turn()
        self.looked_up()
        self.look_routes_up()
        for g in self.model.groups.values():
            if g.order and any(i not in self.model.entries for i in g.pending):
                self.order_again(g, -1)  # whether its value was looked at before it expired is open
        self.look_for_idle_ones()

    def fall_due_again(self):
        """What fell due does so again: who has been used up meanwhile, since MAXDELIVER was lowered, dies."""
        for g in self.model.groups.values():
            for i in [i for i, p in g.pending.items() if g.policy and p.owner is None and p.fell and self.model.used_up(g, p)]:
                self.model.of_age(g, i)

    # ---- The whole state

    def look(self):
        """Asks at once for all that is compared; ask() knows it then."""
        asked = [("XINFO", "STREAM", KEY, "FULL", "COUNT", 0), ("XRANGE", DLQ, "-", "+"), ("XINFO", "STREAM", KEY), ("XSCHED", "RANGE", KEY, "-", "+"), ("XSCHED", "LEN", KEY),
                 ("XRANGE", STREAM, "(0-0", "+"), ("XCRON", "LIST", STREAM)]
        asked += [("XINFO", "CONSUMERS", KEY, g.name) for g in self.model.groups.values()]
        asked += [("XPOLICY", what, KEY, g.name, *more) for g in self.model.groups.values() if g.policy for what, *more in (("RETRIES", "COUNT", 1000), ("STATS",))]
        asked += self.routes_asked()
        self.known = dict(zip(asked, answers(self.c, asked)))

    def ask(self, *words):
        return self.known[words] if words in self.known else self.c.ask(*words)

    def compare(self):
        m = self.model
        full = self.ask("XINFO", "STREAM", KEY, "FULL", "COUNT", 0)
        top = as_dict(full)
        there = {g[1]: as_dict(g) for g in top[b"groups"]}
        letters = [e[1] for e in self.ask("XRANGE", DLQ, "-", "+")]
        if set(there) != set(m.groups):
            raise Failed("groups: %r" % there)
        for name, g in m.groups.items():
            seen = {p[0]: p for p in there[name][b"pending"]}
            for i in sorted(set(g.pending) - set(seen), key=entry_id):  # what a read has dropped on its way: L9, D8
                lost, dead = self.free
                if g is getattr(self, "reader", None) and i in lost:
                    m.acked(g, i)
                elif g is getattr(self, "reader", None) and i in dead:
                    m.of_age(g, i)
                else:
                    raise Failed("%r is not pending in %r: %r, policy %r, message %r" % (i, name, vars(g.pending[i]), g.policy, m.entries.get(i)))
            if set(seen) - set(g.pending):
                raise Failed("pending in %r: %r" % (name, set(seen) - set(g.pending)))
            for i, (_, owner, at, count) in seen.items():
                p = g.pending[i]
                if at != p.time and p.owner is not None and hasattr(p, "latest") and max(p.time, getattr(p, "filed", 0)) > p.latest >= at:
                    p.time = at
                if at != p.time and at == getattr(p, "filed", None):
                    p.time = at
                if (p.owner or b"", p.time if p.owner else 0, p.count) != (owner, at if p.owner else 0, count):
                    raise Failed("%r in %r: %r, wanted %r" % (i, name, (owner, at, count), (p.owner, p.time, p.count)))
            if there[name][b"last-delivered-id"] != g.last:
                raise Failed("position of %r: %r, wanted %r" % (name, there[name][b"last-delivered-id"], g.last))
            if g.policy:
                self.compare_policy(name, g)
        self.free = ((), ())
        self.compare_times()
        self.compare_crons()
        self.compare_routes()
        if [e[0] for e in top[b"entries"]] != sorted(m.entries, key=entry_id):
            raise Failed("entries: %r, wanted %r" % ([e[0] for e in top[b"entries"]], sorted(m.entries, key=entry_id)))
        if sorted(letters) != sorted(m.letters):
            raise Failed("letters: %r, wanted %r" % ([x for x in letters if x not in m.letters], [x for x in m.letters if x not in letters]))
        if len(letters) > 40:
            self.say("XTRIM", DLQ, "MAXLEN", 0)
            self.say("DEL", DEAD)
            m.letters = []

    def compare_policy(self, name, g):
        m = self.model
        wanted = sorted(([i, p.due, p.count, p.reason] for i, p in g.pending.items() if p.due), key=lambda x: (x[1], entry_id(x[0])))
        got = self.ask("XPOLICY", "RETRIES", KEY, name, "COUNT", 1000)
        if got != wanted:
            raise Failed("RETRIES of %r: %r, wanted %r" % (name, got, wanted))
        flat = self.ask("XPOLICY", "STATS", KEY, name)
        stats = as_dict(flat)
        overdue = sum(bool(m.ended(g, p)) for p in g.pending.values())
        owned = sum(p.owner is not None for p in g.pending.values())
        deferred, held = sum(p.due > 0 for p in g.pending.values()), sum(p.held for p in g.pending.values())
        want = {b"unread": sum(entry_id(i) > entry_id(g.last) for i in m.entries), b"released": len(g.pending) - owned - deferred - held, b"held": held, b"overdue": overdue,
                b"leased": owned - overdue, b"deferred": deferred, b"scheduled": len(m.times.scheduled), b"consumers": len(g.consumers)}
        want[b"ready"] = want[b"unread"] + want[b"released"] + overdue
        if any(stats[k] != v for k, v in want.items()):
            raise Failed("STATS of %r: %r, wanted %r" % (name, {k: stats[k] for k in want}, want))

    STEPS = (("add", 12), ("later", 8), ("sched", 6), ("cron", 5), ("route", 12), ("push", 8), ("match", 6), ("read", 20), ("block", 8), ("history", 3), ("ack", 10), ("nack", 12), ("claim", 5), ("autoclaim", 2), ("delete", 3), ("consumer", 1), ("time", 14),
             ("policy", 4), ("close", 3), ("redrive", 2), ("wall", 0.5), ("restart", 1))

    def run(self):
        """How many steps were made."""
        names, weights = zip(*[s for s in self.STEPS if s[0] not in self.o.without.split(",")])
        began, n = time.monotonic(), 0
        while n < self.o.steps if self.o.steps else time.monotonic() - began < self.o.seconds:
            name = self.random.choices(names, weights)[0]
            self.trace("## step %d: %s" % (n, name))
            self.clock.on(1)
            self.c.ask("PING")
            self.model.turn()
            try:
                self.look_for_idle_ones()
                self.pushed()
                getattr(self, "step_" + name)()
                self.c.ask("PING")  # the turn behind it: a policy that was changed acts in it
                self.model.turn()
                self.look_for_idle_ones()
                self.pushed()
                self.look()
                self.compare()
                self.known = {}
                self.trace_orders()
            except (Failed, Error, OSError, KeyError, IndexError, TypeError, AttributeError) as e:
                self.trace_state()
                raise Failed("seed %d, step %d (%s), steady %d: %s: %s; before it:\n%s" % (self.o.seed, n, name, self.clock.steady, type(e).__name__, e, "\n".join(self.log[-25:])))
            n += 1
        return n


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--steps", type=int, default=0)
    ap.add_argument("--seconds", type=float, default=60)
    ap.add_argument("--without", default="", help="steps that are left out")
    ap.add_argument("--trace", default="", help="a file: all commands and replies, and what is pushed")
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        test = Test(o, folder)
        try:
            n = test.run()
            check("a work queue is as its model (%d steps, seed %d)" % (n, o.seed), not test.server.report(), test.server.report())
        except Failed as e:
            print(e)
            check("a work queue is as its model", False, str(e)[:300])
        finally:
            test.server.end()
    done()


if __name__ == "__main__":
    main()
