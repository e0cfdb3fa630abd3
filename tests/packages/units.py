#!/usr/bin/env python3
"""What the package is made of, without building it: units.py

millrace@.service is millrace.service but for its own names; versions agree; packages that only tests or packaging need are not for `make run`.
And each target that the Makefile names is one."""
import os, re, subprocess, sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from check import check, done  # noqa: E402


def text(*path):
    with open(os.path.join(ROOT, *path)) as f:
        return f.read()


def unit(name):
    return [line for line in text("utils", name).splitlines() if not line.startswith("#")]


def of_instance(line):
    line = line.replace("/etc/millrace/millrace.conf", "/etc/millrace/%i.conf --dir /var/lib/millrace/%i")
    line = re.sub(r"^(State|Logs)Directory=millrace$", r"\1Directory=millrace/%i", line)
    line = re.sub(r"^RuntimeDirectory=millrace$", "RuntimeDirectory=millrace-%i", line)  # it goes when the unit stops: not within another's
    return line + ", %i" if line.startswith("Description=") else line


def packages(*purposes):
    return subprocess.run(["deps/install.sh", "--list", *purposes], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


ours, theirs = [of_instance(x) for x in unit("millrace.service")], unit("millrace@.service")
check("millrace@.service is millrace.service with names of its own", ours == theirs, set(ours) ^ set(theirs))
version = re.search(r'VERSION_MILLRACE "([^"]+)"', text("src/server/version.h")).group(1)
check("debian/changelog is of this version", text("debian/changelog").startswith("millrace (%s) " % version), text("debian/changelog")[:60])
run, every = packages("run"), re.findall(r"^\[(\w+)\]", text("deps/packages.txt"), re.M)
others = [p for p in packages(*[x for x in every if x != "run"]) if p in run]
check("make run installs nothing of other purposes", "libev-dev" in run and not others, others)
needed = set(re.findall(r"^ +([a-z0-9.+-]+)", text("debian/control").split("Build-Depends:")[1].split("Standards-Version")[0], re.M)) - {"debhelper-compat"}
missing = {p for p in needed if p not in text("deps/packages.txt").split("[test]")[0]}
check("what the package is built with is in [run]", len(needed) > 8 and not missing, missing)
unknown = subprocess.run(["deps/install.sh", "nothing"], cwd=ROOT, capture_output=True, text=True)
check("an unknown purpose is an error", unknown.returncode == 2 and "no section [nothing]" in unknown.stderr, unknown)
makefile = text("Makefile")
named = set(re.search(r"^\.PHONY: (.*)", makefile, re.M).group(1).split()) | set(re.findall(r"^\t@echo 'make ([a-z-]+)", makefile, re.M))
absent = {t for t in named if not re.search(r"^%s:" % t, makefile, re.M)}
check("targets of make help and .PHONY have a rule", len(named) > 30 and not absent, absent)
done()
