#!/usr/bin/env python3
"""Random Lua programs from constructs that have broken servers: coroutines, metatables, callbacks from C, chains of pcall and xpcall, load,
deep recursion, huge strings and ranges, sort with inconsistent comparisons, nested cjson and cmsgpack, endless results. The server must survive
each program, SCRIPT KILL must end it within bounded time, and a small script must have enough memory afterwards.

programs.py SERVER [--programs N] [--seconds S] [--seed S] [--show]      prints "ok ..." and "not ok ..." lines
"""
import argparse, os, random, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import check as checks       # noqa: E402
from check import check, done, wait_for  # noqa: E402
from server import Server    # noqa: E402

PATIENCE = 0.03   # then a program is killed
ENDS_WITHIN = 60  # of a kill; far more than it takes, on the busiest machine


class Program:
    def __init__(self, r):
        self.r, self.depth, self.names = r, 0, 0

    def pick(self, *options):
        return self.r.choice(options)

    def number(self):
        return self.pick("0", "1", "-1", "2", "3", "7", "200", "1e4", "1e6", "1e8", "2147483647", "-2147483648", "2147483648", "2^53", "1e300", "1/0", "-1/0", "0/0", "0.5", "-0")

    def count(self):
        return self.pick("2", "10", "100", "1000", "1e4", "1e5")

    def string(self):
        self.depth += 1
        k = self.r.randrange(10) if self.depth < 6 else self.r.randrange(4)
        s = ["''", "'a'", self.pick("'%b()'", "'(a*)*b'", "'^[^b]*x'", "'(.-)%1'", "'%f[a]'", "('a?'):rep(30)..('a'):rep(30)", "('(a'):rep(40)", "'.-.-.-.-.-b'", "'[a-'", "'%'", "'(()'"),
             self.pick("'\\0\\255\\27Lua'", "'[[[[1]]]]'", "'{\"a\":{\"a\":1}}'", "'\\147\\1\\2\\3'", "'\\221\\255\\255\\255\\255'", "'i4i4c0s!8<>'", "'%d%s%q%5.2f'", "'return 1'")][k] if k < 4 else None
        if s is None:
            s = [lambda: "(%s):rep(%s)" % (self.string(), self.count()), lambda: "tostring(%s)" % self.value(), lambda: "(%s .. %s)" % (self.string(), self.value()),
                 lambda: "string.%s(%s)" % (self.pick("upper", "reverse", "lower"), self.string()), lambda: "string.sub(%s, %s, %s)" % (self.string(), self.number(), self.number()),
                 lambda: self.text()][k - 4]()
        self.depth -= 1
        return s

    def text(self):
        """A program's text, to be compiled."""
        n = self.pick(10, 199, 1000, 30000)
        return self.pick("('('):rep(%d)..'1'..(')'):rep(%d)" % (n, n), "'return '..('not '):rep(%d)..'1'" % n, "'return '..('-'):rep(%d)..'1'" % n, "('do '):rep(%d)..('end '):rep(%d)" % (n, n),
                         "'return '..('{'):rep(%d)..('}'):rep(%d)" % (n, n), "'while true do '..('if x then break end '):rep(%d)..'end'" % n, "'if x then '..('elseif x then '):rep(%d)..'end'" % n,
                         "'return '..('f('):rep(%d)..(')'):rep(%d)" % (n, n), "('a,'):rep(%d)..'a=1'" % n, "'return '..('1^'):rep(%d)..'1'" % n, "'return '..('\"a\"..'):rep(%d)..'1'" % n,
                         "('local a%d '):rep(%d)" % (n, n), "'return function() '..('return function() '):rep(%d)..('end '):rep(%d)" % (n, n + 1), "'x'..('.x'):rep(%d)..'()'" % n,
                         "'return xpcall('..('xpcall,function() end,'):rep(%d)..'pairs,function() end,{})'" % (n % 245), "'--[['..('='):rep(%d)..']]'" % n, "('goto '):rep(%d)" % n)

    def function(self):
        self.depth += 1
        k = self.r.randrange(8) if self.depth < 6 else self.r.randrange(3)
        if k < 3:
            f = self.pick("pcall", "xpcall", "tostring", "tonumber", "load", "loadstring", "setmetatable", "getmetatable", "rawset", "rawget", "rawequal", "error", "assert", "select", "unpack", "next", "pairs", "ipairs",
                          "type", "collectgarbage", "gcinfo", "string.rep", "string.gsub", "string.find", "string.match", "string.gmatch", "string.format", "string.byte", "string.char", "string.sub", "table.sort",
                          "table.concat", "table.insert", "table.remove", "table.foreach", "table.foreachi", "table.maxn", "coroutine.wrap", "coroutine.create", "coroutine.resume", "coroutine.yield", "coroutine.status",
                          "coroutine.running", "cjson.encode", "cjson.decode", "cmsgpack.pack", "cmsgpack.unpack", "cmsgpack.unpack_limit", "struct.pack", "struct.unpack", "struct.size", "bit.band", "bit.tohex",
                          "redis.pcall", "redis.call", "redis.sha1hex", "redis.error_reply", "redis.status_reply", "redis.acl_check_cmd", "redis.setresp", "math.random", "math.max", "math.floor")
        elif k == 3:
            f = "f"
        elif k == 4:
            f = "function(...) return ... end"
        elif k == 5:
            f = "function(a, b, ...) %s return %s end" % (self.statement(), self.value())
        elif k == 6:
            f = "coroutine.wrap(function(...) %s end)" % self.block(2)
        else:
            f = "function(...) return %s(...) end" % self.simple()
        self.depth -= 1
        return f if k < 4 else "(%s)" % f

    def simple(self):
        return self.pick("f", "pcall", "tostring", "coroutine.wrap(f)", "string.gsub", "load", "next")

    def table(self):
        self.depth += 1
        k = self.r.randrange(9) if self.depth < 6 else self.r.randrange(3)
        t = [lambda: "{}", lambda: "t", lambda: "{1, 2, nil, 'x', n = 1}", lambda: "{%s, %s}" % (self.value(), self.value()), lambda: "nest(%s, %s)" % (self.count(), self.pick("'list'", "'map'", "'wide'")),
             lambda: "setmetatable({%s}, {%s})" % (self.value(), ", ".join("%s = %s" % (self.pick("__index", "__newindex", "__call", "__tostring", "__concat", "__eq", "__lt", "__le", "__len", "__unm", "__add", "__mode",
                                                                                                 "__gc", "__metatable"), self.pick(self.function(), self.table(), "f")) for _ in range(self.r.randrange(1, 5)))),
             lambda: "setmetatable(t, {%s = %s})" % (self.pick("__index", "__newindex", "__tostring", "__call", "__lt", "__concat"), self.function()),
             lambda: "range(%s)" % self.count(), lambda: "{map = %s, %s = %s}" % (self.table(), self.pick("set", "err", "ok", "double", "big_number", "verbatim_string"), self.value())][k]()
        self.depth -= 1
        return t

    def value(self):
        self.depth += 1
        k = self.r.randrange(12) if self.depth < 7 else self.r.randrange(4)
        v = [lambda: self.number(), lambda: self.pick("nil", "true", "false", "f", "t", "..."), lambda: self.string() if self.depth < 7 else "'a'", lambda: "t", lambda: self.table(), lambda: self.table(),
             lambda: self.function(), lambda: self.call(), lambda: self.call(), lambda: "(%s %s %s)" % (self.value(), self.pick("+", "..", "==", "<", "<=", "^", "%", "and", "or"), self.value()),
             lambda: "%s[%s]" % (self.pick("t", "(%s)" % self.table()), self.value()), lambda: "%s%s" % (self.pick("-", "#", "not "), self.pick("t", self.table()))][k]()
        self.depth -= 1
        return v

    def arguments(self):
        return ", ".join(self.value() for _ in range(self.r.randrange(0, 4)))

    def call(self):
        k = self.r.randrange(14)
        if k == 0:
            return "pcall(%s, %s)" % (self.function(), self.value())
        if k == 1:
            return "xpcall(%s, %s)" % (self.function(), self.function())
        if k == 2:
            return "string.gsub(%s, %s, %s)" % (self.string(), self.string(), self.pick(self.function(), self.table(), self.string()))
        if k == 3:
            return "table.sort(%s, %s)" % (self.table(), self.function())
        if k == 4:
            return "coroutine.resume(coroutine.create(function(...) %s end), %s)" % (self.block(2), self.value())
        if k == 5:
            return "(load(%s) or tostring)(%s)" % (self.function(), self.value())
        if k == 6:
            return "(loadstring(%s) or tostring)(%s)" % (self.string(), self.value())
        if k == 7:
            return self.pick("cjson.encode(%s)", "cmsgpack.pack(%s)", "cjson.decode(cjson.encode(%s))", "cmsgpack.unpack(cmsgpack.pack(%s))") % self.table()
        if k == 8:
            return "table.%s(%s, %s, %s)" % (self.pick("insert", "concat", "remove"), self.table(), self.number(), self.value())
        if k == 9:
            return "select('#', unpack(%s, %s, %s))" % (self.table(), self.number(), self.number())
        if k == 10:
            return "redis.pcall(%s, %s)" % (self.pick("'get'", "'lrange'", "'mget'", "'time'", "'nope'", "'exists'", "'sort_ro'", "'type'"), self.arguments() or "'k'")
        if k == 11:
            return "string.format(%s, %s)" % (self.string(), self.value())
        return "%s(%s)" % (self.function(), self.arguments())

    def block(self, n):
        return " ".join(self.statement() for _ in range(self.r.randrange(1, n + 1)))

    def statement(self):
        self.depth += 1
        k = self.r.randrange(17) if self.depth < 5 else self.r.randrange(4)
        self.names += 1
        v = "v%d" % self.names
        s = [lambda: "local %s = %s" % (v, self.value()), lambda: "local %s = {pcall(function(...) return %s end)}" % (v, self.value()), lambda: "t[#t + 1] = %s" % self.value(), lambda: "local %s = %s" % (v, self.call()),
             lambda: "for %s = 1, %s do %s end" % (v, self.count(), self.block(2)), lambda: "while %s do %s end" % (self.pick("true", self.value()), self.block(2)),
             lambda: "while true do pcall(function(...) %s end) end" % self.block(1), lambda: "pcall(function(...) %s end)" % self.block(2),
             lambda: "xpcall(function(...) %s end, function(...) %s end)" % (self.block(2), self.block(2)), lambda: "local function f(...) %s return %s end f(%s)" % (self.block(2), self.value(), self.value()),
             lambda: "do local function f(...) return %s end f(%s) end" % (self.pick("f(...)", "1 + f(...)", "pcall(f, ...)", "xpcall(f, f)", "coroutine.wrap(f)(...)", "string.gsub('a', '.', f)", "load(f)", "tostring(setmetatable({}, {__tostring = f}))",
                                                                                     "table.sort({3, 2, 1}, f)", "table.foreach({1}, f)", "setmetatable({}, {__index = f}).x", "f(f(...))", "{f(...), f(...)}",
                                                                                     "coroutine.resume(coroutine.create(f))", "setmetatable({}, {__concat = f}) .. 'x'", "(cjson.encode(nest(500, 'list')) .. f(...))"), self.value()),
             lambda: "local %s = %s for i = 1, %s do %s = %s .. %s end" % (v, self.string(), self.count(), v, v, v), lambda: "for %s in pairs(%s) do %s end" % (v, self.table(), self.block(1)),
             lambda: "for %s in string.gmatch(%s, %s) do %s end" % (v, self.string(), self.string(), self.block(1)), lambda: "coroutine.wrap(function(...) while true do %s coroutine.yield(%s) end end)()" % (self.block(1), self.value()),
             lambda: "error(%s)" % self.value(), lambda: "repeat %s until %s" % (self.block(1), self.value())][k]()
        self.depth -= 1
        # `...` belongs to the function around it; in front of a bracket a line would go on.
        return s + ";"

    def whole(self):
        return PRELUDE + self.block(5) + " return " + self.value()


