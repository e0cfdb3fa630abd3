#!/usr/bin/env python3
"""Kills a server under work queues, and keeps an account of each message: broker G7, Z6, T12, B6.

usage: kill.py --server PATH [--mode always|everysec] [--kills N] [--seed S] [--cut preload|ext4|xfs]

Producers add numbered messages, some scheduled, some that expire. Workers read with plain XREADGROUP and acknowledge, fail, release or reject entries,
exceed their lease, or disconnect; one gets its messages pushed; one redrives dead letters now and then, and cancels, moves or runs scheduled messages.
Policies change meanwhile, and half of the kills coincide with a rewrite or a snapshot. Besides, a stream with a limit rejects messages, a schedule
fires, a stream is bound to three others, one of them through a chain, and another stream captures a channel.
After each kill: every accepted message is in exactly one place (scheduled, in the stream, in the dead-letter stream), or was acknowledged or has
expired; no dead entry is pending; no message whose acknowledgement was answered exists or is delivered again; none was delivered before its time or
after it expired; each letter has its reason. The stream with a limit has what it accepted and no more; each moment of the schedule fired once; routed
messages have all copies or none, and those that were answered or published exist.

--cut: a power cut as in tests/crash/powercut.py instead of a kill; what is answered during it may be lost or not. Needs --mode always."""
import argparse, os, random, shutil, sys, tempfile, threading, time

for folder in ("support", "crash"):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", folder))
from check import Failed, check, done      # noqa: E402
from powercut import Disk, Preload         # noqa: E402
from resp import Error, as_dict, entry_id  # noqa: E402
from server import Server                  # noqa: E402

Q, DLQ, MOST = "q", "{q}:dlq", 4
FULL, ROOM, TICK, EVERY = "full", 20, "tick", 100
POLICY = ("LEASE", 150, "RETRY", "FIXED", 30, "JITTER", 50, "MAXDELIVER", MOST, "ONACK", "DELETE")


def now_ms():
    return time.time_ns() // 1000000


class Account:
    """there: messages whose XADD was answered. acked: 1: XACK (or the cancellation) was sent; 2: it was answered, at the time `at`.
    goes: the earliest and latest time at which an expiring message expires, and its ID. run, moved: messages run early, or rescheduled.
    lasting: IDs of messages that do not expire. deleted: IDs that XDEL was sent for; if they were appended before, XDEL deletes a message that is being
    worked on, and its pending entry stays."""

    def __init__(self):
        self.lock, self.next = threading.Lock(), 0
        self.there, self.acked, self.at, self.wrong, self.goes, self.run, self.moved, self.later, self.lasting, self.deleted = set(), {}, {}, [], {}, set(), set(), 0, set(), set()

    def take(self):
        with self.lock:
            self.next += 1
            return self.next


