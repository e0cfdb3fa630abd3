#!/usr/bin/env python3
"""TLS: values of all sizes, certificates of clients, reloading, old protocols, reconnects.

tls.py SERVER      prints "ok ..." and "not ok ..." lines
"""
import http.client, json, os, random, socket, ssl, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import check, done, wait_for  # noqa: E402
from resp import Conn, Error, info       # noqa: E402
from server import Server, free_port     # noqa: E402


def main():
    s = Server(sys.argv[1], "--tls-cert-file", "server.crt", "--tls-key-file", "server.key", "--tls-ca-cert-file", "ca.crt", "--tls-auth-clients", "optional",
               "--tls-auth-clients-user", "CN", "--console-port", console := free_port(), "--console-tls", "yes", "--console-tls-auth-clients", "optional", tls=True)
    d = s.home
    run = lambda *a: subprocess.run(a, cwd=d, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=ca")
    for n in ("server", "server2", "alice"):
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", n + ".key", "-out", n + ".csr", "-subj", "/CN=" + n)
        run("openssl", "x509", "-req", "-in", n + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", n + ".crt", "-days", "30")
    a = s.start()
    port, plain = s.tls_port, s.port

    def context(cert=None, **how):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.load_verify_locations(d + "/ca.crt")
        c.check_hostname = False
        if cert:
            c.load_cert_chain(d + "/%s.crt" % cert, d + "/%s.key" % cert)
        for k, v in how.items():
            setattr(c, k, v)
        return c

    def secure(how):
        return Conn(port, context=how)

    def ask(method, cert=None, token=None):
        """The session of the console, by HTTPS: status, answer."""
        c = http.client.HTTPSConnection("127.0.0.1", console, context=context(cert), timeout=60)
        c.request(method, "/api/v1/session", None if method == "GET" else "{}", {"Content-Type": "application/json", **({"Authorization": "Bearer " + token} if token else {})})
        r = c.getresponse()
        answer = json.loads(r.read())
        c.close()
        return r.status, answer

    def name_of(conn):
        return dict(x[0] for x in conn.s.getpeercert()["subject"])["commonName"]

    try:
        t = secure(context())
        check("a plain and a TLS port side by side", t.do("PING") == b"PONG" and a.do("PING") == b"PONG")
        for n in (0, 1, 100, 16383, 16384, 16385, 40000, 1 << 20, 5 << 20):
            v = os.urandom(n)
            check("a value of %d bytes" % n, t.do("SET", "v", v) == b"OK" and t.do("GET", "v") == v)
        t.write(b"".join(b"*3\r\n$3\r\nSET\r\n$5\r\nk%04d\r\n$3\r\nabc\r\n" % i for i in range(5000)))
        check("5000 commands at once", all(t.answer() == b"OK" for _ in range(5000)))
        t.write(b"*2\r\n$3\r\nGET\r\n$1\r\nv\r\n" * 20)
        check("100 MB of replies", all(len(t.answer()) == 5 << 20 for _ in range(20)))
        for v, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            c = secure(context(minimum_version=v, maximum_version=v))
            check(name, c.s.version() == name and c.do("PING") == b"PONG")
        try:
            old = context()
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            old.set_ciphers("ALL:@SECLEVEL=0")
            secure(old)
            check("TLSv1.1 is refused", False)
        except (ssl.SSLError, OSError):
            check("TLSv1.1 is refused", True)
        try:
            r = Conn(port).do("PING")
            check("plain text on the TLS port is refused", False, r)
        except (ConnectionError, OSError):
            check("plain text on the TLS port is refused", True)

        a.do("ACL", "SETUSER", "alice", "on", ">x", "+@all", "~*")
        check("the certificate's name is the user", secure(context("alice")).do("ACL", "WHOAMI") == b"alice")
        check("without a certificate: default", secure(context()).do("ACL", "WHOAMI") == b"default")
        status, answer = ask("POST", "alice")
        check("a certificate logs in at the console", (status, answer.get("user"), answer.get("confirm")) == (201, "alice", "user"), answer)
        check("the session needs none", ask("GET", token=answer.get("token"))[1].get("user") == "alice")
        check("a certificate alone is no session", ask("GET", "alice")[0] == 401)
        check("without one: the default user", ask("POST")[1].get("user") == "default")
        a.do("ACL", "SETUSER", "alice", "off")
        check("a user that is off: default", secure(context("alice")).do("ACL", "WHOAMI") == b"default")
        check("and at the console", ask("POST", "alice")[1].get("user") == "default")
        check("tls-auth-clients yes", a.do("CONFIG", "SET", "tls-auth-clients", "yes") == b"OK")
        try:
            r = secure(context()).do("PING")
            check("without a certificate: refused", False, r)
        except (ConnectionError, OSError):
            check("without a certificate: refused", True)
        check("with one: let in", secure(context("alice")).do("PING") == b"PONG")
        a.do("CONFIG", "SET", "tls-auth-clients", "no")
        check("the certificate before", name_of(secure(context())) == "server")
        check("certificate and key are exchanged", a.do("CONFIG", "SET", "tls-cert-file", "server2.crt", "tls-key-file", "server2.key") == b"OK")
        check("the certificate after", name_of(secure(context())) == "server2")
        check("open connections go on", t.do("PING") == b"PONG")
        check("a wrong key is refused", isinstance(a.do("CONFIG", "SET", "tls-key-file", "server.key"), Error))
        check("and changes nothing", name_of(secure(context())) == "server2" and a.do("CONFIG", "GET", "tls-key-file")[1] == b"server2.key")

        # faults T1: whatever the order in which they are set, what CONFIG GET says is what holds.
        rng, wrong = random.Random(1), []
        for step in range(60):
            what = rng.choice([("tls-port", 0), ("tls-port", port), ("tls-auth-clients", "yes"), ("tls-auth-clients", "no"), ("tls-auth-clients", "yes", "tls-port", 0),
                               ("tls-port", port, "tls-auth-clients", "no"), ("tls-cert-file", "server.crt", "tls-key-file", "server.key"),
                               ("tls-key-file", "server2.key", "tls-cert-file", "server2.crt", "tls-port", 0), ("port", plain), ("port", 0), ("bind", "127.0.0.1")])
            if a.do("CONFIG", "SET", *what) != b"OK":
                wrong.append(what)
            got = {n: a.do("CONFIG", "GET", n)[1].decode() for n in ("tls-port", "tls-auth-clients", "tls-cert-file")}
            for cert in None, "alice":
                try:
                    k = secure(context(cert))
                    seen = (k.do("PING") == b"PONG", name_of(k))
                except (ConnectionError, OSError):
                    seen = (False, None)
                open_to = got["tls-port"] != "0" and (cert or got["tls-auth-clients"] != "yes")
                if seen[0] != bool(open_to) or (seen[0] and seen[1] + ".crt" != got["tls-cert-file"]):
                    wrong.append((step, what, got, cert, seen))
        check("settings of TLS in any order", not wrong, wrong)
        a.do("CONFIG", "SET", "tls-port", port, "port", plain, "tls-auth-clients", "no")
        t = secure(context())

        memory = lambda: int(info(a, "used_memory"))
        c = context()
        for i in range(300):
            secure(c).do("PING")
        before = memory()
        for i in range(1500):
            k = secure(c)
            k.do("PING") if i % 3 else k.write(b"*1\r\n$4\r\nPI")
            k.close()
        # Sessions are kept to be resumed (tls-session-cache-size): under 2 KB each.
        check("1500 reconnects", wait_for(lambda: memory() - before < 1500 * 2048 + (1 << 20)), memory() - before)
        half = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
        for h in half:
            h.sendall(b"\x16\x03\x01\x02\x00\x01")
        check("half handshakes do not disturb", t.do("PING") == b"PONG")
        check("blocked clients over TLS", secure(c).do("RPUSH", "q", "x") == 1 and secure(c).do("BLPOP", "q", "1") == [b"q", b"x"])
    finally:
        s.end()
    done()


main()
