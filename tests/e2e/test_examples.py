"""manifests/examples, all at once on a real API server: accepted, resolved, programmed, and each forwards datagrams of
its protocol where its first comment says. Their pods run as processes on hosts of their own."""

import contextlib
import re
import struct

import pytest
import yaml

from harness import examples, objects
from harness.cluster import NODE_IP, ROOT
from harness.controller import Controller, kubernetes
from harness.metrics import DROPS
from harness.process import run
from harness.proxy import Proxy
from harness.udp import Client
from harness.wait import until

SPACE = "examples"
STATIC = {f"192.0.2.{number}": f"machine-{number}" for number in (11, 12, 13)}
ECHO = next(each for each in examples.documents(examples.FOLDER / "backup.yaml") if each["kind"] == "Deployment")


class World:
    """The examples as applied, with their pods, one controller and one proxy."""

    def __init__(self, cluster, folder, stack):
        self.cluster, self.pods = cluster, {}
        cluster.kubectl("create", "namespace", SPACE)
        self.machines = self._machines(folder, stack)
        for path in examples.FILES:
            self._apply(path, folder, stack)
        self.proxy = Proxy(folder, flags=["--wait-for-config"], namespace=cluster.namespace)
        stack.callback(self.proxy.close)
        source = [*kubernetes(cluster.kubeconfig), "--static-peers", "10.201.1.0/24"]
        self.controller = Controller(folder, source, namespace=cluster.namespace)
        stack.callback(self.controller.close)

    def _machines(self, folder, stack):
        """Hosts that stand for the addresses of static-peers.yaml: {address there: pod}."""
        made = {}
        for address, name in STATIC.items():
            workload = {**ECHO, "metadata": {"name": name}}
            made[address] = examples.Pod(self.cluster, folder, workload, 0)
            stack.callback(made[address].close)
            self.pods[made[address].name] = made[address]
        return made

    def _apply(self, path, folder, stack):
        text = path.read_text()
        for address, pod in self.machines.items():
            text = text.replace(address, pod.address)
        self.cluster.kubectl("apply", "-n", SPACE, "-f", "-", stdin=text)
        documents = list(yaml.safe_load_all(text))
        pods = [examples.Pod(self.cluster, folder, each, index) for each in documents
                if each["kind"] in examples.WORKLOADS for index in range(each["spec"]["replicas"])]
        for pod in pods:
            stack.callback(pod.close)
            self.pods[pod.name] = pod
        slices = [examples.endpoint_slice(each, [pod for pod in pods if examples.selects(each, pod)])
                  for each in documents if each["kind"] == "Service"]
        if slices:
            self.cluster.kubectl("apply", "-n", SPACE, "-f", "-", stdin=yaml.safe_dump_all(slices))

    def route(self, name):
        return self.cluster.get("svdr", name, SPACE)

    def client(self, port):
        return Client(port, NODE_IP, namespace=self.cluster.namespace)

    def ask(self, port, payload, timeout=1.0):
        """The pod that answers a new client; None when none does."""
        with self.client(port) as one:
            return one.ask(payload, timeout)

    def explain(self, port, payload):
        """The last line of the proxy's own `explain`."""
        done = run("stevedore-proxy", "explain", "-c", self.proxy.config_path, "--listener", port, "--hex",
                   payload.hex() or "0x")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().splitlines()[-1]

    def drops(self, port, reason):
        return self.proxy.metrics().sum(DROPS, listener=f"{SPACE}/{port}", reason=reason)

    def expect_drop(self, port, payload, reason):
        """The datagram is dropped, for this reason, as `explain` says."""
        assert self.explain(port, payload) == f"verdict: drop {reason}"
        before = self.drops(port, reason)
        with self.client(port) as one:
            one.send(payload)
            until(f"{reason} is counted", lambda: self.drops(port, reason) == before + 1)
            assert one.receive(timeout=0.05) is None

    def address_of(self, name):
        return f"{self.pods[name].address}:{self.pods[name].port}"


