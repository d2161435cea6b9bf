"""Faults under load: the datagrams do not notice."""

import pytest

from harness import objects
from harness.cluster import NODE_IP
from harness.load import flows
from harness.metrics import DATAGRAMS
from harness.udp import free_port
from harness.wait import until


@pytest.fixture
def loaded(cluster, space, hosted, gateway, ask, traffic):
    """A route with two peers and 5 000 datagrams/s on it; returns (gateway, traffic)."""
    port = free_port(NODE_IP, cluster.namespace)
    addresses = [hosted(name).address for name in "ab"]
    cluster.apply([*objects.with_peers("game", addresses, 7777, space),
                   objects.route("game", port, [objects.service_upstream("game")], space)])
    until("a peer answers", lambda: ask(port))
    gateway.wait_for_condition("game", space, "Programmed", "True")
    return gateway, traffic(port, flows(20), rate=5000)


def nothing_lost(traffic):
    report = traffic.finish()
    assert report["lost"] == 0 and report["astray"] == 0 and report["sent"] > 5000
    assert all(len(flow["peers"]) == 1 for flow in report["flows"])


def more_traffic(gateway, datagrams=5000):
    def answered():
        return gateway.proxy.metrics().sum(DATAGRAMS, direction="client_out")
    before = answered()
    until(f"{datagrams} more datagrams", lambda: answered() >= before + datagrams, timeout=20)


def new_route_works(cluster, space, hosted, gateway, ask, timeout=40):
    """The control plane works again: a further route gets its datagram."""
    port = free_port(NODE_IP, cluster.namespace)
    cluster.apply([*objects.with_peers("late", [hosted("late").address], 7777, space),
                   objects.route("late", port, [objects.service_upstream("late")], space)])
    until("the new route answers", lambda: ask(port) == "late", timeout)
    gateway.wait_for_condition("late", space, "Programmed", "True")


def test_kill_of_the_controller(cluster, space, hosted, loaded, ask):
    gateway, traffic = loaded
    more_traffic(gateway)
    gateway.controller.process.kill()
    more_traffic(gateway)
    gateway.restart_controller()
    new_route_works(cluster, space, hosted, gateway, ask)
    nothing_lost(traffic)


def test_kill_of_the_api_server(cluster, space, hosted, loaded, ask):
    gateway, traffic = loaded
    more_traffic(gateway)
    cluster.kill("kube-apiserver")
    more_traffic(gateway, 10_000)
    assert gateway.controller.process.running()
    cluster.start("kube-apiserver")
    new_route_works(cluster, space, hosted, gateway, ask)
    nothing_lost(traffic)


def test_api_server_and_controller_down_at_once(cluster, space, hosted, loaded, ask):
    """A controller that starts without an API server touches nothing: no empty config over a good one."""
    gateway, traffic = loaded
    before = (gateway.controller.folder / "config.json").read_text()
    cluster.kill("kube-apiserver")
    gateway.controller.process.kill()
    gateway.restart_controller()
    more_traffic(gateway, 10_000)
    assert (gateway.controller.folder / "config.json").read_text() == before
    cluster.start("kube-apiserver")
    new_route_works(cluster, space, hosted, gateway, ask)
    nothing_lost(traffic)
