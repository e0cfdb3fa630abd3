#!/usr/bin/env python3
"""Generated users and generated requests: what a user may do, in every way to ask for it, against a model of the rights (acl_model.py) and
against redis-server.

rights.py --server PATH [--pairs N] [--seed S] [--reference PATH]

A pair is a user (rules, perhaps with selectors) and a request (mutator.py) which is asked for by ACL DRYRUN and in one more way: plainly, in a
transaction, in one whose user changes before EXEC, from a script, from a function, by acl_check_cmd. Where redis-server takes other keys
for those of the request than we do, as it does for the commands in OTHER_KEYS, only the model counts.
"""
import argparse, collections, os, random, re, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import acl_model, mutator, oracle

PATTERNS = ["*", "k*", "l*", "s1", "z?", "?1", "[a-k]*", "[^k]*", "*2", "missing", "h1", "t*", "g1", "p?", "\\k1", "k[13]", "*e*", "[lsz]?"]
CHANNELS = [b"news", b"news.a", b"chat", b"n*", b"other"]
CHANNEL_PATTERNS = ["*", "news*", "chat", "n*", "news.?"]
# What makes the connection or the server another one: asked of ACL DRYRUN only.
ONLY_ASKED = {"shutdown", "debug", "monitor", "sync", "psync", "replicaof", "slaveof", "failover", "client", "config", "acl", "quit", "reset", "auth", "hello",
              "multi", "exec", "discard", "watch", "unwatch", "select", "save", "bgsave", "bgrewriteaof", "module", "cluster", "subscribe", "psubscribe", "ssubscribe",
              "unsubscribe", "punsubscribe", "sunsubscribe", "backup", "wait", "waitaof", "latency", "slowlog", "function", "script", "readonly", "readwrite", "asking",
              "replconf", "swapdb", "move", "memory", "lolwut", "eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro", "command", "pfdebug", "pfselftest", "restore",
              "restore-asking", "migrate", "role", "xidmprecord", "debug|object"}
# Commands in which redis-server finds other keys than it uses; see ../differences.md.
OTHER_KEYS = {"georadius", "georadiusbymember", "xreadgroup", "xread", "pfmerge", "set", "bitfield"}
WAYS = ["plain", "multi", "changed", "script", "function", "check"]
LIBRARY = b"#!lua name=rights\nredis.register_function('calls', function(keys, args) return redis.pcall(unpack(args)) end)"
CALLS, CHECKS = b"return redis.pcall(unpack(ARGV))", b"return redis.acl_check_cmd(unpack(ARGV)) and 1 or 0"
ALWAYS = ["+multi", "+exec", "+discard", "+eval", "+fcall"]  # so that every way is open


def text_of(reply):
    return (reply[1] or b"").decode(errors="replace") if isinstance(reply[1], bytes) else ""


def kind_of(reply):
    """What a reply says about rights: an error about something else counts as allowed."""
    text = text_of(reply)
    if "option of SORT denied" in text or "MATCH denied" in text:
        return "pattern"
    if not ("ermission" in text or "The user executing the script" in text):
        return "ok"
    for words, what in ((("to run the", "run this command", "execute the command"), "command"), ((" key", "keys mentioned"), "key"), ((" channel", "channels"), "channel")):
        if any(w in text for w in words):
            return what
    return "?" + text


def other_keys(name, args):
    """Whether redis-server may find other keys: it reads "3.25" as 3, and looks for options of SORT in the argument of STORE."""
    counted = any(re.fullmatch(rb"\s*[+-]?[0-9].*", a, re.S) and not re.fullmatch(rb"-?(0|[1-9][0-9]*)", a) for a in args[1:4])
    return name in OTHER_KEYS or counted or (
        name == "sort" and any(a.lower() == b"store" and b.lower() in (b"store", b"get", b"by", b"limit") for a, b in zip(args, args[1:])))


