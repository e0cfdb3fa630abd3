#!/usr/bin/env python3
"""assets.py PAGES OUT.s: the console's files, compressed, as an assembler file that the server links.

Each file of PAGES becomes a struct str (base/str.h) with its bytes behind it, so that answers refer to it
without copying, and a line of the table assets_data (struct asset of admin/assets.c): path, type, SHA-256 of
the file, string. gzip -9 without a time stamp: equal pages are equal bytes. Prints the sizes; fails above the budgets.
"""
import gzip, hashlib, os, sys

BUDGET = 250_000  # bytes of all files, compressed
SCRIPT = 350_000  # bytes of all modules, as they are read
TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
         "svg": "image/svg+xml"}

HEAD = """\
/* Made by utils/assets.py of %s. */
    .section .note.GNU-stack, "", %%progbits
"""
BODY = """\
    .data
    .balign 8
assets_str_%(n)d:
    .long 1, 0 /* refs: its own, so that nobody frees it; is_message */
    .quad %(size)d
    .incbin "%(file)s"
    .section .rodata
assets_path_%(n)d: .asciz "%(path)s"
assets_type_%(n)d: .asciz "%(type)s"
assets_tag_%(n)d: .asciz "%(tag)s"
"""
TABLE = """\
    .section .data.rel.ro, "aw"
    .balign 8
    .globl assets_data, assets_data_n
assets_data:
%s
    .section .rodata
    .balign 8
assets_data_n: .quad %d
"""


def main():
    pages, out = sys.argv[1:]
    made = os.path.splitext(out)[0]
    os.makedirs(made, exist_ok=True)
    text, table, whole, total, script = HEAD % pages, [], 0, 0, 0
    names = sorted(os.listdir(pages))
    for n, name in enumerate(names):
        kind = name.rsplit(".", 1)[-1]
        if kind not in TYPES:
            sys.exit("assets: %s: of no known type" % name)
        plain = open(os.path.join(pages, name), "rb").read()
        packed = gzip.compress(plain, 9, mtime=0)
        whole, total, script = whole + len(plain), total + len(packed), script + (len(plain) if kind == "js" else 0)
        file = os.path.join(made, name + ".gz")
        with open(file, "wb") as f:
            f.write(packed)
        text += BODY % {"n": n, "size": len(packed), "file": file, "path": "/" if name == "index.html" else "/" + name,
                        "type": TYPES[kind], "tag": hashlib.sha256(plain).hexdigest()}
        table.append("    .quad assets_path_%d, assets_type_%d, assets_tag_%d, assets_str_%d" % (n, n, n, n))
    print("  ASSETS %d files, %.1f kB, compressed %.1f of %d kB" % (len(names), whole / 1000, total / 1000, BUDGET / 1000))
    if total > BUDGET:
        sys.exit("assets: %d bytes compressed are more than the budget of %d" % (total, BUDGET))
    if script > SCRIPT:
        sys.exit("assets: %d bytes of script are more than the budget of %d" % (script, SCRIPT))
    with open(out, "w") as f:
        f.write(text + TABLE % ("\n".join(table), len(names)))


if __name__ == "__main__":
    main()
