#!/usr/bin/env python3
"""Scripts that try to leave the sandbox, to use all memory, or never to end: none may harm the server or block it for good.

scripts.py SERVER      prints "ok ..." and "not ok ..." lines
"""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import check, done, wait_for  # noqa: E402
from resp import Error, info             # noqa: E402
from server import Server                # noqa: E402

sys.setrecursionlimit(20000)


def main():
    server = Server(sys.argv[1], "--appendonly", "yes", "--busy-reply-threshold", "150", "--script-memory-limit", "64mb")
    server.start().close()
    c = server.unix()
    ev = lambda s, *a: c.do("EVAL", s, len(a), *a)

    # Memory.
    for name, s in [("one large string", "return ('a'):rep(2e8)"), ("a table without end", "local t={} for i=1,1e9 do t[i]=i end"), ("doubling", "local s='x' while true do s=s..s end"),
                    ("concat", "local t={} for i=1,1000 do t[i]=('x'):rep(1e6) end return #table.concat(t)"),
                    ("cjson larger than everything (CVE-2022-24834)", "local s=('\\1'):rep(1e7) local t={} for i=1,400 do t[i]=s end return #cjson.encode(t)"),
                    ("cmsgpack larger than everything", "local s=('x'):rep(1e7) local t={} for i=1,400 do t[i]=s end return #cmsgpack.pack(t)"),
                    ("gsub", "local s=('x'):rep(1e6) return #(s:gsub('x', ('y'):rep(1e4)))"),
                    ("an array that is only announced", "return cmsgpack.unpack('\\221\\255\\255\\255\\255' .. ('\\1'):rep(100))")]:
        r = ev(s)
        check("memory: " + name, isinstance(r, Error) and str(r).startswith("ERR"), r)
    check("memory: small scripts still run", ev("return 1") == 1)
    used = int(info(c, "used_memory"))
    check("memory: it came back", used < 200 << 20, used)

    # Ways out.
    for name, s, want in [
            ("unpack beyond everything (CVE-2025-46817)", "return {tostring(pcall(unpack,{1,2,3},-2,2147483647))}", [b"false"]),
            ("unpack of nothing", "return tostring(pcall(unpack,{},0,2147483647))", b"false"),
            ("bytecode in loadstring (CVE-2015-4335)", "return tostring(loadstring(string.char(27)..'LJ\\2'))", b"nil"),
            ("bytecode of Lua 5.1", "return tostring(loadstring(string.char(27)..'LuaQ'))", b"nil"),
            ("bytecode in load", "local n=0 return tostring(load(function() n=n+1 if n==1 then return string.char(27)..'LJ' end end))", b"nil"),
            ("the name of a chunk while it is parsed (CVE-2025-49844)", "local text=('local a={1,2,\\'x\\'} '):rep(150)..'?' for i=1,300 do local n='=name'..i..('n'):rep(30) local _,e=loadstring(text,n) "
             "if e:sub(1,#n-1)~=n:sub(2) then return e end for j=1,50 do local g={j..'g'} end end return 'good'", b"good"),
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
            ("line ends in error_reply (CVE-2025-67733)", "return redis.error_reply('x\\r\\n+OK\\r\\n')", "ERR x  +OK  "),
            ("line ends in status_reply", "return redis.status_reply('x\\r\\n+OK')", b"x  +OK")]:
        r = ev(s)
        check("ways out: " + name, str(r) == want if isinstance(want, str) else r == want, r)
    for name, s in [("rawset of globals", "rawset(_G,'x',1)"), ("a global", "x=1"), ("setmetatable of globals", "setmetatable(_G,{})"), ("a library", "string.x=1"),
                    ("redis.call", "redis.call=1"), ("table.insert", "table.insert(_G,1)"), ("table.insert into a library", "table.insert(string,1)"),
                    ("rawset of a library", "rawset(redis,'call',1)"), ("methods of strings", "getmetatable('').__index=nil"), ("an existing global", "tostring=1"),
                    ("a value that contains itself", "local t={} t[1]=t return t")]:
        r = ev(s)
        check("read-only: " + name, isinstance(r, Error) or "reached lua stack limit" in repr(r)[-2000:], repr(r)[:300])
    check("read-only: nothing stayed", ev("return tostring(rawget(_G,'x'))") == b"nil")
    c.do("EVAL", "KEYS.x=1 ARGV[5]=2 return 1", 0)
    check("read-only: KEYS and ARGV are new each time", ev("return {tostring(KEYS.x),tostring(ARGV[5])}") == [b"nil", b"nil"])

    # C's stack (faults L1, L2): an error, or an answer; never the end of the server.
    for name, s in [("gsub in gsub", "local f f=function() return (string.gsub('a','.',f)) end f()"), ("load in load", "local f f=function() return load(f) end f()"),
                    ("gsub through __index", "local t t=setmetatable({},{__index=function(_,k) return (k:gsub('.',t)) end}) return t.a"),
                    ("coroutines in coroutines", "local f f=function() return coroutine.wrap(f)() end f()"),
                    ("resume in resume", "local f f=function() return coroutine.resume(coroutine.create(f)) end return select('#',f())"),
                    ("gsub and coroutines by turns", "local f f=function() return (string.gsub('a','.',function() return coroutine.wrap(f)() end)) end f()"),
                    ("gsub at the bottom of coroutines", "local function g() return (string.gsub('a','.',g)) end local f f=function() pcall(g) return coroutine.wrap(f)() end f()"),
                    ("xpcall in one expression", "for i=1,245 do local f=loadstring('return xpcall('..('xpcall,function() end,'):rep(i)..'pairs,function() end,{})') if f then coroutine.wrap(f)() end end"),
                    ("pcall in one expression", "for i=1,245 do local f=loadstring('return pcall('..('pcall,'):rep(i)..'pairs,{})') if f then coroutine.wrap(f)() end end"),
                    ("sort in sort", "local f f=function() table.sort({2,1},f) end f()"), ("foreach in foreach", "local f f=function() table.foreach({1},f) end f()"),
                    ("tostring", "return tostring(setmetatable({},{__tostring=tostring}))"), ("metamethods", "local m={} m.__concat=function(a,b) return a..b end local t=setmetatable({},m) return t..t"),
                    ("comparisons", "local m={} m.__lt=function(a,b) return a<b end return setmetatable({},m)<setmetatable({},m)"),
                    ("handlers of errors", "local function f() return xpcall(error,f) end return tostring(f())"), ("deep JSON of Lua's making", "cjson.encode_max_depth(100000) local t={} for i=1,50000 do t={t} end return tostring(pcall(cjson.encode,t))"),
                    ("the text: " + "parentheses", "return tostring(loadstring(('('):rep(1e5)))"), ("the text: powers", "return tostring(loadstring('return '..('1^'):rep(1e5)..'1'))"),
                    ("the text: functions", "return tostring(loadstring(('return function() '):rep(1e4)))"), ("the text: assignments", "return tostring(loadstring(('a,'):rep(1e5)..'a=1'))"),
                    ("a pattern of many items", "return tostring(pcall(string.find,('a'):rep(3e5),('a?'):rep(2e5)..'b'))"), ("captures", "return tostring(pcall(string.find,'x',('('):rep(1e5)))")]:
        r = ev(s)
        check("C's stack: " + name, c.do("PING") == b"PONG", r)
    ev("cjson.encode_max_depth(1000)")

    # Results (faults L5).
    for name, s in [("in itself", "local t={} t[1]=t return t"), ("twice in itself", "local t={} t[1]=t t[2]=t return t"), ("a tree that shares", "local t={1} for i=1,60 do t={t,t} end return t"),
                    ("a map in itself", "local t={} t.map={a=t,b=t} return t"), ("the same long string", "local s=('x'):rep(1e6) local t={} for i=1,1000 do t[i]=s end return t")]:
        r = ev(s)
        check("results: " + name, isinstance(r, Error) and str(r).startswith("ERR"), repr(r)[:200])

    c.do("SET", "big", "x" * 16000000)
    r = ev("local k={} for i=1,7000 do k[i]='big' end return #redis.call('mget',unpack(k))")
    check("results: of a command", isinstance(r, Error) and "larger than script-memory-limit" in str(r), repr(r)[:200])
    check("results: of a command that fits", ev("return #redis.call('get','big')") == 16000000)
    c.do("DEL", "big")

    # Time.
    def endless(name, script, how="SCRIPT", wrote=False, prepare=None):
        if prepare:
            c.do(*prepare)
        other = server.unix()
        c.send(*(script if isinstance(script, tuple) else ("EVAL", script, 0)))
        check("time: %s: others are told" % name, wait_for(lambda: str(other.do("PING")).startswith("BUSY")))
        late = server.unix()
        check("time: %s: new clients too" % name, str(late.do("GET", "x")).startswith("BUSY"))
        r = other.do(how, "KILL")
        if wrote:
            check("time: %s: it may not be killed" % name, str(r).startswith("UNKILLABLE"), r)
        else:
            check("time: %s: KILL" % name, r == b"OK", r)
        r = c.answer()
        check("time: %s: it ended" % name, r == 1 if wrote else "killed by user" in str(r), r)
        check("time: %s: all is well" % name, other.do("PING") == b"PONG" and c.do("PING") == b"PONG")

    endless("a loop", "while true do end")
    endless("a loop that catches", "while true do pcall(function() while true do end end) end")
    endless("a loop in a coroutine", "local c=coroutine.wrap(function() while true do end end) c()")
    endless("a loop of commands", "while true do redis.pcall('get','x') end")
    endless("a hostile pattern", "return (('a'):rep(30)):match(('a?'):rep(30)..('a'):rep(30)..'b')")
    endless("a hostile gsub", "return (('a'):rep(200)):gsub('a*a*a*a*a*a*a*a*b','')")
    for name, script in [("a set of a pattern", "return string.find(('a'):rep(1e6),'^['..('b'):rep(1e6)..'a]*x')"), ("a balanced pattern", "return string.find(('('):rep(1e6),'%b()')"),
                         ("gsub with a long set", "return string.gsub(('a'):rep(1e6),'['..('b'):rep(1e6)..']','')"), ("a set that is looked for", "return string.find(('a'):rep(1e6),'['..('b'):rep(1e6)..']x')"),
                         ("a back reference", "return string.find(('a'):rep(3e6),'(a*)%1b')"), ("a frontier", "return string.find(('a'):rep(1e6),'%f['..('b'):rep(1e6)..']')"),
                         ("gmatch", "for x in string.gmatch(('a'):rep(1e6),'['..('b'):rep(1e6)..']x') do end"),
                         ("a handler of its own error", "local function loop() while true do end end return xpcall(loop,loop)"), ("handlers in handlers", "local function f() return xpcall(f,f) end while true do f() end"),
                         ("an announced range", "return table.insert({1,2,3},-2147483648,1)"), ("JSON of four megabytes", "local s='['..('1,'):rep(2e6)..'1]' while true do cjson.decode(s) end"),
                         ("the compiler", "local s='while true do '..('if x then break end '):rep(40000)..' end' while true do loadstring(s) end"),
                         ("concat", "local t={} for i=1,1e5 do t[i]='xx' end while true do table.concat(t) end"), ("sort", "local t={} for i=1,1e5 do t[i]='x' end while true do table.sort(t) end"),
                         ("strings", "local s=('x'):rep(1e7) while true do pcall(string.upper,s) end"), ("comparisons", "local s=('x'):rep(5e6) local a,b=s..'a',s..'b' s=nil while true do local x=a<b end"),
                         ("foreach with a function of C", "local t={} for i=1,1e5 do t[i]=1 end while true do table.foreachi(t,redis.debug) end"),
                         ("msgpack", "local t={} for i=1,1e5 do t[i]=i end while true do cmsgpack.unpack(cmsgpack.pack(t)) end"), ("struct", "while true do pcall(struct.pack,('i4'):rep(1e5)) end"),
                         ("replies", "while true do redis.call('command') end"), ("a loop in nested coroutines", "local function f(n) if n==0 then while true do end end return coroutine.wrap(f)(n-1) end f(100)"),
                         ("a coroutine that catches", "while true do coroutine.resume(coroutine.create(function() while true do end end)) end"),
                         ("load that catches", "while true do load(function() while true do end end) end"), ("an iterator that never ends", "return load(math.random)"),
                         ("coroutines that come and go", "local w=coroutine.wrap(function() while true do coroutine.yield() end end) while true do w() end"),
                         ("tables of equal hashes", "local t={} while true do for i=1,1e5 do t[('x'):rep(40)..i]=i end t={} end"), ("a reply of many", "local t={} for i=1,15 do t={t,t,t} end while true do pcall(function() cjson.encode(t) end) end")]:
        endless(name, script)
    endless("tail calls", "local function f() return f() end return f()")
    endless("one that has written", "redis.call('set','a',1) for i=1,2e8 do local x=i*i end return 1", wrote=True)
    endless("a function", ("FCALL", "f", 0), how="FUNCTION",
            prepare=("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() while true do end end)"))
    r = c.do("FUNCTION", "LOAD", "#!lua name=m\nwhile true do end")
    check("time: a library that does not end", isinstance(r, Error) and str(r).startswith("ERR"), r)
    c.send("EVAL", "local function loop() while true do end end while true do xpcall(loop,loop) end", 0)
    busy = lambda: str(server.unix().do("PING")).startswith("BUSY")
    wait_for(busy)
    server.p.terminate()
    check("time: SIGTERM ends a loop that has written nothing", wait_for(lambda: not server.alive()))

    # SHUTDOWN NOSAVE ends even a script that has written; half of it is never on the disk.
    server.start()
    server.unix().send("EVAL", "redis.call('set','half','1') while true do end", 0)
    wait_for(busy)
    server.unix().send("SHUTDOWN", "NOSAVE")
    check("time: SHUTDOWN NOSAVE ends a script that has written", wait_for(lambda: not server.alive()))
    files = [os.path.join(server.at("appendonlydir"), f) for f in os.listdir(server.at("appendonlydir")) if f.endswith(".incr.aof")]
    check("time: and nothing of it stays", not any(b"half" in open(f, "rb").read() for f in files))
    server.end()
    done()


main()
