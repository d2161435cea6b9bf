"""What is not forwarded is counted under its reason, and the law holds (the fixture checks it at the end)."""

from harness.configs import KEY, FAST_PROBE, config, listener, rule, simple, upstream
from harness.metrics import expect_drops
from harness.spoof import spoofed
from harness.udp import free_port
from harness.wait import until


def test_no_match_and_denied(echo, client, proxy):
    port = free_port()
    running = proxy(config(
        [listener(port, default="deny", rules=[rule("d", "deny", (0, 1, "==", "0x64")),
                                               rule("a", "a", (0, 1, "==", "0x61"))])],
        [upstream([echo("a")])]))
    one = client(port)
    for payload in (b"d", b"d", b"x", b"", b"y"):
        one.send(payload)
    assert one.ask(b"a") == "a"
    expect_drops(running, "denied", 2)
    expect_drops(running, "no_match", 3)
    assert one.receive(timeout=0.05) is None


def test_short_key(echo, client, proxy):
    port = free_port()
    running = proxy(simple(port, [echo("a")], **KEY))
    one = client(port)
    one.send(b"123")
    assert one.ask(b"1234") == "a"
    expect_drops(running, "short_key", 1)


def test_truncated_in_both_directions(echo, client, proxy):
    port = free_port()
    peer = echo("a")
    running = proxy(config([listener(port, maxDatagramBytes=512)], [upstream([peer])]))
    one = client(port)
    one.send(bytes(513))
    assert one.ask(bytes(500)) == "a"
    expect_drops(running, "truncated", 1)
    _, proxy_address = peer.received[0]
    peer.send(bytes(513), proxy_address)
    expect_drops(running, "truncated", 1, "down")
    assert len(peer.received) == 1


def test_no_peer(echo, client, proxy):
    port = free_port()
    peer = echo("a")
    running = proxy(simple(port, [peer], healthCheck=FAST_PROBE, whenNoneUsable="Drop"))
    one = client(port)
    assert one.ask(b"x") == "a"
    peer.close()
    until("the peer is seen dead", lambda: running.upstream_status("a")["usable"] == 0)
    one.send(b"x")
    expect_drops(running, "no_peer", 1)


def test_reply_of_a_stranger_is_dropped(echo, client, proxy):
    port = free_port()
    peer, stranger = echo("a"), echo("stranger")
    running = proxy(simple(port, [peer]))
    one = client(port)
    assert one.ask(b"x") == "a"
    _, proxy_address = peer.received[0]
    stranger.send(b"let me in", proxy_address)
    expect_drops(running, "unknown_reply", 1, "down")
    assert one.receive(timeout=0.05) is None


def assured(client, port, count):
    """Clients with a reply and a further datagram each: sessions that nothing may evict."""
    clients = [client(port) for _ in range(count)]
    for one in clients:
        assert one.ask(b"1") == "a" and one.ask(b"2") == "a"
    return clients


def test_session_limit_spares_assured_sessions(echo, client, proxy):
    port = free_port()
    running = proxy(config([listener(port, session={"maxSessions": 2})], [upstream([echo("a")])]),
                    flags=["--workers", "1"])
    clients = assured(client, port, 2)
    client(port).send(b"third")
    expect_drops(running, "session_limit", 1)
    assert [one.ask(b"3") for one in clients] == ["a", "a"]


def test_source_limit(echo, client, proxy):
    port = free_port()
    running = proxy(config([listener(port, session={"maxSessionsPerSource": 2})], [upstream([echo("a")])]),
                    flags=["--workers", "1"])
    clients = assured(client, port, 2)
    client(port).send(b"third")
    expect_drops(running, "source_limit", 1)
    assert [one.ask(b"3") for one in clients] == ["a", "a"]


def test_bad_sources_make_no_session(echo, client, proxy):
    port, other = free_port(), free_port()
    peer = echo("a")
    running = proxy(config([listener(port), listener(other, name="other")], [upstream([peer])]))
    one = client(port)
    assert one.ask(b"x") == "a"
    spoofed("127.0.0.1", 0, port, b"port 0")
    spoofed("127.0.0.1", other, port, b"an own listener")
    _, leased = peer.received[0]
    spoofed("127.0.0.1", leased[1], port, b"a leased port")
    spoofed("127.0.0.1", peer.port, port, b"the peer")
    expect_drops(running, "bad_source", 4)
    assert peer.payloads() == [b"x"]
