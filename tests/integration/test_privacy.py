"""What clients send, who they are, and the token: in no log at any level, and on no page.

A payload may show up where it was asked for: in the answer to the very `/explain` that named it.
"""

import base64
import http.server
import json
import threading

import pytest

from harness import objects
from harness.configs import config, entry, listener, rule, upstream
from harness.controller import directory, kubernetes
from harness.metrics import expect_drops, http_get
from harness.udp import bound_socket, free_port
from harness.wait import until

CLIENT = "127.0.77.5"
PAYLOAD = b"Wachtmeister-0815"
TOKEN = "c3RldmVkb3JlLXRva2Vu.sentinel"
PROXY_PAGES = ("/metrics", "/state.json", "/", "/page.js", "/page.css", "/healthz", "/readyz", "/explain", "/none")
CONTROLLER_PAGES = ("/metrics", "/healthz", "/readyz", "/status", "/none")


def spellings(secret):
    """As text, hex in both cases, base64, and as numbers with commas."""
    return [secret.decode(), secret.hex(), secret.hex().upper(), base64.b64encode(secret).decode(),
            ", ".join(map(str, secret)), " ".join(f"{byte:02x}" for byte in secret)]


def told_by(running, address, pages):
    """Everything that a program says: log and pages."""
    return {"log": running.process.log(), **{page: http_get(address, page)[1] for page in pages}}


def assert_silent(told, secrets):
    found = [(where, secret) for where, text in told.items() for secret in secrets if secret in text]
    assert not found, found


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_proxy_tells_neither_payloads_nor_clients(echo, proxy, log_format):
    port = free_port()
    peer = echo("a")
    made = config([listener(port, maxDatagramBytes=512, rules=[
        rule("denied", "deny", (0, 1, "==", "0x64")), rule("key", "short", (0, 1, "==", "0x6b")),
        rule("all", "a", (0, 1, "==", f"0x{PAYLOAD[0]:02x}"))], default="deny")],
        [upstream([peer]), upstream([peer], "short", algorithm="ConsistentHash", hashKey={"start": 90, "end": 94})])
    running = proxy(made, flags=["--log-level", "trace", "--log-format", log_format])
    clients = [bound_socket(CLIENT) for _ in range(2)]
    try:
        for payload in (PAYLOAD, b"d" + PAYLOAD, b"k" + PAYLOAD, b"", PAYLOAD * 100):
            for sock in clients:
                sock.sendto(payload, ("127.0.0.1", port))
        for reason, wanted in (("denied", 2), ("short_key", 2), ("truncated", 2)):
            expect_drops(running, reason, wanted)
        source = until("it was forwarded", lambda: [to for payload, to in peer.received if payload == PAYLOAD])[0]
        stranger = bound_socket()
        stranger.sendto(PAYLOAD, source)
        stranger.close()
        expect_drops(running, "unknown_reply", 1, direction="down")
        running.overwrite('{"version": 1, "listeners": [')
        running.apply({**made, "hashSeed": 1})
        told = told_by(running, running.metrics_address, PROXY_PAGES)
        told["status"] = running.status_path.read_text()
        assert "Rejected config" in told["log"] and "unknown_reply" in told["/metrics"]
        assert_silent(told, [CLIENT, *spellings(PAYLOAD)])
    finally:
        for sock in clients:
            sock.close()


class RefusingApi(http.server.ThreadingHTTPServer):
    """Refuses everything, and remembers the token of each request."""

    daemon_threads = True

    def __init__(self):
        self.tokens = []
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                api.tokens.append(self.headers.get("Authorization"))
                body = json.dumps({"kind": "Status", "status": "Failure", "code": 403, "reason": "Forbidden",
                                   "message": "not for you"}).encode()
                self.send_response(403)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def kubeconfig(self):
        return json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.server_port}"}}],
            "users": [{"name": "u", "user": {"token": TOKEN}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": "ours"}}]})


def test_the_controller_never_tells_its_token(tmp_path, controller):
    api = RefusingApi()
    try:
        path = tmp_path / "kubeconfig"
        path.write_text(api.kubeconfig())
        running = controller(kubernetes(path), flags=["--log-level", "trace", "--leader-elect"])
        until("it was refused", lambda: len(api.tokens) > 3)
        until("it says so", lambda: "403" in running.log() or "not for you" in running.log())
        assert set(api.tokens) == {f"Bearer {TOKEN}"}, "the token was used"
        told = told_by(running, running.metrics_address, CONTROLLER_PAGES)
        assert_silent(told, [TOKEN, *spellings(TOKEN.encode())])
    finally:
        api.shutdown()
        api.server_close()


def test_the_controller_in_directory_mode_tells_no_more_than_the_manifests(tmp_path, controller, echo):
    folder = tmp_path / "manifests"
    folder.mkdir()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"},
              "data": {"token": TOKEN}}
    route = objects.route("game", free_port(), [{"name": "a", "peers": [entry(echo("a"))]}])
    (folder / "all.yaml").write_text(json.dumps(route) + "\n---\n" + json.dumps(secret))
    running = controller(directory(folder), flags=["--log-level", "trace"])
    until("the route is told", lambda: "game" in http_get(running.metrics_address, "/status")[1])
    assert "Ignored object" in running.log(), "the secret was met, and left"
    assert_silent(told_by(running, running.metrics_address, CONTROLLER_PAGES), [TOKEN])
