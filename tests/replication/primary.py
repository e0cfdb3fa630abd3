#!/usr/bin/env python3
"""A primary as its replicas see it: the same dialogue with Millrace and with redis-server, and what is Millrace's own.

usage: primary.py --server PATH [--reference PATH] [--only NAME,...] [--seed S] [--tries N]
"""
import argparse, os, random, re, signal, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import Failed, cases, expect, until                     # noqa: E402
from follower import GETACK, Follower, without_ids                 # noqa: E402
from resp import Error, info, request                              # noqa: E402
from scripted import Scripted                                      # noqa: E402
from server import Server                                          # noqa: E402

ONLINE = (("capa", "eof"), ("capa", "psync2"))
AT_ONCE = ("--repl-diskless-sync-delay", "0")


def followed(server, *told):
    """A replica that is sent the stream."""
    f = Follower(server, *told)
    f.full()
    if f.head.startswith("$EOF"):
        # Only an ACK behind the child's end opens the stream.
        with_ack(server, f)
    return f


def with_ack(server, f):
    c = server.conn()
    until("the replica's being online", lambda: "state=online" in info(c)["slave0"] if "slave0" in info(c) else False)
    f.ack(f.offset)
    c.close()


# ---- The same with both: each case returns what was seen

def texts(server):
    c = server.conn()
    seen = []
    for words in (["REPLCONF"], ["REPLCONF", "listening-port"], ["REPLCONF", "listening-port", "70000"], ["REPLCONF", "listening-port", "x"],
                  ["REPLCONF", "ip-address", "a" * 256], ["REPLCONF", "ip-address", "a" * 255], ["REPLCONF", "capa", "foo"],
                  ["REPLCONF", "capa", "eof", "bogus", "1"], ["REPLCONF", "rdb-only", "2"], ["REPLCONF", "rdb-only", "x"],
                  ["REPLCONF", "rdb-filter-only", "x"], ["REPLCONF", "rdb-filter-only", "functions x"], ["REPLCONF", "rdb-filter-only", '"functions'],
                  ["PSYNC", "a"], ["PSYNC", "a", "x"], ["PSYNC", "a", "1", "FAILOVER"], ["SYNC", "1"], ["WAIT", "x", "0"], ["WAIT", "0", "-1"],
                  ["WAIT", "0", "0"], ["ROLE"]):
        seen.append((words[:2], str(c.do(*words))))
    for silent in (["REPLCONF", "ACK", "1"], ["REPLCONF", "GETACK", "*"], ["REPLCONF", "ACK", "x"]):
        c.send(*silent)
    seen.append(c.do("ECHO", "next"))
    c.ask("MULTI")
    seen.append(str(c.do("PSYNC", "?", "-1")))
    c = server.conn()
    c.ask("REPLCONF", "rdb-filter-only", "functions")
    seen.append(str(c.do("PSYNC", "?", "-1")))
    c = server.conn()
    c.many([("PING",)])
    c.write(request("PING") + request("PSYNC", "?", "-1"))
    return seen + [str(c.answer()), str(c.answer())]


def shown(server, ids):
    """What a client is told of replication."""
    c = server.conn()
    lines = [x for x in c.ask("INFO", "replication").decode().split("\r\n") if ":" in x and not x.startswith(("unreplicated_bytes", "min_replicas_to_ack", "replica_ack_", "primary_"))]
    text = "\n".join(lines) + repr(c.ask("ROLE"))
    text += repr([re.search(r"flags=\S+", x)[0] for x in c.ask("CLIENT", "LIST").decode().splitlines()])
    text += repr([re.search(r"flags=\S+", x)[0] for x in c.ask("CLIENT", "LIST", "TYPE", "replica").decode().splitlines()])
    text += info(c, "connected_clients")
    return without_ids(re.sub(r"lag=\d", "lag=N", text), ids)


