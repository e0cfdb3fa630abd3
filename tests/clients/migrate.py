#!/usr/bin/env python3
"""MIGRATE to redis-server and to ourselves: every type, every option, and what breaks on the way. No key is ever lost.

migrate.py SERVER [--seed N]      prints "ok ..." and "not ok ..." lines
"""
import argparse, os, random, socket, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import check, done, wait_for  # noqa: E402
from resp import Conn, Error, info           # noqa: E402
from server import Server                # noqa: E402

KEYS = ["string", "int", "list", "long list", "set", "intset", "hash", "large hash", "zset", "large zset", "stream", "hll", "empty string", "mortal"]


def fill(c):
    c.do("FLUSHALL")
    c.do("SET", "string", bytes(range(256)) * 20)
    c.do("SET", "int", "-123456789")
    c.do("SET", "empty string", "")
    c.do("SET", "mortal", "v", "PX", "10000000")
    c.do("RPUSH", "list", "a", "1", "")
    c.do("RPUSH", "long list", *["x" * (i % 300) for i in range(3000)])
    c.do("SADD", "set", "a", "b", "c")
    c.do("SADD", "intset", *range(100))
    c.do("HSET", "hash", "f", "1", "g", "2")
    c.do("HSET", "large hash", *[x for i in range(2000) for x in ("f%d" % i, i)])
    c.do("ZADD", "zset", "1.5", "a", "-inf", "b")
    c.do("ZADD", "large zset", *[x for i in range(2000) for x in (i / 7, "m%d" % i)])
    for i in range(300):
        c.do("XADD", "stream", "%d-1" % (i + 1), "field", i)
    c.do("XDEL", "stream", "5-1")
    c.do("XGROUP", "CREATE", "stream", "g", "0")
    c.do("XREADGROUP", "GROUP", "g", "c", "COUNT", "3", "STREAMS", "stream", ">")
    c.do("PFADD", "hll", *range(1000))


def digests(c):
    return dict(zip(KEYS, c.do("DEBUG", "DIGEST-VALUE", *KEYS)))


def there(c):
    return {k.decode() for k in c.do("KEYS", "*")}


class Between:
    """A way to another server that breaks: `after` bytes of what goes there (or comes back) have passed."""

    def __init__(self, port, after, back=False, hang=False):
        self.to, self.after, self.back, self.hang = port, after, back, hang
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def pump(self, a, b, limited):
        left = self.after if limited else None
        try:
            while data := a.recv(4096):
                b.sendall(data[:left])
                if left is not None:
                    left -= min(left, len(data))
                    if left == 0:
                        break
        except OSError:
            pass
        if self.hang and limited:
            return
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def run(self):
        try:
            while True:
                a, _ = self.listener.accept()
                b = socket.create_connection(("127.0.0.1", self.to))
                threading.Thread(target=self.pump, args=(a, b, not self.back), daemon=True).start()
                threading.Thread(target=self.pump, args=(b, a, self.back), daemon=True).start()
        except OSError:
            pass


def error(c, *words):
    """The reply; of an error its text."""
    got = c.do(*words)
    return str(got) if isinstance(got, Error) else got


def types(c, target, name, ours):
    """There and back: the values are the same."""
    d = Conn(target.port)
    fill(c)
    before = digests(c)
    for k in KEYS:
        error(c, "MIGRATE", "127.0.0.1", target.port, k, "0", "5000")
    check("every type goes to " + name, there(c) == set() and there(d) == set(KEYS), there(c))
    check("the deadline goes with the key to " + name, 0 < d.do("PTTL", "mortal") <= 10000000 and d.do("PTTL", "string") == -1)
    if ours:
        check("as it was, at " + name, digests(d) == before)
    return before


def options(c, target):
    d = Conn(target.port)
    fill(c)
    go = lambda *more: error(c, "MIGRATE", "127.0.0.1", target.port, "", "3", "5000", *more, "KEYS", *KEYS)
    check("COPY", go("COPY") == b"OK" and there(c) == set(KEYS))
    check("keys that are there are no place for others", go("COPY").startswith("ERR Target instance replied with error: BUSYKEY"))
    check("REPLACE", go("COPY", "REPLACE") == b"OK" and go("REPLACE") == b"OK" and there(c) == set())
    d.do("SELECT", "3")
    check("another database", there(d) == set(KEYS))
    check("nothing to move", go() == b"NOKEY")
    fill(c)
    d.do("DEL", "list")
    check("of many keys some", go().startswith("ERR Target instance replied with error: BUSYKEY") and "list" not in there(c) and "set" in there(c))


def passwords(c, path):
    with_one = Server(path, "--requirepass", "secret", "--user", "mover", "on", ">other", "~*", "+@all")
    try:
        d = with_one.start()
        d.do("AUTH", "secret")
        for name, words, right in (("the right password", ("AUTH", "secret"), True), ("a wrong password", ("AUTH", "wrong"), False), ("no password", (), False),
                                   ("a user's", ("AUTH2", "mover", "other"), True), ("a user's again", ("AUTH2", "mover", "other"), True),
                                   ("another user's", ("AUTH2", "nobody", "other"), False)):
            c.do("SET", "k", "v")
            got = error(c, "MIGRATE", "127.0.0.1", with_one.port, "k", "0", "5000", "REPLACE", *words)
            check("with " + name, (got == b"OK" and c.do("EXISTS", "k") == 0) if right else (b"OK" != got and c.do("EXISTS", "k") == 1), got)
        c.do("CONFIG", "SET", "slowlog-log-slower-than", "0")
        error(c, "MIGRATE", "127.0.0.1", with_one.port, "k", "0", "5000", "REPLACE", "AUTH2", "mover", "other")
        c.do("CONFIG", "SET", "slowlog-log-slower-than", "-1")
        words = [x for entry in c.do("SLOWLOG", "GET", "10") for x in entry[3]]
        check("the slow log shows no password", b"mover" not in words and b"other" not in words and b"(redacted)" in words, words)
        accepted = int(info(d)["total_connections_received"])
        for _ in range(5):
            c.do("SET", "k", "v")
            c.do("MIGRATE", "127.0.0.1", with_one.port, "k", "0", "5000", "REPLACE", "AUTH", "secret")
        check("connections are kept for the next key", int(info(d)["total_connections_received"]) <= accepted + 1)
    finally:
        with_one.end()


