"""What is seen: text that is no markup, looking that changes nothing, no request elsewhere, widths, colours, keys."""
import re, urllib.parse

from selenium.webdriver.common.keys import Keys

from check import Failed, expect, until
from resp import info
from case import NAV, PASSWORDS, case
from load import IMAGE, MARKER, SCRIPT, fill_hostile

CONSOLE = ("--console-commands", "yes")


def quoted(name):
    return urllib.parse.quote(name, safe="")


def routes(w):
    """Addresses of everything that a filled server has: each view, and one thing of each kind."""
    letters = next((k for k in w.c.ask("KEYS", "*dlq*")), "{payments}:dlq")
    tabs = ("", "?tab=groups", "?tab=produce", "?tab=limits", "?tab=routing", "?tab=scheduled")
    return ["#/stream/0/orders" + t for t in tabs] + ["#/group/0/orders/workers", "#/dead/0/" + quoted(letters), "#/key/0/document", "#/key/0/tags", "#/key/0/scores",
                                                     "#/key/0/session%3A0001", "#/list/0/jobs"]


def walk(w, each=lambda where: None, more=()):
    for view in w.views():
        w.go(view)
        each(view)
    for route in list(more) or routes(w):
        w.route(route)
        each(route)


@case(8, "`<script>` and `\"><img onerror>` in key, field, value, group, consumer, client name, reason, channel, user, error: shown as text, nothing runs, console clean.", filled=False, args=CONSOLE)
def markup_is_text(w):
    fill_hostile(w.c)
    listener = w.conn(encoding="latin-1")
    listener.ask("SUBSCRIBE", "channel" + SCRIPT)
    w.log_in()
    tables = [v for v in w.views() if v in ("Queues", "Clients", "Keys", "Lists", "Channels", "Users")]

    def shows():
        text = w.b.text()
        return SCRIPT in text or IMAGE in text

    def look(where):
        if where in tables or where.startswith("#"):
            until("the name, as text, in " + where, shows)
        ran, made = w.b.js("return [window[arguments[0]] === 1, document.querySelectorAll('#app script, #app img, #app iframe').length]", MARKER)
        expect((ran, made), (False, 0), "a script that ran, elements from data, in %s" % where)

    more = []
    for word in (SCRIPT, IMAGE):
        q = quoted(word)
        more += ["#/stream/0/%s%s" % (q, t) for t in ("", "?tab=groups", "?tab=routing")] + ["#/group/0/%s/%s" % (q, q), "#/dead/0/" + quoted("{%s}:dlq" % word), "#/key/0/" + quoted("hash" + word),
                 "#/list/0/" + quoted("list" + word)]
    walk(w, look, more)
    expect([t for t in ("Queues", "Clients", "Keys") if t not in tables], [], "views that are not there")
    listener.close()


def counters(w):
    fields = info(w.c)
    return {name: fields[name] for name in ("keyspace_hits", "keyspace_misses", "rdb_changes_since_last_save")}


def state(w):
    """What else looking could move; asking for it counts as well."""
    c = w.c
    return {
        "pending": c.ask("XPENDING", "payments", "cards", "-", "+", 100), "stream": c.ask("XINFO", "STREAM", "payments", "FULL"), "groups": c.ask("XINFO", "GROUPS", "orders"),
        "consumers": c.ask("XINFO", "CONSUMERS", "payments", "cards"),
        "list": c.ask("LLEN", "jobs"), "idle": c.ask("OBJECT", "IDLETIME", "document") > 0}


@case(11, "Looking changed nothing: XPENDING, XINFO, INFO keyspace hits before and after a walk through all views are equal.", args=CONSOLE)
def looking_changes_nothing(w):
    w.c.ask("XREADGROUP", "GROUP", "cards", "w-9", "STREAMS", "payments", ">")
    w.c.ask("XADD", "payments", "*", "order", 9)
    w.c.ask("XREADGROUP", "GROUP", "cards", "w-9", "COUNT", 1, "STREAMS", "payments", ">")
    for key in ("orders", "payments", "mail"):
        w.c.ask("XPOLICY", "SET", key, {"orders": "workers", "payments": "cards", "mail": "send"}[key], "LEASE", 3600000)
    until("a second of rest", lambda: w.c.ask("OBJECT", "IDLETIME", "document") > 0)
    w.log_in()

    def still(s):
        s["consumers"] = [[x for i, x in enumerate(c) if i not in (5, 7)] for c in s["consumers"]]  # how long ago goes on by itself
        return s

    before = still(state(w))
    counted = counters(w)
    walk(w)
    expect(counters(w), counted, "counters")
    after = still(state(w))
    # XPENDING tells how long ago.
    for s in (before, after):
        s["pending"] = [[p[0], p[1], p[3]] for p in s["pending"]]
        s["stream"] = re.sub(r"'(seen|active)-time', \d+", "", str(s["stream"]))
    for name in before:
        expect(after[name], before[name], name)


