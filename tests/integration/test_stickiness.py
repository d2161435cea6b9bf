"""A conversation stays on its peer, whatever else comes from the same client port."""

import struct

import pytest

from harness.configs import KEY, simple
from harness.udp import free_port

DATAGRAMS = 10_000  # per conversation


def conversations_on_different_peers(client):
    """KCP conversation ids, as on the wire, that reach two different peers."""
    first = struct.pack("<I", 1)
    peer = client.ask(first + b"\x51\0\0\0")
    for number in range(2, 200):
        other = struct.pack("<I", number)
        if client.ask(other + b"\x51\0\0\0") != peer:
            return first, other
    raise AssertionError("200 conversations on one peer of three")


@pytest.mark.parametrize("affinity", ["None", "Key"])
def test_two_conversations_from_one_client_port(peer_process, load, client, proxy, affinity):
    peers = [peer_process(name) for name in "abc"]
    port = free_port()
    proxy(simple(port, peers, affinity=affinity, **KEY))
    pair = conversations_on_different_peers(client(port))
    flows = [{"socket": 0, "header": conversation.hex()} for conversation in pair]

    report = load(port, flows, rate=5000, datagrams=2 * DATAGRAMS).wait()

    assert report["lost"] == 0 and report["astray"] == 0
    answered = [flow["peers"] for flow in report["flows"]]
    assert [sum(peers.values()) for peers in answered] == [DATAGRAMS, DATAGRAMS]
    assert [len(peers) for peers in answered] == [1, 1]
    assert answered[0].keys() != answered[1].keys()


def test_replicas_agree_on_every_key(echo, client, proxy, tmp_path):
    """Two proxies with the same peers in another order choose the same peer."""
    peers = [echo(name) for name in "abcde"]
    ports = free_port(), free_port()
    for port, order in zip(ports, (peers, peers[::-1])):
        folder = tmp_path / str(port)
        folder.mkdir()
        proxy(simple(port, order, **KEY), folder=folder)
    clients = [client(port) for port in ports]
    chosen = [[one.ask(struct.pack("<I", key)) for one in clients] for key in range(200)]
    assert all(first == second for first, second in chosen)
    assert {first for first, _ in chosen} == set("abcde")


def test_flow_keeps_its_peer_and_peers_share_the_flows(echo, client, proxy):
    port = free_port()
    proxy(simple(port, [echo(name) for name in "ab"]), flags=["--workers", "1"])
    flows = [client(port) for _ in range(20)]
    first = [flow.ask(b"1") for flow in flows]
    assert first.count("a") == first.count("b") == 10
    for _ in range(5):
        assert [flow.ask(b"again") for flow in flows] == first


def test_weights_are_exact(echo, client, proxy):
    port = free_port()
    peers = [echo("light").config(weight=1), echo("heavy").config(weight=3)]
    proxy(simple(port, peers, affinity="None"), flags=["--workers", "1"])
    one = client(port)
    chosen = [one.ask(b"x") for _ in range(40)]
    assert chosen.count("heavy") == 30 and chosen.count("light") == 10
    assert all("light" in chosen[start:start + 4] for start in range(36)), "smooth, not in blocks"
