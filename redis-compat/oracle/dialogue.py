"""Dialogues: the format in which the tests say what a server answers, and their player.

A file holds dialogues, each begun by "== name". A line is a command for connection A, or "B: command" for another one; quotes as in redis-cli,
\\xHH stands for a byte. It is said to redis-server and to us, and every byte of both replies is compared.
  ~ command    its reply is only read                 ! command    the same, for a known difference, which has a line in ../differences.md
  & command    it blocks; "?" then takes its reply    > N          N messages that nobody asked for
  ^ bytes      bytes as they are (\\r \\n \\xHH)        < N          N replies, the end of the connection being one
  ... 0.1      lets so many seconds pass              {id:B}       the number of connection B, which has said something already
"== -ours name" begins a dialogue about what the reference does not have. It is said to us alone, and its lines end with " => " and a pattern
(* ? \\c) of the reply as text: (nil), an integer, a string, !error, [a b]; a map is [k v].
"== -still name" is not reloaded: it is about watched keys, events, or forms that a snapshot does not keep.

A dialogue is played on stages, which must not make a difference: resp2, resp3, dribble (our requests come byte by byte), aof and snapshot (our
data is read again from the append-only file or a snapshot before every command of connection A outside of MULTI; files of RELOADED only).
"""
import os, re, shlex, time

from check import until
from resp import Conn, info, request

STAGES = ["resp2", "resp3", "dribble", "aof", "snapshot"]
# Their dialogues are about data; others are about what a reload ends: subscriptions, watched keys, waiting clients, counters.
RELOADED = {"bitmaps", "geo", "hashes", "hyperloglogs", "keys", "lists", "sets", "sort", "streams", "strings", "transactions", "values", "zsets", "scripts"}


class Dialogue:
    def __init__(self, file, title):
        marks = re.match(r"((?:-\w+ )*)(.*)", title)
        self.file, self.name, self.marks, self.lines = file, marks[2], marks[1].split(), []
        self.ours = "-ours" in self.marks

    def is_for(self, stage):
        """On the last two stages only what is reloaded is worth it."""
        return stage not in ("aof", "snapshot") or self.file in RELOADED and "-still" not in self.marks


def read_dialogues(path):
    out = []
    with open(path) as f:
        for n, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line.startswith("== "):
                out.append(Dialogue(os.path.basename(path)[:-4], line[3:].strip()))
            elif line.strip() and not line.startswith("#"):
                out[-1].lines.append((n, line))
    return out


def words(line):
    return [re.sub(rb"\\x([0-9a-fA-F]{2})", lambda m: bytes([int(m[1], 16)]), a.encode("latin-1")) for a in shlex.split(line)]


def reply_or_end(c):
    try:
        return c.raw()
    except OSError:
        return b"(closed)", (b"", b"(closed)")


def text(value):
    """A reply as patterns see it."""
    kind, payload = value
    if kind == b"#":
        return "1" if payload == b"t" else "0"
    if isinstance(payload, list):
        return "[%s]" % " ".join(map(text, payload))
    if payload is None or kind == b"_":
        return "(nil)"
    return ("!" if kind == b"-" else "") + (payload[4:] if kind == b"=" else payload).decode("latin-1")


def matches(pattern, seen):
    parts = re.findall(r"\\.|\*|\?|[^\\*?]+", pattern, re.S)
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(p) or re.escape(p[1:] if p[0] == "\\" else p) for p in parts), seen, re.S)


class Mismatch(Exception):
    pass


