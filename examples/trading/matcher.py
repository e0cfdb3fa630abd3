#!/usr/bin/env python3
"""Matches orders. ORDERBY symbol gives each symbol's orders one after the other, whichever matcher takes them; the function does the rest."""
from exchange import HANDLED, LEASE, ORDERS, RESTING, SEQUENCE, TRADES, again, arguments, book, connect, may_die


def call(p, o, id, fields, deliveries):
    f = dict(zip(fields[::2], fields[1::2]))
    keys = [ORDERS, book("buy", f["symbol"]), book("sell", f["symbol"]), RESTING, TRADES, SEQUENCE, HANDLED]
    args = [f["symbol"], f["number"], f["account"], f["side"], f["price"], f["quantity"], id]
    if o.careless:
        p.fcall("place_unfenced", len(keys), *keys, *args)
    else:
        p.fcall("place", len(keys), *keys, *args, o.name, deliveries + 1)


def step(c, o):
    for _, messages in c.execute_command("XREADGROUP", "GROUP", "matchers", o.name, "COUNT", 20, "BLOCK", 1000, "CLAIM", LEASE, "STREAMS", ORDERS, ">") or []:
        may_die(o)
        p = c.pipeline(transaction=False)
        for id, fields, _, deliveries in messages:
            call(p, o, id, fields, deliveries)
        p.execute()
        may_die(o)
        if o.careless:
            c.xack(ORDERS, "matchers", *[m[0] for m in messages])


def main():
    o = arguments()
    c = connect(o)
    while True:
        again(lambda: step(c, o))


main()
