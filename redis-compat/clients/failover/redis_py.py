"""redis-py with Sentinel: threads that append numbers by single commands, transactions and scripts, and one that reads at replicas. What
failed is not sent again. Run by failover.py."""
import os, sys, threading, time
import redis
from redis.sentinel import Sentinel

SENTINELS = [tuple(a.split(":")) for a in os.environ["SENTINELS"].split(",")]
sentinel = Sentinel([(host, int(port)) for host, port in SENTINELS], socket_timeout=0.5)
primary = sentinel.master_for(os.environ["NAME"], socket_timeout=6)
replica = sentinel.slave_for(os.environ["NAME"], socket_timeout=6)
script = primary.register_script("redis.call('SET', KEYS[2], ARGV[1]) return redis.call('RPUSH', KEYS[1], ARGV[1])")
ended, said = threading.Event(), threading.Lock()


def say(*words):
    with said:
        print(*words, flush=True)


def push(key, n):
    primary.rpush(key, n)


def transaction(key, n):
    with primary.pipeline(transaction=True) as p:
        p.rpush(key, n).set(key + ":last", n).execute()


def eval_script(key, n):
    script(keys=[key, key + ":last"], args=[n])


def read(key, n):
    replica.lrange(key, -1, -1)


def work(function, key):
    n = 0
    while not ended.is_set():
        n += 1
        try:
            function(key, n)
            say(*(("read",) if function is read else ("acked", key, n)))
        except redis.RedisError as e:
            say("failed", "%s: %s" % (type(e).__name__, e))
            time.sleep(0.05)
        time.sleep(0.01)


threads = [threading.Thread(target=work, args=a) for a in ((push, "push"), (push, "other"), (transaction, "transaction"), (eval_script, "script"), (read, "push"))]
for t in threads:
    t.start()
sys.stdin.read()
ended.set()
for t in threads:
    t.join()
