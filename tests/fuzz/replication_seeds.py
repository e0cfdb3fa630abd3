#!/usr/bin/env python3
"""Seeds for replication_fuzz: streams, snapshots in both forms on the wire, what replicas say. usage: replication_seeds.py DIRECTORY"""
import os, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "redis-compat", "files"))
import old_rdb as old  # noqa: E402

STREAM, OF_REDIS, SNAPSHOT, REPLICA, LATER = b"\0", b"\6", b"\1", b"\2", b"\x0e"
to = sys.argv[1]
os.makedirs(to, exist_ok=True)


def seed(name, data):
    with open(os.path.join(to, name), "wb") as f:
        f.write(data)


def say(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in (x if isinstance(x, bytes) else str(x).encode() for x in words))


GETACK = say("REPLCONF", "GETACK", "*")
LINES = """SET a 1 PXAT 4102444800000|APPEND a bc|SETRANGE a 2 x|SETBIT b 70 1|PFADD p x y|INCRBY n 5|DEL a b
RPUSH l a b c|LPUSH l x|LPOP l 2|LSET l 0 y|LINSERT l BEFORE y z|LTRIM l 0 3|LMOVE l m LEFT RIGHT|LREM l 0 a
SADD s 1 2 three|SREM s 1|SMOVE s t 2|SUNIONSTORE u s t|HSET h f v g 1|HINCRBY h g 2|HDEL h f|HPEXPIREAT h 4102444800000 FIELDS 1 g|HPERSIST h FIELDS 1 g
ZADD z 1 a 2.5 b|ZINCRBY z 1 a|ZREM z a|ZREMRANGEBYSCORE z 0 5|ZRANGESTORE y z 0 -1|GEOADD geo 13.3 38.1 p
XADD x 1-1 f v|XGROUP CREATE x g 0|XGROUP CREATECONSUMER x g c|XCLAIM x g c 0 1-1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1|XGROUP SETID x g 1-1 ENTRIESREAD 1
XACK x g 1-1|XDEL x 1-1|XSETID x 5-1|XTRIM x MAXLEN 1|XIDMPRECORD x p i 1-1|XNACK x g FAIL IDS 1 1-1|XDELEX x DELREF IDS 1 1-1
PEXPIREAT l 4102444800000|PERSIST l|RENAME l k|COPY k l|MOVE l 1|SWAPDB 0 1|SELECT 1|FLUSHDB|FLUSHALL|PUBLISH c m|SPUBLISH c m|PING
FUNCTION FLUSH|RESTORE r 0 x|SORT s STORE q|BITOP NOT b b|GETEX a PXAT 4102444800000|CONFIG SET port 1|SHUTDOWN|BLPOP k 0|MIGRATE h 1 k 0 1
EVAL redis.call('incr',KEYS[1]) 1 n"""
for i, line in enumerate(LINES.split("\n")):
    commands = [say(*c.split()) for c in line.split("|")]
    seed("stream-%d" % i, STREAM + say("SELECT", 0) + b"".join(commands) + GETACK)
    seed("stream-multi-%d" % i, STREAM + say("MULTI") + b"\r\n".join(commands) + say("EXEC") + b"\n\n" + GETACK)
    seed("stream-redis-%d" % i, OF_REDIS + b"".join(commands) + say("ping"))
    seed("stream-wrapped-%d" % i, STREAM + b"".join(say("PING", c) for c in commands))
seed("stream-library", STREAM + say("FUNCTION", "LOAD", "REPLACE", "#!lua name=l\nredis.register_function('f', function() return 1 end)"))

items = [b"a", b"12", b"-7", b"70000", b"x" * 70]
flat = [y for i, x in enumerate(items) for y in (x, b"%d" % i)]
for version in (3, 9, 11):
    w = old.Writer(version)
    w.select(0)
    for kind, body in {0: old.string(b"text"), 1: old.length(2) + old.string(b"a") + old.string(b"b"), 10: old.string(old.ziplist(items)),
                       11: old.string(old.intset([1, -5, 70000])), 12: old.string(old.ziplist(flat)), 13: old.string(old.ziplist(flat))}.items():
        w.key(kind, b"k%d" % kind, body, expire_ms=4102444800000 if kind % 2 else None)
    rdb = w.end()
    mark = b"0123456789abcdef0123456789abcdef01234567"
    seed("snapshot-disk-%d" % version, SNAPSHOT + b"\n\n$%d\r\n" % len(rdb) + rdb + say("PING"))
    seed("snapshot-pipe-%d" % version, SNAPSHOT + b"$EOF:" + mark + b"\r\n" + rdb + mark + say("PING"))

ID = "0" * 39 + "a"
HELLO = say("PING") + say("REPLCONF", "listening-port", 7000) + say("REPLCONF", "ip-address", "1.2.3.4") + say("REPLCONF", "capa", "eof", "capa", "psync2") \
    + say("REPLCONF", "version", "9.0.0") + say("REPLCONF", "millrace", 1, "f" * 40)
ACKS = b"\0".join(say("REPLCONF", "ACK", i, "FACK", i // 2) for i in (0, 14, 43, 10**6))
for name, ask in {"new": say("PSYNC", "?", -1), "some": say("PSYNC", ID, 1), "old": say("SYNC"), "inline": b"PSYNC ? -1\r\n", "failover": say("PSYNC", ID, 5, "FAILOVER"),
                  "part": say("REPLCONF", "rdb-filter-only", "functions") + say("PSYNC", "?", -1), "rdb-only": say("REPLCONF", "rdb-only", 1) + say("PSYNC", "?", -1)}.items():
    seed("later-" + name, LATER + HELLO + b"\0\0" + ask + b"\0\0\0" + ACKS)
    seed("replica-" + name, REPLICA + HELLO + b"\0" + ask + b"\0\0\0\0\0\0\0\0" + ACKS)
