"""Peers and strangers that mean harm: floods of replies, replies from elsewhere, scans of the pool's ports, and keys
that were chosen to meet on one peer. Hostile clients: test_flood.py, test_loops.py, tests/integration/test_crafted.py.
"""

import collections
import pathlib

import pytest

from harness import netns
from harness.configs import KEY, config, listener, simple, upstream
from harness.fastload import owners
from harness.metrics import DATAGRAMS, DROPS, drops, expect_drops
from harness.spoof import spoofed
from harness.udp import bound_socket, free_port
from harness.wait import until

KERNEL_DROPS = "stevedore_proxy_kernel_drops_total"
COPIES = 200          # of each reply, by the peer that floods
FLOOD_REPLIES = 200_000
PROXY, STRANGER, PEER = "10.202.0.2", "10.202.0.3", "10.202.0.4"
KEYS, PEERS = 20_000, 8


def test_a_peer_that_floods_harms_no_other_session(peers, proxy, fast_flows):
    """Its own clients get all of it, as they would without a proxy between them; others share the worker with them."""
    port, flooded = free_port(), free_port()
    running = proxy(config([listener(port, name="quiet"), listener(flooded, name="flooded", default="flooding")],
                           [upstream(peers(2).configs()), upstream(peers(1, copies=COPIES).configs(), "flooding")]),
                    flags=["--workers", "1"])
    quiet = fast_flows(port, 200, 1_000)
    victims = fast_flows(flooded, 10, 150)

    def replies():
        metrics = running.metrics()
        return metrics.sum(DATAGRAMS, direction="upstream_in") + metrics.sum(KERNEL_DROPS, listener="")
    until(f"{FLOOD_REPLIES} replies of the peer", lambda: replies() > FLOOD_REPLIES, timeout=100, interval=0.1)
    flood, report = victims.finish(), quiet.finish()
    print(f"\n{flood}\n{report}")
    assert flood["duplicates"] > 10 * flood["sent"], flood
    assert report["lost"] <= report["sent"] / 1000 and report["foreign"] == report["moved"] == 0, report
    metrics = running.check_conservation()
    assert metrics.sum(DROPS, listener="quiet") == 0


@pytest.fixture
def hosts():
    """Namespaces of the proxy, of a stranger and of a peer."""
    network = netns.Network()
    yield [network.host(address) for address in (PROXY, STRANGER, PEER)]
    network.close()


def pool_ports(running, listeners):
    """UDP ports that the proxy holds in its namespace, but for listeners."""
    table = pathlib.Path(f"/proc/{running.process.pid}/net/udp").read_text().splitlines()[1:]
    return {int(line.split()[1].rsplit(":", 1)[1], 16) for line in table} - set(listeners)


def test_a_scan_of_the_pool_gets_nothing_in(hosts, echo, client, proxy):
    """A stranger asks every port of the proxy's host, once as itself and once with the address of the peer."""
    inside, outside, behind = hosts
    port = free_port(PROXY, inside)
    peer = echo("a", PEER, namespace=behind)
    running = proxy(simple(port, [peer]) | {"listeners": [listener(port, address=PROXY)]}, namespace=inside)
    clients = [client(port, PROXY, namespace=outside, address=STRANGER) for _ in range(8)]
    assert [one.ask(b"x") for one in clients] == ["a"] * 8
    leased = pool_ports(running, [port])
    assert len(leased) == 8 and {source[1] for _, source in peer.received} == leased

    with bound_socket(STRANGER, 0, outside) as scanner:
        for target in range(1, 65536):
            if target != port:
                scanner.sendto(b"scan", (PROXY, target))
        expect_drops(running, "unknown_reply", len(leased), "down")
        for target in sorted(leased):
            spoofed(PEER, peer.port + 1, target, b"not the peer's port", PROXY, outside)
        expect_drops(running, "unknown_reply", 2 * len(leased), "down")
    assert all(one.receive(timeout=0.05) is None for one in clients), "nothing came through"
    assert len(peer.received) == 8 and pool_ports(running, [port]) == leased
    assert [one.ask(b"y") for one in clients] == ["a"] * 8, "sessions are what they were"


def test_a_strangers_flood_on_leased_ports_harms_no_session(hosts, peers, proxy, fast_flows):
    inside, outside, behind = hosts
    port = free_port(PROXY, inside)
    running = proxy(config([listener(port, address=PROXY)],
                           [upstream(peers(2, PEER, namespace=behind).configs())]), namespace=inside)
    flows = fast_flows(port, 100, 500, namespace=outside, host=PROXY)
    leased = sorted(pool_ports(running, [port]))
    with bound_socket(STRANGER, 0, outside) as stranger:
        for number in range(50_000):
            stranger.sendto(b"x" * 64, (PROXY, leased[number % len(leased)]))
    report = flows.finish()
    assert report["lost"] <= report["sent"] / 1000, report
    assert report["foreign"] == report["duplicates"] == report["corrupt"] == report["moved"] == 0, report

    def all_counted():
        return drops(running, "unknown_reply", "down") + running.metrics().sum(KERNEL_DROPS, listener="") == 50_000
    until("each of the stranger's datagrams is counted", all_counted)


def test_a_peer_cannot_be_made_to_flood_a_victim(echo, client, proxy):
    """`maxReplyRatio`: one forged datagram of 40 bytes brings its victim 3 x 40 + 1 500 bytes at the most. Who answers
    from there gets the rest."""
    port = free_port()
    peer = echo("a", answer=False)
    running = proxy(config([listener(port, session={"maxReplyRatio": 3})], [upstream([peer])]))
    victim = client(port)
    victim.send(bytes(40))
    until("the peer has it", lambda: peer.received)
    for _ in range(100):
        peer.send(bytes(1_400), peer.received[0][1])
    until("all of it is received", lambda: running.metrics().sum(DATAGRAMS, direction="upstream_in") == 100)
    got = 0
    while (reply := victim.receive(timeout=0.1)) is not None:
        got += len(reply)
    assert 0 < got <= 3 * 40 + 1_500, f"{got} bytes for 40"
    expect_drops(running, "reply_limit", 99, "down")

    victim.send(b"that was me")
    until("the peer has that, too", lambda: len(peer.received) == 2)
    for _ in range(100):
        peer.send(bytes(1_400), peer.received[0][1])
    assert all(victim.receive() == bytes(1_400) for _ in range(100))


def test_keys_that_meet_under_one_seed_do_not_under_another(peers, proxy, tmp_path):
    """Who knows the algorithm but not `hashSeed` cannot choose keys that load one peer."""
    port = free_port()
    behind = peers(PEERS).configs()
    known, other = ({**simple(port, behind, **KEY), "hashSeed": seed} for seed in (1, 20261122))
    running = proxy(known)
    before = owners(port, tmp_path / "before", KEYS)
    chosen = [key for key in range(KEYS) if before[key] == 0]
    assert len(chosen) > KEYS / PEERS / 2
    running.apply(other)
    after = owners(port, tmp_path / "after", KEYS)
    shares = collections.Counter(after[key] for key in chosen)
    hottest = max(shares.values()) / len(chosen)
    print(f"\n{len(chosen)} keys of one peer: under another seed {hottest:.1%} of them meet, {1 / PEERS:.1%} is fair")
    assert len(shares) == PEERS and hottest <= 1.5 / PEERS, shares
