#!/usr/bin/env python3
"""Every rule of the broker that is built has a test that proves it: rules.tsv says which.

rules.py check     each rule of STAGE has a line; the test that it names exists and cites the rule ("broker L3" in the comment above it, or in it)
rules.py list      the lines for rules that lack one, by the tests that cite them
A line is rule, file, test; or rule, "open", why there is none yet. A fourth field, "without WORD: why", says that the part of the rule about WORD is not built; then no
source may have the word.
"""
import os, re, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE = os.path.join(ROOT, "tests", "broker", "rules.tsv")
# The rules that are built, by letter.
STAGE = {
    "A": range(1, 5),
    "B": range(1, 14),
    "C": range(1, 7),
    "D": range(1, 10),
    "E": range(1, 5),
    "G": range(1, 12),
    "H": range(1, 6),
    "I": range(1, 6),
    "K": range(1, 13),
    "L": range(1, 17),
    "M": range(1, 11),
    "N": range(1, 9),
    "O": range(1, 10),
    "P": range(1, 14),
    "Q": range(1, 16),
    "R": range(1, 10),
    "S": range(1, 7),
    "T": range(1, 14),
    "U": range(1, 10),
    "V": range(1, 10),
    "W": range(1, 6),
    "X": range(1, 6),
    "Y": range(1, 6),
    "Z": range(1, 11),
}
WITHOUT = re.compile(r"without (\w+): .+")
RULES = ["%s%d" % (letter, n) for letter, numbers in STAGE.items() for n in numbers]


def cited(text):
    """(test, rules) of each test whose comment cites some; of dialogues; of a program, by its first line of description."""
    for m in re.finditer(r'^"""(.*): broker ((?:[A-Z]\d+(?:, )?)+)', text, re.M):
        yield m[1], re.findall(r"[A-Z]\d+", m[2])
    for m in re.finditer(r"^# broker (.*)\n== (?:-\w+ )*(.*)$", text, re.M):
        yield m[2], re.findall(r"[A-Z]\d+", m[1])
    for m in re.finditer(r"/\*((?:(?!\*/).)*)\*/(?:\s*TEST\((\w+)\))?", text, re.S):
        rules = re.search(r"broker ((?:[A-Z]\d+(?:, )?)+)", m[1])
        inside = re.findall(r"TEST\((\w+)\)", text[:m.start()])
        if rules and (m[2] or inside or "int main(" in text):  # a bench in C has one test: itself
            yield m[2] or (inside[-1] if inside else "main"), re.findall(r"[A-Z]\d+", rules[1])


def read(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


def table():
    return {line.split("\t")[0]: line.rstrip("\n").split("\t")[1:] for line in open(TABLE) if line.strip()}


def in_sources(word):
    return any(word in read(os.path.join(folder, name)) for folder, _, names in os.walk(os.path.join(ROOT, "src")) for name in names if name.endswith((".c", ".h", ".def")))


def check():
    lines, bad, still = table(), 0, 0
    for rule in RULES + sorted(set(lines) - set(RULES)):
        where = lines.get(rule)
        without = WITHOUT.fullmatch(where.pop()) if where and len(where) == 3 else None
        if where is None or rule not in RULES or len(where) != 2:
            why = "has no line" if where is None else "is no rule of the stage, or its line is none"
        elif where[0] == "open":
            still += 1
            continue
        elif not os.path.exists(os.path.join(ROOT, where[0])):
            why = "%s is missing" % where[0]
        elif without and in_sources(without[1]):
            why = "%s is in src/ now, so its test has to be named" % without[1]
        else:
            why = "" if any(test == where[1] and rule in rules for test, rules in cited(read(where[0]))) else "%s does not cite it" % where[1]
        if why:
            bad += 1
            print("not ok %s: %s" % (rule, why))
    print("%d rules, %d without a test yet, %d wrong" % (len(RULES), still, bad))
    return bad == 0


def missing():
    lines, found = table() if os.path.exists(TABLE) else {}, {}
    for folder, _, names in os.walk(os.path.join(ROOT, "tests", "unit")):
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), ROOT)
            for test, rules in cited(read(path)) if name.endswith("_test.c") else ():
                for rule in rules:
                    found.setdefault(rule, []).append((path.startswith("tests/unit/commands") is False, path, test))
    for rule in RULES:
        if rule not in lines:
            best = sorted(found.get(rule, [(0, "open", "?")]))[0]
            print("\t".join((rule,) + best[1:]))


if __name__ == "__main__":
    if sys.argv[1:] == ["list"]:
        missing()
    else:
        sys.exit(not check())
