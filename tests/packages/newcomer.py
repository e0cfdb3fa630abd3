#!/usr/bin/env python3
"""Does what a newcomer does who has a bare Debian 12 and README.md: newcomer.py [--work DIR] (as root; `make newcomer-test`)

What is done is read from the pages: README.md, and the guides that it says to read first. Blocks of sh are given to a shell as they stand, one
that ends with `make run` goes on in a terminal of its own; `sh second` is for the second machine, `sh stopped` wants Ctrl-C first. Blocks of
console and programs are run and compared as tests/docs/pages.py does, against the server that was started. Where the text says that a command
"says" something, it has to. The other guides of those first ones run in there too, each with a server of its own.

The time to the first message is told. What it takes comes from the mirrors that apt uses here: until then the machine shares this one's network,
where ports 6379 and 8379 have to be free. After that it is cut off, and the second machine is at the other end of a cable. The Debian package,
of which README.md speaks as well, is tried by deb.py.
With --work everything stays in DIR, and a Debian that is there is not fetched again."""
import argparse, atexit, gzip, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.request

import apart
from apart import Failed, expect, mount_proc, own_mounts, own_network, run
from check import cases, until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "docs"))
from pages import FENCE, Page  # noqa: E402
from resp import Conn, Error   # noqa: E402

