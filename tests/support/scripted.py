"""A primary that says what a test wants: it takes a replica's handshake and answers its PSYNC with given bytes."""
import socket, threading

from resp import Reader, received


class Scripted:
    """Listens on `port`. say(connection, request): answers PSYNC or SYNC by sendall(); the link is closed when it returns. `asked`: the requests
    of every link so far, each as a list of bytes; `links`: how many have been answered to the end."""

    def __init__(self, say):
        self.say, self.asked, self.links, self.ended = say, [], 0, False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            with s:
                s.settimeout(30)
                try:
                    self.serve(s)
                except (OSError, ValueError):
                    pass

    def serve(self, s):
        reader, asked = Reader(lambda: received(s)), []
        self.asked.append(asked)
        while True:
            request = [word for _, word in reader.reply()[1][1]]
            asked.append(request)
            name = request[0].upper()
            if name in (b"PSYNC", b"SYNC"):
                self.say(s, request)
                self.links += 1
                return
            s.sendall(b"+PONG\r\n" if name == b"PING" else b"-ERR Unrecognized REPLCONF option: millrace\r\n" if request[1:2] == [b"millrace"] else b"+OK\r\n")

    def was_asked(self, name):
        """Whether a request of this name has come, on any link. A link is in `asked` before it has asked anything."""
        return any(request[0].upper() == name for link in list(self.asked) for request in list(link))

    def end(self):
        self.ended = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
