#!/usr/bin/env python3
"""The layers of src/LAYERS, checked.

layers.py check BUILD      includes, calls (from the object files in BUILD), circles between files (a header counts
                           with its .c), families that know each other, exported variables, names, headers that do
                           not compile alone
layers.py below MODULE BUILD   the object files of a module's layer and those below (for linking its tests)
layers.py selftest BUILD   plants one violation of each kind and sees that it is found
"""
import concurrent.futures, glob, os, re, shutil, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read_layers(src):
    layer, hosts = {}, {}
    for line in open(os.path.join(src, "LAYERS")):
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "host":
            hosts.setdefault(words[1], set()).add(words[2])
        else:
            layer[words[1]] = int(words[0])
    return layer, hosts


def sources(src):
    return sorted(os.path.relpath(p, src) for e in ("c", "h", "def") for p in glob.glob(src + "/**/*." + e, recursive=True))


def module(path):
    return path.split("/")[0]


def check_includes(src, layer, hosts, bad):
    for path in sources(src):
        if module(path) not in layer:
            bad.append("%s: the module is not in LAYERS" % path)
            continue
        for n, line in enumerate(open(os.path.join(src, path)), 1):
            m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not m:
                continue
            quoted, name = m.group(1) == '"', m.group(2)
            if not quoted:
                if name in hosts and path not in hosts[name]:
                    bad.append("%s:%d: <%s> belongs to %s only" % (path, n, name, ", ".join(sorted(hosts[name]))))
                continue
            if not os.path.exists(os.path.join(src, name)):
                bad.append("%s:%d: no such header: %s" % (path, n, name))
                continue
            mine, theirs = layer[module(path)], layer.get(module(name))
            if theirs is None or (module(name) != module(path) and theirs >= mine):
                bad.append("%s:%d: upward or sideways include of %s" % (path, n, name))


