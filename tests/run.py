#!/usr/bin/env python3
"""Runs all tests, several parts at a time, and closes with "N passed, N failed".

Each part is a process with ports and folders of its own. What it prints comes in the order of the list below, with the time it took and
the CPU time of its processes. Parts that keep a processor busy take a whole place, those that mostly wait (for a heartbeat, a timeout, a
disk, the server they talk to) a quarter, all others half of one. Since nearly all of them wait now and then, there are three places for two
processors. Parts marked `alone` compare speeds or orders that a second part could disturb; they run after the others, one by one. A part's limit only
ends what hangs.
"""
import argparse, glob, os, re, resource, signal, subprocess, sys, tempfile, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = "/usr/bin/python3"
# Labels of parts that keep a processor busy.
BUSY = re.compile("crash|examples, trading|power cuts|fail-over|dialogues, (aof|dribble)|random nasty|hostile|fuzz|extreme|TLS|oracle, settings|keys that handlers|"
                  "replication to and from|unit (persist/dump|store/evict|commands/trio|type/stream_pending)_test")
# Labels of parts that use a processor for less than a third of their time.
WAITING = re.compile("documentation|a primary and its|a replica and its|work queues, (connections|fail-over|push)|the console's port, (strangers|logins|metrics|tail|lists)|"
                     "limits of connections|alerts and dashboard|clock, slow disk|links, stops|systemd units|who may become|configuration$|unit server/|"
                     "pipelines over several turns|integration/(scripting/scripts|connection/(clients|tracking|observers)|persist/(lock|changed_files|bases|replace))")


