"""What the programs of multi.py are made of: a generator of steps that looks at the reference to see who is blocked.

A step is a tuple:
  ("open", c)  ("close", c)                       a connection comes, or is cut
  ("send", c, [command, ...])                     one packet
  ("sleep", ms)                                   lets a deadline pass
  ("look",)                                       INFO clients is compared: who waits, who is held
  ("together", [step, ...])                       no look at the replies in between (a pause of everything)
  ("frozen", [step, ...])                         the servers are stopped meanwhile: all arrives in one turn
  ("busy", c, script, [step, ...], killer)        while the script runs; then it is killed, or comes to its end
In a command, {id:B} is the id of connection B.

What it reaches, seen by taking one mending out of the server at a time (rows of faults and compat; in how many steps it was found, from one seed):
  faults A1 (SORT reads what is forbidden) 6260, D1 (who leaves is not served) 408, B3 (order of arrival) 99, B5 and K1 (REPLY SKIP and a wait) 1949,
  B7 and compat 1.7 (killing oneself) 51; compat 1.8 (ACL LOG) 1620, 2.1 (serving while a script runs) 887, 2.2 (PAUSE WRITE) 127, 2.3 (read-only
  scripts publish) 1234, 2.4 (memory at EXEC) 1872, 2.5 (AUTH in MULTI) 104, 2.6 (watching what had expired) 95, 2.7 (min-replicas-to-write) 353,
  3.4 (changes) 127, 5.1 (a push within a reply) 469, 5.2 (confirmations under REPLY OFF) 842, 6.1 (names of functions) 32, 7.1 (statistics of waits) 28,
  7.1 (MONITOR of waits) 8738, 7.2 (who is paused waits) 6091, 7.3 (a group's stream goes) 3446, 8.2 (tracking-table-max-keys) 4200, 9.2 (SCAN deletes
  what has expired) 979, errors within EXEC 162.
"""

USERS = [b"u1", b"u2"]
CONFIG = {b"maxmemory": b"0", b"maxmemory-policy": b"noeviction", b"min-replicas-to-write": b"0", b"notify-keyspace-events": b"", b"busy-reply-threshold": b"10",
          b"tracking-table-max-keys": b"1000000", b"slowlog-log-slower-than": b"0", b"slowlog-max-len": b"100000", b"timeout": b"0",
          b"list-max-listpack-size": b"-2", b"acllog-max-len": b"128"}
LIBRARY = (b"#!lua name=lib\nredis.register_function('Push', function(k, a) return redis.call('rpush', k[1], a[1]) end)\n"
           b"redis.register_function{function_name='look', callback=function(k, a) return redis.call('exists', k[1]) end, flags={'no-writes'}}\n"
           b"redis.register_function{function_name='tell', callback=function(k, a) return redis.call('publish', 'c1', a[1]) end, flags={'no-writes'}}")
RESET = [[b"CLIENT", b"UNPAUSE"], [b"CONFIG", b"SET"] + [x for pair in CONFIG.items() for x in pair], [b"FLUSHALL"], [b"SCRIPT", b"FLUSH"], [b"FUNCTION", b"FLUSH"],
         [b"ACL", b"LOG", b"RESET"], [b"FUNCTION", b"LOAD", LIBRARY], [b"DEBUG", b"SET-ACTIVE-EXPIRE", b"0"]]   # when a key is found to have expired must not depend on the time

LISTS, ZSETS, STREAMS, STRINGS, HASHES, SETS = [b"l1", b"l2", b"l3"], [b"z1", b"z2"], [b"s1", b"s2"], [b"k1", b"k2", b"k3"], [b"h1"], [b"t1"]
KEYS = LISTS + ZSETS + STREAMS + STRINGS + HASHES + SETS
CHANNELS = [b"c1", b"c2", b"news"]
PATTERNS = [b"c*", b"n?ws", b"__key*__:*"]
PAST, FUTURE = b"1000000000000", b"9999999999999"
# It has written, so that nobody may kill it; it ends when the next connection comes. 7.0 has no clock for scripts, and in 7.2 it stands still.
WRITING_LOOP = (b"local function came() for i=1,200000 do end return string.match(redis.call('INFO','stats'),'connections_received:(%d+)') end "
                b"redis.call('rpush',KEYS[1],ARGV[1]) local n=came() while came()==n do end "
                b"redis.call('rpush',KEYS[1],ARGV[2]) return redis.call('llen',KEYS[1])")
