"""Each process is killed, or stands still, in every phase of a config change, under load: the files are the old or the
new ones, and a restart, or a SIGCONT, brings the change into force."""

import json
import os
import signal
import time

import pytest

from harness import objects
from harness.configs import KEY, config, entry, listener, upstream
from harness.controller import directory
from harness.load import flows
from harness.metrics import DATAGRAMS
from harness.proxy import write_by_rename
from harness.tampering import Tampering, wait_stopped
from harness.udp import free_port
from harness.wait import until

RATE = 500
IN_FORCE_SECONDS = 15      # from a process that runs again to the change in force; a sanitized one starts in one
STILL_SECONDS = 1.5        # longer than the idle timeout below
# (system call, file that it is about or None, how often it is made until then) of the controller, when it writes the
# config. The folder is synced last.
CONTROLLER_PHASES = {
    "it makes the new file": ("openat", "config.json.tmp", 1), "it writes": ("write", "config.json.tmp", 1),
    "it syncs the content": ("fsync", "config.json.tmp", 1), "it renames": ("rename", "config.json.tmp", 1),
    "it syncs the folder": ("fsync", None, 2)}
# Of the proxy, when it takes the config.
PROXY_PHASES = {
    "it opens the config": ("openat", "config.json", 1), "it reads it": ("read", "config.json", 1),
    "it binds the new listener": ("bind", None, 1), "it writes the status": ("write", "status.json.tmp", 1),
    "it renames the status": ("rename", "status.json.tmp", 1)}


def crash_point(process, folder, phase, number):
    call, name, nth = phase
    return Tampering(process.pid, f"{call}:signal={number.name}:when={nth}", folder / name if name else None)


def seconds_of(text):
    return json.loads(text)["listeners"][0]["session"]["idleTimeoutSeconds"]


class Gateway:
    """A controller over manifests, a proxy, load through both, and a route whose idle timeout tells its version."""

    def __init__(self, folder, controller, proxy, load, peers):
        self.manifests = folder / "manifests"
        self.manifests.mkdir()
        self.port, self.peers, self.version = free_port(), peers, 100
        self.put()
        self.proxy = proxy(flags=["--wait-for-config"])
        self.start = lambda: controller(directory(self.manifests))
        self.controller = self.start()
        until("the first config is in force", lambda: self.in_force() == self.version, 30)
        self.load = load(self.port, flows(20), rate=RATE)
        until("traffic flows", lambda: self.proxy.metrics().sum(DATAGRAMS, direction="client_out") > 100)

    def put(self):
        route = objects.route("game", self.port, [{"name": "a", "peers": [entry(peer) for peer in self.peers]}],
                              session={"idleTimeoutSeconds": self.version})
        write_by_rename(self.manifests / "game.yaml", json.dumps(route))

    def change(self):
        self.version += 1
        self.put()

    def written(self):
        return seconds_of(self.proxy.config_path.read_text())   # whole, or this fails

    def in_force(self):
        """The version that the proxy runs; None when its status tells of another config than the file holds."""
        text, status = self.proxy.config_path, self.proxy.status()
        if not text.exists() or status.get("lastAttempt", {}).get("result") != "applied":
            return None
        metrics = self.proxy.reloads("success")
        return seconds_of(text.read_text()) if metrics and status["digest"] == status["lastAttempt"]["digest"] else None


@pytest.fixture
def gateway(tmp_path, controller, proxy, load, peer_process):
    return Gateway(tmp_path, controller, proxy, load, [peer_process("a"), peer_process("b")])


def test_the_controller_is_killed_wherever_it_writes(gateway):
    reloads = gateway.proxy.reloads("success")
    for phase, point in CONTROLLER_PHASES.items():
        former = gateway.version
        with crash_point(gateway.controller.process, gateway.proxy.folder, point, signal.SIGKILL):
            gateway.change()
            assert gateway.controller.process.wait(30) == -signal.SIGKILL, phase
        assert gateway.written() == (gateway.version if phase == "it syncs the folder" else former), phase
        gateway.controller = gateway.start()
        until(f"{phase}: the change is written", lambda: gateway.written() == gateway.version, IN_FORCE_SECONDS)
        reloads += 1
        until(f"{phase}: and in force", lambda: gateway.proxy.reloads("success") == reloads, IN_FORCE_SECONDS)
        assert not (gateway.proxy.folder / "config.json.tmp").exists(), phase
    assert gateway.proxy.reloads("failure") == 0, "nobody saw half a file"
    report = gateway.load.finish()
    assert report["lost"] == report["astray"] == 0 and report["sent"] > 100


