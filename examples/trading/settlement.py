#!/usr/bin/env python3
"""Settles trades: money, positions and the audit's entry change in one transaction, with the acknowledgement and the number of the last trade of
the symbol that is settled. A trade that comes again (a worker died, an answer was lost) has a number that is settled: nothing is left to do."""
import redis

from exchange import AUDIT, MONEY, POSITIONS, TRADES, again, arguments, connect, may_die, settled


def effects(p, f):
    value = int(f["price"]) * int(f["quantity"])
    p.hincrby(MONEY, f["buyer"], -value)
    p.hincrby(MONEY, f["seller"], value)
    p.hincrby(POSITIONS, f["buyer"] + " " + f["symbol"], f["quantity"])
    p.hincrby(POSITIONS, f["seller"] + " " + f["symbol"], -int(f["quantity"]))
    p.xadd(AUDIT, {n: f[n] for n in ("symbol", "sequence", "buyer", "seller", "price", "quantity")})


def settle(c, o, trades):
    """All of them in one transaction: ORDERBY gives at most one trade of a symbol at a time."""
    with c.pipeline() as p:
        keys = [settled(f["symbol"]) for _, f in trades]
        p.watch(*keys)
        last = p.mget(keys)
        may_die(o)
        p.multi()
        for (id, f), key, n in zip(trades, keys, last):
            if o.careless or int(f["sequence"]) > int(n or 0):
                effects(p, f)
                p.set(key, f["sequence"])
            if not o.careless:
                p.xack(TRADES, "settlement", id)
        p.execute()
        may_die(o)
        if o.careless:
            c.xack(TRADES, "settlement", *[id for id, _ in trades])


def step(c, o):
    for _, messages in c.execute_command("XREADGROUP", "GROUP", "settlement", o.name, "COUNT", 20, "BLOCK", 1000, "STREAMS", TRADES, ">") or []:
        may_die(o)
        try:
            settle(c, o, [(id, dict(zip(fields[::2], fields[1::2]))) for id, fields in messages])
        except redis.WatchError:
            pass  # somebody else has settled one of them: they come again when the lease has ended


def main():
    o = arguments()
    c = connect(o)
    while True:
        again(lambda: step(c, o))


main()
