"""A writer of snapshots and DUMP payloads as servers from Redis 7.4 and Valkey 9.0 on write them: listpacks, hashes whose fields have deadlines,
templates of hashes, streams with message ids and released entries, arrays, modules' values, metadata of keys, slots of clusters. The layouts are
those that bytes of these servers show; see src/persist/rdb_format.h for the codes."""
import struct
from old_rdb import Writer as OldWriter, crc64, length, string

UNKNOWN = 2**64 - 1


def big_length(n):
    return length(n) if n < 2**32 else b"\x81" + struct.pack(">Q", n)


def listpack(items):
    body = b""
    for x in items:
        if isinstance(x, int):
            if 0 <= x < 128:
                e = bytes([x])
            elif -4096 <= x < 4096:
                e = struct.pack(">H", 0xc000 | x & 0x1fff)
            else:
                e = b"\xf4" + struct.pack("<q", x)
        elif len(x) < 64:
            e = bytes([0x80 | len(x)]) + x
        else:
            e = b"\xf0" + struct.pack("<I", len(x)) + x
        n, back = len(e), b""
        while True:              # seven bits a byte, the last one first
            back = bytes([n & 127 | (128 if back else 0)]) + back
            n >>= 7
            if not n:
                break
        body += e + back
    return struct.pack("<IH", 7 + len(body), min(len(items), 65535)) + body + b"\xff"


def raw_id(ms, seq):
    return struct.pack(">QQ", ms, seq)


def length_id(ms, seq):
    return big_length(ms) + big_length(seq)


def node(master, entries):
    """One node of a stream: (ms, seq, [(field, value)], deleted) each; the first one's fields are the node's."""
    names = [f for f, _ in entries[0][2]]
    items = [sum(not e[3] for e in entries), sum(e[3] for e in entries), len(names)] + names + [0]
    for ms, seq, pairs, deleted in entries:
        same = [f for f, _ in pairs] == names
        items += [(2 if same else 0) | (1 if deleted else 0), ms - master[0], seq - master[1]]
        items += [v for _, v in pairs] if same else [len(pairs)] + [x for p in pairs for x in p]
        items.append(len(pairs) + 3 if same else 2 * len(pairs) + 4)
    return string(raw_id(*master)) + string(listpack(items))


def stream(kind, nodes, last, groups=(), first=(0, 0), max_deleted=(0, 0), added=None, dedup=None, told_length=None):
    """nodes: (master id, entries). groups: dicts name, last, read, pending [(id, time, count)], consumers [(name, seen, active, [id])],
    released [id]. dedup: duration, most, [(producer, [(iid, ms, seq)])], added, duplicates."""
    live = sum(not e[3] for _, entries in nodes for e in entries)
    out = length(len(nodes)) + b"".join(node(m, e) for m, e in nodes)
    out += big_length(live if told_length is None else told_length) + length_id(*last)
    if kind >= 19:
        out += length_id(*first) + length_id(*max_deleted) + big_length(live if added is None else added)
    out += length(len(groups))
    for g in groups:
        out += string(g["name"]) + length_id(*g["last"])
        if kind >= 19:
            out += big_length(g.get("read", UNKNOWN))
        out += length(len(g["pending"])) + b"".join(raw_id(*i) + struct.pack("<q", t) + big_length(n) for i, t, n in g["pending"])
        out += length(len(g["consumers"]))
        for name, seen, active, owned in g["consumers"]:
            out += string(name) + struct.pack("<q", seen) + (struct.pack("<q", active) if kind >= 21 else b"")
            out += length(len(owned)) + b"".join(raw_id(*i) for i in owned)
        if kind >= 27:
            out += length(len(g.get("released", []))) + b"".join(raw_id(*i) for i in g.get("released", []))
    if kind >= 26:
        duration, most, producers, iids, duplicates = dedup or (100, 100, [], 0, 0)
        out += length(duration) + length(most) + length(len(producers))
        for name, records in producers:
            out += string(name) + length(len(records)) + b"".join(string(i) + length_id(ms, seq) for i, ms, seq in records)
        out += big_length(iids) + big_length(duplicates)
    return out


def timed_hash(fields):
    """Type 24: (field, value, deadline or None)."""
    least = min([t for _, _, t in fields if t] or [0])
    return struct.pack("<q", least) + length(len(fields)) + b"".join(big_length(t - least + 1 if t else 0) + string(f) + string(v) for f, v, t in fields)


def timed_pack(fields, least):
    """Type 25; 23 without what stands in front."""
    return struct.pack("<q", least) + string(listpack([x for f, v, t in fields for x in (f, v, t or 0)]))


def candidate_hash(fields):
    return length(len(fields)) + b"".join(big_length(t or 0) + string(f) + string(v) for f, v, t in fields)


def valkey_hash(fields):
    return length(len(fields)) + b"".join(string(f) + string(v) + struct.pack("<q", t or -1) for f, v, t in fields)


def dragonfly_hash(fields):
    return length(len(fields)) + b"".join(string(f) + string(v) + string(b"%d" % (t // 1000 - 1675209600 if t else -1)) for f, v, t in fields)


def names(fields, packed):
    return b"\0" + string(listpack(fields)) if packed else b"\1" + length(len(fields)) + b"".join(map(string, fields))


def module_id(name, version):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    n = 0
    for c in name:
        n = n << 6 | alphabet.index(c)
    return b"\x81" + struct.pack(">Q", n << 10 | version)


ITEMS = length(1) + length(5) + length(2) + length(77) + length(3) + bytes(4) + length(4) + bytes(8) + length(5) + string(b"text") + length(0)


def module_value(name):
    return module_id(name, 3) + ITEMS


def array(elements):
    """Type 28: (index, tag, payload)."""
    return length(len(elements)) + length(0) + b"".join(big_length(i) + length(tag) + payload for i, tag, payload in elements)


def key_meta(classes):
    """(name of 4, version, flags) each."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    out = b"\xf3" + length(len(classes))
    for name, version, flags in classes:
        n = 0
        for c in name:
            n = n << 6 | alphabet.index(c)
        out += struct.pack("<I", n << 8 | version << 3 | flags) + ITEMS
    return out


def payload(kind, body, version, meta=b"", checksum=True):
    out = meta + bytes([kind]) + body + struct.pack("<H", version)
    return out + (struct.pack("<Q", crc64(out)) if checksum else bytes(8))


class Writer(OldWriter):
    def __init__(self, version, valkey=False, aux=()):
        self.version = version
        self.out = b"VALKEY%03d" % version if valkey else b"REDIS%04d" % version
        for k, v in ((b"valkey-ver" if valkey else b"redis-ver", b"9.1.2"), (b"redis-bits", b"64")) + tuple(aux):
            self.aux(k, v)

    def aux(self, name, value):
        self.out += b"\xfa" + string(name) + string(value)

    def raw(self, data):
        self.out += data

    def template(self, number, fields):
        self.out += b"\xf2" + length(number) + length(len(fields)) + b"".join(map(string, fields))

    def slot_import(self, ranges):
        self.out += b"\xf3" + string(b"0" * 40) + length(len(ranges)) + b"".join(length(a) + length(b) for a, b in ranges)
