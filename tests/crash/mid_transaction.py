#!/usr/bin/env python3
"""Nothing is saved while a transaction or a script has begun and not ended. usage: mid_transaction.py SERVER

faults D6, D7; compat 2.10. Each case kills the server and looks at what the files hold. Prints "ok NAME" or "not ok NAME: why"."""
import os, shutil, signal, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crash import Client, Error, command, free_port  # noqa: E402

# Writes and does not end by itself; the client's name tells nobody anything.
LOOP = "redis.call('set', KEYS[1], 'half') while true do end"
BUSY = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."


class Bad(Exception):
    pass


def expect(got, want, what):
    if got != want:
        raise Bad("%s: got %r, wanted %r" % (what, got, want))


class Server:
    def __init__(self, path):
        self.path, self.dir, self.p = path, tempfile.mkdtemp(prefix="mid-transaction-"), None

    def start(self, *args):
        self.port = free_port()
        with open(os.path.join(self.dir, "log"), "ab") as log:
            self.p = subprocess.Popen([self.path, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.dir, "--busy-reply-threshold", "50", *args],
                                      stdout=log, stderr=log)
        return self.until("the start", self.connect)

    def connect(self):
        try:
            c = Client(self.port)
            c.ask("PING")
            return c
        except (OSError, Error):
            return None

    def until(self, what, true):
        for _ in range(1500):
            got = true()
            if got:
                return got
            time.sleep(0.02)
        raise Bad("%s does not come" % what)

    def kill(self):
        self.p.kill()
        self.p.wait()

    def end(self):
        if self.p and self.p.poll() is None:
            self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)


def info(c, field):
    for line in c.ask("INFO", "everything").decode().splitlines():
        if line.startswith(field + ":"):
            return line.split(":", 1)[1]
    raise Bad("INFO has no " + field)


def said(c, *args):
    try:
        return c.ask(*args)
    except Error as e:
        return str(e)


def idle(c):
    return [info(c, f) for f in ("rdb_bgsave_in_progress", "aof_rewrite_in_progress", "aof_rewrite_scheduled")] == ["0", "0", "0"]


def run(c, *requests):
    c.send(b"".join(command(*r) for r in requests))
    return [c.reply() for _ in requests][-1]


def transaction(s):
    """A snapshot asked for within a transaction is made behind it."""
    scheduled, rewrite = b"Background saving scheduled", b"Background append only file rewriting scheduled"
    c = s.start("--save", "", "--appendonly", "yes")
    expect(run(c, ["MULTI"], ["SET", "a", "1"], ["BGSAVE"], ["BGSAVE"], ["BGREWRITEAOF"], ["BGREWRITEAOF"], ["BGSAVE", "SCHEDULE"], ["SET", "b", "1"], ["EXEC"]),
           [b"OK", scheduled, scheduled, rewrite, rewrite, scheduled, b"OK"], "replies")
    s.until("the snapshot", lambda: info(c, "rdb_saves") == "1" and info(c, "aof_rewrites") == "1" and idle(c))
    s.kill()
    c = s.start("--save", "", "--appendonly", "no")
    expect(c.ask("MGET", "a", "b"), [b"1", b"1"], "the snapshot holds")
    s.kill()


