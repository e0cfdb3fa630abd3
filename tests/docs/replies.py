#!/usr/bin/env python3
"""docs/replies.tsv: of which type the replies of a command are in RESP3, if not of the same as in RESP2.

usage: replies.py --server PATH [--write]

The examples of the reference (docs/examples) are run in both protocols, and the types of the replies to the command itself compared. The table has
what they show and no more: a command with other options may have replies of other types. Without --write it fails if the table is out of date."""
import argparse, glob, os, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import pages                     # noqa: E402
from check import check, done    # noqa: E402

TABLE = os.path.join(pages.ROOT, "docs", "replies.tsv")
NAMES = {b"+": "simple string", b"$": "bulk string", b"=": "verbatim string", b":": "integer", b",": "double", b"#": "boolean", b"(": "big number", b"_": "null",
         b"*": "array", b"~": "set", b">": "push", b"%": "map"}
FAIL = {"debug", "function-kill", "latency-graph", "script-kill"}
DEEP = 4  # levels that are described
PATIENCE = 2  # seconds, for replies that become what the example shows


def described(value, depth=1):
    """The type of a reply and of what it holds. A null is one in both protocols."""
    kind, payload = value
    if payload is None:
        return "null"
    if not isinstance(payload, list) or not payload or depth == DEEP:
        return NAMES[kind]

    def together(values):
        found = sorted({described(v, depth + 1) for v in values})
        return found[0] if len(found) == 1 else "(%s)" % ", ".join(found)
    if kind == b"%":
        return "map from %s to %s" % (together(payload[::2]), together(payload[1::2]))
    return "%s of %s" % (NAMES[kind], together(payload))


def as_resp2(value):
    """A reply of RESP3 as RESP2 mostly has it."""
    kind, payload = value
    if isinstance(payload, list):
        return b"*", [as_resp2(v) for v in payload]
    if kind == b"=":
        return b"$", payload[4:]
    return (b"$" if kind in b",_" else b":" if kind == b"#" else kind), None if kind == b"_" else payload


class Recorded(pages.Page):
    """An example whose replies are looked at, not judged."""
    def __init__(self, path, server, protocol):
        super().__init__(path, server)
        self.name, self.protocol, self.seen = os.path.basename(path)[:-len(".txt")], protocol, []

    def conn(self, name):
        new = name not in self.conns
        c = super().conn(name)
        if new:
            c.ask("HELLO", self.protocol)
        return c

    def command(self, name, line, wanted):
        c, argv, end = self.conn(name), pages.words(self.real(line)), time.monotonic() + PATIENCE
        while True:
            c.send(*argv)
            value = c.raw()[1]
            if self.fits(wanted, pages.shown(argv, as_resp2(value))) or not pages.is_one_of(argv, pages.READERS) or time.monotonic() > end:
                break
            time.sleep(0.05)
        if ("-".join(argv).lower() + "-").startswith(self.name + "-") and value[0] != b"-":
            self.seen.append(described(value))


def replies(server, path, protocol):
    page = Recorded(path, server, protocol)
    try:
        page.console(page.text)
    finally:
        page.end()
        pages.empty(server)
    return page.seen


def table_of(server):
    """The table, and the examples that show no reply of their command."""
    table, silent = "", []
    with pages.server_of_examples(server) as s:
        s.start().close()
        for path in sorted(glob.glob(os.path.join(pages.ROOT, "docs", "examples", "*.txt"))):
            name = os.path.basename(path)[:-len(".txt")]
            two, three = (replies(s, path, protocol) for protocol in (2, 3))
            if not two or len(two) != len(three):
                silent.append(name)
            different = dict.fromkeys("%s (in RESP2: %s)" % (b, a) for a, b in zip(two, three) if a != b)
            if different:
                table += "%s\t%s\n" % (name, "; ".join(different))
    return table, silent


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--write", action="store_true")
    o = ap.parse_args()
    table, silent = table_of(o.server)
    if o.write:
        with open(TABLE, "w", encoding="utf-8") as f:
            f.write(table)
    with open(TABLE, encoding="utf-8") as f:
        there = set(f.read().splitlines())
    check("docs/replies.tsv is what the examples show (else: make replies reference)", there == set(table.splitlines()), there ^ set(table.splitlines()))
    check("and each shows a reply of its command, but those that can only fail", set(silent) == FAIL, set(silent) ^ FAIL)
    done()


if __name__ == "__main__":
    main()
