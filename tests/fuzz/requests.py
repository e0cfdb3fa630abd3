#!/usr/bin/env python3
"""Mutated and truncated requests from the oracle's dialogues, on several connections at once.

requests.py SERVER [--seconds N] [--seed S]: SERVER is best a build with sanitizers (make sanitized). Fails
when the process ends, hangs at its end, or its log holds a sanitizer's report. Strings of 512 MB, in which the server would
spend most of its time, are other tests'.
"""
import argparse, glob, os, random, re, shlex, signal, socket, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from resp import Error, info, request  # noqa: E402
from server import Server              # noqa: E402

SPECIAL = [b"0", b"-1", b"1", b"9223372036854775807", b"-9223372036854775808", b"18446744073709551615", b"4294967296", b"1-1", b"0-0",
           b"+", b"-", b"$", b">", b"*", b"", b"\xff" * 5, b"nan", b"1e308"]
MORE = """XADD s NOMKSTREAM IDMP p 1 * a 1|XADD s IDMPAUTO p * a b|XREADGROUP GROUP g c COUNT 5 CLAIM 0 STREAMS s >|XREADGROUP GROUP g c COUNT 5 MATCH *|XREADGROUP GROUP g d COUNT 2 CLAIM 1 BLOCK 5 NOACK MATCH [st]
XACKDEL s g DELREF IDS 1 1-1|XDELEX s ACKED IDS 2 1-1 2-1|XNACK s g FAIL IDS 1 1-1|XPOLICY SET s g MKSTREAM JOBS|XPOLICY SET s g LEASE 1 RETRY EXP 1 9 1.5 JITTER 50 MAXDELIVER 2 DEADLETTER {s}:d|XPOLICY SET s g RETRY LIST 1 2 3 ONACK DELETE PREFETCH 1 MAXPENDING 2 PAUSE OFF|XPOLICY SET s g ORDERBY a SKIP RATE 5 1|XPOLICY SET s g ORDERBY a|XPOLICY SET s g SINGLE 5 ONDISCONNECT RELEASE|XPOLICY SET s g SINGLE 0 CONSUMERTTL 1 GROUPTTL 99|XPOLICY SET s g ONDISCONNECT KEEP CONSUMERTTL 0 GROUPTTL 0|XPOLICY GET s g|XPOLICY STATS s g|XPOLICY RETRIES s g COUNT 2|XPOLICY DEL s g|XPOLICY LIST MATCH *|XNACK s g FAIL IDS 2 1-1 2-1 DELAY 5 REASON why|XNACK s g SILENT IDS 1 1-1 AT 5|XNACK s g FATAL IDS 1 1-1|XACKIF s g c DELIVERY 1 IDS 2 1-1 2-1|XREDRIVE {s}:d COUNT 5|XREDRIVE {s}:d TO s IDS 1 1-1|XCFGSET s IDMP-DURATION 1|XCFGSET s MKSTREAM MAXLEN 3 MAXBYTES 100 MAXAGE 5000 OVERFLOW DROP DELREF|XCFGSET s OVERFLOW REJECT|XCFGSET s MAXLEN 2 OVERFLOW DROP ACKED|XCFGSET s MAXLEN -1 OVERFLOW DROP|HELLO 3|XCONSUME START GROUP g c PREFETCH 2 STREAMS s|XCONSUME START GROUP g d STREAMS s t|XCONSUME STOP GROUP g STREAMS s|XCONSUME STOP|XCRON SET s n EVERY 100 LIMIT 9 FIELDS a 1|XCRON SET s n CRON */2_*_*_*_*_* TZ Europe/Berlin START 5 UNTIL 4102444800000 CATCHUP ALL FIELDS a 1|XCRON DEL s n|XCRON GET s n|XCRON LIST s|XCRON RUN s n|XCRON MARK s n 5 5|XCRON NEXT 5,*/9_1-5/2_*_JAN_MON TZ Asia/Tokyo COUNT 9|XBIND ADD s ALL TO t|XBIND ADD s DIRECT 1 BY a TO t|XBIND ADD t TOPIC *.#.1 BY a TO s|XBIND ADD s HEADERS ANY 2 a 1 b 2 TO u|XBIND ADD s ALTERNATE TO v|XBIND DEL s ALL TO t|XBIND DEL s TO t|XBIND LIST s|XBIND TEST s a 1 b 2|XCAPTURE ADD s * news.*|XCAPTURE DEL s *|XCAPTURE LIST s|PUBLISH news.1 x|LMOVEM a b LEFT RIGHT 3
XTRIM s MAXLEN 2 DELREF|XREAD MAXCOUNT 5 MAXSIZE 100 STREAMS s 0|XREAD STREAMS s +|DEBUG RELOAD|DEBUG LOADAOF|COPY s t REPLACE
XGROUP CREATE s g 0 MKSTREAM|XAUTOCLAIM s g c 0 0 COUNT 3|BLMOVEM a b LEFT LEFT 0.01 2|BGREWRITEAOF|CONFIG SET appendonly no
CONFIG SET appendonly yes|BGSAVE"""
NOT = {"SHUTDOWN", "CONFIG", "SLEEP", "PAUSE"}  # with another number the last two take days


