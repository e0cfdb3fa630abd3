"""The model of a work queue (section 5): what is pending in each group, and what a read may deliver."""
import contextlib, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed                        # noqa: E402
from model_cron import Crons                    # noqa: E402
from model_order import Orders                  # noqa: E402
from model_presence import Presence, Presences  # noqa: E402
from model_push import Pushes                   # noqa: E402
from model_route import Net                     # noqa: E402
from model_time import Times                    # noqa: E402
from resp import entry_id                       # noqa: E402

KEY, DLQ = b"q", b"{q}:dlq"
MOST = (1 << 63) - 1
TAIL = [b"dl-reason", b"dl-text", b"dl-key", b"dl-group", b"dl-id", b"dl-consumer", b"dl-count", b"dl-delivered"]


class Pending:
    def __init__(self, owner, time, count):
        self.owner, self.time, self.count = owner, time, count  # owner None: none
        self.due, self.reason, self.order, self.blocked = 0, b"", 0, False   # due: deferred until; order: among released ones
        self.fell = 0      # it was deferred until then, and fell due, which no file tells
        self.held = False
        self.turn = None   # among those of one delivery time; None: open, as no file tells it


class Group:
    def __init__(self, name, last):
        self.name, self.last, self.policy, self.pending, self.consumers, self.fresh = name, last, None, {}, set(), False
        self.order = self.bucket = None
        self.presence = Presence()


