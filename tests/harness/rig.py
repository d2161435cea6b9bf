"""A gateway that reaches a real API server through a Relay, a route with two peers on it, and what a fault may not do
to either: datagrams are lost to nobody, and the right state is back soon after the fault ends."""

import contextlib
import uuid

import pytest

from harness import objects
from harness.cluster import NODE_IP
from harness.controller import Controller, kubernetes
from harness.load import Load, PeerProcess, flows
from harness.metrics import DATAGRAMS
from harness.proxy import Proxy
from harness.relay import Relay
from harness.udp import Client, free_port
from harness.wait import until

BACK_SECONDS = 30.0    # from the end of a fault to the right state
PEER_PORT = 7777


class Rig:
    def __init__(self, stack, folder, cluster, prepare=None):
        """`prepare(relay)` runs before the controller starts."""
        self.cluster, self.folder = cluster, folder
        self.space = f"rig-{uuid.uuid4().hex[:8]}"
        cluster.kubectl("create", "namespace", self.space)
        self.addresses = []
        for name in ("a", "b", "late"):
            host, address = cluster.peer_host()
            stack.callback(PeerProcess(name, address, PEER_PORT, namespace=host).close)
            self.addresses.append(address)
        self.relay = Relay(folder, cluster, (NODE_IP, 6443))
        stack.callback(self.relay.close)
        if prepare:
            prepare(self.relay)
        self.proxy = Proxy(folder, flags=["--wait-for-config"], namespace=cluster.namespace)
        stack.callback(self.proxy.close)
        self.controller = None
        stack.callback(lambda: self.controller.close())
        self.start_controller()
        self.port = self.add_route("game", self.addresses[:2])
        self.right("game", self.port)

    def start_controller(self):
        log = self.folder / "controller.log"
        if log.exists():
            log.rename(self.folder / f"controller-{self.controller.process.pid}.log")
        self.controller = Controller(self.folder, kubernetes(self.relay.kubeconfig), namespace=self.cluster.namespace)

    def restart_controller(self):
        """A new one, that nothing has failed for yet; returns when its watches are open."""
        self.controller.close()
        self.start_controller()
        until("all is listed", lambda: self.metric("stevedore_watch_synced") == 3)

    def metric(self, name, **labels):
        return self.controller.metrics().sum(name, **labels)

    def config(self):
        return (self.folder / "config.json").read_text()

    def add_route(self, name, addresses):
        """A route with peers; returns its port."""
        port = free_port(NODE_IP, self.cluster.namespace)
        self.cluster.apply([*objects.with_peers(name, addresses, PEER_PORT, self.space),
                            objects.route(name, port, [objects.service_upstream(name)], self.space)])
        return port

    def remove_route(self, name):
        self.cluster.kubectl("delete", "svdr", name, "-n", self.space)

    def change(self):
        """Something that the controller has not heard of yet; `arrived` waits until it has."""
        name = f"late-{uuid.uuid4().hex[:8]}"
        return name, self.add_route(name, self.addresses[2:])

    def arrived(self, change, seconds=BACK_SECONDS):
        """Datagrams flow to the changed route, its status says so, and its deletion is heard of too."""
        name, port = change
        self.right(name, port, seconds)
        self.remove_route(name)
        until(f"the listener of {name} is gone", lambda: not self.bound(port), seconds)

    def bound(self, port):
        return any(entry["bound"] and entry["name"].endswith(str(port))
                   for entry in self.proxy.status().get("listeners", []))

    def ask(self, port):
        with Client(port, NODE_IP, namespace=self.cluster.namespace) as one:
            return one.ask(b"x", 0.1)

    def right(self, name, port, seconds=BACK_SECONDS):
        until(f"{name} answers", lambda: self.ask(port), seconds)

        def programmed():
            live = self.cluster.get("svdr", name, self.space)
            return objects.condition(live, "Programmed").get("status") == "True"
        until(f"{name} is Programmed", programmed, seconds, interval=0.2)

    def failures(self):
        """Log lines that tell of a failed watch."""
        return [line for line in self.controller.log().splitlines() if "will retry" in line]

    def more_traffic(self, datagrams=4000, timeout=30):
        def answered():
            return self.proxy.metrics().sum(DATAGRAMS, direction="client_out")
        before = answered()
        until(f"{datagrams} more datagrams", lambda: answered() >= before + datagrams, timeout)


def rig_fixture(prepare=None):
    """A module's fixture: `prepare(cluster, relay)` runs before the controller starts."""
    @pytest.fixture(scope="module")
    def rig(cluster, tmp_path_factory):
        with contextlib.ExitStack() as stack:
            yield Rig(stack, tmp_path_factory.mktemp("rig"), cluster,
                      prepare and (lambda relay: prepare(cluster, relay)))
    return rig


@contextlib.contextmanager
def loaded(rig, rate=2000, seconds=100):
    """Datagrams flow meanwhile, and none is lost."""
    load = Load(rig.port, flows(20), rate=rate, seconds=seconds, host=NODE_IP, namespace=rig.cluster.namespace)
    try:
        rig.more_traffic(1000)
        yield
        report = load.finish()
    finally:
        load.close()
    assert report["lost"] == 0 and report["astray"] == 0 and report["sent"] > 1000, report
    assert all(len(flow["peers"]) == 1 for flow in report["flows"])
