#!/usr/bin/python3
"""Files go both ways between Millrace and redis-server, and come in from old versions.

interchange.py --server PATH [--reference redis-server] [--keys N] [--seed S]

Compared is everything that commands tell of every key. old: snapshots of versions 1 to 12 by old_rdb.py, each with what it held; versions
to 10 are also loaded into redis-server, which proves the writer. rdb, aof: a generated data set of all types goes by snapshot and by append-only
file (base, increments, and both after a rewrite) from one to the other; redis-check-rdb and redis-check-aof find our files good, and our tools
theirs."""
import argparse, os, random, shutil, subprocess, sys, tempfile, time
import redis

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "support"))
import old_rdb as old                         # noqa: E402
from check import check, done                # noqa: E402
from contents import contents, differences   # noqa: E402
from server import Server                     # noqa: E402

FUTURE = 4102444800000

class WithClient(Server):
    """A server and redis-py."""

    def __init__(self, path, directory, *args):
        super().__init__(path, "--enable-debug-command", "yes", *args, directory=directory)
        self.start().close()
        self.r = redis.Redis(port=self.port, socket_timeout=120)


def word(rng):
    what = rng.randrange(6)
    if what == 0:
        return str(rng.choice([0, 7, 12, 13, -1, 127, 128, -129, 32767, -32768, 8388607, -8388608, 2**31 - 1, -2**31, 2**40, -2**63, 2**63 - 1])).encode()
    if what == 1:
        return bytes(rng.randrange(256) for _ in range(rng.randrange(1, 40)))
    if what == 2:
        return b"x" * rng.choice([1, 62, 63, 64, 65, 253, 254, 255, 300, 5000])
    return b"w%d" % rng.randrange(100000)


def words(rng, n):
    return list(dict.fromkeys(word(rng) for _ in range(n)))


def old_files(o, rng):
    for version in range(1, 13):
        w, want = old.Writer(version), {}

        def add(db, kind, name, body, t, v, **how):
            w.key(kind, name, body, **how)
            at = how.get("expire_ms", how["expire_s"] * 1000 if "expire_s" in how else -1)
            if at == -1 or at > 2e12:
                want[db, name] = (t, at, v)
        for db in (0, 3):
            w.select(db)
            for i in range(12):
                n = b"%d:%d" % (version, i)
                s = word(rng)
                add(db, 0, b"s" + n, old.string(s), b"string", s)
                add(db, 0, b"late" + n, old.string(s), b"string", s, expire_ms=FUTURE) if version >= 3 else None
                add(db, 0, b"gone" + n, old.string(s), b"string", s, expire_s=1000000000)
                long = b"abc" * 50
                add(db, 0, b"lzf" + n, old.lzf(long), b"string", long)
                items = words(rng, rng.choice([1, 3, 40]))
                add(db, 1, b"l" + n, old.length(len(items)) + b"".join(map(old.string, items)), b"list", items)
                add(db, 2, b"set" + n, old.length(len(items)) + b"".join(map(old.string, items)), b"set", sorted(items))
                pairs = [(x, word(rng)) for x in items]
                add(db, 4, b"h" + n, old.length(len(pairs)) + b"".join(old.string(a) + old.string(b) for a, b in pairs), b"hash", sorted(pairs))
                scores = [(x, rng.choice([1.0, -2.5, 1e300, float("inf"), float("-inf"), 0.1])) for x in items]
                ranked = sorted(scores, key=lambda x: (x[1], x[0]))
                add(db, 3, b"z" + n, old.length(len(scores)) + b"".join(old.string(a) + old.score(b) for a, b in scores), b"zset", ranked)
                if version >= 2:
                    add(db, 9, b"zm" + n, old.string(old.zipmap(pairs)), b"hash", sorted(pairs))
                    add(db, 10, b"zl" + n, old.string(old.ziplist(items)), b"list", items)
                    numbers = sorted({rng.randrange(-2**rng.choice([7, 20, 40]), 2**20) for _ in range(10)})
                    add(db, 11, b"is" + n, old.string(old.intset(numbers)), b"set", sorted(b"%d" % x for x in numbers))
                if version >= 4:
                    add(db, 13, b"hz" + n, old.string(old.ziplist([y for p in pairs for y in p])), b"hash", sorted(pairs))
                    flat = [y for a, b in ranked for y in (a, repr(b).encode() if abs(b) != float("inf") else str(b).encode())]
                    add(db, 12, b"zz" + n, old.string(old.ziplist(flat)), b"zset", ranked)
                if version >= 7:
                    half = len(items) // 2 or 1
                    parts = [x for x in (items[:half], items[half:]) if x]
                    add(db, 14, b"ql" + n, old.length(len(parts)) + b"".join(old.string(old.ziplist(x)) for x in parts), b"list", items, idle=100)
                if version >= 9:
                    add(db, 0, b"f" + n, old.string(s), b"string", s, freq=9)
        w.module_aux() if version == 12 else None
        data = w.end()
        for name, path in ("redis-server", o.reference), ("millrace", o.server):
            if name == "redis-server" and version > 10:
                continue
            d = tempfile.mkdtemp(prefix="old-rdb-")
            with open(os.path.join(d, "dump.rdb"), "wb") as f:
                f.write(data)
            s = WithClient(path, d)
            seen = contents(s.conn())
            check("old: version %d into %s, %d keys" % (version, name, len(want)), seen == want, differences(want, seen))
            if name == "millrace":
                tool = subprocess.run([os.path.join(os.path.dirname(o.server), "millrace-check-rdb"), os.path.join(d, "dump.rdb")], capture_output=True)
                check("old: version %d, millrace-check-rdb" % version, tool.returncode == 0 and b"RDB looks OK" in tool.stdout, tool.stdout[-300:])
            s.end()
            shutil.rmtree(d)


