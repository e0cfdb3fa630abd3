"""A replica that a test plays: it sees what a primary sends, byte by byte."""
import re

from resp import Conn, Reader, received, request

GETACK = request("REPLCONF", "GETACK", "*")


class Follower(Conn):
    """told: pairs of REPLCONF, each of which is answered OK."""

    def __init__(self, server, *told, tls=False):
        if tls:
            self.__dict__.update(server.tls().__dict__)
        else:
            super().__init__(server.port)
        s = self.s
        self.bytes, self.more = bytearray(), lambda: received(s)
        for option, value in told:
            self.ask("REPLCONF", option, value)

    def need(self, n):
        while len(self.bytes) < n:
            self.bytes += self.more()

    def take(self, n):
        self.need(n)
        taken = bytes(self.bytes[:n])
        del self.bytes[:n]
        return taken

    def line(self):
        """The next one; line ends in front of it are counted in self.ends."""
        self.ends = 0
        while self.take_end():
            self.ends += 1
        while (at := self.bytes.find(b"\r\n")) < 0:
            self.bytes += self.more()
        return self.take(at + 2)[:-2].decode()

    def take_end(self):
        self.need(1)
        return self.bytes[:1] == b"\n" and self.take(1)

    def snapshot(self):
        """Its bytes; self.head: the line in front of it."""
        self.head = self.line()
        if not self.head.startswith("$EOF:"):
            return self.take(int(self.head[1:]))
        mark = self.head[5:].encode()
        while (at := self.bytes.find(mark)) < 0:
            self.bytes += self.more()
        body = self.take(at)
        self.take(len(mark))
        return body

    def full(self):
        """Asks for everything: the ID, the offset, the snapshot."""
        self.send("PSYNC", "?", "-1")
        word, self.id, offset = self.line().split()
        assert word == "+FULLRESYNC", word
        self.offset = int(offset)
        return self.snapshot()

    def ack(self, offset, *more):
        self.send("REPLCONF", "ACK", offset, *more)

    def commands(self, n):
        """The next n of the stream, as text; its bytes are counted in self.offset."""
        reader = Reader(self.more)
        reader.bytes = self.bytes
        out = []
        for _ in range(n):
            raw, (_, words) = reader.reply()
            self.offset += len(raw)
            out.append(" ".join(w.decode("latin-1") for _, w in words))
        return out

    def until(self, last):
        """Commands up to this one."""
        out = self.commands(1)
        while out[-1] != last:
            out += self.commands(1)
        return out


def without_ids(text, ids):
    """The IDs of a text are named by the order in which they came."""
    return re.sub(r"[0-9a-f]{40}", lambda m: ids.setdefault(m[0], "ID%d" % len(ids)) if m[0] != "0" * 40 else "NONE", text)
