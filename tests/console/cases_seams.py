"""Where the page meets what it does not rule: servers that stop, load or are busy, clocks and languages, proxies."""
import datetime, http.client, json, os, re, signal, ssl, struct, subprocess, time, zoneinfo

from check import Failed, expect, until, wait_for
from server import certificate, free_port
from case import OPTIONS, PASSWORDS, World, case
from cases_access import tabs, told_wrong
from cases_looking import walk
from cases_queues import group, new_queue


def lost(w):
    """The server is killed; until the page has seen it."""
    w.b.expects("ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED")
    w.b.expects("401")  # of the session, which ends with the server
    w.c.close()
    w.kill()
    w.b.sees(re.compile(r"No answer for .*; trying again"))
    w.b.css(".view.stale")


def log_in_again(w):
    w.b.find("dialog input", "Password")
    w.b.sees("The session has ended")
    w.b.click("Go in as the default user")
    w.b.gone("The session has ended")


@case(34, "Server killed and started again during polling: greyed, back, nothing lost from the form being filled.")
def killed(w):
    w.log_in()
    w.route("#/stream/0/mail?tab=produce")
    w.b.fill("field 1", "to")
    w.b.fill("value 1", "somebody")
    w.b.fill("delay", "1 h")
    w.b.click("Trim", within=w.b.css(".title .actions")[0])
    w.b.fill("keep at most", "17")
    w.b.fill("Type mail to confirm", "mail")
    lost(w)
    w.b.click("Trim", within=w.b.css("dialog .buttons")[0])
    w.b.sees("The server does not answer.", w.b.css("dialog [role=alert]")[0])
    w.c = w.start()
    w.c.encoding = "latin-1"
    log_in_again(w)
    w.b.gone("No answer for")
    expect(w.b.js("return document.querySelectorAll('.view.stale').length"), 0, "views that are grey")
    w.b.click("Trim", within=w.b.css("dialog .buttons")[0])
    until("the trim", lambda: w.c.ask("XLEN", "mail") == 17)
    w.b.sees("23 messages deleted")
    w.b.fill("delay", "")
    w.b.sees("XADD mail * to somebody")
    w.b.click("Send")
    until("the message", lambda: w.c.ask("XLEN", "mail") == 18)
    expect(w.c.ask("XREVRANGE", "mail", "+", "-", "COUNT", 1)[0][1], ["to", "somebody"], "what was being filled in")


@case(34, "Server killed and started again during polling: greyed, back, nothing lost from the form being filled.", part="a view that is opened for the first time meanwhile")
def opened_meanwhile(w):
    w.log_in()
    lost(w)
    w.b.expects("Failed to fetch dynamically imported module")
    w.b.js("location.hash = '#/queues'")
    w.b.sees("Something in this page failed")
    w.c = w.start()
    log_in_again(w)
    w.b.row("mail")
    w.b.gone("Something in this page failed")
    w.b.away()
    w.c.ask("XADD", "newcomer", "*", "n", 1)
    w.b.row("newcomer")


@case(34, "Server killed and started again during polling: greyed, back, nothing lost from the form being filled.", part="a server that hangs")
def hangs(w):
    w.log_in()
    w.go("Queues")
    w.b.row("mail")
    w.p.send_signal(signal.SIGSTOP)
    w.b.sees(re.compile(r"as of [3-9][.0-9]* s ago"), lambda: w.b.css("footer")[0])
    w.b.sees(re.compile(r"No answer for \d\d s"))
    w.b.css(".view.stale")
    w.p.send_signal(signal.SIGCONT)
    w.b.gone("No answer for")
    w.c.ask("XADD", "newcomer", "*", "n", 1)
    w.b.row("newcomer")


