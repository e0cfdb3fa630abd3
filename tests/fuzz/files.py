#!/usr/bin/env python3
"""Starts servers on damaged files: snapshots, manifests, bases and increments with changed bytes.

files.py SERVER [--seconds N] [--seed S]: SERVER is best a build with sanitizers (make sanitized). The server
may load what it is given or refuse it with exit 1; what it loaded is then read and changed. Fails on any
other end, a hang, or a sanitizer's report.
"""
import argparse, os, random, shutil, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from check import until   # noqa: E402
from resp import info  # noqa: E402
from server import Server    # noqa: E402

LOOK = [line.split() for line in """DEBUG DIGEST|XRANGE s - +|XPENDING s g - + 1000|XAUTOCLAIM s g x 0 0 COUNT 500|XPOLICY RETRIES s h|XPOLICY STATS s h|XSCHED RANGE s - +|XSCHED LEN t|XINFO STREAM t|XCRON LIST t|XBIND LIST t|XBIND TEST t f v a b|XCAPTURE LIST v|XADD t * f v a b|PUBLISH news.1 x|XTRIM s MAXLEN 10|LRANGE l0 0 -1|LPOP l1 100
XINFO STREAM s FULL|DEBUG RELOAD|FLUSHALL|PING done""".replace("\n", "|").split("|")]


def ask(c, *commands):
    for words in commands:
        c.do(*words.split())


def make_files(server, directory):
    first = ["SET a 1", "SET big " + "x" * 3000, "SET e v EX 10000"]
    first += ["RPUSH l%d %s" % (i % 3, "item" * (i % 9 + 1)) for i in range(200)]
    first += ["XADD s %d-%d f v%d g w%d" % (i + 1, i, i, i) for i in range(300)] + ["XADD t * a%d b" % i for i in range(50)]
    first += ["XGROUP CREATE s g 0", "XGROUP CREATE s h 5", "XREADGROUP GROUP g c COUNT 100 STREAMS s >", "XREADGROUP GROUP g d COUNT 50 STREAMS s >",
              "XACK s g 1-0 5-4", "XDEL s 10-9 20-19", "XNACK s g FAIL IDS 1 7-6", "XADD s IDMP p i1 * a b"]
    first += ["XPOLICY SET s h JOBS RETRY LIST 90000000 80000000", "XREADGROUP GROUP h c COUNT 9 STREAMS s >", "XNACK s h FAIL IDS 2 8-7 7-6 REASON why",
              "XNACK s h SILENT IDS 1 9-8", "XADD s AT 4000000000000 TTL 5 * later 1", "XADD s AT 4000000000000 * later 2", "XADD t DELAY 100000000 * a b",
              "XSCHED EXPIRE s 4000000000000 20-20 30-29", "XCFGSET s MAXLEN 1000 OVERFLOW DROP DELREF", "XCFGSET u MKSTREAM MAXLEN 5 OVERFLOW REJECT",
              "XCRON SET t daily CRON @daily TZ Europe/Berlin FIELDS a b",
              "XBIND ADD t ALL TO u", "XBIND ADD t DIRECT v BY f TO s", "XBIND ADD u TOPIC a.*.# TO v", "XBIND ADD t HEADERS ANY 2 a b c d TO w",
              "XBIND ADD t ALTERNATE TO rest", "XCAPTURE ADD v news.* __key*", "BGREWRITEAOF"]
    with Server(server, "--appendonly", "yes", "--enable-debug-command", "yes", directory=directory) as s:
        c = s.start()
        ask(c, *first)
        until("the end of the rewrite", lambda: info(c, "aof_rewrites") == "1" and info(c, "aof_rewrite_in_progress") == "0")
        ask(c, *["RPUSH z a%d" % i for i in range(50)], *["XADD s * q %d" % i for i in range(50)], "SAVE")
    return sorted(os.path.relpath(os.path.join(r, f), directory) for r, _, names in os.walk(directory) for f in names)


def damage(rng, b):
    for _ in range(rng.choice([1, 1, 2, 5])):
        m, i = rng.random(), rng.randrange(len(b))
        if m < 0.6:
            b[i] = rng.randrange(256)
        elif m < 0.7:
            del b[max(i, 1):]
        elif m < 0.85:
            b[i:i + rng.randrange(8)] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 8)))
        else:
            j = rng.randrange(len(b))
            b[i:i + 20] = b[j:j + 20]
        if not b:
            b += b"x"


def one(path, directory, name):
    """None, or what went wrong."""
    with Server(path, "--appendonly", "yes" if name.startswith("appendonlydir") else "no", "--rdbchecksum", "no", "--enable-debug-command", "yes",
                directory=directory) as s:
        if s.launch():
            try:
                s.conn().many(LOOK)
            except OSError:
                pass
            s.p.terminate()
        try:
            code = s.p.wait(60)
        except subprocess.TimeoutExpired:
            return "it hung"
        return s.report() or (None if code in (0, 1) else "it ended with %d" % code)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("server")
    ap.add_argument("--seconds", type=float, default=60)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    server, rng, runs = os.path.abspath(o.server), random.Random(o.seed), 0
    source = tempfile.mkdtemp(prefix="fuzz-")
    names = make_files(server, source)
    end = time.time() + o.seconds
    while time.time() < end:
        directory, name = tempfile.mkdtemp(prefix="fuzz-"), rng.choice(names)
        shutil.copytree(source, directory, dirs_exist_ok=True)
        path = os.path.join(directory, name)
        with open(path, "rb") as f:
            content = bytearray(f.read())
        damage(rng, content)
        with open(path, "wb") as f:
            f.write(content)
        why = one(server, directory, name)
        runs += 1
        if why:
            print("%s (seed %d, run %d): %s, %s" % (name, o.seed, runs, why, directory))
            sys.exit(1)
        shutil.rmtree(directory)
    shutil.rmtree(source)
    print("%d damaged files (seed %d): good" % (runs, o.seed))


if __name__ == "__main__":
    main()
