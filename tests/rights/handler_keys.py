#!/usr/bin/env python3
"""Which keys handlers touch, and which keys are judged: no handler may touch another key than the command says.

handler_keys.py --server PATH/recording-server [--requests N] [--seed S]

The server is linked with tests/support/record_keys.c, which writes down every key that is looked up or changed. Requests of all
commands are made from their usage lines, changed in ways that confuse a search for words (options twice, words of options as arguments,
numbers and keys in wrong places). For each of them
 * a key that was touched is one of COMMAND GETKEYSANDFLAGS; or the request has made it out of data (SORT's patterns), and ACL
   DRYRUN refuses it for a user who may use just those keys;
 * a key that was changed is said to be written;
 * there is one reply;
 * a key that is said is touched, in one request at least of those that succeed: nobody is refused for what is never used.
"""
import argparse, hashlib, os, random, re, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "redis-compat", "oracle"))
import mutator, oracle

# They have no keys that could be said, as in Redis: they walk over all, or are for who may do everything.
NO_KEYS = {"keys", "scan", "randomkey", "flushall", "flushdb", "swapdb", "debug", "exec", "multi", "discard", "shutdown", "quit", "reset", "auth",
           "hello", "monitor", "select", "client", "config", "acl", "backup", "save", "bgsave", "bgrewriteaof", "replicaof", "slaveof", "latency", "slowlog",
           "command", "info", "failover", "sync", "psync", "unwatch", "function", "script", "module", "cluster", "wait", "waitaof", "subscribe", "psubscribe",
           "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe", "survey"}
# A script uses the keys that it is given.
USES_KEYS = b"for _, k in ipairs(KEYS) do redis.call('exists', k) end"
SCRIPTS = {"eval": USES_KEYS, "eval_ro": USES_KEYS, "evalsha": hashlib.sha1(USES_KEYS).hexdigest().encode(), "fcall": b"uses", "fcall_ro": b"uses"}
SCRIPTS["evalsha_ro"] = SCRIPTS["evalsha"]


def escaped(key):
    return b"".join(b"\\" + key[i:i + 1] if key[i:i + 1] in b"*?[]\\" else key[i:i + 1] for i in range(len(key)))


class Judge:
    def __init__(self, server, path):
        self.c, self.path = server.conn(), path
        self.file, self.acts = open(path, "rb"), None

    def ask(self, *args):
        self.c.send(*args)
        return self.c.raw()[1]

    def touched(self):
        """What was written down since the last time."""
        looked, changed = set(), set()
        for line in self.file.read().split(b"\n")[:-1]:
            (changed if line[:1] == b"W" else looked).add(bytes.fromhex(line[1:].decode()))
        return looked | changed, changed

    def keys(self, args):
        """As the command says: keys in their order, each with its flags."""
        kind, value = self.ask(b"COMMAND", b"GETKEYSANDFLAGS", *args)
        return [] if kind == b"-" else [(k[1], {f[1] for f in flags[1]}) for _, ((k), flags) in value]

    def is_its_own(self, args, keys):
        """Of what a request has touched or changed: what it touches again. The rest the server has touched by itself: a lease has ended, a message
        was due, a schedule has fired."""
        acts = re.search(rb"total_internal_commands:(\d+)", self.ask(b"INFO", b"stats")[1])[1]
        if acts != self.acts:
            self.acts = acts
            return set()
        self.touched()
        self.ask(*args)
        return keys & self.touched()[0]

    def refuses(self, said, args):
        """Who may use just these keys, and run everything."""
        rules = [b"~" + escaped(k) for k, _ in said if not any(c in b" \t\r\n\x00\x0b\x0c" for c in k)]
        self.ask(b"ACL", b"SETUSER", b"narrow", b"reset", b"on", b"nopass", b"+@all", *rules)
        return self.ask(b"ACL", b"DRYRUN", b"narrow", *args) != (b"+", b"OK")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--requests", type=int, default=12000)
    ap.add_argument("--seed", type=int, default=1)
    o = ap.parse_args()
    rng = random.Random(o.seed)
    path = os.path.join(tempfile.mkdtemp(prefix="keys-"), "record")
    os.environ["RECORD_KEYS"] = path
    server = oracle.launched(o.server, "--hz", "1", "--enable-debug-command", "yes")
    found, known, never = [], set(), {}
    succeeded = 0
    try:
        j = Judge(server, path)
        d = server.conn()
        d.send(b"HELLO", b"3"), d.raw()
        docs = mutator.docs_of(d, NO_KEYS)
        j.ask(b"DEBUG", b"SET-ACTIVE-EXPIRE", b"0")
        j.ask(b"SCRIPT", b"LOAD", USES_KEYS)
        j.ask(b"FUNCTION", b"LOAD", b"#!lua name=x\nredis.register_function{function_name='uses', callback=function(KEYS) " + USES_KEYS +
              b" end, flags={'no-writes'}}")
        requests = mutator.Requests(docs, rng, SCRIPTS)
        for n in range(o.requests):
            if n % 40 == 0:
                for args in [[b"FLUSHALL"]] + mutator.SETUP:
                    j.ask(*args)
                j.is_its_own([b"PING"], set())
            name, args = requests.one()
            said = j.keys(args)
            j.touched()
            try:
                reply = j.ask(*args)
                mark = j.ask(b"ECHO", b"%d" % n)
            except (ConnectionError, OSError) as e:
                raise SystemExit("not ok handler keys: %s: %s (seed %d)" % (oracle.show(args), e, o.seed))
            if mark != (b"$", b"%d" % n):
                raise SystemExit("not ok handler keys: %s: more than one reply, %r and %r (seed %d)" % (oracle.show(args), reply, mark, o.seed))
            touched, changed = j.touched()
            flags = {}
            for k, f in said:
                flags.setdefault(k, set()).update(f)
            foreign = touched - set(flags)
            if foreign:
                foreign = j.is_its_own(args, foreign)
            if foreign and not j.refuses(said, args):
                found.append("%s touches %s, says %s" % (oracle.show(args), sorted(foreign), [k for k, _ in said]))
            wrong = [k for k in changed & set(flags) if not flags[k] & {b"OW", b"RW", b"RM"}]
            if wrong:
                found.append("%s changes %s, says %s" % (oracle.show(args), wrong, said))
            if reply[0] != b"-":
                succeeded += 1
                known.add(name)
                for i, (k, _) in enumerate(said[:2]):
                    was = never.setdefault((name, i), [0, False])
                    was[0] += 1
                    was[1] |= k in touched
            if name == "watch":
                j.ask(b"UNWATCH")
    finally:
        server.end()
        os.unlink(path)
    for (name, i), (times, used) in sorted(never.items()):
        if not used and times >= 40:
            found.append("%s: its key %d was said %d times and never used" % (name, i + 1, times))
    for f in found[:30]:
        print("not ok " + f)
    print("%s handler keys: %d requests of %d commands, %d of %d commands succeeded (%d times), %d differences (seed %d)" %
          ("not ok" if found else "ok", o.requests, len(docs), len(known), len(docs), succeeded, len(found), o.seed))
    if o.requests >= 20000:
        print("# never succeeded: " + " ".join(sorted(set(docs) - known)))
    sys.exit(1 if found else 0)


main()
