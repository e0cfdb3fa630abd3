#!/usr/bin/env python3
"""A wall clock that steps, a disk that takes seconds to sync, forks that fail. usage: unkind.py SERVER

What docs/guides/durability.md says of them, shown with unkind.c under the unmodified server. Nothing here is judged by how long it
takes: only by what comes before what, and by what is there after a kill. Prints "ok NAME" or "not ok NAME: why"."""
import mmap, os, select, shutil, struct, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crash import Client, Error, command, free_port  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CLOCK, SYNC, FORKS, SYNCS, WRITES = 0, 8, 16, 24, 32
HOUR = 3600000


class Bad(Exception):
    pass


def expect(got, want, what):
    if got != want:
        raise Bad("%s: got %r, wanted %r" % (what, got, want))


class Server:
    def __init__(self, path, lib):
        self.path, self.lib, self.dir, self.p = path, lib, tempfile.mkdtemp(prefix="unkind-"), None
        with open(self.at("page"), "wb") as f:
            f.write(bytes(40))
        self.file = open(self.at("page"), "r+b")
        self.page = mmap.mmap(self.file.fileno(), 40)

    def at(self, name):
        return os.path.join(self.dir, name)

    def set(self, what, value):
        struct.pack_into("<q", self.page, what, value)

    def get(self, what):
        return struct.unpack_from("<q", self.page, what)[0]

    def start(self, *args):
        self.port = free_port()
        with open(self.at("log"), "ab") as log:
            self.p = subprocess.Popen([self.path, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.dir, "--save", "", "--appendonly", "yes",
                                       "--enable-debug-command", "yes", *args], stdout=log, stderr=log,
                                      env=dict(os.environ, LD_PRELOAD=self.lib, UNKIND_PAGE=self.at("page")))
        for _ in range(1000):
            try:
                c = self.client()
                c.ask("PING")
                return c
            except (OSError, EOFError, Error):
                time.sleep(0.02)
        raise Bad("it does not start: " + self.log()[-600:])

    def client(self):
        return Client(self.port)

    def kill(self):
        self.p.kill()
        self.p.wait()

    def log(self):
        with open(self.at("log"), errors="replace") as f:
            return f.read()

    def info(self, c, field):
        for line in c.ask("INFO", "everything").decode().splitlines():
            if line.startswith(field + ":"):
                return line.split(":", 1)[1]
        raise Bad("INFO has no " + field)

    def until(self, what, true):
        for _ in range(1500):
            if true():
                return
            time.sleep(0.02)
        raise Bad("%s does not come" % what)

    def end(self):
        if self.p and self.p.poll() is None:
            self.kill()
        self.page.close()
        self.file.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def silent(c):
    return not select.select([c.s], [], [], 0)[0]


def slow_sync_begins(s, c):
    """A write whose sync takes minutes: it is answered when it is written."""
    s.set(SYNC, 0)
    s.until("everything synced", lambda: s.info(c, "aof_unsynced_bytes") == "0")
    begun = s.get(SYNCS)
    s.set(SYNC, 600000)
    expect(c.ask("SET", "early", "1"), b"OK", "a write while nothing is being synced")
    s.until("a sync", lambda: s.get(SYNCS) > begun)


def held(s, reader, happened):
    """Waits for what happens to a batch: True: it is held, because the sync is older than a second; False: happened()."""
    before = int(s.info(reader, "aof_delayed_fsync"))
    s.until("an end of waiting", lambda: happened() or int(s.info(reader, "aof_delayed_fsync")) > before)
    return not happened()


