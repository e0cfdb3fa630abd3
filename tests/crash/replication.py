#!/usr/bin/env python3
"""Links that break, stall and carry damage; servers that are killed, stopped and started again, with a replica attached.

usage: replication.py --server PATH [--replica PATH] [--only NAME,...] [--cuts N] [--seconds S] [--restarts N] [--seed S]

  cuts        the link ends behind the n-th byte of handshake and snapshot, N places spread over them, both directions; the next one gets all
  stream      the link ends behind so many bytes of the stream, again and again under load: no full synchronisation but the first
  beats       the link is cut every 100 ms for S seconds under load: the same
  stalls      nothing goes through for a while: the link is kept; for longer than repl-timeout: both sides give it up, then resume
  slow        a full copy at 200 KB/s under load
  damage      a scripted primary sends snapshots that are torn, flipped, mislabelled: the replica keeps what it had, and lives
  orders      a scripted primary sends what is none of its business, and garbage: the replica does not obey, and lives
  child       the child that writes the snapshot is killed
  stop        each side is stopped for longer than repl-timeout
  kill        each side is killed while a snapshot is under way
  restarts    each side is killed under load with `appendonly yes` and started, N times: each time a partial synchronisation

Behind each: the replica is in step, the data are equal, and nothing that was acknowledged is missing or there twice. With --server redis-server
the same is run; what it is known not to do is told instead of judged.
"""
import argparse, os, random, signal, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, cases, expect, until   # noqa: E402
from contents import contents, differences       # noqa: E402
from peers import Peer, until_in_step            # noqa: E402
from resp import Error, packet                   # noqa: E402
from scripted import Scripted                    # noqa: E402
from writer import Writer                        # noqa: E402


class Pair:
    def __init__(self, o, *options, load=True):
        self.o, self.options = o, ["--appendonly", "yes", "--enable-debug-command", "yes", "--repl-backlog-size", "16mb", *options]
        self.primary = Peer(o.server, *self.options)
        self.replica = Peer(o.replica, *self.options, replicaof=self.primary)
        for p in (self.primary, self.replica):
            p.start().close()
        with self.primary.open() as c:
            c.many([("SET", "key:%d" % i, "value of the key %d" % i) for i in range(100)])
        self.writer = Writer(self.primary) if load else None
        self.until_up()

    def until_up(self):
        until("the link", lambda: self.replica.info("master_link_status") == "up")

    def is_noticed(self):
        """Whether both sides have given the link up."""
        return self.replica.info("master_link_status") == "down" and self.primary.info("connected_slaves") == "0"

    def judge(self, full=None):
        """full: how many full synchronisations the primary may have counted."""
        if self.writer:
            self.writer.more()
            self.writer.end()
        until_in_step(self.primary, self.replica)
        with self.primary.open() as a, self.replica.open() as b:
            held, there = contents(a), contents(b)
            if held != there:
                raise Failed("the data differ: %r" % differences(held, there))
        if self.writer:
            self.writer.judge(held[0, b"numbers"][2])
        if full is not None:
            self.primary.expect_syncs(full=full)
        for p in (self.primary, self.replica):
            if p.report():
                raise Failed("a report in the log: %s" % p.report())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.writer:
            self.writer.ended = True
        for p in (self.primary, self.replica):
            p.end()


def diskless(o):
    return ["--repl-diskless-sync", o.random.choice(["yes", "no"]), "--repl-diskless-load", o.random.choice(["disabled", "swapdb"])]


def cuts(o):
    with Pair(o, *diskless(o), load=False) as pair:
        primary = pair.primary
        until_in_step(primary, pair.replica)
        link, = primary.proxy.links
        for way, whole in dict(link.passed).items():
            for i in range(o.cuts):
                n = 1 + i * whole // o.cuts
                with primary.open() as c:
                    c.ask("SET", "marker", "%s %d" % (way, n))
                    c.ask("DEBUG", "CHANGE-REPL-ID")
                primary.proxy.end_next_after(n, way)
                primary.proxy.cut()
                until("the cut", lambda: not primary.proxy.to_end)
                try:
                    pair.judge()
                except Failed as e:
                    raise Failed("cut %s behind byte %d: %s" % (way, n, e))
        if primary.count("sync_full") < o.cuts:
            raise Failed("only %d full synchronisations" % primary.count("sync_full"))


def stream(o):
    with Pair(o, *diskless(o)) as pair:
        for _ in range(o.cuts):
            made = pair.primary.proxy.made
            pair.primary.proxy.end_next_after(o.random.randrange(1, 3000))
            pair.primary.proxy.cut(reset=o.random.random() < 0.5)
            until("another link", lambda: pair.primary.proxy.made >= made + 2)
        pair.judge(full=1)


