#!/usr/bin/env python3
"""What a replica refuses and hides, FAILOVER, and SHUTDOWN that waits: between ourselves, and with redis-server on either side.

handover.py SERVER      prints "ok ..." and "not ok ..." lines
"""
import os, signal, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import check, done, until, wait_for  # noqa: E402
from resp import Conn, Error, info              # noqa: E402
from server import Server                       # noqa: E402

READONLY = "READONLY You can't write against a read only replica."
MASTERDOWN = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."


def said(c, *words):
    """The reply; of an error its text."""
    got = c.do(*words)
    return str(got) if isinstance(got, Error) else got


def follow(c, primary):
    c.ask("REPLICAOF", "127.0.0.1", primary.port)
    until("the link", lambda: info(c, "master_link_status", "replication") == "up")


def online(c, n):
    until("%d replicas" % n, lambda: info(c, section="replication").get("connected_slaves") == str(n)
          and all("state=online" in v for k, v in info(c, section="replication").items() if k.startswith("slave") and k[5:].isdigit()))


def pair(path, other=None, *more):
    """Two servers, the second one of which follows the first, and a connection to each."""
    servers = [Server(p, "--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes", *more) for p in (path, other or path)]
    conns = [s.start() for s in servers]
    follow(conns[1], servers[0])
    online(conns[0], 1)
    return servers + conns


def refusals(path):
    a, b, p, r = pair(path)
    p.do("SET", "k", "v")
    until("the key", lambda: r.do("GET", "k") == b"v")
    script = "return redis.call('SET', 'k', 'x')"
    check("a replica refuses writes", all(said(r, *w) == READONLY for w in (("SET", "k", "x"), ("BLPOP", "l", "0"), ("XADD", "s", "*", "a", "b"), ("FLUSHALL",),
                                                                       ("FUNCTION", "FLUSH"), ("SPOP", "s"), ("EVAL", "#!lua\nreturn 1", "0"))))
    check("in a script at its first write", str(said(r, "EVAL", script, "0")).startswith(READONLY + " script: "))
    check("reads and messages go on", r.do("GET", "k") == b"v" and r.do("PUBLISH", "c", "m") == 0 and r.do("EVAL", "return redis.call('GET', 'k')", "0") == b"v")
    r.do("MULTI")
    queued = said(r, "SET", "k", "x")
    check("in a transaction", queued == READONLY and said(r, "EXEC") == "EXECABORT Transaction discarded because of previous errors.")
    r.do("CONFIG", "SET", "replica-serve-stale-data", "no")
    a.kill()
    until("the link to go", lambda: info(r, "master_link_status", "replication") == "down")
    check("old data are not served", all(said(r, *w) == MASTERDOWN for w in (("GET", "k"), ("PING",), ("EVAL", "return 1", "0"), ("DBSIZE",), ("WAIT", "0", "0"))))
    check("a write is refused as such", said(r, "SET", "k", "x") == READONLY)
    check("what has nothing to do with data goes on", isinstance(r.do("ROLE"), list) and r.do("CONFIG", "GET", "port") and r.do("ECHO", "x") == b"x")
    allowed = said(r, "EVAL", "#!lua flags=no-writes,allow-stale\nreturn redis.call('GET', 'k')", "0")
    check("a script that may run reads nothing", str(allowed).startswith("ERR Can not execute the command on a stale replica script: "), allowed)
    r.do("CONFIG", "SET", "replica-serve-stale-data", "yes")
    check("old data are served again", r.do("GET", "k") == b"v")
    r.do("REPLICAOF", "NO", "ONE")
    check("a primary writes", r.do("SET", "k", "x") == b"OK")
    for s in (a, b):
        s.end()


