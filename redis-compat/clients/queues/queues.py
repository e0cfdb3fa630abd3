#!/usr/bin/env python3
"""Client libraries, unmodified, as workers that know nothing of policies: plain XREADGROUP and XACK.

usage: queues.py --server PATH [--clients NAME,...] [--messages N] [--workers N] [--modules DIR] [--seed S]

Three servers with min-replicas-to-ack 1, and an address in front of the primary that moves with it. The programs beside this one (redis_py.py, hiredis.c,
ioredis.mjs) work on what a producer adds; meanwhile a worker is killed by SIGKILL, the primary is killed and started again, the primary is killed and a
replica promoted, and again. Some messages always fail, some kill the worker that takes them: all die of it, after MAXDELIVER deliveries exactly, and lie
in the dead-letter stream. Every other one is done at least once, and nothing is left."""
import argparse, collections, ctypes, os, random, signal, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "tests", "support"))
from check import Failed, check, done, expect, until  # noqa: E402
from peers import Three                               # noqa: E402
from proxy import Proxy                               # noqa: E402
from resp import Conn, Error                          # noqa: E402
from server import Refused                            # noqa: E402

sys.setswitchinterval(0.0005)
PYTHON, MOST, LEASE, LATEST = "/usr/bin/python3", 4, 1500, 300  # seconds: the limit of what hangs
COMMANDS = {"redis-py": [PYTHON, os.path.join(HERE, "redis_py.py")], "hiredis": ["hiredis"], "ioredis": ["node", "ioredis.mjs"]}
FAULTS = ("worker", "restart", "fail-over")


def end_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Workers:
    """So many processes; who ends is started again. done: numbers; took: {id: how often}, of those that fail or kill; failures: what libraries told."""

    def __init__(self, command, port, n):
        self.command, self.port, self.ended, self.count = command, port, False, 10
        self.done, self.again, self.took, self.failures, self.other = set(), 0, collections.Counter(), collections.Counter(), []
        self.lock, self.processes = threading.Lock(), {}
        self.threads = [threading.Thread(target=self.keep, args=("w%d" % i,), daemon=True) for i in range(n)]
        for t in self.threads:
            t.start()

    def keep(self, name):
        while not self.ended:
            env = {**os.environ, "PORT": str(self.port), "NAME": name, "COUNT": str(self.count)}
            p = self.processes[name] = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, text=True,
                                                        errors="replace", preexec_fn=end_with_us)
            for line in p.stdout:
                self.hear(line.rstrip())
            p.wait()
            time.sleep(0.05)

    def hear(self, line):
        kind, _, rest = line.partition(" ")
        with self.lock:
            if kind == "did":
                self.again += int(rest) in self.done
                self.done.add(int(rest))
            elif kind == "took":
                self.took[rest] += 1
            elif kind == "failed":
                self.failures[rest[:50]] += 1
            else:
                self.other.append(line)

    def kill(self, names=None):
        for name in names or list(self.processes):
            self.processes[name].kill()

    def end(self):
        self.ended = True
        while any(t.is_alive() for t in self.threads):
            self.kill()
            time.sleep(0.02)


