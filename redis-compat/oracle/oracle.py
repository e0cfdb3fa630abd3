#!/usr/bin/env python3
"""The same dialogue against redis-server and against us; every byte of every reply is compared.

oracle.py --server PATH dialogues [FILE ...]     hand-written dialogues (dialogues/*.txt, see dialogue.py)
oracle.py --server PATH random --commands N [--seed S]   commands generated from the usage lines

Options: --reference PATH (default: redis-server), --stages resp2,resp3,dribble,aof,snapshot (default: the first two).

What may differ is in the table below and nowhere else; a known difference has a line in ../differences.md.
"""
import argparse, glob, os, random, re, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "support"))
from dialogue import STAGES, Player, read_dialogues  # noqa: E402
from resp import Conn                               # noqa: E402
from server import Server, servers                  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))

# What is compared only after a normalisation: the closed table.
CLOCK = {"ttl", "pttl", "expiretime", "pexpiretime"}            # numbers within a second
UNORDERED = {"keys", "smembers", "sunion", "sinter", "sdiff", "hkeys", "hvals", "hgetall", "hscan", "sscan", "zscan", "spop"}  # order of a hash table
RANDOM = {"srandmember", "hrandfield", "zrandmember"}            # what is chosen; how much is compared
SKIPPED_REPLY = {"time", "lastsave", "randomkey", "scan", "object|freq"}


def launched(path, *options):
    """A server that dumps values as they are."""
    s = Server(path, "--rdbcompression", "no", *options)
    s.start().close()
    return s


def close_numbers(a, b, slack):
    if a[0] != b[0]:
        return False
    if a[0] in (b"*", b"~", b"%") and a[1] is not None and b[1] is not None:
        return len(a[1]) == len(b[1]) and all(close_numbers(x, y, slack) for x, y in zip(a[1], b[1]))
    if a[0] == b":":
        x, y = int(a[1]), int(b[1])
        return x == y or (x >= 0 and y >= 0 and abs(x - y) <= slack)
    return a == b


def flat(v):
    """The reply, whatever the order of its elements, also of a cursor's."""
    if isinstance(v[1], list):
        return [v[0]] + sorted(repr(flat(x)) for x in v[1])
    return v


def shape(v):
    return (v[0], len(v[1]) if isinstance(v[1], list) else None)


def numbers(v):
    """Doubles by value: 7.0 prints 17 digits, 7.2 and we as many as are needed."""
    if isinstance(v[1], list):
        return (v[0], [numbers(x) for x in v[1]])
    if v[0] in (b"$", b",") and v[1] == b"-0":
        return (v[0], b"0")
    if v[0] in (b"$", b",") and v[1] and re.fullmatch(rb"-?[0-9.]+(e[+-]?[0-9]+)?", v[1]) and (b"." in v[1] or b"e" in v[1] or len(v[1]) > 16):
        try:
            return (v[0], float(v[1]))
        except ValueError:
            pass
    return v


IOERR = rb"-IOERR error or timeout [^\r]*\r\n"


def without_step(v):
    """An error of MIGRATE as its code alone, also within EXEC's reply."""
    if isinstance(v[1], list):
        return (v[0], [without_step(x) for x in v[1]])
    return (v[0], b"IOERR") if v[0] == b"-" and v[1].startswith(b"IOERR error or timeout") else v


def same(args, a, b):
    """a, b: (raw, value) of the reference and of ours."""
    name = args[0].lower().decode(errors="replace")
    sub = args[1].lower().decode(errors="replace") if len(args) > 1 else ""
    if a[0] == b[0]:
        return True
    if name in SKIPPED_REPLY:
        return a[1][0] == b[1][0]
    if name in ("xread", "xreadgroup") and a[0].startswith(b"-ERR Unbalanced") and b[0].startswith(b"-ERR Unbalanced '%s'" % name.encode()):
        return True
    if b"-IOERR error or timeout" in a[0] and name in ("migrate", "exec"):
        # In which step depends on the clock; what failed stands behind.
        a, b = ((re.sub(IOERR, b"-IOERR\r\n", raw), without_step(value)) for raw, value in (a, b))
        if a[0] == b[0]:
            return True
    if name in CLOCK:
        return close_numbers(a[1], b[1], 1500)
    if name == "dbsize":
        # Keys whose deadline has passed count until they are found; when that is, is nobody's promise.
        return close_numbers(a[1], b[1], 3)
    if name == "object" and sub == "idletime":
        return close_numbers(a[1], b[1], 2)
    if name in ("xpending", "xinfo"):
        return close_numbers(a[1], b[1], 1500)
    if name in ("sscan", "hscan", "zscan") and a[1][0] == b"*" and b[1][0] == b"*":
        # A walk that is not done at once, or was begun in the middle, is that of a hash table.
        if args[2].strip(b"0") or a[1][1][0][1] != b"0" or b[1][1][0][1] != b"0":
            return True
    if name == "xreadgroup" and b"18446744073709551615-18446744073709551615" in args:
        return True
    if name == "zscan":
        return flat(numbers(a[1])) == flat(numbers(b[1]))
    if name in UNORDERED or (name == "pubsub" and sub in ("channels", "shardchannels")):
        return flat(a[1]) == flat(b[1])
    if name in RANDOM:
        return shape(a[1]) == shape(b[1])
    if name[:1] == "z" or name.startswith(("bz", "geo", "exec")):
        return numbers(a[1]) == numbers(b[1])
    return False


