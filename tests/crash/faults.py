#!/usr/bin/env python3
"""Each file operation of persistence fails once, or is the last one before the process is killed.

faults.py --server PATH (a build with MILLRACE_FAULTS) [--mode always|everysec] [--how EIO|ENOSPC|short|kill] [--stride K] [--seed S]
          [--replica]

A scenario is run: writes of several kinds, a rewrite, a snapshot, CONFIG REWRITE, ACL SAVE, the append-only file off and on, an orderly
shutdown and a second start. Its calls of io/file.c are counted. Then the scenario is run again for each call (or every K-th, from an offset by
the seed), and that call fails (src/io/fault.h). Whatever happens then: what was acknowledged is there after SIGKILL and a start without
faults, what was refused is not, writes are accepted again, and the process does not exit other than by refusing to start, with a reason. --replica: the server has one, which is in step with it behind each life.
"""
import argparse, errno, mmap, os, struct, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from attached import Followed       # noqa: E402
from check import Failed, wait_for  # noqa: E402
from resp import Error, info       # noqa: E402
from server import Server          # noqa: E402

HOW = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "kill": -1, "short": -2}
NEVER = 1 << 62


class Page:
    """struct fault_page"""

    def __init__(self, path):
        with open(path, "wb") as f:
            f.write(bytes(72))
        self.f = open(path, "r+b")
        self.m = mmap.mmap(self.f.fileno(), 72)

    def calls(self):
        return struct.unpack_from("<Q", self.m, 0)[0]

    def plan(self, number, how):
        struct.pack_into("<QQq", self.m, 8, number, number + 1, how)

    def last(self):
        return self.m[40:72].split(b"\0")[0].decode()

    def close(self):
        self.m.close()
        self.f.close()


