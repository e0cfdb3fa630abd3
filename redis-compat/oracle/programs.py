#!/usr/bin/env python3
"""Generated Lua programs: the same replies, byte for byte, from redis-server and from us.

programs.py --server PATH [--programs N] [--seed S] [--reference PATH]
"""
import argparse, random, sys

from oracle import launched, servers

BATCH = 50


class Program:
    """Well-formed Lua, often wrong in what it does."""

    def __init__(self, rng):
        self.r, self.vars, self.depth = rng, ["KEYS", "ARGV"], 0

    def pick(self, *of):
        return self.r.choice(of)

    def number(self):
        return self.pick("0", "1", "-1", "2", "3", "7", "10", "255", "1e3", "0.5", "-2.25", "1e15", "123456789012", "0x1f", str(self.r.randrange(-1000, 1000)))

    def string(self):
        return self.pick("''", "'a'", "'abc'", "'hello world'", "'a,b,,c'", "'k=v; x=1'", "'10'", "'0x10'", "' 5 '", "'%d+'", "'([a-z]+)=([^;]*)'", "'[%w_]+'", "'.'",
                         "'^h'", "'o$'", "'(l)(l)'", "'()'", "'-?%d+'", "'b'", "'[^,]*'", '"line\\nend"')

    def var(self):
        return self.r.choice(self.vars)

    def expr(self, depth=0):
        if depth > 3:
            return self.pick(self.number(), self.string(), self.var(), "nil", "true", "false")
        e = lambda: self.expr(depth + 1)
        k = self.r.randrange(24)
        if k < 4:
            return self.number()
        if k < 7:
            return self.string()
        if k < 10:
            return self.var()
        if k == 10:
            return "(%s %s %s)" % (e(), self.pick("+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or"), e())
        if k == 11:
            op = self.pick("+", "-", "*", "/", "%", "^")
            # The sign of NaN is the machine's.
            return "(%s %s %s)" % (self.number(), op, "3" if op == "%" else self.number())
        if k == 12:
            return "(%s%s)" % (self.pick("not ", "-", "#"), e())
        if k == 13:
            return "{%s}" % ", ".join(e() for _ in range(self.r.randrange(4)))
        if k == 14:
            return "{%s}" % ", ".join("%s = %s" % (self.pick("a", "b", "ok", "err", "x"), e()) for _ in range(self.r.randrange(1, 2)))
        if k == 15:
            return "(%s)[%s]" % (e(), e())
        if k == 16:
            return "(string.%s)" % self.pick("len(%s)" % e(), "upper(%s)" % e(), "sub(%s, %s, %s)" % (e(), self.number(), self.number()), "rep(%s, %d)" % (e(), self.r.randrange(5)),
                                             "reverse(%s)" % e(), "byte(%s, %d)" % (e(), self.r.randrange(1, 4)), "format('%%s|%%s', tostring(%s), %d)" % (self.number(), 5),
                                             "format('%%5.2f', %s)" % self.number(), "format('%%q', %s)" % self.string(), "char(65, %d)" % self.r.randrange(256))
        if k == 17:
            return "(string.%s)" % self.pick("find(%s, %s)" % (self.string(), self.string()), "match(%s, %s)" % (self.string(), self.string()), "gsub(%s, %s, %s)" % (self.string(), self.string(), self.pick("'<%0>'", "'%1'", "'x'", "string.upper")),
                                             "find(%s, %s, %d, true)" % (self.string(), self.string(), self.r.randrange(-3, 4)))
        if k == 18:
            return "(%s)" % self.pick("tostring(%s)" % self.pick(self.number(), self.string(), "nil", "true"), "tonumber(%s)" % e(), "type(%s)" % e(), "tonumber(%s, %d)" % (self.string(), self.r.randrange(2, 37)),
                                      "math.floor(%s)" % e(), "math.max(%s, %s)" % (e(), self.number()), "math.fmod(%s, %s)" % (self.number(), self.number()), "math.abs(%s)" % e(),
                                      "bit.band(%s, %s)" % (self.number(), self.number()), "bit.bxor(%s, 5)" % self.number(), "bit.lshift(%s, %d)" % (self.number(), self.r.randrange(40)), "bit.tohex(%s)" % self.number())
        if k == 19:
            return "(table.concat(%s, ','))" % e()
        if k == 20:
            return "(redis.%s('%s', %s))" % (self.pick("call", "pcall"), self.pick("get", "incr", "llen", "type", "exists", "lrange", "nope", "append", "set"),
                                             ", ".join([self.pick("KEYS[1]", "'n'", "'s'", "'l'")] + [e() for _ in range(self.r.randrange(3))]))
        if k == 21:
            return "(cjson.encode(%s))" % self.pick(self.number(), self.string(), "{%s}" % ", ".join(self.number() for _ in range(3)), "{a = %s}" % self.string(), e())
        if k == 22:
            return "(cjson.decode(%s))" % self.pick("'[1,2,\"x\"]'", "'{\"a\":1.5}'", "'true'", "'\"s\"'", "'[1,'", self.string())
        return "(cmsgpack.unpack(cmsgpack.pack(%s)))" % self.pick(self.number(), self.string(), "{%s}" % self.number(), "true")

    def block(self, n):
        known = len(self.vars)
        text = "\n".join(self.statement() for _ in range(n))
        del self.vars[known:]
        return text

    def statement(self):
        self.depth += 1
        k = self.r.randrange(12) if self.depth < 4 else self.r.randrange(5)
        if k < 3:
            value = self.expr()
            name = "v%d" % len(self.vars)
            self.vars.append(name)
            text = "local %s = %s" % (name, value)
        elif k == 3:
            names = [v for v in self.vars if v[0] == "v"]
            text = "%s = %s" % (self.r.choice(names), self.expr()) if names else "local _ = 1"
        elif k == 4:
            text = "redis.pcall(%s)" % self.pick("'set', 's', %s" % self.string(), "'rpush', 'l', %s, %s" % (self.number(), self.string()), "'incrby', 'n', %s" % self.number(), "'del', 'l'",
                                                 "'hset', 'h', 'f', %s" % self.number())
        elif k == 5:
            text = "if %s then\n%s\nelse\n%s\nend" % (self.expr(), self.block(1), self.block(1))
        elif k == 6:
            text = "for i = %d, %d do\n%s\nend" % (self.r.randrange(3), self.r.randrange(6), self.block(1))
        elif k == 7:
            text = "for i, x in ipairs(%s) do\n%s\nend" % (self.expr(), self.block(1))
        elif k == 8:
            name = "v%d" % len(self.vars)
            body = self.block(1)
            self.vars.append(name)
            text = "local %s = (function(...) %s return select('#', ...), ... end)(%s)" % (name, body, self.expr())
        elif k == 9:
            name = "v%d" % len(self.vars)
            body = self.expr()
            self.vars.append(name)
            text = "local %s = {pcall(function() return %s end)}" % (name, body)
        elif k == 10:
            text = "do local t = %s if type(t) == 'table' then table.insert(t, %s) table.sort(t, function(a, b) return tostring(a) < tostring(b) end) end end" % (
                "{%s, %s}" % (self.expr(), self.expr()), self.number())
        else:
            text = "do\n%s\nend" % self.block(2)
        self.depth -= 1
        return text

    def text(self):
        body = "\n".join(self.statement() for _ in range(self.r.randrange(1, 5)))
        return body + "\nreturn {%s}" % ", ".join("(%s)" % self.expr() for _ in range(self.r.randrange(1, 4))) if self.r.random() < 0.7 else body + "\nreturn (%s)" % self.expr()