def pairs_of(v):
    """A map, or what stands for one in RESP2."""
    return {v[1][i][1]: v[1][i + 1] for i in range(0, len(v[1]), 2)}


def same_groups(args, a, b, conn):
    """XINFO GROUPS: all but the counters as they are; the lag is unknown or what is really there (faults B9), which 7.0.15 mistakes
    over holes; where it is right, ours is the same."""
    if a[1][0] != b"*" or b[1][0] != b"*" or len(a[1][1]) != len(b[1][1]):
        return same(args, a, b)
    for x, y in zip(map(pairs_of, a[1][1]), map(pairs_of, b[1][1])):
        conn.send(b"XRANGE", args[2], b"(" + y[b"last-delivered-id"][1], b"+")
        there = conn.raw()[1][1]
        truth, lags = b"%d" % len(there if isinstance(there, list) else []), (x.pop(b"lag")[1], y.pop(b"lag")[1])
        if lags[1] and lags[1] != truth or lags[0] == truth != lags[1]:
            return False
        counts = x.pop(b"entries-read"), y.pop(b"entries-read")
        x.pop(b"consumers"), y.pop(b"consumers")  # made by every read: as 7.2
        if x != y or lags[0] == lags[1] == truth and counts[0][0] != counts[1][0]:
            return False
    return True


def show(args):
    return " ".join(repr(a)[1:] for a in args)


# ---------------------------------------------------------------- dialogues
def dialogues(o, ref, ours):
    passed = failed = 0
    for stage in o.stages.split(","):
        player = Player(ref, ours, stage, same)
        for path in o.files or sorted(glob.glob(os.path.join(HERE, "dialogues", "*.txt"))):
            if stage == "aof":
                player.shorten_journal()
            for d in read_dialogues(path):
                if not d.is_for(stage):
                    continue
                why = player.play(d)
                passed, failed = passed + (not why), failed + bool(why)
                if why:
                    print("FAILED %s: %s (%s): %s" % (os.path.basename(path), d.name, stage, why))
    return passed, failed


# ---------------------------------------------------------------- random
LEAVE_OUT = set("""acl asking auth backup bgrewriteaof bgsave client cluster command config debug dbsize-not echo-not failover
    hello info lastsave latency lolwut memory module monitor object pfdebug pfselftest ping-not psubscribe psync publish-not punsubscribe quit
    dump readonly readwrite replicaof replconf reset restore restore-asking role save shutdown slaveof slowlog spublish ssubscribe subscribe sunsubscribe
    swapdb-not sync time unsubscribe wait waitaof xinfo pubsub-not randomkey scan select exec multi discard
    watch unwatch script function eval evalsha fcall spop""".split())
WORDS = [b"a", b"b", b"hello", b"", b"x\x00y", b"42", b"-7", b"3.25", b"0", b"12345678901234567890", b"the quick brown fox " * 4, b"\xff\xfe"]
NUMBERS = [b"0", b"1", b"2", b"3", b"5", b"10", b"100", b"-1", b"-2", b"-3", b"-100", b"9223372036854775807", b"-9223372036854775808",
           b"9223372036854775808", b"abc", b"", b"1.5", b" 1", b"01"]
DOUBLES = [b"1.5", b"-2", b"0.1", b"3e2", b"inf", b"nan", b"x", b"5"]
IDS = [b"1-1", b"1-2", b"2-0", b"3-5", b"5", b"5-7", b"10-1", b"0-0", b"0-1", b"100", b"200-3", b"-", b"+", b"(1-1", b"(5", b"$", b">", b"x", b"1-x",
       b"18446744073709551615-18446744073709551615", b"18446744073709551615"]
