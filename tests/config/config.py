#!/usr/bin/env python3
"""The configuration as a whole: what is set, rewritten and read again is the same, no value becomes a line of its own, every directive of
Redis 6.2 to 7.2 starts the server, and what a directive says is what happens.

config.py SERVER [--seed N]     prints "ok ..." and "not ok ..." lines
"""
import atexit, os, random, re, shutil, signal, socket, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from check import until                # noqa: E402
from resp import Conn, Error, as_dict  # noqa: E402
from server import Server, free_port   # noqa: E402

PATH = os.path.abspath(sys.argv[1])
SEED = int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else 1
RNG = random.Random(SEED)


class Settings(Conn):
    """What it says is text."""

    def __init__(self, where):
        super().__init__(where, encoding="latin-1")

    def all(self, pattern="*"):
        got = self.do("config", "get", pattern)
        return as_dict(got)

    def get(self, name):
        return self.do("config", "get", name)[1]


class Configured(Server):
    """With a configuration file when there is text for one. Whether it has started is seen by conn()."""

    def __init__(self, conf=None, *args, directory=None):
        super().__init__(PATH, *args, conf=conf, directory=directory, without=("--bind", "--save"))
        self.launch()

    def conn(self):
        if not self.alive():
            raise ConnectionError("did not start: " + self.log()[-600:])
        return Settings(self.sock)

    def again(self):
        self.launch()
        return self.conn()


TESTS = []


def test(f):
    TESTS.append(f)
    return f


def same(what, got, wanted):
    if got != wanted:
        raise AssertionError("%s: %r, not %r" % (what, got, wanted))


def refused(what, got, text=""):
    if not isinstance(got, Error) or text not in str(got):
        raise AssertionError("%s: %r, not an error with %r" % (what, got, text))


# ---- faults C1, compat 11.1: what is set is what is read again

HIDDEN = ["key-load-delay", "use-exit-on-panic", "loading-process-events-interval-bytes", "watchdog-period", "rdb-key-save-delay", "cluster-ping-interval"]
# Where this test itself needs them as they are.
KEPT = {"dir", "unixsocket", "port", "tls-port", "bind", "maxclients", "maxmemory", "requirepass", "appendonly", "maxmemory-clients"}
EVIL = ["default\nenable-debug-command yes", "a\r\nprotected-mode no", "x\n# y", '"', "'", '\\', 'a"b', "a'b", "a\\", "\\x0a", "#", "# x", " ", "  a  b ", "\t", "\x01\x7f\xff",
        "{title}\nport 1", "no\nenable-protected-configs yes", "TLSv1.2\nport 1", "127.0.0.1\nport 1", "50\nport 1", "0 200 800\nport 1", "a\x00b", "\x00", "'a' \"b\" \\c",
        "include /dev/zero", "user x on", "\x0b\x0c", "a\x85b", "{}", "\n", "\r", "-", "--port", "save"]
GOOD = ["yes", "no", "0", "1", "7", "100", "512", "1mb", "nosave force", "save now", "50 99.5", "1 2 3", "KEA", "a b.c", "x", "{title} \"q\" 'r' # s", "C", "60 1000 5 7",
        "normal 1mb 2 3 pubsub 4 5 6", "TLSv1.3", "always", "debug", "allkeys-lru", "host-1.example", "absolute", ""]


def nasty():
    if RNG.random() < 0.5:
        return RNG.choice(EVIL)
    return "".join(RNG.choice("\n\r\t \"'\\#\x00\x01{}ab-0159\xff") for _ in range(RNG.randint(1, 12)))


def new_directory():
    d = tempfile.mkdtemp(prefix="config-")
    atexit.register(shutil.rmtree, d, ignore_errors=True)
    return d


