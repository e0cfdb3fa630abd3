"""A client that counts: what it was told was written can be looked for later."""
import threading, time

from check import Failed, until
from resp import Error, packet


class Writer(threading.Thread):
    """Appends numbers to the list `numbers` of a peer, each sent once; connects again when it has to, to whoever `peer` is then."""

    def __init__(self, peer):
        super().__init__(daemon=True)
        self.peer, self.next, self.acked, self.ended = peer, 0, [], False
        self.start()

    def run(self):
        while not self.ended:
            try:
                with self.peer.open(seconds=30) as c:
                    while not self.ended:
                        self.batch(c)
                        time.sleep(0.002)
            except (OSError, Error):
                time.sleep(0.005)

    def batch(self, c):
        numbers = range(self.next, self.next + 8)
        self.next += 8
        c.write(packet([r for n in numbers for r in (("RPUSH", "numbers", n), ("HSET", "hash:%d" % (n % 50), "field:%d" % (n % 7), n))]))
        for n in numbers:
            c.reply()
            self.acked.append(n)
            c.reply()

    def more(self, n=100):
        """Until so many more are acknowledged."""
        want = len(self.acked) + n
        until("acknowledged writes", lambda: len(self.acked) >= want)

    def end(self):
        self.ended = True
        self.join()

    def judge(self, there):
        """there: the list as it was read."""
        numbers = [int(x) for x in there]
        if any(x >= y for x, y in zip(numbers, numbers[1:])):
            raise Failed("the numbers are not in order, or one is there twice")
        if missing := set(self.acked) - set(numbers):
            raise Failed("%d acknowledged numbers are missing, from %d on" % (len(missing), min(missing)))
