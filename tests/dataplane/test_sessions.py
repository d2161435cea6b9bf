"""What a session keeps, for how long, and that its lease is nobody else's meanwhile."""

import time

import pytest

from harness.configs import config, listener, simple, upstream
from harness.fastload import LONG
from harness.metrics import DATAGRAMS, DROPS
from harness.udp import free_port
from harness.wait import until

CLOSED = "stevedore_proxy_sessions_closed_total"
LATE = 900          # ms: less than the second that the lease of an embryonic session rests
FULL = 1 if LONG else 10  # the lengths and timeouts below are the full ones divided by this


@pytest.mark.parametrize("churn, descriptors, rate", [("evicted", 4_000, 8_000), ("idle", 20_000, 1_000)])
def test_late_replies_reach_no_foreign_client(peers, proxy, flood, churn, descriptors, rate):
    """Each client is new. Evicted: leases go around once a second. Idle: replies come just before the session ends."""
    port = free_port()
    seconds = 60 if LONG else 6
    running = proxy(config([listener(port, session={"idleTimeoutSeconds": 1, "embryonicTimeoutSeconds": 1})],
                           [upstream(peers(2, delay_ms=LATE).configs())]),
                    flags=["--workers", "1"], through=["prlimit", f"--nofile={descriptors}:{descriptors}"])
    clients = flood(port, seconds * rate, seconds * rate, rate, linger_ms=1_500).wait()

    metrics = running.check_conservation()
    assert clients["foreign"] == 0, clients
    assert metrics.sum(CLOSED, reason=churn) > 1_000
    assert metrics.sum(DATAGRAMS, direction="upstream_in") > seconds * rate / 100
    if churn == "evicted":
        assert metrics.sum(DROPS, reason="unknown_reply") > 1_000, "late replies came to leases that rest"
    else:
        assert clients["replies"] > 1_000


def proportion(seconds):
    return round(seconds / FULL)


def test_one_way_flow_keeps_its_port_and_a_stream_of_replies_lives(echo, client, proxy):
    one_way, stream = free_port(), free_port()
    silent, source = echo("silent", answer=False), echo("source", answer=False)
    session = {"idleTimeoutSeconds": proportion(60), "embryonicTimeoutSeconds": proportion(10),
               "maxReplyOnlySeconds": proportion(600)}
    running = proxy(config(
        [listener(one_way, session=session), listener(stream, name="stream", default="source", session=session)],
        [upstream([silent]), upstream([source], "source")]))
    sender, receiver = client(one_way), client(stream)
    receiver.send(b"request")
    until("the request is there", lambda: source.received)
    _, proxy_address = source.received[0]

    begin, sent, replies = time.monotonic(), 0, 0
    while (passed := time.monotonic() - begin) < proportion(120):
        if passed < proportion(60) and passed >= sent * 5 / FULL:
            sender.send(b"one way")
            sent += 1
        source.send(replies.to_bytes(4, "big"), proxy_address)
        assert receiver.receive() == replies.to_bytes(4, "big"), f"cut after {passed} s"
        replies += 1
        time.sleep(0.02)

    assert sent == 12 and len(silent.received) == 12
    assert len({address for _, address in silent.received}) == 1, "one upstream port"
    assert running.metrics().sum("stevedore_proxy_sessions_created_total") == 2


def test_a_proxy_that_stood_still_delivers_what_was_queued(echo, client, proxy):
    port, count = free_port(), 100
    peer = echo("a")
    running = proxy(simple(port, [peer]) | {"listeners": [
        listener(port, session={"idleTimeoutSeconds": 2, "embryonicTimeoutSeconds": 1})]})
    assured, embryonic = client(port), client(port)
    assert assured.ask(b"1") == "a" and assured.ask(b"2") == "a"
    _, first_port = peer.received[-1]
    assert embryonic.ask(b"0") == "a"

    running.pause()
    for number in range(count):
        peer.send(b"reply %d" % number, first_port)
        assured.send(b"request %d" % number)
    time.sleep(2.5)   # longer than the idle timeout: that is what is tested
    running.resume()

    heard = [assured.receive() for _ in range(2 * count)]
    assert [one for one in heard if one.startswith(b"reply")] == [b"reply %d" % number for number in range(count)]
    assert [one for one in heard if one.startswith(b"a|")] == [b"a|request %d" % number for number in range(count)]
    assert {address for payload, address in peer.received if payload.startswith(b"request")} == {first_port}
    assert running.metrics().sum(CLOSED) == 0, "standing still expired nothing"