@test
def every_setting_survives_rewrite_and_restart():
    s = Configured("loglevel notice\nsave 900 1\n# a comment\n", "--enable-protected-configs", "yes", "--enable-debug-command", "local")
    c = s.conn()
    accepted = 0
    for _ in range(12):
        for name in list(c.all()) + HIDDEN:
            if name in KEPT:
                continue
            for _ in range(5):
                if c.do("config", "set", name, RNG.choice(GOOD) if RNG.random() < 0.5 else nasty()) == "OK":
                    accepted += 1
                    break
        before = {**c.all(), **{h: c.get(h) for h in HIDDEN}}
        same("rewrite", c.do("config", "rewrite"), "OK")
        text = open(s.conf, "rb").read()
        own = rb"(?m)^(port %d|enable-protected-configs yes|enable-debug-command local|user default .*)$" % s.port
        if re.search(rb"(?m)^(port|enable-|user|include)", re.sub(own, b"", text)):
            raise AssertionError("a line was injected: %r" % text)
        c = s.again()
        after = {**c.all(), **{h: c.get(h) for h in HIDDEN}}
        for name in before:
            same(name, after[name], before[name])
    s.end()
    if accepted < 600:
        raise AssertionError("only %d values were accepted" % accepted)


@test
def a_nul_is_refused_or_kept():
    s = Configured("")
    c = s.conn()
    for name in c.all():
        old = c.get(name)
        if c.do("config", "set", name, b"abc\x00def") == "OK":
            same(name, c.get(name), "abc\x00def")
            c.do("config", "set", name, old)
    s.end()


@test
def what_is_refused_changes_nothing():
    s = Configured("", "--enable-protected-configs", "yes")
    c = s.conn()
    before = c.all()
    refused("several", c.do("config", "set", "hz", "20", "loglevel", "debug", "shutdown-on-sigint", "foo", "save", "1 1"))
    refused("twice", c.do("config", "set", "hz", "20", "hz", "30"), "duplicate parameter")
    refused("unknown", c.do("config", "set", "hz", "20", "nonsense", "30"), "Unknown option")
    refused("half", c.do("config", "set", "client-output-buffer-limit", "normal 5 5 5 foo 1 1 1"))
    refused("half a list", c.do("config", "set", "save", "5 5 x"))
    same("all", c.all(), before)
    s.end()


# ---- compat 11.2, 11.3, 11.6, 11.7, 11.8

