"""tests/load as processes: clients that check every reply, floods from many sources, peers that keep up with both."""

import json
import os
import pathlib
import subprocess

from harness import netns

LONG = os.environ.get("STEVEDORE_LONG") == "1"   # full lengths instead of shortened ones


def _spawn(mode, flags, namespace):
    program = os.environ.get("STEVEDORE_LOAD")
    assert program and pathlib.Path(program).exists(), "STEVEDORE_LOAD does not name the load generator"
    argv = [program, mode]
    for name, value in flags.items():
        argv += ["--" + name.replace("_", "-"), str(value)]
    return subprocess.Popen(netns.command(namespace, argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


class _Run:
    """A running mode; `finish` ends it, `wait` lets it come to its own end. Both return its report."""

    def __init__(self, mode, flags, namespace=None):
        self._process = _spawn(mode, flags, namespace)
        self.pid = self._process.pid

    def _line(self):
        line = self._process.stdout.readline()
        assert line, f"stevedore-load ended with {self._process.wait(10)}"
        return line

    def finish(self, timeout=30):
        output, _ = self._process.communicate(timeout=timeout)   # closes its stdin: the sign to end
        assert self._process.returncode == 0, f"stevedore-load ended with {self._process.returncode}"
        return json.loads(output)

    def wait(self):
        report = json.loads(self._line())
        self.close()
        return report

    def running(self):
        return self._process.poll() is None

    def close(self):
        if not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Flows(_Run):
    """Clients with one port each. All sessions are assured when this is constructed; then they send at `rate` in all.

    Datagrams have `size` to `size_to` bytes, all of which are checked in the reply. Report: sent, received, lost,
    lost_at ([monotonic second, how many] for each tenth of a second), foreign (replies to somebody else), duplicates,
    corrupt, moved (replies from another peer or through another port than the one before), refused.
    """

    def __init__(self, port, clients, rate, namespace=None, **flags):
        super().__init__("flows", {"port": port, "clients": clients, "rate": rate, **flags}, namespace)
        assert self._line() == "warm\n"


class Flood(_Run):
    """`datagrams` from `sources` loopback addresses. Report: sent, refused, replies, foreign."""

    def __init__(self, port, sources, datagrams, rate, namespace=None, **flags):
        super().__init__("flood", {"port": port, "sources": sources, "datagrams": datagrams, "rate": rate, **flags},
                         namespace)


def owners(port, path, keys=100_000):
    """Which peer answers for each key: a bytes object, 255 for a key without an answer."""
    report = _Run("keys", {"port": port, "keys": keys, "out": path}).wait()
    assert report == {"answered": keys, "conflicts": 0}, report
    return pathlib.Path(path).read_bytes()


class Peers(_Run):
    """`count` peers in one process, numbered from `first`; mode "echo", "silent", or "selective" (silent
    to floods, echo to others); delay_ms for late replies, copies for many of each."""

    def __init__(self, count=1, host="127.0.0.1", namespace=None, **flags):
        super().__init__("peers", {"count": count, "host": host, **flags}, namespace)
        self.host = host
        self.ports = json.loads(self._line())

    def configs(self, **more):
        return [{"address": self.host, "port": port, **more} for port in self.ports]
