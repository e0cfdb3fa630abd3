#!/usr/bin/env python3
"""The rules of the house that a machine can check, beyond src/LAYERS.

house.py check       every rule; prints what breaks one
house.py figures     sizes of files and functions, comments, assertions, by module
house.py selftest    breaks every rule in a copy of the texts and sees that it is found

A rule is a function below with its reason; it yields "file:line: what is wrong". CONTRIBUTING.md says the
same in words.
"""
import glob, os, re, statistics, sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

MOST_LINES = 600         # of a .c file
MODEL_FROM = 250         # lines from which on a .c file opens with its model
MODEL_LINES = 6          # of that comment, at least
MOST_BOOLS = 6           # of one struct in persist/ and server/: more is a state that wants an enum
ASSERTS_PER_1000 = 10.0  # lines, in the modules whose headers promise invariants
COMMENT_SHARE = 0.055    # of the lines of all .c files
MOST_COMMANDS = 6        # in a file that bears the name of one of them, or of their family
PROVEN = ("engine", "acl", "script", "persist", "store", "ds", "type")
ASSERTED = ("engine", "persist", "type", "store", "ds")


class Tree:
    def __init__(self, root):
        self.root, self.texts = root, {}
        for top in ("src", "tests", "redis-compat", "utils"):
            for ext in ("c", "h", "def", "py", "js", "html", "css", "svg"):
                for path in glob.glob(os.path.join(root, top, "**", "*." + ext), recursive=True):
                    self.texts[os.path.relpath(path, root)] = open(path, errors="replace").read()

    def files(self, prefix, ext=".c"):
        return [(p, t) for p, t in sorted(self.texts.items()) if p.startswith(prefix) and p.endswith(ext)]

    def hits(self, prefix, pattern, ext=(".c", ".h")):
        for path, text in sorted(self.texts.items()):
            if path.startswith(prefix) and path.endswith(ext):
                for m in re.finditer(pattern, text, re.M):
                    yield path, text.count("\n", 0, m.start()) + 1, m


def code_only(text):
    """The same lines without comments and the insides of strings."""
    def blank(m):
        s = m.group(0)
        return s if s[0] in "\"'" and len(s) <= 3 else re.sub(r"[^\n]", " ", s)
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'", blank, text, flags=re.S)


def comment_lines(text):
    return sum(m.group(0).count("\n") + 1 for m in re.finditer(r"/\*.*?\*/", text, re.S))


def functions(text):
    """(name, first line, lines) of each function: it begins in column 1 and ends with a brace there."""
    lines = code_only(text).split("\n")
    start = None
    for n, line in enumerate(lines):
        if line == "{" and start is None:
            start = n
        elif line == "}" and start is not None:
            head = start
            while head > 0 and lines[head - 1].strip() and not lines[head - 1].startswith(("}", "#")):
                head -= 1
            m = re.search(r"(\w+)\s*\(", " ".join(lines[head:start]))
            if m:
                yield m.group(1), head + 1, n - head + 1
            start = None


# ---- Rules


def file_sizes(t):
    """A file that is longer holds two concepts."""
    for path, text in t.files("src/"):
        if text.count("\n") > MOST_LINES:
            yield "%s: %d lines, at most %d" % (path, text.count("\n"), MOST_LINES)


def models(t):
    """Who opens a large file learns first which states there are, what the usual way is and what can fail."""
    for path, text in t.files("src/"):
        if text.count("\n") > MODEL_FROM:
            m = re.match(r"/\*.*?\*/", text, re.S)
            if not m or m.group(0).count("\n") + 1 < MODEL_LINES:
                yield "%s: %d lines without a model at its top" % (path, text.count("\n"))


def comments(t):
    """Headers promise; .c files explain. Constants of commands, which describe themselves, count as neither."""
    texts = [re.sub(r"^const struct command \w+ = \{.*?^\};\n", "", x, flags=re.S | re.M) for _, x in t.files("src/")]
    lines, said = sum(x.count("\n") for x in texts), sum(map(comment_lines, texts))
    if said < COMMENT_SHARE * lines:
        yield "src: %.1f %% of the lines of .c files are comments, at least %.1f" % (100 * said / lines, 100 * COMMENT_SHARE)


