"""A server that has a replica, for tests that kill a server and look at what its files kept.

Beside: the server under test is the primary, and its replica lives on; it has to be in step, with equal data, after each start.
Behind: the server under test is the replica. Clients talk to a primary without files that lets no reply go before the replica has the write
(min-replicas-to-ack 1), so what they were promised has to be in the replica's files alone."""
from check import Failed, wait_for
from contents import contents, differences
from peers import Closing, in_step, replication
from server import Server

QUICK = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")


class Followed(Server):
    """A server with a replica of its own beside it. in_step() says what is wrong, or nothing; nobody may write meanwhile."""

    def __init__(self, path, *args, **how):
        super().__init__(path, *QUICK, *args, **how)
        self.replica = Follower(path, *QUICK, *[a for a in args if a not in ("--aclfile", "users.acl")])

    def launch(self, *more, **how):
        started = super().launch(*more, **how)
        if started and not self.replica.alive():
            self.replica.launch("--replicaof", "127.0.0.1 %d" % self.port)
        return started

    def open(self, **how):
        return Closing(self.conn(**how))

    def in_step(self):
        if not wait_for(lambda: in_step(self, self.replica), 60):
            return "the replica does not come in step: %r" % [replication(s) for s in (self, self.replica)]
        with self.open() as a, self.replica.open() as b:
            return "".join("the replica has other data: %r" % d for d in differences(contents(a), contents(b)))

    def end(self):
        self.replica.end()
        super().end()


class Follower(Server):
    def open(self, **how):
        return Closing(self.conn(**how))


class Behind:
    """Looks like the Server of the replica: kill() ends both, start() starts the replica from its files alone, as a primary, for what
    is to be looked at; go_on() then makes it the replica of a fresh primary, to which clients connect by `port`."""

    def __init__(self, path, *args, synced, **how):
        self.back = Follower(path, *QUICK, *args, **how)
        self.front = None
        self.path, self.synced = path, synced

    @property
    def port(self):
        return (self.front or self.back).port

    def conn(self, **how):
        return (self.front or self.back).conn(**how)

    def start(self):
        return self.back.start("--replicaof", "no one")

    def go_on(self, keep=False):
        """A connection to the primary. keep: it begins with what the replica has."""
        with self.back.open() as c:
            if not keep:
                c.ask("FLUSHALL")
        self.front = Follower(self.path, *QUICK, "--repl-timeout", "3", "--replica-ack-fsync", "yes" if self.synced else "no")
        c = self.front.start()
        if keep:
            c.ask("REPLICAOF", "127.0.0.1", self.back.port)
            if not wait_for(lambda: in_step(self.back, self.front), 60):
                raise Failed("the new primary does not get the data")
            c.ask("REPLICAOF", "NO", "ONE")
        with self.back.open() as b:
            b.ask("REPLICAOF", "127.0.0.1", self.front.port)
        if not wait_for(lambda: in_step(self.front, self.back), 60):
            raise Failed("the replica does not come in step: %r" % [replication(s) for s in (self.front, self.back)])
        c.ask("CONFIG", "SET", "min-replicas-to-ack", 1)
        # Of two servers the primary waits for repl-timeout before it is confirmed.
        if not wait_for(lambda: c.do("SET", "first", 1) == b"OK"):
            raise Failed("the primary is not confirmed: %r" % replication(self.front))
        c.ask("CONFIG", "SET", "repl-timeout", 60)
        c.ask("DEL", "first")
        return c

    def kill(self):
        self.back.kill()
        if self.front:
            self.front.end()
            self.front = None

    def alive(self):
        return self.back.alive()

    def log(self):
        return self.back.log()

    def report(self):
        return self.back.report()

    @property
    def dir(self):
        return self.back.dir

    def end(self):
        if self.front:
            self.front.end()
        self.back.end()
