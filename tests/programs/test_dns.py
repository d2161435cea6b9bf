"""DNS by dnsmasq and dnsperf: a choice for each datagram, none lost, the weights exact."""

import getpass
import re
import signal

import pytest

from harness.configs import simple
from harness.fixtures import closing
from harness.metrics import DATAGRAMS
from harness.programs import Daemon, PortPeer, checked, holds, require
from harness.udp import free_port

QUERIES = 20_000
WEIGHTS = {"a": 1, "b": 1, "c": 2}


class Resolver(PortPeer):
    """dnsmasq that knows every name under test. and asks nobody."""

    def __init__(self, name, folder):
        super().__init__(free_port())
        self._daemon = Daemon(
            [require("dnsmasq", "dnsmasq-base"), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
             "--no-hosts", "--user=" + getpass.getuser(), "--pid-file=", "--log-facility=-", "--bind-interfaces",
             "--listen-address=127.0.0.1", "--port", self.port, "--address=/test/192.0.2.1"], folder / f"{name}.log",
            holds(self.port))
        self.close = self._daemon.close

    def answered(self):
        """How many queries it answered, by its own count."""
        self._daemon.send(signal.SIGUSR1)
        match = self._daemon.wait_for_log(r"queries forwarded (\d+), queries answered locally (\d+)")
        assert match.group(1) == "0"
        return int(match.group(2))


@pytest.fixture
def resolver(tmp_path):
    with closing(lambda name: Resolver(name, tmp_path)) as make:
        yield make


def dnsperf(port, queries):
    """What dnsperf counted: {sent, completed, lost, NOERROR}."""
    said = checked([require("dnsperf", "dnsperf"), "-s", "127.0.0.1", "-p", port, "-d", queries, "-n", 1,
                    "-c", 10, "-q", 100, "-t", 5])
    counted = {word: int(re.search(rf"Queries {word}:\s+(\d+)", said).group(1)) for word in ("sent", "completed", "lost")}
    return {**counted, "NOERROR": int(re.search(r"Response codes:.*NOERROR (\d+)", said).group(1))}


def test_round_robin_is_exact_and_loses_nothing(resolver, proxy, tmp_path):
    port = free_port()
    resolvers = {name: resolver(name) for name in WEIGHTS}
    running = proxy(simple(port, [resolvers[name].config(weight=weight) for name, weight in WEIGHTS.items()],
                           affinity="None"), flags=["--workers", "1"])
    queries = tmp_path / "queries"
    queries.write_text("".join(f"host{number}.test A\n" for number in range(QUERIES)))

    assert dnsperf(port, queries) == {"sent": QUERIES, "completed": QUERIES, "lost": 0, "NOERROR": QUERIES}

    share = QUERIES // sum(WEIGHTS.values())
    assert {name: each.answered() for name, each in resolvers.items()} == {
        name: weight * share for name, weight in WEIGHTS.items()}
    metrics = running.check_conservation()
    assert all(metrics.sum(DATAGRAMS, direction=direction) == QUERIES
               for direction in ("client_in", "upstream_out", "upstream_in", "client_out"))