PATTERNS = [b"*", b"k*", b"?1", b"[a-k]*", b"k[^1]", b"\\*", b"nothing"]
NEWER = {b"DURABLE", b"MAXCOUNT", b"MAXSIZE", b"CLAIM", b"KEEPREF", b"DELREF", b"ACKED", b"IDMP", b"IDMPAUTO", b"DELAY", b"AT", b"TTL", b"MATCH"}  # options
KEYS = [b"k1", b"k2", b"k3", b"l1", b"l2", b"s1", b"s2", b"h1", b"h2", b"t1", b"t2", b"z1", b"z2", b"p1", b"p2", b"g1", b"missing", b"k\x00ey"]
FAMILIES = {"stream": b"s", "list": b"l", "hash": b"h", "set": b"t", "sorted-set": b"z", "hyperloglog": b"p", "geo": b"g"}
MEMBERS = [b"a", b"b", b"c", b"d", b"e", b"f", b"1", b"2", b"3", b"17", b"-5", b"70000", b"hello", b"", b"x\x00y", b"a rather long member of a set " * 3]
SCORES = [b"0", b"1", b"2", b"3", b"-1", b"1.5", b"2.25", b"-0.5", b"100", b"1e3", b"inf", b"-inf"]
BOUNDS = [b"-inf", b"+inf", b"0", b"1", b"(1", b"2", b"(3", b"-1", b"1.5", b"100", b"x", b"nan"]
LEX = [b"-", b"+", b"[a", b"(b", b"[c", b"(e", b"[", b"a"]


def number_text(r):
    """Text that may be a number: long ones, hexadecimal ones, denormal ones, and what only looks like one (compat 10.2, 10.3)."""
    p = r.random()
    if p < 0.15:
        return r.choice([b"4.9e-324", b"1e-400", b"1e400", b"-1e400", b"2e-310", b"1.7976931348623157e308", b"1.8e308", b"infinity", b"+inf", b"-Infinity",
                         b"nan", b"-nan", b"nan(1)", b"0x10", b"0x1p-1074", b"-0x.8p3", b"0x", b"1e", b"1e+", b".", b"-", b"+5", b".5", b"5.", b"-0", b"1795898401767012000",
                         b"9007199254740993", b"-1e17", b"123456789012345678901", b"1e5 ", b" 1", b"\t1", b"1\x00", b"1\x002", b"\x00", b"1_0", b"1,5", b"1d5", b"0b1"])
    digits = lambda n: bytes(r.choice(b"0123456789") for _ in range(n))
    n = r.choice([0, 1, 1, 2, 3, 5, 17, 18, 60, 254, 255, 256, 300, 310, 1000])
    text = r.choice([b"", b"", b"-", b"+"]) + digits(n)
    if r.random() < 0.5:
        text += b"." + digits(r.choice([0, 1, 2, 5, 20, 250, 400]))
    if r.random() < 0.3:
        text += r.choice([b"e", b"E"]) + r.choice([b"", b"-", b"+"]) + digits(r.choice([1, 1, 2, 3]))
    return text