@case(40, "No request to another origin in a walk through everything (Chromium's own log); with the network cut off.", load=True, args=CONSOLE)
def no_other_origin(w):
    w.log_in()
    walk(w)
    foreign = [url for url, _ in w.b.asked() if not url.startswith((w.origin() + "/", "data:", "about:", "chrome:", "blob:"))]
    expect(foreign, [], "requests elsewhere")
    expect(len(w.b.asked()) > 30, True, "requests in Chromium's log")
    expect([h for _, headers in w.b.asked() for h in headers if h.lower() == "cookie"], [], "cookies")


DRAWN = """
const {width, height} = arguments[0], copy = Object.assign(document.createElement('canvas'), {width, height}).getContext('2d', {willReadFrequently: true});
copy.drawImage(arguments[0], 0, 0);
const at = copy.getImageData(0, 0, width, height).data;
let colored = 0;
for (let i = 0; i < at.length; i += 4) colored += at[i + 3] > 0 && Math.max(at[i], at[i + 1], at[i + 2]) - Math.min(at[i], at[i + 1], at[i + 2]) > 60;
return colored;
"""


@case(43, "History: day and week after a simulated week; a gap; restart.", part="what is drawn, and its numbers", load=True)
def plots(w):
    asked = {"#/?": ((), {"Messages a second": ("added-rate", "delivered-rate", "acked-rate", "failed-rate"), "Messages waiting": ("ready", "leased", "deferred", "scheduled")}),
             "#/stream/0/orders?plots=1": (("DB", 0, "KEY", "orders"), {"Added a second": ("added",), "Messages": ("length",)}),
             "#/group/0/orders/workers?plots=1": (("DB", 0, "KEY", "orders", "GROUP", "workers"), {"Ready and leased": ("ready", "leased"), "Messages a second": ("delivered", "acked")})}
    w.log_in()
    for route, (what, shown) in asked.items():
        for span in ("minutes", "hour"):
            w.route(route + "&span=" + span)
            for title, numbers in shown.items():
                figure = lambda: w.b.plot(title)
                until("lines of %s, %s" % (title, span), lambda: w.b.again(lambda: w.b.js(DRAWN, w.b.css("canvas", figure())[0]) > 0), seconds=40)
                if span == "minutes":
                    w.b.click("As a table", within=figure)
                    table_of(w, figure, what, numbers)


def table_of(w, figure, what, numbers):
    """The table of a plot has what the server tells: as many columns, and each of its rows of the last two minutes."""
    def rows():
        return w.b.js("return [...arguments[0].querySelectorAll('tbody tr')].map((r) => [...r.cells].slice(1).map((c) => c.innerText))", figure())

    def told():
        answer = w.c.ask("SURVEY", "HISTORY", "MINUTES", *what, *numbers)
        answer = dict(zip(answer[::2], answer[1::2])) if isinstance(answer, list) else answer
        return list(zip(*(answer[n] for n in numbers)))

    def same():
        known = [[None if v is None else float(v) for v in row] for row in told() if any(v is not None for v in row)]
        seen = [[None if v == "–" else float(v.replace(",", "")) for v in row] for row in w.b.again(rows)]
        near = lambda a, b: (a is None) == (b is None) and (a is None or abs(a - b) <= 0.51)
        return len(seen) > 0 and all(any(all(near(a, b) for a, b in zip(row, other)) for other in known) for row in seen)
    until("the table of %s" % (numbers,), same)


@case(37, "320 px and 200 % zoom: no horizontal scroll but in tables.", args=CONSOLE)
def narrow(w):
    w.log_in()
    for size, zoom in (((320, 900), 1), ((640, 900), 2)):
        w.b.emulate(size, zoom=zoom)

        def look(where):
            wide, page, widest = w.b.js("""const page = document.documentElement.clientWidth;
                const out = [...document.querySelectorAll('#app *')].filter((e) => !e.closest('.scroll, pre, nav, .sr, .skip, canvas') && e.getBoundingClientRect().right > page + 1 && e.getClientRects().length);
                return [document.documentElement.scrollWidth, page, out.slice(0, 3).map((e) => e.tagName + '.' + e.className + ' ' + e.innerText?.slice(0, 40)).join(' | ')]""")
            if wide > page:
                raise Failed("%s at %r, zoom %d: %d wide, %d shown: %s" % (where, size, zoom, wide, page, widest))

        walk(w, look)


