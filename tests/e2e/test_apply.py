"""From kubectl apply to a forwarded datagram, and back."""

from harness import objects
from harness.cluster import NODE_IP
from harness.metrics import drops, expect_drops
from harness.udp import bound_socket, free_port
from harness.wait import until

SECONDS = 2.0   # from the end of kubectl's work to the effect on the datagrams


def apply_game(cluster, space, port, peers, name="game"):
    cluster.apply([*objects.with_peers(name, [peer.address for peer in peers], 7777, space),
                   objects.route(name, port, [objects.service_upstream(name)], space)])


def port_is_free(cluster, port):
    try:
        bound_socket(NODE_IP, port, cluster.namespace).close()
        return True
    except OSError:
        return False


def test_apply_status_delete(cluster, space, hosted, gateway, ask):
    port = free_port(NODE_IP, cluster.namespace)
    peers = [hosted("a"), hosted("b")]
    # What a person has up and running before the first route: the controller has listed everything once.
    until("the first config", lambda: gateway.proxy.status().get("digest"))

    apply_game(cluster, space, port, peers)
    until("the first datagram is answered", lambda: ask(port), SECONDS)

    gateway.wait_for_condition("game", space, "Programmed", "True")
    header, line = cluster.kubectl("get", "svdr", "game", "-n", space).stdout.splitlines()
    shown = dict(zip(header.split(), line.split()))
    assert shown["ACCEPTED"] == "True" and shown["PROGRAMMED"] == "True"
    assert shown["PORT"] == str(port) and shown["PEERS"] == "2/2"
    live = cluster.get("svdr", "game", space)
    for kind in ("Accepted", "ResolvedRefs", "Programmed"):
        condition = objects.condition(live, kind)
        assert condition["status"] == "True" and condition["observedGeneration"] == live["metadata"]["generation"]

    cluster.kubectl("delete", "svdr", "game", "-n", space)
    until("the port is closed", lambda: port_is_free(cluster, port), SECONDS)


def test_route_before_its_service(cluster, space, hosted, gateway, ask):
    port = free_port(NODE_IP, cluster.namespace)
    cluster.apply(objects.route("early", port, [objects.service_upstream("late")], space))
    refused = gateway.wait_for_condition("early", space, "ResolvedRefs", "False")
    assert refused["reason"] == "ServiceNotFound" and "late" in refused["message"]
    cluster.apply(objects.with_peers("late", [hosted("a").address], 7777, space))
    until("the peer answers", lambda: ask(port) == "a")
    gateway.wait_for_condition("early", space, "ResolvedRefs", "True")
    gateway.wait_for_condition("early", space, "Programmed", "True")


def test_changed_route_is_programmed_anew(cluster, space, hosted, gateway, ask):
    port = free_port(NODE_IP, cluster.namespace)
    for name in ("one", "two"):
        cluster.apply(objects.with_peers(name, [hosted(name).address], 7777, space))
    cluster.apply(objects.route("game", port, [objects.service_upstream("one")], space))
    until("one answers", lambda: ask(port) == "one")
    cluster.apply(objects.route("game", port, [objects.service_upstream("two")], space))
    until("two answers", lambda: ask(port) == "two", SECONDS)

    def programmed():
        live = cluster.get("svdr", "game", space)
        condition = objects.condition(live, "Programmed")
        return (condition.get("status"), condition.get("observedGeneration")) == ("True", 2)
    until("generation 2 is programmed", programmed, interval=0.1)


def test_limits_of_clients_hold(cluster, space, echo, client, gateway, ask):
    """allow, deny, rateLimit and maxReplyRatio of a route, from kubectl to the datagrams."""
    port = free_port(NODE_IP, cluster.namespace)
    (behind, address), (outside, unwanted) = cluster.peer_host(), cluster.peer_host()
    peer = echo("a", address, 7777, namespace=behind)
    route = objects.route("game", port, [objects.service_upstream("game")], space, session={"maxReplyRatio": 1})
    route["spec"]["listener"].update(allow=["10.201.0.0/16"], deny=[f"{unwanted}/32"],
                                     rateLimit={"datagramsPerSecond": 1, "burst": 100})
    cluster.apply([*objects.with_peers("game", [address], 7777, space), route])
    until("it is answered", lambda: ask(port) == "a")
    assert gateway.wait_for_condition("game", space, "Accepted", "True")["reason"] == "Accepted"
    gateway.wait_for_condition("game", space, "Programmed", "True")

    refused = client(port, NODE_IP, namespace=outside)
    refused.send(b"x")
    expect_drops(gateway.proxy, "not_allowed", 1)
    one = client(port, NODE_IP, namespace=cluster.namespace)
    assert one.ask(b"?") == "a"
    peer.send(bytes(1_600), peer.received[-1][1])
    expect_drops(gateway.proxy, "reply_limit", 1, "down")
    for _ in range(200):
        one.send(b"?")
    until("most of it is too much", lambda: drops(gateway.proxy, "rate_limited") > 50)

    route["spec"]["listener"].pop("deny")
    cluster.apply(route)
    until("it is let in", lambda: refused.ask(b"x", 0.1) == "a")


def test_nothing_is_written_when_nothing_changes(cluster, space, hosted, gateway, ask):
    """Status writes come to rest: no loop between the controller's writes and its own watch."""
    port = free_port(NODE_IP, cluster.namespace)
    apply_game(cluster, space, port, [hosted("a")])
    gateway.wait_for_condition("game", space, "Programmed", "True")

    def writes():
        wanted = {"resource": "stevedoreroutes", "subresource": "status", "namespace": space}
        return sum(1 for entry in cluster.audit() if entry["verb"] in ("patch", "update")
                   and wanted.items() <= entry.get("objectRef", {}).items())
    counts = []

    def at_rest():
        counts.append(writes())
        return len(counts) > 6 and len(set(counts[-6:])) == 1
    until("status writes rest for 3 s", at_rest, timeout=20, interval=0.5)
    assert counts[-1] <= 6, "one route, a handful of writes"
