"""Clients of a Service as a process: conversations that go on, and newcomers who have a socket each and ask once.

Reads its orders as JSON from its first argument, prints "ready" once every conversation was answered, runs until its
stdin closes or the time is up, waits for stragglers, and prints a report as JSON.

Orders: target [host, port], sources (addresses to send from, in turn), conversations (how many, from 1), rate
(datagrams/s of all conversations, at most: each asks again when it was answered, or gives an answer up), newcomers (per
second), seconds (at most). The first four bytes of a datagram are the number of its conversation; each newcomer is one of
its own. The report's `moved` counts conversations that more than one peer answered.
"""

import collections
import json
import select
import socket
import struct
import sys
import time

from harness.echo_main import big_buffer

HEAD = struct.Struct("!III")   # conversation, line, sequence number
FIRST_NEWCOMER = 1 << 20
WARM_UP = 0xFFFFFFFF           # a sequence number that is not counted
PATIENCE = 2.0                 # seconds after which a datagram counts as lost
GIVEN_UP = 0.5                 # seconds after which a conversation asks again without an answer
READY_WITHIN = 20.0


class Line:
    """Datagrams in the order of their sending."""

    def __init__(self):
        self.sent_at = []
        self.answers = {}   # sequence number -> peer

    def waits(self):
        """Whether an answer is under way: never two, so that one event costs one of them on any machine."""
        return (bool(self.sent_at) and len(self.sent_at) - 1 not in self.answers
                and time.monotonic() < self.sent_at[-1] + GIVEN_UP)

    def lost(self):
        return len(self.sent_at) - len(self.answers)

    def longest_silence(self):
        """Seconds from a lost datagram to the next answered one, or to the last sent one."""
        longest, since = 0.0, None
        for number, when in enumerate(self.sent_at):
            if number in self.answers:
                since = None
                continue
            since = when if since is None else since
            following = self.sent_at[min(number + 1, len(self.sent_at) - 1)]
            longest = max(longest, following - since)
        return longest

    def peers(self):
        return set(self.answers.values())


def summary(lines):
    """`silence`: the longest one of a line, in seconds; `worst`: what the line lost that lost most."""
    return {"sent": sum(len(line.sent_at) for line in lines), "answered": sum(len(line.answers) for line in lines),
            "lost": sum(line.lost() for line in lines), "worst": max(line.lost() for line in lines),
            "silence": round(max(line.longest_silence() for line in lines), 3)}


class Visitors:
    def __init__(self, orders):
        self.orders, self.target = orders, tuple(orders["target"])
        self.poll = select.epoll()
        self.sockets = {}   # descriptor -> socket
        self.conversations = [Line() for _ in range(orders["conversations"])]
        self.newcomers = [Line() for _ in orders["sources"]]   # those of one address are one line
        self.old = [self._socket(number) for number in range(len(self.conversations))]
        self.new = collections.deque()   # (deadline, descriptor), the oldest first
        self.came = 0
        self.warm = set()

    def _socket(self, number):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        big_buffer(sock, 1 << 18)
        sock.setblocking(False)
        sock.bind((self.orders["sources"][number % len(self.orders["sources"])], 0))
        self.poll.register(sock.fileno(), select.EPOLLIN)
        self.sockets[sock.fileno()] = sock
        return sock

    def _send(self, sock, conversation, number, line):
        sequence = len(line.sent_at)
        line.sent_at.append(time.monotonic())
        sock.sendto(HEAD.pack(conversation, number, sequence), self.target)

    def continue_one(self, total):
        number = total % len(self.old)
        if not self.conversations[number].waits():
            self._send(self.old[number], number, number, self.conversations[number])

    def welcome_one(self):
        number = self.came % len(self.newcomers)
        sock = self._socket(self.came)
        self._send(sock, FIRST_NEWCOMER + self.came, number, self.newcomers[number])
        self.new.append((time.monotonic() + PATIENCE, sock.fileno()))
        self.came += 1

    def _close(self, descriptor):
        sock = self.sockets.pop(descriptor)
        self.poll.unregister(descriptor)
        sock.close()

    def receive(self, timeout):
        for descriptor, _ in self.poll.poll(timeout):
            try:
                peer, bar, payload = self.sockets[descriptor].recv(2048).partition(b"|")
            except OSError:
                continue
            conversation, number, sequence = HEAD.unpack(payload)
            assert bar, "a peer's answer"
            if sequence == WARM_UP:
                self.warm.add(number)
                continue
            lines = self.newcomers if conversation >= FIRST_NEWCOMER else self.conversations
            lines[number].answers[sequence] = peer.decode()
        while self.new and self.new[0][0] < time.monotonic():
            self._close(self.new.popleft()[1])

    def warm_up(self):
        deadline = time.monotonic() + READY_WITHIN
        while len(self.warm) < len(self.old):
            assert time.monotonic() < deadline, f"only {len(self.warm)} conversations were answered"
            for number, sock in enumerate(self.old):
                if number not in self.warm:
                    sock.sendto(HEAD.pack(number, number, WARM_UP), self.target)
            self.receive(0.1)

    def run(self):
        rates = self.orders["rate"], self.orders["newcomers"]
        begin = time.monotonic()
        continued = 0
        while (now := time.monotonic() - begin) < self.orders["seconds"]:
            if select.select([sys.stdin], [], [], 0)[0]:
                break
            if continued < int(now * rates[0]):
                self.continue_one(continued)
                continued += 1
            if self.came < int(now * rates[1]):
                self.welcome_one()
            behind = continued < int(now * rates[0]) or self.came < int(now * rates[1])
            self.receive(0 if behind else 0.002)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and any(line.lost() for line in self.conversations + self.newcomers):
            self.receive(0.05)
        return {"conversations": summary(self.conversations), "newcomers": summary(self.newcomers),
                "moved": sum(len(line.peers()) > 1 for line in self.conversations), "seconds": round(now, 1)}


def main():
    visitors = Visitors(json.loads(sys.argv[1]))
    visitors.warm_up()
    print("ready", flush=True)
    print(json.dumps(visitors.run()))


if __name__ == "__main__":
    main()
