"""Datagrams that are made to break who reads them: every length at the edges of rules and keys, headers that lie about
what follows, and mutations of both. Each arrives as it was sent, or is counted; the sanitizers have nothing to say."""

import collections
import contextlib
import random
import select
import threading

import pytest

from harness.configs import FAST_PROBE, KEY, config, listener, rule, simple, upstream
from harness.metrics import DATAGRAMS, DROPS
from harness.udp import bound_socket, free_port
from harness.wait import until

LARGEST = 65_507
LENGTHS = [*range(40), 63, 64, 65, 255, 256, 511, 512, 1199, 1200, 1472, 1500, 2047, 2048, 9000, LARGEST - 1, LARGEST]
MUTATIONS = 400
SEED = 8

# Beginnings of protocols that people route here, with fields that promise what is not there.
HEADERS = {
    "QUIC Initial, a connection id of 255 bytes": bytes.fromhex("c300000001ff") + bytes(30),
    "QUIC Initial, cut in its version": bytes.fromhex("c30000"),
    "QUIC version negotiation": bytes.fromhex("80000000000808") + bytes(17),
    "QUIC short header, nothing behind": b"\x40",
    "KCP push of 4 GiB": (1).to_bytes(4, "little") + bytes([81, 255, 255, 255]) + bytes(12) + b"\xff" * 4,
    "KCP, cut in its conversation": b"\x01\x00\x00",
    "DTLS record of 65 535 bytes": bytes.fromhex("16fefd0000000000000000ffff"),
    "DTLS ClientHello, fragment beyond its end":
        bytes.fromhex("16fefd000000000000000000140100000100000000ffffff000001"),
    "DNS name that points at itself": bytes.fromhex("000101000001000000000000c00c00010001"),
    "TFTP read without a name": b"\x00\x01",
    "TFTP data of no transfer": b"\x00\x03\xff\xff",
    "RTP with 15 sources that are not there": b"\x8f\x00\x00\x01" + bytes(8),
}
EDGES = [   # start, end: each with every operator
    (0, 1), (0, 8), (3, 4), (31, 32), (32, 40), (1199, 1200), (2040, 2048),
]
OPERATORS = ["==", "!==", "|=", "&=", "!|=", "!&="]


def edge_rules():
    return [rule(f"r{number}-{operator}", "a", (start, end, operator, "0x" + ("a5" * (end - start))))
            for number, (start, end) in enumerate(EDGES) for operator in OPERATORS]


LISTENERS = {
    "rules at the edges": dict(listener=dict(rules=edge_rules(), default="deny")),
    "a key inside": dict(listener={}, upstream=KEY | {"hashKey": {"start": 31, "end": 40}}),
    "conversations": dict(listener={}, upstream=KEY | {"affinity": "Key"}),
    "transfers": dict(listener={}, upstream={"followReplyPort": {"restart": [
        {"start": 0, "end": 2, "operator": "==", "value": "0x0001"}]}}),
    "at most 1200 bytes": dict(listener=dict(maxDatagramBytes=1200)),
}


def payloads(rng):
    """What is sent to each listener, the large ones spread."""
    made = [fill * length for length in LENGTHS for fill in (b"\x00", b"\xff", b"\xa5")]
    made += list(HEADERS.values())
    for _ in range(MUTATIONS):
        base = bytearray(rng.choice(made) or b"\x00")[:2048]
        for _ in range(rng.randint(1, 4)):
            base[rng.randrange(len(base))] = rng.randrange(256)
        made.append(bytes(base[:rng.randint(0, len(base))]) if rng.random() < 0.5 else bytes(base))
    rng.shuffle(made)
    return made


@pytest.mark.parametrize("kind", LISTENERS)
def test_each_arrives_as_it_was_or_is_counted(echo, client, proxy, kind):
    port = free_port()
    peer = echo("a", answer=False)
    running = proxy(config([listener(port, **LISTENERS[kind]["listener"])],
                           [upstream([peer], **LISTENERS[kind].get("upstream", {}))]))
    one = client(port)
    sent = payloads(random.Random(SEED))
    for begin in range(0, len(sent), 10):   # what a socket's buffer holds in any case
        for payload in sent[begin:begin + 10]:
            one.send(payload)
        want = min(begin + 10, len(sent))
        until(f"{want} are received", lambda: running.metrics().sum(DATAGRAMS, direction="client_in") == want,
              interval=0.002)
    metrics = running.check_conservation()
    out, dropped = metrics.sum(DATAGRAMS, direction="upstream_out"), metrics.sum(DROPS, direction="up")
    assert out + dropped == len(sent)
    until("the peer has what was forwarded", lambda: len(peer.received) == out)
    unknown = collections.Counter(peer.payloads()) - collections.Counter(sent)
    assert not unknown, f"not as it was sent: {next(iter(unknown))[:40]!r}"
    assert out and (dropped or kind in ("transfers",)), f"{out} forwarded, {dropped} dropped"
    peer.answer = True
    good = b"\xa5" * 100
    assert one.ask(good) == "a", "and everybody else is served"


REPLIES = [b"", b"\x00", b"o", b"ok", b"okay", b"no", b"OK", b"ok" * 1_024, b"ok" + bytes(LARGEST - 2), bytes(LARGEST),
           b"o" + b"k" * LARGEST, *HEADERS.values()]


@pytest.fixture
def prober_peers():
    """Sockets that answer each probe with a reply of their own; their entries of `peers`."""
    sockets, ending = {}, threading.Event()

    def serve():
        while not ending.is_set():
            for sock in select.select(list(sockets), [], [], 0.05)[0]:
                with contextlib.suppress(OSError):
                    _, source = sock.recvfrom(65_535)
                    sock.sendto(sockets[sock], source)

    sockets.update((bound_socket(), reply[:LARGEST]) for reply in REPLIES)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield [{"address": "127.0.0.1", "port": sock.getsockname()[1]} for sock in sockets]
    ending.set()
    thread.join()
    for sock in sockets:
        sock.close()


def test_replies_to_probes_are_read_as_they_are(prober_peers, proxy):
    """Whatever a peer answers: only what begins as expected is a sign of life."""
    probe = {**FAST_PROBE, "expect": "Reply",
             "expectBytes": [{"start": 0, "end": 2, "operator": "==", "value": "0x6f6b"}]}
    running = proxy(simple(free_port(), prober_peers, healthCheck=probe))
    alive = sum(reply.startswith(b"ok") for reply in REPLIES)
    name = "stevedore_proxy_probes_total"
    for rounds in (1, 3):   # and it stays so
        until(f"{rounds} rounds of probes", lambda: running.metrics().sum(name, result="ok") >= rounds * alive
              and running.metrics().sum(name, result="timeout") >= rounds * (len(REPLIES) - alive), timeout=30)
        until(f"{alive} of {len(REPLIES)} pass", lambda: running.upstream_status("a")["healthy"] == alive)
