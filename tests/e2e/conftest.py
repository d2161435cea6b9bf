"""Fixtures of tests on a real API server: one control plane for each file of tests."""

import uuid

import pytest

from harness import chart, objects
from harness.cluster import NODE_IP, ROOT, Cluster, Node
from harness.controller import kubernetes
from harness.release import GAME
from harness.udp import asker
from harness.wait import until


@pytest.fixture(scope="module")
def cluster():
    made = Cluster()
    try:
        made.install_crds()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def node():
    """A real node that has the image, and the namespaces of releases and of pods behind them."""
    made = Node()
    try:
        made.product(ROOT / "build" / "image.tar")
        for namespace in (GAME, chart.NAMESPACE):
            made.kubectl("create", "namespace", namespace)
        yield made
    finally:
        made.close()


@pytest.fixture
def space(cluster):
    """A Kubernetes namespace of the test's own."""
    name = f"t-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def hosted(cluster, peer_process):
    """`hosted(name, port)`: a peer on a host of its own on the cluster's network."""
    def make(name, port=7777):
        namespace, address = cluster.peer_host()
        return peer_process(name, address, port, namespace=namespace)
    return make


class Gateway:
    """Controller and proxy beside each other in the cluster's network namespace, as in one pod."""

    def __init__(self, cluster, controller, proxy, flags=()):
        self.cluster = cluster
        self._start_controller = lambda: controller(kubernetes(cluster.kubeconfig), flags=flags,
                                                    namespace=cluster.namespace)
        self.proxy = proxy(flags=["--wait-for-config"], namespace=cluster.namespace)
        self.controller = self._start_controller()

    def restart_controller(self):
        """After its kill -9."""
        self.controller = self._start_controller()

    def listener_bound(self, port):
        return any(entry["bound"] for entry in self.proxy.status().get("listeners", [])
                   if entry["name"].endswith(f"/{port}") or entry["name"] == str(port))

    def condition(self, name, space, kind):
        return objects.condition(self.cluster.get("svdr", name, space), kind)

    def wait_for_condition(self, name, space, kind, status, timeout=10.0):
        """The condition once it has this status."""
        def look():
            found = self.condition(name, space, kind)
            return found if found.get("status") == status else None
        return until(f"{kind}={status} on {space}/{name}", look, timeout, interval=0.1)


@pytest.fixture
def gateway(cluster, controller, proxy, hosted):
    return Gateway(cluster, controller, proxy)


@pytest.fixture
def gateway_of(cluster, controller, proxy, hosted):
    """`gateway_of(flags)`: a gateway whose controller has these flags."""
    return lambda flags=(): Gateway(cluster, controller, proxy, flags)


@pytest.fixture
def ask(cluster, client):
    """`ask(port, payload)`: who answers a new client of the proxy; None when nobody does within 50 ms."""
    return asker(client, NODE_IP, cluster.namespace, 0.05)


@pytest.fixture
def traffic(cluster, load):
    """`traffic(port, flows)`: load on the proxy from inside the cluster's network namespace."""
    return lambda port, flows, **more: load(port, flows, host=NODE_IP, namespace=cluster.namespace, **more)
