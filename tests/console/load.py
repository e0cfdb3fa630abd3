"""A server's day in small: queues with policies, their producers and workers, dead letters with reasons, schedules, lists that somebody waits for, channels
with listeners, keys of all types, users, slow commands. fill() puts down what stands still; Load keeps the rest moving until it is stopped.

load.py PORT plays it against a server until it is interrupted, for a look by hand."""
import os, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp import Conn, Error  # noqa: E402

WORKERS, PRODUCED_A_SECOND = 3, 40
# What must come to the page as text. The marker is what a script that ran would have set.
MARKER = "hostileScriptRan"
SCRIPT = "<script>window.%s=1</script>" % MARKER
IMAGE = "\"><img src=x onerror='window.%s=1'>" % MARKER


def fill_queues(c):
    c.ask("XPOLICY", "SET", "orders", "workers", "MKSTREAM", "JOBS", "RETRY", "EXP", 500, 4000, 2, "MAXDELIVER", 3)
    c.ask("XPOLICY", "SET", "mail", "send", "MKSTREAM", "JOBS")
    c.ask("XGROUP", "CREATE", "events", "audit", 0, "MKSTREAM")
    c.ask("XCFGSET", "events", "MAXLEN", 5000)
    c.ask("XGROUP", "CREATE", "old-import", "g1", 0, "MKSTREAM")
    c.many([("XADD", "old-import", "*", "row", i, "body", '{"row":%d,"tags":["a","b"],"note":null}' % i) for i in range(1200)])
    c.many([("XADD", "mail", "*", "to", "person-%d" % i, "body", "hello") for i in range(40)])


def fill_dead(c):
    """Letters of two reasons: four that were refused, one that is poison."""
    c.ask("XPOLICY", "SET", "payments", "cards", "MKSTREAM", "JOBS")
    for i, (mode, why) in enumerate([("FATAL", "card declined")] * 4 + [("FATAL", "no field sku")]):
        c.ask("XADD", "payments", "*", "order", i, "state", "new", "sku", "A%d" % i)
        ((_, ((entry, _),)),) = c.ask("XREADGROUP", "GROUP", "cards", "w-3", "COUNT", 1, "STREAMS", "payments", ">")
        c.ask("XNACK", "payments", "cards", mode, "IDS", 1, entry, "REASON", why)


def fill_routes(c):
    c.ask("XCRON", "SET", "reports", "daily", "CRON", "0 7 * * 1-5", "TZ", "Europe/Berlin", "FIELDS", "kind", "daily")
    c.ask("XCRON", "SET", "reports", "hourly", "CRON", "@hourly", "FIELDS", "kind", "hourly")
    for minutes in range(1, 15):
        c.ask("XADD", "orders", "DELAY", minutes * 600000, "*", "order", "later-%d" % minutes)
    c.ask("XBIND", "ADD", "intake", "TOPIC", "order.*.created", "TO", "mail-copies")
    c.ask("XBIND", "ADD", "intake", "DIRECT", "high", "BY", "prio", "TO", "intake:high")
    c.ask("XADD", "intake", "*", "routing-key", "order.eu.created", "prio", "high")
    c.ask("XCAPTURE", "ADD", "news-log", "news.*")


def fill_keys(c):
    c.many([("HSET", "session:%04d" % i, "user", "alice", "csrf", "8f1c%04d" % i, "seen", 1795900000 + i) for i in range(200)])
    c.many([("EXPIRE", "session:%04d" % i, 1800 + i) for i in range(200)])
    c.many([("SET", "cache:page:%d" % i, "x" * 300) for i in range(60)])
    c.ask("SADD", "tags", "red", "green", "blue")
    c.ask("ZADD", "scores", 1, "ann", 2.5, "bob", 17, "cid")
    c.ask("SET", "a/name?with#all %41 of it", "found")
    c.ask("SET", b"\xff\xfe-no-utf8", b"\x00\x01\xff\xfe")
    c.ask("SET", "document", '{"name":"ann","list":[1,2,3],"deep":{"a":{"b":"c"}}}')
    c.many([("RPUSH", "jobs", '{"jid":"a%d","class":"Mail"}' % i) for i in range(120)])


def fill_users(c):
    c.ask("ACL", "SETUSER", "alice", "on", ">a-word-of-alice", "~*", "&*", "+@all")
    c.ask("ACL", "SETUSER", "viewer", "on", ">a-word-of-viewer", "~*", "&*", "-@all", "+@read", "+@connection", "-@dangerous", "+survey", "+info", "+pubsub", "+client|list",
          "+slowlog|get", "+latency|latest", "+latency|history", "+acl|whoami")
    c.ask("ACL", "SETUSER", "ann", "on", ">a-word-for-ann-only", "~a:*", "&a:*", "-@all", "+@read", "+@connection", "-@dangerous", "+survey", "+@stream", "+@write")
    c.ask("ACL", "SETUSER", "jobs", "on", ">a-word-of-the-jobs", "~orders*", "-@all", "+@stream", "+ping", "+client|setname")


def fill_slow(c):
    """A row in the slow log, an error that is counted, a denial."""
    c.ask("CONFIG", "SET", "slowlog-log-slower-than", 2000, "latency-monitor-threshold", 2)
    c.ask("DEBUG", "SLEEP", 0.005)
    c.do("LPUSH", "scores", "x")
    c.do("XREADGROUP", "GROUP", "nobody", "w", "STREAMS", "orders", ">")


