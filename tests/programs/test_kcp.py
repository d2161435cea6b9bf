"""KCP conversations stay whole, each on one server, while servers come and go."""

import json
import pathlib
import random
import subprocess

import pytest

from harness.configs import KEY, simple
from harness.fixtures import closing
from harness.metrics import DATAGRAMS
from harness.programs import Daemon, PortPeer, port_in_log, python_with
from harness.udp import free_port
from harness.wait import until

MAIN = pathlib.Path(__file__).parent / "kcp_main.py"
TESTS = str(MAIN.parents[1])
SIZE = 2_000_000     # bytes each way


@pytest.fixture(scope="module")
def python():
    return python_with("kcp==0.1.6")


class Server(PortPeer):
    def __init__(self, python, log):
        self._daemon = Daemon([python, "-B", MAIN, "server"], log, port_in_log, env={"PYTHONPATH": TESTS})
        super().__init__(self._daemon.ready)
        self.report = None   # {conversation: {received, sha256, sources}}, once it has ended

    def close(self):
        if self.report is None:
            self._daemon.close()
            self.report = json.loads(self._daemon.wait_for_log(r"Report (.*)").group(1))


class Client:
    """Its conversations wait with their last message until `finish`."""

    def __init__(self, python, port, numbers, size):
        self._process = subprocess.Popen(
            [python, "-B", MAIN, "client", str(port), json.dumps(numbers), str(size)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": TESTS})

    def running(self):
        return self._process.poll() is None

    def finish(self):
        """{conversation: {received, sha256, sent_sha256}}"""
        output, _ = self._process.communicate(timeout=120)
        assert self._process.returncode == 0
        report = json.loads(output)
        assert report["foreign"] == 0, "datagrams of conversations that are another client's"
        return report["conversations"]

    def close(self):
        if self.running():
            self._process.kill()
            self._process.communicate()


@pytest.fixture
def server(python, tmp_path):
    with closing(lambda name: Server(python, tmp_path / f"{name}.log")) as make:
        yield make


@pytest.fixture
def conversations(python, proxy):
    with closing(lambda *arguments: Client(python, *arguments)) as make:
        yield make


def check(verdicts, size):
    for number, verdict in verdicts.items():
        assert verdict["received"] == size and verdict["sha256"] == verdict["sent_sha256"], f"conversation {number}"


def after_datagrams(running, count):
    """Waits until that many more went back to clients."""
    sent = lambda: running.metrics().sum(DATAGRAMS, direction="client_out")  # noqa: E731
    begin = sent()
    until(f"{count} datagrams", lambda: sent() >= begin + count, timeout=30)


def test_conversations_stay_while_a_server_joins_and_leaves(server, proxy, conversations):
    port = free_port()
    servers = [server(name) for name in "abcd"]
    three = simple(port, servers[:3], affinity="Key", **KEY)
    running = proxy(three)
    numbers = random.Random(7).sample(range(1, 1 << 31), 48)
    long, short = numbers[:8], numbers[8:]
    client = conversations(port, [long[:4], long[4:]], SIZE)
    after_datagrams(running, 2000)

    running.apply(simple(port, servers, affinity="Key", **KEY))
    check(conversations(port, [short[:20], short[20:]], 10_000).finish(), 10_000)
    after_datagrams(running, 1000)
    running.apply(three)
    after_datagrams(running, 1000)

    assert client.running(), "the last messages were held back"
    verdicts = client.finish()
    check(verdicts, SIZE)
    assert sorted(map(int, verdicts)) == sorted(long)

    running.check_conservation()
    for each in servers:
        each.close()
    for number in map(str, numbers):
        seen = [each.report[number] for each in servers if number in each.report]
        assert len(seen) == 1, f"conversation {number} on {len(seen)} servers"
        assert seen[0]["sources"] == 1, "one stable source port"
    assert all(servers[index].report for index in range(4)), "every server had conversations"
    assert not set(servers[3].report) & set(map(str, long)), "no live conversation moved to the server that joined"
