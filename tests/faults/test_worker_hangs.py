"""One worker's thread hangs: a tracer holds it."""

import contextlib
import ctypes
import os
import pathlib

import pytest

from harness.configs import simple
from harness.udp import free_port

ATTACH, DETACH, ANY_CHILD = 16, 17, 0x40000000   # ptrace(2), and __WALL of waitpid(2)
BUSY = "stevedore_proxy_worker_busy_seconds_total"
CLIENTS = 24     # that all of them are one worker's happens once in eight million runs
PATIENCE = 0.1   # seconds after which a client has nobody
LIBC = ctypes.CDLL(None, use_errno=True)


def thread_named(process, name):
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    raise AssertionError(f"no thread {name}")


@contextlib.contextmanager
def held(thread):
    if LIBC.ptrace(ATTACH, thread, 0, 0) != 0:
        pytest.skip(f"threads cannot be traced here: {os.strerror(ctypes.get_errno())}")
    os.waitpid(thread, ANY_CHILD)
    try:
        yield
    finally:
        assert LIBC.ptrace(DETACH, thread, 0, 0) == 0


def test_the_others_serve_on_and_what_came_for_it_waits(echo, proxy, client):
    port = free_port()
    running = proxy(simple(port, [echo("a")]), flags=["--workers", "2"])
    clients = [client(port) for _ in range(CLIENTS)]
    assert all(one.ask(b"before") == "a" for one in clients)
    with held(thread_named(running.process, "worker-0")):
        busy = running.metrics().value(BUSY, worker="0")
        for one in clients:
            one.send(b"meanwhile")
        waiting = [one for one in clients if one.receive(PATIENCE) is None]
        assert running.metrics().value(BUSY, worker="0") == busy, "it stands still, and a scrape says so"
    assert waiting and len(waiting) < CLIENTS
    assert all(one.receive() == b"a|meanwhile" for one in waiting)
