#!/usr/bin/env python3
"""No snapshot or base is written in the middle of a transaction or a script. usage: mid_transaction.py SERVER

faults D6, D7; compat 2.10. Each case kills the server and looks at what the files hold. Prints "ok NAME" or "not ok NAME: why"."""
import os, signal, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import cases, expect, until           # noqa: E402
from resp import Error, info, packet             # noqa: E402
from server import Refused, Server               # noqa: E402

# Writes and does not end by itself; the client's name tells nobody anything.
LOOP = "redis.call('set', KEYS[1], 'half') while true do end"
BUSY = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."


def text(c, *args):
    """The reply; the text of an error."""
    got = c.do(*args)
    return str(got) if isinstance(got, Error) else got


def idle(c):
    return [info(c, f) for f in ("rdb_bgsave_in_progress", "aof_rewrite_in_progress", "aof_rewrite_scheduled")] == ["0", "0", "0"]


def run(c, *commands):
    return c.many(commands)[-1]


def transaction(s):
    """A snapshot asked for within a transaction is made behind it."""
    scheduled, rewrite = b"Background saving scheduled", b"Background append only file rewriting scheduled"
    c = s.start("--save", "", "--appendonly", "yes")
    expect(run(c, ["MULTI"], ["SET", "a", "1"], ["BGSAVE"], ["BGSAVE"], ["BGREWRITEAOF"], ["BGREWRITEAOF"], ["BGSAVE", "SCHEDULE"], ["SET", "b", "1"], ["EXEC"]),
           [b"OK", scheduled, scheduled, rewrite, rewrite, scheduled, b"OK"], "replies")
    until("the snapshot", lambda: info(c, "rdb_saves") == "1" and info(c, "aof_rewrites") == "1" and idle(c))
    s.kill()
    c = s.start("--save", "", "--appendonly", "no")
    expect(c.ask("MGET", "a", "b"), [b"1", b"1"], "the snapshot holds")
    s.kill()


def appendonly_in_transaction(s):
    """The base of an append-only file that is turned on within a transaction is made behind it."""
    c = s.start("--save", "", "--appendonly", "no")
    expect(run(c, ["MULTI"], ["SET", "first half", "1"], ["CONFIG", "SET", "appendonly", "yes"], ["SET", "second half", "1"], ["EXEC"]), [b"OK"] * 3, "replies")
    expect(c.ask("WAITAOF", "0", "0", "0") is not None, True, "it goes on")
    until("the file", lambda: info(c, "aof_enabled") == "1" and idle(c))
    files = s.at("appendonlydir")
    base = b"".join(open(os.path.join(files, f), "rb").read() for f in os.listdir(files) if f.endswith(".base.rdb"))
    expect([b"first half" in base, b"second half" in base], [True, True], "the base holds both")
    s.kill()
    c = s.start("--save", "", "--appendonly", "yes")
    expect(c.ask("MGET", "first half", "second half"), [b"1", b"1"], "after a kill")
    # Off and on in one transaction.
    expect(run(c, ["MULTI"], ["SET", "first half", "2"], ["CONFIG", "SET", "appendonly", "no"], ["CONFIG", "SET", "appendonly", "yes"], ["SET", "second half", "2"], ["EXEC"]),
           [b"OK"] * 4, "replies")
    until("the file", lambda: info(c, "aof_enabled") == "1" and idle(c))
    s.kill()
    c = s.start("--save", "", "--appendonly", "yes")
    expect(c.ask("MGET", "first half", "second half"), [b"2", b"2"], "after a kill")
    s.kill()


def script(s, how, *args):
    """A script that has written and does not end: nothing of it is saved, whoever asks."""
    c = s.start(*args)
    c.ask("SET", "whole", "1")
    if how == "FCALL":
        c.ask("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function(KEYS) %s end)" % LOOP)
    c.ask("SAVE")
    before = os.stat(s.at("dump.rdb")).st_mtime_ns
    runs, other = s.conn(), s.conn()
    if how == "MULTI":
        runs.write(packet([["MULTI"], ["SET", "first", "half"], ["EVAL", LOOP, 1, "a"], ["EXEC"]]))
    elif how == "FCALL":
        runs.send("FCALL", "f", "1", "a")
    else:
        runs.send("EVAL", LOOP, "1", "a")
    until("the script", lambda: text(other, "GET", "whole") != b"1")
    busy = BUSY if how != "FCALL" else BUSY.replace("SCRIPT KILL", "FUNCTION KILL")
    for words in ([], ["SAVE"], ["NOW"], ["FORCE"]):
        expect(text(other, "SHUTDOWN", *words), busy, "SHUTDOWN %s" % words)
    expect(text(other, "SHUTDOWN", "ABORT"), "ERR No shutdown in progress.", "SHUTDOWN ABORT")
    expect(text(other, "SHUTDOWN", "SAVE", "NOSAVE"), "ERR syntax error", "SHUTDOWN SAVE NOSAVE")
    for n in (1, 2, 3):
        s.p.send_signal(signal.SIGTERM)
        until("the signal", lambda: s.log().count("Received SIGTERM") == n)
        expect(text(other, "GET", "whole")[:4], "BUSY", "it goes on")
    for name in ("BGSAVE", "SAVE", "BGREWRITEAOF"):
        expect(text(other, name), busy, name)
    try:
        text(other, "SHUTDOWN", "NOSAVE")
    except ConnectionError:
        pass
    expect(s.p.wait(60), 0, "the end")
    expect(os.stat(s.at("dump.rdb")).st_mtime_ns, before, "the snapshot stays")
    c = s.start(*args)
    expect(c.ask("MGET", "whole", "first", "a"), [b"1", None, None], "nothing of the script is there")
    s.kill()


def first_base(s):
    """SHUTDOWN NOSAVE within a script, while an append-only file that was turned on has no base yet."""
    c = s.start("--save", "", "--appendonly", "no", "--rdb-key-save-delay", "100000")
    c.ask("MSET", *[x for i in range(20) for x in ("k%d" % i, "1")])
    c.ask("CONFIG", "SET", "appendonly", "yes")
    runs, other = s.conn(), s.conn()
    runs.send("EVAL", LOOP, "1", "a")
    until("the script", lambda: text(other, "GET", "whole") is not None)
    try:
        text(other, "SHUTDOWN", "NOSAVE")
    except ConnectionError:
        pass
    expect(s.p.wait(60), 0, "the end")
    c = s.start("--save", "", "--appendonly", "yes")
    expect(c.ask("GET", "a"), None, "nothing of the script is there")
    s.kill()


def alone(f, *args):
    """The case on a server of its own."""
    with Server(sys.argv[1], "--busy-reply-threshold", "50") as s:
        f(s, *args)


BOTH = ["--save", "3600 1", "--appendonly", "yes"]
cases([("BGSAVE and BGREWRITEAOF in a transaction", alone, transaction), ("appendonly in a transaction", alone, appendonly_in_transaction),
       ("a script, save points", alone, script, "EVAL", "--save", "3600 1"), ("a function, save points", alone, script, "FCALL", "--save", "3600 1"),
       ("a script in a transaction, both files", alone, script, "MULTI", *BOTH),
       ("a script, append-only file", alone, script, "EVAL", "--save", "", "--appendonly", "yes", "--appendfsync", "always"),
       ("a script before the first base", alone, first_base)], sys.argv[2:], (Error, Refused, OSError, subprocess.TimeoutExpired))
