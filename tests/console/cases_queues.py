"""Queues: making one, what waits in groups, dead letters, schedules, routes."""
import re

from check import expect, until
from resp import Error
from case import case
from cases_looking import quoted

LETTERS = "{payments}:dlq"


def in_title(w):
    """Where the actions of a view are."""
    return w.b.css(".title .actions")[0]


@case(3, "New queue (JOBS); produce from the form with \"wait for the disk\"; the ID shown is the message's.")
def new_queue(w):
    w.log_in()
    w.go("Queues")
    w.b.click("New queue")
    w.b.fill("Name of the queue", "invoices")
    w.b.sees("XPOLICY SET invoices workers MKSTREAM JOBS")
    w.b.click("Create")
    w.b.find("h1", "invoices")
    policy = w.c.ask("XPOLICY", "GET", "invoices", "workers")
    expect(policy[policy.index("lease") + 1], 30000, "its lease")
    w.b.fill("field 1", "invoice")
    w.b.fill("value 1", "17")
    w.b.fill("wait for the disk", True)
    w.b.sees('XADD invoices DURABLE')
    w.b.click("Send")
    shown = w.b.sees(re.compile(r"(\d+-\d+), on the disk"))[1]
    expect(w.c.ask("XRANGE", "invoices", "-", "+"), [[shown, ["invoice", "17"]]], "what was added")


@case(12, "Pause: a waiting redis-cli reader gets nothing; go on: it gets the message.")
def pause(w):
    w.c.ask("XPOLICY", "SET", "tasks", "workers", "MKSTREAM", "JOBS")
    w.log_in()
    w.route("#/group/0/tasks/workers")
    w.b.click("Pause", within=in_title(w))
    w.b.sees("XPOLICY SET tasks workers PAUSE ON")
    w.b.click("Pause")
    w.b.find("button", "Go on", in_title(w))
    reader = w.conn(encoding="latin-1")
    reader.send("XREADGROUP", "GROUP", "workers", "cli", "BLOCK", 0, "STREAMS", "tasks", ">")
    w.c.ask("XADD", "tasks", "*", "task", 1)
    expect(reader.silent(0.3), True, "nothing is delivered")
    w.b.click("Go on", within=in_title(w))
    w.b.sees("XPOLICY SET tasks workers PAUSE OFF")
    w.b.click("Go on")
    ((key, ((_, fields),)),) = reader.reply()
    expect((key, fields), ("tasks", ["task", "1"]), "the message")


@case(15, "Delete consumer: its messages are ready again.")
def delete_consumer(w):
    c = w.c
    c.ask("XPOLICY", "SET", "tasks", "workers", "MKSTREAM", "JOBS")
    c.many([("XADD", "tasks", "*", "task", i) for i in range(3)])
    c.ask("XREADGROUP", "GROUP", "workers", "gone-away", "COUNT", 2, "STREAMS", "tasks", ">")
    w.log_in()
    w.route("#/group/0/tasks/workers")
    w.b.click_in_row("gone-away", "Delete")
    w.b.sees("Gives its 2 messages back to the others.")
    w.b.click("Delete")
    until("no consumer", lambda: not c.ask("XINFO", "CONSUMERS", "tasks", "workers"))
    ((_, entries),) = c.ask("XREADGROUP", "GROUP", "workers", "another", "COUNT", 10, "STREAMS", "tasks", ">")
    expect(len(entries), 3, "messages for another one")


