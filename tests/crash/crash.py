#!/usr/bin/env python3
"""Kill the server at random under load and check what it promised.

Producers append order events to a stream (pipelined), four consumers of one group read and acknowledge
them; beside it a list queue is worked with BLMOVE and LREM, hashes are written, money moves between
accounts in transactions, and scripts write three keys at once. The server dies by SIGKILL again and again,
half of the times while a rewrite or a snapshot is under way, now and then right after its start. After
every restart:

  * no acknowledged XADD or LPUSH is missing, and each producer's events are in order;
  * no acknowledged XACK or LREM comes back;
  * what was delivered and not acknowledged is pending, with its owner and its count;
  * every hash field has the value last acknowledged, or a later one that was sent;
  * of every transaction and every script all effects stand, or none.

What a kill cut off may have happened or not.

Messages are handed over as well: consumers that wait (BLPOP, BZPOPMIN, BLMOVE, XREADGROUP) close, are killed or time
out at the moment of a push. Every acknowledged message is with somebody who has received it or still there; only a
kill of the server may lose the one that BLPOP and BZPOPMIN had just taken for each consumer.

With --switch the policy changes all the time, and the append-only file is turned off and on. While it is off, and
until its new base is in place, only what was acknowledged to CLIENT DURABLE connections is promised.

--replica beside: the server has a replica, which is in step with it after each kill. behind: it is the replica whose files are
looked at; the workers talk to its primary, which waits for it (tests/support/attached.py), and both are killed.

usage: crash.py --server PATH [--mode always|everysec|no] [--events N] [--kills N] [--seed N] [--switch] [--replica beside|behind]
"""
import argparse, json, os, random, socket, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from attached import Behind, Followed            # noqa: E402
from resp import Conn, Error, entry_id, request  # noqa: E402
from server import Server, end_all               # noqa: E402

PIPELINE = 16
NAMES = ["ada", "bela", "chen", "dora", "emil", "fatima", "goran", "hana"]
ACCOUNTS = 50
FIELDS = 300
KINDS = ["order.created", "order.paid", "order.packed", "order.shipped", "order.returned"]

# One number in three places: a counter, a hash and the end of a short stream.
SCRIPT = """
local n = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2], 'last', n, 'field:' .. n % 50, n)
redis.call('XADD', KEYS[3], 'MAXLEN', 20, '*', 'n', n)
return n
"""


