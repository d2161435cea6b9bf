"""The drop reasons that take more than loopback and a config; and that each reason has a test and a description."""

import pathlib
import re
import subprocess

import pytest

from harness import netns
from harness.configs import config, listener, simple, upstream
from harness.metrics import DATAGRAMS, drops, expect_drops, expect_some_drops
from harness.udp import bound_socket, free_port
from harness.wait import until

ROOT = pathlib.Path(__file__).parents[2]
DESCRIPTORS = 600         # of which 256 are kept back
OWN = 32                  # of the program itself, at most
LARGEST_V6 = 65_527       # 20 bytes more than IPv4 carries


def test_port_limit(echo, client, proxy):
    """With few descriptors: counted, told in the log, and of no harm to those who have a port."""
    port = free_port()
    running = proxy(simple(port, [echo("a")]), flags=["--workers", "1"],
                    through=["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"])
    first = client(port)
    assert first.ask(b"1") == "a" and first.ask(b"2") == "a"
    answered = 0
    for _ in range(DESCRIPTORS):
        with bound_socket() as one:
            for _ in range(2):   # answered twice: assured, never evicted
                one.sendto(b"x", ("127.0.0.1", port))
                one.settimeout(0.5)
                try:
                    one.recv(100)
                except TimeoutError:
                    break
            else:
                answered += 1
                continue
            break
    assert answered >= DESCRIPTORS - 256 - OWN
    expect_drops(running, "port_limit", 1)
    assert first.ask(b"3") == "a"
    running.process.wait_for_log("port_limit")


def test_larger_than_the_other_family_carries(echo, client, proxy):
    """65 527 bytes go over IPv6, not over IPv4: EMSGSIZE, in either direction."""
    up, down = free_port("::1"), free_port()
    four, six = echo("four", "127.0.0.1"), echo("six", "::1", answer=False)
    running = proxy(config([listener(up, address="::1", name="up"), listener(down, name="down", default="six")],
                           [upstream([four]), upstream([six], "six")]))
    over_six = client(up, "::1")
    over_six.send(bytes(LARGEST_V6))
    expect_drops(running, "send_error", 1)
    assert over_six.ask(b"small") == "four"

    over_four = client(down)
    over_four.send(b"hello")
    until("it is there", lambda: six.received)
    _, proxy_address = six.received[0]
    six.send(bytes(LARGEST_V6), proxy_address)
    expect_drops(running, "send_error", 1, "down")
    six.send(b"small", proxy_address)
    assert over_four.receive() == b"small"


@pytest.fixture
def slow_link():
    """(the proxy's namespace, another host's): 1 Mbit/s with a long queue from the proxy's host outwards."""
    network = netns.Network()
    inside, outside = network.host("10.202.0.2"), network.host("10.202.0.3")
    made = subprocess.run(["tc", "-n", inside, "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "1mbit", "burst",
                           "10kb", "limit", "100mb"], capture_output=True, text=True)
    if made.returncode != 0:
        network.close()
        pytest.skip(f"the kernel has no tbf queue: {made.stderr}")
    yield inside, outside
    network.close()


def test_a_full_buffer_towards_a_peer_blocks_its_session_alone(slow_link, echo, client, proxy):
    inside, outside = slow_link
    port = free_port(namespace=inside)
    running = proxy(simple(port, [echo("slow", "10.202.0.3", namespace=outside)]), namespace=inside,
                    flags=["--workers", "1"])
    flooding, fine = client(port, namespace=inside), client(port, namespace=inside)

    def burst():
        before = running.metrics().sum(DATAGRAMS, direction="client_in")
        for _ in range(20):   # few enough for the listener's buffer
            flooding.send(bytes(1_400))
        until("all of it is received", lambda: running.metrics().sum(DATAGRAMS, direction="client_in") == before + 20)
        return drops(running, "send_blocked")

    until("the session's buffer is full", burst, timeout=20, interval=0.001)
    expect_some_drops(running, "send_blocked")
    before = drops(running, "send_blocked")
    assert fine.ask(b"x", timeout=10) == "slow", "behind what the link still holds"
    assert drops(running, "send_blocked") == before


def test_a_full_buffer_towards_clients_blocks_its_listener_alone(slow_link, echo, client, proxy):
    inside, outside = slow_link
    port, other = free_port(namespace=inside), free_port(namespace=inside)
    source, near = echo("source", namespace=inside, answer=False), echo("near", namespace=inside)
    running = proxy(config([listener(port, name="down", address="10.202.0.2", default="source"),
                            listener(other, name="fine", default="near")],
                           [upstream([source], "source"), upstream([near], "near")]), namespace=inside)
    receiver = client(port, "10.202.0.2", namespace=outside)
    receiver.send(b"hello")
    until("it is there", lambda: source.received)
    _, proxy_address = source.received[0]

    def burst():
        for _ in range(60):   # a pool socket holds about 180
            source.send(bytes(1_400), proxy_address)
        return drops(running, "send_blocked", "down")

    until("the listener's buffer is full", burst, timeout=20, interval=0.001)
    expect_some_drops(running, "send_blocked", "down")
    assert client(other, namespace=inside).ask(b"x") == "near"
    assert running.metrics().sum(DATAGRAMS, direction="client_out", listener="down") > 1_000


def reasons():
    """(direction, reason) of the proxy's closed table."""
    text = (ROOT / "proxy/runtime/stats.h").read_text()
    for direction, table in (("up", "kUpDropNames"), ("down", "kDownDropNames")):
        names = re.search(rf"{table} = \{{(.*?)\}};", text, re.S).group(1)
        for name in re.findall(r'"(\w+)"', names):
            yield direction, name


CALL = re.compile(r'expect_(?:some_)?drops\(\w+, "(\w+)"(?:, \w+)?(, "down")?\)')


def test_each_reason_is_reached_and_described():
    reached = {}
    for path in sorted((ROOT / "tests").glob("*/test_*.py")):
        text = path.read_text()
        for call in CALL.finditer(text):
            test = re.findall(r"^def (test_\w+)", text[:call.start()], re.M)[-1]
            reached.setdefault(("down" if call.group(2) else "up", call.group(1)), f"{path.name}: {test}")
    table = list(reasons())
    assert len(table) >= 15
    print("\n".join(f"{direction:5}{reason:15}{reached.get((direction, reason))}" for direction, reason in table))
    assert set(reached) == set(table)
    page = (ROOT / "docs/metrics.md").read_text()
    assert [reason for _, reason in table if f"`{reason}`" not in page] == []
