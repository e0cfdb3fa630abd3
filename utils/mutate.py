#!/usr/bin/env python3
"""Breaks the source in small ways, one at a time, and sees whether the tests notice.

mutate.py [--seed S] [--count N] [--modules a,b] [--jobs N] [--dir DIR] [--least PERCENT] [--units]

A mutant is one changed place of src/: a comparison flipped (< and <=, > and >=, == and !=, && and ||), a
condition negated, a call whose result nobody uses dropped, a constant off by one, true for false. The sample is
drawn by the seed, evenly over the lines of the modules. What does not compile is not a mutant and another is drawn.

The judges, until one fails: the unit test named as the file, those of its module; a short run of the oracle
(dialogues, random commands, rights for acl); a quick run of the crash test; the parts of tests/run.py that concern
the module; the other unit tests. --units: the unit tests alone, to look for gaps.

All sources are built once, without link-time optimisation, as a shared library. A mutant is one object file that
is linked before the library, so that its functions stand in the place of the library's.

Prints who survived, as the line before and after; ends with exit 1 when fewer than --least percent are caught.
A mutant that changes nothing that can be seen (a slower way to the same) survives rightly: docs/bench/mutants.md
keeps the list with reasons.
"""
import argparse, os, queue, random, re, shutil, signal, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODULES = "engine,persist,store,type/stream,acl"
OPT = "-O1 -g0 -DMILLRACE_JEMALLOC -DMILLRACE_FAULTS -fPIC"
# Parts of tests/run.py, by their labels: what `make test` runs besides the judges below.
PARTS = {
    "engine": ["integration/(connection|pubsub|server)", "several connections", "order of arrival", "counted changes", "accesses"],
    "persist": ["integration/persist", "power cuts, preload, always", "round trip", "files (of|to)", "hostile payloads", "saving in the middle"],
    "store": ["integration/(key|server)", "choices and scans", "counted changes", "accesses"],
    "type/stream": ["integration/stream", "round trip", "counted changes"],
    "acl": ["integration/acl", "configuration", "redis-py"],
}
FLIPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&"}


def blanked(text):
    """The same length, with spaces for comments, strings and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)
    return re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.M)


def without_silent_calls(code):
    """The same length, with spaces for what no test can see, or tests alone: asserts and the invariants they check
    (x_is_sound, y_are_sound), log lines, prefetches, hints to the compiler, what only sanitized builds do
    (store/changes.h), va_end(), and the size of a block that is asked for where it could only be larger."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    code = re.sub(r"^\w[^;{}\n]*_(?:is|are)_sound\([^;{}]*\)\n\{.*?^\}", blank, code, flags=re.M | re.S)
    code = re.sub(r", 0\)", lambda m: ",  )" if "__builtin_expect(" in code[code.rfind("\n", 0, m.start()):m.start()] else m.group(0), code)
    code = re.sub(r"(mem_(?:re|z)?alloc\((?:\w[\w>.-]*, )?\([^;()]*\+ )1(?=\) \* sizeof)", r"\1 ", code)
    out, at = code, 0
    for m in re.finditer(r"\b(?:ASSERT\w*|_Static_assert|UNREACHABLE|log_\w+|\w*prefetch\w*|NOTE_READ|NOTE_WRITE|CHECK_CHANGE|FORGET_READS|db_command_(?:begins|ends)|va_end)\(", code):
        if m.start() < at:
            continue
        depth, end = 1, m.end()
        while depth and end < len(code):
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        out = out[:m.start()] + re.sub(r"[^\n]", " ", out[m.start():end]) + out[end:]
        at = end
    return out


