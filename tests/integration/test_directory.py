"""The controller in directory mode with a proxy: the manifests of a folder, and what is wrong with them."""

import json

import pytest

from harness import objects
from harness.configs import entry
from harness.controller import directory
from harness.load import flows
from harness.metrics import DATAGRAMS
from harness.process import run
from harness.proxy import write_by_rename
from harness.udp import free_port
from harness.wait import until


def put(folder, name, manifest):
    """As an editor saves: JSON is YAML."""
    write_by_rename(folder / name, json.dumps(manifest, indent=1))


def peers_route(name, port, *peers, **more):
    return objects.route(name, port, [{"name": "a", "peers": [entry(peer) for peer in peers]}], **more)


@pytest.fixture
def manifests(tmp_path):
    folder = tmp_path / "manifests"
    folder.mkdir()
    return folder


@pytest.fixture
def gateway(controller, proxy, manifests):
    """Starts proxy and controller over the folder `manifests`; returns both."""
    def start():
        running = proxy(flags=["--wait-for-config"])
        return controller(directory(manifests)), running
    return start


def answered(client, port, name, payload=b"x"):
    """Waits until this peer answers on the port."""
    until(f"{name} answers on {port}", lambda: client(port).ask(payload, timeout=0.2) == name)


def test_route_appears_changes_and_goes(echo, client, manifests, gateway):
    port = free_port()
    first, second = echo("first"), echo("second")
    _, running = gateway()
    put(manifests, "game.yaml", peers_route("game", port, first))
    answered(client, port, "first")
    put(manifests, "game.yaml", peers_route("game", port, second))
    answered(client, port, "second")
    (manifests / "game.yaml").unlink()
    until("the listener is gone", lambda: running.status()["listeners"] == [])


def test_service_and_endpoint_slice(echo, client, manifests, gateway):
    port = free_port()
    peer = echo("a")
    for number, manifest in enumerate(objects.with_peers("game", [peer.address], peer.port)):
        put(manifests, f"{number}.yaml", manifest)
    put(manifests, "route.yaml", objects.route("game", port, [objects.service_upstream("game")]))
    gateway()
    answered(client, port, "a")


def test_endpoints_where_there_is_no_slice(echo, client, manifests, gateway):
    """As from a cluster without EndpointSlices."""
    port = free_port()
    ready, other = echo("ready"), echo("other")
    put(manifests, "service.yaml", objects.service("game"))
    put(manifests, "endpoints.yaml", {
        "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "game", "namespace": "default"},
        "subsets": [{"addresses": [{"ip": peer.address}],
                     "ports": [{"name": objects.PORT_NAME, "port": peer.port, "protocol": protocol}]}
                    for peer, protocol in ((ready, "UDP"), (other, "TCP"))]})
    put(manifests, "route.yaml", objects.route("game", port, [objects.service_upstream("game")]))
    gateway()
    answered(client, port, "ready")
    assert [client(port).ask(b"x") for _ in range(6)] == ["ready"] * 6


def test_a_file_that_is_being_written(echo, client, manifests, gateway):
    """Half of it keeps the former objects, also while others change; the whole of it counts."""
    port, other = free_port(), free_port()
    first, second = echo("first"), echo("second")
    put(manifests, "game.yaml", peers_route("game", port, first))
    running, _ = gateway()
    answered(client, port, "first")
    text = json.dumps(peers_route("game", port, second), indent=1)
    with open(manifests / "game.yaml", "w", encoding="utf-8") as file:
        file.write(text[:len(text) // 2])
        file.flush()
        put(manifests, "other.yaml", peers_route("other", other, second))
        answered(client, other, "second")
        assert client(port).ask(b"x") == "first" and "last good objects stay" in running.log()
        file.write(text[len(text) // 2:])
    answered(client, port, "second")


BAD = {
    "a typo in a field": (
        lambda route: route["spec"]["upstreams"][0].update(algoritm="RoundRobin"), ["spec.upstreams[0]", "algoritm"]),
    "an unknown operator": (
        lambda route: route["spec"]["rules"][0]["match"][0].update(operator="=~"),
        ["spec.rules[0].match[0].operator", "=~"]),
    "a value of the wrong length": (
        lambda route: route["spec"]["rules"][0]["match"][0].update(value="0x010203"),
        ["spec.rules[0].match[0].value", "0x010203"]),
    "a missing Service": (
        lambda route: route["spec"]["upstreams"][0].update(objects.service_upstream("nowhere"), peers=None),
        ["spec.upstreams[0]", "nowhere"]),
}


def without_nothing(value):
    """Leaves out keys that are None."""
    if isinstance(value, dict):
        return {key: without_nothing(inner) for key, inner in value.items() if inner is not None}
    return [without_nothing(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("fault", BAD)
def test_faults_are_named_and_the_others_keep_working(echo, client, manifests, gateway, fault):
    port, other = free_port(), free_port()
    peer = echo("a")
    change, said = BAD[fault]
    put(manifests, "good.yaml", peers_route("good", port, peer))
    bad = peers_route("bad", other, peer, rules=[
        {"name": "r", "upstream": "a", "match": [{"start": 0, "end": 2, "operator": "==", "value": "0x0102"}]}])
    change(bad)
    running, _ = gateway()
    answered(client, port, "a")
    put(manifests, "bad.yaml", without_nothing(bad))

    def line():
        return next((line for line in running.log().splitlines() if all(word in line for word in said)), None)
    found = until(f"a line with {said}", line)
    assert "bad.yaml" in found or "default/bad" in found
    answered(client, port, "a")
    (manifests / "bad.yaml").unlink()


def test_kill_of_the_controller_under_load(peer_process, load, client, manifests, gateway, controller):
    port = free_port()
    peers = [peer_process("a"), peer_process("b")]
    put(manifests, "game.yaml", peers_route("game", port, *peers))
    running, forwarding = gateway()
    until("a peer answers", lambda: client(port).ask(b"x", timeout=0.2))
    traffic = load(port, flows(20))
    until("traffic flows", lambda: forwarding.metrics().sum(DATAGRAMS, direction="client_out") > 1000)
    running.process.kill()
    again = controller(directory(manifests))
    put(manifests, "game.yaml", peers_route("game", port, *peers, session={"idleTimeoutSeconds": 61}))
    written = json.dumps({"idleTimeoutSeconds": 61})[1:-1]
    until("the new controller writes", lambda: written in (again.folder / "config.json").read_text())
    report = traffic.finish()
    assert report["lost"] == 0 and report["astray"] == 0 and report["sent"] > 0


def test_compile_prints_the_config_and_the_problems(echo, tmp_path):
    peer = echo("a")
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(json.dumps(peers_route("good", 4000, peer)))
    bad.write_text(json.dumps(objects.route("bad", 4001, [objects.service_upstream("nowhere")])))
    done = run("stevedore-controller", "compile", "-f", good)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["listeners"][0]["port"] == 4000
    done = run("stevedore-controller", "compile", "-f", good, bad)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if "bad" in line and "nowhere" in line]
    assert 4000 in [listener["port"] for listener in json.loads(done.stdout)["listeners"]]
