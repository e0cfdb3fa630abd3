#!/usr/bin/env python3
"""Scripts that try to get out, to take everything or never to end: none may harm the server.

scripts.py SERVER      prints "ok ..." and "not ok ..." lines
"""
import os, socket, subprocess, sys, tempfile, threading, time


class Conn:
    def __init__(self, path, timeout=30):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(timeout)
        self.s.connect(path)
        self.f = self.s.makefile("rb")

    def send(self, *args):
        args = [a if isinstance(a, bytes) else str(a).encode() for a in args]
        self.s.sendall(b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in args))

    def reply(self):
        line = self.f.readline()
        if not line:
            raise ConnectionError("closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return None if rest == b"-1" else self.f.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        return (kind + rest).decode("latin1") if kind in b"+-" else int(rest)

    def ask(self, *args):
        self.send(*args)
        return self.reply()


sys.setrecursionlimit(20000)
failed = 0


def check(name, good, seen=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + name + ("" if good else ": %r" % (seen,)), flush=True)


def main():
    server = os.path.abspath(sys.argv[1])
    d = tempfile.mkdtemp(prefix="hostile-")
    path = d + "/s"
    p = subprocess.Popen([server, "--port", "0", "--unixsocket", path, "--save", "", "--dir", d, "--appendonly", "yes", "--busy-reply-threshold", "150",
                          "--script-memory-limit", "64mb"], stdout=open(d + "/log", "w"), stderr=subprocess.STDOUT)
    for _ in range(500):
        try:
            c = Conn(path)
            if c.ask("PING") == "+PONG":
                break
        except OSError:
            pass
        time.sleep(0.02)
    ev = lambda s, *a: c.ask("EVAL", s, len(a), *a)

    # Memory.
    for name, s in [("one large string", "return ('a'):rep(2e8)"), ("a table without end", "local t={} for i=1,1e9 do t[i]=i end"), ("doubling", "local s='x' while true do s=s..s end"),
                    ("concat", "local t={} for i=1,1000 do t[i]=('x'):rep(1e6) end return #table.concat(t)"),
                    ("cjson larger than everything (CVE-2022-24834)", "local s=('\\1'):rep(1e7) local t={} for i=1,400 do t[i]=s end return #cjson.encode(t)"),
                    ("cmsgpack larger than everything", "local s=('x'):rep(1e7) local t={} for i=1,400 do t[i]=s end return #cmsgpack.pack(t)"),
                    ("gsub", "local s=('x'):rep(1e6) return #(s:gsub('x', ('y'):rep(1e4)))"),
                    ("an array that is only announced", "return cmsgpack.unpack('\\221\\255\\255\\255\\255' .. ('\\1'):rep(100))")]:
        r = ev(s)
        check("memory: " + name, isinstance(r, str) and r.startswith("-ERR"), r)
    check("memory: small scripts still run", ev("return 1") == 1)
    used = int([l for l in c.ask("INFO", "memory").split(b"\r\n") if l.startswith(b"used_memory:")][0].split(b":")[1])
    check("memory: it came back", used < 200 << 20, used)

    # Ways out.
    for name, s, want in [
            ("unpack beyond everything (CVE-2025-46817)", "return {tostring(pcall(unpack,{1,2,3},-2,2147483647))}", [b"false"]),
            ("unpack of nothing", "return tostring(pcall(unpack,{},0,2147483647))", b"false"),
            ("bytecode in loadstring (CVE-2015-4335)", "return tostring(loadstring(string.char(27)..'LJ\\2'))", b"nil"),
            ("bytecode of Lua 5.1", "return tostring(loadstring(string.char(27)..'LuaQ'))", b"nil"),
            ("bytecode in load", "local n=0 return tostring(load(function() n=n+1 if n==1 then return string.char(27)..'LJ' end end))", b"nil"),
            ("no dump", "return tostring(string.dump)", b"nil"),
            ("package (CVE-2022-0543)", "return tostring(rawget(_G,'package'))", b"nil"),
            ("no io, os, debug, require, ffi, jit", "local n=0 for _,k in ipairs({'io','os','debug','require','module','dofile','loadfile','ffi','jit','newproxy','getfenv','setfenv','print'}) do "
             "if rawget(_G,k)~=nil then n=n+1 end end return n", 0),
            ("package is not loaded by name", "return tostring(pcall(function() return package.loadlib end))", b"false"),
            ("the metatable of strings (CVE-2025-46818)", "return tostring(getmetatable(''))", b"false"),
            ("the metatable of globals", "return tostring(getmetatable(_G))", b"false"),
            ("a library through pairs", "for k,v in pairs(string) do if type(v)=='table' then return k end end return 'none'", b"none"),
            ("a global through pairs is read-only", "for k,v in pairs(_G) do if type(v)=='table' and k~='KEYS' and k~='ARGV' then local ok=pcall(function() v.x=1 end) if ok then return k end end end return 'none'",
             b"none"),
            ("numbers of other types", "return tostring(loadstring('return 1LL'))", b"nil"),
            ("bit.tohex far outside (CVE-2024-31449)", "return bit.tohex(1,-2147483648)", b"00000001"),
            ("cjson of a table that lies", "return cjson.encode(setmetatable({},{__index=function() error('x') end}))", b"{}"),
            ("struct out of its data", "return tostring(pcall(struct.unpack,'i4','ab'))", b"false"),
            ("struct with a wild offset", "return tostring(pcall(struct.unpack,'i4','abcd',2147483647))", b"false"),
            ("struct with a wild size", "return tostring(pcall(struct.pack,'c2147483647','x'))", b"false"),
            ("cmsgpack cut short", "return tostring(pcall(cmsgpack.unpack,'\\147\\1'))", b"false"),
            ("format with a wild width", "return tostring(pcall(string.format,'%99999d',1))", b"false"),
            ("a deep stack of pcall", "local function f() pcall(f) end f() return 1", 1),
            ("a deep stack", "local function f() return 1+f() end return tostring(pcall(f))", b"false"),
            ("deep nesting in the text", "return tostring(loadstring(('('):rep(10000)..'1'..(')'):rep(10000)))", b"nil"),
            ("deep JSON", "return tostring(pcall(cjson.decode,('['):rep(100000)))", b"false"),
            ("deep msgpack", "return tostring(pcall(cmsgpack.unpack,('\\145'):rep(100000)))", b"false"),
            ("line ends in error_reply (CVE-2025-67733)", "return redis.error_reply('x\\r\\n+OK\\r\\n')", "-ERR x  +OK  "),
            ("line ends in status_reply", "return redis.status_reply('x\\r\\n+OK')", "+x  +OK")]:
        r = ev(s)
        check("ways out: " + name, r == want, r)
    for name, s in [("rawset of globals", "rawset(_G,'x',1)"), ("a global", "x=1"), ("setmetatable of globals", "setmetatable(_G,{})"), ("a library", "string.x=1"),
                    ("redis.call", "redis.call=1"), ("table.insert", "table.insert(_G,1)"), ("table.insert into a library", "table.insert(string,1)"),
                    ("rawset of a library", "rawset(redis,'call',1)"), ("methods of strings", "getmetatable('').__index=nil"), ("an existing global", "tostring=1"),
                    ("a value that contains itself", "local t={} t[1]=t return t")]:
        r = ev(s)
        check("read-only: " + name, "-" in repr(r)[:3] or "reached lua stack limit" in repr(r)[-2000:], repr(r)[:300])
    check("read-only: nothing stayed", ev("return tostring(rawget(_G,'x'))") == b"nil")
    c.ask("EVAL", "KEYS.x=1 ARGV[5]=2 return 1", 0)
    check("read-only: KEYS and ARGV are new each time", ev("return {tostring(KEYS.x),tostring(ARGV[5])}") == [b"nil", b"nil"])

    # Time.
    def endless(name, script, how="SCRIPT", wrote=False, prepare=None):
        if prepare:
            c.ask(*prepare)
        other = Conn(path)
        c.send(*(script if isinstance(script, tuple) else ("EVAL", script, 0)))
        seen = None
        for _ in range(100):
            time.sleep(0.05)
            seen = other.ask("PING")
            if seen != "+PONG":
                break
        check("time: %s: others are told" % name, str(seen).startswith("-BUSY"), seen)
        late = Conn(path)
        check("time: %s: new clients too" % name, str(late.ask("GET", "x")).startswith("-BUSY"))
        r = other.ask(how, "KILL")
        if wrote:
            check("time: %s: it may not be killed" % name, r.startswith("-UNKILLABLE"), r)
        else:
            check("time: %s: KILL" % name, r == "+OK", r)
        r = c.reply()
        check("time: %s: it ended" % name, r == 1 if wrote else "killed by user" in str(r), r)
        check("time: %s: all is well" % name, other.ask("PING") == "+PONG" and c.ask("PING") == "+PONG")

    endless("a loop", "while true do end")
    endless("a loop that catches", "while true do pcall(function() while true do end end) end")
    endless("a loop in a coroutine", "local c=coroutine.wrap(function() while true do end end) c()")
    endless("a loop of commands", "while true do redis.pcall('get','x') end")
    endless("a hostile pattern", "return (('a'):rep(30)):match(('a?'):rep(30)..('a'):rep(30)..'b')")
    endless("a hostile gsub", "return (('a'):rep(200)):gsub('a*a*a*a*a*a*a*a*b','')")
    endless("tail calls", "local function f() return f() end return f()")
    endless("one that has written", "redis.call('set','a',1) for i=1,6e7 do local x=i*i end return 1", wrote=True)
    endless("a function", ("FCALL", "f", 0), how="FUNCTION",
            prepare=("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() while true do end end)"))
    r = c.ask("FUNCTION", "LOAD", "#!lua name=m\nwhile true do end")
    check("time: a library that does not end", str(r).startswith("-ERR"), r)
    c.send("EVAL", "while true do end", 0)
    time.sleep(0.4)
    p.terminate()
    try:
        p.wait(10)
        check("time: SIGTERM ends a loop that has written nothing", True)
    except subprocess.TimeoutExpired:
        check("time: SIGTERM ends a loop that has written nothing", False)
    p.kill()
    p.wait()

    # SHUTDOWN NOSAVE ends even a script that has written; half of it is never on the disk.
    p = subprocess.Popen([server, "--port", "0", "--unixsocket", path, "--save", "", "--dir", d, "--appendonly", "yes", "--busy-reply-threshold", "150"],
                         stdout=open(d + "/log", "w"), stderr=subprocess.STDOUT)
    for _ in range(500):
        try:
            c = Conn(path)
            if c.ask("PING") == "+PONG":
                break
        except OSError:
            pass
        time.sleep(0.02)
    c.send("EVAL", "redis.call('set','half','1') while true do end", 0)
    time.sleep(0.4)
    Conn(path).send("SHUTDOWN", "NOSAVE")
    try:
        p.wait(10)
        check("time: SHUTDOWN NOSAVE ends a script that has written", True)
    except subprocess.TimeoutExpired:
        check("time: SHUTDOWN NOSAVE ends a script that has written", False)
    p.kill()
    p.wait()
    files = [os.path.join(d, "appendonlydir", f) for f in os.listdir(d + "/appendonlydir") if f.endswith(".incr.aof")]
    check("time: and nothing of it stays", not any(b"half" in open(f, "rb").read() for f in files))
    sys.exit(1 if failed else 0)


main()
