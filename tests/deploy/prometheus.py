#!/usr/bin/env python3
"""What utils/deploy has for Prometheus and Grafana, against a server: every metric that an alert or a panel names is in a scrape, every alert has its
heading in the operations guide, and (where promtool is installed) the scrape is one, and each alert fires and does not.

prometheus.py SERVER      prints "ok ..." and "not ok ..." lines
"""
import json, os, re, shutil, subprocess, sys, tempfile, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from check import check, done, until  # noqa: E402
from server import Server, free_port  # noqa: E402

RULES, DASHBOARD = "utils/deploy/prometheus/millrace.rules.yml", "utils/deploy/grafana/millrace.json"
# Prometheus makes these, or only a server with replicas, or one that is a replica, or one with TLS, has them.
ELSEWHERE = {"millrace_tls_certificate_expiry_timestamp_seconds", "up", "scrape_duration_seconds", "redis_connected_slave_lag_seconds", "redis_master_link_up"}


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
    c.do("XREADGROUP", "GROUP", "w", "a", "COUNT", 5, "STREAMS", "jobs", ">")
    c.do("XGROUP", "CREATE", "plain", "g", "0", "MKSTREAM")
    c.do("XADD", 'odd "\\\n\xff', "*", "f", "v")
    c.do("BGSAVE")


def promtool(*args, text=None):
    p = subprocess.run(["promtool", *args], input=text, capture_output=True, text=True, cwd=ROOT)
    return p.returncode, p.stdout + p.stderr


def main():
    port = free_port()
    with Server(sys.argv[1], "--appendonly", "yes", "--console-port", str(port)) as s:
        c = s.start()
        busy(c)
        until("a pass", lambda: "millrace_group_oldest_leased_seconds{" in scrape(port))
        text = scrape(port)
        c.close()
    there = names(text) | ELSEWHERE
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
    unknown = {n for e in expressions for n in named(e)} - there
    check("%d expressions of panels read metrics that there are" % len(expressions), not unknown, unknown)
    if not shutil.which("promtool"):
        print("# promtool is not installed: alerts are not played")
        done()
    # 3: names that it would not choose; those of redis_exporter are what they are.
    status, said = promtool("check", "metrics", text=text)
    check("the scrape is one", status in (0, 3) and "millrace_" not in said, said)
    status, said = promtool("test", "rules", "tests/deploy/millrace.rules.test.yml")
    check("each alert fires and does not", status == 0, said)
    status, said = promtool("check", "rules", RULES)
    check("the rules are well formed", status == 0, said)
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as f:
        json.dump({"groups": [{"name": "panels", "rules": [{"record": "panel:%d" % i, "expr": e} for i, e in enumerate(expressions)]}]}, f)
        f.flush()
        status, said = promtool("check", "rules", f.name)
    check("the expressions of panels are well formed", status == 0, said)
    done()


main()
