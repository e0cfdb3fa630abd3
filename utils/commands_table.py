#!/usr/bin/env python3
"""redis-compat/commands.tsv: every command of Redis 7.2 and of the newer ones that are promised, and whether it is the same here.

commands_table.py write --server PATH     makes the table anew
commands_table.py check --server PATH     fails when the table is not what would be written, or a command is absent without a reason

What Redis has comes from the reference server itself (COMMAND LIST of 7.0.15) and two lists below: what 7.2 added and what is newer.
same: the arity, flags and key positions are equal and nothing stands in differences.md; differs: something does; newer: the reference
does not know it; absent: not here, and why.
"""
import argparse, os, re, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(ROOT, "redis-compat", "commands.tsv")
sys.path.insert(0, os.path.join(ROOT, "redis-compat", "oracle"))
import examples, oracle  # noqa: E402

ADDED_IN_7_2 = "waitaof client|setinfo client|no-touch cluster|myshardid".split()
NEWER = """hexpire hpexpire hexpireat hpexpireat httl hpttl hexpiretime hpexpiretime hpersist hgetdel hgetex hsetex delex delifeq digest msetex
    increx sunioncard sdiffcard lmovem blmovem xdelex xackdel xcfgset xidmprecord xnack
    hotkeys hotkeys|get hotkeys|reset hotkeys|start hotkeys|stop""".split()
# Why a command may be absent.
REASONS = [
    (r"hotkeys.*", "its documentation gives the reply of GET in several forms, and no errors"),
]


def tree(v):
    kind, x = v
    if kind in (b"*", b"~"):
        return None if x is None else [tree(i) for i in x]
    return int(x) if kind == b":" else x.decode() if isinstance(x, bytes) else x


def ask(c, *args):
    c.send(*args)
    return tree(c.raw()[1])


def comparable(info):
    """COMMAND INFO without what is prose or order."""
    def strip(x):
        if not isinstance(x, list):
            return x
        out, skip = [], False
        for i in x:
            if skip:
                skip = False
            elif i == "notes":
                skip = True
            else:
                out.append(strip(i))
        return out
    name, arity, flags, first, last, step, categories, tips, keys, _ = info
    return [name, arity, sorted(flags), first, last, step, sorted(categories), sorted(tips), strip(keys)]


def known_differences(names):
    """{name: first column} of the rows of differences.md, by the rule that the reference has."""
    out = {}
    for line in open(os.path.join(ROOT, "redis-compat", "differences.md")):
        cells = [c.strip() for c in line.split("|")]
        if len(cells) > 4 and not cells[1].startswith(("what", "---")):
            for name in examples.named(cells[1], names):
                out.setdefault(name, cells[1])
    return out


def rows(server):
    with oracle.servers(oracle.launched("redis-server"), oracle.launched(server)) as (ref, ours):
        a, b = ref.conn(), ours.conn()
        theirs, here = set(ask(a, "COMMAND", "LIST")), set(ask(b, "COMMAND", "LIST"))
        names = theirs | here | set(ADDED_IN_7_2) | set(NEWER)
        differences = known_differences(names)
        for name in sorted(names):
            if name not in here:
                why = next((r for pattern, r in REASONS if re.fullmatch(pattern, name)), "")
                yield name, "absent", why
            elif name not in theirs:
                yield name, "newer", "7.2" if name in ADDED_IN_7_2 else "later than 7.2"
            else:
                x, y = (ask(c, "COMMAND", "INFO", name)[0] for c in (a, b))
                if name in differences:
                    yield name, "differs", differences[name]
                elif comparable(x) != comparable(y):
                    yield name, "differs", "COMMAND INFO"
                else:
                    yield name, "same", ""


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("what", choices=["write", "check"])
    ap.add_argument("--server", required=True)
    o = ap.parse_args()
    table = list(rows(o.server))
    text = "command\tstatus\tnote\n" + "".join("%s\t%s\t%s\n" % r for r in table)
    counts = {s: sum(r[1] == s for r in table) for s in ("same", "differs", "newer", "absent")}
    unexplained = [r[0] for r in table if r[1] == "absent" and not r[2]]
    if o.what == "write":
        open(TABLE, "w").write(text)
    elif open(TABLE).read() != text:
        old, new = set(open(TABLE).read().split("\n")), set(text.split("\n"))
        sys.exit("commands.tsv is out of date: %s; run utils/commands_table.py write" % sorted(old ^ new)[:8])
    if unexplained:
        sys.exit("absent without a reason: " + " ".join(unexplained))
    print(", ".join("%d %s" % (n, s) for s, n in counts.items()))


if __name__ == "__main__":
    main()