def breaks(c, target, rng, back, hang):
    """Cut, or silent, after n bytes: every key is on one side at least, as it was."""
    d = Conn(target.port)
    bad, partly = [], 0
    for _ in range(12):
        fill(c)
        d.do("FLUSHALL")
        before = digests(c)
        way = Between(target.port, rng.choice([1, 40, rng.randrange(2, 60 if back else 40000)]), back, hang)
        got = error(c, "MIGRATE", "127.0.0.1", way.port, "", "0", "300" if hang else "5000", "KEYS", *KEYS)
        way.listener.close()
        here, after, then = there(c), digests(c), digests(d)
        partly += 0 < len(here) < len(KEYS)
        lost = [k for k in KEYS if not (k in here and after[k] == before[k]) and then[k] != before[k]]
        told = got == b"OK" or str(got).startswith("IOERR")
        named = got == b"OK" or all(k not in there(d) or "'%s' is here" % k in got or "and those behind it" in got for k in here)
        if lost or not told or not named or (got == b"OK") != (not here):
            bad.append((got, lost, sorted(here)))
    check("no key is lost when %s %s" % ("answers" if back else "keys", "do not come any more" if hang else "are cut off"), not bad, bad)
    return partly


def others_go_on(s, c):
    """Nobody but the client who asked waits for a server that does not answer, and who writes to its keys."""
    silent = socket.create_server(("127.0.0.1", 0))
    mover, writer = Conn(s.port), Conn(s.port)
    c.do("SET", "k", "v")
    mover.send("MIGRATE", "127.0.0.1", silent.getsockname()[1], "k", "0", "2000")
    wait_for(lambda: int(info(c)["blocked_clients"]) == 1)
    writer.send("APPEND", "k", "w")
    fine = c.do("SET", "other", "1") == b"OK" and c.do("GET", "k") == b"v" and c.do("PING") == b"PONG"
    check("others go on, and read the key, before it ends", fine and mover.silent())
    said = str(mover.answer())
    check("the error says where the key is", said.startswith("IOERR error or timeout reading to target instance") and "'k' is here" in said, said)
    check("a write to the key has waited and is not lost", writer.answer() == 2 and c.do("GET", "k") == b"vw")
    silent.close()


def inside(c, target):
    d = Conn(target.port)
    d.do("FLUSHALL")
    for k in ("a", "b"):
        c.do("SET", k, "v")
    c.do("MULTI")
    c.do("MIGRATE", "127.0.0.1", target.port, "a", "0", "5000")
    c.do("SET", "a", "new")
    check("in a transaction", c.do("EXEC") == [b"OK", b"OK"] and d.do("GET", "a") == b"v" and c.do("GET", "a") == b"new")
    check("in a script", c.do("EVAL", "return redis.call('MIGRATE', '127.0.0.1', ARGV[1], 'b', '0', '5000')", "0", target.port) == b"OK"
          and d.do("GET", "b") == b"v" and c.do("EXISTS", "b") == 0)


def secure(path):
    there, ca = Server(path, tls=True), None
    try:
        d = there.start()
        ca = os.path.join(there.home, "s.crt")
        here = Server(path, "--tls-cluster", "yes", "--tls-ca-cert-file", ca)
        c = here.start()
        c.do("SET", "k", "v")
        check("by TLS", error(c, "MIGRATE", "127.0.0.1", there.tls_port, "k", "0", "5000") == b"OK" and d.do("GET", "k") == b"v")
        c.do("SET", "k", "v")
        got = error(c, "MIGRATE", "127.0.0.1", there.port, "k", "0", "5000")
        check("a server that does not speak it gets nothing", str(got).startswith("IOERR") and "TLS" in got and c.do("GET", "k") == b"v", got)
        here.end()
    finally:
        there.end()


def main():
    a = argparse.ArgumentParser()
    a.add_argument("server")
    a.add_argument("--seed", type=int, default=1)
    o = a.parse_args()
    rng = random.Random(o.seed)
    s, ours, redis = Server(o.server, "--enable-debug-command", "yes", "--appendonly", "yes"), Server(o.server, "--enable-debug-command", "yes"), Server("redis-server")
    c = s.start()
    ours.start()
    redis.start()
    before = types(c, redis, "redis-server", False)
    back = Conn(redis.port)
    for k in KEYS:
        error(back, "MIGRATE", "127.0.0.1", s.port, k, "0", "5000")
    check("and back again", there(c) == set(KEYS) and digests(c) == before)
    types(c, ours, "ourselves", True)
    options(c, redis)
    options(c, ours)
    passwords(c, o.server)
    partly = sum(breaks(c, ours, rng, back, hang) for back in (False, True) for hang in (False, True))
    check("some keys had gone before it broke", partly > 0, partly)
    others_go_on(s, c)
    inside(c, ours)
    fill(c)
    c.do("MIGRATE", "127.0.0.1", ours.port, "", "0", "5000", "REPLACE", "KEYS", *KEYS)
    c = s.start()
    check("what has gone does not come back with a restart", there(c) & set(KEYS) == set(), there(c))
    secure(o.server)
    for x in (s, ours, redis):
        x.end()
    done()


main()