@pytest.fixture(scope="module")
def world(cluster, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        made = World(cluster, tmp_path_factory.mktemp("examples"), stack)
        for path in examples.FILES:
            until(f"{path.stem} is programmed", lambda name=path.stem: objects.condition(
                made.route(name), "Programmed").get("status") == "True", timeout=30, interval=0.1)
        yield made


@pytest.mark.parametrize("path", examples.FILES, ids=lambda path: path.stem)
def test_the_route_is_accepted_and_everything_it_names_is_there(world, path):
    live = world.route(path.stem)
    found = {kind: objects.condition(live, kind).get("reason")
             for kind in ("Accepted", "ResolvedRefs", "PeersAvailable", "Conflicted")}
    assert found == {"Accepted": "Accepted", "ResolvedRefs": "ResolvedRefs", "PeersAvailable": "PeersReady",
                     "Conflicted": None}


def test_each_file_says_what_it_is_and_uses_the_image_that_is_there():
    version = yaml.safe_load((ROOT / "helm" / "stevedore" / "Chart.yaml").read_text())["appVersion"]
    assert {path.stem for path in examples.FILES} == {
        "backup", "dns", "kcp", "quic", "static-peers", "syslog", "tftp", "versions"}
    for path in examples.FILES:
        assert re.match(r"# [A-Z].*\.\n#\n", path.read_text()), path
        for each in examples.documents(path):
            if each["kind"] in examples.WORKLOADS:
                images = [one["image"] for one in each["spec"]["template"]["spec"]["containers"]]
                assert images == [f"localhost/stevedore:{version}"]


def test_kcp(world):
    segment = struct.Struct("<IBBHIIII")   # conv, cmd, frg, wnd, ts, sn, una, len
    homes = {}
    for conversation in range(40):
        datagrams = [segment.pack(conversation, 81, 0, 128, 0, number, 0, 4) + b"data" for number in range(3)]
        answers = {world.ask(2614, datagram) for datagram in datagrams}   # each from another port
        assert len(answers) == 1
        homes[conversation] = answers.pop()
        assert world.explain(2614, datagrams[0]) == f"verdict: peer {world.address_of(homes[conversation])}"
    assert set(homes.values()) == {"kcp-server-0", "kcp-server-1", "kcp-server-2"}
    world.expect_drop(2614, b"abc", "short_key")


def test_versions(world):
    def header(version, flags=0):
        return bytes([flags, 0, 0, 0]) + version.to_bytes(2, "big") + b"hello"
    assert world.ask(7000, header(1)) == "game-v1-0"
    assert {world.ask(7000, header(2)) for _ in range(20)} == {"game-v2-0", "game-v2-1"}
    world.expect_drop(7000, header(3), "no_match")
    world.expect_drop(7000, header(1, 0x80), "denied")


def quic_long(connection_id):
    """A long header: flags, version 1, length of the destination's id, the id; then the source's."""
    return bytes([0xC3]) + struct.pack(">IB", 1, len(connection_id)) + connection_id + b"\x08sourceid" + bytes(20)


def quic_short(connection_id):
    return bytes([0x43]) + connection_id + bytes(20)


def test_quic(world):
    for number in range(3):
        own = bytes([number]) + b"1234567"
        for datagram in (quic_short(own), quic_long(own)):
            assert [world.ask(443, datagram) for _ in range(3)] == [f"quic-{number}"] * 3   # from three ports
            assert world.explain(443, datagram) == f"verdict: peer {world.address_of(f'quic-{number}')}"
    made_up = quic_long(b"\xf0random!")
    assert {world.ask(443, made_up) for _ in range(20)} == {"quic-0", "quic-1", "quic-2"}
    with world.client(443) as one:
        assert len({one.ask(made_up) for _ in range(5)}) == 1
    world.expect_drop(443, quic_short(b"\xf01234567"), "no_match")


def test_tftp(world):
    request = b"\0\1hello.txt\0octet\0"
    with world.client(69) as one:
        blocks = []
        for _ in range(2):   # the second request goes to the server's own port again
            one.send(request)
            blocks.append(one.receive())
            one.send(b"\0\4\0\1")
    assert blocks[0][:4] == b"\0\3\0\1" and blocks[0][4:].decode().strip() in ("tftp-0", "tftp-1")
    assert blocks[0] == blocks[1]


def dns_query(number, flags=0x0100, name=b"\4game\4test\0"):
    return struct.pack(">6H", number, flags, 1, 0, 0, 0) + name + struct.pack(">2H", 16, 1)


def test_dns(world):
    answers = []
    with world.client(53) as one:
        for number in range(20):
            query = dns_query(number)
            one.send(query)
            reply = one.receive()
            assert struct.unpack(">6H", reply[:12]) == (number, 0x8180, 1, 1, 0, 0)
            assert reply[12:len(query)] == query[12:]
            answers.append(reply[len(query) + 13:].decode())
    assert {name: answers.count(name) for name in set(answers)} == {"dns-0": 10, "dns-1": 10} or (
        min(answers.count("dns-0"), answers.count("dns-1")) >= 8), answers   # each worker counts its own turns
    world.expect_drop(53, dns_query(7, flags=0x8180), "denied")
    assert objects.condition(world.route("dns"), "PeersAvailable")["status"] == "True", "its probe is answered"


def test_syslog(world):
    lines = [f"<165>1 2026-01-01T00:00:00Z host app {number} - - hello {number}" for number in range(6)]
    for line in lines:
        with world.client(514) as one:   # each from another port
            one.send(line.encode())
    collectors = [world.pods["syslog-0"], world.pods["syslog-1"]]
    until("all lines are there", lambda: sum(len(pod.log().splitlines()) for pod in collectors) == len(lines))
    found = sorted(sorted(pod.log().splitlines()) for pod in collectors)
    assert found == [[], lines], "of one host, at one collector"
    world.expect_drop(514, b"GET / HTTP/1.1\r\n", "no_match")


def test_static_peers(world):
    answers = [world.ask(7100, b"hello") for _ in range(60)]
    assert set(answers) == {"machine-11-0", "machine-12-0"}
    assert 34 <= answers.count("machine-11-0") <= 46, "two of three"


def test_static_peers_are_refused_where_nobody_permitted_them(world):
    """As the file stands: none of its addresses is in the permitted range."""
    text = (examples.FOLDER / "static-peers.yaml").read_text().replace("name: static-peers", "name: elsewhere", 1)
    world.cluster.kubectl("apply", "-n", SPACE, "-f", "-", stdin=text)
    refused = until("its status is there", lambda: objects.condition(world.route("elsewhere"), "Accepted"))
    assert (refused["status"], refused["reason"]) == ("False", "PeerNotPermitted")
    assert "--static-peers" in refused["message"]
    world.cluster.kubectl("delete", "svdr", "elsewhere", "-n", SPACE)


def test_backup(world):
    assert {world.ask(7200, b"hello") for _ in range(20)} == {"arena-0", "arena-1"}
    for name in ("arena-0", "arena-1"):
        world.pods[name].close()
    until("the standby answers", lambda: world.ask(7200, b"hello", timeout=0.2) == "arena-standby-0", timeout=20)
    assert {world.ask(7200, b"hello") for _ in range(10)} == {"arena-standby-0"}
    until("the status says so", lambda: objects.condition(world.route("backup"), "PeersAvailable").get(
        "reason") == "UsingBackup", interval=0.1)


def test_all_of_them_at_once_is_one_command(world):
    """`kubectl apply -f manifests/examples` takes the folder, and nothing for a machine without a cluster is in it."""
    done = world.cluster.kubectl("apply", "--dry-run=server", "-n", SPACE, "-f", str(examples.FOLDER))
    assert len(done.stdout.splitlines()) == sum(len(examples.documents(path)) for path in examples.FILES)
