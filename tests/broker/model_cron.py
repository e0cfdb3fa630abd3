"""The model of schedules (K1, K5 to K9, K11), in a stream of their own. The cron expressions have equidistant moments, so the model needs no calendar:
tests/cron/oracle.py tests that."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, wait_for  # noqa: E402
from model_time import text         # noqa: E402
from resp import as_dict, entry_id  # noqa: E402

STREAM, NAMES = b"tick", (b"a", b"b", b"c")
IN_TIME, ALL_MOST, COUNTED = 1000, 1000, 1000  # ms; moments of CATCHUP ALL; missed ones counted at once
NEVER = 1 << 62
# An expression, ms between its moments, and by how much they lie behind multiples of that.
EXPRESSIONS = ((b"* * * * * *", 1000, 0), (b"*/15 * * * * *", 15000, 0), (b"30 */2 * * * *", 120000, 30000), (b"@hourly", 3600000, 0), (b"5 * * * *", 3600000, 300000))


class Schedule:
    def __init__(self, words, period, base, least, start, until, limit, catchup):
        self.words, self.period, self.base, self.least, self.start, self.until, self.catchup = words, period, base, least, start, until, catchup
        self.left, self.last, self.fired, self.missed, self.passed = limit, 0, 0, 0, 0

    def next(self, after=None):
        """The first moment after `after`, by default the last one done."""
        at = max(self.passed, self.last) if after is None else after
        k = max(self.least, (max(at, self.start - 1) - self.base) // self.period + 1)
        t = self.base + k * self.period
        return t if (not self.until or t <= self.until) and self.left != 0 else NEVER

    def up_to(self, ms):
        """The moments left up to ms: the first, the number, the last."""
        first = self.next()
        n = 0 if first > ms else (min(ms, self.until or ms) - first) // self.period + 1
        return first, n, first + (n - 1) * self.period


class Crons:
    def __init__(self, clock):
        self.clock, self.all, self.entries, self.last = clock, {}, [], (0, 0)
        self.seen = lambda last: []  # names of what the server has appended after an ID
        self.settle = lambda: None

    def append(self, ms, name):
        new = (ms, 0)
        self.last = new if new > self.last else (self.last[0], self.last[1] + 1)
        self.entries.append((text(self.last), name))

    def fire(self, name, s, t):
        """K6, K8."""
        self.append(t, name)
        s.last, s.fired, s.left = t, s.fired + 1, s.left - (s.left > 0)

    def act(self, name, s):
        """One action on the schedule whose moment is the earliest: K7."""
        missed_until = self.clock.wall - IN_TIME - 1
        first, n, last = s.up_to(missed_until)
        if n == 0:
            self.fire(name, s, first)
            return
        skipped = n if s.catchup == "NONE" else n - 1 if s.catchup == "ONE" else max(0, n - ALL_MOST)
        s.missed += min(skipped, COUNTED)
        if skipped:
            s.passed = first + (skipped - 1) * s.period
        if skipped < n:
            self.fire(name, s, s.next())

    def turn(self):
        done, last, names = len(self.entries), self.last, None
        while True:
            due = {n: s.next() for n, s in self.all.items()}
            for n in [n for n, t in due.items() if t == NEVER]:
                del self.all[n], due[n]
            first = min(due.values(), default=NEVER)
            if first > self.clock.wall:
                return
            if names is None:
                self.settle()
            same = sorted(n for n, t in due.items() if t == first)
            if len(same) > 1 and names is None:
                names = self.seen(last)  # the order among them is open
            at = len(self.entries) - done
            name = names[at] if names and at < len(names) and names[at] in same else same[0]
            self.act(name, self.all[name])


class CronSteps:
    """Of a test that has model, clock, random, c, say() and expect()."""

    def begin_crons(self):
        crons = self.model.crons
        crons.seen = lambda last: [e[1][1] for e in self.ticks(last)]
        crons.settle = self.settle_crons

    def ticks(self, behind=(0, 0)):
        return self.ask("XRANGE", STREAM, "(" + text(behind).decode(), "+")

    def told(self):
        return {m[b"name"]: m for m in (as_dict(f) for f in self.ask("XCRON", "LIST", STREAM))}

    def expect_ticks(self, n):
        """The first n entries."""
        got, want = [(e[0], e[1][1]) for e in self.ticks()][:n], self.model.crons.entries
        at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
        self.expect(got[at:at + 3], want[at:at + 3], "what schedules brought, from entry %d of %d on" % (at, len(want)))

    def settle_crons(self):
        """Many moments take more than one turn."""
        if not wait_for(lambda: all(m[b"next"] > self.clock.wall for m in self.told().values())):
            raise Failed("schedules do not come to an end of what is due: %r" % self.told())

    def step_cron(self):
        x = self.random.random()
        self.set_cron() if x < 0.7 else self.delete_cron() if x < 0.8 else self.run_cron()

    def set_cron(self):
        """K1, K5, K8, K11."""
        r, crons, now, name = self.random, self.model.crons, self.clock.wall, self.random.choice(NAMES)
        start = r.choice([None, None, now - r.randrange(5000), now + r.randrange(5000)])
        if r.random() < 0.6:
            period = r.choice([100, 300, 700, 1000, 5000])
            words, base, least = ["EVERY", period], now if start is None else start, 1 if start is None or start <= now else 0
        else:
            expression, period, base = r.choice(EXPRESSIONS)
            words, least = ["CRON", expression], -NEVER
        s = Schedule(words, period, base, least, now if start is None else start, 0, r.choice([-1, -1, 1, 3, 20]), r.choice(["NONE", "ONE", "ONE", "ALL"]))
        old = crons.all.get(name)
        s.last, s.fired, s.missed, s.passed = (old.last, old.fired, old.missed, now) if old else (0, 0, 0, now)
        s.until = r.choice([0, 0, 0, s.next() + r.choice([0, 900, 4000])])
        got = self.say("XCRON", "SET", STREAM, name, *words, *(["START", s.start] if start is not None or old else []), "CATCHUP", s.catchup, *(["UNTIL", s.until] if s.until else []),
                       *(["LIMIT", s.left] if s.left > 0 else []), "FIELDS", "of", name)
        self.expect(got, s.next(), "XCRON SET")
        crons.all[name] = s

    def delete_cron(self):
        name = self.random.choice(NAMES)
        self.expect(self.say("XCRON", "DEL", STREAM, name), int(self.model.crons.all.pop(name, None) is not None), "XCRON DEL")

    def run_cron(self):
        """K9: beside the plan."""
        crons, name = self.model.crons, self.random.choice(NAMES)
        got = self.say("XCRON", "RUN", STREAM, name)
        if name in crons.all:
            crons.append(self.clock.wall, name)
        self.expect(got, text(crons.last) if name in crons.all else None, "XCRON RUN")

    def compare_crons(self):
        crons, told = self.model.crons, self.told()
        self.expect_ticks(len(crons.entries) + 1)
        want = {n: (s.next(), s.last, s.fired, s.left, s.missed, s.until) for n, s in crons.all.items()}
        self.expect({n: tuple(m[k] for k in (b"next", b"last", b"fired", b"left", b"missed", b"until")) for n, m in told.items()}, want, "XCRON LIST")
        if len(crons.entries) > 60:
            self.say("XTRIM", STREAM, "MAXLEN", 20)
            del crons.entries[:-20]

    def look_crons_up(self):
        """After a start. The model does not know in which steps time advanced: it checks only what must hold in any case, and adopts the server's state."""
        crons, before, now = self.model.crons, len(self.model.crons.entries), self.clock.wall
        self.settle_crons()
        told, fresh = self.told(), [(e[0], e[1][1]) for e in self.ticks(crons.last)]
        self.expect_ticks(before)
        for name, s in list(crons.all.items()):
            m, n = told.get(name), sum(x == name for _, x in fresh)
            _, most, _ = s.up_to(now)
            most = min(most, s.left) if s.left >= 0 else most
            fired = m[b"fired"] - s.fired if m else n
            if n != fired or n > most or (s.catchup == "ALL" and n != min(most, ALL_MOST) and most < ALL_MOST):
                raise Failed("schedule %r: %d of %d moments, %r" % (name, n, most, m))
            passed = max(now, s.passed)
            if not m and s.left != n and s.next(passed) != NEVER:
                raise Failed("schedule %r is gone" % name)
            if not m:
                del crons.all[name]
                continue
            last, s.passed = s.last, passed
            s.last, s.fired, s.missed, s.left = m[b"last"], m[b"fired"], m[b"missed"], s.left - n if s.left >= 0 else -1
            if s.last < last or (s.last - s.base) % s.period if s.last != last else False:
                raise Failed("schedule %r has fired at %d" % (name, s.last))
        crons.entries += fresh
        crons.last = entry_id(fresh[-1][0]) if fresh else crons.last
