"""Proxies with the same peers agree on every key, and one dead peer moves nobody else's keys."""

import collections

import pytest

from harness.configs import FAST_PROBE, KEY, simple
from harness.fastload import owners
from harness.udp import free_port
from harness.wait import until

KEYS = 100_000
PEERS = 10


@pytest.fixture
def fleet(proxy, tmp_path):
    """Makes proxies, each with its peers in an order of its own: a list of (port, proxy)."""
    def make(orders, **more):
        made = []
        for number, order in enumerate(orders):
            folder = tmp_path / f"proxy{number}"
            folder.mkdir()
            port = free_port()
            made.append((port, proxy(simple(port, order, **KEY, **more), folder=folder)))
        return made
    return make


def test_two_proxies_map_100000_keys_alike(peers, fleet, tmp_path):
    targets = [peer | {"weight": 1 + nth % 3} for nth, peer in enumerate(peers(PEERS).configs())]
    (first, _), (second, _) = fleet([targets, targets[5:][::-1] + targets[:5]])
    mapped = owners(first, tmp_path / "first", KEYS)
    assert mapped == owners(second, tmp_path / "second", KEYS)
    assert set(mapped) == set(range(PEERS))


def test_keys_of_nine_peers_stay_when_the_tenth_fails(peers, fleet, tmp_path):
    staying, dying = peers(PEERS - 1), peers(1, first=PEERS - 1)
    targets = staying.configs() + dying.configs()
    [(port, running)] = fleet([targets], healthCheck=FAST_PROBE)
    before = owners(port, tmp_path / "before", KEYS)
    counts = collections.Counter(before)
    assert all(abs(counts[peer] - KEYS / PEERS) <= 0.03 * KEYS / PEERS for peer in range(PEERS)), counts

    dying.finish()
    until("it is seen dead", lambda: running.upstream_status("a")["usable"] == PEERS - 1)
    after = owners(port, tmp_path / "after", KEYS)
    moved = collections.Counter(was for was, now in zip(before, after) if was != now)
    assert moved == {PEERS - 1: counts[PEERS - 1]}, "only the dead one's keys moved"
    spread = collections.Counter(now for was, now in zip(before, after) if was != now)
    assert set(spread) == set(range(PEERS - 1)), "and they are shared out"