PRELUDE = """local t = {1, 2, 3}
local f = function(...) return ... end
local function nest(n, how)
  local x = {1}
  for i = 1, n do
    if how == 'list' then x = {x} elseif how == 'map' then x = {a = x} else x = {x, x} end
  end
  return x
end
local function range(n) local x = {} for i = 1, n do x[i] = n - i end return x end
"""

def first_line(c):
    """Of a whole reply: results may be nested deeper than Python's functions."""
    return c.raw()[0].split(b"\r\n", 1)[0]


def run(server, c, commands):
    """Sends the commands of one program; answers how often it had to be killed, or None: that did not help."""
    killer, kills = None, 0
    for words in commands:
        c.send(*words)
        deadline = time.monotonic() + ENDS_WITHIN
        while c.silent(PATIENCE):
            if time.monotonic() > deadline:
                return None
            killer = killer or server.unix()
            kills += killer.do("FUNCTION" if words[0] == "FCALL" else "SCRIPT", "KILL") == b"OK"
        first_line(c)
    return kills


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("server")
    ap.add_argument("--programs", type=int, default=1000)
    ap.add_argument("--seconds", type=float, default=30)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--show", action="store_true")
    o = ap.parse_args()
    server = Server(o.server, "--busy-reply-threshold", "10", "--script-memory-limit", "32mb")
    server.start().close()
    c = server.unix()
    c.ask("RPUSH", "l", *range(100))
    end, n, killed = time.monotonic() + o.seconds, 0, 0
    while n < o.programs and time.monotonic() < end and not checks.failed:
        text = Program(random.Random(o.seed * 1000003 + n)).whole()
        as_function = n % 8 == 7
        if o.show:
            print(n, text, flush=True)
        requests = [("EVAL", text, 0)]
        if as_function:
            requests = [("FUNCTION", "LOAD", "REPLACE", "#!lua name=l\nredis.register_function('f', function(...) %s end)" % text), ("FCALL", "f", 0)]
        try:
            kills = run(server, c, requests)
            killed += kills or 0
            if kills is None:
                check("program %d of seed %d: a kill ends it" % (n, o.seed), False, text)
            elif n % 10 == 0:
                r = c.do("EVAL", "local s = ('x'):rep(8e6) return #s", 0)
                if r != 8000000:
                    check("program %d of seed %d: the next finds its memory" % (n, o.seed), False, "%r after %s" % (r, text))
        except (OSError, ConnectionError) as e:
            check("program %d of seed %d: the server survives" % (n, o.seed), False, "%r, server ended with %s: %s" % (e, server.p.poll(), text))
            print(server.log()[-3000:], file=sys.stderr)
        n += 1
    if not checks.failed:
        check("programs that are nasty: %d ran, %d had to be killed (seed %d)" % (n, killed, o.seed), n > 0)
        server.p.terminate()
        check("programs that are nasty: the server ends", wait_for(lambda: not server.alive(), 120) and server.p.returncode == 0, server.p.returncode)
        server.end()
    done()


main()
