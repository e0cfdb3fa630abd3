#!/usr/bin/env python3
"""examples.py EXAMPLES REPLIES COMPAT OUT.s: what the reference shows beside a command's constant, as an assembler file that the server links.

A file of EXAMPLES is named as its command, with - between container and subcommand (xgroup-create.txt), and is a dialogue as redis-cli shows it;
tests/docs/pages.py runs it. It becomes a line of the table examples_data (struct example of server/examples.c): name, text, size. Name and text are
offsets from examples_base: pointers would be larger, and need relocations, which are larger still.

A line of the table REPLIES (tests/docs/replies.py) becomes one of replies_data, named as an example.

A row of COMPAT/differences.md belongs to each command that its first cell names in capitals; a word that is an option there stands in backticks. It
becomes a line of differences_data for each: name as in COMPAT/commands.tsv, row, size.
"""
import os, re, sys

HEAD = """\
/* Made by utils/examples.py of %s. */
    .section .note.GNU-stack, "", %%progbits
    .section .rodata
    .globl examples_base
examples_base:
"""
TABLE = """\
    .globl %(table)s, %(table)s_n
    .balign 8
%(table)s_n: .quad %(n)d
%(table)s:
%(lines)s
"""
NAME = re.compile(r"(?<![\w-])(?<![A-Z] )([A-Z][A-Z0-9_-]+)(?: ([A-Z][A-Z0-9-]+))?(?![\w`-])")


def table_of(name, entries, place):
    """entries: (name, file, offset, size); the same place of a file is there once."""
    text, lines = "", []
    for n, (key, file, offset, size) in enumerate(entries):
        if (file, offset) not in place:
            place[file, offset] = "%s_text_%d" % (name, n)
            text += '%s: .incbin "%s", %d, %d\n' % (place[file, offset], file, offset, size)
        text += '%s_name_%d: .asciz "%s"\n' % (name, n, key)
        lines.append("    .long %s_name_%d - examples_base, %s - examples_base, %d" % (name, n, place[file, offset], size))
    return text + TABLE % {"table": name, "lines": "\n".join(lines), "n": len(lines)}


def examples(folder):
    for file in sorted(os.listdir(folder)):
        name, kind = os.path.splitext(file)
        if kind != ".txt":
            sys.exit("examples: %s: not a .txt" % file)
        file = os.path.join(folder, file)
        yield name, file, 0, os.path.getsize(file)


def replies(file):
    offset = 0
    with open(file, "rb") as f:
        for line in f:
            name, text = line.rstrip(b"\n").split(b"\t")
            yield name.decode(), file, offset + len(name) + 1, len(text)
            offset += len(line)


def named(cell, known):
    """The commands that it names, each once, in the order in which it does."""
    found = {}
    for first, second in (m.groups() for m in NAME.finditer(cell)):
        names = [("%s|%s" % (first, second)).lower(), first.lower()]
        found.update((n, None) for n in [n for n in names if n in known][:1])
    return list(found)


def differences(folder):
    with open(os.path.join(folder, "commands.tsv"), encoding="utf-8") as f:
        known = {line.split("\t")[0] for line in f}
    file, offset = os.path.join(folder, "differences.md"), 0
    with open(file, "rb") as f:
        for row in f:
            if row.startswith(b"| "):
                cell = re.split(r"(?<!\\)\|", row.decode())[1]
                for name in named(cell, known):
                    yield name, file, offset, len(row)
            offset += len(row)


def main():
    folder, table, compat, out = sys.argv[1:]
    with open(out, "w", encoding="utf-8") as f:
        f.write(HEAD % ", ".join((folder, table, compat)) + table_of("examples_data", examples(folder), {}) + table_of("replies_data", replies(table), {})
                + table_of("differences_data", differences(compat), {}))


if __name__ == "__main__":
    main()