class Part:
    """One command. lines: it prints "ok ..." and "not ok ..." lines; else it passes or fails as a whole."""

    def __init__(self, label, command, limit, lines=False, alone=False):
        self.label, self.command, self.limit, self.lines, self.alone = label, command, limit, lines, alone
        self.room = 4 if BUSY.match(label) else 1 if WAITING.match(label) else 2  # in quarters of a place
        self.text, self.seconds, self.cpu, self.status = "", 0.0, 0.0, None

    def run(self):
        env = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1", **os.environ}
        start = time.monotonic()
        with tempfile.TemporaryFile() as out:
            try:
                p = subprocess.Popen(self.command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
            except OSError as e:
                self.text, self.status = str(e), 127
                return
            late = threading.Timer(self.limit, self.end, [p])
            late.start()
            _, status, used = os.wait4(p.pid, 0)
            p.returncode = os.waitstatus_to_exitcode(status)
            late.cancel()
            self.end(p)  # servers that it has left behind
            self.seconds, self.cpu = time.monotonic() - start, used.ru_utime + used.ru_stime
            self.status = "it ran longer than %d s" % self.limit if self.seconds >= self.limit else p.returncode
            out.seek(0)
            self.text = out.read().decode(errors="replace")

    @staticmethod
    def end(p):
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def tell(self):
        """Prints what came of it; (passed, failed)."""
        times = "%6.1f s, CPU %.1f s" % (self.seconds, self.cpu)
        if not self.lines:
            if self.status != 0:
                return 0, self.bad("%s: %s" % (self.status, self.shortened()))
            print("  %-44s %-84s %s" % (self.label, (self.text.strip().splitlines() or ["ok"])[-1][:84], times), flush=True)
            return 1, 0
        ok = len(re.findall(r"^ok ", self.text, re.M))
        failed = re.findall(r"^not ok (.*)$", self.text, re.M)
        for f in failed:
            self.bad(f)
        if (self.status != 0 and not failed) or not (ok or failed):
            failed.append(self.bad("exit %s: %s" % (self.status, self.shortened())))
        print("  %-44s %4d ok %3d not %70s %s" % (self.label, ok, len(failed), "", times), flush=True)
        return ok, len(failed)

    def shortened(self):
        """The output around its first failure, and the end of the output."""
        at = max(0, self.text.find("FAILED") - 1200)
        shown = self.text[at:]
        return shown if len(shown) <= 4000 else "%s\n[...]\n%s" % (shown[:2500], shown[-1500:])

    def bad(self, what):
        print("FAILED %s: %s" % (self.label, what), flush=True)
        return 1


def run_all(parts, jobs):
    """The parts in the order of the list, as many at a time as find room, those that run alone behind them; (passed, failed)."""
    parts = [p for p in parts if not p.alone] + [p for p in parts if p.alone]
    ended = {p: threading.Event() for p in parts}
    todo, room, changed = [p for p in parts if not p.alone], 6 * jobs, threading.Condition()

    def take():
        """The next one, as soon as any room is left, so that none that is long waits for the end; None: nothing is left."""
        nonlocal room
        with changed:
            while todo:
                if room > 0:
                    p = todo.pop(0)
                    room -= p.room
                    return p
                changed.wait()

    def work():
        nonlocal room
        while p := take():
            p.run()
            ended[p].set()
            with changed:
                room += p.room
                changed.notify_all()

    workers = [threading.Thread(target=work, daemon=True) for _ in range(6 * jobs)]
    for w in workers:
        w.start()
    passed = failed = 0
    for p in parts:
        if p.alone:
            for w in workers:
                w.join()
            p.run()
        else:
            ended[p].wait()
        good, bad = p.tell()
        passed, failed = passed + good, failed + bad
    return passed, failed


def unit_tests(o):
    programs = sorted(glob.glob(os.path.join(o.build, "unit/*/*_test")))
    sources = glob.glob(os.path.join(ROOT, "tests/unit/*/*_test.c"))
    if len(programs) < len(sources):
        sys.exit("unit tests: %d programs for %d sources" % (len(programs), len(sources)))
    return [Part("unit " + os.path.relpath(u, os.path.join(o.build, "unit")), [os.path.abspath(u)], o.slow * 120, lines=True) for u in programs]


def share(o, n, items):
    """Every n-th of the items, others with another seed; with --all, all of them."""
    return [x for i, x in enumerate(items) if o.all or i % n == o.seed % n]


def stages(o):
    """Of the dialogues. Two of the last three rotate with the seed."""
    if o.sanitized:
        return ["resp3"] + share(o, 2, ["aof", "snapshot"])
    more = ["dribble", "aof", "snapshot"]
    return ["resp2", "resp3"] + more if o.all else ["resp2", "resp3", more[o.seed % 3], more[(o.seed + 1) % 3]]


# The cases of memory.py, in parts of about the same length.
MEMORY = [("counted", "soft_limits", "values"), ("evicted", "at_once", "huge_replies", "own"), ("not_data", "query_limit", "tracking", "idle")]


def all_parts(o):
    """Long ones first, so that none of them is left at the end."""
    def python(label, path, *args, limit=300, **how):
        return Part(label, [PYTHON, path, *map(str, args)], o.slow * limit, **how)

    server, seeded = ["--server", o.server], ["--seed", o.seed]
    few = lambda sanitized, else_: sanitized if o.sanitized else else_
    often = lambda all_, else_: all_ if o.all else else_  # what `make test` plays in a shorter form
    parts = []
    for i, mode in enumerate(("always", "everysec", "no")):
        # One of three switches policy and file at run time.
        switch = ["--switch"] if (o.seed + i) % 3 == 0 else []
        parts.append(python("crash, " + mode, "tests/crash/crash.py", *server, *seeded, "--mode", mode, "--events", few(8000, often(40000, 20000)), "--kills", few(5, often(30, 20)),
                            *few([], ["--span", 0.3]), *switch, limit=600))
    if not o.sanitized:
        parts.append(python("clock, slow disk, forks", "tests/crash/hostile_os.py", o.server, lines=True, limit=600))
        ways = [("preload", "always"), ("preload", "everysec"), ("ext4", "everysec"), ("ext4", "always"), ("xfs", "always"), ("xfs", "everysec")]
        for how, mode in share(o, 2, ways):
            parts.append(python("power cuts, %s, %s" % (how, mode), "tests/crash/powercut.py", *server, *seeded, "--how", how, "--mode", mode, "--cuts", 30,
                                limit=600))
    else:
        for mode, how in share(o, 2, (("always", "EIO"), ("always", "kill"), ("everysec", "short"), ("everysec", "ENOSPC"), ("everysec", "kill"))):
            parts.append(python("faults, %s, %s" % (mode, how), "tests/crash/faults.py", *server, *seeded, "--mode", mode, "--how", how, "--stride", 12))
    parts += [
        python("fail-over by Sentinel", "tests/crash/failover.py", *server, *seeded, "--cycles", often(3, few(2, 3)), "--acks", 1, lines=True),
        python("links, stops and restarts", "tests/crash/replication.py", *server, *seeded, "--cuts", few(6, 16), "--restarts", few(2, 5), lines=True),
        python("replication to and from redis-server", "redis-compat/replication.py", *server, *seeded, "--commands", few(1000, 3000), lines=True),
    ]
    for i, cases in share(o, few(3, 1), enumerate(MEMORY)):
        parts.append(python("memory of clients, %d of %d" % (i + 1, len(MEMORY)), "tests/clients/memory.py", o.server, *cases, lines=True))
    # The optimised build runs all of these, the sanitized build a half, to save time; so with the integration tests below.
    parts += share(o, few(2, 1), [
        python("configuration", "tests/config/config.py", o.server, *seeded, lines=True),
        python("handing over", "tests/clients/handover.py", o.server, lines=True),
        python("keys that move", "tests/clients/migrate.py", o.server, *seeded, lines=True),
        python("limits of connections", "tests/clients/limits.py", o.server, lines=True),
        python("TLS", "tests/tls/tls.py", o.server, lines=True),
        python("a primary and its replicas", "tests/replication/primary.py", *server, lines=True),
        python("a replica and its primary", "tests/replication/replica.py", *server, lines=True),
        python("who may become primary", "tests/replication/confirmation.py", *server, lines=True),
        python("a replica that takes writes", "tests/replication/writable.py", *server, lines=True),
        python("work queues, push", "tests/broker/push.py", *server, lines=True),
        python("work queues, connections that come and go", "tests/broker/presence.py", *server, lines=True),
        python("the console's port, strangers", "tests/http/port.py", *server, lines=True),
        *[python("the console's port, " + what, "tests/http/%s.py" % what, *server, lines=True) for what in ("metrics", "search", "tail", "lists")],
        python("the console's port, logins and the API", "tests/http/api.py", *server, lines=True),
        python("the console's port, its files", "tests/http/files.py", *server, lines=True),
        python("pipelines over several turns", "tests/clients/turns.py", o.server, lines=True),
    ])
    parts.append(python("random nasty scripts", "tests/hostile/programs.py", o.server, *seeded, "--seconds", often(30, few(12, 20)), lines=True))
    parts += [python("dialogues, " + stage, "redis-compat/oracle/oracle.py", *server, "--stages", stage, "dialogues") for stage in stages(o)]
    scripts = sorted(glob.glob(os.path.join(ROOT, "tests/integration/*/*.tcl")))
    if o.sanitized:
        scripts = share(o, 2, sorted(scripts, key=os.path.getsize))  # size stands for duration: both halves take about the same time
    for f in scripts:
        label = os.path.relpath(f, os.path.join(ROOT, "tests"))
        parts.append(Part(label, ["tclsh", "tests/integration/run.tcl", o.server, f], o.slow * 300, lines=True))
    parts += [
        python("moments of cron expressions", "tests/cron/oracle.py", *server, *seeded, "--expressions", few(60, 300), lines=True),
        python("oracle, random commands", "redis-compat/oracle/oracle.py", *server, *seeded, "--commands", few(5000, 20000), "random"),
        python("oracle, rights", "redis-compat/oracle/rights.py", *server, *seeded, "--pairs", few(1500, 6000)),
        python("oracle, programs in Lua", "redis-compat/oracle/programs.py", *server, *seeded, "--programs", few(1000, 3000)),
        python("oracle, settings", "redis-compat/oracle/settings.py", *server),
        python("oracle, counted changes", "redis-compat/oracle/changes.py", *server, *seeded, "--commands", few(1500, 6000)),
        python("oracle, accesses", "redis-compat/oracle/access.py", *server, *seeded, "--commands", few(800, 3000)),
        python("oracle, several connections", "redis-compat/oracle/multi.py", *server, *seeded, "--steps", few(1500, 8000)),
        python("health by command line", "tests/http/healthcheck.py", *server, lines=True),
        python("round trip", "tests/roundtrip/roundtrip.py", *server, *seeded, "--rounds", few(2, 4), "--commands", few(1200, 2500)),
        python("files of newer servers", "redis-compat/files/newer_servers.py", o.server, lines=True),
        python("hostile scripts", "tests/hostile/scripts.py", o.server, lines=True),
        python("hostile payloads", "tests/hostile/payloads.py", o.server, lines=True),
        python("saving in the middle", "tests/crash/mid_transaction.py", o.server, lines=True),
        python("schedules, kills", "tests/broker/schedules.py", *server, *seeded, "--mode", ("everysec", "always")[o.seed % 2], "--restarts", few(5, 15), lines=True),
        python("work queues, kills", "tests/broker/kill.py", *server, *seeded, "--mode", ("always", "everysec")[o.seed % 2], "--kills", few(5, 20), lines=True),
        python("streams bound to each other", "tests/broker/routing.py", *server, *seeded, "--seconds", few(5, often(60, 10)), lines=True),
        python("work queues, a start with much pending", "tests/broker/restart.py", *server, "--messages", few(2000, often(100000, 10000)), lines=True),
        python("work queues, a start with much scheduled", "tests/broker/restart.py", *server, "--scheduled", "--messages", few(2000, often(100000, 10000)), lines=True),
        python("work queues, order", "tests/broker/order.py", *server, *seeded, "--rounds", few(4, 12), "--steps", few(300, 600), lines=True),
        python("work queues, fail-over", "tests/broker/failover.py", *server, *seeded, "--cycles", often(38, few(4, 10)), lines=True),
        python("order of arrival", "tests/clients/order.py", o.server, lines=True, alone=True),
    ]
    recording = os.path.join(o.build, "recording-server")  # not in the optimised build, see the Makefile
    if o.sanitized or os.path.exists(recording):
        parts.append(python("keys that handlers touch", "tests/rights/handler_keys.py", "--server", recording, *seeded, lines=True))
    if o.sanitized:
        seeds = os.path.join(o.build, "fuzz/seeds")
        parts += [
            Part("fuzz, files in process", ["sh", "-c", '%s tests/fuzz/seeds.py "$1" "$2" && ASAN_OPTIONS=detect_leaks=0 exec "$3" "$1" 20 %d "$4"' % (PYTHON, o.seed), "sh",
                                            seeds, o.server, os.path.join(o.build, "fuzz/file_drive"), os.path.join(o.build, "fuzz/last")], o.slow * 100),
            Part("fuzz, HTTP and JSON in process", ["sh", "-c", '%s tests/fuzz/http_seeds.py "$1" && ASAN_OPTIONS=detect_leaks=0 exec "$2" "$1" 10 %d "$3"' % (PYTHON, o.seed), "sh",
                                                    os.path.join(o.build, "fuzz/http-seeds"), os.path.join(o.build, "fuzz/http_drive"), os.path.join(o.build, "fuzz/http-last")], o.slow * 100),
            python("extreme numbers", "tests/fuzz/extremes.py", o.server, *seeded, "--commands", 15000),
            *[python("fuzz, " + fuzz, "tests/fuzz/%s.py" % fuzz, o.server, *seeded, "--seconds", 12) for fuzz in ("requests", "files")],
        ]
    else:
        parts += [
            *share(o, 3, [  # long, and about what seldom changes
                python("cache under pressure", "tests/pressure/pressure.py", *server, "--uses", 600000, "--limit", "20mb", "--keys", 120000, "--compare", "redis-server",
                       "--policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random"][o.seed // 3 % 3], alone=True),
                python("the model of fail-over", "utils/models.py", "quick", limit=900, lines=True),
                python("choices and scans", "tests/sampling/sampling.py", o.server, lines=True),
            ]),
            # Texts, tables and programs beside the server: sanitizers would find nothing in them.
            python("broker, a test for each rule", "tests/broker/rules.py", "check"),
            python("reference and manual pages", "tests/docs/reference.py", *server, lines=True),
            python("manifests for Kubernetes", "tests/deploy/kubernetes.py", o.server, lines=True),
            python("alerts and dashboard", "tests/deploy/prometheus.py", o.server, lines=True),
            python("the operator's command line", "tests/tools/millrace.py", *server, lines=True, limit=600),
            python("table of commands", "utils/commands_table.py", "check", *server),
            python("documentation", "tests/docs/pages.py", *server, lines=True),
            python("documentation, types of replies", "tests/docs/replies.py", *server, lines=True),
            python("documentation, spelling", "tests/docs/spelling.py", lines=True),
            python("one client, one launcher, one format", "tests/support/one_of_each.py", lines=True),
            Part("examples, trading", ["examples/trading/test.sh", o.server], 300, lines=True),
            python("examples, what they say", "tests/tools/examples.py", lines=True),
            python("files to and from redis-server", "redis-compat/files/interchange.py", *server, *seeded, "--keys", 1000, lines=True),
            python("work queues against their model", "tests/broker/model.py", *server, *seeded, "--steps", 800, lines=True),
            python("the console in a browser", "tests/console/console.py", *server, *seeded, "--seconds", 60, lines=True),
            python("redis-py", "redis-compat/clients/redis_py.py", o.server, lines=True),
            *[python("plain workers on queues, " + client, "redis-compat/clients/queues/queues.py", *server, *seeded, "--clients", client, "--messages", 2000, lines=True)
              for client in ("redis-py", "hiredis")],
            Part("hiredis", ["redis-compat/clients/hiredis.sh", o.server, o.build], 300, lines=True),
            Part("redis-cli and redis-benchmark", ["redis-compat/clients/on_server.sh", o.server, "redis-compat/clients/tools.sh"], 300, lines=True),
            Part("prefetching", ["utils/has_prefetch.sh", o.server], 60),
            *[Part("exposure of " + unit, ["systemd-analyze", "security", "--offline=true", "--threshold=12", "utils/" + unit], 60)
              for unit in ("millrace.service", "millrace@.service")],
            python("systemd units, what packages are for", "tests/packages/units.py", lines=True),
        ]
    return parts + unit_tests(o)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--build", required=True)
    ap.add_argument("--all", action="store_true", help="the dialogues on every stage")
    ap.add_argument("--sanitized", action="store_true", help="the part that runs under sanitizers")
    ap.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "0")) or int(time.time()) // 86400)
    ap.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="processors to keep busy")
    ap.add_argument("--only", default="", help="parts whose label has this regular expression")
    o = ap.parse_args()
    os.environ["SEED"] = str(o.seed)  # for programs of unit tests
    o.server, o.build, o.slow = os.path.abspath(o.server), os.path.abspath(o.build), 8 if o.sanitized else 1
    passed, failed = run_all([p for p in all_parts(o) if re.search(o.only, p.label)], o.jobs)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print("  CPU %.0f s" % (used.ru_utime + used.ru_stime))
    print("%d passed, %d failed" % (passed, failed), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