class Generator:
    def __init__(self, docs, rng):
        self.docs, self.rng = docs, rng
        self.names = sorted(docs)

    def value(self, arg, name):
        r = self.rng
        kind, what = arg.get("type"), arg.get("name", "")
        group = self.docs.get(name, {}).get("group", "")
        if kind == "double" or what in ("score", "increment", "weight", "min", "max", "longitude", "latitude", "radius", "width", "height"):
            if what != "timeout" and r.random() < 0.06:
                return (b"(" if what in ("min", "max") and r.random() < 0.3 else b"") + number_text(r)
        if group == "sorted-set" or name.startswith("sort"):
            if what in ("min", "max", "start", "stop"):
                if "lex" in name:
                    return r.choice(LEX)
                if "score" in name or name == "zcount":
                    return r.choice(BOUNDS)
                if "rank" not in name and r.random() < 0.3:
                    return r.choice(BOUNDS + LEX)
                return r.choice(NUMBERS[:9])
            if what in ("score", "increment", "weight"):
                return r.choice(SCORES if r.random() < 0.97 else [b"x", b"nan", b""])
        if group == "geo":
            if what == "longitude":
                return r.choice([b"13.361389", b"15.087269", b"13.58", b"-0.12", b"179.99", b"-179.99", b"0", b"13.4", b"181", b"x"])
            if what == "latitude":
                return r.choice([b"38.115556", b"37.502669", b"51.5", b"85.05", b"-85.05", b"0", b"-33.9", b"38", b"86", b"x"])
            if what in ("radius", "width", "height"):
                return r.choice([b"0", b"1", b"100", b"200", b"500.5", b"3000", b"20000", b"1e7", b"-1", b"x"])
            if what == "member":
                return r.choice(MEMBERS[:8])
            if what == "count":
                return r.choice([b"1", b"2", b"3", b"10", b"0", b"x"])
        if group == "bitmap":
            if what == "encoding":
                return r.choice([b"u8", b"i8", b"u1", b"i5", b"u63", b"i64", b"i16", b"u64", b"i0", b"x"])
            if what == "offset":
                return r.choice([b"0", b"1", b"7", b"8", b"100", b"#1", b"#3", b"63", b"-1", b"4294967296", b"x"])
            if what == "operation":
                return r.choice([b"AND", b"OR", b"XOR", b"NOT", b"x"])
            if what == "bit":
                return r.choice([b"0", b"1", b"1", b"2", b"x"])
        if name.startswith("sort") and what == "pattern":
            return r.choice([b"k*", b"h*->a", b"#", b"nothing", b"*", b"h1->*", b"k*->"])
        if name.startswith("sort") and what in ("offset", "count"):
            return r.choice([b"0", b"1", b"2", b"10", b"-1", b"x"])
        if name.startswith("sort") and kind == "key" and what != "destination":
            return r.choice([b"l1", b"l2", b"t1", b"t2", b"z1", b"z2", b"k1", b"missing"])
        if what in ("member", "field", "fields") and group in ("hash", "set", "sorted-set"):
            return r.choice(MEMBERS)
        if group == "hash" and what == "value":
            return r.choice(WORDS + NUMBERS[:6])
        if name == "migrate" and what in ("host", "port"):
            # Nobody else's machine is ever talked to, and what is not there is refused at once.
            return r.choice([b"127.0.0.1", b"127.0.0.1", b"no..such..host", b""] if what == "host" else [b"1", b"1", b"0", b"65536", b"x"])
        if name.startswith("x") and what in ("id", "start", "end", "lastid", "last-id", "threshold", "max-deleted-id", "lastid"):
            return r.choice(IDS)
        if kind == "key":
            family = FAMILIES.get(group, b"k")
            if group == "sorted-set" and r.random() < 0.1:
                family = b"t"
            near = [k for k in KEYS if k.startswith(family)]
            return r.choice(near if near and r.random() < 0.8 else KEYS)
        if what == "timeout":
            return r.choice([b"0.01", b"0.01", b"0.01", b"-1", b"x"])
        if what == "milliseconds" and name in ("xread", "xreadgroup"):
            return r.choice([b"5", b"5", b"-1", b"x"])
        if what in ("min-idle-time", "ms"):
            return r.choice([b"0", b"0", b"100000", b"-5", b"x"])
        if what in ("seconds", "milliseconds", "unix-time-seconds", "unix-time-milliseconds"):
            if "unix" in what:
                return r.choice([b"1", b"99999999999", b"9999999999999", b"-1", b"0", b"x"])
            # Never the same twice: GT and LT would compare the milliseconds at which the two servers ran it.
            later = b"%d" % r.randrange(200000, 9000000)
            return r.choice([later, later, b"0", b"-5", b"x", b"9223372036854775807"])
        if what in ("numkeys", "numids"):
            return r.choice([b"1", b"1", b"2", b"0", b"x"])
        if what == "cursor":
            return r.choice([b"0", b"0", b"0", b"0", b"00", b"", b"x", b"5"])
        if what == "offset":
            return r.choice([b"0", b"1", b"5", b"20", b"-1", b"536870912", b"x"])
        if what in ("destination-db", "db", "index1", "index2"):
            return r.choice([b"0", b"1", b"1", b"99", b"x"])
        if what == "group":
            return r.choice([b"g1", b"g1", b"g2", b"nogroup"])
        if what in ("consumer", "username"):
            return r.choice([b"c1", b"c2", b"c3"])
        if kind == "pattern":
            return r.choice(PATTERNS)
        if kind in ("integer", "unix-time"):
            return r.choice(NUMBERS[:9] if r.random() < 0.85 else NUMBERS)
        if kind == "double":
            return r.choice(DOUBLES)
        if what in ("field", "element", "pivot", "value"):
            return r.choice(WORDS)
        return r.choice(WORDS)

    def walk(self, args, out, name, depth=0):
        r = self.rng
        for arg in args:
            flags = arg.get("flags", [])
            if "optional" in flags and r.random() < (0.6 if depth == 0 else 0.5):
                continue
            for _ in range(r.choice([1, 1, 2, 3]) if "multiple" in flags else 1):
                self.one(arg, out, name, depth)

    def one(self, arg, out, name, depth):
        r = self.rng
        kind = arg["type"]
        if arg.get("token") is not None:
            t = arg["token"].encode()
            out.append(t if r.random() < 0.8 else t.lower())
        if kind == "oneof":
            self.one(r.choice(arg["arguments"]), out, name, depth + 1)
        elif kind == "block":
            self.walk(arg["arguments"], out, name, depth + 1)
        elif kind != "pure-token":
            out.append(self.value(arg, name))

    def command(self):
        r = self.rng
        name = r.choice(self.names)
        doc = self.docs[name]
        out = [name.upper().encode()] if "|" not in name else [p.upper().encode() for p in name.split("|")]
        self.walk(doc.get("arguments", []), out, name.split("|")[0])
        if r.random() < 0.03:
            if len(out) > 1 and r.random() < 0.5:
                out.pop(r.randrange(1, len(out)))
            else:
                out.insert(r.randrange(1, len(out) + 1), r.choice(WORDS))
        return out


