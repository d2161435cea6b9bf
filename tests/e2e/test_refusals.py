"""What is wrong is refused by the API server or told in a condition, and harms no other route."""

import copy

import pytest

from harness import objects
from harness.cluster import NODE_IP
from harness.udp import free_port
from harness.wait import until

RULES = [{"name": "r", "upstream": "a", "match": [{"start": 0, "end": 2, "operator": "==", "value": "0x0102"}]}]

# (change of a good route, what the API server says)
REFUSED = {
    "a typo in a field": (lambda spec: spec["upstreams"][0].update(algoritm="RoundRobin"), "algoritm"),
    "an unknown operator": (lambda spec: spec["rules"][0]["match"][0].update(operator="=~"), "operator"),
    "a value of the wrong length": (
        lambda spec: spec["rules"][0]["match"][0].update(value="0x01"), "exactly as many bytes"),
    "a value that is no bytes": (lambda spec: spec["rules"][0]["match"][0].update(value="0x0g"), "value"),
    "a range that ends before it starts": (
        lambda spec: spec["rules"][0]["match"][0].update(start=2, end=2), "must be less than"),
    "an unknown upstream": (lambda spec: spec["rules"][0].update(upstream="nowhere"), "must be 'deny' or name"),
    "two sources of peers": (
        lambda spec: spec["upstreams"][0].update(peers=[{"address": "10.0.0.1", "port": 1}]), "exactly one of"),
    "a hash without its key": (
        lambda spec: spec["upstreams"][0].update(algorithm="ConsistentHash"), "`hashKey` must be set"),
    "no port": (lambda spec: spec["listener"].pop("port"), "port"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_api_server_refuses(cluster, space, fault):
    change, said = REFUSED[fault]
    good = objects.route("game", 4000, [objects.service_upstream("game")], space, rules=RULES)
    bad = copy.deepcopy(good)
    change(bad["spec"])
    done = cluster.apply(bad, check=False)
    assert done.returncode != 0 and said in done.stderr, done.stderr
    assert cluster.kubectl("get", "svdr", "-n", space, "-o", "name").stdout == ""
    cluster.apply(good)


def test_port_cannot_change(cluster, space):
    cluster.apply(objects.route("game", 4001, [objects.service_upstream("game")], space))
    done = cluster.apply(objects.route("game", 4002, [objects.service_upstream("game")], space), check=False)
    assert done.returncode != 0 and "cannot change" in done.stderr


def test_missing_service_is_told_and_the_others_work(cluster, space, hosted, gateway, ask):
    good, bad = (free_port(NODE_IP, cluster.namespace) for _ in range(2))
    cluster.apply([*objects.with_peers("game", [hosted("a").address], 7777, space),
                   objects.route("good", good, [objects.service_upstream("game")], space),
                   objects.route("bad", bad, [objects.service_upstream("nowhere")], space)])
    until("the good route answers", lambda: ask(good) == "a")
    refused = gateway.wait_for_condition("bad", space, "ResolvedRefs", "False")
    assert refused["reason"] == "ServiceNotFound" and "nowhere" in refused["message"]
    assert gateway.wait_for_condition("good", space, "Programmed", "True")["status"] == "True"
    assert ask(bad) is None
    assert ask(good) == "a"


def test_static_peers_are_not_permitted_in_a_cluster(cluster, space, gateway):
    port = free_port(NODE_IP, cluster.namespace)
    cluster.apply(objects.route("static", port, [{"name": "a", "peers": [{"address": "10.201.1.99", "port": 1}]}], space))
    refused = gateway.wait_for_condition("static", space, "Accepted", "False")
    assert refused["reason"] == "PeerNotPermitted" and "--static-peers" in refused["message"]
