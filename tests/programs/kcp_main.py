"""KCP (ikcp, the reference implementation, by PyPI's `kcp`) as a process: a server that sends every conversation back,
or a client that opens some and compares. Needs a Python with that package.

    kcp_main.py server [SECONDS]              says its port; on SIGTERM what each conversation was, as JSON; forgets
                                              those that nobody has written to for so long
    kcp_main.py client PORT '[[1, 2], [3]]' BYTES    conversations of each client port; what came back, and how many
                                              datagrams of others did, as JSON. The last message of each waits until
                                              stdin closes.
"""

import hashlib
import json
import random
import select
import signal
import socket
import sys
import time

import kcp

from harness.echo_main import big_buffer

INTERVAL = 0.02      # seconds between updates of a conversation
WINDOW = 8           # segments in flight: with the interval some 300 kB/s, so that 2 MB are seconds
MESSAGE = 4096
DEADLINE = 60.0      # seconds
CLIENT_QUEUE = 64    # segments that wait for the window


def made_socket():
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    big_buffer(sock)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    return sock


class Conversation:
    """One KCP control block over a socket; `address` is where its datagrams go."""

    def __init__(self, number, sock, address):
        self.number, self.address = number, address
        self.kcp = kcp.KCP(number, no_delay=True, update_interval=int(INTERVAL * 1000), resend_count=2,
                           no_congestion_control=True, send_window_size=WINDOW, receive_window_size=256)
        self.kcp.include_outbound_handler(lambda _, datagram: self._send(sock, datagram))
        self.received, self.digest = 0, hashlib.sha256()

    def _send(self, sock, datagram):
        try:
            sock.sendto(datagram, self.address)
        except (BlockingIOError, ConnectionRefusedError):
            pass  # KCP sends it again

    def messages(self):
        for message in self.kcp.get_all_received():
            self.received += len(message)
            self.digest.update(message)
            yield bytes(message)


def datagrams(sock):
    """What is there to read: (conversation, datagram, source)."""
    while True:
        try:
            datagram, source = sock.recvfrom(2048)
        except BlockingIOError:
            return
        except ConnectionRefusedError:
            continue
        if len(datagram) >= 24:   # KCP's header; the conversation stands first
            yield int.from_bytes(datagram[:4], "little"), datagram, source


def ticks(sockets, conversations):
    """Updates all conversations when it is time; yields the sockets that can be read, maybe none."""
    due = time.monotonic()
    while True:
        readable, _, _ = select.select(sockets, [], [], max(0.0, due - time.monotonic()))
        yield readable
        if time.monotonic() >= due:
            for conversation in conversations.values():
                conversation.kcp.update()
            due = time.monotonic() + INTERVAL


class Server:
    def __init__(self, forget=float("inf")):
        self.conversations = {}
        self.sources = {}   # conversation -> where its datagrams came from
        self.forget, self.heard = forget, {}   # conversation -> when it last got something

    def run(self):
        signal.signal(signal.SIGTERM, self._end)
        sock = made_socket()
        print(f"Serving port={sock.getsockname()[1]}", flush=True)
        for _ in ticks([sock], self.conversations):
            for number, datagram, source in datagrams(sock):
                self._receive(sock, number, datagram, source)
            limit = time.monotonic() - self.forget
            for number in [each for each, at in self.heard.items() if at < limit]:
                del self.conversations[number], self.sources[number], self.heard[number]

    def _receive(self, sock, number, datagram, source):
        conversation = self.conversations.get(number)
        if conversation is None:
            conversation = self.conversations[number] = Conversation(number, sock, source)
        self.sources.setdefault(number, set()).add(source)
        self.heard[number] = time.monotonic()
        conversation.address = source
        conversation.kcp.receive(datagram)
        for message in conversation.messages():
            conversation.kcp.enqueue(message)

    def _end(self, *_):
        report = {number: {"received": conversation.received, "sha256": conversation.digest.hexdigest(),
                           "sources": len(self.sources[number])}
                  for number, conversation in self.conversations.items()}
        print("Report " + json.dumps(report), flush=True)
        sys.exit(0)


class Client:
    def __init__(self, port, ports, size):
        self.size = size
        self.conversations, self.content, self.sent = {}, {}, {}
        self.sockets = []
        self.foreign = 0
        self.hold = True
        for numbers in ports:
            sock = made_socket()
            self.sockets.append(sock)
            for number in numbers:
                self.conversations[number] = Conversation(number, sock, ("127.0.0.1", port))
                self.content[number] = random.Random(number).randbytes(size)
                self.sent[number] = 0

    def run(self):
        end = time.monotonic() + DEADLINE
        for readable in ticks(self.sockets, self.conversations):
            for sock in readable:
                self._receive(sock)
            self._fill()
            if time.monotonic() > end or all(c.received >= self.size for c in self.conversations.values()):
                break
        verdicts = {number: {
            "received": conversation.received, "sha256": conversation.digest.hexdigest(),
            "sent_sha256": hashlib.sha256(self.content[number]).hexdigest()}
            for number, conversation in self.conversations.items()}
        print(json.dumps({"conversations": verdicts, "foreign": self.foreign}))

    def _receive(self, sock):
        for number, datagram, _ in datagrams(sock):
            conversation = self.conversations.get(number)
            if conversation is None:   # of somebody who had this port before, whom a server still repeats something to
                self.foreign += 1
                continue
            conversation.kcp.receive(datagram)
            for _ in conversation.messages():
                pass   # counted and digested

    def _fill(self):
        """Keeps the queues of all conversations short but never empty."""
        self.hold = self.hold and not select.select([sys.stdin], [], [], 0)[0]
        limit = self.size - MESSAGE if self.hold else self.size
        for number, conversation in self.conversations.items():
            while self.sent[number] < limit and conversation.kcp.get_outbound_packets() < CLIENT_QUEUE:
                begin = self.sent[number]
                piece = self.content[number][begin:begin + MESSAGE]
                conversation.kcp.enqueue(piece)
                self.sent[number] += len(piece)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        Server(*map(float, sys.argv[2:])).run()
    else:
        Client(int(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])).run()
