#!/usr/bin/env python3
"""Random programs over several connections, against redis-server and against us.

multi.py --server PATH --steps N [--seed S] [--programs-from FILE]

What one connection sees is oracle.py's business; here two to six connections act on each other: blocked commands, transactions, scripts, pushes,
pauses, kills, rights, limits, disconnects. Steps are serialised, so that their order is determined: after each one both servers are asked to
echo three times on a connection of their own. The first answer says that the step has been read, the next that what it wrote has been sent, and
loopback has delivered it by then. No step waits for a fixed time except those that let a deadline pass.

A "frozen" step stops both servers by signal, sends to several connections and lets the servers go on: all of it arrives in one turn of their loops.
A "busy" step does the same while a script runs.

Compared after each step, for every connection: replies, pushes, the connection's end. Compared after each program: the data, command and error
statistics, the slow log. A program that differs is played again. If it differs again it is made as small as it can be and printed; --replay
plays such a file again. If it does not, in three further plays, timing is the likely cause (a process that was not scheduled for longer than a
step or a deadline allows): it is printed and counted, and a second one in a run is a failure.
What may differ is in normalise() and in ../differences.md.
"""
import argparse, ast, os, random, re, signal, socket, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from oracle import launched, same                   # noqa: E402
from resp import Conn, Reader, packet               # noqa: E402
from multi_steps import Generator, RESET, USERS     # noqa: E402

CONFIRMATIONS = (b"subscribe", b"unsubscribe", b"psubscribe", b"punsubscribe", b"ssubscribe", b"sunsubscribe")
MESSAGES = (b"message", b"pmessage", b"smessage")


class Incomplete(Exception):
    pass


def incomplete():
    raise Incomplete


class Channel(Conn):
    """One connection to one server: what came is taken apart into replies and pushes."""

    def __init__(self, port):
        super().__init__(port)
        self.torn = None                 # a reply with a push inside
        self.reader = Reader(incomplete)
        self.closed = False
        self.replies, self.pushes = [], []
        self.sent = self.answered = 0

    def send(self, commands):
        self.sent += len(commands)
        self.s.setblocking(True)
        try:
            self.write(packet(commands))
        except OSError:
            pass

    def take(self):
        self.s.setblocking(False)
        while not self.closed:
            try:
                got = self.s.recv(1 << 18)
            except BlockingIOError:
                break
            except OSError:
                got = b""
            self.closed = not got
            self.reader.bytes += got
        while self.reader.bytes:
            aside = []                   # 7.0 sends pushes inside of replies, 7.2 behind them
            try:
                raw, value = self.reader.reply(aside)
            except Incomplete:
                break
            self.pushes += aside
            if any(v[1][0][1] not in CONFIRMATIONS for _, v in aside):
                self.torn = raw
            if self.is_push(value):
                self.pushes.append((raw, value))
            else:
                self.replies.append((raw, value))
                self.answered += not re.match(rb"\+\d+\.\d+ \[", raw)    # MONITOR's lines answer nothing

    @staticmethod
    def is_push(value):
        if value[0] == b">":
            return True
        return value[0] == b"*" and value[1] and value[1][0][0] == b"$" and value[1][0][1] in CONFIRMATIONS + MESSAGES

    def wait(self, seconds, answers):
        """Until so many answers have come; False: they have not."""
        until = time.time() + seconds
        while self.answered < answers and not self.closed:
            self.take()
            if self.answered >= answers:
                return True
            if time.time() > until:
                return False
            time.sleep(0.0003)
        return True


