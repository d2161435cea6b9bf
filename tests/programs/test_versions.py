"""A private protocol with its version in bytes 4 and 5: each version has its peers, others are dropped and counted."""

from harness.configs import config, listener, rule, upstream
from harness.metrics import DROPS
from harness.udp import free_port

DATAGRAMS = 30_000
KNOWN, UNKNOWN = (1, 2), (0, 3, 0x0100, 0xFFFF)


def test_versions_are_routed_and_unknown_ones_counted(peer_process, load, proxy):
    port = free_port()
    peers = {version: [peer_process(f"v{version}{name}") for name in "xy"] for version in KNOWN}
    running = proxy(config(
        [listener(port, default="deny", rules=[
            rule(f"v{version}", f"v{version}", (4, 6, "==", f"0x{version:04x}")) for version in KNOWN])],
        [upstream(peers[version], f"v{version}") for version in KNOWN]))
    versions = [*KNOWN, *UNKNOWN] * 5   # each from five client ports
    flows = [{"socket": number, "header": b"game".hex() + f"{version:04x}"} for number, version in enumerate(versions)]

    report = load(port, flows, rate=10_000, datagrams=DATAGRAMS).wait()

    each = DATAGRAMS // len(flows)
    for version, flow in zip(versions, report["flows"]):
        if version in UNKNOWN:
            assert flow["lost"] == each and flow["peers"] == {}
        else:
            assert flow["lost"] == 0 and len(flow["peers"]) == 1
            assert set(flow["peers"]) <= {peer.name for peer in peers[version]}
    assert report["astray"] == 0
    metrics = running.check_conservation()
    unknown = each * sum(version in UNKNOWN for version in versions)
    assert metrics.sum(DROPS, direction="up", reason="no_match") == metrics.sum(DROPS) == unknown
