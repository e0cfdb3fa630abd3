"""What is not there, and what does not go: keys that others take away, commands that the server has not, empty views, errors."""
import os, re

from check import expect, until
from server import Server, free_port
from case import case
from cases_seams import dict_of, log_in_again, lost, told


def goes_back(w, view):
    """The way out of a view whose thing is gone, which offers nothing to do there."""
    expect(w.b.js("return document.querySelectorAll('.title [data-action]').length"), 0, "actions on what is not there")
    w.b.click("Back to " + view, kind="main a")
    w.b.find("h1", view)
    w.b.settled()


@case(44, "Renamed, deleted, expired, changed type while open: told, way back.")
def gone(w):
    c = w.c
    w.b.expects("404|409")
    w.log_in()
    w.route("#/stream/0/mail")
    w.b.row("person-39")
    c.ask("RENAME", "mail", "post")
    w.b.sees("There is no such thing. It was deleted or renamed")
    c.ask("RENAME", "post", "mail")
    w.b.row("person-39")  # it comes back by itself
    c.ask("RENAME", "mail", "post")
    w.b.gone("person-39")
    goes_back(w, "Queues")
    w.b.row("post")
    expect(c.ask("EXISTS", "mail", "post"), 1, "keys")
    w.route("#/group/0/post/send")
    w.b.find("h1", "send")
    c.ask("XGROUP", "DESTROY", "post", "send")
    w.b.sees("There is no such thing")
    goes_back(w, "Queues")
    w.route("#/stream/0/post?tab=groups")
    w.b.sees("No group reads this stream.")
    c.ask("SET", "post", "no stream any more")
    w.b.sees("This key holds something else now.")
    goes_back(w, "Queues")
    w.route("#/key/0/document")
    w.b.sees("ann")
    c.ask("PEXPIRE", "document", 1)
    w.b.sees("There is no such thing")
    expect(c.ask("EXISTS", "document"), 0, "the key")
    goes_back(w, "Keys")
    w.route("#/key/0/tags")
    w.b.row("green")
    c.ask("SET", "tags", "a text now")
    w.b.sees("a text now")
    w.route("#/list/0/jobs")
    w.b.row("a1")
    c.ask("DEL", "jobs")
    w.b.sees("The list is empty, or there is none any more.")
    c.ask("HSET", "jobs", "field", "value")
    w.b.sees("This key holds something else now.")
    goes_back(w, "Lists")
    # What was asked to be done to a thing that has gone since is told in its dialog.
    w.route("#/stream/0/events?tab=groups")
    w.b.click("Delete", within=w.b.css(".title .actions")[0])
    w.b.fill("Type events to confirm", "events")
    c.ask("DEL", "events")
    w.b.click("Delete", within=w.b.css("dialog .buttons")[0])
    w.b.sees("Not found", w.b.css("dialog [role=alert]")[0])
    w.b.click("Cancel")


@case(45, "Replicas view hidden alone, shown with one; broker views hidden without the broker's commands.", part="replicas")
def with_a_replica(w):
    w.log_in("viewer")
    expect("Replicas" in w.views(), False, "Replicas, alone")
    with Server(w.path, "--replicaof", "127.0.0.1 %d" % w.port) as other:
        other.start().close()
        until("a replica", lambda: "connected_slaves:1" in w.c.ask("INFO", "replication"))
        until("the view", lambda: "Replicas" in w.views())
        w.go("Replicas")
        row = w.b.row(":%d" % other.port)
        w.b.sees("online", row)
        expect([b for b in w.b.js("return [...document.querySelectorAll('main [data-action]')].map((b) => b.getAttribute('aria-disabled'))") if b != "true"], [], "actions of a viewer")
        other.kill()
    until("nobody follows", lambda: "connected_slaves:0" in w.c.ask("INFO", "replication"))
    until("the view is gone", lambda: "Replicas" not in w.views())
    w.b.sees("Nobody follows this server.")
    w.log_out()
    w.log_in("alice")  # who may run REPLICAOF
    expect("Replicas" in w.views(), True, "Replicas")


WITHOUT = [x for name in ("XPOLICY", "XREDRIVE", "XCRON", "XSCHED", "XBIND", "XCAPTURE") for x in ("--rename-command", name, "")]


