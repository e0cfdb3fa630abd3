"""The model of bindings (B1 to B12) and captures (H1, H4): everything appended to the queue is copied to other streams, and from these back to it.

Two of the streams have limits. Expiring messages have no field that leads there, so the model need not know in which order two streams drop expired and append due messages. Dead
letters, whose order among groups is open (model.py), are copied to a stream of their own, which must have all of them."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed                   # noqa: E402
from resp import Error, as_dict, entry_id  # noqa: E402
from model_time import text                # noqa: E402

QUEUE, LETTERS, DEAD = b"q", b"{q}:dlq", b"dead"
FREE, LIMITED = (b"r0", b"r1"), (b"r2", b"r3")
BY = b"routing-key"
KEYS, PATTERNS = (b"a", b"a.b", b"a..b", b"b.a.b", b""), (b"#", b"a.*", b"a.#", b"*.a.#", b"#.b", b"a.b", b"*", b"#.#", b"a.*.b")
DEEP, LONGEST = 16, 14  # streams in a chain; entries from which on the test trims


def fits(pattern, words):
    """B2."""
    if not pattern or not words:
        return not pattern and not words or (pattern and all(p == b"#" for p in pattern))
    if pattern[0] == b"#":
        return fits(pattern[1:], words) or fits(pattern, words[1:])
    return pattern[0] in (b"*", words[0]) and fits(pattern[1:], words[1:])


class Binding:
    def __init__(self, kind, arguments, field, to):
        self.kind, self.arguments, self.field, self.to = kind, arguments, field, to

    def words(self):
        by = ["BY", self.field] if self.kind in ("DIRECT", "TOPIC") and self.field != BY else []
        return [self.kind, *self.arguments, *by, "TO", self.to]

    def told(self):
        return [self.kind.encode(), [a if isinstance(a, bytes) else b"%d" % a if isinstance(a, int) else a.encode() for a in self.arguments], self.field, self.to]

    def matches(self, fields):
        """B1."""
        pairs = list(zip(fields[::2], fields[1::2]))
        if self.kind == "ALL":
            return True
        if self.kind == "HEADERS":
            wanted = list(zip(self.arguments[2::2], self.arguments[3::2]))
            return (all if self.arguments[0] == "ALL" else any)(p in pairs for p in wanted)
        value = next((v for f, v in pairs if f == self.field), None)
        if value is None or self.kind == "ALTERNATE":
            return False
        return value == self.arguments[0] if self.kind == "DIRECT" else bool(fits(self.arguments[0].split(b"."), value.split(b".")))


class Stream:
    """The state of a stream other than the queue; most: MAXLEN, None: no limit."""

    def __init__(self):
        self.entries, self.expire, self.last, self.most, self.rejects, self.bindings, self.captures = {}, {}, (0, 0), None, False, [], set()

    def cut(self, n):
        for i in sorted(self.entries, key=entry_id)[:max(0, len(self.entries) - n)]:
            del self.entries[i]

    def is_full(self):
        return self.rejects and self.most is not None and len(self.entries) >= self.most


class Net:
    """streams: existing ones by key; None: the key holds another type. The queue is among them; `times` has its entries."""

    def __init__(self, clock, times):
        self.clock, self.times = clock, times
        self.queue = Stream()
        self.streams = {QUEUE: self.queue}
        times.appended = lambda i, fields, at: self.append_copies(self.plan(QUEUE, fields)[0], i, fields, at)

    def destinations(self, key, fields):
        s = self.streams.get(key) or Stream()
        matched = [b.to for b in s.bindings if b.matches(fields)]
        return matched or [b.to for b in s.bindings if b.kind == "ALTERNATE"]

    def plan(self, key, fields, asked=False):
        """The destinations, and which of them are full, so that a producer's message is refused; the rules leave open which of these the server reports."""
        found, seen, copies, full = [(k, 1) for k in self.destinations(key, fields)], {key}, [], []
        for k, depth in found:
            if k in seen:
                continue  # B3, B5
            seen.add(k)
            if k in self.streams and self.streams[k] is None:
                continue  # B10
            s = self.streams.get(k)
            if s and s.is_full():  # B9
                full += [k] if asked else []
                continue
            copies.append(k)
            if s and depth < DEEP:
                found += [(to, depth + 1) for to in self.destinations(k, fields)]
        return copies, full

    def append_copies(self, copies, i, fields, expires):
        """B4, B7."""
        for k in copies:
            s = self.streams.setdefault(k, Stream())
            last = self.times.last if k == QUEUE else s.last
            new = i if entry_id(i) > last else text((last[0], last[1] + 1))
            if k == QUEUE:
                self.times.append(new, fields)
                if expires:
                    self.times.expire[new] = expires
            else:
                self.put(s, new, fields, expires)

    def put(self, s, i, fields, expires=0, most=None):
        s.entries[i], s.last = fields, entry_id(i)
        if expires:
            s.expire[i] = expires
        for n in (most, s.most):
            if n is not None and not (s.rejects and n == s.most):
                s.cut(n)

    def next_id(self, s):
        now = (self.clock.wall, 0)
        return now if now > s.last else (s.last[0], s.last[1] + 1)

    def append(self, key, i, fields, expires=0, most=None):
        """By a producer: which are full, and the ID. i None: the next one."""
        copies, full = self.plan(key, fields, True)
        s = self.streams.setdefault(key, Stream())
        full += [key] if not full and s.is_full() else []
        if not full:
            i = i or text(self.next_id(s))
            self.put(s, i, fields, expires, most)
            self.append_copies(copies, i, fields, expires)
        return full, i

    def append_by_itself(self, key, fields):
        """The server: B9, H4."""
        s = self.streams.setdefault(key, Stream())
        if s is None or s.is_full():
            return False
        copies, i = self.plan(key, fields)[0], text(self.next_id(s))
        self.put(s, i, fields)
        self.append_copies(copies, i, fields, 0)
        return True

    def turn(self):
        for s in self.others().values():
            for i in [i for i, at in s.expire.items() if at <= self.clock.wall or i not in s.entries]:
                s.entries.pop(i, None)
                del s.expire[i]

    def others(self):
        return {k: s for k, s in self.streams.items() if k != QUEUE and s}

    def refusals(self, key, full):
        return ["STREAMFULL The stream has reached its limit of %d entries" % self.streams[k].most + ("" if k == key else " (destination '%s')" % k.decode()) for k in full]