def appendonly_in_transaction(s):
    """The base of an append-only file that is turned on within a transaction is made behind it."""
    c = s.start("--save", "", "--appendonly", "no")
    expect(run(c, ["MULTI"], ["SET", "first half", "1"], ["CONFIG", "SET", "appendonly", "yes"], ["SET", "second half", "1"], ["EXEC"]), [b"OK"] * 3, "replies")
    expect(c.ask("WAITAOF", "0", "0", "0") is not None, True, "it goes on")
    s.until("the file", lambda: info(c, "aof_enabled") == "1" and idle(c))
    files = os.path.join(s.dir, "appendonlydir")
    base = b"".join(open(os.path.join(files, f), "rb").read() for f in os.listdir(files) if f.endswith(".base.rdb"))
    expect([b"first half" in base, b"second half" in base], [True, True], "the base holds both")
    s.kill()
    c = s.start("--save", "", "--appendonly", "yes")
    expect(c.ask("MGET", "first half", "second half"), [b"1", b"1"], "after a kill")
    # Off and on in one transaction.
    expect(run(c, ["MULTI"], ["SET", "first half", "2"], ["CONFIG", "SET", "appendonly", "no"], ["CONFIG", "SET", "appendonly", "yes"], ["SET", "second half", "2"], ["EXEC"]),
           [b"OK"] * 4, "replies")
    s.until("the file", lambda: info(c, "aof_enabled") == "1" and idle(c))
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
    before = os.stat(os.path.join(s.dir, "dump.rdb")).st_mtime_ns
    runs, other = Client(s.port), Client(s.port)
    if how == "MULTI":
        runs.send(command("MULTI") + command("SET", "first", "half") + command("EVAL", LOOP, "1", "a") + command("EXEC"))
    elif how == "FCALL":
        runs.send(command("FCALL", "f", "1", "a"))
    else:
        runs.send(command("EVAL", LOOP, "1", "a"))
    s.until("the script", lambda: said(other, "GET", "whole") != b"1")
    busy = BUSY if how != "FCALL" else BUSY.replace("SCRIPT KILL", "FUNCTION KILL")
    for words in ([], ["SAVE"], ["NOW"], ["FORCE"]):
        expect(said(other, "SHUTDOWN", *words), busy, "SHUTDOWN %s" % words)
    expect(said(other, "SHUTDOWN", "ABORT"), "ERR No shutdown in progress.", "SHUTDOWN ABORT")
    expect(said(other, "SHUTDOWN", "SAVE", "NOSAVE"), "ERR syntax error", "SHUTDOWN SAVE NOSAVE")
    log = os.path.join(s.dir, "log")
    for n in (1, 2, 3):
        s.p.send_signal(signal.SIGTERM)
        s.until("the signal", lambda: open(log).read().count("Received SIGTERM") == n)
        expect(said(other, "GET", "whole")[:4], "BUSY", "it goes on")
    for name in ("BGSAVE", "SAVE", "BGREWRITEAOF"):
        expect(said(other, name), busy, name)
    try:
        said(other, "SHUTDOWN", "NOSAVE")
    except ConnectionError:
        pass
    expect(s.p.wait(20), 0, "the end")
    expect(os.stat(os.path.join(s.dir, "dump.rdb")).st_mtime_ns, before, "the snapshot stays")
    c = s.start(*args)
    expect(c.ask("MGET", "whole", "first", "a"), [b"1", None, None], "nothing of the script is there")
    s.kill()


def first_base(s):
    """SHUTDOWN NOSAVE within a script, while an append-only file that was turned on has no base yet."""
    c = s.start("--save", "", "--appendonly", "no", "--rdb-key-save-delay", "100000")
    c.ask("MSET", *[x for i in range(20) for x in ("k%d" % i, "1")])
    c.ask("CONFIG", "SET", "appendonly", "yes")
    runs, other = Client(s.port), Client(s.port)
    runs.send(command("EVAL", LOOP, "1", "a"))
    s.until("the script", lambda: said(other, "GET", "whole") is not None)
    try:
        said(other, "SHUTDOWN", "NOSAVE")
    except ConnectionError:
        pass
    expect(s.p.wait(20), 0, "the end")
    c = s.start("--save", "", "--appendonly", "yes")
    expect(c.ask("GET", "a"), None, "nothing of the script is there")
    s.kill()


def main():
    bad = 0
    for name, f, args in (("BGSAVE and BGREWRITEAOF in a transaction", transaction, []), ("appendonly in a transaction", appendonly_in_transaction, []),
                          ("a script, save points", script, ["EVAL", "--save", "3600 1"]), ("a function, save points", script, ["FCALL", "--save", "3600 1"]),
                          ("a script in a transaction, both files", script, ["MULTI", "--save", "3600 1", "--appendonly", "yes"]),
                          ("a script, append-only file", script, ["EVAL", "--save", "", "--appendonly", "yes", "--appendfsync", "always"]),
                          ("a script before the first base", first_base, [])):
        s = Server(sys.argv[1])
        try:
            f(s, *args)
            print("ok " + name, flush=True)
        except (Bad, Error, OSError, subprocess.TimeoutExpired) as e:
            bad += 1
            print("not ok %s: %s %r" % (name, type(e).__name__, e), flush=True)
        finally:
            s.end()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