def on_disk(server):
    ids, f = {}, Follower(server, ("listening-port", "6390"), ("ip-address", "replica.example"))
    seen = [f.full()[:9], f.head[:1], without_ids(f.id, ids), f.offset, f.ends < 3]
    c = server.conn()
    until("the replica's being online", lambda: "online" in info(c, "slave0"))
    c.ask("SET", "k", "v")
    seen += f.commands(2)  # at once, without an ACK
    f.ack(f.offset)
    until("the ACK", lambda: "offset=%d" % f.offset in info(c, "slave0"))
    return seen + [f.offset, shown(server, ids)]


def diskless(server):
    ids, f = {}, Follower(server, *ONLINE)
    f.full()
    seen = [re.sub("[0-9a-f]{40}", "MARK", f.head), without_ids(f.id, ids), f.offset]
    c = server.conn()
    until("the replica's being online", lambda: "online" in info(c, "slave0"))
    c.ask("SET", "k", "v")
    seen.append(f.silent(0.3) and not f.bytes)  # nothing before the first ACK
    f.ack(0)
    seen += f.commands(2)
    f.ack(f.offset)
    until("the ACK", lambda: "offset=%d" % f.offset in info(c, "slave0"))
    return seen + [f.offset, shown(server, ids)]


def by_sync(server):
    f = Follower(server)
    f.offset = 0
    f.send("SYNC")
    seen = [f.snapshot()[:9], f.head[:1]]
    server.conn().ask("SET", "k", "v")
    f.write(b"\n\n")
    return seen + f.commands(2)


def partial(server):
    f = followed(server)
    c = server.conn()
    for i in range(3):
        c.ask("SET", "k", i)
    f.commands(4)
    end, seen, ids = f.offset, [], {f.id: "ID"}
    for how, id, offset in (((), f.id, end + 1), (ONLINE[1:], f.id.upper(), end + 1), (ONLINE, f.id, 24), ((), f.id, 1)):
        g = Follower(server, *how)
        g.send("PSYNC", id, offset)
        g.offset = offset - 1
        seen.append(without_ids(g.line(), ids))
        c.ask("SET", "k", "last")
        seen.append(g.until("SET k last"))
        end = g.offset
        seen.append(g.offset)
    for id, offset in ((f.id, end + 2), (f.id, end + 100), (f.id, 0), (f.id, -5), ("0" * 39 + "1", 10), ("x", 1), ("?", 1)):
        g = Follower(server, *ONLINE)
        g.send("PSYNC", id, offset)
        seen.append(without_ids(g.line(), ids))
    i = info(c)
    return seen + [i["sync_full"], i["sync_partial_ok"], i["sync_partial_err"]]


def stream(server):
    """What commands become."""
    f = followed(server)
    c, d = server.conn(), server.conn()
    c.ask("SET", "a", "1")
    c.ask("PUBLISH", "ch", "hello")
    c.ask("SPUBLISH", "ch", "shard")
    d.ask("SELECT", "5")
    d.many([("MULTI",), ("SET", "b", "1"), ("PUBLISH", "x", "y"), ("EXEC",)])
    d.many([("MULTI",), ("INCR", "n"), ("EXEC",)])
    d.many([("MULTI",), ("INCR", "n"), ("INCR", "n"), ("EXEC",)])
    d.ask("GET", "n")
    d.ask("EVAL", "redis.call('set','e',1) redis.call('publish','from','script') redis.call('set','f',2)", "0")
    d.ask("SET", "p", "1", "PXAT", "4102444800000")
    c.ask("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() return 1 end)")
    c.ask("SCRIPT", "LOAD", "return 1")
    c.ask("SWAPDB", "0", "5")
    c.ask("FLUSHDB")
    c.ask("SET", "last", "1")
    got = f.until("SET last 1")
    for i in range(1, len(got)):  # ours says it within the transaction
        if got[i].startswith("SELECT") and got[i - 1] == "MULTI":
            got[i - 1:i + 1] = got[i], got[i - 1]
    return got


