"""A paced UDP client as a process. Reads its orders as JSON from its first argument, runs until its stdin closes or
the time is up, waits for stragglers, and prints a report as JSON.

Orders: target [host, port], rate (datagrams/s over all flows), seconds (at most), flows [{socket, header}]: flows with
one socket number share one client port; `header` is hex and stands first in each datagram, then flow and sequence
number (u32 each, network order), then zeros up to `size` bytes.
"""

import collections
import json
import select
import socket
import struct
import sys
import time

from harness.echo_main import big_buffer

TRAILER = struct.Struct("!II")
STRAGGLER_SECONDS = 2.0
MAX_BURST = 200  # after a pause of this process, not all that it missed at once


class Flow:
    def __init__(self, number, order, sock):
        self.number, self.socket, self.header = number, sock, bytes.fromhex(order["header"])
        self.sent = 0
        self.replies = {}   # sequence number -> peer
        self.duplicates = 0
        self.refused = 0    # sends that failed at once

    def send(self, target, size):
        payload = self.header + TRAILER.pack(self.number, self.sent)
        try:
            self.socket.sendto(payload + bytes(max(0, size - len(payload))), target)
        except (BlockingIOError, ConnectionRefusedError):
            self.refused += 1
        self.sent += 1

    def report(self):
        lost = [number for number in range(self.sent) if number not in self.replies]
        return {"sent": self.sent, "received": len(self.replies), "lost": len(lost), "first_lost": lost[:10],
                "duplicates": self.duplicates, "refused": self.refused,
                "peers": collections.Counter(self.replies.values())}


class Load:
    def __init__(self, orders):
        self.orders = orders
        self.target = tuple(orders["target"])
        sockets = {}
        self.flows = []
        for number, order in enumerate(orders["flows"]):
            self.flows.append(Flow(number, order, sockets.setdefault(order["socket"], self._socket())))
        self.poll = select.epoll()
        self.by_fd = {sock.fileno(): sock for sock in sockets.values()}
        for fd in self.by_fd:
            self.poll.register(fd, select.EPOLLIN)
        self.astray = 0
        self.header_lengths = sorted({len(flow.header) for flow in self.flows})

    def _socket(self):
        sock = socket.socket(socket.AF_INET6 if ":" in self.target[0] else socket.AF_INET, socket.SOCK_DGRAM)
        big_buffer(sock)
        sock.setblocking(False)
        return sock

    def receive(self, timeout):
        got = False
        for fd, _ in self.poll.poll(timeout):
            sock = self.by_fd[fd]
            for _ in range(256):
                try:
                    reply = sock.recv(65535)
                except BlockingIOError:
                    break
                except ConnectionRefusedError:
                    continue
                got = True
                self._count(sock, reply)
        return got

    def _count(self, sock, reply):
        name, _, payload = reply.partition(b"|")
        number, sequence = self._trailer(payload)
        if number is None or self.flows[number].socket is not sock:
            self.astray += 1
            return
        flow = self.flows[number]
        if sequence in flow.replies:
            flow.duplicates += 1
        flow.replies[sequence] = name.decode()

    def _trailer(self, payload):
        for length in self.header_lengths:
            if len(payload) < length + TRAILER.size:
                continue
            number, sequence = TRAILER.unpack_from(payload, length)
            if number < len(self.flows) and payload.startswith(self.flows[number].header):
                return number, sequence
        return None, None

    def run(self):
        rate, size = self.orders["rate"], self.orders.get("size", 64)
        begin = time.monotonic()
        end = begin + self.orders["seconds"]
        total, limit = 0, self.orders.get("datagrams", 1 << 62)
        while total < limit:
            now = time.monotonic()
            if now >= end or select.select([sys.stdin], [], [], 0)[0]:
                break
            for _ in range(min(int((now - begin) * rate) - total, MAX_BURST, limit - total)):
                self.flows[total % len(self.flows)].send(self.target, size)
                total += 1
            self.receive(0.001)
        sending = time.monotonic() - begin
        self._stragglers()
        flows = [flow.report() for flow in self.flows]
        return {"flows": flows, "astray": self.astray, "seconds": sending,
                "sent": total, "received": sum(flow["received"] for flow in flows),
                "lost": sum(flow["lost"] for flow in flows)}

    def _stragglers(self):
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < STRAGGLER_SECONDS:
            if all(len(flow.replies) == flow.sent for flow in self.flows):
                return
            if self.receive(0.05):
                quiet_since = time.monotonic()


if __name__ == "__main__":
    print(json.dumps(Load(json.loads(sys.argv[1])).run()))
