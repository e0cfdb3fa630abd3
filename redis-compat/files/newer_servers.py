#!/usr/bin/python3
"""Snapshots and DUMP payloads of servers from Redis 7.4 and Valkey 9.0 on, by new_rdb.py, are loaded with all that they hold; what has no
counterpart here is refused by its name, or left out and told.  usage: newer_servers.py SERVER"""
import os, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "support"))
import struct
from new_rdb import (Writer, array, candidate_hash, dragonfly_hash, key_meta, length, listpack, module_value, names, payload, stream, string, timed_hash,
                     timed_pack, valkey_hash)  # noqa: E402
from check import check, done               # noqa: E402
from server import Server                   # noqa: E402

FUTURE, PAST = 4102444800000, 1500000000000
NOW = int(time.time() * 1000)


class Loaded(Server):
    """Starts on a snapshot; c is None when it is refused, said is the log."""

    def __init__(self, path, snapshot=None, *options):
        super().__init__(path, *options, files={"dump.rdb": snapshot} if snapshot else {})
        self.c = self.conn() if self.launch() else None
        self.said = self.log()

    def ask(self, *args):
        return self.c.do(*args)

    def refuses(self, *args):
        return str(self.ask(*args)) == "ERR Bad data format"


def as_dict(flat):
    return dict(zip(flat[::2], flat[1::2]))


def hash_of(s, key, fields):
    """The hash holds the fields whose deadlines are to come, with these deadlines."""
    seen = as_dict(s.ask("HGETALL", key))
    times = s.ask("HPEXPIRETIME", key, "FIELDS", len(fields), *[f for f, _, _ in fields])
    want = {f: v for f, v, t in fields if t != PAST}
    return seen == want and times == [-2 if t == PAST else t or -1 for _, _, t in fields], (seen, times)


FIELDS = [(b"c", b"3", FUTURE), (b"b", b"v" * 100, FUTURE + 5000), (b"gone", b"x", PAST), (b"a", b"12", None)]
ENTRIES = [(5, 0, [(b"f", b"1"), (b"g", b"2")], False), (5, 1, [(b"f", b"x"), (b"g", b"")], True), (7, 0, [(b"other", b"y" * 300)], False),
           (9, 9, [(b"f", b"77"), (b"g", b"z")], False)]
TWO_NODES = [((5, 0), ENTRIES), ((20, 3), [(20, 3, [(b"h", b"-5")], False)])]
GROUPS = [dict(name=b"g1", last=(9, 9), read=3, pending=[((5, 0), 0, 2**63 - 1), ((5, 1), NOW, 4), ((7, 0), 0, 0), ((9, 9), 0, 1)],
               consumers=[(b"alice", 1700000000000, 1700000000001, [(5, 1)]), (b"bob", 1700000000002, -1, [])], released=[(9, 9), (5, 0), (7, 0)]),
          dict(name=b"g2", last=(0, 0), pending=[], consumers=[])]
PLAIN_GROUPS = [dict(name=b"g1", last=(9, 9), read=3, pending=[((5, 1), NOW, 4)], consumers=[(b"alice", 1700000000000, 1700000000001, [(5, 1)])])]
DEDUP = (300, 5, [(b"prod", [(b"i1", NOW - 500000, 0), (b"i2", NOW, 0), (b"i3", NOW, 1), (b"i2", NOW, 2)]), (b"12345", [(b"77", NOW - 1, 0)]), (b"empty", [])], 9, 4)


