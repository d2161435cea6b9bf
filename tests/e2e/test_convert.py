"""`stevedore-controller convert`: what it makes of other programs' configuration is accepted by the API server, and its
datagrams go where the old ones went. The inputs are those of tests/golden/convert."""

import re
import subprocess

import pytest
import yaml

from harness import docs, objects
from harness.cluster import ROOT
from harness.process import binary
from harness.wait import until

GOLDEN = ROOT / "tests" / "golden" / "convert"
ALL, BAD, LEFT_OUT = 0, 1, 3


def convert(*arguments, stdin="", folder=GOLDEN):
    """`convert` as one types it: its CompletedProcess."""
    return subprocess.run([binary("stevedore-controller"), "convert", *map(str, arguments)], cwd=folder, input=stdin,
                          capture_output=True, text=True, timeout=30)


def case(name, replace=None):
    """The golden case, by its own args.txt; addresses in its files replaced by those of `replace`."""
    words = (GOLDEN / name / "args.txt").read_text().split()
    if not replace:
        return convert(*words, folder=GOLDEN / name)
    [file] = [word for word in words if (GOLDEN / name / word).is_file()]
    text = (GOLDEN / name / file).read_text()
    for old, new in replace.items():
        text = re.sub(rf"\b{re.escape(old)}\b", new, text)
    return convert(*("-" if word == file else word for word in words), stdin=text)


@pytest.fixture
def apply(cluster):
    """`apply(output)`: kubectl apply as the documents say, an unknown field being an error. Deleted after the test."""
    applied = []

    def run(output):
        for name in sorted({route["metadata"]["namespace"] for route in yaml.safe_load_all(output)}):
            cluster.kubectl("create", "namespace", name, check=False)
        applied.append(output)
        return cluster.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", stdin=output)

    yield run
    for output in applied:
        cluster.kubectl("delete", "--ignore-not-found", "-f", "-", stdin=output)


def service(cluster, hosted, namespace, name, port, port_name, target=7777):
    """A Service with one peer, which answers with the Service's name. Addresses of peers follow from that."""
    cluster.kubectl("create", "namespace", namespace, check=False)
    peer = hosted(name, target)
    entry = objects.service(name, namespace, port)
    slice_ = objects.endpoint_slice(name, [peer.address], target, namespace)
    entry["spec"]["ports"][0]["name"] = slice_["ports"][0]["name"] = port_name
    cluster.apply([entry, slice_])


def answered(ask, expected, payload=b"datagram"):
    for port, name in expected.items():
        until(f"port {port} is answered by {name}", lambda port=port, name=name: ask(port, payload) == name)


# case -> (Services that its routes name: (namespace, name, port, name of the port),
#          who answers at which port,
#          what is said of things that are left out)
CASES = {
    "ingress-nginx": (
        [("kube-system", "kube-dns", 53, "dns"), ("games", "arena", 9000, "game"), ("games", "lobby", 27015, "game")],
        {53: "kube-dns", 7000: "arena", 27015: "lobby"},
        ["games/arena:9000:PROXY", "proxy-stream-responses", "loadBalancerSourceRanges", "data/postgres:5432"]),
    "transportserver": (
        [("names", "coredns", 5353, "dns"), ("voice", "relay", 10000, "rtp"), ("names", "radius", 1812, "auth")],
        {5353: "coredns", 10000: "relay"},
        ["TransportServer names/dns-tcp", "loadBalancingMethod: \"least_conn\"", "serverSnippets", "maxConns: 200",
         "backup: \"radius-elsewhere\"", "udpResponses: 1"]),
    "traefik-values": (
        [("voicechat", "teamspeak", 9987, "voice"), ("voicechat", "resolver-green", 53, "dns")],
        {9987: "teamspeak", 53: "resolver-green"},
        ["spec.routes[0].services[0]", "IngressRoute voicechat/page"]),
}