def templates():
    out = []
    for path in glob.glob(os.path.join(ROOT, "redis-compat/oracle/dialogues/*.txt")):
        for line in open(path):
            line = re.sub(r"^[~!&] ", "", re.sub(r"^[A-Z]: ?", "", line.rstrip("\n")))
            if not line or line[0] in "=#.^<>?":
                continue
            try:
                words = shlex.split(line)
            except ValueError:
                continue
            if words and NOT.isdisjoint(w.upper() for w in words[:2]):
                out.append([w.encode("latin-1", "replace") for w in words])
    return out + [[w.replace("_", " ").encode() for w in m.split()] for m in MORE.replace("\n", "|").split("|")] * 15


def mutated(rng, all_requests):
    args = list(rng.choice(all_requests))
    m = rng.random()
    if m < 0.4 and len(args) > 1:
        args[rng.randrange(1, len(args))] = rng.choice(SPECIAL)
    elif m < 0.5:
        args.insert(rng.randrange(1, len(args) + 1), rng.choice(rng.choice(all_requests)))
    elif m < 0.55 and len(args) > 1:
        args.pop(rng.randrange(1, len(args)))
    raw = bytearray(request(*args))
    if rng.random() < 0.02:
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw[:rng.randrange(len(raw))] if rng.random() < 0.01 else raw)


MOST_SILENT = 20  # a connection that waits, is subscribed or queues for EXEC would keep all that follows from being met


def met_by(server, deadline):
    """How many requests the server ran or refused; 0: it answers, but does not say (an ACL command had an effect); None: no answer. A request that
    is still under way may kill the connection that asks."""
    end = time.time() + deadline
    while (left := end - time.time()) > 0:
        try:
            seen = info(server.conn(seconds=left), section="stats")
            return int(seen["total_commands_processed"]) + int(seen["total_error_replies"])
        except Error:
            return 0
        except (OSError, KeyError):
            time.sleep(0.1)
    return None


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("server")
    ap.add_argument("--seconds", type=float, default=60)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    rng, sent = random.Random(o.seed), 0
    server = Server(o.server, "--appendonly", "yes", "--maxmemory", "500mb", "--proto-max-bulk-len", "8mb", "--enable-debug-command", "yes")
    server.start()
    p, port = server.p, server.port
    requests, connections, why = templates(), {}, None  # connection: batches sent since it last answered
    end = time.time() + o.seconds
    while time.time() < end and p.poll() is None:
        while len(connections) < 6 and p.poll() is None:
            try:
                s = socket.create_connection(("127.0.0.1", port), timeout=5)
                s.setblocking(False)
                connections[s] = 0
            except OSError:
                time.sleep(0.05)
        if not connections:
            break
        s = rng.choice(list(connections))
        n = rng.randrange(1, 20)
        try:
            s.send(b"".join(mutated(rng, requests) for _ in range(n)))
            sent += n
            connections[s] += 1
            if connections[s] > MOST_SILENT or s.recv(1 << 20) == b"" or rng.random() < 0.002:
                raise OSError
            connections[s] = 0
        except BlockingIOError:
            pass
        except OSError:
            s.close()
            del connections[s]
    met = met_by(server, deadline=120) if p.poll() is None else None
    if met is None and p.poll() is None:
        why = "it does not answer any more"
    elif met and met * 10 < sent:
        why = "of %d requests it met %d only" % (sent, met)
    if p.poll() is None:
        p.terminate()
        try:
            p.wait(90)
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGABRT)  # the log then says where it was
            time.sleep(2)
            p.kill()
            why = "it hung at its end"
    if not why and p.returncode:
        why = "it ended with %d" % p.returncode
    why = why or server.report()
    print("%d requests, %s met (seed %d): %s" % (sent, met, o.seed, "%s, %s" % (why, server.log_path) if why else "good"))
    if not why:
        server.end()
    sys.exit(1 if why else 0)


if __name__ == "__main__":
    main()