@test
def port_0_and_no_address():
    s = Configured("port %d\n" % free_port())
    c = s.conn()
    port = int(c.get("port"))
    t = Settings(port)
    for setting, value, back in (("port", "0", str(port)), ("bind", "", "127.0.0.1")):
        same(setting, c.do("config", "set", setting, value), "OK")
        same("an open connection", t.do("ping"), "PONG")
        try:
            Settings(port)
            raise AssertionError("still listening")
        except OSError:
            pass
        same("rewrite", c.do("config", "rewrite"), "OK")
        c = s.again()
        same("after a restart", c.get(setting), value)
        same("back", c.do("config", "set", setting, back), "OK")
        t = Settings(port)
        same("a new one", t.do("ping"), "PONG")
    refused("bind", c.do("config", "set", "bind", "203.0.113.9"), "Failed to bind to specified addresses.")
    refused("bind", c.do("config", "set", "bind", "127.0.0.1 nonsense.invalid"), "Failed to bind to specified addresses.")
    same("as before", (c.get("bind"), Settings(port).do("ping")), ("127.0.0.1", "PONG"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused("port", c.do("config", "set", "port", taken.getsockname()[1]), "Unable to listen on this port")
    same("as before", (c.get("port"), Settings(port).do("ping")), (str(port), "PONG"))
    same("may be missing", c.do("config", "set", "bind", "-203.0.113.9 127.0.0.1"), "OK")
    s.end()


@test
def save_points_add_up():
    for conf, args, wanted in (("save 900 1\n", ["--save", "100", "100"], "900 1 100 100"), ("save 900 1\nsave 300 10\n", [], "900 1 300 10"),
                               ("save 900 1\n", ["--save", ""], ""), ("", ["--save", "7", "8"], "7 8"), ("save 900 1\nsave \"\"\nsave 5 6\n", [], "5 6"),
                               ("save 900 1 300 10\n", ["--save", "1 2"], "900 1 300 10 1 2"), ("", [], "3600 1 300 100 60 10000")):
        s = Configured(conf, *args)
        same("%r %r" % (conf, args), s.conn().get("save"), wanted)
        s.end()


@test
def more_clients_than_files():
    s = Configured("")
    c = s.conn()
    old = c.get("maxclients")
    with open("/proc/%d/limits" % s.p.pid) as f:
        hard = int(re.search(r"Max open files\s+\S+\s+(\d+)", f.read()).group(1))
    subprocess.run(["prlimit", "--pid", str(s.p.pid), "--nofile=%d:%d" % (min(hard, 20000), min(hard, 20000))], check=True)
    got = c.do("config", "set", "maxclients", "4000000")
    if os.geteuid() == 0 and got == "OK":  # the superuser may raise the limit
        same("set", c.get("maxclients"), "4000000")
    else:
        refused("maxclients", got, "The operating system is not able to handle the specified number of clients, try with ")
        same("as before", c.get("maxclients"), old)
        same("possible", c.do("config", "set", "maxclients", str(got).split()[-1]), "OK")
    s.end()


@test
def own_immutable_settings_may_be_set_to_what_they_are():
    s = Configured("")
    c = s.conn()
    for name in ("backupdirname", "filesystem-sandbox", "process-sandbox", "script-memory-limit"):
        same(name, c.do("config", "set", name, c.get(name)), "OK")
        refused(name, c.do("config", "set", name, "no" if c.get(name) == "yes" else "77"), "can't set immutable config")
    s.end()


@test
def refused_lines_are_quoted():
    for args, line, why in ((["--port", "6379", "6380"], 'port "6379" "6380"', "wrong number of arguments"), (["--maxmemory"], "maxmemory", "wrong number of arguments"),
                            (["--nonsense", "1"], 'nonsense "1"', "Bad directive or wrong number of arguments"), (["--oom-score-adj-values"], "oom-score-adj-values", "wrong number"),
                            (["--shutdown-on-sigint", "foo"], 'shutdown-on-sigint "foo"', "must be one of"), (["--slaveof", "a"], 'slaveof "a"', "wrong number of arguments"),
                            (["--rename-command", "foo", "bar"], 'rename-command "foo" "bar"', "No such command in rename-command"),
                            (["--rename-command", "get", "set"], 'rename-command "get" "set"', "Target command name already exists")):
        s = Configured(None, *args)
        s.p.wait(timeout=90)
        if ">>> '%s'\n" % line not in s.log() or why not in s.log():
            raise AssertionError("%r said %r" % (args, s.log()))
        s.end()


# ---- faults B10, compat 11.4, 11.5

# Every directive of the configuration files of Redis 6.2 to 7.2: its default, and another value.
DIRECTIVES = """
acl-pubsub-default resetchannels allchannels|acllog-max-len 128 5|active-defrag-cycle-max 25 30|active-defrag-cycle-min 1 2
active-defrag-ignore-bytes 100mb 200mb|active-defrag-max-scan-fields 1000 2000|active-defrag-threshold-lower 10 11|active-defrag-threshold-upper 100 99
active-expire-effort 1 3|activedefrag no yes|activerehashing yes no|always-show-logo no yes|aof-load-truncated yes no|aof-rewrite-incremental-fsync yes no
aof-timestamp-enabled no yes|aof-use-rdb-preamble yes no|aof_rewrite_cpulist '' 1|appenddirname appendonlydir other|appendfilename appendonly.aof other.aof
appendfsync everysec always|appendonly no yes|auto-aof-rewrite-min-size 64mb 1mb|auto-aof-rewrite-percentage 100 50|bgsave_cpulist '' 1|bind-source-addr '' 127.0.0.1
bio_cpulist '' 1|busy-reply-threshold 5000 100|client-output-buffer-limit 'normal 0 0 0' 'pubsub 1mb 1mb 1'|client-query-buffer-limit 1gb 2mb
cluster-allow-pubsubshard-when-down yes no|cluster-allow-reads-when-down no yes|cluster-allow-replica-migration yes no|cluster-announce-bus-port 0 1
cluster-announce-hostname '' h|cluster-announce-human-nodename '' n|cluster-announce-ip '' 127.0.0.1|cluster-announce-port 0 1|cluster-announce-tls-port 0 1
cluster-config-file nodes.conf x.conf|cluster-link-sendbuf-limit 0 1mb|cluster-migration-barrier 1 2|cluster-node-timeout 15000 1000|cluster-port 0 1
cluster-preferred-endpoint-type ip hostname|cluster-replica-no-failover no yes|cluster-replica-validity-factor 10 9|cluster-require-full-coverage yes no
cluster-slave-no-failover no yes|cluster-slave-validity-factor 10 8|crash-log-enabled yes no|crash-memcheck-enabled yes no|daemonize no no|databases 16 20
dbfilename dump.rdb x.rdb|disable-thp yes no|dynamic-hz yes no|enable-debug-command no yes|enable-module-command no local|enable-protected-configs no yes
gopher-enabled no yes|hash-max-listpack-entries 512 5|hash-max-listpack-value 64 5|hash-max-ziplist-entries 512 6|hash-max-ziplist-value 64 6|hll-sparse-max-bytes 3000 100|hz 10 20
ignore-warnings '' ARM64-COW-BUG|io-threads 1 2|io-threads-do-reads no yes|jemalloc-bg-thread yes no|latency-monitor-threshold 0 5|latency-tracking yes no
latency-tracking-info-percentiles '50 99 99.9' '50 75'|lazyfree-lazy-eviction no yes|lazyfree-lazy-expire no yes|lazyfree-lazy-server-del no yes|lazyfree-lazy-user-del no yes
lazyfree-lazy-user-flush no yes|lfu-decay-time 1 2|lfu-log-factor 10 9|list-compress-depth 0 1|list-max-listpack-size -2 100|list-max-ziplist-entries 512 1
list-max-ziplist-size -2 99|list-max-ziplist-value 64 1|locale-collate '' C|loglevel notice verbose|lua-replicate-commands yes no|lua-time-limit 5000 101
masterauth '' secret|masteruser '' u|maxclients 10000 100|maxmemory 0 1gb|maxmemory-clients 0 5%|maxmemory-eviction-tenacity 10 9|maxmemory-policy noeviction allkeys-lfu
maxmemory-samples 5 100|min-replicas-max-lag 10 11|min-slaves-max-lag 10 12|no-appendfsync-on-rewrite no yes|notify-keyspace-events '' KEA
oom-score-adj no no|oom-score-adj-values '0 200 800' '1 2 3'|port 6379 PORT|proc-title-template '{title} {listen-addr} {server-mode}' '{title} x'
propagation-error-behavior ignore panic|protected-mode yes no|proto-max-bulk-len 512mb 1mb|rdb-del-sync-files no yes|rdb-save-incremental-fsync yes no|rdbchecksum yes no
rdbcompression yes no|repl-backlog-size 1mb 2mb|repl-backlog-ttl 3600 60|repl-disable-tcp-nodelay no yes|repl-diskless-load disabled swapdb|repl-diskless-sync yes no
repl-diskless-sync-delay 5 0|repl-diskless-sync-max-replicas 0 1|repl-ping-replica-period 10 5|repl-ping-slave-period 10 6|repl-timeout 60 30|replica-announce-ip '' 127.0.0.1
replica-announce-port 0 1|replica-announced yes no|replica-ignore-disk-write-errors no yes|replica-ignore-maxmemory yes no|replica-lazy-flush no yes|replica-priority 100 1
replica-read-only yes no|replica-serve-stale-data yes no|replicaof 'no one' 'no one'|requirepass '' secret|sanitize-dump-payload no yes|save '3600 1' '60 5'|server_cpulist '' 1
server-cpulist '' 1|bio-cpulist '' 1|aof-rewrite-cpulist '' 1|bgsave-cpulist '' 1|set-max-intset-entries 512 5|set-max-listpack-entries 128 5|set-max-listpack-value 64 5
set-proc-title yes no|shutdown-on-sigint default 'nosave now'|shutdown-on-sigterm default force|shutdown-timeout 10 1|slave-announce-ip '' 127.0.0.2|slave-announce-port 0 2
slave-ignore-maxmemory yes no|slave-lazy-flush no yes|slave-priority 100 2|slave-read-only yes no|slave-serve-stale-data yes no|slaveof 'no one' 'no one'
slowlog-log-slower-than 10000 -1|slowlog-max-len 128 5|socket-mark-id 0 1|stop-writes-on-bgsave-error yes no|stream-node-max-bytes 4096 100|stream-node-max-entries 100 5
supervised no systemd|syslog-enabled no yes|syslog-facility local0 user|syslog-ident redis mill|tcp-backlog 511 100|tcp-keepalive 300 0|timeout 0 1000
tls-auth-clients yes optional|tls-ca-cert-dir '' /tmp|tls-ca-cert-file '' x|tls-cert-file '' x|tls-ciphers '' DEFAULT|tls-ciphersuites '' TLS_CHACHA20_POLY1305_SHA256|tls-cluster no no
tls-client-cert-file '' x|tls-client-key-file '' x|tls-client-key-file-pass '' p|tls-dh-params-file '' x|tls-key-file '' x|tls-key-file-pass '' p|tls-port 0 0
tls-prefer-server-ciphers no yes|tls-protocols '' 'TLSv1.2 TLSv1.3'|tls-replication no no|tls-session-cache-size 20480 5|tls-session-cache-timeout 300 5|tls-session-caching yes no
tracking-table-max-keys 1000000 5|unixsocketperm 0 700|zset-max-listpack-entries 128 5|zset-max-listpack-value 64 5|zset-max-ziplist-entries 128 6|zset-max-ziplist-value 64 6
key-load-delay 0 -1000|use-exit-on-panic no yes|loading-process-events-interval-bytes 2097152 1024|watchdog-period 0 30000|cluster-ping-interval 1000 1001|rdb-key-save-delay 0 5
aof-disable-auto-gc no yes|bind '* -::*' 127.0.0.1|dir . .|logfile '' ''|pidfile '' x.pid|rename-command 'flushall x1' 'flushdb x2'|user 'a on ~* +@all' 'b on ~* +get'
cluster-enabled no no|aclfile '' ''|min-replicas-to-write 0 0|min-slaves-to-write 0 0
"""


def directives():
    for entry in DIRECTIVES.strip().replace("\n", "|").split("|"):
        name, rest = entry.split(" ", 1)
        values = re.findall(r"'([^']*)'|(\S+)", rest)
        yield (name, *[a or b for a, b in values])


LISTS = {"bind", "save", "client-output-buffer-limit", "oom-score-adj-values", "latency-tracking-info-percentiles", "shutdown-on-sigint", "shutdown-on-sigterm", "replicaof",
         "slaveof", "rename-command", "user", "tls-protocols"}


@test
def every_directive_starts_the_server():
    for which in 1, 2:
        port = free_port()
        lines = []
        for d in directives():
            value = d[which].replace("PORT", str(port))
            if d[0] == "port":
                value = str(port)
            lines.append("%s %s\n" % (d[0], value if d[0] in LISTS and value and d[0] != "tls-protocols" else '"%s"' % value))
        s = Configured("".join(lines))
        try:
            c = s.conn()
        except ConnectionError as e:
            raise AssertionError(str(e))
        if which == 2:
            c.do("auth", "secret")
            for name, wanted in (("maxmemory-samples", "100"), ("masterauth", "secret"), ("masteruser", "u"), ("shutdown-on-sigint", "nosave now"), ("zset-max-listpack-value", "6"),
                                 ("server_cpulist", "1"), ("cluster-announce-human-nodename", "n"), ("hz", "20"), ("save", "60 5"), ("replicaof", "")):
                same(name, c.get(name), wanted)
            for said in "list-max-ziplist-entries", "lua-replicate-commands", "cluster-announce-human-nodename", "gopher-enabled":
                if said not in s.log():
                    raise AssertionError("nothing is said of " + said)
            same("rewrite", c.do("config", "rewrite"), "OK")
            before = c.all()
            c = s.again()
            c.do("auth", "secret")
            same("after a rewrite", c.all(), before)
        s.end()


@test
def what_would_be_a_lie_refuses_the_start():
    for line, why in (("cluster-enabled yes", "not supported by this version"), ("tls-replication yes", "Failed to configure TLS: "),
                      ("loadmodule /x.so", "not supported by this version")):
        s = Configured(line + "\n")
        s.p.wait(timeout=90)
        if why not in s.log() or why.startswith("not") and ">>> '%s'" % line not in s.log():
            raise AssertionError("%s: %r" % (line, s.log()[-300:]))
        s.end()


@test
def renamed_commands_that_are_not_here():
    """faults B10: files take names of Redis off that there are none of here, in any case of letters."""
    names = ("MIGRATE", "sync", "PSync", "REPLCONF", "SLAVEOF", "replicaof", "FAILOVER", "MODULE", "CLUSTER", "pfselftest", "DEBUG")
    s = Configured("".join('rename-command %s ""\n' % n for n in names) + "rename-command readwrite rw-1\n")
    c = s.conn()
    for n in names:
        refused(n, c.do(n, "x", "y"), "unknown command")
    same("rewrite", c.do("config", "rewrite"), "OK")
    c = s.again()
    same("after a rewrite", c.do("ping"), "PONG")
    s.end()
    for n in ("client|no-touch", "migrat", "migrate x"):
        s = Configured(None, "--rename-command", n, "")
        s.p.wait(timeout=90)
        if "No such command in rename-command" not in s.log():
            raise AssertionError("%r said %r" % (n, s.log()))
        s.end()


@test
def renamed_commands():
    long = "b840fc02d524045429941cc15f59e41cb7be6c52"
    s = Configured("rename-command SET SETX\nrename-command FLUSHALL \"\"\nrename-command CONFIG %s\nrename-command get \"hello world\"\nrename-command xgroup groups\n"
               "user u on nopass ~* +set +config|get +flushall\nappendonly yes\n" % long)
    c = s.conn()
    refused("set", c.do("set", "a", "1"), "unknown command 'set'")
    same("setx", c.do("setx", "a", "1"), "OK")
    same("SetX", c.do("SetX", "b", "2"), "OK")
    same("the new name of get", c.do("hello world", "a"), "1")
    same("a container", c.do("groups", "create", "s", "g", "$", "mkstream"), "OK")
    refused("config", c.do("config", "get", "port"), "unknown command")
    same("its long name", c.do(long.upper(), "get", "appendonly"), ["appendonly", "yes"])
    refused("flushall", c.do("flushall"), "unknown command")
    same("command info", [c.do("command", "info", n)[0] for n in ("set", "flushall")], [None, None])
    same("command info", c.do("command", "info", "setx")[0][0], "set")
    names = c.do("command", "list")
    same("listed", ("set" in names, "setx" in names, "flushall" in names, len(names) > 200), (True, False, False, True))
    refused("in a script", c.do("eval", "return redis.call('set','a','2')", "0"), "Unknown Redis command called from script")
    same("in a script", c.do("eval", "return redis.call('setx','a','2')", "0"), "OK")
    refused("rules", c.do("acl", "setuser", "v", "+setx"), "Unknown command or category name in ACL")
    same("rules", c.do("acl", "setuser", "v", "on", "nopass", "~*", "+set", "-flushall"), "OK")
    same("rights", c.do("acl", "dryrun", "v", "setx", "a", "b"), "OK")
    refused("arity", c.do("setx", "a"), "wrong number of arguments for 'set' command")
    c.do("auth", "u", "x")
    same("as u", (c.do("setx", "c", "3"), isinstance(c.do("hello world", "c"), Error)), ("OK", True))
    c = s.conn()
    journal = b"".join(open(os.path.join(s.dir, "appendonlydir", f), "rb").read() for f in os.listdir(os.path.join(s.dir, "appendonlydir")))
    if b"setx" in journal.lower() or b"groups" in journal.lower():
        raise AssertionError("the journal has the new names")
    same("rewrite", c.do(long, "rewrite"), "OK")
    if open(s.conf).read().count("rename-command") != 5:
        raise AssertionError("the rewritten file: " + open(s.conf).read())
    c = s.again()
    same("after a restart", (c.do("hello world", "a"), c.do("hello world", "b"), len(c.do("xinfo", "groups", "s"))), ("2", "2", 1))
    s.end()


@test
def an_included_file_with_users():
    d = new_directory()
    open(os.path.join(d, "users.conf"), "w").write("user alice on nopass ~a* +get\nmaxmemory-samples 7\nrename-command flushall x9\n")
    open(os.path.join(d, "plain.conf"), "w").write("hz 33\nsave 9 9\n")
    s = Configured("include users.conf\nuser bob on nopass ~b* +set\nhz 11\ninclude %s/plain.conf\n" % d, directory=d)
    c = s.conn()
    same("users", sorted(c.do("acl", "users")), ["alice", "bob", "default"])
    same("included", (c.get("maxmemory-samples"), c.get("hz"), c.get("save")), ("7", "33", "9 9"))
    c.do("acl", "setuser", "alice", "-get", "+ttl")
    c.do("acl", "deluser", "bob")
    for settings in (("hz", "44"), ("save", "1 2 3 4")):
        same("set", c.do("config", "set", *settings), "OK")
    before, users = c.all(), c.do("acl", "list")
    for _ in range(3):
        same("rewrite", c.do("config", "rewrite"), "OK")
        c = s.again()
        same("users", c.do("acl", "list"), users)
        same("settings", c.all(), before)
        same("renamed", isinstance(c.do("flushall"), Error) and c.do("x9"), "OK")
    s.end()


@test
def a_relative_log_is_in_dir():
    d = new_directory()
    os.mkdir(os.path.join(d, "data"))
    s = Configured("logfile my.log\ndir %s/data\n" % d, directory=d)
    s.conn()
    same("where it is", (os.path.exists(os.path.join(d, "my.log")), os.path.exists(os.path.join(d, "data", "my.log"))), (False, True))
    s.end()


@test
def title_and_score():
    s = Configured("", "--proc-title-template", "{title} on {unixsocket} x", "--oom-score-adj", "absolute", "--oom-score-adj-values", "10", "20", "30")
    c = s.conn()
    title = lambda: open("/proc/%d/cmdline" % s.p.pid).read().rstrip("\0")
    score = lambda: int(open("/proc/%d/oom_score_adj" % s.p.pid).read())
    same("title", title(), "%s on %s x" % (PATH, s.sock))
    same("score", score(), 10)
    same("set", c.do("config", "set", "proc-title-template", "mill {port}"), "OK")
    same("title", title(), "mill %d" % s.port)
    same("set", c.do("config", "set", "oom-score-adj-values", "11 20 30"), "OK")
    same("score", score(), 11)
    same("set", c.do("config", "set", "oom-score-adj", "no"), "OK")
    same("score", score(), int(open("/proc/self/oom_score_adj").read()))
    s.end()
    s = Configured("", "--set-proc-title", "no")
    s.conn()
    same("no title", title().split("\0")[0], PATH)
    s.end()


# ---- compat 11.8 and section 14: hooks


@test
def loading_that_takes_long():
    s = Configured('save ""\n', "--enable-protected-configs", "yes", "--enable-debug-command", "yes")
    c = s.conn()
    c.do("debug", "populate", "20000", "key", "100")
    same("save", c.do("save"), "OK")
    s.launch("--key-load-delay", "50000", "--loading-process-events-interval-bytes", "1024", loading=True)
    c = s.conn()
    info = c.do("info", "persistence")
    if "\nloading:1" not in info:
        raise AssertionError("it is loaded already: " + info)
    for name, value in (("dir", s.dir), ("dbfilename", "x.rdb"), ("appendonly", "yes")):
        refused(name, c.do("config", "set", name, value), "LOADING ")
    refused("a key", c.do("get", "key:1"), "LOADING ")
    # At once: the rest would take a quarter of an hour.
    same("others", c.do("config", "set", "hz", "11", "key-load-delay", "0"), "OK")
    until("the end of loading", lambda: "\nloading:0" in c.do("info", "persistence"))
    same("all", c.do("dbsize"), 20000)
    s.end()


@test
def restore_without_the_checksum():
    s = Configured("", "--enable-debug-command", "yes")
    c = s.conn()
    c.do("set", "a", "hello")
    dump = c.do("dump", "a").encode("latin1")
    bent = dump[:-1] + bytes([dump[-1] ^ 1])
    wrong = "DUMP payload version or checksum are wrong"
    refused("checked", c.do("restore", "a", "0", bent, "replace"), wrong)
    same("debug", c.do("debug", "set-skip-checksum-validation", "1"), "OK")
    same("skipped", c.do("restore", "a", "0", bent, "replace"), "OK")
    same("value", c.do("get", "a"), "hello")
    refused("no payload", c.do("restore", "a", "0", "x", "replace"), wrong)
    same("debug", c.do("debug", "set-skip-checksum-validation", "0"), "OK")
    refused("checked again", c.do("restore", "a", "0", bent, "replace"), wrong)
    s.end()


@test
def a_stack_of_what_takes_long():
    s = Configured("", "--enable-debug-command", "yes")
    c = s.conn()
    same("sleep", c.do("debug", "sleep", "0.3"), "OK")
    if "WATCHDOG" in s.log():
        raise AssertionError("watched without a period")
    same("set", c.do("config", "set", "watchdog-period", "1"), "OK")
    same("at least 200", c.get("watchdog-period"), "200")
    began = time.monotonic()
    same("sleep", c.do("debug", "sleep", "0.6"), "OK")
    if time.monotonic() - began < 0.6:
        raise AssertionError("the watchdog cut the sleep short")
    if "--- WATCHDOG TIMER EXPIRED ---" not in s.log() or "millrace-server" not in s.log().split("EXPIRED")[1]:
        raise AssertionError(s.log())
    # Scripts have a timer of their own, which goes on working.
    same("set", c.do("config", "set", "busy-reply-threshold", "20"), "OK")
    c.send("eval", "while true do end", "0")
    d = s.conn()
    refused("a busy script", until("the script", lambda: isinstance(got := d.do("ping"), Error) and got), "BUSY")
    same("kill", d.do("script", "kill"), "OK")
    refused("killed", c.answer(), "killed")
    same("set", c.do("config", "set", "watchdog-period", "0"), "OK")
    same("alive", c.do("ping"), "PONG")
    s.end()


@test
def panic_by_exit():
    for word, code in (("yes", 1), ("no", -signal.SIGABRT)):
        for how in "assert", "panic":
            s = Configured("", "--enable-debug-command", "yes", "--use-exit-on-panic", word)
            try:
                s.conn().do("debug", how)
            except ConnectionError:
                pass
            same("%s %s" % (word, how), s.p.wait(timeout=90), code)
            s.end()


@test
def a_signal_can_be_taken_back():
    s = Configured("", "--hz", "1")
    c = s.conn()
    refused("nothing to abort", c.do("shutdown", "abort"), "No shutdown in progress")
    done = 0
    for _ in range(5):
        s.p.send_signal(signal.SIGTERM)
        for _ in range(200):
            got = c.do("shutdown", "abort")
            if got == "OK":
                done += 1
                break
            time.sleep(0.001)
    if done == 0:
        raise AssertionError("never")
    same("alive", c.do("ping"), "PONG")
    s.p.send_signal(signal.SIGTERM)
    same("ends", s.p.wait(timeout=90), 0)
    s.end()


@test
def rewriting_everything():
    s = Configured("hz 12\n", "--enable-debug-command", "yes")
    c = s.conn()
    same("debug", c.do("debug", "config-rewrite-force-all"), "OK")
    text = open(s.conf).read()
    for name, value in c.all().items():
        if not re.search("(?m)^%s " % re.escape(name), text) and "slave" not in name and "ziplist" not in name and "cpulist" not in name and name not in ("lua-time-limit", "replica-ack"):
            raise AssertionError("%s is missing" % name)
    before = c.all()
    c = s.again()
    same("after a restart", c.all(), before)
    s.end()


@test
def a_flush_that_takes_long():
    s = Configured("appendonly yes\n", "--enable-debug-command", "yes")
    c = s.conn()
    same("debug", c.do("debug", "aof-flush-sleep", "200000"), "OK")
    began = time.monotonic()
    same("set", c.do("set", "a", "1"), "OK")
    if time.monotonic() - began < 0.2:
        raise AssertionError("it did not sleep")
    same("debug", c.do("debug", "aof-flush-sleep", "0"), "OK")
    s.end()


@test
def signals_by_their_words():
    for words, wanted in (("nosave", False), ("save", True), ("default", False)):
        s = Configured("save \"\"\nshutdown-on-sigterm %s\n" % words)
        c = s.conn()
        c.do("set", "a", "1")
        s.p.send_signal(signal.SIGTERM)
        s.p.wait(timeout=90)
        same(words, os.path.exists(s.at("dump.rdb")), wanted)
        s.end()


def main():
    names = [a for a in sys.argv[2:] if not a.startswith("--") and not a.isdigit()]
    failed = 0
    for t in TESTS:
        if names and t.__name__ not in names:
            continue
        try:
            t()
            print("ok " + t.__name__, flush=True)
        except Exception as e:
            failed += 1
            print("not ok %s: %s: %s (seed %d)" % (t.__name__, type(e).__name__, str(e)[:1500].replace("\n", "\\n"), SEED), flush=True)
    sys.exit(1 if failed else 0)


main()
