#!/usr/bin/env python3
"""A cache under pressure: a memory limit, keys drawn by Zipf's law, a miss fills the cache.

pressure.py --server PATH [--seconds N | --uses N] [--limit 200mb] [--keys N] [--policy P] [--compare REDIS] [--probe]

Fails when memory passes the limit by more than 2 % or when the hit ratio is more than half a point below that of the server
it is compared with (the same keys in the same order). Times are printed only.
"""
import argparse, itertools, multiprocessing, os, random, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp import Conn, info, packet  # noqa: E402
from server import Server            # noqa: E402

BATCH = 256


def probe(port, stop, out):
    """Latency of a GET a thousand times a second, from the moment that it is due."""
    c, times, due = Conn(port), [], time.perf_counter()
    while not stop.is_set():
        due += 0.001
        now = time.perf_counter()
        if now < due:
            time.sleep(due - now)
        c.ask("GET", "key:%012d" % random.randrange(1000))
        times.append(time.perf_counter() - due)
    times.sort()
    out.put((times[len(times) // 2], times[len(times) * 999 // 1000], times[-1]))


def run(path, o, limit):
    """Plays the load against one server; returns what was seen."""
    with Server(path, *(["--maxmemory", limit, "--maxmemory-policy", o.policy] if limit else [])) as server:
        c = server.start()
        rng = random.Random(o.seed)
        weights = list(itertools.accumulate((i + 1.0) ** -o.skew for i in range(o.keys)))
        population = range(o.keys)
        value = [os.urandom(n) for n in range(100, 700)]
        stop, queue = multiprocessing.Event(), multiprocessing.Queue()
        if o.probe:
            prober = multiprocessing.Process(target=probe, args=(server.port, stop, queue))
            prober.start()
        most, hits, uses, start = 0, 0, 0, time.time()
        while (uses < o.uses) if o.uses else (time.time() - start < o.seconds):
            keys = rng.choices(population, cum_weights=weights, k=BATCH)
            missed = [k for k, v in zip(keys, c.many([("GET", "key:%012d" % k) for k in keys])) if v is None]
            # What is missed twice in a batch is a miss once.
            missed = list(dict.fromkeys(missed))
            c.write(packet([("SET", "key:%012d" % k, value[k * 7919 % 600]) for k in missed]))
            for _ in missed:
                c.reply()
            uses += BATCH
            if uses > (o.uses / 2 if o.uses else 0):
                hits += BATCH - len(missed)
            if uses % (BATCH * 64) == 0:
                most = max(most, int(info(c)["used_memory"]))
        last, times = info(c), None
        if o.probe:
            stop.set()
            times = queue.get()
            prober.join()
        return {"uses": uses, "hit": hits / (uses / 2 if o.uses else uses), "most": most, "info": last, "probe": times,
                "startup": int(last["used_memory_startup"]), "keys": c.ask("DBSIZE")}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--compare")
    ap.add_argument("--seconds", type=float, default=0)
    ap.add_argument("--uses", type=int, default=0)
    ap.add_argument("--limit", default="200mb")
    ap.add_argument("--keys", type=int, default=1000000)
    ap.add_argument("--skew", type=float, default=0.9)
    ap.add_argument("--policy", default="allkeys-lru")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--probe", action="store_true")
    o = ap.parse_args()
    if not o.seconds and not o.uses:
        o.uses = 2000000
    limit = int(o.limit[:-2]) << 20
    failed = []
    ours = run(o.server, o, o.limit)
    over = 100.0 * (ours["most"] - limit) / limit
    print("%s: %d uses, %d keys, most memory %+.2f %% of the limit, hit ratio %.4f, %s evicted, longest eviction in a turn %s us (%s us of CPU)" %
          (o.policy, ours["uses"], ours["keys"], over, ours["hit"], ours["info"]["evicted_keys"], ours["info"].get("eviction_longest_turn_us"),
           ours["info"].get("eviction_longest_turn_cpu_us")))
    if int(ours["info"]["evicted_keys"]) == 0:
        failed.append("nothing was evicted")
    if over > 2:
        failed.append("memory passed the limit by %.2f %%" % over)
    if o.probe:
        free = run(o.server, o, None)
        print("probe, us: p50 %.0f, p99.9 %.0f, most %.0f; without a limit: p50 %.0f, p99.9 %.0f, most %.0f" % tuple(
            1e6 * x for x in ours["probe"] + free["probe"]))
    if o.compare:
        theirs = run(o.compare, o, o.limit)
        print("%s: %d keys, hit ratio %.4f, ours %+.2f points" % (o.compare, theirs["keys"], theirs["hit"], 100 * (ours["hit"] - theirs["hit"])))
        if ours["hit"] < theirs["hit"] - 0.005:
            failed.append("the hit ratio is more than half a point lower")
    for f in failed:
        print("FAILED: " + f)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
