"""Numbers that live: many queues and their order, rows that keep their places, the rates of the overview."""
import re, threading, time

from selenium.webdriver.common.keys import Keys

from check import expect, until, wait_for
from resp import Conn, Error
from case import case


def rows(w, table="queues"):
    """What stands at the head of each row, from above."""
    return w.b.js("return [...document.querySelectorAll(`[data-table=${arguments[0]}] tbody tr[data-row] th`)].map((e) => e.innerText.trim())", table)


def cell(w, name, column, table="queues"):
    """What stands in a column of the row that is called so."""
    return w.b.js("""const t = document.querySelector(`[data-table=${arguments[2]}] table`), at = [...t.tHead.rows[0].cells].findIndex((c) => c.innerText.trim().replace(/ [▾▴]$/, '') === arguments[1]);
        return [...t.tBodies[0].rows].find((r) => r.querySelector('th')?.innerText.trim() === arguments[0])?.cells[at]?.innerText.trim()""", name, column, table)


def surveyed(w, *words):
    """Keys of the streams, as the server orders them; and how many there are."""
    _, total, all_rows = w.c.ask("SURVEY", "STREAMS", *words)
    return [dict(zip(r[::2], r[1::2]))["key"] for r in all_rows], total


@case(5, "Row order, selection and focus stay while numbers change; \"4 new rows\" brings them.", filled=False)
def rows_stay(w):
    c = w.c
    names = ["queue-%d" % i for i in range(6)]
    for i, name in enumerate(names):
        c.many([("XADD", name, "*", "n", n) for n in range(10 * (6 - i))])
    w.log_in()
    w.route("#/queues?by=length&desc=1")
    until("all queues", lambda: rows(w) == names)
    w.b.click_in_row("queue-2", "Choose", kind="input")
    w.b.keys(Keys.TAB)
    w.b.keys(Keys.TAB)
    expect(w.b.focus(), ["queue-2", "a"], "what has the focus")
    w.b.js("window.focused = document.activeElement")
    c.many([("XADD", "queue-5", "*", "n", n) for n in range(990)])
    c.many([("XADD", "queue-2", "*", "n", n) for n in range(5)])
    for i in range(4):
        c.many([("XADD", "new-%d" % i, "*", "n", n) for n in range(2000 - i)])
    until("the numbers", lambda: (cell(w, "queue-5", "length"), cell(w, "queue-2", "length")) == ("1,000", "45"))
    w.b.find("button", "4 new rows: show")
    expect(rows(w), names, "rows in their order")
    expect(w.b.js("return [document.activeElement === window.focused, window.focused.isConnected, window.focused.innerText]"), [True, True, "queue-2"], "the focus")
    w.b.sees("1 chosen")
    now = ["new-0", "new-1", "new-2", "new-3", "queue-5", "queue-0", "queue-1", "queue-2", "queue-3", "queue-4"]
    expect(surveyed(w, "BY", "length", "DESC")[0], now, "the order of the server")
    # The pointer leads from the row to the button: the rows wait for that.
    w.b.pointer("queue-3", kind="[data-table=queues] a")
    w.b.keys(Keys.SHIFT, Keys.TAB)
    w.b.js("document.activeElement.blur()")
    expect(rows(w), names, "under the pointer")
    w.b.pointer("4 new rows: show", steps=12)
    expect(rows(w), names, "on the way to the button")
    w.b.click("4 new rows: show")
    until("the new rows", lambda: rows(w) == now)
    expect(w.b.has("button", "new rows"), False, "more of them")
    expect(w.b.js("return [...document.querySelectorAll('[data-table=queues] tbody tr.chosen th')].map((e) => e.innerText)"), ["queue-2"], "what is chosen")
    # Without somebody there they come by themselves.
    w.b.away()
    c.many([("XADD", "queue-4", "*", "n", n) for n in range(3000)])
    until("the order by itself", lambda: rows(w)[0] == "queue-4")
    expect(rows(w), surveyed(w, "BY", "length", "DESC")[0], "the order of the server")


