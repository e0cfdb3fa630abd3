"""Requests made from the usage lines of commands and mutated in ways that mislead a search for keywords: options twice, keywords as arguments,
numbers and keys in wrong places."""
import oracle

WORDS = [b"STORE", b"STOREDIST", b"STREAMS", b"streams", b"BY", b"GET", b"LIMIT", b"COUNT", b"GROUP", b"KEYS", b"0", b"1", b"2", b"3", b"*", b"k*", b"h*->a", b"nosort",
         b"WEIGHTS", b"AGGREGATE", b"NX", b"DB", b"REPLACE", b"BLOCK", b"ALPHA", b"IFEQ", b"EX", b"ANY", b"OVERFLOW", b"SET", b"u8", b"MATCH", b"ID", b"ASC", b"LEFT", b"#"]
# Commands whose options decide about keys, and those that count them.
TRICKY = ["sort", "sort_ro", "georadius", "georadiusbymember", "xread", "xreadgroup", "set", "delex", "bitfield", "eval", "eval_ro", "evalsha", "fcall", "fcall_ro",
          "zunionstore", "zinterstore", "zdiffstore", "zunion", "zinter", "zdiff", "zintercard", "sintercard", "lmpop", "zmpop", "msetex", "bitop", "pfmerge", "copy"]
# Something of every type, as the generator's keys are named.
SETUP = [[b"RPUSH", b"l1", b"a", b"b", b"1"], [b"RPUSH", b"l2", b"3", b"1"], [b"SET", b"k1", b"10"], [b"SET", b"k2", b"hello"], [b"HSET", b"h1", b"a", b"1", b"b", b"2"],
         [b"HSET", b"h2", b"a", b"1"], [b"SADD", b"t1", b"1", b"2", b"3"], [b"SADD", b"t2", b"a", b"2"], [b"ZADD", b"z1", b"1", b"a", b"2", b"b"],
         [b"ZADD", b"z2", b"5", b"b"], [b"GEOADD", b"g1", b"13.361389", b"38.115556", b"a", b"15.087269", b"37.502669", b"b"], [b"PFADD", b"p1", b"a"],
         [b"PFADD", b"p2", b"b"], [b"XADD", b"s1", b"1-1", b"f", b"v"], [b"XADD", b"s2", b"1-1", b"f", b"v"], [b"XGROUP", b"CREATE", b"s1", b"g1", b"0"],
         [b"XGROUP", b"CREATE", b"s2", b"g1", b"0"], [b"XGROUP", b"CREATE", b"s1", b"STREAMS", b"0"], [b"XREADGROUP", b"GROUP", b"g1", b"c1", b"STREAMS", b"s1", b">"]]


def tokens_of(doc):
    out = []
    for a in doc.get("arguments", []):
        if a.get("token"):
            out.append(a["token"].encode())
        out += tokens_of(a)
    return out


def docs_of(c, without):
    """Commands and subcommands by their full names, as the server documents them to a connection in RESP3."""
    c.send(b"COMMAND", b"DOCS")
    docs = {}
    for name, doc in oracle.to_python(c.raw()[1]).items():
        for full, sub in doc.get("subcommands", {name: doc}).items():
            if name not in without and not full.endswith("|help"):
                docs[full] = sub
    return docs


class Requests:
    def __init__(self, docs, rng, scripts):
        """scripts: what stands for the script in commands that run one."""
        self.g, self.rng, self.scripts = oracle.Generator(docs, rng), rng, scripts
        self.tricky = [n for n in TRICKY if n in docs]
        self.tokens = {n: tokens_of(d) for n, d in docs.items()}

    def bend(self, args, first, name):
        r = self.rng
        word = r.choice((self.tokens[name] or WORDS) if r.random() < 0.5 else WORDS if r.random() < 0.6 else oracle.KEYS)
        at = r.randrange(first, len(args) + 1)
        p = r.random()
        if p < 0.15:
            args += [word, r.choice(oracle.KEYS)]
        elif p < 0.3:
            args.insert(at, word)
        elif p < 0.5:
            args[at:at] = [word, r.choice(oracle.KEYS)]
        elif p < 0.65 and len(args) > first + 1:
            i = r.randrange(first, len(args))
            args[at:at] = args[i:i + r.choice([1, 2, 3])]
        elif p < 0.8 and len(args) > first:
            args[r.randrange(first, len(args))] = word
        elif p < 0.9 and len(args) > first + 1:
            i, j = r.randrange(first, len(args)), r.randrange(first, len(args))
            args[i], args[j] = args[j], args[i]
        elif len(args) > first:
            del args[r.randrange(first, len(args))]

    def one(self, of=None):
        """A name (`of`, or any) and a request that nobody waits for long."""
        r = self.rng
        while True:
            name = of or r.choice(self.tricky if r.random() < 0.35 else self.g.names)
            args = [p.upper().encode() for p in name.split("|")]
            first = len(args)
            self.g.walk(self.g.docs[name].get("arguments", []), args, name.split("|")[0])
            if name in self.scripts and len(args) > 1:
                args[1] = self.scripts[name]
            if name == "xreadgroup" and r.random() < 0.5:
                args = [b"XREADGROUP", b"GROUP", r.choice([b"g1", b"STREAMS"]), r.choice([b"c1", b"STREAMS", b"streams"]), b"COUNT", b"1", b"STREAMS", b"s1", b">"]
            for _ in range(r.choice([0, 0, 1, 1, 2, 3])):
                self.bend(args, first, name)
            upper = [a.upper() for a in args]
            if not (oracle.waits_long(args) or name == "blmovem" or b"BLOCK" in upper and b"5" not in upper):
                return name, args
