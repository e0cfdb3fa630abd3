"""The model of scheduled (T1 to T13) and expiring messages (E1 to E4) of one stream. Times are of the wall clock."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed                   # noqa: E402
from resp import Error, as_dict, entry_id  # noqa: E402


def text(n):
    return b"%d-%d" % n


class Times:
    """entries: of the stream, by ID; shared with the rest of the model. last: the last ID given. found: after a restart, where the server has what it appended
    at moments that nobody knows; else None."""

    def __init__(self, clock, entries):
        self.clock, self.entries, self.scheduled, self.expire, self.last, self.found = clock, entries, {}, {}, (0, 0), None
        self.expired = {}  # of the last moment at which something has expired: by ID
        self.expired_at = 0
        self.appended = lambda i, fields, expires: None  # called after the server's own appends

    def next_id(self):
        now = (self.clock.wall, 0)
        return now if now > self.last else (self.last[0], self.last[1] + 1)

    def next_free(self, ms):
        """T2: above all IDs scheduled or present in the millisecond, and above the last one given."""
        taken = [entry_id(i) for i in list(self.scheduled) + list(self.entries)] + [self.last]
        return ms, max((seq + 1 for t, seq in taken if t == ms), default=0)

    def change_id(self, old, new, shift=0):
        self.scheduled[new] = self.scheduled.pop(old)
        if old in self.expire:
            self.expire[new] = self.expire.pop(old) + shift

    def take_id(self, i):
        """T13."""
        if i in self.scheduled:
            self.change_id(i, text(self.next_free(entry_id(i)[0])))

    def append(self, i, fields):
        self.take_id(i)
        self.entries[i], self.last = fields, entry_id(i)

    def append_scheduled(self, old, new):
        if new != old:
            self.take_id(new)
        fields = self.scheduled.pop(old)
        if old in self.expire:
            self.expire[new] = self.expire.pop(old)
        self.append(new, fields)
        self.appended(new, fields, self.expire.get(new, 0))

    def schedule(self, ms, fields):
        i = text(self.next_free(ms))
        self.scheduled[i] = fields
        return i

    def purge(self):
        """Expiry goes with its message."""
        for i in [i for i in self.expire if i not in self.entries and i not in self.scheduled]:
            del self.expire[i]

    def has_expired(self, i):
        return self.expire.get(i, self.clock.wall + 1) <= self.clock.wall

    def append_due(self):
        while self.scheduled:
            i = min(self.scheduled, key=entry_id)
            if entry_id(i)[0] > self.clock.wall:
                return
            self.append_scheduled(i, i if entry_id(i) > self.last else text(self.next_id()))  # T7

    def append_found(self):
        """As the server has it."""
        while self.scheduled:
            i = min(self.scheduled, key=entry_id)
            if entry_id(i)[0] > self.clock.wall:
                return
            new = self.found.get(self.scheduled[i][1])
            if new is None and not self.has_expired(i):
                raise Failed("%r was scheduled and is nowhere" % i)
            if new is None:
                del self.scheduled[i], self.expire[i]
            elif entry_id(new) < entry_id(i):
                raise Failed("%r has become %r" % (i, new))
            else:
                self.append_scheduled(i, new)

    def turn(self):
        """What is due by now: the kind whose moment is the earliest first, all that are due of it."""
        self.purge()
        if self.found is not None:
            self.append_found()
        while True:
            s = min((entry_id(i)[0] for i in self.scheduled), default=self.clock.wall + 1)
            e = min(self.expire.values(), default=self.clock.wall + 1)
            if min(s, e) > self.clock.wall:
                return
            if s <= e:
                self.append_due()
                continue
            if self.expired_at != self.clock.steady:
                self.expired, self.expired_at = {}, self.clock.steady
            for i in [i for i in self.expire if self.has_expired(i)]:
                if i in self.entries:
                    self.expired[i] = self.entries.pop(i)
                self.scheduled.pop(i, None)
                del self.expire[i]


class Steps:
    """Of a test that has model, clock, random and say()."""
    KEY = b"q"

    def fields(self, expires):
        self.counter += 1
        return [b"n", b"%d" % self.counter, *self.order_fields(), *self.route_fields(expires)]

    def ttl(self):
        return ["TTL", self.random.choice([1, 60, 700, 2500])] if self.random.random() < 0.2 else []

    def expect(self, got, want, what):
        if got != want:
            raise Failed("%s: %r, wanted %r" % (what, got, want))

    def step_add(self):
        self.add(self.random.choice([1, 1, 3]))

    def step_add_one(self):
        self.add(1)

    def add(self, n):
        t, r = self.model.times, self.random
        for _ in range(n):
            ttl, i = self.ttl(), b"*"
            fields = self.fields(bool(ttl))
            if r.random() < 0.15:  # ahead of the clock, now and then where a message is scheduled: T7, T13
                ahead = [j for j in t.scheduled if entry_id(j) > t.last]
                i = r.choice(ahead) if ahead and r.random() < 0.6 else text((max(t.last[0], self.clock.wall) + r.choice([0, 1, 300]), r.choice([0, 1])))
                if entry_id(i) <= t.last:
                    continue
            self.was_added(self.say("XADD", self.KEY, *ttl, i, *fields), text(t.next_id()) if i == b"*" else i, fields, self.clock.wall + ttl[1] if ttl else 0)

    def was_added(self, got, i, fields, expires):
        """By a producer: B6, B9."""
        t, net = self.model.times, self.model.net
        copies, full = net.plan(self.KEY, fields, True)
        if full:
            self.was_refused(got, self.KEY, full)
            return
        self.expect(got, i, "XADD")
        t.append(got, fields)
        if expires:
            t.expire[got] = expires
        net.append_copies(copies, got, fields, expires)

    def step_later(self):
        """T1, T2, T5, E1."""
        t, r = self.model.times, self.random
        for _ in range(r.choice([1, 2, 4])):
            ttl = self.ttl()
            fields = self.fields(bool(ttl))
            at = r.choice([self.clock.wall + r.choice([0, 1, 40, 300, 300, 300, 1500, 4000]), self.clock.wall // 1000 * 1000 + 2000, self.clock.wall - 50])
            got = self.say("XADD", self.KEY, *ttl, *(["AT", at] if r.random() < 0.5 or at < self.clock.wall else ["DELAY", at - self.clock.wall]), "*", *fields)
            if at > self.clock.wall:
                self.expect(got, t.schedule(at, fields), "XADD AT")
                if ttl:
                    t.expire[got] = at + ttl[1]
            else:
                self.was_added(got, text(t.next_id()), fields, self.clock.wall + ttl[1] if ttl else 0)

    def some_id(self):
        t, r = self.model.times, self.random
        return r.choice(sorted(t.scheduled) or [b"3-3"]) if r.random() < 0.7 else r.choice(sorted(t.entries) or [b"2-2"]) if r.random() < 0.6 else b"1-1"

    def step_sched(self):
        {0: self.move, 1: self.run_now, 2: self.set_expiry, 3: self.cancel}[self.random.randrange(4)]()

    def move(self):
        """T9."""
        t, i, at = self.model.times, self.some_id(), self.clock.wall + self.random.choice([-5, 0, 300, 300, 2000])
        got = self.say("XSCHED", "MOVE", self.KEY, i, "AT", at)
        if i not in t.scheduled:
            self.expect(got, None, "XSCHED MOVE")
        elif at <= self.clock.wall:
            self.expect(got, text(t.next_id()), "XSCHED MOVE")
            t.append_scheduled(i, got)
        else:
            new = text(t.next_free(at))
            self.expect(got, new, "XSCHED MOVE")
            t.change_id(i, new, entry_id(new)[0] - entry_id(i)[0])

    def run_now(self):
        """T10."""
        t, want = self.model.times, []
        ids = [self.some_id() for _ in range(self.random.choice([1, 1, 2]))]
        got = self.say("XSCHED", "RUN", self.KEY, *ids)
        for i in ids:
            want.append(text(t.next_id()) if i in t.scheduled else None)
            if want[-1]:
                t.append_scheduled(i, want[-1])
        self.expect(got, want, "XSCHED RUN")

    def set_expiry(self):
        """E1."""
        t, at = self.model.times, self.random.choice([0, 1, self.clock.wall, self.clock.wall + 1, self.clock.wall + 400, self.clock.wall + 3000])
        ids, want = [self.some_id() for _ in range(self.random.choice([1, 3]))], []
        ids = [i for i in ids if not self.leads_somewhere(t.scheduled.get(i, []))] or [b"1-1"]
        got = self.say("XSCHED", "EXPIRE", self.KEY, at, *ids)
        for i in ids:
            want.append(int(i in t.entries or i in t.scheduled))
            if want[-1] and at > self.clock.wall:
                t.expire[i] = at
            elif want[-1] and at == 0:
                t.expire.pop(i, None)
            elif want[-1]:
                t.entries.pop(i, None)
                t.scheduled.pop(i, None)
        self.expect(got, want, "XSCHED EXPIRE")

    def cancel(self):
        """T2."""
        t, i = self.model.times, self.some_id()
        extended = self.random.random() < 0.3
        got = self.say("XDELEX", self.KEY, "IDS", 1, i) if extended else self.say("XDEL", self.KEY, i)
        there = i in t.entries or i in t.scheduled
        self.expect(got, [1 if there else -1] if extended else int(there), "XDEL")
        t.entries.pop(i, None)
        t.scheduled.pop(i, None)

    def compare_times(self):
        t = self.model.times
        t.purge()
        flat = self.ask("XINFO", "STREAM", self.KEY)
        info = as_dict(flat)
        got = self.ask("XSCHED", "RANGE", self.KEY, "-", "+")
        want = [[i, t.scheduled[i]] for i in sorted(t.scheduled, key=entry_id)]
        self.expect(got, want, "XSCHED RANGE")
        if isinstance(got, Error) or self.ask("XSCHED", "LEN", self.KEY) != len(want):
            raise Failed("XSCHED LEN")
        self.expect((info.get(b"scheduled", 0), info.get(b"expiries", 0), info.get(b"next-scheduled-id", b"0-0")),
                    (len(t.scheduled), len(t.expire), want[0][0] if want else b"0-0"), "XINFO STREAM")
        self.expect(info[b"last-generated-id"], text(t.last), "the last ID")

    def look_up(self):
        """After a restart the clock has crept: what was appended then may have an ID that only the server knows, and so may what came last."""
        self.model.times.found = {e[1][1]: e[0] for e in self.c.ask("XRANGE", self.KEY, "-", "+")}

    def looked_up(self):
        t = self.model.times
        flat = self.c.ask("XINFO", "STREAM", self.KEY)
        last = entry_id(as_dict(flat)[b"last-generated-id"])
        if last < max([entry_id(i) for i in t.entries], default=(0, 0)):
            raise Failed("the last ID went back: %r" % (last,))
        t.last, t.found = last, None
