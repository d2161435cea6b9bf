"""Scaling under load: peers come and go, and conversations of the others lose nothing."""

from harness import objects
from harness.cluster import NODE_IP
from harness.configs import KEY
from harness.metrics import DATAGRAMS
from harness.udp import free_port
from harness.wait import until

RATE = 5000
CONVERSATIONS = [{"socket": number % 8, "header": f"{number:08x}"} for number in range(60)]


def more_traffic(gateway, datagrams=RATE):
    """Waits until so many more datagrams have been answered."""
    def answered():
        return gateway.proxy.metrics().sum(DATAGRAMS, direction="client_out")
    before = answered()
    until(f"{datagrams} more datagrams", lambda: answered() >= before + datagrams, timeout=20)


def test_scaling_up_and_down_under_load(cluster, space, hosted, gateway, ask, traffic):
    port = free_port(NODE_IP, cluster.namespace)
    peers = {name: hosted(name) for name in "abcd"}

    def scale(names):
        cluster.apply(objects.endpoint_slice("game", [peers[name].address for name in names], 7777, space))
        until(f"the proxy knows {names}", lambda: [entry["total"] for entry in gateway.proxy.status()["upstreams"]
                                                   ] == [len(names)])

    cluster.apply([*objects.with_peers("game", [peers[name].address for name in "abc"], 7777, space),
                   objects.route("game", port, [objects.service_upstream("game", affinity="Key", **KEY)], space)])
    until("a peer answers", lambda: ask(port, b"\xff\0\0\0"))

    running = traffic(port, CONVERSATIONS, rate=RATE)
    more_traffic(gateway)
    scale("abcd")
    more_traffic(gateway)
    scale("ab")   # c's conversations move; its process answers what is still on the way
    more_traffic(gateway)
    report = running.finish()

    assert report["astray"] == 0
    seen = [set(flow["peers"]) for flow in report["flows"]]
    unaffected = [flow for flow, names in zip(report["flows"], seen) if "c" not in names]
    assert len(unaffected) >= 20, "two of three peers keep their conversations"
    assert [flow["lost"] for flow in unaffected] == [0] * len(unaffected)
    assert all(len(flow["peers"]) == 1 for flow in unaffected), "nobody moves because a peer joins or another leaves"
    moved = [names for names in seen if "c" in names]
    assert moved and all(names & {"a", "b"} for names in moved)