class Worker(threading.Thread):
    def __init__(self, test, who):
        super().__init__(daemon=True)
        self.test, self.who, self.random = test, who, random.Random(test.o.seed * 1000 + who + test.kills * 17)

    def run(self):
        try:
            c = self.test.server.conn()
            does = ROLES.get(self.who, Worker.work)
            while not self.test.stop:
                c = does(self, c)
        except (OSError, ConnectionError):
            pass
        except Error as e:
            if not self.test.cutting:  # during a power cut the disk refuses writes before the server dies
                self.test.account.wrong.append("an error reply: %s" % e)

    def produce(self, c):
        a, r = self.test.account, self.random
        n, now = a.take(), now_ms()
        at = now + r.choice([20, 100, 100, 400, 2000]) if r.random() < 0.4 else 0
        ttl = r.choice([100, 1000, 5000]) if r.random() < 0.15 else 0
        if ttl:
            with a.lock:
                a.goes[n] = (max(at, now) + ttl, None, None)
        i = c.ask("XADD", Q, *(["AT", at] if at else []), *(["TTL", ttl] if ttl else []), "*", "n", n, "at", at)
        with a.lock:
            if not self.test.cutting:
                a.there.add(n)
            a.later += at > 0
            if ttl:
                a.goes[n] = (a.goes[n][0], max(at, now_ms()) + ttl, i)
            elif not at and not self.test.cutting:  # else the ID may be reused by a message that expires, since scheduled ones may move
                a.lasting.add(i)
        if n % 50 == 0:
            time.sleep(0.01)
        return c

    def fill_up(self, c):
        """Adds to a stream with a limit, and deletes from it."""
        t, r = self.test, self.random
        n = t.account.take()
        if r.random() < 0.75:
            got = c.do("XADD", FULL, "*", "n", n)
            if isinstance(got, Error):
                if not str(got).startswith("STREAMFULL"):
                    raise got
                t.refused += 1
            elif not t.cutting:
                t.let_in.add(n)
        else:
            for i, f in c.ask("XRANGE", FULL, "-", "+", "COUNT", r.choice([1, 3])):
                t.taken.add(int(f[1]))
                c.ask("XDEL", FULL, i)
        time.sleep(0.0005)
        return c

    def route(self, c):
        t, r, n = self.test, self.random, self.test.account.take()
        if r.random() < 0.3:
            c.ask("PUBLISH", "news.%d" % (n % 3), n)
            answered = t.published
        else:
            c.ask("XADD", "ex", *(["DELAY", r.choice([1, 30, 300])] if r.random() < 0.3 else []), "*", "routing-key", r.choice(["a.b", "a", "c"]), "n", n)
            answered = t.routed
        if not t.cutting:
            answered.add(n)
        time.sleep(0.0005)
        return c

    def acknowledged(self, n, answer):
        a = self.test.account
        with a.lock:
            if answer == 1 and not self.test.cutting:
                a.acked[n], a.at[n] = 2, time.monotonic()

    def change_scheduled(self, c):
        a, r = self.test.account, self.random
        for i, f in c.ask("XSCHED", "RANGE", Q, "-", "+", "COUNT", 2):
            n, x = int(f[1]), r.random()
            if x < 0.2:
                with a.lock:
                    a.acked[n] = max(a.acked.get(n, 0), 1)
                    a.deleted.add(i)
                self.acknowledged(n, c.ask("XDEL", Q, i))
            elif x < 0.6:
                with a.lock:
                    a.run.add(n)
                c.ask("XSCHED", "RUN", Q, i)
            else:
                delay, at = r.choice([200, 1000]), entry_id(i)[0]
                with a.lock:
                    a.moved.add(n)
                    if n in a.goes:  # it goes earlier, or later, as well
                        first, last, same = a.goes[n]
                        a.goes[n] = min(first, first + now_ms() + delay - at), last, same
                c.ask("XSCHED", "MOVE", Q, i, "DELAY", delay)

    def keep_house(self, c):
        r = self.random.random()
        if r < 0.3:
            c.ask("XREDRIVE", DLQ, "COUNT", 5)
        elif r < 0.4:
            c.ask("XPOLICY", "SET", Q, "g", "MAXDELIVER", self.random.choice([2, MOST]), "PAUSE", "OFF")
        elif r < 0.45:
            c.ask("XGROUP", "DELCONSUMER", Q, "g", "w%d" % self.random.randrange(3, 7))
        elif r < 0.5:
            c.do("BGREWRITEAOF") if self.random.random() < 0.1 else None  # another one may be under way
        elif r < 0.7:
            self.change_scheduled(c)
        time.sleep(0.01)
        return c

    def work(self, c):
        a, r, asked = self.test.account, self.random, time.monotonic()
        asked_ms = now_ms() if r.random() < 0.3 else 0
        if asked_ms:
            c.ask("PING")  # a turn has one time: the next turn's is not before this
        got = c.ask("XREADGROUP", "GROUP", "g", "w%d" % self.who, "COUNT", r.choice([1, 3, 10]), "BLOCK", 50, "STREAMS", Q, ">")
        for i, fields in (got[0][1] if got else []):
            n = int(fields[1])
            with a.lock:
                if a.at.get(n, asked) < asked:  # answered before this read was sent
                    a.wrong.append("%d was acknowledged and is delivered again" % n)
                _, most, same = a.goes.get(n, (0, 0, None))
                if same == i and n not in a.moved and most < asked_ms:  # E3; a letter that was appended anew has another ID, and stays
                    a.wrong.append("%d had expired and is delivered" % n)
                if n not in a.goes and not self.test.cutting:
                    a.lasting.add(i)
            self.test.check_moment(n, fields)
            x = r.random()
            if x < 0.75:
                with a.lock:
                    a.acked[n] = max(a.acked.get(n, 0), 1)
                self.acknowledged(n, c.ask("XACK", Q, "g", i))
            elif x < 0.87:
                c.ask("XNACK", Q, "g", r.choice(["FAIL", "SILENT"]), "IDS", 1, i, "REASON", "no %d" % n)
            elif x < 0.90:
                c.ask("XNACK", Q, "g", "FATAL", "IDS", 1, i)
            elif x < 0.93:
                time.sleep(0.2)
            elif x < 0.96:
                c.close()
                return self.test.server.conn()
        return c

    def pushed(self, c):
        """A connection that gets its messages pushed, and disconnects without notice."""
        a, r, began, waiting = self.test.account, self.random, time.monotonic(), []
        c.ask("HELLO", 3)
        expected = c.ask("XCONSUME", "START", "GROUP", "g", "p", "PREFETCH", 5, "STREAMS", Q)
        while expected and not self.test.stop and r.random() > 0.01:
            if c.silent(0.05):
                continue
            got = c.reply()
            if not isinstance(got, list):
                n = waiting.pop(0)
                if n is not None:
                    self.acknowledged(n, got)
                continue
            _, _, _, i, fields, _ = got
            n = int(fields[1])
            with a.lock:
                if a.at.get(n, began) < began:  # answered before this connection was there
                    a.wrong.append("%d was acknowledged and is pushed again" % n)
                if n not in a.goes and not self.test.cutting:
                    a.lasting.add(i)
                self.test.pushes += 1
            self.test.check_moment(n, fields)
            if r.random() < 0.85:
                with a.lock:
                    a.acked[n] = max(a.acked.get(n, 0), 1)
                waiting.append(n)
                c.send("XACK", Q, "g", i)
            else:
                waiting.append(None)
                c.send("XNACK", Q, "g", "FAIL", "IDS", 1, i, "REASON", "no %d" % n)
        c.close()
        return self.test.server.conn()


