"""A flood from ever new sources takes nothing from those who have proven themselves."""

import pathlib

import pytest

from harness.configs import config, listener, simple, upstream
from harness.fastload import LONG, Flows, Peers
from harness.metrics import DATAGRAMS, DROPS
from harness.proxy import Proxy
from harness.udp import free_port
from harness.wait import until

ASSURED = 1_000
ASSURED_RATE = 2_000   # datagrams/s over all of them, part of the rate below
SOURCES = 100_000
RATES = (10_000, 20_000, 40_000, 80_000)
CLOSED = "stevedore_proxy_sessions_closed_total"
KERNEL_DROPS = "stevedore_proxy_kernel_drops_total"


def resident_kib(proxy):
    status = pathlib.Path(f"/proc/{proxy.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


@pytest.fixture(scope="module")
def half_rate(tmp_path_factory):
    """Half of the highest rate at which a proxy with the assured clients alone loses nothing, measured for a second."""
    peer, port = Peers(), free_port()
    proxy = Proxy(tmp_path_factory.mktemp("rate"), simple(port, peer.configs()))
    best = 0
    for rate in RATES:
        if Flows(port, ASSURED, rate, seconds=1).wait()["lost"]:
            break
        best = rate
    proxy.close()
    peer.close()
    assert best >= RATES[0], "not even the lowest rate goes without loss"
    return best // 2


# One case has the full length always; the others a quarter of it each, unless STEVEDORE_LONG=1. With 8 peers the session
# table is what runs out, with one its leases.
@pytest.mark.parametrize("peer_count, mode, datagrams", [
    (1, "selective", 1_000_000), (1, "echo", 250_000), (8, "selective", 250_000), (8, "echo", 250_000)])
def test_assured_sessions_live_through_a_flood(peers, proxy, fast_flows, flood, half_rate, peer_count, mode, datagrams):
    port, flooded = free_port(), free_port()
    running = proxy(config([listener(port, name="assured"),
                            listener(flooded, name="flooded", session={"maxSessions": 10_000_000})],
                           [upstream(peers(peer_count, mode=mode).configs())]),
                    flags=["--max-sessions", "30000"] if peer_count > 1 else [])
    clients = fast_flows(port, ASSURED, ASSURED_RATE)
    datagrams = 1_000_000 if LONG else datagrams
    attack = flood(flooded, SOURCES, datagrams, half_rate - ASSURED_RATE)

    def half_way():
        seen = running.metrics().sum(DATAGRAMS, direction="client_in", listener="flooded")
        return seen >= datagrams / 2 or not attack.running()

    until("half of the flood has come", half_way, timeout=200, interval=0.2)
    before = resident_kib(running)
    sent = attack.wait()
    after = resident_kib(running)
    report = clients.finish()

    assert report["lost"] <= report["sent"] / 1000, report
    assert report["moved"] == report["foreign"] == report["duplicates"] == 0, report
    assert sent["sent"] == datagrams and sent["refused"] == 0 and sent["foreign"] == 0, sent
    assert after <= before * 1.02 + 512, f"{before} KiB halfway, {after} KiB at the end"
    _adds_up(running, sent, report)


def _adds_up(running, sent, report):
    """All that was sent was received or dropped by the kernel; the law itself is checked by the fixture as well."""
    metrics = running.check_conservation()
    received = metrics.sum(DATAGRAMS, direction="client_in")
    lost = metrics.sum(KERNEL_DROPS)
    assert sent["sent"] + report["sent"] == received + lost, f"{received} received, {lost} dropped by the kernel"
    drops = {labels["reason"]: value for labels, value in metrics.select(DROPS, listener="flooded") if value}
    # A forged source may by chance be an address and port that the proxy itself has leased.
    assert set(drops) <= {"port_limit", "session_limit", "bad_source"}, drops
    assert metrics.sum(DROPS, listener="assured", direction="up") == 0
    assert metrics.sum(CLOSED, listener="assured") == 0, "no assured session ended"
    assert drops or metrics.sum(CLOSED, reason="evicted"), "the flood never filled anything"
