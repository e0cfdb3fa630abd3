#!/usr/bin/env python3
"""What the documentation shows is done, and what comes of it compared.

usage: pages.py --server PATH [PAGE ...]        (README.md, all of docs/guides and docs/examples without names)

Each page has a fresh server of its own, whose port stands in for 6379. Blocks run in the order of the page:

    ```console            lines "> command" are sent by one connection, "name> command" by another one of that name, "$ command" is
                          run by sh; what follows is what redis-cli would print, or the command. "  # ..." behind a command is a remark.
    ```python run         the block is a program (python, javascript, php or sh); it has to end with 0.
    ```python run &       the same in the background, until the page ends.
    ```... needs redis 5.11   in such a line: where node finds no such version of the module or a newer one, the rest of the section is passed over
                          and a line says so (`make clients` has what Debian has not).

Compared is line by line. Message IDs stand for themselves: the first time a page shows one, whatever is there is taken for it, also in the
commands that follow. Times (12 digits and more) are not compared, "..." stands for any text, a line of just that for any lines. A reply that
only reads is asked for again until it is as the page says, for a while: leases end, workers work. A command without anything behind it may
answer what it likes but an error; when a command waits, others may come before what it says."""
import argparse, contextlib, glob, os, re, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from check import Failed, check, done, until  # noqa: E402
from resp import Conn                  # noqa: E402
from server import Server              # noqa: E402

FENCE = re.compile(r"^```(\S*)[ ]*(.*?)\n(.*?)^```$", re.M | re.S)
PROMPT = re.compile(r"^([a-z0-9]*> |\$ )(.*)$")
ID, TIME = r"\d{5,}-\d+", r"\d{12,}"
WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|(\S+)')
PROGRAMS = {"python": ["/usr/bin/python3"], "javascript": ["/usr/bin/node"], "php": ["/usr/bin/php"], "sh": ["/bin/sh"]}
SUFFIXES = {"python": ".py", "javascript": ".cjs", "php": ".php", "sh": ".sh"}
NODE_ENV = {**os.environ, "NODE_PATH": os.environ.get("NODE_PATH", "/usr/share/nodejs:/usr/lib/nodejs")}
READERS = {"get", "hget", "hgetall", "info", "lrange", "llen", "xlen", "xrange", "xrevrange", "xpending", "xinfo", "xpolicy", "exists", "zrange", "scard", "survey",
           "backup list", "backup status", "backup cleanup"}  # cleanup: an error while the backup is being sealed changes nothing
# Text that redis-cli shows as it is.
AS_IT_IS = {"info", "lolwut", "client list", "client info", "latency doctor", "latency graph", "memory doctor", "memory malloc-stats"}
PATIENCE = 20  # seconds; what does not come at all ends the page


def words(line):
    """The words of a command as redis-cli takes them."""
    line = re.sub(r"\s+# .*$", "", line)
    return [m.group(1).encode().decode("unicode_escape") if m.group(1) is not None else m.group(2) if m.group(2) is not None else m.group(3)
            for m in WORD.finditer(line)]


def quoted(data):
    shown = {0x22: '\\"', 0x5c: "\\\\", 0x0a: "\\n", 0x0d: "\\r", 0x09: "\\t"}
    return '"' + "".join(shown.get(b) or (chr(b) if 32 <= b < 127 else "\\x%02x" % b) for b in data) + '"'


def lines_of(value):
    """A reply as redis-cli shows it."""
    kind, payload = value
    if kind == b"+":
        return [payload.decode()]
    if kind == b"-":
        return ["(error) " + payload.decode()]
    if kind == b":":
        return ["(integer) " + payload.decode()]
    if kind == b",":
        return ["(double) " + payload.decode()]
    if payload is None or kind == b"_":
        return ["(nil)"]
    if not isinstance(payload, list):
        return [quoted(payload)]
    if not payload:
        return ["(empty array)"]
    if kind == b"%":
        pairs = [("# " + " ".join(lines_of(k)) + " => ", v) for k, v in zip(payload[::2], payload[1::2])]
    else:
        pairs = [("~ " if kind == b"~" else ") ", v) for v in payload]
    width, out = len(str(len(pairs))), []
    for i, (sign, item) in enumerate(pairs):
        head = "%*d%s" % (width, i + 1, sign)
        out += [(" " * len(head) if n else head) + line for n, line in enumerate(lines_of(item))]
    return out


def is_one_of(argv, names):
    return argv[0].lower() in names or " ".join(argv[:2]).lower() in names


def shown(argv, value):
    """What redis-cli shows of the reply to a command."""
    if value[0] in b"$=" and value[1] is not None and is_one_of(argv, AS_IT_IS):
        return value[1].decode("latin-1").removeprefix("txt:").splitlines()
    return lines_of(value)