def answers(server):
    """A replica that asks for something."""
    seen = []
    for words in (("PING",), ("REPLCONF", "bogus", "1"), ("REPLCONF", "listening-port", "1"), ("GET", "k"), ("NOSUCH",), ("PSYNC", "?", "-1"),
                  ("REPLCONF", "ACK", "x"), ("REPLCONF", "GETACK", "*")):
        f = followed(server)
        f.send(*words)
        if words[0] == "PSYNC" or words[1:2] in (("ACK",), ("GETACK",)):
            server.conn().ask("SET", "still", "there")
            f.until("SET still there")
            seen.append((words, "goes on"))
        else:
            seen.append((words, f.is_closed(), f.bytes))
    log = server.log()
    return seen + ["Replica generated a reply to command 'ping', disconnecting it: id=" in log, "This master is sending an error to its replica" in log]


def waits(server):
    f, g = followed(server), followed(server)
    c = server.conn()
    seen = [c.ask("WAIT", "0", "0"), c.ask("WAIT", "2", "1")]
    c.ask("SET", "k", "v")
    c.send("WAIT", "1", "0")
    f.until("REPLCONF GETACK *")
    seen.append(c.silent(0.1))
    f.ack(f.offset - len(GETACK))
    seen.append(c.reply())
    c.send("WAIT", "2", "0")
    g.until("REPLCONF GETACK *")
    g.until("REPLCONF GETACK *")
    g.ack(g.offset)
    seen.append(c.reply())
    d = server.conn()  # has written nothing: everybody has all of it
    seen.append(d.ask("WAIT", "5", "1"))
    c.ask("SET", "k", "w")
    seen.append([str(x) for x in c.many([("MULTI",), ("WAIT", "1", "0"), ("EXEC",)])])
    return seen


def few_replicas(server):
    c = server.conn()
    c.ask("CONFIG", "SET", "min-replicas-to-write", "1", "min-replicas-max-lag", "2")
    seen = [str(c.do("SET", "k", "v")), str(c.do("GET", "k"))]
    f = followed(server)
    f.ack(0)
    until("a good replica", lambda: info(c)["min_slaves_good_slaves"] == "1")
    seen.append(c.do("SET", "k", "v"))
    until("its silence", lambda: info(c)["min_slaves_good_slaves"] == "0")
    seen.append(str(c.do("SET", "k", "v")))
    f.ack(0)
    until("a good replica", lambda: info(c)["min_slaves_good_slaves"] == "1")
    seen.append(c.do("SET", "k", "v"))
    f.close()
    until("its end", lambda: info(c)["connected_slaves"] == "0")
    return seen + [str(c.do("SET", "k", "v"))]


def kinds(server):
    f, g = followed(server), followed(server)
    c = server.conn()
    seen = [len(c.ask("CLIENT", "LIST", "TYPE", kind).splitlines()) for kind in ("replica", "slave", "normal", "master")]
    seen.append(c.ask("CLIENT", "KILL", "TYPE", "normal"))
    seen.append(c.ask("CLIENT", "KILL", "TYPE", "slave"))
    return seen + [f.is_closed(), g.is_closed()]


def joined(server):
    """Who comes while a snapshot is written on the disk."""
    c = server.conn()
    c.ask("DEBUG", "POPULATE", "200")
    c.ask("CONFIG", "SET", "rdb-key-save-delay", "5000")
    f, g = Follower(server), Follower(server)
    f.send("PSYNC", "?", "-1")
    first = f.line()
    c.ask("SET", "meanwhile", "1")
    g.send("PSYNC", "?", "-1")
    second = g.line()
    same = first == second, f.snapshot() == g.snapshot()
    f.offset = g.offset = int(first.split()[2])
    return same, f.ends > 0, f.commands(2), g.commands(2), info(c, "sync_full")


def filtered(server):
    c = server.conn()
    c.ask("SET", "some-key", "v")
    c.ask("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)")
    seen = []
    for what in (None, "functions", ""):
        f = Follower(server, *ONLINE, ("rdb-only", "1"), *([("rdb-filter-only", what)] if what is not None else []))
        body = f.full()
        seen.append((b"some-key" in body, b"name=lib" in body, f.head[:5], f.is_closed()))
    return seen, os.path.exists(server.at("dump.rdb"))


def keep_alive(server):
    f = Follower(server, *ONLINE)
    f.full()
    return f.ends > 0, f.head[:5]


