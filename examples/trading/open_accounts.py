#!/usr/bin/env python3
"""Gives every account its money and its shares."""
from exchange import ACCOUNTS, CASH, MONEY, POSITIONS, SHARES, SYMBOLS, arguments, connect

c = connect(arguments())
c.hset(MONEY, mapping={a: CASH for a in ACCOUNTS})
c.hset(POSITIONS, mapping={"%s %s" % (a, s): SHARES for a in ACCOUNTS for s in SYMBOLS})
