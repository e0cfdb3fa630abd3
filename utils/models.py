#!/usr/bin/env python3
"""Checks the models of docs/models with spin. docs/models/README.md says what they are and what was found.

models.py quick      small searches, each complete; every rule left out once: what `make test` runs
models.py all        those, and the complete searches of the sizes that are asked for
models.py long       larger sizes by bitstate, --minutes each, --memory GiB
models.py show RULE  the shortest run that goes wrong without RULE, server by server

A search that must hold fails when it finds an error, or when it ends before it is complete. A rule that is
left out must make its search find an error. "ok" and "not ok" lines as in all tests.
"""
import argparse, os, re, signal, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODEL = os.path.join(ROOT, "docs/models/confirmation.pml")
DEPTH = 20000  # steps of one run; the deepest seen has a few hundred


def size(writes, promotions, losses, **more):
    return dict(WRITES=writes, PROMOTIONS=promotions, LOSSES=losses, **more)


EXACT = ("-DCOLLAPSE",)            # every state is kept, pressed
SMALL = (*EXACT, "-O0")            # compiling takes longer than searching
FIRST_FOUND = (*SMALL, "-DREVERSE")  # in the order that comes upon an error sooner

# What must hold, searched completely.
QUICK = [
    size(1, 2, 0, MAXGEN=4),
    size(1, 1, 1, MAXGEN=4),
    size(1, 1, 0, FAILOVERS=1, MAXGEN=4),
    size(1, 1, 0, FRESH=None, MAXGEN=2),
    size(1, 1, 0, CUT=None, MAXGEN=3),
]
COMPLETE = [
    size(1, 2, 1, MAXGEN=5),
    size(1, 2, 1, MAXGEN=6),
    size(2, 1, 1, MAXGEN=5),
    size(2, 1, 1, MAXGEN=6),
    size(2, 2, 0, MAXGEN=6),
    size(1, 1, 1, FAILOVERS=1, MAXGEN=5),
    size(2, 1, 0, FAILOVERS=1, MAXGEN=6),
    size(1, 1, 1, STARTS=1, MAXGEN=5),
    size(1, 1, 1, STARTS=2, WORDS=1, MAXGEN=5),
    size(1, 1, 1, WORDS=2, MAXGEN=5),
    size(1, 1, 0, SILENCES=1, MAXGEN=5),
    size(1, 1, 0, STARTS=2, MAXGEN=5),
    size(1, 1, 1, FRESH=None, MAXGEN=4),
    size(1, 1, 1, CUT=None, MAXGEN=4),
]
# Too many states to keep: each leaves three bits, so a new one may be taken for one that was seen.
LONG = [
    size(2, 2, 1, MAXGEN=6),
    size(1, 3, 1, MAXGEN=7),
    size(1, 2, 1, FAILOVERS=1, STARTS=1, MAXGEN=7),
    size(3, 2, 1, MAXGEN=6),
]
# What must be reached, so that "nothing found" says something: all writes acknowledged, all faults spent,
# and a primary of that generation answering.
REACHED = [
    size(1, 2, 1, REACHED=4, MAXGEN=4),
    size(2, 1, 1, REACHED=3, MAXGEN=4),
    size(1, 1, 0, FAILOVERS=1, REACHED=3, MAXGEN=4),
    size(1, 0, 0, FRESH=None, REACHED=1, MAXGEN=4),
    size(1, 0, 0, CUT=None, REACHED=2, MAXGEN=4),
]
# A rule, and the smallest size that shows what it is for.
RULES = {
    "PROMISE": size(1, 1, 0),
    "OWN_PROMISE": size(1, 1, 0, WITHOUT_BYTES=None),
    "UNSEATING": size(1, 1, 0),
    "BYTES": size(1, 1, 1, STARTS=1, WORDS=0, MAXGEN=2),
    "QUORUM": size(1, 1, 0),
    "EXACT": size(1, 1, 0),
    "WHOLE": size(1, 0, 1),
    "WITNESS": size(1, 1, 1),
    "BEHIND": size(1, 1, 1),
    "FETCH": size(1, 1, 0),
    "LOOKING_AGAIN": size(2, 1, 1),
    "REFUSAL": size(1, 1, 0),
    "GENERATION": size(3, 1, 0),
    "STEPS": size(1, 2, 0),
    "PING": size(2, 1, 0),
    "COVER": size(1, 1, 0),
}


class Search:
    """One compiled verifier in a folder of its own."""

    def __init__(self, folder, defines, how=(), memory=4096):
        self.folder, self.defines = folder, ["-D%s" % k if v is None else "-D%s=%s" % (k, v) for k, v in defines.items()]
        self.told = ""
        self.run(["spin", "-a", *self.defines, MODEL])
        self.run(["gcc", "-w", "-DNOREDUCE", "-DSAFETY", "-DMEMLIM=%d" % memory, *how, "-o", "pan", "pan.c"])

    def run(self, command):
        p = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if p.returncode:
            sys.exit("%s: %s" % (" ".join(command), p.stdout[-2000:]))

    def search(self, *options, minutes=None):
        """Errors found, or None when the search ended before it was complete, unless it was given a time."""
        start = time.monotonic()
        command = ["./pan", "-E", "-n", "-m%d" % DEPTH, *options]
        p = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        try:
            out, _ = p.communicate(timeout=minutes and minutes * 60)
        except subprocess.TimeoutExpired:
            # Its own limit, -Q, is not looked at while the depth reached is a multiple of ten.
            p.send_signal(signal.SIGINT)
            out, _ = p.communicate()
        found = lambda pattern: (re.findall(pattern, out) or ["?"])[-1]
        memory, seconds = found(r"([\d.]+)\s+total actual memory"), time.monotonic() - start
        self.told = "%s states, depth %s, %s MB, %.1f s" % (found(r"(\S+) states, stored"), found(r"depth reached (\d+)"), memory, seconds)
        errors = found(r"errors: (\d+)")
        early = not minutes and re.search(r"out of memory|max search depth too small|reached -DMEMLIM|Search not completed|hash array is full", out)
        return int(errors) if errors != "?" and (int(errors) or not early) else None


