#!/usr/bin/env python3
"""RESTORE payloads and snapshots that announce larger lengths than they have bytes for, on a server with little memory left. usage: payloads.py SERVER

faults R1: each is refused or loaded, and the server goes on. A sanitized build cannot be limited in memory; there only the replies are checked."""
import os, resource, struct, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../redis-compat/files"))
import old_rdb as old           # noqa: E402
from check import check, done   # noqa: E402
from resp import Error          # noqa: E402
from server import Server       # noqa: E402

class Limited(Server):
    def __init__(self, path, dump=b""):
        super().__init__(path, "--proto-max-bulk-len", "1gb", files={"dump.rdb": dump} if dump else {})
        self.c = self.conn(seconds=120) if self.launch() else None

    def limit(self, more):
        """From now on this many bytes of address space beyond what it has."""
        with open("/proc/%d/statm" % self.p.pid) as f:
            now = int(f.read().split()[0]) * 4096
        resource.prlimit(self.p.pid, resource.RLIMIT_AS, (now + more, resource.RLIM_INFINITY))


class Zeros:
    """Compressed bytes that hold 264 zeros in three, behind one of its own, and say that they are `claim`."""
    RUN = b"\xe0\xff\x00"

    def __init__(self, packed_n, claim=None):
        self.runs = (packed_n - 2) // 3
        n = claim if claim is not None else 1 + 264 * self.runs
        self.head = b"\xc3" + old.length(2 + 3 * self.runs) + b"\x81" + struct.pack(">Q", n) + b"\x00\x00"


def dump(kind, *parts):
    data, crc = b"", 0
    for x in (bytes([kind]),) + parts + (struct.pack("<H", 10),):
        head = x.head if isinstance(x, Zeros) else x
        data, crc = data + head, old.crc64(head, crc)
        if isinstance(x, Zeros):
            data, crc = data + x.RUN * x.runs, old.crc64_repeated(x.RUN, x.runs, crc)
    return data + struct.pack("<Q", crc)


def stream_node(n):
    """A node of n entries that share one field."""
    items = [n, 0, 1, b"f", 0]
    for i in range(n):
        items += [2, i, 0, b"v", 4]
    return old.length(1) + old.string(struct.pack(">QQ", 1, 0)) + old.string(old.listpack(items)) + old.length(n) + old.length(n) + old.length(0) + old.length(0)


def main():
    path = os.path.abspath(sys.argv[1])
    sanitized = b"__asan_init" in open(path, "rb").read()
    s = Limited(path)
    s.c.ask("RESTORE", "warm", 0, dump(0, old.string(b"x" * 300000)))
    n = 200000
    cases = []
    for what, head in (("string", b""), ("list", old.length(1)), ("quicklist", old.length(1) + old.length(1)), ("set", old.length(1)), ("hash", old.length(1)),
                       ("intset", b""), ("hash in a listpack", b"")):
        kind = {"string": 0, "list": 1, "quicklist": 18, "set": 2, "hash": 4, "intset": 11, "hash in a listpack": 16}[what]
        tail = old.string(b"v") if what == "hash" else b""
        cases += [("a %s that claims 299 times its bytes" % what, kind, (head, Zeros(n, n * 299), tail), "claim"),
                  ("a %s that claims one byte too few" % what, kind, (head, Zeros(n, 264 * ((n - 2) // 3)), tail), "claim"),
                  ("a %s of 88 times its bytes" % what, kind, (head, Zeros(n * 3), tail), "large")]
    for what, claim in (("a list of 2^62 elements", 1), ("a set of 2^62 members", 2), ("a hash of 2^62 fields", 4), ("a sorted set of 2^62 members", 5),
                        ("a stream of 2^62 nodes", 15)):
        cases.append((what, claim, (b"\x81" + struct.pack(">Q", 1 << 62) + old.string(b"a"),), "claim"))
    for what, zeros, expect in (("that claims 299 times its bytes", Zeros(n, n * 299), "claim"), ("of 88 times its bytes", Zeros(n * 3), "large")):
        body = old.length(1) + old.length(9) + old.length(0) + old.length(1) + old.string(b"f")
        size = len(body) + len(zeros.head) + len(zeros.RUN) * zeros.runs
        cases.append(("a scheduled message " + what, 225, (old.length(0) * 10 + old.length(1) + b"\x06" + old.length(size) + body, zeros), expect))
    cases.append(("2^62 scheduled messages", 225, (old.length(0) * 10 + old.length(1) + b"\x06" + old.length(9) + b"\x81" + struct.pack(">Q", 1 << 62),), "claim"))
    cases.append(("a stream's node, many entries", 15, (stream_node(40000),), "fits"))
    for name, kind, body, expect in cases:
        payload = dump(kind, *body)
        if not sanitized:
            s.limit(8 << 20 if expect == "fits" else 40 << 20)
        try:
            answer = s.c.do("RESTORE", "k", 0, payload, "REPLACE")
            seen = str(answer) if isinstance(answer, Error) else "loaded"
            s.c.do("DEL", "k")
        except OSError as e:
            seen = "gone: %s" % e
        wanted = {"claim": ["ERR Bad data format"], "large": ["ERR Bad data format"] + ["loaded"] * (kind in (0, 1, 2, 4, 18, 225)), "fits": ["loaded"]}[expect]
        alive = s.alive()
        check("faults R1: %s" % name, alive and seen in wanted, seen)
        if not alive:
            s.end()
            s = Limited(path)
    s.end()
    # A snapshot that announces more keys than any memory holds.
    w = old.Writer(9)
    w.out += b"\xfe\x00\xfb" + (b"\x81" + struct.pack(">Q", 1 << 50)) * 2
    w.key(0, b"only", old.string(b"one" * 100000))
    s = Limited(path, w.end())
    check("faults R1: a snapshot that announces 2^50 keys", s.alive() and s.c.ask("DBSIZE") == 1, s.log()[-300:])
    if not sanitized:
        with open("/proc/%d/statm" % s.p.pid) as f:
            check("faults R1: its table is as large as its bytes may need", int(f.read().split()[0]) * 4096 < 300 << 20, "")
    s.end()
    done()


if __name__ == "__main__":
    main()