def to_python(v):
    kind, x = v
    if kind in (b"*", b"~"):
        return [to_python(i) for i in x]
    if kind == b"%":
        return {to_python(x[i]): to_python(x[i + 1]) for i in range(0, len(x), 2)}
    return x.decode() if isinstance(x, bytes) else x


def load_docs(ref, ours):
    a, b = Conn(ref.port), Conn(ours.port)
    for c in (a, b):
        c.send(b"HELLO", b"3")
        c.raw()
    b.send(b"COMMAND", b"DOCS")
    docs = to_python(b.raw()[1])
    out = {}
    for name, doc in docs.items():
        if name in LEAVE_OUT:
            continue
        for full, d in ([(name, doc)] if "subcommands" not in doc else doc["subcommands"].items()):
            if full.endswith("|help"):
                continue
            a.send(b"COMMAND", b"INFO", full.encode())
            known = a.raw()[1]
            if known[1][0][1] is None or known[1][0][0] == b"_":
                continue
            out[full] = d
    return out


def waits_long(args):
    name, upper = args[0].upper(), [a.upper() for a in args]
    at = {b"BZPOPMIN": -1, b"BZPOPMAX": -1, b"BZMPOP": 1, b"BLPOP": -1, b"BRPOP": -1, b"BRPOPLPUSH": -1, b"BLMOVE": 5, b"BLMPOP": 1}.get(name)
    if name in (b"XREAD", b"XREADGROUP") and b"BLOCK" in upper:
        return any(a.isdigit() and (int(a) == 0 or int(a) > 20) for b, a in zip(upper, args[1:]) if b == b"BLOCK")
    if at is None or at >= len(args):
        return False
    try:
        t = float(args[at])
        return t == 0 or t > 0.05
    except ValueError:
        return False


def everything(c):
    """All keys of the database with what they hold, by SCAN: a list to be compared."""
    def ask(*args):
        c.send(*args)
        return c.raw()[1]
    keys, cursor = set(), b"0"
    while True:
        v = ask(b"SCAN", cursor, b"COUNT", b"7")
        cursor = v[1][0][1]
        keys |= {k[1] for k in v[1][1][1]}
        if cursor == b"0":
            break
    out = []
    for k in sorted(keys):
        kind = ask(b"TYPE", k)[1]
        read = {b"string": [b"GET", k], b"list": [b"LRANGE", k, b"0", b"-1"], b"stream": [b"XRANGE", k, b"-", b"+"], b"set": [b"SMEMBERS", k],
                b"hash": [b"HGETALL", k], b"zset": [b"ZRANGE", k, b"0", b"-1", b"WITHSCORES"]}[kind]
        held = ask(*read)
        out.append((k, kind, flat(held) if kind in (b"set", b"hash") else numbers(held), int(ask(b"PTTL", k)[1]) < 0))
    return out


def around(x, y):
    """The two, from shortly before they differ."""
    at = next((i for i in range(min(len(x), len(y))) if x[i] != y[i]), 0)
    return x[max(0, at - 200):at + 300], y[max(0, at - 200):at + 300]


class Waiter:
    """A second connection to both sides that waits in a blocking command."""
    def __init__(self, ref, ours, rng):
        self.pair, self.rng, self.args = (Conn(ref.port), Conn(ours.port)), rng, None
        self.ids = []
        for c in self.pair:
            c.send(b"CLIENT", b"ID")
            self.ids.append(c.raw()[1][1])

    def begin(self):
        r = self.rng
        lists, streams = [b"l1", b"l2", b"missing"], [b"s1", b"s2"]
        self.args = r.choice([
            [b"BLPOP", r.choice(lists), b"0"],
            [b"BRPOP", r.choice(lists), b"0"],
            [b"BLMOVE", r.choice(lists), r.choice(lists), b"LEFT", r.choice([b"LEFT", b"RIGHT"]), b"0"],
            [b"BRPOPLPUSH", r.choice(lists), r.choice(lists), b"0"],
            [b"BLMPOP", b"0", b"1", r.choice(lists), b"LEFT", b"COUNT", b"2"],
            [b"XREAD", b"BLOCK", b"0", b"STREAMS", r.choice(streams), b"$"],
            [b"BZPOPMIN", r.choice([b"z1", b"z2", b"missing"]), b"0"],
            [b"BZMPOP", b"0", b"1", r.choice([b"z1", b"z2"]), b"MAX", b"COUNT", b"3"],
            [b"XREADGROUP", b"GROUP", b"g1", b"c1", b"COUNT", b"2", b"BLOCK", b"0", b"STREAMS", r.choice(streams), b">"],
        ])
        for c in self.pair:
            c.send(*self.args)
        time.sleep(0.002)

    def end(self, a, b):
        """Unblocks it where it still waits; what it got must be the same on both sides."""
        for c, own in zip((a, b), self.ids):
            c.send(b"CLIENT", b"UNBLOCK", own)
        x, y = a.raw()[0], b.raw()[0]
        (p, got), (q, own) = self.pair[0].raw(), self.pair[1].raw()
        args, self.args = self.args, None
        # When the key or its group went, or the key got another type meanwhile: as 7.2.
        if args[0] == b"XREADGROUP" and p.startswith((b"-UNBLOCKED the stream key", b"-NOGROUP the consumer group")) and q.startswith((b"-WRONGTYPE", b"-NOGROUP")):
            return None
        # An entry that was added and deleted in one transaction: 7.0 answers with nothing, 7.2 and we go on waiting.
        if args[0] == b"XREAD" and p.endswith(b"*0\r\n"):
            return None
        # A key that is overwritten by a sorted set: 7.0 does not tell who waits for it.
        if args[0].startswith(b"BZ") and x == b":1\r\n" and y == b":0\r\n":
            return None
        return None if x == y and same(args, (p, got), (q, own)) else "%s: reference %r %r, ours %r %r" % (show(args), x, p, y, q)