@case(18, "Cron: next five moments while typing, wrong expression marked, run now, edit, delete.")
def cron(w):
    c = w.c
    w.log_in()
    w.go("Schedules")
    w.b.row("daily")
    w.b.click("New schedule")
    w.b.fill("to the stream", "reports")
    w.b.fill("name", "weekly")
    w.b.expects("400")
    w.b.fill("expression", "0 7 * * 9")
    w.b.css("dialog .wrong[role=status]")
    w.b.fill("expression", "0 7 * * 1")
    w.b.sees(re.compile(r"next: Mon .* · Mon .* · Mon .* · Mon .* · Mon "))
    w.b.fill("zone", "Europe/Berlin")
    w.b.fill("field 1", "kind")
    w.b.fill("value 1", "weekly")
    w.b.click("Save")
    w.b.row("weekly")
    plan = lambda: (lambda p: dict(zip(p[::2], p[1::2])))(c.ask("XCRON", "GET", "reports", "weekly"))
    expect((plan()["cron"], plan()["tz"], plan()["fields"]), ("0 7 * * 1", "Europe/Berlin", ["kind", "weekly"]), "the schedule")
    before = c.ask("XLEN", "reports")
    w.b.click_in_row("weekly", "Run now")
    w.b.click("Run now")
    until("its message", lambda: c.ask("XLEN", "reports") == before + 1)
    w.b.click_in_row("weekly", "Edit …")
    w.b.fill("expression", "0 8 * * 2")
    w.b.click("Save")
    until("the change", lambda: plan()["cron"] == "0 8 * * 2")
    only_what_is_changed(w)
    w.b.click_in_row("weekly", "Delete")
    w.b.click("Delete")
    until("it is gone", lambda: len(c.ask("XCRON", "LIST", "reports")) == 2)


def only_what_is_changed(w):
    """An edit of a schedule changes what the user changed: values that the dialog shows abridged, or not at all, are kept."""
    c, until_ms = w.c, 4102444800000
    new_expression_keeps_the_rest(w, until_ms)
    c.ask("XCRON", "SET", "reports", "odd", "EVERY", 61500, "START", until_ms - 10 * 61500, "UNTIL", until_ms, "FIELDS", "body", "one\ntwo", b"\xff", b"\xfe\x00", "kind", "odd")
    plan = lambda: (lambda p: dict(zip(p[::2], p[1::2])))(c.ask("XCRON", "GET", "reports", "odd"))
    before = plan()
    w.b.away()
    w.b.click_in_row("odd", "Edit …")
    w.b.fill("value 3", "another")
    w.b.click("Save")
    until("the change", lambda: plan()["fields"][-1] == "another")
    after = plan()
    expect((after["every"], after["until"], after["next"], after["fields"][:5]), (61500, until_ms, until_ms - 10 * 61500, before["fields"][:5]), "the rest")
    c.ask("XCRON", "DEL", "reports", "odd")


def new_expression_keeps_the_rest(w, until_ms):
    c, start_ms = w.c, until_ms - 90 * 86400000
    c.ask("XCRON", "SET", "reports", "in-tokyo", "CRON", "0 7 * * *", "TZ", "Asia/Tokyo", "START", start_ms, "CATCHUP", "ALL", "UNTIL", until_ms, "LIMIT", 12, "FIELDS", "kind", "later")
    plan = lambda: (lambda p: dict(zip(p[::2], p[1::2])))(c.ask("XCRON", "GET", "reports", "in-tokyo"))
    before = plan()
    w.b.away()
    w.b.click_in_row("in-tokyo", "Edit …")
    w.b.fill("expression", "0 8 * * *")
    w.b.click("Save")
    until("the new expression", lambda: plan()["cron"] == "0 8 * * *")
    after = plan()
    expect(after["next"], before["next"] + 3600000, "the first moment after START")
    expect({**after, "cron": "", "next": 0}, {**before, "cron": "", "next": 0}, "all else")
    c.ask("XCRON", "DEL", "reports", "in-tokyo")