class Test:
    def __init__(self, o, client, command):
        self.o, self.random, self.client, self.command = o, random.Random(o.seed), client, command
        self.three, self.address, self.workers = Three(o.server, "--appendonly", "yes", "--repl-timeout", "5"), Proxy(), None
        self.kinds, self.added, self.faults = {}, 0, collections.Counter()

    # ---- Messages

    def add(self, kinds):
        """Once more when it is not answered: then some may be there twice."""
        first = len(self.kinds)
        for i, kind in enumerate(kinds):
            self.kinds[first + i] = kind
        end = time.monotonic() + LATEST
        while time.monotonic() < end:
            try:
                c = Conn(self.address.port, seconds=10)
                got = c.many([("XADD", "q", "*", "n", first + i, "kind", kind) for i, kind in enumerate(kinds)])
                c.close()
                if not any(isinstance(x, Error) for x in got):
                    self.added += len(kinds)
                    return
            except OSError:
                pass
            time.sleep(0.05)

    def produce(self):
        """About one of a hundred fails for ever. Not far ahead of the workers, so that faults come all along."""
        failing = 0  # those are never done
        while self.added < self.o.messages and not self.workers.ended:
            if self.added - failing - len(self.workers.done) < 1000:
                kinds = ["fails" if self.random.random() < 0.01 else "work" for _ in range(50)]
                failing += kinds.count("fails")
                self.add(kinds)
            else:
                time.sleep(0.01)

    def of(self, *kinds):
        return {n for n, kind in self.kinds.items() if kind in kinds}

    # ---- Faults

    def fault(self, what):
        self.faults[what] += 1
        if what == "worker":
            self.workers.kill([self.random.choice(list(self.workers.processes))])
            return
        old = self.three.primary
        old.kill()
        if what == "restart":
            old.launch("--replicaof", "no one")
            self.address.cut()
        else:
            self.three.promote(self.random.choice(self.three.replicas()))
            self.address.target = self.three.primary.port
            self.address.cut()
            self.three.come_back(old)
        self.three.until_ready()

    # ---- What comes of it

    def letters(self):
        with self.three.primary.open() as c:
            got = c.ask("XRANGE", "{q}:dlq", "-", "+")
        return [dict(zip(f[::2], f[1::2])) for _, f in got]

    def until_done(self):
        until("all that can be done: %d of %d; %r %r" % (len(self.workers.done), len(self.of("work")), self.workers.failures.most_common(3), self.workers.other[-5:]),
              lambda: self.of("work") <= self.workers.done, LATEST)

    def judge(self):
        until("the letters", lambda: {int(f[b"n"]) for f in self.letters()} >= self.of("fails", "kills"), LATEST)
        with self.three.primary.open() as c:
            until("an empty queue", lambda: c.ask("XLEN", "q") == 0 and c.ask("XPENDING", "q", "g")[0] == 0, LATEST)
        letters = self.letters()
        expect(sorted({int(f[b"n"]) for f in letters} - self.of("fails", "kills")), [], "letters of what could be done")
        expect({f[b"dl-count"] for f in letters}, {b"%d" % MOST}, "deliveries of the dead")
        expect({(f[b"dl-reason"], f[b"dl-text"]) for f in letters}, {(b"maxdeliver", b"lease ended")}, "what they died of")
        beyond = {i: n for i, n in self.workers.took.items() if n > MOST}
        expect(beyond, {}, "taken more often")

    def run(self):
        c = self.three.start()
        self.address.target = self.three.primary.port
        c.ask("XPOLICY", "SET", "q", "g", "MKSTREAM", "JOBS", "LEASE", LEASE, "MAXDELIVER", MOST)
        self.workers = Workers(self.command, self.address.port, self.o.workers)
        producer = threading.Thread(target=self.produce, daemon=True)
        producer.start()
        faults = FAULTS * max(1, self.o.messages // 10000)
        for i, what in enumerate(faults):
            until("work: %r %r" % (self.workers.failures.most_common(3), self.workers.other[-5:]),
                  lambda: len(self.workers.done) >= self.o.messages * 0.9 * (i + 1) / (len(faults) + 1), LATEST)
            self.fault(what)
        until("the end of the producer", lambda: not producer.is_alive(), LATEST + self.o.messages / 50)
        self.until_done()
        # One by one: who is killed takes nothing else along.
        self.workers.count = 1
        self.workers.kill()
        self.add(["kills" if n % 10 == 5 else "work" for n in range(30)])
        self.until_done()
        self.judge()

    def end(self):
        if self.workers:
            self.workers.end()
        self.address.end()
        self.three.end()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--clients", default=",".join(COMMANDS))
    ap.add_argument("--messages", type=int, default=100000)
    ap.add_argument("--workers", type=int, default=4)
    ap.add_argument("--modules", default=HERE, help="where the program for node is, with node_modules beside it or above")
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    for client in o.clients.split(","):
        command = list(COMMANDS[client])
        test = Test(o, client, command)
        try:
            if client == "hiredis":
                command[0] = os.path.join(test.three.peers[0].home, "worker")
                subprocess.run(["gcc", "-O1", "-o", command[0], os.path.join(HERE, "hiredis.c"), "-lhiredis"], check=True)
            elif client == "ioredis":
                command[1] = os.path.join(o.modules, command[1])
            test.run()
            w = test.workers
            check("%s, %d workers: %d messages done, %d of them again, %d dead; %s (seed %d)" %
                  (client, o.workers, len(w.done), w.again, len(test.letters()), dict(test.faults), o.seed), True)
        except (Failed, Refused, OSError, Error, subprocess.CalledProcessError) as e:
            check("%s (seed %d)" % (client, o.seed), False, "%s: %s; %s" % (type(e).__name__, e, [p.dir for p in test.three.peers]))
        finally:
            test.end()
    done()


if __name__ == "__main__":
    main()
