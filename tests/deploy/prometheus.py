#!/usr/bin/env python3
"""What utils/deploy has for Prometheus and Grafana, against servers: every metric that an alert or a panel names is in a scrape, every alert has its
heading in the operations guide, what redis_exporter tells is told, and (where Prometheus is installed) the scrape is one, each alert fires and does not, and each
expression of the dashboard, and of those that are made for redis_exporter, has data.

prometheus.py SERVER      prints "ok ..." and "not ok ..." lines
"""
import json, os, re, shutil, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from check import check, done, until, wait_for  # noqa: E402
from resp import Conn  # noqa: E402
from server import Server, free_port  # noqa: E402

RULES, DASHBOARD = "utils/deploy/prometheus/millrace.rules.yml", "utils/deploy/grafana/millrace.json"
MADE_BY_PROMETHEUS = {"up", "scrape_duration_seconds"}
# Names of redis_exporter that are not given, and why.
NOT_GIVEN = {"redis_config_maxmemory": "redis_memory_max_bytes is the same number", "redis_start_time_seconds": "the time now without redis_uptime_in_seconds"}
# What dashboards for redis_exporter ask.
OF_THE_EXPORTER = [
    "max(max_over_time(redis_uptime_in_seconds[5m]))", "redis_up", "sum(redis_connected_clients) by (instance)", "sum(redis_blocked_clients)", "redis_connected_slaves", "redis_instance_info",
    "100 * redis_memory_used_bytes / (redis_memory_max_bytes > 0)", "redis_memory_used_rss_bytes", "redis_mem_fragmentation_ratio", "sum(rate(redis_commands_processed_total[1m])) by (instance)",
    "irate(redis_keyspace_hits_total[5m])", "irate(redis_keyspace_misses_total[5m])", "sum(rate(redis_net_input_bytes_total[5m]))", "sum(rate(redis_net_output_bytes_total[5m]))",
    "sum(redis_db_keys) by (db, instance)", "sum(redis_db_keys) by (instance) - sum(redis_db_keys_expiring) by (instance)", "avg(redis_db_avg_ttl_seconds) by (db)",
    "sum(rate(redis_expired_keys_total[5m])) by (instance)", "sum(rate(redis_evicted_keys_total[5m])) by (instance)", "topk(5, irate(redis_commands_total[1m]))",
    "sum(irate(redis_commands_duration_seconds_total[1m])) by (cmd) / sum(irate(redis_commands_total[1m])) by (cmd)", "rate(redis_connections_received_total[5m])",
    "rate(redis_rejected_connections_total[5m])", "redis_connected_clients / redis_config_maxclients", "redis_rdb_last_bgsave_status", "redis_rdb_changes_since_last_save",
    "time() - redis_rdb_last_save_timestamp_seconds", "redis_aof_current_size_bytes", "redis_slowlog_length", "redis_slowlog_last_id", "redis_last_slow_execution_duration_seconds",
    "rate(redis_cpu_sys_seconds_total[5m]) + rate(redis_cpu_user_seconds_total[5m])", "redis_master_link_up", "redis_connected_slave_lag_seconds",
    "redis_master_repl_offset - on(instance) group_right redis_connected_slave_offset_bytes", "redis_pubsub_channels", "redis_pubsub_patterns", "increase(redis_errors_total[5m])"]


def read(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


def scrape(port):
    """As Prometheus does it."""
    time.sleep(0.2)  # what a stranger may ask
    with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=60) as r:
        return r.read().decode()


def names(text):
    return {re.match(r"\w+", line)[0] for line in text.splitlines() if line and line[0] != "#"}


