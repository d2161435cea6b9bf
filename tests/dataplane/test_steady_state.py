"""In steady state a worker makes no futex call: it waits for nobody."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from harness.configs import simple
from harness.metrics import DATAGRAMS
from harness.udp import free_port
from harness.wait import until

DATAGRAMS_WANTED = 1_000_000   # through the worker, both ways together


def forwarded(proxy):
    metrics = proxy.metrics()
    return sum(metrics.sum(DATAGRAMS, direction=direction) for direction in ("upstream_out", "client_out"))


def cpu_time(pid, thread):
    return int(pathlib.Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])


def busiest_thread(proxy):
    """The worker, when there is one and it has traffic."""
    pid = proxy.process.pid
    threads = [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    before = {thread: cpu_time(pid, thread) for thread in threads}
    seen = forwarded(proxy)
    until("traffic flows", lambda: forwarded(proxy) > seen + 5_000)
    return max(threads, key=lambda thread: cpu_time(pid, thread) - before[thread])


def test_no_futex_call_over_a_million_datagrams(peers, proxy, fast_flows, tmp_path):
    strace = shutil.which("strace")
    if not strace:
        pytest.skip("needs strace")
    port = free_port()
    running = proxy(simple(port, peers(2).configs()), flags=["--workers", "1"])
    fast_flows(port, 16, 40_000)
    worker = busiest_thread(running)
    counted = tmp_path / "strace"
    # recvmmsg as well, so that an empty table cannot be taken for "none".
    tracer = subprocess.Popen([strace, "-qq", "-c", "-U", "name,calls", "-e", "trace=futex,recvmmsg", "-o", counted,
                               "-p", str(worker)], stderr=subprocess.PIPE, text=True)
    try:
        status = pathlib.Path(f"/proc/{running.process.pid}/task/{worker}/status")
        until("strace is attached", lambda: f"TracerPid:\t{tracer.pid}\n" in status.read_text()
              or tracer.poll() is not None)
        seen = forwarded(running)
        until("a million datagrams", lambda: forwarded(running) >= seen + DATAGRAMS_WANTED or tracer.poll() is not None,
              timeout=200, interval=0.1)
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)
        _, said = tracer.communicate(timeout=10)
    if "not permitted" in said:
        pytest.skip(f"strace may not attach: {said}")
    calls = {name: int(count) for name, count in re.findall(r"^(futex|recvmmsg)\s+(\d+)", counted.read_text(), re.M)}
    assert calls.get("recvmmsg", 0) > 1_000, f"{calls} {said} {counted.read_text()}"
    assert calls.get("futex", 0) == 0, calls
