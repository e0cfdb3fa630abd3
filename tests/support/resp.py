"""The RESP client of all tests in Python. Used by putting this folder into sys.path."""
import select, socket

SIMPLE, BULK, ARRAYS = b"+-:,#(_", b"$=!", b"*~>%|"


class Error(Exception):
    """An error reply; str() is its text without the sign."""


def request(*args):
    """One request as bytes. Text is sent in latin-1, so that every byte can be written as a character."""
    out = [b"*%d\r\n" % len(args)]
    for a in args:
        if not isinstance(a, bytes):
            a = str(a).encode("latin-1")
        out.append(b"$%d\r\n%s\r\n" % (len(a), a))
    return b"".join(out)


def packet(commands):
    """Many requests, each a sequence of arguments, as one piece of bytes."""
    return b"".join(request(*c) for c in commands)


class Reader:
    """Takes replies out of bytes. more() returns more bytes or raises; what was incomplete then is read again from its beginning."""

    def __init__(self, more):
        self.more, self.bytes, self.at = more, bytearray(), 0

    def line(self):
        start = self.at
        while (end := self.bytes.find(b"\r\n", start)) < 0:
            start = max(self.at, len(self.bytes) - 1)
            self.bytes += self.more()
        line, self.at = bytes(self.bytes[self.at:end + 2]), end + 2
        return line

    def take(self, n):
        while len(self.bytes) - self.at < n:
            self.bytes += self.more()
        taken, self.at = bytes(self.bytes[self.at:self.at + n]), self.at + n
        return taken

    def reply(self, aside=None):
        """One reply: its bytes and its value, which is (type byte, payload); an array's payload is a list of values. Pushes inside of a
        reply belong to it, or go to the list `aside` when there is one."""
        try:
            raw, value = self.parse(aside)
        except BaseException:
            self.at = 0
            raise
        del self.bytes[:self.at]
        self.at = 0
        return raw, value

    def parse(self, aside):
        unfinished = []  # arrays that lack elements, outermost first: type, bytes, values, how many there will be
        while True:
            raw = self.line()
            kind, payload = raw[:1], raw[1:-2]
            if kind in BULK:
                n = int(payload)
                body = self.take(n + 2) if n >= 0 else None
                raw, payload = (raw + body, body[:-2]) if body else (raw, None)
            elif kind in ARRAYS:
                n = int(payload) * (2 if kind in b"%|" else 1)
                if n > 0:
                    unfinished.append((kind, [raw], [], n))
                    continue
                payload = [] if n == 0 else None
            elif kind not in SIMPLE:
                raise ConnectionError("not RESP: %r" % raw[:60])
            value = (kind, payload)
            while unfinished:
                if aside is not None and is_push(value):
                    aside.append((raw, value))
                    break
                kind, parts, values, n = unfinished[-1]
                parts.append(raw)
                values.append(value)
                if len(values) < n:
                    break
                unfinished.pop()
                raw, value = b"".join(parts), (kind, values)
            else:
                return raw, value


def is_push(value):
    """A push of RESP3; or in RESP2 a message, which looks like an array."""
    return value[0] == b">" or (value[0] == b"*" and bool(value[1]) and value[1][0][1] in (b"message", b"pmessage", b"smessage"))


def plain(value, encoding=None):
    """A value as Python has it: integers; bytes (text, when there is an encoding) of strings of both kinds; lists of arrays, sets, pushes and
    maps, which are flat; None; Error objects."""
    kind, payload = value
    if kind == b"-":
        return Error(payload.decode("latin-1"))
    if kind == b":":
        return int(payload)
    if isinstance(payload, list):
        return [plain(v, encoding) for v in payload]
    if payload is None or kind == b"_":
        return None
    return payload.decode(encoding) if encoding else payload


def received(s):
    got = s.recv(1 << 18)
    if not got:
        raise ConnectionError("closed")
    return got


class Conn:
    """A connection: to a port of 127.0.0.1, to a unix socket (its path), or a socket that is connected already. With a context it speaks TLS.
    Nobody waits longer than `seconds`, which is no measure of anything: a test that hangs ends, and says where."""

    def __init__(self, where, seconds=60, context=None, encoding=None):
        self.encoding = encoding
        if isinstance(where, int):
            self.s = socket.create_connection(("127.0.0.1", where), timeout=seconds)
            self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        elif isinstance(where, str):
            self.s = socket.socket(socket.AF_UNIX)
            self.s.settimeout(seconds)
            self.s.connect(where)
        else:
            self.s = where
            self.s.settimeout(seconds)
        if context:
            self.s = context.wrap_socket(self.s, server_hostname="localhost")
        s = self.s  # not self: a connection that nobody refers to is closed at once
        self.reader = Reader(lambda: received(s))

    def write(self, data):
        self.s.sendall(data)

    def send(self, *args):
        self.s.sendall(request(*args))

    def raw(self):
        """One reply as Reader.reply() returns it."""
        return self.reader.reply()

    def answer(self):
        """One reply by plain(); an error reply is returned."""
        return plain(self.reader.reply()[1], self.encoding)

    def reply(self):
        """One reply by plain(); an error reply is raised."""
        got = self.answer()
        if isinstance(got, Error):
            raise got
        return got

    def ask(self, *args):
        self.send(*args)
        return self.reply()

    def do(self, *args):
        """ask() that returns an error reply instead of raising it."""
        self.send(*args)
        return self.answer()

    def many(self, commands):
        """Commands in one packet; their answers."""
        self.write(packet(commands))
        return [self.answer() for _ in commands]

    def silent(self, seconds=0):
        """Whether nothing has come, within so many seconds."""
        return not self.reader.bytes and not select.select([self.s], [], [], seconds)[0]

    def is_closed(self, seconds=60):
        """Reads to the end. False: the end does not come."""
        self.s.settimeout(seconds)
        try:
            while self.s.recv(1 << 16):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    def close(self):
        self.s.close()


def as_dict(flat):
    """Of names and values in turn."""
    return dict(zip(flat[::2], flat[1::2]))


def entry_id(i):
    """The ID of a stream's entry as two numbers, which compare as IDs do."""
    ms, seq = i.split(b"-")
    return int(ms), int(seq)


def info(c, name=None, section="everything"):
    """A field of INFO as text, or all of them."""
    text = c.ask("INFO", section)
    text = text if isinstance(text, str) else text.decode("latin-1")
    fields = dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)
    return fields if name is None else fields[name]