class Side:
    def __init__(self, path):
        self.server = oracle.launched(path)
        self.admin = oracle.Conn(self.server.port)
        self.ask(b"FUNCTION", b"LOAD", LIBRARY)
        self.user = None

    def ask(self, *args):
        self.admin.send(*args)
        return self.admin.raw()[1]

    def as_user(self, *args):
        self.user.send(*args)
        return self.user.raw()[1]

    def log_in(self):
        if self.user:
            self.user.close()
        self.user = oracle.Conn(self.server.port)
        self.as_user(b"AUTH", b"u", b"x")

    def keys(self, args):
        kind, value = self.ask(b"COMMAND", b"GETKEYSANDFLAGS", *args)
        return [] if kind == b"-" else [(k[1], {f[1] for f in flags[1]}) for _, (k, flags) in value]

    def try_it(self, way, args, after):
        """What the reply says about rights. after: the rules that come before EXEC."""
        if way == "plain":
            return kind_of(self.as_user(*args))
        if way == "script":
            return kind_of(self.as_user(b"EVAL", CALLS, b"0", *args))
        if way == "function":
            return kind_of(self.as_user(b"FCALL", b"calls", b"0", *args))
        if way == "check":
            reply = self.as_user(b"EVAL", CHECKS, b"0", *args)
            return {(b":", b"1"): "ok", (b":", b"0"): "no"}.get(reply, "?%r" % (reply,))
        self.as_user(b"MULTI")
        queued = self.as_user(*args)
        if way == "changed":
            self.ask("ACL", "SETUSER", "u", *after)
        done = self.as_user(b"EXEC")
        if queued != (b"+", b"QUEUED"):
            aborted = text_of(done).startswith("EXECABORT")
            return "queue:" + (kind_of(queued) if aborted else "?%r" % (done,))
        if done[0] != b"*" or len(done[1]) != 1:
            return "?%r" % (done,)
        return kind_of(done[1][0])


class Users:
    def __init__(self, rng, commands, both):
        self.rng, self.commands, self.names = rng, commands, sorted(both)
        self.categories = sorted(commands.categories)

    def rules(self):
        r, out = self.rng, self.rng.choice([[], [], ["+@all"], ["+@all"], ["+@all", "allkeys"]])
        out = list(out)
        for _ in range(r.randrange(1, 8)):
            out.append(r.choice([
                lambda: r.choice("+-") + "@" + r.choice(self.categories), lambda: r.choice("+-") + r.choice(self.names),
                lambda: r.choice(["+@all", "+@all", "-@all", "allcommands", "nocommands", "+@read", "+@write"]),
                lambda: "+" + r.choice(["select|0", "get|k1", "sort|l1", "sort|k1", "xread|count", "publish|news", "debug|object", "set|k1"]),
                lambda: "~" + r.choice(PATTERNS), lambda: "~" + r.choice(PATTERNS), lambda: r.choice(["%R~", "%W~", "%RW~", "%r~", "%WR~"]) + r.choice(PATTERNS),
                lambda: "&" + r.choice(CHANNEL_PATTERNS), lambda: r.choice(["allkeys", "resetkeys", "allchannels", "resetchannels"])])())
        return out

    def one(self):
        """(the rules of ACL SETUSER, the model)."""
        own = self.rules() + ALWAYS
        selectors = [self.rules() for _ in range(self.rng.choice([0, 0, 0, 1, 1, 2]))]
        return ["reset", "on", "nopass"] + own + ["(%s)" % " ".join(s) for s in selectors], own, selectors


