"""The model of the order by a field (O1 to O9) and of the rate (C3). Decision 0043 says which of several entries that take a value leads."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed            # noqa: E402
from resp import as_dict, entry_id  # noqa: E402

FIELD, VALUES, AHEAD = b"k", 4, 6  # AHEAD: broker-order-ahead
MOST_DEAD, MOST_LOST = 128, 1000   # in one read
MOST = (1 << 63) - 1


class Order:
    """A group's order. value: by known entry. takers: entries that take a value, the first of which leads; waiters: held entries, by ID; entries in neither stand aside."""

    def __init__(self, skips):
        self.skips, self.value, self.takers, self.waiters = skips, {}, {}, {}

    def lines(self):
        """For the trace."""
        return "; ".join("%s: %s | %s" % (v.decode(), *(" ".join(i.decode() for i in of.get(v, ())) for of in (self.takers, self.waiters))) for v in sorted({*self.takers, *self.waiters}))

    def lists(self, i):
        v = self.value[i]
        return self.takers.setdefault(v, []), self.waiters.setdefault(v, [])

    def leave(self, i):
        """The entry that waited for it and need not wait any more, or None."""
        takers, waiters = self.lists(i)
        if i in waiters:
            waiters.remove(i)
        if i in takers:
            takers.remove(i)
            if not takers and waiters:
                takers.append(waiters.pop(0))
                return takers[0]
        return None

    def take(self, i):
        takers, waiters = self.lists(i)
        if i in takers:
            return
        self.leave(i)
        if takers and entry_id(i) > entry_id(takers[0]):
            takers.insert(1, i)
        else:
            takers.insert(0, i)

    def wait(self, i):
        """Whether it waits because another entry takes its value."""
        takers, waiters = self.lists(i)
        if i in waiters:
            return True
        if takers in ([], [i]):
            takers[:] = [i]
            return False
        self.leave(i)
        waiters.append(i)
        waiters.sort(key=entry_id)
        return True

    def takes(self, i):
        return i in self.value and i in self.lists(i)[0]


class Orders:
    """What the model does with them. Mixed into Model."""

    # ---- What a change of an entry means

    def is_leased(self, g, i):
        if g.order and i in g.order.value:
            g.order.take(i)

    def is_released(self, g, i):
        if g.order and i in g.order.value:
            g.pending[i].held = g.order.wait(i)
            if g.pending[i].held:
                self.line_up(g.pending[i])

    def let_go(self, g, i):
        """O3: its turn has come."""
        if i is not None:
            g.pending[i].held = False
            self.line_up(g.pending[i])

    def is_deferred(self, g, i):
        """O4."""
        if g.order and i in g.order.value:
            if g.order.skips:
                self.let_go(g, g.order.leave(i))
            else:
                g.order.take(i)

    def is_gone(self, g, i):
        if g.order and i in g.order.value:
            heir = g.order.leave(i)
            del g.order.value[i]
            self.let_go(g, heir)

    # ---- Which there is

    def value_of(self, i):
        fields = self.entries[i]
        return next((v for f, v in zip(fields[::2], fields[1::2]) if f == FIELD), None)

    def know(self, g, i):
        v = self.value_of(i) if i in self.entries else None
        if v is not None:
            g.order.value[i] = v

    def learn(self, g):
        """O9: from what is pending."""
        if not g.policy["orderby"] or g.order:
            return
        g.order = Order(g.policy["skips"])
        for i in sorted(g.pending, key=entry_id):
            self.know(g, i)
            p = g.pending[i]
            (self.is_leased if p.owner is not None else self.is_deferred if p.due else self.is_released)(g, i)

    def unlearn(self, g):
        g.order = None
        before = None
        for p in sorted((p for p in g.pending.values() if p.held), key=lambda p: p.order):
            p.held = False
            if p.order != before:
                self.released += 1
            before, p.order = p.order, self.released

    # ---- The rate

    def tokens(self, g):
        if not g.policy["rate"][0]:
            return MOST
        n, ms = g.policy["rate"]
        level, at = (n * ms, self.now()) if g.bucket is None else g.bucket
        g.bucket = (min(n * ms, level + n * (self.now() - at)), self.now())
        return g.bucket[0] // ms

    def take_tokens(self, g, n):
        if g.policy and g.policy["rate"][0] and n:
            g.bucket = (g.bucket[0] - n * g.policy["rate"][1], g.bucket[1])

    # ---- A read

    def is_busy(self, g, i):
        p = g.pending[i]
        return p.due > 0 if p.owner is None else not self.ended(g, p)

    def may_give(self, g, i):
        """O1."""
        if not g.order or i not in g.order.value:
            return True
        takers = g.order.lists(i)[0]
        return bool(takers) and takers[0] == i and not any(self.is_busy(g, j) for j in takers[1:])

    def beside(self, g, given):
        """Entries that must wait and have the same position as a delivered one: the rules leave open whether they were judged before it, and so are held."""
        places = {g.pending[i].order for i in given if g.pending[i].owner is None}
        return [i for i, p in g.pending.items() if i not in given and self.stands(g, i) and p.order in places]

    def stands(self, g, i):
        """It is released, and may not be given."""
        p = g.pending.get(i)
        return p and p.owner is None and not p.due and not p.held and not self.may_give(g, i)

    def read_in_order(self, g, consumer, most, noack, claim, got, left):
        """got: what was delivered; left: owners of the pending entries after it, and the number of held ones, which show the order among equal delivery times."""
        left, held = left[0], 0 if g.presence.subscribed else left[1]
        if not most:
            if got:
                raise Failed("delivered without a token")  # C3
            return
        reading = Reading(self, g, consumer, most, noack, claim, [i for i, _ in got], left)
        old = reading.pending()
        if g.presence.subscribed:
            g.presence.unsure += self.beside(g, old)
        for i in old:
            p = g.pending[i]
            p.reason = b""
            if not noack:
                self.lease(g, i, consumer, self.now(), min(MOST, p.count + 1))
        new = reading.unread(most - len(old))
        if [i for i, _ in got] != old + new:
            raise Failed("given in order: %r, wanted %r and %r" % ([i for i, _ in got], old, new))
        for i, fields in got:
            if fields != self.entries[i]:
                raise Failed("%r has other fields" % i)
        self.take_tokens(g, len(got))
        if noack:
            for i in new + old:
                self.acked(g, i)
        standing = [i for i in g.pending if self.stands(g, i)]
        more = held - sum(p.held for p in g.pending.values())  # they came before what was given
        if more == len(standing):
            for i in standing:
                self.is_released(g, i)
        elif more > 0:  # which of them is open
            g.presence.unsure += standing