def search(defines, how=(*EXACT, "-O2"), options=(), memory=4096, minutes=None):
    with tempfile.TemporaryDirectory(prefix="millrace-model-") as folder:
        s = Search(folder, {**defines, "SORTED": None}, how, memory)
        return s.search(*options, minutes=minutes), s.told


def named(defines):
    return " ".join(k if v is None else "%s=%s" % (k.lower(), v) for k, v in defines.items())


class Report:
    def __init__(self):
        self.failed = 0

    def say(self, good, what, told):
        print("%s - %s (%s)" % ("ok" if good else "not ok", what, told), flush=True)
        self.failed += not good


def holds(report, sizes, **how):
    for s in sizes:
        errors, told = search(s, **how)
        report.say(errors == 0, "holds: " + named(s), told)


def fails(report):
    for s in REACHED:
        errors, told = search(s, SMALL)
        report.say(errors, "is reached: " + named(s), told)
    for rule, s in RULES.items():
        errors, told = search({"MAXGEN": 4, **s, "WITHOUT_" + rule: None}, FIRST_FOUND)
        report.say(errors, "is needed: %s (%s)" % (rule, named(s)), told)


def identity(number):
    """As the model writes an entry: generation, which of that generation, w for a write, !n for the word that n is whole."""
    more = "!%d" % ((number >> 6) - 1) if number >> 6 else "w" if number & 1 else ""
    return "-" if number == 0 else "%d%s%s" % (number >> 3 & 7, "abcd"[number >> 1 & 3], more)


def show(rule):
    """By breadth, so that the run is as short as can be; servers keep their numbers."""
    defines = {"MAXGEN": 4, **RULES[rule], "WITHOUT_" + rule: None, "SHORTEST": None, "SHOWN": None}
    with tempfile.TemporaryDirectory(prefix="millrace-model-") as folder:
        s = Search(folder, defines, (*EXACT, "-DBFS", "-O1"))
        if not s.search():
            sys.exit("nothing goes wrong: " + s.told)
        out = subprocess.run(["spin", "-t", "-T", "-k", "confirmation.pml.trail", *s.defines, MODEL], cwd=folder, stdout=subprocess.PIPE, text=True).stdout
    print("WITHOUT_%s, %s. One line a server that changes; an ID is its generation and a letter; w: a client's write, !n: n is whole." % (rule, named(RULES[rule])))
    before = {}
    for line in out.splitlines():
        m = re.match(r"\s*(\d): (.*) data(.*)", line)
        if not m:
            continue
        who = int(m[1])
        is_ = dict(zip(m[2].split()[::2], m[2].split()[1::2]))
        role = ["replica", "unconfirmed", "confirmed"][int(is_["role"])]
        at = " of %s" % is_["to"] if is_["linked"] == "1" else " handing over to %s" % is_["to"] if is_["handing"] == "1" else ""
        more = (" fetches from %d" % (int(is_["fetching"]) - 1) if is_["fetching"] != "0" else "") + ("" if is_["whole"] == "1" else " not whole")
        now = "%-16s promise %-3s own %-3s [%s]%s" % (role + at, identity(int(is_["promise"])), identity(int(is_["own"])), " ".join(identity(int(x)) for x in m[3].split()), more)
        if before.get(who) != now:
            print("  %d %s%s" % (who, now, "  (acknowledged: %s)" % is_["acked"] if is_["acked"] != "0" else ""))
        before[who] = now
        if who == 2:
            print("  --")
    print("\n".join(l for l in out.splitlines() if "assertion" in l))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("what", choices=["quick", "all", "long", "show"])
    ap.add_argument("rule", nargs="?", choices=list(RULES))
    ap.add_argument("--minutes", type=int, default=30)
    ap.add_argument("--memory", type=int, default=6, help="GiB")
    o = ap.parse_args()
    if o.what == "show":
        return show(o.rule) if o.rule else ap.error("which rule?")
    report = Report()
    if o.what == "long":
        bits = 33 + max(1, o.memory * 2 // 3).bit_length() - 1  # a power of two, two thirds of the memory at most
        for s in LONG:
            errors, told = search(s, how=("-DBITSTATE", "-O2"), options=("-w%d" % bits, "-k3"), memory=o.memory * 1024, minutes=o.minutes)
            report.say(errors == 0, "nothing found: " + named(s), told)
        return report.failed
    holds(report, QUICK, how=SMALL)
    fails(report)
    if o.what == "all":
        holds(report, COMPLETE, memory=o.memory * 1024)
    return report.failed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