class World:
    """What was promised. Each worker touches only its own part, so no locks are needed."""

    def __init__(self, seed, producers, consumers, events):
        self.random = random.Random(seed)
        self.stop = False
        self.producers = [{"next": 0, "acked": {}, "limit": events // producers} for _ in range(producers)]
        # delivered: id -> count; sent: XACK was sent; acked: XACK was answered
        self.consumers = [{"delivered": {}, "sent": set(), "acked": set()} for _ in range(consumers)]
        self.queue = {"next": 0, "acked": set(), "sent": set(), "limit": events // 10}
        self.workers = [{"taken": set(), "sent": set(), "done": set()} for _ in range(2)]
        # The number of the last write that was sent and of the last one that was answered.
        self.hashes = [{"sent": {}, "acked": {}, "next": 1} for _ in range(2)]
        self.transfers = [{"sent": 0, "acked": 0} for _ in range(2)]
        self.scripts = [{"sent": 0, "acked": 0} for _ in range(2)]
        self.hands = [{"n": 0, "now": None, "left": {}, "done": 0, "bad": []} for _ in range(4)]
        self.durable = [{"sent": 0, "acked": 0} for _ in range(2)]
        # The append-only file is off or has no base; changed and looked at under the lock.
        self.window, self.lock = False, threading.Lock()


def event(rng, who, n):
    return ("id", "%d-%d" % (who, n), "user", rng.choice(NAMES) + str(rng.randrange(100000)), "type", rng.choice(KINDS),
            "amount", rng.randrange(100000),
            "body", json.dumps({"sku": "A%06d" % rng.randrange(10**6), "qty": rng.randrange(1, 9),
                                "note": rng.choice(["gift wrap", "leave at the door", "call first", "none"]),
                                "price": rng.randrange(1, 9999) / 100.0}))


def produce(world, who, port):
    me, rng = world.producers[who], random.Random(who)
    c = Conn(port)
    while not world.stop and me["next"] < me["limit"]:
        n = min(PIPELINE, me["limit"] - me["next"])
        first = me["next"]
        me["next"] += n
        c.write(b"".join(request("XADD", "events", "*", *event(rng, who, first + i)) for i in range(n)))
        for i in range(n):
            me["acked"][first + i] = c.reply()


def consume(world, who, port):
    me, rng = world.consumers[who], random.Random(1000 + who)
    c = Conn(port)
    while not world.stop:
        got = c.ask("XREADGROUP", "GROUP", "g", "c%d" % who, "COUNT", 100, "BLOCK", 200, "STREAMS", "events", ">")
        if not got:
            continue
        ids = [e[0] for e in got[0][1]]
        for i in ids:
            me["delivered"][i] = me["delivered"].get(i, 0) + 1
        ack = [i for i in ids if rng.random() < 0.95]
        if ack:
            me["sent"].update(ack)
            c.ask("XACK", "events", "g", *ack)
            me["acked"].update(ack)


def fill_queue(world, port):
    me = world.queue
    c = Conn(port)
    while not world.stop and me["next"] < me["limit"]:
        n = min(PIPELINE, me["limit"] - me["next"])
        first = me["next"]
        me["next"] += n
        me["sent"].update(range(first, first + n))
        c.write(b"".join(request("LPUSH", "queue", "job %d" % (first + i)) for i in range(n)))
        for i in range(n):
            c.reply()
            me["acked"].add(first + i)


def work_queue(world, who, port):
    me = world.workers[who]
    c = Conn(port)
    while not world.stop:
        job = c.ask("BLMOVE", "queue", "doing:%d" % who, "RIGHT", "LEFT", "0.2")
        if job is None:
            continue
        n = int(job.split()[1])
        me["taken"].add(n)
        if n % 20:
            me["sent"].add(n)
            c.ask("LREM", "doing:%d" % who, 1, job)
            me["done"].add(n)


def write_hash(world, who, port):
    me = world.hashes[who]
    rng = random.Random(me["next"])
    c = Conn(port)
    while not world.stop:
        batch = []
        for _ in range(PIPELINE):
            batch.append((rng.randrange(FIELDS), me["next"]))
            me["sent"][batch[-1][0]] = me["next"]
            me["next"] += 1
        c.write(b"".join(request("HSET", "hash:%d" % who, f, n) for f, n in batch))
        for f, n in batch:
            c.reply()
            me["acked"][f] = n
        time.sleep(0.002)


def transfer(world, who, port):
    me = world.transfers[who]
    rng = random.Random(me["sent"])
    c = Conn(port)
    while not world.stop:
        n, amount = me["sent"] + 1, rng.randrange(1, 1000)
        me["sent"] = n
        c.write(request("MULTI") +
               request("HINCRBY", "accounts", rng.randrange(ACCOUNTS), -amount) +
               request("SET", "transfer:%d" % who, n) +
               request("RPUSH", "transfers:%d" % who, n) +
               request("LTRIM", "transfers:%d" % who, -30, -1) +
               request("HINCRBY", "accounts", rng.randrange(ACCOUNTS), amount) +
               request("EXEC"))
        for _ in range(7):
            c.reply()
        me["acked"] = n
        time.sleep(0.001)


def run_scripts(world, who, port):
    me = world.scripts[who]
    c = Conn(port)
    while not world.stop:
        me["sent"] += 1
        got = c.ask("EVAL", SCRIPT, 3, "script:%d" % who, "script:hash:%d" % who, "script:stream:%d" % who)
        if got != me["sent"]:
            raise Error("the script's counter is %d, not %d" % (got, me["sent"]))
        me["acked"] = got
        time.sleep(0.001)


WAITING = {
    "BLPOP": lambda key, who, ms: ("BLPOP", key, ms / 1000),
    "BZPOPMIN": lambda key, who, ms: ("BZPOPMIN", key, ms / 1000),
    "BLMOVE": lambda key, who, ms: ("BLMOVE", key, key + ":to", "LEFT", "RIGHT", ms / 1000),
    "XREADGROUP": lambda key, who, ms: ("XREADGROUP", "GROUP", "g", who, "COUNT", 1, "BLOCK", int(ms), "STREAMS", key, ">"),
}
PUSH = {"BLPOP": lambda key, x: ("RPUSH", key, x), "BLMOVE": lambda key, x: ("RPUSH", key, x), "BZPOPMIN": lambda key, x: ("ZADD", key, x, x),
        "XREADGROUP": lambda key, x: ("XADD", key, "%d-1" % (x + 1), "x", x)}


def received(kind, reply):
    """The message in a consumer's reply."""
    if reply is None:
        return []
    if kind == "XREADGROUP":
        return [int(e[1][1]) for e in reply[0][1]]
    return [int(reply if kind == "BLMOVE" else reply[1])]


def still_there(kind, key, c):
    """Messages that nobody has, and those that were taken by name: moved, or pending."""
    if kind == "BLPOP":
        return [int(x) for x in c.ask("LRANGE", key, 0, -1)], []
    if kind == "BZPOPMIN":
        return [int(x) for x in c.ask("ZRANGE", key, 0, -1)], []
    if kind == "BLMOVE":
        return [int(x) for x in c.ask("LRANGE", key, 0, -1)], [int(x) for x in c.ask("LRANGE", key + ":to", 0, -1)]
    pending = [entry_id(x[0])[0] - 1 for x in c.ask("XPENDING", key, "g", "-", "+", 1000)]
    return [int(e[1][1]) for e in c.ask("XRANGE", key, "-", "+") if int(e[1][1]) not in pending], pending


def collect(now, one):
    """What came for a consumer until the connection ended."""
    try:
        one["c"].s.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    while True:
        try:
            got = received(now["kind"], one["c"].reply())
        except ConnectionError as e:
            if isinstance(e, ConnectionResetError):
                raise
            break
        now["got"] += got
        now["open"] -= len(got)
    one["c"].close()


def hand_over(world, who, port):
    """Consumers that leave in one way or another when messages come. All is exact while the server lives."""
    me = world.hands[who]
    rng = random.Random(1000 * who + me["n"])
    p = Conn(port)
    while not world.stop:
        me["n"] += 1
        kind, key = rng.choice(sorted(WAITING)), "hand:%d:%d" % (who, me["n"])
        now = {"kind": kind, "key": key, "sent": [], "acked": [], "got": [], "open": 0}
        me["now"] = now
        if kind == "XREADGROUP":
            p.ask("XGROUP", "CREATE", key, "g", "0", "MKSTREAM")
        consumers = []
        for i in range(rng.randrange(1, 4)):
            c = Conn(port)
            consumers.append({"c": c, "id": c.ask("CLIENT", "ID"), "ms": rng.choice([0, 0, 1, 10])})
            c.write(request(*WAITING[kind](key, "c%d" % i, consumers[-1]["ms"])))
            now["open"] += 1
        time.sleep(rng.choice([0, 0, 0.001, 0.01]))
        batch = []
        for one in consumers:
            fate = rng.choice(["close", "kill", "kill and close", "stay", "stay"])
            if "close" in fate:
                one["c"].s.shutdown(socket.SHUT_WR)
            if "kill" in fate:
                batch.append(request("CLIENT", "KILL", "ID", one["id"]))
        kills = len(batch)
        now["sent"] = list(range(rng.randrange(1, 5)))
        p.write(b"".join(batch + [request(*PUSH[kind](key, x)) for x in now["sent"]]))
        for _ in range(kills):
            p.reply()
        for x in now["sent"]:
            p.reply()
            now["acked"].append(x)
        for one in consumers:
            collect(now, one)
        p.ask("PING")  # else the server may have been killed
        left, taken = still_there(kind, key, p)
        if world.stop:
            return
        if sorted(left + now["got"]) != now["acked"] or (kind in ("BLMOVE", "XREADGROUP") and sorted(taken) != sorted(now["got"])):
            me["bad"].append("%s %s: acknowledged %s, received %s, left %s, taken %s" % (kind, key, now["acked"], now["got"], left, taken))
        me["left"][key] = (kind, left, taken)
        me["now"] = None
        me["done"] += 1
        if len(me["left"]) > 20:
            old = next(iter(me["left"]))
            del me["left"][old]
            p.ask("DEL", old, old + ":to")


def check_hands(world, c):
    bad = []
    for me in world.hands:
        bad += me["bad"]
        for key, (kind, left, taken) in me["left"].items():
            if still_there(kind, key, c) != (left, taken):
                bad.append("%s %s was %s, is %s" % (kind, key, (left, taken), still_there(kind, key, c)))
        now = me["now"]
        if not now or not now["acked"] and not now["got"]:
            continue
        try:
            left, taken = still_there(now["kind"], now["key"], c)
        except Error:
            left, taken = [], []  # the group was not acknowledged
        missing = [x for x in now["acked"] if x not in left + taken + now["got"]]
        back = [x for x in now["got"] if x in left]
        if back or len(missing) > (0 if now["kind"] in ("BLMOVE", "XREADGROUP") else now["open"]):
            bad.append("%s, cut off by the kill: %s, left %s, taken %s, missing %s, came back %s" % (now["kind"], now, left, taken, missing, back))
        me["now"] = None
    for who, d in enumerate(world.durable):
        n = number(c.ask("GET", "durable:%d" % who))
        if not d["acked"] <= n <= d["sent"]:
            bad.append("durable:%d is %d, acknowledged %d, sent %d" % (who, n, d["acked"], d["sent"]))
        d["acked"] = d["sent"] = n
    return bad


def write_durably(world, who, port):
    """Some of its writes under CLIENT DURABLE; those hold whatever is switched."""
    me = world.durable[who]
    rng = random.Random(me["sent"])
    while not world.stop:
        try:
            c = Conn(port)
            while not world.stop:
                on = rng.random() < 0.7
                c.ask("CLIENT", "DURABLE", "ON" if on else "OFF")
                for _ in range(rng.randrange(1, 20)):
                    me["sent"] += 1
                    n = c.ask("INCR", "durable:%d" % who)
                    if on:
                        me["acked"] = n
        except Error as e:
            if "appendonly is off" not in str(e):
                raise
        except ConnectionError:
            time.sleep(0.01)  # turned off, or killed


def switch(world, port):
    """The policy, and now and then the file itself."""
    rng = random.Random(world.hands[0]["n"])
    c = Conn(port)
    while not world.stop:
        c.ask("CONFIG", "SET", "appendfsync", rng.choice(["always", "everysec", "no"]))
        time.sleep(rng.uniform(0, 0.05))
        if rng.random() < 0.9:
            continue
        with world.lock:
            world.window = True
        c.ask("CONFIG", "SET", "appendonly", "no")
        time.sleep(rng.uniform(0, 0.02))
        c.ask("CONFIG", "SET", "appendonly", "yes")
        while not world.stop:
            try:
                if c.ask("WAITAOF", 1, 0, 0) == [1, 0]:
                    break
            except Error:  # a child has to end first
                time.sleep(0.01)
        with world.lock:
            world.window = world.stop


def guarded(f, *args):
    def run():
        try:
            f(*args)
        except (OSError, ConnectionError):
            pass
        except Error as e:
            print("FAILED: error reply: %s" % e, flush=True)
            end_all()
            os._exit(1)
    t = threading.Thread(target=run, daemon=True)
    t.start()
    return t


def number(value):
    return int(value or 0)


def check_numbers(world, c):
    """Hashes, transactions and scripts; what a kill left undecided is decided from here on."""
    bad = []
    for who, h in enumerate(world.hashes):
        flat = c.ask("HGETALL", "hash:%d" % who)
        now = {int(f): int(n) for f, n in zip(flat[::2], flat[1::2])}
        for f in set(h["sent"]) | set(now):
            if not h["acked"].get(f, 0) <= now.get(f, 0) <= h["sent"].get(f, 0):
                bad.append("hash:%d field %d is %s, acknowledged %s, sent %s"
                           % (who, f, now.get(f), h["acked"].get(f), h["sent"].get(f)))
        h["acked"], h["sent"] = dict(now), dict(now)
    if sum(int(n) for n in c.ask("HVALS", "accounts")):
        bad.append("half a transaction: the accounts do not add up to nothing")
    for who, t in enumerate(world.transfers):
        n = number(c.ask("GET", "transfer:%d" % who))
        if not t["acked"] <= n <= t["sent"]:
            bad.append("transaction %d of %d was acknowledged, %d is the last" % (t["acked"], who, n))
        if [int(x) for x in c.ask("LRANGE", "transfers:%d" % who, 0, -1)] != list(range(max(1, n - 29), n + 1)):
            bad.append("half a transaction: the list of %d does not end with %d" % (who, n))
        t["acked"] = t["sent"] = n
    for who, s in enumerate(world.scripts):
        n = number(c.ask("GET", "script:%d" % who))
        if not s["acked"] <= n <= s["sent"]:
            bad.append("script run %d of %d was acknowledged, %d is the last" % (s["acked"], who, n))
        fields = c.ask("HMGET", "script:hash:%d" % who, "last", "field:%d" % (n % 50))
        entries = c.ask("XRANGE", "script:stream:%d" % who, "-", "+")
        if [number(f) for f in fields] != [n, n] or \
                [int(e[1][1]) for e in entries] != list(range(max(1, n - 19), n + 1)):
            bad.append("half a script: counter %d, hash %s, stream %s" % (n, fields, entries[-1:]))
        s["acked"] = s["sent"] = n
    return bad


def check(world, c):
    bad = check_numbers(world, c) + check_hands(world, c)
    present, last = {}, [-1] * len(world.producers)
    start = "-"
    while True:
        part = c.ask("XRANGE", "events", start, "+", "COUNT", 10000)
        if not part:
            break
        for i, fields in part:
            who, n = map(int, fields[1].split(b"-"))
            present[i] = (who, n)
            if n <= last[who]:
                bad.append("producer %d: event %d after %d" % (who, n, last[who]))
            last[who] = n
        start = b"(" + part[-1][0]
    for who, p in enumerate(world.producers):
        for n, i in p["acked"].items():
            if present.get(i) != (who, n):
                bad.append("acknowledged XADD %s (event %d-%d) is missing" % (i.decode(), who, n))
    pending = {}
    start = "-"
    while True:
        part = c.ask("XPENDING", "events", "g", start, "+", 10000)
        if not part:
            break
        for i, owner, _, count in part:
            pending[i] = (owner, count)
        start = b"(" + part[-1][0]
    for who, m in enumerate(world.consumers):
        for i in m["acked"]:
            if i in pending:
                bad.append("acknowledged XACK %s came back" % i.decode())
        for i, count in m["delivered"].items():
            if i in m["sent"]:
                continue
            if pending.get(i) != (b"c%d" % who, count):
                bad.append("delivered %s to c%d %d times, pending: %s" % (i.decode(), who, count, pending.get(i)))
    queue = [int(x.split()[1]) for x in c.ask("LRANGE", "queue", 0, -1)]
    doing = [[int(x.split()[1]) for x in c.ask("LRANGE", "doing:%d" % w, 0, -1)] for w in range(len(world.workers))]
    waiting = set(queue)
    if any(a < b for a, b in zip(queue, queue[1:])):
        bad.append("the queue is out of order")
    finished = set().union(*[w["sent"] for w in world.workers])
    everywhere = waiting.union(*map(set, doing))
    if len(queue) + sum(map(len, doing)) != len(everywhere):
        bad.append("a job stands twice")
    for n in world.queue["acked"]:
        if n not in everywhere and n not in finished:
            bad.append("acknowledged LPUSH %d is missing" % n)
    for who, w in enumerate(world.workers):
        for n in w["done"]:
            if n in everywhere:
                bad.append("removed job %d came back" % n)
        for n in w["taken"] - w["sent"]:
            if n not in doing[who]:
                bad.append("job %d moved to doing:%d is not there" % (n, who))
    return bad, len(present), len(pending)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--mode", default="always")
    ap.add_argument("--events", type=int, default=20000)
    ap.add_argument("--kills", type=int, default=5)
    ap.add_argument("--seed", type=int, default=int(time.time()))
    ap.add_argument("--span", type=float, default=1.0, help="longest time between kills, seconds")
    ap.add_argument("--switch", action="store_true", help="change policy and file at run time")
    ap.add_argument("--replica", choices=["beside", "behind"])
    o = ap.parse_args()
    world = World(o.seed, 4, 4, o.events)
    make, how = {None: (Server, {}), "beside": (Followed, {}), "behind": (Behind, {"synced": o.mode == "always"})}[o.replica]
    server = make(o.server, "--appendonly", "yes", "--appendfsync", o.mode, **how)
    c = server.start()
    if o.replica == "behind":
        c = server.go_on()
    c.ask("XGROUP", "CREATE", "events", "g", "0", "MKSTREAM")
    kills, during, windows, handed = 0, 0, 0, 0
    started = time.time()
    while True:
        world.stop = False
        threads = [guarded(produce, world, i, server.port) for i in range(4)]
        threads += [guarded(consume, world, i, server.port) for i in range(4)]
        threads += [guarded(fill_queue, world, server.port)]
        threads += [guarded(hand_over, world, i, server.port) for i in range(len(world.hands))]
        threads += [guarded(write_durably, world, i, server.port) for i in range(len(world.durable))]
        threads += [guarded(switch, world, server.port)] if o.switch else []
        threads += [guarded(f, world, i, server.port) for f in (work_queue, write_hash, transfer, run_scripts) for i in range(2)]
        done = lambda: (all(p["next"] >= p["limit"] for p in world.producers) and world.queue["next"] >= world.queue["limit"])
        if kills < o.kills:
            # Now and then shortly after the start, else somewhere on the way.
            time.sleep(world.random.uniform(0.0, 0.05) if kills % 5 == 4 else world.random.uniform(0.1, o.span))
            if kills % 2 == 0:
                try:
                    Conn(server.port).ask("BGREWRITEAOF" if kills % 4 == 0 else "BGSAVE")
                    time.sleep(world.random.uniform(0.0, 0.15))
                    during += 1
                except (OSError, Error):
                    pass
            with world.lock:
                window = world.window
                server.kill()
                world.stop = True
            kills += 1
        else:
            while not done() and time.time() - started < 900:
                time.sleep(0.05)
            time.sleep(0.5)
            world.stop = True
        for t in threads:
            t.join()
        if server.alive():
            break
        c = server.start()
        if window:
            # Nothing else was promised: a new world begins.
            windows += 1
            for who, d in enumerate(world.durable):
                if number(c.ask("GET", "durable:%d" % who)) < d["acked"]:
                    print("FAILED: durable:%d, acknowledged %d, is %s, seed %d" % (who, d["acked"], c.ask("GET", "durable:%d" % who), o.seed))
                    server.kill()
                    sys.exit(1)
            handed += sum(h["done"] for h in world.hands)
            c.ask("FLUSHALL")
            world = World(o.seed + kills, 4, 4, o.events)
            c.ask("XGROUP", "CREATE", "events", "g", "0", "MKSTREAM")
            c.close()
            continue
        bad, n, p = check(world, c)
        if bad:
            print("\n".join(bad[:20]))
            print("FAILED: %d broken promises after kill %d, seed %d, directory %s" % (len(bad), kills, o.seed, server.dir))
            server.kill()
            sys.exit(1)
        if o.replica == "beside" and (wrong := server.in_step()):
            print("FAILED: %s, after kill %d, seed %d" % (wrong, kills, o.seed))
            server.kill()
            sys.exit(1)
        if kills >= o.kills and done():
            break
        c.close()
        if o.replica == "behind":
            c = server.go_on(keep=True)
    c = Conn(server.port)
    bad, n, p = check(world, c)
    server.kill()
    if bad:
        print("\n".join(bad[:20]))
        print("FAILED: %d broken promises, seed %d, directory %s" % (len(bad), o.seed, server.dir))
        sys.exit(1)
    print("mode %s, seed %d: %d events, %d entries, %d pending, %d hash writes, %d transactions, %d scripts, "
          "%d kills (%d during a save or rewrite, %d while the file was off), %d consumers' hand-overs, %.0f s: nothing lost"
          % (o.mode, o.seed, o.events, n, p, sum(h["next"] - 1 for h in world.hashes),
             sum(t["sent"] for t in world.transfers), sum(t["sent"] for t in world.scripts), kills, during, windows,
             handed + sum(h["done"] for h in world.hands), time.time() - started))
    server.end()


if __name__ == "__main__":
    main()
