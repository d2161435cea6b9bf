"""System calls of a proxy's worker, counted."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from harness.metrics import DATAGRAMS
from harness.wait import until


def forwarded(proxy):
    """Datagrams so far, both ways together."""
    metrics = proxy.metrics()
    return sum(metrics.sum(DATAGRAMS, direction=direction) for direction in ("upstream_out", "client_out"))


def _cpu_time(pid, thread):
    return int(pathlib.Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])


def busiest_thread(proxy):
    """The worker, when there is one and it has traffic."""
    pid = proxy.process.pid
    threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    before = {thread: _cpu_time(pid, thread) for thread in threads}
    seen = forwarded(proxy)
    until("traffic flows", lambda: forwarded(proxy) > seen + 5_000)
    return max(threads, key=lambda thread: _cpu_time(pid, thread) - before[thread])


class Count:
    """`calls` is there once the counting has ended."""

    def __init__(self, tracer):
        self._tracer = tracer
        self.calls = {}

    def ended(self):
        return self._tracer.poll() is not None


@contextlib.contextmanager
def counting(proxy, worker, folder, names=()):
    """Counts a thread's system calls, all or those of these names. It is slow: a load that it can bear becomes too much,
    and queues form. Skips the test where strace is missing or may not attach."""
    strace = shutil.which("strace")
    if not strace:
        pytest.skip("needs strace")
    table = folder / "strace"
    only = ["-e", "trace=" + ",".join(names)] if names else []
    tracer = subprocess.Popen([strace, "-qq", "-c", "-U", "name,calls", *only, "-o", table, "-p", str(worker)],
                              stderr=subprocess.PIPE, text=True)
    count = Count(tracer)
    try:
        status = pathlib.Path(f"/proc/{proxy.process.pid}/task/{worker}/status")
        until("strace is attached", lambda: f"TracerPid:\t{tracer.pid}\n" in status.read_text() or count.ended())
        yield count
    finally:
        if not count.ended():
            tracer.send_signal(signal.SIGINT)
        _, said = tracer.communicate(timeout=10)
    if "not permitted" in said:
        pytest.skip(f"strace may not attach: {said}")
    found = re.findall(r"^(\w+)\s+(\d+)$", table.read_text(), re.M)
    count.calls.update({name: int(calls) for name, calls in found if name != "total"})
