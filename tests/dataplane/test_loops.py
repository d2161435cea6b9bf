"""Loops that one datagram with a forged source would start: two who answer each other for ever (CVE-2024-2169)."""

import time

import pytest

from harness import netns
from harness.configs import config, listener, upstream
from harness.metrics import DATAGRAMS, DROPS, expect_drops
from harness.spoof import spoofed
from harness.udp import free_port

HOST = "10.202.0.2"
SECONDS = 5.0    # the time that a loop is given
MOST = 10        # datagrams that it may have made by then

# Whom the datagram claims to come from: (port of the claim) given the test's ports and peers.
CLAIMS = {
    "the listener itself": lambda own, **_: own,
    "another listener": lambda other, **_: other,
    "the leased port towards the peer": lambda leased, **_: leased,
    "the peer": lambda peers, **_: peers["a"].port,
    "a backup peer": lambda peers, **_: peers["backup"].port,
    "a peer of another listener": lambda peers, **_: peers["b"].port,
}


@pytest.fixture
def looping(echo, client, proxy):
    """A proxy with two listeners whose peers answer everything, each with a session; and the ports of it all."""
    peers = {name: echo(name) for name in ("a", "backup", "b")}
    own, other = free_port(), free_port()
    running = proxy(config([listener(own, name="own"), listener(other, name="other", default="b")],
                           [upstream([peers["a"]], backup=[peers["backup"]]), upstream([peers["b"]], "b")]),
                    flags=["--workers", "1"])
    assert client(own).ask(b"1") == "a" and client(other).ask(b"1") == "b"
    leased = peers["a"].received[0][1][1]
    return running, dict(own=own, other=other, leased=leased, peers=peers)


def seen(running):
    """Datagrams that the proxy has got from anybody."""
    metrics = running.metrics()
    return metrics.sum(DATAGRAMS, direction="client_in") + metrics.sum(DATAGRAMS, direction="upstream_in")


def test_a_forged_source_starts_no_loop(looping):
    running, ports = looping
    before = seen(running)
    for claim in CLAIMS.values():
        spoofed("127.0.0.1", claim(**ports), ports["own"], b"begin")
    expect_drops(running, "bad_source", len(CLAIMS))
    time.sleep(SECONDS)   # nothing to wait for: that is what is shown
    made = seen(running) - before
    assert made <= MOST, f"{made} datagrams by {len(CLAIMS)} forged ones"
    assert running.metrics().sum(DROPS, reason="bad_source") == made


@pytest.fixture
def host():
    """A namespace with an address beside loopback's."""
    network = netns.Network()
    yield network.host(HOST)
    network.close()


def test_listeners_that_are_each_others_peers_make_no_loop(host, client, proxy):
    """The validator refuses what it can tell from the config; here one has to know the machine's addresses."""
    one, two = free_port(HOST, host), free_port(HOST, host)
    running = proxy(config([listener(one, name="one", address="0.0.0.0"),
                            listener(two, name="two", address="0.0.0.0", default="b")],
                           [upstream([{"address": HOST, "port": two}]),
                            upstream([{"address": HOST, "port": one}], "b")]), namespace=host)
    client(one, namespace=host).send(b"begin")
    expect_drops(running, "bad_source", 1)
    time.sleep(SECONDS)
    made = seen(running)
    assert made <= MOST, f"{made} datagrams by one"
    assert running.metrics().sum(DROPS) == 1, "the one that came back"