def killed_child(server):
    c = server.conn()
    c.ask("DEBUG", "POPULATE", "1000")
    c.ask("CONFIG", "SET", "rdb-key-save-delay", "10000")
    f = Follower(server, *ONLINE)
    f.send("PSYNC", "?", "-1")
    seen = [f.line().split()[0], info(c, "rdb_bgsave_in_progress")]
    with open("/proc/%d/task/%d/children" % (server.p.pid, server.p.pid)) as children:
        os.kill(int(children.read().split()[0]), signal.SIGKILL)
    return seen + [f.is_closed(), info(c, "rdb_last_bgsave_status")]


def other_children(server):
    """One child at a time."""
    c = server.conn()
    c.ask("DEBUG", "POPULATE", "300")
    c.ask("CONFIG", "SET", "rdb-key-save-delay", "5000")
    f, g = Follower(server, *ONLINE), Follower(server)
    f.send("PSYNC", "?", "-1")
    f.line()
    seen = [str(c.do(*words)) for words in (["SAVE"], ["BGSAVE"], ["BGSAVE", "SCHEDULE"], ["BGREWRITEAOF"])]
    g.send("PSYNC", "?", "-1")  # waits for the next
    c.ask("CONFIG", "SET", "rdb-key-save-delay", "0")
    seen.append(len(f.snapshot()) > 1000)
    seen.append(g.line()[:11])
    return seen + [g.snapshot()[:5]]


def counted(server):
    """Bytes for replicas, and those for everybody."""
    f = followed(server)
    c = server.conn()
    c.ask("CONFIG", "RESETSTAT")
    c.ask("SET", "k", "x" * 100000)
    f.commands(2)
    i = info(c)
    return [round(int(i[name]) / 1000) for name in ("total_net_repl_output_bytes", "total_net_output_bytes", "total_net_repl_input_bytes")] + [i["sync_full"]]


def new_ids(server):
    f = followed(server)
    c = server.conn()
    c.ask("SET", "k", "v")
    f.commands(2)
    c.ask("DEBUG", "CHANGE-REPL-ID")
    g = Follower(server)
    g.send("PSYNC", f.id, f.offset + 1)
    return g.line().split()[0], g.line()[:1], info(c, "master_replid") != f.id


SAME = [(texts, ()), (on_disk, ("--repl-diskless-sync", "no")), (diskless, AT_ONCE), (by_sync, ()), (partial, ("--repl-diskless-sync", "no")),
        (stream, ("--repl-diskless-sync", "no")), (answers, ("--repl-diskless-sync", "no")), (waits, ("--repl-diskless-sync", "no")),
        (few_replicas, ("--repl-diskless-sync", "no")), (kinds, ("--repl-diskless-sync", "no")),
        (joined, ("--repl-diskless-sync", "no", "--enable-debug-command", "yes")), (filtered, AT_ONCE), (keep_alive, ("--repl-diskless-sync-delay", "3")),
        (other_children, AT_ONCE + ("--enable-debug-command", "yes")), (counted, ("--repl-diskless-sync", "no")),
        (killed_child, AT_ONCE + ("--enable-debug-command", "yes")), (new_ids, ("--repl-diskless-sync", "no", "--enable-debug-command", "yes"))]


def same(o, run, options):
    seen = []
    for path in (o.server, o.reference):
        with Server(path, "--repl-ping-replica-period", "3600", *options) as s:
            s.start().close()
            seen.append(run(s))
    expect(seen[0], seen[1], run.__name__)


# ---- What is Millrace's own

def liar(o):
    """Whoever says that it has what was not sent is closed: it would release what it has not got."""
    with Server(o.server, "--repl-diskless-sync", "no") as s:
        s.start().close()
        f = followed(s)
        f.ack(f.offset + 1)
        expect(f.is_closed(), True, "closed")
        expect("disconnecting it" in s.log(), True, "log")


