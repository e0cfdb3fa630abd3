"""One headless Chromium for a run of cases, driven by chromedriver, and what may not happen in it.

Everything that the browser says or asks for is kept: lines of its console, violations of the content security policy, requests. Browser.problems() are those that no
case has announced by expects(): a case fails for them, whatever else it has seen.

Elements are found as a user finds them: buttons and fields by their names, rows by what stands in them. Each search waits until the thing is there."""
import json, os, re, shutil, tempfile, time

from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException, ElementNotInteractableException, StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from check import Failed, wait_for

SECONDS = 60  # ends what hangs; judges nothing
# By what an element is called: its text, its label, or what names it.
NAME = r"""
const clean = (s) => (s || '').replace(/\s+/g, ' ').trim();
const nameOf = (e) => {
    const by = e.getAttribute('aria-labelledby');
    if (by) return clean(by.split(/\s+/).map((id) => document.getElementById(id)?.textContent).join(' '));
    if (e.getAttribute('aria-label')) return clean(e.getAttribute('aria-label'));
    if (e.labels?.length) return clean([...e.labels].map((l) => [...l.childNodes].filter((n) => !n.matches?.('input,select,textarea')).map((n) => n.textContent).join(' ')).join(' '));
    return clean(e.innerText || e.textContent || e.title || e.placeholder);
};
const shown = (e) => e.checkVisibility({ checkVisibilityCSS: true }) && e.getClientRects().length > 0;
const top = [...document.querySelectorAll('dialog[open]')].filter((d) => d.matches(':modal')).pop();
const within = () => arguments[2] || top || document;
"""
FIND = NAME + r"""
const wanted = arguments[1];
const all = [...within().querySelectorAll(arguments[0])].filter(shown);
const same = (e) => nameOf(e) === wanted, begins = (e) => nameOf(e).startsWith(wanted), has = (e) => nameOf(e).includes(wanted);
return all.find(same) || all.find(begins) || all.find(has) || null;
"""
BUTTONS = "button, a[href], summary, [role=button], [role=tab], [role=menuitem], option"
FIELDS = "input, select, textarea"


