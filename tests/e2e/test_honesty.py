"""What status says is so, on every replica: ports that others hold, proxies that die, pods that come and go."""

import os
import socket
import time

import pytest

from harness import netns, objects
from harness.cluster import NODE_IP
from harness.controller import kubernetes
from harness.udp import free_port
from harness.wait import until

NAMESPACE = "gateways"
LONG = pytest.mark.skipif(not os.environ.get("STEVEDORE_LONG"), reason="takes a minute: set STEVEDORE_LONG=1")


class Replica:
    """One pod: controller and proxy in a network namespace of their own, with what the Downward API gives them."""

    def __init__(self, cluster, controller, proxy, folder, name, namespace):
        folder.mkdir()
        self.name, self.namespace, self.folder, self._proxy = name, namespace, folder, proxy
        self.start_proxy()
        env = {"POD_NAME": name, "POD_NAMESPACE": NAMESPACE, "NODE_NAME": f"node-of-{name}"}
        self.controller = controller(kubernetes(cluster.kubeconfig), folder=folder, namespace=namespace,
                                     flags=["--leader-elect"], env=env)

    def start_proxy(self):
        """The first, or the next after a kill: its log is another."""
        log = self.folder / "proxy.log"
        if log.exists():
            log.rename(self.folder / "former-proxy.log")
        self.proxy = self._proxy(folder=self.folder, flags=["--wait-for-config"], namespace=self.namespace)

    def leads(self):
        return self.controller.metrics().sum("leader_election_master_status") == 1


@pytest.fixture(scope="module")
def gateways(cluster):
    cluster.kubectl("create", "namespace", NAMESPACE)
    return NAMESPACE


@pytest.fixture
def replicas(cluster, gateways, controller, proxy, tmp_path):
    """A leader in the cluster's namespace and another replica on a host of its own."""
    leader = Replica(cluster, controller, proxy, tmp_path / "a", "gateway-a", cluster.namespace)
    until("gateway-a leads", leader.leads, timeout=20)
    other = Replica(cluster, controller, proxy, tmp_path / "b", "gateway-b", cluster.peer_host()[0])
    until("both tell of themselves", lambda: leases(cluster) == ["stevedore-gateway-a", "stevedore-gateway-b"], 20)
    return leader, other


def leases(cluster):
    listed = cluster.kubectl("get", "leases", "-n", NAMESPACE, "-l", "stevedore.io/replica=stevedore", "-o",
                             "jsonpath={.items[*].metadata.name}").stdout
    return sorted(listed.split())


def foreign_socket(port, namespace, share):
    """Another process's listener: it is bound before ours is."""
    with netns.inside(namespace):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if share:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("0.0.0.0", port))
    return made


def programmed(cluster, space, name="game"):
    return objects.condition(cluster.get("svdr", name, space), "Programmed")


def wait_for(cluster, space, status, reason, timeout=10.0, name="game"):
    def look():
        found = programmed(cluster, space, name)
        return found if (found.get("status"), found.get("reason")) == (status, reason) else None
    return until(f"Programmed={status}/{reason} on {name}", look, timeout, interval=0.1)


def told(cluster, space, name, reason, programmed):
    """The route once it says so, of two replicas."""
    live = cluster.get("svdr", name, space)
    found = (objects.condition(live, "Programmed").get("reason"), live.get("status", {}).get("replicas"))
    return live if found == (reason, {"total": 2, "programmed": programmed}) else None


def apply_route(cluster, space, port, name="game"):
    cluster.apply([*objects.with_peers(name, ["10.201.1.250"], 7777, space),
                   objects.route(name, port, [objects.service_upstream(name)], space)])


def test_ports_of_other_processes(cluster, space, replicas):
    """On the leader's node and on the other's, held by somebody alone, and shared with whoever asks."""
    cases = {f"{replica.name}-{'shared' if share else 'alone'}": (replica, share)
             for replica in replicas for share in (False, True)}
    taken = {}
    try:
        for name, (replica, share) in cases.items():
            port = free_port("0.0.0.0", replica.namespace)
            taken[name] = foreign_socket(port, replica.namespace, share)
            apply_route(cluster, space, port, name)
        for name, (replica, _) in cases.items():
            live = until(f"{name} has one replica", lambda: told(cluster, space, name, "BindFailed", 1), timeout=15)
            assert objects.condition(live, "Accepted")["status"] == "True"
            for text in ("Address already in use", f"pod {replica.name} on node node-of-{replica.name}",
                         "1 of 2 replicas"):
                assert text in objects.condition(live, "Programmed")["message"]
    finally:
        for held in taken.values():
            held.close()
    for name in cases:
        until(f"{name} has both replicas", lambda: told(cluster, space, name, "Programmed", 2), timeout=15)