def one_file(o, data, label, *servers):
    """What servers make of a snapshot, and their logs."""
    out = []
    for path in servers or (o.reference, o.server):
        d = tempfile.mkdtemp(prefix="old-rdb-")
        with open(os.path.join(d, "dump.rdb"), "wb") as f:
            f.write(data)
        s = WithClient(path, d)
        out.append((contents(s.conn()), s.log()))
        s.end()
        shutil.rmtree(d)
    return out


def empties(o):
    """compat 3.3: collections of nothing, as old versions wrote them."""
    w = old.Writer(10)
    w.select(0)
    nothing = [(1, old.length(0)), (2, old.length(0)), (3, old.length(0)), (4, old.length(0)), (5, old.length(0)),
               (10, old.string(old.ziplist([]))), (12, old.string(old.ziplist([]))), (13, old.string(old.ziplist([]))),
               (14, old.length(0)), (14, old.length(1) + old.string(old.ziplist([]))), (16, old.string(old.listpack([]))),
               (17, old.string(old.listpack([]))), (18, old.length(0)), (18, old.length(1) + old.length(2) + old.string(old.listpack([])))]
    for i, (kind, body) in enumerate(nothing):
        w.key(kind, b"nothing%d" % i, body, **({"expire_ms": FUTURE} if i % 2 else {}))
        w.key(0, b"s%d" % i, old.string(b"something"))
    w.key(14, b"a node of nothing", old.length(3) + b"".join(old.string(old.ziplist(x)) for x in ([b"a"], [], [b"b"])))
    (theirs, their_log), (ours, our_log) = one_file(o, w.end(), "empties")
    check("compat 3.3: empty collections of %d kinds are left out, as redis-server does" % len(nothing), ours == theirs and len(ours) == len(nothing) + 1,
          differences(theirs, ours))
    told = [line for log in (their_log, our_log) for line in log.splitlines() if "empty keys skipped: %d" % len(nothing) in line]
    w = old.Writer(10)
    w.select(0)
    for i, body in enumerate((old.zipmap([]), old.intset([]))):  # redis-server calls these damaged
        w.key((9, 11)[i], b"nothing%d" % i, old.string(body))
    w.key(0, b"s", old.string(b"something"))
    ((seen, log),) = one_file(o, w.end(), "more empties", o.server)
    check("compat 3.3: an empty zipmap and an empty intset are left out", len(seen) == 1 and "empty keys skipped: 2" in log, log[-300:])
    check("compat 3.3: the log says how many", len(told) == 2, (their_log[-500:], our_log[-500:]))


