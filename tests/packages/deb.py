#!/usr/bin/env python3
"""The Debian package, from its build to its purge: deb.py [--work DIR] [CASE...] (as root; `make deb-test`)

  1  lintian has nothing to say that is a warning or worse
  2  in a fresh Debian: install, start by the unit's own line, PING and the console's health, an upgrade that keeps data and configuration,
     remove, reinstall, purge, a second instance; messages outlive all of it
  3  two builds in different folders give the same bytes
  4  debian/tests pass under autopkgtest
  5  systemd-analyze gives the units an exposure of 1.2 at most
  6  the build needs no network

A build has no network (unshare -n), which is 6 for each of them. The previous version for the upgrade is the same package under a lower number:
what is tried are its scripts and files. Debian comes from the mirrors that apt uses here; without systemd, whose part this plays: it starts what
the unit says as the unit's user, waits for READY=1 and stops by SIGTERM. Servers run in a network of their own, on their real ports.
With --work everything stays in DIR, and builds and the Debian that are there are not made again."""
import argparse, glob, hashlib, os, re, shutil, socket, stat, subprocess, sys, tempfile, urllib.error, urllib.request

from apart import Failed, cut_off, ends_well, expect, mount_proc, run, unmount
from check import cases, until
from resp import Conn, Error

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ap = argparse.ArgumentParser()
ap.add_argument("--work")
ap.add_argument("cases", nargs="*")
o = ap.parse_args()
WORK = os.path.abspath(o.work) if o.work else tempfile.mkdtemp(prefix="millrace-deb-")
OUTS = [os.path.join(WORK, name) for name in ("first", "second")]
DEBIAN = os.path.join(WORK, "debian")  # the fresh root
LIBRARIES = ["redis-tools", "curl", "ca-certificates", "dpkg-dev"]  # what debian/tests and autopkgtest need besides
PREVIOUS = "0.0.9~previous"
os.environ.update(DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")


def package(out):
    return glob.glob(out + "/millrace_*.deb")[0]


def inside(path):
    return DEBIAN + path


def chroot(*command):
    return run("chroot", DEBIAN, *command)


# ---- Builds


def builds_without_a_network():
    for out in OUTS:
        if not glob.glob(out + "/*.changes"):
            run("unshare", "-n", os.path.join(ROOT, "utils", "deb.sh"), out)


def both_builds_are_equal():
    sums = [{os.path.basename(p): hashlib.sha256(open(p, "rb").read()).hexdigest() for p in glob.glob(out + "/*.deb")} for out in OUTS]
    expect(sums[0], sums[1], "the packages")
    expect(len(sums[0]), 2, "packages: the server and its debugging symbols")


def lintian_is_content():
    expect(run("lintian", "--fail-on", "warning", "--allow-root", glob.glob(OUTS[0] + "/*.changes")[0]), "", "what lintian says")


def contents():
    listed = {x.split()[5].lstrip("."): x.split()[0] for x in run("dpkg-deb", "-c", package(OUTS[0])).splitlines()}
    for path in """/usr/bin/millrace-server /usr/bin/millrace-check-aof /usr/bin/millrace-check-rdb /lib/systemd/system/millrace.service
            /lib/systemd/system/millrace@.service /usr/share/millrace/millrace.rules.yml /usr/share/millrace/millrace.json
            /usr/share/millrace/millrace.conf /usr/share/millrace/instance.conf /usr/share/millrace/backup.sh /usr/share/millrace/restore.sh
            /usr/share/man/man8/millrace-server.8.gz
            /usr/share/man/man5/millrace.conf.5.gz /usr/share/man/man1/millrace-check-aof.1.gz /usr/share/man/man1/millrace-check-rdb.1.gz
            /usr/bin/millrace /usr/share/man/man1/millrace.1.gz /usr/share/bash-completion/completions/millrace
            /usr/share/bash-completion/completions/millrace-server /usr/share/doc/millrace/copyright""".split():
        expect(path in listed, True, path)
    expect(listed["/etc/millrace/millrace.conf"], "-rw-r-----", "the mode of the configuration")
    expect(run("dpkg-deb", "-I", package(OUTS[0]), "conffiles").split(), ["/etc/millrace/millrace.conf"], "conffiles")
    needed = set(re.findall(r"lib[a-z0-9.-]+", run("dpkg-deb", "-f", package(OUTS[0]), "Depends")))
    notice = open(os.path.join(ROOT, "debian", "copyright")).read()
    expect([x for x in needed if "* " + x + ":" not in notice], [], "libraries without a notice in debian/copyright")


def exposure():
    for unit in ("millrace.service", "millrace@.service"):
        run("systemd-analyze", "security", "--offline=true", "--threshold=12", os.path.join(ROOT, "utils", unit))


# ---- A fresh Debian


def make_previous():
    """The package under a lower version, and with it as the only difference."""
    tree = os.path.join(WORK, "previous")
    run("dpkg-deb", "-R", package(OUTS[0]), tree)
    control = os.path.join(tree, "DEBIAN", "control")
    with open(control) as f:
        text = re.sub(r"^Version: .*$", "Version: " + PREVIOUS, f.read(), flags=re.M)
    with open(control, "w") as f:
        f.write(text)
    run("dpkg-deb", "--root-owner-group", "-b", tree, os.path.join(WORK, "previous.deb"))


def make_debian():
    archive = os.path.join(WORK, "debian.tar")
    if not os.path.exists(archive):
        run("mmdebstrap", "--variant=minbase", "--quiet", "bookworm", archive.replace(".tar", ".part.tar"))
        os.rename(archive.replace(".tar", ".part.tar"), archive)
    for old in (DEBIAN, os.path.join(WORK, "previous")):
        shutil.rmtree(old, ignore_errors=True)
    os.mkdir(DEBIAN)
    run("tar", "-xf", archive, "-C", DEBIAN)
    shutil.copy("/etc/resolv.conf", inside("/etc/resolv.conf"))
    make_previous()
    chroot("apt-get", "update", "-q")
    for name, path in (("previous.deb", os.path.join(WORK, "previous.deb")), ("millrace.deb", package(OUTS[0]))):
        shutil.copy(path, inside("/root/" + name))
    # What it depends on comes from the mirror now; from here on there is no network.
    chroot("apt-get", "install", "-qy", "--no-install-recommends", "/root/previous.deb")
    expect(os.path.exists(inside("/usr/bin/redis-server")), False, "a redis-server that came along")


def add_tools():
    chroot("apt-get", "install", "-qy", "--no-install-recommends", *LIBRARIES)


def alone():
    cut_off()
    mount_proc(DEBIAN)


class Service:
    """What systemd would start for a unit."""

    def __init__(self, unit="millrace.service", instance=""):
        with open(inside("/lib/systemd/system/" + unit)) as f:
            text = f.read().replace("%i", instance)
        self.line = re.search(r"^ExecStart=(.*)$", text, re.M).group(1).split()
        self.user = re.search(r"^User=(.*)$", text, re.M).group(1)
        for kind, top in (("State", "/var/lib/"), ("Logs", "/var/log/"), ("Runtime", "/run/")):
            path = top + re.search(r"^%sDirectory=(.*)$" % kind, text, re.M).group(1)
            os.makedirs(inside(path), exist_ok=True)
            chroot("chown", "millrace:millrace", path)

    def __enter__(self):
        path = inside("/run/notify")
        if os.path.exists(path):
            os.unlink(path)
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(path)
        os.chmod(path, 0o777)
        self.notified.settimeout(120)
        self.p = subprocess.Popen(["/usr/sbin/chroot", "--userspec=%s:%s" % (self.user, self.user), DEBIAN, *self.line], env={"NOTIFY_SOCKET": "/run/notify", "PATH": "/usr/bin"},
                                  umask=0o077, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            while b"READY=1" not in self.notified.recv(4096):
                pass
        except OSError:
            self.p.kill()
            raise Failed("no READY=1: " + self.p.communicate()[0])
        return self

    def __exit__(self, *_):
        ends_well(self.p)
        self.notified.close()
        os.unlink(inside("/run/notify"))


def status(path, port=8379):
    try:
        return urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, path), timeout=30).status
    except urllib.error.HTTPError as e:
        return e.code