def test_the_controller_stands_still_wherever_it_writes(gateway):
    reloads = gateway.proxy.reloads("success")
    for phase, point in CONTROLLER_PHASES.items():
        former, pid = gateway.version, gateway.controller.process.pid
        with crash_point(gateway.controller.process, gateway.proxy.folder, point, signal.SIGSTOP):
            gateway.change()
            wait_stopped(pid)
            assert gateway.written() in (former, gateway.version), phase
        os.kill(pid, signal.SIGCONT)
        reloads += 1
        until(f"{phase}: in force", lambda: gateway.proxy.reloads("success") == reloads, IN_FORCE_SECONDS)
        assert gateway.written() == gateway.version
    assert gateway.proxy.reloads("failure") == 0
    report = gateway.load.finish()
    assert report["lost"] == report["astray"] == 0 and report["sent"] > 100


class Changes:
    """A proxy alone, whose config gets another listener with each change."""

    def __init__(self, proxy, load, peers):
        self.start, self.peers, self.others = proxy, peers, []
        self.port = free_port()
        self.running = proxy(self.config())
        header = [{"socket": number, "header": f"{number:08x}"} for number in range(40)]
        self.load = load(self.port, header, rate=RATE)
        until("traffic flows", lambda: self.running.metrics().sum(DATAGRAMS, direction="client_out") > 100)

    def config(self):
        session = {"idleTimeoutSeconds": 1, "embryonicTimeoutSeconds": 1}
        return config([listener(self.port, session=session)] + [listener(other) for other in self.others],
                      [upstream(self.peers, **KEY)])

    def change(self):
        self.others.append(free_port())
        write_by_rename(self.running.config_path, json.dumps(self.config()))

    def all_bound(self):
        bound = [entry["bound"] for entry in self.running.status().get("listeners", [])]
        return len(bound) == 1 + len(self.others) and all(bound)


def test_the_proxy_is_killed_wherever_it_takes_a_config(proxy, load, peer_process, client):
    changes = Changes(proxy, load, [peer_process(name) for name in "abc"])
    down, folder = 0.0, changes.running.folder
    for phase, point in PROXY_PHASES.items():
        with crash_point(changes.running.process, folder, point, signal.SIGKILL):
            changes.change()
            assert changes.running.process.wait(30) == -signal.SIGKILL, phase
        begin = time.monotonic()
        json.loads(changes.running.status_path.read_text())   # whole
        changes.running = changes.start()   # no --wait-for-config: the file is good
        until(f"{phase}: answered", lambda: client(changes.port).ask(bytes(8), timeout=0.2), IN_FORCE_SECONDS)
        down += time.monotonic() - begin
        until(f"{phase}: all listeners are bound", changes.all_bound, IN_FORCE_SECONDS)
    after = load(changes.port, flows(10), rate=RATE, datagrams=RATE).wait()
    assert after["lost"] == 0 and after["received"] == RATE
    report = changes.load.finish()
    print(f"down for {down:.2f} s in all, {report['lost']} of {report['sent']} lost")
    assert report["astray"] == 0 and report["received"] > 0
    assert report["lost"] <= RATE * (down + len(PROXY_PHASES)), "lost while there was no proxy, and no longer"
    assert all(len(flow["peers"]) == 1 for flow in report["flows"]), "each key has the peer that it had"


def test_the_proxy_stands_still_wherever_it_takes_a_config(proxy, load, peer_process):
    changes = Changes(proxy, load, [peer_process(name) for name in "abc"])
    pid, reloads = changes.running.process.pid, changes.running.reloads("success")
    for phase, point in PROXY_PHASES.items():
        with crash_point(changes.running.process, changes.running.folder, point, signal.SIGSTOP):
            changes.change()
            wait_stopped(pid)
            json.loads(changes.running.status_path.read_text())
            time.sleep(STILL_SECONDS)   # standing still for longer than sessions live is what is tested
        os.kill(pid, signal.SIGCONT)
        reloads += 1
        until(f"{phase}: in force", lambda: changes.running.reloads("success") == reloads, IN_FORCE_SECONDS)
        until(f"{phase}: all listeners are bound", changes.all_bound, IN_FORCE_SECONDS)
    report = changes.load.finish()
    assert report["lost"] == report["astray"] == 0 and report["sent"] > 100, "what came meanwhile was in the buffers"