def symbols(build, src):
    """file -> (defined: name -> kind, undefined names)"""
    paths = {os.path.join(build, path[:-2] + ".o"): path for path in sources(src) if path.endswith(".c")}
    out = {path: ({}, set()) for path in paths.values()}
    nm = "gcc-nm" if shutil.which("gcc-nm") else "nm"
    text = subprocess.run([nm, "-A", *paths], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        obj, line = line.split(":", 1)
        words, (defined, undefined) = line.split(), out[paths[obj]]
        if len(words) == 2 and words[0] in "UuwW":
            undefined.add(words[1])
        elif len(words) == 3:
            defined[words[2]] = words[1]
    return out


def check_calls(table, layer, bad):
    owner = {}
    for path, (defined, _) in table.items():
        for name, kind in defined.items():
            if kind.isupper():
                owner[name] = path
    graph = {}
    for path, (_, undefined) in table.items():
        for name in undefined:
            target = owner.get(name)
            if not target or target == path:
                continue
            graph.setdefault(path, set()).add(target)
            if module(target) != module(path) and layer[module(target)] >= layer[module(path)]:
                bad.append("%s: upward or sideways call of %s in %s" % (path, name, target))
    state = {}

    def visit(node, trail):
        state[node] = 1
        for nxt in sorted(graph.get(node, ())):
            if state.get(nxt) == 1:
                bad.append("circle: " + " -> ".join(trail[trail.index(nxt):] + [nxt]))
            elif nxt not in state:
                visit(nxt, trail + [nxt])
        state[node] = 2

    for node in sorted(graph):
        if node not in state:
            visit(node, [node])


def check_pairs(table, src, bad):
    """Inside a module too there is an order: x.c and x.h are one place, arrows between places are includes and calls,
    and no way leads back. Folders inside a module are families, which know the module's own files but not each other."""
    def place(path):
        return os.path.splitext(path)[0]

    owner = {name: path for path, (defined, _) in table.items() for name, kind in defined.items() if kind.isupper()}
    arrows = {}
    for path in sources(src):
        if path.endswith(".def"):
            continue
        for n, line in enumerate(open(os.path.join(src, path)), 1):
            m = re.match(r'\s*#\s*include\s*"([^"]+\.h)"', line)
            if not m or not os.path.exists(os.path.join(src, m.group(1))):
                continue
            other = m.group(1)
            if place(other) != place(path):
                arrows.setdefault(place(path), set()).add(place(other))
            mine, theirs = path.split("/")[:-1], other.split("/")[:-1]
            if mine[0] == theirs[0] and len(mine) > 1 and len(theirs) > 1 and mine != theirs:
                bad.append("%s:%d: the family %s knows the family %s" % (path, n, "/".join(mine), "/".join(theirs)))
    for path, (_, undefined) in table.items():
        for name in undefined:
            target = owner.get(name)
            if target and place(target) != place(path):
                arrows.setdefault(place(path), set()).add(place(target))
    for knot in knots(arrows):
        bad.append("circle of pairs: " + " ".join(sorted(knot)))


def knots(arrows):
    """Groups of two and more nodes that all reach each other (Tarjan 1972)."""
    order, low, stack, out = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in sorted(arrows.get(node, ())):
            if other not in order:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == order[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                out.append(stack[at:])
            del stack[at:]

    sys.setrecursionlimit(10000)
    for node in sorted(arrows):
        if node not in order:
            visit(node)
    return out


def check_names(table, src, bad):
    for path, (defined, _) in table.items():
        stem = os.path.splitext(os.path.basename(path))[0]
        text = open(os.path.join(src, path)).read()
        for name, kind in defined.items():
            if not kind.isupper() or name == "main":
                continue
            constant = module(path) == "commands" and name.endswith("_command")
            if kind in "BCDGS" or (kind == "V"):
                # Constants with pointers inside are in a section that is read-only after relocation.
                if not re.search(r"^(?:extern )?const [^=;(]*\b%s\b" % re.escape(name), text, re.M):
                    bad.append("%s: exported variable %s" % (path, name))
            if constant:
                continue
            if name != stem and not name.startswith(stem + "_"):
                bad.append("%s: %s does not begin with its file's name" % (path, name))


def check_headers(src, bad):
    def compile_alone(path):
        return subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-I", src, "-isystem", "/usr/include/lua5.1", "-Wall", "-Wextra", "-Wno-unused-function", "-fsyntax-only",
                               "-x", "c", "-"], input='#include "%s"\nextern int a_declaration;\n' % path, capture_output=True, text=True)

    headers = [path for path in sources(src) if path.endswith(".h")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, r in zip(headers, pool.map(compile_alone, headers)):
            if r.returncode:
                bad.append("%s does not compile alone: %s" % (path, r.stderr.splitlines()[0] if r.stderr else "?"))


def check(src, build, headers=True):
    bad = []
    layer, hosts = read_layers(src)
    check_includes(src, layer, hosts, bad)
    table = symbols(build, src)
    check_calls(table, layer, bad)
    check_pairs(table, src, bad)
    check_names(table, src, bad)
    if headers:
        check_headers(src, bad)
    return bad


def below(name, build):
    src = os.path.join(ROOT, "src")
    layer, _ = read_layers(src)
    name = name.strip("/")
    out = []
    for path in sources(src):
        m = module(path)
        if path.endswith(".c") and path != "server/main.c" and (m == name or layer[m] < layer[name]):
            out.append(os.path.join(build, path[:-2] + ".o"))
    print(" ".join(out))


PLANTED = [
    ("upward include", "base/mem.c", '#include "store/db.h"\n', "upward or sideways include"),
    ("upward call", "base/mem.c", "void db_put_back(void *a, int b);\nvoid mem_planted(void);\nvoid mem_planted(void) { db_put_back(0, 0); }\n",
     "upward or sideways call"),
    ("circle", "base/bytes.c", "long num_planted(void);\nlong bytes_planted(void);\nlong bytes_planted(void) { return num_planted(); }\n", "circle"),
    ("circle through a header", "type/string.h", '#include "type/value.h"\n', "circle of pairs"),
    ("family that knows another", "type/stream/stream_id.h", '#include "type/other/planted.h"\n', "knows the family"),
    ("exported variable", "base/mem.c", "int mem_planted_variable = 1;\n", "exported variable"),
    ("foreign name", "base/mem.c", "void planted(void);\nvoid planted(void) {}\n", "does not begin with"),
    ("foreign header", "base/mem.c", "#include <ev.h>\n", "belongs to"),
    ("header not alone", "base/glob.h", None, "does not compile alone"),
]


def selftest(objects):
    failed = 0
    for what, path, text, expected in PLANTED:
        with tempfile.TemporaryDirectory() as tmp:
            src = os.path.join(tmp, "src")
            os.makedirs(os.path.join(src, "base"))
            os.makedirs(os.path.join(src, "store"))
            for f in sources(os.path.join(ROOT, "src")):
                if module(f) in ("base", "store", "ds", "type"):
                    os.makedirs(os.path.dirname(os.path.join(src, f)), exist_ok=True)
                    shutil.copy(os.path.join(ROOT, "src", f), os.path.join(src, f))
            shutil.copy(os.path.join(ROOT, "src", "LAYERS"), src)
            target = os.path.join(src, path)
            if what.startswith("family"):
                os.makedirs(os.path.join(src, "type/other"))
                open(os.path.join(src, "type/other/planted.h"), "w").close()
            if text is None:
                body = open(target).read().replace('#include "base/bytes.h"\n', "")
                open(target, "w").write(body)
            else:
                open(target, "a").write(text)
            if what == "circle":
                open(os.path.join(src, "base/num.c"), "a").write(
                    "long num_planted(void);\nbool bytes_is(struct bytes a, const char *w);\nlong num_planted(void) { return bytes_is((struct bytes){0}, \"\"); }\n")
            build = os.path.join(tmp, "build")
            for f in sources(src):
                if f.endswith(".c"):
                    o = os.path.join(build, f[:-2] + ".o")
                    os.makedirs(os.path.dirname(o), exist_ok=True)
                    ready = os.path.join(objects, f[:-2] + ".o")
                    if os.path.exists(ready) and f != path and not (what == "circle" and f == "base/num.c"):
                        shutil.copy(ready, o)
                    else:
                        subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-I", src, "-isystem", "/usr/include/lua5.1", "-w", "-c", os.path.join(src, f), "-o", o], capture_output=True)
                        if not os.path.exists(o):
                            shutil.copy(ready, o)
            found = [b for b in check(src, build, headers=text is None) if expected in b]
            if not found:
                failed += 1
                print("layers: a planted %s is not found" % what)
    if failed:
        sys.exit(1)
    print("layers: all %d planted violations are found" % len(PLANTED))


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "check":
        bad = check(os.path.join(ROOT, "src"), sys.argv[2])
        for b in bad:
            print(b)
        if bad:
            sys.exit("layers: %d violations" % len(bad))
        print("layers: no upward include, no upward call, no circle, no exported variable")
    elif len(sys.argv) == 4 and sys.argv[1] == "below":
        below(sys.argv[2], sys.argv[3])
    elif len(sys.argv) == 3 and sys.argv[1] == "selftest":
        selftest(sys.argv[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
