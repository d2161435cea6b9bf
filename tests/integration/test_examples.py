"""The ancestor's two worked examples, as its files and as StevedoreRoutes: the same decisions."""

import json
import struct

import pytest

from harness import objects
from harness.process import run
from harness.udp import free_port

PROBE = {"HeartbeatIntervalSec": 5, "HeartbeatTimeoutSec": 3, "SuccessTimes": 1, "FailedTimes": 1}
HEALTH = {"periodSeconds": 5, "timeoutSeconds": 3, "successThreshold": 1, "failureThreshold": 1}


def ancestor_file(port, upload):
    """With a comment, as people write them."""
    server = {"ListenAddr": f"127.0.0.1:{port}", "ListenParallel": 4, "EventSize": 1024, "EventChanSize": 1024,
              "BatchSize": 32, "BufSize": 4096, "TaskPoolSize": 64, "TaskPoolTimeoutSec": 10, "MaxTryTimes": 3}
    whole = {"PProf": {"Open": False, "ServerAddr": ":0"}, "Server": server,
             "Session": {"RecycleIntervalSec": 10, "TimeoutSec": 30}, "Upload": upload}
    return "// the example\n" + json.dumps(whole, indent=2).replace('"Upload"', '/* routing */ "Upload"')


def ancestor_peers(peers, backup):
    return [{"IP": peer.address, "Port": peer.port, "Weight": 1, "Backup": peer is backup} for peer in peers]


def connection_ids(peers, backup):
    return {"DefaultUpstream": "kcp", "Upstreams": [
        {"Name": "kcp", "Type": "chash", "KeyBytes": "0:4", "HealthChecker": PROBE,
         "Peers": ancestor_peers(peers, backup)}]}


def versions(first, second, values=("0x0001", "0x0002")):
    return {"DefaultUpstream": "deny",
            "Routes": [{"KeyBytes": "4:6", "Operator": "==", "Value": value, "Upstream": name}
                       for name, value in zip(("ver1", "ver2"), values)],
            "Upstreams": [{"Name": name, "Type": "rr", "HealthChecker": PROBE, "Peers": ancestor_peers(peers, None)}
                          for name, peers in (("ver1", first), ("ver2", second))]}


def connection_id_route(port, peers, backup):
    return objects.route("kcp", port, [{
        "name": "kcp", "algorithm": "ConsistentHash", "hashKey": {"start": 0, "end": 4}, "healthCheck": HEALTH,
        "peers": [peer.config() for peer in peers if peer is not backup], "backup": {"peers": [backup.config()]}}])


def versions_route(port, first, second):
    upstreams = [{"name": name, "affinity": "None", "healthCheck": HEALTH, "peers": [peer.config() for peer in peers]}
                 for name, peers in (("ver1", first), ("ver2", second))]
    rules = [{"name": name, "upstream": name, "match": [{"start": 4, "end": 6, "operator": "==", "value": value}]}
             for name, value in (("ver1", "0x0001"), ("ver2", "0x0002"))]
    return objects.route("versions", port, upstreams, default="deny", rules=rules)


def test_connection_ids_as_the_ancestors_file(echo, client, proxy):
    port = free_port()
    peers = [echo(name) for name in ("backup", "a", "b")]
    proxy(ancestor_file(port, connection_ids(peers, peers[0])))
    one = client(port)
    answers = {key: one.ask(struct.pack("<I", key) + bytes(20)) for key in range(50)}
    assert set(answers.values()) == {"a", "b"}
    assert answers == {key: one.ask(struct.pack("<I", key) + b"more") for key in range(50)}
    assert one.ask(b"abc", timeout=0.2) is None


def version_datagram(version):
    return b"flag" + struct.pack(">HH", version, 7) + bytes(16)


def test_versions_as_the_ancestors_file(echo, client, proxy):
    port = free_port()
    proxy(ancestor_file(port, versions([echo("old")], [echo("new1"), echo("new2")])))
    one = client(port)
    assert [one.ask(version_datagram(1)) for _ in range(4)] == ["old"] * 4
    assert {one.ask(version_datagram(2)) for _ in range(4)} == {"new1", "new2"}
    assert one.ask(version_datagram(3), timeout=0.2) is None


def test_one_byte_value_for_two_bytes_is_a_named_error(echo, tmp_path):
    path = tmp_path / "stevedore.config"
    path.write_text(ancestor_file(free_port(), versions([echo("old")], [echo("new")], ("0x01", "0x0002"))))
    for arguments in (["check", "-c", path], ["-c", path, "--metrics-address", "127.0.0.1:0"]):
        done = run("stevedore-proxy", *arguments)
        said = done.stdout + done.stderr
        assert done.returncode == 1
        assert "Routes[0]" in said and "4:6" in said and "0x01" in said, said


def verdicts(config_path, port, datagrams):
    """The last line of `explain` for each datagram."""
    said = []
    for datagram in datagrams:
        done = run("stevedore-proxy", "explain", "-c", config_path, "--listener", port, "--hex", "0x" + datagram.hex())
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.strip().splitlines()[-1])
    return said


def compiled(tmp_path, route):
    manifest = tmp_path / "route.yaml"
    manifest.write_text(json.dumps(route))   # JSON is YAML
    done = run("stevedore-controller", "compile", "-f", manifest)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "compiled.json"
    path.write_text(done.stdout)
    return path


class FarPeer:
    """A peer that is only spoken of: the cluster's rules refuse loopback addresses, explain sends nothing."""

    def __init__(self, address, port=2345):
        self.address, self.port = address, port

    def config(self):
        return {"address": self.address, "port": self.port}


@pytest.mark.parametrize("example", ["connection ids", "versions"])
def test_file_and_route_decide_alike(tmp_path, example):
    port = 2614
    far = [FarPeer(f"10.0.0.{number}") for number in range(1, 6)]
    if example == "connection ids":
        upload, route = connection_ids(far, far[0]), connection_id_route(port, far, far[0])
        datagrams = [struct.pack("<I", key) + bytes(20) for key in range(20)] + [b"", b"abc", b"abcd"]
    else:
        # One peer each: `explain` of a round robin speaks of its first pick.
        upload, route = versions(far[:1], far[1:2]), versions_route(port, far[:1], far[1:2])
        datagrams = [version_datagram(version) for version in range(4)] + [b"", b"flag\0", b"flag\0\1"]
    path = tmp_path / "stevedore.config"
    path.write_text(ancestor_file(port, upload))
    told = verdicts(path, port, datagrams)
    assert told == verdicts(compiled(tmp_path, route), port, datagrams)
    assert len({line for line in told if line.startswith("verdict: peer ")}) > 1
    assert any(line.startswith("verdict: drop ") for line in told)


@pytest.mark.parametrize("form", ["native", "ancestor"])
def test_dump_of_a_dump_is_identical(tmp_path, form):
    far = [FarPeer(f"10.0.0.{number}") for number in range(1, 4)]
    path = tmp_path / "config"
    if form == "ancestor":
        path.write_text(ancestor_file(2614, connection_ids(far, far[0])))
    else:
        path.write_text(json.dumps({"version": 1, "listeners": [], "upstreams": [
            {"name": "a", "peers": [peer.config() for peer in far]}]}))
    first = run("stevedore-proxy", "dump", "-c", path)
    assert first.returncode == 0, first.stderr
    (tmp_path / "dumped").write_text(first.stdout)
    assert run("stevedore-proxy", "dump", "-c", tmp_path / "dumped").stdout == first.stdout
    assert json.loads(first.stdout)["version"] == 1
