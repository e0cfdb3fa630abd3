#!/usr/bin/env python3
"""Requests made from the oracle's dialogues, bent and broken, through several connections at once.

requests.py SERVER [--seconds N] [--seed S]: SERVER is best a build with sanitizers (make sanitized). Fails
when the process ends, hangs at its end, or its log holds a sanitizer's report.
"""
import argparse, glob, os, random, re, shlex, shutil, signal, socket, subprocess, sys, tempfile, time

from files import Server

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPECIAL = [b"0", b"-1", b"1", b"9223372036854775807", b"-9223372036854775808", b"18446744073709551615", b"4294967296", b"1-1", b"0-0",
           b"+", b"-", b"$", b">", b"*", b"", b"\xff" * 5, b"nan", b"1e308"]
MORE = """XADD s NOMKSTREAM IDMP p 1 * a 1|XADD s IDMPAUTO p * a b|XREADGROUP GROUP g c COUNT 5 CLAIM 0 STREAMS s >
XACKDEL s g DELREF IDS 1 1-1|XDELEX s ACKED IDS 2 1-1 2-1|XNACK s g FAIL IDS 1 1-1|XCFGSET s IDMP-DURATION 1|LMOVEM a b LEFT RIGHT 3
XTRIM s MAXLEN 2 DELREF|XREAD MAXCOUNT 5 MAXSIZE 100 STREAMS s 0|XREAD STREAMS s +|DEBUG RELOAD|DEBUG LOADAOF|COPY s t REPLACE
XGROUP CREATE s g 0 MKSTREAM|XAUTOCLAIM s g c 0 0 COUNT 3|BLMOVEM a b LEFT LEFT 0.01 2|BGREWRITEAOF|CONFIG SET appendonly no
CONFIG SET appendonly yes|BGSAVE"""
NOT = {"SHUTDOWN", "CONFIG", "SLEEP", "PAUSE"}  # bent, the last two take days


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
    return out + [m.encode().split() for m in MORE.replace("\n", "|").split("|")] * 15


def encode(args):
    return b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in args)


def bend(rng, all_requests):
    args = list(rng.choice(all_requests))
    m = rng.random()
    if m < 0.4 and len(args) > 1:
        args[rng.randrange(1, len(args))] = rng.choice(SPECIAL)
    elif m < 0.5:
        args.insert(rng.randrange(1, len(args) + 1), rng.choice(rng.choice(all_requests)))
    elif m < 0.55 and len(args) > 1:
        args.pop(rng.randrange(1, len(args)))
    raw = bytearray(encode(args))
    if rng.random() < 0.02:
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw[:rng.randrange(len(raw))] if rng.random() < 0.01 else raw)


MOST_SILENT = 20  # a connection that waits, is subscribed or queues for EXEC would keep all that follows from being met


def met_by(port, deadline):
    """How many requests the server ran or refused; 0: it answers, but does not say (an ACL command was bent well); None: no answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=deadline) as s, s.makefile("rb") as f:
            s.sendall(b"INFO stats\r\n")
            first = f.readline()
            if first[:1] == b"-":
                return 0
            text = f.read(int(first[1:]))
        return sum(int(re.search(rb"%s:(\d+)" % name, text)[1]) for name in (b"total_commands_processed", b"total_error_replies"))
    except (OSError, ValueError):
        return None


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("server")
    ap.add_argument("--seconds", type=float, default=60)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    o = ap.parse_args()
    rng, directory, sent = random.Random(o.seed), tempfile.mkdtemp(prefix="fuzz-"), 0
    server = Server(os.path.abspath(o.server), directory, "--appendonly", "yes", "--maxmemory", "500mb")
    p, port, log = server.p, server.port, server.log
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
            s.send(b"".join(bend(rng, requests) for _ in range(n)))
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
    met = met_by(port, deadline=60) if p.poll() is None else None
    if met is None and p.poll() is None:
        why = "it does not answer any more"
    elif met and met * 10 < sent:
        why = "of %d requests it met %d only" % (sent, met)
    if p.poll() is None:
        p.terminate()
        try:
            p.wait(30)
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGABRT)  # the log then says where it was
            time.sleep(2)
            p.kill()
            why = "it hung at its end"
    if not why and p.returncode:
        why = "it ended with %d" % p.returncode
    text = open(log, errors="replace").read()
    if not why and re.search("AddressSanitizer|runtime error|ASSERTION", text):
        why = "see the log"
    print("%d requests, %s met (seed %d): %s" % (sent, met, o.seed, "%s, %s" % (why, log) if why else "good"))
    if not why:
        shutil.rmtree(directory)
    sys.exit(1 if why else 0)


if __name__ == "__main__":
    main()
