"""Backup peers get nothing while a primary is usable, and everything when none is."""

import pytest

from harness.configs import FAST_PROBE, simple
from harness.udp import free_port
from harness.wait import until


@pytest.mark.parametrize("affinity", ["None", "Flow"])
def test_backup_takes_over_and_hands_back(echo, client, proxy, affinity):
    port = free_port()
    primary, backup = echo("primary"), echo("backup")
    running = proxy(simple(port, [primary], backup=[backup], affinity=affinity, healthCheck=FAST_PROBE))
    until("primary is usable", lambda: running.upstream_status("a")["usable"] == 1)
    one = client(port)
    assert [one.ask(b"x") for _ in range(50)] == ["primary"] * 50
    assert b"x" not in backup.payloads()

    primary.close()
    until("backup is active", lambda: running.upstream_status("a")["backupActive"])
    assert [one.ask(b"y") for _ in range(50)] == ["backup"] * 50

    again = echo("primary", port=primary.port)
    until("backup rests", lambda: not running.upstream_status("a")["backupActive"])
    assert client(port).ask(b"z") == "primary"
    assert b"z" in again.payloads() and b"z" not in backup.payloads()


def test_dead_peer_of_several_is_left_alone(echo, client, proxy):
    port = free_port()
    peers = [echo(name) for name in "abc"]
    running = proxy(simple(port, peers, affinity="None", healthCheck=FAST_PROBE))
    until("all are usable", lambda: running.upstream_status("a")["usable"] == 3)
    peers[1].close()
    until("one is seen dead", lambda: running.upstream_status("a")["usable"] == 2)
    one = client(port)
    assert {one.ask(b"x") for _ in range(30)} == {"a", "c"}


def test_fail_open_without_any_usable_peer(echo, client, proxy):
    port = free_port()
    peer = echo("a")
    running = proxy(simple(port, [peer], affinity="None", healthCheck=FAST_PROBE))
    peer.close()
    until("it is seen dead", lambda: running.upstream_status("a")["usable"] == 0
          or running.upstream_status("a")["healthy"] == 0)
    again = echo("a", port=peer.port)
    assert client(port).ask(b"x") == "a"
    assert b"x" in again.payloads()