SCRIPTS = [(b"return redis.call('rpush',KEYS[1],ARGV[1])", LISTS), (b"return redis.call('get',KEYS[1])", STRINGS),
           (b"redis.call('set',KEYS[1],ARGV[1]) redis.call('publish','c1',ARGV[1]) return 1", STRINGS),
           (b"return redis.call('lpop',KEYS[1])", LISTS), (b"redis.call('del',KEYS[1]) redis.call('rpush',KEYS[1],'x') redis.call('lpop',KEYS[1]) return 1", LISTS),
           (b"return redis.call('exists',KEYS[1]) == 1 and redis.pcall('incr',KEYS[1])", STRINGS + LISTS), (b"redis.call('zadd',KEYS[1],1,ARGV[1]) return redis.call('zcard',KEYS[1])", ZSETS),
           (b"redis.call('set',KEYS[1],'v') error('no')", STRINGS), (b"return redis.call('subscribe','x')", STRINGS),
           (b"redis.call('xadd',KEYS[1],'*','f','v') redis.call('del',KEYS[1]) return redis.call('exists',KEYS[1])", STREAMS),
           (b"return redis.call('publish',ARGV[1],ARGV[1])", STRINGS), (b"return {redis.call('exists',KEYS[1]), redis.call('type',KEYS[1])}", KEYS)]
RULES = [b"on", b"off", b"nopass", b"resetpass", b">pw", b"+@all", b"-@all", b"allkeys", b"resetkeys", b"~l*", b"~k1", b"%R~s*", b"allchannels", b"resetchannels", b"&c1",
         b"+get", b"-get", b"-@blocking", b"+blpop", b"-set", b"-multi", b"-exec", b"reset", b"(+set ~k2)", b"(+mget ~k2)", b"(%R~* +sort)", b"clearselectors"]