def comparable(reply):
    # The order of a table's fields in JSON.
    return reply.replace(b'"ignore_error_stats_update":true,', b"").replace(b',"ignore_error_stats_update":true', b"")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--reference", default="redis-server")
    ap.add_argument("--programs", type=int, default=2000)
    ap.add_argument("--seed", type=int, default=1)
    o = ap.parse_args()
    rng = random.Random(o.seed)
    different = errors = 0
    with servers(launched(o.reference), launched(o.server)) as (ref, ours):
        both = [(ref, ref.conn()), (ours, ours.conn())]
        for first in range(0, o.programs, BATCH):
            texts = [Program(rng).text() for _ in range(min(BATCH, o.programs - first))]
            replies = []
            for s, c in both:
                c.do("FLUSHALL")
                out = []
                for t in texts:
                    try:
                        c.send("EVAL", t, 1, "k", "a1", "a2")
                        out.append(c.raw()[0])
                    except ConnectionError:
                        raise SystemExit("%s closed the connection after:\n%s" % ("ours" if s is ours else "the reference", t))
                replies.append(out)
            for t, a, b in zip(texts, *replies):
                errors += a[:1] == b"-"
                if comparable(a) != comparable(b):
                    different += 1
                    if different <= 12:
                        print("---\n%s\nreference %r\nours      %r" % (t, a[:300], b[:300]))
    print("%d programs, %d of them end in an error, %d differ (seed %d)" % (o.programs, errors, different, o.seed))
    sys.exit(1 if different else 0)


main()