@case(20, "Routing: add a topic binding, test, publish, delete. Limits: set, a refused producer sees STREAMFULL.")
def routing(w):
    c = w.c
    w.log_in()
    w.route("#/stream/0/intake?tab=routing")
    w.b.click("Add …")
    w.b.fill("value or pattern", "invoice.#")
    w.b.fill("to the stream", "invoices")
    w.b.sees("XBIND ADD intake TOPIC invoice.# TO invoices")
    w.b.click("New route")
    w.b.row("invoice.#")
    w.b.click("Test")
    w.b.fill("field 1", "routing-key")
    w.b.fill("value 1", "invoice.eu.paid")
    w.b.sees("goes to: invoices")
    w.b.click("Close")
    c.ask("XADD", "intake", "*", "routing-key", "invoice.eu.paid")
    expect(c.ask("XLEN", "invoices"), 1, "the copy")
    w.b.click_in_row("invoice.#", "Delete")
    w.b.click("Delete")
    until("no route", lambda: "invoices" not in str(c.ask("XBIND", "LIST", "intake")))
    w.route("#/stream/0/invoices?tab=limits")
    w.b.click("Change …")
    w.b.fill("entries", "1")
    w.b.fill("when full", "refuse (STREAMFULL)")
    w.b.sees("XCFGSET invoices MAXLEN 1 MAXBYTES -1 MAXAGE -1 OVERFLOW REJECT")
    w.b.click("Set limits")
    w.b.sees("refuse (STREAMFULL)")
    refused = until("the limit", lambda: (lambda a: a if isinstance(a, Error) else None)(c.do("XADD", "invoices", "*", "n", 2)))
    expect(str(refused).split()[0], "STREAMFULL", "what a producer sees")


def leased(w, n):
    """A group with n messages leased by w-1, by their IDs."""
    w.c.ask("XPOLICY", "SET", "tasks", "workers", "MKSTREAM", "JOBS", "LEASE", 3600000)
    w.c.many([("XADD", "tasks", "*", "task", "number-%d" % i) for i in range(n)])
    ((_, entries),) = w.c.ask("XREADGROUP", "GROUP", "workers", "w-1", "COUNT", n, "STREAMS", "tasks", ">")
    return [i for i, _ in entries]


def choose(w, *texts):
    for text in texts:
        w.b.click_in_row(text, "Choose", kind="input")


@case(9, "Group: acknowledge two; fail with delay and reason: deferred, comes back; release; reject: in the dead letters with the reason; claim for another.")
def group(w):
    c, ids = w.c, leased(w, 6)
    pending = lambda: {p[0]: p[1] for p in c.ask("XPENDING", "tasks", "workers", "-", "+", 10)}
    w.log_in()
    w.route("#/group/0/tasks/workers?state=all")
    choose(w, "number-0", "number-1")
    w.b.click("Acknowledge")
    w.b.click("Acknowledge")
    until("two acknowledged", lambda: set(pending()) == set(ids[2:]))
    choose(w, "number-2")
    w.b.click("Fail …")
    w.b.fill("delay", "1 h")
    w.b.fill("reason", "by hand")
    w.b.click("Fail")
    until("one deferred", lambda: [r[3] for r in c.ask("XPOLICY", "RETRIES", "tasks", "workers")] == ["by hand"])
    choose(w, "number-3")
    w.b.click("Release")
    w.b.click("Release")
    until("one released", lambda: pending()[ids[3]] == "")
    choose(w, "number-4")
    w.b.click("Reject")
    w.b.fill("reason", "of no use")
    w.b.click("Reject")
    until("one dead", lambda: "of no use" in str(c.ask("XRANGE", "{tasks}:dlq", "-", "+")))
    choose(w, "number-5")
    w.b.click("Claim …")
    w.b.fill("for the consumer", "w-2")
    w.b.click("Claim")
    until("one claimed", lambda: pending()[ids[5]] == "w-2")


