"""QUIC by quic-go: downloads are whole, and with server ids in the connection ids they survive a change of port."""

import hashlib
import json
import os
import random

import pytest

from harness.configs import config, listener, rule, simple, upstream
from harness.fixtures import closing
from harness.programs import Daemon, PortPeer, checked, go_program, port_in_log
from harness.udp import free_port

SIZE = 50_000_000
IDS = {"a": 0xA1, "b": 0xB2, "c": 0xC3}


@pytest.fixture(scope="module")
def quic():
    return go_program("programs/quic")


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """(path, checksum) of what the servers send."""
    path = tmp_path_factory.mktemp("quic") / "content"
    raw = random.Random(1).randbytes(SIZE)
    path.write_bytes(raw)
    yield path, hashlib.sha256(raw).hexdigest()
    path.unlink()


class Server(PortPeer):
    def __init__(self, quic, name, path, log):
        self.name, self.id = name, IDS[name]
        self._daemon = Daemon([quic, "-id", self.id, "-file", path], log, port_in_log)
        super().__init__(self._daemon.ready)
        self.log, self.close = self._daemon.log, self._daemon.close


@pytest.fixture
def servers(quic, content, tmp_path):
    with closing(Server) as make:
        yield [make(quic, name, content[0], tmp_path / f"{name}.log") for name in IDS]


def fetch(quic, port, connections, change=""):
    """What the client says of each connection."""
    return json.loads(checked([quic, "-target", f"127.0.0.1:{port}", "-connections", connections, "-change", change],
                              env={**os.environ, "QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING": "true"}))


def check(results, checksum):
    for result in results:
        assert (result["error"], result["bytes"], result["sha256"]) == ("", SIZE, checksum)


def test_flows_stay_on_their_server(servers, proxy, quic, content):
    port = free_port()
    proxy(simple(port, servers), flags=["--workers", "2"])
    results = fetch(quic, port, 5)
    check(results, content[1])
    # Of five flows one of the two workers has three or more, and goes round.
    assert {result["server"] for result in results} == set(IDS.values())


def by_server_id(port, servers):
    """RFC 9000: the first byte of the destination's connection id is byte 1 after a short header. A long header (first
    bit set) has the id's length in byte 5 and the id from byte 6 on; these servers' ids have 8 bytes. Until a client
    knows its server's ids, it makes up one of its own: then its flow decides."""
    rules = []
    for server in servers:
        own = f"0x{server.id:02x}"
        rules.append(rule(f"short-{server.name}", server.name, (0, 1, "!&=", "0x80"), (1, 2, "==", own)))
        rules.append(rule(f"long-{server.name}", server.name, (0, 1, "&=", "0x80"), (5, 7, "==", f"0x08{own[2:]}")))
    rules.append(rule("new", "any", (0, 1, "&=", "0x80")))
    return config([listener(port, rules=rules, default="deny")],
                  [upstream(servers, "any"), *(upstream([server], server.name) for server in servers)])


@pytest.mark.parametrize("change", ["migrate", "rebind"])
def test_connections_survive_a_change_of_port(servers, proxy, quic, content, change):
    port = free_port()
    running = proxy(by_server_id(port, servers), flags=["--workers", "2"])
    results = fetch(quic, port, 5, change)
    check(results, content[1])
    assert {result["server"] for result in results} == set(IDS.values())
    assert all(len(set(result["ports"])) == 2 for result in results)
    served = [line for server in servers for line in server.log().splitlines() if line.startswith("Served ")]
    # Each server saw its connection come from one port of the proxy, then from another.
    moved = [line for line in served if line.split()[1].removeprefix("from=") != line.split()[2].removeprefix("to=")]
    assert len(served) == len(moved) == len(results), served
    assert running.check_conservation().sum("stevedore_proxy_dropped_datagrams_total", direction="up") == 0