def look_at_stream(s, key, kind):
    full = as_dict(s.ask("XINFO", "STREAM", key, "FULL", "COUNT", 0))
    want = [[b"5-0", [b"f", b"1", b"g", b"2"]], [b"7-0", [b"other", b"y" * 300]], [b"9-9", [b"f", b"77", b"g", b"z"]], [b"20-3", [b"h", b"-5"]]]
    if full[b"entries"] != want or full[b"last-generated-id"] != b"30-1" or full[b"max-deleted-entry-id"] != b"5-1" or full[b"entries-added"] != 6:
        return False, full
    groups = {g[b"name"]: g for g in map(as_dict, full[b"groups"])}
    g = groups[b"g1"]
    if g[b"last-delivered-id"] != b"9-9" or g[b"entries-read"] != 3:
        return False, g
    alice = next(as_dict(c) for c in g[b"consumers"] if as_dict(c)[b"name"] == b"alice")
    if alice[b"seen-time"] != 1700000000000 or alice[b"active-time"] != 1700000000001 or [p[0] for p in alice[b"pending"]] != [b"5-1"]:
        return False, alice
    if kind >= 26:
        if (full[b"idmp-duration"], full[b"idmp-maxsize"], full[b"iids-added"], full[b"iids-duplicates"]) != (300, 5, 9, 4):
            return False, full
        if s.ask("XADD", key, "IDMP", "prod", "i2", "*", "f", "v") != b"%d-0" % NOW or s.ask("XADD", key, "IDMP", "12345", "77", "*", "f", "v") != b"%d-0" % (NOW - 1):
            return False, "a message id is not known"
    if kind >= 27:
        counts = {p[0]: p[3] for p in s.ask("XPENDING", key, "g1", "-", "+", 10)}
        if counts != {b"5-0": 2**63 - 1, b"5-1": 4, b"7-0": 0, b"9-9": 1} or set(groups) != {b"g1", b"g2"}:
            return False, counts
        if as_dict(g[b"consumers"][1] if as_dict(g[b"consumers"][1])[b"name"] == b"bob" else g[b"consumers"][0])[b"active-time"] != -1:
            return False, g
        order = [m[0] for m in s.ask("XREADGROUP", "GROUP", "g1", "carl", "COUNT", 3, "CLAIM", 0, "STREAMS", key, ">")[0][1]]
        if order != [b"9-9", b"5-0", b"7-0"]:
            return False, order
    return True, None


def a_stream(kind):
    return stream(kind, TWO_NODES, (30, 1), GROUPS if kind >= 27 else PLAIN_GROUPS, (5, 0), (5, 1), 6, DEDUP)


REDIS_HASHES = {24: timed_hash(FIELDS), 25: timed_pack(FIELDS, FUTURE), 22: candidate_hash(FIELDS), 23: timed_pack(FIELDS, 0)[8:]}
TEMPLATE = [b"id", b"mail", b"name"]
VALUES = [b"7", b"a@x", b"v" * 90]


def redis_files(path):
    w = Writer(15)
    w.template(0, TEMPLATE)
    w.template(3, [b"a", b"bb"])
    w.select(0)
    for kind, body in REDIS_HASHES.items():
        w.key(kind, b"h%d" % kind, body)
    w.key(25, b"stale", timed_pack([(b"a", b"1", None)], FUTURE), idle=1000)
    w.key(25, b"all gone", timed_pack([(b"a", b"1", PAST)], PAST))
    w.key(29, b"t29", names(TEMPLATE, True) + string(listpack([9, 7, b"a@x", b"v" * 90])))
    w.key(30, b"t30", string(listpack([0, 7, b"a@x", b"v" * 90])))
    w.key(31, b"t31", names(TEMPLATE, False) + b"".join(map(string, VALUES)))
    w.key(32, b"t32", length(0) + b"".join(map(string, VALUES)), expire_ms=FUTURE)
    w.raw(b"\xf4" + length(449) + length(1) + length(1))
    for kind in (26, 27):
        w.key(kind, b"s%d" % kind, a_stream(kind))
    w.key(21, b"s21", a_stream(21))
    w.key(19, b"long", stream(19, TWO_NODES, (30, 1), told_length=9))
    w.key(27, b"unowned", stream(27, TWO_NODES, (30, 1), [dict(name=b"g", last=(9, 9), pending=[((5, 0), 5, 2)], consumers=[])]))
    w.raw(key_meta([("KMT1", 1, 1), ("ab_-", 31, 0)]))
    w.key(0, b"meta", string(b"v"))
    w.key(0, b"last", string(b"12"), freq=5)
    with Loaded(path, w.end()) as s:
        if not s.c:
            return check("a snapshot of Redis 8.10", False, s.said[-600:])
        for kind in REDIS_HASHES:
            check("hash of type %d" % kind, *hash_of(s, "h%d" % kind, FIELDS))
        check("hash with a stale earliest deadline", *hash_of(s, "stale", [(b"a", b"1", None)]))
        check("hash whose fields have all passed is gone", s.ask("EXISTS", "all gone") == 0)
        for kind in (29, 30, 31, 32):
            seen = as_dict(s.ask("HGETALL", "t%d" % kind))
            check("hash of a template, type %d" % kind, seen == dict(zip(TEMPLATE, VALUES)), seen)
        check("deadline of a key behind others", s.ask("PEXPIRETIME", "t32") == FUTURE and s.ask("PEXPIRETIME", "t31") == -1)
        for kind in (21, 26, 27):
            check("stream of type %d" % kind, *look_at_stream(s, "s%d" % kind, kind))
        check("a stream's length is that of its entries", s.ask("XLEN", "long") == 4 and "told to have 9" in s.said, s.said)
        check("pending entries of nobody are released", s.ask("XREADGROUP", "GROUP", "g", "c", "CLAIM", 0, "STREAMS", "unowned", ">")[0][1][0][0] == b"5-0" and "no consumer" in s.said)
        check("metadata of keys are left out, each class told once", s.ask("GET", "meta") == b"v" and s.said.count("KMT1") == 1 and "ab_- are left out: they were" in s.said, s.said)
        check("the last key", s.ask("GET", "last") == b"12")


