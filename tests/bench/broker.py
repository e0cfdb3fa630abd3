#!/usr/bin/env python3
"""What work queues cost, against the same without them, and what a message takes: broker Q1, Q2, Q3, Q4, Q5, Q6, Q7, Q8, Q10, Q11, Q12, Q13, Q14, Q15.

Prints, judges nothing; behind each figure stands its target.

usage: broker.py --server PATH [--before PATH] [--rounds N] [--scale F] [--only NAME,...]

--before: a build of the server from before there were policies, for Q1: instructions of its main thread for each command, counted by callgrind; without it
Q1 is left out. All other figures are CPU time of the server's main thread, the least of the rounds, which alternate; bytes are of used_memory and of the
resident set. For instance

    tests/bench/broker.py --server build/release/millrace-server --before ../before/build/release/millrace-server

Both are builds of `make`. --scale 0.1 makes everything a tenth as large.
"""
import argparse, os, random, re, select, statistics, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import until              # noqa: E402
from replication import cpu, load    # noqa: E402
from resp import info, packet        # noqa: E402
from server import Server, free_port  # noqa: E402

PIPELINE = 32


def pieces(commands, n=PIPELINE):
    """What is sent at once, and how many replies come."""
    return [(packet(commands[i:i + n]), len(commands[i:i + n])) for i in range(0, len(commands), n)]


def drive(c, sent):
    for data, n in sent:
        c.write(data)
        for _ in range(n):
            if c.raw()[0][:1] == b"-":
                raise RuntimeError("an error reply to %r" % data[:80])


def adds(n, first=1, key="q"):
    return [("XADD", key, "%d-0" % (first + i), "order", first + i, "state", "new") for i in range(n)]


def ids(n, first=1):
    return ["%d-0" % (first + i) for i in range(n)]


def hundreds(all_ids):
    return [all_ids[i:i + 100] for i in range(0, len(all_ids), 100)]


