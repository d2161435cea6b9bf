"""The ways in besides the default, each on a real node: host network, host ports, namespaces; TFTP on port 69.

STEVEDORE_FIGURES=1 writes what a replacement with host network costs to docs/operations.md.
The runtime's enable_unprivileged_ports is off (tests/cluster/node.sh): without the sysctl or the capability, nobody but
root binds port 69.
"""

import contextlib
import os
import random

import pytest

from harness import netns, objects, pages, tftp
from harness import release as releases
from harness.cluster import NODE_IP
from harness.release import GAME, Release
from harness.udp import asker
from harness.visitors import Place, Visitors
from harness.wait import until

SIZE = 1_000_000
SILENT_SECONDS = 10
PORT_HOST = "10.201.0.2"   # a second address of the node, for host ports
QUICK = "proxy.preStopSeconds=0,proxy.drainTimeoutSeconds=1"
VALUES = {
    "stevedore-network": ["kind=DaemonSet,hostNetwork=true,service.enabled=false,class=network"],
    "stevedore-ports": ["kind=DaemonSet,service.enabled=false,class=ports,crds.enabled=false",
                        f"hostPorts.tftp.port=69,hostPorts.tftp.hostIP={PORT_HOST}",
                        f"hostPorts.kcp.port=2614,hostPorts.kcp.hostIP={PORT_HOST}"],
    "stevedore-spaces": ["replicas=1,class=spaces,crds.enabled=false,watchNamespaces={game}"]}


@pytest.fixture(scope="module")
def node(node):
    netns.ip("-n", node.namespace, "address", "add", f"{PORT_HOST}/16", "dev", "node0")
    node.kubectl("create", "namespace", "elsewhere")
    return node


def flags(name, *more):
    return [word for value in (QUICK, *VALUES[name], *more) for word in ("--set", value)]


@pytest.fixture(scope="module")
def installed(node):
    """All three releases, one after the other, and pods to send to."""
    made = {name: Release(node, name) for name in VALUES}
    for each in made.values():
        each.helm("install", *flags(each.name))
    node.apply(releases.pods_behind("kcp", node.test_image("echo"), 1))
    yield made
    for each in made.values():
        each.check_accounts()


@pytest.fixture(scope="module")
def transfer(node, tmp_path_factory):
    """`transfer(host)`: get and put of a file, twice, through port 69 of a host, from another one."""
    folder = tmp_path_factory.mktemp("tftp")
    content = random.Random(1).randbytes(SIZE)
    place, address = node.peer_host()
    netns.ip("-n", place, "route", "add", "default", "via", NODE_IP)   # pods are behind the node
    server = tftp.Server("server", folder, content, 69, address, place)
    node.apply(objects.with_peers("tftp", [address], 69, GAME))
    clients_place, _ = node.peer_host()

    def run(name, host):
        up = random.Random(name).randbytes(SIZE)
        client = tftp.Client(69, folder / name, up, host, clients_place)
        try:
            assert client.finish() == ""
        finally:
            client.close()
        for count in "12":
            assert (client.folder / f"down{count}").read_bytes() == content
            assert (server.folder / f"up-{name}-{count}").read_bytes() == up
    yield run
    server.close()


@pytest.fixture
def ask(node, client):
    """`ask(host, port)`: the pod that answers a new client; None when none does."""
    return lambda host, port: asker(client, host, node.namespace, 0.25)(port, b"conversation")


def tftp_route(name, class_name):
    upstream = objects.service_upstream("tftp", **tftp.FOLLOW)
    return objects.route(name, 69, [upstream], GAME, className=class_name)


def until_programmed(node, route):
    until(f"{route} is programmed", lambda: releases.programmed(node, route), timeout=60, interval=0.25)


def capabilities(release, container):
    status = dict(line.split(":\t") for line in release.inside(container, "cat /proc/1/status").splitlines())
    assert status["Uid"].split() == ["65532"] * 4 and status["NoNewPrivs"] == "1"
    return {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")}


def test_host_network_without_the_capability_says_why_port_69_is_not_bound(node, installed, ask):
    node.apply([tftp_route("tftp-network", "network"),
                releases.conversations("kcp-network", 2614, "kcp", className="network")])
    until_programmed(node, "kcp-network")
    assert until("a pod answers", lambda: ask(NODE_IP, 2614)).startswith("kcp-")
    condition = until("its failure is told", lambda: failed(node, "tftp-network"), timeout=30, interval=0.25)
    assert condition["reason"] == "BindFailed" and "CAP_NET_BIND_SERVICE" in condition["message"]
    assert capabilities(installed["stevedore-network"], "proxy") == {0}


def failed(node, route):
    found = objects.condition(node.get("svdr", route, GAME), "Programmed")
    return found if found.get("status") == "False" and found["reason"] == "BindFailed" else None


def test_with_host_network_a_node_is_silent_between_two_pods(node, installed):
    """The upgrade that adds the capability replaces the pod; only one of them can hold the ports."""
    release = installed["stevedore-network"]
    with contextlib.closing(Visitors(Place(node, 10), 2614, conversations=10, rate=100)) as visitors:
        release.helm("upgrade", *flags(release.name, "proxy.netBindService=true"))
        release.kubectl("rollout", "status", f"daemonset/{release.name}", "--timeout=60s")
        until_programmed(node, "tftp-network")
        report = visitors.finish()
    print(f"\nhost network: {report}")
    silence = max(report[kind]["silence"] for kind in ("newcomers", "conversations"))
    assert 0 < silence < SILENT_SECONDS, report
    if os.environ.get("STEVEDORE_FIGURES") == "1":
        pages.write("docs/operations.md", "host network", [f"Measured: {silence:.1f} s without an answer."])


def test_tftp_on_port_69_with_host_network(installed, transfer):
    release = installed["stevedore-network"]
    transfer("by-network", NODE_IP)
    assert capabilities(release, "proxy") == {1 << 10}, "CAP_NET_BIND_SERVICE and no other"
    assert capabilities(release, "controller") == {0}


def test_tftp_on_port_69_in_the_network_of_a_pod_with_host_ports(node, installed, transfer, ask):
    node.apply([tftp_route("tftp-ports", "ports"),
                releases.conversations("kcp-ports", 2614, "kcp", className="ports")])
    until_programmed(node, "tftp-ports")
    transfer("by-ports", PORT_HOST)
    assert until("a pod answers", lambda: ask(PORT_HOST, 2614)).startswith("kcp-")
    assert capabilities(installed["stevedore-ports"], "proxy") == {0}


def test_watched_namespaces_alone_are_served(node, installed, ask):
    elsewhere = releases.conversations("kcp-elsewhere", 2614, "kcp", className="spaces")
    elsewhere["metadata"]["namespace"] = "elsewhere"
    node.apply([elsewhere, releases.conversations("kcp-spaces", 2615, "kcp", className="spaces")])
    port = until("the route's status tells its node port", lambda: releases.node_port(node, "kcp-spaces"), timeout=60,
                 interval=0.25)
    assert until("a pod answers", lambda: ask(NODE_IP, port)).startswith("kcp-")
    assert "status" not in node.get("svdr", "kcp-elsewhere", "elsewhere")