def valkey_files(path):
    w = Writer(80, True)
    w.slot_import([(0, 100), (5000, 16383)])
    w.select(0)
    w.aux(b"slot-info", b"449,1,0,0")
    w.key(22, b"h22", valkey_hash(FIELDS))
    w.key(21, b"s21", a_stream(21))
    w.key(0, b"moving {foo}", string(b"v"))     # slot 12182
    w.key(0, b"staying {hello}", string(b"v"))  # slot 866
    with Loaded(path, w.end()) as s:
        check("a snapshot of Valkey 9.1: deadlines of fields", *hash_of(s, "h22", FIELDS)) if s.c else check("a snapshot of Valkey 9.1", False, s.said[-600:])
        check("stream of Valkey", *look_at_stream(s, "s21", 21))
        check("keys of slots under way are left out", s.ask("EXISTS", "moving {foo}") == 0 and s.ask("EXISTS", "staying {hello}") == 1 and "1 keys" in s.said, s.said)


def kin(path):
    w = Writer(9, aux=((b"df-ver", b"df-1.30"),))
    w.raw(b"\xdc" + struct.pack("<I", 2) + bytes(4))
    w.key(31, b"h", dragonfly_hash([(b"a", b"1", FUTURE), (b"b", b"2", None)]))
    w.key(20, b"set", string(listpack([b"x", 5])))
    with Loaded(path, w.end()) as s:
        check("a snapshot of Dragonfly", bool(s.c) and hash_of(s, "h", [(b"a", b"1", FUTURE), (b"b", b"2", None)])[0] and s.ask("SCARD", "set") == 2, s.said[-400:])
    w = Writer(9, aux=((b"mvcc-tstamp", b"1"),))
    w.key(4, b"h", length(2) + string(b"a") + string(b"1") + string(b"b") + string(b"2"))
    w.aux(b"keydb-subexpire-key", b"a")
    w.aux(b"keydb-subexpire-when", b"%d" % FUTURE)
    with Loaded(path, w.end()) as s:
        check("a snapshot of KeyDB", bool(s.c) and hash_of(s, "h", [(b"a", b"1", FUTURE), (b"b", b"2", None)])[0], s.said[-400:])


FOREIGN = [("a Redis array (RDB type 28)", 28, array([(0, 1, bytes(8)), (17, 2, bytes(8)), (10**12, 3, string(b"abc")), (10**13, 0, string(b"x" * 99))])),
           ("module type vectorset", 7, module_value("vectorset")), ("rate limiter", 33, length(5)),
           ("KeyDB cron job", 64, string(b"return 1") + bytes(16) + length(1) + string(b"k") + length(0))]
REFUSED = [("type that nobody knows", b"\x63" + string(b"thekey") + b"x", "Key thekey: RDB type 99 is not known"),
           ("opcode that nobody knows", b"\xf1", "RDB opcode 241 is not known"), ("functions of a release candidate", b"\xf6", "release candidates of Redis 7.0"),
           ("record of Redis Enterprise", b"\x6b\x01", "Redis Enterprise"),
           ("old module", b"\x06" + string(b"k"), "before Redis 4.0"), ("template that is not there", b"\x20" + string(b"k") + length(9), "template 9 is not there")]


def foreign(path):
    for name, kind, body in FOREIGN:
        w = Writer(15)
        w.select(0)
        w.key(kind, b"thekey", body, expire_ms=FUTURE)
        w.key(0, b"after", string(b"1"))
        with Loaded(path, w.end()) as s:
            check("refused by name: " + name, not s.c and "thekey" in s.said and name in s.said, s.said[-400:])
        with Loaded(path, w.end(), "--rdb-skip-unknown", "yes") as s:
            check("left out and told: " + name, bool(s.c) and s.ask("GET", "after") == b"1" and s.ask("PTTL", "after") == -1 and s.ask("DBSIZE") == 1
                  and "key thekey of database 0 is left out" in s.said and "1 keys of" in s.said, s.said[-400:])
    for name, record, words in REFUSED:
        w = Writer(15)
        w.select(0)
        w.raw(record)
        with Loaded(path, w.end(), "--rdb-skip-unknown", "yes") as s:
            check("refused by name: " + name, not s.c and words in s.said, s.said[-400:])
    for magic, good in ((b"REDIS0016", True), (b"REDIS0079", True), (b"REDIS0080", False), (b"VALKEY079", False), (b"VALKEY081", True), (b"VALKEY11\0", False)):
        w = Writer(11)
        w.out = magic
        w.key(0, b"k", string(b"v"))
        with Loaded(path, w.end()) as s:
            check("magic %r is %s" % (magic, "tried" if good else "refused"), bool(s.c) == good and ("newer" in s.said) == good, s.said[-300:])