def tables(t):
    """clang-format joins the rows of a table in a comment when one of them is too long: then a line at the margin follows a row."""
    for path, text in t.files("src/") + t.files("src/", ".h") + t.files("tests/") + t.files("tests/", ".h"):
        for m in re.finditer(r"^ \*   +\S.*\n \* \S.*", text, re.M):
            yield "%s:%d: a row of a table runs into the text behind it" % (path, text.count("\n", 0, m.start()) + 1)


def assertions(t):
    """Invariants that headers claim are code."""
    for module in ASSERTED:
        files = t.files("src/%s/" % module) + t.files("src/%s/" % module, ".h")
        lines = sum(x.count("\n") for _, x in files if x)
        n = sum(len(re.findall(r"\bASSERT\(|\bUNREACHABLE\(", code_only(x))) for _, x in files)
        if lines and n < ASSERTS_PER_1000 * lines / 1000:
            yield "src/%s: %d assertions in %d lines, at least %.0f in 1,000" % (module, n, lines, ASSERTS_PER_1000)


def bools(t):
    """A mode that is told by many booleans has combinations that mean nothing."""
    for folder in ("src/persist/", "src/server/"):
        for path, text in t.files(folder) + t.files(folder, ".h"):
            code = code_only(text)
            for m in re.finditer(r"^struct (\w+) \{(.*?)^\}", code, re.S | re.M):
                n = sum(line.count(",") + 1 for line in re.findall(r"^\s*bool ([^;(]*);", m.group(2), re.M))
                if n > MOST_BOOLS:
                    yield "%s:%d: struct %s has %d bools, at most %d" % (path, code.count("\n", 0, m.start()) + 1, m.group(1), n, MOST_BOOLS)


def counted_changes(t):
    """store/ counts changes; whoever changes data says db_changed() or one of its kin."""
    for path, line, _ in t.hits("src/", r"\bstore->dirty\s*(\+\+|[-+]?=[^=])"):
        if not path.startswith("src/store/"):
            yield "%s:%d: changes are counted in store/ only" % (path, line)


def one_history(t):
    """The replication id belongs to the journal; who writes it into a file has it from there."""
    for path, line, m in t.hits("src/", r"^\s+char (\w*replication_id|id)\[4[01]\]", ".h"):
        if path not in ("src/persist/journal.h", "src/persist/rdb_read.h") and not path.startswith("src/persist/aof"):
            yield "%s:%d: a copy of the replication id" % (path, line)


def metrics(t):
    """INFO prints tables of metrics, so that every number is named once."""
    for path, text in t.files("src/"):
        if path == "src/base/metric.c":
            continue
        for m in re.finditer(r"buf_printf\([^;]*?;", text, re.S):
            if re.search(r'"[a-z_]+:%[^"]*\\r\\n', m.group(0)):
                yield "%s:%d: a number of INFO outside the tables of metrics" % (path, text.count("\n", 0, m.start()) + 1)


def commands(t):
    """`ls` tells where a command is."""
    names = re.findall(r"^COMMAND\((\w+)\)", t.texts.get("src/commands/index.def", ""), re.M)
    home = {}
    for path, text in t.files("src/commands/"):
        for m in re.finditer(r"^const struct command (\w+)_command\b", text, re.M):
            if m.group(1) in names:
                home.setdefault(path, []).append(m.group(1))
    for path, found in sorted(home.items()):
        stem, family = os.path.splitext(os.path.basename(path))[0], path.split("/")[-2]
        if all(c.startswith(stem) for c in found):
            continue
        if len(found) > MOST_COMMANDS or not (stem in found or stem == family or any(c.startswith(stem) for c in found)):
            yield "%s: %s would not be looked for there" % (path, ", ".join(found))


