#!/usr/bin/env python3
"""The console's port as far as strangers reach it: health, refusals, limits, times. usage: port.py --server SERVER

After each hostile request another connection is answered, and at the end no descriptor is left."""
import argparse, os, re, socket, ssl, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import check, done, expect, cases, until, wait_for  # noqa: E402
from resp import info                   # noqa: E402
from server import Server, free_port   # noqa: E402

HOST = "Host: localhost\r\n"
PROTECTION = """Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'
X-Content-Type-Options: nosniff
X-Frame-Options: DENY
Referrer-Policy: no-referrer
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()
Cache-Control: no-store
""".replace("\n", "\r\n")


def dial(port, context=None):
    s = socket.create_connection(("127.0.0.1", port), 30)
    return context.wrap_socket(s) if context else s


def read_answer(s, was=b""):
    """(status, head, body, what follows) of one answer; None: the connection ends before it."""
    got = was
    while b"\r\n\r\n" not in got:
        piece = s.recv(65536)
        if not piece:
            return None
        got += piece
    head, rest = got.split(b"\r\n\r\n", 1)
    length = int((re.search(rb"Content-Length: (\d+)", head) or [0, 0])[1])
    while len(rest) < length:
        rest += s.recv(65536)
    return int(head.split()[1]), head.decode() + "\r\n", rest[:length], rest[length:]


def is_over(s):
    s.settimeout(20)
    try:
        return s.recv(100) == b""
    except ConnectionResetError:
        return True


def ask(port, text, context=None):
    with dial(port, context) as s:
        s.sendall(text if isinstance(text, bytes) else text.encode())
        return read_answer(s)


def whole(status, why, type_="application/json", body=None, more="", closes=False):
    body = body if body is not None else '{"error":{"code":"%s","text":"%s"}}' % why
    return "HTTP/1.1 %s\r\nDate: *\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s%s%s" % (
        status, type_, len(body), "Connection: close\r\n" if closes else "", PROTECTION, more), body


def same(answer, want):
    return answer and re.sub("Date: .*? GMT", "Date: *", answer[1]) == want[0] and answer[2].decode() == want[1]


