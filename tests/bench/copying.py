#!/usr/bin/env python3
"""What a full copy of a large data set does to the clients of both sides: the longest wait of a GET on the primary while a copy is made and
sent, under a load of writes, and on the replica while it loads beside its old data (repl-diskless-load swapdb). Prints, judges nothing.

usage: copying.py --server PATH [--keys N] [--size BYTES] [--rounds N] [--disk]

A probe asks one GET each millisecond. Servers and probes have priority over the load, as if they had machines of their own: else
the replica, the primary, its child and the load wait for each other's processor. Beside each copy stands the same time without one, under the same load: what the machine itself does
to a probe is in both. `turn` is the longest turn of the server itself by the clock and by the CPU time of its thread (INFO eventloop_duration_max,
eventloop_cpu_max): the second leaves out what other processes take, and has the fork in it.
"""
import argparse, multiprocessing, os, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import wait_for        # noqa: E402
from peers import until_in_step   # noqa: E402
from resp import Conn, info       # noqa: E402
from replication import Direct    # noqa: E402
from server import free_port, servers  # noqa: E402


def prefer(pid, nice):
    try:
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    except OSError:
        pass  # the figures are those of a busy machine then


def probe(sock, stop, said):
    """The waits of its GETs in milliseconds, ascending."""
    prefer(0, -10)
    c, waits = Conn(sock), []
    while not stop.is_set():
        began = time.perf_counter()
        c.ask("GET", "key:1")
        waits.append((time.perf_counter() - began) * 1000)
        time.sleep(0.001)
    said.send(sorted(waits))


class Probe:
    def __init__(self, server):
        self.stop, (self.heard, said) = multiprocessing.Event(), multiprocessing.Pipe(False)
        self.process = multiprocessing.Process(target=probe, args=(server.sock, self.stop, said), daemon=True)
        self.process.start()

    def end(self):
        self.stop.set()
        waits = self.heard.recv()
        self.process.join()
        return waits


def tell(what, server, waits):
    at = lambda share: waits[min(len(waits) - 1, int(len(waits) * share))]
    with server.open() as c:
        print("  %-34s GET p50 %6.2f  p99 %6.2f  p99.9 %6.2f  longest %7.2f ms of %5d; turn %7.2f, CPU %7.2f ms" %
              (what, at(0.5), at(0.99), at(0.999), waits[-1], len(waits), int(info(c, "eventloop_duration_max", "debug")) / 1000,
               int(info(c, "eventloop_cpu_max", "debug")) / 1000), flush=True)


def watched(what, both, during):
    """The waits of both servers' clients while during() runs."""
    for server in both:
        with server.open() as c:
            c.ask("CONFIG", "RESETSTAT")
    probes = [Probe(s) for s in both]
    during()
    for name, server, p in zip(("primary", "replica"), both, probes):
        tell(what + ", " + name, server, p.end())


def one_copy(both):
    """The replica follows somebody else until the backlog no longer has what it lacks, and comes back: with the history of its data."""
    primary, replica = both
    with primary.open() as p, replica.open() as r:
        before = int(info(p, "sync_full"))
        r.ask("REPLICAOF", "127.0.0.1", free_port())
        p.many([("SET", "more:%d" % i, "x" * 100000) for i in range(40)])
        r.ask("REPLICAOF", "127.0.0.1", primary.port)
        wait_for(lambda: int(info(p, "sync_full")) > before and info(r, "master_link_status") == "up", 300)
        return int(info(p, "latest_fork_usec")) / 1000


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--keys", type=int, default=1000000)
    ap.add_argument("--size", type=int, default=1000)
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--disk", action="store_true", help="the primary makes a file first (repl-diskless-sync no)")
    o = ap.parse_args()
    options = ["--repl-diskless-sync-delay", "0", "--repl-diskless-load", "swapdb", "--repl-backlog-size", "1mb", "--enable-debug-command", "yes",
               "--repl-diskless-sync", "no" if o.disk else "yes", "--client-output-buffer-limit", "replica 0 0 0", "--latency-monitor-threshold", "1000"]
    primary, replica = both = Direct(o.server, *options), Direct(o.server, *options)
    with servers(*both):
        primary.start().close()
        with primary.open() as p:
            p.ask("DEBUG", "POPULATE", o.keys, "key", o.size)
            print("%d keys, %.0f MB" % (o.keys, int(info(p, "used_memory")) / 1e6), flush=True)
        replica.start("--replicaof", "127.0.0.1 %d" % primary.port).close()
        for server in both:
            prefer(server.p.pid, -5)
        until_in_step(*both)
        load = subprocess.Popen(["redis-benchmark", "-s", primary.sock, "-t", "set", "-d", "100", "-r", "100000", "-n", "1000000000", "-c", "4", "-q"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(o.rounds):
                forks, took = [], time.monotonic()
                watched("a copy", both, lambda: forks.append(one_copy(both)))
                took = time.monotonic() - took
                print("  took %.1f s, the fork %.1f ms" % (took, forks[0]))
                watched("no copy", both, lambda: time.sleep(took))
        finally:
            load.kill()
            load.wait()


if __name__ == "__main__":
    main()
