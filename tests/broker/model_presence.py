"""The model of connections: attachments (S1), entries of closed connections (S2), the seat (S3, S4), idle consumers (S5)."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, wait_for  # noqa: E402
from resp import entry_id, info     # noqa: E402

CONNECTIONS = 4
MOST_DEAD = 128  # in one read
LATE = 1000  # ms until an idle consumer is looked at: TTLs here are less than four times that


class Presence:
    """Of a group: connections that are attached to its consumers, when these were seen, who has the seat. since: nobody counts as seen before that; a start does not
    tell when exactly it was."""

    def __init__(self):
        self.attached, self.seen, self.holder, self.since, self.since_most = {}, {}, None, 0, 0  # attached: connections of each consumer: whether what it has is released when the last one closes
        self.subscribed = {}
        self.unsure = []  # entries that may or may not be held

    def forget(self, now, most=None):
        """Nobody is attached any more."""
        self.attached, self.holder, self.since, self.since_most = {}, None, now, most or now


class Presences:
    """What the model does with them. Mixed into Model."""

    def take_back(self, g, ids, text):
        """R7, D1."""
        for i in sorted(ids, key=entry_id):
            p = g.pending[i]
            if self.used_up(g, p):
                self.die(g, i, b"fatal" if p.count == (1 << 63) - 1 else b"maxdeliver", text, p.owner)
            else:
                self.put_back(g, i, p.count, 0)

    def owned(self, g, consumer):
        return [i for i, p in g.pending.items() if p.owner == consumer]

    def see(self, g, consumer):
        g.presence.seen[consumer] = self.time_of(g)

    def reads(self, g, consumer, connection, got, waited=False):
        """Whether the reader is served; got: what was delivered."""
        self.see(g, consumer)
        x, p = g.presence, g.policy
        if not p:
            return True
        if p["single"] or p["ondisconnect"] == "RELEASE" or p["consumerttl"]:
            x.attached.setdefault(consumer, {}).setdefault(connection, False)
        if not p["single"]:
            return True
        if x.holder and not self.waits(g, x.holder) and self.now() - max(x.seen[x.holder], x.since) >= p["single"]:
            x.holder = None
        if x.holder is None:
            if not waited and self.waits(g):
                return False
            x.holder = consumer
            ids = [i for i, e in g.pending.items() if e.owner not in (None, consumer)]
            much = sum(self.used_up(g, g.pending[i]) for i in ids) >= MOST_DEAD
            self.take_back(g, ids, b"seat moved")
            if much and not got:
                return False  # turns do the rest
        return x.holder == consumer

    def gone_with(self, g, connection):
        """Consumers that are gone when it closes, and which of them have something that is released."""
        gone = {c: all_of[connection] for c, all_of in g.presence.attached.items() if set(all_of) == {connection}}
        return gone, [c for c in gone if (g.policy["ondisconnect"] == "RELEASE" or gone[c]) and self.owned(g, c)]

    def may_close(self, connection):
        """The rules leave open whose entries are released first; so this is not tested where pushes depend on it at once."""
        return not any(g.policy and g.policy["orderby"] and set(g.presence.subscribed) - {connection} and len(self.gone_with(g, connection)[1]) > 1 for g in self.groups.values())

    def closes(self, connection):
        """Groups in which several consumers lose something by that, in whatever order."""
        several = []
        for g in self.groups.values():
            x = g.presence
            x.subscribed.pop(connection, None)
            gone, losing = self.gone_with(g, connection)
            for all_of in x.attached.values():
                if all_of.pop(connection, False) and all_of:
                    all_of[next(iter(all_of))] = True
            several += [g] if len(losing) > 1 else []
            with self.in_any_order(len(losing) > 1):
                for consumer in gone:
                    del x.attached[consumer]
                    if consumer in losing:
                        self.take_back(g, self.owned(g, consumer), b"connection closed")
                    if x.holder == consumer:
                        x.holder = None
        return several

    def delete_consumer(self, g, consumer):
        """L14. How many entries it had."""
        ids = self.owned(g, consumer)
        self.take_back(g, ids, b"consumer deleted")
        g.consumers.discard(consumer)
        g.presence.attached.pop(consumer, None)
        g.presence.seen.pop(consumer, None)
        if g.presence.holder == consumer:
            g.presence.holder = None
        return len(ids)


class PresenceSteps:
    def begin_presence(self):
        self.conns, self.last_conn = {}, 0

    def connection(self):
        """The number of one that reads."""
        r = self.random
        if not self.conns or (len(self.conns) < CONNECTIONS and r.random() < 0.3):
            self.last_conn += 1
            self.conns[self.last_conn] = self.server.conn()
        return r.choice(sorted(self.conns))

    def step_close(self):
        if not self.conns:
            return
        n = self.random.choice(sorted(self.conns))
        if not self.model.may_close(n):
            return
        if self.random.random() < 0.3:
            self.note("# connection %d: RESET" % n)
            self.conns[n].ask("RESET")
        else:
            self.note("# connection %d closes" % n)
            self.conns.pop(n).close()
        self.is_closed(n)

    def is_closed(self, n):
        """Or has said RESET."""
        if not wait_for(lambda: info(self.c, "connected_clients", "clients") == str(1 + len(self.conns) + len(self.subscribers))):
            raise Failed("a connection stays")
        for g in self.model.closes(n):
            if g.order:
                self.order_again(g, 0)

    def presence_begins_anew(self, now, most, gone):
        """After a start (gone: the connections as well) or a reload."""
        if gone:
            self.conns = {}
        self.subscribers_begin_anew(gone)
        for g in self.model.groups.values():
            g.presence.forget(now, most)

    def policy_is_set(self, g):
        """S5: a consumer seen in the future (the wall clock was ahead) counts as seen now."""
        g.presence.holder = g.presence.holder if g.policy["single"] else None
        if g.policy["consumerttl"]:
            for c, at in g.presence.seen.items():
                g.presence.seen[c] = min(at, self.model.now())

    def look_for_idle_ones(self):
        """The server decides when to scan; the model checks whether it may, and must."""
        m = self.model
        for g in m.groups.values():
            ttl = g.policy["consumerttl"] if g.policy else 0
            if not ttl:
                continue
            there = {c[1] for c in self.ask("XINFO", "CONSUMERS", b"q", g.name)}
            x, before, deleted = g.presence, m.released, 0
            for c in sorted(g.consumers):
                if m.waits(g, c):
                    m.see(g, c)
                idle = [m.now() - max(x.seen.get(c, 0), since) for since in (x.since, x.since_most)]
                if c in there and idle[1] > ttl + LATE:
                    raise Failed("%r of %r is idle for %d ms, and there" % (c, g.name, idle[1]))
                if c not in there:
                    if idle[0] < ttl:
                        raise Failed("%r of %r was seen %d ms ago, and is deleted" % (c, g.name, idle[0]))
                    self.note("# %s of %s is idle" % (c.decode(), g.name.decode()))
                    m.delete_consumer(g, c)
                    deleted += 1
            if deleted > 1:  # in whatever order
                for p in g.pending.values():
                    p.order = min(p.order, before + 1)
                if g.order:
                    self.order_again(g, before)
