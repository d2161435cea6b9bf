"""Installed on a real node by the commands that a user types: kubelet, containerd and kube-proxy run it."""

import time

import pytest
import yaml

from harness import chart, objects
from harness.cluster import NODE_IP, ROOT, Node
from harness.udp import asker
from harness.wait import until

IMAGE = ROOT / "build" / "image.tar"
GAME = "game"
FIRST_ANSWER = 60   # seconds from `helm install` to the first answered datagram
KEYS = [bytes([number, 7, 7, 7]) for number in range(24)]


@pytest.fixture(scope="module")
def node():
    made = Node()
    try:
        made.product(IMAGE)
        made.kubectl("create", "namespace", GAME)
        made.kubectl("create", "namespace", chart.NAMESPACE)
        made.kubectl("label", "namespace", chart.NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        yield made
    finally:
        made.close()


@pytest.fixture
def ask(node, client):
    """`ask(port, payload)`: the pod that answers a new client through the node's port; None when none does."""
    return asker(client, NODE_IP, node.namespace, 0.25)


def pods_behind(name, image, replicas):
    """A Deployment of peers that answer with their pod's name, and a Service "kcp" in front of them."""
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": GAME},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"terminationGracePeriodSeconds": 1, "containers": [{
                "name": "echo", "image": image, "imagePullPolicy": "Never",
                "ports": [{"containerPort": 7777, "protocol": "UDP"}]}]}}}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": GAME},
               "spec": {"selector": {"app": name},
                        "ports": [{"name": "kcp", "port": 2345, "protocol": "UDP", "targetPort": 7777}]}}
    return [deployment, service]


def scale(node, name, replicas):
    node.kubectl("scale", "-n", GAME, f"deployment/{name}", f"--replicas={replicas}")


def node_port(node, route):
    """Where the route's status says that clients reach it."""
    status = node.get("svdr", route, GAME).get("status", {})
    if objects.condition({"status": status}, "Programmed").get("status") != "True":
        return None
    return next((entry["nodePort"] for entry in status.get("listener", {}).get("addresses", [])
                 if "nodePort" in entry), None)


@pytest.fixture(scope="module")
def installed(node):
    """The release, without any --set, and the KCP example with pods behind it: (when, node port)."""
    peer = node.test_image("echo")
    began = time.monotonic()
    node.helm("install", "stevedore", chart.CHART, "--namespace", chart.NAMESPACE)
    example = list(yaml.safe_load_all((ROOT / "manifests" / "examples" / "kcp.yaml").read_text()))
    node.apply([*pods_behind("kcp-server", peer, 3), *pods_behind("kcp-maintenance", peer, 1),
                chart.one(example, "StevedoreRoute")])
    return began, until("the route's status tells its node port", lambda: node_port(node, "kcp"), timeout=FIRST_ANSWER,
                        interval=0.25)


def answering(ask, port):
    """The pods that answer the conversations; None while one of them has no answer."""
    pods = [ask(port, key) for key in KEYS]
    return None if None in pods else set(pods)


def test_first_answer_within_a_minute(installed, ask):
    began, port = installed
    until("a pod answers", lambda: ask(port, KEYS[0]), timeout=FIRST_ANSWER)
    assert time.monotonic() - began < FIRST_ANSWER


def test_conversations_keep_their_pod_while_pods_come_and_go(node, installed, ask):
    port = installed[1]
    until("three are ready", lambda: node.get("svdr", "kcp", GAME)["status"].get("peerSummary") == "3/3", timeout=30)
    until("three pods answer", lambda: len(answering(ask, port) or []) == 3, timeout=30)
    before = {key: ask(port, key) for key in KEYS}
    assert {key: ask(port, key) for key in KEYS} == before

    scale(node, "kcp-server", 1)
    one = until("one pod answers all", lambda: len(found := answering(ask, port) or []) == 1 and found, timeout=30)
    stayed = [key for key in KEYS if before[key] in one]
    assert [ask(port, key) for key in stayed] == [before[key] for key in stayed]

    scale(node, "kcp-server", 0)
    until("the backup answers", lambda: all(pod.startswith("kcp-maintenance-")
                                            for pod in answering(ask, port) or ["none"]), timeout=30)
    scale(node, "kcp-server", 2)
    until("the pods answer again", lambda: all(pod.startswith("kcp-server-")
                                               for pod in answering(ask, port) or ["none"]), timeout=30)


