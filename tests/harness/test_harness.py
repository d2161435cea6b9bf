"""The harness itself: what it measures must be right before anything is measured with it."""

import time

import pytest

from harness import netns
from harness.load import Load, PeerProcess, flows
from harness.metrics import Metrics, check_conservation, violations
from harness.udp import Client, EchoPeer, free_port
from harness.wait import until

PAGE = """# HELP stevedore_proxy_datagrams_total x
# TYPE stevedore_proxy_datagrams_total counter
stevedore_proxy_datagrams_total{listener="a",direction="client_in"} 10
stevedore_proxy_datagrams_total{listener="a",direction="upstream_out"} 7
stevedore_proxy_dropped_datagrams_total{listener="a",direction="up",reason="no_match"} 2
stevedore_proxy_dropped_datagrams_total{listener="a",direction="up",reason="denied"} 1
stevedore_proxy_datagrams_total{listener="a",direction="upstream_in"} 6
stevedore_proxy_datagrams_total{listener="a",direction="client_out"} 5
stevedore_proxy_dropped_datagrams_total{listener="",direction="down",reason="unknown_reply"} 1
odd{label="a\\"b\\\\c\\nd",other=""} 1.5e3
"""


def test_metrics_are_parsed():
    page = Metrics(PAGE)
    assert page.value("odd") == 1500
    assert page.select("odd")[0][0] == {"label": 'a"b\\c\nd', "other": ""}
    assert page.sum("stevedore_proxy_datagrams_total", direction="client_in") == 10
    assert page.sum("stevedore_proxy_datagrams_total", direction="sideways") == 0
    with pytest.raises(AssertionError, match="not a line"):
        Metrics("what is this\n")


def test_the_law_holds_and_is_seen_broken():
    assert violations(Metrics(PAGE)) == []
    assert violations(Metrics(PAGE.replace("client_in\"} 10", "client_in\"} 11"))) == [
        "listener 'a': client_in 11.0 != upstream_out 7.0 + dropped 3.0"]
    assert len(violations(Metrics(PAGE.replace("upstream_in\"} 6", "upstream_in\"} 7")))) == 1
    assert check_conservation(lambda: Metrics(PAGE)).value("odd") == 1500
    with pytest.raises(AssertionError, match="accounted"):
        check_conservation(lambda: Metrics(PAGE.replace("} 10", "} 9")), timeout=0.3)


def test_until_has_a_deadline():
    begin = time.monotonic()
    with pytest.raises(AssertionError, match="never true"):
        until("never true", lambda: False, timeout=0.1)
    assert time.monotonic() - begin < 5


def test_peer_and_client():
    peer = EchoPeer("one")
    with Client(peer.port) as client:
        assert client.ask(b"hello") == "one"
        assert client.ask(b"") == "one"
    peer.close()
    assert peer.payloads() == [b"hello", b""]
    with Client(free_port()) as client:
        assert client.receive(timeout=0.05) is None


@pytest.mark.parametrize("rate", [5000, 20000])
def test_load_counts_every_datagram(rate):
    peer = PeerProcess("one")
    report = Load(peer.port, flows(8, header="0a0b0c0d", ports=2), rate=rate, datagrams=rate).wait()
    received = peer.close()
    assert report["lost"] == 0 and report["astray"] == 0 and report["sent"] == rate
    assert received["received"] == rate and len(received["sources"]) == 2
    assert all(flow["peers"] == {"one": rate / 8} for flow in report["flows"])


def test_load_sees_loss():
    report = Load(free_port(), flows(1), rate=1000, datagrams=10).wait()
    assert report["lost"] == 10 and report["flows"][0]["first_lost"] == list(range(10))


def test_hosts_in_namespaces_reach_each_other():
    network = netns.Network()
    try:
        peer = EchoPeer("far", "10.202.0.2", namespace=network.host("10.202.0.2"))
        other = network.host("10.202.0.3")
        with Client(peer.port, "10.202.0.2", namespace=other) as client:
            assert client.ask(b"over veth") == "far"
        peer.close()
    finally:
        network.close()
