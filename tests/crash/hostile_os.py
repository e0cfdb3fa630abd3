#!/usr/bin/env python3
"""A wall clock that steps, a disk that takes seconds to sync, forks that fail. usage: hostile_os.py SERVER [PART OF A NAME...]

What docs/guides/durability.md says of them, shown with hostile_os.c under the unmodified server. Nothing here is judged by how long it
takes: only by what comes before what, and by what is there after a kill. Prints "ok NAME" or "not ok NAME: why"."""
import mmap, os, socket, struct, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, cases, expect, until                  # noqa: E402
from resp import Error, info, packet, request                   # noqa: E402
from server import Refused, Server                              # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CLOCK, SYNC, FORKS, SYNCS, WRITES = 0, 8, 16, 24, 32
HOUR = 3600000


class Machine(Server):
    """A server whose clock, disk and forks do what a page of memory says, which hostile_os.c reads in it; it also counts there."""

    def __init__(self, path, lib):
        super().__init__(path, "--appendonly", "yes", "--enable-debug-command", "yes", env={"LD_PRELOAD": lib})
        self.env["HOSTILE_OS_PAGE"] = page = os.path.join(self.home, "page")
        with open(page, "wb") as f:
            f.write(bytes(40))
        self.file = open(page, "r+b")
        self.page = mmap.mmap(self.file.fileno(), 40)

    def set(self, what, value):
        struct.pack_into("<q", self.page, what, value)

    def get(self, what):
        return struct.unpack_from("<q", self.page, what)[0]

    def end(self):
        super().end()
        self.page.close()
        self.file.close()


def slow_sync_begins(s, c):
    """A write whose sync takes minutes: it is answered when it is written."""
    s.set(SYNC, 0)
    until("everything synced", lambda: info(c, "aof_unsynced_bytes") == "0")
    begun = s.get(SYNCS)
    s.set(SYNC, 600000)
    expect(c.ask("SET", "early", "1"), b"OK", "a write while nothing is being synced")
    until("a sync", lambda: s.get(SYNCS) > begun)


def held(s, reader, happened):
    """Waits for what happens to a batch: True: it is held, because the sync is older than a second; False: happened()."""
    before = int(info(reader, "aof_delayed_fsync"))
    until("an end of waiting", lambda: happened() or int(info(reader, "aof_delayed_fsync")) > before)
    return not happened()


def slow_disk(s, policy):
    c = s.start("--appendfsync", policy)
    reader = s.conn()
    expect(c.ask("SET", "other", "1"), b"OK", "a write")
    beside = 0
    if policy == "everysec":
        # Each is written beside the sync by a thread of its own, until the sync is a second old.
        for _ in range(20):
            slow_sync_begins(s, c)
            first = beside
            while True:
                c.send("SET", "late", beside)
                if held(s, reader, lambda: not c.silent()):
                    break
                expect(c.reply(), b"OK", "a write beside a sync")
                beside += 1
            if beside > first:
                break
            s.set(SYNC, 0)
            expect(c.reply(), b"OK", "a reply after the sync")
        if beside == 0:
            raise Failed("nothing was answered beside a sync")
    else:
        until("everything synced", lambda: info(c, "aof_unsynced_bytes") == "0")
        s.set(SYNC, 600000)
        begun = s.get(SYNCS)
        c.send("SET", "late", beside)
        until("a sync", lambda: s.get(SYNCS) > begun)
    for _ in range(200):
        expect(reader.ask("GET", "other"), b"1", "a read while a sync is under way")
    expect(c.silent(), True, "no reply to a write during a sync")
    s.set(SYNC, 0)
    expect(c.reply(), b"OK", "the reply comes with the end of the sync")
    s.kill()
    c = s.start("--appendfsync", policy)
    expect(c.ask("GET", "late"), b"%d" % beside, "what was acknowledged")
    s.kill()


def killed_beside(s):
    """What was answered in the first second of a sync was written: a kill takes nothing of it."""
    beside = 0
    for round in range(5):
        c = s.start("--appendfsync", "everysec")
        reader = s.conn()
        slow_sync_begins(s, c)
        n = 0
        while n < 40 * (round + 1):
            c.write(request("RPUSH", "q%d" % round, n) + request("SET", "last", n))
            if held(s, reader, lambda: not c.silent()):
                break
            expect([c.reply(), c.reply()], [n + 1, b"OK"], "two writes")
            n += 1
        s.kill()
        s.set(SYNC, 0)
        c = s.start("--appendfsync", "everysec")
        got = c.ask("LRANGE", "q%d" % round, "0", "-1")
        if got[:n] != [b"%d" % i for i in range(n)] or len(got) > n + 1:
            raise Failed("%d of %d are there" % (len(got), n))
        s.kill()
        beside += n
    if beside == 0:
        raise Failed("nothing was answered beside a sync")


