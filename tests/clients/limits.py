#!/usr/bin/env python3
"""Limits on connections: unfinished handshakes, TLS spoken to a plain port, shutdown, and the counters of INFO.

limits.py SERVER      prints "ok ..." and "not ok ..." lines
"""
import os, resource, socket, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import check, done, wait_for           # noqa: E402
from resp import Conn, info, request             # noqa: E402
from server import Server, free_port             # noqa: E402



def running(*args, **how):
    s = Server(sys.argv[1], *args, **how)
    s.start().close()
    return s


def strangers():
    """faults T2: handshakes that do not end keep nobody out, whether a password is asked for or not."""
    for password in ("", "secret"):
        s = running("--maxclients", 60, *(["--requirepass", password] if password else []), tls=True)
        try:
            silent = [socket.create_connection(("127.0.0.1", s.tls_port)) for _ in range(70)]
            silent[-1].sendall(b"\x16\x03\x01\x02\x00\x01")
            label = "70 silent TLS connections of 60%s: " % (", with a password" if password else "")
            c = s.tls()
            if password:
                c.do("AUTH", password)
            check(label + "who ends the handshake is served", c.do("PING") == b"PONG")
            for x in silent[:5]:
                check(label + "the oldest is closed", Conn(x).is_closed())
            kept = [s.tls() for _ in range(5)]
            for x in kept:
                if password:
                    x.do("AUTH", password)
                x.do("PING")
            check(label + "it stays", c.do("PING") == b"PONG" and all(x.do("PING") == b"PONG" for x in kept))
        finally:
            s.end()


def unfinished():
    """faults T2: no more than 10 s for a handshake."""
    s = running(tls=True)
    try:
        silent = socket.create_connection(("127.0.0.1", s.tls_port))
        good, idle = s.tls(), s.conn()
        check("a handshake that does not end is closed", Conn(silent).is_closed())
        check("one that has ended stays", good.do("PING") == b"PONG" and idle.do("PING") == b"PONG")
    finally:
        s.end()


def tls_to_plain():
    """compat 15.5"""
    s = running()
    try:
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03GET x\r\nSET a b\r\n"
        for name, connect in (("plain", s.conn), ("unix", s.unix)):
            for parts in ([hello], [hello[:1], hello[1:]], [hello[:2], hello[2:]]):
                c = connect()
                got = b""
                try:
                    for x in parts:
                        c.write(x)
                        time.sleep(0.02)
                    while True:
                        x = c.s.recv(1000)
                        if not x:
                            break
                        got += x
                except (ConnectionResetError, BrokenPipeError):
                    pass
                check("a TLS hello in %d parts to the %s port: closed without a word" % (len(parts), name), got == b"", got)
        check("and said in the log", s.log().count("TLS handshake on a port without TLS") == 6, s.log()[-300:])
        c = s.conn()
        check("these bytes within a request are ordinary", c.do("SET", b"\x16\x03", b"\x16\x03") == b"OK" and c.do("GET", b"\x16\x03") == b"\x16\x03")
        c.write(b"SET k \x16\x03\r\n")
        check("and within an inline one", c.answer() == b"OK")
    finally:
        s.end()


def shutdown():
    """compat 5.5: whoever sees the end of a connection can no longer connect."""
    for busy in (False, True):
        s = running("--busy-reply-threshold", 1)
        try:
            first = s.conn()
            first.do("PING")
            rest = [s.conn() for _ in range(300)]
            for c in rest:
                c.do("PING")
            if busy:
                rest[0].send("EVAL", "while true do end", 0)
                wait_for(lambda: str(first.do("PING")).startswith("BUSY"))
            first.send("SHUTDOWN", "NOSAVE")
            check("SHUTDOWN closes%s" % (" while a script runs" if busy else ""), first.is_closed())
            accepted = 0
            for connect in (s.conn, s.unix) * 20:
                try:
                    connect()
                    accepted += 1
                except OSError:
                    pass
            check("and nobody is accepted any more", accepted == 0, accepted)
        finally:
            s.end()


def counters():
    """compat 4.8"""
    s = running()
    try:
        c = s.conn()
        number = lambda name: float(info(c, name))
        c.do("SADD", "large", *["member %d" % i for i in range(2000)])
        c.do("UNLINK", "large")
        c.do("BGSAVE")
        names = ["lazyfreed_objects", "total_forks", "latest_fork_usec", "rdb_saves", "instantaneous_ops_per_sec", "instantaneous_input_kbps"]
        wait_for(lambda: all(number(n) > 0 for n in names[:4]))
        c.write(request("PING") * 50000)
        for _ in range(50000):
            c.answer()
        wait_for(lambda: number(names[4]) > 1000)
        seen = {n: number(n) for n in names}
        check("counters count", all(seen.values()), seen)
        cycles = number("eventloop_cycles")
        c.do("CONFIG", "RESETSTAT")
        seen = {n: number(n) for n in names}
        check("RESETSTAT sets them to zero", not any(seen[n] for n in names[:4]) and max(seen[n] for n in names[4:]) < 1000, seen)
        check("and the turns", number("eventloop_cycles") < cycles, cycles)
    finally:
        s.end()


def descriptors():
    """No descriptor for another connection: those that wait neither make the loop spin nor fill the log, and come in when there is room."""
    console = free_port()
    s = running("--console-port", console)
    try:
        c = s.conn()
        c.do("PING")
        limits = resource.prlimit(s.p.pid, resource.RLIMIT_NOFILE)
        used = {int(x) for x in os.listdir("/proc/%d/fd" % s.p.pid)}
        lowest_free = min(set(range(len(used) + 1)) - used)
        resource.prlimit(s.p.pid, resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
        waiting = [socket.create_connection(("127.0.0.1", port)) for port in (s.port, s.port, console)]
        check("each kind is said", wait_for(lambda: "accepting client" in s.log() and "accepting console" in s.log()), s.log()[-300:])
        cycles, seconds = int(info(c, "eventloop_cycles")), int(info(c, "uptime_in_seconds"))
        wait_for(lambda: time.sleep(0.2) or int(info(c, "uptime_in_seconds")) >= seconds + 2)
        cycles = int(info(c, "eventloop_cycles")) - cycles
        check("the loop does not spin", cycles < 1000, cycles)
        check("the log has a line of each", s.log().count("Error accepting") == 2, s.log()[-900:])
        resource.prlimit(s.p.pid, resource.RLIMIT_NOFILE, limits)
        waiting[0].sendall(request("PING"))
        waiting[2].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        check("with room they come in", waiting[0].recv(100) == b"+PONG\r\n" and b"200 OK" in waiting[2].recv(100))
    finally:
        s.end()


for test in (strangers, tls_to_plain, shutdown, descriptors, counters, unfinished):
    test()
done()
