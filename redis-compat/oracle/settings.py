#!/usr/bin/env python3
"""Every setting of redis-server: the replies of CONFIG SET to values of all kinds, and what CONFIG GET then returns, are those of redis-server
(faults C1, compat 11.1, 11.6, 11.7). What may differ is in DIFFERENT and has a line in ../differences.md.

settings.py --server PATH [--reference PATH] [NAME ...]     only settings whose names are given
"""
import argparse, os, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle  # noqa: E402

HIDDEN = ["key-load-delay", "use-exit-on-panic", "loading-process-events-interval-bytes", "watchdog-period", "rdb-key-save-delay",
          "aof-disable-auto-gc", "client-query-buffer-limit", "lazyfree-lazy-user-flush", "min-slaves-to-write"]
VALUES = ["", "-1", "-2", "0", "1", "2", "5", "10", "63", "64", "65", "99", "100", "101", "128", "129", "500", "501", "1000", "1001", "65535", "65536", "1000000", "1000001",
          "2147483646", "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775806", "9223372036854775807", "9223372036854775808",
          "1mb", "1k", "1kb", "-1mb", "10%", "101%", "yes", "no", "YES", "foo", "777", "0777", "1000", "8", "a b", "1 2", " 5", "5 ", "0x10", "1.5", "on", "local",
          "default", "C", "POSIX", "a\nb", "a\tb"]
MORE = {
    "shutdown-on-sigint": ["nosave", "save", "now", "force", "NOW SAVE", "force now save", "nosave force now", "save nosave", "default now", "default default",
                           "now now", "save  now", " now", "foo", "now foo", "save\tnow"],
    "oom-score-adj-values": ["0 200 800", "a b c", "1 2", "1 2 3 4", "-2000 0 2000", "-2001 0 0", "0 0 2001", "-1000 0 1000", "3 2 1", "1 1 1", "0 200 800 ", "1  2 3",
                             "1.5 2 3", "-1 -1 -1"],
    "latency-tracking-info-percentiles": ["50", "50.0", "50 99 99.9", "0", "100", "100.1", "-1", "101 x", "x", "99.99999", "50 50", "1e1", "0x10", "50.0 99.00 99.90",
                                          "99.9999", "inf", "nan", "12.3456789012345678", "50,99", "50  99", "1 2 3 4 5 6 7 8 9"],
    "proc-title-template": ["{title}", "{bad}", "{title} {listen-addr} {server-mode} {port} {tls-port} {unixsocket} {config-file}", "{", "}", "{}", "plain", "{{title}}",
                            "{title} {", "%s", "{title}" * 40],
    "locale-collate": ["C", "C.UTF-8", "en_US.UTF-8", "foo", ""],
    "client-output-buffer-limit": ["normal 0 0 0", "normal 1 2", "slave 1mb 2mb 60", "replica 5 6 7", "pubsub 1 1 1 normal 2 2 2", "foo 1 2 3", "normal x 2 3",
                                   "normal 1 2 -1", "NORMAL 1 2 3", "master 1 2 3", "normal  1 2 3"],
    "save": ["", "900 1", "900", "900 1 300", "0 1", "1 0", "1 -1", "-1 1", "x 1", "900 1 300 10", "900  1", " 900 1", "900 1 ", "3600 1 300 100 60 10000"],
    "notify-keyspace-events": ["KEA", "AKE", "Kx", "", "q", "KEg$lshzxetdmn", "AKEn", "AKEm", "EKm"],
    "maxmemory-policy": ["allkeys-lru", "volatile-ttl", "noeviction", "AllKeys-LFU", "x"],
    "appendfsync": ["always", "everysec", "no", "EverySec"],
    "loglevel": ["debug", "verbose", "notice", "warning", "nothing", "Notice"],
    "oom-score-adj": ["no", "yes", "relative", "absolute", "foo"],
    "sanitize-dump-payload": ["no", "yes", "clients"],
    "repl-diskless-load": ["disabled", "on-empty-db", "swapdb"],
    "cluster-preferred-endpoint-type": ["ip", "hostname", "unknown-endpoint"],
    "propagation-error-behavior": ["ignore", "panic", "panic-on-replicas"],
    "acl-pubsub-default": ["allchannels", "resetchannels"],
    "tls-auth-clients": ["no", "yes", "optional"],
    "bind-source-addr": ["127.0.0.1", "a b"],
    "cluster-announce-hostname": ["host.example", "a b", "a_b", "x" * 255, "x" * 256, "a-b.c"],
    "dbfilename": ["x.rdb", "a/b", "a b.rdb", "..", "."],
    "replicaof": ["no one", "127.0.0.1 1", "a", "a b c"],
    "unixsocketperm": ["700", "0700", "1000", "888"],
    "masterauth": ["secret", "a b", 'a"b'],
}
MORE["shutdown-on-sigterm"] = MORE["shutdown-on-sigint"]
# Settings that are not changed here: where the server listens, lives and logs.
ELSEWHERE = {"port", "tls-port", "bind", "dir", "unixsocket", "requirepass", "maxclients", "appendonly", "maxmemory", "maxmemory-clients",
             "proto-max-bulk-len", "client-query-buffer-limit"}
