"""What somebody does on the first day, and how many clicks that takes."""
import re, threading

from check import expect, until
from resp import Conn, Error, as_dict
from case import case
from cases_numbers import cell

MOST = 4
# Presses of the mouse that a user makes; what is typed is none.
COUNT = "window.clicks = 0; document.addEventListener('pointerdown', (e) => { if (e.isTrusted) window.clicks++; }, true)"
REASONS = {"card declined": 6, "no such address": 4}


class Consumer(threading.Thread):
    """Works on what comes, up to `most` messages: ten of them are refused, with their reasons."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.c, self.ends, self.most, self.done, self.error = Conn(port, encoding="latin-1"), threading.Event(), 0, 0, None
        self.c.ask("CLIENT", "SETNAME", "worker-7")

    def run(self):
        refused = [why for why, n in REASONS.items() for _ in range(n)]
        try:
            while not self.ends.wait(0.02):
                if self.done >= self.most:
                    continue
                for _, entries in self.c.ask("XREADGROUP", "GROUP", "workers", "w-7", "COUNT", 25, "STREAMS", "parcels", ">") or []:
                    for entry, _ in entries:
                        if refused and self.done % 90 == 0:
                            self.c.ask("XNACK", "parcels", "workers", "FATAL", "IDS", 1, entry, "REASON", refused.pop())
                        else:
                            self.c.ask("XACK", "parcels", "workers", entry)
                        self.done += 1
        except (OSError, Error) as e:
            self.error = e


@case(48, "The walk of a user: make a queue, send 1,000 messages, watch them being consumed, see ten fail with their reasons, redrive them with a filter, schedule one for later and cancel it, "
          "find a slow command, kill a client, take a backup: each in at most four clicks from the overview.", filled=False)
def walk(w):
    c, b = w.c, w.b
    c.ask("CONFIG", "SET", "slowlog-log-slower-than", 100000)
    c.ask("DEBUG", "SLEEP", "0.217")
    worker = Consumer(w.port)
    worker.start()
    w.log_in()
    b.js(COUNT)

    def task(what, steps):
        """Each begins at the overview."""
        b.js("location.hash = '#/'")
        b.find("h1", "Overview")
        b.settled()
        b.away()
        b.js("window.clicks = 0")
        steps()
        clicks = b.js("return window.clicks")
        expect(0 < clicks <= MOST, True, "%s: %d clicks" % (what, clicks))

    try:
        for steps in (make, send, lambda w: watch(w, worker), failures, redrive, later, slow, lambda w: kill(w, worker), backup):
            task(steps.__doc__ or "watching, or killing", lambda: steps(w))
    finally:
        worker.ends.set()
        worker.join()
        worker.c.close()


def go(w, view):
    w.b.click(view, kind="nav[aria-label=Views] a")
    w.b.find("h1", view)
    w.b.settled()


def make(w):
    """making a queue"""
    go(w, "Queues")
    w.b.click("New queue")
    w.b.fill("Name of the queue", "parcels")
    w.b.click("Create")
    w.b.find("h1", "parcels")
    policy = w.c.ask("XPOLICY", "GET", "parcels", "workers")
    expect(policy[policy.index("lease") + 1], 30000, "its lease")


def to_form(w):
    """The form in which messages are written, in three clicks."""
    go(w, "Queues")
    w.b.click("parcels", kind="main a")
    w.b.find("h1", "parcels")
    w.b.click("Produce", kind=".tabs a")
    w.b.fill("field 1", "parcel")
    w.b.fill("value 1", "a box")


def send(w):
    """sending 1,000 messages"""
    to_form(w)
    w.b.fill("copies", "1000")
    w.b.sees("1000 XADD parcels")
    w.b.click("Send")
    last = w.b.sees(re.compile(r"1,000 of 1,000, the last is (\d+-\d+)"))[1]
    expect((w.c.ask("XLEN", "parcels"), w.c.ask("XREVRANGE", "parcels", "+", "-", "COUNT", 1)), (1000, [[last, ["parcel", "a box"]]]), "messages")


def watch(w, worker):
    # The overview says how many wait, and for how long; its link leads to the group.
    ready = lambda: w.b.js("const d = [...document.querySelectorAll('main .facts > div')].find((d) => d.querySelector('dt').innerText === 'ready'); return d ? Number(d.querySelector('dd').innerText.replaceAll(',', '')) : NaN")
    until("all of them ready", lambda: ready() == 1000)
    w.b.click("workers", kind="main table a")
    w.b.find("h1", "parcels / workers")
    until("all of them", lambda: ready() == 1000)
    worker.most = 500
    until("half of them are done", lambda: ready() == 500)
    worker.most = 2000
    until("all are done", lambda: ready() == 0)
    until("the worker", lambda: worker.done == 1000)
    w.b.row("w-7")
    stats = w.c.ask("XPOLICY", "STATS", "parcels", "workers")
    stats = as_dict(stats)
    expect((stats["acked"], stats["dead"], stats["ready"]), (990, 10, 0), "what became of them")


def letters_of(w):
    go(w, "Dead letters")
    w.b.click("{parcels}:dlq", kind="main a")
    w.b.find("h1", "{parcels}:dlq")
    w.b.row("card declined")


def failures(w):
    """seeing ten fail with their reasons"""
    letters_of(w)
    w.b.sees("10 letters")
    for why, n in REASONS.items():
        expect(cell(w, why, "letters", table="reasons"), str(n), "letters of %s" % why)
    said = [fields[fields.index("dl-text") + 1] for _, fields in w.c.ask("XRANGE", "{parcels}:dlq", "-", "+")]
    expect({why: said.count(why) for why in said}, REASONS, "reasons")


def redrive(w):
    """redriving those of one reason"""
    letters_of(w)
    w.b.click_in_row("card declined", "Redrive 6")
    w.b.sees("Redrive the 6 that match “card declined”")
    w.b.click("Redrive 6", kind="dialog button")
    w.b.sees("6 moved")
    left = [fields[fields.index("dl-text") + 1] for _, fields in w.c.ask("XRANGE", "{parcels}:dlq", "-", "+")]
    expect(left, ["no such address"] * 4, "letters that are left")


def later(w):
    """scheduling one for later, and cancelling it"""
    to_form(w)
    w.b.fill("delay", "2 h", enter=True)
    w.b.sees(re.compile(r"\d+-\d+, (written|on the disk)"))
    ((entry, fields),) = w.c.ask("XSCHED", "RANGE", "parcels", "-", "+")
    expect(fields, ["parcel", "a box"], "what is scheduled")
    w.b.click("Cancel it")
    w.b.sees(entry + ", cancelled")
    expect(w.c.ask("XSCHED", "LEN", "parcels"), 0, "what waits")


def slow(w):
    """finding a slow command"""
    go(w, "Slow")
    w.b.row("SLEEP 0.217")
    expect(any(row[3] == ["DEBUG", "SLEEP", "0.217"] for row in w.c.ask("SLOWLOG", "GET", -1)), True, "the slow log")


def kill(w, worker):
    go(w, "Clients")
    w.b.click_in_row("worker-7", "Kill")
    w.b.click("Kill", kind="dialog button")
    w.b.sees("1 killed")
    expect("name=worker-7" in w.c.ask("CLIENT", "LIST"), False, "it is connected")
    worker.ends.set()


def backup(w):
    """taking a backup"""
    go(w, "Storage")
    w.b.click("Backup …")
    w.b.fill("Name", "first-day")
    w.b.fill("seal it at once", True)
    w.b.sees("BACKUP START first-day BACKUP SEAL")
    w.b.click("Run", kind="dialog button")
    w.b.row("first-day")
    expect(w.c.ask("BACKUP", "LIST"), ["first-day"], "backups")
