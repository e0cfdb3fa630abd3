#!/usr/bin/python3
"""Pictures of every view, in light and dark, 1280 and 400 wide, of a server under load: screenshots.py --server PATH --to FOLDER [VIEW ...]

Fails when the browser had something to say meanwhile, or a view has not come."""
import argparse, os, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from case import World  # noqa: E402
from browser import Browser  # noqa: E402

SIZES = ((1280, 900), (400, 860))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--to", required=True)
    ap.add_argument("views", nargs="*")
    o = ap.parse_args()
    os.makedirs(o.to, exist_ok=True)
    browser, taken = Browser(), 0
    try:
        with World(o.server, browser, "--console-commands", "yes", filled=True, load=True) as w:
            w.log_in()
            for view in o.views or w.views():
                for dark in (False, True):
                    for size in SIZES:
                        browser.emulate(size, dark)
                        w.go(view)
                        browser.settled()
                        browser.picture(os.path.join(o.to, "%s-%s-%d.png" % (view.lower().replace(" ", "-"), "dark" if dark else "light", size[0])), whole=True)
                        taken += 1
            problems = browser.problems()
    finally:
        browser.close()
    for p in problems:
        print("not ok", p)
    print("%d pictures in %s" % (taken, o.to))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
