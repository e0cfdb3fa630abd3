"""The clock of a server that stands still (stepped_clock.c): it goes on when the test says so."""
import mmap, os, struct, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


class Clock:
    def __init__(self, folder):
        self.path, self.lib = os.path.join(folder, "clock"), os.path.join(folder, "clock.so")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.lib, os.path.join(HERE, "stepped_clock.c"), "-ldl"], check=True)
        with open(self.path, "wb") as f:
            f.write(bytes(24))
        self.f = open(self.path, "r+b")
        self.page = mmap.mmap(self.f.fileno(), 24)
        self.wall = 1795900000000  # ms
        self.steady = self.wall    # as the server counts it: from the wall clock of its start
        self.us = 0                # behind the last whole millisecond
        self.creep()

    def put(self, stands):
        struct.pack_into("<qqq", self.page, 0, self.wall * 1000 + self.us, stands, self.wall * 1000 - (self.steady - 1700000000000) * 1000)

    def creep(self):
        """For a start: the steady clock begins at the wall clock. Not before moments that have passed: what fell due would be due again."""
        self.steady = self.wall = max(self.wall, self.steady)
        self.put(0)

    def stand(self):
        """Ahead of what has crept."""
        self.on(5000)

    def on(self, ms):
        self.wall, self.steady, self.us = self.wall + ms, self.steady + ms, 0
        self.put(1)

    def tick(self):
        """Microseconds, for as long as there are: what waits for moments of no length need not cost a millisecond."""
        if self.us < 980:
            self.us += 20
            self.put(1)
        else:
            self.on(1)

    def step(self, ms):
        """The wall clock alone."""
        self.wall += ms
        self.put(1)
