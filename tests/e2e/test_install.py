"""Installed on a real node by the commands that a user types: kubelet, containerd and kube-proxy run it."""

import itertools
import json
import time

import pytest

from harness import chart, examples
from harness import release as releases
from harness.cluster import NODE_IP
from harness.release import GAME, Release
from harness.udp import Client, asker
from harness.wait import until

FIRST_ANSWER = 60   # seconds from `helm install` to the first answered datagram
KEYS = [bytes([number, 7, 7, 7]) for number in range(24)]
NEW = itertools.count()   # conversations that nobody has had yet


@pytest.fixture
def ask(node, client):
    """`ask(port, payload)`: the pod that answers a new client through the node's port; None when none does."""
    return asker(client, NODE_IP, node.namespace, 0.25)


@pytest.fixture(scope="module")
def release(node):
    node.kubectl("label", "namespace", chart.NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    made = Release(node)
    yield made
    made.check_accounts()


@pytest.fixture(scope="module")
def installed(node, release):
    """The release, without any --set, and the KCP example with pods behind it: (when, node port)."""
    peer = node.test_image("echo")
    began = time.monotonic()
    release.helm("install")
    route = chart.one(examples.documents(examples.FOLDER / "kcp.yaml"), "StevedoreRoute")
    route["metadata"]["namespace"] = GAME
    node.apply([*releases.pods_behind("kcp-server", peer, 3), *releases.pods_behind("kcp-maintenance", peer, 1), route])
    return began, until("the route's status tells its node port", lambda: releases.node_port(node, "kcp"),
                        timeout=FIRST_ANSWER, interval=0.25)


def game_pods(node, name):
    """{name: live pod} of a Deployment, those that are ending left out."""
    found = json.loads(node.kubectl("get", "pods", "-n", GAME, "-l", f"app={name}", "-o", "json").stdout)
    return {pod["metadata"]["name"]: pod for pod in found["items"] if "deletionTimestamp" not in pod["metadata"]}


def answering(ask, port, keys=KEYS):
    """The pods that answer the conversations; None while one of them has no answer."""
    pods = [ask(port, key) for key in keys]
    return None if None in pods else set(pods)


def new_ones_go_to(ask, port, pods):
    """Waits until new conversations are spread over these pods, and no other. Old ones stay where they are."""
    until(f"{sorted(pods)} answer, and nobody else", timeout=30, condition=lambda: set(pods) == answering(
        ask, port, [next(NEW).to_bytes(4, "big") for _ in KEYS]))


def scale(node, name, replicas):
    node.kubectl("scale", "-n", GAME, f"deployment/{name}", f"--replicas={replicas}")


def test_first_answer_within_a_minute(installed, ask):
    began, port = installed
    until("a pod answers", lambda: ask(port, KEYS[0]), timeout=FIRST_ANSWER)
    took = time.monotonic() - began
    print(f"\nfrom helm install to the first answer: {took:.1f} s")
    assert took < FIRST_ANSWER


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


def test_backup_pods_answer_while_there_is_no_other(node, installed, ask):
    port = installed[1]
    scale(node, "kcp-server", 0)
    new_ones_go_to(ask, port, game_pods(node, "kcp-maintenance"))
    scale(node, "kcp-server", 2)
    new_ones_go_to(ask, port, until("two pods", lambda: len(found := game_pods(node, "kcp-server")) == 2 and found))


def test_a_pod_that_is_not_ready_gets_nothing_until_it_is_again(node, installed, ask):
    """The peer closes the port that its readiness probe looks at: it lives on, and would answer."""
    port = installed[1]
    both = game_pods(node, "kcp-server")
    failing = ask(port, b"unready")
    assert failing in both
    new_ones_go_to(ask, port, set(both) - {failing})
    assert answering(ask, port) == set(both) - {failing}, "old ones have left it"
    assert game_pods(node, "kcp-server").keys() == both.keys()

    with Client(7777, both[failing]["status"]["podIP"], namespace=node.namespace) as client:
        assert client.ask(b"ready") == failing, "it lives"
    new_ones_go_to(ask, port, both)


def test_a_rolling_restart_of_the_pods_never_needs_the_backup(node, installed, ask):
    port = installed[1]
    before = game_pods(node, "kcp-server").keys()
    node.kubectl("rollout", "restart", "-n", GAME, "deployment/kcp-server")
    seen = set()

    def replaced():
        seen.update(ask(port, key) or "nobody" for key in KEYS)
        now = game_pods(node, "kcp-server")
        return len(now) == 2 and not now.keys() & before and now
    now = until("both pods are new", replaced, timeout=60)
    new_ones_go_to(ask, port, now)
    until("old ones go to new pods, too, once theirs serve no more", timeout=30,
          condition=lambda: (answering(ask, port) or {"nobody"}) <= now.keys())
    assert not [pod for pod in seen if pod.startswith("kcp-maintenance-")]


@pytest.mark.parametrize("container", ["controller", "proxy"])
def test_containers_have_what_they_need_and_no_more(release, installed, container):
    assert release.inside(container, "id -u; id -g").split() == ["65532", "65532"]
    status = dict(line.split(":\t") for line in release.inside(container, "cat /proc/1/status").splitlines())
    assert [int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")] == [0, 0, 0]
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    other = {"controller": "status", "proxy": "config"}[container]
    for folder in ("/", "/usr/bin", f"/run/stevedore/{other}"):
        assert release.inside(container, f"touch {folder}/x 2>&1 || true").endswith("Read-only file system\n")
    token = release.inside(container, "cat /var/run/secrets/kubernetes.io/serviceaccount/token 2>/dev/null || true")
    assert bool(token) == (container == "controller")


def test_helm_test_sends_a_datagram_through(release, installed):
    assert "answered through" in release.helm("test", "--logs").stdout


def published(node):
    """{port: node port} of the Service."""
    service = node.get("service", "stevedore", chart.NAMESPACE)
    return {entry["port"]: entry["nodePort"] for entry in service["spec"]["ports"]}


def test_upgrade_and_rollback_keep_published_ports_and_pinned_ones_come_and_go(node, release, installed, ask):
    port = installed[1]
    before = {number: published(node)[number] for number in (65535, 2614)}
    release.helm("upgrade", "--set", "service.ports.extra.port=4000,service.ports.extra.nodePort=30083")
    after = published(node)
    assert before.items() <= after.items() and after[4000] == 30083
    release.helm("rollback", "1")
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
