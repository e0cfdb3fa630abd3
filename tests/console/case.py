"""What a case is: a function with the number and the words of the specification's list, and the world it plays in."""
import base64, http.client, json, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Server, free_port  # noqa: E402

from load import Load, fill  # noqa: E402

CASES = []
# Of cases that are played when they are named: minutes of the long one; the file of axe-core (npm).
OPTIONS = {"minutes": 60.0, "axe": None}
NAV = "nav[aria-label=Views] a"
# Users of load.fill_users().
PASSWORDS = {"alice": "a-word-of-alice", "viewer": "a-word-of-viewer", "ann": "a-word-for-ann-only", "jobs": "a-word-of-the-jobs"}


class Case:
    """number and text: of the list. part: what of it this function plays, when it is not all.
    args: options of the server. filled: fill() has run. load: Load runs. named: it is played only when it is asked for by its number."""

    def __init__(self, run, number, text, part, args, filled, load, named):
        self.run, self.number, self.text, self.part, self.args, self.filled, self.load, self.named = run, number, text, part, args, filled, load, named

    def name(self):
        return "%d%s: %s" % (self.number, " (%s)" % self.part if self.part else "", self.text)


def case(number, text, part="", args=(), filled=True, load=False, named=False):
    def keep(run):
        CASES.append(Case(run, number, text, part, args, filled, load, named))
        return run
    return keep


class World(Server):
    """A server with a console, a connection to it that looks at what is really there, and the browser."""

    def __init__(self, path, browser, *args, filled=False, load=False):
        self.http = free_port()
        super().__init__(path, "--console-port", self.http, "--enable-debug-command", "yes", "--appendonly", "yes", *args)
        self.c, self.load, self.b = None, None, browser
        self.wants = (filled, load)

    def begin(self):
        self.c = self.start()
        self.c.encoding = "latin-1"
        filled, load = self.wants
        if filled:
            fill(self.c)
        if load:
            self.load = Load(self.port)
        if self.b:
            self.b.begin(self.origin())
        return self

    def origin(self):
        return "http://127.0.0.1:%d" % self.http

    def end(self):
        if self.load:
            self.load.stop()
        super().end()

    def __enter__(self):
        try:
            return self.begin()
        except BaseException:
            self.end()
            raise

    # ---- In the browser

    def log_in(self, user=None, route=""):
        """Opens the page and logs in: as a user, or with one click as the default user."""
        self.b.open(route)
        if user:
            self.b.fill("Name", user)
            self.b.fill("Password", PASSWORDS[user])
            self.b.click("Log in")
        else:
            self.b.click("Go in as the default user")
        self.b.find(NAV, "Overview")

    def log_out(self):
        self.b.click("Log out", within=self.user_menu())
        self.b.find("dialog input", "Password")

    def user_menu(self):
        menu = self.b.css("header details.menu")[0]
        if menu.get_attribute("open") is None:
            self.b.css("summary", menu)[0].click()
        return menu

    def go(self, view):
        """By the navigation, which is behind a button where it is narrow."""
        if not self.b.has(NAV, view):
            self.b.click("Menu")
        self.b.click(view, kind=NAV)
        self.b.find("h1", view)
        self.b.settled()

    def views(self):
        """What the navigation offers."""
        return self.b.js("return [...document.querySelectorAll(arguments[0])].map((a) => a.firstChild.textContent.trim())", NAV)

    def route(self, route):
        """By the address."""
        self.b.js("location.hash = arguments[0]", route)
        self.b.settled()

    def api(self, method, path, body=None, user=None):
        """What the API says to somebody who sends name and password each time: status, answer."""
        h = {"Content-Type": "application/json"}
        if user:
            h["Authorization"] = "Basic " + base64.b64encode(("%s:%s" % (user, PASSWORDS[user])).encode()).decode()
        c = http.client.HTTPConnection("127.0.0.1", self.http, timeout=60)
        c.request(method, "/api/v1" + path, None if method == "GET" else json.dumps(body or {}), h)
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        return r.status, json.loads(text) if text else None
