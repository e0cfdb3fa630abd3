#!/usr/bin/env python3
"""Commands made from the usage lines with numbers at the limits of their types and next to them (faults U1).

extremes.py SERVER [--commands N] [--seed S]: SERVER is a build with sanitizers. Every command may succeed or be refused, but no
arithmetic may overflow. When the server goes on after a sanitizer's report, the command that caused it is printed.
"""
import argparse, os, random, re, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "redis-compat/oracle"))
import oracle              # noqa: E402
from server import Server  # noqa: E402

WHOLE = sorted({sign * (2 ** n + d) for n in (0, 1, 31, 32, 52, 53, 62, 63, 64) for d in (-1, 0, 1) for sign in (1, -1)} |
               {9223372036854775, 9223372036854776, -9223372036854776, 1795898401767, 10 ** 18, -10 ** 18})
DOUBLES = [b"%d" % n for n in WHOLE] + [b"1e308", b"-1e308", b"1.7976931348623157e308", b"4.9e-324", b"-4.9e-324", b"inf", b"-inf", b"1e18", b"9.3e18",
                                        b"-9.3e18", b"9223372036854775.5", b"1e-300", b"9.2233720368547758e15"]
IDS = [b"%d-%d" % (a, b) for a in (0, 1, 2 ** 63 - 1, 2 ** 63, 2 ** 64 - 1) for b in (0, 1, 2 ** 63, 2 ** 64 - 1)]
# What would end the server, stop it for long or takes more memory than there is to find.
NOT = set("""shutdown debug monitor sync psync replicaof slaveof failover save bgsave bgrewriteaof backup wait waitaof client|pause client|kill
    client|reply client|tracking config|set config|rewrite acl|setuser acl|deluser acl|load acl|save acl|genpass auth hello subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe quit reset
    multi exec discard watch pfselftest script|kill function|kill eval evalsha fcall eval_ro evalsha_ro fcall_ro select swapdb module|load module|loadex module|unload""".split())
# Settings whose products with other units are computed somewhere.
SETTINGS = ["latency-monitor-threshold", "slowlog-log-slower-than", "slowlog-max-len", "timeout", "stream-node-max-entries", "stream-node-max-bytes",
            "stream-idmp-duration", "stream-idmp-maxsize", "list-max-listpack-size", "hash-max-listpack-entries", "zset-max-listpack-value",
            "set-max-intset-entries", "lfu-decay-time", "lfu-log-factor", "hll-sparse-max-bytes", "list-compress-depth", "tracking-table-max-keys",
            "acllog-max-len", "busy-reply-threshold"]