@case(9, "Group: acknowledge two; fail with delay and reason: deferred, comes back; release; reject: in the dead letters with the reason; claim for another.", part="a consumer whose name is no text", filled=False)
def bytes_of_a_consumer(w):
    c, odd = w.c, b"w-\xff%41\n"
    c.ask("XPOLICY", "SET", "tasks", "workers", "MKSTREAM", "JOBS", "LEASE", 3600000)
    c.many([("XADD", "tasks", "*", "n", "number-%d" % i) for i in range(4)])
    c.ask("XREADGROUP", "GROUP", "workers", odd, "COUNT", 2, "STREAMS", "tasks", ">")
    c.ask("XREADGROUP", "GROUP", "workers", "w-2", "COUNT", 2, "STREAMS", "tasks", ">")
    owners = lambda: sorted(p[1] for p in c.ask("XPENDING", "tasks", "workers", "-", "+", 10))
    shown, seen = "w-\\xff%41\\n", lambda: w.b.js("return [...document.querySelectorAll('[data-table=pending] tbody tr[data-row]')].map((r) => /number-\\d/.exec(r.innerText)[0])")
    w.log_in()
    w.route("#/group/0/tasks/workers?state=all")
    until("all rows", lambda: len(seen()) == 4)
    w.b.fill("consumer", shown)
    until("the rows of that one", lambda: seen() == ["number-0", "number-1"])
    w.b.d.refresh()  # the address has its bytes
    w.b.settled()
    until("the rows of that one again", lambda: seen() == ["number-0", "number-1"])
    w.b.fill("consumer", "w-2")
    until("the rows of the other one", lambda: seen() == ["number-2", "number-3"])
    choose(w, "number-2")
    w.b.click("Claim …")
    w.b.fill("for the consumer", shown)
    w.b.click("Claim")
    until("it is claimed for the bytes", lambda: owners() == sorted([odd.decode("latin-1")] * 3 + ["w-2"]))
    w.b.fill("consumer", shown)
    until("three rows", lambda: seen() == ["number-0", "number-1", "number-2"])


@case(9, "Group: acknowledge two; fail with delay and reason: deferred, comes back; release; reject: in the dead letters with the reason; claim for another.", part="more deferred ones than a page has", filled=False)
def deferred_pages(w):
    c = w.c
    c.ask("XPOLICY", "SET", "tasks", "workers", "MKSTREAM", "JOBS", "LEASE", 3600000)
    c.many([("XADD", "tasks", "%d-1" % (i + 1), "n", "number-%d" % i) for i in range(120)])
    c.ask("XREADGROUP", "GROUP", "workers", "w-1", "COUNT", 120, "STREAMS", "tasks", ">")
    c.ask("XNACK", "tasks", "workers", "FAIL", "IDS", 120, *["%d-1" % (i + 1) for i in range(120)], "DELAY", 3600000)
    seen = lambda: w.b.js("return [...document.querySelectorAll('[data-table=pending] tbody tr[data-row] th')].map((e) => e.innerText.trim())")
    ids = [r[0] for r in c.ask("XPOLICY", "RETRIES", "tasks", "workers", "COUNT", 200)]
    w.log_in()
    w.route("#/group/0/tasks/workers?state=deferred")
    for first in (0, 50, 100):
        until("the page from %d on" % first, lambda: seen() == ids[first:first + 50])
        if first < 100:
            w.b.click("Next page")
    expect(w.b.has("button", "Next page"), False, "another page")


@case(10, "A worker acknowledges first: \"1 of 2\", rows read anew.")
def too_late(w):
    ids = leased(w, 2)
    w.log_in()
    w.route("#/group/0/tasks/workers?state=all")
    choose(w, "number-0", "number-1")
    w.b.click("Acknowledge")
    w.c.ask("XACK", "tasks", "workers", ids[0])
    w.b.click("Acknowledge")
    w.b.sees("1 of 2: 1 message was no longer pending")
    w.b.away()
    w.b.gone("number-1")


@case(14, "Position to the start: the count in the dialog is what becomes unread.")
def position(w):
    c = w.c
    c.ask("XGROUP", "CREATE", "history", "g", 0, "MKSTREAM")
    c.many([("XADD", "history", "*", "n", i) for i in range(25)])
    c.ask("XREADGROUP", "GROUP", "g", "x", "NOACK", "COUNT", 100, "STREAMS", "history", ">")
    w.log_in()
    w.route("#/group/0/history/g")
    w.b.click("Set position …")
    w.b.fill("goes on behind", "the start: everything once more")
    w.b.sees("25 messages will be unread")
    w.b.click("Set position")
    ((_, entries),) = until("they are unread", lambda: c.ask("XREADGROUP", "GROUP", "g", "x", "NOACK", "COUNT", 100, "STREAMS", "history", ">"))
    expect(len(entries), 25, "what is delivered again")


