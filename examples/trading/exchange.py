"""What the programs of this example share: names of keys, and a connection that outlives the server."""
import argparse, os, random, sys, time

import redis

PARENT = os.getppid()

SYMBOLS = ["S%02d" % i for i in range(24)]
ACCOUNTS = ["account-%02d" % i for i in range(40)]
CASH, SHARES = 1000000, 1000  # what each account begins with: money, and shares of each symbol
ORDERS, TRADES, AUDIT = "{market}:orders", "{market}:trades", "{market}:audit"
HANDLED, SEQUENCE, RESTING = "{market}:handled", "{market}:sequence", "{market}:resting"
MONEY, POSITIONS = "{market}:money", "{market}:positions"
LEASE = 2000  # ms


def book(side, symbol):
    return "{market}:%s:%s" % (side, symbol)


def settled(symbol):
    return "{market}:settled:" + symbol


def arguments(**more):
    p = argparse.ArgumentParser()
    p.add_argument("--port", type=int, required=True)
    p.add_argument("--name", default="w", help="of the worker, each its own")
    p.add_argument("--orders", type=int, default=100000)
    p.add_argument("--deaths", type=float, default=0, help="how likely a worker dies at a dangerous moment")
    p.add_argument("--careless", action="store_true", help="breaks the promises: effect and acknowledgement are two steps")
    return p.parse_args()


def connect(o):
    c = redis.Redis(port=o.port, decode_responses=True, socket_timeout=30)
    # redis-py would drop what CLAIM adds to a message: how long it was idle, and how often it was delivered.
    c.set_response_callback("XREADGROUP", lambda reply, **_: reply)
    return c


def again(step):
    """Does it until the server answers. A step that is repeated may have happened already: it has to be one that may."""
    while True:
        if os.getppid() != PARENT or PARENT == 1:
            sys.exit()  # whoever has started this has ended
        try:
            return step()
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
            time.sleep(0.05)
        except redis.ResponseError as e:
            if not str(e).startswith(("NOREPLICAS", "LOADING", "MASTERDOWN")):
                raise
            time.sleep(0.05)


def may_die(o):
    """A worker that is killed, here: at the worst place."""
    if random.random() < o.deaths:
        os._exit(1)