def fill(c):
    for part in (fill_queues, fill_dead, fill_routes, fill_keys, fill_users, fill_slow):
        part(c)


def fill_hostile(c):
    """SCRIPT and IMAGE wherever a client may write: keys, fields, values, groups, consumers, client names, reasons, channels, users, errors."""
    for word in (SCRIPT, IMAGE):
        c.ask("XADD", word, "*", word, word)
        c.ask("XPOLICY", "SET", word, word, "MKSTREAM", "JOBS")
        ((_, ((entry, _),)),) = c.ask("XREADGROUP", "GROUP", word, word, "COUNT", 1, "STREAMS", word, ">")
        c.ask("XNACK", word, word, "FATAL", "IDS", 1, entry, "REASON", word)
        c.ask("XADD", word, "*", word, word)
        c.ask("XREADGROUP", "GROUP", word, word, "COUNT", 1, "STREAMS", word, ">")
        c.ask("RPUSH", "list" + word, word)
        c.ask("HSET", "hash" + word, word, word)
        c.ask("XCRON", "SET", word, word.replace(" ", ""), "EVERY", 3600000, "FIELDS", word, word)
        c.ask("XBIND", "ADD", word, "DIRECT", word, "BY", word, "TO", "to" + word)
        c.ask("XCAPTURE", "ADD", "log" + word, "channel" + word)
        c.ask("ACL", "SETUSER", word.replace(" ", ""), "on", ">a-word-of-nobody")
        c.do("EVAL", "return redis.error_reply(ARGV[1])", 0, word.replace(" ", "") + " " + word)
        c.do("AUTH", word, "a-wrong-word-of-it")
    c.ask("CLIENT", "SETNAME", SCRIPT)


class Load:
    """Producers, workers and listeners of a filled server, each with a connection of its own, until stop()."""

    def __init__(self, port):
        self.port, self.ends, self.counts, self.lock = port, threading.Event(), {}, threading.Lock()
        self.conns, self.threads = [], []
        for i in range(WORKERS):
            self.run(self.work, "orders", "workers", "worker-%d" % (i + 1), 7 + i)
        self.run(self.work, "mail", "send", "mailer-1", 0)
        self.run(self.produce)
        for i in range(4):
            self.run(self.wait_for_a_job, "popper-%d" % (i + 1))
        self.run(self.listen, "SUBSCRIBE", "news.eu")
        self.run(self.listen, "SUBSCRIBE", "news.us")
        self.run(self.listen, "PSUBSCRIBE", "news.*")
        self.run(self.listen, "SSUBSCRIBE", "shard.one")

    def run(self, what, *args):
        c = Conn(self.port, encoding="latin-1")
        self.conns.append(c)
        t = threading.Thread(target=self.guarded, args=(what, c, *args), daemon=True)
        self.threads.append(t)
        t.start()

    def guarded(self, what, c, *args):
        try:
            what(c, *args)
        except (OSError, Error):
            if not self.ends.is_set():
                self.count("broken")

    def count(self, what, n=1):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + n

    def work(self, c, key, group, name, fails_each):
        """Reads, and acknowledges all but each n-th message, which fails."""
        c.ask("CLIENT", "SETNAME", name)
        n = 0
        while not self.ends.is_set():
            for _, messages in c.ask("XREADGROUP", "GROUP", group, name, "COUNT", 5, "BLOCK", 500, "STREAMS", key, ">") or []:
                for entry, _ in messages:
                    n += 1
                    if fails_each and n % fails_each == 0:
                        c.ask("XNACK", key, group, "FAIL", "IDS", 1, entry, "REASON", "card declined")
                        self.count("failed")
                    else:
                        c.ask("XACK", key, group, entry)
                        self.count("acked")

    def produce(self, c):
        c.ask("CLIENT", "SETNAME", "producer")
        n = 0
        while not self.ends.wait(1 / PRODUCED_A_SECOND):
            n += 1
            c.ask("XADD", "orders", "*", "order", n, "state", "new", "body", '{"sku":"A%d","n":%d}' % (n % 9, n))
            if n % 4 == 0:
                c.ask("XADD", "events", "*", "what", "order-%d" % n)
                c.ask("PUBLISH", "news.eu" if n % 8 else "news.us", '{"id":%d,"title":"news"}' % n)
            self.count("added")

    def wait_for_a_job(self, c, name):
        c.ask("CLIENT", "SETNAME", name)
        while not self.ends.is_set():
            c.ask("BLPOP", "queue:default", 1)

    def listen(self, c, how, channel):
        c.ask("CLIENT", "SETNAME", "listener-" + channel.replace("*", "all"))
        c.send(how, channel)
        while not self.ends.is_set():
            c.answer()
            self.count("heard")

    def stop(self):
        self.ends.set()
        for c in self.conns:
            try:
                c.s.shutdown(2)
            except OSError:
                pass
        for t in self.threads:
            t.join()
        for c in self.conns:
            c.close()


def main():
    c = Conn(int(sys.argv[1]), encoding="latin-1")
    fill(c)
    load = Load(int(sys.argv[1]))
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        load.stop()


if __name__ == "__main__":
    main()
