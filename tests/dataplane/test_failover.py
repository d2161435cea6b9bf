"""Backup peers: nothing while a primary is usable, everything as soon as none is, nothing after recovery."""

import datetime
import re
import threading
import time

import pytest

from harness.configs import simple
from harness.udp import free_port
from harness.wait import until

PROBE = {"periodSeconds": 1, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 2}
MARKED_WITHIN = 1 * 2 + 1   # s: period x failureThreshold + timeout
MOVED_WITHIN = 0.1          # s
CLOCK = 0.03                # s: rounding of the probes' timers and of the log's time, threads of this test
INTERVAL = 0.002            # s between two datagrams of Traffic
CHANGE = re.compile(r"^(\S+) .*Peer changed health .*passing=(true|false)", re.M)


class Traffic:
    """A datagram every 2 ms from one client; who answered each, and when it was sent (wall clock, as the log)."""

    def __init__(self, client):
        self._client = client
        self.sent = []          # time, by number
        self.answered = {}      # number -> name of the peer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            self.sent.append(time.time())
            self._client.send(b"%d" % (len(self.sent) - 1))
            deadline = time.monotonic() + INTERVAL
            while (left := deadline - time.monotonic()) > 0:
                reply = self._client.receive(timeout=left)
                if reply:
                    name, _, number = reply.partition(b"|")
                    self.answered[int(number)] = name.decode()

    def close(self):
        self._stop.set()
        self._thread.join()

    def by(self, name):
        """When the datagrams that this peer answered were sent."""
        return [self.sent[number] for number, peer in sorted(self.answered.items()) if peer == name]

    def unanswered_after(self, moment):
        return [number for number, sent in enumerate(self.sent) if sent > moment and number not in self.answered]


def changes(proxy):
    """(wall clock, passing) of each change of a peer's health in the log."""
    return [(datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp(), passing == "true")
            for stamp, passing in CHANGE.findall(proxy.process.log())]


def last_change(proxy, count, passing):
    found = until(f"change {count} of a peer's health", lambda: len(changes(proxy)) >= count and changes(proxy),
                  timeout=MARKED_WITHIN + 5)
    assert found[count - 1][1] is passing
    return found[count - 1][0]


@pytest.mark.parametrize("affinity", ["None", "Flow"])
@pytest.mark.parametrize("death", ["refused", "silent"])
def test_backup_in_time_and_only_then(echo, client, proxy, death, affinity):
    port = free_port()
    primary, backup = echo("primary"), echo("backup")
    running = proxy(simple(port, [primary], backup=[backup], affinity=affinity, healthCheck={
        **PROBE, "expect": "NoError" if death == "refused" else "Reply"}))
    until("a probe was answered", lambda: running.metrics().sum("stevedore_proxy_probes_total", result="ok"))
    traffic = Traffic(client(port))
    try:
        until("traffic flows", lambda: len(traffic.by("primary")) > 200)
        died = time.time()
        if death == "silent":
            primary.answer = False
        else:
            primary.close()
        marked = last_change(running, 1, passing=False)
        until("the backup has it all", lambda: len(traffic.by("backup")) > 200)
        back = time.time()
        if death == "silent":
            primary.answer = True
        else:
            echo("primary", port=primary.port)
        recovered = last_change(running, 2, passing=True)
        until("the primary is back", lambda: len([at for at in traffic.by("primary") if at > back]) > 200)
    finally:
        traffic.close()

    assert marked - died <= MARKED_WITHIN + CLOCK
    to_backup = traffic.by("backup")
    assert min(to_backup) >= marked - CLOCK, "nothing to the backup while a primary is usable"
    assert not [at for at in traffic.by("primary") if marked + MOVED_WITHIN < at < back]
    assert max(to_backup) <= recovered + MOVED_WITHIN, "nothing to the backup after recovery"
    lost = [number for number in traffic.unanswered_after(marked + MOVED_WITHIN) if number < len(traffic.sent) - 10]
    assert lost == []


def test_a_draining_peer_alone_takes_new_clients(echo, client, proxy):
    port = free_port()
    peer, backup = echo("draining"), echo("backup")
    proxy(simple(port, [peer.config(draining=True)], backup=[backup], healthCheck=PROBE))
    assert [client(port).ask(b"x") for _ in range(20)] == ["draining"] * 20
