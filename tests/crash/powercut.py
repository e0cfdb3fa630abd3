#!/usr/bin/env python3
"""Cut the power under load, again and again, and check what was promised.

powercut.py --server PATH --how preload|ext4|xfs [--mode always|everysec] [--cuts N] [--seed S] [--replica beside|behind]

preload: the server is killed, then what unsynced.c says was not synced is dropped, shortened, zeroed or filled with garbage, and names that were
not synced vanish, or lead to what they led to before. ext4, xfs: a file system in a loop file is shut down without writing its log (FS_IOC_SHUTDOWN); needs root. That takes the
kernel a moment, in which a sync may still return well: what is acknowledged after it began counts neither way.

Writers push numbered, checksummed values: to a list, a stream with a group, a hash, by a script, and pairs in a transaction. Rewrites and snapshots
are under way all the time. After each cut the server has to start; every value is whole; no pair is torn; what a writer lost is the end of
what it wrote. always: nothing that was acknowledged is lost. everysec: nothing that was acknowledged 1.5 s before the cut (the worst is told), to
which comes what a busy machine kept this program waiting.

--replica beside: the server has a replica, which is in step with it after each cut. behind: it is the replica itself whose power is cut; the
writers talk to its primary, which waits for it (tests/support/attached.py)."""
import argparse, fcntl, glob, os, random, shutil, struct, subprocess, sys, tempfile, threading, time, zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from attached import Behind, Followed  # noqa: E402
from resp import Error                # noqa: E402
from server import Refused, Server     # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FS_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2
KINDS = ["list", "stream", "hash", "script", "pair"]
GRACE = 1.5


class Disk:
    """A file system of its own."""

    def __init__(self, kind, work):
        self.image, self.dir = os.path.join(work, "image"), os.path.join(work, "mnt")
        os.mkdir(self.dir)
        with open(self.image, "wb") as f:
            f.truncate(400 << 20)
        subprocess.run(["mkfs." + kind, "-q", self.image], check=True)
        self.loop = subprocess.run(["losetup", "-f", "--show", self.image], check=True, capture_output=True, text=True).stdout.strip()
        self.mount()

    def mount(self):
        subprocess.run(["mount", self.loop, self.dir], check=True)

    def environment(self):
        return {}

    def cut(self, kill, rng):
        fd = os.open(self.dir, os.O_RDONLY)
        fcntl.ioctl(fd, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(fd)
        kill()
        for _ in range(200):  # a child may take a moment to die
            if subprocess.run(["umount", self.dir], stderr=subprocess.DEVNULL).returncode == 0:
                break
            time.sleep(0.02)
        self.mount()

    def end(self):
        subprocess.run(["umount", "-l", self.dir], stderr=subprocess.DEVNULL)
        subprocess.run(["losetup", "-d", self.loop], stderr=subprocess.DEVNULL)


class Preload:
    def __init__(self, work):
        self.dir, self.notes, self.lib = os.path.join(work, "dir"), os.path.join(work, "notes"), os.path.join(work, "unsynced.so")
        os.mkdir(self.dir)
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.lib, os.path.join(HERE, "unsynced.c"), "-ldl", "-lpthread"], check=True)
        self.damage = dict.fromkeys(("drop", "shorten", "zeros", "garbage", "name"), 0)
        self.forget()

    def forget(self):
        with open(self.notes, "wb") as f:
            f.write(bytes(512 * 24))

    def environment(self):
        return {"LD_PRELOAD": self.lib, "POWERCUT_NOTES": self.notes}

    def cut(self, kill, rng):
        kill()
        time.sleep(0.02)  # children die with it
        with open(self.notes, "rb") as f:
            notes = {n[0]: n[1:] for n in struct.iter_unpack("<QQQ", f.read()) if n[0]}
        for base, _, files in os.walk(self.dir):
            for name in files:
                path = os.path.join(base, name)
                st = os.stat(path)
                if st.st_ino not in notes:
                    continue
                safe, named = notes[st.st_ino]
                if not named and rng.random() < 0.5:
                    old = "%s.%d" % (self.notes, st.st_ino)
                    if os.path.exists(old):
                        os.replace(old, path)
                    else:
                        os.unlink(path)
                    self.damage["name"] += 1
                elif st.st_size > safe:
                    how = rng.choice(["drop", "shorten", "zeros", "garbage"])
                    self.damage[how] += 1
                    from_ = rng.randrange(safe, st.st_size)
                    with open(path, "r+b") as f:
                        if how == "drop":
                            f.truncate(safe)
                        elif how == "shorten":
                            f.truncate(from_)
                        else:
                            f.seek(from_)
                            f.write(bytes(st.st_size - from_) if how == "zeros" else rng.randbytes(st.st_size - from_))
        for old in glob.glob(self.notes + ".*"):
            os.unlink(old)
        self.forget()

    def end(self):
        pass


