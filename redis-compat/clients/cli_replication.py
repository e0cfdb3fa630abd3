#!/usr/bin/env python3
"""redis-cli (Debian's 7.0.15) as a replica, for mass insertion and for a look at keys. usage: cli_replication.py SERVER (ours, or redis-server,
which proves the program).

The same data, of all types with deadlines, groups and functions, are in SERVER and in redis-server; what redis-cli prints and writes has to be the
same, or, where a server is free (order of SCAN, bytes that a value takes, form of the replication stream), mean the same."""
import os, re, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "oracle"), os.path.join(HERE, "..", "..", "tests", "support")]
import mutator                                        # noqa: E402
from check import Failed, cases, expect, until        # noqa: E402
from contents import contents, differences            # noqa: E402
from peers import Peer, until_in_step                 # noqa: E402
from resp import Error, info, packet                  # noqa: E402
from server import Server, servers                    # noqa: E402

REFERENCE, MANY = "redis-server", 100000
LIBRARY = "#!lua name=lib%d\nredis.register_function{function_name='f%d', callback=function(keys, args) return args[1] end, flags={'no-writes'}}"
OWN = {b"entries-read", b"deliveries"}  # times of deliveries; what a replica of redis-server 7.0.15 forgets, as ../replication.py has it
LATER = 4102444800000  # a deadline in 2100
DATA = [*mutator.SETUP, ("FUNCTION", "LOAD", LIBRARY % (1, 1)), ("FUNCTION", "LOAD", LIBRARY % (2, 2)), ("PEXPIREAT", "k1", LATER), ("PEXPIREAT", "h1", LATER),
        ("SET", b"bytes\0\xff\r\n", bytes(range(256)) * 40), ("RPUSH", "long", *("element %d" % i for i in range(3000))), ("SADD", "numbers", *range(701)),
        ("SADD", "words", *("word %d" % i for i in range(700))), ("HSET", "wide", *("x%d" % i for i in range(1200))),
        ("ZADD", "ranks", *(x for i in range(900) for x in ("%d.25" % i, "m%d" % i))), ("SETBIT", "bits", 70000, 1), ("PFADD", "p3", *range(500)),
        *(("XADD", "log", "%d-0" % i, "n", i, "text", "of %d" % i) for i in range(1, 400)), ("XDEL", "log", "7-0", "300-0"),
        ("XGROUP", "CREATE", "log", "readers", "5-0"),
        ("XREADGROUP", "GROUP", "readers", "one", "COUNT", 20, "STREAMS", "log", ">"), ("XACK", "log", "readers", "6-0"),
        ("SELECT", 5), ("SET", "elsewhere", "1"), ("HSET", "elsewhere:h", "f", "v"), ("SELECT", 0)]
# Writes whose effects differ from what was sent, and those that go as they are.
WRITES = [("SET", "w1", "1"), ("SET", "w2", "v", "EX", 86400), ("INCRBYFLOAT", "w1", "0.5"), ("SPOP", "numbers"), ("SPOP", "words", 3), ("GETDEL", "k2"),
          ("HINCRBYFLOAT", "h1", "a", "1.25"), ("EVAL", "redis.call('SET', KEYS[1], 'x') return redis.call('RPUSH', KEYS[2], 1, 2)", 2, "e1", "e2"),
          ("MULTI",), ("INCR", "m"), ("DEL", "t1"), ("EXEC",), ("SELECT", 3), ("SET", "third", "1"), ("SELECT", 0), ("XADD", "log", "*", "n", "last"),
          ("XREADGROUP", "GROUP", "readers", "two", "COUNT", 2, "STREAMS", "log", ">"), ("LMPOP", 1, "long", "LEFT", "COUNT", 5), ("PEXPIRE", "w1", 10**9),
          ("GETEX", "k1", "PERSIST"), ("SET", b"quoted \"\0\n\xfe", "v"), ("FUNCTION", "DELETE", "lib2"), ("RENAME", "e1", "e9"), ("SET", "end", "of writes")]


