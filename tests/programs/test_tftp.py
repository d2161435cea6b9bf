"""TFTP by tftp-hpa and tftpd-hpa: the server answers from a port of its own choice, and the transfer goes on there."""

import os
import random
import subprocess

import pytest

from harness.configs import simple
from harness.fixtures import closing
from harness.metrics import DROPS
from harness.programs import Daemon, PortPeer, holds, require
from harness.udp import free_port

SIZE = 5_000_000
# Opcode 1 reads, 2 writes: a new transfer.
FOLLOW = {"followReplyPort": {"restart": [{"start": 0, "end": 2, "operator": "==", "value": value}
                                          for value in ("0x0001", "0x0002")]}}


class Server(PortPeer):
    """in.tftpd over a folder of its own, with one file to read."""

    def __init__(self, name, folder, content):
        if os.geteuid() != 0:
            pytest.skip("needs root: in.tftpd changes its root directory")
        super().__init__(free_port())
        self.folder = folder / name
        self.folder.mkdir()
        (self.folder / "down").write_bytes(content)
        self._daemon = Daemon(
            [require("in.tftpd", "tftpd-hpa"), "--foreground", "--listen", "--address", f"127.0.0.1:{self.port}",
             "--user", "root", "--permissive", "--create", "--secure", self.folder], folder / f"{name}.log", holds(self.port))
        self.close = self._daemon.close


@pytest.fixture
def server(tmp_path):
    with closing(lambda name, content: Server(name, tmp_path, content)) as make:
        yield make


class Client:
    """A client process that gets and puts twice, from one port."""

    def __init__(self, port, folder, content):
        self.folder, self.content = folder, content
        folder.mkdir()
        (folder / "up").write_bytes(content)
        self._process = subprocess.Popen([require("tftp", "tftp-hpa"), "-4", "-m", "binary", "127.0.0.1", str(port)],
                                         cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True)
        for count in "12":
            self._process.stdin.write(f"get down down{count}\nput up up-{folder.name}-{count}\n")
        self._process.stdin.write("quit\n")
        self._process.stdin.flush()

    def finish(self):
        """What it said, which is nothing when all went well (its prompts apart)."""
        output, _ = self._process.communicate(timeout=120)
        assert self._process.returncode == 0, output
        return output.replace("tftp> ", "").strip()

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


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