def owner(path):
    s = os.stat(inside(path))
    users = dict((line.split(":")[2], line.split(":")[0]) for line in open(inside("/etc/passwd")))
    groups = dict((line.split(":")[2], line.split(":")[0]) for line in open(inside("/etc/group")))
    return "%s:%s %04o" % (users.get(str(s.st_uid)), groups.get(str(s.st_gid)), stat.S_IMODE(s.st_mode))


def whose_files_are():
    for path, want in (("/etc/millrace", "root:millrace 0770"), ("/etc/millrace/millrace.conf", "root:millrace 0640"),
                       ("/etc/millrace/users.acl", "root:millrace 0640"), ("/var/lib/millrace", "millrace:millrace 0750")):
        expect(owner(path), want, path)


def serves():
    """Starts, answers, keeps a message, users and a setting; stops."""
    with Service():
        c = Conn(6379)
        expect(c.ask("PING"), b"PONG", "PING")
        expect((status("/healthz"), status("/readyz"), status("/api/v1/clients")), (200, 200, 401), "the console")
        c.ask("XGROUP", "CREATE", "orders", "workers", "0", "MKSTREAM")
        c.ask("XADD", "orders", "1-1", "item", "tea")
        c.ask("XREADGROUP", "GROUP", "workers", "w", "STREAMS", "orders", ">")
        until("millrace queues has orders", lambda: "orders" in chroot("/usr/bin/millrace", "queues"))  # within a second or so
        c.ask("ACL", "SETUSER", "reader", "on", ">a-long-password", "~*", "+@read")
        c.ask("ACL", "SAVE")
        c.ask("CONFIG", "SET", "slowlog-max-len", "77")
        c.ask("CONFIG", "REWRITE")


