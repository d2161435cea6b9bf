"""`allow`, `deny`, `rateLimit` and `maxReplyRatio`: who gets in, how much of it, and how much goes to who may be forged."""

import json

import pytest

from harness.configs import config, listener, simple, upstream
from harness.metrics import DATAGRAMS, drops, expect_drops, expect_some_drops
from harness.udp import free_port
from harness.wait import until

CLOSED = "stevedore_proxy_sessions_closed_total"
CREATED = "stevedore_proxy_sessions_created_total"


def guarded(port, peer, **more):
    return config([listener(port, **more)], [upstream([peer])])


def test_deny_is_stronger_than_allow(echo, client, proxy):
    port = free_port()
    peer = echo("a")
    running = proxy(guarded(port, peer, allow=["127.0.0.0/29", "127.0.1.1/32"], deny=["127.0.0.2/31"]))
    for address in ("127.0.0.1", "127.0.0.4", "127.0.0.7", "127.0.1.1"):
        assert client(port, address=address).ask(b"x") == "a", address
    for address in ("127.0.0.2", "127.0.0.3", "127.0.0.8", "127.0.1.2"):
        client(port, address=address).send(b"x")
    expect_drops(running, "not_allowed", 4)
    assert len(peer.received) == 4
    assert running.metrics().sum(CREATED) == 4, "who is not let in costs no session"


def test_both_families_through_one_socket(echo, client, proxy):
    """An IPv4 client of a listener on "::" is the IPv4 client that the lists name; ::/0 is not about it."""
    port = free_port("::")
    peer = echo("a")
    running = proxy(guarded(port, peer, address="::", allow=["127.0.0.1/32", "::/0"], deny=["2001:db8::/32"]))
    assert client(port).ask(b"x") == "a"
    assert client(port, "::1").ask(b"x") == "a"
    client(port, address="127.0.0.2").send(b"x")
    expect_drops(running, "not_allowed", 1)
    running.apply(guarded(port, peer, address="::", deny=["::/0"]))
    client(port, "::1").send(b"x")
    expect_drops(running, "not_allowed", 2)
    assert client(port).ask(b"x") == "a"


def test_who_is_shut_out_by_a_reload_gets_nothing_more(echo, client, proxy):
    port = free_port()
    peer = echo("a")
    running = proxy(simple(port, [peer]))
    stays, goes = client(port), client(port, address="127.0.0.9")
    for one in (stays, goes):
        assert one.ask(b"1") == "a" and one.ask(b"2") == "a"
    stays_at, goes_at = dict.fromkeys(source for _, source in peer.received)

    running.apply(guarded(port, peer, deny=["127.0.0.9/32"]))
    until("its session is gone", lambda: running.metrics().sum(CLOSED, reason="removed") == 1)
    peer.send(b"a|late", goes_at)
    peer.send(b"a|late", stays_at)
    assert stays.receive() == b"a|late"
    expect_drops(running, "unknown_reply", 1, "down")
    goes.send(b"3")
    expect_drops(running, "not_allowed", 1)
    assert goes.receive(timeout=0.05) is None
    assert stays.ask(b"3") == "a"

    running.apply(simple(port, [peer]))
    assert goes.ask(b"4") == "a"
    assert running.metrics().sum(CLOSED, reason="removed") == 1


def test_a_source_has_its_burst_and_no_more(echo, client, proxy):
    port = free_port()
    running = proxy(guarded(port, echo("a"), rateLimit={"datagramsPerSecond": 1, "burst": 5}), flags=["--workers", "1"])
    loud, other = client(port), client(port, address="127.0.0.2")
    for _ in range(50):
        loud.send(b"x")
    until("all of it is received", lambda: running.metrics().sum(DATAGRAMS, direction="client_in") == 50)
    expect_some_drops(running, "rate_limited")
    limited = drops(running, "rate_limited")
    assert 40 <= limited <= 45, "5 at once, and one for each second that this took"
    assert [other.ask(b"x") for _ in range(5)] == ["a"] * 5
    assert drops(running, "rate_limited") == limited


@pytest.mark.parametrize("ratio, size", [(3, 100), (1, 1), (1000, 10)])
def test_replies_to_who_may_be_forged_are_bounded(echo, client, proxy, ratio, size):
    port = free_port()
    peer = echo("a", answer=False)
    running = proxy(guarded(port, peer, session={"maxReplyRatio": ratio}))
    one = client(port)
    one.send(bytes(size))
    until("it is there", lambda: peer.received)
    _, proxy_address = peer.received[0]
    fitting = (ratio * size + 1500) // 100
    for _ in range(fitting + 30):
        peer.send(bytes(100), proxy_address)
    expect_drops(running, "reply_limit", 30, "down")
    got = [one.receive() for _ in range(fitting)]
    assert set(got) == {bytes(100)} and one.receive(timeout=0.05) is None
    rest = ratio * size + 1500 - fitting * 100
    if rest:
        peer.send(bytes(rest), proxy_address)
        assert one.receive() == bytes(rest), "to the last byte"
    peer.send(b"x", proxy_address)
    expect_drops(running, "reply_limit", 31, "down")

    one.send(b"an answer: it is no forger")
    until("it is there", lambda: len(peer.received) == 2)
    for _ in range(40):
        peer.send(bytes(1000), proxy_address)
        assert one.receive() == bytes(1000)
    expect_drops(running, "reply_limit", 31, "down")


def test_a_range_that_is_none_changes_nothing(echo, client, proxy):
    port = free_port()
    peer = echo("a")
    running = proxy(guarded(port, peer, deny=["127.0.0.9/32"]))
    running.apply(guarded(port, peer, deny=["127.0.0.9/8"]), result="failure")
    told = until("the refusal is told", lambda: running.status()["lastAttempt"]["errors"])
    assert told[0]["path"] == "listeners[0].deny[0]" and '"127.0.0.0/8"' in told[0]["message"], json.dumps(told)
    assert client(port).ask(b"x") == "a"
