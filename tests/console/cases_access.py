"""The door, sessions, and who may do and see what."""
import re, time

from check import Failed, expect, until
from case import PASSWORDS, case
from resp import as_dict

WRONG = "Wrong name or password."


def told_wrong(w, user, password):
    """A login that is refused; how long that took."""
    w.b.fill("Name", user)
    w.b.fill("Password", password)
    began = time.monotonic()
    w.b.click("Log in")
    w.b.sees(WRONG, w.b.css("dialog")[0])
    return time.monotonic() - began


@case(1, "First start: open the port, log in with and without password; wrong password thrice: slower each time, a log line, no hint whether the user exists.", filled=False)
def first_start(w):
    w.log_in()
    w.b.sees("default")
    expect(w.log().count("Console: login, user default"), 1, "lines in the log")
    until("the console's client", lambda: re.search(r" name=console .* flags=\S*h\S* .* user=default ", w.c.ask("CLIENT", "LIST")))
    w.log_out()
    w.c.ask("ACL", "SETUSER", "alice", "on", ">" + PASSWORDS["alice"], "~*", "&*", "+@all")
    w.c.ask("CONFIG", "SET", "requirepass", "a-word-of-the-default")
    w.b.expects("401")
    w.b.click("Go in as the default user")
    w.b.sees(re.compile("password", re.I), w.b.css("dialog .wrong")[0])
    w.b.open()
    took = []
    for i in range(3):
        took.append(told_wrong(w, "alice", "a-wrong-word-%d" % i))
        w.b.js("document.querySelector('dialog .wrong').textContent")
        w.b.open()
    if not (took[1] >= 0.1 and took[2] >= 0.2):
        raise Failed("waits: %r" % took)
    told_wrong(w, "nobody-of-that-name", "a-wrong-word")
    expect(w.log().count("Console: failed login"), 5, "lines in the log: %s" % w.log()[-900:])
    entry = w.c.ask("ACL", "LOG", 1)[0]
    expect(as_dict(entry)["username"], "nobody-of-that-name", "ACL LOG")
    w.b.open()
    w.log_in("alice")
    w.b.sees("alice")
    expect("a-word-of-alice" in w.log() or "a-wrong-word" in w.log(), False, "a password in the log")


def disabled_actions(w):
    """Names of the buttons in the view that change something, and of those that may be pressed."""
    return w.b.js("""return [...document.querySelectorAll('main [data-action]')].map((b) => [b.innerText.trim(), b.getAttribute('aria-disabled') === 'true', b.title])""")


@case(28, "Users: preset viewer sees all its views, every action disabled with its reason, the API answers 403; rules edited with difference; password shown once.")
def viewer(w):
    w.log_in("viewer")
    views = w.views()
    for wanted in ("Overview", "Queues", "Clients", "Keys", "Slow"):
        expect(wanted in views, True, "%s is in the navigation %s" % (wanted, views))
    tried = 0
    for view in views:
        w.go(view)
        for name, is_off, why in disabled_actions(w):
            tried += 1
            if not is_off or not why:
                raise Failed("%s: the button %r can be pressed, or says nothing: %r" % (view, name, why))
    expect(tried > 5, True, "buttons that were looked at: %d" % tried)
    w.b.sees("needs +") if "needs +" in w.b.text() else None
    for method, path, body in (("DELETE", "/keys/0/document", None), ("POST", "/storage/save", None), ("PATCH", "/config", {"maxmemory": "1gb"}), ("PUT", "/users/viewer", {"rules": ["+@all"]})):
        expect(w.api(method, path, body, user="viewer")[0], 403, "%s %s" % (method, path))
    expect(w.c.ask("EXISTS", "document"), 1, "the key")
    w.log_out()
    w.log_in("alice")
    w.go("Users")
    w.b.click_in_row("jobs", "Edit")
    w.b.fill("rules", "~orders* +@stream +ping +get")
    w.b.sees("+ +get")
    w.b.click("Save")
    until("the rule", lambda: "+get" in str(w.c.ask("ACL", "GETUSER", "jobs")))
    until("the end of the dialog", lambda: not w.b.js("return document.querySelector('dialog[open]')"))
    w.b.click_in_row("jobs", "Password")
    w.b.click("Make one")
    password = w.b.sees(re.compile(r"\b[0-9a-f]{64}\b"))[0]
    w.b.click("Close")
    w.b.gone(password)
    expect(w.c.do("AUTH", "jobs", password), "OK", "the new password")
    expect(password in w.log(), False, "the password in the log")


