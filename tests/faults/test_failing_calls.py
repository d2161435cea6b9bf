"""System calls that fail, under load: what is interrupted is done again, what is refused is counted, and neither stops
the next datagram."""

import os

import pytest

from harness.configs import config, listener, upstream
from harness.load import flows
from harness.metrics import DATAGRAMS, DROPS
from harness.tampering import Tampering
from harness.udp import free_port
from harness.wait import until

RATE = 500
SENDS = "sendmmsg,sendmsg,sendto"


@pytest.fixture
def forwarding(proxy, load, peer_process):
    """(the proxy, its load): one worker, traffic flows."""
    port = free_port()
    running = proxy(config([listener(port)], [upstream([peer_process("a"), peer_process("b")])]),
                    flags=["--workers", "1"])
    traffic = load(port, flows(20), rate=RATE)
    until("traffic flows", lambda: running.metrics().sum(DATAGRAMS, direction="client_out") > 100)
    return running, traffic


def more(running, count=RATE, direction="client_in"):
    """Until so many more datagrams were seen."""
    before = running.metrics().sum(DATAGRAMS, direction=direction)
    until("traffic flows on", lambda: running.metrics().sum(DATAGRAMS, direction=direction) >= before + count, 30)


def worker(running):
    """Its one worker: the first thread that it starts."""
    return sorted(int(name) for name in os.listdir(f"/proc/{running.process.pid}/task"))[1]


@pytest.mark.parametrize("call", ["recvmmsg", SENDS, "epoll_wait", "read"])
def test_interrupted_calls_lose_nothing(forwarding, call):
    running, traffic = forwarding
    with Tampering(running.process.pid, f"{call}:error=EINTR:when=1+2"):
        more(running)
    report = traffic.finish()
    assert report["lost"] == report["astray"] == 0
    assert running.metrics().sum(DROPS) == 0


@pytest.mark.parametrize("error, reason", [
    ("ENOBUFS", "send_blocked"), ("EPERM", "send_error"), ("ENOTSOCK", "send_error"), ("ENETDOWN", "send_error")])
def test_refused_sends_are_counted_and_nothing_else(forwarding, error, reason):
    """Every third. No verdict on a peer, no session ends, and whatever was not refused arrives."""
    running, traffic = forwarding
    with Tampering(worker(running), f"{SENDS}:error={error}:when=1+3", alone=True):
        more(running)
    report = traffic.finish()
    drops = running.metrics().select(DROPS)
    refused = sum(value for labels, value in drops if labels["reason"] == reason)
    assert refused >= 3 and refused == sum(value for _, value in drops), drops
    assert report["lost"] == refused and report["astray"] == 0
    assert running.upstream_status("a")["usable"] == 2
    assert running.metrics().sum("stevedore_proxy_sessions_closed_total") == 0


def test_a_refused_datagram_of_another_is_sent_again(forwarding):
    """ECONNREFUSED tells of an earlier datagram: this one is sent again, to the same peer."""
    running, traffic = forwarding
    with Tampering(worker(running), f"{SENDS}:error=ECONNREFUSED:when=1+3", alone=True):
        more(running)
    report = traffic.finish()
    up = running.metrics().sum(DROPS, direction="up")
    assert report["lost"] == running.metrics().sum(DROPS), report
    assert up < RATE / 10, f"{up} were not sent again"
    assert all(len(flow["peers"]) == 1 for flow in report["flows"])


def test_sockets_that_cannot_be_had(proxy, client, peer_process):
    """EMFILE and others: new clients are counted, and served as soon as it can be; who was there never notices."""
    port = free_port()
    running = proxy(config([listener(port)], [upstream([peer_process("a")])]), flags=["--workers", "1"])
    settled = client(port)
    assert settled.ask(b"1") == settled.ask(b"2") == "a"
    for error in ("EMFILE", "ENFILE", "ENOBUFS"):
        with Tampering(running.process.pid, f"socket:error={error}"):
            newcomer = client(port)
            before = running.metrics().sum(DROPS, reason="port_limit")
            newcomer.send(b"x")
            until("it is counted", lambda: running.metrics().sum(DROPS, reason="port_limit") == before + 1)
            assert settled.ask(b"3") == "a"
        assert newcomer.ask(b"y") == "a", error
