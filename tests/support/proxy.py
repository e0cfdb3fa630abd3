"""A proxy for links between servers: a test cuts, stalls or slows what goes through it, or ends a link behind so many bytes.

Nothing here decides a verdict by time: what the test asked for holds until it asks for something else."""
import re, select, socket, struct, threading, time

PIECE = 1 << 16
ANNOUNCED = re.compile(rb"listening-port\r\n\$\d+\r\n(\d+)\r\n")
UP, DOWN = "up", "down"  # from who has connected to the target; from the target


class Link:
    """One connection through the proxy. `name` is the port that a replica announces in its handshake, None before that."""

    def __init__(self, client, ends):
        self.sides = {UP: client, DOWN: None}  # by the direction in which a side sends
        self.waiting = {UP: bytearray(), DOWN: bytearray()}
        self.passed = {UP: 0, DOWN: 0}
        self.ended, self.ends, self.name, self.opening = False, ends, None, b""

    def read(self, way):
        """Takes what a side has sent. False: the side has ended."""
        try:
            got = self.sides[way].recv(PIECE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not got:
            return False
        if self.ends and self.ends[0] == way:
            got = got[:max(0, self.ends[1] - self.passed[way])]
        self.passed[way] += len(got)
        self.waiting[way] += got
        if way == UP and self.name is None and len(self.opening) < 4096:
            self.opening += got
            m = ANNOUNCED.search(self.opening)
            self.name = int(m[1]) if m else None
        return not (self.ends and self.ends[0] == way and self.passed[way] >= self.ends[1])

    def write(self, way, most):
        """Hands over at most so many bytes; how many. None: the other side is gone."""
        to = self.sides[DOWN if way == UP else UP]
        try:
            n = to.send(self.waiting[way][:most])
        except BlockingIOError:
            return 0
        except OSError:
            return None
        del self.waiting[way][:n]
        return n

    def close(self, reset=False):
        for s in self.sides.values():
            if s:
                if reset:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                s.close()


class Proxy:
    """Listens on `port` of 127.0.0.1 and connects to the port `target`, which may change."""

    def __init__(self, target=0):
        self.target, self.links, self.made, self.carried = target, [], 0, {UP: 0, DOWN: 0}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.lock, self.ended = threading.RLock(), False
        self.all_stalled, self.stalled, self.rate, self.to_end = False, set(), 0, []
        self.bell, self.ring = socket.socketpair()
        self.bell.setblocking(False)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    # ---- What a test asks for

    def cut(self, name=None, reset=True):
        """Ends the links there are, or those of the replica that announces the port `name`; what was on the way is lost. How many."""
        with self.lock:
            those = [x for x in self.links if name in (None, x.name)]
            for link in those:
                self.drop(link, reset)
        self.wake()
        return len(those)

    def stall(self, name=None):
        """From now on nothing goes through, and no end of a connection either, as when a cable is pulled. Connections are taken."""
        with self.lock:
            if name is None:
                self.all_stalled = True
            else:
                self.stalled.add(name)
        self.wake()

    def go_on(self):
        with self.lock:
            self.all_stalled = False
            self.stalled.clear()
        self.wake()

    def slow(self, bytes_per_second):
        """0: as fast as it goes."""
        self.rate = bytes_per_second
        self.wake()

    def end_next_after(self, n, way=DOWN):
        """The next connection ends behind n bytes in that direction; asked again, the one after it."""
        with self.lock:
            self.to_end.append((way, n))

    def end(self):
        self.ended = True
        self.wake()
        self.thread.join()

    # ---- The thread

    def wake(self):
        self.ring.send(b".")

    def drop(self, link, reset=False):
        link.close(reset)
        link.ended = True
        if link in self.links:
            self.links.remove(link)

    def is_stalled(self, link):
        return self.all_stalled or link.name in self.stalled

    def take(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            s.setblocking(False)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.made += 1
            self.links.append(Link(s, self.to_end.pop(0) if self.to_end else None))

    def connect(self, link):
        """Without waiting: what has failed is seen at the first read."""
        s = socket.socket()
        s.setblocking(False)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.connect_ex(("127.0.0.1", self.target))
        link.sides[DOWN] = s

    def wanted(self):
        """{descriptor: (events, link, way)} of what may go on."""
        out = {}
        for link in self.links:
            if self.is_stalled(link):
                continue
            if link.sides[DOWN] is None:
                self.connect(link)
            for way, other in ((UP, DOWN), (DOWN, UP)):
                events = (select.POLLIN if len(link.waiting[way]) < 4 * PIECE and not link.ended else 0) | (select.POLLOUT if link.waiting[other] else 0)
                if events:
                    out[link.sides[way].fileno()] = events, link, way
        return out

    def move(self, link, way, got, budget):
        """Of the side that sends in the direction `way`."""
        other = DOWN if way == UP else UP
        if got & (select.POLLIN | select.POLLHUP | select.POLLERR) and not link.ended and not link.read(way):
            link.ended = True
        if link.waiting[other]:
            n = link.write(other, min(budget, PIECE) if budget is not None else PIECE)
            if n is None:
                return self.drop(link)
            self.carried[other] += n
        if link.ended and not link.waiting[UP] and not link.waiting[DOWN]:
            self.drop(link)

    def run(self):
        last = time.monotonic()
        while not self.ended:
            with self.lock:
                wanted = self.wanted()
            poll = select.poll()
            poll.register(self.listener, select.POLLIN)
            poll.register(self.bell, select.POLLIN)
            for fd, (events, _, _) in wanted.items():
                poll.register(fd, events)
            ready = poll.poll(None)
            with self.lock:
                if self.rate:
                    time.sleep(0.01)
                now = time.monotonic()
                budget, last = int(self.rate * min(now - last, 0.1)) + 1 if self.rate else None, now
                for fd, got in ready:
                    if fd == self.listener.fileno():
                        self.take()
                    elif fd == self.bell.fileno():
                        self.bell.recv(4096)
                    elif wanted[fd][1] in self.links and not self.is_stalled(wanted[fd][1]):
                        self.move(wanted[fd][1], wanted[fd][2], got, budget)
        for link in list(self.links):
            self.drop(link)
        for s in (self.listener, self.bell, self.ring):
            s.close()