def slow_disk(s, policy):
    c = s.start("--appendfsync", policy)
    reader = s.client()
    expect(c.ask("SET", "other", "1"), b"OK", "a write")
    beside = 0
    if policy == "everysec":
        # Each is written beside the sync by a thread of its own, until the sync is a second old.
        for _ in range(20):
            slow_sync_begins(s, c)
            first = beside
            while True:
                c.send(command("SET", "late", beside))
                if held(s, reader, lambda: not silent(c)):
                    break
                expect(c.reply(), b"OK", "a write beside a sync")
                beside += 1
            if beside > first:
                break
            s.set(SYNC, 0)
            expect(c.reply(), b"OK", "a reply after the sync")
        if beside == 0:
            raise Bad("nothing was answered beside a sync")
    else:
        s.until("everything synced", lambda: s.info(c, "aof_unsynced_bytes") == "0")
        s.set(SYNC, 600000)
        begun = s.get(SYNCS)
        c.send(command("SET", "late", beside))
        s.until("a sync", lambda: s.get(SYNCS) > begun)
    for _ in range(200):
        expect(reader.ask("GET", "other"), b"1", "a read while a sync is under way")
    expect(silent(c), True, "no reply to a write during a sync")
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
        reader = s.client()
        slow_sync_begins(s, c)
        n = 0
        while n < 40 * (round + 1):
            c.send(command("RPUSH", "q%d" % round, n) + command("SET", "last", n))
            if held(s, reader, lambda: not silent(c)):
                break
            expect([c.reply(), c.reply()], [n + 1, b"OK"], "two writes")
            n += 1
        s.kill()
        s.set(SYNC, 0)
        c = s.start("--appendfsync", "everysec")
        got = c.ask("LRANGE", "q%d" % round, "0", "-1")
        if got[:n] != [b"%d" % i for i in range(n)] or len(got) > n + 1:
            raise Bad("%d of %d are there" % (len(got), n))
        s.kill()
        beside += n
    if beside == 0:
        raise Bad("nothing was answered beside a sync")


def full_beside(s):
    """A write beside a sync that fails: nobody hears of it until it is made good."""
    c = s.start("--appendfsync", "everysec", "--aof-disk-reserve", "0")
    reader = s.client()

    def failed():
        return s.info(reader, "aof_last_write_status") == "err"

    for _ in range(20):
        slow_sync_begins(s, c)
        s.set(WRITES, 1)
        c.send(command("SET", "late", "1"))
        if not held(s, reader, failed):
            break
        s.set(WRITES, 0)
        s.set(SYNC, 0)
        expect(c.reply(), b"OK", "a reply after the sync")
    expect(failed(), True, "a write beside a sync fails")
    expect(silent(c), True, "no reply to a write that failed")
    try:
        got = reader.ask("SET", "refused", "1")
    except Error as e:
        got = e
    expect(isinstance(got, Error) and str(got).startswith("MISCONF"), True, "the next write is refused, not %r" % (got,))
    expect(reader.ask("GET", "early"), b"1", "a read")
    s.set(WRITES, 0)
    s.set(SYNC, 0)
    expect(c.reply(), b"OK", "the reply comes when it is written")
    s.until("an end of the failure", lambda: not failed())
    expect(reader.ask("SET", "after", "1"), b"OK", "the next write")
    s.kill()
    c = s.start("--appendfsync", "everysec")
    expect([c.ask("GET", k) for k in ("early", "late", "after", "refused")], [b"1", b"1", b"1", None], "after a kill")
    s.kill()


def script_and_sync(s):
    """A sync that began while a script let others have their turn: the script's reply waits for its write. With one look a second by
    itself the server finds the sync due only when the script lets it."""
    c = s.start("--appendfsync", "everysec", "--busy-reply-threshold", "100", "--hz", "1")
    reader, other = s.client(), s.client()
    script = "redis.call('set', KEYS[1], ARGV[2]) local n = 0 while n < tonumber(ARGV[1]) do n = n + 1 end return redis.call('set', KEYS[2], ARGV[2])"
    for round in range(20):
        time.sleep(1.2)
        expect(c.ask("SET", "early", "1"), b"OK", "a write with a sync at once")
        time.sleep(0.3)
        expect(c.ask("SET", "early", "2"), b"OK", "a write without one")
        time.sleep(0.75 + round % 4 * 0.05)
        begun = s.get(SYNCS)
        s.set(SYNC, 600000)
        c.send(command("EVAL", script, 2, "first", "second", 200000000, round))
        s.until("the script", lambda: busy(reader))
        other.send(command("GET", "first"))
        s.until("the end of the script", lambda: busy(reader) is False)
        overtaken = s.get(SYNCS) > begun
        # Either it was written beside the sync, or its reply is held.
        if overtaken and silent(c):
            expect(silent(other) or isinstance(answer(other), Error), True, "nobody has seen what it did")
            s.set(SYNC, 0)
        if not overtaken:
            s.set(SYNC, 0)
        expect(c.reply(), b"OK", "the script's reply")
        if overtaken:
            break
        answer(other)
    if not overtaken:
        raise Bad("no sync overtook a script")
    s.kill()
    s.set(SYNC, 0)
    c = s.start("--appendfsync", "everysec")
    expect([c.ask("GET", "first"), c.ask("GET", "second")], [b"%d" % round] * 2, "what the script did")
    s.kill()


