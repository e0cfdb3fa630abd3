"""What real data and real hands do that a demonstration does not: IDs that are no moments, names without a character, texts of many lines, second clicks, Back while a dialog is open."""
import time, urllib.parse

from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from check import expect, until
from case import PASSWORDS, case


def quoted(name):
    return urllib.parse.quote(name, safe="")


@case(6, "Messages: newest first, to an hour ago, by ID; a search hit in the 9,000th entry by \"Go on\"; Esc stops.", part="IDs that are no moments")
def ids_beyond_time(w):
    """IDs of nanoseconds, and the largest of all: JavaScript has no date for them."""
    c = w.c
    for key, last in (("nano", "1796134910087000000-0"), ("largest", "18446744073709551615-1")):
        c.ask("XADD", key, "5-0", "n", "early")
        c.ask("XADD", key, last, "n", "late")
        c.ask("XGROUP", "CREATE", key, "g", "0")
        c.ask("XREADGROUP", "GROUP", "g", "w", "STREAMS", key, ">")
    c.ask("XADD", "{payments}:dlq", "9100000000000000-0", "dl-text", "of a far future", "dl-key", "payments")
    w.log_in()
    for key in ("nano", "largest"):
        for tab in ("", "?tab=groups", "?tab=produce", "?tab=limits"):
            w.route("#/stream/0/%s%s" % (key, tab))
            w.b.sees("2 messages")
        w.route("#/stream/0/%s" % key)
        w.b.row("late")
        w.route("#/group/0/%s/g" % key)
        w.b.row("late")
    w.route("#/dead/0/" + quoted("{payments}:dlq"))
    w.b.row("of a far future")