@pytest.mark.parametrize("name", CASES)
def test_routes_are_accepted_and_forward(cluster, apply, hosted, gateway_of, ask, name):
    services, answers, left_out = CASES[name]
    done = case(name)
    assert done.returncode == LEFT_OUT, done.stderr
    for text in left_out:
        assert text in done.stderr, f"{text} is not in\n{done.stderr}"
    for entry in services:
        service(cluster, hosted, *entry)
    applied = apply(done.stdout)
    assert applied.stdout.count("serverside-applied") == len(list(yaml.safe_load_all(done.stdout)))
    gateway = gateway_of(flags=["--class", "edge"] if name == "transportserver" else [])
    answered(ask, answers)
    for route in yaml.safe_load_all(done.stdout):
        gateway.wait_for_condition(route["metadata"]["name"], route["metadata"]["namespace"], "Programmed", "True")


def test_peers_of_the_ancestor_get_their_datagrams_with_the_flag_of_the_note(apply, hosted, gateway_of, ask):
    peers = {old: hosted(name, 2345) for old, name in (
        ("10.0.0.11", "one-a"), ("10.0.0.12", "one-b"), ("10.0.0.21", "two"), ("10.0.0.29", "spare"))}
    done = case("ancestor", {old: peer.address for old, peer in peers.items()})
    assert done.returncode == LEFT_OUT
    assert "Server.ListenParallel: 4: ignored" in done.stderr
    apply(done.stdout)
    [route] = yaml.safe_load_all(done.stdout)
    needed = re.search(r"note: .*--static-peers (\S+) ", done.stderr).group(1)
    gateway = gateway_of(flags=["--static-peers", needed])
    gateway.wait_for_condition(route["metadata"]["name"], "games", "Programmed", "True")
    version = {1: bytes(4) + b"\x00\x01", 2: bytes(4) + b"\x00\x02"}
    answered(ask, {2614: "two"}, version[2])
    assert {ask(2614, version[1]) for _ in range(16)} == {"one-a", "one-b"}
    assert ask(2614, b"\x80" + bytes(7)) is None       # a rule that denies
    assert ask(2614, b"\x00" + bytes(7)) is None       # no rule


def test_every_case_is_accepted_by_the_api_server(apply):
    texts = [(folder / "expected.yaml").read_text() for folder in sorted(GOLDEN.iterdir())]
    assert sum(apply(text).stdout.count("serverside-applied") for text in texts if text) >= 15


def test_wrong_input_is_named_and_prints_nothing():
    done = case("wrong")
    assert done.returncode == BAD and done.stdout == ""
    assert 'ConfigMap ingress-nginx/udp-services: data["9000"]: "games/arena": must be' in done.stderr
    assert "say --entry-point nowhere=PORT" in done.stderr
    assert convert("no-such-file.yaml").returncode == BAD


def test_a_flag_takes_one_value():
    done = convert("--entry-point", "game=9987", "--entry-point=dns=53", "traefik-values/ingressrouteudp.yaml")
    assert done.returncode == LEFT_OUT and 'entry point "game" (--entry-point game=9987)' in done.stdout


def pairs():
    """docs/migration.md: the files before, by name, and what comes after them."""
    found, before = [], {}
    for block in docs.blocks(ROOT / "docs" / "migration.md", "yaml", "json"):
        if block.word("file"):
            before[block.word("file")] = block.text
        elif before:
            found.append((before, block.text))
            before = {}
    return found


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: next(iter(pair[0])))
def test_documents_show_what_convert_prints(tmp_path, pair):
    before, after = pair
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    done = convert(*before, folder=tmp_path)
    assert done.stdout == after
    assert done.returncode == ALL, done.stderr


def test_documents_show_all_sources():
    assert len(pairs()) == 4


def test_all_carried_over_is_exit_zero():
    services = yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "udp-services"},
                               "data": {"53": "kube-system/kube-dns:53"}})
    done = convert("-", stdin=services)
    assert done.returncode == ALL and done.stderr == ""
    [route] = yaml.safe_load_all(done.stdout)
    assert route["metadata"] == {"name": "kube-dns-53", "namespace": "kube-system"}


def test_help_tells_the_exit_codes():
    text = " ".join(convert("--help").stdout.split())
    assert "Exit 0 when all is carried over, 3 when something is not, 1 when the input is wrong" in text
