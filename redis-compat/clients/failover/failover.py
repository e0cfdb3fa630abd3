#!/usr/bin/env python3
"""Client libraries and job frameworks, unmodified, through a fail-over by Sentinel.

usage: failover.py --server PATH [--clients NAME,...] [--acks N,...] [--faults kill,stop] [--modules DIR]

A program beside this one (redis_py.py, ioredis.mjs, bullmq.mjs, celery_tasks.py) gets the addresses of three sentinels in SENTINELS, works until its
standard input ends, and says what it was told, a line each: "acked WHAT" for what the server has acknowledged, "read" for an answer from a replica,
"failed WHY" for an error that the library leaves to it, and "done WHAT" for a job that has run. The primary is taken away in the middle: killed by SIGKILL
and started again later, or stopped (SIGSTOP) and awake again later. The program goes on with the same objects of its library.

Nothing acknowledged may be missing at the end: a number in the list that it was appended to, a job among those that have run. With --acks N the
servers have min-replicas-to-ack N. Without, a stopped primary may lose what it answers when it awakes, and redis-server, which is there to show
that the test is fair, may lose anything: that is told and not judged."""
import argparse, collections, os, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "tests", "support"))
from check import Failed, check, done, until, wait_for  # noqa: E402
from peers import NAME, Trio                            # noqa: E402
from resp import Error                                  # noqa: E402

PYTHON, SOME, LATEST = "/usr/bin/python3", 150, 240
# Kombu takes a message out of its list in one command and notes in another one that it is not acknowledged yet. The answer to the first
# may go down with the primary, whatever the server: one message of each worker.
BETWEEN = {"celery": 1}


class Program:
    def __init__(self, command, trio):
        env = {**os.environ, "SENTINELS": ",".join("127.0.0.1:%d" % s.port for s in trio.sentinels), "NAME": NAME, "DIR": trio.sentinels[0].home}
        self.said, self.other = collections.defaultdict(list), []
        self.p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, text=True,
                                  errors="replace", bufsize=1)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.p.stdout:
            kind, _, rest = line.rstrip().partition(" ")
            if kind in ("acked", "read", "failed", "done"):
                self.said[kind].append((time.monotonic(), rest))
            elif line.strip():
                self.other.append(line.rstrip())

    def count(self, kind):
        return len(self.said[kind])

    def all(self, kind):
        return {what for _, what in self.said[kind]}

    def some_more(self, what, kinds=("acked",)):
        """Of each kind, from now on."""
        had = {k: self.count(k) for k in kinds}
        if not wait_for(lambda: self.p.poll() is not None or all(self.count(k) >= had[k] + SOME for k in kinds), LATEST):
            raise Failed("%s: too little of %r, last failures %r; %r" % (what, {k: self.count(k) - had[k] for k in kinds}, self.said["failed"][-3:], self.other[-8:]))
        if self.p.poll() is not None:
            raise Failed("%s: the program has ended: %r" % (what, self.other[-8:]))

    def end(self):
        """It stops what it sends; what is under way goes on."""
        if self.p.poll() is None:
            self.p.stdin.close()

    def kill(self):
        self.p.kill()
        self.p.wait()


def numbers(program, trio):
    """Acknowledged and in no list of the primary."""
    lists = collections.defaultdict(set)
    for what in program.all("acked"):
        key, n = what.split()
        lists[key].add(int(n))
    until("the end of the program", lambda: program.p.poll() is not None, LATEST)
    with until("a healthy trio", trio.healthy, LATEST).open() as c:
        return [(key, n) for key, there in lists.items() for n in sorted(there - {int(x) for x in c.ask("LRANGE", key, 0, -1)})]


def jobs(program, _):
    """Acknowledged and never run."""
    wait_for(lambda: program.all("acked") <= program.all("done") or program.p.poll() is not None, LATEST)
    return sorted(program.all("acked") - program.all("done"))


CLIENTS = {"redis-py": ([PYTHON, "redis_py.py"], ("acked", "read"), numbers), "ioredis": (["node", "ioredis.mjs"], ("acked", "read"), numbers),
           "bullmq": (["node", "bullmq.mjs"], ("acked", "done"), jobs), "celery": ([PYTHON, "celery_tasks.py"], ("acked", "done"), jobs)}


def run(o, client, acks, fault):
    command, kinds, lost_of = CLIENTS[client]
    folder = o.modules if command[0] == "node" else HERE
    trio = Trio(o.server, "--appendonly", "yes", *(("--min-replicas-to-ack", acks) if acks else ()))
    program = None
    try:
        program = Program([command[0], os.path.join(folder, command[1])], trio)
        program.some_more("before", kinds)
        old = until("a healthy trio", trio.healthy, LATEST)
        old.kill() if fault == "kill" else old.freeze()
        at = time.monotonic()
        until("another primary", lambda: trio.agreed() not in (None, old), LATEST)
        program.some_more("with the next primary", kinds)
        old.launch() if fault == "kill" else old.go_on()
        until("a healthy trio", trio.healthy, LATEST)
        program.some_more("with the old one back", kinds)
        program.end()
        lost = lost_of(program, trio)
        times = [t for t, _ in program.said["acked"]]
        pause = max(b - a for a, b in zip(times, times[1:]) if b > at)
        failed = collections.Counter(w.split(":")[0][:40] for w in (x for _, x in program.said["failed"]))
        again = program.count("done") - len(program.all("done"))
        print("  %s: %d acknowledged, %d lost, %s%d read from replicas, longest pause %.1f s; errors that the library left to us: %s" %
              (client, program.count("acked"), len(lost), "%d done and %d of them again, " % (program.count("done"), again) if program.count("done") else "",
               program.count("read"), pause, dict(failed) or "none"), flush=True)
        for line in program.other[-200:] if o.verbose else ():
            print("    " + line)
        return lost
    except (Failed, OSError, Error):
        print(*("    " + line for line in program.other[-30:] if program), *(repr(p.log()[-500:]) for p in trio.peers), sep="\n", flush=True)
        raise
    finally:
        if program:
            program.kill()
        trio.end()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--clients", default=",".join(CLIENTS))
    ap.add_argument("--acks", default="0,1")
    ap.add_argument("--faults", default="kill")
    ap.add_argument("--modules", default=HERE, help="where the programs for node are, with node_modules beside them or above")
    ap.add_argument("--verbose", action="store_true")
    o = ap.parse_args()
    is_ours = "redis" not in os.path.basename(o.server)
    for client in o.clients.split(","):
        for fault in o.faults.split(","):
            for acks in [int(n) for n in o.acks.split(",")] if is_ours else [0]:
                name = "%s through %s of the primary, min-replicas-to-ack %d" % (client, fault, acks)
                try:
                    lost = run(o, client, acks, fault)
                    judged = is_ours and (acks or fault == "kill")
                    check(name, not judged or len(lost) <= BETWEEN.get(client, 0), "lost: %r" % lost[:20])
                except (Failed, OSError, Error) as e:
                    check(name, False, "%s: %s" % (type(e).__name__, e))
    done()


if __name__ == "__main__":
    main()
