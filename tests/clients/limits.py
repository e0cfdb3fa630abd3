#!/usr/bin/env python3
"""Who may connect and what a connection may hold.

limits.py SERVER      prints "ok ..." and "not ok ..." lines
"""
import os, socket, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Conn, Server, check, done, request, wait_for

PATH = sys.argv[1]


def strangers():
    """faults T2: handshakes that do not end keep nobody out, whether a password is asked for or not."""
    for password in ("", "secret"):
        s = Server(PATH, "--maxclients", 60, tls=True, *(["--requirepass", password] if password else []))
        try:
            silent = [socket.create_connection(("127.0.0.1", s.tls_port)) for _ in range(70)]
            silent[-1].sendall(b"\x16\x03\x01\x02\x00\x01")
            label = "70 silent TLS connections of 60%s: " % (", with a password" if password else "")
            c = s.tls()
            if password:
                c.ask("AUTH", password)
            check(label + "who ends the handshake is served", c.ask("PING") == b"+PONG")
            for x in silent[:5]:
                check(label + "the oldest is closed", Conn(x).is_closed())
            kept = [s.tls() for _ in range(5)]
            for x in kept:
                if password:
                    x.ask("AUTH", password)
                x.ask("PING")
            check(label + "it stays", c.ask("PING") == b"+PONG" and all(x.ask("PING") == b"+PONG" for x in kept))
        finally:
            s.end()


def unfinished():
    """faults T2: no more than 10 s for a handshake."""
    s = Server(PATH, tls=True)
    try:
        silent = socket.create_connection(("127.0.0.1", s.tls_port))
        good, idle = s.tls(), s.plain()
        check("a handshake that does not end is closed", Conn(silent).is_closed(60))
        check("one that has ended stays", good.ask("PING") == b"+PONG" and idle.ask("PING") == b"+PONG")
    finally:
        s.end()


def tls_to_plain():
    """compat 15.5"""
    s = Server(PATH)
    try:
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03GET x\r\nSET a b\r\n"
        for name, connect in (("plain", s.plain), ("unix", s.unix)):
            for parts in ([hello], [hello[:1], hello[1:]], [hello[:2], hello[2:]]):
                c = connect()
                got = b""
                try:
                    for x in parts:
                        c.s.sendall(x)
                        time.sleep(0.02)
                    while True:
                        x = c.s.recv(1000)
                        if not x:
                            break
                        got += x
                except (ConnectionResetError, BrokenPipeError):
                    pass
                check("a TLS hello in %d parts to the %s port: closed without a word" % (len(parts), name), got == b"", got)
        check("and said in the log", s.log().count("speaks TLS") == 6, s.log()[-300:])
        c = s.plain()
        check("these bytes within a request are ordinary", c.ask("SET", b"\x16\x03", b"\x16\x03") == b"+OK" and c.ask("GET", b"\x16\x03") == b"\x16\x03")
        c.s.sendall(b"SET k \x16\x03\r\n")
        check("and within an inline one", c.reply() == b"+OK")
    finally:
        s.end()


def shutdown():
    """compat 5.5: whoever sees the end of a connection can no longer connect."""
    for busy in (False, True):
        s = Server(PATH, "--busy-reply-threshold", 1)
        try:
            first = s.plain()
            first.ask("PING")
            rest = [s.plain() for _ in range(300)]
            for c in rest:
                c.ask("PING")
            if busy:
                rest[0].send("EVAL", "while true do end", 0)
                wait_for(lambda: first.ask("PING").startswith(b"-BUSY"))
            first.send("SHUTDOWN", "NOSAVE")
            check("SHUTDOWN closes%s" % (" while a script runs" if busy else ""), first.is_closed())
            accepted = 0
            for connect in (s.plain, s.unix) * 20:
                try:
                    connect()
                    accepted += 1
                except OSError:
                    pass
            check("and nobody is accepted any more", accepted == 0, accepted)
        finally:
            s.end()


def statistics():
    """compat 4.8"""
    s = Server(PATH)
    try:
        c = s.plain()
        info = lambda name: float(dict(x.split(":", 1) for x in c.ask("INFO", "everything").decode().split("\r\n") if ":" in x)[name])
        c.ask("SADD", "large", *["member %d" % i for i in range(2000)])
        c.ask("UNLINK", "large")
        c.ask("BGSAVE")
        names = ["lazyfreed_objects", "total_forks", "latest_fork_usec", "rdb_saves", "instantaneous_ops_per_sec", "instantaneous_input_kbps"]
        wait_for(lambda: all(info(n) > 0 for n in names[:4]))
        c.s.sendall(request("PING") * 50000)
        for _ in range(50000):
            c.reply()
        wait_for(lambda: info(names[4]) > 1000)
        seen = {n: info(n) for n in names}
        check("counters count", all(seen.values()), seen)
        cycles = info("eventloop_cycles")
        c.ask("CONFIG", "RESETSTAT")
        seen = {n: info(n) for n in names}
        check("RESETSTAT sets them to zero", not any(seen[n] for n in names[:4]) and max(seen[n] for n in names[4:]) < 1000, seen)
        check("and the turns", info("eventloop_cycles") < cycles, cycles)
    finally:
        s.end()


for test in (strangers, tls_to_plain, shutdown, statistics, unfinished):
    test()
done()