@case(39, "Dark and light follow the system; a choice survives reload; forced colours.")
def themes(w):
    ground = "return getComputedStyle(document.body).backgroundColor"
    w.log_in()
    w.b.emulate(dark=False)
    light = w.b.js(ground)
    w.b.emulate(dark=True)
    dark = w.b.js(ground)
    expect(light != dark, True, "the ground is %s in both" % light)
    w.b.click("Theme: system")
    w.b.find("button", "Theme: light")
    expect(w.b.js(ground), light, "light by choice, dark by the system")
    w.b.d.refresh()
    w.b.find(NAV, "Overview")
    w.b.find("button", "Theme: light")
    expect(w.b.js(ground), light, "after a reload")
    w.b.click("Theme: light")
    w.b.emulate(dark=False)
    w.b.find("button", "Theme: dark")
    expect(w.b.js(ground), dark, "dark by choice, light by the system")
    w.b.emulate(dark=False, forced=True)
    for view in w.views():
        w.go(view)
    expect(w.b.js("return matchMedia('(forced-colors: active)').matches"), True, "forced colours")


def tab_to(w, name, most=120, back=False):
    """Tab until the focus is on what is called so."""
    for _ in range(most):
        at, tag = w.b.focus()
        if at == name or (at.startswith(name) and tag in ("a", "button", "summary", "input")):
            return
        w.b.keys(*((Keys.SHIFT, Keys.TAB) if back else (Keys.TAB,)))
    raise Failed("Tab does not lead to %r; it is at %r" % (name, w.b.focus()))


@case(36, "Keyboard only: log in, find a queue, acknowledge, redrive, log out.")
def keyboard(w):
    c = w.c
    c.ask("XPOLICY", "SET", "orders", "workers", "LEASE", 3600000)
    c.ask("XADD", "orders", "*", "order", "of-the-keyboard")
    c.ask("XREADGROUP", "GROUP", "workers", "w-1", "COUNT", 1, "STREAMS", "orders", ">")
    w.b.open()
    w.b.find("dialog input", "Name")
    tab_to(w, "Name")
    w.b.keys("alice", Keys.TAB, PASSWORDS["alice"], Keys.ENTER)
    w.b.find(NAV, "Overview")
    w.b.gone("Log in")
    w.b.keys("g")
    w.b.keys("q")
    w.b.find("h1", "Queues")
    w.b.settled()
    w.b.keys("/")
    expect(w.b.js("return document.activeElement.id"), "filter", "/ leads to the filter")
    w.b.keys("orders", Keys.ESCAPE)
    w.b.row("orders")
    w.b.gone("old-import")
    w.b.keys("j")
    w.b.keys(Keys.ENTER)
    w.b.find("h1", "orders")
    w.route("#/group/0/orders/workers")
    w.b.row("of-the-keyboard")
    w.b.keys("j")  # the consumer
    w.b.keys("j")  # its message
    w.b.keys("x")
    w.b.sees("1 chosen")
    tab_to(w, "Acknowledge", back=True)
    w.b.keys(Keys.ENTER)
    w.b.css("dialog[open]")
    tab_to(w, "Acknowledge")
    w.b.keys(Keys.ENTER)
    until("the acknowledgement", lambda: c.ask("XPENDING", "orders", "workers")[0] == 0)
    w.b.keys("g")
    w.b.keys("d")
    w.b.find("h1", "Dead letters")
    before = c.ask("XLEN", "{payments}:dlq")
    w.route("#/dead/0/" + quoted("{payments}:dlq"))
    w.b.sees("card declined")
    tab_to(w, "Redrive")
    w.b.keys(Keys.ENTER)
    w.b.css("dialog[open]")
    tab_to(w, "Redrive")
    w.b.keys(Keys.ENTER)
    until("the redrive", lambda: c.ask("XLEN", "{payments}:dlq") < before)
    tab_to(w, "alice")
    w.b.keys(Keys.ENTER)
    tab_to(w, "Log out")
    w.b.keys(Keys.ENTER)
    w.b.find("dialog input", "Password")