class Peer:
    """One server and the connections of the program to it."""

    def __init__(self, server):
        self.server, self.channels = server, {}
        self.control = Channel(server.port)
        self.own_errors = {}             # that the control connection got: how many depends on the time
        self.ids, self.all_ids = {}, {}   # by name; and the names of all that ever were

    def ask(self, *args):
        self.control.replies.clear()
        self.control.send([args])
        if not self.control.wait(60, self.control.sent):
            raise ConnectionError("the control connection gets no answer to %r" % (args,))
        if self.control.closed:
            raise ConnectionError("the server closed the control connection")
        answer = self.control.replies[-1]
        if answer[0][:1] == b"-":
            code = answer[0][1:].split()[0].decode()
            self.own_errors[code] = self.own_errors.get(code, 0) + 1
        return answer

    def release(self):
        """Ends the writing loop, which waits for a connection."""
        socket.create_connection(("127.0.0.1", self.server.port)).close()

    def settle(self):
        began = time.time()
        for n in range(3):
            while self.ask(b"ECHO", b"settle")[0][:5] == b"-BUSY":   # a script that EXEC runs
                time.sleep(0.005)
                if time.time() - began > 0.05:
                    self.release()
                    self.ask(b"SCRIPT", b"KILL")
        for c in self.channels.values():
            c.take()

    def open(self, name):
        c = self.channels[name] = Channel(self.server.port)
        c.send([[b"CLIENT", b"ID"]])
        c.wait(30, 1)
        self.ids[name] = c.replies[0][1][1]
        self.all_ids[self.ids[name]] = b"{id:%s}" % name.encode()
        c.replies.clear()

    def close(self, name):
        c = self.channels.pop(name, None)
        if c:
            c.close()

    def fill(self, args):
        return [re.sub(rb"\{id:(\w)\}", lambda m: self.ids.get(m.group(1).decode(), b"0"), a) if b"{" in a else a for a in args]

    def send(self, name, packets):
        c = self.channels.get(name)
        if c and not c.closed:
            c.send([self.fill(a) for a in packets])

    def blocked(self, name):
        c = self.channels.get(name)
        return bool(c) and not c.closed and c.answered < c.sent

    def stop(self):
        self.server.freeze()

    def go_on(self):
        self.server.go_on()


class Missed(Exception):
    """A window of time was missed (a busy machine): the program proves nothing."""


def act(peer, step):
    """A step whose outcome nobody looks at yet."""
    kind = step[0]
    if kind == "open":
        if step[1] not in peer.channels or peer.channels[step[1]].closed:   # a program made smaller may lack its end
            peer.open(step[1])
    elif kind == "close":
        peer.close(step[1])
    elif kind == "send":
        peer.send(step[1], step[2])
    elif kind == "sleep":
        time.sleep(step[1] / 1000)


def perform(peer, step):
    if step[0] == "together":
        for inner in step[1]:
            act(peer, inner)
            time.sleep(0.003)            # so that each is read in a turn of its own
    elif step[0] == "frozen":
        peer.stop()
        try:
            for inner in step[1]:
                act(peer, inner)
        finally:
            peer.go_on()
    elif step[0] == "busy":
        perform_busy(peer, step)
    else:
        act(peer, step)
    peer.settle()


def perform_busy(peer, step):
    _, name, script, during, killer = step
    if name not in peer.channels or peer.channels[name].closed or peer.blocked(name):
        return
    peer.send(name, [script])
    until = time.time() + 5
    while peer.ask(b"ECHO", b"settle")[0][:5] != b"-BUSY":
        peer.channels[name].take()
        if not peer.blocked(name):
            return                 # it was refused, or queued
        if time.time() > until:
            raise Missed
    for inner in during:
        act(peer, inner)
        if inner[0] == "send":
            c = peer.channels.get(inner[1])
            if c:
                c.wait(0.2, c.sent)
    if peer.ask(b"ECHO", b"settle")[0][:5] != b"-BUSY":
        raise Missed
    if killer:
        peer.ask(b"SCRIPT", b"KILL")
    else:
        peer.release()
    until = time.time() + 20
    while peer.ask(b"ECHO", b"settle")[0][:5] == b"-BUSY":
        if time.time() > until:
            raise ConnectionError("a script does not end")
        if not killer:
            peer.release()
        time.sleep(0.005)