def tests_beside(t):
    """A source has its test."""
    for module in PROVEN:
        for path, _ in t.files("src/%s/" % module):
            stem = os.path.splitext(os.path.basename(path))[0]
            if "tests/unit/%s/%s_test.c" % (module, stem) not in t.texts:
                yield "%s: no tests/unit/%s/%s_test.c" % (path, module, stem)


def setters(t):
    """A stream is changed by its type, so that the type can say what changed."""
    for path, line, m in t.hits("src/commands/", r"->(last_id|max_deleted|added|entries_read)\s*=[^=]"):
        yield "%s:%d: the stream's field is set past its type" % (path, line)


def private_server(t):
    """struct server is the wiring; files below are handed what they need."""
    for path, line, _ in t.hits("src/", r'^\s*#\s*include "server/server.h"'):
        if path not in ("src/server/server.c", "src/server/main.c"):
            yield "%s:%d: server/server.h is for main.c" % (path, line)


def hidden_state(t):
    """Values have no state of their own beside them: two engines could live in one process."""
    for module in ("type", "ds", "store"):
        for path, text in t.files("src/%s/" % module):
            for n, line in enumerate(code_only(text).split("\n"), 1):
                if re.match(r"\s*static (?!inline|_Noreturn)[^()]*(;|=|\{)\s*[^()]*$", line) and "const" not in line:
                    yield "%s:%d: hidden state" % (path, n)


def names_in_code(t):
    """What the engine knows of a command is a flag of its constant."""
    for module in ("engine", "acl", "command", "script"):
        for path, line, _ in t.hits("src/%s/" % module, r"bytes_is\([^;]*(command|meta|base|cmd|parent)(\w*)->name\b"):
            yield "%s:%d: a command is known by its name" % (path, line)


def formats(t):
    """Opcodes and types of a file have names (persist/rdb_format.h)."""
    for path, line, _ in t.hits("src/persist/rdb_", r"\b0xf[0-9a-f]\b", ".c"):
        if not path.startswith("src/persist/rdb_format"):
            yield "%s:%d: an opcode without a name" % (path, line)


def one_launcher(t):
    """Tests in Python share one RESP client and one server launcher."""
    seen = {}
    for path, line, m in t.hits("", r"^class (Conn|Connection|Client|Server)\b", ".py"):
        if m.group(1) in seen:
            yield "%s:%d: class %s, as in %s" % (path, line, m.group(1), seen[m.group(1)])
        seen.setdefault(m.group(1), path)


# What would make code or markup of data in the console, or a style that its policy refuses.
MARKUP = r"\b(innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|srcdoc=|document\.write|DOMParser)\b|\beval\(|new Function\b|javascript:"
ATTRIBUTES = r"<[^>]*\s(on\w+|style)\s*=|<script(?![^>]*\ssrc=)"
ELSEWHERE = r"(src|href|url\(|from|import\(?)\s*=?\s*[\"'`(]\s*(https?:)?//"


def text_only(t):
    """What comes from data reaches the console's pages as text (G7), and nothing of them comes from elsewhere (A4)."""
    for path, line, m in t.hits("src/admin/pages/", MARKUP + "|" + ATTRIBUTES + "|" + ELSEWHERE, (".js", ".html", ".css")):
        yield "%s:%d: %s has no place in the console" % (path, line, m.group(0).strip())


RULES = [file_sizes, models, comments, tables, assertions, bools, counted_changes, one_history, metrics, commands, tests_beside, setters, private_server,
         hidden_state, names_in_code, formats, one_launcher, text_only]

