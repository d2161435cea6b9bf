"""Start and end of the proxy."""

import json
import signal
import time

import pytest

from harness.configs import simple
from harness.process import run
from harness.proxy import write_by_rename
from harness.udp import free_port
from harness.wait import until


def test_help_and_version():
    for name in ("stevedore-proxy", "stevedore-controller"):
        done = run(name, "--help")
        assert done.returncode == 0 and "--metrics-address" in done.stdout
        done = run(name, "--version")
        assert done.returncode == 0 and done.stdout.strip()


@pytest.mark.parametrize("content", [None, "{", '{"version": 2}'])
def test_missing_or_wrong_file_ends_with_1(tmp_path, content):
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    done = run("stevedore-proxy", "-c", path, "--metrics-address", "127.0.0.1:0")
    assert done.returncode == 1
    assert str(path) in done.stderr


@pytest.mark.parametrize("content", [None, "{"])
def test_wait_for_config(echo, client, proxy, tmp_path, content):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    running = proxy(flags=["--wait-for-config"])
    assert running.get("/healthz")[0] == 200
    assert running.get("/readyz")[0] == 503
    port = free_port()
    write_by_rename(running.config_path, json.dumps(simple(port, [echo("a")])))
    until("it is ready", lambda: running.get("/readyz")[0] == 200)
    assert client(port).ask(b"x") == "a"


def test_drain_serves_but_is_not_ready(echo, client, proxy):
    port = free_port()
    running = proxy(simple(port, [echo("a")]), flags=["--drain-timeout", "3"])
    one = client(port)
    assert one.ask(b"x") == "a"
    assert running.get("/readyz")[0] == 200
    running.process.send(signal.SIGTERM)
    until("not ready", lambda: running.get("/readyz")[0] == 503, timeout=1.0)
    assert one.ask(b"y") == "a"
    running.check_conservation()
    assert running.process.wait(timeout=10) == 0


def test_second_signal_ends_the_drain(echo, proxy):
    running = proxy(simple(free_port(), [echo("a")]), flags=["--drain-timeout", "60"])
    running.process.send(signal.SIGTERM)
    until("not ready", lambda: running.get("/readyz")[0] == 503, timeout=1.0)
    began = time.monotonic()
    running.process.send(signal.SIGTERM)
    assert running.process.wait(timeout=10) == 0
    assert time.monotonic() - began < 5


def test_unknown_paths_and_methods(echo, proxy):
    running = proxy(simple(free_port(), [echo("a")]))
    assert running.get("/nothing")[0] == 404
    assert running.get("/healthz")[0] == 200
