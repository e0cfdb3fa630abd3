#!/usr/bin/env python3
"""Generated users and generated requests: ACL DRYRUN of redis-server and ours must agree, and what really happens must agree
with it.

rights.py --server PATH [--pairs N] [--seed S] [--reference PATH]
"""
import argparse, os, random, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle

KEYS = ["a", "ab", "b:1", "b:2", "cache:x", "cache:y", "zz", "queue"]
PATTERNS = ["*", "a*", "b:*", "cache:*", "?b", "[a-c]*", "zz", "q*e"]
CHANNELS = ["news", "news.a", "chat", "other"]
CHANNEL_PATTERNS = ["*", "news*", "chat", "n*"]
ARGS = ["1", "2", "x", "GET", "SET", "STORE", "BY", "LIMIT", "0", "5", "NX", "u8", "INCRBY", "STREAMS", "MATCH", "-1", "COUNT"]


def start(path):
    s = oracle.socket.socket()
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
    s.close()
    d = tempfile.mkdtemp(prefix="rights-")
    p = subprocess.Popen([path, "--logfile", d + "/log", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", d], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            return p, port, oracle.Conn(port)
        except OSError:
            oracle.time.sleep(0.02)
    raise SystemExit("%s does not start" % path)


def ask(c, *args):
    c.send([str(a).encode() for a in args])
    kind, value = c.raw()[1]
    return kind, value


def names(c):
    found = {}

    def add(info):
        values = info[1]
        name, arity = values[0][1].decode(), int(values[1][1])
        found[name] = arity
        for sub in values[9][1]:
            add(sub)
    for info in ask(c, "COMMAND")[1]:
        add(info)
    return found


def kind_of(reply):
    kind, value = reply
    text = (value or b"").decode(errors="replace") if isinstance(value, bytes) else ""
    if kind == b"+" and text == "OK":
        return "ok"
    for word, what in (("to run the", "command"), ("key", "key"), ("channel", "channel")):
        if "permissions" in text and word in text:
            return what
    return "error"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--reference", default="redis-server")
    ap.add_argument("--pairs", type=int, default=5000)
    ap.add_argument("--seed", type=int, default=1)
    o = ap.parse_args()
    rng = random.Random(o.seed)
    servers = [start(o.reference), start(os.path.abspath(o.server))]
    try:
        theirs, ours = [c for _, _, c in servers]
        a, b = names(theirs), names(ours)
        both = sorted(n for n in a if b.get(n) == a[n])
        # Containers can only be asked with a subcommand.
        containers = {n.split("|")[0] for n in both if "|" in n}
        runnable = [n for n in both if n not in containers]
        categories = [v.decode() for _, v in ask(theirs, "ACL", "CAT")[1]]
        different, done, real = [], 0, 0
        while done < o.pairs:
            def rules():
                out = []
                for _ in range(rng.randrange(1, 7)):
                    out.append(rng.choice([
                        lambda: rng.choice("+-") + "@" + rng.choice(categories), lambda: rng.choice("+-") + rng.choice(both),
                        lambda: rng.choice("+-") + rng.choice(both), lambda: rng.choice(["+@all", "-@all", "allcommands", "nocommands"]),
                        lambda: "+" + rng.choice(["select|0", "select|1", "get|a", "debug|object"]),
                        lambda: "~" + rng.choice(PATTERNS), lambda: rng.choice(["%R~", "%W~", "%RW~"]) + rng.choice(PATTERNS),
                        lambda: "&" + rng.choice(CHANNEL_PATTERNS), lambda: rng.choice(["allkeys", "resetkeys", "allchannels", "resetchannels"])])())
                return out
            user = ["reset", "on", "nopass"] + rules()
            if rng.random() < 0.4:
                user.append("(" + " ".join(rules()) + ")")
            if rng.random() < 0.1:
                user += ["clearselectors"]
            replies = [ask(c, "ACL", "SETUSER", "u", *user) for c in (theirs, ours)]
            if [r[0] for r in replies] != [r[0] for r in replies[:1]] * 2 or (replies[0][0] == b"-" and replies[0] != replies[1]):
                different.append("SETUSER %s: %r, ours %r" % (" ".join(user), *replies))
            if replies[0][0] == b"-":
                done += 1
                continue
            clients = [oracle.Conn(port) for _, port, _ in servers]
            for c in clients:
                ask(c, "AUTH", "u", "x")
            for _ in range(40):
                name = rng.choice(runnable)
                arity = a[name]
                n = abs(arity) - 1 + (rng.randrange(0, 4) if arity < 0 else 0)
                args = name.split("|")
                while len(args) < n + 1:
                    args.append(rng.choice(CHANNELS if "publish" in name or "subscribe" in name else KEYS if rng.random() < 0.6 else ARGS))
                if rng.random() < 0.15 and arity < 0:
                    args[rng.randrange(1, len(args)) if len(args) > 1 else 0] = "2"
                verdicts = [kind_of(ask(c, "ACL", "DRYRUN", "u", *args)) for c in (theirs, ours)]
                done += 1
                if verdicts[0] != verdicts[1]:
                    different.append("%s | %s: %s, ours %s" % (" ".join(user), " ".join(args), *verdicts))
                elif verdicts[0] in ("command", "key", "channel") and not name.split("|")[0] in ("monitor", "sync", "psync", "shutdown", "debug"):
                    # What is denied is really denied.
                    seen = [kind_of(ask(c, *args)) for c in clients]
                    real += 1
                    if seen[0] != seen[1]:
                        different.append("%s | %s really: %s, ours %s" % (" ".join(user), " ".join(args), *seen))
            for c in clients:
                c.s.close()
        for d in different[:30]:
            print("DIFFERS " + d)
        print("%d pairs of users and requests, %d of them denied for real, %d differ (seed %d)" % (done, real, len(different), o.seed))
        sys.exit(1 if different else 0)
    finally:
        for p, _, _ in servers:
            p.kill()


main()
