"""Messages and values: pages and search of a stream, and a value as what it is."""
import hashlib, os, re

from selenium.webdriver.common.keys import Keys

from check import expect, until
from case import case
from cases_looking import quoted

ENTRIES, NEEDLE = 10000, 9000  # messages, and which of them is looked for, from the newest on
MANY = 12 << 20


def shown(w):
    """IDs of the messages, from above."""
    return w.b.js("return [...document.querySelectorAll('[data-table=messages] tbody th')].map((e) => e.innerText)")


def clock(w):
    seconds, micros = w.c.ask("TIME")
    return int(seconds) * 1000 + int(micros) // 1000


def search(w, **fields):
    """Fills the form above the messages, and asks."""
    form = w.b.css("main form[role=search]")[0]
    for name, value in fields.items():
        w.b.fill({"text": "contains"}.get(name, name), value, within=form)
    w.b.click("Search", within=form)


@case(6, "Messages: newest first, to an hour ago, by ID; a search hit in the 9,000th entry by \"Go on\"; Esc stops.", filled=False)
def messages(w):
    c = w.c
    first = clock(w) - 2 * 3600000  # two hours, an entry each 720 ms
    ids = ["%d-0" % (first + i * 720) for i in range(ENTRIES)]
    needle = ids[ENTRIES - NEEDLE]
    c.many([("XADD", "log", i, "line", n, "state", "lost-and-found" if i == needle else "new") for n, i in enumerate(ids)])
    w.log_in()
    w.route("#/stream/0/log")
    until("the newest first", lambda: shown(w) == ids[:-51:-1])
    w.b.click("Next page")
    until("the next page", lambda: shown(w) == ids[-51:-101:-1])
    before = clock(w)
    search(w, to="1h")
    top = until("those of an hour ago", lambda: (lambda all: all if len(all) == 50 and all[0] < ids[-1000] else None)(shown(w)))
    newest = [[i for i, _ in c.ask("XREVRANGE", "log", moment - 3600000, "-", "COUNT", 50)] for moment in (before, clock(w))]
    expect(newest[0][0] <= top[0] <= newest[1][0], True, "the newest that is an hour old: %s, not between %s and %s" % (top[0], newest[0][0], newest[1][0]))
    expect(top, ids[ids.index(top[0]):ids.index(top[0]) - 50:-1], "the newest first, an hour ago")
    search(w, **{"from": ids[70], "to": ids[72]})
    until("by ID", lambda: shown(w) == [ids[72], ids[71], ids[70]])
    search(w, order="oldest first")
    until("the oldest first", lambda: shown(w) == ids[70:73])
    w.b.click("Clear")
    until("the form anew", lambda: not w.b.has("button", "Clear"))
    search(w, order="newest first")
    until("the newest first", lambda: shown(w) == ids[:-51:-1])
    search(w, field="state", text="lost")
    for looked, part in ((2000, 20), (4000, 40), (6000, 60), (8000, 80)):
        w.b.sees("looked at %s of 10,000 (%d %%), 0 found" % (format(looked, ","), part))
        expect(shown(w), [], "hits")
        if looked == 4000:
            stopped(w)
        w.b.click("Go on")
    w.b.sees("looked at 10,000 of 10,000 (100 %), 1 found")
    w.b.click("Go on")  # nobody has seen yet that there is nothing behind
    w.b.sees("The end was reached.")
    expect(shown(w), [needle], "the hit")
    expect([i for i, fields in c.ask("XRANGE", "log", "-", "+") if "lost" in fields[3]], [needle], "what the server has")


def stopped(w):
    """Esc ends a request that gets no answer; what was found stays, and it goes on from there."""
    w.freeze()
    w.b.click("Go on")
    w.b.find("button", "Stop")
    w.b.keys(Keys.ESCAPE)
    w.b.find("button", "Go on")
    w.b.sees("looked at 4,000 of 10,000 (40 %), 0 found")
    w.go_on()


LONG_NAME = b"\xff/ ? # %41 & of it: " + b"/?#% \xfe" * 30 + b"end"
# {"id": 7, "tags": ["a", null], "raw": b"\x00\xff"} in MessagePack.
PACKED = b"\x83\xa2id\x07\xa4tags\x92\xa1a\xc0\xa3raw\xc4\x02\x00\xff"


def as_form(w, form):
    w.b.fill("as", form, within=w.b.css("main .value")[0])


def tree(w):
    return w.b.js("return document.querySelector('main .value > .tree').innerText.split('\\n').map((l) => l.trim()).filter(Boolean)")


def keeps_downloads(w):
    """Files that the page offers come here; reads the one that is called so, when it is whole."""
    to = w.at("downloads")
    os.mkdir(to)
    w.b.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=to)

    def read():
        names = [n for n in os.listdir(to) if not n.endswith((".crdownload", ".tmp")) and not n.startswith(".")]
        if len(names) != 1:
            return None
        with open(os.path.join(to, names[0]), "rb") as f:
            data = f.read()
        os.unlink(os.path.join(to, names[0]))
        return data
    return lambda: until("the file", read)