class Oracle:
    def __init__(self, o):
        self.rng = random.Random(o.seed)
        self.theirs, self.ours = Side(o.reference), Side(o.server)
        self.sides = (self.theirs, self.ours)
        self.commands = acl_model.Commands(self.ours.ask)
        known = self.known = acl_model.Commands(self.theirs.ask)
        self.both = {n for n, a in self.commands.arity.items() if known.arity.get(n) == a}
        self.users = Users(self.rng, self.commands, self.both)
        docs = oracle.Conn(self.ours.server.port)
        docs.send(b"HELLO", b"3"), docs.raw()
        self.requests = mutator.Requests(mutator.docs_of(docs, set()), self.rng, {n: b"return 1" for n in ("eval", "eval_ro", "evalsha", "evalsha_ro")})
        self.different, self.counts = [], collections.Counter()

    def differs(self, user, args, what):
        self.different.append("%s | %s: %s" % (" ".join(user), oracle.show(args), what))

    def user(self):
        """A user that both sides and the model have; None: both refuse its rules."""
        rules, own, selectors = self.users.one()
        replies = [s.ask("ACL", "SETUSER", "u", *rules) for s in self.sides]
        if replies[0] != replies[1]:
            self.differs(rules, [], "SETUSER: %r, ours %r" % tuple(replies))
        if (b"-") in (replies[0][0], replies[1][0]):
            return None
        return rules, acl_model.User(self.commands, own, selectors)

    def pair(self, user, model, other):
        name, args = self.requests.one(self.rng.choice(["sort", "sort", "sort_ro", "publish", "spublish"]) if self.rng.random() < 0.12 else None)
        if name.split("|")[0] in ("publish", "spublish", "subscribe", "psubscribe", "ssubscribe"):
            args[1:2] = [self.rng.choice(CHANNELS)]
        keys = self.ours.keys(args)
        dry = self.ours.ask(b"ACL", b"DRYRUN", b"u", *args)
        if dry[0] == b"-":
            return  # the request does not fit the command
        wanted, what = model.judge(name, args, keys)
        verdict = kind_of(dry)
        self.counts[wanted] += 1
        if verdict != wanted or (wanted in ("key", "channel") and what not in dry[1]):
            self.differs(user, args, "the model says %s %r, ACL DRYRUN %r" % (wanted, what, dry))
        compared = name in self.both
        if compared:
            compared = self.theirs.keys(args) == keys
            if not compared and not other_keys(name, args):
                self.differs(user, args, "keys: %r, ours %r" % (self.theirs.keys(args), keys))
        # There "*" does not match an empty key.
        compared = compared and b"" not in [k for k, _ in keys]
        if compared:
            theirs = kind_of(self.theirs.ask(b"ACL", b"DRYRUN", b"u", *args))
            if theirs != ("ok" if wanted == "pattern" else wanted):
                self.differs(user, args, "ACL DRYRUN: %s, ours %s" % (theirs, verdict))
        if name.split("|")[0] not in ONLY_ASKED:
            self.really(user, model, other, name, args, keys, compared)

    def really(self, user, model, other, name, args, keys, compared):
        flags = self.commands.flags[name]
        way = self.rng.choice(WAYS)
        if (way in ("script", "function") and "noscript" in flags) or (way == "plain" and "blocking" in flags) or (way in ("multi", "changed") and "no_multi" in flags):
            return
        wanted, what = model.judge(name, args, keys)
        expected = wanted
        if way == "check":
            expected = "ok" if wanted == "ok" else "no"
        elif way in ("multi", "changed") and wanted not in ("ok", "pattern"):
            expected = "queue:" + wanted
        elif way == "changed":
            expected = other[1].judge(name, args, keys)[0]
        if self.rng.random() < 0.05:
            self.ours.ask(b"ACL", b"LOG", b"RESET")
            logged = True
        else:
            logged = False
        seen = self.ours.try_it(way, args, other[0])
        self.counts[way] += 1
        if name == "xreadgroup" and expected == "pattern":  # it says so as of a key, and redis-server knows no MATCH
            seen, compared = ("pattern" if seen == "key" else seen), False
        # A syntax error may come before the pattern that would be refused.
        if seen != expected and not (expected == "pattern" and seen == "ok" and self.syntax(args)):
            self.differs(user, args, "%s: the model says %s, really %s (then %s)" % (way, expected, seen, " ".join(other[0])))
        if logged and way != "check":
            denied = expected.split(":")[-1]
            entries = self.ours.ask(b"ACL", b"LOG")[1]
            if bool(entries) != (denied in ("command", "key", "channel")):
                self.differs(user, args, "%s: %d entries in ACL LOG" % (way, len(entries)))
        if way in ("script", "function"):
            compared = compared and "noscript" not in self.known.flags[name]
        if compared:
            theirs = self.theirs.try_it(way, args, other[0])
            # acl_check_cmd does not know of patterns there.
            if theirs != seen and not (way == "check" and wanted == "pattern"):
                self.differs(user, args, "%s: %s, ours %s" % (way, theirs, seen))
        if way == "changed":
            for s in self.sides:
                s.ask("ACL", "SETUSER", "u", *user)

    def syntax(self, args):
        """Whether the request fails for whoever may do everything."""
        return self.ours.ask(*args)[0] == b"-"

    def run(self, pairs):
        other, rounds = None, 0
        while sum(self.counts[k] for k in ("ok", "command", "key", "channel", "pattern")) < pairs:
            if rounds % 5 == 0:
                for s in self.sides:
                    for args in [[b"FLUSHALL"]] + mutator.SETUP:
                        s.ask(*args)
            rounds += 1
            one = self.user()
            if not one:
                continue
            for s in self.sides:
                s.log_in()
            other = other or one
            for _ in range(40):
                self.pair(one[0], one[1], other)
            other = one
            if len(self.different) > 100:
                break

    def end(self):
        for s in self.sides:
            s.server.end()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--reference", default="redis-server")
    ap.add_argument("--pairs", type=int, default=5000)
    ap.add_argument("--seed", type=int, default=1)
    o = ap.parse_args()
    x = Oracle(o)
    try:
        x.run(o.pairs)
    finally:
        x.end()
    for d in x.different[:30]:
        print("DIFFERS " + d)
    c = x.counts
    print("%d pairs of users and requests (%s; %s), %d differ (seed %d)" %
          (sum(c[k] for k in ("ok", "command", "key", "channel", "pattern")), ", ".join("%s %d" % (k, c[k]) for k in ("ok", "command", "key", "channel", "pattern")),
           ", ".join("%s %d" % (k, c[k]) for k in WAYS), len(x.different), o.seed))
    sys.exit(1 if x.different else 0)


main()