def answer(c):
    try:
        return c.reply()
    except Error as e:
        return e


def busy(c):
    try:
        c.ask("GET", "early")
    except Error as e:
        return str(e).startswith("BUSY") or e
    return False


def clock_steps(s, by):
    c = s.start("--appendfsync", "everysec")
    c.ask("SET", "kept", "1")
    c.ask("SET", "short", "1", "PX", HOUR // 2)
    last = c.ask("XADD", "st", "*", "a", "1")
    c.ask("XGROUP", "CREATE", "st", "g", "0")
    blocked = s.client()
    blocked.send(command("BLPOP", "none", "1.5"))
    paused = s.client()
    time.sleep(0.1)
    s.set(CLOCK, by)
    # Timeouts are spans of time: they neither come at once nor an hour later.
    expect(silent(blocked), True, "a timeout does not come with the step")
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
        s.until("the sync of a write", lambda: s.info(c, "aof_unsynced_bytes") == "0")
    c.ask("CONFIG", "SET", "save", "1 1")
    c.ask("SET", "kept", "last")
    s.until("a save point", lambda: s.info(c, "rdb_saves") != "0")
    c.ask("CONFIG", "SET", "save", "")
    s.until("the end of the save", lambda: s.info(c, "rdb_bgsave_in_progress") == "0")
    c.ask("BGREWRITEAOF")
    s.until("a rewrite", lambda: s.info(c, "aof_rewrites") == "1" and s.info(c, "aof_rewrite_in_progress") == "0")
    expect(s.info(c, "aof_last_bgrewrite_status"), "ok", "the rewrite")
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
            raise Bad("BGSAVE without a fork: %r" % (got,))
    s.until("the failed forks", lambda: s.get(FORKS) == 0)
    expect(s.info(c, "rdb_last_bgsave_status"), "err", "the state of the save")
    s.until("the state of the rewrite", lambda: s.info(c, "aof_last_bgrewrite_status") == "err")
    expect("fork: Resource temporarily unavailable" in s.log(), True, "the log says it")
    expect(c.ask("SET", "a", "2"), b"OK", "writes go on")
    expect(c.ask("BGSAVE"), b"Background saving started", "the next save")
    s.until("a save", lambda: s.info(c, "rdb_last_bgsave_status") == "ok" and s.info(c, "rdb_bgsave_in_progress") == "0")
    c.ask("BGREWRITEAOF")
    s.until("a rewrite", lambda: s.info(c, "aof_last_bgrewrite_status") == "ok" and s.info(c, "aof_rewrite_in_progress") == "0")
    c.ask("SET", "b", "3")
    s.kill()
    c = s.start("--appendfsync", "always")
    expect([c.ask("GET", "a"), c.ask("GET", "b")], [b"2", b"3"], "after a kill")
    s.kill()


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as work:
        lib = os.path.join(work, "unkind.so")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", lib, os.path.join(HERE, "unkind.c"), "-ldl"], check=True)
        for name, run, args in (("a slow disk holds writes, not reads, always", slow_disk, ["always"]),
                                ("a slow disk holds writes after a second, not reads, everysec", slow_disk, ["everysec"]),
                                ("a kill while a batch is written beside a sync", killed_beside, []),
                                ("a disk that is full beside a sync", full_beside, []),
                                ("a script that a sync overtook", script_and_sync, []),
                                ("the clock steps an hour forward", clock_steps, [HOUR]), ("the clock steps an hour back", clock_steps, [-HOUR]),
                                ("forks fail", forks_fail, [])):
            s = Server(sys.argv[1], lib)
            try:
                run(s, *args)
                print("ok " + name, flush=True)
            except (Bad, Error, OSError, EOFError) as e:
                bad += 1
                print("not ok %s: %s %r" % (name, type(e).__name__, e), flush=True)
            finally:
                s.end()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
