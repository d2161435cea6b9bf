"""stevedore-controller --supervise: whatever becomes of the controller, its parent stays and starts it again."""

import json
import os
import pathlib
import re
import signal

import pytest

from harness import objects
from harness.configs import entry
from harness.controller import directory
from harness.load import flows
from harness.process import run
from harness.proxy import write_by_rename
from harness.udp import free_port
from harness.wait import until


def children(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def gone(pid):
    return not pathlib.Path(f"/proc/{pid}").exists()


@pytest.fixture
def manifests(tmp_path):
    folder = tmp_path / "manifests"
    folder.mkdir()
    return folder


def route(folder, port, *peers, **more):
    upstream = {"name": "a", "peers": [entry(peer) for peer in peers]}
    write_by_rename(folder / "game.yaml", json.dumps(objects.route("game", port, [upstream], **more)))


def new_child(parent, former):
    return until("a new child", lambda: next((pid for pid in children(parent) if pid != former), None), 20)


def test_kill_of_the_child_under_load(peer_process, load, client, controller, proxy, manifests):
    port = free_port()
    peers = [peer_process("a"), peer_process("b")]
    route(manifests, port, *peers)
    proxy(flags=["--wait-for-config"])
    running = controller(directory(manifests), flags=["--supervise"])
    until("a peer answers", lambda: client(port).ask(b"x", timeout=0.2))
    config = running.folder / "config.json"
    text, parent = config.read_text(), running.process.pid
    traffic = load(port, flows(20), rate=2000)
    child = new_child(parent, None)
    for starts in range(2, 7):
        os.kill(child, signal.SIGKILL)
        child = new_child(parent, child)
        until("the new child serves", lambda: len(re.findall("Serving metrics", running.log())) == starts)
        assert config.read_text() == text
        assert run("stevedore-controller", "probe", "--pid", parent).returncode == 0
    route(manifests, port, *peers, session={"idleTimeoutSeconds": 61})
    until("the last child writes", lambda: '"idleTimeoutSeconds": 61' in config.read_text())
    report = traffic.finish()
    assert report["lost"] == 0 and report["astray"] == 0 and report["sent"] > 0
    assert running.process.running() and running.log().count("signal=9") == 5


def test_the_signal_ends_both(controller, manifests):
    for number in (signal.SIGTERM, signal.SIGINT):
        running = controller(directory(manifests), flags=["--supervise"])
        child = new_child(running.process.pid, None)
        running.process.send(number)
        assert running.process.wait(timeout=10) == 0
        assert gone(child)
    assert run("stevedore-controller", "probe", "--pid", running.process.pid).returncode == 1


def test_the_child_dies_with_its_parent(controller, manifests):
    running = controller(directory(manifests), flags=["--supervise"])
    child = new_child(running.process.pid, None)
    running.process.kill()
    until("the child is gone", lambda: gone(child))


def test_a_child_that_fails_at_every_start(tmp_path, controller, manifests, client, echo, proxy):
    """Its parent says so and goes on; once the reason is gone, all is well."""
    port, peer = free_port(), echo("a")
    route(manifests, port, peer)
    proxy(flags=["--wait-for-config"])
    running = controller(directory(manifests), flags=["--supervise"])
    until("the peer answers", lambda: client(port).ask(b"x", timeout=0.2))
    away = tmp_path / "away"
    manifests.rename(away)
    os.kill(new_child(running.process.pid, None), signal.SIGKILL)

    def delays():
        return [int(text) for text in re.findall(r"Waiting to start it again delay_ms=(\d+)", running.log())]
    until("the fourth wait", lambda: len(delays()) == 4)
    assert delays() == [200, 400, 800, 1600]
    assert "Could not start" in running.log() and "exit_code=1" in running.log()
    assert client(port).ask(b"x") == "a"
    away.rename(manifests)
    route(manifests, port, peer, session={"idleTimeoutSeconds": 61})
    until("it writes again", lambda: '"idleTimeoutSeconds": 61' in (running.folder / "config.json").read_text())


def test_wrong_flags_are_told_at_once(manifests):
    done = run("stevedore-controller", "--source", f"directory:{manifests}", timeout=20,
               env={**os.environ, "STEVEDORE_SUPERVISE": "true"})
    assert done.returncode == 1 and "--proxy-config" in done.stderr