# ---------------------------------------------------------------- comparing
def normalise(raw, args):
    """What 7.2 says otherwise, and what the reference has from a clock or a hash."""
    raw = re.sub(rb"^-UNBLOCKED the stream key no longer exists\r\n", b"-NOGROUP\r\n", raw)
    raw = re.sub(rb"^-NOGROUP the consumer group this client was blocked on no longer exists\r\n", b"-NOGROUP\r\n", raw)
    raw = re.sub(rb"^-NOGROUP [^\r]*in XREADGROUP with GROUP option\r\n", b"-NOGROUP\r\n", raw)
    raw = raw.replace(b"Script killed by user with SCRIPT KILL...", b"Script killed by user with SCRIPT KILL.")
    raw = re.sub(rb"-NOPERM [^\r]*", b"-NOPERM", raw)
    raw = re.sub(rb"NOPERM [^\r]*", b"NOPERM", raw)
    raw = re.sub(rb"(\$7\r\nversion\r\n)\$\d+\r\n[0-9.]+\r\n", rb"\1", raw)
    raw = re.sub(rb"(tracking-redir-broken\r\n):\d+", rb"\1", raw)
    if raw.startswith(b"*2\r\n$1\r\n0\r\n*"):   # SCAN: the order of a hash table
        raw = b"".join(sorted(re.findall(rb"\$\d+\r\n[^\r]*\r\n", raw)))
    raw = raw.replace(b"invalidate\r\n$-1\r\n", b"invalidate\r\n_\r\n")   # 7.0: in the protocol of who tracks, not of who is told
    raw = re.sub(rb"(\$2\r\nid\r\n):\d+\r\n", rb"\1", raw)
    if raw.startswith(b"+") and b'"CLIENT" ' in raw:
        raw = re.sub(rb'"\d{2,}"', b'"id"', raw)
    raw = re.sub(rb'^\+\d+\.\d+ \[(\d+) [^\]]*\]', rb"+[\1]", raw)   # MONITOR: time and address
    return raw


def comparable(pairs):
    return [(raw, value) for raw, value in pairs if b'"ECHO" "settle"' not in raw and b'"INFO" "' not in raw]


def sorted_value(v):
    if isinstance(v[1], list):
        return (v[0], sorted((sorted_value(x) for x in v[1]), key=repr))
    return v


def more_streams(x, y):
    """Whether y is x and further streams with their entries, as XREAD replies."""
    streams = re.compile(rb"s\d")
    pairs = [v[1] for reply in (x, y) if isinstance(reply, list) for v in reply]
    good = bool(x) and all(isinstance(p, list) and len(p) == 2 and isinstance(p[0][1], bytes) and streams.fullmatch(p[0][1]) for p in pairs)
    return good and len(y) > len(x) and all(v in y for v in x)


def replies_differ(x, y, recent, moved):
    if any(re.match(rb"\*\d+\r\n(\*2\r\n)?\$\d+\r\n[^\r]*\r\n\*0\r\n", r[0]) for r in x) and any(args[0] == b"XREAD" for args in recent):
        if [r[0] for r in x] != [r[0] for r in y]:
            raise Missed                  # XREAD BLOCK on what was added and deleted at once: ours goes on waiting, as 7.2
    if len(x) != len(y):
        return "replies %r, ours %r" % ([r[0] for r in x], [r[0] for r in y])
    for a, b in zip(x, y):
        if a[0] == b[0] or normalise(a[0], None) == normalise(b[0], None):
            continue
        if any(same(args, a, b) for args in recent):
            continue
        if b[0].startswith(b"-WRONGTYPE") and recent[-1][0] == b"XREAD":   # one of several keys, as of 7.2
            continue
        if moved and all(re.match(rb"\*2\r\n\$2\r\nl\d\r\n", r[0]) for r in (a, b)):
            raise Missed                  # serving one made a second of its keys ready: ours looks at them in their order, as 7.2
        if any(args[0] == b"XREAD" for args in recent) and more_streams(a[1][1], b[1][1]):
            raise Missed                  # several of its streams were filled at once: ours reads them all, as 7.2
        if a[0].startswith(b"*") and re.search(rb"\r\n\+\d+\.\d+ \[", a[0]):
            raise Missed                  # a monitor's own transaction: its lines stand within the reply
        return "reference %r, ours %r" % (a[0], b[0])
    return None


def everything_once(pushes):
    nulls = [p for p in pushes if re.search(rb"invalidate\r\n(\$-1|\*-1|_)\r\n$", p[0])]
    if not nulls:
        return pushes
    rest = [p for p in pushes if b"invalidate\r\n" not in p[0]]
    return rest + [(b"everything", (b"+", b"everything"))]


