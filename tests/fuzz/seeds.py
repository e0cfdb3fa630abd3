#!/usr/bin/env python3
"""Seeds for file_fuzz: snapshots of all versions, values alone, commands, a manifest. usage: seeds.py DIRECTORY [SERVER]
With a server, what it writes is taken as well."""
import os, random, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "redis-compat", "files"))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import newer_servers as newer  # noqa: E402
import new_rdb as new  # noqa: E402
import old_rdb as old  # noqa: E402
from server import Server  # noqa: E402

SNAPSHOT, PAYLOAD, COMMANDS, MANIFEST = b"\0", b"\1", b"\2", b"\3"
to = sys.argv[1]
os.makedirs(to, exist_ok=True)


def seed(name, data):
    with open(os.path.join(to, name), "wb") as f:
        f.write(data)


items = [b"a", b"12", b"-7", b"70000", b"-9000000000", b"x" * 70]
pairs = [(b"f%d" % i, v) for i, v in enumerate(items)]
scores = [(x, float(i)) for i, x in enumerate(items)]
flat = [y for a, b in scores for y in (a, repr(b).encode())]
VALUES = {0: old.string(b"text"), 1: old.length(6) + b"".join(map(old.string, items)), 2: old.length(6) + b"".join(map(old.string, items)),
          3: old.length(6) + b"".join(old.string(a) + old.score(b) for a, b in scores), 4: old.length(6) + b"".join(old.string(a) + old.string(b) for a, b in pairs),
          9: old.string(old.zipmap(pairs)), 10: old.string(old.ziplist(items)), 11: old.string(old.intset([1, -5, 70000])),
          12: old.string(old.ziplist(flat)), 13: old.string(old.ziplist([y for p in pairs for y in p])),
          14: old.length(2) + old.string(old.ziplist(items)) + old.string(old.ziplist(items))}
for kind, body in VALUES.items():
    seed("value-%d" % kind, PAYLOAD + bytes([kind]) + body)
for version in (1, 3, 6, 7, 9, 11):
    w = old.Writer(version)
    w.select(0)
    for kind, body in VALUES.items():
        w.key(kind, b"k%d" % kind, body, expire_ms=4102444800000 if version > 2 and kind % 2 else None)
    w.module_aux()
    seed("snapshot-%d" % version, SNAPSHOT + w.end())
NEWER = dict(newer.REDIS_HASHES)
NEWER.update({kind: body for _, kind, body in newer.FOREIGN})
NEWER.update({29: new.names(newer.TEMPLATE, True) + new.string(new.listpack([9, 7, b"a@x", b"v"])), 30: new.string(new.listpack([0, 7, b"a@x", b"v"])),
              31: new.names(newer.TEMPLATE, False) + b"".join(map(new.string, newer.VALUES)), 32: new.length(0) + b"".join(map(new.string, newer.VALUES))})
NEWER.update({kind: newer.a_stream(kind) for kind in (21, 26, 27)})
for valkey in (False, True):
    w = new.Writer(80 if valkey else 15, valkey)
    if valkey:
        w.slot_import([(0, 100)])
    else:
        w.template(0, newer.TEMPLATE)
    w.select(0)
    for kind, body in (NEWER if not valkey else {22: new.valkey_hash(newer.FIELDS), 21: newer.a_stream(21)}).items():
        if not valkey:
            seed("value-newer-%d" % kind, PAYLOAD + bytes([kind]) + body)
        if kind not in (7, 28, 33, 64):
            w.raw(b"" if valkey else new.key_meta([("KMT1", 1, 1)]))
            w.key(kind, b"n%d" % kind, body)
    seed("snapshot-%s" % ("valkey" if valkey else "newer"), SNAPSHOT + w.end())
commands = b"".join(b"*3\r\n$3\r\nSET\r\n$1\r\n%d\r\n$1\r\nx\r\n" % i for i in range(3))
seed("commands", COMMANDS + b"#TS:1700000000\r\n" + commands + b"*1\r\n$5\r\nMULTI\r\n" + commands + b"*1\r\n$4\r\nEXEC\r\n")
seed("manifest", MANIFEST + b"file a.1.base.rdb seq 1 type b\nfile \"b c.1.incr.aof\" seq 1 type i\n")
if len(sys.argv) > 2:
    with Server(sys.argv[2], "--appendonly", "yes") as s:
        c = s.start()
        rng = random.Random(1)
        c.ask("HSET", "timed", "a", "1", "b", "2")
        c.ask("HPEXPIRE", "timed", 100000000, "FIELDS", 1, "a")
        for i in range(12):
            c.ask("XADD", "st", "IDMP", "p", "i%d" % i, "*", "f", "v%d" % i, "g", rng.randrange(1000))
        c.ask("XGROUP", "CREATE", "st", "g", "0")
        c.ask("XREADGROUP", "GROUP", "g", "c", "COUNT", 7, "STREAMS", "st", ">")
        c.ask("XNACK", "st", "g", "FAIL", "IDS", 1, c.ask("XRANGE", "st", "-", "+", "COUNT", 1)[0][0])
        c.ask("XPOLICY", "SET", "queue", "g", "MKSTREAM", "JOBS", "RETRY", "LIST", 90000000, 80000000)
        for i in range(1, 6):
            c.ask("XADD", "queue", "%d-0" % i, "f", "v")
        c.ask("XREADGROUP", "GROUP", "g", "c", "COUNT", 4, "STREAMS", "queue", ">")
        c.ask("XNACK", "queue", "g", "FAIL", "IDS", 2, "2-0", "1-0", "REASON", "it broke")
        c.ask("XNACK", "queue", "g", "SILENT", "IDS", 1, "3-0", "REASON", "later")
        c.ask("XCFGSET", "future", "MKSTREAM", "MAXLEN", 100, "MAXAGE", 1000000000, "OVERFLOW", "DROP", "ACKED")
        for i in range(5):
            c.ask("XADD", "future", "AT", 4000000000000 + i // 2, *(("TTL", 1000) if i % 2 else ()), "*", "f", "v" * (i * 40))
        c.ask("XADD", "future", "TTL", 1000000000, "1-1", "f", "v")
        c.ask("XCRON", "SET", "future", "daily", "CRON", "@daily", "TZ", "Europe/Berlin", "FIELDS", "f", "v")
        for words in ("ALL TO d", "DIRECT v BY f TO e", "TOPIC a.*.# TO d", "HEADERS ANY 2 a b c d TO e", "ALTERNATE TO rest"):
            c.ask("XBIND", "ADD", "future", *words.split())
        c.ask("XCAPTURE", "ADD", "future", "news.*", "__key*")
        c.ask("RPUSH", "l", *range(50))
        c.ask("SADD", "s", *range(20), "word")
        c.ask("ZADD", "z", 1, "a", "inf", "b", -2.5, "c")
        c.ask("PFADD", "hll", "a", "b")
        c.ask("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() return 1 end)")
        for k in ("timed", "st", "queue", "future", "l", "s", "z", "hll"):
            seed("dump-" + k, PAYLOAD + c.ask("DUMP", k)[:-10])
        c.ask("SAVE")
        with open(s.at("dump.rdb"), "rb") as f:
            seed("dump.rdb", SNAPSHOT + f.read())
        for name in os.listdir(s.at("appendonlydir")):
            with open(os.path.join(s.at("appendonlydir"), name), "rb") as f:
                if "incr" in name:
                    seed("increment", COMMANDS + f.read())
                if "manifest" in name:
                    seed("manifest-own", MANIFEST + f.read())
