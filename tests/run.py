#!/usr/bin/env python3
"""Runs all tests and closes with "N passed, N failed"."""
import argparse, glob, os, re, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STAGES = ["resp2", "resp3", "dribble", "aof", "snapshot", "reference"]


class Results:
    def __init__(self):
        self.passed = self.failed = 0

    def good(self, n=1):
        self.passed += n

    def bad(self, what):
        self.failed += 1
        print("FAILED " + what, flush=True)

    def lines(self, label, command, timeout, env=None):
        """A program that prints "ok ..." and "not ok ..." lines."""
        start = time.time()
        try:
            r = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=timeout, env=env)
        except subprocess.TimeoutExpired:
            self.bad("%s: ran longer than %d s" % (label, timeout))
            return
        ok = len(re.findall(r"^ok ", r.stdout, re.M))
        bad = re.findall(r"^not ok (.*)$", r.stdout, re.M)
        self.good(ok)
        for b in bad:
            self.bad("%s: %s" % (label, b))
        if (r.returncode and not bad) or not (ok or bad):
            self.bad("%s: exit %d: %s" % (label, r.returncode, (r.stderr or r.stdout)[-1500:]))
        print("  %-44s %4d ok %3d not  %.1f s" % (label, ok, len(bad), time.time() - start), flush=True)

    def whole(self, label, command, timeout, env=None):
        """A program that passes or fails as a whole."""
        start = time.time()
        try:
            r = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=timeout, env=env)
            if r.returncode:
                self.bad("%s: %s" % (label, (r.stdout + r.stderr)[-3000:]))
            else:
                self.good()
                print("  %-44s %s  %.1f s" % (label, (r.stdout.strip().splitlines() or ["ok"])[-1][:90], time.time() - start), flush=True)
        except subprocess.TimeoutExpired:
            self.bad("%s: ran longer than %d s" % (label, timeout))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--build", required=True)
    ap.add_argument("--all", action="store_true", help="every dialogue on every stage")
    ap.add_argument("--sanitized", action="store_true", help="the part that runs under sanitizers")
    ap.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "0")) or int(time.time()) // 86400)
    o = ap.parse_args()
    r = Results()
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:abort_on_error=1", UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
    slow = 8 if o.sanitized else 1

    units = sorted(glob.glob(os.path.join(o.build, "unit/*/*_test")))
    sources = glob.glob(os.path.join(ROOT, "tests/unit/*/*_test.c"))
    if len(units) < len(sources):
        r.bad("unit: %d programs for %d sources" % (len(units), len(sources)))
    for u in units:
        r.lines("unit " + os.path.relpath(u, os.path.join(o.build, "unit")), [u], 120 * slow, env)

    # Stages rotate with the seed; the reference is always among them.
    rotating = [s for s in STAGES if s != "reference"]
    stages = STAGES if o.all else ["reference", rotating[o.seed % 5], rotating[(o.seed + 2) % 5], rotating[(o.seed + 4) % 5]]
    if o.sanitized:
        stages = ["resp3", "aof", "snapshot"]
    print("  stages: " + ", ".join(stages))
    for f in sorted(glob.glob(os.path.join(ROOT, "tests/integration/*/*.tcl"))):
        r.lines(os.path.relpath(f, os.path.join(ROOT, "tests")), ["tclsh", os.path.join(ROOT, "tests/integration/run.tcl"), o.server, ",".join(stages), f],
                120 * slow, env)

    oracle = os.path.join(ROOT, "redis-compat/oracle/oracle.py")
    py = "/usr/bin/python3"
    r.whole("oracle dialogues", [py, oracle, "--server", o.server, "dialogues"], 300 * slow, env)
    r.whole("oracle, random commands", [py, oracle, "--server", o.server, "--seed", str(o.seed), "--commands",
                                        "5000" if o.sanitized else "20000", "random"], 300 * slow, env)
    r.whole("oracle, rights", [py, os.path.join(ROOT, "redis-compat/oracle/rights.py"), "--server", o.server, "--seed", str(o.seed), "--pairs",
                               "1500" if o.sanitized else "6000"], 200 * slow, env)
    r.whole("oracle, programs in Lua", [py, os.path.join(ROOT, "redis-compat/oracle/programs.py"), "--server", o.server, "--seed", str(o.seed),
                                        "--programs", "1000" if o.sanitized else "3000"], 200 * slow, env)
    r.whole("oracle, settings", [py, os.path.join(ROOT, "redis-compat/oracle/settings.py"), "--server", o.server], 200 * slow, env)
    r.whole("oracle, counted changes", [py, os.path.join(ROOT, "redis-compat/oracle/changes.py"), "--server", o.server, "--seed", str(o.seed), "--commands",
                                        "1500" if o.sanitized else "6000"], 200 * slow, env)
    r.whole("oracle, accesses", [py, os.path.join(ROOT, "redis-compat/oracle/access.py"), "--server", o.server, "--seed", str(o.seed), "--commands",
                                 "800" if o.sanitized else "3000"], 200 * slow, env)
    r.whole("oracle, several connections", [py, os.path.join(ROOT, "redis-compat/oracle/multi.py"), "--server", o.server, "--seed", str(o.seed), "--steps",
                                            "1500" if o.sanitized else "8000"], 200 * slow, env)
    r.whole("oracle, tracking", [py, os.path.join(ROOT, "redis-compat/oracle/tracking.py"), o.server], 100 * slow, env)
    r.whole("table of commands", [py, os.path.join(ROOT, "utils/commands_table.py"), "check", "--server", o.server], 60 * slow, env)
    r.whole("round trip", [py, os.path.join(ROOT, "tests/roundtrip/roundtrip.py"), "--server", o.server, "--seed", str(o.seed), "--rounds",
                         "2" if o.sanitized else "4", "--commands", "1200" if o.sanitized else "2500"], 300 * slow, env)
    if not o.sanitized:
        r.whole("cache under pressure", [py, os.path.join(ROOT, "tests/pressure/pressure.py"), "--server", o.server, "--uses", "600000", "--limit", "20mb",
                                         "--keys", "120000", "--compare", "redis-server", "--policy",
                                         ["allkeys-lru", "allkeys-lfu", "allkeys-random"][o.seed % 3]], 200, env)
        r.lines("files to and from redis-server", [py, os.path.join(ROOT, "redis-compat/files/interchange.py"), "--server", o.server, "--keys", "1000",
                                                   "--seed", str(o.seed)], 200, env)
        r.whole("prefetching", [os.path.join(ROOT, "utils/has_prefetch.sh"), o.server], 60)
        r.lines("choices and scans", [py, os.path.join(ROOT, "tests/sampling/sampling.py"), o.server], 200, env)
        r.whole("the systemd unit's exposure", ["systemd-analyze", "security", "--offline=true", "--threshold=12",
                                                os.path.join(ROOT, "utils/millrace.service")], 60)
    recording = os.path.join(o.build, "recording-server")  # not in the optimised build, see the Makefile
    if o.sanitized or os.path.exists(recording):
        r.lines("keys that handlers touch", [py, os.path.join(ROOT, "tests/rights/handler_keys.py"), "--server", recording, "--seed", str(o.seed)], 200 * slow, env)
    r.lines("order of arrival", [py, os.path.join(ROOT, "tests/clients/order.py"), o.server], 120 * slow, env)
    r.lines("limits of connections", [py, os.path.join(ROOT, "tests/clients/limits.py"), o.server], 200 * slow, env)
    r.lines("configuration", [py, os.path.join(ROOT, "tests/config/config.py"), o.server, "--seed", str(o.seed)], 120 * slow, env)
    r.lines("files of newer servers", [py, os.path.join(ROOT, "redis-compat/files/newer_servers.py"), o.server], 100 * slow, env)
    r.lines("memory of clients", [py, os.path.join(ROOT, "tests/clients/memory.py"), o.server], 200 * slow, env)
    r.lines("TLS", [py, os.path.join(ROOT, "tests/tls/tls.py"), o.server], 120 * slow, env)
    r.lines("hostile scripts", [py, os.path.join(ROOT, "tests/hostile/scripts.py"), o.server], 120 * slow, env)
    r.lines("random nasty scripts", [py, os.path.join(ROOT, "tests/hostile/programs.py"), o.server, "--seed", str(o.seed), "--seconds", "30"], 150 + 100 * slow, env)
    r.lines("hostile payloads", [py, os.path.join(ROOT, "tests/hostile/payloads.py"), o.server], 120 * slow, env)
    crash = os.path.join(ROOT, "tests/crash/crash.py")
    for i, mode in enumerate(("always", "everysec", "no")):
        # One of three switches policy and file at run time.
        r.whole("crash, " + mode, [py, crash, "--server", o.server, "--mode", mode, "--seed", str(o.seed), "--events",
                                   "8000" if o.sanitized else "40000", "--kills", "5" if o.sanitized else "30",
                                   *([] if o.sanitized else ["--span", "0.3"]), *(["--switch"] if (o.seed + i) % 3 == 0 else [])], 300 * slow, env)
    r.lines("saving in the middle", [py, os.path.join(ROOT, "tests/crash/mid_transaction.py"), o.server], 120 * slow, env)
    if not o.sanitized:
        r.lines("clock, slow disk, forks", [py, os.path.join(ROOT, "tests/crash/hostile_os.py"), o.server], 300)
        for how in ("preload", "ext4", "xfs"):
            for mode in ("always", "everysec"):
                r.whole("power cuts, %s, %s" % (how, mode), [py, os.path.join(ROOT, "tests/crash/powercut.py"), "--server", o.server, "--how", how, "--mode",
                                                             mode, "--cuts", "30", "--seed", str(o.seed)], 300)
    if o.sanitized:
        for mode, how in (("always", "EIO"), ("always", "kill"), ("everysec", "ENOSPC"), ("everysec", "short"), ("everysec", "kill")):
            r.whole("faults, %s, %s" % (mode, how), [py, os.path.join(ROOT, "tests/crash/faults.py"), "--server", o.server, "--mode", mode, "--how", how,
                                                     "--stride", "12", "--seed", str(o.seed)], 300)
        seeds, drive = os.path.join(o.build, "fuzz/seeds"), os.path.join(o.build, "fuzz/file_drive")
        r.whole("seeds of files", [py, os.path.join(ROOT, "tests/fuzz/seeds.py"), seeds, o.server], 60, env)
        r.whole("fuzz, files in process", [drive, seeds, "60", str(o.seed), os.path.join(o.build, "fuzz/last")], 200,
                dict(env or os.environ, ASAN_OPTIONS="detect_leaks=0"))
        r.whole("extreme numbers", [py, os.path.join(ROOT, "tests/fuzz/extremes.py"), o.server, "--commands", "15000", "--seed", str(o.seed)], 200)
        for fuzz in ("requests", "files"):
            r.whole("fuzz, " + fuzz, [py, os.path.join(ROOT, "tests/fuzz/%s.py" % fuzz), o.server, "--seconds", "12", "--seed", str(o.seed)], 300)
    if not o.sanitized:
        r.lines("redis-py", [py, os.path.join(ROOT, "redis-compat/clients/redis_py.py"), o.server], 120)
        r.lines("hiredis", [os.path.join(ROOT, "redis-compat/clients/hiredis.sh"), o.server, o.build], 120)
        r.lines("redis-cli and redis-benchmark", [os.path.join(ROOT, "redis-compat/clients/tools.sh"), o.server], 180)
    print("%d passed, %d failed" % (r.passed, r.failed), flush=True)
    sys.exit(1 if r.failed else 0)


if __name__ == "__main__":
    main()
