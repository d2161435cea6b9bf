"""The volume of the two files is full, read-only, or replaced: datagrams flow on, the old files stay whole, and news
arrive once there is room."""

import json
import os

import pytest

from harness import objects
from harness.configs import entry, simple
from harness.controller import directory
from harness.load import flows
from harness.metrics import DATAGRAMS, http_get
from harness.proxy import write_by_rename
from harness.udp import free_port
from harness.volume import Volume
from harness.wait import until

BACK_SECONDS = 20.0   # from room on the volume to the change in force; each side tries again after 5 s at the latest


@pytest.fixture
def volume(tmp_path):
    folder = tmp_path / "mounted"
    folder.mkdir()
    made = Volume(folder)
    yield made
    made.close()


class Gateway:
    def __init__(self, folder, files, controller, proxy, load, peer):
        self.manifests, self.port, self.peer = folder / "manifests", free_port(), peer
        self.manifests.mkdir()
        self.put(100)
        self.proxy = proxy(folder=files, flags=["--wait-for-config"], log=folder / "proxy.log")
        self.controller = controller(directory(self.manifests), folder=files, log=folder / "controller.log")
        until("the first config is in force", lambda: self.in_force(100), 30)
        self.load = load(self.port, flows(10), rate=500)
        until("traffic flows", lambda: self.proxy.metrics().sum(DATAGRAMS, direction="client_out") > 100)

    def put(self, seconds):
        route = objects.route("game", self.port, [{"name": "a", "peers": [entry(self.peer)]}],
                              session={"idleTimeoutSeconds": seconds})
        write_by_rename(self.manifests / "game.yaml", json.dumps(route))

    def written(self):
        return json.loads(self.proxy.config_path.read_text())["listeners"][0]["session"]["idleTimeoutSeconds"]

    def in_force(self, seconds):
        """Written, taken, and answered; `Programmed` says that the controller has heard it."""
        if not self.proxy.config_path.exists() or self.written() != seconds:
            return False
        status, body = http_get(self.controller.metrics_address, "/status")
        conditions = [condition for item in json.loads(body)["items"] for condition in item["status"]["conditions"]]
        return status == 200 and any(one["type"] == "Programmed" and one["status"] == "True" for one in conditions)

    def end(self):
        report = self.load.finish()
        assert report["lost"] == report["astray"] == 0 and report["sent"] > 500
        assert self.proxy.reloads("failure") == 0


@pytest.fixture
def gateway(tmp_path, volume, controller, proxy, load, peer_process):
    return Gateway(tmp_path, volume.path, controller, proxy, load, peer_process("a"))


def full(volume):
    volume.fill()
    return volume.empty, "No space left on device"


def read_only(volume):
    volume.remount("ro")
    return lambda: volume.remount("rw"), "Read-only file system"


@pytest.mark.parametrize("fault", [full, read_only])
def test_a_volume_that_takes_nothing(gateway, volume, fault):
    digest, before = gateway.proxy.status()["digest"], sorted(path.name for path in volume.path.iterdir())
    mend, said = fault(volume)
    gateway.put(101)
    line = gateway.controller.process.wait_for_log(r"Could not write config error=.*", 30).group(0)
    assert said in line and "config.json.tmp" in line
    # The proxy's status has a sign of life every 10 s: that fails too, is told, and harms nothing.
    assert said in gateway.proxy.process.wait_for_log("Could not write status .*", 30).group(0)
    assert gateway.written() == 100 and gateway.proxy.status()["digest"] == digest
    assert gateway.proxy.get("/readyz")[0] == 200
    assert set(path.name for path in volume.path.iterdir()) - {"filler"} == set(before), "nothing half is left"
    mend()
    until("the change is in force", lambda: gateway.in_force(101), BACK_SECONDS)
    until("the status is new", lambda: gateway.proxy.status()["digest"] != digest, BACK_SECONDS)
    gateway.end()


def test_a_folder_that_goes_and_comes_back(tmp_path, controller, proxy, load, peer_process):
    """Another folder of the same name, empty: both write it anew and hear of each other."""
    files = tmp_path / "files"
    files.mkdir()
    gateway = Gateway(tmp_path, files, controller, proxy, load, peer_process("a"))
    files.rename(tmp_path / "away")
    gateway.controller.process.wait_for_log("Could not write config", 30)
    files.mkdir()
    until("the config is there again", gateway.proxy.config_path.exists, BACK_SECONDS)
    gateway.put(101)
    until("a change is in force", lambda: gateway.in_force(101), BACK_SECONDS)
    gateway.end()


def huge(path):
    with open(path, "wb") as file:
        file.truncate(10_000_000_000)


PLACES = {"a pipe": os.mkfifo, "a link to a device": lambda path: path.symlink_to("/dev/zero"), "a folder": os.mkdir,
          "a file of 10 GB": huge, "a link to nowhere": lambda path: path.symlink_to("nowhere")}


@pytest.mark.parametrize("place", PLACES)
def test_something_else_in_place_of_the_config(proxy, client, echo, place):
    """Nobody waits for it, nobody reads it, and the next good file counts."""
    port, second = free_port(), free_port()
    good = simple(port, [echo("a")])
    running = proxy(good)
    running.config_path.unlink()
    PLACES[place](running.config_path)
    if place != "a link to nowhere":   # that is a file that is gone
        until("it is refused", lambda: running.reloads("failure") > 0, BACK_SECONDS)
        assert running.status()["lastAttempt"]["errors"]
    assert client(port).ask(b"x") == "a"
    if place == "a folder":
        running.config_path.rmdir()
    write_by_rename(running.config_path, json.dumps(simple(second, [echo("b")])))
    until("the next one is in force", lambda: client(second).ask(b"x", timeout=0.2) == "b", BACK_SECONDS)