@case(16, "Dead letters grouped by text: the dry run's number equals what moves; chosen ones; matching; all.")
def dead_letters(w):
    c = w.c
    w.log_in()
    w.go("Dead letters")
    w.b.row(LETTERS)
    w.route("#/dead/0/" + quoted(LETTERS))
    w.b.click_in_row("no field sku", "Redrive 1")
    w.b.sees("Redrive the 1 that match")
    w.b.click("Redrive", within=w.b.css("dialog .buttons")[0])
    until("one moved", lambda: c.ask("XLEN", LETTERS) == 4)
    w.b.away()
    w.b.click_in_row("A1", "Choose", kind="input")
    w.b.click("Redrive 1", within=w.b.css("[data-table=letters]")[0].find_element("xpath", ".."))
    w.b.click("Redrive", within=w.b.css("dialog .buttons")[0])
    until("the chosen one moved", lambda: c.ask("XLEN", LETTERS) == 3)
    w.b.click("Redrive all", within=in_title(w))
    w.b.sees("Redrive all 3 letters")
    w.b.click("Redrive", within=w.b.css("dialog .buttons")[0])
    until("all moved", lambda: c.ask("XLEN", LETTERS) == 0)
    expect(c.ask("XLEN", "payments"), 5, "they are where they died")
    w.route("#/dead/0/%s?value=no+field+sku" % quoted(LETTERS))
    w.b.sees("Nothing matches no field sku.")


@case(13, "Policy edited: only the changed option is set; a wrong value shows the server's text at its field.")
def policy(w):
    c = w.c
    options = lambda: (lambda p: dict(zip(p[::2], p[1::2])))(c.ask("XPOLICY", "GET", "orders", "workers"))
    w.log_in()
    w.route("#/group/0/orders/workers")
    before = options()
    w.b.click("Policy …", within=in_title(w))
    w.b.find("dialog button", "Nothing is changed.")
    w.b.fill("LEASE", "45000")
    w.b.sees("XPOLICY SET orders workers LEASE 45000")
    c.ask("XPOLICY", "SET", "orders", "workers", "MAXDELIVER", 7)  # somebody else, meanwhile
    w.b.click("Set policy", kind="dialog button")
    until("the lease", lambda: options()["lease"] == 45000)
    expect(options(), {**before, "lease": 45000, "maxdeliver": 7}, "the policy")
    w.b.sees("lease 45 s")
    w.b.sees("7 tries")
    w.b.click("Policy …", within=in_title(w))
    for name, value in (("RETRY", "SOMETIMES 5"), ("JITTER", "101"), ("DEADLETTER", "orders")):
        was = w.b.js("return arguments[0].value", w.b.find("input", name))
        w.b.fill(name, value)
        refused = c.do("XPOLICY", "SET", "orders", "workers", name, *value.split(" "))
        expect(isinstance(refused, Error), True, "the server refuses %s %s" % (name, value))
        w.b.expects("40[0-9]")
        w.b.click("Set policy", kind="dialog button")
        w.b.sees(str(refused), w.b.css("#field-%s-hint.wrong" % name.lower())[0])
        expect(len(w.b.css("dialog .wrong:not([hidden])")), 1, "fields that are wrong")
        w.b.fill(name, was)
    w.b.click("Cancel")
    expect(options(), {**before, "lease": 45000, "maxdeliver": 7}, "nothing is set")