def old_groups(o):
    """compat 3.12: groups of a stream of Redis 5 or 6 never counted what they read."""
    w = old.Writer(9)
    w.select(0)
    n = 0
    for ids in ([], [(5, 0)], [(5, 0), (6, 0)], [(5, 1), (5, 2), (7, 0), (9, 4)]):
        for last in [(9, 4), (20, 0)]:
            if ids and last < ids[-1]:
                continue
            groups = [(b"g%d-%d" % at, at) for at in [(0, 0), (4, 9), (5, 0), (5, 1), (5, 2), (6, 0), (7, 0), (9, 4), (20, 0), (30, 1)]]
            w.key(15, b"stream%d" % n, old.stream(ids, last, groups))
            n += 1
    (theirs, _), (ours, _) = one_file(o, w.end(), "groups")
    check("compat 3.12: entries-read of groups of %d streams of Redis 6" % n, ours == theirs and len(ours) == n, differences(theirs, ours))


def fill(r, rng, n):
    pipe = r.pipeline(transaction=False)
    for i in range(n):
        k = b"k%d" % i
        what = rng.randrange(12)
        many = rng.choice([1, 2, 8, 40, 150, 600]) if i % 10 == 0 else rng.choice([1, 3, 9])
        if what < 2:
            pipe.set(k, word(rng))
        elif what < 4:
            pipe.rpush(k, *[word(rng) for _ in range(many)])
        elif what == 4:
            pipe.sadd(k, *[rng.randrange(-10**rng.choice([2, 5, 12]), 10**5) for _ in range(many)])
        elif what == 5:
            pipe.sadd(k, *words(rng, many))
        elif what < 8:
            pipe.hset(k, mapping={x: word(rng) for x in words(rng, many)})
        elif what < 10:
            pipe.zadd(k, {x: rng.choice([rng.random() * 100, rng.randrange(100), float("inf"), -1e200]) for x in words(rng, many)})
        else:
            for e in range(many):
                pipe.xadd(k, {word(rng): word(rng)} if e % 3 else {b"a": word(rng), b"b": word(rng)}, id="%d-%d" % (e + 1, rng.randrange(3)))
            pipe.xgroup_create(k, "g1", "0")
            pipe.xgroup_create(k, "g2", "$")
            pipe.xreadgroup("g1", "c%d" % rng.randrange(2), {k: ">"}, count=rng.randrange(1, 20))
            pipe.xgroup_createconsumer(k, "g1", "idle")
            if rng.randrange(2):
                pipe.execute_command("XACK", k, "g1", "1-0", "1-1", "2-0")
                pipe.execute_command("XCLAIM", k, "g1", "c9", 0, "3-0", "3-1", "3-2")
            if rng.randrange(3) == 0:
                pipe.execute_command("XDEL", k, "2-0", "2-1", "2-2")
        if rng.randrange(8) == 0:
            pipe.pexpireat(k, FUTURE + rng.randrange(10**6))
        if len(pipe) > 400:
            pipe.execute()
    pipe.execute()
    r.execute_command("SELECT", 5)
    r.set("elsewhere", "x")
    r.execute_command("SELECT", 0)
    r.function_load("#!lua name=lib%d\nredis.register_function('f%d', function(k, a) return a[1] end)" % (rng.randrange(1000), rng.randrange(1000)), replace=True)


def change(r, rng, n):
    """Ends up in the increments."""
    for i in rng.sample(range(n), min(n, 300)):
        k = "k%d" % i
        what = rng.randrange(6)
        t = r.type(k)
        if what == 0:
            r.delete(k)
        elif what == 1:
            r.rename(k, "r%d" % i) if t != b"none" else None
        elif t == b"list":
            r.lmove(k, "l2", "LEFT", "RIGHT")
        elif t == b"stream":
            r.xadd(k, {"x": "y"}, maxlen=rng.randrange(1, 30))
            r.xreadgroup("g1", "c0", {k: ">"}, count=5)
            r.execute_command("XAUTOCLAIM", k, "g1", "c1", 0, "-", "COUNT", 3)
        elif t == b"string":
            r.append(k, "more")
        elif t == b"zset":
            r.zpopmin(k)
        elif t == b"hash":
            r.hincrby(k, "a number", 5)
        elif t == b"set":
            r.spop(k)
    with r.pipeline() as p:
        p.set("tx", 1).rpush("tl", "a", "b")
        p.execute()
    r.eval("for i = 1, 5 do redis.call('RPUSH', 'fromlua', i) end", 0)


def settle(r):
    for _ in range(3000):
        i = r.info("persistence")
        if not i["aof_rewrite_in_progress"] and not i.get("aof_rewrite_scheduled") and not i["rdb_bgsave_in_progress"]:
            return
        time.sleep(0.01)


