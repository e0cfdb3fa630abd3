#!/usr/bin/env python3
"""Scripts: CPU time of the server per call, ours against redis-server, in alternating rounds; the least counts.

scripts.py SERVER [--reference redis-server] [--calls N] [--rounds N] [--tls]
"""
import argparse, os, socket, subprocess, tempfile, time

INCR = "return redis.call('incr', KEYS[1])"
# Of the size and kind that job frameworks use: adds a job, takes it, finishes it, tells about it.
JOB = """
local prefix, id, now = KEYS[1], redis.call('INCR', KEYS[1] .. ':id'), tonumber(ARGV[1])
local opts = cmsgpack.unpack(ARGV[2])
local data = cjson.decode(ARGV[3])
local key = prefix .. ':' .. id
local function event(name, ...)
  return redis.call('XADD', prefix .. ':events', 'MAXLEN', '~', 1000, '*', 'event', name, 'jobId', id, ...)
end
local function target(delay, priority)
  if delay > 0 then return 'delayed' elseif priority > 0 then return 'prioritized' end
  return 'wait'
end
redis.call('HSET', key, 'name', data.name, 'data', ARGV[3], 'timestamp', now, 'delay', opts.delay or 0, 'priority', opts.priority or 0)
event('added', 'name', data.name)
local where = target(opts.delay or 0, opts.priority or 0)
if where == 'delayed' then
  redis.call('ZADD', prefix .. ':delayed', now + opts.delay, id)
elseif where == 'prioritized' then
  redis.call('ZADD', prefix .. ':prioritized', opts.priority, id)
else
  redis.call('LPUSH', prefix .. ':wait', id)
end
event(where)
local job = redis.call('RPOPLPUSH', prefix .. ':wait', prefix .. ':active')
if job then
  local fields = redis.call('HGETALL', prefix .. ':' .. job)
  local t = {}
  for i = 1, #fields, 2 do t[fields[i]] = fields[i + 1] end
  if string.find(t.name, '^job') and redis.call('LREM', prefix .. ':active', 1, job) == 1 then
    redis.call('ZADD', prefix .. ':completed', now, job)
    redis.call('HSET', prefix .. ':' .. job, 'returnvalue', cjson.encode({ok = true, id = tonumber(job)}), 'finishedOn', now)
    event('completed', 'prev', 'active')
    if redis.call('ZCARD', prefix .. ':completed') > 100 then
      local old = redis.call('ZPOPMIN', prefix .. ':completed', 1)
      redis.call('DEL', prefix .. ':' .. old[1])
    end
  end
end
return id
"""
PACKED = b"\x82\xa5delay\x00\xa8attempts\x03"
DATA = b'{"name":"job-mail","to":"someone@example.org","items":[1,2,3],"nested":{"a":true}}'


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(path):
    port, d = free_port(), tempfile.mkdtemp(prefix="bench-")
    p = subprocess.Popen([path, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", d], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            return p, socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.02)


def command(*args):
    args = [a if isinstance(a, bytes) else str(a).encode() for a in args]
    return b"*%d\r\n" % len(args) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in args)


def cpu(pid):
    f = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK")


def round_(p, s, request, calls):
    batch = request * 16
    before, left = cpu(p.pid), calls
    while left > 0:
        s.sendall(batch)
        got = b""
        while got.count(b"\r\n") < 16:
            got += s.recv(65536)
        if b"-" in got:
            raise SystemExit(got[:300])
        left -= 16
    return (cpu(p.pid) - before) / calls * 1e6


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("server")
    ap.add_argument("--reference", default="redis-server")
    ap.add_argument("--calls", type=int, default=160000)
    ap.add_argument("--rounds", type=int, default=3)
    o = ap.parse_args()
    both = [start(os.path.abspath(o.server)), start(o.reference)]
    try:
        for name, request, calls in (("EVAL incr, P=16", command("EVAL", INCR, 1, "n"), o.calls),
                                     ("a framework's script (EVAL, %d bytes), P=16" % len(JOB), command("EVAL", JOB, 1, "bench", 1700000000000, PACKED, DATA), o.calls // 8)):
            least = [min(x) for x in zip(*[[round_(p, s, request, calls) for p, s in both] for _ in range(o.rounds)])]
            print("%-50s ours %.2f us, %s %.2f us, ratio %.2f" % (name, least[0], o.reference, least[1], least[0] / least[1]), flush=True)
    finally:
        for p, _ in both:
            p.kill()


main()
