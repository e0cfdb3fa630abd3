#!/usr/bin/env python3
"""Sends orders. Each has a number; a batch whose answers were lost is sent again, and IDMP takes what is there already for what it is: there."""
import random

from exchange import ACCOUNTS, ORDERS, SYMBOLS, again, arguments, connect

BATCH = 50  # fewer than the message ids that the stream remembers


def order(number):
    r = random.Random(number)
    return {"symbol": r.choice(SYMBOLS), "number": "%07d" % number, "account": r.choice(ACCOUNTS), "side": r.choice(["buy", "sell"]), "price": r.randint(95, 105), "quantity": r.randint(1, 20)}


def send(c, numbers):
    p = c.pipeline(transaction=False)
    for n in numbers:
        fields = [x for pair in order(n).items() for x in pair]
        p.execute_command("XADD", ORDERS, "IDMP", "producer", n, "*", *fields)
    p.execute()  # each answer says: on the disk here, and on a replica


def main():
    o = arguments()
    c = connect(o)
    for first in range(0, o.orders, BATCH):
        again(lambda: send(c, range(first, min(first + BATCH, o.orders))))


main()
