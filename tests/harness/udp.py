"""Small UDP clients and peers inside the test's own process. For load: harness.load."""

import socket
import threading

from harness import netns
from harness.echo_main import big_buffer

TIMEOUT = 5.0


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def bound_socket(address="127.0.0.1", port=0, namespace=None):
    with netns.inside(namespace):
        sock = socket.socket(family(address), socket.SOCK_DGRAM)
    big_buffer(sock)
    sock.settimeout(TIMEOUT)
    sock.bind((address, port))
    return sock


def free_port(address="127.0.0.1", namespace=None):
    """A UDP port that nobody holds now."""
    with bound_socket(address, 0, namespace) as sock:
        return sock.getsockname()[1]


class EchoPeer:
    """Answers each datagram with its name, a bar and the datagram, on a thread of its own."""

    def __init__(self, name, address="127.0.0.1", port=0, namespace=None, answer=True):
        self.name, self.address, self.namespace = name, address, namespace
        self.received = []   # (payload, source)
        self.answer = answer
        self._socket = bound_socket(address, port, namespace)
        self._socket.settimeout(0.05)
        self.port = self._socket.getsockname()[1]
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while not self._closing.is_set():
            try:
                payload, source = self._socket.recvfrom(65535)
            except TimeoutError:
                continue
            except OSError:
                continue  # a refused reply to a socket that is gone
            self.received.append((payload, source))
            if self.answer:
                self._socket.sendto(self.name.encode() + b"|" + payload, source)

    def payloads(self):
        return [payload for payload, _ in self.received]

    def send(self, payload, destination):
        self._socket.sendto(payload, destination)

    def config(self, **more):
        """As an entry of `peers`."""
        return {"address": self.address, "port": self.port, **more}

    def close(self):
        """Its port is free afterwards: a datagram to it is refused."""
        self._closing.set()
        self._thread.join()
        self._socket.close()


class Client:
    """One client socket: `ask` sends a datagram and returns who answered it."""

    def __init__(self, port, host="127.0.0.1", namespace=None, address=None):
        self.target = (host, port)
        self.socket = bound_socket(address or ("::1" if ":" in host else "0.0.0.0" if namespace else "127.0.0.1"),
                                   0, namespace)
        self.port = self.socket.getsockname()[1]

    def send(self, payload):
        self.socket.sendto(payload, self.target)

    def receive(self, timeout=TIMEOUT):
        """One datagram; None when there is none within the timeout."""
        self.socket.settimeout(timeout)
        try:
            payload, source = self.socket.recvfrom(65535)
        except TimeoutError:
            return None
        assert source[:2] == self.target, f"answered by {source}, asked {self.target}"
        return payload

    def ask(self, payload, timeout=TIMEOUT):
        """The name of the peer that answered; None when nobody did."""
        self.send(payload)
        reply = self.receive(timeout)
        if reply is None:
            return None
        name, bar, echoed = reply.partition(b"|")
        assert bar and echoed == payload, f"asked {payload!r}, answered {reply!r}"
        return name.decode()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def asker(client, host, namespace, timeout):
    """`ask(port, payload)`: who answers a new client at `host`; None when nobody does within `timeout` seconds."""
    def ask(port, payload=b"x", timeout=timeout):
        with client(port, host, namespace=namespace) as one:
            return one.ask(payload, timeout)
    return ask