def without_orphans(seen):
    """redis-server drops a pending entry whose message was deleted when it is told of it by a command (its own bases of commands as well), and
    whether the consumer that had nothing else is there then is chance: of consumers those with pending messages count, and the one that never read."""
    out = {}
    for k, (t, at, v) in seen.items():
        if t == b"stream":
            there = {i for i, *_ in v[0]}
            groups = []
            for n, last, read, pending, names in v[2]:
                pending = [p for p in pending if p[0] in there]
                groups.append((n, last, read, pending, [c for c in names if c == b"idle" or c in {p[1] for p in pending}]))
            v = (v[0], v[1], sorted(groups, key=str))
        out[k] = (t, at, v)
    return out


def both_ways(o, rng, preamble):
    for name, source, target in ("redis-server to millrace", o.reference, o.server), ("millrace to redis-server", o.server, o.reference):
        name += "" if preamble == "yes" else ", bases of commands"
        ours = ("--rdb-compat", "10") if source == o.server else ()
        theirs = ("--rdb-compat", "10") if target == o.server else ()
        d = tempfile.mkdtemp(prefix="interchange-")
        s = WithClient(source, d, "--appendonly", "yes", "--aof-timestamp-enabled", "yes", "--aof-use-rdb-preamble", preamble, *ours)
        fill(s.r, rng, o.keys)
        s.r.save()
        saved = contents(s.conn())
        libraries = s.r.function_list(withcode=True)
        tools = os.path.dirname(o.server)

        def load(what, want, *args):
            copy = tempfile.mkdtemp(prefix="interchange-")
            shutil.copytree(d, copy, dirs_exist_ok=True)
            if args and source == o.reference:
                # What its own append-only file makes of it: it forgets how far groups have read.
                again = tempfile.mkdtemp(prefix="interchange-")
                shutil.copytree(d, again, dirs_exist_ok=True)
                t = WithClient(source, again, *args)
                want = contents(t.conn())
                t.end()
                shutil.rmtree(again)
            t = WithClient(target, copy, *theirs, *args)
            seen = contents(t.conn())
            if preamble == "no" and args:
                want, seen = without_orphans(want), without_orphans(seen)
            check("%s: %s, %d keys" % (name, what, len(want)), seen == want and len(t.r.function_list()) == len(libraries), differences(want, seen))
            t.end()
            shutil.rmtree(copy)

        def run(*args):
            p = subprocess.run(args, capture_output=True, cwd=d)
            check("%s: %s" % (name, " ".join(os.path.basename(a) for a in args)), p.returncode == 0, (p.stdout + p.stderr)[-400:])
        load("a snapshot", saved)
        aof = ("--appendonly", "yes")
        load("base and increments", saved, *aof)
        change(s.r, rng, o.keys)
        load("increments with changes", contents(s.conn()), *aof)
        s.r.execute_command("BGREWRITEAOF")
        settle(s.r)
        kind = "rdb" if preamble == "yes" else "aof"
        check("%s: the base is .%s" % (name, kind), [x for x in os.listdir(os.path.join(d, "appendonlydir")) if x.endswith(".base." + kind)], "")
        load("after a rewrite", contents(s.conn()), *aof)
        change(s.r, rng, o.keys)
        load("after a rewrite and changes", contents(s.conn()), *aof)
        manifest = os.path.join("appendonlydir", "appendonly.aof.manifest")
        for tool in ("redis-check-rdb", os.path.join(tools, "millrace-check-rdb")):
            run(tool, "dump.rdb")
        for tool in ("redis-check-aof", os.path.join(tools, "millrace-check-aof")):
            run(tool, manifest)
        s.end()
        shutil.rmtree(d)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--reference", default="redis-server")
    ap.add_argument("--keys", type=int, default=2000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("what", nargs="*", default=["old", "both"])
    o = ap.parse_args()
    o.server = os.path.abspath(o.server)
    rng = random.Random(o.seed)
    if "old" in o.what:
        old_files(o, rng)
        empties(o)
        old_groups(o)
    if "both" in o.what:
        both_ways(o, rng, "yes")
        o.keys //= 3
        both_ways(o, rng, "no")  # compat 3.9
    done()


if __name__ == "__main__":
    main()