def beats(o):
    with Pair(o, *diskless(o)) as pair:
        end, n = time.monotonic() + o.seconds, 0
        while time.monotonic() < end:
            time.sleep(0.1)
            n += pair.primary.proxy.cut(reset=o.random.random() < 0.5)
        pair.judge(full=1)
        if n < 2 or pair.primary.count("sync_partial_ok") < 2:
            raise Failed("%d links were cut, %s resumed" % (n, pair.primary.info("sync_partial_ok")))


def stalls(o):
    with Pair(o) as pair:
        made = pair.primary.proxy.made
        pair.primary.proxy.stall()
        pair.writer.more(1000)
        pair.primary.proxy.go_on()
        pair.judge(full=1)
        expect(pair.primary.proxy.made, made, "links")
    with Pair(o, "--repl-timeout", "2", "--repl-ping-replica-period", "1") as pair:
        pair.primary.proxy.stall()
        until("the notice of both", pair.is_noticed)
        pair.primary.proxy.go_on()
        pair.until_up()
        pair.judge(full=1)


def slow(o):
    with Pair(o, *diskless(o)) as pair:
        with pair.primary.open() as c:
            c.many([("SET", "large:%d" % i, o.random.randbytes(2000).hex()) for i in range(150)])
            c.ask("DEBUG", "CHANGE-REPL-ID")
        pair.primary.proxy.slow(200000)
        pair.primary.proxy.cut()
        pair.writer.more()
        pair.until_up()
        pair.primary.proxy.slow(0)
        pair.judge(full=2)


def stop(o):
    for side in ("primary", "replica"):
        with Pair(o, "--repl-timeout", "2", "--repl-ping-replica-period", "1") as pair:
            stopped = getattr(pair, side)
            stopped.freeze()
            if side == "primary":
                until("the notice", lambda: pair.replica.info("master_link_status") == "down")
            else:
                until("the notice", lambda: pair.primary.info("connected_slaves") == "0")
            stopped.go_on()
            pair.until_up()
            pair.judge(full=1)


def in_transfer(o, pair, size=2000):
    """Until a snapshot is under way, slowly. size: of each of 100 values."""
    with pair.primary.open() as c:
        c.many([("SET", "large:%d" % i, o.random.randbytes(size)) for i in range(100)])
        c.ask("DEBUG", "CHANGE-REPL-ID")
    pair.primary.proxy.slow(50000)
    pair.primary.proxy.cut()
    before = pair.primary.proxy.carried["down"]
    until("some of the snapshot", lambda: pair.primary.proxy.carried["down"] > before + 10000)  # a replica that loads may not answer


def kill(o):
    for side in ("primary", "replica"):
        with Pair(o, *diskless(o)) as pair:
            in_transfer(o, pair)
            killed = getattr(pair, side)
            killed.kill()
            pair.primary.proxy.slow(0)
            killed.start().close()
            pair.until_up()
            pair.judge()


def child(o):
    with Pair(o, "--repl-diskless-sync", "yes") as pair:
        in_transfer(o, pair, 200000)  # more than pipes and sockets hold
        with open("/proc/%d/task/%d/children" % (pair.primary.p.pid, pair.primary.p.pid)) as f:
            children = [int(x) for x in f.read().split()]
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        if not children:
            raise Failed("there was no child")
        pair.primary.proxy.slow(0)
        pair.until_up()
        pair.judge()


def restarts(o):
    for side in ("primary", "replica"):
        with Pair(o) as pair:
            # Until the copy is the base of the replica's own file a start finds what was there before.
            until("the base of the replica's file", lambda: pair.replica.info("aof_rewrite_in_progress") == pair.replica.info("aof_rewrite_scheduled") == "0")
            for i in range(o.restarts):
                pair.writer.more(50)
                before = pair.primary.count("sync_full") if side == "replica" else 0
                killed = getattr(pair, side)
                killed.kill()
                if o.random.random() < 0.5:
                    time.sleep(o.random.random() * 0.1)  # so that the other side looks for it meanwhile, or not
                killed.start().close()
                pair.until_up()
                full, partial = pair.primary.count("sync_full") - before, pair.primary.count("sync_partial_ok")
                if (full or not partial) and not o.is_reference:
                    raise Failed("start %d of the %s: %d full and %d partial synchronisations: %s" % (i, side, full, partial, pair.primary.log()[-1500:]))
            pair.judge()


# ---- Damage


def snapshot(peer):
    with peer.open() as c:
        until("a snapshot", lambda: c.do("SAVE") == b"OK")  # not while a child writes one
    with open(peer.at("dump.rdb"), "rb") as f:
        return f.read()


