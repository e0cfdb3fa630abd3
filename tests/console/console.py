#!/usr/bin/python3
"""The console in a browser: the cases of the list, each on a server of its own. Prints "ok ..." and "not ok ..." lines and ends with "N passed, N failed".

console.py --server PATH [--seconds N] [--seed N] [--minutes N] [--axe FILE] [NUMBER ...]

PICTURE=FILE in the environment: what is seen when a case ends. Without numbers all cases are played; with --seconds those that are always played, then others as the seed orders them, until the time is over. Cases
38 (with --axe, of npm's axe-core) and 46 (--minutes long) are played only when they are named."""
import argparse, os, random, sys, time, traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from case import CASES, OPTIONS, World  # noqa: E402
from check import Failed, check  # noqa: E402
from browser import Browser  # noqa: E402
import cases_access, cases_looking, cases_operations, cases_queues, cases_seams, cases_states  # noqa: E402, F401
import cases_edges, cases_messages, cases_numbers, cases_walk  # noqa: E402, F401

ALWAYS = (1, 8, 28, 29)  # the door, text that is no markup, rights


def play(case, server, browser):
    """One case; whether it is good."""
    began = time.monotonic()
    try:
        with World(server, browser, *case.args, filled=case.filled, load=case.load) as w:
            try:
                case.run(w)
                problems = browser.problems()
                if problems:
                    raise Failed("the browser says: " + "; ".join(problems[:5]))
                if w.report():
                    raise Failed("the server says: " + w.report())
            finally:
                if os.environ.get("PICTURE"):
                    browser.picture(os.environ["PICTURE"])
                browser.leave()
    except Exception as e:  # also what is wrong with the case itself: the others are played
        lines = ["%s:%d" % (os.path.basename(x.filename), x.lineno) for x in traceback.extract_tb(e.__traceback__) if "/console/" in x.filename]
        return check(case.name(), False, "%s: %s, at %s" % (type(e).__name__, str(e).split("\nStacktrace")[0], lines))
    return check("%s (%.1f s)" % (case.name(), time.monotonic() - began), True)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--seconds", type=float)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--minutes", type=float, default=OPTIONS["minutes"])
    ap.add_argument("--axe", default=None)
    ap.add_argument("numbers", type=int, nargs="*")
    o = ap.parse_args()
    began = time.monotonic()
    OPTIONS.update(minutes=o.minutes, axe=o.axe)
    chosen = sorted((c for c in CASES if (c.number in o.numbers if o.numbers else not c.named)), key=lambda c: c.number)
    if o.seconds:
        others = [c for c in chosen if c.number not in ALWAYS]
        random.Random(o.seed).shuffle(others)
        chosen = [c for c in chosen if c.number in ALWAYS] + others
    passed = failed = 0
    browser = Browser()
    try:
        for c in chosen:
            if o.seconds and c.number not in ALWAYS and time.monotonic() - began > o.seconds:
                break
            good = play(c, o.server, browser)
            passed, failed = passed + good, failed + (not good)
    finally:
        browser.close()
    print("%d passed, %d failed" % (passed, failed), flush=True)
    sys.exit(failed > 0 or not passed)


if __name__ == "__main__":
    main()