def of_ours(o):
    """The snapshot of one of ours is of version 11; who shares it with another gets 10."""
    with Server(o.server, "--repl-diskless-sync-delay", "1") as s:
        c = s.start()
        own = info(c, "run_id")
        f = Follower(s, *ONLINE)
        expect(str(f.do("REPLCONF", "millrace", "1", own, "-", "1")), "ERR This server can't replicate itself", "itself")
        expect(str(f.do("REPLCONF", "millrace", "1", "f" * 41)), "ERR syntax error", "no ID")
        expect(f.ask("REPLCONF", "millrace", "1", "f" * 40, "-", "1"), b"OK", "another")
        expect(f.full()[:9], b"REDIS0011", "alone")
        g, h = Follower(s, *ONLINE), Follower(s, *ONLINE)
        g.ask("REPLCONF", "millrace", "1", "e" * 40, "-", "1")
        g.send("PSYNC", "?", "-1")
        h.send("PSYNC", "?", "-1")
        expect((g.line(), g.snapshot()[:9]), (h.line(), h.snapshot()[:9]), "together")
        expect(info(c, "sync_full"), "3", "counted")


def asks_who_takes_over(o):
    """FAILOVER and SHUTDOWN ask once, at once; nobody who has everything is asked."""
    with Server(o.server, "--repl-diskless-sync", "no", "--repl-ping-replica-period", "1000") as s:
        c = s.start()
        f = followed(s, ("listening-port", 1))
        offset = lambda: int(info(c, "master_repl_offset"))
        c.ask("SET", "a", "1")
        expect(f.until("SET a 1")[-1], "SET a 1", "stream")
        before = offset()
        for words in (("FAILOVER",), ("SHUTDOWN", "NOSAVE")):
            asks = s.conn()
            asks.send(*words)
            expect((f.commands(1), f.offset - before), (["REPLCONF GETACK *"], len(GETACK)), "the question")
            before = f.offset
            if words[0] == "FAILOVER":
                c.ask("FAILOVER", "ABORT")
            expect((offset(), info(c, "master_failover_state")), (before, "no-failover"), "the end of the stream")
        c.ask("SHUTDOWN", "ABORT")
        f.ack(before)
        until("its offset", lambda: "offset=%d" % before in info(c, "slave0"))
        c.send("SHUTDOWN", "NOSAVE")
        until("the end", lambda: not s.alive())
        expect(f.is_closed(), True, "nothing more is asked")


def takes_over(o):
    """Between ourselves one question is enough: the answer is that of the very end of the stream."""
    with Server(o.server, "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1000") as a, Server(o.server) as b:
        c, d = a.start(), b.start("--replicaof", "127.0.0.1 %d" % a.port)
        c.ask("SET", "a", "1")
        until("the stream", lambda: d.ask("GET", "a") == b"1")
        until("its offset", lambda: "state=online,offset=%s," % info(c, "master_repl_offset") in info(c, "slave0"))
        c.ask("SET", "a", "2")
        before = int(info(c, "master_repl_offset"))
        c.ask("FAILOVER", "TO", "127.0.0.1", b.port)
        until("the fail-over", lambda: info(d, "role") == "master" and info(c, "master_link_status") == "up")
        asked = int(info(d, "second_repl_offset")) - 1 - before
        expect(asked in (0, len(GETACK)), True, "bytes that were in the stream behind the last write: %d" % asked)
        expect((info(d, "sync_full"), info(d, "sync_partial_ok")), ("0", "1"), "only a part")


def aborted_too_late(o):
    """The target has granted what it was asked for, and its data are loaded already: it is the primary, and FAILOVER ABORT finds nothing to abort."""
    with Server(o.server) as other:
        d = other.start()
        d.many([("SET", "k%d" % i, "x" * 100) for i in range(2000)])
        d.ask("SAVE")
        with open(other.at("dump.rdb"), "rb") as f:
            large = f.read()
    ended = threading.Event()

    def answer(s, words):
        s.sendall(b"+FULLRESYNC %s 1000\r\n$%d\r\n" % (words[1], len(large)) + large)
        ended.wait(60)

    target = Scripted(answer)
    with Server(o.server, "--repl-diskless-sync", "no", "--repl-diskless-load", "swapdb", "--repl-ping-replica-period", "1000") as s:
        c = s.start()
        c.ask("CONFIG", "SET", "key-load-delay", "1000", "loading-process-events-interval-bytes", "1024")
        f = followed(s, ("listening-port", target.port))
        f.ack(f.offset)
        c.ask("FAILOVER")
        until("the load", lambda: info(c)["async_loading"] == "1")
        expect(str(c.do("FAILOVER", "ABORT")), "ERR No failover in progress.", "the answer")
        c.ask("CONFIG", "SET", "key-load-delay", "0")
        until("the target's data", lambda: c.ask("DBSIZE") == 2000)
        expect((info(c)["role"], info(c)["master_failover_state"]), ("slave", "no-failover"), "the role")
        ended.set()
    target.end()


