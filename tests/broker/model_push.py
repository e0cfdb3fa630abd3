"""The model of push (U1 to U8) and of reading many streams at once (W1, W2).

Each group has one subscriber at a time. After each step its frames are read, and the model repeats each visit of the server: it must deliver the same, and finally nothing."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed                # noqa: E402
from resp import Error                  # noqa: E402
from model_order import MOST, Reading   # noqa: E402

KEY, VISIT, SUBSCRIBERS = b"q", 16, 2
MANY, READERS = (b"m:0", b"m:1", b"m:2", b"m:3"), b"w"


class Subscription:
    def __init__(self, consumer, prefetch):
        self.consumer, self.prefetch = consumer, prefetch


class Pushes:
    """What the model does with subscriptions, which are in a group's presence. Mixed into Model."""

    def begins(self, g, connection, consumer, prefetch):
        """U4, U9."""
        x = g.presence
        old = x.subscribed.get(connection)
        if old and old.consumer == consumer:
            old.prefetch = prefetch
            return
        if old:
            self.stops(g, connection)
        g.consumers.add(consumer)
        if not set(x.attached.get(consumer, ())) - {connection}:
            self.take_back(g, self.owned(g, consumer), b"connection closed")
        x.subscribed[connection] = Subscription(consumer, prefetch)
        self.see(g, consumer)
        x.attached.setdefault(consumer, {})[connection] = True

    def stops(self, g, connection):
        """U7. What is pending stays leased, also when the connection closes later, unless the policy says otherwise."""
        s = g.presence.subscribed.pop(connection)
        if connection in g.presence.attached.get(s.consumer, {}):
            g.presence.attached[s.consumer][connection] = False
        self.see(g, s.consumer)

    def waits(self, g, consumer=None):
        return any(consumer in (None, s.consumer) for s in g.presence.subscribed.values())

    def visit(self, g, connection, frames, left):
        """frames: (ID, fields, deliveries) that are left. How many of them one visit brings."""
        s = g.presence.subscribed[connection]
        g.consumers.add(s.consumer)
        mine = g.presence.attached.setdefault(s.consumer, {})
        if connection not in mine:  # it was deleted
            mine[connection] = True
        got = [i for i, *_ in frames]
        if not self.reads(g, s.consumer, connection, got, True) or g.policy["pause"]:
            return 0
        most = min(VISIT, self.tokens(g))
        if not most:
            return 0
        self.learn(g)
        reading = Reading(self, g, s.consumer, most, False, None, got, left, s.prefetch)
        old = reading.pending()
        g.presence.unsure += self.beside(g, old)
        for i in old:
            g.pending[i].reason = b""
            self.lease(g, i, s.consumer, self.now(), min(MOST, g.pending[i].count + 1))
        brought = old + reading.unread(most - len(old))
        want = [(i, self.entries[i], g.pending[i].count) for i in brought]
        if frames[:len(brought)] != want:
            raise Failed("pushed from %r to %r: %r, wanted %r" % (g.name, s.consumer, [(f[0], f[2]) for f in frames], [(f[0], f[2]) for f in want]))
        self.take_tokens(g, len(brought))
        return len(brought)


