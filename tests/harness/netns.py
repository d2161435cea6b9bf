"""Network namespaces: other hosts on this machine. Needs root; without it a test is skipped with the reason."""

import contextlib
import ctypes
import os
import subprocess

import pytest

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def require_root():
    if os.geteuid() != 0:
        pytest.skip("needs root: it makes network namespaces")


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def _enter(fd):
    if _libc.setns(fd, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(name):
    """Sockets that this thread makes meanwhile belong to the namespace, for good. `name` None: no change."""
    if name is None:
        yield
        return
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        there = os.open(f"/run/netns/{name}", os.O_RDONLY)
        try:
            _enter(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _enter(own)
    finally:
        os.close(own)


def command(name, argv):
    """The command line that runs `argv` in the namespace; its pid is that of the program itself."""
    return list(argv) if name is None else ["nsenter", f"--net=/run/netns/{name}", *argv]


def run(name, *argv):
    """Runs a program in the namespace to its end."""
    subprocess.run(command(name, argv), check=True)


class Network:
    """Namespaces on one bridge, each with one address: a hub and hosts. Names are unique to this process."""

    _count = 0

    def __init__(self, subnet="10.202.0.0/16", hub="10.202.0.1"):
        require_root()
        Network._count += 1
        self._bits = subnet.split("/")[1]
        self._names = []
        self.hub = self._make("hub", hub)
        self._hosts = 0

    def _make(self, name, address=None):
        full = f"svd-{os.getpid()}-{Network._count}-{name}"
        ip("netns", "add", full)
        self._names.append(full)
        ip("-n", full, "link", "set", "lo", "up")
        if address:
            # An address of its own: else it is the lowest of its ports, and changes with them.
            ip("-n", full, "link", "add", "br0", "address", "02:00:00:00:00:01", "type", "bridge")
            ip("-n", full, "address", "add", f"{address}/{self._bits}", "dev", "br0")
            ip("-n", full, "link", "set", "br0", "up")
        return full

    def host(self, address):
        """A further host with this address; returns its namespace."""
        self._hosts += 1
        name = self._make(f"h{self._hosts}")
        link = f"veth{self._hosts}"
        ip("-n", self.hub, "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("-n", self.hub, "link", "set", link, "master", "br0", "up")
        ip("-n", name, "address", "add", f"{address}/{self._bits}", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        return name

    def close(self):
        for name in reversed(self._names):
            subprocess.run(["ip", "netns", "delete", name], check=False)
        self._names = []
