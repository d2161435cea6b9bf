"""What runs out: descriptors, ports, memory for buffers. Those who have what they need keep it, the others are told."""

import json
import re
import time

import pytest

from harness import netns
from harness.configs import config, listener, simple, upstream
from harness.load import flows
from harness.metrics import DROPS
from harness.proxy import write_by_rename
from harness.udp import free_port
from harness.wait import until

LISTENERS = 10_000
DESCRIPTORS = 4_096
HALF = DESCRIPTORS // 2    # that listeners may take; the others are for the sockets of clients
APPLY_SECONDS = 60.0       # of a sanitized proxy on a busy machine; a few seconds as a rule


def many(count, port, peers):
    """Listeners on one port of as many loopback addresses: in nobody's way."""
    return config([listener(port, address=f"127.99.{number // 200}.{number % 200 + 1}", name=f"l{number}")
                   for number in range(count)], [upstream(peers)])


def bound(running):
    return [entry["name"] for entry in running.status()["listeners"] if entry["bound"]]


def test_ten_thousand_listeners_and_too_few_descriptors(echo, client, proxy):
    """As many as fit are bound and serve; each other one says why; config, status and metrics have what they need."""
    port, peer = free_port(), echo("a")
    begin = time.monotonic()
    running = proxy(flags=["--wait-for-config", "--workers", "2"],
                    through=["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"])
    write_by_rename(running.config_path, json.dumps(many(LISTENERS, port, [peer])))
    until("it is in force", lambda: running.status().get("digest"), APPLY_SECONDS)
    taken = time.monotonic() - begin
    names = bound(running)
    print(f"{len(names)} of {LISTENERS} bound after {taken:.1f} s")
    assert taken < APPLY_SECONDS
    assert len(names) == HALF / 2, "with two workers"
    assert names == [f"l{number}" for number in range(len(names))], "in the order of the config"
    others = {entry["error"] for entry in running.status()["listeners"] if not entry["bound"]}
    assert len(others) == 1 and f"listeners have their {HALF} descriptors" in others.pop()
    for number in (0, len(names) // 2, len(names) - 1):
        assert client(port, f"127.99.{number // 200}.{number % 200 + 1}").ask(b"x") == "a"

    # There is a descriptor for the file, one for the status, one for a scrape.
    write_by_rename(running.config_path, json.dumps(many(100, port, [peer])))
    until("all of them are bound", lambda: len(bound(running)) == 100, APPLY_SECONDS)
    assert client(port, "127.99.0.100").ask(b"x") == "a"


def test_more_listeners_than_a_config_may_hold(echo, client, proxy):
    port, peer = free_port(), echo("a")
    running = proxy(simple(port, [peer]))
    running.apply(many(LISTENERS + 1, free_port(), [peer]), result="failure")   # is counted
    (error,) = [error["message"] for error in running.status()["lastAttempt"]["errors"]]
    assert str(LISTENERS) in error
    assert client(port).ask(b"x") == "a"


def test_hardly_any_descriptors(peer_process, client, proxy, load):
    """64 in all: who has a port keeps it, new clients are counted, and it can be asked and told."""
    port, second = free_port(), free_port()
    peer = peer_process("a")
    running = proxy(simple(port, [peer]), flags=["--workers", "1"], through=["prlimit", "--nofile=64:64"])
    settled = client(port)
    assert settled.ask(b"1") == settled.ask(b"2") == "a"
    traffic = load(port, flows(100), rate=500)
    until("ports run out", lambda: running.metrics().sum(DROPS, reason="port_limit") > 100)
    assert settled.ask(b"3") == "a"
    running.apply(config([listener(port), listener(second, name="second")], [upstream([peer])]))
    assert running.listener_status("second")["bound"] is True
    report = traffic.finish()
    served = [flow for flow in report["flows"] if flow["received"]]
    assert len(served) >= 10 and all(len(flow["peers"]) == 1 for flow in served)
    assert report["astray"] == 0


def test_the_soft_limit_is_raised(echo, client, proxy):
    port = free_port()
    running = proxy(simple(port, [echo("a")]), through=["prlimit", "--nofile=100:2000"])
    with open(f"/proc/{running.process.pid}/limits", encoding="ascii") as limits:
        assert re.search(r"Max open files +2000 +2000 ", limits.read())
    assert running.metrics().sum("process_max_fds") == 2000
    assert client(port).ask(b"x") == "a"


@pytest.fixture
def narrow():
    """(the proxy's host, where 200 ports are given to sockets that ask for none, and the peers')"""
    network = netns.Network()
    inside, outside = network.host("10.202.0.2"), network.host("10.202.0.3")
    netns.run(inside, "sysctl", "-q", "net.ipv4.ip_local_port_range=40000 40199")
    yield inside, outside
    network.close()


def cpu_ticks(running):
    with open(f"/proc/{running.process.pid}/stat", encoding="ascii") as stat:
        return sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13]))


def test_ports_run_out(narrow, peer_process, load, client, proxy):
    inside, outside = narrow
    peers = [peer_process(name, "10.202.0.3", namespace=outside) for name in "ab"]
    port, other = 2000, 2001
    running = proxy(config([listener(port, address="10.202.0.2"),
                            listener(other, name="other", address="10.202.0.2", default="b")],
                           [upstream(peers[:1]), upstream(peers[1:], "b")]), namespace=inside, flags=["--workers", "1"])
    settled = client(port, "10.202.0.2", namespace=outside)
    assert settled.ask(b"1") == settled.ask(b"2") == "a"
    traffic = load(port, flows(600), rate=1_000, host="10.202.0.2", namespace=outside)

    def dropped(count):   # a scrape takes one of these ports too, for a while
        until(f"{count} drops", lambda: running.metrics().sum(DROPS, reason="port_limit") > count, 30, interval=0.25)

    dropped(500)
    before, begin = cpu_ticks(running), time.monotonic()
    assert settled.ask(b"3") == "a"
    assert client(other, "10.202.0.2", namespace=outside).ask(b"x") == "b", "ports to another peer are others"
    dropped(1_500)
    spent = (cpu_ticks(running) - before) / 100 / (time.monotonic() - begin)
    assert spent < 0.8, f"{spent} of a core: no spinning"
    report = traffic.finish()
    served = [flow for flow in report["flows"] if flow["received"]]
    print(f"{len(served)} of 600 clients have one of 200 ports, {spent:.2f} of a core")
    assert 50 <= len(served) < 600 and report["astray"] == 0
    assert all(flow["peers"].keys() == {"a"} for flow in served)
    assert "port_limit" in running.process.log()