# (name or None, value or None): stated in differences.md.
DIFFERENT = {
    ("loglevel", None), ("tls-protocols", None), ("activedefrag", None), ("tls-replication", None), ("tls-cluster", None),
    ("replicaof", None), ("slaveof", None), ("save", "5 "),
    ("notify-keyspace-events", "no"), ("notify-keyspace-events", "on"), ("notify-keyspace-events", "AKEn"), ("notify-keyspace-events", "KEg$lshzxetdmn"),
}
# Sizes: nothing is no size, and neither is what does not fit in 63 bits.
NEWER_CLASSES = b"KEtmdnocSTIV'", b"KEtmdn'"   # in an error
NO_SIZES = {"", "9223372036854775808"}


def text(v):
    return v.decode("latin1")


def different(name, value, default):
    return (name, value) in DIFFERENT or (name, None) in DIFFERENT or (value in NO_SIZES and default.isdigit())


def ask(c, *args):
    c.send(*args)
    return c.raw()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--reference", default="redis-server")
    ap.add_argument("names", nargs="*")
    o = ap.parse_args()
    extra = ["--enable-protected-configs", "yes"]
    with oracle.servers(oracle.launched(o.reference, *extra), oracle.launched(o.server, *extra)) as both:
        compared, bad = compare([s.conn() for s in both], o.names)
    print("%d values of settings compared, %d differ" % (compared, bad))
    sys.exit(1 if bad or not compared else 0)


def compare(connections, names):
    theirs, ours = connections
    found = [text(x[1]) for x in ask(theirs, "config", "get", "*")[1][1]]
    defaults = dict(zip(found[::2], found[1::2]))
    for h in HIDDEN:
        got = ask(theirs, "config", "get", h)[1][1]
        if got:
            defaults[h] = text(got[1][1])
    compared = bad = 0
    for name in sorted(defaults):
        if (names and name not in names) or (not names and name in ELSEWHERE):
            continue
        for value in [defaults[name]] + VALUES + MORE.get(name, []):
            if different(name, value, defaults[name]):
                continue
            compared += 1
            for what in (("config", "set", name, value), ("config", "get", name)):
                a, b = ask(theirs, *what)[0], ask(ours, *what)[0].replace(*NEWER_CLASSES)
                if a != b:
                    bad += 1
                    print("%s %r: %s\n   theirs %s\n   ours   %s" % (name, value[:40], what[1], text(a)[:200].strip().replace("\r\n", " "), text(b)[:200].strip().replace("\r\n", " ")))
        for c in theirs, ours:
            ask(c, "config", "set", name, defaults[name])
    return compared, bad


if __name__ == "__main__":
    main()