def full_beside(s):
    """A write beside a sync that fails: nobody hears of it until it is made good."""
    c = s.start("--appendfsync", "everysec", "--aof-disk-reserve", "0")
    reader = s.conn()

    def failed():
        return info(reader, "aof_last_write_status") == "err"

    for _ in range(20):
        slow_sync_begins(s, c)
        s.set(WRITES, 1)
        c.send("SET", "late", "1")
        if not held(s, reader, failed):
            break
        s.set(WRITES, 0)
        s.set(SYNC, 0)
        expect(c.reply(), b"OK", "a reply after the sync")
    expect(failed(), True, "a write beside a sync fails")
    expect(c.silent(), True, "no reply to a write that failed")
    try:
        got = reader.ask("SET", "refused", "1")
    except Error as e:
        got = e
    expect(isinstance(got, Error) and str(got).startswith("MISCONF"), True, "the next write is refused, not %r" % (got,))
    expect(reader.ask("GET", "early"), b"1", "a read")
    s.set(WRITES, 0)
    s.set(SYNC, 0)
    expect(c.reply(), b"OK", "the reply comes when it is written")
    until("an end of the failure", lambda: not failed())
    expect(reader.ask("SET", "after", "1"), b"OK", "the next write")
    s.kill()
    c = s.start("--appendfsync", "everysec")
    expect([c.ask("GET", k) for k in ("early", "late", "after", "refused")], [b"1", b"1", b"1", None], "after a kill")
    s.kill()


def script_and_sync(s):
    """A sync that began while a script let others have their turn: the script's reply waits for its write. With one look a second by
    itself the server finds the sync due only when the script lets it."""
    c = s.start("--appendfsync", "everysec", "--busy-reply-threshold", "100", "--hz", "1")
    reader, other = s.conn(), s.conn()
    script = "redis.call('set', KEYS[1], ARGV[2]) local n = 0 while n < tonumber(ARGV[1]) do n = n + 1 end return redis.call('set', KEYS[2], ARGV[2])"
    for round in range(20):
        time.sleep(1.2)
        expect(c.ask("SET", "early", "1"), b"OK", "a write with a sync at once")
        time.sleep(0.3)
        expect(c.ask("SET", "early", "2"), b"OK", "a write without one")
        time.sleep(0.75 + round % 4 * 0.05)
        begun = s.get(SYNCS)
        s.set(SYNC, 600000)
        c.send("EVAL", script, 2, "first", "second", 30000000, round)
        until("the script", lambda: busy(reader))
        other.send("GET", "first")
        until("the end of the script", lambda: busy(reader) is False)
        overtaken = s.get(SYNCS) > begun
        # Either it was written beside the sync, or its reply is held.
        if overtaken and c.silent():
            expect(other.silent() or isinstance(other.answer(), Error), True, "nobody has seen what it did")
            s.set(SYNC, 0)
        if not overtaken:
            s.set(SYNC, 0)
        expect(c.reply(), b"OK", "the script's reply")
        if overtaken:
            break
        other.answer()
    if not overtaken:
        raise Failed("no sync overtook a script")
    s.kill()
    s.set(SYNC, 0)
    c = s.start("--appendfsync", "everysec")
    expect([c.ask("GET", "first"), c.ask("GET", "second")], [b"%d" % round] * 2, "what the script did")
    s.kill()


