#!/usr/bin/env python3
"""Breaks the source in small ways, one at a time, and sees whether the tests notice.

mutate.py [--seed S] [--count N] [--modules a,b] [--jobs N] [--dir DIR] [--least PERCENT]

A mutant is one changed place of src/: a comparison flipped (< and <=, > and >=, == and !=, && and ||), a
condition negated, a call whose result nobody uses dropped, a constant off by one, true for false. The sample is
drawn by the seed, evenly over the lines of the modules. Each mutant is built without link-time optimisation and
judged by the unit tests of its module, then by a short run of the oracle (dialogues, random commands, rights for
acl), then by a quick run of the crash test. What does not compile is not a mutant and another is drawn.

Prints who survived, as the line before and after; ends with exit 1 when fewer than --least percent are caught.
A mutant that changes nothing that can be seen (a slower way to the same) survives rightly: docs/bench/mutants.md
keeps the list with reasons.
"""
import argparse, os, queue, random, re, shutil, signal, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODULES = "engine,persist,store,type/stream,acl"
OPT = "-O1 -g0 -DMILLRACE_JEMALLOC -DMILLRACE_FAULTS -fPIE"
FLIPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&"}


def blanked(text):
    """The same length, with spaces for comments, strings and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)
    return re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.M)


def without_silent_calls(code):
    """The same length, with spaces for what no test can see, or tests alone: asserts and the invariants they check
    (x_is_sound, y_are_sound), log lines, prefetches, hints to the compiler."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    code = re.sub(r"^\w[^;{}\n]*_(?:is|are)_sound\([^;{}]*\)\n\{.*?^\}", blank, code, flags=re.M | re.S)
    code = re.sub(r", 0\)", lambda m: ",  )" if "__builtin_expect(" in code[code.rfind("\n", 0, m.start()):m.start()] else m.group(0), code)
    out, at = code, 0
    for m in re.finditer(r"\b(?:ASSERT\w*|_Static_assert|UNREACHABLE|log_\w+|\w*prefetch\w*)\(", code):
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
    for m in re.finditer(r"(?<![<>=!\-+&|])(<=|>=|==|!=|<|>|&&|\|\|)(?![<>=&|])", code):
        around = code[max(0, m.start() - 1):m.end() + 1]
        if m.group(1) in "<>" and around != " %s " % m.group(1):
            continue  # a header's name or an arrow
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
        subprocess.run(["git", "clone", "-q", "--shared", ROOT, directory], check=True)
        for path in subprocess.run(["git", "-C", ROOT, "diff", "--name-only", "HEAD"], capture_output=True, text=True).stdout.split():
            if os.path.exists(os.path.join(ROOT, path)):
                shutil.copy(os.path.join(ROOT, path), os.path.join(directory, path))
        self.server = os.path.join(directory, "build/mutant/millrace-server")

    def run(self, command, limit):
        """None: good, else why not."""
        p = subprocess.Popen(command, cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                             stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            said = p.communicate(timeout=limit)[0]
            return None if p.returncode == 0 else said[-300:]
        except subprocess.TimeoutExpired:
            return "ran longer than %d s" % limit
        finally:
            try:
                os.killpg(p.pid, signal.SIGKILL)  # what it started and left behind
            except ProcessLookupError:
                pass
            p.wait()

    def tests_of(self, module):
        folder = "type" if module.startswith("type") else module
        tests = sorted(n[:-2] for n in os.listdir(os.path.join(self.dir, "tests/unit", folder)) if n.endswith("_test.c"))
        return ["build/mutant/unit/%s/%s" % (folder, t) for t in tests if not module.endswith("stream") or t.startswith("stream")]

    def build(self, *targets):
        return self.run(["make", "--no-print-directory", "-j2", "BUILD=build/mutant", "OPT=" + OPT, "LINK=-pie", "WARN=-w", *targets], 600)

    def judge(self, module, whole=True):
        """Who caught it, or None. "build": it does not compile. Not whole: the unit tests alone."""
        tests = self.tests_of(module)
        if self.build("build/mutant/millrace-server"):
            return "build"
        if self.build(*tests):
            return "build"
        for t in tests:
            if self.run([t], 60):
                return "unit"
        if not whole:
            return None
        py, oracle = sys.executable, "redis-compat/oracle/oracle.py"
        if self.run([py, oracle, "--server", self.server, "dialogues"], 120):
            return "dialogues"
        if self.run([py, oracle, "--server", self.server, "--seed", "1", "--commands", "3000", "random"], 120):
            return "random commands"
        if module == "acl" and self.run([py, "redis-compat/oracle/rights.py", "--server", self.server, "--seed", "1", "--pairs", "1500"], 120):
            return "rights"
        for mode in ("always", "everysec"):
            if self.run([py, "tests/crash/crash.py", "--server", self.server, "--mode", mode, "--seed", "1", "--events", "8000", "--kills", "3", "--span", "0.3"], 120):
                return "crash"
        return None


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
        w = Worker(os.path.join(directory, "copy%d" % number))
        why = w.build("build/mutant/millrace-server", *[t for m in o.modules.split(",") for t in w.tests_of(m)])
        if why:
            give_up("the tree itself does not build: " + why)
        for i, module in enumerate(o.modules.split(",")):
            caught = w.judge(module, module == "acl" or i == 0)  # the server is the same for all
            if caught:
                give_up("without any mutant %s says that %s is broken" % (caught, module))
        while True:
            with lock:
                if len(results) >= o.count:
                    return
            path, at, old, new = todo.get()
            module = next(m for m in o.modules.split(",") if path.startswith("src/%s/" % m))
            target, start = os.path.join(w.dir, path), time.time()
            text = open(target).read()
            broken = mutate(text, at, old, new)
            open(target, "w").write(broken)
            caught = w.judge(module)
            open(target, "w").write(text)
            if caught == "build":
                continue
            n = text.count("\n", 0, at) + 1
            with lock:
                if len(results) < o.count:
                    results.append((path, n, caught))
                    print("%3d  %-34s %s:%d  %.0f s" % (len(results), caught or "SURVIVED", path, n, time.time() - start), flush=True)
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