def payloads(path):
    with Loaded(path) as s:
        for kind, body in REDIS_HASHES.items():
            for version in (12, 15, 79):
                s.ask("DEL", "h")
                check("RESTORE type %d version %d" % (kind, version), s.ask("RESTORE", "h", 0, payload(kind, body, version)) == b"OK" and hash_of(s, "h", FIELDS)[0])
        s.ask("DEL", "h")
        check("RESTORE of Valkey's hash", s.ask("RESTORE", "h", 0, payload(22, valkey_hash(FIELDS), 80)) == b"OK" and hash_of(s, "h", FIELDS)[0])
        check("Valkey's bytes under Redis' version are none", s.refuses("RESTORE", "x", 0, payload(22, valkey_hash(FIELDS), 12)))
        for kind in (21, 26, 27):
            s.ask("DEL", "s")
            answer = s.ask("RESTORE", "s", 0, payload(kind, a_stream(kind), 11))
            check("RESTORE of a stream, type %d" % kind, answer == b"OK" and look_at_stream(s, "s", kind)[0], answer)
        check("RESTORE with metadata and without a checksum", s.ask("RESTORE", "m", 0, payload(0, string(b"v"), 13, key_meta([("KMT1", 1, 1)]), False)) == b"OK" and s.ask("GET", "m") == b"v")
        check("RESTORE of a template with an empty name", s.ask("RESTORE", "e", 0, payload(31, names([b"", b"a"], False) + string(b"1") * 2, 15)) == b"OK" and s.ask("HGET", "e", "") == b"1")
        check("RESTORE of a template's hash", s.ask("RESTORE", "t", 0, payload(31, names(TEMPLATE, True) + b"".join(map(string, VALUES)), 15)) == b"OK" and s.ask("HLEN", "t") == 3)
        for name, kind, body in FOREIGN[:3]:
            answer = s.ask("RESTORE", "x", 0, payload(kind, body, 15))
            check("RESTORE names what it refuses: " + name, str(answer).startswith("ERR Bad data format: the payload holds"), answer)
        bad = {"zone entry that is not pending": stream(27, TWO_NODES, (30, 1), [dict(GROUPS[0], released=[(20, 3)])]),
               "zone entry that is owned": stream(27, TWO_NODES, (30, 1), [dict(GROUPS[0], released=[(5, 1)])]),
               "zone entry twice": stream(27, TWO_NODES, (30, 1), [dict(GROUPS[0], released=[(5, 0), (5, 0)])]),
               "duration of 0": stream(26, TWO_NODES, (30, 1), dedup=(0, 5, [], 0, 0)), "size of 10001": stream(26, TWO_NODES, (30, 1), dedup=(5, 10001, [], 0, 0))}
        for name, body in bad.items():
            check("refused: " + name, s.refuses("RESTORE", "x", 0, payload(26 if "of" in name else 27, body, 14)))
        no_fields = string(struct.pack(">QQ", 5, 0)) + string(listpack([1, 0, 0, 0, 2, 0, 0, 3]))
        check("refused: an entry without fields", s.refuses("RESTORE", "x", 0, payload(15, length(1) + no_fields + length(1) + length(5) + length(0) + length(0), 9)))
        for name, body in (("names out of order", names([b"b", b"a"], False)), ("no names", names([], False)), ("a name twice", names([b"a", b"a"], True)),
                           ("the empty name twice", names([b"", b""], False))):
            check("refused: template, " + name, s.refuses("RESTORE", "x", 0, payload(31, body + string(b"1") * 2, 15)))
        # What came in is kept: the append-only file and snapshots have all of it.
        check("nothing was made of what was refused", s.ask("EXISTS", "x") == 0)


if __name__ == "__main__":
    server = os.path.abspath(sys.argv[1])
    redis_files(server)
    valkey_files(server)
    kin(server)
    foreign(server)
    payloads(server)
    done()
