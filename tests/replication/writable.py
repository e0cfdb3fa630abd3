#!/usr/bin/env python3
"""A replica that takes writes of its own clients (replica-read-only no): what becomes of them.

usage: writable.py --server PATH [--reference PATH] [--only NAME,...]
"""
import argparse, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import cases, expect, until   # noqa: E402
from resp import Error, info             # noqa: E402
from server import Server, servers       # noqa: E402


def pair(path, *options, primary=()):
    """The primary and its writable replica, and a connection to each."""
    a, b = Server(path, "--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes", *primary), \
        Server(path, "--enable-debug-command", "yes", "--replica-read-only", "no", *options)
    p = a.start()
    p.ask("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    p.ask("MSET", "theirs", "v", "plain", "v")
    p.ask("SET", "timed", "v", "EX", "1000")
    r = b.start("--replicaof", "127.0.0.1 %d" % a.port)
    until("the link", lambda: info(r)["master_link_status"] == "up")
    return a, b, p, r


def tracked(r):
    return int(info(r)["slave_expires_tracked_keys"])


# ---- The same with both: each case returns what was seen

def counted(o, path):
    """Whoever gave a key its deadline here has it noted; the primary's own keys are not."""
    a, b, p, r = pair(path)
    with servers(a, b):
        seen = [tracked(r)]
        for words in (("SET", "l1", "v", "EX", "100"), ("SET", "timed", "w", "KEEPTTL"), ("APPEND", "timed", "w"), ("EXPIRE", "theirs", "100"), ("GETEX", "plain", "EX", "100"),
                      ("COPY", "timed", "copy"), ("RENAME", "timed", "renamed"), ("SETEX", "l2", "100", "v"), ("EVAL", "redis.call('set', 'l3', 'v', 'ex', '100')", "0")):
            r.ask(*words)
            seen.append(tracked(r))
        p.ask("SET", "more", "v", "EX", "100")
        until("the stream", lambda: r.ask("EXISTS", "more"))
        seen.append(tracked(r))
        r.ask("PERSIST", "l1")
        r.ask("DEL", "l2")
        until("what has none any more", lambda: tracked(r) == seen[-1] - 2)
        p.ask("FLUSHALL")
        until("nothing", lambda: tracked(r) == 0)
        return seen


def expired(o, path):
    """They go when they are due, also when the replica is read-only by then; the primary's stay until it says so."""
    a, b, p, r = pair(path, "--appendonly", "yes")
    with servers(a, b):
        p.ask("SET", "past", "v", "PX", "1")
        until("the primary's key", lambda: r.ask("DBSIZE") == 4 and r.ask("EXISTS", "past") == 0)
        before = r.ask("DBSIZE")
        r.ask("SET", "l1", "v", "PX", "30")
        r.ask("SELECT", "3")
        r.ask("SET", "l2", "v", "PX", "30")
        r.ask("SELECT", "0")
        until("their end", lambda: info(r)["expired_keys"] == "2" and tracked(r) == 0)
        r.ask("SET", "l3", "v", "PX", "100")
        r.ask("CONFIG", "SET", "replica-read-only", "yes")
        until("its end", lambda: info(r)["expired_keys"] == "3")
        expect(r.ask("DBSIZE"), before, "keys")
        until("the file", lambda: info(r)["aof_rewrite_in_progress"] == "0" and info(r)["aof_enabled"] == "1")
        r = b.start()
        expect([r.ask("EXISTS", k) for k in ("l1", "l2", "l3", "theirs")], [0, 0, 0, 1], "after a start")
        return info(a.conn())["expired_keys"]


SAME = [counted, expired]


def same(o, run):
    expect(run(o, o.server), run(o, o.reference), "what was seen")


# ---- Millrace's own

def fields(o):
    """Fields of hashes as keys, of which Redis 7.0 has none."""
    a, b, p, r = pair(o.server)
    with servers(a, b):
        p.ask("HSET", "h", "a", "1", "b", "2")
        until("the hash", lambda: r.ask("EXISTS", "h"))
        r.ask("HPEXPIRE", "h", "30", "FIELDS", "1", "a")
        r.ask("HSETEX", "own", "PX", "30", "FIELDS", "1", "f", "v")
        until("their end", lambda: info(r)["expired_subkeys"] == "2" and tracked(r) == 0)
        expect((r.ask("HKEYS", "h"), r.ask("EXISTS", "own")), ([b"b"], 0), "what is left")
        r.ask("SET", "l", "v", "EX", "100")
        expect(tracked(r), 1, "one")
        r.ask("REPLICAOF", "NO", "ONE")
        expect(tracked(r), 0, "a primary")


OWN = [fields]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--server", required=True)
    p.add_argument("--reference", default="redis-server")
    p.add_argument("--only", default="")
    o = p.parse_args()
    all_cases = [("as redis-server: " + run.__name__, same, o, run) for run in SAME] + [("own: " + run.__name__, run, o) for run in OWN]
    cases(all_cases, [x for x in o.only.split(",") if x], errors=(OSError, Error, AssertionError, KeyError, ValueError, TypeError, IndexError))


main()
