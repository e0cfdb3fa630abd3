"""A small writer of snapshots as old Redis versions wrote them: zipmaps, ziplists, intsets, linked lists, scores as text, quicklists of
ziplists, streams without what came later. From the description of the format at https://rdb.fnordig.de/file_format.html."""
import struct

POLY = 0xad93d23594c935a9  # CRC-64 Jones; bits from the low end


def _table():
    t = []
    for i in range(256):
        c = 0
        for k in range(8):
            bit = (i >> k) & 1
            top = (c >> 63) & 1
            c = (c << 1) & 0xffffffffffffffff
            if bit ^ top:
                c ^= POLY
        t.append(int("{:064b}".format(c)[::-1], 2))
    return t


TABLE = _table()


def crc64(data, crc=0):
    for b in data:
        crc = TABLE[(crc ^ b) & 0xff] ^ (crc >> 8)
    return crc


def crc64_repeated(block, times, crc):
    """The same as crc64(block * times, crc), in the time of a few blocks: one block is a linear map of the sum plus a constant."""
    constant = crc64(block)
    columns = [crc64(block, 1 << i) ^ constant for i in range(64)]

    def linear(x):
        out = 0
        for i in range(64):
            if x >> i & 1:
                out ^= columns[i]
        return out
    while times:
        if times & 1:
            crc = linear(crc) ^ constant
        constant, columns = linear(constant) ^ constant, [linear(c) for c in columns]
        times >>= 1
    return crc


def length(n):
    if n < 64:
        return bytes([n])
    if n < 16384:
        return bytes([0x40 | n >> 8, n & 255])
    return b"\x80" + struct.pack(">I", n)


def string(s):
    """Small integers in their short forms, as Redis writes them."""
    if s and len(s) <= 11:
        try:
            n = int(s)
            if str(n).encode() == s:
                if -128 <= n < 128:
                    return b"\xc0" + struct.pack("<b", n)
                if -32768 <= n < 32768:
                    return b"\xc1" + struct.pack("<h", n)
                if -2**31 <= n < 2**31:
                    return b"\xc2" + struct.pack("<i", n)
        except ValueError:
            pass
    return length(len(s)) + s


def lzf(s):
    """Compressed in form: runs of literals only."""
    packed = b"".join(bytes([len(s[i:i + 32]) - 1]) + s[i:i + 32] for i in range(0, len(s), 32))
    return b"\xc3" + length(len(packed)) + length(len(s)) + packed


def ziplist(items):
    body, before = b"", 0
    for x in items:
        head = bytes([before]) if before < 254 else b"\xfe" + struct.pack("<I", before)
        try:
            n = int(x)
            good = str(n).encode() == x and len(x) < 20 and -2**63 <= n < 2**63
        except ValueError:
            good = False
        if good and 0 <= n <= 12:
            e = bytes([0xf1 + n])
        elif good and -128 <= n < 128:
            e = b"\xfe" + struct.pack("<b", n)
        elif good and -2**15 <= n < 2**15:
            e = b"\xc0" + struct.pack("<h", n)
        elif good and -2**23 <= n < 2**23:
            e = b"\xf0" + struct.pack("<i", n)[:3]
        elif good and -2**31 <= n < 2**31:
            e = b"\xd0" + struct.pack("<i", n)
        elif good:
            e = b"\xe0" + struct.pack("<q", n)
        elif len(x) < 64:
            e = bytes([len(x)]) + x
        elif len(x) < 16384:
            e = bytes([0x40 | len(x) >> 8, len(x) & 255]) + x
        else:
            e = b"\x80" + struct.pack(">I", len(x)) + x
        body += head + e
        before = len(head) + len(e)
    last = 10 + len(body) - before if items else 10
    return struct.pack("<IIH", 11 + len(body), last, min(len(items), 65535)) + body + b"\xff"


def listpack(items):
    """Of bytes and small integers (0 to 127; larger ones as 64 bits)."""
    body = b""
    for x in items:
        if isinstance(x, int):
            e = bytes([x]) if 0 <= x < 128 else b"\xf4" + struct.pack("<q", x)
        elif len(x) < 64:
            e = bytes([0x80 | len(x)]) + x
        else:
            e = bytes([0xe0 | len(x) >> 8, len(x) & 255]) + x
        back = [len(e) & 127] if len(e) < 128 else [len(e) >> 7, len(e) & 127 | 128]
        body += e + bytes(back)
    return struct.pack("<IH", 7 + len(body), min(len(items), 65535)) + body + b"\xff"


def stream(ids, last, groups):
    """Type 15, of Redis 5 and 6: one node, entries of one field each; groups (name, last id) without consumers."""
    first = ids[0] if ids else (0, 0)
    items = [len(ids), 0, 1, b"f", 0]
    for i, (ms, seq) in enumerate(ids):
        items += [2, ms - first[0], seq - first[1] if seq >= first[1] else seq - first[1], b"v%d" % i, 4]
    out = length(1) + string(struct.pack(">QQ", *first)) + string(listpack(items)) if ids else length(0)
    out += length(len(ids)) + length(last[0]) + length(last[1]) + length(len(groups))
    for name, at in groups:
        out += string(name) + length(at[0]) + length(at[1]) + length(0) + length(0)
    return out


def zipmap(pairs):
    def size(n):
        return bytes([n]) if n < 254 else b"\xfe" + struct.pack("<I", n)
    body = bytes([min(len(pairs), 254)])
    for i, (k, v) in enumerate(pairs):
        free = i % 3  # room that a shorter value has left
        body += size(len(k)) + k + size(len(v)) + bytes([free]) + v + bytes(free)
    return body + b"\xff"


def intset(numbers):
    w = 2 if all(-2**15 <= n < 2**15 for n in numbers) else 4 if all(-2**31 <= n < 2**31 for n in numbers) else 8
    return struct.pack("<II", w, len(numbers)) + b"".join(n.to_bytes(w, "little", signed=True) for n in sorted(numbers))


def score(x):
    if x == float("inf"):
        return b"\xfe"
    if x == float("-inf"):
        return b"\xff"
    t = repr(x).encode()
    return bytes([len(t)]) + t


class Writer:
    def __init__(self, version):
        self.version = version
        self.out = b"REDIS%04d" % version
        if version >= 7:
            for k, v in ((b"redis-ver", b"3.2.0"), (b"redis-bits", b"64"), (b"ctime", b"1500000000")):
                self.out += b"\xfa" + string(k) + string(v)

    def select(self, db):
        self.out += b"\xfe" + length(db)
        if self.version >= 7:
            self.out += b"\xfb" + length(100) + length(10)

    def key(self, kind, name, body, expire_ms=None, expire_s=None, idle=None, freq=None):
        if expire_ms is not None:
            self.out += b"\xfc" + struct.pack("<q", expire_ms)
        if expire_s is not None:
            self.out += b"\xfd" + struct.pack("<i", expire_s)
        if idle is not None:
            self.out += b"\xf8" + length(idle)
        if freq is not None:
            self.out += b"\xf9" + bytes([freq])
        self.out += bytes([kind]) + string(name) + body

    def module_aux(self):
        self.out += b"\xf7" + b"\x81" + struct.pack(">Q", 0x1234567890abcdef) + length(2) + length(1) + length(2) + length(77) + length(5) + string(b"text") + \
            length(4) + bytes(8) + length(3) + bytes(4) + length(0)

    def end(self):
        self.out += b"\xff"
        if self.version >= 5:
            self.out += struct.pack("<Q", crc64(self.out))
        return self.out