class PushSteps:
    def begin_push(self):
        self.subscribers, self.ended, self.came = {}, [], {}  # came: frames not processed yet
        for key in MANY:
            self.expect(self.say("XPOLICY", "SET", key, READERS, "MKSTREAM", "ONACK", "DELETE"), b"OK", "XPOLICY SET")
        self.many, self.skipped = {k: ([], [], []) for k in MANY}, dict.fromkeys(MANY, 0)  # released, unread, pending with an owner

    # ---- Push

    def subscribers_begin_anew(self, gone):
        """A start, or a reload: the key goes for a moment."""
        self.skipped = dict.fromkeys(MANY, 0)  # no file has the order in which streams take their turns
        if gone:
            self.subscribers = {}
        for g in self.model.groups.values():
            self.subscriptions_end(g, b"key", gone)

    def subscriptions_end(self, g, why, silently=False):
        """U8."""
        if not silently:
            self.ended += [(n, [b"xend", KEY, g.name, why]) for n in g.presence.subscribed]
        g.presence.subscribed = {}

    def frames(self):
        """What has come, until nothing more does: by group and connection; and what has ended."""
        got, ended, quiet = self.came, [], 0
        self.came = {}
        while quiet < 2:
            quiet += 1
            for n, c in self.subscribers.items():
                c.send("PING")
                while (f := c.reply()) not in (b"PONG", "PONG"):
                    quiet = 0
                    self.trace("%d: pushed" % n, *f)
                    if f[0] == b"xdeliver":
                        got.setdefault((f[2], n), []).append((f[3], f[4], f[5]))
                    else:
                        ended.append((n, f))
            self.c.ask("PING")
        return got, ended

    def pushed(self):
        """Judges what was pushed since."""
        m = self.model
        if not self.subscribers:
            self.settle_orders()
            return
        got, ended = self.frames()
        self.expect(sorted(ended), sorted(self.ended), "what has ended")
        self.ended = []
        for g in m.groups.values():
            for n in g.presence.subscribed:
                frames = got.pop((g.name, n), [])
                left, _ = self.left(g)
                while (brought := m.visit(g, n, frames, left)):
                    frames = frames[brought:]
                if frames:
                    raise Failed("pushed from %r: %r, wanted nothing; %r" % (g.name, frames, g.policy))
        if any(got.values()):
            raise Failed("pushed, and nobody has subscribed: %r" % got)
        self.settle_orders()

    def pushed_at_once(self, g):
        """In the turn of the command that has changed the policy: before what follows from that by itself is done, in the next one."""
        if not g.presence.subscribed:
            return
        self.came, ended = self.frames()
        self.expect(ended, [], "what has ended")
        left, _ = self.left(g)
        for n in g.presence.subscribed:
            frames = self.came.get((g.name, n), [])
            while (brought := self.model.visit(g, n, frames, left)):
                del frames[:brought]

    def step_push(self):
        self.random.choices([self.start, self.stop, self.leave], [8, 1, 1])[0]()

    def start(self):
        r, g = self.random, self.group(True) if self.random.random() < 0.9 else self.group()
        if not g:
            return
        n = next(iter(g.presence.subscribed), None)
        if n is None and len(self.subscribers) < SUBSCRIBERS and r.random() < 0.7:
            self.last_conn += 1
            n = self.last_conn
            self.subscribers[n] = self.server.conn()
            self.subscribers[n].ask("HELLO", 3)
        elif n is None:
            n = r.choice(sorted(self.subscribers) or [None])
        if n is None:
            return
        if not self.may_idle(g, False, False, True):
            return
        consumer, prefetch = r.choice((b"a", b"b", b"c")), r.choice([1, 2, 4, 32])
        self.note("%d: XCONSUME START %s %s PREFETCH %d" % (n, g.name.decode(), consumer.decode(), prefetch))
        c = self.subscribers[n]
        c.send("XCONSUME", "START", "GROUP", g.name, consumer, "PREFETCH", prefetch, "STREAMS", KEY)
        got = c.answer()
        if not g.policy:
            self.expect(str(got), "ERR XCONSUME needs a group with a policy", "XCONSUME START")
            return
        self.expect(got, b"OK", "XCONSUME START")
        self.model.begins(g, n, consumer, prefetch)

    def may_idle(self, g, ordered, ttl, subscribed):
        """The rules leave open which of several idle consumers is deleted first, and with an order pushes depend on that: not all three at once."""
        policy = g.policy or {"orderby": b"", "consumerttl": 0}
        return not ((ordered or policy["orderby"]) and (ttl or policy["consumerttl"]) and (subscribed or g.presence.subscribed))

    def stop(self):
        of = [(g, n) for g in self.model.groups.values() for n in g.presence.subscribed]
        if not of:
            return
        g, n = self.random.choice(of)
        self.note("%d: XCONSUME STOP %s" % (n, g.name.decode()))
        self.expect(self.subscribers[n].ask("XCONSUME", "STOP", "GROUP", g.name, "STREAMS", KEY), 1, "XCONSUME STOP")
        self.model.stops(g, n)

    def leave(self):
        n = self.random.choice(sorted(self.subscribers)) if self.subscribers else None
        if n is not None and self.model.may_close(n):
            self.closes(n)

    def closes(self, n):
        self.note("# subscriber %d closes" % n)
        self.subscribers.pop(n).close()
        self.is_closed(n)

    def all_leave(self):
        for n in sorted(self.subscribers):
            self.closes(n)
            self.c.ask("PING")

    # ---- Many streams

    def step_match(self):
        """W2: each stream delivers its share, and those passed over are served soon."""
        r, key = self.random, self.random.choice(MANY)
        released, unread, owned = self.many[key]
        x = r.random()
        if x < 0.4:
            for _ in range(r.choice([1, 3])):
                unread.append(self.say("XADD", key, "*", *self.fields(True)))
        elif x < 0.5 and owned:
            i = owned.pop(r.randrange(len(owned)))
            self.expect(self.say("XNACK", key, READERS, "SILENT", "IDS", 1, i), 1, "XNACK")
            released.append(i)
        elif x < 0.6 and owned:
            self.expect(self.say("XACK", key, READERS, *owned), len(owned), "XACK")
            owned.clear()
        else:
            self.read_many(r.choice([1, 2, 4, 9]), r.choice([MANY, MANY, MANY[:2]]))

    def read_many(self, count, keys):
        got = self.say("XREADGROUP", "GROUP", READERS, "c", "COUNT", count, "MATCH", "m:*" if keys == MANY else "m:[01]")
        if isinstance(got, Error):
            raise Failed("XREADGROUP MATCH: %r" % got)
        given = {k: [e[0] for e in entries] for k, entries in got or []}
        ready = [k for k in keys if self.many[k][0] or self.many[k][1]]
        # A stream that has nothing may count as ready until it is asked: then the shares are smaller.
        least = max(1, count // len(keys)) if keys else 1
        most = max(1, count // max(1, len(ready)))
        if not set(given) <= set(ready) or (len(given) < min(count, len(ready))):
            raise Failed("MATCH: %r, ready are %r" % (given, ready))
        for k, ids in given.items():
            released, unread, owned = self.many[k]
            all_of = released + unread
            if ids != all_of[:len(ids)] or not min(least, len(all_of)) <= len(ids) <= most:
                raise Failed("MATCH gives of %r %r, which has %r" % (k, ids, all_of))
            owned += ids
            released[:], unread[:] = [i for i in released if i not in ids], [i for i in unread if i not in ids]
        for k in ready:
            self.skipped[k] = 0 if k in given else self.skipped[k] + 1
            if self.skipped[k] > len(MANY):
                raise Failed("%r is ready and was passed over %d times" % (k, self.skipped[k]))