class Player:
    """Plays dialogues on one stage. same(args, theirs, ours) compares two replies, each (bytes, value)."""

    def __init__(self, ref, ours, stage, same):
        self.ref, self.ours, self.stage, self.same = ref, ours, stage, same
        self.controls = [ref.conn(), ours.conn()]

    def shorten_journal(self):
        """So that reading it again does not take longer with every dialogue."""
        c = self.controls[1]
        c.ask("FLUSHALL"), c.ask("BGREWRITEAOF")
        until("a rewrite", lambda: info(c, "aof_rewrite_in_progress") == info(c, "aof_rewrite_scheduled") == "0")

    def play(self, dialogue):
        """None, or where and how it differs."""
        self.dialogue, self.conns, self.ids, self.waiting, self.in_multi = dialogue, {}, {}, {}, False
        self.named = set(re.findall(r"\{id:([A-Z])\}", "".join(line for _, line in dialogue.lines)))
        n = 0
        try:
            for c in self.connection("A"):
                c.do("FLUSHALL"), c.do("CONFIG", "SET", "notify-keyspace-events", "")
            for n, line in dialogue.lines:
                self.line(line)
            self.settle()
            for who, conns in self.conns.items():
                if len({c.silent() for c in conns}) > 1 or (dialogue.ours and not conns[0].silent()):
                    return "at the end: connection %s has more to say" % who
        except Mismatch as e:
            return "line %d: %s" % (n, e)
        except OSError as e:
            return "line %d: connection: %s" % (n, e)
        finally:
            for conns in self.conns.values():
                for c in conns:
                    c.close()
        return None

    def connection(self, who):
        """To each server that takes part; ours is the last."""
        if who not in self.conns:
            conns = self.conns[who] = [Conn(s.port) for s in ([self.ours] if self.dialogue.ours else [self.ref, self.ours])]
            if who in self.named:
                self.ids[who] = [b"%d" % c.ask("CLIENT", "ID") for c in conns]
            if self.stage == "resp3":
                for c in conns:
                    c.do("HELLO", 3)
        return self.conns[who]

    def settle(self):
        """What was sent before has been read, and what is answered at once has come: both servers have answered twice on a connection of their own."""
        for c in self.controls * 2:
            c.do("ECHO", "settle")

    def compare(self, what, args, replies, want):
        if self.dialogue.ours:
            if not matches(want, text(replies[0][1])):
                raise Mismatch("%s: got <%s>, wanted <%s>" % (what, text(replies[0][1])[:400], want))
        elif not (self.same(args, *replies) if args else replies[0][0] == replies[1][0]):
            raise Mismatch("%s: reference %r, ours %r" % (what, replies[0][0][:400], replies[1][0][:400]))

    def line(self, line):
        if line.startswith("..."):
            time.sleep(float(line[3:]))
            return
        who, want = "A", None
        if self.dialogue.ours:
            line, _, want = re.fullmatch(r"(.*?)(\s+=>\s?(.*))?", line, re.S).groups()
        if m := re.match(r"([A-Z]): ?(.*)", line):
            who, line = m[1], m[2]
        mark, conns = line[:2], self.connection(who)
        if mark == "> ":
            for _ in range(int(line[2:])):
                self.compare("push", None, [c.raw() for c in conns], want)
        elif mark == "^ ":
            for c in conns:
                c.write(line[2:].encode("latin-1").decode("unicode_escape").encode("latin-1"))
        elif mark == "< ":
            for _ in range(int(line[2:])):
                self.compare("reply", None, [reply_or_end(c) for c in conns], want)
        elif line == "?" or line[2:] == "?" and mark in ("~ ", "! "):
            replies = [c.raw() for c in conns]
            if line == "?":
                self.compare("the reply that came late", self.waiting[who], replies, want)
        else:
            self.command(who, conns, mark, line[2:] if mark in ("~ ", "! ", "& ") else line, want)

    def command(self, who, conns, mark, line, want):
        args = words(line)
        if who == "A":
            if not self.in_multi and self.stage in ("aof", "snapshot"):
                reload = self.controls[1].do("DEBUG", "LOADAOF" if self.stage == "aof" else "RELOAD")
                if reload != b"OK":
                    raise Mismatch("reloaded before %s: %s" % (line, reload))
            name = args[0].upper()
            self.in_multi = name == b"MULTI" or self.in_multi and name not in (b"EXEC", b"DISCARD", b"RESET")
        for side, c in enumerate(conns):
            data = request(*[re.sub(rb"^\{id:([A-Z])\}$", lambda m: self.ids[m[1].decode()][side], x) for x in args])
            if self.stage == "dribble" and c is conns[-1] and len(data) < 10000:
                for i in range(len(data)):
                    c.write(data[i:i + 1])
            else:
                c.write(data)
        if mark == "& ":
            self.waiting[who] = args
            self.settle()
            return
        replies = [c.raw() for c in conns]
        if mark not in ("~ ", "! "):
            self.compare(line, args, replies, want)