class Reading:
    """One read of a group with an order."""

    def __init__(self, model, g, consumer, most, noack, claim, got, left, prefetch=0):
        self.m, self.g, self.consumer, self.most, self.noack, self.got, self.left = model, g, consumer, most, noack, got, left
        self.lease = g.policy["lease"] or MOST
        self.idle = self.lease if claim is None else min(claim, self.lease)
        self.mine, self.owned = 0, 0
        self.prefetch = min([n for n in (prefetch, g.policy["prefetch"]) if n], default=0)  # U3
        self.chosen, self.dead, self.lost, self.waiting = [], 0, 0, 0

    def count(self):
        pending = self.g.pending.values()
        self.mine, self.owned = sum(p.owner == self.consumer for p in pending), sum(p.owner is not None for p in pending)

    def full(self):
        return self.prefetch and not self.noack and self.mine >= self.prefetch                          # C1

    def crowded(self):
        return self.g.policy["maxpending"] and self.owned >= self.g.policy["maxpending"]                 # C2

    def over(self):
        return len(self.chosen) >= self.most or self.dead >= MOST_DEAD or self.lost >= MOST_LOST

    def is_idle(self, p):
        return self.idle != MOST and self.m.now() - p.time >= self.idle

    def rank(self, i):
        """Orders entries of one due time: those already handled came first, the others in turn."""
        p = self.g.pending[i]
        if i in self.got:
            return self.got.index(i)
        if i in self.left and (p.owner is None or self.left[i]):
            return MOST
        if p.owner is None or p.turn is None:
            return -1
        given = ((n, self.g.pending.get(j)) for n, j in enumerate(self.got))
        return next((n - 0.5 for n, o in given if o and o.owner is not None and o.time == p.time and (o.turn is None or o.turn > p.turn)), MOST - 1)

    def in_order(self):
        ready = [(i, p) for i, p in self.g.pending.items() if not p.due and not p.held and (p.owner is None or self.is_idle(p))]
        ready.sort(key=lambda x: (x[1].owner is not None, x[1].order if x[1].owner is None else x[1].time, self.rank(x[0]), entry_id(x[0])))  # L4
        return [i for i, _ in ready]

    def judge(self, i, lost, dead, waiting):
        p = self.g.pending[i]
        has_ended = p.owner is None or self.m.now() - p.time >= self.lease
        if i not in self.m.entries:
            lost.append(i)
        elif self.m.used_up(self.g, p):
            if has_ended:
                dead.append(i)
        elif self.m.may_give(self.g, i):
            self.chosen.append(i)
            if not self.noack:
                self.mine += p.owner != self.consumer
                self.owned += p.owner is None
        elif has_ended:
            waiting.append(i)
        self.lost, self.dead = self.lost + (i in lost), self.dead + (i in dead)

    def pass_over(self):
        """Clears dead, lost and waiting entries. Whether there were any."""
        lost, dead, waiting, seen = [], [], [], set()
        self.count()
        for i in self.in_order():
            if self.over() or self.full():
                break
            if self.g.pending[i].owner is None and self.crowded():
                continue
            seen.add(i)
            self.judge(i, lost, dead, waiting)
        if self.full():
            own = [i for i, p in self.g.pending.items() if p.owner == self.consumer and self.is_idle(p) and i not in seen]
            for i in sorted(own, key=lambda i: (self.g.pending[i].time, entry_id(i))):
                if self.over():
                    break
                self.judge(i, lost, dead, waiting)
        for i in waiting:
            if self.g.pending[i].owner is None:
                self.m.is_released(self.g, i)
            else:
                self.m.put_back(self.g, i, self.g.pending[i].count, 0)
        places = [(p.owner is not None, p.order if p.owner is None else p.time) for p in (self.g.pending[i] for i in dead + lost)]
        with self.m.in_any_order(len(places) != len(set(places))):  # also of those released before a start, which stand at one place
            for i in dead:
                self.m.of_age(self.g, i)
            for i in lost:
                self.m.acked(self.g, i)
        return lost or dead or waiting

    def pending(self):
        """What is given of it."""
        while self.pass_over() and not self.chosen and not self.over():
            pass
        return self.chosen

    def unread(self, most):
        """O2, O5, O6: delivers up to `most` unread entries; holds those passed over."""
        m, g, new = self.m, self.g, []
        unread = [i for i in sorted(m.entries, key=entry_id) if entry_id(i) > entry_id(g.last)]  # room made by clearing is for released entries
        n = 0 if self.crowded() or self.full() else min(most, len(unread))
        if not self.noack:
            n = min([n] + [cap - has for cap, has in ((self.prefetch, self.mine), (g.policy["maxpending"], self.owned)) if cap])
        for i in unread:
            if len(new) >= n:
                break
            v = m.value_of(i)
            passed = g.order and v is not None and bool(g.order.takers.get(v))
            if passed and sum(p.held for p in g.pending.values()) >= AHEAD:
                break
            g.last = i
            if g.order:
                m.know(g, i)
            if passed:
                m.new_pending(g, i)
                m.release(g, i)
            else:
                m.lease(g, i, self.consumer, m.now(), 1)
                new.append(i)
        return new


