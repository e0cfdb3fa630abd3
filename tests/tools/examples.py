#!/usr/bin/env python3
"""Each example says what it promises, can be run and has a test; the commands that its README shows are those of its run.sh."""
import glob, os, re, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/support"))
from check import check, done  # noqa: E402


def main():
    folders = sorted(glob.glob(os.path.join(ROOT, "examples/*/")))
    check("there are examples", folders)
    for folder in folders:
        name, texts = os.path.basename(folder[:-1]), {}
        for file in ("README.md", "run.sh", "test.sh"):
            path = os.path.join(folder, file)
            texts[file] = open(path).read() if os.path.exists(path) else ""
            check("%s: %s" % (name, file), texts[file] and (file == "README.md" or os.access(path, os.X_OK)))
        check("%s: what is promised" % name, "| promise |" in texts["README.md"])
        shown = [line for block in re.findall(r"^```sh\n(.*?)^```", texts["README.md"], re.M | re.S) for line in block.splitlines() if line.startswith("redis-cli ")]
        strange = [line for line in shown if line.replace("redis-cli ", "cli ", 1) not in texts["run.sh"]]
        check("%s: its commands are run" % name, shown and not strange, strange)
    done()


main()