BAD, NONE, BYTE = "400 Bad Request", ("ERR", "no HTTP request"), ("ERR", "a byte that no head may have")
JSON = "Content-Type: application/json\r\nContent-Length: 2\r\n"
GONE = whole("404 Not Found", ("NOTFOUND", "No such path."))
CLEAR = ("ORIGIN", "Cross-origin request.")
PLAIN = ("ERR", "Content-Type has to be application/json.")
CODED = ("ERR", "Transfer-Encoding is not taken: send Content-Length")
HOSTILE = [
    ("two lengths", "POST / HTTP/1.1\r\n" + HOST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", whole(BAD, NONE, closes=True)),
    ("a length and chunked", "POST / HTTP/1.1\r\n" + HOST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", whole(BAD, NONE, closes=True)),
    ("chunked", "POST / HTTP/1.1\r\n" + HOST + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", whole("501 Not Implemented", CODED, closes=True)),
    ("two Hosts", "GET / HTTP/1.1\r\n" + HOST + HOST + "\r\n", whole(BAD, ("ERR", "Host has to be there once"), closes=True)),
    ("no Host", "GET / HTTP/1.1\r\n\r\n", whole(BAD, ("ERR", "Host has to be there once"), closes=True)),
    ("a foreign Host", "GET / HTTP/1.1\r\nHost: evil.com\r\n\r\n", whole("421 Misdirected Request", ("HOST", "This host name is not listed in console-hosts."))),
    ("absolute form", "GET http://localhost/ HTTP/1.1\r\n" + HOST + "\r\n", whole(BAD, ("ERR", "the target is no path"), closes=True)),
    ("NUL", b"GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n", whole(BAD, BYTE, closes=True)),
    ("bare CR", "GET / HTTP/1.1\r\nHost: local\rhost\r\n\r\n", whole(BAD, BYTE, closes=True)),
    ("bare LF", "GET / HTTP/1.1\nHost: localhost\n\n", whole(BAD, BYTE, closes=True)),
    ("a folded header", "GET / HTTP/1.1\r\n" + HOST + "X: a\r\n b\r\n\r\n", whole(BAD, BYTE, closes=True)),
    ("a blank before the colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", whole(BAD, NONE, closes=True)),
    ("a long header", "GET / HTTP/1.1\r\n" + HOST + "X: " + "a" * 65536 + "\r\n\r\n", whole("431 Request Header Fields Too Large", ("ERR", "the head is longer than 8 KiB"), closes=True)),
    ("a long target", "GET /" + "a" * 5120 + " HTTP/1.1\r\n" + HOST + "\r\n", whole("414 URI Too Long", ("ERR", "the target is longer than 4 KiB"), closes=True)),
    ("%00 in a path", "GET /a%00b HTTP/1.1\r\n" + HOST + "\r\n", GONE),
    (".. in a path", "GET /../../etc/passwd HTTP/1.1\r\n" + HOST + "\r\n", GONE),
    ("overlong UTF-8 in a path", "GET /%c0%af%c0%ae HTTP/1.1\r\n" + HOST + "\r\n", GONE),
    ("health by another spelling", "GET //healthz HTTP/1.1\r\n" + HOST + "\r\n", GONE),
    ("+3 as a length", "POST / HTTP/1.1\r\n" + HOST + "Content-Length: +3\r\n\r\nabc", whole(BAD, NONE, closes=True)),
    ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", whole("505 HTTP Version Not Supported", ("ERR", "only HTTP/1.1 and 1.0"), closes=True)),
    ("RESP", "*1\r\n$4\r\nPING\r\n", whole(BAD, BYTE, closes=True)),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", whole(BAD, BYTE, closes=True)),
    ("a form of another site", "POST / HTTP/1.1\r\n" + HOST + "Sec-Fetch-Site: cross-site\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", whole("403 Forbidden", CLEAR, closes=True)),
    ("JSON of another site", "POST / HTTP/1.1\r\n" + HOST + "Sec-Fetch-Site: cross-site\r\n" + JSON + "\r\n{}", whole("403 Forbidden", CLEAR, closes=True)),
    ("a foreign Origin", "POST / HTTP/1.1\r\n" + HOST + "Origin: http://evil.com\r\n" + JSON + "\r\n{}", whole("403 Forbidden", CLEAR, closes=True)),
    ("a change that is no JSON", "POST / HTTP/1.1\r\n" + HOST + "Content-Length: 2\r\n\r\n{}", whole("415 Unsupported Media Type", PLAIN, closes=True)),
    ("OPTIONS", "OPTIONS / HTTP/1.1\r\n" + HOST + "Origin: http://evil.com\r\nAccess-Control-Request-Method: POST\r\n\r\n", whole("405 Method Not Allowed", ("ERR", "Method not allowed for this path."), more="Allow: GET, HEAD, POST, PUT, PATCH, DELETE\r\n")),
    ("Range", "GET /healthz HTTP/1.1\r\n" + HOST + "Range: bytes=0-0\r\n\r\n", whole("200 OK", 0, "text/plain; charset=utf-8", "ok\n")),
    ("Expect", "POST / HTTP/1.1\r\n" + HOST + "Expect: 100-continue\r\n" + JSON + "\r\n", whole("417 Expectation Failed", ("ERR", "Expect is not taken: send the body at once"), closes=True)),
    ("an upgrade", "GET / HTTP/1.1\r\n" + HOST + "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", whole("501 Not Implemented", ("ERR", "no protocol but HTTP/1.1 is spoken here"), closes=True)),
    ("CONNECT", "CONNECT localhost:22 HTTP/1.1\r\n" + HOST + "\r\n", whole("501 Not Implemented", ("ERR", "no such method"), closes=True)),
    ("a body that is too long", "POST / HTTP/1.1\r\n" + HOST + "Content-Type: application/json\r\nContent-Length: 1048577\r\n\r\n", whole("413 Content Too Large", ("ERR", "the body is longer than 1 MiB"), closes=True)),
    ("a body that is too long for strangers", "POST /api/v1/session HTTP/1.1\r\n" + HOST + "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n", whole("413 Content Too Large", ("ERR", "Without a login a body has at most 4096 bytes."), closes=True)),
    ("a trace of a proxy", "GET / HTTP/1.1\r\n" + HOST + "X-Forwarded-For: 127.0.0.1\r\n\r\n", whole("403 Forbidden", ("CLEARTEXT", "Passwords and data do not travel in the clear here. Use TLS (console-tls yes), or a reverse proxy that is listed in console-proxies and tells X-Forwarded-For and X-Forwarded-Proto: https."))),
    ("POST to health", "POST /healthz HTTP/1.1\r\n" + HOST + "\r\n", whole("405 Method Not Allowed", ("ERR", "Method not allowed for this path."), more="Allow: GET, HEAD\r\n")),
    ("a body for health", "GET /healthz HTTP/1.1\r\n" + HOST + "Content-Length: 2\r\n\r\n{}", whole(BAD, ("ERR", "Health takes no body."), closes=True)),
    ("a wrong question to readyz", "GET /readyz?x=1 HTTP/1.1\r\n" + HOST + "\r\n", whole(BAD, 0, "text/plain; charset=utf-8", "allow=reason,..., memory=percent and replica-lag=bytes are what can be asked for; reasons: loading, shutting-down, disk-failed, replica-link, replica-lag, paused, memory\n")),
]


class Port(Server):
    def begin(self, *more):
        self.http = free_port()
        self.args += ["--console-port", str(self.http), *[str(x) for x in more]]
        return self.start()

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.p.pid))

    def is_well(self):
        return ask(self.http, "GET /healthz HTTP/1.1\r\n" + HOST + "\r\n")[2] == b"ok\n"


def hostile(path):
    """G4, G5, G6, H1, H2, H6: the whole answers."""
    with Port(path) as s:
        s.begin()
        before = s.descriptors()
        for i, (name, text, want) in enumerate(HOSTILE):
            if i % 15 == 14:
                time.sleep(3.2)  # what an address may ask without a login comes again
            got = ask(s.http, text)
            check(name, same(got, want), (got, want))
            expect(s.is_well(), True, "the server behind " + name)
        until("no descriptor is left", lambda: s.descriptors() <= before)


def pipelined(path):
    """H1: in order, one at a time; what does not belong to a request is the next one."""
    with Port(path) as s:
        s.begin()
        with dial(s.http) as c:
            c.sendall(("GET /healthz HTTP/1.1\r\n" + HOST + "\r\nHEAD /readyz HTTP/1.1\r\n" + HOST + "\r\nGET /x HTTP/1.1\r\n" + HOST + "\r\n").encode() * 3)
            rest = b""
            for _ in range(3):
                status, _, body, rest = read_answer(c, rest)
                expect((status, body), (200, b"ok\n"), "the first")
                while b"\r\n\r\n" not in rest:
                    rest += c.recv(65536)
                head, rest = rest.split(b"\r\n\r\n", 1)
                expect(b"Content-Length: 6" in head, True, "the answer to HEAD")
                status, _, _, rest = read_answer(c, rest)
                expect(status, 404, "the third")
            c.sendall(("GET /healthz HTTP/1.0\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n").encode())
            expect(read_answer(c)[2], b"ok\n", "HTTP/1.0")
            expect(is_over(c), True, "the end behind HTTP/1.0")


def reasons(path):
    """Section 11: what /readyz says."""
    with Port(path, "--enable-debug-command", "yes") as s:
        c = s.begin()

        def ready(query=""):
            status, _, body, _ = ask(s.http, "GET /readyz%s HTTP/1.1\r\nHost: any.name\r\n\r\n" % query)
            return status, body.decode()
        expect(ready(), (200, "ready\n"), "a server")
        c.do("CLIENT", "PAUSE", 100000, "WRITE")
        expect(ready(), (503, "paused\n"), "paused")
        expect(ready("?allow=disk-failed,paused"), (200, "ready\n"), "paused, allowed")
        c.do("CLIENT", "UNPAUSE")
        c.do("SET", "k", "x" * 3000000)
        c.do("CONFIG", "SET", "maxmemory", "8mb")
        expect(ready("?memory=10"), (503, "memory\n"), "much memory")
        expect(ready("?memory=100"), (200, "ready\n"), "not too much memory")
        c.do("CONFIG", "SET", "maxmemory", "0")
        c.do("REPLICAOF", "127.0.0.1", free_port())
        until("the link is a reason", lambda: ready() == (503, "replica-link\n"))
        expect(ready("?replica-lag=1000000000&allow=replica-link"), (503, "replica-lag\n"), "how far it is behind is not known")
        with Server(path) as primary:
            primary.start()
            c.do("REPLICAOF", "127.0.0.1", primary.port)
            until("it has caught up", lambda: ready("?replica-lag=0") == (200, "ready\n"))
        c.do("REPLICAOF", "NO", "ONE")
        expect(ready(), (200, "ready\n"), "a primary again")


def loading(path):
    """H8: the port answers while data are loaded, and tells how far it is."""
    with Port(path, "--appendonly", "no", "--key-load-delay", 500, "--loading-process-events-interval-bytes", 1024, "--rdbcompression", "no") as s:
        s.begin()
        c = s.conn()
        for i in range(3000):
            c.do("SET", "k%d" % i, "x" * 100)
        c.do("SAVE")
        s.launch(loading=True)
        seen = set()

        def look():
            status, _, body, _ = ask(s.http, "GET /readyz HTTP/1.1\r\n" + HOST + "\r\n")
            seen.add(body.decode())
            expect(s.is_well(), True, "health while loading")
            return status == 200
        until("it is ready", look)
        expect(any(re.fullmatch(r"loading \d+%\n", x) for x in seen), True, "what was seen: %r" % seen)


def limits(path):
    """H2, H3: half requests, many connections, none keeps another out for long."""
    with Port(path, "--console-clients", 16) as s:
        c = s.begin()
        c.ask("PING")  # it has been accepted, and counts
        before = s.descriptors()
        slow = []
        began = time.monotonic()
        for text in ("", "GET /healthz HTT", "POST /x HTTP/1.1\r\n" + HOST + JSON + "\r\n{"):
            slow.append(dial(s.http))
            slow[-1].sendall(text.encode())
        # A fifth connection takes the place of the oldest.
        idle = [dial(s.http) for _ in range(10)]
        for x in idle[-3:]:
            x.sendall(("GET /healthz HTTP/1.1\r\n" + HOST + "\r\n").encode())
            expect(read_answer(x)[2], b"ok\n", "one of many")
        expect(all(is_over(x) for x in slow + idle[:6]), True, "the oldest are gone")
        expect(time.monotonic() - began < 50, True, "they were closed for room, not by time")
        expect(c.do("PING"), b"PONG", "the other port")
        for x in slow + idle:
            x.close()
        until("no descriptor is left", lambda: s.descriptors() <= before)


def places(path):
    """H3: who has logged in has places of his own, which strangers do not take, and he none of theirs."""
    with Port(path, "--console-clients", 8) as s:
        c = s.begin()
        c.do("ACL", "SETUSER", "alice", "on", ">a-word-of-alice", "~*", "+@all")
        ask = "GET /api/v1/session HTTP/1.1\r\n" + HOST + "Authorization: Bearer %s\r\n\r\n"
        with dial(s.http) as x:
            body = '{"user":"alice","password":"a-word-of-alice"}'
            x.sendall(("POST /api/v1/session HTTP/1.1\r\n%s%sContent-Length: %d\r\n\r\n%s" % (HOST, "Content-Type: application/json\r\n", len(body), body)).encode())
            token = re.search(rb'"token":"(\w+)"', read_answer(x)[2])[1].decode()
        users = []
        for _ in range(6):  # each is a stranger at first
            users.append(dial(s.http))
            users[-1].sendall((ask % token).encode())
            expect(read_answer(users[-1])[0], 200, "one of six")
        strangers = [dial(s.http) for _ in range(12)]
        strangers[-1].sendall(("GET /healthz HTTP/1.1\r\n" + HOST + "\r\n").encode())
        expect(read_answer(strangers[-1])[2], b"ok\n", "the last of twelve strangers")
        expect(all(is_over(x) for x in strangers[:9]), True, "strangers displace each other")
        for x in users:
            x.sendall((ask % token).encode())
            expect(read_answer(x)[0], 200, "no user is displaced")
        with dial(s.http) as x:
            x.sendall((ask % token).encode())
            expect(read_answer(x)[0], 200, "a seventh")
            expect(is_over(users[0]), True, "the oldest of the users")
            x.sendall((ask % token).encode())
            expect(read_answer(x)[0], 200, "the seventh again")
        for x in users + strangers:
            x.close()


def times(path):
    """H2: a head within 10 seconds of its first byte, however often a byte comes."""
    with Port(path) as s:
        s.begin()
        with dial(s.http) as x:
            began = time.monotonic()
            stop = threading.Event()

            def drip():
                for b in ("GET /healthz HTTP/1.1\r\nX: " + "y" * 1000).encode():
                    if stop.wait(0.2):
                        return
                    try:
                        x.send(bytes([b]))
                    except OSError:
                        return
            t = threading.Thread(target=drip)
            t.start()
            got = read_answer(x)
            took = time.monotonic() - began
            stop.set()
            t.join()
            expect(same(got, whole("408 Request Timeout", ("ERR", "Timeout while reading the request."), closes=True)), True, "the answer %r" % (got,))
            expect(took >= 9.9, True, "not before its time: %.1f" % took)


def settings(path):
    """console-port, console-bind, console-tls at run time; a port that is taken changes nothing."""
    with Port(path, tls=True) as s:
        c = s.begin()
        other = free_port()
        expect(c.do("CONFIG", "SET", "console-port", other), b"OK", "another port")
        was, s.http = s.http, other
        expect(s.is_well(), True, "the other port")
        with socket.socket() as x:
            expect(x.connect_ex(("127.0.0.1", was)) != 0, True, "the old port is closed")
        expect(str(c.do("CONFIG", "SET", "console-port", s.port))[:3], "ERR", "a port that is taken")
        expect((c.do("CONFIG", "GET", "console-port")[1].decode(), s.is_well()), (str(other), True), "it stays")
        expect(c.do("CONFIG", "SET", "console-tls", "yes"), b"OK", "TLS")
        context = ssl.create_default_context(cafile=s.at("s.crt"))
        context.check_hostname = False
        got = ask(s.http, "GET /healthz HTTP/1.1\r\n" + HOST + "Connection: close\r\n\r\n", context)
        expect((got[2], "Strict-Transport-Security: max-age=31536000\r\n" in got[1]), (b"ok\n", True), "health by TLS")
        c.do("CONFIG", "SET", "tls-port", "0")
        expect(int(info(c, "tls_certificate_ends")) > time.time(), True, "when the certificate of the console alone ends")
        expect(c.do("CONFIG", "SET", "console-tls", "no"), b"OK", "without")
        expect(info(c).get("tls_certificate_ends"), None, "no certificate")
        expect(s.is_well(), True, "without TLS")
        expect(c.do("CONFIG", "SET", "console-port", "0"), b"OK", "none")
        with socket.socket() as x:
            expect(x.connect_ex(("127.0.0.1", s.http)) != 0, True, "no port")
        # HTTP on the port of commands.
        with socket.create_connection(("127.0.0.1", s.port), 30) as x:
            x.sendall(("POST / HTTP/1.1\r\n" + HOST + "\r\n").encode())
            expect(is_over(x), True, "the port of commands ends it")
        expect(wait_for(lambda: c.do("PING")), b"PONG", "it goes on")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--only", action="append", default=[])
    o = ap.parse_args()
    cases([(f.__name__, f, o.server) for f in (hostile, pipelined, reasons, loading, limits, places, times, settings)], o.only)


if __name__ == "__main__":
    main()
    done()