class OrderSteps:
    def left(self, g):
        pending, stats = self.c.many([("XPENDING", b"q", g.name, "-", "+", 10000), ("XPOLICY", "STATS", b"q", g.name)])
        return {e[0]: e[1] for e in pending}, as_dict(stats)[b"held"]

    def order_fields(self):
        """Most messages have one of few values."""
        return [FIELD, b"%d" % min(self.random.randrange(VALUES), self.random.randrange(VALUES))] if self.random.random() < 0.8 else []

    def order_is_set(self, g, before):
        """before: the policy."""
        changed = lambda name: not before or before[name] != g.policy[name]
        if changed("orderby") or changed("skips"):
            self.model.unlearn(g)
        if changed("rate"):
            g.bucket = None

    def order_again(self, g, before):
        """When the policy changes the order is rebuilt from the pending list, so entries released since take their values anew."""
        for skips in (not g.policy["skips"], g.policy["skips"]):
            self.policy(g.name.decode(), "ORDERBY", FIELD.decode(), "SKIP" if skips else "HOLD")
            self.c.ask("PING")
            self.model.learn(g)
            self.pushed()
        for p in g.pending.values():
            p.order = min(p.order, before + 1) if before else p.order
        if self.known:
            self.look()

    def settle_orders(self):
        """After all pushes."""
        for g in self.model.groups.values():
            if g.presence.unsure:
                self.settle_order(g)

    def settle_order(self, g):
        """Where the rules leave open which entries are held, the server's number decides."""
        m = self.model
        unsure, g.presence.unsure = g.presence.unsure, []
        unsure = sorted({i for i in unsure if g.order and m.stands(g, i)}, key=entry_id)
        more = self.left(g)[1] - sum(p.held for p in g.pending.values()) if unsure else 0
        if 0 < more < len(unsure):
            self.order_again(g, 0)
        elif more > 0:
            for i in unsure:
                m.is_released(g, i)

    def order_begins_anew(self):
        """After a start or a reload: entries that had fallen due are deferred again."""
        for g in self.model.groups.values():
            g.bucket = None
            self.model.unlearn(g)
            for p in g.pending.values():
                p.order = 0
                if g.policy and g.policy["orderby"] and p.fell:
                    p.due = p.fell
