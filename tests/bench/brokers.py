#!/usr/bin/env python3
"""The main job against other brokers: orders of 165 bytes, produced, consumed by four, acknowledged.

usage: brokers.py --server PATH [--orders N] [--only NAME,...] [--rate N] [--seconds N]

One after the other: Millrace (a stream with a policy of work queues), redis-server (a stream and a group), rabbitmq-server (a durable classic queue,
persistent messages, confirms), nats-server (JetStream on files, a work queue). Each has a folder of its own and nothing else to do, and is told to have
a message on the disk before it confirms it; where it cannot be told so, that is printed.

  as fast as it goes   one producer with WINDOW orders not yet confirmed, four consumers that take 100 at a time and acknowledge them. Processor time of the
                       server's processes for a message, the most memory they had resident, bytes they wrote, bytes of the folder at the end.
  at a rate            the same at --rate orders a second for --seconds: how long until an order is confirmed, and until it is delivered.

Producer and consumers are processes of Python, which are slower than some of the servers: how many orders a second went through is told, and is theirs.
"""
import argparse, json, multiprocessing, os, resource, shutil, signal, socket, struct, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp import Conn, packet  # noqa: E402
from server import free_port   # noqa: E402

WINDOW, CONSUMERS, TAKEN, SIZE = 512, 4, 100, 165


def order(n):
    """A JSON object of SIZE bytes, the moment of sending in front."""
    head = '{"at":%020d,"order":%d,"customer":"c-%07d","sku":"A-%05d","amount":%d,"currency":"EUR","state":"new","note":"' % (
        time.monotonic_ns(), n, n % 1000003, n % 40009, n % 97 + 1)
    return (head + "x" * (SIZE - len(head) - 2) + '"}').encode()


def sent_at(body):
    return int(body[6:26])


class Lines:
    """A socket that is read by lines and by numbers of bytes."""

    def __init__(self, port):
        self.s, self.rest = socket.create_connection(("127.0.0.1", port)), b""
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def more(self):
        got = self.s.recv(1 << 16)
        if not got:
            raise OSError("the server has closed the connection")
        self.rest += got

    def line(self):
        while b"\r\n" not in self.rest:
            self.more()
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line

    def take(self, n):
        while len(self.rest) < n:
            self.more()
        got, self.rest = self.rest[:n], self.rest[n:]
        return got


# ---- What each broker is, how it is started, and how its clients speak


class Resp:
    """Millrace and redis-server."""

    def __init__(self, port, queue):
        self.c, self.queue = Conn(port), queue

    def produce(self, bodies):
        self.c.write(packet([("XADD", "orders", "*", "order", b) for b in bodies]))

    def confirmed(self):
        """How many more."""
        reply = self.c.raw()[0]
        if reply[:1] != b"$":
            raise OSError("XADD: %r" % reply)
        return 1

    def consume(self, who):
        """Bodies, and what acknowledges them."""
        got = self.c.ask("XREADGROUP", "GROUP", "workers", who, "COUNT", TAKEN, "BLOCK", 200, "STREAMS", "orders", ">")
        entries = got[0][1] if got else []
        return [fields[1] for _, fields in entries], [i for i, _ in entries]

    def acknowledge(self, ids):
        if self.queue:
            self.c.ask("XACK", "orders", "workers", *ids)
        else:
            self.c.many([("XACK", "orders", "workers", *ids), ("XDEL", "orders", *ids)])