def pushes_differ(x, y):
    # Since 7.2 a read makes the consumer that it names.
    x, y = ([r for r in pushes if b"xgroup-createconsumer" not in r[0]] for pushes in (x, y))
    # "Everything" says it all, whatever keys come beside it; 7.0 writes it in the protocol of who tracks.
    x, y = everything_once(x), everything_once(y)
    a, b = [normalise(r[0], None) for r in x], [normalise(r[0], None) for r in y]
    if a == b or sorted(a) == sorted(b):
        return None
    a, b = sorted(repr(sorted_value(r[1])) for r in x), sorted(repr(sorted_value(r[1])) for r in y)
    return None if a == b else "pushes %r, ours %r" % ([r[0] for r in x], [r[0] for r in y])


def without_keys(pushes):
    """Pushes that tell of one key are left out."""
    return [p for p in pushes if b"invalidate\r\n*1\r\n" not in p[0]]


def tracking_differs(recent, name):
    """Which tracked key is given up when there is room for one is chance in 7.0; who waited in XREAD and is served has read the key anew,
    as in 7.2."""
    lowered = any(args[:3] == [b"CONFIG", b"SET", b"tracking-table-max-keys"] for seen in recent.values() for args in seen)
    waited = any(args[0][:2] in (b"BL", b"BR", b"BZ") for seen in recent.values() for args in seen)
    mine = recent.get(name, [])
    # What who is served changes is told late to the client whose script or transaction served him.
    return lowered or any(args[0] == b"XREAD" and b"BLOCK" in args or waited and args[0] in (b"EVAL", b"FCALL", b"EXEC") for args in mine)


def compare(ref, ours, recent):
    moved = any(args[0] in (b"BLMOVE", b"BRPOPLPUSH") for seen in recent.values() for args in seen)
    for name in sorted(set(ref.channels) | set(ours.channels)):
        a, b = ref.channels.get(name), ours.channels.get(name)
        x, y = comparable(a.replies), comparable(b.replies)
        if a.closed and b.closed:         # ours still sends the replies that were ready
            y = y[:len(x)] if len(y) > len(x) else y
            b.pushes = b.pushes[:len(a.pushes)]
        why = replies_differ(x, y, recent.get(name, [])[-6:], moved)
        why = why or pushes_differ(*(without_keys(c.pushes) if tracking_differs(recent, name) else c.pushes for c in (a, b)))
        if b.torn:
            why = "a push stands within the reply %r" % b.torn
        if not why and a.closed != b.closed:
            why = "the reference %s, ours %s" % tuple("closes it" if c.closed else "leaves it open" for c in (a, b))
        if why:
            return "connection %s: %s" % (name, why)
        for c in (a, b):
            c.replies.clear()
            c.pushes.clear()
    return None


READ = {b"string": lambda k: [[b"GET", k]], b"list": lambda k: [[b"LRANGE", k, b"0", b"-1"]], b"hash": lambda k: [[b"HGETALL", k]],
        b"set": lambda k: [[b"SMEMBERS", k]], b"zset": lambda k: [[b"ZRANGE", k, b"0", b"-1", b"WITHSCORES"]],
        b"stream": lambda k: [[b"XRANGE", k, b"-", b"+"], [b"XINFO", b"GROUPS", k]]}


def data(peer):
    out = []
    for db in (b"0", b"1"):
        peer.ask(b"SELECT", db)
        keys = sorted(v[1] for v in peer.ask(b"KEYS", b"*")[1][1])
        for k in keys:
            kind = peer.ask(b"TYPE", k)[1][1]
            left = int(peer.ask(b"PTTL", k)[1][1])
            out.append((db, k, kind, left if left < 0 else "ttl"))
            for args in READ.get(kind, lambda k: [])(k):
                value = peer.ask(*args)[1]
                if args[0] == b"XINFO":
                    for g in value[1]:
                        f = dict(zip([n[1] for n in g[1][::2]], [n[1] for n in g[1][1::2]]))
                        pending = peer.ask(b"XPENDING", k, f[b"name"], b"-", b"+", b"1000")[1][1]
                        out.append((f[b"name"], f[b"pending"], f[b"last-delivered-id"], [(p[1][0], p[1][1], p[1][3]) for p in pending]))
                else:
                    out.append(sorted_value(value) if kind in (b"hash", b"set") else value)
    peer.ask(b"SELECT", b"0")
    return out


