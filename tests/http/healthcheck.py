#!/usr/bin/env python3
"""millrace-server --healthcheck URL: 0 for a server that answers with 2xx, else 1 and a reason on stderr; it never hangs.

usage: healthcheck.py --server PATH"""
import argparse, os, signal, socket, subprocess, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import check, done     # noqa: E402
from server import Server, free_port  # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--server", required=True)
SERVER = os.path.abspath(ap.parse_args().server)


def ask(url):
    p = subprocess.run([SERVER, "--healthcheck", url], capture_output=True, text=True, timeout=60)
    return p.returncode, p.stderr


def expect(name, url, status, text=""):
    got = ask(url)
    check(name, got[0] == status and text in got[1] and (status == 0) == (got[1] == ""), "%s: %r" % (url, got))


def peer(answer):
    """A port where one client gets these bytes, whatever it says; None: it is accepted and gets nothing."""
    s = socket.create_server(("127.0.0.1", 0))

    def serve():
        c, _ = s.accept()
        if answer is None:
            return kept.append(c)
        c.recv(4096)
        c.sendall(answer)
        c.close()
    threading.Thread(target=serve, daemon=True).start()
    return s.getsockname()[1]


kept = []
http = free_port()
with Server(SERVER, "--console-port", http) as s:
    s.start()
    at = "http://127.0.0.1:%d" % http
    expect("alive", at + "/healthz", 0)
    expect("ready", at + "/readyz", 0)
    expect("by name", "http://localhost:%d/readyz" % http, 0)
    expect("not ready: the reason is told", at + "/readyz?memory=nonsense", 1, "400")
    expect("no such path", at + "/nothing", 1, "404")
    s.p.send_signal(signal.SIGSTOP)
    expect("a server that is stopped is not waited for", at + "/healthz", 1, "no answer in time")
    s.p.send_signal(signal.SIGCONT)
    expect("and is alive again", at + "/healthz", 0)
expect("nobody listens", "http://127.0.0.1:%d/" % free_port(), 1, "Connection refused")
expect("a host that does not exist", "http://nowhere.invalid/", 1)
expect("an answer that is not HTTP", "http://127.0.0.1:%d/" % peer(b"SSH-2.0-whoever\r\n"), 1, "not HTTP")
expect("an empty answer", "http://127.0.0.1:%d/" % peer(b""), 1, "no answer")
expect("a status without text", "http://127.0.0.1:%d/" % peer(b"HTTP/1.1 204\r\n\r\n"), 0)
expect("503 with a body", "http://127.0.0.1:%d/" % peer(b"HTTP/1.1 503 x\r\n\r\nloading 41%\n"), 1, "503 loading 41%")
for url in ("", "127.0.0.1:8379", "https://127.0.0.1/", "http://", "http:///x", "http://[::1/x", "http://[::1]x", "http://h:/", "http://h:x/", "http://h:123456/",
            "http://h/ x", "http://h/x\r\nHost: y", "http://%s/" % ("h" * 300)):
    expect("refused: %r" % url[:40], url, 1, "not a URL")
expect("a path that is too long", "http://127.0.0.1:%d/%s" % (peer(b""), "x" * 5000), 1, "no answer")
done()