@case(19, "Scheduled message: move, now, cancel.", filled=False)
def scheduled(w):
    c = w.c
    c.ask("XGROUP", "CREATE", "mail", "send", 0, "MKSTREAM")
    ids = [c.ask("XADD", "mail", "DELAY", hours * 3600000, "*", "letter", "number-%d" % hours) for hours in (1, 2, 3, 4)]
    waiting = lambda: {fields[1]: i for i, fields in c.ask("XSCHED", "RANGE", "mail", "-", "+")}
    w.b.emulate(zone="Europe/Berlin")
    w.log_in()
    w.go("Schedules")
    w.b.row("number-4")
    expect(w.b.js("return [...document.querySelectorAll('[data-table=scheduled] tbody tr')].map((r) => /number-\\d/.exec(r.innerText)[0])"), ["number-%d" % i for i in (1, 2, 3, 4)], "the next one first")
    choose(w, "number-2")
    w.b.click("Move to …")
    w.b.fill("at", "no moment")
    w.b.sees("This is no moment.")
    w.b.fill("at", "2034-07-01T12:00:00")
    moment = 2035360800000  # 10:00 UTC: Berlin has summer
    w.b.sees("XSCHED MOVE mail %s AT %d" % (ids[1], moment))
    w.b.click("Move to …", kind="dialog button")
    until("its other moment", lambda: waiting()["number-2"].startswith("%d-" % moment))
    expect(len(waiting()), 4, "messages that wait")
    w.b.away()
    w.b.sees(re.compile(r"1 Jul 2034, 12:00:00"), lambda: w.b.row("number-2"))
    choose(w, "number-3")
    w.b.click("Now")
    w.b.sees("XSCHED RUN mail %s" % ids[2])
    w.b.click("Now", kind="dialog button")
    until("it is delivered", lambda: c.ask("XLEN", "mail") == 1)
    ((_, ((_, fields),)),) = c.ask("XREADGROUP", "GROUP", "send", "w-1", "STREAMS", "mail", ">")
    expect((fields, sorted(waiting())), (["letter", "number-3"], ["number-1", "number-2", "number-4"]), "what came, what waits")
    w.b.away()
    w.b.gone("number-3")
    choose(w, "number-1", "number-4")
    w.b.click("Cancel them")
    w.b.sees("Cancel 2 scheduled messages")
    w.b.click("Cancel them", kind="dialog button")
    until("two are gone", lambda: sorted(waiting()) == ["number-2"])
    w.b.sees("2 messages deleted")
    expect(c.ask("XLEN", "mail"), 1, "none of them was delivered")
    w.route("#/stream/0/mail?tab=scheduled")
    choose(w, "number-2")
    w.b.click("Cancel them")
    w.b.click("Cancel them", kind="dialog button")
    w.b.sees("No scheduled messages.")
    expect((waiting(), c.ask("XLEN", "mail")), ({}, 1), "what waits, what came")


# Holds each request to redrive behind the first n of this page until letGo() is called.
HOLD = """
const ask = window.askServer ??= window.fetch, left = {n: arguments[0]};
let open;
const gate = new Promise((done) => { open = done; });
window.letGo = open;
window.held = 0;
window.fetch = async (path, ...rest) => {
    if (String(path).endsWith('/redrive') && left.n-- <= 0) { window.held++; await gate; }
    return ask(path, ...rest);
};
"""


def died(w, key, n):
    """n letters of a queue, whose messages are gone from it: by their numbers they can be told apart."""
    w.c.ask("XPOLICY", "SET", key, "workers", "MKSTREAM", "JOBS")
    w.c.many([("XADD", key, "*", "n", i) for i in range(n)])
    while got := w.c.ask("XREADGROUP", "GROUP", "workers", "w-1", "COUNT", 500, "STREAMS", key, ">"):
        ((_, entries),) = got
        w.c.ask("XNACK", key, "workers", "FATAL", "IDS", len(entries), *[i for i, _ in entries], "REASON", "no use")
    expect((w.c.ask("XLEN", key), w.c.ask("XLEN", "{%s}:dlq" % key)), (0, n), "messages, letters")


def numbers(w, key):
    """The numbers of what a stream holds, in order."""
    return sorted(int(fields[fields.index("n") + 1]) for _, fields in w.c.ask("XRANGE", key, "-", "+"))


def redrive_all(w, n):
    w.b.click("Redrive all", within=in_title(w))
    w.b.sees("Redrive all %s letters" % format(n, ","))
    w.b.click("Redrive %s" % format(n, ","), kind="dialog button")