OWN = ("echo", "config|set", "config|resetstat", "info", "client|id", "slowlog|get", "slowlog|reset", "select", "keys", "type", "pttl", "client|unpause",
       "acl|deluser", "acl|log", "client|unblock", "script|kill")
FIELDS = ("blocked_clients", "pubsub_channels", "pubsub_patterns", "tracking_clients", "evicted_keys",
          "total_error_replies", "unexpected_error_replies")


BLOCKING = ("blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "xread", "xreadgroup")


def statistics(peer, left_waiting):
    """left_waiting: somebody's connection ended while it waited. 7.0 counts a call when it begins to wait, 7.2 when it has ended."""
    text = peer.ask(b"INFO", b"everything")[1][1].decode(errors="replace")
    out = {}
    for line in text.split("\r\n"):
        m = re.match(r"cmdstat_([^:]+):calls=(\d+),.*rejected_calls=(\d+),failed_calls=(\d+)", line)
        if m and m.group(1) not in OWN:
            waits = m.group(1) in BLOCKING   # 7.0 also counts a failure when one is unblocked
            out[m.group(1)] = m.groups()[2:3] if waits and left_waiting else m.groups()[1:3] if waits else m.groups()[1:]
        m = re.match(r"errorstat_([^:]+):count=(\d+)", line)
        if m:
            out["error " + m.group(1)] = int(m.group(2)) - peer.own_errors.get(m.group(1), 0)
        name, _, value = line.partition(":")
        if name in FIELDS:
            out[name] = int(value) - (sum(peer.own_errors.values()) if name == "total_error_replies" else 0)
    out["error NOGROUP"] = out.get("error NOGROUP", 0) + out.pop("error UNBLOCKED", 0)   # a stream that went, as of 7.2
    return {k: v for k, v in out.items() if v or not k.startswith("error ")}


def clients_section(peer):
    """Who waits, is paused, listens, at this moment."""
    text = peer.ask(b"INFO", b"clients")[1][1].decode()
    return [line for line in text.split("\r\n") if line.partition(":")[0] in ("blocked_clients", "tracking_clients", "connected_clients")]


def denials(peer):
    """ACL LOG without ages, addresses and what 7.2 adds."""
    out = []
    for entry in peer.ask(b"ACL", b"LOG", b"100")[1][1]:
        words = [v[1] for v in entry[1]]
        f = dict(zip(words[::2], words[1::2]))
        out.append(tuple(f[k] for k in (b"count", b"reason", b"context", b"object", b"username")))
    return out


def changes(peer):
    answer = peer.ask(b"INFO", b"persistence")
    found = re.search(rb"rdb_changes_since_last_save:(\d+)", answer[0])
    if not found:
        raise ConnectionError("INFO answers %r" % answer[0][:200])
    return int(found.group(1))


def slow_log(peer):
    entries = peer.ask(b"SLOWLOG", b"GET", b"100000")[1][1]
    own = b"%s:%d" % tuple(x.encode() if isinstance(x, str) else x for x in peer.control.s.getsockname())
    words = [[w[1] for w in e[1][3][1]] for e in entries if e[1][4][1] != own]
    # 7.0 logs a command that waited without its arguments once it was unblocked.
    words = [w for w in words if w[:1] != [b"INFO"] and w[:2] != [b"CLIENT", b"ID"] and w and w[0].lower().decode(errors="replace") not in BLOCKING]
    return [[peer.all_ids.get(x, x) if w[0].upper() == b"CLIENT" and w[1:2] != [b"PAUSE"] else x for x in w] for w in words]


def end_differs(ref, ours, left_waiting):
    x, y = slow_log(ref), slow_log(ours)
    if x != y:
        return "slow log: only there %r, only ours %r" % ([w for w in x if w not in y] or x[:5], [w for w in y if w not in x] or y[:5])
    x, y = statistics(ref, left_waiting), statistics(ours, left_waiting)
    if left_waiting:
        for k in set(BLOCKING) - (set(x) & set(y)):
            x.pop(k, None), y.pop(k, None)
    if x != y:
        return "statistics: %r" % {k: (x.get(k), y.get(k)) for k in sorted(set(x) | set(y)) if x.get(k) != y.get(k)}
    x, y = denials(ref), denials(ours)
    if x != y:
        return "ACL LOG: only there %r, only ours %r" % ([e for e in x if e not in y] or x, [e for e in y if e not in x] or y)
    x, y = data(ref), data(ours)
    return None if x == y else "data: %r, ours %r" % ([i for i in x if i not in y], [i for i in y if i not in x])


# ---------------------------------------------------------------- programs
def reset(peer):
    until = time.time() + 30
    while peer.ask(b"ECHO", b"settle")[0][:5] == b"-BUSY" and time.time() < until:
        peer.ask(b"SCRIPT", b"KILL")
        peer.release()
        time.sleep(0.01)
    for name in list(peer.channels):
        peer.close(name)
    peer.ids.clear()
    peer.all_ids.clear()
    for args in RESET:
        peer.ask(*args)
    for user in USERS:
        peer.ask(b"ACL", b"DELUSER", user)
    peer.settle()
    peer.ask(b"CONFIG", b"RESETSTAT")
    peer.ask(b"SLOWLOG", b"RESET")
    peer.own_errors.clear()


def commands_of(step):
    """(connection, command) of a step and of those within it."""
    if step[0] == "send":
        for a in step[2]:
            yield step[1], a
    elif step[0] in ("together", "frozen"):
        for inner in step[1]:
            yield from commands_of(inner)
    elif step[0] == "busy":
        yield step[1], step[2]
        for inner in step[3]:
            yield from commands_of(inner)


def play(ref, ours, steps):
    """Steps may be an iterator that looks at the reference. Returns what was played and what differs, or None."""
    reset(ref)
    reset(ours)
    played, recent, left_waiting = [], {}, False
    base = [changes(p) for p in (ref, ours)]
    asked_for_group = expiring = False
    for step in steps:
        played.append(step)
        for name, args in commands_of(step):
            recent.setdefault(name, []).append(args)
        names = [args[0].lower().decode(errors="replace") for _, args in commands_of(step)]
        grouped = any(n in ("xreadgroup", "xclaim", "xautoclaim") for n in names)
        asked_for_group = asked_for_group or grouped
        expiring = expiring or any(n in ("expire", "pexpire", "pexpireat", "expireat") for n in names)
        waiting = [n for n in ref.channels if ref.blocked(n)]
        # Since 7.2 serving one who waited counts as a change, and so does a consumer that a read makes.
        uncounted = waiting or len(names) > 1 and any(n in BLOCKING for n in names) or asked_for_group and (grouped or "exec" in names)
        # SORT STORE of nothing deletes what is past its time: to 7.0 a deletion.
        uncounted = uncounted or expiring and any(n in ("sort", "exec", "eval", "fcall") for n in names)
        for peer in (ref, ours):
            try:
                perform(peer, step)
            except ConnectionError as e:
                raise ConnectionError("step %d, %s: %s\n%s" % (len(played), "reference" if peer is ref else "ours", e, "\n".join("    " + repr(s) for s in played)))
        wait_for_guessers(ours)
        if step[0] == "frozen":          # one may have begun to wait and gone at once
            waiting += [n for n, args in commands_of(step) if args[0].lower().decode(errors="replace") in BLOCKING]
        left_waiting = left_waiting or any(args[:2] in ([b"CLIENT", b"KILL"], [b"CLIENT", b"PAUSE"]) for _, args in commands_of(step))
        left_waiting = left_waiting or any(n not in ref.channels or ref.channels[n].closed for n in waiting)
        why = compare(ref, ours, recent)
        now = [changes(p) for p in (ref, ours)]
        if not why and not uncounted and now[0] - base[0] != now[1] - base[1]:
            why = "changes since the last save: %d, ours %d" % (now[0] - base[0], now[1] - base[1])
        base = now
        if not why and step[0] == "look":
            x, y = (clients_section(p) for p in (ref, ours))
            why = None if x == y else "INFO clients: %r, ours %r" % (x, y)
        if why:
            return played, "step %d: %s" % (len(played), why)
    for peer in (ref, ours):
        peer.ask(b"CLIENT", b"UNPAUSE")
        peer.settle()
        for _ in range(8):               # a pipeline may wait several times
            waiting = sorted(n for n in peer.channels if peer.blocked(n))
            for name in waiting:
                peer.ask(b"CLIENT", b"UNBLOCK", peer.ids[name])
                peer.settle()
            left_waiting = left_waiting or any(peer.channels[n].closed for n in waiting)
    wait_for_guessers(ours)
    return played, compare(ref, ours, recent) or end_differs(ref, ours, left_waiting)


def wait_for_guessers(ours):
    """After a wrong password ours lets a client wait, twice as long each time."""
    for c in ours.channels.values():
        wrong = sum(raw.startswith(b"-WRONGPASS") for raw, _ in c.replies)
        for _ in range(wrong):
            c.guesses = getattr(c, "guesses", 0) + 1
            time.sleep(0.22 * 2 ** min(c.guesses - 1, 5))
            ours.settle()


def shrink(ref, ours, steps, why, patience):
    """Leaves out steps while the program still differs."""
    size, until = max(1, len(steps) // 2), time.time() + patience
    while size and time.time() < until:
        at = 0
        while at < len(steps) and time.time() < until:
            fewer = steps[:at] + steps[at + size:]
            try:
                _, still = play(ref, ours, fewer)
            except (Missed, KeyError):
                still = None
            if still:
                steps, why = fewer, still
            else:
                at += size
        size //= 2
    return steps, why


def differs_again(ref, ours, steps):
    """What differs when the same steps are played again, up to three times, or None."""
    for _ in range(3):
        try:
            _, why = play(ref, ours, steps)
        except Missed:
            continue
        if why:
            return why
    return None


def fresh(o):
    options = ["--enable-debug-command", "yes"]
    ref, ours = Peer(launched(o.reference, *options)), Peer(launched(o.server, *options))
    return ref, ours


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--server", required=True)
    ap.add_argument("--reference", default="redis-server")
    ap.add_argument("--steps", type=int, default=10000)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    ap.add_argument("--most", type=int, default=5, help="stop after so many programs that differ")
    ap.add_argument("--patience", type=float, default=20, help="seconds for making one smaller")
    ap.add_argument("--replay", help="a file of printed steps")
    o = ap.parse_args()
    ref, ours = fresh(o)
    done = programs = missed = once = failed = crashed = 0
    try:
        while done < o.steps and failed < o.most:
            programs += 1
            seed = "%d/%d" % (o.seed, programs)
            if o.replay:
                source = [ast.literal_eval(line) for line in open(o.replay) if line.strip()]
                done = o.steps
            else:
                source = Generator(random.Random(seed), ref).steps()
            played = []
            try:
                played, why = play(ref, ours, source)
            except Missed:
                missed += 1
                continue
            except ConnectionError as e:
                why = "connection: %s" % e
                time.sleep(0.1)
                if ref.server.p.poll() in (-signal.SIGSEGV, -signal.SIGABRT) and ours.server.p.poll() is None:
                    crashed += 1           # 7.0 has faults that we have not
                    ours.server.end()
                    ref, ours = fresh(o)
                    continue
                print("FAILED: program %s: %s (exit codes: %r, %r)" % (seed, why, ref.server.p.poll(), ours.server.p.poll()), flush=True)
                failed += 1
                for p in (ref, ours):
                    p.go_on() if p.server.p.poll() is None else None
                    p.server.end()
                ref, ours = fresh(o)
                continue
            done += len(played)
            if why:
                try:
                    again = differs_again(ref, ours, played)
                    if not again:
                        once += 1
                        print("differed once: program %s: %s" % (seed, why[:1000]), flush=True)
                        continue
                    why = again
                    if not o.replay:
                        played, why = shrink(ref, ours, played, why, o.patience)
                except ConnectionError as e:
                    why += " (%s while it was played again)" % e
                failed += 1
                print("FAILED: program %s: %s" % (seed, why[:3000]))
                for s in played:
                    print("    " + repr(s))
                sys.stdout.flush()
    finally:
        for p in (ref, ours):
            if p.server.p.poll() is None:
                p.go_on()
            p.server.end()
    print("%d steps in %d programs, %d differ, %d differed once, %d missed their moment, %d crashed the reference (seed %d)"
          % (done, programs, failed, once, missed, crashed, o.seed))
    if missed * 5 > programs and programs > 20:
        print("FAILED: too many programs missed their moment")
        failed += 1
    if once > 1:
        print("FAILED: too many programs differed once")
        failed += 1
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
