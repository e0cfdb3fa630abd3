"""Servers that follow one another, Millrace or the reference, and the sentinels that manage them.

A Peer is a Server behind a proxy: it announces the proxy's port, so that what servers and sentinels say to one another goes through it;
connections of the test go past it."""
import os, random, shutil

from check import Failed, until, wait_for
from proxy import Proxy
from resp import Error, as_dict, info
from server import Server, free_port

NAME = "trio"
REPLICA_OPTIONS = ("--repl-diskless-sync-delay", "0", "--replica-announce-ip", "127.0.0.1")


class Peer(Server):
    """args, conf, how: as Server's. With a configuration file of its own, in which Sentinel's changes are kept over a start; `replicaof`: the Peer
    that it follows at its first start."""

    def __init__(self, path, *args, replicaof=None, conf="", **how):
        self.proxy = Proxy()
        conf += "replicaof 127.0.0.1 %d\n" % replicaof.proxy.port if replicaof else ""
        super().__init__(path, *REPLICA_OPTIONS, "--replica-announce-port", self.proxy.port, *args, conf=conf, **how)
        self.port = self.proxy.target = free_port()

    def launch(self, *more, **how):
        started = super().launch(*more, **how)
        self.proxy.target = self.port
        return started

    def empty(self):
        """Its data is gone; the configuration and the log stay. For a server that does not run."""
        for name in os.listdir(self.dir):
            if name not in ("millrace.conf", "log", "sock"):
                path = self.at(name)
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)

    def follow(self, other):
        """other: a Peer, a Proxy, or None."""
        with self.open() as c:
            c.ask("REPLICAOF", *(("NO", "ONE") if other is None else ("127.0.0.1", getattr(other, "proxy", other).port)))

    def open(self, **how):
        """A connection that closes when the `with` block is left."""
        return Closing(self.conn(**how))

    def info(self, name=None, section="everything"):
        with self.open() as c:
            return info(c, name, section)

    def count(self, name):
        return int(self.info(name))

    def expect_syncs(self, **counts):
        """How many synchronisations INFO counts: full, partial_ok, partial_err."""
        there = {k: self.count("sync_" + k) for k in counts}
        if there != counts:
            said = [line for line in self.log().splitlines() if "ync" in line and ("artial" in line or "ull" in line)]
            raise Failed("synchronisations: %r, wanted %r; %r" % (there, counts, said[-6:]))

    def end(self):
        super().end()
        self.proxy.end()


class Closing:
    def __init__(self, c):
        self.c = c

    def __enter__(self):
        return self.c

    def __exit__(self, *_):
        self.c.close()


def replication(peer):
    """INFO replication of a peer; empty when it does not answer."""
    try:
        with peer.open(seconds=5) as c:
            return info(c, section="replication")
    except (OSError, Error):
        return {}


def in_step(primary, *replicas):
    """Whether each replica has all that the primary has."""
    of = [replication(p) for p in (primary, *replicas)]
    return of[0].get("role") == "master" and all(
        r.get("role") == "slave" and r.get("master_link_status") == "up" and r.get("master_sync_in_progress") == "0" and
        r.get("slave_repl_offset") == of[0]["master_repl_offset"] for r in of[1:])


def until_in_step(primary, *replicas, seconds=120):
    if not wait_for(lambda: in_step(primary, *replicas), seconds):
        raise Failed("they do not come in step: %r" % [replication(p) for p in (primary, *replicas)])