@case(17, "Redrive 5,120 with Stop half-way, then on; target full: those stay and are told; original gone; two operators at once: each letter moves once.", filled=False)
def redrive(w):
    c, letters, n = w.c, "{orders}:dlq", 5120
    died(w, "orders", n)
    w.log_in()
    w.route("#/dead/0/" + quoted(letters))
    # Half-way: two calls of a thousand have been answered, the third is under way.
    w.b.js(HOLD, 3)  # one counts
    redrive_all(w, n)
    w.b.sees("2,000 moved")
    until("the third call", lambda: w.b.js("return window.held === 1"))
    expect((c.ask("XLEN", "orders"), c.ask("XLEN", letters)), (2000, n - 2000), "half-way")
    w.b.click("Stop", kind="dialog button")
    w.b.js("window.letGo()")
    w.b.sees("stopped: 3,000 moved")
    expect((c.ask("XLEN", "orders"), c.ask("XLEN", letters)), (3000, n - 3000), "stopped")
    redrive_all(w, n - 3000)
    w.b.sees("2,120 moved")
    w.b.sees("No letters are left here.")
    expect((numbers(w, "orders"), c.ask("XLEN", letters)), (list(range(n)), 0), "each once")
    full(w)
    gone(w)
    together(w)


def full(w):
    """100 letters, of which 60 have room."""
    died(w, "narrow", 100)
    w.c.ask("XCFGSET", "narrow", "MAXLEN", 60, "OVERFLOW", "REJECT")
    w.route("#/dead/0/" + quoted("{narrow}:dlq"))
    redrive_all(w, 100)
    w.b.sees(re.compile(r"60 moved, 40 stayed \(target full"))
    expect((numbers(w, "narrow"), numbers(w, "{narrow}:dlq")), (list(range(60)), list(range(60, 100))), "moved, and stayed")
    w.c.ask("XCFGSET", "narrow", "MAXLEN", -1)
    redrive_all(w, 40)
    w.b.sees(re.compile(r"40 moved\b(?!,)"))
    expect(numbers(w, "narrow"), list(range(100)), "when there is room")


def gone(w):
    """Where letters died is no more: it is made anew. Where several groups would see them, and the original is gone, they stay, and go to another stream."""
    c = w.c
    died(w, "fleeting", 20)
    c.ask("DEL", "fleeting")
    w.route("#/dead/0/" + quoted("{fleeting}:dlq"))
    redrive_all(w, 20)
    w.b.sees("20 moved")
    expect(numbers(w, "fleeting"), list(range(20)), "the stream made anew")
    died(w, "shared", 20)
    c.ask("XGROUP", "CREATE", "shared", "others", "$")
    w.route("#/dead/0/" + quoted("{shared}:dlq"))
    redrive_all(w, 20)
    w.b.sees(re.compile(r"0 moved, 20 stayed \(.*gone"))
    expect((c.ask("XLEN", "shared"), numbers(w, "{shared}:dlq")), (0, list(range(20))), "they stay")
    w.b.click("Redrive all", within=in_title(w))
    w.b.fill("to", "another stream")
    w.b.fill("stream", "elsewhere")
    w.b.sees("XREDRIVE {shared}:dlq COUNT 1000 TO elsewhere")
    w.b.click("Redrive 20", kind="dialog button")
    until("all of them", lambda: c.ask("XLEN", "{shared}:dlq") == 0)
    expect(numbers(w, "elsewhere"), list(range(20)), "moved elsewhere")


def together(w):
    """Two operators, each at the same letters: one waits in the midst of it while the other one redrives."""
    c, letters = w.c, "{parcels}:dlq"
    died(w, "parcels", 3500)
    w.route("#/dead/0/" + quoted(letters))
    w.b.js(HOLD, 2)
    redrive_all(w, 3500)
    until("the second call", lambda: w.b.js("return window.held === 1"))
    first = w.b.d.current_window_handle
    w.b.d.switch_to.new_window("tab")
    w.b.open("#/dead/0/" + quoted(letters))
    w.b.find("h1", letters)
    redrive_all(w, 2500)
    w.b.sees("2,500 moved")
    w.b.d.close()
    w.b.d.switch_to.window(first)
    w.b.js("window.letGo()")
    w.b.sees(re.compile(r"1,000 moved\b(?!,)"), w.b.css("section.results")[0])
    expect((numbers(w, "parcels"), c.ask("XLEN", letters)), (list(range(3500)), 0), "each once")