def value(kind, n):
    text = "%s %d " % (kind, n) + "x" * (n % 50)
    return (text + " %08x" % zlib.crc32(text.encode())).encode()


def number(v):
    """Raises when it is not what was written."""
    text, crc = v.rsplit(b" ", 1)
    if crc != b"%08x" % zlib.crc32(text):
        raise ValueError("a corrupt value was served: %r" % v)
    return int(text.split()[1])


class Writer(threading.Thread):
    def __init__(self, world, kind):
        super().__init__(daemon=True)
        self.world, self.kind = world, kind

    def run(self):
        w, kind = self.world, self.kind
        try:
            c = w.server.conn()
            while not w.stop:
                n = w.next[kind]
                w.next[kind] += 1
                v = value(kind, n)
                if kind == "list":
                    c.ask("RPUSH", "list", v)
                elif kind == "stream":
                    c.ask("XADD", "stream", "*", "v", v)
                    got = c.ask("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "STREAMS", "stream", ">")
                    c.ask("XACK", "stream", "g", got[0][1][0][0]) if got and n % 3 else None
                elif kind == "hash":
                    c.ask("HSET", "hash", n, v)
                elif kind == "script":
                    c.ask("EVAL", "redis.call('RPUSH', 'script', ARGV[1]) redis.call('INCR', 'scripts') return 1", 0, v)
                else:
                    c.ask("MULTI"), c.ask("RPUSH", "pair:a", v), c.ask("RPUSH", "pair:b", v)
                    c.ask("EXEC")
                w.acked[kind].append((n, time.monotonic()))
        except (OSError, ConnectionError, Error):
            pass


class World:
    def __init__(self, o, disk):
        self.o, self.disk, self.rng = o, disk, random.Random(o.seed)
        self.next = dict.fromkeys(KINDS, 0)
        self.acked = {k: [] for k in KINDS}
        make, how = {None: (Server, {}), "beside": (Followed, {}), "behind": (Behind, {"synced": o.mode == "always"})}[o.replica]
        self.server = make(o.server, "--appendonly", "yes", "--appendfsync", o.mode, "--aof-disk-reserve", "1mb", "--process-sandbox", "no",
                           directory=disk.dir, env=disk.environment(), **how)
        self.total, self.lost, self.worst = 0, 0, 0.0

    def start(self):
        try:
            return self.server.start()
        except Refused as e:
            self.fail("the server refuses to start:\n%s" % e)

    def fail(self, why):
        print("FAILED (%s, %s, seed %d): %s" % (self.o.how, self.o.mode, self.o.seed, why), flush=True)
        self.server.kill()
        self.disk.end()
        sys.exit(1)

    def life(self):
        self.stop, self.stalled = False, 0.0
        writers = [Writer(self, k) for k in KINDS]
        for w in writers:
            w.start()
        c = (self.server.back if self.o.replica == "behind" else self.server).conn()
        end = time.monotonic() + self.rng.uniform(0.15, 0.6 if self.o.mode == "always" else 2.6)
        try:
            while time.monotonic() < end:
                c.ask(self.rng.choice(["BGREWRITEAOF", "BGREWRITEAOF", "BGSAVE"])) if self.rng.random() < 0.5 else None
                pause, began = self.rng.uniform(0, 0.1), time.monotonic()
                time.sleep(pause)
                self.stalled = max(self.stalled, time.monotonic() - began - pause)
        except Error:
            pass
        cut = time.monotonic()
        self.disk.cut(self.server.kill, self.rng)
        self.stop = True
        for w in writers:
            w.join()
        return cut

    def check(self, c, cut):
        seen = {"list": c.ask("LRANGE", "list", 0, -1), "script": c.ask("LRANGE", "script", 0, -1), "pair": c.ask("LRANGE", "pair:a", 0, -1)}
        if seen["pair"] != c.ask("LRANGE", "pair:b", 0, -1):
            self.fail("half a transaction")
        if int(c.ask("GET", "scripts") or 0) != len(seen["script"]):
            self.fail("half a script")
        flat = c.ask("HGETALL", "hash")
        seen["hash"] = [v for _, v in sorted((int(flat[i]), flat[i + 1]) for i in range(0, len(flat), 2))]
        seen["stream"] = [e[1][1] for e in c.ask("XRANGE", "stream", "-", "+")]
        for kind in KINDS:
            try:
                got = [number(v) for v in seen[kind]]
            except ValueError as e:
                self.fail(str(e))
            have = set(got)
            if len(have) != len(got) or got != sorted(got):
                self.fail("%s: out of order or twice" % kind)
            lost = [(n, at) for n, at in self.acked[kind] if n not in have and at < cut]
            self.total += sum(at < cut for _, at in self.acked[kind])
            if lost:
                age = cut - lost[0][1]
                self.lost += len(lost)
                self.worst = max(self.worst, age)
                if self.o.mode == "always" or age > GRACE + 4 * self.stalled:
                    self.fail("%s: %d acknowledged values are lost, the first %.2f s before the cut" % (kind, len(lost), age))
                if any(n > lost[0][0] for n in have):
                    self.fail("%s: a hole" % kind)
            self.acked[kind] = []
        if self.o.replica == "beside" and (wrong := self.server.in_step()):
            self.fail(wrong)
        # Each life begins with empty keys, which keeps the checks short.
        c.ask("DEL", "list", "script", "scripts", "hash", "pair:a", "pair:b", "stream")
        return self.begin(c)

    def begin(self, c):
        """The connection to which a life's clients would talk; what it relies on is on the disk."""
        if self.o.replica == "behind":
            c.close()
            c = self.server.go_on()
        c.ask("XGROUP", "CREATE", "stream", "g", "0", "MKSTREAM")
        c.ask("WAITAOF", *((0, 1, 0) if self.o.replica == "behind" else (1, 0, 0)))
        return c


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--how", required=True, choices=["preload", "ext4", "xfs"])
    ap.add_argument("--mode", default="always", choices=["always", "everysec"])
    ap.add_argument("--cuts", type=int, default=30)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--replica", choices=["beside", "behind"])
    o = ap.parse_args()
    work = tempfile.mkdtemp(prefix="powercut-")
    disk = Preload(work) if o.how == "preload" else Disk(o.how, work)
    world = World(o, disk)
    began = time.time()
    try:
        c = world.begin(world.start())
        for _ in range(o.cuts):
            c.close()
            cut = world.life()
            c = world.start()
            c = world.check(c, cut)
        world.server.kill()
    finally:
        disk.end()
    cut_tails = world.server.log().count("loaded anyway because")
    print("%s, %s, seed %d: %d cuts, %d acknowledged values, %d lost, the oldest %.2f s before its cut; 0 refused starts, 0 half transactions, 0 corrupt values; %s%.0f s" %
          (o.how, o.mode, o.seed, o.cuts, world.total, world.lost, world.worst,
           "damage %s, %d tails cut; " % (disk.damage, cut_tails) if o.how == "preload" else "", time.time() - began))
    world.server.end()
    shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