# Holds back answers to GETs whose path contains the argument, until letGo().
LATE = """
const ask = window.fetch, what = arguments[0];
let open;
const gate = new Promise((done) => { open = done; });
window.late = 0;
window.letGo = () => { window.fetch = ask; open(); };
window.fetch = async (path, o) => {
    const answer = await ask(path, o);
    if (o?.method === 'GET' && String(path).includes(what)) { window.late++; await gate; }
    return answer;
};
"""


@case(5, "Row order, selection and focus stay while numbers change; \"4 new rows\" brings them.", part="one's own change, while an older answer is under way")
def own_change(w):
    w.log_in()
    w.go("Schedules")
    w.b.click_in_row("hourly", "Delete")
    w.b.js(LATE, "/streams/0/reports/schedules")
    until("an answer under way", lambda: w.b.js("return window.late > 0"))
    w.b.click("Delete")
    until("it is gone", lambda: len(w.c.ask("XCRON", "LIST", "reports")) == 1)
    w.b.closed()
    expect(w.b.js("return !!document.activeElement.closest('[data-table=schedules]')"), True, "the focus in the table")
    w.b.js("window.letGo()")
    until("the row is gone", lambda: rows(w, "schedules") == ["daily"])


@case(5, "Row order, selection and focus stay while numbers change; \"4 new rows\" brings them.", part="the table went from under the pointer")
def gone_table(w):
    w.log_in()
    w.route("#/queues")
    w.b.row("mail")
    w.b.pointer("mail", kind="[data-table=queues] a")
    w.b.expects("500")
    w.b.js("const ask = window.ask = window.fetch; window.fetch = (path, o) => String(path).includes('/streams?') ? Promise.resolve(new Response('no rows', { status: 500 })) : ask(path, o)")
    w.b.sees("no rows")
    w.b.away()
    w.b.js("window.fetch = window.ask")
    w.b.row("mail")
    w.c.ask("XADD", "newcomer", "*", "n", 1)
    w.b.row("newcomer")


MANY = 10000
SORTED = ("key", "db", "length", "bytes", "added-rate", "groups", "consumers", "ready", "leased", "deferred", "scheduled", "dead", "oldest-ready", "last", "maxlen")


