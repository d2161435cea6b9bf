"""TFTP by tftp-hpa and tftpd-hpa through the proxy: two servers, two clients."""

import random

import pytest

from harness.configs import simple
from harness.fixtures import closing
from harness.metrics import DROPS
from harness.tftp import FOLLOW, Client, Server
from harness.udp import free_port

SIZE = 5_000_000


@pytest.fixture
def server(tmp_path):
    with closing(lambda name, content: Server(name, tmp_path, content, free_port())) as make:
        yield make


@pytest.fixture
def client_process(tmp_path, proxy):
    with closing(lambda name, port, content: Client(port, tmp_path / name, content)) as make:
        yield make


def test_get_and_put_twice_from_one_client(server, proxy, client_process):
    port = free_port()
    down = random.Random(1).randbytes(SIZE)
    servers = [server(name, down) for name in "ab"]
    running = proxy(simple(port, servers, **FOLLOW), flags=["--workers", "1"])
    clients = [client_process(name, port, random.Random(name).randbytes(SIZE)) for name in ("one", "two")]

    assert [client.finish() for client in clients] == ["", ""]
    for client in clients:
        stored = [each for each in servers if (each.folder / f"up-{client.folder.name}-1").exists()]
        assert len(stored) == 1, "both transfers of a client are on one server"
        for count in "12":
            assert (client.folder / f"down{count}").read_bytes() == down
            assert (stored[0].folder / f"up-{client.folder.name}-{count}").read_bytes() == client.content
    assert all(list(each.folder.glob("up-*")) for each in servers), "one worker goes round"
    assert running.check_conservation().sum(DROPS) == 0