class Listener:
    """A second connection to both sides that subscribes: channels, one pattern, events of keys."""
    def __init__(self, ref, ours, rng):
        self.pair, self.rng = (Conn(ref.port), Conn(ours.port)), rng

    def turn(self):
        """Changes the subscriptions; compares everything heard until a PING comes back."""
        r = self.rng
        what = r.choice([[b"SUBSCRIBE", b"a"], [b"SUBSCRIBE", b"b", b"hello"], [b"UNSUBSCRIBE", b"a"], [b"UNSUBSCRIBE", b"hello", b"b"],
                         [b"PSUBSCRIBE", b"__key*__:*"], [b"PUNSUBSCRIBE", b"__key*__:*"], [b"PING"]])
        heard = []
        for c in self.pair:
            c.send(*what)
            c.send(b"PING", b"mark")
            lines = []
            while not lines or b"mark" not in lines[-1]:
                lines.append(c.raw()[0])
            # Consumers are made by every read, also by one that finds nothing: as 7.2, not as 7.0.
            heard.append([x for x in lines if b"xgroup-createconsumer" not in x])
        if heard[0] == heard[1]:
            return None
        at = next((i for i, (x, y) in enumerate(zip(*heard)) if x != y), min(len(heard[0]), len(heard[1])))
        return "%s: heard %r, ours %r, after %r" % (show(what), heard[0][at:at + 3], heard[1][at:at + 3], heard[0][max(0, at - 2):at])


def is_set(server, key):
    """By TYPE, in whatever protocol the connection is."""
    server.send(b"TYPE", key)
    return server.raw()[0] == b"+set\r\n"