def has_what_was_kept():
    with Service():
        c = Conn(6379)
        expect(c.ask("XPENDING", "orders", "workers")[0], 1, "pending messages")
        expect(c.ask("CONFIG", "GET", "slowlog-max-len")[1], b"77", "a setting that was changed")
        expect(c.ask("ACL", "USERS"), [b"default", b"reader"], "users")


def has_messages_only():
    with Service():
        c = Conn(6379)
        expect(c.ask("XPENDING", "orders", "workers")[0], 1, "pending messages")
        expect(c.ask("ACL", "USERS"), [b"default"], "users")


def upgrades():
    before = {p: owner(p) for p in ("/etc/millrace", "/etc/millrace/millrace.conf", "/etc/millrace/users.acl", "/var/lib/millrace")}
    chroot("dpkg", "-i", "/root/millrace.deb")
    expect({p: owner(p) for p in before}, before, "owners and modes")
    has_what_was_kept()


def removes():
    chroot("dpkg", "-r", "millrace")
    expect([os.path.exists(inside(p)) for p in ("/usr/bin/millrace-server", "/etc/millrace/millrace.conf", "/etc/millrace/users.acl", "/var/lib/millrace/appendonlydir")],
           [False, True, True, True], "program, configuration, users, data")
    chroot("dpkg", "-i", "/root/millrace.deb")
    has_what_was_kept()


def purges():
    said = chroot("dpkg", "-P", "millrace")
    expect("still in /var/lib/millrace" in said, True, "what purge says: " + said)
    expect([os.path.exists(inside(p)) for p in ("/etc/millrace", "/var/lib/millrace/appendonlydir")], [False, True], "configuration, data")
    chroot("dpkg", "-i", "/root/millrace.deb")
    whose_files_are()
    has_messages_only()


def second_instance():
    shutil.copy(inside("/usr/share/millrace/instance.conf"), inside("/etc/millrace/second.conf"))
    chroot("chown", "root:millrace", "/etc/millrace/second.conf")
    with Service("millrace@.service", "second"):
        c = Conn(6380)
        expect(c.ask("XADD", "orders", "2-1", "item", "coffee"), b"2-1", "XADD")
        expect((c.ask("CONFIG", "GET", "dir")[1], status("/readyz", 8380)), (b"/var/lib/millrace/second", 200), "its folder, its console")
    expect(os.path.exists(inside("/var/lib/millrace/second/appendonlydir")), True, "its data")
    has_messages_only()
    os.unlink(inside("/etc/millrace/second.conf"))


def leaves_nothing():
    shutil.rmtree(inside("/var/lib/millrace"))
    os.mkdir(inside("/var/lib/millrace"))
    said = chroot("dpkg", "-P", "millrace")
    expect("still in" in said, False, "what purge says")
    expect([p for p in ("/etc/millrace", "/var/lib/millrace", "/var/log/millrace", "/usr/share/millrace") if os.path.exists(inside(p))], [], "what is left")


def autopkgtest():
    chroot("dpkg", "-i", "/root/millrace.deb")
    source = os.path.join(WORK, "source")
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(os.path.join(ROOT, "debian"), os.path.join(source, "debian"))
    said = run("autopkgtest", "-B", source + "/", "--", "chroot", DEBIAN)
    for name in ("smoke", "console"):
        expect(bool(re.search(r"^%s +PASS$" % name, said, re.M)), True, "%s: %s" % (name, said[-1500:]))


CASES = [("6 builds without a network", builds_without_a_network), ("3 two builds are byte-equal", both_builds_are_equal),
         ("1 lintian", lintian_is_content), ("what is in it", contents), ("5 exposure of the units", exposure),
         ("2 installs in a fresh Debian", make_debian), ("tools of the tests", add_tools), ("a network of its own", alone),
         ("2 whose the files are", whose_files_are), ("2 starts by the unit's line and answers", serves), ("2 upgrades", upgrades),
         ("2 removes and comes back", removes), ("2 purges and comes back", purges), ("2 a second instance", second_instance),
         ("4 autopkgtest", autopkgtest), ("2 leaves nothing when there are no messages", leaves_nothing)]

if os.geteuid():
    sys.exit("deb.py: makes a root file system, so it runs as root")
try:
    cases(CASES, only=o.cases, errors=(OSError, Error, subprocess.TimeoutExpired))
finally:
    if os.path.ismount(inside("/proc")):
        unmount(inside("/proc"))
    if not o.work:
        shutil.rmtree(WORK, ignore_errors=True)