@case(7, "Values: JSON tree, hex, 12 MB, NUL bytes, emoji, MessagePack; a key that is no UTF-8, of 200 bytes, with `/ ? # %` and spaces.", filled=False)
def values(w):
    c = w.c
    many = b"".join(b"%07d\x00\xff " % i for i in range(MANY // 10 + 1))[:MANY]
    texts = {"tree": '{"10":1,"2":{"b":[true,"x"]},"a":12345678901234567890}', "nul": b"one\x00two\x01", "emoji": "caf\u00e9 \U0001f98a \U0001f469\u200d\U0001f680".encode(), "packed": PACKED, "bytes": b"\x00\x01\xff\xfe", "many": many, LONG_NAME[:200]: "found"}
    for key, value in texts.items():
        c.ask("SET", key, value)
    download = keeps_downloads(w)
    w.log_in()
    w.route("#/key/0/tree")
    expect(tree(w), ["{ 3 }", "10: 1", "2: { 1 }", "b: [ 2 ]", "true", '"x"', "a: 12345678901234567890"], "the tree of JSON, names in order, digits as they are")
    w.route("#/key/0/bytes")
    w.b.sees("00000000 00 01 ff fe ....")
    as_form(w, "base64")
    w.b.sees("AAH//g==")
    w.route("#/key/0/packed")
    expect(tree(w), ["{ 3 }", "id: 7", "tags: [ 2 ]", '"a"', "null", 'raw: "\\\\x00\\\\xff"'], "the tree of MessagePack")
    w.route("#/key/0/emoji")
    w.b.sees(texts["emoji"].decode())
    w.route("#/key/0/nul")
    w.b.sees("one\\x00two\\x01", w.b.css("main .value pre")[0])
    as_form(w, "hex")
    w.b.sees("00000000 6f 6e 65 00 74 77 6f 01 one.two.")
    w.route("#/key/0/many")
    w.b.sees("4.1 kB of 12.6 MB", w.b.css("main .value")[0])
    as_form(w, "hex")
    w.b.click("All (12.6 MB)")
    w.b.gone("4.1 kB of 12.6 MB")
    w.b.sees("The first 65.5 kB of it", w.b.css("main .value")[0])
    w.b.click("Download")
    expect(hashlib.sha256(download()).hexdigest(), hashlib.sha256(many).hexdigest(), "12 MB")
    c.ask("SETRANGE", "many", 3, "another one")
    w.b.sees("4.1 kB of 12.6 MB")  # the value is another one
    named(w, LONG_NAME[:200])
    c.ask("DEL", "many")
    c.ask("XADD", "blob", "1-1", "small", "1", "body", many[:2000000])
    c.ask("XADD", "blob", "1-2", "body", "of another")
    w.route("#/stream/0/blob")
    w.b.click("Unfold 1-1")
    w.b.sees("4.1 kB of 2 MB")
    w.b.click("Download", within=w.b.css("main .value")[1])
    expect(download() == many[:2000000], True, "2 MB of a message")
    expect(c.ask("XLEN", "blob"), 2, "messages")
    members(w, download)


def members(w, download):
    """Long values inside of a hash and of a list."""
    c, long = w.c, b"".join(b"%06d\xff" % i for i in range(60000))
    c.ask("HSET", "hash", "short", "1", b"\xfe/ &", long)
    c.ask("RPUSH", "list", "first", long)
    w.route("#/key/0/hash")
    w.b.click_in_row("\\xfe/ &", "000000\\xff", kind="summary")
    w.b.click("All (420 kB)", within=w.b.row("\\xfe/ &"))
    w.b.gone("4.1 kB of 420 kB")
    w.b.click("Download", within=w.b.row("\\xfe/ &"))
    expect(download() == long, True, "the value of a field")
    w.route("#/list/0/list")
    w.b.click("Unfold 1")
    w.b.sees("4.1 kB of 420 kB")
    w.b.click("Download", within=w.b.css("main .value")[0])
    expect(download() == long, True, "an item")
    c.ask("DEL", "list")
    c.ask("RPUSH", "list", long, b"!" + long[1:])
    w.go("Lists")
    w.b.fill("Refresh", "off")
    w.route("#/list/0/list")
    w.b.click("Unfold 0")
    w.b.sees("4.1 kB of 420 kB")
    c.ask("LPOP", "list")  # what is seen has gone, and another one is in its place
    w.b.click("Download", within=w.b.css("main .value")[0])
    w.b.sees("It is another one now")
    expect(c.ask("LLEN", "list"), 1, "items")


def named(w, name):
    """A name that is no text: found, shown, its value read, itself changed and deleted, and no other."""
    c = w.c
    c.ask("SET", name[1:], "another")
    w.go("Keys")
    w.b.fill("Filter", "*# %41 ? of it*")
    w.b.sees("looked at 100 %, 2 found")
    w.b.click("\\xff/ ? # %41", kind="main a")
    w.b.sees("found", w.b.css("main .value")[0])
    w.b.sees("\\xff/ ? # %41 & of it: /?#% \\xfe/?#%", w.b.css("h1")[0])
    w.b.click("TTL …")
    w.b.fill("Time", "10 min")
    w.b.click("Run")
    until("its time to live", lambda: 0 < c.ask("TTL", name) <= 600)
    w.b.click("Rename …")
    w.b.fill("New name", "a plain / name?")
    w.b.click("Run")
    w.b.find("h1", "a plain / name?")
    expect((c.ask("EXISTS", name), c.ask("GET", "a plain / name?"), c.ask("GET", name[1:])), (0, "found", "another"), "the names")
