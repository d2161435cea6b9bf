"""Ports that others hold, and a proxy that could not read for a while."""

import pytest

from harness.configs import simple
from harness.metrics import DATAGRAMS
from harness.udp import bound_socket, free_port
from harness.wait import until


@pytest.mark.parametrize("workers", ["1", "2"])
def test_second_proxy_on_the_port_takes_no_client(echo, client, proxy, tmp_path, workers):
    port = free_port()
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    proxy(simple(port, [echo("first")]), folder=folders[0], flags=["--workers", workers])
    before = [client(port) for _ in range(100)]
    assert {one.ask(b"x") for one in before} == {"first"}

    second = proxy(simple(port, [echo("second")]), folder=folders[1], flags=["--workers", workers])
    status = until("it says so", lambda: second.listener_status(f"test/{port}"))
    assert status["bound"] is False and status["error"]

    assert {one.ask(b"y") for one in before} == {"first"}
    assert {client(port).ask(b"z") for _ in range(100)} == {"first"}


def test_listener_in_the_way_binds_once_the_port_is_free(echo, client, proxy):
    holder = bound_socket()
    port = holder.getsockname()[1]
    running = proxy(simple(port, [echo("a")]))
    assert running.listener_status(f"test/{port}")["bound"] is False
    holder.close()
    until("it is bound", lambda: running.listener_status(f"test/{port}")["bound"], timeout=40)
    assert client(port).ask(b"x") == "a"


def test_replies_queued_while_the_proxy_stands_still_all_arrive(echo, client, proxy):
    port = free_port()
    peer = echo("a")
    running = proxy(simple(port, [peer]), flags=["--workers", "1"])
    one = client(port)
    assert one.ask(b"hello") == "a"
    _, proxy_address = peer.received[0]
    until("the reply is counted", lambda: running.metrics().sum(DATAGRAMS, direction="client_out") == 1)

    sent = 20_000   # far more than a socket's buffer holds
    running.pause()
    for number in range(sent):
        peer.send(number.to_bytes(4, "big") + bytes(60), proxy_address)
    running.resume()

    arrived = []
    while (reply := one.receive(timeout=1.0)) is not None:
        arrived.append(int.from_bytes(reply[:4], "big"))
    assert arrived == list(range(len(arrived))), "what the buffer held, in order, nothing between lost"
    assert len(arrived) >= 100
    metrics = running.check_conservation()
    assert metrics.sum(DATAGRAMS, direction="upstream_in") == 1 + len(arrived)
    until("the kernel's drops are counted", lambda: running.metrics().sum("stevedore_proxy_kernel_drops_total")
          == sent - len(arrived))