def reads(n, who="a"):
    return [("XREADGROUP", "GROUP", "g", who, "COUNT", 100, "STREAMS", "q", ">")] * (n // 100)


def policy(*rules):
    return [("XPOLICY", "SET", "q", "g", "MKSTREAM", "JOBS", *rules)]


PLAIN = [("XGROUP", "CREATE", "q", "g", "0", "MKSTREAM")]


class Bench(Server):
    def spent(self, commands, per, n=PIPELINE):
        """Microseconds of CPU for each of `per`."""
        sent = pieces(commands, n)
        before = cpu(self)
        drive(self.c, sent)
        return (cpu(self) - before) * 1e6 / per

    def start(self, *more):
        self.c = super().start(*more)
        return self.c


def least(rounds, *ways):
    """Of each way, a function that returns numbers, the least of all rounds."""
    best = [None] * len(ways)
    for _ in range(rounds):
        for i, way in enumerate(ways):
            got = way()
            best[i] = got if best[i] is None else [min(a, b) for a, b in zip(best[i], got)]
    return best


def say(name, what, value, against, target, unit="us"):
    print("%-4s %s: %.3f against %.3f %s, %.3f (<= %s)" % (name, what, value, against, unit, value / against, target), flush=True)


# ---- Q1: instructions

def counted(path, commands, *options):
    """Instructions of the process from its start to its end."""
    with Server(path) as s:  # for its folder
        out, port = os.path.join(s.home, "callgrind"), free_port()
        command = ["valgrind", "-q", "--tool=callgrind", "--callgrind-out-file=" + out, s.path, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", s.home,
                   "--hz", "1", *options]
        s.port, s.p = port, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("an answer", lambda: answers(s))
        c, subscriber = s.conn(), s.conn()
        subscriber.ask("SUBSCRIBE", "channel")
        drive(c, pieces(commands))
        c.send("SHUTDOWN", "NOSAVE")
        s.p.wait()
        with open(out) as f:
            return int(re.search(r"^(?:summary|totals): (\d+)", f.read(), re.M)[1])


def answers(s):
    try:
        return s.conn().ask("PING")
    except OSError:
        return None


def q1(o):
    if not o.before:
        return
    n = int(20000 * o.scale) // 100 * 100
    all_ids = ids(n)
    filled = PLAIN + adds(n)
    claimed = [("XCLAIM", "q", "g", "b", 0, *some, "JUSTID") for some in hundreds(all_ids)]
    acked = [("XACK", "q", "g", *some) for some in hundreds(all_ids)]
    cases = [("XADD *", PLAIN, [("XADD", "q", "*", *x[3:]) for x in adds(n)]), ("XADD with an ID", PLAIN, adds(n)), ("XREADGROUP, an entry of 100", filled, reads(n)), ("XACK, an entry of 100", filled + reads(n), acked),
             ("XCLAIM, an entry of 100", filled + reads(n), claimed), ("PUBLISH", [], [("PUBLISH", "channel", "message")] * n)]
    for name, first, then in cases:
        figures = [(counted(path, first + then) - counted(path, first)) / n for path in (o.server, o.before)]
        say("Q1", name, *figures, "1.01", "instructions")


# ---- Q2 to Q4: cycles

def cycle(o, first, ack, n=200000):
    """XADD of 100, reading them, acknowledging them."""
    n = int(n * o.scale) // 100 * 100
    commands = []
    for some in hundreds(ids(n)):
        commands += adds(100, int(some[0].split("-")[0])) + reads(100) + [(*ack, *some) if ack[0] == "XACK" else (*ack, "IDS", 100, *some)]
    with Bench(o.server) as s:
        drive(s.start(), pieces(first))
        return [s.spent(commands, n)]


def q2(o):
    jobs, (plain,), (deleting,) = least(o.rounds, lambda: cycle(o, policy(), ("XACK", "q", "g")), lambda: cycle(o, PLAIN, ("XACK", "q", "g")),
                                        lambda: cycle(o, PLAIN, ("XACKDEL", "q", "g", "ACKED")))
    say("Q2", "XADD, XREADGROUP 100, XACK with JOBS against XACK without a policy, a message", jobs[0], plain, "1.25")
    say("Q2", "the same against XACKDEL ACKED", jobs[0], deleting, "1.10")


def redelivery(o):
    """(unread, overdue) for each entry read."""
    n, lease = int(100000 * o.scale) // 100 * 100, 4000
    with Bench(o.server) as s:
        drive(s.start(), pieces(policy("LEASE", lease) + adds(n)))
        unread = s.spent(reads(n), n)
        time.sleep(lease / 1000 + 0.1)
        overdue = s.spent(reads(n), n)
        if (there := s.c.ask("XPENDING", "q", "g", "-", "+", 1))[0][3] != 2 or info(s.c, "broker_redelivered") != str(n):
            raise RuntimeError("not all were overdue: %r" % there)
        return unread, overdue


def q3(o):
    unread, overdue = least(o.rounds, lambda: redelivery(o))[0]
    say("Q3", "XREADGROUP 100 of overdue entries against unread, an entry", overdue, unread, "1.6")


def failures(o):
    """(XADD and its reading, XNACK with a back-off, its release and its reading) for each message."""
    n = int(50000 * o.scale) // 100 * 100
    with Bench(o.server) as s:
        drive(s.start(), pieces(policy("RETRY", "FIXED", 1, "JITTER", 0, "MAXDELIVER", 0)))
        fresh = s.spent(adds(n) + reads(n), n)
        all_ids, before = ids(n), cpu(s)
        for at in range(0, n, 1000):
            drive(s.c, pieces([("XNACK", "q", "g", "FAIL", "IDS", 1, i) for i in all_ids[at:at + 1000]]))
            time.sleep(0.005)  # released meanwhile
            drive(s.c, pieces(reads(1000)))
        again = (cpu(s) - before) * 1e6 / n
        if info(s.c, "broker_redelivered") != str(n):
            raise RuntimeError("not all were released in time")
        return fresh, again


def q4(o):
    fresh, again = least(o.rounds, lambda: failures(o))[0]
    say("Q4", "XNACK FAIL with back-off, release and redelivery against XADD and XREADGROUP, a message", again, fresh, "2.0")


# ---- Q5, Q6: with many

def idle(o, with_policy):
    """(SET at P=64, CPU of a second at rest) beside groups that each have a leased entry."""
    n, requests = int(10000 * o.scale), int(1000000 * o.scale)
    with Bench(o.server) as s:
        s.start()
        for i in range(n):
            made = [("XPOLICY", "SET", "q%d" % i, "g", "MKSTREAM", "JOBS")] if with_policy else [("XGROUP", "CREATE", "q%d" % i, "g", "0", "MKSTREAM")]
            drive(s.c, pieces(made + [("XADD", "q%d" % i, "*", "a", 1), ("XREADGROUP", "GROUP", "g", "a", "STREAMS", "q%d" % i, ">")]))
        load(s, requests // 10, 64)
        before = cpu(s)
        load(s, requests, 64)
        sets = (cpu(s) - before) * 1e6 / requests
        time.sleep(1)
        before = cpu(s)
        time.sleep(5)
        return sets, (cpu(s) - before) / 5 * 1e6


def q5(o):
    with_, without = least(o.rounds, lambda: idle(o, True), lambda: idle(o, False))
    say("Q5", "SET P=64 beside 10,000 groups with policies against groups without", with_[0], without[0], "1.01")
    say("Q5", "a second at rest", with_[1], without[1], "1.05")


def fill(s, n, *rules):
    """A stream of n entries, all of them read."""
    drive(s.c, pieces(policy(*rules) if rules is not None and rules != ("none",) else PLAIN))
    for at in range(1, n + 1, 10000):
        some = min(10000, n + 1 - at)
        drive(s.c, pieces(adds(some, at), 500))
        drive(s.c, pieces(reads(some), 4))


def probe(s, seconds):
    """The 99th of a hundred GETs, in microseconds, one each millisecond."""
    c, times, end = s.unix(), [], time.monotonic() + seconds
    while time.monotonic() < end:
        at = time.perf_counter()
        c.ask("GET", "k")
        times.append((time.perf_counter() - at) * 1e6)
        time.sleep(0.001)
    return statistics.quantiles(times, n=100)[98]


def restart(o, rules, seconds):
    """(loading CPU, p99 in the first seconds, p99 later): all leases have ended by then."""
    with Bench(o.server, "--enable-debug-command", "yes") as s:
        s.start()
        fill(s, int(1000000 * o.scale), *rules)
        if rules != ("none",):
            s.c.ask("XPOLICY", "SET", "q", "g", "LEASE", 1000)  # not before: filling takes longer, and would read some again
        s.c.ask("SAVE")
        time.sleep(1.1)  # the leases end
        s.start()
        loading, first = cpu(s) * 1e6, probe(s, seconds)
        time.sleep(1)
        return loading, first, probe(s, seconds)


def q6(o):
    with_, without = least(o.rounds, lambda: restart(o, ("LEASE", 600000), 10), lambda: restart(o, ("none",), 1))
    say("Q6", "start with a million overdue leases against the same without a policy", with_[0], without[0], "1.05")
    say("Q6", "p99 of GET in the first 10 s against later", with_[1], with_[2], "2")


# ---- Q12: who waits

def woken(o, readers):
    """For each XADD, of which one reader gets the entry, and waits again."""
    n = int(20000 * o.scale)
    with Bench(o.server, "--maxclients", 2000) as s:
        s.start()
        s.c.ask(*policy()[0])
        conns = [s.conn() for _ in range(readers)]
        wait = ("XREADGROUP", "GROUP", "g", "a", "COUNT", 1, "BLOCK", 0, "STREAMS", "q", ">")
        for c in conns:
            c.send(*wait)
        until("readers", lambda: info(s.c, "blocked_clients") == str(readers))
        poll, by_fd = select.epoll(), {c.s.fileno(): c for c in conns}
        for fd in by_fd:
            poll.register(fd, select.EPOLLIN)
        before = cpu(s)
        for i in range(n):
            s.c.ask("XADD", "q", "*", "a", i)
            for fd, _ in poll.poll():
                by_fd[fd].raw()
                by_fd[fd].send(*wait)
        return [(cpu(s) - before) * 1e6 / n]


def q12(o):
    many, one = least(o.rounds, lambda: woken(o, 1000), lambda: woken(o, 1))
    say("Q12", "XADD with 1,000 blocked readers, one of them served, against 1", many[0], one[0], "1.5")


# ---- Q11: push

def delivered(o, pushed):
    """Each message: read one by one, or pushed; acknowledged by fifties."""
    n = int(100000 * o.scale) // 50 * 50
    with Bench(o.server) as s:
        drive(s.start(), pieces(policy() + adds(n), 500))
        c, some, got = s.conn(), [], 0
        c.ask("HELLO", 3)
        before = cpu(s)
        if pushed:
            c.ask("XCONSUME", "START", "GROUP", "g", "a", "PREFETCH", 100, "STREAMS", "q")
        while got < n:
            if not pushed:
                c.send("XREADGROUP", "GROUP", "g", "a", "COUNT", 1, "BLOCK", 0, "STREAMS", "q", ">")
            value = c.raw()[1]
            if value[0] == b":":
                continue
            got += 1
            some.append(value[1][3][1] if pushed else value[1][1][1][0][1][0][1])
            if len(some) == 50:
                c.send("XACK", "q", "g", *some)
                some = []
                if not pushed:
                    c.raw()
        return [(cpu(s) - before) * 1e6 / n]


def q11(o):
    push, pull = least(o.rounds, lambda: delivered(o, True), lambda: delivered(o, False))
    say("Q11", "push with PREFETCH 100, each message, against XREADGROUP COUNT 1 BLOCK 0, one after the other", push[0], pull[0], "0.5")


def routing(o, bound):
    """One XADD with 1, 4 and 16 copies, or as many XADDs."""
    found = []
    for k in (1, 4, 16):
        n = int(20000 * o.scale) // (k + 1)
        with Bench(o.server) as s:
            s.start()
            drive(s.c, pieces([("XBIND", "ADD", "q", "DIRECT", "v", "TO", "d%d" % i) for i in range(k if bound else 0)]))
            keys = ["q"] if bound else ["q"] + ["d%d" % i for i in range(k)]
            found.append(s.spent([("XADD", key, "%d-0" % i, "routing-key", "v", "order", i) for i in range(1, n + 1) for key in keys], n))
    return found


def q10(o):
    routed, plain = least(o.rounds, lambda: routing(o, True), lambda: routing(o, False))
    for k, a, b in zip((1, 4, 16), routed, plain):
        say("Q10", "XADD routed to %d, against %d XADDs" % (k, k + 1), a, b, "1.2")


# ---- Q13: in order

ORDERED = policy("ORDERBY", "order")    # each message has another value


def in_flight(o, first):
    """Reading all there are, then acknowledging them, the last ones first."""
    n = int(1000000 * o.scale) // 100 * 100
    with Bench(o.server) as s:
        drive(s.start(), pieces(first + adds(n), 500))
        return [s.spent(reads(n) + [("XACK", "q", "g", *some) for some in reversed(hundreds(ids(n)))], n)]


def q13(o):
    (ordered,), (jobs,) = least(o.rounds, lambda: cycle(o, ORDERED, ("XACK", "q", "g"), 1000000), lambda: cycle(o, policy(), ("XACK", "q", "g"), 1000000))
    say("Q13", "XADD, XREADGROUP 100, XACK with JOBS and ORDERBY, other values all, against JOBS", ordered, jobs, "1.6")
    (ordered,), (jobs,) = least(o.rounds, lambda: in_flight(o, ORDERED), lambda: in_flight(o, policy()))
    say("Q13", "the same without XADD, a million of them in flight", ordered, jobs, "no target")
# ---- Q7, Q8, Q14, Q15: time and limits

FAR = int(time.time() * 1000) + 3600000


def later(o, when):
    """(accepting, appending when due) of each message; when None: plain XADD, of which there is nothing to append later."""
    n = int(200000 * o.scale)
    add = [("XADD", "q", *(["AT", 0] if when else []), "*", "order", i, "state", "new") for i in range(n)]
    with Bench(o.server) as s:
        s.start()
        if not when:
            return [s.spent(add, n)] * 2
        due = int(time.time() * 1000) + 4000
        accepted = s.spent([(*c[:3], due + i % 1000, *c[4:]) for i, c in enumerate(add)], n)
        if s.c.ask("XSCHED", "LEN", "q") != n:
            raise RuntimeError("some were due already")
        before = cpu(s)
        time.sleep(max(0, due / 1000 + 1.2 - time.time()))
        until("the last append", lambda: s.c.ask("XSCHED", "LEN", "q") == 0)
        return accepted, (cpu(s) - before) * 1e6 / n


def q7(o):
    (accepted, appended), (plain, _) = least(o.rounds, lambda: later(o, True), lambda: later(o, None))
    say("Q7", "XADD AT against XADD", accepted, plain, "1.5")
    say("Q7", "appending when due, with what waiting for it takes, against XADD", appended, plain, "1.5")


def scheduling(o):
    """(the first thousand, the last ten thousand of a million) at random moments, for each message."""
    n, r = int(1000000 * o.scale), random.Random(8)
    add = lambda m: [("XADD", "q", "AT", FAR + r.randrange(86400000), "*", "order", 17, "state", "new") for _ in range(m)]
    with Bench(o.server) as s:
        s.start()
        first = s.spent(add(1000), 1000)
        for _ in range(0, n - 11000, 10000):
            drive(s.c, pieces(add(10000), 500))
        return first, s.spent(add(10000), 10000)


def q8(o):
    first, last = least(o.rounds, lambda: scheduling(o))[0]
    say("Q8", "XADD AT a random moment, into a million scheduled ones, against the first thousand", last, first, "1.6")


def limited(o, by_stream):
    n = int(200000 * o.scale)
    with Bench(o.server) as s:
        s.start()
        if by_stream:
            s.c.ask("XCFGSET", "q", "MKSTREAM", "MAXLEN", 1000)
        words = [] if by_stream else ["MAXLEN", "=", 1000]
        return [s.spent([("XADD", "q", *words, "*", "order", i, "state", "new") for i in range(n)], n)]


def q14(o):
    by_stream, by_command = least(o.rounds, lambda: limited(o, True), lambda: limited(o, False))
    say("Q14", "XADD under XCFGSET MAXLEN against XADD MAXLEN =", by_stream[0], by_command[0], "1.05")


def q15(o):
    """Of the moments of a year, so that what a call costs besides is in it too."""
    n = int(20000 * o.scale)
    for expression, zone in (("*/5 9-17 * * 1-5", "Europe/Berlin"), ("0 0 29 2 *", "UTC"), ("30 2 * * 0", "America/New_York")):
        with Bench(o.server) as s:
            s.start()
            spent = s.spent([("XCRON", "NEXT", expression, "TZ", zone, "FROM", FAR + i * 1575000) for i in range(n)], n)
            print("%-4s XCRON NEXT %s in %s: %.2f us (<= 50)" % ("Q15", expression, zone, spent), flush=True)


# ---- Memory

def held(s):
    """used_memory and resident bytes."""
    with open("/proc/%d/statm" % s.p.pid) as f:
        resident = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return int(info(s.c, "used_memory")), resident


def memory(o):
    n = int(1000000 * o.scale) // 1000 * 1000
    all_ids = ids(n)
    with Bench(o.server, "--stream-cache-size", 0) as s:  # expanded blocks are no part of it
        s.start()
        drive(s.c, pieces(policy("LEASE", 600000) + adds(n), 500))
        base = held(s)

        def told(what, commands, target):
            drive(s.c, pieces(commands, 4))
            print("%-4s %s: %.1f bytes a message, resident %.1f (<= %s)" % ("", what, *[(a - b) / n for a, b in zip(held(s), base)], target), flush=True)
        told("leased", reads(n), 24)
        told("leased again", [("XCLAIM", "q", "g", "b", 0, *some, "JUSTID") for some in hundreds(all_ids)], 72)
        told("released", [("XNACK", "q", "g", "SILENT", "IDS", 100, *some) for some in hundreds(all_ids)], 72)
        told("deferred", [("XNACK", "q", "g", "SILENT", "IDS", 100, *some, "DELAY", 3600000) for some in hundreds(all_ids)], 72)
    for what, field, target in (("leased, ORDERBY", "order", "24 + 48"), ("held", "state", "72 + 48")):
        with Bench(o.server, "--stream-cache-size", 0, "--broker-order-ahead", 1000000) as s:
            s.start()
            drive(s.c, pieces(policy("LEASE", 600000, "ORDERBY", field) + adds(n), 500))
            base = held(s)
            drive(s.c, pieces(reads(n), 4))
            if field == "state":    # a read passes over a thousand
                drive(s.c, pieces(reads(n // 10 + 100), 4))
            print("%-4s %s: %.1f bytes a message, resident %.1f (<= %s)" % ("", what, *[(a - b) / n for a, b in zip(held(s), base)], target), flush=True)
    for what, words, of, most in (("scheduled", ["AT", FAR, "*"], lambda i: [], 40), ("that expires", ["TTL", 3600000], lambda i: ["%d-0" % (i + 1)], 32)):
        figures = []
        for extra in (words, ["*"] if what == "scheduled" else []):
            with Bench(o.server, "--stream-cache-size", 0) as s:
                s.start()
                base = held(s)
                for at in range(0, n, 10000):
                    drive(s.c, pieces([("XADD", "q", *extra, *of(i), "order", i, "state", "new") for i in range(at, min(n, at + 10000))], 500))
                figures.append([(a - b) / n for a, b in zip(held(s), base)])
        print("%-4s %s: %.1f bytes a message more, resident %.1f (<= %d)" % ("", what, *[a - b for a, b in zip(*figures)], most), flush=True)
    n = int(10000 * o.scale)
    with Bench(o.server) as s:
        s.start()
        drive(s.c, pieces([("XGROUP", "CREATE", "q%d" % i, "g", "0", "MKSTREAM") for i in range(n)]))
        base = held(s)
        drive(s.c, pieces([("XPOLICY", "SET", "q%d" % i, "g", "JOBS") for i in range(n)]))
        print("%-4s a policy: %.0f bytes a group, resident %.0f (<= 1024)" % ("", *[(a - b) / n for a, b in zip(held(s), base)]), flush=True)


ALL = {"q1": q1, "q2": q2, "q3": q3, "q4": q4, "q5": q5, "q6": q6, "q7": q7, "q8": q8, "q10": q10, "q11": q11, "q12": q12, "q13": q13, "q14": q14, "q15": q15, "memory": memory}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--before")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--scale", type=float, default=1)
    ap.add_argument("--only", default=",".join(ALL))
    o = ap.parse_args()
    for name in o.only.split(","):
        ALL[name](o)


if __name__ == "__main__":
    main()