def replicates(o):
    """DEBUG REPLICATE, and what the append-only file keeps of the stream."""
    with Server(o.server, "--repl-diskless-sync", "no", "--appendonly", "yes", "--enable-debug-command", "yes") as s:
        c = s.start()
        f = followed(s)
        c.ask("DEBUG", "REPLICATE", "all", "SET", "a", "1")
        c.ask("DEBUG", "REPLICATE", "replica", "SET", "b", "1")
        c.ask("DEBUG", "REPLICATE", "aof", "SET", "c", "1")
        c.ask("PUBLISH", "ch", "x")
        c.ask("SET", "d", "1")
        expect(f.until("SET d 1"), ["SELECT 0", "SET a 1", "SET b 1", "PUBLISH ch x", "SET d 1"], "stream")
        c = s.start()
        expect(sorted(c.ask("KEYS", "*")), [b"a", b"c", b"d"], "file")


def wait_for_disks(o):
    with Server(o.server, "--repl-diskless-sync", "no", "--appendonly", "yes") as s:
        c = s.start()
        f = followed(s)
        c.ask("SET", "k", "v")
        c.send("WAITAOF", "0", "1", "0")
        f.until("REPLCONF GETACK *")
        f.ack(f.offset)  # says nothing of a disk
        expect(c.silent(0.2), True, "not yet")
        f.ack(f.offset, "FACK", f.offset)
        expect(c.reply()[1], 1, "one replica")
        expect(c.ask("WAITAOF", "1", "2", "500")[1], 1, "no two")


def over_tls(o):
    """File, pipe and stream in records."""
    for options in (("--repl-diskless-sync", "no"), AT_ONCE):
        with Server(o.server, "--enable-debug-command", "yes", *options, tls=True) as s:
            c = s.start()
            c.ask("DEBUG", "POPULATE", "50000")
            f = Follower(s, *ONLINE, tls=True)
            body = f.full()
            expect((body[:5], body.count(b"value:")), (b"REDIS", 50000), "snapshot")
            with_ack(s, f)
            value = "x" * 3000000
            c.ask("SET", "large", value)
            expect(f.commands(2)[1], "SET large " + value, "stream")


def slow(o):
    """Who takes nothing is sent nothing, holds the backlog, and is closed beyond its limit."""
    with Server(o.server, "--repl-diskless-sync", "no", "--repl-backlog-size", "16384", "--client-output-buffer-limit", "replica 8mb 0 0") as s:
        c = s.start()
        f = followed(s)
        value = "x" * 100000
        for _ in range(60):
            c.ask("SET", "k", value)
        lacks = int(re.search(r"omem=(\d+)", c.ask("CLIENT", "LIST", "TYPE", "replica").decode())[1])
        i = info(c)
        if not 0 < lacks < 6100000 or int(i["repl_backlog_histlen"]) < lacks or int(i["mem_not_counted_for_evict"]) < lacks:
            raise Failed("lacks %d, backlog %s, beside %s" % (lacks, i["repl_backlog_histlen"], i["mem_not_counted_for_evict"]))
        expect(len(f.commands(61)), 61, "all of it")
        until("the backlog's end", lambda: int(info(c, "repl_backlog_histlen")) < 200000)
        for _ in range(400):  # the sockets hold some of it
            c.ask("SET", "k", value)
        until("its end", lambda: info(c, "connected_slaves") == "0")
        expect("overcoming of output buffer limits" in s.log(), True, "log")