@case(35, "Loading 1M keys: progress. Script that is busy: Overview answers, an action says BUSY. CLIENT PAUSE: banner.", args=("--appendonly", "no"))
def busy(w):
    w.c.ask("DEBUG", "POPULATE", 1000000)
    w.c.ask("SAVE")
    keys = w.c.ask("DBSIZE")
    w.log_in()
    w.b.expects("503")
    lost(w)
    # As slowly as it takes to look; then at once.
    w.launch("--key-load-delay", 1000, "--loading-process-events-interval-bytes", 1024, loading=True)
    w.c = w.conn(encoding="latin-1")
    w.b.sees(re.compile(r"\d+ % are there\. The data are being loaded"))
    expect(str(w.c.do("DBSIZE")), "LOADING Redis is loading the dataset in memory", "what the server says meanwhile")
    w.b.leave()
    w.b.open()
    w.b.click("Go in as the default user")
    w.b.sees(re.compile(r"The data are being loaded: \d+ %"), w.b.css("dialog")[0])
    w.c.ask("CONFIG", "SET", "key-load-delay", 0)
    until("the data", lambda: w.c.do("DBSIZE") == keys)
    w.log_in()
    script(w)
    paused(w)


def asked(w, token, method, path, body=None):
    """(status, answer) of the API, to whom the token belongs."""
    c = http.client.HTTPConnection("127.0.0.1", w.http, timeout=60)
    c.request(method, "/api/v1" + path, body, {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
    r = c.getresponse()
    answer = r.status, json.loads(r.read())
    c.close()
    return answer


def script(w):
    w.c.ask("CONFIG", "SET", "busy-reply-threshold", 50)
    w.b.click("Refresh now")
    w.b.gone("are there")
    w.route("#/stream/0/mail")
    w.b.row("person-39")
    w.b.click("Pause", within=w.b.css(".title .actions")[0])
    w.b.css("dialog[open]")
    runs = w.conn(encoding="latin-1", seconds=600)
    runs.send("EVAL", "while true do end", 0)
    until("the script is busy", lambda: str(w.c.do("PING")).startswith("BUSY"))
    w.b.click("Pause", within=w.b.css("dialog .buttons")[0])
    w.b.sees("BUSY", w.b.css("dialog [role=alert]")[0])
    w.b.click("Cancel")
    w.b.sees("A script is running")
    w.go("Overview")
    w.b.sees("A script is running")
    w.b.sees("Memory")
    w.b.sees("commands/s")
    # More than a session may ask at once, in seconds in which the script lets no turn of the server begin.
    token = w.b.js("return sessionStorage.getItem('millrace-token')")
    for _ in range(120):
        until("the overview", lambda: asked(w, token, "GET", "/overview")[0] == 200)
    expect("version" in str(w.c.ask("SURVEY", "SERVER")), True, "what the command tells")
    trim = lambda: asked(w, token, "POST", "/streams/0/mail/trim", "{\"maxlen\":0}")
    status, answer = until("an action that is not too many", lambda: [x for x in [trim()] if x[0] != 429])[0]
    expect((status, answer["error"]["code"]), (503, "BUSY"), "an action")
    w.c.ask("SCRIPT", "KILL")
    expect(str(runs.answer()).split()[0], "ERR", "the script's end")
    runs.close()
    w.b.gone("A script is running")
    expect(w.c.ask("XLEN", "mail"), 40, "nothing was trimmed")


def paused(w):
    w.c.ask("CLIENT", "PAUSE", 3600000, "WRITE")
    w.b.sees(re.compile(r"Writes are held for another (1 h|59|60)"))
    other = w.conn(encoding="latin-1")
    other.send("SET", "of-a-pause", 1)
    w.c.ask("CLIENT", "UNPAUSE")
    expect(other.answer(), "OK", "the write that was held")
    w.b.gone("Writes are held")
    w.c.ask("CLIENT", "PAUSE", 3600000, "ALL")  # which holds its own end as well
    w.b.sees("Requests are held")
    w.b.sees("commands/s")
    other.send("GET", "of-a-pause")
    expect(other.silent(0.2), True, "a request is held")
    other.close()


def moment_in(zone, ms):
    return datetime.datetime.fromtimestamp(int(ms) / 1000, zoneinfo.ZoneInfo(zone))


def in_zone(w, zone, language, shown):
    """What is shown, and what is set, by somebody who lives there."""
    c = w.c
    w.b.emulate(zone=zone, language=language)
    w.b.open()
    w.b.find("h1", "Overview")
    expect(w.b.js("return [Intl.DateTimeFormat().resolvedOptions().timeZone, Intl.NumberFormat().resolvedOptions().locale]"), [zone, language], "where the browser is")
    w.route("#/stream/0/moments")
    whole = lambda text: w.b.js("return [...arguments[0].querySelectorAll('time')].map((t) => t.title)", w.b.row(text))[0]
    expect((whole("winter"), whole("summer")), shown, "moments in " + zone)
    w.route("#/stream/0/old-import")
    w.b.sees("1,200 messages")
    # A week begins where the expression says, and a day where its zone is.
    w.go("Schedules")
    w.b.click("New schedule")
    w.b.fill("to the stream", "reports")
    w.b.fill("name", "sundays")
    w.b.fill("expression", "30 0 * * 0")
    w.b.fill("field 1", "kind")
    w.b.fill("value 1", "weekly")
    told = c.ask("XCRON", "NEXT", "30 0 * * 0", "TZ", zone, "COUNT", 5)
    days = ["Sun,? %d \\w+,? 00:30" % moment_in(zone, ms).day for ms in told]
    w.b.sees(re.compile("next: " + " · ".join(days)))
    w.b.click("Save")
    plan = until("the schedule", lambda: next((p for p in map(dict_of, c.ask("XCRON", "LIST", "reports")) if p["name"] == "sundays"), None))
    expect((plan["tz"], plan["next"]), (zone, told[0]), "the schedule")
    w.b.fill("Filter", "reports")
    w.b.row("sundays")
    at = moment_in(zone, told[0])
    w.b.sees(re.compile(r"Sun,? %d \w+,? 00:30 \(in " % at.day), lambda: w.b.row("sundays"))
    c.ask("XCRON", "DEL", "reports", "sundays")
    # A moment that is typed is one of this zone.
    entry = c.ask("XADD", "mail", "DELAY", 86400000, "*", "to", "later")
    w.route("#/stream/0/mail?tab=scheduled")
    w.b.click_in_row("later", "Choose", kind="input")
    w.b.click("Move to …")
    expect(w.b.find("dialog input", "at").get_attribute("value"), moment_in(zone, entry.split("-")[0]).strftime("%Y-%m-%dT%H:%M:%S"), "the moment that is there")
    w.b.fill("at", "2040-07-01T12:00:00")
    w.b.click("Move to …", within=w.b.css("dialog .buttons")[0])
    wanted = int(datetime.datetime(2040, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo(zone)).timestamp()) * 1000
    until("the other moment", lambda: [i for i, _ in c.ask("XSCHED", "RANGE", "mail", "-", "+")] == ["%d-0" % wanted])
    c.ask("XDEL", "mail", "%d-0" % wanted)


def dict_of(pairs):
    return dict(zip(pairs[::2], pairs[1::2]))


@case(42, "Time zone and locale: dates, week beginning, numbers.")
def places(w):
    w.c.ask("XADD", "moments", "1711845000000-0", "when", "winter")  # before the clocks of Europe were put on, on the 31st of March 2024
    w.c.ask("XADD", "moments", "1711848600000-0", "when", "summer")
    w.log_in()
    in_zone(w, "Europe/Berlin", "de-DE", ("Sun, 31 Mar 2024, 01:30:00.000 CET", "Sun, 31 Mar 2024, 03:30:00.000 CEST"))
    in_zone(w, "Australia/Adelaide", "ar-EG", ("Sun, 31 Mar 2024, 11:00:00.000 GMT+10:30", "Sun, 31 Mar 2024, 12:00:00.000 GMT+10:30"))
    in_zone(w, "America/St_Johns", "en-US", ("Sat, 30 Mar 2024, 22:00:00.000 GMT-2:30", "Sat, 30 Mar 2024, 23:00:00.000 GMT-2:30"))
    w.user_menu()
    w.b.fill("Times", "UTC")
    w.route("#/stream/0/moments")
    expect(w.b.js("return document.querySelector('tbody time').title"), "Sun, 31 Mar 2024, 01:30:00.000 UTC", "UTC by choice")
    w.b.d.refresh()
    w.b.row("summer")
    expect(w.b.js("return document.querySelector('tbody time').title"), "Sun, 31 Mar 2024, 01:30:00.000 UTC", "the choice after a reload")


STEP, WEEK, GAP = 300, 2016, (1900, 1940)  # seconds; steps of the week, and of its gap


def moved(w):
    """The server again, whose clock goes as a file says; the file."""
    library, at = w.at("moved_clock.so"), w.at("moved_clock")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support", "moved_clock.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
    clock = open(at, "w+b", buffering=0)
    clock.write(struct.pack("q", -STEP * WEEK))
    w.c.close()
    w.kill()
    w.env = {"LD_PRELOAD": library, "MOVED_CLOCK": at}
    w.c = w.start()
    w.c.encoding = "latin-1"
    return clock


def drawn(w, title):
    """Of the plot with this title: the columns of pixels that lines are in, and pixels per unit of the page."""
    found, scale = w.b.again(lambda: w.b.js("""
        const {width, height} = arguments[0], copy = Object.assign(document.createElement('canvas'), {width, height}).getContext('2d', {willReadFrequently: true});
        copy.drawImage(arguments[0], 0, 0);
        const at = copy.getImageData(0, 0, width, height).data, found = new Set();
        for (let i = 0; i < at.length; i += 4) if (at[i + 3] > 0 && Math.max(at[i], at[i + 1], at[i + 2]) - Math.min(at[i], at[i + 1], at[i + 2]) > 60) found.add(i / 4 % width);
        return [[...found].sort((a, b) => a - b), width / arguments[0].clientWidth];""", w.b.css("canvas", w.b.plot(title))[0]))
    return [x for x in found if {x + 1, x + 2, x + 3} & set(found) == {x + 1, x + 2, x + 3} or {x - 1, x - 2, x - 3} & set(found) == {x - 1, x - 2, x - 3}], scale  # a letter may be coloured at its edge


def told(w, span, name):
    """What the server tells of a number: when its values begin, their step, the values."""
    answer = w.c.ask("SURVEY", "HISTORY", span, name)
    answer = answer if isinstance(answer, dict) else dict_of(answer)
    return int(answer["from-ms"]), int(answer["step-ms"]), [None if v is None else float(v) for v in answer[name]]


def same_as_told(w, span, title, name):
    """The table of a plot and its line have the values of the server, and none where it has a gap."""
    def same():
        rows = w.b.again(lambda: w.b.js("return [...arguments[0].querySelectorAll('tbody tr')].map((r) => [r.cells[0].innerText, r.cells[1].innerText])", w.b.plot(title)))
        from_ms, step_ms, values = told(w, span, name)
        known = {moment_text(w, from_ms + i * step_ms): v for i, v in enumerate(values) if v is not None}
        shown = {at: float(v.replace(",", "")) for at, v in rows}
        return len(shown) > 5 and all(at in known and abs(known[at] - v) <= 0.51 for at, v in shown.items())
    if not w.b.js("return arguments[0].querySelector('details').open", w.b.plot(title)):
        w.b.click("As a table", within=lambda: w.b.plot(title))
    until("the table of %s, %s" % (title, span), same)


def moment_text(w, ms):
    """As the page shows the moments of a plot."""
    return w.b.js("""const now = Date.now(), day = {day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit'}, clock = {hour: '2-digit', minute: '2-digit', second: '2-digit'};
        return new Intl.DateTimeFormat('en-GB', Math.abs(now - arguments[0]) < 20 * 3600e3 ? clock : day).format(arguments[0])""", ms)


@case(43, "History: day and week after a simulated week; a gap; restart.", part="a week by a clock that is moved", filled=False)
def week(w):
    clock = moved(w)
    w.c.ask("XGROUP", "CREATE", "work", "workers", 0, "MKSTREAM")
    for i in range(1, WEEK + 1):
        if GAP[0] < i < GAP[1]:  # the process was stopped
            continue
        clock.seek(0)
        clock.write(struct.pack("q", STEP * (i - WEEK)))
        w.c.ask("XADD", "work", "*", "n", i)
        w.c.ask("SURVEY", "SERVER")
    w.log_in()
    title, name = "Messages waiting", "ready"
    for span, most in (("WEEK", 168), ("DAY", 288)):
        w.route("#/?span=" + span.lower())
        values = told(w, span, name)[2]
        expect((len(values), values[0] is None), (most, False), "values of the %s" % span)
        same_as_told(w, span, title, name)
    values = told(w, "DAY", name)[2]
    gap = [i for i, v in enumerate(values) if v is None]
    expect((len(gap) >= GAP[1] - GAP[0] - 2, gap), (True, list(range(gap[0], gap[-1] + 1))), "the gap of the day")
    columns, scale = drawn(w, title)
    at = lambda i: round((columns[0] + i * (columns[-1] - columns[0]) / (len(values) - 1)))
    within = [x for x in columns if at(gap[0]) + 2 * scale < x < at(gap[-1]) - 2 * scale]
    expect((within, at(gap[0]) - columns[0] > 20, columns[-1] - at(gap[-1]) > 20), ([], True, True), "lines in the gap, and on both sides of it")
    # Nothing of it is kept over a restart, which the page tells.
    lost(w)
    w.c = w.start()
    w.c.encoding = "latin-1"
    log_in_again(w)
    w.b.sees(re.compile(r"restarted \d\d:\d\d:\d\d, history begins anew"))
    w.b.sees("recording since")
    values = told(w, "DAY", name)[2]
    expect([v for v in values[:-2] if v is not None], [], "what the server kept")
    until("a table that begins anew", lambda: w.b.again(lambda: w.b.js("return arguments[0].querySelectorAll('tbody tr').length", w.b.plot(title))) == 1)
    clock.close()


# As docs/guides/http.md has it.
NGINX = """
pid %(dir)s/pid;
error_log %(dir)s/errors;
worker_processes 1;
events {}
http {
    access_log off;
    client_body_temp_path %(dir)s/body; proxy_temp_path %(dir)s/proxy; fastcgi_temp_path %(dir)s/fastcgi; uwsgi_temp_path %(dir)s/uwsgi; scgi_temp_path %(dir)s/scgi;
    map $request_uri $of_the_console {
        ~^/queues(?<rest>/.*)$ $rest;
    }
    server {
        listen 127.0.0.1:%(port)d ssl;
        ssl_certificate s.crt;
        ssl_certificate_key s.key;
        location /queues/ {
            proxy_pass http://127.0.0.1:%(http)d$of_the_console;
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
}
"""


class Proxy:
    """Debian's nginx in front of a world's console, under https://127.0.0.1:PORT/queues/."""

    def __init__(self, w):
        self.dir, self.p = os.path.join(w.home, "nginx"), None
        os.mkdir(self.dir)
        certificate(self.dir)
        for _ in range(5):  # a port may be taken before nginx has it
            self.port = free_port()
            with open(os.path.join(self.dir, "nginx.conf"), "w") as f:
                f.write(("user root;" if os.getuid() == 0 else "") + NGINX % {"dir": self.dir, "port": self.port, "http": w.http})
            self.p = subprocess.Popen(["/usr/sbin/nginx", "-p", self.dir, "-c", os.path.join(self.dir, "nginx.conf"), "-g", "daemon off;"], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            until("nginx", lambda: os.path.exists(os.path.join(self.dir, "pid")) or self.p.poll() is not None)
            if self.p.poll() is None:
                return
        with open(os.path.join(self.dir, "errors")) as f:
            raise Failed("nginx has ended: " + f.read()[-900:])

    def ask(self, path):
        """Status and text of a GET through it."""
        c = http.client.HTTPSConnection("127.0.0.1", self.port, context=ssl._create_unverified_context(), timeout=60)
        c.request("GET", "/queues" + path)
        r = c.getresponse()
        answer = r.status, r.read().decode()
        c.close()
        return answer

    def end(self):
        self.p.terminate()
        self.p.wait()


def first_start_there(w):
    """Case 1 through the proxy: nobody is on this machine there, so the default user does not come in without a password."""
    w.b.expects("40[13]")
    w.b.open()
    w.b.sees("TLS")
    w.b.click("Go in as the default user")
    w.b.sees("A user without a password can log in only from this machine.", w.b.css("dialog .wrong")[0])
    took = [told_wrong(w, "alice", "a-wrong-word-%d" % i) for i in range(3)]
    expect(took[1] >= 0.1 and took[2] >= 0.2, True, "waits: %r" % took)
    told_wrong(w, "nobody-of-that-name", "a-wrong-word")
    w.b.open()
    w.log_in("alice")
    expect("Console: login, user alice, from 127.0.0.1" in w.log(), True, "the line in the log")
    expect(PASSWORDS["alice"] in w.log(), False, "a password in the log")
    until("the console's client", lambda: re.search(r" name=console .* user=alice ", w.c.ask("CLIENT", "LIST")))
    w.route("#/key/0/a%2Fname%3Fwith%23all%20%2541%20of%20it")
    w.b.sees("found")
    w.log_out()


@case(41, "Under a proxy prefix with TLS (Debian's nginx): 1, 3, 9, 33; metrics without login are refused there.", args=("--console-proxies", "127.0.0.1"))
def behind_a_proxy(w):
    proxy = Proxy(w)
    try:
        w.b.begin("https://127.0.0.1:%d/queues" % proxy.port)
        first_start_there(w)
        w.log_in = lambda user="alice", route="": World.log_in(w, user, route)  # who has a password
        new_queue(w)
        w.log_out()
        group(w)
        w.log_out()
        tabs(w)
        status, text = proxy.ask("/metrics")
        expect((status, "millrace_" in text), (401, False), "metrics without a login, through the proxy")
        expect(proxy.ask("/healthz"), (200, "ok\n"), "health through it")
        c = http.client.HTTPConnection("127.0.0.1", w.http, timeout=60)
        c.request("GET", "/metrics")
        expect(c.getresponse().status, 200, "metrics without a login, from this machine")
        c.close()
        foreign = [u for u, _ in w.b.asked() if not u.startswith((w.b.origin + "/", "data:", "about:", "chrome:", "http://127.0.0.1:"))]
        expect(foreign, [], "requests outside the prefix")
    finally:
        proxy.end()


MOST_SHARE, MOST_HEAP = 0.02, 60e6  # of a core (Q2); bytes (section 14)


def numbers_of_page(w):
    """Bytes of its heap and elements of its document, when all that is garbage is gone."""
    w.b.cdp("HeapProfiler.collectGarbage")
    got = {m["name"]: m["value"] for m in w.b.cdp("Performance.getMetrics")["metrics"]}
    return got["JSHeapUsedSize"], got["Nodes"]


def processor_seconds(w):
    with open("/proc/%d/stat" % w.p.pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case(46, "An hour of Queues with 10,000 streams: page memory, server share (section 16).", filled=False, named=True)
def an_hour(w):
    c = w.c
    for i in range(0, 10000, 500):
        names = ["queue:%05d" % n for n in range(i, i + 500)]
        c.many([("XGROUP", "CREATE", n, g, 0, "MKSTREAM") for n in names for g in ("one", "two")])
        c.many([("XADD", n, "*", "n", 1) for n in names])
    w.log_in()
    w.go("Queues")
    until("all of them", lambda: "of 10,000" in w.b.text())
    w.b.cdp("Performance.enable")
    time.sleep(20)  # the survey's first passes, and its walk over all keys, are none of an hour's share
    heap, nodes = numbers_of_page(w)
    began, used = time.monotonic(), processor_seconds(w)
    while time.monotonic() - began < OPTIONS["minutes"] * 60:
        c.many([("XADD", "queue:%05d" % n, "*", "n", 2) for n in range(50)])
        time.sleep(10)
        w.b.read_logs()
        w.b.requests.clear()
    share = (processor_seconds(w) - used) / (time.monotonic() - began)
    until("another answer", lambda: any("/api/v1/streams" in u for u, _ in w.b.asked()))
    heap_now, nodes_now = numbers_of_page(w)
    print("# %.1f minutes: %.2f %% of a core; heap %.1f MB, then %.1f; %d nodes, then %d" % (OPTIONS["minutes"], 100 * share, heap / 1e6, heap_now / 1e6, nodes, nodes_now))
    expect(share <= MOST_SHARE, True, "share of a core: %.4f" % share)
    expect(heap_now <= MOST_HEAP, True, "heap of the page: %d" % heap_now)
    expect(nodes_now <= 1.2 * nodes, True, "elements, which were %d: %d" % (nodes, nodes_now))
    # What is shown is what there is.
    w.b.fill("Filter", "queue:00017")
    w.b.sees("1 of 1 row")
    length = lambda: w.b.js("const at = [...document.querySelectorAll('[data-table=queues] thead th')].findIndex((h) => h.innerText.trim().startsWith('length'));"
                            "return document.querySelector('[data-table=queues] tbody tr[data-row]')?.cells[at]?.innerText")
    until("its messages", lambda: length() == str(c.ask("XLEN", "queue:00017")))


AXE = """
const [axe, done] = [window.axe, arguments[1]];
axe.run(arguments[0] || document, {resultTypes: ['violations']}).then(
    (r) => done(r.violations.map((v) => v.id + ' (' + v.help + '): ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + n.html.slice(0, 120)).join(' | '))), (e) => done(['axe failed: ' + e]));
"""


class Judge:
    """axe-core on what is seen; violations are gathered, each once."""

    def __init__(self, w):
        self.w, self.found, self.looked = w, {}, 0
        with open(OPTIONS["axe"]) as f:
            self.source = f.read()

    def look(self, where, within=None):
        b = self.w.b
        if not b.js("return !!window.axe"):
            b.cdp("Runtime.evaluate", expression=self.source)
        self.looked += 1
        for text in b.d.execute_async_script(AXE, within):
            self.found.setdefault(text.split(":")[0], "%s, in %s" % (text, where))

    def dialogs(self, where):
        """Those of the buttons of this view, each name once."""
        b = self.w.b
        names = b.js("return [...new Set([...document.querySelectorAll('main [data-action]')].filter((e) => e.getAttribute('aria-disabled') !== 'true').map((e) => e.firstChild.textContent.trim()))]")
        for name in names:
            b.click(name, kind="main [data-action]")
            if wait_for(lambda: b.js("return !!document.querySelector('dialog[open]')"), 2):
                self.look("%s, %s" % (where, name), b.css("dialog[open]")[0])
                b.click("Cancel", within=b.css("dialog[open]")[0])
            until("the end of the dialog", lambda: not b.js("return document.querySelector('dialog[open]')"))


@case(38, "axe-core (npm, with `make clients`): no violation in any view and dialog, both themes.", load=True, named=True, args=("--console-commands", "yes"))
def no_violation(w):
    if not OPTIONS["axe"]:
        raise Failed("--axe says where axe-core is")
    w.b.d.set_script_timeout(120)
    w.b.expects("4[0-9][0-9]")
    judge = Judge(w)
    w.b.open()
    w.b.find("dialog input", "Name")
    for dark in (False, True):
        w.b.emulate(dark=dark)
        judge.look("the login, dark: %s" % dark)
    w.log_in()
    for dark in (False, True):
        w.b.emulate(dark=dark)

        def each(where):
            judge.look("%s, dark: %s" % (where, dark))
            judge.dialogs("%s, dark: %s" % (where, dark))
        walk(w, each)
    expect(sorted(judge.found.values()), [], "violations, of %d looks" % judge.looked)
    w.c.ask("PING")
