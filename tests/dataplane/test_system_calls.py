"""System calls for each datagram from clients to peers, where datagrams wait: strace slows the worker down, so that a load
which it bears by far without becomes one that never lets its queues run dry."""

import json
import os
import subprocess

import pytest

from harness.configs import simple
from harness.strace import busiest_thread, counting, forwarded
from harness.udp import free_port
from harness.wait import until

SECONDS = 60   # of load, at the most


class Load:
    """stevedore-bench load on loopback: one peer that only counts, clients that send as fast as told, until closed."""

    def __init__(self, gro):
        self._process = subprocess.Popen([os.environ["STEVEDORE_BENCH"], "load", "127.0.0.1", "1", "gro" if gro else "plain"],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.peers = [{"address": "127.0.0.1", "port": port} for port in json.loads(self._process.stdout.readline())]

    def send(self, port, rate, **plan):
        words = " ".join(f"{name}={value}" for name, value in plan.items())
        self._tell(f"open target=127.0.0.1:{port} source=127.0.0.1 echo=0 {words}")
        assert json.loads(self._process.stdout.readline())["warm"]
        self._tell(f"run rate={rate} seconds={SECONDS} pids={self._process.pid}")

    def _tell(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


@pytest.fixture
def load(proxy):
    made = []
    yield lambda gro: made.append(Load(gro)) or made[-1]
    for one in made:
        one.close()


CASES = {   # (what the load sends, datagrams wanted, calls for each at the most)
    "many flows": ({"rate": 60_000, "flows": 1_000}, 200_000, 1.1),
    "one bulk flow": ({"rate": 400_000, "flows": 1, "size": 1_200, "burst": 64}, 1_000_000, 0.1),
    "one bulk flow, segmented by its sender": ({"rate": 200_000, "flows": 1, "size": 1_200, "burst": 32, "gso": 1}, 1_000_000, 0.1),
}


@pytest.mark.parametrize("name", CASES)
def test_system_calls_per_datagram(name, proxy, load, tmp_path):
    plan, wanted, most = CASES[name]
    port = free_port()
    sender = load("gso" in plan)
    running = proxy(simple(port, sender.peers), flags=["--workers", "1"])
    sender.send(port, **plan)
    with counting(running, busiest_thread(running), tmp_path) as count:
        seen = forwarded(running)
        until("enough datagrams", lambda: forwarded(running) >= seen + wanted or count.ended(), timeout=SECONDS, interval=0.1)
        datagrams = forwarded(running) - seen
    calls = {call: number / datagrams for call, number in count.calls.items()}
    print(f"\n{name}: {sum(calls.values()):.3f} calls for each of {datagrams} datagrams: "
          + ", ".join(f"{call} {each:.4f}" for call, each in sorted(calls.items(), key=lambda item: -item[1])))
    assert count.calls.get("recvmmsg", 0) > 100, count.calls
    assert sum(calls.values()) <= most, calls
