#!/usr/bin/env python3
"""A wall clock that steps, a disk that takes seconds to sync, forks that fail. usage: unkind.py SERVER

What docs/guides/durability.md says of them, shown with unkind.c under the unmodified server. Nothing here is judged by how long it
takes: only by what comes before what, and by what is there after a kill. Prints "ok NAME" or "not ok NAME: why"."""
import mmap, os, select, shutil, struct, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crash import Client, Error, command, free_port  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CLOCK, SYNC, FORKS, SYNCS = 0, 8, 16, 24
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
            f.write(bytes(32))
        self.file = open(self.at("page"), "r+b")
        self.page = mmap.mmap(self.file.fileno(), 32)

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


def slow_disk(s, policy):
    c = s.start("--appendfsync", policy)
    reader = s.client()
    expect(c.ask("SET", "other", "1"), b"OK", "a write")
    s.until("everything synced", lambda: s.info(c, "aof_unsynced_bytes") == "0")
    s.set(SYNC, 600000)
    begun = s.get(SYNCS)
    if policy == "everysec":
        # It is answered when it is written; the sync of it is the slow one.
        expect(c.ask("SET", "early", "1"), b"OK", "a write while nothing is being synced")
        s.until("a sync", lambda: s.get(SYNCS) > begun)
    c.send(command("SET", "late", "1"))
    s.until("a sync", lambda: s.get(SYNCS) > begun)
    for _ in range(200):
        expect(reader.ask("GET", "other"), b"1", "a read while a sync is under way")
    expect(silent(c), True, "no reply to a write during a sync")
    if policy == "everysec":
        s.until("a delayed sync in INFO", lambda: int(s.info(reader, "aof_delayed_fsync")) > 0)
        expect(silent(c), True, "still no reply")
    s.set(SYNC, 0)
    expect(c.reply(), b"OK", "the reply comes with the end of the sync")
    s.kill()
    c = s.start("--appendfsync", policy)
    expect(c.ask("GET", "late"), b"1", "what was acknowledged")
    s.kill()


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
                                ("a slow disk holds writes, not reads, everysec", slow_disk, ["everysec"]),
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
