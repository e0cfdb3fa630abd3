#!/usr/bin/env python3
"""There is one RESP client, one server launcher and one format of dialogues (decision 31). Prints "ok ..." and "not ok ..." lines."""
import os, re

from check import check, done

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What may stand in one file only, or in those named.
ONCE = [
    ("a RESP client in Python", r"^class (Conn|Client)\b|readline\(\).*\\r|^\s*def free_port", r"\.py$", {"tests/support/resp.py", "tests/support/server.py"}),
    ("a server launcher in Python", r"^class Server\b|Popen\(.*(--port|server)", r"\.py$", {"tests/support/server.py", "tests/bench/brokers.py"}),  # the latter: of others' servers
    ("a server launcher in other languages", r"--port \"?\$(?!peer)|--port \$port", r"\.(sh|tcl)$", {"tests/support/resp.tcl", "tests/integration/persist/lock.tcl"}),
    ("a dialogue outside of redis-compat/oracle/dialogues", r"^dialogue ", r"\.tcl$", set()),
    ("a wait for INFO of its own", r"for .*\[resp::ask \$\w+ INFO", r"\.tcl$", set()),
]


def main():
    found = {name: [] for name, *_ in ONCE}
    for base in ("tests", "redis-compat", "utils"):
        for folder, _, names in os.walk(os.path.join(ROOT, base)):
            for file in names:
                path = os.path.relpath(os.path.join(folder, file), ROOT)
                for name, what, ending, where in ONCE:
                    if re.search(ending, file) and path not in where and path != os.path.relpath(os.path.abspath(__file__), ROOT):
                        with open(os.path.join(ROOT, path), errors="replace") as f:
                            found[name] += ["%s: %s" % (path, line.strip()[:80]) for line in f if re.search(what, line)]
    for name, lines in found.items():
        check("there is no second place with " + name, not lines, lines)
    done()


main()