@case(29, "A user with `~a:*` sees only rows and totals of a:*, in lists, history, alarms, search.")
def keys_of_ann(w):
    for prefix in ("a:", "b:"):
        w.c.ask("XPOLICY", "SET", prefix + "queue", "g", "MKSTREAM", "JOBS")
        w.c.many([("XADD", prefix + "queue", "*", "secret", prefix + "words")] * 5)
        w.c.ask("RPUSH", prefix + "list", "x")
        w.c.ask("SET", prefix + "string", "x")
    w.log_in("ann")
    w.go("Queues")
    w.b.row("a:queue")
    text = w.b.text()
    expect([k for k in ("b:queue", "orders", "mail") if re.search(r"\b%s\b" % k, text)], [], "keys of others in: %s" % text[:800])
    expect(w.api("GET", "/streams", user="ann")[1]["total"], 1, "the total")
    if "Lists" in w.views():
        w.go("Lists")
        w.b.row("a:list")
        expect("b:list" in w.b.text() or "jobs" in w.b.text(), False, "lists of others")
    for path in ("/streams/0/b%3Aqueue/entries", "/streams/0/b%3Aqueue", "/keys/0/b%3Astring"):
        expect(w.api("GET", path, user="ann")[0], 403, path)
    alarms = w.api("GET", "/alarms", user="ann")
    expect("b:" in str(alarms) or "orders" in str(alarms), False, "alarms of others: %r" % (alarms,))
    w.b.expects("403")
    w.route("#/stream/0/b%3Aqueue")
    w.b.sees("You may not see this")
    expect("b:words" in w.b.text(), False, "a value")


@case(31, "console-mode read-only and off.")
def modes(w):
    w.c.ask("CONFIG", "SET", "console-mode", "read-only")
    w.log_in("alice")
    w.b.sees("This console only looks")
    for view in w.views():
        w.go(view)
        expect([x for x in disabled_actions(w) if not x[1]], [], "actions of %s" % view)
    status, answer = w.api("POST", "/storage/save", user="alice")
    expect(status, 403, "an action: %r" % answer)
    w.c.ask("CONFIG", "SET", "console-mode", "off")
    w.b.expects("403|404|503")
    expect(w.api("GET", "/clients", user="alice")[0] in (403, 404), True, "nothing but health and metrics")


@case(32, "Logout, idle timeout, password changed elsewhere, own user deleted, CLIENT KILL: login over the view, which stays.")
def sessions_end(w):
    w.b.expects("401")
    w.log_in("alice")
    w.go("Clients")

    def ended(what):
        w.b.find("dialog input", "Password")
        w.b.sees("The session has ended")
        expect("Clients" in w.b.js("return document.querySelector('main h1').textContent"), True, "the view stays: " + what)
        w.c.ask("ACL", "SETUSER", "alice", "on", "resetpass", ">" + PASSWORDS["alice"], "~*", "&*", "+@all")
        w.b.fill("Name", "alice")
        w.b.fill("Password", PASSWORDS["alice"])
        w.b.click("Log in")
        w.b.gone("The session has ended")

    w.c.ask("ACL", "SETUSER", "alice", "resetpass", ">another-word-for-her")
    ended("another password")
    w.c.ask("ACL", "DELUSER", "alice")
    ended("her user deleted")
    expect(w.c.ask("CLIENT", "KILL", "USER", "alice") > 0, True, "clients that were killed")
    ended("killed")
    w.b.fill("Refresh", "off")
    w.c.ask("CONFIG", "SET", "console-session-timeout", 1)
    time.sleep(1.2)
    w.b.click("Refresh now")
    w.b.find("dialog input", "Password")
    w.c.ask("CONFIG", "SET", "console-session-timeout", 1800)
    ended("idle")
    w.log_out()


@case(33, "Second tab needs no login; another port of the same host gets no credential in any request (captured); closing all tabs forgets.")
def tabs(w):
    import http.server, threading
    seen = []

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(dict(self.headers))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_):
            pass

    w.log_in("alice")
    w.b.d.switch_to.new_window("tab")
    w.b.open("#/clients")
    w.b.find("h1", "Clients")
    w.b.sees("alice")
    expect(w.b.has("dialog input", "Password"), False, "a login")
    other = http.server.HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        w.b.expects(":%d" % other.server_port)
        w.b.d.get("http://127.0.0.1:%d/" % other.server_port)
        w.b.sees("hello")
    finally:
        other.shutdown()
        other.server_close()
    kinds = {name.lower() for headers in seen for name in headers}
    expect(kinds & {"cookie", "authorization"}, set(), "credentials that another port has seen")
    expect(bool(seen), True, "requests to the other port")
    w.b.open()
    w.b.leave()
    w.b.open()
    w.b.find("dialog input", "Password")
