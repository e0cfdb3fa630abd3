#!/usr/bin/env python3
"""XCRON NEXT against two others, over random expressions and zones around shifts of summer time: a walk over local time, hour by hour and second by
second, that knows zones from Python's zoneinfo; and croniter, where its rules are ours. usage: oracle.py --server SERVER [--seed N] [--expressions N]

An expression is made together with the values that its fields mean, so nothing here reads one."""
import argparse, bisect, datetime, os, random, sys, zoneinfo

from croniter import croniter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from check import check, done  # noqa: E402
from resp import Error         # noqa: E402
from server import Server      # noqa: E402

UTC, MOMENTS = datetime.timezone.utc, 50
EPOCH = datetime.datetime(1970, 1, 1)
SECOND, HOUR, DAY = datetime.timedelta(seconds=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)
WITHIN = 3660 * DAY      # from one moment to the next, else the expression counts as never true
UNTIL = 4102444800       # Millrace knows shifts up to 2100
MISREAD = {"Europe/Dublin", "Eire"}  # beyond 2037, by GLib 2.74: their rule calls winter the time that is shifted
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
DAYS = "SUN MON TUE WED THU FRI SAT".split()
FIELDS = [("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6)]


class Expression:
    """fields: texts, second first; sets: what they mean; star: which of them begin with one; plain: croniter means the same."""

    def __init__(self, r):
        self.r, self.plain, self.fields, self.sets, self.star = r, True, [], [], []
        self.six = r.random() < 0.25
        self.every_hour = False
        if r.random() < 0.05:
            self.macro()
            return
        for name, least, most in FIELDS:
            if name == "second" and not self.six:
                self.add("0", {0})
            elif name in ("day", "month", "weekday") and r.random() < 0.6:
                self.add(r.choice("***?"), set(range(least, most + 1)))
            else:
                self.list(name, least, most)
        if self.fields[3] != "*" and max(self.sets[3]) > 28:
            self.plain = False  # croniter loses the first of March
        for i in (3, 5):
            if self.fields[i] != "*" and (self.star[i] or len(self.sets[i]) == FIELDS[i][2] - FIELDS[i][1] + 1):
                self.plain = False  # to croniter other fields than * are restrictions, or not, by what they mean
        self.every_hour = self.fields[2] in ("*", "?") or self.fields[2][:2] in ("*/", "?/") and "," not in self.fields[2]
        self.plain = self.plain and "?" not in " ".join(self.fields)

    def macro(self):
        self.text, values = self.r.choice([("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"),
                                           ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@hourly", "0 * * * *")])
        for (name, least, most), v in zip(FIELDS, ["0"] + values.split()):
            self.add(v, set(range(least, most + 1)) if v == "*" else {int(v)})
        self.every_hour = self.text == "@hourly"

    def add(self, text, values):
        self.fields.append(text)
        self.sets.append(values)
        self.star.append(text[0] in "*?")

    def list(self, name, least, most):
        parts = [self.part(name, least, most) for _ in range(self.r.choice([1, 1, 1, 1, 2, 3]))]
        self.add(",".join(t for t, _ in parts), set().union(*(v for _, v in parts)))

    def value(self, name, least, most):
        """(text, number)"""
        r = self.r
        v = r.choice([0, 1, 2, 3, 23]) if name == "hour" and r.random() < 0.6 else r.randint(least, most)
        words = MONTHS if name == "month" else DAYS if name == "weekday" else None
        if words and r.random() < 0.4:
            return r.choice([str.lower, str.upper, str.title])(words[v - least]), v
        return r.choice(["%d", "%02d"]) % v, v

    def part(self, name, least, most):
        r, kind = self.r, self.r.choice(["value", "value", "range", "range", "star", "from", "week" if name == "weekday" else "value"])
        step = r.choice([0, r.randint(1, max(1, most // 2))])
        if kind == "value":
            text, v = self.value(name, least, most)
            return text, {v}
        if kind == "star":
            return "*/%d" % step if step else "*", {v for v in range(least, most + 1) if (v - least) % (step or 1) == 0}
        if kind == "from":
            self.plain = self.plain and name != "weekday"  # the last of them is 7 to croniter
            text, v = self.value(name, least, most)
            return "%s/%d" % (text, step or 1), {x for x in range(v, most + 1) if (x - v) % (step or 1) == 0}
        if kind == "week":  # Sunday as the seventh day
            self.plain = False
            first = r.randint(1, 7)
            values = {x % 7 for x in range(first, 8) if (x - first) % (step or 1) == 0}
            return "%d-%s" % (first, r.choice(["7", "SUN", "sun"])) + ("/%d" % step if step else ""), values
        (a, x), (b, y) = sorted((self.value(name, least, most), self.value(name, least, most)), key=lambda p: p[1])
        return "%s-%s" % (a, b) + ("/%d" % step if step else ""), {v for v in range(x, y + 1) if (v - x) % (step or 1) == 0}

    def __str__(self):
        return getattr(self, "text", " ".join(self.fields if self.six else self.fields[1:]))

    def day_fits(self, d):
        day, weekday = d.day in self.sets[3], (d.weekday() + 1) % 7 in self.sets[5]
        return d.month in self.sets[4] and (day and weekday if self.star[3] or self.star[5] else day or weekday)


def local(zone, utc):
    return utc.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def offset(zone, utc):
    return local(zone, utc) - utc


def instants(zone, naive):
    """The moments at which the zone's clocks show it; or the one shift that leaves it out, as a moment of its own."""
    guesses = sorted(naive - naive.replace(tzinfo=zone, fold=f).utcoffset() for f in (0, 1))
    shown = sorted({u for u in guesses if local(zone, u) == naive})
    if shown:
        return shown
    low, high = guesses
    while high - low > SECOND:
        middle = low + (high - low) // SECOND // 2 * SECOND
        low, high = (middle, high) if offset(zone, middle) == offset(zone, guesses[0]) else (low, middle)
    return [high]


def candidates(e, at):
    """Local times that fit, from an hour on, in order; the end: none within ten years."""
    last, times = at, [(m, x) for m in sorted(e.sets[1]) for x in sorted(e.sets[0])]
    while at - last < WITHIN + 2 * DAY:
        if not e.day_fits(at):
            at = at.replace(hour=0) + DAY
            continue
        if at.hour in e.sets[2]:
            last = at
            yield from (at.replace(minute=m, second=x) for m, x in times)
        at += HOUR


def walk(e, zone, after):
    """Its moments behind `after`, by looking at every hour, and at every second of those that fit."""
    found = []
    for naive in candidates(e, local(zone, after).replace(minute=0, second=0, microsecond=0) - 4 * HOUR):
        shown = instants(zone, naive)
        for u in shown if e.every_hour else shown[:1]:
            at = bisect.bisect_left(found, u)
            if u > after and found[at:at + 1] != [u]:
                found.insert(at, u)
        # What the clock shows later for the first time is not earlier.
        if bisect.bisect_right(found, shown[0]) >= MOMENTS:
            break
    out = []
    for u in found[:MOMENTS]:
        if u - (out[-1] if out else after.replace(microsecond=0)) > WITHIN:
            break
        out.append(u)
    return out


def ms(u):
    return (u - EPOCH) // datetime.timedelta(milliseconds=1)


def of_croniter(e, zone, after, until):
    """Likewise; None: it has other rules. Local time has to be a line for all of it."""
    text = " ".join(e.fields[1:] + (e.fields[:1] if e.six else []))
    first, last = local(zone, after), local(zone, until)
    if not e.plain or until - after > 60 * DAY and zone.key != "UTC":
        return None  # there are shifts in between
    # A zone may shift and shift back within three weeks, as in the west of Argentina in June 2004.
    if any(offset(zone, after + n * DAY) != first - after for n in range(-1, min((until - after).days + 3, 64))):
        return None
    it, out = croniter(text, first, max_years_between_matches=12), []
    while not out or out[-1] < last:
        out.append(it.get_next(datetime.datetime))
    return [ms(x - (first - after)) for x in out]


def shift(r, zone):
    """A moment at which the zone's offset changes; any moment where it has none."""
    at = EPOCH + r.randrange(2 * 365, 75 * 365) * DAY
    for _ in range(60):
        if offset(zone, at) != offset(zone, at + 10 * DAY):
            low, high = at, at + 10 * DAY
            while high - low > SECOND:
                middle = low + (high - low) // SECOND // 2 * SECOND
                low, high = (middle, high) if offset(zone, middle) == offset(zone, low) else (low, middle)
            return high
        at += 10 * DAY
    return at


class Compared:
    def __init__(self, c):
        self.c, self.walked, self.others, self.moments, self.never = c, 0, 0, 0, 0

    def one(self, e, zone, after):
        said = "XCRON NEXT %r TZ %s FROM %d COUNT %d" % (str(e), zone.key, ms(after), MOMENTS)
        got = self.ask(e, zone, after)
        want = [ms(u) for u in walk(e, zone, after)]
        self.never += not want
        if self.shown(got) != self.shown(want):
            return check(said, False, self.difference(got, want, "the walk"))
        self.walked, self.moments = self.walked + 1, self.moments + len(want)
        other = of_croniter(e, zone, after, EPOCH + datetime.timedelta(milliseconds=want[-1])) if want else None
        if other is not None:
            self.others += 1
            if other != got:
                return check(said, False, self.difference(got, other, "croniter"))
        return True

    def ask(self, e, zone, after):
        try:
            return self.c.ask("XCRON", "NEXT", str(e), "TZ", zone.key, "FROM", ms(after), "COUNT", MOMENTS)
        except Error as error:
            return [] if "no occurrence within" in str(error) else str(error)

    @staticmethod
    def difference(got, want, whose):
        if not isinstance(got, list):
            return got
        i = next((i for i, pair in enumerate(zip(got, want)) if pair[0] != pair[1]), min(len(got), len(want)))
        return "%d moments, %d of %s; from number %d on %r, and %r" % (len(got), len(want), whose, i, got[i:i + 3], want[i:i + 3])

    @staticmethod
    def shown(moments):
        return [x for x in moments if x < UNTIL * 1000] if isinstance(moments, list) else moments


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--server", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--expressions", type=int, default=100)
    o = p.parse_args()
    r = random.Random(o.seed)
    names = sorted(n for n in zoneinfo.available_timezones() if n != "localtime" and os.path.exists("/usr/share/zoneinfo/" + n))
    s = Server(o.server)
    compared, good = Compared(s.start()), True
    for _ in range(o.expressions):
        e, zone = Expression(r), zoneinfo.ZoneInfo(r.choice(names) if r.random() < 0.85 else "UTC")
        after = shift(r, zone) + datetime.timedelta(milliseconds=r.choice([0, -1000, r.randint(-2 * 86400000, 86400000)]))
        if zone.key in MISREAD:
            after = min(after, datetime.datetime(1987, 3, 29, 1))  # 50 moments may take as many years
        good = compared.one(e, zone, after) and good
    s.end()
    if good:
        check("seed %d: %d expressions, %d moments, %d without any; %d compared with croniter too" % (o.seed, compared.walked, compared.moments, compared.never, compared.others),
              compared.others > 0)
    done()


if __name__ == "__main__":
    main()
