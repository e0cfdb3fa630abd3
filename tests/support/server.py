"""A server to be tested and connections to it, for tests in Python. Used by putting this folder into sys.path."""
import os, shutil, socket, ssl, subprocess, sys, tempfile, time

failed = 0


def check(name, good, seen=""):
    """One line of a test's output: "ok NAME" or "not ok NAME: what was seen"."""
    global failed
    failed += not good
    print(("ok " if good else "not ok ") + name + ("" if good else ": %.300r" % (seen,)), flush=True)


def done():
    sys.exit(failed > 0)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def request(*args):
    args = [a if isinstance(a, bytes) else str(a).encode() for a in args]
    return b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in args)


def wait_for(what, seconds=20):
    """Until what() is true. False: it did not become so."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Conn:
    def __init__(self, s, seconds=20):
        self.s = s
        self.s.settimeout(seconds)
        self.f = self.s.makefile("rb")

    def send(self, *args):
        self.s.sendall(request(*args))

    def reply(self):
        """Integers as such, errors and simple strings as bytes with their sign, arrays, maps and pushes as lists."""
        line = self.f.readline()
        if not line:
            raise ConnectionError("closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return None if rest == b"-1" else self.f.read(int(rest) + 2)[:-2]
        if kind in b"*>~%":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest) * (2 if kind == b"%" else 1))]
        if kind == b"_":
            return None
        return int(rest) if kind == b":" else line[:-2]

    def ask(self, *args):
        self.send(*args)
        return self.reply()

    def is_closed(self, seconds=20):
        """Reads to the end. False: the end does not come."""
        self.s.settimeout(seconds)
        try:
            while self.s.recv(1 << 16):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    def close(self):
        self.f.close()
        self.s.close()


class Server:
    """A server in a directory of its own. tls: with a TLS port too."""

    def __init__(self, path, *args, tls=False):
        self.dir = tempfile.mkdtemp(prefix="millrace-test-")
        self.path = self.dir + "/sock"
        self.executable = os.path.abspath(path)
        self.args = [str(a) for a in args]
        self.tls_port = 0
        if tls:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "s.key", "-out", "s.crt", "-days", "30", "-subj", "/CN=s"],
                           cwd=self.dir, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.tls_port = free_port()
            self.args += ["--tls-port", str(self.tls_port), "--tls-cert-file", "s.crt", "--tls-key-file", "s.key", "--tls-auth-clients", "no"]
        for _ in range(3):
            self.port = free_port()
            self.p = subprocess.Popen([self.executable, "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket", self.path, "--save", "", "--dir",
                                       self.dir] + self.args, stdout=open(self.dir + "/log", "a"), stderr=subprocess.STDOUT, cwd=self.dir)
            if wait_for(self.answers):
                return
        raise RuntimeError("the server does not start: " + self.log()[-500:])

    def answers(self):
        try:
            c = self.unix()
            c.send("PING")
            c.reply()
            c.close()
            return True
        except OSError:
            return False

    def log(self):
        with open(self.dir + "/log") as f:
            return f.read()

    def plain(self):
        s = socket.create_connection(("127.0.0.1", self.port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Conn(s)

    def tls(self):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
        s = socket.create_connection(("127.0.0.1", self.tls_port))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Conn(c.wrap_socket(s))

    def unix(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.path)
        return Conn(s)

    def end(self):
        self.p.kill()
        self.p.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