class Three:
    """Three peers with min-replicas-to-ack 1; the test says who is primary, at first the first. Links between them go through their primary's proxy."""

    def __init__(self, path, *args):
        args += ("--min-replicas-to-ack", "1")
        first = Peer(path, *args)
        self.peers = [first] + [Peer(path, *args, replicaof=first) for _ in range(2)]
        self.primary = first

    def replicas(self):
        return [p for p in self.peers if p is not self.primary]

    def conn(self):
        return self.primary.conn()

    def start(self):
        for p in self.peers:
            p.start().close()
        self.until_ready()
        return self.conn()

    def until_confirmed(self):
        until("a primary that is confirmed", lambda: replication(self.primary).get("primary_confirmed") == "1")

    def until_ready(self):
        """Both replicas have what the primary has, and it knows."""
        self.until_confirmed()
        until_in_step(self.primary, *self.replicas())
        until("the primary's knowledge of that", self.is_acknowledged)

    def is_acknowledged(self):
        there = replication(self.primary)
        return sum("state=online,offset=%s," % there["master_repl_offset"] in v for k, v in there.items() if k.startswith("slave")) == 2

    def promote(self, peer):
        """The former primary is dead or stopped; the third one follows."""
        old, self.primary = self.primary, peer
        peer.follow(None)
        next(p for p in self.peers if p not in (old, peer)).follow(peer)

    def come_back(self, old):
        """As a replica, from its files or from its stop."""
        if old.alive():
            old.proxy.target = old.port
            old.go_on()
            old.follow(self.primary)
        else:
            old.launch("--replicaof", "127.0.0.1 %d" % self.primary.proxy.port)
        self.until_ready()

    def end(self):
        for p in self.peers:
            p.end()


class Sentinel(Server):
    """One redis-sentinel, which knows a primary by the port of its proxy."""

    def __init__(self, primary, quorum=2, down_after=1000, failover_timeout=4000, more=""):
        lines = ("sentinel monitor %s 127.0.0.1 %d %d" % (NAME, primary.proxy.port, quorum), "sentinel down-after-milliseconds %s %d" % (NAME, down_after),
                 "sentinel failover-timeout %s %d" % (NAME, failover_timeout), "sentinel parallel-syncs %s 2" % NAME)
        super().__init__("redis-sentinel", conf="\n".join(lines) + "\n" + more, without=("--save",))
        self.start().close()

    def ask(self, *args):
        c = self.conn(seconds=5, encoding="latin-1")
        try:
            return c.ask("SENTINEL", *args)
        finally:
            c.close()

    def primary(self):
        """The port that it tells clients; None when it has no answer."""
        try:
            return int(self.ask("GET-MASTER-ADDR-BY-NAME", NAME)[1])
        except (OSError, Error, TypeError):
            return None

    def fields(self, what):
        """Of each replica or sentinel that it knows."""
        return [as_dict(x) for x in self.ask(what, NAME)]


class Trio:
    """Three peers, of which the first begins as the primary, and three sentinels that know each other and the replicas. conf, sentinel_conf: text
    of the configuration of every peer and of every sentinel."""

    def __init__(self, path, *args, seed=0, conf="", sentinel_conf=""):
        self.random = random.Random(seed)
        first = Peer(path, *args, conf=conf)
        self.peers = [first] + [Peer(path, *args, conf=conf, replicaof=first) for _ in range(2)]
        self.sentinels = []
        try:
            for p in self.peers:
                p.start().close()
            self.sentinels = [Sentinel(first, more=sentinel_conf) for _ in range(3)]
            until_in_step(*self.peers)
            until("the sentinels' knowledge of each other", self.is_known)
        except BaseException:
            self.end()
            raise

    def is_known(self):
        return all(len(s.fields("REPLICAS")) == len(s.fields("SENTINELS")) == 2 for s in self.sentinels)

    def by_port(self, port):
        """The peer behind a proxy's port."""
        return next((p for p in self.peers if p.proxy.port == port), None)

    def told(self):
        """The primary that a client is told: of a sentinel by chance."""
        return self.by_port(self.random.choice(self.sentinels).primary())

    def agreed(self):
        """The primary that all sentinels name, if they agree."""
        told = {s.primary() for s in self.sentinels}
        return self.by_port(told.pop()) if len(told) == 1 else None

    def others(self, peer):
        return [p for p in self.peers if p is not peer]

    def healthy(self):
        """The primary, when all agree on it and both replicas are in step with it, and are known by every sentinel as its replicas."""
        primary = self.agreed()
        if not primary or not in_step(primary, *self.others(primary)):
            return None
        for s in self.sentinels:
            replicas = s.fields("REPLICAS")
            if len(replicas) != 2 or any(word in r["flags"] for r in replicas for word in ("down", "disconnected", "master")):
                return None
        return primary

    def end(self):
        for s in self.sentinels + self.peers:
            s.end()
