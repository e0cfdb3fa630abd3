#!/usr/bin/env python3
"""Three servers and three sentinels on loopback, for a look at fail-over. Ctrl-C ends them all.

usage: trio.py SERVER [--dir data/trio] [--port 6379] [--sentinel-port 26379]

The servers listen on --port and the two behind it, the sentinels likewise. Their files are in --dir: what was there stays, so that a second
start goes on with the roles and data of the first. A server that ends, killed by you for example, is started again ten seconds later, when
Sentinel has promoted another one. Whenever a role or a link changes, a line says who is what.
"""
import argparse, os, signal, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from resp import Conn, Error, info  # noqa: E402

SERVER_CONF = """port {port}
bind 127.0.0.1
dir {dir}
logfile {dir}/log
appendonly yes
repl-diskless-sync-delay 0
"""
SENTINEL_CONF = """port {port}
bind 127.0.0.1
dir {dir}
logfile {dir}/log
sentinel monitor trio 127.0.0.1 {first} 2
sentinel down-after-milliseconds trio 1000
sentinel failover-timeout trio 10000
"""
STARTS_AGAIN_AFTER = 10


class Part:
    """A process with a folder of its own."""

    def __init__(self, o, name, path, port, conf):
        self.name, self.path, self.port, self.p, self.ended_at = name, path, port, None, None
        self.dir = os.path.join(os.path.abspath(o.dir), name)
        self.conf = os.path.join(self.dir, "millrace.conf" if name.startswith("server") else "sentinel.conf")
        os.makedirs(self.dir, exist_ok=True)
        if not os.path.exists(self.conf):
            with open(self.conf, "w") as f:
                f.write(conf.format(port=port, dir=self.dir, first=o.port))

    def start(self):
        self.p, self.ended_at = subprocess.Popen([self.path, self.conf], cwd=self.dir, stdin=subprocess.DEVNULL, start_new_session=True), None

    def look(self):
        """Starts it again some time after it has ended."""
        if self.p.poll() is None:
            return
        if self.ended_at is None:
            self.ended_at = time.monotonic()
            print("%s (port %d) has ended with %d; it is started again in %d s" % (self.name, self.port, self.p.returncode, STARTS_AGAIN_AFTER), flush=True)
        elif time.monotonic() > self.ended_at + STARTS_AGAIN_AFTER:
            self.start()

    def role(self):
        try:
            c = Conn(self.port, seconds=0.5)
            try:
                i = info(c, section="replication")
            finally:
                c.close()
        except (OSError, Error, KeyError):
            return "does not answer"
        return "primary" if i["role"] == "master" else "replica of %s, link %s" % (i["master_port"], i["master_link_status"])

    def end(self):
        if self.p and self.p.poll() is None:
            self.p.send_signal(signal.SIGTERM)
            try:
                self.p.wait(30)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait()


def taken(port):
    try:
        Conn(port, seconds=1).close()
        return True
    except OSError:
        return False


def run(o, parts):
    servers, before = parts[:3], None
    for server in servers:
        server.start()
    # Sentinel looks for replicas every ten seconds: those that are there at its start it knows at once.
    for _ in range(50):
        if sum("link up" in s.role() for s in servers) == 2:
            break
        time.sleep(0.1)
    for sentinel in parts[3:]:
        sentinel.start()
    print("sentinels: %d to %d, watching \"trio\"; files in %s. Try:" % (o.sentinel_port, o.sentinel_port + 2, os.path.abspath(o.dir)))
    print("    redis-cli -p %d SENTINEL GET-MASTER-ADDR-BY-NAME trio" % o.sentinel_port)
    print("    kill -9 %d        # the first server; or kill -STOP, and -CONT later" % servers[0].p.pid, flush=True)
    while True:
        time.sleep(0.3)
        for part in parts:
            part.look()
        now = ["%d %s" % (s.port, s.role()) for s in servers]
        if now != before:
            print(time.strftime("%H:%M:%S  ") + "; ".join(now), flush=True)
            before = now


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("server", metavar="SERVER")
    ap.add_argument("--dir", default=os.path.join(ROOT, "data", "trio"))
    ap.add_argument("--port", type=int, default=6379)
    ap.add_argument("--sentinel-port", type=int, default=26379)
    o = ap.parse_args()
    ports = [first + i for first in (o.port, o.sentinel_port) for i in range(3)]
    if busy := [p for p in ports if taken(p)]:
        sys.exit("somebody listens on %s: choose others with --port and --sentinel-port" % ", ".join(map(str, busy)))
    path = os.path.abspath(o.server) if "/" in o.server else o.server
    parts = [Part(o, "server-%d" % (i + 1), path, o.port + i, SERVER_CONF + ("replicaof 127.0.0.1 {first}\n" if i else "")) for i in range(3)]
    parts += [Part(o, "sentinel-%d" % (i + 1), "redis-sentinel", o.sentinel_port + i, SENTINEL_CONF) for i in range(3)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        run(o, parts)
    except KeyboardInterrupt:
        print()
    finally:
        for part in parts[::-1]:  # the sentinels first, so that nobody is promoted meanwhile
            part.end()


if __name__ == "__main__":
    main()