def cli(server, *args, stdin=None, seconds=120):
    got = subprocess.run(["redis-cli", "-p", str(server.port), *map(str, args)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
    if got.returncode:
        raise Failed("redis-cli %s ends with %d: %r" % (" ".join(args), got.returncode, got.stdout[-300:]))
    return got.stdout.decode("latin-1")


def filled(path, *args):
    server = Server(path, "--repl-diskless-sync-delay", "0", *args)
    with_errors = [e for e in server.start().many(DATA) if isinstance(e, Error)]
    expect(with_errors, [], "errors")
    return server


def everything(server, but=frozenset()):
    c = server.conn()
    return contents(c, but=but), sorted(repr(x) for x in c.ask("FUNCTION", "LIST", "WITHCODE"))


def equal(a, b, what):
    if a != b:
        raise Failed("%s: %r" % (what, differences(a[0], b[0]) or (a[1], b[1])))


def both():
    """The server and the reference with the same data."""
    return servers(filled(SERVER), filled(REFERENCE))


def loaded(path, data):
    """A server that begins with a file."""
    server = Server(path, files={"dump.rdb": data})
    server.start().close()
    return server


def rdb():
    """The file holds everything, for either server; also when it goes through a pipe."""
    with both() as (ours, _):
        there = everything(ours)
        cli(ours, "--rdb", ours.at("copy.rdb"))
        with open(ours.at("copy.rdb"), "rb") as f:
            data = f.read()
        for path in (REFERENCE, SERVER):
            with loaded(path, data) as other:
                equal(everything(other), there, "loaded by " + path)
        piped = subprocess.run(["redis-cli", "-p", str(ours.port), "--rdb", "-"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        with loaded(REFERENCE, piped) as other:
            equal(everything(other), there, "what was piped")
        subprocess.run(["redis-check-rdb", ours.at("copy.rdb")], check=True, stdout=subprocess.DEVNULL)
        until("the end of the copies' links", lambda: info(ours.conn(), "connected_slaves") == "0")


def functions_rdb():
    with both() as (ours, _):
        cli(ours, "--functions-rdb", ours.at("functions.rdb"))
        with open(ours.at("functions.rdb"), "rb") as f:
            data = f.read()
        for path in (REFERENCE, SERVER):
            with loaded(path, data) as other:
                expect(everything(other), ({}, everything(ours)[1]), "loaded by " + path)


def is_said(p, text):
    """Reads what a redis-cli prints until there is a line with `text`; the lines."""
    lines = []
    while not lines or text not in lines[-1]:
        lines.append(p.stdout.readline().decode("latin-1"))
        if not lines[-1]:
            raise Failed("redis-cli --replica has ended: %r" % lines[-3:])
    return lines


def words(line):
    """The words of a line in redis-cli's CSV."""
    escapes = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b"}
    undo = lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "x" and len(m[1]) > 1 else escapes.get(m[1], m[1])
    return [re.sub(r"\\(x[0-9a-f]{2}|.)", undo, w, flags=re.S) for w in re.findall(r'"((?:[^"\\]|\\.)*)"', line)]


def streamed(server):
    """The commands that --replica prints while WRITES come."""
    command = ["redis-cli", "-p", str(server.port), "--replica"]
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        is_said(p, "SYNC done")
        c = server.conn()
        expect([e for e in c.many(WRITES) if isinstance(e, Error)], [], "errors")
        return [w for w in map(words, is_said(p, '"of writes"')) if w]
    finally:
        p.kill()
        p.wait()


def replica():
    """What is printed, sent to a redis-server with the same data, makes the same of them."""
    with both() as (ours, reference):
        streams = [streamed(s) for s in (ours, reference)]
        for primary, commands in zip((ours, reference), streams):
            with filled(REFERENCE) as other:
                other.conn().many(commands)
                equal(everything(other, OWN), everything(primary, OWN), "the commands from %s" % primary.path)


def inserted(path, *args):
    """Mass insertion with replicas that follow; what redis-cli says of it."""
    primary = Peer(path, *args, conf="")
    peers = [primary] + [Peer(path, *args, conf="", replicaof=primary) for _ in range(2)]
    with servers(*peers):
        for p in peers:
            p.start().close()
        until_in_step(*peers)
        commands = packet(x for i in range(MANY // 4) for x in (("SET", "key:%d" % i, "value %d" % i), ("RPUSH", "list:%d" % (i % 100), i),
                                                                ("HSET", "hash:%d" % (i % 1000), i, "v"), ("ZADD", "zset:%d" % (i % 10), i, "m%d" % i)))
        said = cli(primary, "--pipe", stdin=commands)
        until_in_step(*peers)
        there = everything(primary)
        for p in peers[1:]:
            equal(everything(p), there, "a replica")
        return said, there


def pipe(*args):
    said, there = inserted(SERVER, *args)
    same, reference = inserted(REFERENCE)
    expect(said, same, "redis-cli says")
    if "errors: 0, replies: %d" % MANY not in said:
        raise Failed(said)
    equal(there, reference, "the data")


def summary(text):
    return sorted(line for line in text.split("summary")[1].splitlines()[1:] if line.strip())


def bigkeys():
    with both() as pair:
        one, other = (summary(cli(s, "--bigkeys")) for s in pair)
        expect(one, other, "the summary")


def memkeys():
    """Bytes are each server's own, and with them which key is the biggest."""
    with both() as pair:
        one, other = ([re.sub(r"(found|with) .*", "", line) for line in summary(cli(s, "--memkeys"))] for s in pair)
        expect(one, other, "the summary")


def hotkeys():
    """The two keys that are read often are the first ones."""
    with both() as pair:
        said = []
        for s in pair:
            c = s.conn()
            c.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
            c.many([("GET", "k1")] * 20000 + [("LLEN", "long")] * 2000)
            said.append([re.sub(r".*keyname: ", "", line).strip('"') for line in summary(cli(s, "--hotkeys"))])
        expect(set(said[0][1:3]), {"k1", "long"}, "the keys that are read most")
        expect(said[0][:3], said[1][:3], "the summary")


def refused():
    """Both refuse --hotkeys under a policy without counters, with the same words."""
    with both() as pair:
        said = []
        for s in pair:
            p = subprocess.run(["redis-cli", "-p", str(s.port), "--hotkeys"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            said.append((p.returncode, p.stdout))
        expect(said[0], said[1], "the refusal")


SERVER = sys.argv[1]
ACKS = [] if os.path.basename(SERVER) == REFERENCE else [("--pipe, confirmed by a replica", pipe, "--min-replicas-to-ack", "1")]
CASES = [("--rdb", rdb), ("--functions-rdb", functions_rdb), ("--replica", replica), ("--pipe", pipe), *ACKS, ("--bigkeys", bigkeys), ("--memkeys", memkeys),
         ("--hotkeys", hotkeys), ("--hotkeys without counters", refused)]
cases([("redis-cli " + name, *rest) for name, *rest in CASES], sys.argv[2:], (OSError, Error, subprocess.SubprocessError))
