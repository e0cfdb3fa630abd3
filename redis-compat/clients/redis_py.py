#!/usr/bin/python3
"""redis-py (Debian's python3-redis) against a server of its own: pools, pipelines, transactions, pub/sub, locks,
streams with groups, blocking pops. usage: redis_py.py SERVER (ours, or redis-server, which proves the program)."""
import os, sys, threading, time
import redis

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "support"))
from check import check, done  # noqa: E402
from server import Server      # noqa: E402

SERVER = Server(sys.argv[1])
SERVER.start().close()
PORT = SERVER.port
r = redis.Redis(port=PORT, decode_responses=True)


def strings():
    assert r.set("a", "1", ex=100) and r.incr("a") == 2 and 90 < r.ttl("a") <= 100
    assert r.mset({"x": "1", "y": "2"}) and r.mget("x", "y", "z") == ["1", "2", None]
    assert r.set("a", "b", get=True) == "2" and r.getex("a", persist=True) == "b" and r.getdel("a") == "b"
    assert sorted(r.scan_iter("*")) == ["x", "y"]
    assert r.info()["redis_version"] and r.config_get("maxmemory")["maxmemory"] == "0"


def pipelines():
    with r.pipeline(transaction=True) as p:
        p.set("n", 1).incr("n").lpush("l", *range(5)).lrange("l", 0, -1)
        assert p.execute() == [True, 2, 5, ["4", "3", "2", "1", "0"]]
    with r.pipeline() as p:
        p.watch("n")
        r.set("n", 50)
        p.multi()
        p.incr("n")
        try:
            p.execute()
            assert False, "the transaction went through"
        except redis.WatchError:
            pass
    assert r.transaction(lambda p: (p.multi(), p.incr("n")), "n") == [51]


def lists():
    r.delete("q")
    got = []
    t = threading.Thread(target=lambda: got.append(redis.Redis(port=PORT, decode_responses=True).blpop("q", timeout=5)))
    t.start()
    time.sleep(0.1)
    r.rpush("q", "job")
    t.join()
    assert got == [("q", "job")]
    r.rpush("q", 1, 2, 3)
    assert r.lmove("q", "d") == "1" and r.blmove("q", "d", 1) == "2" and r.brpoplpush("d", "q", 1) == "2"
    assert r.lpos("q", "3") == 1 and r.blpop("none", timeout=0.05) is None


def pubsub():
    p = r.pubsub()
    p.subscribe("ch")
    p.psubscribe("c*")
    assert [p.get_message(timeout=2)["type"] for _ in range(2)] == ["subscribe", "psubscribe"]
    assert r.publish("ch", "hello") == 2
    assert {p.get_message(timeout=2)["type"] for _ in range(2)} == {"message", "pmessage"}
    assert r.pubsub_numsub("ch") == [("ch", 1)]
    p.close()


def streams():
    ids = [r.xadd("s", {"n": i}) for i in range(10)]
    r.xgroup_create("s", "g", id="0")
    got = r.xreadgroup("g", "c1", {"s": ">"}, count=4)
    assert [e[0] for e in got[0][1]] == ids[:4] and got[0][1][0][1] == {"n": "0"}
    assert r.xack("s", "g", ids[0], ids[1]) == 2
    assert r.xpending("s", "g") == {"pending": 2, "min": ids[2], "max": ids[3], "consumers": [{"name": "c1", "pending": 2}]}
    assert r.xclaim("s", "g", "c2", 0, [ids[2]], justid=True) == [ids[2]]
    assert r.xautoclaim("s", "g", "c3", 0, justid=True) == [ids[2], ids[3]]
    assert r.xpending_range("s", "g", "-", "+", 10)[0]["consumer"] == "c3"
    assert r.xinfo_stream("s")["length"] == 10 and r.xinfo_groups("s")[0]["lag"] == 6
    assert {c["name"] for c in r.xinfo_consumers("s", "g")} == {"c1", "c2", "c3"}
    assert r.xtrim("s", maxlen=5, approximate=False) == 5 and r.xlen("s") == 5 and r.xrevrange("s", count=1)[0][0] == ids[9]
    assert r.xread({"s": "$"}, block=30) == []


def clients():
    r.client_setname("me")
    assert any(c["name"] == "me" for c in r.client_list()) and r.client_getname() == "me"
    assert r.client_id() > 0 and r.time()[0] > 0 and r.dbsize() > 0
    try:
        r.execute_command("NOSUCH")
        assert False
    except redis.ResponseError as e:
        assert "unknown command" in str(e)
    try:
        r.lpush("n", 1)
        assert False
    except redis.ResponseError as e:
        assert str(e).startswith("WRONGTYPE")


def cache():
    """Sessions, locks, counters, leaderboards: what a cache server is used for."""
    r.flushall()
    assert r.hset("session", mapping={"user": "7", "name": "ann"}) == 2 and r.hincrby("session", "visits", 3) == 3
    assert r.hgetall("session") == {"user": "7", "name": "ann", "visits": "3"} and r.hmget("session", "user", "none") == ["7", None]
    assert dict(r.hscan_iter("session"))["name"] == "ann" and r.hdel("session", "name") == 1 and r.hlen("session") == 2
    assert r.set("lock", "me", nx=True, px=5000) and not r.set("lock", "you", nx=True) and r.delete("lock") == 1
    assert r.sadd("tags", "a", "b", "c") == 3 and r.smembers("tags") == {"a", "b", "c"} and r.smismember("tags", ["a", "x"]) == [1, 0]
    r.sadd("more", "c", "d")
    assert r.sinter("tags", "more") == {"c"} and r.sunionstore("all", "tags", "more") == 4 and set(r.sscan_iter("all")) == {"a", "b", "c", "d"}
    r.zadd("board", {"ann": 10, "bob": 20, "cy": 15})
    assert r.zincrby("board", 7.5, "ann") == 17.5 and r.zrevrange("board", 0, 1, withscores=True) == [("bob", 20.0), ("ann", 17.5)]
    assert r.zrank("board", "cy") == 0 and r.zrangebyscore("board", 15, "(20") == ["cy", "ann"] and r.zpopmin("board") == [("cy", 15.0)]
    assert r.bzpopmax("board", timeout=1) == ("board", "bob", 20.0)
    assert r.setbit("days", 7, 1) == 0 and r.bitcount("days") == 1 and r.bitfield("days").set("u8", 8, 200).get("u8", 8).execute() == [0, 200]
    assert r.pfadd("seen", "a", "b", "a") == 1 and r.pfcount("seen") == 2
    r.geoadd("shops", (13.361389, 38.115556, "p", 15.087269, 37.502669, "c"))
    assert round(r.geodist("shops", "p", "c", "km")) == 166 and r.geosearch("shops", longitude=15, latitude=37, radius=100, unit="km") == ["c"]
    r.rpush("n", 3, 1, 2)
    assert r.sort("n", desc=True) == ["3", "2", "1"]
    binary = redis.Redis(port=PORT)
    assert binary.restore("copy", 0, binary.dump("session")) and r.hgetall("copy") == r.hgetall("session")
    assert r.object("encoding", "session") == "listpack" and r.memory_usage("session") > 0


for f in (strings, pipelines, lists, pubsub, streams, clients, cache):
    try:
        f()
        check(f.__name__, True)
    except Exception as e:
        check(f.__name__, False, "%s %s" % (type(e).__name__, e))
SERVER.end()
done()
