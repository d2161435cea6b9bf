"""The /metrics page: parsing, and the law that every datagram is accounted for."""

import re
import time
import urllib.error
import urllib.request

from harness import netns
from harness.wait import until

_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)",?')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def http_get(address, path, namespace=None, timeout=5.0):
    """(status, body) of GET http://address/path."""
    with netns.inside(namespace):
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=timeout) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.samples = []  # (name, labels, value)
        for line in text.splitlines():
            if not line or line.startswith("#"):
                continue
            match = _SAMPLE.match(line)
            assert match, f"not a line of the text format: {line!r}"
            labels = {key: re.sub(r"\\.", lambda e: _ESCAPES[e.group(0)], value)
                      for key, value in _LABEL.findall(match.group(2) or "")}
            self.samples.append((match.group(1), labels, float(match.group(3))))

    def select(self, name, **labels):
        return [(own, value) for sample, own, value in self.samples
                if sample == name and all(own.get(key) == wanted for key, wanted in labels.items())]

    def sum(self, name, **labels):
        """The sum of all series of `name` that hold these labels; 0 when there is none."""
        return sum(value for _, value in self.select(name, **labels))

    def value(self, name, **labels):
        """The one series of `name` that holds these labels."""
        found = self.select(name, **labels)
        assert len(found) == 1, f"{name}{labels}: {len(found)} series"
        return found[0][1]


DATAGRAMS = "stevedore_proxy_datagrams_total"
DROPS = "stevedore_proxy_dropped_datagrams_total"


def datagram_counters(metrics):
    """What must stand still before the law is checked."""
    return sorted((name, sorted(labels.items()), value) for name, labels, value in metrics.samples
                  if name in (DATAGRAMS, DROPS))


def violations(metrics):
    """Where the law does not hold: up for each listener, down over the process."""
    found = []
    listeners = {labels.get("listener") for labels, _ in metrics.select(DATAGRAMS) + metrics.select(DROPS)}
    for listener in sorted(listeners, key=str):
        received = metrics.sum(DATAGRAMS, listener=listener, direction="client_in")
        sent = metrics.sum(DATAGRAMS, listener=listener, direction="upstream_out")
        dropped = metrics.sum(DROPS, listener=listener, direction="up")
        if received != sent + dropped:
            found.append(f"listener {listener!r}: client_in {received} != upstream_out {sent} + dropped {dropped}")
    received = metrics.sum(DATAGRAMS, direction="upstream_in")
    sent = metrics.sum(DATAGRAMS, direction="client_out")
    dropped = metrics.sum(DROPS, direction="down")
    if received != sent + dropped:
        found.append(f"upstream_in {received} != client_out {sent} + dropped {dropped}")
    return found


def check_conservation(scrape, timeout=5.0):
    """Waits until the counters stand still, then checks the law. `scrape` returns Metrics. Returns the last one."""
    deadline = time.monotonic() + timeout
    before = scrape()
    while True:
        time.sleep(0.1)
        now = scrape()
        quiet = datagram_counters(now) == datagram_counters(before)
        if quiet and not violations(now):
            return now
        assert time.monotonic() < deadline, (
            "not every datagram is accounted for" if quiet else "the counters never stood still",
            violations(now))
        before = now


def drops(proxy, reason, direction="up"):
    return proxy.metrics().sum(DROPS, direction=direction, reason=reason)


def expect_drops(proxy, reason, count, direction="up"):
    """Waits until so many datagrams were dropped for this reason. tests/dataplane/test_drop_reasons.py looks for these
    calls: each reason has one."""
    until(f"{count} drops by {reason}", lambda: drops(proxy, reason, direction) == count)


def expect_some_drops(proxy, reason, direction="up"):
    """For reasons whose number the kernel decides."""
    return until(f"drops by {reason}", lambda: drops(proxy, reason, direction))