class Page:
    def __init__(self, path, server):
        self.path, self.server, self.ids = path, server, {}
        self.conns, self.background = {}, []
        with open(path, encoding="utf-8") as f:
            self.text = f.read()

    def conn(self, name):
        if name not in self.conns:
            self.conns[name] = Conn(self.server.port)
        return self.conns[name]

    def real(self, text):
        """The text with the IDs and the port that are there in place of those that the page shows."""
        return re.sub(ID, lambda m: self.ids.get(m.group(), m.group()), text).replace("6379", str(self.server.port))

    def fits(self, wanted, got):
        """Whether the lines are as the page says; IDs that it shows for the first time are noted."""
        found = dict(self.ids)
        if wanted and wanted[-1].strip() == "...":
            wanted = wanted[:-1]
            got = got[:len(wanted)]
        if len(wanted) != len(got):
            return False
        for w, g in zip(wanted, got):
            new, parts = [], re.split("(%s|%s|\\.\\.\\.)" % (ID, TIME), w.rstrip())
            pattern = ""
            for p in parts:
                if re.fullmatch(ID, p):
                    if p in found:
                        pattern += re.escape(found[p])
                    else:
                        new.append(p)
                        pattern += "(\\d+-\\d+)"
                elif p == "...":
                    pattern += ".*"
                else:
                    pattern += "\\d+" if re.fullmatch(TIME, p) else re.escape(p)
            m = re.fullmatch(pattern, g.rstrip())
            if not m:
                return False
            found.update(zip(new, m.groups()))
        self.ids = found
        return True

    def compare(self, wanted, ask, again):
        end = time.monotonic() + PATIENCE
        while True:
            got = ask()
            if not wanted:
                if got and got[0].startswith("(error)"):
                    raise Failed("the page does not say %r" % got[0])
                return
            if self.fits(wanted, got):
                return
            if not again or time.monotonic() > end:
                raise Failed("the page says\n%s\nbut it is\n%s" % ("\n".join(wanted), "\n".join(got)))
            time.sleep(0.05)

    def command(self, name, line, wanted):
        c = self.conn(name)
        argv = words(self.real(line))

        def ask():
            c.send(*argv)
            return shown(argv, c.raw()[1])
        if not argv:
            raise Failed("a prompt without a command")
        self.compare(wanted, ask, is_one_of(argv, READERS) and (argv[0].lower() != "xpolicy" or argv[1].lower() != "set"))

    def shell(self, line, wanted):
        env = {**os.environ, "PATH": ":".join([os.path.dirname(os.path.abspath(self.server.path)), os.path.join(ROOT, "utils"), "/usr/bin", "/bin"])}
        line = re.sub(r"\b(redis-cli|(?:utils/|(?<![-/]))millrace(?= ))", r"\1 -p %d" % self.server.port, self.real(re.sub(r"\s+# .*$", "", line)))
        line = re.sub(r"(?<!\S)utils/", os.path.join(ROOT, "utils", ""), line)

        def ask():
            p = subprocess.run(["/bin/sh", "-c", line], cwd=self.server.home, env=env, capture_output=True, text=True, timeout=120)
            if p.returncode and not wanted:
                raise Failed("%s: exit %d: %s" % (line, p.returncode, p.stderr[-600:]))
            return (p.stdout + p.stderr).splitlines()
        self.compare(wanted, ask, False)

    def console(self, body):
        steps = []
        for line in body.splitlines():
            m = PROMPT.match(line)
            if m:
                steps.append((m.group(1)[:-1], m.group(2), []))
            elif steps:
                steps[-1][2].append(line)
            else:
                raise Failed("output in front of the first command: %r" % line)
        for prompt, line, wanted in steps:
            while wanted and not wanted[-1].strip():
                wanted.pop()
            try:
                if prompt == "$":
                    self.shell(line, wanted)
                else:
                    self.command(prompt[:-1], line, wanted)
            except (Failed, OSError) as e:
                raise Failed("%s %s: %s" % (prompt, line, e))

    def program(self, language, body, behind):
        path = os.path.join(self.server.home, "page%d%s" % (len(self.background), SUFFIXES[language]))
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.real(body))
        with open(path + ".out", "wb") as out:
            how = {"cwd": self.server.home, "env": NODE_ENV, "stdin": subprocess.DEVNULL, "stdout": out, "stderr": out}
            p = subprocess.Popen(PROGRAMS[language] + [path], **how)
        self.background.append((p, path))
        if not behind and p.wait(120) != 0:
            self.judge(p, path)

    @staticmethod
    def judge(p, path):
        with open(path + ".out", errors="replace") as f:
            raise Failed("the program has ended with %s: %s" % (p.returncode, f.read()[-1500:]))

    def lacks(self, how):
        """The module that the block needs and node does not find, else nothing."""
        m = re.search(r"needs (\S+) (\d+)\.(\d+)$", how)
        if not m:
            return None
        ask = "require('%s/package.json').version" % m[1]
        p = subprocess.run(["/usr/bin/node", "-p", ask], env=NODE_ENV, capture_output=True, text=True, timeout=60)
        found = re.match(r"(\d+)\.(\d+)", p.stdout)
        return None if found and [int(found[1]), int(found[2])] >= [int(m[2]), int(m[3])] else "%s %s.%s" % m.groups()

    def run(self):
        """How many blocks were run."""
        n, passed_to = 0, 0
        for m in FENCE.finditer(self.text):
            language, how, body = m.groups()
            runs = how.split()[:1] == ["run"]
            lacks = self.lacks(how) if runs else None
            if lacks:
                end = re.search(r"^## ", self.text[m.end():], re.M)
                passed_to = m.end() + end.start() if end else len(self.text)
                print("# %s: a section is passed over, as it needs %s" % (os.path.basename(self.path), lacks))
            if m.start() < passed_to:
                continue
            if language == "console":
                self.console(body)
            elif runs and language in PROGRAMS:
                self.program(language, body, "&" in how)
            elif runs or not language:
                raise Failed("a block of %r: nobody knows how to run it" % (language or "no language"))
            n += language == "console" or runs
        for p, path in self.background:
            if p.poll() not in (None, 0):
                self.judge(p, path)
        return n

    def end(self):
        for p, _ in self.background:
            p.kill()
            p.wait()
        for c in self.conns.values():
            c.close()