class RouteSteps:
    """Of a test that has model, clock, random, c, say(), ask() and expect()."""

    def begin_routes(self):
        self.routes_dead()

    def routes_dead(self):
        self.expect(self.say("XBIND", "ADD", LETTERS, "ALL", "TO", DEAD), 1, "XBIND ADD")

    def route_fields(self, expires):
        """What expires leads to no stream with limits."""
        r = self.random
        if expires:
            return []
        return ([BY, r.choice(KEYS)] if r.random() < 0.7 else []) + ([b"h", b"%d" % r.randrange(2)] if r.random() < 0.4 else []) + ([b"w", r.choice(KEYS)] if r.random() < 0.3 else [])

    def leads_somewhere(self, fields):
        return bool({BY, b"h", b"w"} & set(fields[::2]))

    def step_route(self):
        self.random.choices([self.add_to_other, self.bind, self.unbind, self.limit, self.publish, self.capture, self.replace, self.rename, self.redrive_to, self.trim_other],
                            [10, 8, 2, 3, 3, 2, 0.5, 1, 2, 1])[0]()

    def add_to_other(self):
        net, r, key = self.model.net, self.random, self.random.choice(FREE + LIMITED)
        ttl = self.ttl() if key in FREE else []
        fields, trim = self.fields(bool(ttl)), ["MAXLEN", "=", r.choice([0, 3])] if r.random() < 0.1 else []
        there = net.streams.get(key, Stream())
        if there is None:
            got = self.say("XADD", key, *trim, *ttl, "*", *fields)
            self.expect(isinstance(got, Error) and str(got)[:9], "WRONGTYPE", "XADD to what is no stream")
            return
        i = text((max(there.last[0], self.clock.wall) + r.choice([0, 1, 300]), there.last[1] + 1)) if r.random() < 0.1 else None
        got = self.say("XADD", key, *trim, *ttl, i or "*", *fields)
        full, i = net.append(key, i, fields, self.clock.wall + ttl[1] if ttl else 0, trim[2] if trim else None)
        self.was_refused(got, key, full) if full else self.expect(got, i, "XADD")

    def was_refused(self, got, key, full):
        if str(got) not in self.model.net.refusals(key, full):
            raise Failed("XADD: %r, full are %r" % (got, full))

    def some_binding(self, to):
        r = self.random
        kind = r.choice(["DIRECT", "TOPIC", "HEADERS"] + (["ALL", "ALTERNATE"] if to not in LIMITED else []))
        if kind == "HEADERS":
            n = r.choice([1, 1, 2])
            pairs = [x for _ in range(n) for x in r.choice([(b"h", b"0"), (b"h", b"1"), (BY, b"a.b"), (b"k", b"1")] if to not in LIMITED else [(b"h", b"0"), (b"h", b"1"), (BY, b"a.b")])]
            return Binding(kind, [r.choice(["ALL", "ANY"]), n, *pairs], b"", to)
        arguments = [r.choice(KEYS)] if kind == "DIRECT" else [r.choice(PATTERNS)] if kind == "TOPIC" else []
        return Binding(kind, arguments, r.choice([BY, BY, b"w"]) if arguments else b"", to)

    def bind(self):
        net, r = self.model.net, self.random
        source, to = r.choice((QUEUE,) * 4 + FREE + LIMITED), r.choice((QUEUE, QUEUE) + FREE + LIMITED)
        if net.streams.get(source, 0) is None:
            return
        b, s = self.some_binding(to), net.streams.get(source)
        got = self.say("XBIND", "ADD", source, *b.words())
        new = not s or all(b.words() != o.words() for o in s.bindings)
        self.expect(got, int(new), "XBIND ADD")
        if new:
            net.streams.setdefault(source, Stream()).bindings.append(b)
        fields = self.fields(False)
        got = self.say("XBIND", "TEST", source, *fields)
        self.expect(got, sorted(set(net.destinations(source, fields)) - {source}), "XBIND TEST")

    def unbind(self):
        net, r = self.model.net, self.random
        source = r.choice(sorted(k for k, s in net.streams.items() if s))
        s = net.streams[source]
        if not s.bindings:
            return
        b = r.choice(s.bindings)
        if r.random() < 0.6:
            self.expect(self.say("XBIND", "DEL", source, *b.words()), 1, "XBIND DEL")
            s.bindings.remove(b)
        else:
            self.expect(self.say("XBIND", "DEL", source, "TO", b.to), sum(o.to == b.to for o in s.bindings), "XBIND DEL TO")
            s.bindings = [o for o in s.bindings if o.to != b.to]

    def limit(self):
        """M3, M5, M9, M10."""
        net, r, key = self.model.net, self.random, self.random.choice(LIMITED)
        if net.streams.get(key, 0) is None:
            return
        most, rejects = r.choice([None, 0, 1, 3, 6]), r.random() < 0.5
        self.expect(self.say("XCFGSET", key, "MKSTREAM", "MAXLEN", -1 if most is None else most, "OVERFLOW", "REJECT" if rejects else "DROP"), b"OK", "XCFGSET")
        s = net.streams.setdefault(key, Stream())
        s.most, s.rejects = most, rejects
        if most is not None and not rejects:
            s.cut(most)

    def capture(self):
        net, r, key, pattern = self.model.net, self.random, self.random.choice(FREE + LIMITED), self.random.choice([b"news.*", b"*", b"n?ws.a"])
        if net.streams.get(key, 0) is None:
            return
        s = net.streams.get(key)
        if r.random() < 0.6:
            s = net.streams.setdefault(key, Stream())
            self.expect(self.say("XCAPTURE", "ADD", key, pattern), int(pattern not in s.captures), "XCAPTURE ADD")
            s.captures.add(pattern)
        else:
            self.expect(self.say("XCAPTURE", "DEL", key, pattern), int(bool(s) and pattern in s.captures), "XCAPTURE DEL")
            if s:
                s.captures.discard(pattern)

    def publish(self):
        """H1, H4: which of several streams comes first is open, unless it makes no difference."""
        net, channel = self.model.net, self.random.choice([b"news.a", b"news.b", b"other"])
        hits = {b"news.*": channel.startswith(b"news."), b"*": True, b"n?ws.a": channel == b"news.a"}
        keys = [k for k, s in net.others().items() if any(hits[p] for p in s.captures)]
        if len(keys) > 1:
            return
        self.counter += 1
        message = b"%d" % self.counter
        self.expect(self.say("PUBLISH", channel, message), 0, "PUBLISH")
        for k in keys:
            net.append_by_itself(k, [b"channel", channel, b"message", message])

    def replace(self):
        """B10; bindings go with their stream."""
        net, key = self.model.net, self.random.choice(FREE + LIMITED)
        if net.streams.get(key, 0) is None or self.random.random() < 0.3:
            self.say("DEL", key)
            net.streams.pop(key, None)
        else:
            self.expect(self.say("SET", key, "word"), b"OK", "SET")
            net.streams[key] = None

    def rename(self):
        """B12. Limits stay where they belong."""
        net, pair = self.model.net, self.random.choice([FREE, LIMITED])
        a, b = self.random.sample(pair, 2)
        if a in net.streams:
            self.expect(self.say("RENAME", a, b), b"OK", "RENAME")
            net.streams[b] = net.streams.pop(a)

    def redrive_to(self):
        """V4, V7; B9: a destination that is full is passed over."""
        net, key = self.model.net, self.random.choice(FREE + LIMITED)
        if net.streams.get(key, 0) is None:
            return
        letters = self.c.ask("XRANGE", LETTERS, "-", "+", "COUNT", 20)
        moved, kept = 0, []
        for _, fields in letters:
            if moved < 2 and net.append_by_itself(key, fields[:-16]):
                moved += 1
                self.model.letters.remove(fields)
        got = self.say("XREDRIVE", LETTERS, "TO", key, "COUNT", 2)
        if isinstance(got, Error):
            raise Failed("XREDRIVE TO: %r" % got)
        self.expect(got[0], moved, "XREDRIVE TO")
        if not moved and key in net.streams and not self.c.ask("EXISTS", key):
            del net.streams[key]

    def trim_other(self):
        net, key = self.model.net, self.random.choice(FREE + LIMITED)
        if net.streams.get(key):
            n = self.random.randrange(6)
            self.say("XTRIM", key, "MAXLEN", "=", n)
            net.streams[key].cut(n)

    # ---- What is compared

    def routes_asked(self):
        return [("TYPE", k) for k in FREE + LIMITED] + [w for k in sorted(self.model.net.others()) for w in (("XRANGE", k, "-", "+"), ("XINFO", "STREAM", k), ("XBIND", "LIST", k))] + \
            [("XBIND", "LIST", QUEUE), ("XRANGE", DEAD, "-", "+")]

    def compare_routes(self):
        net = self.model.net
        types = {k: self.ask("TYPE", k) for k in FREE + LIMITED}
        self.expect(types, {k: b"none" if k not in net.streams else b"stream" if net.streams[k] else b"string" for k in types}, "which streams there are")
        for key, s in net.others().items():
            want = [[i, s.entries[i]] for i in sorted(s.entries, key=entry_id)]
            got = self.ask("XRANGE", key, "-", "+")
            if got != want:
                raise Failed("%r: %r, wanted %r" % (key, [e for e in got if e not in want], [e for e in want if e not in got]))
            flat = self.ask("XINFO", "STREAM", key)
            self.expect(as_dict(flat)[b"last-generated-id"], text(s.last), "the last ID of %r" % key)
            self.expect(self.ask("XBIND", "LIST", key), [b.told() for b in s.bindings], "XBIND LIST")
            if len(s.entries) > LONGEST:
                self.say("XTRIM", key, "MAXLEN", 3)
                s.cut(3)
        self.expect(self.ask("XBIND", "LIST", QUEUE), [b.told() for b in net.queue.bindings], "XBIND LIST")
        copies = {e[0]: e[1] for e in self.ask("XRANGE", DEAD, "-", "+")}
        for i, fields in self.ask("XRANGE", LETTERS, "-", "+"):
            if copies.get(i) != fields:
                raise Failed("a letter is not in %r: %r, %r" % (DEAD, i, fields))

    def look_routes_up(self):
        """The model does not know in which steps time advanced: it takes IDs from the server where the messages are its own."""
        self.model.net.turn()
        for key in FREE + LIMITED:  # a copy may have come and expired
            if key not in self.model.net.streams and self.c.ask("TYPE", key) == b"stream":
                self.model.net.streams[key] = Stream()
        for key, s in self.model.net.others().items():
            got = self.c.ask("XRANGE", key, "-", "+")
            want = [s.entries[i] for i in sorted(s.entries, key=entry_id)]
            if [f for _, f in got] != want:
                raise Failed("%r behind a start: %r, wanted %r" % (key, got, want))
            flat = self.c.ask("XINFO", "STREAM", key)
            last = entry_id(as_dict(flat)[b"last-generated-id"])
            if last < s.last:
                raise Failed("the last ID of %r went back" % key)
            s.last = last
            for old, (new, fields) in zip(sorted(s.entries, key=entry_id), got):
                if entry_id(new) < entry_id(old):
                    raise Failed("%r has become %r" % (old, new))
                if new != old and old in s.expire:
                    s.expire[new] = s.expire.pop(old)
            s.entries = {i: f for i, f in got}