def named(expression):
    """The metrics that an expression reads: words that are neither functions nor labels nor within quotes."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\bby \([^)]*\)", "", expression)
    return set(re.findall(r"\b(?:millrace_|redis_)\w+|\bup\b|\bscrape_\w+", bare))


def families_in_pieces(text):
    """Names whose lines are not all together, or that have no type."""
    seen, last, typed, bad = set(), None, set(), set()
    sized = set(re.findall(r"^# TYPE (\w+) histogram$", text, re.M))
    for line in text.splitlines():
        name = line.split()[2] if line[0] == "#" else re.match(r"\w+", line)[0]
        whole = re.sub(r"_(bucket|sum|count)$", "", name)
        name = whole if whole in sized else name
        typed |= {name} if line.startswith("# TYPE") else set()
        bad |= {name} if (name != last and name in seen) or (line[0] != "#" and name not in typed) else set()
        seen.add(name)
        last = name
    return bad


def busy(c):
    c.do("XPOLICY", "SET", "jobs", "w", "MKSTREAM", "JOBS")
    for _ in range(20):
        c.do("XADD", "jobs", "*", "f", "v")
    ids = [e[0] for e in c.do("XREADGROUP", "GROUP", "w", "a", "COUNT", 5, "STREAMS", "jobs", ">")[0][1]]
    c.do("XNACK", "jobs", "w", "FATAL", "IDS", 1, ids[0])
    c.do("XACK", "jobs", "w", ids[1])
    c.do("RPUSH", "list", "a")
    c.do("SET", "k", "v", "EX", 100000)
    c.do("GET", "k")
    c.do("INCR", "jobs")
    c.do("CONFIG", "SET", "slowlog-log-slower-than", 0)
    c.do("XGROUP", "CREATE", "plain", "g", "0", "MKSTREAM")
    c.do("XADD", 'odd "\\\n\xff', "*", "f", "v")
    c.do("BGSAVE")


def promtool(*args, text=None):
    p = subprocess.run(["promtool", *args], input=text, capture_output=True, text=True, cwd=ROOT)
    return p.returncode, p.stdout + p.stderr


class Prometheus:
    """One that scrapes these ports each second."""

    def __init__(self, ports):
        self.dir, self.port = tempfile.mkdtemp(prefix="millrace-test-"), free_port()
        with open(os.path.join(self.dir, "config.yml"), "w") as f:
            json.dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [{"job_name": "millrace", "static_configs": [{"targets": ["127.0.0.1:%d" % p for p in ports]}]}]}, f)
        self.p = subprocess.Popen(["prometheus", "--config.file=" + os.path.join(self.dir, "config.yml"), "--storage.tsdb.path=" + os.path.join(self.dir, "data"),
                                   "--web.listen-address=127.0.0.1:%d" % self.port], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, expression):
        """How many series it has; None: no answer yet."""
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/api/v1/query?query=%s" % (self.port, urllib.parse.quote(expression)), timeout=60) as r:
                return len(json.load(r)["data"]["result"])
        except urllib.error.HTTPError as e:
            return None if e.code == 503 else e.read().decode()
        except OSError:
            return None

    def end(self):
        self.p.kill()
        self.p.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


def without_data(port, scraped, expressions):
    """Of these, and what was said instead; the server at this port goes on working, the ports are scraped."""
    c, p, left = Conn(port), Prometheus(scraped), list(expressions)

    def ask():
        for _ in range(20):
            c.do("XADD", "jobs", "*", "f", "v")
            c.do("GET", "k")
            c.do("GET", "none")
        left[:] = [e for e in left if not isinstance(n := p.ask(e), int) or n == 0]
        time.sleep(0.5)  # between two looks; what decides is what it says
        return not left
    wait_for(ask, 90)
    said = [(e, p.ask(e)) for e in left]
    p.end()
    c.close()
    return said


def main():
    port, other = free_port(), free_port()
    primary, replica = Server(sys.argv[1], "--appendonly", "yes", "--console-port", str(port), "--maxmemory", "1gb", tls=True), Server(sys.argv[1], "--console-port", str(other))
    try:
        play(primary, port, replica, other)
    finally:
        replica.end()
        primary.end()
    done()


def play(primary, port, replica, other):
    c = primary.start()
    busy(c)
    r = replica.start()
    r.do("REPLICAOF", "127.0.0.1", primary.port)
    until("a replica", lambda: "redis_master_link_up 1" in scrape(other) and "redis_connected_slave_lag_seconds{" in scrape(port))
    until("a pass", lambda: "millrace_group_oldest_leased_seconds{" in scrape(port) and "millrace_list_length{" in scrape(port))
    text = scrape(port)
    there = names(text) | names(scrape(other)) | MADE_BY_PROMETHEUS
    check("families are in one piece and have types", not families_in_pieces(text), families_in_pieces(text))
    rules = re.findall(r"alert: (\w+)\n +expr: '(.*)'\n", read(RULES))
    unknown = {n for _, e in rules for n in named(e)} - there
    check("%d alerts read metrics that there are" % len(rules), rules and not unknown, unknown)
    headings = {h.lower() for h in re.findall(r"^## (\w+)$", read("docs/guides/operations.md"), re.M)}
    books = set(re.findall(r"runbook: docs/guides/operations.md#(\w+)", read(RULES)))
    check("each alert has a heading in the guide, and each heading an alert", books == headings == {n.lower() for n, _ in rules}, books ^ headings)
    panels = json.loads(read(DASHBOARD))["panels"]
    ids = [p["id"] for p in panels]
    check("panels have ids of their own", len(ids) == len(set(ids)) > 30)
    expressions = [t["expr"] for p in panels for t in p.get("targets", [])]
    unknown = {n for e in expressions + OF_THE_EXPORTER for n in named(e)} - there
    check("%d expressions of panels read metrics that there are" % len(expressions), not unknown, unknown)
    missing = {n for n, _ in re.findall(r'\{"(redis_\w+)", METRIC_(\w+)\}', read("tests/unit/server/exporter_names.h"))} - {re.sub(r"_(sum|count)$", "", n) for n in there}
    check("what redis_exporter tells is told", missing == set(NOT_GIVEN), missing ^ set(NOT_GIVEN))
    if not shutil.which("promtool") or not shutil.which("prometheus"):
        print("# Prometheus is not installed: alerts are not played, and nothing is evaluated")
        return
    # 3: names that it would not choose; those of redis_exporter are what they are.
    status, said = promtool("check", "metrics", text=text)
    check("the scrape is one", status in (0, 3) and "millrace_" not in said, said)
    status, said = promtool("test", "rules", "tests/deploy/millrace.rules.test.yml")
    check("each alert fires and does not", status == 0, said)
    status, said = promtool("check", "rules", RULES)
    check("the rules are well formed", status == 0, said)
    plain = [re.sub(r'(\w+)=~"\$\w+"', r'\1=~".*"', e) for e in expressions]
    without = without_data(primary.port, [port, other], plain + OF_THE_EXPORTER)
    check("%d expressions of panels, and %d of dashboards for redis_exporter, have data" % (len(plain), len(OF_THE_EXPORTER)), not without, without)
    c.close()
    r.close()


main()