# What breaks each rule: (file, text behind it) or (file, text instead of it).
PLANTED = {
    "file_sizes": ("src/base/mem.c", "\n" * 700),
    "models": ("src/base/planted.c", "#include <stdio.h>\n" + "int x;\n" * 300),
    "comments": ("src/base/planted.c", "int x;\n" * 30000),
    "tables": ("src/base/planted.c", "/* States:\n *\n *   open    until it is full, and what\n * follows. sealed  for good */\n"),
    "assertions": ("src/store/planted.c", "int x;\n" * 30000),
    "bools": ("src/server/planted.h", "struct planted {\n    bool a, b, c, d;\n    bool e;\n    bool f, g;\n};\n"),
    "counted_changes": ("src/engine/call.c", "void f(void)\n{\n    store->dirty++;\n}\n"),
    "one_history": ("src/server/planted.h", "struct planted {\n    char replication_id[41];\n};\n"),
    "metrics": ("src/server/planted.c", 'void f(void)\n{\n    buf_printf(b, "planted:%llu\\r\\n", x);\n}\n'),
    "commands": ("src/commands/list/planted.c", "const struct command get_command = {\n"),
    "tests_beside": ("src/acl/planted.c", "int x;\n"),
    "setters": ("src/commands/stream/planted.c", "void f(void)\n{\n    g->last_id = id;\n}\n"),
    "private_server": ("src/server/planted.c", '#include "server/server.h"\n'),
    "hidden_state": ("src/type/planted.c", "static int planted;\n"),
    "names_in_code": ("src/engine/planted.c", 'bool f(void)\n{\n    return bytes_is(x, call->command->name);\n}\n'),
    "formats": ("src/persist/rdb_read.c", "int planted = 0xfc;\n"),
    "text_only": ("src/admin/pages/planted.js", "box.inner" + "HTML = name;\n"),
    "one_launcher": ("tests/planted.py", "class Server:\n    pass\n\n\nclass Server:\n    pass\n"),
}


def check(tree):
    return {rule.__name__: list(rule(tree)) for rule in RULES}


def figures(t):
    print("%-10s %6s %6s %9s %8s %8s" % ("module", "files", "lines", "comments", "asserts", "longest"))
    sizes = []
    for module in sorted({p.split("/")[1] for p, _ in t.files("src/")}):
        files = t.files("src/%s/" % module)
        lines = sum(x.count("\n") for _, x in files)
        mine = [f for _, x in files for f in functions(x)]
        sizes += [n for _, _, n in mine]
        asserts = sum(len(re.findall(r"\bASSERT\(|\bUNREACHABLE\(", code_only(x))) for _, x in files + t.files("src/%s/" % module, ".h"))
        print("%-10s %6d %6d %7.1f %% %8d %8d" % (module, len(files), lines, 100 * sum(comment_lines(x) for _, x in files) / max(lines, 1), asserts,
                                                  max([x.count("\n") for _, x in files] or [0])))
    sizes.sort()
    print("functions: %d, median %d, p90 %d, p99 %d, longest %d, above 60 lines %d" % (
        len(sizes), statistics.median(sizes), sizes[len(sizes) * 90 // 100], sizes[len(sizes) * 99 // 100], sizes[-1], sum(n > 60 for n in sizes)))
    for path, text in t.files("src/"):
        for name, line, n in functions(text):
            if n > 60:
                print("    %s:%d: %s() has %d lines" % (path, line, name, n))
    names = re.findall(r"^COMMAND\((\w+)\)", t.texts["src/commands/index.def"], re.M)
    own = sum(any(os.path.basename(p) == "%s.c" % c for p, _ in t.files("src/commands/")) for c in names)
    print("commands: %d, in a file of their own name %d" % (len(names), own))


def selftest():
    failed = 0
    for rule in RULES:
        path, text = PLANTED[rule.__name__]
        t = Tree(ROOT)
        before = len(list(rule(t)))
        t.texts[path] = t.texts.get(path, "") + text
        if len(list(rule(t))) <= before and not (before and rule in (comments, assertions)):
            failed += 1
            print("house: what breaks %s is not found" % rule.__name__)
    if failed:
        sys.exit(1)
    print("house: what breaks each of the %d rules is found" % len(RULES))


def main():
    what = sys.argv[1:] or [""]
    if what == ["check"]:
        bad = check(Tree(ROOT))
        for rule, lines in bad.items():
            for line in lines:
                print("%s [%s]" % (line, rule))
        n = sum(map(len, bad.values()))
        if n:
            sys.exit("house: %d violations" % n)
        print("house: %d rules hold" % len(RULES))
    elif what == ["figures"]:
        figures(Tree(ROOT))
    elif what == ["selftest"]:
        selftest()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