def pod_names(node):
    return node.kubectl("get", "pods", "-n", chart.NAMESPACE, "-l", "app.kubernetes.io/name=stevedore", "-o",
                        "name").stdout.split()


def inside(node, container, script):
    """What a script prints in a container of the first pod."""
    return node.kubectl("exec", "-n", chart.NAMESPACE, pod_names(node)[0], "-c", container, "--", "bash", "-c",
                        script).stdout


@pytest.mark.parametrize("container", ["controller", "proxy"])
def test_containers_have_what_they_need_and_no_more(node, installed, container):
    assert inside(node, container, "id -u; id -g").split() == ["65532", "65532"]
    status = dict(line.split(":\t") for line in inside(node, container, "cat /proc/1/status").splitlines())
    assert [int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")] == [0, 0, 0]
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    other = {"controller": "status", "proxy": "config"}[container]
    for folder in ("/", "/usr/bin", f"/run/stevedore/{other}"):
        assert inside(node, container, f"touch {folder}/x 2>&1 || true").endswith("Read-only file system\n")
    token = inside(node, container, "cat /var/run/secrets/kubernetes.io/serviceaccount/token 2>/dev/null || true")
    assert bool(token) == (container == "controller")


def test_a_port_below_1024(node, installed, ask):
    """The runtime's enable_unprivileged_ports is off: it is the pod's sysctl that lets uid 65532 bind it."""
    node.apply(objects.route("low", 69, [{"name": "a", "serviceRef": {"name": "kcp-server", "port": "kcp"}}], GAME))
    port = until("the route's status tells its node port", lambda: node_port(node, "low"), timeout=20, interval=0.1)
    assert until("a pod answers", lambda: ask(port)).startswith("kcp-server-")


CHILD = "for p in /proc/[0-9]*; do read -r _ _ _ parent _ <$p/stat; [ $parent = 1 ] && echo ${p#/proc/}; done; true"


def child(node):
    """The controller's process below the supervisor, in the first pod; bash, which looks, has parent 0."""
    found = inside(node, "controller", CHILD).split()
    return found[0] if found else None


def ready_endpoints(node):
    slices = node.kubectl("get", "endpointslices", "-n", chart.NAMESPACE, "-l", "kubernetes.io/service-name=stevedore",
                          "-o", "jsonpath={.items[*].endpoints[*].conditions.ready}").stdout
    return slices.split().count("true")


def test_the_controller_may_die_again_and_again(node, installed, ask):
    port = installed[1]
    until("both pods are ready", lambda: ready_endpoints(node) == 2, timeout=30)
    for _ in range(3):
        before = until("the controller runs", lambda: child(node), timeout=20)
        inside(node, "controller", f"kill -9 {before}")
        for number in range(20):
            assert ask(port, bytes([number, 1, 1, 1]), timeout=1.0), "a new client, while the controller is dead or new"
        assert ready_endpoints(node) == 2
        until("it is started again", lambda: child(node) not in (None, before), timeout=20)


def test_helm_test_sends_a_datagram_through(node, installed):
    done = node.helm("test", "stevedore", "--namespace", chart.NAMESPACE, "--logs", timeout=120)
    assert "answered through" in done.stdout


def published(node):
    """{port: node port} of the Service."""
    service = node.get("service", "stevedore", chart.NAMESPACE)
    return {entry["port"]: entry["nodePort"] for entry in service["spec"]["ports"]}


def test_upgrade_and_rollback_keep_published_ports_and_pinned_ones_come_and_go(node, installed, ask):
    port = installed[1]
    before = {number: published(node)[number] for number in (65535, 2614)}
    pin = "service.ports.extra.port=4000,service.ports.extra.nodePort=32000"
    node.helm("upgrade", "stevedore", chart.CHART, "--namespace", chart.NAMESPACE, "--set", pin)
    after = published(node)
    assert before.items() <= after.items() and after[4000] == 32000
    node.helm("rollback", "stevedore", "1", "--namespace", chart.NAMESPACE)
    after = published(node)
    assert before.items() <= after.items() and 4000 not in after
    assert until("a pod answers", lambda: ask(port, KEYS[0]))


def test_delete_the_route(node, installed, ask):
    port = installed[1]
    node.kubectl("delete", "svdr", "kcp", "-n", GAME)

    def silent():
        try:
            return ask(port, timeout=0.1) is None
        except ConnectionRefusedError:
            return True
    until("nobody answers", silent, timeout=20)