# What changes data, and the keys whose readers have to wait for it: name, what is there before, the change, the keys. DB n: in that database.
LIBRARY = "#!lua name=lib\nredis.register_function('f', function() return 1 end)"
CHANGES = [
    ("SET", [], ["SET", "k", "1"], ["k"]),
    ("INCR", [["SET", "k", "1"]], ["INCR", "k"], ["k"]),
    ("APPEND", [["SET", "k", "1"]], ["APPEND", "k", "1"], ["k"]),
    ("MSET", [], ["MSET", "a", "1", "b", "1"], ["a", "b"]),
    ("GETDEL", [["SET", "k", "1"]], ["GETDEL", "k"], ["k"]),
    ("DEL", [["MSET", "a", "1", "b", "1"]], ["DEL", "a", "b"], ["a", "b"]),
    ("UNLINK", [["SET", "k", "1"]], ["UNLINK", "k"], ["k"]),
    ("EXPIRE", [["SET", "k", "1"]], ["EXPIRE", "k", "100"], ["k"]),
    ("PERSIST", [["SET", "k", "1", "EX", "100"]], ["PERSIST", "k"], ["k"]),
    ("RENAME", [["SET", "a", "1"]], ["RENAME", "a", "b"], ["a", "b"]),
    ("COPY", [["SET", "a", "1"]], ["COPY", "a", "b"], ["b"]),
    ("COPY to another database", [["SET", "a", "1"]], ["COPY", "a", "b", "DB", "1"], [("b", 1)]),
    ("MOVE", [["SET", "k", "1"]], ["MOVE", "k", "1"], ["k", ("k", 1)]),
    ("RESTORE", [], ["RESTORE", "k", "0", None], ["k"]),
    ("LPUSH", [], ["LPUSH", "k", "1"], ["k"]),
    ("LMOVE", [["RPUSH", "a", "1", "2"]], ["LMOVE", "a", "b", "LEFT", "LEFT"], ["a", "b"]),
    ("HSET", [], ["HSET", "k", "f", "1"], ["k"]),
    ("HDEL", [["HSET", "k", "f", "1"]], ["HDEL", "k", "f"], ["k"]),
    ("HPEXPIRE", [["HSET", "k", "f", "1"]], ["HPEXPIRE", "k", "100000", "FIELDS", "1", "f"], ["k"]),
    ("SADD", [], ["SADD", "k", "1"], ["k"]),
    ("SMOVE", [["SADD", "a", "1", "2"]], ["SMOVE", "a", "b", "1"], ["a", "b"]),
    ("SUNIONSTORE", [["SADD", "a", "1"]], ["SUNIONSTORE", "k", "a"], ["k"]),
    ("ZADD", [], ["ZADD", "k", "1", "m"], ["k"]),
    ("ZPOPMIN", [["ZADD", "k", "1", "m"]], ["ZPOPMIN", "k"], ["k"]),
    ("SORT STORE", [["RPUSH", "a", "2", "1"]], ["SORT", "a", "STORE", "k"], ["k"]),
    ("PFADD", [], ["PFADD", "k", "1"], ["k"]),
    ("SETBIT", [], ["SETBIT", "k", "1", "1"], ["k"]),
    ("GEOADD", [], ["GEOADD", "k", "1", "1", "m"], ["k"]),
    ("XADD", [], ["XADD", "k", "*", "f", "v"], ["k"]),
    ("XTRIM", [["XADD", "k", "*", "f", "v"]], ["XTRIM", "k", "MAXLEN", "0"], ["k"]),
    ("XGROUP CREATE", [], ["XGROUP", "CREATE", "k", "g", "$", "MKSTREAM"], ["k"]),
    ("XREADGROUP", [["XGROUP", "CREATE", "k", "g", "$", "MKSTREAM"], ["XADD", "k", "*", "f", "v"]],
     ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"], ["k"]),
    ("EVAL", [], ["EVAL", "redis.call('set', KEYS[1], 1) return redis.call('set', 'other key', 1)", "1", "k"], ["k", "other key"]),
    ("FLUSHALL", [["SET", "k", "1"]], ["FLUSHALL"], ["k", ("k", 1)]),
    ("FLUSHALL ASYNC", [["SET", "k", "1"]], ["FLUSHALL", "ASYNC"], ["k", ("k", 1)]),
    ("FLUSHDB", [["SET", "k", "1"]], ["FLUSHDB"], ["k"]),
    ("SWAPDB", [["SET", "k", "1"]], ["SWAPDB", "0", "1"], ["k", ("k", 1)]),
    ("FUNCTION LOAD", [], ["FUNCTION", "LOAD", LIBRARY], [None]),
    ("FUNCTION DELETE", [["FUNCTION", "LOAD", LIBRARY]], ["FUNCTION", "DELETE", "lib"], [None]),
]

# Whoever asks for a key, and for all of them. Replies do not matter, only when they come.
READS = {
    "EXISTS": lambda k: [["EXISTS", k]], "TYPE": lambda k: [["TYPE", k]], "PTTL": lambda k: [["PTTL", k]], "DUMP": lambda k: [["DUMP", k]],
    "GET": lambda k: [["GET", k]], "LRANGE": lambda k: [["LRANGE", k, "0", "-1"]], "HGETALL": lambda k: [["HGETALL", k]],
    "SMEMBERS": lambda k: [["SMEMBERS", k]], "ZCARD": lambda k: [["ZCARD", k]], "XINFO": lambda k: [["XINFO", "STREAM", k]],
    "OBJECT": lambda k: [["OBJECT", "ENCODING", k]], "MEMORY": lambda k: [["MEMORY", "USAGE", k]],
    "MGET": lambda k: [["MGET", "nothing", k]], "MULTI": lambda k: [["MULTI"], ["EXISTS", k], ["EXEC"]],
    "EVAL": lambda k: [["EVAL", "return redis.call('exists', '%s')" % k, "0"]],
    "SORT GET": lambda k: [["SORT", "list", "BY", "nosort", "GET", k[:-1] + "*"]],
    "KEYS": lambda k: [["KEYS", "*"]], "SCAN": lambda k: [["SCAN", "0"]], "DBSIZE": lambda k: [["DBSIZE"]], "RANDOMKEY": lambda k: [["RANDOMKEY"]],
    "FCALL": lambda k: [["FCALL", "f", "1", "anything"]], "FUNCTION LIST": lambda k: [["FUNCTION", "LIST"]],
}


def settle(s, admin):
    s.set(SYNC, 0)
    until("everything synced", lambda: info(admin, "aof_unsynced_bytes") == "0")


def processed(admin):
    """All that was sent before has been run, and what may leave has left: two turns."""
    for _ in range(2):
        admin.ask("PING")


def begin_change(s, admin, change):
    """Runs it with a sync that does not end."""
    settle(s, admin)
    s.set(SYNC, 600000)
    change()
    until("the change", lambda: info(admin, "aof_unsynced_bytes") != "0")


def check_held(s, admin, what, readers, free):
    """readers: name -> connection and requests, which are all held; free: answered at once."""
    for c, requests in list(readers.values()) + list(free.values()):
        c.write(packet(requests))
    processed(admin)
    early = [name for name, (c, _) in readers.items() if not c.silent()]
    late = [name for name, (c, _) in free.items() if c.silent()]
    # MULTI and what is queued may be answered, EXEC not.
    early = [name for name in early if name.split()[0] != "MULTI" or answered(readers[name][0]) > 2]
    if early or late:
        raise Failed("%s: answered before it was on the disk: %s; held without need: %s" % (what, early, late))
    s.set(SYNC, 0)
    for name, (c, requests) in list(readers.items()) + list(free.items()):
        for _ in requests[2:] if name.split()[0] == "MULTI" else requests:
            c.answer()


def answered(c):
    n = 0
    while not c.silent() and n < 3:
        c.answer()
        n += 1
    return n


def every_pair(s):
    """The table of the gate: whatever changes data, whoever reads it waits until the change is on the disk. faults D10."""
    admin = s.start("--appendfsync", "always", "--maxmemory-policy", "allkeys-random")
    writer = s.conn()
    connections = {}

    def connection(name, db):
        if (name, db) not in connections:
            c = connections[name, db] = s.conn()
            c.ask("SELECT", db)
        return connections[name, db]

    writer.ask("SET", "k", "restored")
    dump = writer.ask("DUMP", "k")
    for name, before, change, keys in CHANGES:
        s.set(SYNC, 0)
        writer.ask("FLUSHALL")
        writer.ask("FUNCTION", "FLUSH")
        writer.ask("RPUSH", "list", *[k if isinstance(k, str) else "k" for k in keys])
        for b in before:
            writer.ask(*b)
        begin_change(s, admin, lambda: writer.write(request(*[dump if x is None else x for x in change])))
        readers = {}
        for k in keys:
            key, db = k if isinstance(k, tuple) else (k or "k", 0)
            for read, requests in READS.items():
                if k is None and read not in ("FCALL", "FUNCTION LIST", "EVAL", "MULTI") or k is not None and read in ("FCALL", "FUNCTION LIST"):
                    continue
                readers["%s %s %d" % (read, key, db)] = (connection("%s %s" % (read, key), db), requests(key))
        free = {"PING": (connection("PING", 0), [["PING"]])}
        if not name.startswith(("FLUSH", "SWAPDB", "FUNCTION")):
            free["GET untouched"] = (connection("GET untouched", 0), [["GET", "untouched"]])
        check_held(s, admin, name, readers, free)
        writer.answer()
    s.kill()


def what_the_server_does(s):
    """The same of what no command does: expiry, eviction. And of what is told to others: events, invalidations, MONITOR, messages, served clients."""
    admin = s.start("--appendfsync", "always", "--maxmemory-policy", "allkeys-random", "--notify-keyspace-events", "KEA", "--hz", "100")
    c, reader, feed, monitor, waiter, cache = [s.conn() for _ in range(6)]
    admin.ask("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    c.ask("SET", "gone", "1", "PX", "1")
    c.ask("HSET", "hash", "f", "1", "g", "1")
    c.ask("HPEXPIRE", "hash", "1", "FIELDS", "1", "f")
    time.sleep(0.02)
    begin_change(s, admin, lambda: admin.ask("DEBUG", "SET-ACTIVE-EXPIRE", "1"))
    until("both", lambda: info(admin, "expired_keys") == "1" and info(admin, "expired_subkeys") == "1")
    check_held(s, admin, "expiry", {"GET": (reader, [["GET", "gone"]]), "HLEN": (waiter, [["HLEN", "hash"]])}, {"other": (c, [["GET", "other"]])})
    names = ["e%d" % i for i in range(10)]
    for n in names:
        c.ask("SET", n, "x" * 300000)
    begin_change(s, admin, lambda: admin.ask("CONFIG", "SET", "maxmemory", int(info(admin, "used_memory")) - 1500000))
    until("evictions", lambda: int(info(admin, "evicted_keys")) > 0)
    check_held(s, admin, "eviction", {"EXISTS": (reader, [["EXISTS"] + names])}, {"other": (c, [["GET", "other"]])})
    settle(s, admin)
    admin.ask("CONFIG", "SET", "maxmemory", "0")
    feed.send("PSUBSCRIBE", "*")
    feed.reply()
    monitor.ask("MONITOR")
    cache.ask("SUBSCRIBE", "__redis__:invalidate")
    reader.ask("CLIENT", "TRACKING", "ON", "REDIRECT", client_id(cache, admin))
    reader.ask("GET", "k")
    while not monitor.silent():
        monitor.reply()
    waiter.send("BLPOP", "list", "0")
    processed(admin)
    for name, change in (("SET", request("SET", "k", "2")), ("RPUSH", request("RPUSH", "list", "1")), ("PUBLISH", request("SET", "m", "1") + request("PUBLISH", "news", "1")),
                         ("EVAL", request("EVAL", "redis.call('set', 'm', 2) return redis.call('publish', 'news', 2)", "0")),
                         ("MULTI", request("MULTI") + request("SET", "m", "3") + request("PUBLISH", "news", "3") + request("EXEC"))):
        settle(s, admin)
        processed(admin)
        for x in (feed, monitor, cache):
            while not x.silent():
                x.reply()
        begin_change(s, admin, lambda: c.write(change))
        processed(admin)
        told = [n for n, x in (("event", feed), ("invalidation", cache), ("BLPOP", waiter)) if not x.silent()]
        expect(told, [], name + ": told before it was on the disk")
        s.set(SYNC, 0)
        c.answer()
        expect(feed.reply()[0], b"pmessage", name + ": then it is told")
        if name == "SET":
            expect(cache.reply()[2], [b"k"], "the invalidation")
        if name == "RPUSH":
            expect(waiter.reply(), [b"list", b"1"], "who waited")
        if name == "PUBLISH":
            c.answer()
        if name == "MULTI":
            for _ in range(3):
                c.answer()
    s.kill()


def client_id(c, admin):
    port = c.s.getsockname()[1]
    for line in admin.ask("CLIENT", "LIST").decode().splitlines():
        if ":%d " % port in line:
            return line.split()[0].split("=")[1]
    raise Failed("no such client")


def busy(c):
    try:
        c.ask("GET", "early")
    except Error as e:
        return str(e).startswith("BUSY") or e
    return False


def gone(c):
    """The connection is closed, and nothing came before that."""
    try:
        got = c.reply()
    except ConnectionError:
        return True
    except Error as e:
        got = e
    raise Failed("a reply where none is true: %r" % (got,))


def no_base_yet(s):
    """While an append-only file that was turned on has no base, nothing in it is on the disk. faults D2."""
    c = s.start("--appendonly", "no", "--rdb-key-save-delay", "50000")
    durable, waits, plain, killed = [s.conn() for _ in range(4)]
    c.ask("MSET", *[x for i in range(40) for x in ("old%d" % i, "1")])
    expect(c.ask("CONFIG", "SET", "appendonly", "yes", "appendfsync", "everysec"), b"OK", "on")
    expect(durable.ask("CLIENT", "DURABLE", "ON"), b"OK", "DURABLE")
    durable.send("SET", "order", "paid")
    expect(plain.ask("SET", "plain", "1"), b"OK", "a plain write with everysec")
    expect(plain.ask("WAITAOF", "1", "0", "50"), [0, 0], "WAITAOF without a base")
    waits.send("WAITAOF", "1", "0", "0")
    expect(c.ask("CONFIG", "SET", "appendfsync", "always"), b"OK", "always")
    killed.send("SET", "always", "1")
    processed(c)
    expect(info(c, "aof_rewrite_in_progress"), "1", "the base is being written")
    expect([durable.silent(), waits.silent(), killed.silent()], [True] * 3, "no reply that would not be true")
    # What waits for it in vain: the file is turned off.
    expect(c.ask("CONFIG", "SET", "appendonly", "no"), b"OK", "off")
    gone(durable)
    expect(killed.reply(), b"OK", "nothing is promised now")
    expect(isinstance(waits.answer(), Error), True, "WAITAOF without a file")
    expect(plain.ask("CLIENT", "LIST").count(b"id="), 4, "the others stay")
    s.kill()
    # The base comes: all replies do.
    c = s.start("--appendonly", "no", "--rdb-key-save-delay", "50000")
    durable, waits = s.conn(), s.conn()
    c.ask("MSET", *[x for i in range(20) for x in ("old%d" % i, "1")])
    durable.write(request("CONFIG", "SET", "appendonly", "yes", "appendfsync", "always") + request("SET", "same turn", "1"))
    expect(durable.reply(), b"OK", "the setting")
    waits.send("WAITAOF", "1", "0", "0")
    processed(c)
    expect([durable.silent(), waits.silent()], [True] * 2, "a write behind it waits for the base")
    expect(durable.reply(), b"OK", "the write")
    expect(waits.reply(), [1, 0], "WAITAOF")
    s.kill()
    c = s.start()
    expect(c.ask("MGET", "same turn", "old19"), [b"1", b"1"], "after a kill")
    # DURABLE without a file to wait for.
    durable = s.conn()
    durable.ask("CLIENT", "DURABLE", "ON")
    c.ask("CONFIG", "SET", "appendonly", "no")
    for requests in ([["SET", "x", "1"]], [["MULTI"], ["SET", "x", "1"], ["EXEC"]], [["EVAL", "return redis.call('set', 'x', 1)", "0"]]):
        durable.write(packet(requests))
        expect("appendonly is off" in str([durable.answer() for _ in requests]), True, "refused: %r" % (requests[-1],))
    expect(durable.ask("GET", "x"), None, "nothing was done")
    s.kill()


def durable_in_scripts(s):
    """DURABLE within a script makes its caller wait, with any policy. faults D3."""
    c = s.start("--appendfsync", "no")
    other, watch = s.conn(), s.conn()
    c.ask("XADD", "x", "DURABLE", "IDMP", "p", "1", "*", "f", "v")
    script = "return redis.call('xadd', KEYS[1], unpack(ARGV))"
    c.ask("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function(k, a) return redis.call('xadd', k[1], unpack(a)) end)")
    for name, requests, flag in (("EVAL", [["EVAL", script, "1", "x", "DURABLE", "*", "f", "v"]], False),
                                 ("FCALL", [["FCALL", "f", "1", "x", "DURABLE", "*", "f", "v"]], False),
                                 ("what was there", [["EVAL", script, "1", "x", "DURABLE", "IDMP", "p", "1", "*", "f", "v"]], False),
                                 ("EVAL in MULTI", [["MULTI"], ["EVAL", script, "1", "x", "DURABLE", "*", "f", "v"], ["EXEC"]], False),
                                 ("CLIENT DURABLE", [["EVAL", script, "1", "x", "*", "f", "v"]], True),
                                 ("CLIENT DURABLE, what was there", [["EVAL", script, "1", "x", "IDMP", "p", "1", "*", "f", "v"]], True)):
        c.ask("CLIENT", "DURABLE", "ON" if flag else "OFF")
        s.set(SYNC, 0)
        watch.ask("SET", "before", "0")
        watch.ask("WAITAOF", "1", "0", "0")
        s.set(SYNC, 600000)
        begun = s.get(SYNCS)
        other.ask("SET", "before", "1")  # so that there is something to sync in any case
        c.write(packet(requests))
        until(name + ": a sync", lambda: s.get(SYNCS) > begun)
        processed(watch)
        for _ in requests[1:]:
            c.reply()
        expect(c.silent(), True, name + ": no reply before the sync")
        s.set(SYNC, 0)
        c.reply()
    c.ask("CLIENT", "DURABLE", "ON")
    s.set(SYNC, 600000)
    other.ask("SET", "before", "1")
    expect(c.ask("EVAL", "return redis.call('get', 'nothing')", "0"), None, "a script that writes nothing")
    s.kill()


def killed_with_held_replies(s):
    """Who is closed gets what the gate has released and no more. faults D4."""
    c = s.start("--appendfsync", "always")
    for self_first in (True, False):
        a, b = s.conn(), s.conn()
        number = a.ask("CLIENT", "ID")
        settle(s, c)
        s.set(SYNC, 600000)
        a.write(request("GET", "nothing") + request("SET", "a", "1") + (request("CLIENT", "KILL", "ID", number, "SKIPME", "no") if self_first else b""))
        until("the write", lambda: info(c, "aof_unsynced_bytes") != "0")
        b.send("CLIENT", "KILL", "ID", number)
        processed(c)
        expect(a.reply(), None, "what depends on nothing")
        if not self_first or not a.silent():
            gone(a)
        s.set(SYNC, 0)
    # Who only asks for nothing more gets its own, once it is true.
    for requests, want in (([["SET", "a", "2"]], [b"OK"]), ([["SET", "a", "3"], ["BLPOP", "none", "0"]], [b"OK"]), ([["LPUSH", "l", "x"], ["BLPOP", "l", "0"]], [1, [b"l", b"x"]])):
        a = s.conn()
        settle(s, c)
        s.set(SYNC, 600000)
        a.write(packet(requests))
        until("the write", lambda: info(c, "aof_unsynced_bytes") != "0")
        a.s.shutdown(socket.SHUT_WR)
        processed(c)
        expect(a.silent(), True, "nothing yet, and no end")
        expect(info(c, "blocked_clients"), "0", "nobody waits who is gone")
        s.set(SYNC, 0)
        expect([a.reply() for _ in want], want, "its replies")
        gone(a)
    s.kill()


def policy(s):
    """Asked by a new client: one whose request comes in the turn that changes it is held as well."""
    c = s.conn()
    c.s.settimeout(1)
    try:
        return c.ask("CONFIG", "GET", "appendfsync")[1]
    except OSError:
        return None


def policy_in_mid_turn(s):
    """What comes behind CONFIG SET in the same packet is answered by the new policy. faults D5."""
    c = s.start("--appendfsync", "everysec")
    admin = s.conn()
    always = ["CONFIG", "SET", "appendfsync", "always"]
    for said, requests in ((1, [always, ["SET", "x", "1"]]), (0, [["SET", "y", "1"], always, ["GET", "y"]]),
                           (3, [["MULTI"], always, ["SET", "x", "2"], ["EXEC"]]), (1, [always, ["GET", "before"]])):
        s.set(SYNC, 0)
        admin.ask("CONFIG", "SET", "appendfsync", "everysec")
        admin.ask("SET", "before", "1")
        settle(s, admin)  # a sync has just been
        s.set(SYNC, 600000)
        admin.ask("SET", "before", "2")
        c.write(packet(requests))
        until("the setting", lambda: policy(s) == b"always")
        for _ in range(said):
            expect(isinstance(c.reply(), bytes), True, "what depends on nothing")
        expect(c.silent(), True, "%r is answered when it is on the disk" % (requests[-1],))
        s.set(SYNC, 0)
        for _ in requests[said:]:
            c.reply()
    s.kill()


def told_by_a_script(s):
    """What a script tells while it runs is not heard before its effects are written. faults D9."""
    c = s.start("--appendfsync", "everysec", "--busy-reply-threshold", "50", "--notify-keyspace-events", "KEA")
    feed, reader, monitor = s.conn(), s.conn(), s.conn()
    feed.send("PSUBSCRIBE", "*")
    feed.reply()
    script = "redis.call('set', KEYS[1], ARGV[2]) redis.call('publish', 'news', ARGV[2]) local n = 0 while n < tonumber(ARGV[1]) do n = n + 1 end"
    for number, around in enumerate(([], [["MULTI"]])):
        c.write(packet(around + [["EVAL", script, "1", "k", (10000000, 1000000000)[number], number]] + ([["EXEC"]] if around else [])))
        until("the script", lambda: busy(reader))
        heard = not feed.silent()
        if busy(reader) is not False:
            expect(heard, False, "nothing is told while it runs")
        if number == 0:
            for _ in range(3):
                expect(feed.reply()[0], b"pmessage", "it is told when it has ended")
            c.answer()
    s.kill()
    # Killed within the second script: nobody had heard of it, and nothing is there.
    gone(feed)
    c = s.start("--appendfsync", "everysec")
    expect(c.ask("GET", "k"), b"0", "the script that ended")
    s.kill()


def clock_steps(s, by):
    c = s.start("--appendfsync", "everysec")
    c.ask("SET", "kept", "1")
    c.ask("SET", "short", "1", "PX", HOUR // 2)
    last = c.ask("XADD", "st", "*", "a", "1")
    c.ask("XGROUP", "CREATE", "st", "g", "0")
    blocked = s.conn()
    blocked.send("BLPOP", "none", "5")
    paused = s.conn()
    time.sleep(0.1)
    s.set(CLOCK, by)
    # Timeouts are spans of time: they neither come at once nor an hour later.
    expect(blocked.silent(), True, "a timeout does not come with the step")
    expect(blocked.reply(), None, "a timeout comes")
    expect(c.ask("GET", "short"), None if by > 0 else b"1", "a deadline of half an hour")
    idle = [x for x in c.ask("CLIENT", "LIST").decode().splitlines() if "id=%d " % paused.ask("CLIENT", "ID") in x][0]
    expect(int(idle.split(" idle=")[1].split()[0]) < 60, True, "idle times: " + idle)
    later = c.ask("XADD", "st", "*", "a", "2")
    expect([int(x) for x in later.split(b"-")] > [int(x) for x in last.split(b"-")], True, "ids grow")
    expect(len(c.ask("XREADGROUP", "GROUP", "g", "c", "COUNT", "10", "STREAMS", "st", ">")[0][1]), 2, "delivered")
    for i in range(3):
        # everysec goes on to mean every second.
        c.ask("SET", "kept", i)
        until("the sync of a write", lambda: info(c, "aof_unsynced_bytes") == "0")
    c.ask("CONFIG", "SET", "save", "1 1")
    c.ask("SET", "kept", "last")
    until("a save point", lambda: info(c, "rdb_saves") != "0")
    c.ask("CONFIG", "SET", "save", "")
    until("the end of the save", lambda: info(c, "rdb_bgsave_in_progress") == "0")
    c.ask("BGREWRITEAOF")
    until("a rewrite", lambda: info(c, "aof_rewrites") == "1" and info(c, "aof_rewrite_in_progress") == "0")
    expect(info(c, "aof_last_bgrewrite_status"), "ok", "the rewrite")
    digest = c.ask("DEBUG", "DIGEST")
    s.kill()
    c = s.start("--appendfsync", "everysec")
    expect(c.ask("DEBUG", "DIGEST"), digest, "after a kill")
    s.set(CLOCK, 0)
    expect(c.ask("GET", "kept"), b"last", "after the step back")
    s.kill()


def forks_fail(s):
    c = s.start("--appendfsync", "always")
    c.ask("SET", "a", "1")
    s.set(FORKS, 2)
    for name in ("BGSAVE", "BGREWRITEAOF"):
        try:
            got = c.ask(name)
        except Error as e:
            got = e
        if name == "BGSAVE" and not isinstance(got, Error):
            raise Failed("BGSAVE without a fork: %r" % (got,))
    until("the failed forks", lambda: s.get(FORKS) == 0)
    expect(info(c, "rdb_last_bgsave_status"), "err", "the state of the save")
    until("the state of the rewrite", lambda: info(c, "aof_last_bgrewrite_status") == "err")
    expect("fork: Resource temporarily unavailable" in s.log(), True, "the log says it")
    expect(c.ask("SET", "a", "2"), b"OK", "writes go on")
    expect(c.ask("BGSAVE"), b"Background saving started", "the next save")
    until("a save", lambda: info(c, "rdb_last_bgsave_status") == "ok" and info(c, "rdb_bgsave_in_progress") == "0")
    c.ask("BGREWRITEAOF")
    until("a rewrite", lambda: info(c, "aof_last_bgrewrite_status") == "ok" and info(c, "aof_rewrite_in_progress") == "0")
    c.ask("SET", "b", "3")
    s.kill()
    c = s.start("--appendfsync", "always")
    expect([c.ask("GET", "a"), c.ask("GET", "b")], [b"2", b"3"], "after a kill")
    s.kill()


def on_machine(lib, run, *args):
    s = Machine(sys.argv[1], lib)
    try:
        run(s, *args)
    finally:
        s.end()


def main():
    with tempfile.TemporaryDirectory() as work:
        lib = os.path.join(work, "hostile_os.so")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", lib, os.path.join(HERE, "hostile_os.c"), "-ldl"], check=True)
        cases([(name, on_machine, lib, run, *args) for name, run, *args in (
            ("a slow disk holds writes, not reads, always", slow_disk, "always"),
            ("a slow disk holds writes after a second, not reads, everysec", slow_disk, "everysec"),
            ("a kill while a batch is written beside a sync", killed_beside),
            ("a disk that is full beside a sync", full_beside),
            ("a script that a sync overtook", script_and_sync),
            ("the clock steps an hour forward", clock_steps, HOUR),
            ("the clock steps an hour back", clock_steps, -HOUR),
            ("every pair of a change and a reader", every_pair),
            ("what the server does by itself, and what it tells", what_the_server_does),
            ("a file without a base promises nothing", no_base_yet),
            ("DURABLE in scripts", durable_in_scripts),
            ("closed with held replies", killed_with_held_replies),
            ("a policy that changes in mid-turn", policy_in_mid_turn),
            ("what a running script tells", told_by_a_script),
            ("forks fail", forks_fail))], sys.argv[2:], (Error, Refused, OSError))


if __name__ == "__main__":
    main()