def places(text):
    """(offset, old, new) of every mutant of a source."""
    code = without_silent_calls(blanked(text))
    # The smaller or larger of two: which of two equal ones does not matter.
    choices = [m.span() for m in re.finditer(r"([\w.>\[\]-]+) [<>]=? ([\w.>\[\]-]+) \? (?:\1 : \2|\2 : \1)(?=[;,)])", code)]
    for m in re.finditer(r"(?<![<>=!\-+&|])(<=|>=|==|!=|<|>|&&|\|\|)(?![<>=&|])", code):
        around = code[max(0, m.start() - 1):m.end() + 1]
        if m.group(1) in "<>" and around != " %s " % m.group(1):
            continue  # a header's name or an arrow
        if any(begin <= m.start() < end for begin, end in choices):
            continue
        yield m.start(), m.group(1), FLIPPED[m.group(1)]
    for m in re.finditer(r"\b(if|while) \((?=[^()]*(?:\([^()]*\)[^()]*)*\)\s*(?:\n|\{))", code):
        yield m.end(), "", "!("  # closed by mutate()
    for m in re.finditer(r"^[ \t]+(?!return\b|else\b|goto\b|case\b|ASSERT|UNREACHABLE|log_|[\w ]+\*?\w+ = )\w[\w.>\-\[\]]*\([^;{}]*\);$", code, re.M):
        if not re.match(r"\s*(if|while|for|switch|sizeof)\b", m.group(0)):
            yield m.start(), text[m.start():m.end()], ";"  # may be all that an if does
    for m in re.finditer(r"(?<=[+\-] )1\b(?![.\w])", code):
        yield m.start(), "1", "2"
    for m in re.finditer(r"(?<![\w.\[])0(?=[;,)])", code):
        yield m.start(), "0", "1"
    for m in re.finditer(r"\b(true|false)\b", code):
        yield m.start(), m.group(1), {"true": "false", "false": "true"}[m.group(1)]
    for m in re.finditer(r"\+\+;|--;| \+= [^;]+;| -= [^;]+;", code):
        yield m.start(), text[m.start():m.end()], {"+": " -= 0;", "-": " += 0;"}[m.group(0).strip()[0]] if m.group(0)[0] == " " else ";"


def mutate(text, at, old, new):
    if new == "!(":
        depth, end = 1, at
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        return text[:at] + "!(" + text[at:end - 1] + ")" + text[end - 1:]
    return text[:at] + new + text[at + len(old):]


def candidates(modules):
    out = []
    for module in modules:
        for base, _, names in os.walk(os.path.join(ROOT, "src", module)):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(base, name), ROOT)
                if name.endswith(".c"):
                    out += [(path, *p) for p in places(open(os.path.join(ROOT, path)).read())]
    return sorted(out)


