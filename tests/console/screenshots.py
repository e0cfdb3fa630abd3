#!/usr/bin/python3
"""Pictures of every view, in light and dark, 1280 and 400 wide, of a server under load: screenshots.py --server PATH --to FOLDER [VIEW or ROUTE ...]

With --docs the four that the documentation shows, after five minutes of load (`make screenshots-docs` writes them to docs/images).

Fails when the browser had something to say meanwhile, or a view has not come."""
import argparse, os, re, subprocess, sys, time, urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from case import World  # noqa: E402
from browser import Browser  # noqa: E402
from cases_looking import routes  # noqa: E402

SIZES = ((1280, 900), (400, 860))
DOCS = (("overview", "#/", False), ("queues", "#/queues", True), ("dead-letters", "#/dead/0/%7Bpayments%7D%3Adlq", False), ("group", "#/group/0/orders/workers", True))
DOCS_SIZE, DOCS_BYTES = (1280, 880), 150000


def for_docs(w, browser, folder, seconds):
    """seconds: until plots and ages look as they do in real life."""
    time.sleep(seconds)
    for name, route, dark in DOCS:
        path = os.path.join(folder, name + ".png")
        browser.emulate(DOCS_SIZE, dark)
        w.route(route)
        time.sleep(5)  # numbers that have changed are marked for a while
        browser.picture(path)
        subprocess.run(["pngquant", "--force", "--strip", "--ext", ".png", "128", path], check=True)
        if os.path.getsize(path) > DOCS_BYTES or "There is no such view." in browser.text():
            sys.exit("%s: %d bytes, or no such view" % (path, os.path.getsize(path)))
    return len(DOCS)


def file_name(place):
    """Of a view's name in the navigation, or of a route."""
    return re.sub(r"[^a-z0-9]+", "-", urllib.parse.unquote(place).lower()).strip("-")


def all_views(w, browser, folder, views):
    """Those of the navigation, and one thing of each kind, with each of its tabs."""
    taken = 0
    for place in views or w.views() + routes(w):
        for dark in (False, True):
            for size in SIZES:
                browser.emulate(size, dark)
                (w.route if place.startswith("#") else w.go)(place)
                browser.picture(os.path.join(folder, "%s-%s-%d.png" % (file_name(place), "dark" if dark else "light", size[0])), whole=True)
                taken += 1
    return taken


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--to", required=True)
    ap.add_argument("--docs", action="store_true")
    ap.add_argument("--seconds", type=int, default=300, help="of load before the first picture of --docs")
    ap.add_argument("views", nargs="*")
    o = ap.parse_args()
    os.makedirs(o.to, exist_ok=True)
    browser = Browser()
    try:
        with World(o.server, browser, "--console-commands", "yes", filled=True, load=True) as w:
            w.log_in()
            taken = for_docs(w, browser, o.to, o.seconds) if o.docs else all_views(w, browser, o.to, o.views)
            problems = browser.problems()
    finally:
        browser.close()
    for p in problems:
        print("not ok", p)
    print("%d pictures in %s" % (taken, o.to))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
