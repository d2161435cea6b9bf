"""Probes where it is hard: a dead peer that gets 5 000 datagrams/s over a real link, and a thousand peers at once."""

import os
import pathlib
import time

import pytest

from harness import netns
from harness.configs import config, listener, simple, upstream
from harness.udp import free_port
from harness.wait import until

RATE = 5_000
STORM_PEERS = 1_000
STORM_SECONDS = 20


@pytest.fixture
def network():
    made = netns.Network()
    yield made
    made.close()


class Hosts:
    """The proxy's host and one of a peer, with traffic from the proxy's own host."""

    def __init__(self, network, peers, proxy, fast_flows, probe):
        self.proxy_host, self.peer_host = network.host("10.202.0.2"), network.host("10.202.0.3")
        self.peer = peers(1, host="10.202.0.3", namespace=self.peer_host)
        port = free_port(namespace=self.proxy_host)
        self.running = proxy(simple(port, self.peer.configs(), healthCheck=probe), namespace=self.proxy_host)
        fast_flows(port, 50, RATE, namespace=self.proxy_host)
        until("a probe passed", lambda: self.running.metrics().sum("stevedore_proxy_probes_total", result="ok"),
              timeout=probe["periodSeconds"] + probe["timeoutSeconds"] + 5)

    def seconds_until_marked(self, limit):
        begin = time.monotonic()
        until("it is marked failed", lambda: self.running.upstream_status("a")["healthy"] == 0, timeout=limit + 20)
        return time.monotonic() - begin


def limit(probe):
    return probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"]


def test_refused_over_veth_under_load(network, peers, proxy, fast_flows):
    """The peer's kernel sends one ICMP a second, and the data takes it from the probes."""
    probe = {"periodSeconds": 2, "timeoutSeconds": 1, "failureThreshold": 3, "expect": "NoError"}
    hosts = Hosts(network, peers, proxy, fast_flows, probe)
    hosts.peer.finish()
    taken = hosts.seconds_until_marked(limit(probe))
    assert taken <= limit(probe) + 0.1, f"marked after {taken} s"


# The kernel asks three times, a second apart, before it says that nobody has an address.
KERNEL_ASKS = 3


@pytest.mark.parametrize("period,timeout,threshold,extra", [(4, 3, 2, 0), (1, 1, 3, KERNEL_ASKS)])
def test_address_removed_over_veth_under_load(network, peers, proxy, fast_flows, period, timeout, threshold, extra):
    """Nobody answers for the address. The clock runs from when the proxy's host has forgotten the link address of the
    peer: before that, its kernel sends into the void and hears nothing, and NoError takes silence for success."""
    probe = {"periodSeconds": period, "timeoutSeconds": timeout, "failureThreshold": threshold, "expect": "NoError"}
    hosts = Hosts(network, peers, proxy, fast_flows, probe)
    netns.ip("-n", hosts.peer_host, "address", "flush", "dev", "eth0")
    netns.ip("-n", hosts.proxy_host, "neighbour", "flush", "dev", "eth0")
    taken = hosts.seconds_until_marked(limit(probe) + extra)
    assert taken <= limit(probe) + extra + 0.1, f"marked after {taken} s"


def cpu_seconds(proxy):
    tasks = pathlib.Path(f"/proc/{proxy.process.pid}/task")
    return sum(int((tasks / name / "schedstat").read_text().split()[0]) for name in os.listdir(tasks)) / 1e9


def test_storm_costs_under_a_hundredth_of_a_core(peers, proxy, tmp_path):
    """Each kind of probe, beside the same proxy without any, at the same time."""
    targets = peers(STORM_PEERS).configs()
    proxies = {}
    for expect in ("NoError", "Reply", None):
        probe = {"healthCheck": {"periodSeconds": 5, "timeoutSeconds": 1, "expect": expect}} if expect else {}
        folder = tmp_path / str(expect)
        folder.mkdir()
        ups = [upstream(targets[first:first + 100], f"u{first}", **probe) for first in range(0, STORM_PEERS, 100)]
        proxies[expect] = proxy(config([listener(free_port(), default="u0")], ups), folder=folder)
    probing = [proxies["NoError"], proxies["Reply"]]

    def passed():
        return [each.metrics().sum("stevedore_proxy_probes_total", result="ok") for each in probing]

    until("each peer was probed", lambda: min(passed()) >= STORM_PEERS, timeout=20)
    counts, begin = passed(), time.monotonic()
    before = {name: cpu_seconds(each) for name, each in proxies.items()}
    time.sleep(STORM_SECONDS)   # the cost of a time span is what is measured
    seconds = time.monotonic() - begin
    spent = {name: cpu_seconds(each) - before[name] for name, each in proxies.items()}
    assert all(now - then >= 0.95 * seconds * STORM_PEERS / 5 for then, now in zip(counts, passed()))
    costs = {name: (spent[name] - spent[None]) / seconds for name in ("NoError", "Reply")}
    print(costs)
    assert max(costs.values()) < 0.01, f"of a core: {costs}"
