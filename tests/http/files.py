#!/usr/bin/env python3
"""The console's files: each as it lies in the source, to everybody on this machine, kept by its tag. usage: files.py --server SERVER"""
import argparse, glob, gzip, hashlib, http.client, os, re, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import cases, expect          # noqa: E402
from server import Server, free_port     # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = {"/" + os.path.basename(p).replace("index.html", ""): open(p, "rb").read() for p in sorted(glob.glob(os.path.join(ROOT, "src/admin/pages/*")))}


class Console(Server):
    def begin(self):
        self.http = free_port()
        self.args += ["--console-port", str(self.http)]
        return self.start()

    def ask(self, path, method="GET", link=None, **headers):
        """(status, headers, body)"""
        c = link or http.client.HTTPConnection("127.0.0.1", self.http, timeout=60)
        c.putrequest(method, path, skip_accept_encoding=True)
        for name, value in {"accept_encoding": "gzip", **headers}.items():
            if value is not None:
                c.putheader(name.replace("_", "-"), value)
        c.endheaders()
        r = c.getresponse()
        body = r.read()
        if not link:
            c.close()
        return r.status, r.headers, body


def as_they_lie(path):
    """Every file on one connection, more of them than a stranger may ask of the API; what a page names is there."""
    with Console(path) as s:
        s.begin()
        link = http.client.HTTPConnection("127.0.0.1", s.http, timeout=60)
        for _ in range(2):
            for name, text in FILES.items():
                status, headers, body = s.ask(name, link=link)
                expect((status, gzip.decompress(body)), (200, text), name)
                expect(headers["ETag"], '"%s"' % hashlib.sha256(text).hexdigest(), "tag of " + name)
                expect(headers["Cache-Control"], "no-cache", "kept with asking")
                expect("script-src 'self'" in headers["Content-Security-Policy"], True, "the policy")
        link.close()
        for name, text in FILES.items():
            for other in re.findall(rb"""(?:from|import|src=|href=)\s*["'](?:\./)?([\w.]+\.(?:js|css|svg))["']""", text):
                expect("/" + other.decode() in FILES, True, "%s names %s" % (name, other))


def kept(path):
    """304 for who has it, and only the head for HEAD."""
    with Console(path) as s:
        s.begin()
        tag = s.ask("/main.js")[1]["ETag"]
        status, headers, body = s.ask("/main.js", If_None_Match=tag)
        expect((status, body, headers["ETag"], headers["Content-Length"]), (304, b"", tag, None), "had already")
        expect(s.ask("/main.js", If_None_Match='"another"')[0], 200, "another one")
        status, headers, body = s.ask("/main.js", "HEAD")
        expect((status, body, int(headers["Content-Length"]) > 100), (200, b"", True), "HEAD")


def refused(path):
    """Who takes no gzip, another method, another name, a file that is none."""
    with Console(path) as s:
        s.begin()
        status, _, body = s.ask("/", accept_encoding=None)
        expect((status, b"curl --compressed" in body), (406, True), "no gzip")
        status, headers, _ = s.ask("/", "DELETE", Content_Type="application/json")
        expect((status, headers["Allow"]), (405, "GET, HEAD"), "DELETE")
        for name in ("/index.html", "/main.js/", "//main.js", "/../main.js", "/%6dain.js", "/pages/main.js"):
            expect(s.ask(name)[0] in (401, 404), True, name)
        c = http.client.HTTPConnection("127.0.0.1", s.http, timeout=60)
        c.putrequest("GET", "/", skip_host=True, skip_accept_encoding=True)
        c.putheader("Host", "evil.example")
        c.endheaders()
        expect(c.getresponse().status, 421, "a foreign name")
        c.close()


def brightness(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    return sum(w * (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4) for w, x in zip((0.2126, 0.7152, 0.0722), parts))


def contrast(path):
    """Text on whatever it can stand on, light and dark: 4.5:1, as WCAG 2.2 AA wants it."""
    colours = dict(re.findall(r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", FILES["/style.css"].decode()))
    grounds = ("ground", "raised", "chosen")
    pairs = [(t, g) for t in ("text", "quiet", "link", "bad", "warn", "good") for g in grounds] + [
        ("on-accent", "accent"), ("bad", "bad-ground"), ("warn", "warn-ground"), ("link", "warn-ground"), ("link", "bad-ground"), ("text", "flash"), ("warn", "flash"), ("bad", "flash")]
    for theme in (0, 1):
        for text, ground in pairs:
            a, b = sorted(brightness(colours[x].split(", ")[theme]) for x in (text, ground))
            expect((b + 0.05) / (a + 0.05) >= 4.5, True, "%s on %s, %s" % (text, ground, ("light", "dark")[theme]))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--only", action="append", default=[])
    o = ap.parse_args()
    cases([(f.__name__, f, o.server) for f in (as_they_lie, kept, refused, contrast)], o.only)


if __name__ == "__main__":
    main()