def expiry(path, other):
    """The primary keeps what is past its time: DEBUG SET-ACTIVE-EXPIRE 0.
    50 ms, as redis-server deletes at once what is past its time when PEXPIRE has come that far."""
    name = "redis-server" if other else "ourselves"
    a, b, p, r = pair(other or path, path)
    p.do("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    p.do("SET", "stays", "v")
    for k in ("s", "t"):
        p.do("SET", k, "v", "PX", "50")
    p.do("RPUSH", "l", "a")
    p.do("PEXPIRE", "l", "50")
    until("all keys", lambda: r.do("DBSIZE") == 4)
    wait_for(lambda: r.do("EXISTS", "s", "t", "l") == 0)
    seen = [r.do(*w) for w in (("EXISTS", "s", "stays"), ("TTL", "s"), ("TYPE", "l"), ("LRANGE", "l", "0", "-1"), ("KEYS", "*"), ("RANDOMKEY",), ("DBSIZE",))]
    check("a replica of %s hides what is past its time" % name, seen == [1, -2, b"none", [], [b"stays"], b"stays", 4], seen)
    check("and deletes nothing", r.do("DBSIZE") == 4 and info(r, "expired_keys", "stats") == "0")
    p.do("GET", "s")
    check("the primary's DEL does", wait_for(lambda: r.do("DBSIZE") == 3) and p.do("INCR", "t") == 1 and wait_for(lambda: r.do("GET", "t") == b"1"))
    r.do("CONFIG", "SET", "replica-read-only", "no")
    check("a writable replica writes anew", r.do("APPEND", "l", "x") == 1 and r.do("GET", "l") == b"x" and r.do("DBSIZE") == 3)
    r.do("REPLICAOF", "NO", "ONE")
    p2 = r.do("SET", "u", "v", "PX", "1")
    check("a new primary deletes", p2 == b"OK" and wait_for(lambda: r.do("DBSIZE") == 3))
    for s in (a, b):
        s.end()


def failover(path, first, second):
    """A writer goes on; nothing that it was answered is lost, and nobody needs a full copy."""
    name = "from %s to %s" % tuple("redis-server" if "/" not in x else "ourselves" for x in (first, second))
    a, b, p, r = pair(first, second)
    third = Server(path, "--repl-diskless-sync-delay", "0")
    t = third.start()
    follow(t, a)
    online(p, 2)
    acked, stop = [], threading.Event()

    def write():
        i, where = 0, a
        c = Conn(a.port)
        while not stop.is_set():
            got = c.do("RPUSH", "l", i)
            if isinstance(got, Error):
                where = b if where is a else a
                c = Conn(where.port)
                continue
            acked.append(i)
            i += 1

    w = threading.Thread(target=write, daemon=True)
    w.start()
    until("some writes", lambda: len(acked) > 200)
    full = int(info(p, "sync_full", "stats"))
    check("FAILOVER " + name, p.do("FAILOVER", "TO", "127.0.0.1", b.port) == b"OK")
    until("the new primary", lambda: info(r, "role", "replication") == "master" and info(p, "master_failover_state", "replication") == "no-failover")
    n = len(acked)
    until("writes to it", lambda: len(acked) > n + 200)
    stop.set()
    w.join()
    until("the old one's link", lambda: info(p, "role", "replication") == "slave" and info(p, "master_link_status", "replication") == "up")
    last = [r.do("LRANGE", "l", "0", "-1"), p, t]
    same = wait_for(lambda: all(c.do("LRANGE", "l", "0", "-1") == last[0] for c in (p, t)))
    values = [int(x) for x in last[0]]
    lost = sorted(set(acked) - set(values))
    check("nothing is lost " + name, not lost and values == sorted(values), (lost[:5], len(values)))
    check("all three agree " + name, same)
    check("nobody needed a full copy " + name, int(info(r, "sync_full", "stats")) == 0 and int(info(p, "sync_full", "stats")) == full
          and info(r, "sync_partial_ok", "stats") == "1", info(r, section="stats"))
    for s in (a, b, third):
        s.end()


def failover_that_is_not(path):
    a, b, p, r = pair(path)
    os.kill(b.p.pid, signal.SIGSTOP)
    p.do("SET", "k", "v")
    writer = Conn(a.port)
    check("it waits", p.do("FAILOVER", "TO", "127.0.0.1", b.port, "TIMEOUT", "1000") == b"OK" and info(p, "master_failover_state", "replication") == "waiting-for-sync")
    writer.send("SET", "k", "w")
    check("one at a time", said(p, "FAILOVER") == "ERR FAILOVER already in progress." and said(p, "REPLICAOF", "NO", "ONE") == "ERR REPLICAOF not allowed while failing over.")
    check("writes wait, reads do not", p.do("GET", "k") == b"v" and writer.silent())
    check("the time-out gives up", writer.answer() == b"OK" and info(p, "master_failover_state", "replication") == "no-failover" and info(p, "role", "replication") == "master")
    check("ABORT", p.do("FAILOVER") == b"OK" and p.do("FAILOVER", "ABORT") == b"OK" and said(p, "FAILOVER", "ABORT") == "ERR No failover in progress.")
    p.do("FAILOVER", "TO", "127.0.0.1", b.port, "FORCE", "TIMEOUT", "1")
    until("force", lambda: info(p, "master_failover_state", "replication") == "failover-in-progress")
    check("FORCE goes on, and ABORT takes it back", info(p, "role", "replication") == "slave" and p.do("FAILOVER", "ABORT") == b"OK"
          and info(p, "role", "replication") == "master" and p.do("SET", "k", "x") == b"OK")
    os.kill(b.p.pid, signal.SIGCONT)
    check("the replica follows again", wait_for(lambda: r.do("GET", "k") == b"x"))
    for s in (a, b):
        s.end()


def shutdown(path):
    a, b, p, r = pair(path)
    os.kill(b.p.pid, signal.SIGSTOP)
    p.do("SET", "k", "v")
    asks, more, writer = (Conn(a.port) for _ in range(3))
    asks.send("SHUTDOWN", "NOSAVE")
    until("the wait", lambda: 0 < int(info(p, section="server").get("shutdown_in_milliseconds", 0)) <= 10000)
    more.send("SHUTDOWN")
    writer.send("SET", "k", "w")
    check("writes wait", p.do("GET", "k") == b"v" and writer.silent() and asks.silent())
    check("ABORT", p.do("SHUTDOWN", "ABORT") == b"OK" and writer.answer() == b"OK" and said(p, "SHUTDOWN", "ABORT") == "ERR No shutdown in progress.")
    told = [str(c.answer()) for c in (asks, more)]
    check("who asked hears of it", told == ["ERR Errors trying to SHUTDOWN. Check logs."] * 2 and "shutdown_in_milliseconds" not in info(p, section="server"), told)
    a.p.send_signal(signal.SIGTERM)
    until("the signal", lambda: "Waiting for replicas before shutting down." in a.log().split("manually aborted")[-1])
    os.kill(b.p.pid, signal.SIGCONT)
    a.p.wait()
    check("it ends when the replica has everything", "1 of 1 replicas are in sync when shutting down." in a.log() and r.do("GET", "k") == b"w")
    for s in (a, b):
        s.end()
    a, b, p, r = pair(path, None, "--shutdown-timeout", "1")
    os.kill(b.p.pid, signal.SIGSTOP)
    p.do("SET", "k", "v")
    p.send("SHUTDOWN")
    check("or when the time is up", p.is_closed() and a.p.wait() == 0 and "Lagging replica 127.0.0.1:%d reported offset " % b.port in a.log()
          and "0 of 1 replicas are in sync when shutting down." in a.log())
    os.kill(b.p.pid, signal.SIGCONT)
    p = a.start()
    online(p, 1)
    os.kill(b.p.pid, signal.SIGSTOP)
    p.do("SET", "k", "v")
    p.send("SHUTDOWN", "NOW")
    check("NOW waits for nobody", p.is_closed() and "Waiting for replicas" not in a.log().split("Ready to accept")[-1])
    os.kill(b.p.pid, signal.SIGCONT)
    for s in (a, b):
        s.end()


def main():
    path = os.path.abspath(sys.argv[1])
    refusals(path)
    expiry(path, None)
    expiry(path, "redis-server")
    for first, second in ((path, path), (path, "redis-server"), ("redis-server", path)):
        failover(path, first, second)
    failover_that_is_not(path)
    shutdown(path)
    done()


main()
