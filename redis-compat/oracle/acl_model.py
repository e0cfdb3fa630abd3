"""A model of what a user's ACL rules allow, written independently of the server. The caller names the keys of a request (tests/rights checks
those against the keys that handlers touch); the model decides everything else."""


def glob(p, s):
    """Patterns as KEYS has them, on bytes."""
    if not p:
        return not s
    if p[:1] == b"*":
        return any(glob(p[1:], s[i:]) for i in range(len(s) + 1))
    if not s:
        return False
    if p[:1] == b"?":
        return glob(p[1:], s[1:])
    if p[:1] == b"[":
        i, negated, found = 1, False, False
        if p[1:2] == b"^":
            i, negated = 2, True
        while i < len(p) and p[i:i + 1] != b"]":
            if p[i:i + 1] == b"\\" and i + 1 < len(p):
                i += 1
                found |= p[i] == s[0]
            elif p[i + 1:i + 2] == b"-" and i + 2 < len(p):
                low, high = sorted((p[i], p[i + 2]))
                found |= low <= s[0] <= high
                i += 2
            else:
                found |= p[i] == s[0]
            i += 1
        return found != negated and glob(p[i + 1:], s[1:])
    if p[:1] == b"\\" and len(p) > 1:
        p = p[1:]
    return p[:1] == s[:1] and glob(p[1:], s[1:])


class Commands:
    """All commands with their subcommands, their categories and flags, as a server tells them by ask(*args)."""

    def __init__(self, ask):
        self.subs, self.flags, self.arity, self.categories = {}, {}, {}, {}

        def add(info, parent):
            values = info[1]
            name = values[0][1].decode()
            self.arity[name], self.flags[name] = int(values[1][1]), {f[1].decode() for f in values[2][1]}
            self.subs.setdefault(parent or name, set()).add(name)
            for sub in values[9][1]:
                add(sub, name)
        for info in ask(b"COMMAND")[1]:
            add(info, None)
        for c in ask(b"ACL", b"CAT")[1]:
            self.categories[c[1].decode()] = {n[1].decode() for n in ask(b"ACL", b"CAT", c[1])[1]}


class Selector:
    def __init__(self):
        self.commands, self.firsts, self.keys, self.channels = set(), set(), [], []
        self.everything = self.all_channels = False

    def rule(self, c, rule):
        word = rule.lower()
        if word in ("+@all", "allcommands", "-@all", "nocommands"):
            self.everything = word in ("+@all", "allcommands")
            self.commands = set(c.flags) if self.everything else set()
            self.firsts = set()
        elif rule[0] in "+-" and rule[1] == "@":
            self.set(c.categories[word[2:]], rule[0] == "+")
        elif rule[0] in "+-":
            name = word[1:]
            if "|" in name and name not in c.flags:
                if name.split("|")[0] not in self.commands:
                    self.firsts.add(tuple(name.split("|")))
            else:
                self.set(c.subs[name] if "|" not in name else {name}, rule[0] == "+")
        elif word in ("allkeys", "~*"):
            self.keys = [("*", "RW", True)]
        elif word == "resetkeys":
            self.keys = []
        elif word in ("allchannels", "&*"):
            self.all_channels, self.channels = True, []
        elif word == "resetchannels":
            self.all_channels, self.channels = False, []
        elif rule[0] == "&":
            self.channels.append(rule[1:])
        elif rule[0] in "~%":
            access, pattern = ("RW", rule[1:]) if rule[0] == "~" else rule[1:].split("~", 1)
            had = "".join(a for p, a, everything in self.keys if p == pattern and not everything)  # the same pattern again adds to it
            self.keys = [k for k in self.keys if k[0] != pattern or k[2]] + [(pattern, had + access.upper(), False)]
        else:
            raise ValueError(rule)

    def set(self, names, on):
        self.commands = self.commands | names if on else self.commands - names
        self.everything &= on
        self.firsts = {f for f in self.firsts if f[0] not in names}

    def reads_all_of(self, pattern=b"*"):
        """Every key that fits: by "*", or by a rule that is the pattern itself."""
        return any(p.encode() in (b"*", pattern) and "R" in a for p, a, _ in self.keys)

    def judge(self, c, name, args, keys):
        """(how far it came, the place and the text of what was refused); how far 4: allowed."""
        first = args[1].decode(errors="replace").lower() if len(args) > 1 else None
        if not (self.everything or name in self.commands or "no_auth" in c.flags[name] or (name, first) in self.firsts):
            return 1, 0, b""
        for i, (key, flags) in enumerate(keys):
            need = ("R" if b"access" in flags else "") + ("W" if flags & {b"insert", b"delete", b"update"} else "")
            if not any(all(n in a for n in need) and glob(p.encode(), key) for p, a, _ in self.keys):
                return 2, i, key
        for i, (channel, exact) in enumerate(channels_of(name, args)):
            if not (self.all_channels or any(p.encode() == channel if exact else glob(p.encode(), channel) for p in self.channels)):
                return 3, i, channel
        return 4, 0, b""


def channels_of(name, args):
    if name in ("publish", "spublish"):
        return [(args[1], False)]
    if name in ("subscribe", "ssubscribe", "psubscribe"):
        return [(a, name == "psubscribe") for a in args[1:]]
    if name == "xcapture|add":
        return [(a, True) for a in args[3:]]
    return []


def match_of(args):
    """The place of XREADGROUP's pattern; 0: it names its streams, or none. XREAD refuses the word, but its keys are looked for by the same reader."""
    takes, at, i = {b"group": 2, b"block": 1, b"count": 1, b"maxcount": 1, b"maxsize": 1, b"claim": 1, b"match": 1, b"noack": 0, b"streams": 0}, 0, 1
    while i < len(args):
        word = args[i].lower()
        n = takes.get(word, 0)
        if i + n < len(args) and word == b"streams":
            return 0
        if i + n < len(args) and word == b"match":
            at = i + 1
        i += (n if i + n < len(args) else 0) + 1
    return at


def patterns_of(name, args):
    """What of a request makes keys out of data."""
    if name not in ("sort", "sort_ro"):
        return []
    takes = {b"by": 1, b"get": 1, b"limit": 2, b"store": 1}
    out, i = [], 2
    while i < len(args):
        word, n = args[i].lower(), takes.get(args[i].lower(), 0)
        if i + n >= len(args) or (name == "sort_ro" and word == b"store"):
            n = 0
        elif word == b"get" or (word == b"by" and b"*" in args[i + 1]):
            out.append(word.decode().upper())
        i += n + 1
    return out


class User:
    def __init__(self, c, rules, selectors):
        self.c, self.selectors = c, []
        for some in [rules] + selectors:
            s = Selector()
            for rule in some:
                s.rule(c, rule)
            self.selectors.append(s)

    def judge(self, name, args, keys):
        """"ok", "command", "key", "channel" or "pattern", and what was refused. keys: (key, its flags), in their order."""
        far, place, what = max((s.judge(self.c, name, args, keys) for s in self.selectors), key=lambda x: x[:2])
        if far < 4:
            return ("", "command", "key", "channel")[far], what
        match = match_of(args) if name in ("xread", "xreadgroup") else 0
        pattern, words = (args[match], ["MATCH"]) if match else (b"*", patterns_of(name, args))
        if words and not any(s.reads_all_of(pattern) and s.judge(self.c, name, args, keys)[0] == 4 for s in self.selectors):
            return "pattern", words[0].encode()
        return "ok", b""
