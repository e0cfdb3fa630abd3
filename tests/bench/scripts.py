#!/usr/bin/env python3
"""Scripts: CPU time of the server per call, ours against redis-server, in alternating rounds; the least counts.

scripts.py SERVER [--reference redis-server] [--calls N] [--rounds N]
"""
import argparse, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from resp import request             # noqa: E402
from server import Server, servers   # noqa: E402

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


def cpu(pid):
    f = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK")


def round_(s, c, one, calls):
    before, left = cpu(s.p.pid), calls
    while left > 0:
        c.write(one * 16)
        for _ in range(16):
            c.reply()
        left -= 16
    return (cpu(s.p.pid) - before) / calls * 1e6


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("server")
    ap.add_argument("--reference", default="redis-server")
    ap.add_argument("--calls", type=int, default=160000)
    ap.add_argument("--rounds", type=int, default=3)
    o = ap.parse_args()
    with servers(Server(o.server), Server(o.reference)) as both:
        sides = [(s, s.start()) for s in both]
        for name, one, calls in (("EVAL incr, P=16", request("EVAL", INCR, 1, "n"), o.calls),
                                 ("a framework's script (EVAL, %d bytes), P=16" % len(JOB), request("EVAL", JOB, 1, "bench", 1700000000000, PACKED, DATA), o.calls // 8)):
            least = [min(x) for x in zip(*[[round_(s, c, one, calls) for s, c in sides] for _ in range(o.rounds)])]
            print("%-50s ours %.2f us, %s %.2f us, ratio %.2f" % (name, least[0], o.reference, least[1], least[0] / least[1]), flush=True)


main()