def fill_many(c):
    """10,000 streams, of which some differ in each of the columns."""
    moment = lambda i: 1 + 100000 * i  # far from each other: ages are of the moment when the survey came by
    c.many([("XADD", "queue:%05d" % i, "%d-1" % moment(i), "n", i) for i in (n * 7919 % MANY for n in range(MANY))])
    for i in range(60):
        name = "queue:%05d" % (i * 131)
        c.many([("XADD", name, "%d-1" % (moment(i * 131) + 1 + n), "n", n) for n in range(i + 1)])
        if i % 2:
            c.ask("XGROUP", "CREATE", name, "workers", 0)
            c.ask("XPOLICY", "SET", name, "workers", "JOBS", "LEASE", 3600000)
        if i % 3 == 1:
            c.ask("XREADGROUP", "GROUP", "workers", "w-1", "COUNT", i // 6 + 1, "STREAMS", name, ">") if i % 2 else c.ask("XCFGSET", name, "MAXLEN", 1000 + i)
        if i % 5 == 1:
            c.ask("XADD", name, "DELAY", 3600000 + i, "*", "later", 1)
    name = "queue:%05d" % 131
    c.ask("XREADGROUP", "GROUP", "workers", "w-1", "STREAMS", name, ">")
    c.ask("XADD", name, "*", "bad", 1)
    c.ask("XADD", name, "*", "bad", 2)
    ((_, ((dead, _), (late, _))),) = c.ask("XREADGROUP", "GROUP", "workers", "w-2", "STREAMS", name, ">")
    c.ask("XNACK", name, "workers", "FATAL", "IDS", 1, dead, "REASON", "no use")
    c.ask("XNACK", name, "workers", "FAIL", "IDS", 1, late, "DELAY", 3600000)
    c.ask("SELECT", 3)
    c.many([("XADD", "elsewhere:%d" % i, "1-1", "n", i) for i in range(150)])
    c.ask("SELECT", 0)


@case(4, "10,000 streams: filter, every sort, next page, columns; the link opened in a second tab shows the same.", filled=False)
def many_streams(w):
    c = w.c
    fill_many(c)
    total = MANY + 151  # and a stream of dead letters
    w.log_in()
    w.go("Queues")
    until("all of them", lambda: "of %s" % format(total, ",") in w.b.text())
    headings = shows_all_columns(w)
    for by, heading in zip(SORTED, headings):
        for way in ("ASC", "DESC") if by in ("key", "last") else ("DESC", "ASC"):  # of numbers the largest first
            w.b.click(heading, kind="[data-table=queues] th button")
            w.b.away()
            until("sorted by %s, %s" % (by, way), lambda: rows(w) == surveyed(w, "BY", by, *["DESC"] * (way == "DESC"), "COUNT", 100)[0])
            expect(w.b.css("[data-table=queues] th[aria-sort]")[0].get_attribute("aria-sort"), {"DESC": "descending", "ASC": "ascending"}[way], "what the heading says of %s" % by)
    pages(w, total)


# Types "ab" into the field, "c" as soon as that takes effect, before it is drawn, and "d" behind the drawing.
TYPES = """
const field = document.querySelector(arguments[0]);
const type = (text) => { field.focus(); field.value += text; field.dispatchEvent(new Event('input', { bubbles: true })); };
addEventListener('hashchange', () => { type('c'); requestAnimationFrame(() => requestAnimationFrame(() => type('d'))); }, { once: true });
type('ab');
"""


@case(4, "10,000 streams: filter, every sort, next page, columns; the link opened in a second tab shows the same.", part="typing that goes on while a filter takes effect")
def typing(w):
    where = lambda: w.b.js("return location.hash")
    w.log_in()
    for view, field, address in (("Queues", "#filter", "#/queues?match=abcd"), ("Clients", "#by-name", "#/clients?name=abcd")):
        w.go(view)
        w.b.js(TYPES, field)
        got = wait_for(lambda: where() == address)
        expect((got and w.b.js("return document.querySelector(arguments[0]).value", field), where()), ("abcd", address), "what was typed, in " + view)
    w.b.js("for (const [id, text] of [['by-name', 'two'], ['by-user', 'fields']]) { const f = document.getElementById(id); f.value = text; f.dispatchEvent(new Event('input', { bubbles: true })); }")
    until("both of them", lambda: "name=two" in where() and "user=fields" in where())


def shows_all_columns(w):
    """Chooses those that are not there at first. Headings by which rows can be sorted."""
    headings = lambda: w.b.js("return [...document.querySelectorAll('[data-table=queues] th button')].map((e) => e.innerText.replace(/ [▾▴]$/, '').trim()).filter(Boolean)")
    w.b.click("Columns")
    for label in w.b.js("return [...document.querySelectorAll('main details.menu label')].filter((l) => !l.querySelector('input').checked).map((l) => l.innerText.trim())"):
        w.b.fill(label, True, within=w.b.css("main details.menu")[0])
        until("the column " + label, lambda: label in headings())
    w.b.click("Columns")
    expect(len(headings()), len(SORTED), "columns in %s" % headings())
    return headings()


def pages(w, total):
    """Filter and pages; what is seen is in the address."""
    order = surveyed(w, "BY", "length", "DESC", "COUNT", 250)[0]
    w.b.click("length", kind="[data-table=queues] th button")
    until("the first page", lambda: rows(w) == order[:100])
    w.b.click("Next page")
    until("the second page", lambda: rows(w) == order[100:200])
    w.b.fill("Filter", "queue:002")
    some = surveyed(w, "MATCH", "*queue:002*", "BY", "length", "DESC", "COUNT", 200)
    until("what fits, from its first page on", lambda: rows(w) == some[0])
    expect((some[1], "100 of 100" in w.b.text()), (100, True), "how many fit")
    w.b.fill("Filter", "*elsewhere:*[27]*")
    some = surveyed(w, "MATCH", "*elsewhere:*[27]*", "BY", "length", "DESC", "COUNT", 200)
    until("what fits a pattern", lambda: rows(w) == some[0])
    w.b.fill("Filter", "nothing-of-this-name")
    w.b.sees("No queue matches")
    w.b.click("Clear filter", kind="main button")
    until("all of them", lambda: "of %s" % format(total, ",") in w.b.text())
    w.b.fill("Database", "db3")
    until("those of a database", lambda: "100 of 150" in w.b.text())
    w.b.fill("Filter", "elsewhere")
    w.b.click("Next page")
    w.b.click("ready", kind="[data-table=queues] th button")
    until("the first page in another order", lambda: "First page" not in w.b.text())
    w.b.click("Next page")
    until("the other fifty", lambda: "50 of 150" in w.b.text())
    seen = lambda: w.b.js("""const t = document.querySelector('[data-table=queues] table');
        return [[...t.tHead.rows[0].cells].map((c) => c.innerText.trim()), [...t.tBodies[0].rows].map((r) => r.cells[2].innerText + ' ' + r.cells[4].innerText), document.getElementById('filter').value, location.hash]""")
    before = seen()
    expect(sorted(r.split()[0] for r in before[1]), sorted(set("elsewhere:%d" % i for i in range(150)) - set(surveyed(w, "DB", 3, "BY", "ready", "DESC", "COUNT", 100)[0])), "the second page")
    address = w.b.d.current_url
    w.b.d.switch_to.new_window("tab")
    w.b.d.get(address)
    w.b.settled()
    until("the same in a second tab", lambda: seen() == before)


ADDED_A_SECOND, FAILS_EACH = 200, 4
RATES = ("added", "delivered", "acked", "failed")


class Steady(threading.Thread):
    """Adds, reads, acknowledges and fails messages at an even pace, and counts what the server has answered."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.c, self.ends, self.past, self.error = Conn(port, encoding="latin-1"), threading.Event(), [], None
        self.c.ask("XPOLICY", "SET", "steady", "workers", "MKSTREAM", "JOBS", "RETRY", "NONE", "MAXDELIVER", 0)

    def run(self):
        try:
            self.go()
        except (OSError, Error) as e:
            self.error = e

    def go(self):
        c, began, counts = self.c, time.monotonic(), dict.fromkeys(RATES, 0)
        while not self.ends.wait(0.02):
            n = int((time.monotonic() - began) * ADDED_A_SECOND) - counts["added"]
            c.many([("XADD", "steady", "*", "n", i) for i in range(n)])
            counts["added"] += n
            ids = [i for _, entries in c.ask("XREADGROUP", "GROUP", "workers", "w-1", "COUNT", 1000, "STREAMS", "steady", ">") or [] for i, _ in entries]
            counts["delivered"] += len(ids)
            failed = [i for k, i in enumerate(ids) if (counts["delivered"] - k) % FAILS_EACH == 0]
            acked = [i for i in ids if i not in failed]
            if failed:
                c.ask("XNACK", "steady", "workers", "FAIL", "IDS", len(failed), *failed)
            if acked:
                c.ask("XACK", "steady", "workers", *acked)
            counts["failed"] += len(failed)
            counts["acked"] += len(acked)
            self.past.append((time.monotonic(), dict(counts)))

    def rates(self, seconds):
        """Over so many seconds past; None: it has not run for so long."""
        past, now = list(self.past), time.monotonic()
        before = next((p for p in reversed(past) if p[0] < now - seconds), None)
        return before and {n: (past[-1][1][n] - before[1][n]) / (past[-1][0] - before[0]) for n in RATES}

    def stop(self):
        self.ends.set()
        self.join()
        self.c.close()
        if self.error:
            raise self.error


def within(a, b, part=0.05):
    return abs(a - b) <= part * b


@case(2, "Overview: rates within 5 % of what the load driver counted; an alarm comes when ready grows without readers, and goes.", filled=False)
def overview(w):
    w.log_in()
    driver = Steady(w.port)
    driver.start()
    try:
        rates_of(w, driver)
    finally:
        driver.stop()
    alarm_of(w)


def rates_of(w, driver):
    # The number beside a name; the names stand in the card of messages.
    fact = lambda name: w.b.js("""const d = [...document.querySelectorAll('main .card .facts > div')].find((d) => d.querySelector('dt').innerText === arguments[0]);
        return d ? Number(d.querySelector('dd').innerText.replaceAll(',', '')) : NaN""", name)
    for name in RATES:
        until("the rate of " + name, lambda: (r := driver.rates(3)) and within(fact(name), r[name]))
    figure = lambda: w.b.plot("Messages a second")
    w.b.click("As a table", within=figure)
    table = lambda: w.b.again(lambda: w.b.js("return [...arguments[0].querySelectorAll('tbody tr')].map((r) => [...r.cells].slice(1).map((c) => Number(c.innerText.replaceAll(',', ''))))", figure()))

    def even():
        """Rows are six seconds apart, the newest first, which may be half a one: the mean of four, and of the driver over as long."""
        shown, counted = table()[1:5], driver.rates(24)
        return len(shown) == 4 and counted and all(within(sum(r[i] for r in shown) / 4, counted[n]) for i, n in enumerate(RATES))
    until("what the driver counted", even, seconds=150)

    def said():
        answer, counted = w.c.ask("SURVEY", "SERVER"), driver.rates(3)
        return all(within(float(dict(zip(answer[::2], answer[1::2]))[n + "-rate"]), counted[n]) for n in RATES)
    until("what the server says", said)


def alarm_of(w):
    """Messages that are eleven minutes old, and nobody reads: more and more; then somebody comes."""
    c = w.c
    c.ask("XGROUP", "CREATE", "lonely", "g", 0, "MKSTREAM")
    now = int(c.ask("TIME")[0]) * 1000
    names = lambda: [dict(zip(a[::2], a[1::2]))["name"] for a in c.ask("SURVEY", "ALARMS")]
    told = lambda: {0: "no alarms", 1: "1 alarm !"}.get(len(names()), "%d alarms !" % len(names()))  # a slow machine may have one of its own
    expect("old-messages" in names(), False, "the alarm before")
    until("how many there are", lambda: told() in w.b.text())
    for more in (100, 200):
        c.many([("XADD", "lonely", "%d-%d" % (now - 660000 + more, n), "n", n) for n in range(more)])
    w.b.sees(re.compile(r"warning old-messages since [\d:]+: the oldest ready message has waited for (?:6[6-9]|[7-9]\d|\d{2,})\d s lonely / g"))
    until("how many there are now", lambda: told() != "no alarms" and told() in w.b.text())
    w.b.sees(re.compile(r"Nobody reads .*lonely / g 300\b"))
    expect("old-messages" in names(), True, "the alarm")
    w.b.click("lonely / g", kind="main .banner a")
    w.b.find("h1", "lonely / g")
    w.go("Overview")
    ((_, entries),) = c.ask("XREADGROUP", "GROUP", "g", "w-1", "COUNT", 1000, "STREAMS", "lonely", ">")
    expect(c.ask("XACK", "lonely", "g", *[i for i, _ in entries]), 300, "acknowledged")
    w.b.gone("old-messages")
    until("how many are left", lambda: told() in w.b.text())
    expect("old-messages" in names(), False, "the alarm behind it")