class Model(Presences, Orders, Pushes):
    def __init__(self, clock):
        self.clock, self.entries, self.groups, self.letters, self.released, self.tied = clock, {}, {}, [], 0, False
        self.turns = 0
        self.times, self.crons = Times(clock, self.entries), Crons(clock)
        self.net = Net(clock, self.times)
        self.letter_count = lambda g, i: 0  # of a group and an ID, on the server

    # ---- What the rules say

    def now(self):
        return self.clock.steady

    def time_of(self, g):
        """The clock that stamps a group's deliveries: G6."""
        return self.clock.steady if g.policy else self.clock.wall

    def new_pending(self, g, i):
        g.pending[i] = Pending(None, 0, 0)

    def lease(self, g, i, consumer, time, count):
        self.stand_behind(g, i)
        p = g.pending[i]
        p.owner, p.time, p.count, p.due, p.fell, p.held = consumer, time, count, 0, 0, False
        self.is_leased(g, i)

    def stand_behind(self, g, i):
        """Orders entries of one delivery time: redelivered ones first, in that order, then those delivered once. The rules leave it open (L4); entries passed over reveal it only later."""
        self.turns += 1
        again = i in g.pending
        g.pending.setdefault(i, Pending(None, 0, 0)).turn = (not again, self.turns)

    def put_back(self, g, i, count, due):
        p = g.pending[i]
        p.owner, p.time, p.count, p.due, p.held = None, 0, count, 0, False
        if due > self.now():
            p.due, p.fell = due, 0
            self.is_deferred(g, i)
        else:
            self.release(g, i)

    def release(self, g, i, fell=0):
        p = g.pending[i]
        self.line_up(p)
        p.due, p.fell = 0, fell
        self.is_released(g, i)

    def line_up(self, p):
        if not self.tied:
            self.released += 1
        p.order = self.released

    @contextlib.contextmanager
    def in_any_order(self, open_=True):
        """Entries released inside have the same position: their order is open."""
        self.released, self.tied = self.released + 1, open_
        yield
        self.released, self.tied = self.released + 1, False

    def used_up(self, g, p):
        n = g.policy["maxdeliver"]
        return (n and p.count >= n) or p.count == MOST  # D1

    def ended(self, g, p):
        lease = g.policy["lease"]
        return p.owner is not None and lease and p.time + lease <= self.now()

    def backoff(self, g, count):
        """R2; jitter is 0 here."""
        kind, *n = g.policy["retry"]
        count = max(1, count)
        if kind == "NONE":
            return 0
        if kind == "FIXED":
            return n[0]
        return min(n[1], n[0] * n[2] ** (count - 1)) if kind == "EXP" else n[min(count, len(n)) - 1]

    def needed(self, i):
        return any(entry_id(i) > entry_id(g.last) or i in g.pending for g in self.groups.values())

    def acked(self, g, i):
        """A1 to A3."""
        self.drop(g, i)
        if any(o.policy and o.policy["onack"] == "DELETE" for o in self.groups.values()) and i in self.entries and not self.needed(i):
            del self.entries[i]

    def drop(self, g, i):
        if g.pending.pop(i, None):
            self.is_gone(g, i)

    def die(self, g, i, reason, text, consumer):
        p = g.pending[i]
        fields = self.entries.get(i)
        if fields is None and self.times.expired_at == self.now() and i in self.times.expired and \
                self.letter_count(g, i) > sum(f[-9] == g.name and f[-7] == i for f in self.letters):
            fields = self.times.expired[i]  # at one moment, in whatever order: a letter tells
        if fields is None:  # D9, L9
            self.acked(g, i)
            return
        if g.policy["deadletter"]:
            if fields[-16::2] == TAIL:  # D4
                fields = fields[:-16]
            values = [reason, text, KEY, g.name, i, consumer, b"%d" % p.count, b"%d" % p.time]
            self.letters.append(fields + [x for pair in zip(TAIL, values) for x in pair])
        self.acked(g, i)

    def of_age(self, g, i):
        p = g.pending[i]
        self.die(g, i, b"fatal" if p.count == MOST else b"maxdeliver", b"lease ended" if p.owner else p.reason, p.owner or b"")

    def dies(self, g, i):
        p = g.pending[i]
        return i in self.entries and self.used_up(g, p) and (0 < p.due <= self.now() or bool(self.ended(g, p)))

    def turn(self):
        """The server's own actions: retries are released (R5), used-up entries die when their leases end (D2), scheduled messages are appended, messages expire."""
        for g, i in [(g, i) for g in self.groups.values() if g.policy for i in list(g.pending) if self.times.has_expired(i) and self.dies(g, i)]:
            # Which was the longest due the model does not know: a letter tells that it died first.
            if self.letter_count(g, i) > sum(f[-9] == g.name and f[-7] == i for f in self.letters):
                self.of_age(g, i)
        self.times.turn()
        self.net.turn()
        for g in self.groups.values():
            if not g.policy:
                continue
            self.learn(g)
            for i, p in sorted(((i, p) for i, p in g.pending.items() if p.due and p.due <= self.now()), key=lambda x: (x[1].due, entry_id(x[0]))):
                if self.used_up(g, p):
                    self.of_age(g, i)
                else:
                    self.release(g, i, p.due)
            for p in g.pending.values():  # L15, when the policy is new
                if p.owner is not None and g.fresh and p.time > self.now():
                    p.turn = None
                    p.filed, p.time = p.time, self.now()  # no effect tells it: a start finds what the file has
            g.fresh = False
            ended = [i for i, p in g.pending.items() if self.ended(g, p) and self.used_up(g, p)]
            for at in sorted({g.pending[i].time for i in ended}):
                with self.in_any_order():
                    for i in [i for i in ended if i in g.pending and g.pending[i].time == at]:
                        self.of_age(g, i)
        self.crons.turn()

    # ---- A read: the server's choice is judged, and done

    def read(self, g, consumer, connection, count, noack, claim, got, left):
        """A read with `>`. got: [(id, fields or None)]. left(): owners of the pending entries after it."""
        g.consumers.add(consumer)
        if not self.reads(g, consumer, connection, got):  # C5
            if got:
                raise Failed("delivered to %r, who has no seat" % consumer)
            return (), ()
        policy = g.policy
        if g.order or g.presence.subscribed:  # what is pushed behind it depends on all that it did
            if not policy["pause"]:
                self.read_in_order(g, consumer, min(count, self.tokens(g)), noack, claim, got, left())
            elif got:
                raise Failed("delivered while paused")  # C4
            return (), ()
        lost = dead = ()
        if policy:
            lost = {i for i, p in g.pending.items() if i not in self.entries}
            dead = {i for i, p in g.pending.items() if not p.owner and not p.due and i in self.entries and self.used_up(g, p)}
            limit = policy["lease"] or MOST if claim is None else min(claim, policy["lease"] or MOST)  # L11
        else:
            limit = MOST if claim is None else claim
        count = min(count, self.tokens(g)) if policy and not policy["pause"] else count
        unread = [i for i in sorted(self.entries, key=entry_id) if entry_id(i) > entry_id(g.last)]
        may = lambda p: not p.due and (p.owner is None if limit == MOST else p.owner is None or self.time_of(g) - p.time >= limit)
        ready = [i for i, p in g.pending.items() if i in self.entries and may(p) and not (policy and self.used_up(g, p))] if policy or claim is not None else []
        ready.sort(key=lambda i: (g.pending[i].owner is not None, g.pending[i].order if g.pending[i].owner is None else g.pending[i].time))
        most = count
        # References to messages that are gone may be dropped on the way, and make room then: between gone and all of them.
        gone = [p for i, p in g.pending.items() if i not in self.entries and may(p)]
        mine = sum(p.owner == consumer for p in g.pending.values())
        owned = sum(p.owner is not None for p in g.pending.values())
        less_mine, less_owned = sum(p.owner == consumer for p in gone), sum(p.owner is not None for p in gone)
        took_old = [i for i, _ in got if i in g.pending]
        took_new = [i for i, _ in got if i not in g.pending]
        if [i for i, _ in got] != took_old + took_new:
            raise Failed("an unread message in front of a pending one")  # L4
        if took_new != unread[:len(took_new)]:
            raise Failed("unread messages are not the first: %r of %r" % (took_new, unread))
        if len(got) > most:
            raise Failed("more than COUNT")
        if policy and policy["pause"] and got:
            raise Failed("delivered while paused")  # C4
        full = lambda: policy and policy["prefetch"] and not noack and mine >= policy["prefetch"]  # C1
        crowd = lambda: policy and policy["maxpending"] and owned >= policy["maxpending"]          # C2
        key = lambda i: (g.pending[i].owner is not None, g.pending[i].order if g.pending[i].owner is None else g.pending[i].time)
        left = list(ready)
        for i in took_old:
            p = g.pending[i]
            if i not in left:
                raise Failed("%r is not ready: owner %r, time %d, due %d, count %d" % (i, p.owner, p.time, p.due, p.count))
            roomy = lambda p: not (full() and p.owner != consumer) and not (crowd() and p.owner is None)
            first = [j for j in left if roomy(g.pending[j])]
            if (not first or i not in first) and not gone:
                raise Failed("%r is beyond a cap" % i)
            if first and key(i) > key(first[0]):
                raise Failed("%r is given before %r" % (i, first[0]))  # L4
            left.remove(i)
            if not noack:
                mine += p.owner != consumer
                owned += p.owner is None
        could = [j for j in left if not (full() and g.pending[j].owner != consumer) and not (crowd() and g.pending[j].owner is None)]
        if not (policy and policy["pause"]) and len(got) < most and not took_new and could and len(lost) < 1000 and len(dead) < 128:
            raise Failed("%r is ready and not given; %d are gone, %d dead, %r" % (could[0], len(lost), len(dead), vars(g.presence)))
        if took_new and could:
            raise Failed("an unread message is given before %r" % could[0])
        for i in took_new:
            if (full() and mine - less_mine >= policy["prefetch"]) or (crowd() and owned - less_owned >= policy["maxpending"]):
                raise Failed("unread %r is beyond a cap" % i)
            mine, owned = mine + (not noack), owned + (not noack)
        if not (policy and policy["pause"]) and len(got) < most and len(took_new) < len(unread) and not full() and not crowd():
            raise Failed("%r is unread and not given" % unread[len(took_new)])
        for i, fields in got:
            if fields != self.entries[i]:
                raise Failed("%r has other fields" % i)
        for i in took_old:
            p = g.pending[i]
            if noack and policy:
                g.pending[i].count = min(MOST, p.count + 1)
            p.reason = b""
            self.lease(g, i, consumer, self.time_of(g), min(MOST, p.count + 1))
        for i in took_new:
            g.last = i
            if not noack:
                self.lease(g, i, consumer, self.time_of(g), 1)
        self.take_tokens(g, len(got))
        if noack:  # L10, A2
            for i in took_new + (took_old if policy else []):
                self.acked(g, i)
        return lost, dead