class Worker:
    """A copy of the tree with a build of its own."""

    def __init__(self, directory):
        self.dir = directory
        if os.path.isdir(directory):
            subprocess.run(["git", "-C", directory, "fetch", "-q", "origin", "HEAD"], check=True)
            subprocess.run(["git", "-C", directory, "reset", "-q", "--hard", "FETCH_HEAD"], check=True)
        else:
            subprocess.run(["git", "clone", "-q", "--shared", ROOT, directory], check=True)
        for path in subprocess.run(["git", "-C", ROOT, "diff", "--name-only", "HEAD"], capture_output=True, text=True).stdout.split():
            if os.path.exists(os.path.join(ROOT, path)):
                shutil.copy(os.path.join(ROOT, path), os.path.join(directory, path))
        self.build = os.path.join(directory, "build/mutant")
        self.left_out = set()  # judges that fail without any mutant
        self.server = os.path.join(self.build, "millrace-server")
        self.cc = ["ccache", "gcc"] if shutil.which("ccache") else ["gcc"]
        self.make = ["make", "--no-print-directory", "-s", "-j2", "BUILD=build/mutant", "OPT=" + OPT, "LINK=-pie", "WARN=-w", "CC=" + " ".join(self.cc)]
        said = lambda name: subprocess.run([*self.make, "--eval", "say:;@echo $(%s)" % name, "say"], cwd=directory, capture_output=True, text=True).stdout.split()
        self.flags, self.libs, self.alloc, self.objects = said("CFLAGS"), said("LIBS"), said("ALLOC"), [*said("LIBOBJ"), *said("HTTPOBJ"), *said("FILES")]
        self.tests = sorted(os.path.relpath(os.path.join(base, n), os.path.join(directory, "tests/unit"))[:-2]
                            for base, _, names in os.walk(os.path.join(directory, "tests/unit")) for n in names if n.endswith("_test.c"))

    def run(self, command, limit):
        """None: good, else why not."""
        p = subprocess.Popen(command, cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                             stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            said = p.communicate(timeout=limit)[0]
            return None if p.returncode == 0 else said[-300:] or "exit %d" % p.returncode
        except subprocess.TimeoutExpired:
            return "ran longer than %d s" % limit
        finally:
            try:
                os.killpg(p.pid, signal.SIGKILL)  # what it started and left behind
            except ProcessLookupError:
                pass
            p.wait()

    def build_all(self):
        """The library and the unit tests; None or why not. Tests that fail are left out."""
        why = self.run([*self.make, *self.objects, "build/mutant/server/main.o"], 900)
        why = why or self.run(["gcc", "-shared", "-o", os.path.join(self.build, "libmillrace.so"), *self.objects, *self.libs, *self.alloc], 60)
        for t in self.tests:
            program = os.path.join(self.build, "unit", t)
            os.makedirs(os.path.dirname(program), exist_ok=True)
            why = why or self.run([*self.cc, *self.flags, "-Itests/support", "-c", "tests/unit/%s.c" % t, "-o", program + ".o"], 60)
            why = why or self.link(program, program + ".o")
            if not why and self.run([program], 180):
                self.leave_out(t)
        return why

    def leave_out(self, judge):
        self.left_out.add(judge)
        print("mutate: fails without any mutant and judges nothing: %s" % judge, flush=True)

    def compile(self, path):
        """The object file of a source that has changed, or None."""
        made = os.path.join(self.build, "mutant.o")
        return None if self.run(["gcc", *self.flags, "-c", path, "-o", made], 60) else made

    def link(self, to, *objects):
        """A program of these objects and, for what they lack, the library. Its own names come before the library's."""
        before = ["-Wl,--no-as-needed", *self.alloc, "-Wl,--as-needed"]  # the allocator comes before the C library's
        return self.run(["gcc", "-pie", "-rdynamic", "-o", to, *before, *objects, "-L" + self.build, "-Wl,-rpath," + self.build, "-lmillrace", *self.libs, "-fuse-ld=gold"], 60)

    def failing_test(self, tests, *mutant):
        program = os.path.join(self.build, "unit_test")
        for t in tests:
            if t in self.left_out:
                continue
            if self.link(program, os.path.join(self.build, "unit", t + ".o"), *mutant) or self.run([program], 180):
                return t
        return None

    def order_of_tests(self, path):
        """Those named as the source, those of its module, the others."""
        module, name = path.split("/")[1], os.path.basename(path)[:-2]
        near = [t for t in self.tests if t == "%s/%s_test" % (module, name)]
        same = [t for t in self.tests if t.startswith(module + "/") and t not in near and ("/stream/" not in path or "/stream" in t)]
        return [near, same, [t for t in self.tests if t not in near + same]]

    def judge(self, path, module, mutant, units):
        """Who caught it, or None. mutant: the object files that stand before the library's."""
        same_file, same_module, others = self.order_of_tests(path)
        if self.failing_test(same_file, *mutant):
            return "unit, same file"
        if self.failing_test(same_module, *mutant):
            return "unit, same module"
        caught = None if units else self.judge_server(module, mutant)
        return caught or ("unit, others" if self.failing_test(others, *mutant) else None)

    def server_judges(self, module):
        """(name, command, seconds at the most)"""
        py, server = sys.executable, ["--server", self.server]
        oracle = [py, "redis-compat/oracle/oracle.py", *server]
        yield "dialogues", [*oracle, "dialogues"], 300
        yield "random commands", [*oracle, "--seed", "1", "--commands", "3000", "random"], 300
        if module == "acl":
            yield "rights", [py, "redis-compat/oracle/rights.py", *server, "--seed", "1", "--pairs", "1500"], 300
        for mode in ("always", "everysec"):
            yield "crash", [py, "tests/crash/crash.py", *server, "--mode", mode, "--seed", "1", "--events", "8000", "--kills", "3", "--span", "0.3"], 300
        for part in PARTS[module]:
            yield "other tests", [py, "tests/run.py", *server, "--build", self.build, "--seed", "1", "--jobs", "1", "--only", part], 600

    def link_server(self, mutant):
        why = self.link(self.server, os.path.join(self.build, "server/main.o"), *mutant)
        for name in ("millrace-check-aof", "millrace-check-rdb"):
            if not os.path.islink(os.path.join(self.build, name)):
                os.symlink("millrace-server", os.path.join(self.build, name))
        if why:
            give_up("the server does not link: " + why)

    def judge_server(self, module, mutant):
        self.link_server(mutant)
        for name, command, limit in self.server_judges(module):
            if " ".join(command) not in self.left_out and self.run(command, limit):
                return name
        return None

    def try_judges(self, modules):
        """Without any mutant all of them are content, or are left out."""
        self.link_server([])
        for command, limit in {" ".join(c): (c, limit) for m in modules for _, c, limit in self.server_judges(m)}.values():
            if self.run(command, limit):
                self.leave_out(" ".join(command))


def give_up(why):
    """From any thread."""
    print("mutate: " + why, flush=True)
    os._exit(2)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--count", type=int, default=120)
    ap.add_argument("--modules", default=MODULES)
    ap.add_argument("--jobs", type=int, default=2)
    ap.add_argument("--least", type=float, default=85)
    ap.add_argument("--dir", help="where the copies are built (kept)")
    ap.add_argument("--units", action="store_true", help="the unit tests alone")
    o = ap.parse_args()
    rng, everything = random.Random(o.seed), candidates(o.modules.split(","))
    lines = {}
    for c in everything:
        text = open(os.path.join(ROOT, c[0])).read()
        lines.setdefault((c[0], text.count("\n", 0, c[1])), []).append(c)
    order = sorted(lines)
    rng.shuffle(order)
    todo = queue.Queue()
    for key in order:
        todo.put(rng.choice(lines[key]))
    directory, lock, results = o.dir or tempfile.mkdtemp(prefix="mutate-"), threading.Lock(), []

    def work(number):
        w, modules = Worker(os.path.join(directory, "copy%d" % number)), o.modules.split(",")
        why = w.build_all()
        if why:
            give_up("without any mutant: " + why)
        if not o.units:
            w.try_judges(modules)
        while True:
            with lock:
                if len(results) >= o.count:
                    return
            try:
                path, at, old, new = todo.get_nowait()
            except queue.Empty:
                return
            module = next(m for m in modules if path.startswith("src/%s/" % m))
            target, start = os.path.join(w.dir, path), time.time()
            text = open(target).read()
            broken = mutate(text, at, old, new)
            open(target, "w").write(broken)
            made = w.compile(path)
            open(target, "w").write(text)
            if not made:
                continue
            caught = w.judge(path, module, [made], o.units)
            n = text.count("\n", 0, at) + 1
            with lock:
                if len(results) < o.count:
                    results.append((path, n, caught))
                    print("%3d  %-18s %s:%d  %.0f s" % (len(results), caught or "SURVIVED", path, n, time.time() - start), flush=True)
                    if not caught:
                        print("       - %s\n       + %s" % (text.splitlines()[n - 1].strip(), (broken.splitlines() + [""])[n - 1].strip()), flush=True)

    threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(o.jobs)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if not o.dir:
        shutil.rmtree(directory, ignore_errors=True)
    by = {}
    for _, _, caught in results:
        by[caught or "nobody"] = by.get(caught or "nobody", 0) + 1
    good = sum(1 for r in results if r[2])
    share = 100.0 * good / max(len(results), 1)
    print("%d mutants (seed %d): %d caught, %.0f %% (%s)" % (len(results), o.seed, good, share, ", ".join("%s %d" % b for b in sorted(by.items()))))
    sys.exit(0 if results and share >= o.least else 1)


if __name__ == "__main__":
    main()
