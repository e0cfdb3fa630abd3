#!/usr/bin/env python3
"""docs/reference and docs/man are what the server prints, and complete.

usage: reference.py --server PATH

Compared is each file; what is missing or left over is told. `make reference` writes them anew. Manual pages have to be quiet under mandoc's
lint. Every command, setting and INFO line of a running server has its place in the reference, and nothing else does."""
import argparse, filecmp, glob, os, re, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from check import check, done  # noqa: E402
from server import Server      # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--server", required=True)
SERVER = os.path.abspath(ap.parse_args().server)
TREE = os.path.join(ROOT, "docs", "reference")
MANUALS = os.path.join(ROOT, "docs", "man")


def files(top):
    return sorted(os.path.relpath(p, top) for p in glob.glob(top + "/**/*.md", recursive=True))


def text(*path):
    with open(os.path.join(*path)) as f:
        return f.read()


with tempfile.TemporaryDirectory() as made:
    subprocess.run([SERVER, "--print-reference", made], check=True)
    ours, theirs = files(TREE), files(made)
    check("the pages are those that the server prints", ours == theirs, set(ours) ^ set(theirs))
    different = [p for p in ours if p in theirs and not filecmp.cmp(os.path.join(TREE, p), os.path.join(made, p), shallow=False)]
    check("and have its text (else: make reference)", not different, different)
    failed = subprocess.run([SERVER, "--print-reference", os.path.join(made, "no", "such")], capture_output=True, text=True)
    check("a folder that cannot be made is told", failed.returncode == 1 and "no/such: No such file" in failed.stderr, failed)

conf = subprocess.run([SERVER, "--print-conf-manual"], check=True, capture_output=True, text=True).stdout
check("millrace.conf(5) is what the server prints", conf == text(MANUALS, "millrace.conf.5"))
for page in sorted(glob.glob(MANUALS + "/*.[1-8]")):
    lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True)
    check("%s is well made" % os.path.basename(page), lint.returncode == 0 and not lint.stdout, lint.stdout)

with Server(SERVER) as s:
    c = s.start()
    settings = set(c.ask("CONFIG", "GET", "*")[::2])
    commands = set(c.ask("COMMAND", "LIST"))
    info = [x for x in c.ask("INFO", "everything").decode().splitlines() if x]


def headings(path):
    return set(re.findall(r"^## (.*)$", text(TREE, path), re.M))


page = text(TREE, "settings.md")
tail = page[page.index("\n## Without effect"):]
named = headings("settings.md") - {"Without effect", "Not supported"} | set(re.findall(r"^([a-z0-9_-]+)[,.]$", tail, re.M)) | set(re.findall(r"Alias: (\S+)\.", page))
missing = {x.decode() for x in settings} - named
check("every setting of CONFIG GET is there", not missing, missing)
shown = set().union(*(headings("commands/" + p) for p in os.listdir(TREE + "/commands")))
known = {x.decode().replace("|", " ").upper() for x in commands}
missing, more = known - shown, {x for x in shown - known if " " not in x}
check("every command of COMMAND LIST is there, and no other", not missing and not more, (missing, more))
examples = {os.path.splitext(f)[0] for f in os.listdir(os.path.join(ROOT, "docs", "examples"))}
more = examples - {x.lower().replace(" ", "-") for x in known}
check("every example is one of a command", not more, more)
pages = "".join(text(TREE, "commands", p) for p in os.listdir(TREE + "/commands"))
check("every example is shown", pages.count("\n```console\n") == len(examples), (pages.count("\n```console\n"), len(examples)))
twice = re.findall(r"^\* .*[^.]\.\.(?: .*)?$", pages, re.M)
check("no sentence ends twice", not twice, twice)
rows = re.findall(r"^\| .*\n", text(ROOT, "redis-compat", "differences.md"), re.M)
missing = [r for r in rows if {" ".join(r.split()[1:n]).strip(",:;") for n in (2, 3)} & known and r not in pages]
check("every difference that begins with a command's name is shown with that command", not missing, missing)
# Commands that no example of one client shows, by the reason. Containers are shown by their subcommands; HELP lists these.
WITHOUT = {
    "its pushes come in RESP3 only: docs/guides/push.md has them": ["XCONSUME START"],
    "for files and replicas": ["XCRON MARK", "XIDMPRECORD", "PSYNC", "REPLCONF", "SYNC"],
    "a second server is needed": ["FAILOVER", "MIGRATE"],
    "it ends the server": ["SHUTDOWN"],
    "there are no modules, they only say so": ["MODULE LOAD", "MODULE LOADEX", "MODULE UNLOAD"],
    "there is no cluster, they only say so": ["ASKING", "READONLY", "READWRITE", *("CLUSTER " + x for x in (
        "ADDSLOTS ADDSLOTSRANGE BUMPEPOCH COUNT-FAILURE-REPORTS COUNTKEYSINSLOT DELSLOTS DELSLOTSRANGE FAILOVER FLUSHSLOTS FORGET GETKEYSINSLOT INFO KEYSLOT LINKS "
        "MEET MYID MYSHARDID NODES REPLICAS REPLICATE RESET SAVECONFIG SET-CONFIG-EPOCH SETSLOT SHARDS SLAVES SLOTS").split())],
}
single = {x for x in shown & known if not x.endswith(" HELP") and not any(y.startswith(x + " ") for y in shown)}
missing = {x for x in single if x.lower().replace(" ", "-") not in examples} ^ {x for names in WITHOUT.values() for x in names}
check("every command has one, but those that are named here", not missing, missing)
rows = re.findall(r"^\| `([^`]+)`", text(TREE, "info.md"), re.M)
patterns = [re.compile(re.escape(r).replace(r"\*", ".*").replace("=", "") + r"[:=,]?") for r in rows]
missing = [x for x in info if not x.startswith("#") and not any(p.match(x) for p in patterns)]
check("every line of INFO is there", not missing, missing)
done()
