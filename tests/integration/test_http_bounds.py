"""The HTTP endpoints of both programs under clients that mean harm: bounds hold, scrapes and datagrams go on."""

import concurrent.futures
import itertools
import json
import os
import socket
import time

import pytest

from harness import objects
from harness.configs import entry, simple
from harness.controller import directory
from harness.load import flows
from harness.metrics import http_get
from harness.slowloris import Slowloris
from harness.udp import free_port

PROGRAMS = ["proxy", "controller"]
MOST_CONNECTIONS = 64
SIEGE = 6000   # connections opened until it ends: each of the thousand several times
FEW = 16   # upstream sockets of the load, the connection that waits for a place
SCRAPE_SECONDS = 5.0   # Prometheus gives up after 10


@pytest.fixture
def target(request, tmp_path, proxy, controller, echo, peer_process):
    """Starts the named program with a route in it; returns (process, address, listener's port)."""
    def start(name):
        port = free_port()
        if name == "proxy":
            running = proxy(simple(port, [peer_process("a")]))
        else:
            folder = tmp_path / "manifests"
            folder.mkdir()
            route = objects.route("game", port, [{"name": "a", "peers": [entry(echo("a"))]}])
            (folder / "route.yaml").write_text(json.dumps(route))
            running = controller(directory(folder))
        return running.process, running.metrics_address, port
    return start


def raw(address, text, timeout=15.0):
    """What comes back to these bytes, up to the end of the connection."""
    host, port = address.rsplit(":", 1)
    answer = b""
    with socket.create_connection((host, int(port)), timeout) as sock:
        try:
            sock.sendall(text)
            while part := sock.recv(65536):
                answer += part
        except (ConnectionResetError, BrokenPipeError):
            pass   # it closed before it read all
    return answer


def sockets_of(process):
    """How many sockets the process holds."""
    held = 0
    for number in os.listdir(f"/proc/{process.pid}/fd"):
        try:
            held += os.readlink(f"/proc/{process.pid}/fd/{number}").startswith("socket:")
        except FileNotFoundError:
            continue
    return held


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_thousand_slow_connections_stop_neither_scrapes_nor_datagrams(target, load, name):
    process, address, port = target(name)
    traffic = load(port, flows(10), rate=500) if name == "proxy" else None
    before = sockets_of(process)
    slow = Slowloris(address)
    try:
        assert slow.arrived.wait(60), f"{slow.opened} opened, {slow.closed} closed"
        took = []
        for path in itertools.islice(itertools.cycle(("/metrics", "/healthz", "/readyz")), 10_000):
            if slow.opened >= SIEGE:
                break
            begin = time.monotonic()
            status, body = http_get(address, path, timeout=SCRAPE_SECONDS)
            took.append(time.monotonic() - begin)
            assert status == 200 and body, path
            assert sockets_of(process) <= before + MOST_CONNECTIONS + FEW
        assert slow.opened >= SIEGE and len(took) > 20
    finally:
        slow.close()
    print(f"{name}: slowest answer {max(took):.3f} s, {slow.opened} opened, {slow.closed} closed")
    if traffic:
        report = traffic.finish()
        assert report["lost"] == 0 and report["sent"] > 0


REQUESTS = {
    "1 MB of header": (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * (1 << 20) + b"\r\n\r\n", b""),
    "body": (b"POST /metrics HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000, b""),
    "bare GET": (b"GET\r\n\r\n", b""),
    "NUL": (b"GET /met\0rics HTTP/1.1\r\n\r\n", b""),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b""),
    "long query": (b"GET /explain?hex=" + b"00" * 100_000 + b" HTTP/1.1\r\n\r\n", b""),
    "absolute URI": (b"GET http://elsewhere/metrics HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 404 "),
    "POST": (b"POST /metrics HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 405 "),
    "above the root": (b"GET /../../etc/passwd HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 404 "),
    "HEAD": (b"HEAD /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200 "),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_odd_requests(target, name):
    process, address, _ = target(name)
    for what, (text, start) in REQUESTS.items():
        answer = raw(address, text)
        assert answer.startswith(start) if start else answer == b"", f"{what}: {answer[:200]!r}"
        assert b"passwd" not in answer
    assert raw(address, REQUESTS["HEAD"][0]).endswith(b"\r\n\r\n"), "no body"
    many = b"GET /healthz HTTP/1.1\r\n\r\n" * 99 + b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"
    assert raw(address, many).count(b"HTTP/1.1 200 ") == 100, "a pipeline is answered, one by one"
    assert http_get(address, "/healthz") == (200, "ok\n")
    assert process.running()


def test_many_explain_at_once_while_datagrams_flow(target, load):
    _, address, port = target("proxy")
    traffic = load(port, flows(10), rate=500)
    payload = "a5" * 3000
    path = f"/explain?listener={port}&hex={payload}&client=192.0.2.7:5000"
    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        answers = list(pool.map(lambda _: http_get(address, path, timeout=60), range(480)))
    assert {status for status, _ in answers} == {200}
    verdicts = {body.rstrip().rsplit("\n", 1)[1] for _, body in answers}
    assert len(verdicts) == 1 and next(iter(verdicts)).startswith("verdict: peer 127.0.0.1:")
    assert http_get(address, "/metrics", timeout=SCRAPE_SECONDS)[0] == 200
    report = traffic.finish()
    assert report["lost"] == 0 and report["sent"] > 0


@pytest.mark.parametrize("query", ["", "listener=1", "listener=99999&hex=00", "listener=x&hex=00", "hex=00",
                                   "listener={port}&hex=0", "listener={port}&hex=zz", "listener={port}&hex=%00",
                                   "listener={port}&hex=00&client=nobody", "&&&=&%", "listener={port}&hex=" + "f" * 7001])
def test_explain_names_what_is_wrong(target, query):
    _, address, port = target("proxy")
    status, body = http_get(address, "/explain?" + query.format(port=port))
    assert status == 400 and len(body) < 8192 and body.endswith("\n")