def random_commands(o, ref, ours):
    rng = random.Random(o.seed)
    docs = load_docs(ref, ours)
    g = Generator(docs, rng)
    a, b = Conn(ref.port), Conn(ours.port)
    failed = 0
    in_multi = False
    history, added = [], {b"s1": [], b"s2": []}
    follow = None
    waiter, listener = Waiter(ref, ours, rng), Listener(ref, ours, rng)

    def both(args):
        a.send(*args)
        b.send(*args)
        return a.raw(), b.raw()

    setup = [[b"XGROUP", b"CREATE", b"s1", b"g1", b"0", b"MKSTREAM"], [b"XGROUP", b"CREATE", b"s2", b"g1", b"0", b"MKSTREAM"],
             [b"RPUSH", b"l1", b"a", b"b", b"c"], [b"SET", b"k1", b"10"], [b"HSET", b"h1", b"a", b"1", b"b", b"x"],
             [b"SADD", b"t1", b"1", b"2", b"3", b"17"], [b"SADD", b"t2", b"a", b"b", b"c", b"2"],
             [b"GEOADD", b"g1", b"13.361389", b"38.115556", b"a", b"15.087269", b"37.502669", b"b"], [b"PFADD", b"p1", b"a", b"b"],
             [b"SETBIT", b"k2", b"77", b"1"], [b"ZADD", b"z1", b"1", b"a", b"2", b"b", b"2", b"c"], [b"ZADD", b"z2", b"5", b"b", b"1.5", b"2"],
             [b"CONFIG", b"SET", b"notify-keyspace-events", b"KEg$ltshz"]]
    for n in range(o.commands):
        p = rng.random()
        why = None
        if rng.random() < 0.01 and not in_multi:
            if waiter.args:
                why = waiter.end(a, b)
            else:
                waiter.begin()
                history.append([b"(waiter)"] + waiter.args)
        if rng.random() < 0.01 and not in_multi:
            why = why or listener.turn()
        if n % 400 == 399 and not in_multi:
            x, y = everything(a), everything(b)
            why = why or (None if x == y else "the data differ: %r, ours %r" % ([i for i in x if i not in y], [i for i in y if i not in x]))
        if why:
            failed += 1
            print("FAILED: seed %d, command %d: %s" % (o.seed, n, why[:2000]))
            for h in history[-o.context - 1:-1]:
                print("      before: " + show(h))
            if failed >= o.most:
                return n + 1, failed
        if n % 400 == 0:
            added = {b"s1": [], b"s2": []}
            for args in [[b"FLUSHALL"]] + setup:
                both(args) if not in_multi else None
        if follow:
            args, follow = follow, None
        elif p < 0.01:
            args = [b"EXEC" if in_multi else b"MULTI"]
            in_multi = not in_multi
        elif p < 0.013:
            args = [b"HELLO", rng.choice([b"2", b"3"])]
            if in_multi:
                continue
            a.send(*args); b.send(*args); a.raw(); b.raw()
            continue
        elif p < 0.02:
            args = [b"SELECT", rng.choice([b"0", b"0", b"1", b"16", b"x"])]
        elif p < 0.022 and in_multi:
            args = [b"DISCARD"]
            in_multi = False
        elif p < 0.025 and not in_multi:
            args = [b"WATCH", rng.choice(KEYS)]
        elif p < 0.06:
            key = rng.choice([b"s1", b"s2"])
            ms = rng.randrange(1, 300) if rng.random() < 0.3 or not added[key] else int(added[key][-1].split(b"-")[0]) + rng.randrange(3)
            args = [b"XADD", key, b"%d-%d" % (ms, rng.randrange(5)), b"f", rng.choice(WORDS)]
        elif p < 0.07:
            args = [b"PUBLISH", rng.choice([b"a", b"b", b"hello"]), rng.choice(WORDS)]
        elif p < 0.073 and not in_multi:
            args = [b"XINFO", b"GROUPS", rng.choice([b"s1", b"s2", b"k1", b"missing"])]
        elif p < 0.085 and not in_multi:
            # A value goes from the reference to both; what each makes of it is compared with all the rest.
            a.send(b"DUMP", rng.choice(KEYS))
            payload = a.raw()[1][1]
            if not payload:
                continue
            if rng.random() < 0.1:
                at = rng.randrange(len(payload))
                payload = payload[:at] + bytes([payload[at] ^ (1 << rng.randrange(8))]) + payload[at + 1:]
            args = [b"RESTORE", rng.choice(KEYS), rng.choice([b"0", b"0", b"10000000", b"-1", b"x"]), payload]
            args += rng.choice([[], [b"REPLACE"], [b"REPLACE"], [b"ABSTTL"], [b"REPLACE", b"IDLETIME", b"7"]])
        elif p < 0.087 and not in_multi:
            # And back: ours can be restored there.
            key = rng.choice(KEYS[:-2])
            b.send(b"DUMP", key)
            payload = b.raw()[1][1]
            if not payload:
                continue
            args = [b"RESTORE", key, b"0", payload, b"REPLACE"]
        elif p < 0.094 and added[key := rng.choice([b"s1", b"s2"])]:
            # Holes where trimming ends: the newest entries go, then all up to them (faults B1).
            last = added[key][-1]
            later = b"%d-1" % (int(last.split(b"-")[0]) + 1)
            args = [b"XDEL", key] + added[key][-rng.randrange(1, 4):]
            follow = rng.choice([[b"XTRIM", key, b"MINID", last], [b"XTRIM", key, b"MAXLEN", b"%d" % rng.randrange(4)],
                                 [b"XTRIM", key, b"MINID", b"=", rng.choice(added[key])], [b"XADD", key, b"MINID", last, later, b"f", b"v"],
                                 [b"XADD", key, b"MAXLEN", b"=", b"%d" % rng.randrange(4), later, b"f", b"v"]])
        elif p < 0.10:
            args = [b"XREADGROUP", b"GROUP", b"g1", rng.choice([b"c1", b"c2"]), b"COUNT", rng.choice([b"1", b"2", b"5"]), b"STREAMS",
                    rng.choice([b"s1", b"s2"]), rng.choice([b">", b">", b"0"])]
        else:
            args = g.command()
        name = args[0].upper()
        # Nobody else is there to end a long wait.
        if waits_long(args):
            continue
        # Clock values and IDs made from the clock cannot be equal on both sides.
        if name == b"XADD" and any(x.endswith(b"*") for x in args):
            continue
        if in_multi and name in (b"TTL", b"PTTL", b"XPENDING", b"EXPIRETIME", b"PEXPIRETIME", b"KEYS", b"PUBSUB", b"XAUTOCLAIM", b"XCLAIM"):
            continue
        if name in (b"XPENDING", b"XAUTOCLAIM", b"XCLAIM") and b"IDLE" in [x.upper() for x in args]:
            continue
        # Options that the reference does not know yet, and consumers, which it makes later.
        if name[:1] == b"X" and (NEWER & {x.upper() for x in args} or (name in (b"XREAD", b"XREADGROUP") and b"+" in args)):
            continue
        # Answers as of 7.2: see differences.md.
        if name == b"XSETID":
            continue
        if name in (b"ZRANK", b"ZREVRANK") and len(args) > 3:
            continue
        # A range of names where scores differ means nothing.
        if b"BYLEX" in [x.upper() for x in args] or (name[:1] == b"Z" and b"LEX" in name):
            for c in (a, b):
                c.send(b"DEL", b"z1"), c.raw()
                c.send(b"ZADD", b"z1", b"0", b"a", b"0", b"b", b"0", b"c", b"0", b"d"), c.raw()
            args = [b"z1" if x in KEYS and x != b"z2" else x for x in args]
            if b"z2" in args or in_multi:
                continue
        # A part of a set in no order; within MULTI the whole of one, under whatever key it was stored.
        if name[:4] == b"SORT" and len(args) > 1 and any(b"*" not in y for x, y in zip(args, args[1:]) if x.upper() == b"BY") and (in_multi or is_set(a, args[1])):
            continue
        # Equal weights: the order of a quicksort.
        if name[:4] == b"SORT" and {b"ALPHA", b"BY"} <= {x.upper() for x in args}:
            continue
        # The payload's version of a hash or list may be ours; conditions are newer.
        if name == b"SET" and {b"IFEQ", b"IFNE", b"IFDEQ", b"IFDNE"} & {x.upper() for x in args}:
            continue
        # What 7.2 packs is a hash table in 7.0.
        if name == b"OBJECT" or (in_multi and name.lower().decode() in UNORDERED | RANDOM):
            continue
        if name == b"HSCAN" and b"NOVALUES" in [x.upper() for x in args]:
            continue
        if name == b"BITOP" and args[1:2] and args[1].upper() in (b"DIFF", b"DIFF1", b"ANDOR", b"ONE"):
            continue
        if name[:1] == b"Z" and (b"AGGREGATE", b"COUNT") in [(x.upper(), y.upper()) for x, y in zip(args, args[1:])]:
            continue
        if name == b"LPOS" and b"-9223372036854775808" in args:
            continue
        if name == b"XGROUP" and args[1].upper() in (b"CREATECONSUMER", b"DELCONSUMER"):
            continue
        history.append(args)
        try:
            x, y = both(args)
        except (ConnectionError, OSError) as e:
            print("FAILED: seed %d, command %d: %s: %s" % (o.seed, n, show(args), e))
            return n, failed + 1
        # The reference looks at an errno that an earlier command left.
        if name[:4] == b"SORT" and x[0].startswith(b"-ERR One or more scores"):
            continue
        if name == b"EXEC":
            # The texts of 7.2, its way to print doubles, an errno from before: as same() knows them outside of transactions.
            in_multi = False
            if b"-ERR One or more scores" in x[0]:
                continue
            x, y = [(re.sub(rb"(?:,|\$\d+\r\n)(-?\d[0-9.]*(?:e[+-]?\d+)?)\r", lambda m: b"," + repr(float(m[1])).encode() + b"\r" if m[0][:1] == b"," or b"." in m[1] or b"e" in m[1] else m[0],
                            re.sub(rb"-ERR Unbalanced [^\r]*", b"-ERR Unbalanced", v[0])), v[1]) for v in (x, y)]
        if not (same_groups(args, x, y, b) if name == b"XINFO" and len(args) == 3 else same(args, x, y)):
            failed += 1
            print("FAILED: seed %d, command %d: %s\n   reference %r\n   ours      %r" % (o.seed, n, show(args), *around(x[0], y[0])))
            for h in history[-o.context - 1:-1]:
                print("      before: " + show(h))
            if failed >= o.most:
                return n + 1, failed
        if name == b"XADD" and x[1][0] == b"$" and x[1][1] and args[1] in added:
            added[args[1]] = (added[args[1]] + [x[1][1]])[-12:]
        if name == b"EXEC":
            in_multi = False
        history = history[-1200:]
    return o.commands, failed


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--reference", default="redis-server")
    ap.add_argument("--stages", default="resp2,resp3", help="of " + ", ".join(STAGES))
    ap.add_argument("--commands", type=int, default=20000)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    ap.add_argument("--most", type=int, default=10)
    ap.add_argument("--context", type=int, default=0)
    ap.add_argument("what", choices=["dialogues", "random"])
    ap.add_argument("files", nargs="*")
    o = ap.parse_args()
    debug = ["--enable-debug-command", "yes"]
    aof = ["--appendonly", "yes"] if o.what == "dialogues" and "aof" in o.stages else []
    with servers(launched(o.reference, *debug), launched(o.server, *debug, *aof)) as (ref, ours):
        if o.what == "dialogues":
            passed, failed = dialogues(o, ref, ours)
            print("%d dialogues equal, %d not" % (passed, failed))
        else:
            n, failed = random_commands(o, ref, ours)
            print("%d commands, %d differ (seed %d)" % (n, failed, o.seed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
