#!/usr/bin/env python3
"""examples.py EXAMPLES OUT.s: what the reference shows of each command, as an assembler file that the server links.

A file of EXAMPLES is named as its command, with - between container and subcommand (xgroup-create.txt), and is a dialogue as redis-cli shows it;
tests/docs/pages.py runs it. It becomes a line of the table examples_data (struct example of server/examples.c): name, text, size.
"""
import os, sys

HEAD = """\
/* Made by utils/examples.py of %s. */
    .section .note.GNU-stack, "", %%progbits
    .section .rodata
"""
BODY = """\
examples_name_%(n)d: .asciz "%(name)s"
examples_text_%(n)d: .incbin "%(file)s"
"""
TABLE = """\
    .section .data.rel.ro, "aw"
    .balign 8
    .globl examples_data, examples_data_n
examples_data:
%s
    .section .rodata
    .balign 8
examples_data_n: .quad %d
"""


def main():
    folder, out = sys.argv[1:]
    text, table = HEAD % folder, []
    for n, file in enumerate(sorted(os.listdir(folder))):
        name, kind = os.path.splitext(file)
        if kind != ".txt":
            sys.exit("examples: %s: not a .txt" % file)
        file = os.path.join(folder, file)
        text += BODY % {"n": n, "name": name, "file": file}
        table.append("    .quad examples_name_%d, examples_text_%d, %d" % (n, n, os.path.getsize(file)))
    with open(out, "w") as f:
        f.write(text + TABLE % ("\n".join(table), len(table)))


if __name__ == "__main__":
    main()
