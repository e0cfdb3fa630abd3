"""The clock of a server under stepped_clock.c, which advances only when the test says so."""
import mmap, os, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


class Clock:
    def __init__(self, folder):
        self.path, self.lib = os.path.join(folder, "clock"), os.path.join(folder, "clock.so")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", self.lib, os.path.join(HERE, "stepped_clock.c"), "-ldl"], check=True)
        with open(self.path, "wb") as f:
            f.write(bytes(24))
        self.f = open(self.path, "r+b")
        self.page = memoryview(mmap.mmap(self.f.fileno(), 24)).cast("q")  # the server may read at any time: numbers are written atomically
        self.wall = 1795900000000  # ms
        self.steady = self.wall    # as the server counts it: from the wall clock of its start
        self.creep()

    def put(self, stands):
        self.page[0], self.page[1], self.page[2] = self.wall * 1000, stands, (self.steady - 1700000000000) * 1000

    def creep(self):
        """For a start: the steady clock begins at the wall clock, but not before times already reached: what fell due would be due again."""
        self.steady = self.wall = max(self.wall, self.steady)
        self.put(0)

    def stand(self):
        """Ahead of what has crept."""
        self.on(5000)

    def on(self, ms):
        self.wall, self.steady = self.wall + ms, self.steady + ms
        self.put(1)

    def step(self, ms):
        """Sets the wall clock only."""
        self.wall += ms
        self.put(1)