class Browser:
    """size: of the window; dark: which of both the system prefers."""

    def __init__(self, size=(1280, 900), dark=False, language="en-GB"):
        self.home = tempfile.mkdtemp(prefix="millrace-browser-")
        o = webdriver.ChromeOptions()
        o.binary_location = shutil.which("chromium")
        for a in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                  "--disable-sync", "--disable-extensions", "--no-default-browser-check", "--lang=" + language, "--user-data-dir=" + os.path.join(self.home, "profile"),
                  "--window-size=%d,%d" % size, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"):
            o.add_argument(a)
        o.set_capability("acceptInsecureCerts", True)  # of proxies whose certificate is signed by itself
        o.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # One that selenium looks for by itself asks the network for it.
        self.d = webdriver.Chrome(service=Service(shutil.which("chromedriver"), log_path=os.path.join(self.home, "driver.log")), options=o)
        self.d.set_page_load_timeout(SECONDS)
        self.origin, self.announced, self.seen_problems, self.requests, self.answers = "", [], [], [], []
        self.first = (size, dark)
        self.emulate(size, dark)

    def emulate(self, size=None, dark=None, zoom=1, reduced=False, forced=False, zone=None, language=None):
        """Width and height, what the system prefers, and where it is."""
        if size:
            self.cdp("Emulation.setDeviceMetricsOverride", width=int(size[0] / zoom), height=int(size[1] / zoom), deviceScaleFactor=zoom, mobile=False)
        if dark is not None:
            self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                                                             {"name": "prefers-reduced-motion", "value": "reduce" if reduced else "no-preference"},
                                                             {"name": "forced-colors", "value": "active" if forced else "none"}])
        if zone:
            self.cdp("Emulation.setTimezoneOverride", timezoneId=zone)
        if language:
            self.cdp("Emulation.setLocaleOverride", locale=language)

    def cdp(self, method, **parameters):
        return self.d.execute_cdp_cmd(method, parameters)

    def close(self):
        self.d.quit()
        shutil.rmtree(self.home, ignore_errors=True)

    # ---- What may not happen

    def begin(self, origin):
        """A case begins, on a server of its own."""
        self.read_logs()
        self.origin, self.announced, self.seen_problems, self.requests, self.answers = origin, [], [], [], []

    def expects(self, pattern):
        """Lines of the console that have this are none of the problems."""
        self.announced.append(pattern)

    def read_logs(self):
        for line in self.d.get_log("browser"):
            self.seen_problems.append("console, %s: %s" % (line["level"], line["message"]))
        for line in self.d.get_log("performance"):
            event = json.loads(line["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self.requests.append((event["params"]["request"]["url"], event["params"]["request"].get("headers", {})))
            elif event["method"] == "Network.responseReceived":
                self.answers.append("%d %s" % (event["params"]["response"]["status"], event["params"]["response"]["url"].replace(self.origin, "")))

    def asked(self):
        """Requests since the case began: address, headers."""
        self.read_logs()
        return self.requests

    def problems(self):
        self.read_logs()
        # Debug lines of the browser about itself.
        lines = [p for p in self.seen_problems if not p.startswith("console, DEBUG")]
        foreign = ["a request to " + url for url, _ in self.requests if not url.startswith((self.origin + "/", "data:,", "blob:" + self.origin, "about:", "chrome:"))]
        return [p for p in lines + foreign if not any(re.search(a, p) for a in self.announced)]

    def leave(self):
        """A case has ended: all its tabs are closed, a new one is open, and the window is as it was."""
        tabs = self.d.window_handles
        self.d.switch_to.new_window("tab")
        empty = self.d.current_window_handle
        for tab in tabs:
            self.d.switch_to.window(tab)
            self.d.close()
        self.d.switch_to.window(empty)
        self.emulate(*self.first)

    # ---- Looking

    def open(self, path=""):
        self.d.get(self.origin + "/" + path)

    def js(self, text, *arguments):
        return self.d.execute_script(text, *arguments)

    def text(self, within=None):
        """All that is shown, in one line."""
        return re.sub(r"\s+", " ", self.js("return (arguments[0] || document.body).innerText", within))

    def seen(self):
        """For failures: the age of the page, the focus (which holds rows), the last answers, and the text of the topmost dialog or of the view."""
        self.read_logs()
        name, tag = self.focus()
        fresh = self.js("return [...document.querySelectorAll('.fresh')].map((e) => e.innerText).join(', ')")
        place = self.js(NAME + "return top || document.querySelector('main')")
        return "[%s; focus: %s %.40r; %s; answers: %s] %s" % (self.js("return document.querySelector('footer')?.innerText || 'no footer'"), tag, name, fresh or "no new rows", ", ".join(self.answers[-4:]), self.text(place)[:1500])

    def sees(self, wanted, within=None):
        """Waits until a text, or a match of a pattern, is shown; the match or True. within: an element, or a function that finds it."""
        def look():
            try:
                text = self.text(within() if callable(within) else within)
            except StaleElementReferenceException:
                return None
            return wanted.search(text) if isinstance(wanted, re.Pattern) else wanted in text
        got = wait_for(look, SECONDS)
        if not got:
            raise Failed("%r is not shown, but: %s" % (wanted.pattern if isinstance(wanted, re.Pattern) else wanted, self.seen()))
        return got

    def gone(self, unwanted):
        if not wait_for(lambda: unwanted not in self.text(), SECONDS):
            raise Failed("%r is still shown" % unwanted)

    def find(self, kind, name, within=None, seconds=SECONDS):
        """The element that is called so, of a CSS selector; in the topmost dialog when one is open."""
        got = wait_for(lambda: self.js(FIND, kind, name, within), seconds)
        if got is None:
            raise Failed("nothing of %r is called %r in: %s" % (kind, name, self.seen()))
        return got

    def has(self, kind, name, within=None):
        return self.js(FIND, kind, name, within) is not None

    def settled(self):
        """The view has been read, and drawn."""
        ready = "return !!document.querySelector('main h1') && !document.querySelector('main .view .empty[role=status]')"
        if not wait_for(lambda: self.js(ready), SECONDS):
            raise Failed("the view does not come: " + self.seen())

    def css(self, selector, within=None):
        got = wait_for(lambda: (within or self.d).find_elements(By.CSS_SELECTOR, selector), SECONDS)
        if not got:
            raise Failed("no %s in: %s" % (selector, self.seen()))
        return got

    def plot(self, title):
        """The plot with this title, once it has been drawn."""
        got = wait_for(lambda: self.js("return [...document.querySelectorAll('figure.plot')].find((f) => f.querySelector('strong').textContent === arguments[0] && f.querySelector('canvas')) || null", title), SECONDS)
        if got is None:
            raise Failed("no plot %r in: %s" % (title, self.seen()))
        return got

    def row(self, text):
        """The row of a table that has this text in it."""
        def look():
            return self.js("return [...document.querySelectorAll('tbody tr')].find((r) => r.innerText.includes(arguments[0])) || null", text)
        got = wait_for(look, SECONDS)
        if got is None:
            raise Failed("no row has %r: %s" % (text, self.seen()))
        return got

    # ---- Doing

    def again(self, what):
        """what() until the page has come to rest: an element may be replaced, or be behind another one, for a moment."""
        end = time.monotonic() + SECONDS
        while True:
            try:
                return what()
            except (StaleElementReferenceException, ElementClickInterceptedException, ElementNotInteractableException):
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def press(self, element):
        self.js("arguments[0].scrollIntoView({ block: 'center' })", element)  # from below what sticks to an edge
        element.click()

    def click(self, name, within=None, kind=BUTTONS):
        """within: an element, or a function that finds it: a page that draws itself anew may have another one by the time of the click."""
        self.again(lambda: self.press(self.find(kind, name, within() if callable(within) else within)))

    def click_in_row(self, text, name, kind=BUTTONS):
        self.again(lambda: self.press(self.find(kind, name, self.row(text))))

    def pointer(self, name, kind=BUTTONS, steps=1):
        """Moves the pointer to what is called so, over what lies between."""
        for _ in range(2):  # it may have moved meanwhile
            box = self.js("const r = arguments[0].getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]", self.find(kind, name))
            from_x, from_y = getattr(self, "at", (2, 2))
            for i in range(1, steps + 1):
                self.cdp("Input.dispatchMouseEvent", type="mouseMoved", x=from_x + (box[0] - from_x) * i / steps, y=from_y + (box[1] - from_y) * i / steps)
            self.at = box

    def closed(self):
        """Waits until the dialog has closed: only then is the focus back where it was opened."""
        if not wait_for(lambda: self.js("return !document.querySelector('dialog')"), SECONDS):
            raise Failed("the dialog stays: " + self.seen())

    def away(self):
        """The pointer and the focus leave the tables, whose rows have kept their places for them."""
        self.closed()
        self.js("document.activeElement.blur()")
        self.cdp("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)

    def fill(self, name, value, within=None, enter=False):
        """Types into the field that is called so, over what stands in it."""
        def put():
            e = self.find(FIELDS, name, within)
            if e.tag_name == "select":
                self.js("const o = [...arguments[0].options].find((o) => o.value === arguments[1] || o.text === arguments[1]); if (!o) throw new Error('no such choice');"
                        "arguments[0].value = o.value; arguments[0].dispatchEvent(new Event('input', { bubbles: true })); arguments[0].dispatchEvent(new Event('change', { bubbles: true }))",
                        e, value)
                return
            if e.get_attribute("type") in ("checkbox", "radio"):
                if e.is_selected() != value:
                    e.click()
                return
            e.send_keys(Keys.CONTROL, "a")
            e.send_keys(value if value else Keys.DELETE)
            if enter:
                e.send_keys(Keys.ENTER)
        self.again(put)

    def keys(self, *keys):
        """To whatever has the focus."""
        self.d.switch_to.active_element.send_keys(*keys)

    def focus(self):
        """What has the focus: its name, its tag."""
        return self.js(NAME + "const e = document.activeElement; return [nameOf(e).slice(0, 200), e.tagName.toLowerCase()]")

    def picture(self, path, whole=False):
        if whole:
            height = self.js("return Math.min(4000, document.documentElement.scrollHeight)")
            width = self.js("return window.innerWidth")
            self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=max(height, 400), deviceScaleFactor=1, mobile=False)
        try:
            self.d.save_screenshot(path)
        except WebDriverException as e:
            raise Failed("no picture: %s" % e)