def silent_ones(o):
    with Server(o.server, "--repl-diskless-sync", "no", "--repl-timeout", "2", "--repl-ping-replica-period", "1") as s:
        s.start().close()
        f, old = followed(s), Follower(s)
        old.send("SYNC")
        old.snapshot()
        old.offset = 0
        expect(f.is_closed(), True, "closed")
        expect("Disconnecting timedout replica (streaming sync)" in s.log(), True, "log")
        expect(len(old.commands(3)), 3, "one that tells no offsets stays")


def gone(o):
    """The last one of a pipe goes: the child is killed, and the next one gets a child of its own."""
    with Server(o.server, *AT_ONCE, "--enable-debug-command", "yes") as s:
        c = s.start()
        c.ask("DEBUG", "POPULATE", "1000")
        c.ask("CONFIG", "SET", "rdb-key-save-delay", "20000")
        f = Follower(s, *ONLINE)
        f.send("PSYNC", "?", "-1")
        f.line()
        f.close()
        until("the child's end", lambda: info(c, "rdb_bgsave_in_progress") == "0")
        c.ask("CONFIG", "SET", "rdb-key-save-delay", "0")
        expect(Follower(s, *ONLINE).full().count(b"value:"), 1000, "the next")


def flushed(o):
    """FLUSHALL while a file is being written for replicas: the old data must not come back."""
    with Server(o.server, "--repl-diskless-sync", "no", "--save", "3600 1", "--enable-debug-command", "yes") as s:
        c = s.start()
        c.ask("DEBUG", "POPULATE", "1000")
        c.ask("CONFIG", "SET", "rdb-key-save-delay", "20000")
        f = Follower(s)
        f.send("PSYNC", "?", "-1")
        f.line()
        c.ask("FLUSHALL")
        expect(f.is_closed(), True, "closed")
        c.ask("CONFIG", "SET", "rdb-key-save-delay", "0")
        expect(Follower(s).full().count(b"value:"), 0, "the next")


def nonsense(o):
    """Random handshakes, offsets, ends in the middle: nobody else notices."""
    rng = random.Random(o.seed)
    words = ["REPLCONF", "PSYNC", "SYNC", "PING", "ACK", "GETACK", "FACK", "listening-port", "ip-address", "capa", "eof", "psync2", "rdb-only",
             "rdb-filter-only", "functions", "millrace", "version", "1", "0", "-1", "?", str(2**63 - 1), str(2**64), "x" * 300, "", "\0", "*",
             "SET", "MULTI", "EXEC", "SUBSCRIBE", "MONITOR", "BLPOP", "CLIENT", "REPLY", "OFF", "RESET", "HELLO", "3", "QUIT", "WAIT", "DEBUG"]
    with Server(o.server, "--repl-diskless-sync-delay", "0", "--repl-timeout", "30") as s:
        c = s.start()
        f = followed(s, *ONLINE)
        open_ones = []
        for i in range(o.tries):
            g = Follower(s)
            for _ in range(rng.randrange(1, 8)):
                kind = rng.randrange(6)
                if kind == 0:
                    request_of = ["PSYNC", rng.choice([f.id, f.id.upper(), "?", "x"]), rng.choice([f.offset + 1, f.offset, 1, -1, 0, f.offset + 2])]
                    if rng.random() < 0.1:  # never in front: as a command it holds everybody's writes
                        request_of.append("FAILOVER")
                elif kind == 1:
                    request_of = ("REPLCONF", "ACK", rng.choice([0, f.offset, f.offset + 1, -1]))
                elif kind == 2:
                    request_of = ("REPLCONF", rng.choice(words), rng.choice(words))
                else:
                    request_of = [rng.choice(words) for _ in range(rng.randrange(1, 6))]
                try:
                    if kind == 5:
                        g.write(request(*request_of)[:rng.randrange(1, 30)] + b"\n" * rng.randrange(3))
                    else:
                        g.send(*request_of)
                    if rng.random() < 0.7:
                        g.silent(0.002)
                except OSError:
                    break
            open_ones.append(g)
            if len(open_ones) > 20:
                open_ones.pop(rng.randrange(20)).close()
            if i % 20 == 0:
                c.do("FAILOVER", "ABORT")  # somebody may have begun one, which holds writes
                c.ask("INCR", "n")
                f.until("INCR n")
                f.ack(f.offset)
        expect((c.ask("PING"), s.report()), (b"PONG", None), "alive")


