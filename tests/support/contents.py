"""What commands tell of every key, in an order of its own, so that two servers can be compared by reads."""
from resp import Error, info

READ = {b"string": ("GET",), b"list": ("LRANGE", 0, -1), b"set": ("SMEMBERS",), b"hash": ("HGETALL",), b"zset": ("ZRANGE", 0, -1, "WITHSCORES"),
        b"stream": ("XINFO", "FULL")}


def pairs(flat):
    return list(zip(flat[::2], flat[1::2]))


def stream(full, but):
    """Entries; last id, greatest deleted id, entries added; of each group its name, last id, entries read, pending entries (id, consumer, time,
    count) and consumers. Names in `but` are left out, with "deliveries" the times and counts, with "orphans" what
    is pending of entries that are gone."""
    fields, groups = dict(pairs(full)), []
    there = {e[0] for e in fields[b"entries"]}
    of = lambda fields, *names: tuple(None if n in but else fields[n] for n in names)
    for g in map(dict, map(pairs, fields[b"groups"])):
        pending = sorted(tuple(p[:2] if b"deliveries" in but else p) for p in g[b"pending"] if b"orphans" not in but or p[0] in there)
        consumers = sorted(dict(pairs(c))[b"name"] for c in g[b"consumers"])
        groups.append((*of(g, b"name", b"last-delivered-id", b"entries-read"), pending, consumers))
    return fields[b"entries"], of(fields, b"last-generated-id", b"max-deleted-entry-id", b"entries-added"), sorted(groups, key=repr)


def value(kind, got, but):
    if kind == b"set":
        return sorted(got)
    if kind == b"hash":
        return sorted(pairs(got))
    if kind == b"zset":
        return [(m, float(s)) for m, s in pairs(got)]
    if kind == b"string" and got and got.startswith(b"HYLL") and len(got) > 16:
        return got[:8] + got[16:]  # without the count that PFCOUNT, which changes nothing, has left there
    return stream(got, but) if kind == b"stream" else got


def reading(kind, key):
    first, *rest = READ[kind]
    return ("XINFO", "STREAM", key, "FULL", "COUNT", 0) if kind == b"stream" else (first, key, *rest)


def keys(c):
    found, cursor = set(), b"0"
    while True:
        cursor, some = c.ask("SCAN", cursor, "COUNT", 1000)
        found |= set(some)
        if cursor == b"0":
            return sorted(found)


def contents(c, dbs=None, but=frozenset()):
    """{(database, key): (type, deadline in ms, value)} of the databases, by default those that hold keys; a stream's value has its groups,
    with pending entries, their consumers, times and counts, without the fields in `but`. The connection is in database 0 behind it."""
    if dbs is None:
        dbs = [int(k[2:]) for k in info(c, section="keyspace") if k.startswith("db")]
    seen = {}
    for db in dbs:
        c.ask("SELECT", db)
        names = keys(c)
        for i in range(0, len(names), 500):
            some = names[i:i + 500]
            kinds = c.many([("TYPE", k) for k in some])
            live = [(k, kind) for k, kind in zip(some, kinds) if kind != b"none"]
            at = c.many([("PEXPIRETIME", k) for k, _ in live])
            held = c.many([reading(kind, k) for k, kind in live])
            for (k, kind), deadline, got in zip(live, at, held):
                if isinstance(got, Error):
                    raise got
                if deadline != -2:
                    seen[db, k] = (kind, deadline, value(kind, got, but))
    c.ask("SELECT", 0)
    return seen


def differences(a, b, most=2):
    """Where the first ones differ, in short; nothing when they are equal."""
    out = []
    for k in [k for k in sorted(set(a) | set(b), key=repr) if a.get(k) != b.get(k)][:most]:
        x, y = str(a.get(k)), str(b.get(k))
        at = next((i for i, (c, d) in enumerate(zip(x, y)) if c != d), 0)
        out.append((k, x[:40], x[max(0, at - 100):at + 60], y[max(0, at - 100):at + 60]))
    return out