class Generator:
    def __init__(self, rng, peer):
        self.r, self.peer = rng, peer
        self.names = "ABCDEF"[:rng.randint(2, 6)]
        self.resp3, self.multi, self.subscribed, self.silent, self.made, self.monitors = set(), set(), set(), set(), set(), set()
        self.id = 0
        self.limit = rng.choice([b"maxmemory", b"min-replicas-to-write"])   # which error comes first when both hold is another matter
        self.many_keys = rng.random() < 0.5
        self.kinds = self.flavour()
        self.pauses_all = self.r.random() < 0.3   # never both: the longer time would hold the control connection too

    def flavour(self):
        """Programs concentrate on something, so that things meet."""
        all_kinds = {"write": 30, "block": 14, "read": 8, "multi": 8, "watch": 4, "script": 6, "pubsub": 10, "publish": 6, "expiry": 4, "move": 5, "flush": 2, "client": 5,
                     "reply": 2, "pause": 1.5, "unpause": 2, "tracking": 3, "user": 2, "config": 2, "cut": 2, "kill": 2, "unblock": 3, "session": 3, "frozen": 6,
                     "busy": 0.6, "timeout": 0.6, "monitor": 0.3, "look": 2, "scene": 3, "stream": 8, "packet": 4}
        favourites = self.r.sample(sorted(all_kinds), 4)
        for f in favourites:
            all_kinds[f] *= 1 if f in ("busy", "timeout", "pause") else 4
        if self.r.random() < 0.5:
            for rare in ("config", "user", "pause", "monitor"):
                all_kinds[rare] = 0
        return all_kinds

    def steps(self):
        r = self.r
        for name in self.names:
            yield ("open", name)
            if r.random() < 0.3:
                self.resp3.add(name)
                yield ("send", name, [[b"HELLO", b"3"]])
        for _ in range(r.randint(15, 60)):
            for name in self.names:
                c = self.peer.channels.get(name)
                if c is None or c.closed:
                    if r.random() < 0.6:
                        self.forget(name)
                        if c is not None:
                            yield ("close", name)
                        yield ("open", name)
            kind = r.choices(list(self.kinds), list(self.kinds.values()))[0]
            for step in self.scene() if kind == "scene" else [self.step(kind)]:
                if step:
                    yield step

    def scene(self):
        """Things that meet too seldom by chance, with others in between now and then."""
        a, b, c = (self.alive(), self.alive(), self.alive())
        if not a or not b or not c or a == b or a in self.multi:
            return
        for step in self.r.choice([self.limit_before_exec, self.watch_of_expired, self.monitored_wait, self.rights_by_selectors, self.scan_of_expired, self.tracked_too_much,
                                   self.push_in_exec, self.held_writer, self.wait_and_long_script, self.wait_and_gone])(a, b, c):
            yield step
            if self.r.random() < 0.15:
                yield self.step(self.r.choice(["write", "read", "publish", "stream"]))

    def limit_before_exec(self, a, b, c):
        name = self.limit
        yield ("send", a, [[b"MULTI"], self.r.choice([self.write, self.write, self.read, self.stream])()])
        yield ("send", b, [[b"CONFIG", b"SET", name, b"1"]])
        yield ("send", a, [[b"EXEC"]])
        yield ("send", b, [[b"CONFIG", b"SET", name, b"0"]])

    def expired(self, a):
        k = self.r.choice(STRINGS)
        return k, ("together", [("send", a, [[b"SET", k, b"v", b"PX", b"1"]]), ("sleep", 8)])

    def watch_of_expired(self, a, b, c):
        k, step = self.expired(a)
        yield step
        yield ("send", a, [[b"WATCH", k]])
        yield ("send", b, [self.r.choice([[b"FLUSHDB"], [b"SWAPDB", b"0", b"1"], [b"DEL", k], [b"EXISTS", k], [b"SET", k, b"w"], [b"PING"]])])
        yield ("send", a, [[b"MULTI"], [b"PING"], [b"EXEC"]])

    def scan_of_expired(self, a, b, c):
        k, step = self.expired(a)
        yield ("send", b, [[b"CONFIG", b"SET", b"notify-keyspace-events", b"KEA"], [b"PSUBSCRIBE", b"__key*__:*"]])
        yield step
        yield ("send", a, [[b"SCAN", b"0", b"COUNT", b"1000"]])

    def monitored_wait(self, a, b, c):
        if b == c or b in self.multi or b in self.silent or c in self.multi:
            return
        if c not in self.monitors:
            self.monitors.add(c)
            yield ("send", c, [[b"MONITOR"]])
        yield ("send", a, [self.blocking(a, b"0")])
        yield ("send", b, [self.write(), self.stream(), self.write(), self.write()])

    def rights_by_selectors(self, a, b, c):
        if self.made and any(self.peer.blocked(n) for n in self.names):
            return
        rules = self.r.choice([[b"+mget", b"~k1", b"(+mget ~k1 ~k2)"], [b"+@all", b"~l*", b"&c1"], [b"+@all", b"~l1", b"~l2", b"~k1", b"&c*", b"(+get %R~*)"], [b"+sort", b"~l*", b"(+sort %R~*)"]])
        yield ("send", b, [[b"ACL", b"SETUSER", b"u1", b"reset", b"on", b">pw"] + rules])
        self.made.add(b"u1")
        yield ("send", a, [[b"AUTH", b"u1", b"pw"]])
        for _ in range(4):
            yield ("send", a, [self.r.choice([[b"MGET", b"k1", b"k2", b"k3"], [b"MGET", b"k2", b"k3"], self.sort(self.r.choice(LISTS)), self.sort(self.r.choice(LISTS)), self.write(), self.read(), [b"PUBLISH", b"news", b"m"]])])
        yield ("send", a, [[b"AUTH", b"default", b""]])

    def tracked_too_much(self, a, b, c):
        yield ("send", a, [[b"HELLO", b"3"], [b"CLIENT", b"TRACKING", b"ON"]])
        self.resp3.add(a)
        yield ("send", a, [[b"GET", b"k1"], self.r.choice([[b"GET", b"k2"], [b"FCALL_RO", b"look", b"1", b"k2", b"x"], [b"EVAL_RO", b"return 1", b"1", b"k3"]])])
        if self.r.random() < 0.5:
            yield ("send", b, [[b"MSET", b"k1", b"v", b"k2", b"v", b"k3", b"v"]])
        yield ("send", b, [[b"CONFIG", b"SET", b"tracking-table-max-keys", b"1"]])
        yield ("send", b, [[b"FLUSHALL"], [b"CONFIG", b"SET", b"tracking-table-max-keys", b"1000000"]])

    def push_in_exec(self, a, b, c):
        yield ("send", a, [[b"HELLO", b"3"], [b"SUBSCRIBE", b"c1"]])
        self.resp3.add(a)
        yield ("send", a, [[b"MULTI"], [b"PING"], [b"PUBLISH", b"c1", b"m"], self.write(), [b"EXEC"]])

    def held_writer(self, a, b, c):
        if self.pauses_all or not self.kinds["pause"] or b in self.multi:
            return
        yield ("send", b, [[b"CLIENT", b"PAUSE", b"100000", b"WRITE"]])
        yield ("send", a, [self.command(self.r.choice(["write", "script", "publish"]), a)])
        yield ("look",)
        yield ("send", b, [[b"CLIENT", b"UNPAUSE"]])

    def wait_and_long_script(self, a, b, c):
        l = self.r.choice(LISTS)
        if c in (a, b) or b in self.multi:
            return
        yield ("send", a, [[b"DEL", l], [b"BLPOP", l, b"0"]])
        yield ("busy", b, [b"EVAL", WRITING_LOOP, b"1", l, b"y", b"z"], [("send", c, [self.read()])], False)

    def wait_and_gone(self, a, b, c):
        """Who waits leaves, or is killed, in the turn of the push."""
        l = self.r.choice(LISTS)
        yield ("send", a, [[b"DEL", l], self.r.choice([[b"BLPOP", l, b"0"], [b"BLMOVE", l, b"l3", b"LEFT", b"LEFT", b"0"], [b"BLMPOP", b"0", b"1", l, b"LEFT"]])])
        push = [self.r.choice([b"RPUSH", b"LPUSH"]), l, b"v"]
        if self.r.random() < 0.5:
            yield ("frozen", [("close", a), ("send", b, [push])])
        else:
            yield ("send", b, [[b"CLIENT", b"KILL", b"ID", b"{id:%s}" % a.encode()], push])

    def forget(self, name):
        for s in (self.resp3, self.multi, self.subscribed, self.silent, self.monitors):
            s.discard(name)

    def alive(self, unblocked=True):
        names = [n for n in self.names if n in self.peer.channels and not self.peer.channels[n].closed and not (unblocked and self.peer.blocked(n))]
        return self.r.choice(names) if names else None

    def step(self, kind):
        who = self.alive(kind != "cut" and self.r.random() < 0.97)
        if who is None:
            return None
        if kind == "cut":
            return ("close", who)
        if kind == "look":
            return ("look",)
        if kind == "frozen":
            return self.frozen()
        if kind == "busy":
            return self.busy(who)
        if kind == "timeout":
            return ("together", [("send", who, [self.blocking(who, b"0.03")]), ("sleep", 80)])
        if kind == "packet":
            return ("send", who, [self.command(self.plain(), who) for _ in range(self.r.randint(2, 5))])
        if kind in ("pause", "busy") and self.monitors:   # 7.0 pauses no monitor; the script's loop is shown, however often it runs
            return None
        if kind == "pause" and self.pauses_all:
            inner = [self.simple() for _ in range(self.r.randint(1, 5))]
            return ("together", [("send", who, [[b"CLIENT", b"PAUSE", b"60", b"ALL"]])] + [s for s in inner if s])
        if kind == "expiry" and self.r.random() < 0.4:
            return ("together", [("send", who, [[b"PEXPIRE", self.r.choice(KEYS), b"1"]]), ("sleep", 8)])
        return ("send", who, [self.command(kind, who)])

    def plain(self):
        return self.r.choice(["write", "write", "write", "read", "block", "multi", "watch", "script", "publish", "pubsub", "stream", "reply", "expiry", "move", "kill"])

    def simple(self):
        who = self.alive(self.r.random() < 0.9)
        if who is None:
            return None
        if self.r.random() < 0.1:
            return ("close", who)
        return ("send", who, [self.command(self.plain(), who) for _ in range(1 if self.r.random() < 0.8 else 3)])

    def frozen(self):
        inner = [s for s in (self.simple() for _ in range(self.r.randint(2, 8))) if s]
        closed, out = set(), []
        for s in inner:                       # nothing is sent on what was just cut
            if s[1] in closed:
                continue
            if s[0] == "close":
                closed.add(s[1])
            out.append(s)
        # 7.0 takes up a connection's end in its turn, and still serves who waits and leaves behind a push (differences.md).
        leaving = [s for s in out if s[0] == "close"]
        return ("frozen", leaving + [s for s in out if s not in leaving])

    def busy(self, who):
        during = []
        for _ in range(self.r.randint(1, 4)):
            other = self.alive(False)
            if other and other != who:
                if self.r.random() < 0.15:
                    during.append(("close", other))
                    break
                if not self.peer.blocked(other):
                    during.append(("send", other, [self.command(self.r.choice(["write", "read", "multi", "publish"]), other)]))
        kill = self.r.random() < 0.5
        script = [b"EVAL", b"while true do end", b"0"] if kill else [b"EVAL", WRITING_LOOP, b"1", self.r.choice(LISTS), b"y", b"z"]
        return ("busy", who, script, during, kill)

    # ------------------------------------------------------------ commands
    def blocking(self, who, timeout):
        r = self.r
        t = timeout
        lists = r.sample(LISTS, r.randint(1, 3) if self.many_keys else 1)
        zsets = r.sample(ZSETS, r.randint(1, 2) if self.many_keys else 1)
        if r.random() < 0.05 and self.many_keys:
            lists.append(r.choice(KEYS))
        ms = b"0" if t == b"0" else b"30"
        return r.choice([
            [b"BLPOP"] + lists + [t], [b"BRPOP"] + lists + [t], [b"BLPOP"] + lists + [t], [b"BLMOVE", lists[0], r.choice(LISTS), b"LEFT", b"RIGHT", t],
            [b"BRPOPLPUSH", lists[0], r.choice(LISTS), t], [b"BLMPOP", t, b"%d" % len(lists)] + lists + [r.choice([b"LEFT", b"RIGHT"]), b"COUNT", b"2"],
            [b"BZPOPMIN"] + zsets + [t], [b"BZPOPMAX"] + zsets + [t], [b"BZMPOP", t, b"%d" % len(zsets)] + zsets + [b"MIN"],
            [b"XREAD", b"BLOCK", ms, b"STREAMS", r.choice(STREAMS), b"$"], [b"XREAD", b"COUNT", b"1", b"BLOCK", ms, b"STREAMS", b"s1", b"s2", b"$", b"$"],
            [b"XREADGROUP", b"GROUP", b"g", r.choice([b"a", b"b"]), b"BLOCK", ms, b"COUNT", b"2", b"STREAMS", r.choice(STREAMS), b">"]])

    def stream(self):
        r = self.r
        self.id += 1
        s = r.choice(STREAMS)
        entry = b"%d-%d" % (self.id, r.randrange(3))
        return r.choice([
            [b"XADD", s, entry, b"f", b"v"], [b"XADD", s, entry, b"f", b"v"], [b"XADD", s, b"MAXLEN", b"2", entry, b"f", b"v"],
            [b"XGROUP", b"CREATE", s, b"g", r.choice([b"0", b"$"]), b"MKSTREAM"], [b"XGROUP", b"CREATE", s, b"g", b"$", b"MKSTREAM"],
            [b"XREADGROUP", b"GROUP", b"g", r.choice([b"a", b"b"]), b"COUNT", b"2", b"STREAMS", s, b">"],
            [b"XACK", s, b"g", b"%d-0" % r.randint(1, self.id), b"%d-1" % r.randint(1, self.id)], [b"XDEL", s, b"%d-0" % r.randint(1, self.id)],
            [b"XTRIM", s, b"MAXLEN", b"1"], [b"XTRIM", s, b"MINID", b"%d" % r.randint(1, self.id)], [b"XAUTOCLAIM", s, b"g", b"b", b"0", b"0", b"COUNT", b"3", b"JUSTID"],
            [b"XCLAIM", s, b"g", b"a", b"0", b"%d-0" % r.randint(1, self.id), b"JUSTID"], [b"XGROUP", b"DESTROY", s, b"g"], [b"XLEN", s]])

    def write(self):
        r = self.r
        l, z, k, v = r.choice(LISTS), r.choice(ZSETS), r.choice(STRINGS), b"v%d" % r.randrange(100)
        return r.choice([
            [b"RPUSH", l, v], [b"LPUSH", l, v], [b"RPUSH", l, v, v + b"x"], [b"RPUSH", l, v], [b"LPOP", l], [b"RPOP", l], [b"LMOVE", l, r.choice(LISTS), b"LEFT", b"RIGHT"],
            [b"ZADD", z, b"%d" % r.randrange(5), v], [b"ZADD", z, b"1", v], [b"ZPOPMIN", z], [b"SET", k, v], [b"SET", k, v, b"GET"], [b"INCR", b"k3"], [b"APPEND", k, v],
            [b"DEL", r.choice(KEYS)], [b"UNLINK", r.choice(KEYS)], [b"HSET", b"h1", v, v], [b"SADD", b"t1", v, b"w"], [b"GETDEL", k], [b"SETNX", k, v], [b"MSET", b"k1", v, b"k2", v],
            [b"SORT", l, b"ALPHA", b"STORE", r.choice(LISTS)], self.sort(l), [b"LTRIM", l, b"0", b"1"], [b"LREM", l, b"0", v], [b"RPUSHX", l, v], [b"ZRANGESTORE", z, r.choice(ZSETS), b"0", b"1"],
            [b"PFADD", k, v], [b"SETRANGE", k, b"2", b"x"]])

    def sort(self, l):
        """Keys made of data, and options that come twice."""
        r = self.r
        options = r.choice([[b"BY", b"nosort", b"GET", b"k*"], [b"ALPHA", b"STORE", r.choice(LISTS), b"STORE", r.choice(LISTS + SETS)], [b"ALPHA", b"GET", b"#"]])
        return [b"SORT", l] + options

    def read(self):
        r = self.r
        return r.choice([[b"GET", r.choice(STRINGS)], [b"LRANGE", r.choice(LISTS), b"0", b"-1"], [b"EXISTS"] + r.sample(KEYS, 2), [b"TYPE", r.choice(KEYS)],
                         [b"LLEN", r.choice(KEYS)], [b"ZCARD", r.choice(ZSETS)], [b"MGET", b"k1", b"k2"], [b"DBSIZE"], [b"XLEN", r.choice(STREAMS)], [b"PING"],
                         [b"TTL", r.choice(STRINGS)], [b"XRANGE", r.choice(STREAMS), b"-", b"+"], [b"HGET", b"h1", b"v1"], [b"NOSUCH"], [b"GET"], [b"PFCOUNT", r.choice(STRINGS)],
                         [b"SORT_RO", r.choice(LISTS), b"BY", b"nosort", b"GET", b"k*"]])

    def command(self, kind, who):
        r = self.r
        if kind == "write":
            return self.write()
        if kind == "stream":
            return self.stream()
        if kind == "read":
            if who not in self.multi and r.random() < 0.05:   # its reply has another order
                return [b"SCAN", b"0", b"COUNT", b"1000"]
            return self.read()
        if kind in ("block", "timeout"):
            return self.blocking(who, b"0")
        if kind == "multi":
            if who in self.multi:
                if r.random() < 0.5:
                    self.multi.discard(who)
                    return [r.choice([b"EXEC", b"EXEC", b"EXEC", b"DISCARD"])]
                # As of 7.2 a command that waits for several keys looks at them in its own order.
                return self.command(r.choice(["read", "publish", "client"] if self.many_keys else ["write", "write", "read", "block", "stream", "publish", "script", "move", "expiry", "client"]), who)
            self.multi.add(who)
            return [b"MULTI"]
        if kind == "watch":
            return r.choice([[b"WATCH"] + r.sample(KEYS, r.randint(1, 2)), [b"WATCH", r.choice(KEYS)], [b"UNWATCH"]])
        if kind == "script":
            body, keys = r.choice(SCRIPTS)
            if r.random() < 0.25 and who not in self.monitors:   # their own line comes first in 7.0
                f = r.choice([b"Push", b"push", b"LOOK", b"look", b"tell", b"nosuch"])
                return [r.choice([b"FCALL", b"FCALL", b"FCALL_RO"]), f, b"1", r.choice(LISTS if f in (b"Push", b"push") else KEYS), b"a%d" % r.randrange(9)]
            name = r.choice([b"EVAL", b"EVAL", b"EVAL", b"EVAL_RO"])
            return [name, body, b"1", r.choice(keys), b"a%d" % r.randrange(9)]
        if kind == "publish":
            return [r.choice([b"PUBLISH", b"PUBLISH", b"SPUBLISH"]), r.choice(CHANNELS), b"m%d" % r.randrange(50)]
        if kind == "pubsub":
            if who in self.multi:   # confirmations are elements of EXEC's reply, more or fewer than it says (dialogues/pubsub.txt)
                return [b"SSUBSCRIBE", b"c1"]
            return r.choice([[b"SUBSCRIBE"] + r.sample(CHANNELS, r.randint(1, 2)), [b"PSUBSCRIBE", r.choice(PATTERNS)], [b"UNSUBSCRIBE", r.choice(CHANNELS)],
                             [b"PUNSUBSCRIBE", r.choice(PATTERNS)], [b"SSUBSCRIBE", r.choice(CHANNELS)], [b"SUNSUBSCRIBE", r.choice(CHANNELS)], [b"PUBSUB", b"NUMSUB", b"c1", b"c2"],
                             [b"PUBSUB", b"NUMPAT"], [b"PUBLISH", r.choice(CHANNELS), b"m"], [b"PUBLISH", r.choice(CHANNELS), b"n"]])
        if kind == "expiry":
            k = r.choice(KEYS)
            return r.choice([[b"PEXPIREAT", k, PAST], [b"PEXPIREAT", k, FUTURE], [b"PERSIST", k], [b"SET", r.choice(STRINGS), b"v", b"PXAT", PAST],
                             [b"SET", r.choice(STRINGS), b"v", b"PXAT", FUTURE], [b"GETEX", r.choice(STRINGS), b"PXAT", PAST], [b"EXPIRE", k, b"-1"],
                             [b"RESTORE", k, b"0", b"junk"]])
        if kind == "move":
            a, b = r.choice(KEYS), r.choice(KEYS)
            group = r.choice([LISTS, STREAMS, ZSETS])
            # Who waits for several keys, of which one has another type by then, is answered as of 7.2 (differences.md).
            mixed = who not in self.multi and not any(self.peer.blocked(n) for n in self.names) and r.random() < 0.3
            # What SWAPDB makes ready 7.0 serves in the order of a hash table.
            swaps = who not in self.multi and not any(self.peer.blocked(n) for n in self.names)
            a, b = (a, b) if mixed else (r.choice(group), r.choice(group))
            return r.choice([[b"RENAME", a, b], [b"RENAMENX", a, b], [b"COPY", a, b, b"REPLACE"], [b"COPY", a, b], [b"MOVE", a, b"1"], [b"SELECT", r.choice([b"0", b"1"])],
                             [b"SWAPDB", b"0", b"1"] if swaps else [b"SELECT", b"0"], [b"COPY", a, b, b"DB", b"1"]])
        if kind == "flush":
            if who in self.multi or any(self.peer.blocked(n) for n in self.names):   # as for SWAPDB above
                return [b"FLUSHDB"]
            return r.choice([[b"FLUSHALL"], [b"FLUSHDB"], [b"FLUSHDB", b"ASYNC"], [b"SWAPDB", b"0", b"1"]])
        if kind == "reply":
            if who in self.multi or who in self.monitors:   # refused there (differences.md); lost lines mean nothing
                return [b"PING"]
            self.silent.add(who)
            return [b"CLIENT", b"REPLY", r.choice([b"ON", b"ON", b"SKIP", b"SKIP", b"OFF"])]
        if kind == "client":
            return r.choice([[b"CLIENT", b"NO-EVICT", b"ON"], [b"CLIENT", b"GETNAME"], [b"CLIENT", b"SETNAME", b"n"], [b"ECHO", b"x"], [b"DEBUG", b"SLEEP", b"0"], [b"SELECT", b"0"],
                             [b"OBJECT", b"REFCOUNT", b"l1"], [b"TIME", b"x"], [b"ACL", b"WHOAMI"], [b"COMMAND", b"COUNT", b"x"]])
        if kind == "kill":
            victim = r.choice([n for n in self.names if n != who or who not in self.silent])
            if who in self.silent:       # 7.0 forgets to close who kills itself and wants no replies
                return [b"CLIENT", b"KILL", b"ID", b"{id:%s}" % victim.encode()]
            return r.choice([[b"CLIENT", b"KILL", b"ID", b"{id:%s}" % victim.encode()], [b"CLIENT", b"KILL", b"ID", b"{id:%s}" % who.encode(), b"SKIPME", b"no"],
                             [b"QUIT"], [b"CLIENT", b"KILL", b"USER", r.choice(USERS)]])
        if kind == "unblock":
            if self.kinds["pause"]:      # 7.0 crashes when it unblocks who is paused
                return [b"CLIENT", b"UNBLOCK", b"999999"]
            return [b"CLIENT", b"UNBLOCK", b"{id:%s}" % r.choice(self.names).encode()] + r.choice([[], [b"TIMEOUT"], [b"ERROR"]])
        if kind == "pause":
            if who in self.multi:            # as of 7.2 a pause holds who would be served behind it
                return [b"PING"]
            if who in self.multi:        # what the rest of EXEC makes ready 7.0 serves in spite of it
                return [b"PING"]
            return [b"CLIENT", b"PAUSE", b"100000", b"WRITE"]
        if kind == "unpause":
            return [b"CLIENT", b"UNPAUSE"]
        if kind == "tracking":
            return r.choice([[b"CLIENT", b"TRACKING", b"ON"], [b"CLIENT", b"TRACKING", b"ON", b"NOLOOP"], [b"CLIENT", b"TRACKING", b"OFF"], [b"CLIENT", b"TRACKING", b"ON", b"OPTIN"],
                             [b"CLIENT", b"TRACKING", b"ON", b"OPTOUT"], [b"CLIENT", b"CACHING", r.choice([b"YES", b"NO"])],
                             [b"CLIENT", b"TRACKING", b"ON", b"BCAST", b"PREFIX", r.choice([b"l", b"k", b"s1"])], [b"CLIENT", b"TRACKING", b"ON", b"BCAST"],
                             [b"CLIENT", b"TRACKING", b"ON", b"REDIRECT", b"{id:%s}" % r.choice(self.names).encode()], [b"SUBSCRIBE", b"__redis__:invalidate"]])
        if kind == "session":
            # A wrong password costs a pause (differences.md): mostly users that should exist.
            if who not in self.multi and (r.random() < 0.5 and self.made or r.random() < 0.02):
                u = r.choice(sorted(self.made) or USERS)
                return r.choice([[b"AUTH", u, b"pw"], [b"AUTH", u, b"pw"], [b"HELLO", r.choice([b"2", b"3"]), b"AUTH", u, b"pw"]])
            return r.choice([[b"RESET"], [b"HELLO", b"2"], [b"HELLO", b"3"], [b"AUTH", b"default", b"x"], [b"SELECT", b"1"]])
        if kind == "user":
            u = r.choice(USERS)
            # Rights of someone who waits are judged again when he is served, as of 7.2.
            if any(self.peer.blocked(n) for n in self.names):
                return r.choice([[b"ACL", b"DELUSER", u], [b"ACL", b"WHOAMI"]])
            if r.random() < 0.2:
                self.made.discard(u)
                return [b"ACL", b"DELUSER", u]
            self.made.add(u)
            return [b"ACL", b"SETUSER", u, b"on", b">pw"] + r.choice([
                [b"allkeys", b"allchannels", b"+@all"], r.sample(RULES, r.randint(1, 4)), [b"resetkeys", b"resetchannels", b"+@all"] + r.sample([b"~l1", b"~l*", b"~k1", b"~z*", b"%R~*", b"&c*"], 3)])
        if kind == "config":
            if any(self.peer.blocked(n) for n in self.names):   # as of 7.2 they are judged again when they are served
                return [b"CONFIG", b"SET", b"notify-keyspace-events", r.choice([b"", b"KEA"])]
            return r.choice([[b"CONFIG", b"SET", self.limit, r.choice([b"0", b"1"])],
                             [b"CONFIG", b"SET", b"notify-keyspace-events", r.choice([b"", b"KEA", b"Kl$", b"Ex"])], [b"CONFIG", b"SET", b"nosuch", b"1"]])
        if kind == "monitor":
            if who in self.monitors:     # 7.0 does not answer
                return [b"PING"]
            self.monitors.add(who)
            return [b"MONITOR"]
        raise ValueError(kind)