@case(45, "Replicas view hidden alone, shown with one; broker views hidden without the broker's commands.", part="without the broker's commands", filled=False, args=WITHOUT)
def without_the_broker(w):
    w.c.ask("XGROUP", "CREATE", "events", "audit", 0, "MKSTREAM")
    w.c.ask("XADD", "events", "*", "what", "an-event")
    expect(str(w.c.do("XCRON", "HELP")).startswith("ERR unknown command"), True, "the server has not got it")
    w.log_in()
    views = w.views()
    expect([v for v in ("Dead letters", "Schedules") if v in views], [], "views of the broker")
    expect([v for v in ("Overview", "Queues", "Lists", "Channels", "Clients", "Keys") if v not in views], [], "views that have to be there")
    for view in views:
        w.go(view)
    w.route("#/stream/0/events")
    w.b.row("an-event")
    tabs = w.b.js("return [...document.querySelectorAll('nav.tabs a')].map((a) => a.textContent.trim())")
    expect(tabs, ["Messages", "Groups 1", "Produce", "Limits"], "tabs of a stream")
    w.route("#/stream/0/events?tab=groups")
    w.b.row("audit")
    expect(w.b.js("return document.querySelectorAll('tbody a').length"), 0, "links to a view of the broker")


@case(47, "Every empty and error state of section 14 is reached and looks as told.", part="nothing there", filled=False)
def nothing_there(w):
    expect(w.c.ask("DBSIZE"), 0, "keys")
    w.log_in()
    empty = {"Overview": ("No alarms.", "Nobody is behind.", "Nothing is added.", "Nothing fails.", "Every queue has a reader."),
             "Queues": ("XPOLICY SET orders workers MKSTREAM JOBS", "// Node", "# Python"),
             "Dead letters": ("No dead letters.", "XPOLICY SET key group JOBS", "docs/guides/queues.md"),
             "Schedules": ("No schedules.", "XCRON SET", "docs/guides/queues.md", "No scheduled messages. XADD stream DELAY"),
             "Lists": ("No list is known.", "RPUSH queue:default", "docs/guides/queues.md"),
             "Channels": ("Nobody listens to anything.", "SUBSCRIBE news.eu"), "Keys": ("There are no keys in this database.",),
             "Slow": ("No request took longer",), "Storage": ("No sealed backup.",), "Replicas": ("Nobody follows this server.", "replicaof 127.0.0.1"),
             "Users": ("Nothing has been refused.",)}
    for view in w.views():
        w.go(view)
        for text in empty.get(view, ()):
            w.b.sees(text)
    expect(set(empty) - set(w.views()), set(), "views that are not there")
    w.go("Queues")
    w.b.find("button", "New queue")
    w.go("Overview")
    began = w.b.sees(re.compile(r"recording since (\d\d):(\d\d):(\d\d)"))
    first = next(i for i, v in enumerate(told(w, "MINUTES", "ready")[2]) if v is not None)
    from_ms, step_ms, _ = told(w, "MINUTES", "ready")
    expect(abs((from_ms + first * step_ms) // 1000 % 60 - int(began[3])) % 56 <= 4, True, "the beginning of the record is as the server tells it")


def filtered(w, view, field, wanted, all_of):
    """A filter that finds nothing tells what it was and how many there are, and leads back."""
    w.go(view)
    w.b.settled()
    w.b.fill(field, wanted)
    w.b.sees(re.compile(r"(Nothing matches|No list fits|No queue matches) %s\." % wanted))
    if all_of:
        until("how many there are", lambda: "There are %d." % all_of() in w.b.text().replace(",", ""))
    w.b.click("Clear filter", kind="main button")
    w.b.gone(wanted + ".")
    until("rows of " + view, lambda: w.b.js("return document.querySelectorAll('main tbody tr[data-row]').length") > 0)


@case(47, "Every empty and error state of section 14 is reached and looks as told.", part="filters that find nothing")
def nothing_found(w):
    c = w.c
    listener = w.conn(encoding="latin-1")
    listener.ask("SUBSCRIBE", "news.eu")
    w.log_in()
    count = lambda kind: lambda: c.ask("SURVEY", kind, "COUNT", 1)[1]
    for view, kind in (("Queues", "STREAMS"), ("Dead letters", "DEAD"), ("Schedules", "SCHEDULES"), ("Lists", "LISTS")):
        filtered(w, view, "Filter", "no-such-thing", count(kind))
    w.go("Queues")
    w.b.fill("failing", True)
    w.b.sees("No queue matches failing. There are %d." % count("STREAMS")())
    w.b.click("Clear filter", kind="main p button")
    w.b.fill("without readers", True)
    w.b.gone("intake")
    rows = w.b.js("return [...document.querySelectorAll('main tbody tr[data-row] th')].map((e) => e.innerText)")
    expect(sorted(rows), sorted(dict_of(r)["key"] for r in c.ask("SURVEY", "STREAMS", "ONLY", "no-readers")[2]), "queues without readers")
    filtered(w, "Channels", "Filter", "no-such-thing", lambda: 1)
    filtered(w, "Keys", "Filter", "no-such-thing", lambda: c.ask("DBSIZE"))
    filtered(w, "Config", "Filter", "no-such-thing", None)
    filtered(w, "Clients", "name", "no-such-thing", lambda: len(c.ask("CLIENT", "LIST").splitlines()))
    listener.close()


def action(w, name):
    """Whether a button of the view's title may be pressed, and why not."""
    return w.b.js("const b = [...document.querySelectorAll('.title .actions button')].find((b) => b.firstChild.textContent === arguments[0]); return [b.getAttribute('aria-disabled') !== 'true', b.title]", name)


def refused(w, code, banner):
    """While writes are refused: a banner tells why; what writes cannot be pressed, and all else can."""
    w.b.sees(banner)
    w.route("#/stream/0/mail")
    w.b.row("person-39")
    may, why = action(w, "Trim")
    expect((may, banner in why), (False, True), "trimming, and why not: " + why)
    expect(str(w.c.do("XTRIM", "mail", "MAXLEN", 0)).split()[0], code, "what the server says")
    w.go("Users")
    expect(action(w, "New user")[0], True, "what is no write")


def server_says(w):
    """Writes are refused: a snapshot could not be written; then the server is a replica."""
    c = w.c
    away = os.path.join(w.home, "away")
    os.mkdir(away)
    c.ask("CONFIG", "SET", "appendonly", "no")
    c.ask("CONFIG", "SET", "dir", away, "save", "3600 1000000", "stop-writes-on-bgsave-error", "yes")
    os.rmdir(away)
    c.do("BGSAVE")
    until("a failed snapshot", lambda: "rdb_last_bgsave_status:err" in c.ask("INFO", "persistence"))
    refused(w, "MISCONF", "The disk failed: writes are refused, reading works.")
    c.ask("CONFIG", "SET", "dir", w.home, "save", "")
    c.ask("BGSAVE")
    until("a good snapshot", lambda: "rdb_last_bgsave_status:ok" in c.ask("INFO", "persistence"))
    w.b.gone("The disk failed")
    c.ask("REPLICAOF", "127.0.0.1", free_port())
    refused(w, "READONLY", "This is a replica: it takes no writes.")
    c.ask("REPLICAOF", "NO", "ONE")
    w.b.gone("This is a replica")
    w.route("#/stream/0/mail")
    w.b.row("person-39")
    expect(action(w, "Trim")[0], True, "trimming")


def values(w):
    c = w.c
    c.ask("SET", "broken", '{"name": "ann", "list": [1, 2,, 3]}')
    c.ask("SET", "large", "x" * 12000)
    c.ask("SET", "bytes", b"\xff\x00\xfe")
    w.route("#/key/0/broken")
    w.b.sees("No JSON: wrong at character 31.")
    w.route("#/key/0/large")
    w.b.sees("All (12 kB)")
    w.b.click("All (12 kB)")
    until("all of it", lambda: "x" * 12000 in w.b.text())
    w.route("#/key/0/bytes")
    w.b.sees(re.compile("ff 00 fe", re.I))
    w.b.expects("40[34]")
    w.route("#/stream/0/no-such-stream")
    w.b.sees("There is no such thing.")
    w.route("#/nonsense")
    w.b.find("h1", "There is no such view.")
    w.b.click("Back to Overview", kind="main a")
    w.b.find("h1", "Overview")


@case(47, "Every empty and error state of section 14 is reached and looks as told.", part="errors", args=("--enable-protected-configs", "yes"))
def errors(w):
    w.log_in()
    server_says(w)
    values(w)
    newer(w)


def newer(w):
    """A server of another version: the page is loaded anew, once."""
    with open(w.path, "rb") as f:
        program = f.read()
    version = dict_of(w.c.ask("SURVEY", "SERVER"))["version"].encode() + b"\0"
    another = os.path.join(w.home, "another")
    with open(another, "wb") as f:
        f.write(program.replace(version, version[:-2] + bytes([(version[-2] - ord("0") + 1) % 10 + ord("0")]) + b"\0"))
    os.chmod(another, 0o755)
    w.b.js("window.isTheSame = true")
    lost(w)
    w.path = another
    w.c = w.start()
    w.c.encoding = "latin-1"
    expect(dict_of(w.c.ask("SURVEY", "SERVER"))["version"].encode() != version[:-1], True, "another version")
    log_in_again(w)
    until("the page anew", lambda: w.b.js("return document.readyState === 'complete' && !window.isTheSame"))
    w.b.find("h1", "Overview")
    w.b.js("window.isTheSame = true")
    asked_before = len(w.b.asked())
    until("three looks", lambda: len([u for u, _ in w.b.asked()[asked_before:] if u.endswith("/overview")]) >= 3)
    expect(w.b.js("return window.isTheSame"), True, "it was loaded once")