class Millrace:
    name, queue = "Millrace", True

    def __init__(self, folder, o):
        self.folder, self.port, self.program = folder, free_port(), os.path.abspath(o.server)

    def command(self):
        return [self.program, "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder, "--appendonly", "yes", "--appendfsync", "always", "--save", ""]

    def start(self):
        self.p = subprocess.Popen([str(x) for x in self.command()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port)
        c = Conn(self.port)
        if self.queue:
            c.ask("XPOLICY", "SET", "orders", "workers", "MKSTREAM", "JOBS")
        else:
            c.ask("XGROUP", "CREATE", "orders", "workers", "0", "MKSTREAM")

    def client(self):
        return Resp(self.port, self.queue)

    def note(self):
        return "appendfsync always"

    def end(self):
        self.p.terminate()
        self.p.wait()


class Redis(Millrace):
    name, queue = "redis-server", False

    def __init__(self, folder, o):
        super().__init__(folder, o)
        self.program = "redis-server"


class Nats:
    """One connection to JetStream (docs.nats.io: the client protocol, and the API's subjects)."""

    def __init__(self, port):
        self.l, self.n = Lines(port), 0
        self.l.line()  # INFO
        self.inbox = b"_INBOX.%d.%d" % (os.getpid(), time.monotonic_ns())
        self.write(b'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\nSUB %s.* 1\r\n' % self.inbox)

    def write(self, data):
        self.l.s.sendall(data)

    def publication(self, subject, body, reply=None):
        return b"PUB %s%s %d\r\n%s\r\n" % (subject, b" " + reply if reply else b"", len(body), body)

    def message(self):
        """Subject to answer to, and body, of the next message; a status has none of the former. self.subject: what it came to."""
        while True:
            words = self.l.line().split(b" ")
            if words[0] == b"PING":
                self.write(b"PONG\r\n")
            self.subject = words[1] if len(words) > 1 else b""
            if words[0] == b"MSG":
                return words[3] if len(words) == 5 else None, self.l.take(int(words[-1]) + 2)[:-2]
            if words[0] == b"HMSG":  # a status: nothing is there
                return None, self.l.take(int(words[-1]) + 2)[int(words[-2]):-2]
            if words[0] == b"-ERR":
                raise OSError(b" ".join(words).decode())

    def ask(self, subject, what):
        self.write(self.publication(subject, json.dumps(what).encode(), self.inbox + b".a"))
        answer = json.loads(self.message()[1])
        if "error" in answer:
            raise OSError(str(answer["error"]))
        return answer

    def produce(self, bodies):
        self.write(b"".join(self.publication(b"orders", b, self.inbox + b".p") for b in bodies))

    def confirmed(self):
        answer = self.message()[1]
        if b'"seq"' not in answer or b'"error"' in answer:
            raise OSError("PUB: %r" % answer)
        return 1

    def consume(self, who):
        self.n += 1
        self.write(self.publication(b"$JS.API.CONSUMER.MSG.NEXT.ORDERS.workers", b'{"batch":%d,"expires":200000000}' % TAKEN, self.inbox + b".c%d" % self.n))
        bodies, replies, mine = [], [], self.inbox + b".c%d" % self.n
        while len(bodies) < TAKEN and (not bodies or len(self.l.rest) >= 8):  # what has come is taken together
            reply, body = self.message()
            if not reply:
                if self.subject == mine:  # the end of this call, not of one before
                    break
                continue
            bodies.append(body)
            replies.append(reply)
        return bodies, replies

    def acknowledge(self, replies):
        self.write(b"".join(self.publication(r, b"+ACK") for r in replies))


class NatsServer:
    name = "nats-server"

    def __init__(self, folder, o):
        self.folder, self.port, self.syncs = folder, free_port(), True

    def begin(self, sync):
        conf = os.path.join(self.folder, "nats.conf")
        with open(conf, "w") as f:
            f.write('listen: "127.0.0.1:%d"\njetstream { store_dir: "%s/data"\n%s }\n' % (self.port, self.folder, "sync_interval: always" if sync else ""))
        self.p = subprocess.Popen(["nats-server", "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        return self.p.poll() is None

    def start(self):
        self.syncs = self.begin(True)
        if not self.syncs and not self.begin(False):
            raise OSError("nats-server does not start")
        wait_for_port(self.port)
        c = Nats(self.port)
        c.ask(b"$JS.API.STREAM.CREATE.ORDERS", {"name": "ORDERS", "subjects": ["orders"], "retention": "workqueue", "storage": "file", "num_replicas": 1,
                                                 "duplicate_window": 0, "discard": "new", "max_msgs": -1, "max_bytes": -1, "max_age": 0})
        c.ask(b"$JS.API.CONSUMER.DURABLE.CREATE.ORDERS.workers", {"stream_name": "ORDERS", "config": {
            "durable_name": "workers", "ack_policy": "explicit", "deliver_policy": "all", "max_ack_pending": 10000, "ack_wait": 10000000000}})

    def client(self):
        return Nats(self.port)

    def note(self):
        return "sync_interval: always" if self.syncs else "CANNOT be told to sync before it confirms (this version does so every two minutes)"

    def end(self):
        self.p.terminate()
        self.p.wait()


class Amqp:
    """A channel of AMQP 0-9-1 (the specification of that name, section 4.2 and the list of methods)."""

    METHOD, HEADER, BODY = 1, 2, 3

    def __init__(self, port):
        self.l = Lines(port)
        self.l.s.sendall(b"AMQP\0\0\x09\x01")
        self.until(10, 10)
        self.method(0, 10, 11, struct.pack(">I", 0) + self.short(b"PLAIN") + struct.pack(">I", 12) + b"\0guest\0guest" + self.short(b"en_US"))
        channels, frame, _ = struct.unpack(">HIH", self.until(10, 30))
        self.method(0, 10, 31, struct.pack(">HIH", channels, frame, 0))
        self.method(0, 10, 40, self.short(b"/") + b"\0\0")
        self.until(10, 41)
        self.ask(20, 10, b"\0")
        self.ask(50, 10, b"\0\0" + self.short(b"orders") + b"\x02" + struct.pack(">I", 0))  # durable
        self.began, self.seen = False, 0

    @staticmethod
    def short(text):
        return bytes([len(text)]) + text

    @staticmethod
    def frame(kind, channel, payload):
        return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"

    def method(self, channel, c, m, arguments):
        self.l.s.sendall(self.frame(self.METHOD, channel, struct.pack(">HH", c, m) + arguments))

    def next(self):
        kind, _, n = struct.unpack(">BHI", self.l.take(7))
        payload = self.l.take(n + 1)[:-1]
        if kind == self.METHOD and payload[:4] in (b"\0\x0a\0\x32", b"\0\x14\0\x28"):  # close
            raise OSError("closed: %r" % payload)
        return kind, payload

    def until(self, c, m):
        while True:
            kind, payload = self.next()
            if kind == self.METHOD and struct.unpack(">HH", payload[:4]) == (c, m):
                return payload[4:]

    def ask(self, c, m, arguments):
        self.method(1, c, m, arguments)
        return self.until(c, m + 1)

    def produce(self, bodies):
        if not self.began:
            self.began = True
            self.ask(85, 10, b"\0")  # confirms
        publish = self.frame(self.METHOD, 1, struct.pack(">HHH", 60, 40, 0) + b"\0" + self.short(b"orders") + b"\0")
        self.l.s.sendall(b"".join(publish + self.frame(self.HEADER, 1, struct.pack(">HHQHB", 60, 0, len(b), 0x1000, 2)) + self.frame(self.BODY, 1, b)
                                  for b in bodies))

    def confirmed(self):
        tag, multiple = struct.unpack(">QB", self.until(60, 80))
        before, self.seen = self.seen, tag if multiple else self.seen + 1
        return self.seen - before

    def consume(self, who):
        if not self.began:
            self.began = True
            self.ask(60, 10, struct.pack(">IHB", 0, TAKEN, 0))
            self.method(1, 60, 20, b"\0\0" + self.short(b"orders") + b"\0\0" + struct.pack(">I", 0))
        bodies, tags = [], []
        self.l.s.settimeout(0.2)
        try:
            while not bodies or len(self.l.rest) >= 8:  # what has come is taken together
                tag = self.delivery_tag(self.until(60, 60))
                self.l.s.settimeout(60)
                self.next()
                bodies.append(self.next()[1])
                tags.append(tag)
        except TimeoutError:
            pass
        self.l.s.settimeout(60)
        return bodies, tags

    @staticmethod
    def delivery_tag(arguments):
        return struct.unpack(">Q", arguments[1 + arguments[0]:9 + arguments[0]])[0]

    def acknowledge(self, tags):
        self.method(1, 60, 80, struct.pack(">QB", tags[-1], 1))


class RabbitMQ:
    name = "rabbitmq-server"

    def __init__(self, folder, o):
        self.folder, self.port = folder, free_port()

    def start(self):
        env = dict(os.environ, HOME=self.folder, RABBITMQ_MNESIA_BASE=self.folder + "/data", RABBITMQ_LOG_BASE=self.folder + "/log",
                   RABBITMQ_NODE_IP_ADDRESS="127.0.0.1", RABBITMQ_NODE_PORT=str(self.port), RABBITMQ_NODENAME="bench%d@localhost" % os.getpid(),
                   RABBITMQ_DIST_PORT=str(free_port()), RABBITMQ_PID_FILE=self.folder + "/pid", RABBITMQ_ENABLED_PLUGINS_FILE=self.folder + "/plugins",
                   ERL_EPMD_ADDRESS="127.0.0.1", ERL_EPMD_PORT=str(free_port()), RABBITMQ_CONFIG_FILE=self.folder + "/none")
        with open(self.folder + "/plugins", "w") as f:
            f.write("[].")
        self.p = subprocess.Popen(["/usr/lib/rabbitmq/bin/rabbitmq-server"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        wait_for_port(self.port, 90)
        time.sleep(3)  # plugins and the like

    def client(self):
        return Amqp(self.port)

    def note(self):
        return "persistent messages, confirms"

    def end(self):
        os.killpg(self.p.pid, signal.SIGTERM)
        try:
            self.p.wait(30)
        except subprocess.TimeoutExpired:
            pass
        for pid in processes_with(self.folder):  # epmd goes into the background
            os.kill(pid, signal.SIGKILL)


def wait_for_port(port, seconds=20):
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


# ---- What its processes cost


def processes_with(word):
    """Processes whose environment has this word."""
    found = []
    for p in os.listdir("/proc"):
        try:
            if p.isdigit() and int(p) != os.getpid() and word.encode() in open("/proc/%s/environ" % p, "rb").read():
                found.append(int(p))
        except OSError:
            pass
    return found


def tree(pid):
    children = {}
    for p in os.listdir("/proc"):
        if p.isdigit():
            try:
                children.setdefault(int(open("/proc/%s/stat" % p).read().rsplit(")", 1)[1].split()[1]), []).append(int(p))
            except OSError:
                pass
    found = [pid]
    for p in found:
        found += children.get(p, [])
    return found


def cost(pid):
    """Processor seconds, bytes resident at most, bytes written; of the process and its children."""
    cpu = most = written = 0
    for p in tree(pid):
        try:
            fields = open("/proc/%d/stat" % p).read().rsplit(")", 1)[1].split()
            cpu += sum(int(x) for x in fields[11:15]) / os.sysconf("SC_CLK_TCK")
            most += next((int(x.split()[1]) * 1024 for x in open("/proc/%d/status" % p) if x.startswith("VmHWM")), 0)
            written += next(int(x.split()[1]) for x in open("/proc/%d/io" % p) if x.startswith("write_bytes"))
        except OSError:
            pass
    return cpu, most, written


def bytes_in(folder):
    return sum(os.lstat(os.path.join(at, f)).st_blocks * 512 for at, _, files in os.walk(folder) for f in files)


# ---- The job


def producer(broker, n, rate, said):
    c, sent, confirmed, times, waits = broker.client(), 0, 0, [], []
    began = time.monotonic()
    while confirmed < n:
        may = min(n, confirmed + WINDOW)
        if rate:
            may = min(may, int((time.monotonic() - began) * rate) + 1)
        if sent < may:
            more = min(may - sent, 64)
            times += [time.monotonic_ns()] * more
            c.produce([order(i) for i in range(sent, sent + more)])
            sent += more
            if sent < may:
                continue
        if confirmed == sent:
            time.sleep(0.0002)
            continue
        for _ in range(c.confirmed()):
            waits.append(time.monotonic_ns() - times[confirmed])
            confirmed += 1
    said.send((time.monotonic() - began, waits))


def consumer(broker, who, done, n, said):
    c, waits = broker.client(), []
    while done.value < n:
        bodies, marks = c.consume(who)
        if not bodies:
            continue
        now = time.monotonic_ns()
        waits += [now - sent_at(b) for b in bodies]
        c.acknowledge(marks)
        with done.get_lock():
            done.value += len(bodies)
    said.send(waits)


def received(process, heard):
    """What it says at its end; who dies has said why."""
    while not heard.poll(1):
        if not process.is_alive():
            raise OSError("a client of the broker has failed")
    return heard.recv()


def job(broker, n, rate=0):
    """Seconds, the producer's waits, the consumers'."""
    done, ends = multiprocessing.Value("q", 0), []
    for i in range(CONSUMERS):
        heard, said = multiprocessing.Pipe(False)
        p = multiprocessing.Process(target=consumer, args=(broker, "w%d" % i, done, n, said), daemon=True)
        p.start()
        ends.append((p, heard))
    heard, said = multiprocessing.Pipe(False)
    p = multiprocessing.Process(target=producer, args=(broker, n, rate, said), daemon=True)
    began = time.monotonic()
    p.start()
    _, confirms = received(p, heard)
    deliveries = []
    for q, h in ends:
        deliveries += received(q, h)
        q.join()
    p.join()
    if len(deliveries) != n:
        print("  %d orders were delivered instead of %d" % (len(deliveries), n))
    return time.monotonic() - began, sorted(confirms), sorted(deliveries)


def ms(waits, share):
    return waits[min(len(waits) - 1, int(len(waits) * share))] / 1e6


def measure(kind, o):
    folder = tempfile.mkdtemp(prefix="brokers-")
    broker = kind(folder, o)
    try:
        broker.start()
        job(broker, min(2000, o.orders))  # what is only made at first is there
        cpu, _, written = cost(broker.p.pid)
        took, _, _ = job(broker, o.orders)
        cpu1, most, written1 = cost(broker.p.pid)
        time.sleep(1)
        print("%-16s %7.2f us of processor time a message, %6.1f MB resident at most, %6.1f bytes written a message, %6.1f MB on disk behind it; %6.0f/s; %s" %
              (broker.name, (cpu1 - cpu) / o.orders * 1e6, most / 1e6, (written1 - written) / o.orders, bytes_in(folder) / 1e6, o.orders / took, broker.note()), flush=True)
        _, confirms, deliveries = job(broker, o.rate * o.seconds, o.rate)
        print("%-16s at %d/s: confirmed p50 %.2f ms, p99 %.2f, longest %.1f; delivered p50 %.2f ms, p99 %.2f, longest %.1f" %
              ("", o.rate, ms(confirms, .5), ms(confirms, .99), ms(confirms, 1), ms(deliveries, .5), ms(deliveries, .99), ms(deliveries, 1)), flush=True)
    finally:
        broker.end()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("--orders", type=int, default=1000000)
    ap.add_argument("--rate", type=int, default=2000)
    ap.add_argument("--seconds", type=int, default=20)
    ap.add_argument("--only", default="")
    o = ap.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    for kind in (Millrace, Redis, RabbitMQ, NatsServer):
        if not o.only or kind.name in o.only.split(","):
            measure(kind, o)


if __name__ == "__main__":
    main()