def many(o):
    """Ten replicas in step cost a socket and an offset each."""
    with Server(o.server, "--repl-diskless-sync", "no", "--enable-debug-command", "yes") as s:
        c = s.start()
        first = followed(s)
        before = int(info(c, "used_memory"))
        others = [followed(s) for _ in range(9)]
        until("ten of them", lambda: info(c, "connected_slaves") == "10")
        each = (int(info(c, "used_memory")) - before) / 9
        if each > 64 << 10:
            raise Failed("%d bytes each" % each)
        c.ask("SET", "k", "v")
        for f in [first] + others:
            f.until("SET k v")


def chain(o):
    """A replica's replicas are sent what its primary sends, byte by byte."""
    with Server(o.server, "--repl-diskless-sync", "no") as a, Server(o.server, "--repl-diskless-sync", "no") as b:
        c = a.start()
        c.ask("SET", "k", "v")
        d = b.start("--replicaof", "127.0.0.1 %d" % a.port)
        until("the link", lambda: info(d, "master_link_status") == "up")
        f, g = followed(a), followed(b)
        c.many([("SELECT", "3"), ("PFADD", "h", "x"), ("PFCOUNT", "h"), ("PUBLISH", "ch", "x"), ("MULTI",), ("SET", "m", "1"), ("SET", "n", "2"),
                ("EXEC",), ("SET", "last", "1")])
        expect(g.until("SET last 1"), f.until("SET last 1"), "stream")
        d.ask("SELECT", "3")
        expect(d.ask("GET", "h"), c.ask("GET", "h"), "the remembered count")
        expect((info(d, "master_replid"), info(d, "connected_slaves")), (info(c, "master_replid"), "1"), "history")
        h = Follower(b)
        expect(b"repl-stream-db\xc0\x03" in h.full(), True, "database")
        c.ask("SET", "next", "1")
        expect(h.commands(1), ["SET next 1"], "no SELECT")
        a.kill()
        until("the link's end", lambda: info(d, "master_link_status") == "down")
        expect(str(Follower(b).do("PSYNC", "?", "-1")), "NOMASTERLINK Can't SYNC while not connected with my master", "text")


def a_user(o):
    """What a replica's user needs is told in the security guide."""
    with Server(o.server, "--repl-diskless-sync", "no") as s:
        c = s.start()
        c.ask("ACL", "SETUSER", "replication", "on", ">secret", "-@all", "+psync", "+replconf", "+ping")
        f = Follower(s)
        f.ask("AUTH", "replication", "secret")
        expect((f.ask("PING"), f.ask("REPLCONF", "listening-port", "1")), (b"PONG", b"OK"), "handshake")
        expect(str(f.do("GET", "k"))[:6], "NOPERM", "nothing else")
        f.full()
        c.ask("SET", "k", "v")
        expect(f.commands(2)[1], "SET k v", "stream")
        f.ack(f.offset)
        until("the ACK", lambda: "offset=%d" % f.offset in info(c, "slave0"))


OWN = [asks_who_takes_over, takes_over, aborted_too_late, chain, a_user, nonsense, liar, of_ours, replicates, wait_for_disks, over_tls, slow, silent_ones, gone, flushed, many]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--server", required=True)
    p.add_argument("--reference", default="redis-server")
    p.add_argument("--only", default="")
    p.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    p.add_argument("--tries", type=int, default=300)
    o = p.parse_args()
    print("seed %d" % o.seed)
    all_cases = [("as redis-server: " + run.__name__, same, o, run, options) for run, options in SAME] + [("own: " + run.__name__, run, o) for run in OWN]
    cases(all_cases, [x for x in o.only.split(",") if x], errors=(OSError, Error, AssertionError, KeyError, ValueError))


main()