@case(7, "Values: JSON tree, hex, 12 MB, NUL bytes, emoji, MessagePack; a key that is no UTF-8, of 200 bytes, with `/ ? # %` and spaces.", part="the empty name, names of dots, long names")
def strange_names(w):
    c = w.c
    for key in ("", "x" * 600):
        c.ask("XADD", key, "*", "n", "of this one")
        c.ask("XPOLICY", "SET", key, key, "MKSTREAM", "JOBS")
        c.ask("HSET", "h" + key, "field", "value")
    c.ask("SET", "..", "above")
    w.log_in()
    w.go("Queues")
    w.b.click('""', kind="tbody a")
    w.b.row("of this one")
    w.b.click("Groups")
    w.b.click('""', kind="tbody a")
    w.b.find("h1", '"" / ""')
    w.b.sees("lease 30 s")
    for route in ("#/stream/0/" + "x" * 600, "#/stream/0/%s?tab=groups" % ("x" * 600), "#/group/0/%s/%s" % ("x" * 600, "x" * 600), "#/key/0/h" + "x" * 600):
        w.route(route)
        expect(w.b.js("return document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0, "pixels beyond the edge, at %.30s" % route)
    # A browser takes these for steps within the path, however they are written: it would ask for something else.
    w.route("#/key/0/..")
    w.b.sees("redis-cli")


@case(3, "New queue (JOBS); produce from the form with \"wait for the disk\"; the ID shown is the message's.", part="lines, much text, a second click")
def much_text(w):
    c, b = w.c, w.b
    lines = '{\n\t"order": 17,\n  "note": "two\\nlines"\n}'
    w.log_in()
    w.route("#/stream/0/news-log?tab=produce")
    b.fill("field 1", "body")
    b.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    b.d.execute_async_script("navigator.clipboard.writeText(arguments[0]).then(arguments[1])", lines)
    value = b.find("input, textarea", "value 1")
    value.click()
    value.send_keys(Keys.CONTROL, "v")
    ActionChains(b.d).double_click(b.find("button", "Send")).perform()
    until("the message", lambda: c.ask("XLEN", "news-log") > 0)
    expect(c.ask("XREVRANGE", "news-log", "+", "-")[0][1], ["body", lines], "what was pasted")
    b.sees("stream, db0 · 1 message")
    expect(c.ask("XLEN", "news-log"), 1, "messages of a double click")
    # Enter sends, as in the other fields; with Shift it is a line.
    b.fill("value 1", "a")
    b.find("input, textarea", "value 1").send_keys(Keys.SHIFT, Keys.ENTER)
    b.find("input, textarea", "value 1").send_keys("b")
    b.find("input, textarea", "value 1").send_keys(Keys.ENTER)
    until("the second message", lambda: c.ask("XLEN", "news-log") == 2)
    expect(c.ask("XREVRANGE", "news-log", "+", "-", "COUNT", 1)[0][1], ["body", "a\nb"], "two lines")
    # More than a request may have: told, and the form is still there.
    b.expects("413")
    b.js("const e = arguments[0]; e.value = 'x'.repeat(2000000); e.dispatchEvent(new Event('input', { bubbles: true }))", b.find("input, textarea", "value 1"))
    b.click("Send")
    b.sees("longer than 1 MiB")
    expect(b.js("return arguments[0].value.length", b.find("input, textarea", "value 1")), 2000000, "characters that are still there")
    expect(c.ask("XLEN", "news-log"), 2, "messages")


@case(6, "Messages: newest first, to an hour ago, by ID; a search hit in the 9,000th entry by \"Go on\"; Esc stops.", part="a text without its field")
def text_without_field(w):
    w.log_in()
    w.route("#/stream/0/mail")
    w.b.css("form[role=search] input[aria-label=contains]")[0].send_keys("person-7")
    w.b.click("Search")
    w.b.sees("Which field?")
    expect(w.b.focus()[0], "field", "the focus")
    w.b.keys("to", Keys.ENTER)
    w.b.sees("1 found")


@case(13, "Policy edited: only the changed option is set; a wrong value shows the server's text at its field.", part="the order is given up")
def no_order(w):
    def order():
        words = w.c.ask("XPOLICY", "GET", "orders", "workers")
        return words[words.index("orderby") + 1]
    w.log_in()
    w.route("#/group/0/orders/workers")
    w.b.click("Policy …")
    w.b.fill("ORDERBY", "customer")
    w.b.click("Set policy", kind="dialog button")
    until("the order", lambda: order() == "customer")
    w.b.closed()
    w.b.click("Undo")
    w.b.sees("Undone")
    expect(order(), "", "the order after Undo")
    w.c.ask("XPOLICY", "SET", "orders", "workers", "ORDERBY", "customer")
    w.b.click("Refresh now")
    w.b.sees("in order by customer")
    w.b.click("Policy …")
    w.b.fill("ORDERBY", "")
    w.b.sees('ORDERBY ""')
    w.b.click("Set policy", kind="dialog button")
    until("no order", lambda: order() == "")


@case(36, "Keyboard only: log in, find a queue, acknowledge, redrive, log out.", part="where the focus goes when its place is gone")
def focus_stays_on_the_page(w):
    w.log_in()
    w.route("#/group/0/payments/cards")
    w.b.click("Delete", kind="tbody button")
    w.b.click("Delete", within=lambda: w.b.css("dialog .buttons")[0])
    w.b.closed()
    w.b.sees("No consumer has read yet.")
    until("the focus on the heading", lambda: w.b.focus() == ["payments / cards", "h1"])
    # Back leads away from what the dialog is about: it is not asked over another view.
    w.go("Queues")
    w.route("#/stream/0/mail")
    w.b.click("Trim", within=w.b.css(".title .actions")[0])
    w.b.js("history.back()")
    w.b.find("h1", "Queues")
    w.b.closed()
    # The login stays: it is asked over every view.
    w.log_out()
    w.b.js("history.forward()")
    until("the other view", lambda: w.b.js("return location.hash") == "#/stream/0/mail")
    time.sleep(0.1)
    w.b.find("dialog input", "Password")


@case(16, "Dead letters grouped by text: the dry run's number equals what moves; chosen ones; matching; all.", part="what is offered beside one stream of them")
def one_stream_of_letters(w):
    w.log_in()
    w.go("Dead letters")
    expect([w.b.has("header select", "Database"), w.b.has("header input", "Filter")], [True, True], "choices beside all of them")
    w.route("#/dead/0/" + quoted("{payments}:dlq"))
    w.b.row("card declined")
    expect([w.b.has("header select", "Database"), w.b.has("header input", "Filter")], [False, False], "choices that mean nothing here")


@case(45, "Replicas view hidden alone, shown with one; broker views hidden without the broker's commands.", part="the line for a replica")
def line_for_a_replica(w):
    w.log_in()
    w.go("Replicas")
    w.b.sees("replicaof 127.0.0.1 %d" % w.port)


@case(30, "Config: two set at once, one wrong: neither; rewrite; secrets never in page, API, log.", part="Undo")
def settings_undone(w):
    was = w.c.ask("CONFIG", "GET", "slowlog-max-len")[1]
    w.log_in()
    w.route("#/config?match=slowlog-max-len")
    w.b.fill("slowlog-max-len", "77")
    w.b.click("Set", within=w.b.css(".title .actions")[0])
    w.b.click("Set", within=lambda: w.b.css("dialog .buttons")[0])
    w.b.closed()
    expect(w.c.ask("CONFIG", "GET", "slowlog-max-len")[1], "77", "the setting")
    until("the new value in the page", lambda: w.b.find("input", "slowlog-max-len").get_attribute("value") == "77")
    w.b.click("Undo")
    w.b.sees("Undone")
    expect(w.c.ask("CONFIG", "GET", "slowlog-max-len")[1], was, "the setting after Undo")


@case(20, "Routing: add a topic binding, test, publish, delete. Limits: set, a refused producer sees STREAMFULL.", part="an age that is no round number stays when another limit changes")
def age_stays(w):
    def limits():
        words = w.c.ask("XINFO", "STREAM", "mail")
        return [words[words.index(name) + 1] for name in ("maxlen", "maxage")]
    w.log_in()
    for age in (125000, 5400000, 90061007):
        w.c.ask("XCFGSET", "mail", "MAXLEN", 5000, "MAXAGE", age)
        w.route("#/stream/0/mail?tab=limits")
        w.b.click("Refresh now")
        w.b.sees("5,000")
        w.b.click("Change …")
        w.b.fill("entries", "6000")
        w.b.sees("MAXAGE %d" % age, lambda: w.b.css("dialog")[0])
        w.b.css("dialog button[type=submit]")[0].click()
        w.b.closed()
        expect(limits(), [6000, age], "limits")


@case(28, "Users: preset viewer sees all its views, every action disabled with its reason, the API answers 403; rules edited with difference; password shown once.",
      part="rights that go while a dialog is open; the next user sees nothing of the last one's results")
def rights_go(w):
    w.b.expects("403")
    w.log_in("alice")
    w.go("Schedules")
    w.b.click("New schedule")
    w.b.fill("to the stream", "reports")
    w.b.fill("name", "often")
    w.b.fill("kind", "every")
    w.b.fill("span", "10 min")
    w.b.fill("field 1", "kind")
    w.c.ask("ACL", "SETUSER", "alice", "-xcron")
    w.b.click("Save", within=lambda: w.b.css("dialog .buttons")[0])
    w.b.sees("no permissions", lambda: w.b.css("dialog")[0])
    expect(w.b.focus(), ["Save", "button"], "the focus after an error")
    w.c.ask("ACL", "SETUSER", "alice", "+xcron")
    w.b.click("Save", within=lambda: w.b.css("dialog .buttons")[0])
    w.b.closed()
    w.b.sees("XCRON SET reports often", w.b.css("section.results")[0])
    w.log_out()
    w.b.fill("Name", "viewer")
    w.b.fill("Password", PASSWORDS["viewer"])
    w.b.click("Log in")
    w.b.closed()
    w.b.gone("XCRON SET reports often")


@case(4, "10,000 streams: filter, every sort, next page, columns; the link opened in a second tab shows the same.", part="Back leads to the row one came from; what unfolds over the page folds again", filled=False)
def back_to_the_row(w):
    w.c.many([("XADD", "s:%03d" % i, "1-1", "n", i) for i in range(90)])
    w.log_in()
    w.go("Queues")
    w.b.row("s:080")
    w.b.click("s:080", kind="tbody a")
    w.b.find("h1", "s:080")
    w.b.settled()
    expect(w.b.js("return scrollY"), 0, "where a view begins")
    w.b.js("history.back()")
    w.b.find("h1", "Queues")
    w.b.row("s:080")
    in_sight = "const r = [...document.querySelectorAll('tbody tr')].find((r) => r.innerText.includes('s:080'))?.getBoundingClientRect(); return !!r && r.top >= 0 && r.bottom <= innerHeight"
    until("the row in sight", lambda: w.b.js(in_sight))
    w.go("Clients")
    w.go("Queues")
    w.b.row("s:000")
    expect(w.b.js("return scrollY"), 0, "where a view begins that is opened by its link")
    is_open = "return document.querySelectorAll('details.menu[open]').length"
    for close in (lambda: w.b.keys(Keys.ESCAPE), lambda: w.b.css("h1")[0].click()):
        w.b.click("Columns", kind="summary")
        expect(w.b.js(is_open), 1, "menus that are open")
        close()
        expect(w.b.js(is_open), 0, "menus that are open")


@case(9, "Group: acknowledge two; fail with delay and reason: deferred, comes back; release; reject: in the dead letters with the reason; claim for another.", part="among all that is pending, and beside the message")
def deferred_among_all(w):
    c = w.c
    ((_, entries),) = c.ask("XREADGROUP", "GROUP", "send", "w-1", "COUNT", 2, "STREAMS", "mail", ">")
    c.ask("XNACK", "mail", "send", "FAIL", "IDS", 1, entries[0][0], "DELAY", 3600000, "REASON", "mailbox full")
    c.ask("XNACK", "mail", "send", "SILENT", "IDS", 1, entries[1][0])
    w.log_in()
    for tab in ("", "?state=unowned"):
        w.route("#/group/0/mail/send" + tab)
        row = w.b.row(entries[0][0]).text
        expect(["mailbox full" in row, "again in 59 min" in row or "again in 1 h" in row], [True, True], "why and when, of %r" % row)
    w.route("#/stream/0/mail?order=oldest")
    w.b.row("again in")
    texts = [w.b.row(e[0]).text for e in entries]
    expect(["again in" in texts[0], "released" in texts[0], "released (send)" in texts[1]], [True, False, True], "states of %r" % texts)


@case(15, "Delete consumer: its messages are ready again.", part="a thousand consumers hide nothing")
def many_consumers(w):
    w.c.many([("XGROUP", "CREATECONSUMER", "mail", "send", "consumer-%04d" % i) for i in range(1000)])
    w.log_in()
    w.route("#/group/0/mail/send")
    w.b.sees("Consumers 1,000")
    w.b.row("consumer-0999")
    expect(w.b.js("return document.documentElement.scrollHeight") < 3000, True, "what is pending is near")


@case(6, "Messages: newest first, to an hour ago, by ID; a search hit in the 9,000th entry by \"Go on\"; Esc stops.", part="what is no ID; what is copied")
def no_id(w):
    w.log_in()
    w.route("#/stream/0/mail")
    w.b.fill("from", "yesterday", enter=True)
    w.b.sees("ID, or age: 1h", lambda: w.b.css("form[role=search] .wrong")[0])
    w.b.fill("from", "1h", enter=True)
    w.b.row("person-39")
    w.b.click("Unfold", within=lambda: w.b.row("person-39"))
    w.b.click("Copy", within=lambda: w.b.css(".unfolded")[0])
    until("that it was copied", lambda: w.b.js("return document.querySelector('[data-told]')?.dataset.told") == "Copied")
    until("that it is over", lambda: not w.b.js("return document.querySelector('[data-told]')"))


@case(30, "Config: two set at once, one wrong: neither; rewrite; secrets never in page, API, log.", part="somebody else sets what is being typed")
def set_meanwhile(w):
    w.log_in()
    w.route("#/config?match=slowlog-max-len")
    w.b.fill("slowlog-max-len", "55")
    w.c.ask("CONFIG", "SET", "slowlog-max-len", 99)
    until("a new answer", lambda: w.b.js("return document.querySelector('footer').innerText.includes('as of now')"))
    w.b.click("Refresh now")
    time.sleep(0.5)  # an answer after which nothing may have changed
    expect(w.b.find("input", "slowlog-max-len").get_attribute("value"), "55", "what was typed")
    w.b.click("Set", within=w.b.css(".title .actions")[0])
    w.b.click("Set", within=lambda: w.b.css("dialog .buttons")[0])
    w.b.closed()
    until("the setting", lambda: w.c.ask("CONFIG", "GET", "slowlog-max-len")[1] == "55")
