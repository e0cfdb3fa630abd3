#!/usr/bin/env python3
"""TLS: values of all sizes, certificates of clients, reloading, old protocols, reconnects.

tls.py SERVER      prints "ok ..." and "not ok ..." lines
"""
import os, random, socket, ssl, subprocess, sys, tempfile, time

failed = 0


def check(name, good, seen=""):
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + name + ("" if good else ": %r" % (seen,)), flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Conn:
    def __init__(self, port, context=None):
        self.s = socket.create_connection(("127.0.0.1", port), timeout=20)
        if context:
            self.s = context.wrap_socket(self.s, server_hostname="localhost")
        self.f = self.s.makefile("rb")

    def reply(self):
        line = self.f.readline()
        if not line:
            raise ConnectionError("closed")
        if line[:1] == b"$":
            return None if line == b"$-1\r\n" else self.f.read(int(line[1:]) + 2)[:-2]
        if line[:1] == b"*":
            return [self.reply() for _ in range(int(line[1:]))]
        return line[:-2]

    def ask(self, *args):
        args = [a if isinstance(a, bytes) else str(a).encode() for a in args]
        self.s.sendall(b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in args))
        return self.reply()


def main():
    d = tempfile.mkdtemp(prefix="tls-")
    run = lambda *a: subprocess.run(a, cwd=d, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=ca")
    for n in ("server", "server2", "alice"):
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", n + ".key", "-out", n + ".csr", "-subj", "/CN=" + n)
        run("openssl", "x509", "-req", "-in", n + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", n + ".crt", "-days", "30")
    port, plain = free_port(), free_port()
    p = subprocess.Popen([os.path.abspath(sys.argv[1]), "--port", str(plain), "--bind", "127.0.0.1", "--tls-port", str(port), "--tls-cert-file", "server.crt",
                          "--tls-key-file", "server.key", "--tls-ca-cert-file", "ca.crt", "--tls-auth-clients", "optional", "--tls-auth-clients-user", "CN",
                          "--save", "", "--dir", d], stdout=open(d + "/log", "w"), stderr=subprocess.STDOUT, cwd=d)

    def context(cert=None, **how):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.load_verify_locations(d + "/ca.crt")
        c.check_hostname = False
        if cert:
            c.load_cert_chain(d + "/%s.crt" % cert, d + "/%s.key" % cert)
        for k, v in how.items():
            setattr(c, k, v)
        return c

    def name_of(conn):
        return dict(x[0] for x in conn.s.getpeercert()["subject"])["commonName"]

    for _ in range(500):
        try:
            a = Conn(plain)
            if a.ask("PING") == b"+PONG":  # by then all ports are open
                break
        except (OSError, ConnectionError):
            pass
        time.sleep(0.02)
    try:
        t = Conn(port, context())
        check("a plain and a TLS port side by side", t.ask("PING") == b"+PONG" and a.ask("PING") == b"+PONG")
        for n in (0, 1, 100, 16383, 16384, 16385, 40000, 1 << 20, 5 << 20):
            v = os.urandom(n)
            check("a value of %d bytes" % n, t.ask("SET", "v", v) == b"+OK" and t.ask("GET", "v") == v)
        t.s.sendall(b"".join(b"*3\r\n$3\r\nSET\r\n$5\r\nk%04d\r\n$3\r\nabc\r\n" % i for i in range(5000)))
        check("5000 commands at once", all(t.reply() == b"+OK" for _ in range(5000)))
        t.s.sendall(b"*2\r\n$3\r\nGET\r\n$1\r\nv\r\n" * 20)
        check("100 MB of replies", all(len(t.reply()) == 5 << 20 for _ in range(20)))
        for v, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            c = Conn(port, context(minimum_version=v, maximum_version=v))
            check(name, c.s.version() == name and c.ask("PING") == b"+PONG")
        try:
            old = context()
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
            old.set_ciphers("ALL:@SECLEVEL=0")
            Conn(port, old)
            check("TLSv1.1 is refused", False)
        except (ssl.SSLError, OSError):
            check("TLSv1.1 is refused", True)
        try:
            r = Conn(port).ask("PING")
            check("plain text on the TLS port is refused", False, r)
        except (ConnectionError, OSError):
            check("plain text on the TLS port is refused", True)

        a.ask("ACL", "SETUSER", "alice", "on", ">x", "+@all", "~*")
        check("the certificate's name is the user", Conn(port, context("alice")).ask("ACL", "WHOAMI") == b"alice")
        check("without a certificate: default", Conn(port, context()).ask("ACL", "WHOAMI") == b"default")
        a.ask("ACL", "SETUSER", "alice", "off")
        check("a user that is off: default", Conn(port, context("alice")).ask("ACL", "WHOAMI") == b"default")
        check("tls-auth-clients yes", a.ask("CONFIG", "SET", "tls-auth-clients", "yes") == b"+OK")
        try:
            r = Conn(port, context()).ask("PING")
            check("without a certificate: refused", False, r)
        except (ConnectionError, OSError):
            check("without a certificate: refused", True)
        check("with one: let in", Conn(port, context("alice")).ask("PING") == b"+PONG")
        a.ask("CONFIG", "SET", "tls-auth-clients", "no")
        check("the certificate before", name_of(Conn(port, context())) == "server")
        check("certificate and key are exchanged", a.ask("CONFIG", "SET", "tls-cert-file", "server2.crt", "tls-key-file", "server2.key") == b"+OK")
        check("the certificate after", name_of(Conn(port, context())) == "server2")
        check("open connections go on", t.ask("PING") == b"+PONG")
        check("a wrong key is refused", a.ask("CONFIG", "SET", "tls-key-file", "server.key").startswith(b"-ERR"))
        check("and changes nothing", name_of(Conn(port, context())) == "server2" and a.ask("CONFIG", "GET", "tls-key-file")[1] == b"server2.key")

        # faults T1: whatever the order in which they are set, what CONFIG GET says is what holds.
        rng, wrong = random.Random(1), []
        for step in range(60):
            what = rng.choice([("tls-port", 0), ("tls-port", port), ("tls-auth-clients", "yes"), ("tls-auth-clients", "no"), ("tls-auth-clients", "yes", "tls-port", 0),
                               ("tls-port", port, "tls-auth-clients", "no"), ("tls-cert-file", "server.crt", "tls-key-file", "server.key"),
                               ("tls-key-file", "server2.key", "tls-cert-file", "server2.crt", "tls-port", 0), ("port", plain), ("port", 0), ("bind", "127.0.0.1")])
            if a.ask("CONFIG", "SET", *what) != b"+OK":
                wrong.append(what)
            got = {n: a.ask("CONFIG", "GET", n)[1].decode() for n in ("tls-port", "tls-auth-clients", "tls-cert-file")}
            for cert in None, "alice":
                try:
                    k = Conn(port, context(cert))
                    seen = (k.ask("PING") == b"+PONG", name_of(k))
                except (ConnectionError, OSError):
                    seen = (False, None)
                open_to = got["tls-port"] != "0" and (cert or got["tls-auth-clients"] != "yes")
                if seen[0] != bool(open_to) or (seen[0] and seen[1] + ".crt" != got["tls-cert-file"]):
                    wrong.append((step, what, got, cert, seen))
        check("settings of TLS in any order", not wrong, wrong)
        a.ask("CONFIG", "SET", "tls-port", port, "port", plain, "tls-auth-clients", "no")
        t = Conn(port, context())

        memory = lambda: int([l for l in a.ask("INFO", "memory").split(b"\r\n") if l.startswith(b"used_memory:")][0].split(b":")[1])
        c = context()
        for i in range(300):
            Conn(port, c).ask("PING")
        before = memory()
        for i in range(1500):
            k = Conn(port, c)
            k.ask("PING") if i % 3 else k.s.sendall(b"*1\r\n$4\r\nPI")
            k.f.close()
            k.s.close()
        time.sleep(0.3)
        grown = memory() - before
        # Sessions are kept to be resumed (tls-session-cache-size): under 2 KB each.
        check("1500 reconnects", grown < 1500 * 2048 + (1 << 20), grown)
        half = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
        for h in half:
            h.sendall(b"\x16\x03\x01\x02\x00\x01")
        check("half handshakes do not disturb", t.ask("PING") == b"+PONG")
        check("blocked clients over TLS", Conn(port, c).ask("RPUSH", "q", "x") == b":1" and Conn(port, c).ask("BLPOP", "q", "1") == [b"q", b"x"])
    finally:
        p.kill()
        p.wait()
    sys.exit(1 if failed else 0)


main()