class Extremes(oracle.Generator):
    def value(self, arg, name):
        r, kind, what = self.rng, arg.get("type"), arg.get("name", "")
        if r.random() < 0.15:
            return super().value(arg, name)
        if kind == "double" or what in ("score", "increment", "weight", "min", "max", "timeout"):
            return r.choice(DOUBLES)
        if kind in ("integer", "unix-time"):
            if what in ("numkeys", "numids", "numfields"):
                return r.choice([b"1", b"1", b"2", b"%d" % r.choice(WHOLE)])
            return b"%d" % r.choice(WHOLE)
        if name[:1] == "x" and kind == "string" and what not in ("group", "consumer", "field", "value", "producer", "iid"):
            return r.choice(IDS + [b"%d" % n for n in WHOLE[len(WHOLE) // 2:]])
        if kind == "string" and what in ("value", "element", "offset", "radius", "width", "height"):
            return r.choice(DOUBLES)
        return super().value(arg, name)


def load_docs(c):
    c.send(b"HELLO", b"3")
    c.raw()
    c.send(b"COMMAND", b"DOCS")
    docs, out = oracle.to_python(c.raw()[1]), {}
    for name, doc in docs.items():
        for full, d in ([(name, doc)] if "subcommands" not in doc else doc["subcommands"].items()):
            if full not in NOT and name not in NOT:
                out[full] = d
    return out


def waits(args):
    """The timeouts of blocking commands are extreme too: they may be refused, or wait."""
    name = args[0].upper()
    return name.startswith((b"B", b"XREAD")) and name not in (b"BITCOUNT", b"BITOP", b"BITPOS", b"BITFIELD", b"BITFIELD_RO")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("server")
    ap.add_argument("--commands", type=int, default=20000)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    rng = random.Random(o.seed)
    server = Server(o.server, "--enable-debug-command", "yes", "--appendonly", "yes", "--maxmemory", "300mb", "--proto-max-bulk-len", "1mb",
                    "--notify-keyspace-events", "KEA")
    c = server.start()
    generator, size, bad = Extremes(load_docs(c), rng), 0, None
    setup = [[b"XGROUP", b"CREATE", b"s1", b"g1", b"0", b"MKSTREAM"], [b"XADD", b"s1", b"1-1", b"a", b"b"], [b"XADD", b"s1", b"2-1", b"a", b"b"],
             [b"XREADGROUP", b"GROUP", b"g1", b"c1", b"COUNT", b"1", b"STREAMS", b"s1", b">"], [b"RPUSH", b"l1", b"a", b"b", b"c"],
             [b"SET", b"k1", b"9223372036854775807"], [b"SET", b"k3", b"x", b"PXAT", b"9223372036854775807"], [b"HSET", b"h1", b"a", b"-9223372036854775808"],
             [b"SADD", b"t1", b"1", b"2"], [b"ZADD", b"z1", b"1", b"a", b"1e308", b"b"], [b"GEOADD", b"g1", b"13", b"38", b"a"], [b"SETBIT", b"k2", b"7", b"1"]]
    looks = [[b"INFO", b"everything"], [b"XINFO", b"STREAM", b"s1", b"FULL"], [b"XINFO", b"GROUPS", b"s1"], [b"XINFO", b"CONSUMERS", b"s1", b"g1"],
             [b"XPENDING", b"s1", b"g1", b"-", b"+", b"10"], [b"XPENDING", b"s1", b"g1", b"IDLE", b"0", b"-", b"+", b"10"], [b"SLOWLOG", b"GET"],
             [b"CLIENT", b"LIST"], [b"MEMORY", b"STATS"]]
    last = None
    for n in range(o.commands):
        p = rng.random()
        if n % 300 == 0:
            todo = [[b"FLUSHALL"]] + setup
        elif p < 0.02:
            todo = looks
        elif p < 0.03:
            todo = [[b"CONFIG", b"SET", rng.choice(SETTINGS).encode(), b"%d" % rng.choice(WHOLE)]]
        elif p < 0.05:
            # A reading of the counters directly behind what set them.
            any_number = [b"%d" % rng.choice(WHOLE) for _ in range(6)]
            todo = [[b"XREADGROUP", b"GROUP", b"g1", b"c1", b"STREAMS", b"s1", b">"], [b"XADD", b"s1", b"*", b"a", b"b"],
                    [b"XCLAIM", b"s1", b"g1", b"c1", any_number[0], b"1-1", rng.choice([b"IDLE", b"TIME", b"RETRYCOUNT"]), any_number[1]],
                    [b"XAUTOCLAIM", b"s1", b"g1", b"c1", any_number[2], b"0", b"COUNT", any_number[3]],
                    [b"XGROUP", b"SETID", b"s1", b"g1", b"0", b"ENTRIESREAD", any_number[4]],
                    [b"XSETID", b"s1", b"18446744073709551615-5", b"ENTRIESADDED", any_number[5]]] + looks[1:6]
        else:
            todo = [generator.command()]
        try:
            for args in todo:
                last = args
                c.send(*args)
                if waits(args):
                    c.s.settimeout(0.05)
                    try:
                        c.raw()
                    except TimeoutError:
                        c.close()
                        c = server.conn()
                    else:
                        c.s.settimeout(60)
                else:
                    c.raw()
        except TimeoutError:
            bad = "no reply within 60 s to " + oracle.show(last)
            break
        except (OSError, ConnectionError):
            if server.alive():
                try:
                    c = server.conn()
                    continue
                except OSError:
                    time.sleep(1)
            bad = "it ended (%s) after %s" % (server.p.poll(), oracle.show(last))
            break
        now = os.path.getsize(server.log_path)
        if now > size and (report := re.search(r"\S+ runtime error.*", server.log()[size:])):
            print("   %s: %s" % (oracle.show(last)[:200], report.group(0)))
        size = now
    bad = bad or server.report()
    server.kill()
    print("%d commands (seed %d): %s" % (n + 1, o.seed, "%s, %s" % (bad, server.log_path) if bad else "good"))
    if not bad:
        server.end()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
