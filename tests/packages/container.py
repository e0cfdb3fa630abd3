#!/usr/bin/env python3
"""The container image, from its recipe to a container that is replaced: container.py [--work DIR] [CASE...] (as root; `make container-test`)

utils/container.sh makes it, without a registry or a daemon. It then runs as its own metadata say, with a read-only root and no capability: entry
point, user, volume, stop signal and health check are those that a container engine would read. Then as the pod of utils/deploy/kubernetes, with
the settings and users that are rendered there.
With --work everything stays in DIR, and a base and an image that are there are not made again."""
import argparse, base64, json, os, shutil, signal, subprocess, sys, tempfile, time

import yaml

from apart import Failed, bind, cut_off, ends_well, enter, expect, mount_proc, run, unmount
from check import cases
from resp import Conn, Error

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MOST_BYTES = 120e6
ap = argparse.ArgumentParser()
ap.add_argument("--work")
ap.add_argument("cases", nargs="*")
o = ap.parse_args()
WORK = os.path.abspath(o.work) if o.work else tempfile.mkdtemp(prefix="millrace-container-")
BASE = os.path.join(WORK, "base.tar")
HERE, DATA = os.path.join(WORK, "root"), os.path.join(WORK, "data")
SOURCE, made = "https://source.example/millrace", {}


def buildah(*args, **how):
    return run("buildah", "--storage-driver", "vfs", "--root", os.path.join(WORK, "storage"), "--runroot", os.path.join(WORK, "run"), *args, **how)


