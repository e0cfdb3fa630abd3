#!/usr/bin/env python3
"""What was promised, looked at when all is done. Prints a line for each promise, and "N passed, N failed"."""
import collections, sys

from exchange import ACCOUNTS, AUDIT, CASH, HANDLED, MONEY, ORDERS, POSITIONS, SEQUENCE, SHARES, SYMBOLS, TRADES, arguments, connect

failed = passed = 0


def promise(what, kept, seen):
    global failed, passed
    passed, failed = passed + bool(kept), failed + (not kept)
    print(("ok " if kept else "not ok ") + "%s: %s" % (what, seen), flush=True)


def entries(c, key):
    last = "-"
    while got := c.xrange(key, last, "+", count=1000):
        yield from got
        last = "(" + got[-1][0]


def replayed(c):
    """Money and positions as the audit's entries make them of what everybody began with; and the sequences of the symbols."""
    money, positions = collections.Counter(), collections.Counter()
    sequences = collections.defaultdict(list)
    for _, f in entries(c, AUDIT):
        value, quantity = int(f["price"]) * int(f["quantity"]), int(f["quantity"])
        money[f["buyer"]] -= value
        money[f["seller"]] += value
        positions[f["buyer"] + " " + f["symbol"]] += quantity
        positions[f["seller"] + " " + f["symbol"]] -= quantity
        sequences[f["symbol"]].append(int(f["sequence"]))
    return ({a: CASH + money[a] for a in ACCOUNTS}, {"%s %s" % (a, s): SHARES + positions["%s %s" % (a, s)] for a in ACCOUNTS for s in SYMBOLS}, sequences)


def latencies(c):
    """Milliseconds from an order to the trade that it led to, by their IDs."""
    return sorted(int(id.split("-")[0]) - int(f["order"].split("-")[0]) for id, f in entries(c, TRADES))


def main():
    o = arguments()
    c = connect(o)
    handled = c.hgetall(HANDLED)
    promise("each order is handled, and once", len(handled) == o.orders and set(handled.values()) == {"1"}, "%d of %d, %d more than once" % (len(handled), o.orders, sum(v != "1" for v in handled.values())))
    money, positions = ({k: int(v) for k, v in c.hgetall(key).items()} for key in (MONEY, POSITIONS))
    promise("no money is made or lost", sum(money.values()) == CASH * len(ACCOUNTS), sum(money.values()) - CASH * len(ACCOUNTS))
    shares = {s: sum(v for k, v in positions.items() if k.endswith(" " + s)) - SHARES * len(ACCOUNTS) for s in SYMBOLS}
    promise("no share is made or lost", not any(shares.values()), shares if any(shares.values()) else "of %d symbols" % len(SYMBOLS))
    then_money, then_positions, sequences = replayed(c)
    trades = sum(map(len, sequences.values()))
    torn = [s for s in SYMBOLS if sequences[s] != list(range(1, int(c.hget(SEQUENCE, s) or 0) + 1))]
    promise("each symbol's trades are settled in their order, without gap or double", not torn, "not those of %s" % ", ".join(torn) if torn else "%d trades" % trades)
    promise("the audit replayed is the state", (then_money, then_positions) == (money, positions), "%d accounts" % len(ACCOUNTS))
    left = (c.xlen(ORDERS), c.xpending(ORDERS, "matchers")["pending"], c.xpending(TRADES, "settlement")["pending"])
    promise("nothing is left over", left == (0, 0, 0), "orders %d, pending %d and %d" % left)
    ms = latencies(c)
    if ms:
        print("order to trade: median %d ms, p99 %d ms, longest %d ms, of %d trades" % (ms[len(ms) // 2], ms[len(ms) * 99 // 100], ms[-1], len(ms)))
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(failed > 0)


main()
