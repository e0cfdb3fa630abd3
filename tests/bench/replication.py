#!/usr/bin/env python3
"""What replicas cost: CPU of the primary for each write, CPU of a replica for each command it applies, throughput when replies wait for a
replica, memory of replicas in step. Prints, judges nothing; each figure beside that of another server in the same run.

usage: replication.py --server PATH [--peer redis-server] [--rounds N] [--requests N]

CPU is user and system time of the process for as many SETs of 100 bytes as redis-benchmark sends (P=64, 50 connections), the least of the
rounds, which alternate. Throughput is the median of the rounds.
"""
import argparse, os, statistics, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from peers import Closing, until_in_step         # noqa: E402
from resp import info                            # noqa: E402
from server import Server, servers               # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


class Direct(Server):
    """Followed without a proxy in between."""

    def open(self, **how):
        return Closing(self.conn(**how))


def cpu(server):
    """Seconds of CPU that the process has used."""
    with open("/proc/%d/schedstat" % server.p.pid) as f:
        total = int(f.read().split()[0]) / 1e9  # the main thread, in nanoseconds
    with open("/proc/%d/stat" % server.p.pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return max(total, (int(fields[11]) + int(fields[12])) / TICK)


def load(server, requests, pipeline):
    """Requests a second."""
    out = subprocess.run(["redis-benchmark", "-s", server.sock, "-t", "set", "-d", "100", "-r", "100000", "-n", str(requests), "-c", "50",
                          "-P", str(pipeline), "--csv"], capture_output=True, text=True, check=True).stdout
    return float(out.splitlines()[-1].split(",")[1].strip('"'))


def group(path, replicas, *more):
    primary = Direct(path, "--repl-diskless-sync-delay", 0, *more)
    all_servers = [primary] + [Direct(path, *more) for _ in range(replicas)]
    primary.start().close()
    for r in all_servers[1:]:
        r.start("--replicaof", "127.0.0.1 %d" % primary.port).close()
    return all_servers


def costs(path, replicas, requests):
    """(microseconds of the primary, of a replica) for a SET."""
    all_servers = group(path, replicas)
    with servers(*all_servers):
        until_in_step(*all_servers)
        load(all_servers[0], 20000, 64)
        until_in_step(*all_servers)
        before = [cpu(s) for s in all_servers]
        load(all_servers[0], requests, 64)
        until_in_step(*all_servers)
        used = [(cpu(s) - b) * 1e6 / requests for s, b in zip(all_servers, before)]
    return used[0], min(used[1:], default=0.0)


def acknowledged(path, requests, pipeline, acks):
    """Requests a second of a pair."""
    all_servers = group(path, 1, *(["--min-replicas-to-ack", acks, "--repl-timeout", 3] if acks is not None else []))
    with servers(*all_servers):
        until_in_step(*all_servers)
        all_servers[0].conn().ask("SET", "first", 1)
        return load(all_servers[0], requests, pipeline)


def memory(path, replicas):
    """Bytes of a replica in step, as the primary's INFO counts them."""
    all_servers = group(path, replicas)
    with servers(*all_servers):
        until_in_step(*all_servers)
        c = all_servers[0].conn()
        return int(info(c, "mem_clients_slaves")) / replicas


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--peer", default="redis-server")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--requests", type=int, default=1000000)
    o = ap.parse_args()
    both = (("server", o.server), ("peer", o.peer))
    best = {}
    for _ in range(o.rounds):
        for name, path in both:
            for n in (0, 1, 2):
                own, replica = costs(path, n, o.requests)
                at = (name, n)
                best[at] = min(best.get(at, (1e9, 1e9))[0], own), min(best.get(at, (1e9, 1e9))[1], replica)
    for name, _ in both:
        alone, one, two = (best[name, n][0] for n in (0, 1, 2))
        print("%-8s SET P=64: alone %.3f us; first replica +%.3f us, second +%.3f us; a replica applies in %.3f us" %
              (name, alone, one - alone, two - one, best[name, 1][1]), flush=True)
    print("a replica's CPU a command, peer / server: %.2f" % (best["peer", 1][1] / best["server", 1][1]), flush=True)
    for pipeline, requests in ((1, o.requests // 8), (16, o.requests)):
        rates = {a: [] for a in (0, 1)}
        for _ in range(o.rounds):
            for a in rates:
                rates[a].append(acknowledged(o.server, requests, pipeline, a))
        without, with_ = (statistics.median(rates[a]) for a in (0, 1))
        print("min-replicas-to-ack 1 against 0, 50 connections, P=%d: %.0f against %.0f a second, %.2f" % (pipeline, with_, without, with_ / without), flush=True)
    for name, path in both:
        print("%-8s ten replicas in step: %.0f bytes each" % (name, memory(path, 10)), flush=True)


if __name__ == "__main__":
    main()