def builds():
    made["version"] = subprocess.run(["dpkg-parsechangelog", "-S", "Version"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    image = os.path.join(WORK, "image", "millrace-%s.tar" % made["version"])
    if not os.path.exists(image):
        run(os.path.join(ROOT, "utils", "container.sh"), os.path.dirname(image), env={**os.environ, "BASE": BASE, "SOURCE": SOURCE})
    container = buildah("from", "docker-archive:" + image).split()[-1]
    made["image"] = json.loads(buildah("inspect", container))["Docker"]["config"]
    made["mounted"] = buildah("mount", container).split()[-1]


def says_what_it_is():
    c = made["image"]
    expect((c["Entrypoint"], c["User"], c["StopSignal"], c["WorkingDir"]),
           (["/usr/bin/millrace-server", "/etc/millrace/millrace.conf"], "10379:10379", "SIGTERM", "/data"), "how it runs")
    expect((sorted(c["ExposedPorts"]), list(c["Volumes"])), (["6379/tcp", "8379/tcp"], ["/data"]), "ports and volumes")
    labels = {k.split(".")[-1]: v for k, v in c["Labels"].items() if k.startswith("org.opencontainers.image.")}
    expect((labels["version"], labels["licenses"], labels["source"]), (made["version"], "BSD-3-Clause", SOURCE), "labels")
    expect(c["Healthcheck"]["Test"][0], "CMD", "a health check without a shell")


def is_small():
    size = sum(s.st_blocks * 512 for d, _, files in os.walk(made["mounted"]) for s in (os.lstat(os.path.join(d, f)) for f in files))
    print("  %.0f MB" % (size / 1e6))
    expect(size <= MOST_BYTES, True, "%.0f MB" % (size / 1e6))
    left = [p for p in ("usr/bin/gcc", "usr/bin/make", "usr/bin/curl", "src", "build") if os.path.exists(os.path.join(made["mounted"], p))]
    expect(left, [], "what builds, and is not needed any more")


class Container:
    """The image as an engine would run it; mounts: {folder here: folder there}."""

    def __init__(self, *args, mounts=None):
        self.args, self.mounts = args, mounts or {}

    def __enter__(self):
        user, group = map(int, made["image"]["User"].split(":"))
        os.makedirs(HERE, exist_ok=True)
        if not os.path.exists(DATA):  # a new volume has what the image has there
            shutil.copytree(made["mounted"] + "/data", DATA)
            os.chown(DATA, *os.stat(made["mounted"] + "/data")[4:6])
        for there in self.mounts.values():
            os.makedirs(made["mounted"] + there, exist_ok=True)
        bind(made["mounted"], HERE, read_only=True)
        mount_proc(HERE)
        bind("/dev", HERE + "/dev")
        bind(DATA, HERE + "/data")
        for here, there in self.mounts.items():
            bind(here, HERE + there, read_only=True)
        self.enter = enter(HERE, user, group, made["image"]["WorkingDir"])
        self.p = subprocess.Popen([*made["image"]["Entrypoint"], *self.args], env={"PATH": "/usr/bin"}, preexec_fn=self.enter, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        while self.health():
            if self.p.poll() is not None:
                raise Failed("it has ended: " + self.p.communicate()[0])
            time.sleep(0.05)
        return self

    def health(self):
        test = made["image"]["Healthcheck"]["Test"]
        return subprocess.run(test[1:], preexec_fn=self.enter, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def rights(self):
        with open("/proc/%d/status" % self.p.pid) as f:
            return {line.split(":")[0]: line.split()[1] for line in f if line.startswith(("Cap", "Uid", "NoNewPrivs"))}

    def __exit__(self, kind, *_):
        try:
            if self.p.poll() is None:
                self.p.send_signal(signal.SIGCONT)
                ends_well(self.p)
        finally:
            unmount(HERE)


def ready():
    """Loaded: the port is open before."""
    while True:
        c = Conn(6379)
        if not str(c.do("PING")).startswith("LOADING"):
            return c


def runs():
    with Container() as box:
        rights = box.rights()
        expect({k: rights[k] for k in ("CapEff", "CapPrm", "CapBnd", "Uid", "NoNewPrivs")},
               {"CapEff": "0" * 16, "CapPrm": "0" * 16, "CapBnd": "0" * 16, "Uid": "10379", "NoNewPrivs": "1"}, "its rights")
        try:
            with open(HERE + "/usr/written", "w"):
                raise Failed("the root can be written")
        except OSError:
            pass
        c = ready()
        c.ask("XADD", "orders", "1-1", "item", "tea")
        c.ask("CONFIG", "SET", "save", "3600 1")


def keeps_its_data():
    expect(os.path.exists(DATA + "/dump.rdb"), True, "the snapshot of the end")
    with Container():
        expect(ready().ask("XLEN", "orders"), 1, "messages")


def health_is_told():
    with Container() as box:
        expect(box.health(), 0, "health")
        box.p.send_signal(signal.SIGSTOP)
        expect(box.health(), 1, "health of a process that stands")
        box.p.send_signal(signal.SIGCONT)
        expect(box.health(), 0, "health afterwards")


def as_a_pod():
    objects = list(yaml.safe_load_all(run("kubectl", "kustomize", os.path.join(ROOT, "utils/deploy/kubernetes/base"), stderr=subprocess.DEVNULL)))
    pod = next(x for x in objects if x["kind"] == "StatefulSet")["spec"]["template"]["spec"]["containers"][0]
    folders = {}
    for x in objects:
        if x["kind"] in ("ConfigMap", "Secret"):
            folder = tempfile.mkdtemp(dir=WORK)
            os.chmod(folder, 0o755)
            there = next(m["mountPath"] for m in pod["volumeMounts"] if m["name"] == ("config" if x["kind"] == "ConfigMap" else "users"))
            for name, content in x["data"].items():
                with open(os.path.join(folder, name), "wb") as f:
                    f.write(content.encode() if x["kind"] == "ConfigMap" else base64.b64decode(content))
            folders[folder] = there
    with Container(*pod["args"], mounts=folders):
        expect(str(Conn(6379).do("PING")).startswith("NOAUTH"), True, "nobody comes in before there are users")


CASES = [("builds without a registry", builds), ("says what it is", says_what_it_is), ("is small", is_small), ("a network of its own", cut_off),
         ("runs with a read-only root and no capability, and ends by SIGTERM", runs), ("data survive the container", keeps_its_data),
         ("the health check", health_is_told), ("as a pod", as_a_pod)]

if os.geteuid():
    sys.exit("container.py: mounts and changes root, so it runs as root")
try:
    cases(CASES, only=o.cases, errors=(OSError, Error, KeyError, StopIteration, ValueError, subprocess.TimeoutExpired))
finally:
    if not o.work:
        shutil.rmtree(WORK, ignore_errors=True)