ap = argparse.ArgumentParser()
ap.add_argument("--work")
o = ap.parse_args()
WORK = os.path.abspath(o.work) if o.work else tempfile.mkdtemp(prefix="millrace-newcomer-")
ARCHIVE = os.path.join(WORK, "debian.tar")
HOME = "/root/millrace"  # of the checkout
GUIDES = ["docs/guides/" + name for name in re.findall(r"^\d\. \[[^]]*\]\(docs/guides/([a-z-]+\.md)\)", open(os.path.join(ROOT, "README.md")).read(), re.M)]
LIBRARIES = ["python3-redis", "nodejs", "node-redis", "php-cli", "php-redis"]  # clients whose programs the guides show
SAYS = re.compile(r"`(redis-cli [^`]+)`( there)? says\s+`([^`]+)`")
REFUSED = re.compile(r"^(\(error\)|ERR|NOAUTH|NOPERM|Could not connect)", re.M)
PATIENCE = 300
os.environ.update(DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")


class Machine:
    """A Debian in a folder, the shells in it, and a terminal in which the server runs."""

    def __init__(self, name):
        self.root, self.terminal, self.holder = os.path.join(WORK, name), None, None

    def make(self):
        shutil.rmtree(self.root, ignore_errors=True)
        os.mkdir(self.root)
        run("tar", "-xf", ARCHIVE, "-C", self.root)
        shutil.copy("/etc/resolv.conf", self.inside("/etc/resolv.conf"))
        with open(self.inside("/etc/hosts"), "w") as f:  # which Debian's installer writes
            f.write("127.0.0.1 localhost\n::1 localhost\n")
        mount_proc(self.root)

    def inside(self, path):
        return self.root + path

    def command(self, text):
        there = ["nsenter", "-t", str(self.holder.pid), "-n"] if self.holder else []
        return [*there, "chroot", self.root, "/bin/bash", "-c", "cd %s && %s" % (HOME, text)]

    def sh(self, text, timeout=3600):
        return run(*self.command("set -e\n" + text), timeout=timeout, env={**os.environ, "HOME": "/root"})

    def begin(self, text):
        """In the terminal, which the last server has left."""
        if self.terminal:
            self.terminal.wait(PATIENCE)
        self.log = open(os.path.join(WORK, "terminal.log"), "ab")
        self.terminal = subprocess.Popen(self.command(text), stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 3600
        while "PONG" not in subprocess.run(self.command("redis-cli PING"), capture_output=True, text=True).stdout:
            if self.terminal.poll() is not None or time.monotonic() > end:
                raise Failed("%s: %s" % (text, open(self.log.name, errors="replace").read()[-3000:]))
            time.sleep(0.1)

    def ctrl_c(self):
        if self.terminal and self.terminal.poll() is None:
            os.killpg(self.terminal.pid, signal.SIGINT)
            self.terminal.wait(PATIENCE)

    def end(self):
        for p in (self.terminal, self.holder):
            if p and p.poll() is None:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()
        self.terminal = self.holder = None


first, second = Machine("first"), Machine("second")
started, first_message = 0.0, 0.0


class AtHand:
    """What Page asks of a server: the one in the terminal."""
    port, home, path = 6379, WORK, ""


class Reading(Page):
    """A page that is read from its beginning to its end, doing what it says. Nothing of a command is changed."""

    def __init__(self, path):
        super().__init__(os.path.join(first.inside(HOME), path), AtHand)

    def command(self, name, line, wanted):
        global first_message
        super().command(name, line, wanted)
        if line.startswith("XADD") and not first_message:
            first_message = time.monotonic()

    def shell(self, line, wanted):
        line = re.sub(r"\s+# .*$", "", line)
        self.compare(wanted, lambda: first.sh(line, 120).splitlines(), False)

    def program(self, language, body, behind):
        path = "/root/worker.py"
        expect(language, "python", "the language of a program")
        with open(first.inside(path), "w") as f:
            f.write(body)
        p = subprocess.Popen(first.command("exec python3 " + path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.background.append((p, path))
        expect(behind, True, "a program that goes on")

    def commands(self, machine, body, how):
        if how == "stopped":
            machine.ctrl_c()
        lines = body.rstrip().splitlines()
        terminal = lines.pop() if lines[-1] == "make run" else None
        if lines:
            said = machine.sh("\n".join(lines))
            if REFUSED.search(said):  # redis-cli ends with 0 all the same
                raise Failed("%s: %s" % (lines, said))
        if terminal and not (machine.terminal and machine.terminal.poll() is None and "PONG" in machine.sh("redis-cli PING || true")):
            machine.begin(terminal)

    def said(self, text):
        for command, there, answer in SAYS.findall(text):
            machine = second if there else first
            until("%s says %s" % (command, answer), lambda: answer in machine.sh(command, 60), PATIENCE)

    def read(self):
        blocks = list(FENCE.finditer(self.text))
        try:
            for m, after in zip(blocks, [b.start() for b in blocks[1:]] + [len(self.text)]):
                language, how, body = m.groups()
                if language == "console":
                    self.console(body)
                elif language == "sh":
                    self.commands(second if how == "second" else first, body, how)
                elif how.startswith("run"):
                    self.program(language, body, "&" in how)
                else:
                    raise Failed("a block of %r: a newcomer does not know what to do with it" % language)
                self.said(self.text[m.end():after])
                if "millrace dead" in body:
                    console_shows_the_letter()
        finally:
            self.end()


def console_shows_the_letter():
    at = "http://127.0.0.1:8379"
    page = urllib.request.Request(at + "/", headers={"Accept-Encoding": "gzip"})
    expect("millrace" in gzip.decompress(urllib.request.urlopen(page, timeout=60).read()).decode().lower(), True, "the console's page")
    asked = urllib.request.Request(at + "/api/v1/session", b"{}", {"Content-Type": "application/json"})
    token = json.load(urllib.request.urlopen(asked, timeout=60))["token"]

    def letters():
        a = urllib.request.Request(at + "/api/v1/deadletters", headers={"Authorization": "Bearer " + token})
        return [row["key"] for row in json.load(urllib.request.urlopen(a, timeout=60))["rows"]]
    until("the dead letter in the console", lambda: letters() == ["{orders}:dlq"], PATIENCE)


def a_bare_debian():
    for port in (6379, 8379):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                raise Failed("port %d is in use here" % port)
    if not os.path.exists(ARCHIVE):
        run("mmdebstrap", "--variant=minbase", "--quiet", "bookworm", os.path.join(WORK, "debian.part.tar"))
        os.rename(os.path.join(WORK, "debian.part.tar"), ARCHIVE)
    own_mounts()
    first.make()
    os.makedirs(first.inside(HOME))
    files = "git ls-files -z | xargs -0 -r sh -c 'for f; do [ ! -e \"$f\" ] || printf \"%s\\0\" \"$f\"; done' sh | tar --null -T - -cf - | tar -xf - -C \"$1\""
    run("sh", "-c", "cd \"$0\" && " + files, ROOT, first.inside(HOME))
    run("chroot", first.root, "apt-get", "update", "-q")


def readme():
    global started
    started = time.monotonic()
    Reading("README.md").read()
    print("from a bare Debian to the first message: %.0f s" % (first_message - started), flush=True)
    Conn(6379).ask("DEL", "orders")


def clients():
    first.sh("apt-get install -qy --no-install-recommends " + " ".join(LIBRARIES))
    first.ctrl_c()


def a_cable():
    """10.0.0.1 here, 10.0.0.2 at the second machine, which is a copy of the first one without its data."""
    os.makedirs(second.root, exist_ok=True)
    shutil.rmtree(second.root)
    run("cp", "-a", "--one-file-system", first.root, second.root)
    shutil.rmtree(second.inside(HOME + "/data"))
    mount_proc(second.root)
    own_network()
    second.holder = subprocess.Popen(["unshare", "-n", "sleep", "infinity"], start_new_session=True)
    until("the second machine's network", lambda: os.readlink("/proc/%d/ns/net" % second.holder.pid) != os.readlink("/proc/self/ns/net"))
    run("ip", "link", "add", "cable0", "type", "veth", "peer", "name", "cable1", "netns", str(second.holder.pid))
    there = ["nsenter", "-t", str(second.holder.pid), "-n", "ip"]
    for ip, address, name in ((["ip"], "10.0.0.1/24", "cable0"), (there, "10.0.0.2/24", "cable1")):
        run(*ip, "addr", "add", address, "dev", name)
        run(*ip, "link", "set", name, "up")
    run(*there, "link", "set", "lo", "up")


def first_guide():
    Reading(GUIDES[0]).read()


def other_guides():
    first.ctrl_c()
    first.sh("python3 tests/docs/pages.py --server build/release/millrace-server " + " ".join(GUIDES[1:]))


CASES = [("a bare Debian", a_bare_debian), ("README.md, to a dead letter redriven", readme), ("clients of the guides", clients), ("a second machine and a cable", a_cable),
         (GUIDES[0], first_guide), (" and ".join(GUIDES[1:]), other_guides)]

if os.geteuid():
    sys.exit("newcomer.py: makes root file systems, so it runs as root")


@atexit.register
def end():
    for m in (first, second):
        m.end()
        if os.path.ismount(m.inside("/proc")):
            apart.unmount(m.inside("/proc"))
    if not o.work:
        shutil.rmtree(WORK, ignore_errors=True)


cases(CASES, errors=(OSError, Error, subprocess.TimeoutExpired))
