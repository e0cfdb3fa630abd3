"""The launcher of all tests in Python: a server of its own for each test, Millrace or the reference.

For programs in other languages: server.py SERVER PROGRAM [ARGUMENT...] runs the program with PORT, SERVER and DIR (the server's folder) in
its environment; its exit status is the program's."""
import atexit, os, random, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, time

from resp import Conn

STARTS_WITHIN = 180  # seconds, on a busy machine, under sanitizers
REPORT = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error|ASSERTION")
living = set()


@atexit.register
def end_all():
    for server in list(living):
        server.kill()


class Refused(Exception):
    """The process has ended instead of answering; str() is the end of its log."""


def free_port():
    """A port that nobody listens on. Below those that the kernel gives to outgoing connections, so that only another launcher could take it
    before the server does; Server then tries another one."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        low = int(f.read().split()[0])
    for _ in range(100):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", random.SystemRandom().randrange(10000, low) if low > 12000 else 0))
                return s.getsockname()[1]
            except OSError:
                pass
    raise RuntimeError("no free port")


def certificate(directory):
    """s.crt and s.key, signed by itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "s.key", "-out", "s.crt", "-days", "30", "-subj", "/CN=s"],
                   cwd=directory, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return ["--tls-cert-file", "s.crt", "--tls-key-file", "s.key", "--tls-auth-clients", "no"]


class Server:
    """A server in a directory of its own, on a free port of 127.0.0.1 and a unix socket; it is started by start() or launch(), again and again.

    path       the executable; a name without a slash is looked for in PATH
    args       options of every start; those that stand here replace the launcher's own (port, bind, dir, save, unixsocket)
    conf       text of a configuration file
    directory  where its data is; else in `home`, which is removed by end()
    env        added to the environment
    tls        with a TLS port as well, and a certificate signed by itself when args name none
    files      {name: bytes} that are there at the first start
    without    options of the launcher's own that are left out
    """

    def __init__(self, path, *args, conf=None, directory=None, env=None, tls=False, files=None, without=()):
        self.home = tempfile.mkdtemp(prefix="millrace-test-")
        self.dir = directory or self.home
        self.sock, self.log_path = os.path.join(self.home, "sock"), os.path.join(self.home, "log")
        self.path = os.path.abspath(path) if "/" in path else path
        self.args, self.env, self.p = [str(a) for a in args], env or {}, None
        self.port = self.tls_port = 0
        self.conf, self.without = None, without
        if conf is not None:
            self.conf = self.at("millrace.conf")
            with open(self.conf, "w", encoding="latin-1") as f:
                f.write(conf)
        for name, data in (files or {}).items():
            with open(self.at(name), "wb") as f:
                f.write(data)
        self.has_tls = tls
        if tls and "--tls-cert-file" not in self.args:
            self.args += certificate(self.home)

    def at(self, name):
        return os.path.join(self.dir, name)

    def options(self, more):
        given = {a for a in self.args + more if a.startswith("--")} | set(self.without)
        own = [("--port", self.port), ("--bind", "127.0.0.1"), ("--dir", self.dir), ("--save", ""), ("--unixsocket", self.sock)]
        if self.has_tls:
            own.append(("--tls-port", self.tls_port))
        if self.conf:
            with open(self.conf, encoding="latin-1") as f:
                given |= {"--" + line.split()[0] for line in f if line.split()}
        return [str(x) for name, value in own if name not in given for x in (name, value)]

    def launch(self, *more, loading=False):
        """Starts it. True: it answers and its data is there (with `loading`: it answers). False: the process has ended by itself.
        `more`: options of this start only."""
        more = [str(a) for a in more]
        self.kill()
        for _ in range(5):
            self.port = self.port or free_port()
            if self.has_tls:
                self.tls_port = self.tls_port or free_port()
            before = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
            self.spawn(more)
            if self.until_it_answers(loading):
                return True
            with open(self.log_path, errors="replace") as f:
                f.seek(before)
                if "Failed listening on" not in f.read():
                    return False
            self.port = self.tls_port = 0  # somebody was faster
        raise Refused("no port is free: " + self.log()[-600:])

    def spawn(self, more):
        if os.path.exists(self.sock):
            os.unlink(self.sock)
        env = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1", **os.environ, **self.env}
        with open(self.log_path, "ab") as log:
            self.p = subprocess.Popen([self.path] + ([self.conf] if self.conf else []) + self.options(more) + self.args + more, cwd=self.dir, env=env,
                                      stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        living.add(self)

    def until_it_answers(self, loading):
        """By the unix socket: what answers on the port may be somebody else's."""
        end = time.monotonic() + STARTS_WITHIN
        while self.p.poll() is None and time.monotonic() < end:
            try:
                c = Conn(self.sock)
                try:
                    got = c.do("PING")
                finally:
                    c.close()
                if loading or not str(got).startswith("LOADING"):
                    return True
            except OSError:
                pass
            time.sleep(0.005)
        if self.p.poll() is None:
            raise Refused("it does not answer within %d s: %s" % (STARTS_WITHIN, self.log()[-600:]))
        living.discard(self)
        return False

    def start(self, *more):
        """launch() that has to succeed; a connection."""
        if not self.launch(*more):
            raise Refused("%s has ended with %s: %s" % (self.path, self.p.returncode, self.log()[-1500:]))
        return self.conn()

    def conn(self, **how):
        return Conn(self.port, **how)

    def unix(self, **how):
        return Conn(self.sock, **how)

    def tls(self, **how):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return Conn(self.tls_port, context=context, **how)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def report(self):
        """The end of the log when it holds a sanitizer's report or a failed assertion, else None."""
        text = self.log()
        return text[REPORT.search(text).start():][:3000] if REPORT.search(text) else None

    def alive(self):
        return self.p is not None and self.p.poll() is None

    def kill(self):
        if self.alive():
            self.p.send_signal(signal.SIGKILL)
        if self.p:
            self.p.wait()
        living.discard(self)

    def freeze(self):
        """Stops the process; what is sent meanwhile comes in one turn of its loop."""
        os.kill(self.p.pid, signal.SIGSTOP)
        while self.state() != "T":
            time.sleep(0.0002)

    def stop(self):
        """freeze() while it waits for events: nothing of an earlier turn is left over."""
        while not self.waits():
            time.sleep(0.0002)
        self.freeze()

    def waits(self):
        with open("/proc/%d/wchan" % self.p.pid) as f:
            where = f.read()
        return self.state() == "S" and ("poll" in where or where in ("", "0"))

    def go_on(self):
        os.kill(self.p.pid, signal.SIGCONT)

    def state(self, pid=None):
        """Of the process, or of a child."""
        with open("/proc/%s/stat" % (pid or self.p.pid)) as f:
            return f.read().rsplit(")", 1)[1].split()[0]

    def end(self):
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def servers(*all_servers):
    """Ends them when a `with` block is left."""
    class Together:
        def __enter__(self):
            return all_servers

        def __exit__(self, *_):
            for s in all_servers:
                s.end()
    return Together()


def main():
    with Server(sys.argv[1], "--appendonly", "yes", "--enable-debug-command", "yes") as s:
        s.start().close()
        own = {"PORT": str(s.port), "SERVER": shutil.which(s.path), "DIR": s.dir, "SUPPORT": os.path.dirname(os.path.abspath(__file__))}
        sys.exit(subprocess.run(sys.argv[2:], env={**os.environ, **own}).returncode)


if __name__ == "__main__":
    main()