def damaged(data, r):
    """(name, bytes behind the answer to PSYNC) of snapshots that must not be taken."""
    length = lambda n, x=data: b"$%d\r\n" % n + x
    mark = b"%040x" % r.getrandbits(160)
    streamed = lambda x, end: b"$EOF:" + mark + b"\r\n" + x + end
    at = lambda: r.randrange(9, len(data) - 8)
    flipped = lambda i: data[:i] + bytes([data[i] ^ (1 << r.randrange(8))]) + data[i + 1:]
    yield "torn", length(len(data), data[:at()])
    yield "torn at its first byte", length(len(data), data[:1])
    yield "nothing of it", length(len(data), b"")
    for _ in range(6):
        yield "flipped", length(len(data), flipped(at()))
    yield "checksum flipped", length(len(data), flipped(len(data) - 1))
    yield "too short a length", length(len(data) - 20)
    yield "another format", length(len(data), b"RADISH011" + data[9:])
    yield "a later version", length(len(data), b"REDIS9999" + data[9:])
    yield "no number", b"$abc\r\n" + data
    yield "a negative length", b"$-5\r\n" + data
    yield "an enormous length", length(1 << 62)
    yield "no dollar", b"+OK\r\n" + data
    yield "streamed, torn", streamed(data[:at()], b"")
    yield "streamed, without its mark", streamed(data, b"")
    yield "streamed, with half a mark", streamed(data, mark[:20])
    yield "streamed, flipped", streamed(flipped(at()), mark)
    yield "streamed, another mark", streamed(data, b"0" * 40)


def damage(o):
    for load in ("disabled", "swapdb"):
        with Pair(o, "--repl-diskless-load", load, "--repl-timeout", "5", load=False) as pair:
            data = snapshot(pair.primary)
            until_in_step(pair.primary, pair.replica)
            with pair.replica.open() as c:
                held = contents(c)
            for name, text in damaged(data, o.random):
                one_damage(o, pair, "%s, %s" % (load, name), text, held)
            pair.judge()


def one_damage(o, pair, name, text, held):
    answer = b"+FULLRESYNC %040x 1\r\n" % o.random.getrandbits(160)
    primary = Scripted(lambda s, request: s.sendall(answer + text))
    try:
        pair.replica.follow(primary)
        until("two attempts (%s)" % name, lambda: primary.links >= 2 or not pair.replica.alive())
        if not pair.replica.alive():
            raise Failed("%s: the replica has ended: %s" % (name, pair.replica.log()[-1500:]))
        with pair.replica.open() as c:
            there = contents(c)
        if there != held:
            raise Failed("%s: the replica has other data: %r" % (name, differences(held, there)))
    finally:
        pair.replica.follow(pair.primary) if pair.replica.alive() else None
        primary.end()
    until_in_step(pair.primary, pair.replica)


def orders(o):
    """A primary must not administer its replica."""
    stream = packet([("SELECT", 0), ("SET", "first", 1), ("CONFIG", "SET", "maxmemory", 1), ("SHUTDOWN", "NOSAVE"), ("REPLICAOF", "NO", "ONE"), ("DEBUG", "SEGFAULT"),
                     ("ACL", "SETUSER", "default", "off"), ("CLIENT", "PAUSE", 100000), ("GET", "first"), ("SET", "last", 1)])
    garbage = [b"*1000000000\r\n", b"*3\r\n$3\r\nSET\r\n$99999999999\r\n", b"*-5\r\n*1\r\n$-1\r\n", o.random.randbytes(5000), b"$4\r\nPING\r\n", b"*2\r\n+OK\r\n:5\r\n"]
    with Pair(o, load=False) as pair:
        data = snapshot(pair.primary)
        go_on = threading.Event()

        def say(s, request):
            s.sendall(b"+FULLRESYNC %040x 1\r\n$%d\r\n%s" % (o.random.getrandbits(160), len(data), data) + stream)
            go_on.wait()
            s.sendall(garbage[primary.links % len(garbage)])
            s.settimeout(3)
            s.recv(100)

        primary = Scripted(say)
        pair.replica.follow(primary)
        with pair.replica.open() as c:
            until("the end of the stream", lambda: c.do("GET", "last") == b"1")
            expect((c.ask("ROLE")[0], c.ask("CONFIG", "GET", "maxmemory")[1], c.ask("ACL", "WHOAMI")), (b"slave", b"0", b"default"), "role, maxmemory, user")
            go_on.set()
            until("all the garbage", lambda: primary.links > len(garbage))
            expect(c.ask("ROLE")[0], b"slave", "the role")
        pair.replica.follow(pair.primary)
        primary.end()
        pair.judge()


ALL = (cuts, stream, beats, stalls, slow, damage, orders, child, stop, kill, restarts)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--replica", help="another server for the replica's side")
    ap.add_argument("--only", default="")
    ap.add_argument("--cuts", type=int, default=20)
    ap.add_argument("--seconds", type=float, default=4)
    ap.add_argument("--restarts", type=int, default=5)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    o.replica = o.replica or o.server
    o.random, o.is_reference = random.Random(o.seed), "redis-server" in map(os.path.basename, (o.server, o.replica))
    print("seed %d" % o.seed)
    only = o.only.split(",") if o.only else [f.__name__ for f in ALL if not (o.is_reference and f in (damage, orders))]
    cases([(f.__name__, f, o) for f in ALL if f.__name__ in only], errors=(OSError, Error))


if __name__ == "__main__":
    main()
