#!/usr/bin/env python3
"""Seeds for replication_fuzz: streams, snapshots in both forms on the wire, what replicas say. usage: replication_seeds.py DIRECTORY"""
import os, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "redis-compat", "files"))
import old_rdb as old  # noqa: E402

STREAM, OF_REDIS, SNAPSHOT, REPLICA, LATER = b"\0", b"\4", b"\1", b"\2", b"\x0a"
NEEDED, PRIMARY = 16, 3  # added to LATER: min-replicas-to-ack 1; what a primary says
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

# Confirmation: what replicas say of themselves and ask with, under IDs of generations 1 to 4 and of another family.
WHOLE = say("PING", say("REPLCONF", "WHOLE", "0123456789" * 4))
IDS = ["6d696c6c%08x%s%s" % (generation, family, more * 16) for generation, family, more in
       ((1, "00000000", "1"), (3, "00000000", "3"), (4, "00000000", "4"), (0x7fffffff, "00000000", "7"), (2, "ffffffff", "2"))]
OWN = "6d696c6c0000000300000000000000000000000a"
for bits in (8, 16, 24, 40, 48, 56):
    kind = bytes([2 + bits])
    for i, id in enumerate(IDS + [ID, OWN]):
        told = say("REPLCONF", "capa", "eof", "capa", "psync2") + say("REPLCONF", "listening-port", 7000)
        seed("asks-%d-%d" % (bits, i), kind + told + say("REPLCONF", "millrace", 1, "f" * 40, "-", 1) + b"\0" + say("PSYNC", id, 15) + b"\0\0" + ACKS)
        seed("promises-%d-%d" % (bits, i), kind + told + say("REPLCONF", "millrace", 1, "f" * 40, id, i % 2) + b"\0" + say("PSYNC", OWN if i % 2 else ID, 1) + b"\0" + ACKS)
        seed("again-%d-%d" % (bits, i), kind + told + b"".join(say("REPLCONF", "millrace", 1, "f" * 40, x, 1) + b"\0" + say("PSYNC", x, 1) + b"\0" for x in IDS[i % 3:]) + ACKS)
    seed("fetches-%d" % bits, kind + say("REPLCONF", "fetch", 1) + say("REPLCONF", "millrace", 1, "f" * 40, "-", 0) + say("PSYNC", "?", -1) + b"\0" + ACKS)
    seed("new-%d" % bits, kind + say("REPLCONF", "millrace", 1, "f" * 40, "-", 1) + say("PSYNC", "?", -1) + b"\0\0\0" + ACKS)

# What a primary says: one answer for each word of the handshake, then to the question, then the stream.
for bits in (0, 8, 16, 24, 40, 56):
    kind = bytes([PRIMARY + bits])
    for i, told in enumerate(("+OK", "+OK %s 0" % IDS[2], "+OK %s 14" % IDS[3], "+OK %s" % IDS[0], "+OK %s -1" % IDS[0], "+OK x 1", "+OK %s 1x" % IDS[0], "+OK  0",
                              "-ERR no", "+OK %s 9223372036854775808" % IDS[1])):
        answers = b"+PONG\r\n\xff" + b"+OK\r\n" * (4 if bits & 16 else 3) + told.encode() + b"\r\n\xff"
        rest = say("SET", "a", 1) + WHOLE + GETACK + b"\xff" + say("PING", b"*1") + say("PING", say("REPLCONF", "WHOLE")) + say("PING", say("PING", WHOLE)) + b"\xff"
        seed("primary-%d-%d-rest" % (bits, i), kind + answers + b"+CONTINUE %s\r\n\xff" % (IDS[i % 5].encode()) + rest)
        seed("primary-%d-%d-full" % (bits, i), kind + answers + b"+FULLRESYNC %s 30\r\n\xff$%d\r\n" % (IDS[i % 5].encode(), len(rdb)) + rdb + b"\xff" + rest)
    seed("primary-%d-later" % bits, kind + answers + b"-NOMASTERLINK no\r\n\xff" + answers + b"+CONTINUE\r\n" + rest)
