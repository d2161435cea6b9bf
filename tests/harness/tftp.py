"""tftp-hpa and tftpd-hpa: the server answers from a port of its own choice, and the transfer goes on there."""

import os
import pathlib
import subprocess

import pytest

from harness import netns
from harness.programs import Daemon, PortPeer, require
from harness.wait import until

# Opcode 1 reads, 2 writes: a new transfer.
FOLLOW = {"followReplyPort": {"restart": [{"start": 0, "end": 2, "operator": "==", "value": value}
                                          for value in ("0x0001", "0x0002")]}}


class Server(PortPeer):
    """in.tftpd over a folder of its own, with one file to read."""

    def __init__(self, name, folder, content, port, address="127.0.0.1", namespace=None):
        if os.geteuid() != 0:
            pytest.skip("needs root: in.tftpd changes its root directory")
        super().__init__(port, address)
        self.folder = folder / name
        self.folder.mkdir()
        (self.folder / "down").write_bytes(content)
        argv = [require("in.tftpd", "tftpd-hpa"), "--foreground", "--listen", "--address", f"{address}:{port}",
                "--user", "root", "--permissive", "--create", "--secure", self.folder]
        self._daemon = Daemon(netns.command(namespace, argv), folder / f"{name}.log", self._holds_its_port)
        self.close = self._daemon.close

    def _holds_its_port(self, daemon):
        table = pathlib.Path(f"/proc/{daemon.pid}/net/udp")   # of its network

        def look():
            assert daemon.running(), f"in.tftpd ended:\n{daemon.log()}"
            return f":{self.port:04X} 00000000:0000" in table.read_text()
        until(f"in.tftpd holds port {self.port}", look)


class Client:
    """A client process that gets and puts twice, from one port."""

    def __init__(self, port, folder, content, host="127.0.0.1", namespace=None):
        self.folder, self.content = folder, content
        folder.mkdir()
        (folder / "up").write_bytes(content)
        argv = [require("tftp", "tftp-hpa"), "-4", "-m", "binary", host, str(port)]
        self._process = subprocess.Popen(netns.command(namespace, argv), cwd=folder, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
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
