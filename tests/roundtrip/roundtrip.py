#!/usr/bin/env python3
"""Whatever commands have made of the data, it is the same after each way of writing and reading it.

roundtrip.py --server PATH [--seed S] [--rounds N] [--commands N]

Each round plays commands generated from the usage lines (all of them, also those that no Redis has), and then
compares DEBUG DIGEST with that after DEBUG LOADAOF, after DEBUG RELOAD, after BGREWRITEAOF and DEBUG LOADAOF, after
DUMP and RESTORE of every key, and after SIGKILL and a new start.
"""
import argparse, os, random, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "redis-compat", "oracle"))
import oracle              # noqa: E402
from check import until    # noqa: E402
from resp import info      # noqa: E402
from server import Server  # noqa: E402

# What is followed by a time after which a stream would change by itself, perhaps between two digests.
LATER = {b"DELAY", b"TTL", b"LEASE", b"MAXAGE", b"EVERY", b"FIXED", b"EXP", b"LIST", b"CONSUMERTTL", b"GROUPTTL"}
STAY = {"flushall", "flushdb", "swapdb", "debug", "keys", "scan", "select"}


class Kept(Server):
    """With a connection, c, of which values are seen as the server sends them."""

    def __init__(self, path, settings):
        super().__init__(path, "--appendonly", "yes", "--enable-debug-command", "yes", *settings)
        self.c = self.start()

    def ask(self, *args):
        self.c.send(*args)
        return self.c.raw()[1]

    def digest(self):
        return self.ask("DEBUG", "DIGEST")[1].decode()

    def start_again(self):
        self.kill()
        self.c = self.start()

    def after_rewrite(self):
        self.ask("BGREWRITEAOF")
        until("the end of the rewrite", lambda: info(self.c, "aof_rewrite_in_progress") == info(self.c, "aof_rewrite_scheduled") == "0")
        if info(self.c, "aof_last_bgrewrite_status") != "ok":
            raise SystemExit("BGREWRITEAOF failed, see %s" % self.log_path)
        return self.must("DEBUG", "LOADAOF")

    def must(self, *args):
        kind, text = self.ask(*args)
        if kind == b"-":
            raise SystemExit("%r: %r, see %s" % (args, text, self.log_path))
        return text

    def restore_all(self):
        """Every key is taken out of its bytes again. Returns an explanation of the first failure, or None."""
        for db in range(2):
            self.ask("SELECT", db)
            cursor, keys = b"0", set()
            while True:
                v = self.ask("SCAN", cursor, "COUNT", 100)[1]
                cursor, keys = v[0][1], keys | {k[1] for k in v[1][1]}
                if cursor == b"0":
                    break
            for k in sorted(keys):
                before = self.ask("DEBUG", "DIGEST-VALUE", k)[1][0][1]
                payload, at = self.ask("DUMP", k)[1], int(self.ask("PEXPIRETIME", k)[1])
                self.must("RESTORE", k, max(at, 0), payload, "REPLACE", "ABSTTL")
                if self.ask("DEBUG", "DIGEST-VALUE", k)[1][0][1] != before:
                    return "%r: its bytes %r make something else" % (k, payload)
        self.ask("SELECT", 0)
        return None


def docs_of(s):
    c = s.conn()
    c.send(b"HELLO", b"3")
    c.raw()
    c.send(b"COMMAND", b"DOCS")
    out = {}
    for name, doc in oracle.to_python(c.raw()[1]).items():
        if name in oracle.LEAVE_OUT - {"spop"} or name in STAY:
            continue
        for full, d in ([(name, doc)] if "subcommands" not in doc else doc["subcommands"].items()):
            if not full.endswith("|help"):
                out[full] = d
    return out


def put_off(args):
    """The same command, with an hour or more for times that would pass during a round."""
    out = list(args)
    for i in range(1, len(args)):
        if args[0].upper().startswith(b"X") and args[i - 1].upper() in LATER and args[i].isdigit() and 0 < int(args[i]) < 100000:
            out[i] = b"%d" % (int(args[i]) + 3600000)
    return out


def one_round(s, rng, generator, n):
    history = []
    for i in range(n):
        if i % 1500 == 0:
            for args in ([b"FLUSHALL"] if i == 0 else [b"PING"], [b"XGROUP", b"CREATE", b"s1", b"g1", b"0", b"MKSTREAM"],
                         [b"XGROUP", b"CREATE", b"s2", b"g1", b"0", b"MKSTREAM"]):
                s.ask(*args)
        p = rng.random()
        if p < 0.02:
            args = [b"SELECT", rng.choice([b"0", b"1"])]
        elif p < 0.05:
            args = [b"XADD", rng.choice([b"s1", b"s2"]), b"*", b"f", rng.choice(oracle.WORDS)]
        elif p < 0.06:
            args = [b"XADD", rng.choice([b"s1", b"s2"]), b"IDMP", b"p%d" % rng.randrange(3), b"i%d" % rng.randrange(50), b"*", b"f", b"v"]
        elif p < 0.10:
            args = [b"XREADGROUP", b"GROUP", b"g1", rng.choice([b"c1", b"c2"]), b"COUNT", b"3", b"STREAMS", rng.choice([b"s1", b"s2"]), b">"]
        elif p < 0.12:
            # Large values now and then, so that the large forms are played too.
            kind, key = rng.choice([(b"HSET", b"h1"), (b"SADD", b"t1"), (b"ZADD", b"z1"), (b"RPUSH", b"l1")])
            args = [kind, key]
            for _ in range(rng.choice([5, 200, 700])):
                m = b"m%d" % rng.randrange(3000)
                args += [m, b"v%d" % rng.randrange(9)] if kind == b"HSET" else [b"%d" % rng.randrange(50), m] if kind == b"ZADD" else [m]
        else:
            args = put_off(generator.command())
        if oracle.waits_long(args) or (args[0].upper() in (b"XREAD", b"XREADGROUP") and b"BLOCK" in [a.upper() for a in args]):
            continue
        history.append(args)
        s.ask(*args)
    return history


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    ap.add_argument("--rounds", type=int, default=4)
    ap.add_argument("--commands", type=int, default=2500)
    o = ap.parse_args()
    rng = random.Random(o.seed)
    small = rng.random() < 0.5
    settings = ["--hash-max-listpack-entries", "4", "--set-max-listpack-entries", "4", "--zset-max-listpack-entries", "4",
                "--set-max-intset-entries", "4", "--hll-sparse-max-bytes", "60"] if small else []
    s = Kept(o.server, settings)
    generator = oracle.Generator(docs_of(s), rng)
    played = 0
    for r in range(o.rounds):
        played += len(one_round(s, rng, generator, o.commands))
        s.ask("SELECT", 0)
        before = s.digest()
        for what, change in (("AOF reload", lambda: s.must("DEBUG", "LOADAOF")), ("snapshot reload", lambda: s.must("DEBUG", "RELOAD")),
                             ("AOF rewrite", s.after_rewrite), ("DUMP and RESTORE", s.restore_all), ("AOF of the RESTOREs", lambda: s.must("DEBUG", "LOADAOF")),
                             ("SIGKILL", s.start_again)):
            why = change()
            if what == "DUMP and RESTORE" and why:
                sys.exit("seed %d, round %d: %s (%s)" % (o.seed, r, why, s.dir))
            if s.digest() != before:
                sys.exit("seed %d, round %d: the data changed by %s (%s)" % (o.seed, r, what, s.dir))
    s.end()
    print("%d commands in %d rounds: data the same after every reload (seed %d)" % (played, o.rounds, o.seed))


if __name__ == "__main__":
    main()