def empty(server):
    """Nothing of an example is left for the next one."""
    with contextlib.closing(server.conn()) as c:
        for command in ("FLUSHALL", "FUNCTION FLUSH", "SCRIPT FLUSH", "BACKUP ABORT", "BACKUP CLEANUP ALL"):
            c.do(*command.split())
        for user in c.ask("ACL", "USERS"):
            if user != b"default":
                c.ask("ACL", "DELUSER", user)
        while re.search(r"(bgsave|rewrite)_in_progress:1", c.ask("INFO", "persistence").decode()):
            time.sleep(0.01)
        # One that was aborted while its files were being linked is removed when that has ended.
        backups = os.path.join(server.dir, c.ask("CONFIG", "GET", "backupdirname")[1].decode())
        until("no backup is left", lambda: not os.path.isdir(backups) or not os.listdir(backups))


def server_of_examples(server):
    return Server(server, "--appendonly", "yes", "--aclfile", "users.acl", conf="", files={"users.acl": b""})


def run_examples(server):
    """Those of the reference: each is what a console block has, on a server without keys."""
    with server_of_examples(server) as s:
        s.start().close()
        for path in sorted(glob.glob(os.path.join(ROOT, "docs/examples/*.txt"))):
            page = Page(path, s)
            try:
                page.console(page.text)
                check("example: " + os.path.basename(path), True)
            except (Failed, OSError) as e:
                check("example: " + os.path.basename(path), False, str(e))
            finally:
                page.end()
            empty(s)
        check("the server has nothing to report", not s.report(), s.report())


def run_page(path, server):
    with Server(server, "--appendonly", "yes") as s:
        s.start().close()
        page = Page(path, s)
        try:
            n = page.run()
            if s.report():
                raise Failed(s.report())
            check("%s: %d blocks" % (os.path.relpath(path, ROOT), n), True)
        except (Failed, OSError, subprocess.TimeoutExpired) as e:
            check(os.path.relpath(path, ROOT), False, str(e))
        finally:
            page.end()


def says_for_whom():
    """The first line of each guide."""
    for path in sorted(glob.glob(os.path.join(ROOT, "docs/guides/*.md"))):
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        if not lines[2].startswith("For "):
            yield "%s: %s" % (os.path.relpath(path, ROOT), lines[2])


def judged_rightly(server):
    """The runner itself: pages that are wrong in one place each are told apart from those that are right."""
    good = "> XADD s * a 1\n\"1795900000000-0\"\n> XRANGE s - +\n1) 1) \"1795900000000-0\"\n   2) 1) \"a\"\n      2) \"1\"\n> XDEL s 1795900000000-0\n(integer) 1\n"
    cases = [("a page that is right", good, True), ("another value", good.replace('2) "1"', '2) "2"'), False),
             ("another ID", good.replace('1) 1) "1795900000000-0"', '1) 1) "1795900000000-1"').replace("XADD s * a 1", "XADD s * a 1\n\"1795900000000-1\"\n> XADD s * b 1"), False),
             ("a line too few", good.replace("(integer) 1\n", "(integer) 1\n(nil)\n"), False), ("an error that is not shown", "> LPUSH s x\n\n> SET t 1\n> LPUSH t x\n", False),
             ("any text", "> SET k v\n...\n> GET k\n\"...\"\n", True), ("a program", "$ echo 5\n5\n", True), ("a program that fails", "$ false\n", False)]
    for name, body, right in cases:
        with Server(server) as s:
            s.start().close()
            page = Page(os.devnull, s)
            page.text = "```console\n%s```\n" % body
            try:
                page.run()
                seen = True
            except Failed as e:
                seen = str(e)
            page.end()
            check("runner: " + name, (seen is True) == right, seen)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--server", required=True)
    ap.add_argument("pages", nargs="*")
    o = ap.parse_args()
    if not o.pages:
        judged_rightly(o.server)
        silent = list(says_for_whom())
        check("each guide says for whom it is", not silent, silent)
        run_examples(o.server)
    for path in o.pages or [os.path.join(ROOT, "README.md"), *sorted(glob.glob(os.path.join(ROOT, "docs/guides/*.md")))]:
        run_page(path, o.server)
    done()


if __name__ == "__main__":
    main()