class Life:
    def __init__(self, server, mode, replica=False):
        self.server = (Followed if replica else Server)(server, "--aclfile", "users.acl", "--enable-debug-command", "yes",
                             conf="appendonly yes\nappendfsync %s\nsave \"\"\naof-disk-reserve 1mb\nslowlog-max-len 7\n" % mode,
                             files={"users.acl": b"user default on nopass ~* &* +@all\n"})
        self.page = Page(self.path("page"))
        self.acked, self.refused, self.unknown = [], set(), set()
        self.n, self.stalls = 0, 0
        self.c = None

    def path(self, name):
        return self.server.at(name)

    def text(self):
        return self.server.log()

    def start(self, faults=True):
        """False: it refused."""
        self.server.env = {"MILLRACE_FAULT": self.path("page")} if faults else {}
        if not self.server.launch():
            return False
        return self.connect()

    def connect(self):
        try:
            self.c = self.server.conn()
            return self.c.ask("PING") == b"PONG"
        except (OSError, Error):
            return False

    def ask(self, *args):
        return self.c.do(*args)

    def dead(self):
        return not self.server.alive()

    def write(self):
        """One write; until it is accepted, or the server has died."""
        end = time.time() + 15
        while time.time() < end:
            self.n += 1
            token = b"t%d" % self.n
            kinds = [(b"RPUSH", b"log", token), (b"XADD", b"stream", b"*", b"f", token), (b"HSET", b"hash", token, b"1"),
                     (b"EVAL", b"redis.call('SADD', 'set', ARGV[1]) return redis.call('ZADD', 'zset', 1, ARGV[1])", b"0", token)]
            try:
                answer = self.ask(*kinds[self.n % 4])
            except OSError:
                self.unknown.add(token)
                for _ in range(50):
                    if self.dead() or self.connect():
                        break
                    time.sleep(0.02)
                if self.dead():
                    return False
                continue
            if not isinstance(answer, Error):
                self.acked.append(token)
                return True
            if not str(answer).startswith("MISCONF"):
                raise Failed("a write got %r" % answer)
            self.refused.add(token)
            self.stalls += 1
            time.sleep(0.05)
        raise Failed("writes are not accepted again: %r" % info(self.c))

    def writes(self, n):
        return all(self.write() for _ in range(n))

    def rest(self):
        """Children and rewrites have ended."""
        busy = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")
        if not wait_for(lambda: all(info(self.c, name) == "0" for name in busy)):
            raise Failed("children or rewrites do not end")

    def live(self):
        """False: the server has died, or refused to start."""
        try:
            if not self.start() or not self.writes(6):
                return False
            self.ask("MULTI"), self.ask("INCR", "m"), self.ask("INCR", "m"), self.ask("EXEC")
            self.ask("BGREWRITEAOF")
            if not self.writes(4):
                return False
            self.rest()
            self.ask("BGSAVE")
            if not self.writes(3):
                return False
            self.rest()
            self.ask("CONFIG", "SET", "slowlog-max-len", "9")
            self.ask("CONFIG", "REWRITE")
            self.ask("ACL", "SETUSER", "new", "on", ">pw", "~*", "+@all")
            self.ask("ACL", "SAVE")
            if not self.writes(2):
                return False
            self.ask("CONFIG", "SET", "appendonly", "no")
            self.ask("SAVE")
            self.ask("CONFIG", "SET", "appendonly", "yes")
            self.rest()
            for _ in range(3):
                self.ask("CONFIG", "SET", "appendonly", "yes")
                if info(self.c, "aof_enabled") == "1" and info(self.c, "aof_last_bgrewrite_status") == "ok":
                    break
                time.sleep(5.2)
                self.rest()
            if not self.writes(3):
                return False
            # Everything that everysec may still owe, then the orderly end. Refused while what is owed cannot be synced, and
            # possible once a new base has taken its place.
            for _ in range(10):
                try:
                    self.ask("SHUTDOWN", "NOSAVE")
                    if "could not be synced" not in self.text():
                        raise Failed("SHUTDOWN is refused without a reason")
                    time.sleep(1)
                except OSError:
                    break
            try:
                self.server.p.wait(60)
            except subprocess.TimeoutExpired:
                raise Failed("it does not end")
            return self.start() and self.writes(3)
        except OSError:
            if not wait_for(self.dead, 5):
                raise Failed("the connection was closed")
            return False

    def tokens(self):
        seen = set(self.ask("LRANGE", "log", 0, -1)) | set(self.ask("HKEYS", "hash"))
        members = set(self.ask("SMEMBERS", "set"))
        if members != set(self.ask("ZRANGE", "zset", 0, -1)):
            raise Failed("half a script")
        return seen | members | {fields[1] for _, fields in self.ask("XRANGE", "stream", "-", "+")}

    def judge(self):
        self.server.kill()
        if not self.start(faults=False):
            raise Failed("it does not start again:\n" + self.text()[-1500:])
        seen = self.tokens()
        lost = [t for t in self.acked if t not in seen]
        if lost:
            raise Failed("lost: %r" % lost)
        if seen & self.refused:
            raise Failed("refused and there: %r" % (seen & self.refused))
        if seen - set(self.acked) - self.unknown:
            raise Failed("from nowhere: %r" % (seen - set(self.acked) - self.unknown))
        if self.ask("GET", "m") not in (None, b"2"):
            raise Failed("half a transaction")
        if self.ask("CONFIG", "GET", "slowlog-max-len")[1] not in (b"7", b"9"):
            raise Failed("the configuration is neither old nor new")
        if self.ask("ACL", "GETUSER", "new") == [] or len(self.ask("ACL", "USERS")) not in (1, 2):
            raise Failed("the users are neither old nor new")
        if isinstance(self.server, Followed) and (wrong := self.server.in_step()):
            raise Failed(wrong)

    def end(self):
        self.server.end()
        self.page.close()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--mode", default="always", choices=["always", "everysec"])
    ap.add_argument("--how", default="EIO", choices=sorted(HOW))
    ap.add_argument("--stride", type=int, default=1)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--only", type=int)
    ap.add_argument("--verbose", action="store_true")
    ap.add_argument("--replica", action="store_true")
    o = ap.parse_args()
    life = Life(o.server, o.mode, o.replica)
    try:
        life.page.plan(NEVER, 0)
        if not life.live():
            raise Failed("a life without faults fails:\n" + life.text()[-1500:])
        if life.stalls:
            raise Failed("refused without a fault")
        calls = life.page.calls()
        life.judge()
    finally:
        life.end()
    if calls < 40:
        raise Failed("only %d calls were counted: is this a build with MILLRACE_FAULTS?" % calls)
    struck, stalls, ends, bad = 0, 0, 0, 0
    for number in [o.only] if o.only else range(1 + o.seed % o.stride, calls + 1, o.stride):
        life = Life(o.server, o.mode, o.replica)
        try:
            life.page.plan(number, HOW[o.how])
            alive = life.live()
            struck += life.page.last() != ""
            stalls += life.stalls > 0
            ends += not alive
            if o.verbose:
                print("call %d (%s): %s, %d refused, %d unanswered" % (number, life.page.last(), "lives on" if alive else "ended", len(life.refused),
                                                                       len(life.unknown)), flush=True)
            if not alive and o.how != "kill" and not any(w in life.text() for w in ("Fatal error", "Can't ", "could not be", "Error loading")):
                raise Failed("it ended without a word:\n" + life.text()[-1500:])
            life.judge()
        except Failed as e:
            bad += 1
            print("not ok: %s, %s at call %d (%s): %s" % (o.mode, o.how, number, life.page.last(), e), flush=True)
            print("   " + "\n   ".join(life.text().splitlines()[-12:]), flush=True)
        finally:
            life.end()
    print("%s, %s: %d calls in a life, %d failed one by one, %d lives with refused writes, %d ended at once, %d bad" %
          (o.mode, o.how, calls, struck, stalls, ends, bad))
    sys.exit(1 if bad or not struck else 0)


if __name__ == "__main__":
    try:
        main()
    except Failed as e:
        print("not ok: %s" % e)
        sys.exit(1)
