"""Every family on either side, many addresses on one host, fragments, and what is not carried: TOS and ECN."""

import socket

import pytest

from harness import netns
from harness.configs import config, listener, upstream
from harness.udp import bound_socket, free_port
from harness.wait import until

LISTENERS = {   # address of the listener -> addresses that its clients ask
    "127.0.0.1": ["127.0.0.1"],
    "0.0.0.0": ["127.0.0.1", "127.0.0.9"],
    "::1": ["::1"],
    "::": ["127.0.0.1", "127.0.0.9", "::1"],
}
PEERS = ["127.0.0.1", "::1"]
PROXY = ["10.202.0.2", "10.202.0.4", "fd00::2", "fd00::4"]
OUTSIDE = {4: "10.202.0.3", 6: "fd00::3"}


def outside(address):
    return OUTSIDE[6 if ":" in address else 4]


@pytest.mark.parametrize("peer_address", PEERS)
@pytest.mark.parametrize("address", LISTENERS)
def test_each_family_on_either_side(echo, client, proxy, address, peer_address):
    port = free_port(address)
    proxy(config([listener(port, address=address)], [upstream([echo("a", peer_address)])]))
    for asked in LISTENERS[address]:
        one = client(port, asked)   # it checks who answers
        assert [one.ask(b"x" * size) for size in (0, 1, 1200)] == ["a"] * 3


def test_peers_of_both_families_in_one_upstream(echo, client, proxy):
    port = free_port("::")
    proxy(config([listener(port, address="::")],
                 [upstream([echo("four", "127.0.0.1"), echo("six", "::1")], affinity="None")]),
          flags=["--workers", "1"])
    for asked in ("127.0.0.1", "::1"):
        one = client(port, asked)
        assert sorted(one.ask(b"x") for _ in range(10)) == ["four"] * 5 + ["six"] * 5


@pytest.fixture(scope="module")
def hosts():
    """The namespaces of the proxy's host, with two addresses of each family, and of another host."""
    network = netns.Network()
    inside, other = network.host(PROXY[0]), network.host(OUTSIDE[4])
    for name, addresses in ((inside, PROXY[1:]), (other, [OUTSIDE[6]])):
        for address in addresses:
            bits = ["/64", "nodad"] if ":" in address else ["/16"]
            netns.ip("-n", name, "address", "add", address + bits[0], "dev", "eth0", *bits[1:])
    yield inside, other
    network.close()


@pytest.fixture
def remote(hosts, echo, client, proxy):
    """A proxy on "::" of its host; a client and a peer on the other one: (port, peer) for a family of the peer."""
    def make(peer_address, **more):
        inside, other = hosts
        port = free_port("::", inside)
        peer = echo("a", peer_address, namespace=other)
        proxy(config([listener(port, address="::", **more)], [upstream([peer])]), namespace=inside)
        return port, peer
    return make


@pytest.mark.parametrize("peer_address", OUTSIDE.values())
def test_replies_leave_from_the_address_that_was_asked(hosts, remote, client, peer_address):
    port, _ = remote(peer_address)
    _, other = hosts
    clients = [client(port, asked, namespace=other, address=outside(asked)) for asked in PROXY]
    for _ in range(3):
        assert [one.ask(b"x") for one in clients] == ["a"] * len(PROXY)


def test_one_socket_asks_all_addresses(hosts, remote):
    """One client port: a session for each address that it used, each answered from there."""
    port, _ = remote(OUTSIDE[4])
    _, other = hosts
    with bound_socket(OUTSIDE[4], 0, other) as sock:
        for asked in PROXY[:2] * 3:
            sock.sendto(asked.encode(), (asked, port))
            assert sock.recvfrom(100) == (b"a|" + asked.encode(), (asked, port))


@pytest.mark.parametrize("size", [3_000, 65_507])
@pytest.mark.parametrize("peer_address", OUTSIDE.values())
@pytest.mark.parametrize("asked", [PROXY[0], PROXY[2]])
def test_fragments_both_ways(hosts, remote, client, asked, peer_address, size):
    port, peer = remote(peer_address)
    _, other = hosts
    one = client(port, asked, namespace=other, address=outside(asked))
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    peer.answer = False   # its reply has the same size here, not a name in front
    one.send(payload)
    until("all of it is at the peer", lambda: peer.payloads() == [payload])
    peer.send(payload[::-1], peer.received[0][1])
    assert one.receive() == payload[::-1]


@pytest.mark.parametrize("version", [4, 6])
def test_tos_and_ecn_are_not_carried(hosts, proxy, version):
    """As the README says: each leg is marked by who sends it."""
    inside, other = hosts
    level, mark, wanted = ((socket.IPPROTO_IP, socket.IP_TOS, socket.IP_RECVTOS) if version == 4 else
                           (socket.IPPROTO_IPV6, socket.IPV6_TCLASS, socket.IPV6_RECVTCLASS))
    asked, marked = PROXY[0 if version == 4 else 2], 0xb8 | 0b01   # EF, ECT(1)
    port = free_port("::", inside)
    with bound_socket(OUTSIDE[version], 0, other) as peer, bound_socket(OUTSIDE[version], 0, other) as one:
        proxy(config([listener(port, address="::")], [upstream([{"address": OUTSIDE[version],
                                                                 "port": peer.getsockname()[1]}])]), namespace=inside)
        for sock in (peer, one):
            sock.setsockopt(level, mark, marked)
            sock.setsockopt(level, wanted, 1)
        one.sendto(b"up", (asked, port))
        _, up, _, source = peer.recvmsg(100, 100)
        peer.sendto(b"down", source)
        _, down, _, _ = one.recvmsg(100, 100)
        assert [int.from_bytes(value[:1], "little") for _, _, value in up + down] == [0, 0]
        # The marks themselves do travel: without the proxy between them they are seen.
        one.sendto(b"direct", peer.getsockname())
        _, direct, _, _ = peer.recvmsg(100, 100)
        assert direct[0][2][0] == marked