def test_proxy_that_dies(cluster, space, replicas):
    leader, other = replicas
    apply_route(cluster, space, free_port(NODE_IP, cluster.namespace))
    wait_for(cluster, space, "True", "Programmed")
    other.proxy.process.kill()
    failed = wait_for(cluster, space, "False", "ProxyUnreachable", timeout=45)
    assert f"pod {other.name} on node node-of-{other.name}" in failed["message"]
    other.start_proxy()
    wait_for(cluster, space, "True", "Programmed", timeout=20)


def test_pod_that_goes(cluster, space, replicas):
    """A clean end takes its Lease along: nobody waits for who said good-bye."""
    leader, other = replicas
    apply_route(cluster, space, free_port(NODE_IP, cluster.namespace))
    wait_for(cluster, space, "True", "Programmed")
    other.controller.close()
    assert leases(cluster) == ["stevedore-gateway-a"]
    until("one replica is left",
          lambda: cluster.get("svdr", "game", space)["status"]["replicas"] == {"total": 1, "programmed": 1}, timeout=15)
    assert programmed(cluster, space)["status"] == "True"


@LONG
def test_pod_that_is_killed(cluster, space, replicas):
    """Its Lease stays behind, and is not believed for long."""
    _, other = replicas
    apply_route(cluster, space, free_port(NODE_IP, cluster.namespace))
    until("both run it", lambda: told(cluster, space, "game", "Programmed", 2))
    other.controller.process.kill()
    other.proxy.process.kill()
    until("one replica is left",
          lambda: cluster.get("svdr", "game", space)["status"]["replicas"] == {"total": 1, "programmed": 1}, timeout=50)
    assert programmed(cluster, space)["status"] == "True"
    assert "stevedore-gateway-b" in leases(cluster)


@LONG
def test_outage_of_the_api_server_kills_no_replica(cluster, space, replicas):
    """After a minute without Leases nobody is taken for dead: no status but of two replicas is written."""
    apply_route(cluster, space, free_port(NODE_IP, cluster.namespace))
    until("both run it", lambda: told(cluster, space, "game", "Programmed", 2))
    version = cluster.get("svdr", "game", space)["metadata"]["resourceVersion"]
    cluster.kill("kube-apiserver")
    time.sleep(60)
    cluster.start("kube-apiserver")
    apply_route(cluster, space, free_port(NODE_IP, cluster.namespace), name="late")
    until("both run the next", lambda: told(cluster, space, "late", "Programmed", 2), timeout=60)
    assert cluster.get("svdr", "game", space)["metadata"]["resourceVersion"] == version


def test_config_that_somebody_removes_comes_back(cluster, space, replicas):
    leader, _ = replicas
    apply_route(cluster, space, free_port(NODE_IP, cluster.namespace))
    wait_for(cluster, space, "True", "Programmed")
    config = leader.folder / "config.json"
    good = config.read_text()
    config.unlink()
    until("the config is back", lambda: config.exists() and config.read_text() == good, timeout=5)


def test_loser_of_a_conflict_is_told_to_whom(cluster, space, gateways, replicas):
    port = free_port(NODE_IP, cluster.namespace)
    apply_route(cluster, space, port)
    wait_for(cluster, space, "True", "Programmed")
    loser = f"{space}-late"
    cluster.kubectl("create", "namespace", loser)
    try:
        apply_route(cluster, loser, port)
        refused = until("the loser is told", lambda: objects.condition(
            cluster.get("svdr", "game", loser), "Accepted").get("reason") == "PortConflict" and cluster.get(
                "svdr", "game", loser), interval=0.1)
        for kind in ("Accepted", "Conflicted"):
            assert space in objects.condition(refused, kind)["message"]
        assert programmed(cluster, space)["status"] == "True"
    finally:
        cluster.kubectl("delete", "namespace", loser, "--wait=false")