# What the workers do that do not read and acknowledge, by number.
ROLES = {0: Worker.produce, 1: Worker.produce, 2: Worker.keep_house, 8: Worker.fill_up, 9: Worker.route, 10: Worker.pushed}


class Test:
    def __init__(self, o):
        self.o, self.random, self.account, self.kills, self.stop = o, random.Random(o.seed), Account(), 0, False
        self.pushes = 0
        self.letters, self.cutting, self.disk, more = 0, False, None, {}
        self.let_in, self.taken, self.refused, self.fired = set(), set(), 0, 0
        self.routed, self.published = set(), set()
        if o.cut:
            self.work = tempfile.mkdtemp(prefix="queue-cuts-")
            self.disk = Preload(self.work) if o.cut == "preload" else Disk(o.cut, self.work)
            more = {"directory": self.disk.dir, "env": self.disk.environment()}
        self.server = Server(o.server, "--appendonly", "yes", "--appendfsync", o.mode, *(["--aof-disk-reserve", "1mb", "--process-sandbox", "no"] if o.cut else []), **more)

    def end_life(self):
        self.cutting = self.o.cut in ("ext4", "xfs")
        if self.disk:
            self.disk.cut(self.server.kill, self.random)
        else:
            self.server.kill()

    def end(self):
        self.server.end()
        if self.disk:
            self.disk.end()
            shutil.rmtree(self.work, ignore_errors=True)

    def check_moment(self, n, fields):
        if int(fields[3]) > now_ms() and n not in self.account.run | self.account.moved:
            self.account.wrong.append("%d is there before its moment" % n)

    def judge(self, c):
        a = self.account
        # At one moment: leases end meanwhile.
        *_, (all_of_q, all_dead, pending, later) = c.many([("MULTI",), ("XRANGE", Q, "-", "+"), ("XRANGE", DLQ, "-", "+"), ("XPENDING", Q, "g", "-", "+", 1000000),
                                                           ("XSCHED", "RANGE", Q, "-", "+"), ("EXEC",)])
        for _, f in all_of_q:
            self.check_moment(int(f[1]), f)
        scheduled = [int(f[1]) for _, f in later]
        entries = [(int(f[1]), i) for i, f in all_of_q]
        stream = dict(entries)
        letters = [as_dict(f) for _, f in all_dead]
        dead = [int(f[b"n"]) for f in letters]
        self.letters = max(self.letters, len(dead))
        if len(dead) != len(set(dead)):
            raise Failed("letters that stand twice: %r" % [f for f in letters if dead.count(int(f[b"n"])) > 1][:6])
        if len(entries) != len(stream):
            raise Failed("messages that stand twice: %r" % [e for e in entries if stream[e[0]] != e[1]][:6])
        if set(dead) & set(stream):
            raise Failed("in the stream and dead: %r" % sorted(set(dead) & set(stream))[:10])
        if len(scheduled) != len(set(scheduled)) or set(scheduled) & (set(dead) | set(stream)):
            raise Failed("scheduled, and twice or elsewhere too: %r" % sorted(set(scheduled) & (set(dead) | set(stream)))[:10])
        there = set(scheduled) | set(dead) | set(stream)
        missing = [n for n in a.there if n not in there and not a.acked.get(n) and a.goes.get(n, (now_ms() + 1, 0, 0))[0] > now_ms()]
        if missing:
            raise Failed("accepted and gone: %r" % [(n, a.goes.get(n), n in a.moved, n in a.run) for n in missing[:10]])
        back = [n for n, how in a.acked.items() if how == 2 and n in there]
        if back:
            raise Failed("acknowledged and there: %r" % back[:10])
        ids, died, lasting = set(stream.values()), {f[b"dl-id"] for f in letters}, a.lasting - a.deleted
        for p in pending:
            if p[0] in died or (p[0] in lasting and p[0] not in ids):
                raise Failed("pending without a message: %r" % p)
        for f in letters:
            if f[b"dl-reason"] not in (b"fatal", b"maxdeliver") or f[b"dl-key"] != b"q" or (f[b"dl-reason"] == b"maxdeliver" and not 2 <= int(f[b"dl-count"]) <= MOST):
                raise Failed("a letter says %r" % f)
        if a.wrong:
            raise Failed(a.wrong[0])
        self.judge_others(c)
        self.judge_routed(c)
        # Unknown: the reply was cut off.
        a.acked = {n: how for n, how in a.acked.items() if how == 2 or n not in there}

    def judge_others(self, c):
        there = [int(f[1]) for _, f in c.ask("XRANGE", FULL, "-", "+")]
        if len(there) > ROOM or len(there) != len(set(there)) or self.let_in - self.taken - set(there):
            raise Failed("the stream with room for %d has %r; let in and gone: %r" % (ROOM, there, sorted(self.let_in - self.taken - set(there))[:10]))
        *_, (ticks, told) = c.many([("MULTI",), ("XRANGE", TICK, "-", "+"), ("XCRON", "GET", TICK, "t"), ("EXEC",)])
        moments = [entry_id(i)[0] for i, _ in ticks]
        if wrong := [(a, b) for a, b in zip(moments, moments[1:]) if b - a != EVERY]:
            raise Failed("moments that do not follow each other: %r" % wrong[:5])
        self.fired = as_dict(told)[b"fired"]
        if self.fired != len(moments):
            raise Failed("%d fired, and %d messages" % (self.fired, len(moments)))

    def judge_routed(self, c):
        *_, (ex, one, two, three, later, log) = c.many([("MULTI",), *[("XRANGE", key, "-", "+") for key in ("ex", "all", "topic", "chain")],
                                                        ("XSCHED", "RANGE", "ex", "-", "+"), ("XRANGE", "log", "-", "+"), ("EXEC",)])
        if ex != one:
            raise Failed("not everywhere: %r" % [e for e in ex + one if (e in ex) != (e in one)][:3])
        if two != [e for e in ex if e[1][1].startswith(b"a")] or three != two:
            raise Failed("not the same by topic, or by the chain: %d, %d of %d" % (len(two), len(three), len(ex)))
        for what, all_of_it, answered in (("routed", ex + later, self.routed), ("published", log, self.published)):
            numbers = [int(f[3]) for _, f in all_of_it]
            if len(numbers) != len(set(numbers)) or answered - set(numbers):
                raise Failed("%s: twice, or answered and lost: %r" % (what, sorted(answered - set(numbers))[:10]))

    def run(self):
        c = self.server.start()
        for source, *how in (("ex", "ALL", "TO", "all"), ("ex", "TOPIC", "a.#", "TO", "topic"), ("topic", "ALL", "TO", "chain")):
            c.ask("XBIND", "ADD", source, *how)
        c.ask("XCAPTURE", "ADD", "log", "news.*")
        c.ask("XPOLICY", "SET", Q, "g", "MKSTREAM", *POLICY)
        c.ask("XCFGSET", FULL, "MKSTREAM", "MAXLEN", ROOM, "OVERFLOW", "REJECT")
        c.ask("XCRON", "SET", TICK, "t", "EVERY", EVERY, "CATCHUP", "ALL", "FIELDS", "a", 1)
        while True:
            self.stop = self.cutting = False
            workers = [Worker(self, i) for i in range(11)]
            for w in workers:
                w.start()
            last = self.kills >= self.o.kills
            time.sleep(self.random.uniform(0.05, 0.5))
            if not last:
                if self.kills % 2:
                    try:
                        c.ask(self.random.choice(["BGREWRITEAOF", "BGSAVE"]))
                        time.sleep(self.random.uniform(0, 0.1))
                    except (OSError, Error):
                        pass
                self.end_life()
                self.kills += 1
            self.stop = True
            for w in workers:
                w.join()
            c.close()
            c = self.server.conn() if last else self.server.start()
            self.judge(c)
            if last:
                return


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--mode", default="always", choices=["always", "everysec"])
    ap.add_argument("--kills", type=int, default=10)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    ap.add_argument("--cut", choices=["preload", "ext4", "xfs"])
    o = ap.parse_args()
    if o.cut and o.mode != "always":
        ap.error("--cut goes with --mode always: only then is what was answered on the disk")
    test = Test(o)
    try:
        test.run()
        a = test.account
        check("queues, %s: %d %s, %d messages, %d of them for later and %d that expire, %d acknowledged, up to %d letters at once; %d let in, %d refused; %d moments; %d routed, %d published (seed %d)" %
              (o.mode, o.kills, "power cuts, " + o.cut if o.cut else "kills", len(a.there), a.later, len(a.goes), sum(x == 2 for x in a.acked.values()), test.letters,
               len(test.let_in), test.refused, test.fired, len(test.routed), len(test.published), o.seed), True)
    except Failed as e:
        check("queues, %s, after kill %d, seed %d" % (o.mode, test.kills, o.seed), False, "%s; %s" % (e, test.server.dir))
    finally:
        test.end()
    done()


if __name__ == "__main__":
    main()
