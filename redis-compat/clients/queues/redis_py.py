"""redis-py: a worker that reads, works and acknowledges, and knows nothing else. Run by queues.py."""
import os, sys, time
import redis

r = redis.Redis(port=int(os.environ["PORT"]), decode_responses=True, socket_timeout=10)
while True:
    try:
        for key, messages in r.xreadgroup("g", os.environ["NAME"], {"q": ">"}, count=int(os.environ["COUNT"]), block=1000) or []:
            for id, fields in messages:
                if fields["kind"] != "work":
                    print("took", id, flush=True)
                    if fields["kind"] == "kills":
                        os.kill(os.getpid(), 9)
                    continue  # it has failed: there is nothing to acknowledge
                print("did", fields["n"], flush=True)
                r.xack(key, "g", id)
    except redis.RedisError as e:
        print("failed", type(e).__name__, e, flush=True)
        time.sleep(0.05)
