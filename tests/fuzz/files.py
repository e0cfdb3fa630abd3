#!/usr/bin/env python3
"""Snapshots, manifests, bases and increments with changed bytes, given to a server at its start.

files.py SERVER [--seconds N] [--seed S]: SERVER is best a build with sanitizers (make sanitized). The server
may load what it is given or refuse it with exit 1; what it loaded is then read and changed. Fails on any
other end, a hang, or a sanitizer's report.
"""
import argparse, os, random, re, shutil, socket, subprocess, sys, tempfile, time

LOOK = b"""DEBUG DIGEST\r\nXRANGE s - +\r\nXPENDING s g - + 1000\r\nXAUTOCLAIM s g x 0 0 COUNT 500\r\nXTRIM s MAXLEN 10\r
LRANGE l0 0 -1\r\nLPOP l1 100\r\nXINFO STREAM s FULL\r\nDEBUG RELOAD\r\nFLUSHALL\r\nPING done\r\n"""


class Server:
    def __init__(self, path, directory, *args):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.log = os.path.join(directory, "log")
        env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:abort_on_error=1", UBSAN_OPTIONS=os.environ.get("UBSAN_OPTIONS", "halt_on_error=1"))
        self.p = subprocess.Popen([path, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--enable-debug-command", "yes",
                                   *args], stdout=open(self.log, "wb"), stderr=subprocess.STDOUT, env=env)

    def connect(self):
        """A connection once the data is loaded, or None: the process has ended."""
        for _ in range(1500):
            if self.p.poll() is not None:
                return None
            try:
                s = socket.create_connection(("127.0.0.1", self.port), 10)
                s.sendall(b"PING\r\n")
                if s.recv(100).startswith(b"+PONG"):
                    return s
                s.close()
            except OSError:
                pass
            time.sleep(0.01)
        return None

    def ask(self, *commands):
        s = self.connect()
        for c in commands:
            s.sendall(c.encode() + b"\r\n")
            s.recv(65536)
        s.close()


def make_files(server, directory):
    first = ["SET a 1", "SET big " + "x" * 3000, "SET e v EX 10000"]
    first += ["RPUSH l%d %s" % (i % 3, "item" * (i % 9 + 1)) for i in range(200)]
    first += ["XADD s %d-%d f v%d g w%d" % (i + 1, i, i, i) for i in range(300)] + ["XADD t * a%d b" % i for i in range(50)]
    first += ["XGROUP CREATE s g 0", "XGROUP CREATE s h 5", "XREADGROUP GROUP g c COUNT 100 STREAMS s >", "XREADGROUP GROUP g d COUNT 50 STREAMS s >",
              "XACK s g 1-0 5-4", "XDEL s 10-9 20-19", "XNACK s g FAIL IDS 1 7-6", "XADD s IDMP p i1 * a b", "BGREWRITEAOF"]
    s = Server(server, directory, "--appendonly", "yes")
    s.ask(*first)
    time.sleep(1.5)
    s.ask(*["RPUSH z a%d" % i for i in range(50)], *["XADD s * q %d" % i for i in range(50)], "SAVE")
    s.p.kill()
    s.p.wait()
    os.remove(s.log)
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


def one(server, directory, name):
    """None, or what went wrong."""
    s = Server(server, directory, "--appendonly", "yes" if name.startswith("appendonlydir") else "no", "--rdbchecksum", "no")
    c = s.connect()
    if c:
        try:
            c.settimeout(20)
            c.sendall(LOOK)
            got = b""
            while b"done" not in got[-20:]:
                more = c.recv(1 << 20)
                if not more:
                    break
                got += more
        except OSError:
            pass
        s.p.terminate()
    try:
        code = s.p.wait(30)
    except subprocess.TimeoutExpired:
        s.p.kill()
        return "it hung"
    if code not in (0, 1):
        return "it ended with %d" % code
    return "see the log" if re.search("AddressSanitizer|runtime error|ASSERTION", open(s.log, errors="replace").read()) else None


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
        content = bytearray(open(path, "rb").read())
        damage(rng, content)
        open(path, "wb").write(content)
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
