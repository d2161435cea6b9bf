"""One replica behind a node port: whatever becomes of the controller, each datagram of a new socket is answered.

Most of the time is the three minutes in which one controller fails at every start; another one is killed meanwhile.
STEVEDORE_FIGURES=1 writes the figures to docs/operations.md.
"""

import contextlib
import os
import subprocess
import time

import pytest

from harness import pages
from harness import release as releases
from harness.release import EndpointWatch, Release
from harness.visitors import Place, Visitors
from harness.wait import until

KILLS, KILLS_IN_A_ROW = 20, 5
HEALTHY_SECONDS = 10.5      # of a child: the supervisor's delays begin anew
CRASHING_SECONDS = 180
STARTS_MEANWHILE = 10       # after 0.2, 0.4, 0.8 ... 25.6 s, then every 30 s
DESCRIPTORS = 8             # too few: the program aborts
TABLE = ["| what happens | new sockets | answered | datagrams of 5 conversations | answered |", "|---|---|---|---|---|"]
RELEASES = {"stevedore": (2614, 30081), "stevedore-killed": (2615, 30082)}


def values(name):
    port, node_port = RELEASES[name]
    values = [f"replicas=1,class={name},service.ports.kcp.port={port},service.ports.kcp.nodePort={node_port}",
              "proxy.preStopSeconds=8,proxy.drainTimeoutSeconds=8", f"crds.enabled={str(name == 'stevedore').lower()}"]
    return [word for value in values for word in ("--set", value)]


@pytest.fixture(scope="module")
def releases_by_name(node):
    made = {name: Release(node, name) for name in RELEASES}
    for each in made.values():
        each.helm("install", *values(each.name))
    node.apply(releases.pods_behind("kcp", node.test_image("echo"), 2))
    for name, (port, _) in RELEASES.items():
        node.apply(releases.conversations(name, port, "kcp", className=name))
        until(f"{name} serves its route", lambda each=name: releases.node_port(node, each), timeout=60, interval=0.25)
    yield made
    for each in made.values():
        each.check_accounts()


@pytest.fixture(scope="module")
def place(node):
    return Place(node, 10)


@pytest.fixture(scope="module")
def one(releases_by_name, crashing):
    return releases_by_name["stevedore"]


@pytest.fixture(scope="module")
def two(releases_by_name, crashing):
    return releases_by_name["stevedore-killed"]


@pytest.fixture(scope="module")
def rows():
    """Lines of the page; written when all of them are there."""
    made = []
    yield made
    if os.environ.get("STEVEDORE_FIGURES") == "1" and len(made) == 4:
        pages.write("docs/operations.md", "crashes", [f"Measured on {pages.machine()}.", "", *TABLE, *made])


@pytest.fixture
def tell(rows):
    """`tell(what, report)`: prints it, and keeps it for the page."""
    def add(what, report):
        new, old = report["newcomers"], report["conversations"]
        rows.append(f"| {what} | {new['sent']} | {new['answered']} | {old['sent']} | {old['answered']} |")
        print(f"\n{what}: {report}")
    return add


class Steady:
    """Clients of a release, and a watch of its EndpointSlice, from now on."""

    def __init__(self, release, place, folder):
        self._visitors = Visitors(place, RELEASES[release.name][1], conversations=5, rate=10, newcomers=20)
        self._watch = EndpointWatch(release, folder)

    def end(self):
        """Nothing was lost, and the endpoint was ready all the time; the report."""
        report = self._visitors.finish()
        assert self._watch.states() == {"true"}
        assert (report["newcomers"]["lost"], report["conversations"]["lost"]) == (0, 0), report
        return report

    def close(self):
        self._visitors.close()
        self._watch.close()


def supervisor(release):
    """Pid of the first process of the controller's container; None while there is none."""
    return next((pid for pid in releases.first_processes(release.node, "stevedore-controller")
                 if f"--class={release.name}" in releases.arguments(pid)), None)


def takes_a_route(release, name, port):
    """Waits until the controller has programmed a new route."""
    release.node.apply(releases.conversations(name, port, "kcp", className=release.name))
    until("the new route is programmed", lambda: releases.programmed(release.node, name), timeout=120, interval=0.25)


def limit_descriptors(pid, count):
    """For what this process starts from now on; its own are open already. The former limit.

    As its own user: for that nobody needs a capability.
    """
    def prlimit(*arguments):
        return subprocess.run(["prlimit", "--pid", str(pid), *arguments], user=65532, group=65532, extra_groups=[],
                              capture_output=True, text=True, check=True).stdout
    former = int(prlimit("--nofile", "--output=SOFT", "--noheadings", "--raw"))
    prlimit(f"--nofile={count}:")
    return former


class Crashing:
    """A controller that fails at every start, since it gets too few descriptors, from now on."""

    def __init__(self, release, place, folder):
        self.release, self.began = release, time.monotonic()
        self.clients = Steady(release, place, folder)
        self.supervisor = supervisor(release)
        self._former = limit_descriptors(self.supervisor, DESCRIPTORS)
        releases.kill(until("the controller runs", lambda: releases.child_of(release.node, self.supervisor)))

    def recover(self):
        """Later starts have enough; one that runs on with too few, without ending, is ended."""
        limit_descriptors(self.supervisor, self._former)
        lame = releases.child_of(self.release.node, self.supervisor)
        if lame:
            releases.kill(lame)

    def log(self):
        return self.release.kubectl("logs", f"deployment/{self.release.name}", "-c", "controller").stdout


@pytest.fixture(scope="module")
def crashing(releases_by_name, place, tmp_path_factory):
    """Begins before the first test."""
    made = Crashing(releases_by_name["stevedore"], place, tmp_path_factory.mktemp("crashing"))
    yield made
    made.clients.close()


def next_child(node, parent, last):
    child = releases.child_of(node, parent)
    return child if child != last else None


def test_twenty_kills_of_the_controller(node, two, place, tmp_path, tell):
    parent, last = supervisor(two), None
    with contextlib.closing(Steady(two, place, tmp_path)) as clients:
        for number in range(KILLS):
            child = until("it is started again", lambda: next_child(node, parent, last), timeout=20)
            if number % KILLS_IN_A_ROW == 0:
                seen = time.monotonic()
                until("it has lived for a while", lambda: time.monotonic() - seen > HEALTHY_SECONDS,
                      timeout=2 * HEALTHY_SECONDS, interval=0.25)
            releases.kill(child)
            last = child
        tell(f"the controller is killed {KILLS} times", clients.end())
    assert supervisor(two) == parent and two.restarts() == {"controller": 0, "proxy": 0}


def test_the_only_pod_is_deleted(two, place, tell):
    """`preStop` keeps it in use until another one is ready."""
    with contextlib.closing(Visitors(place, RELEASES[two.name][1], conversations=5, rate=50)) as clients:
        two.kubectl("delete", "pod", two.pods()[0]["metadata"]["name"], "--wait=false")
        until("another one is there alone", lambda: two.settled(1), timeout=60, interval=0.25)
        report = clients.finish()
    tell("the only pod is deleted", report)
    assert report["newcomers"]["lost"] == 0 and report["conversations"]["worst"] <= 1, report


def test_three_minutes_of_failing_at_every_start(one, crashing, tell):
    until("three minutes have passed", lambda: time.monotonic() - crashing.began > CRASHING_SECONDS,
          timeout=CRASHING_SECONDS, interval=1)
    log = crashing.log()
    starts = log.count("Controller ended") - 1   # the first one was killed
    assert starts >= STARTS_MEANWHILE, log
    crashing.recover()
    takes_a_route(one, "after-crashes", 2616)
    tell(f"it fails at every start for 3 minutes, {starts} times", crashing.clients.end())
    assert supervisor(one) == crashing.supervisor and one.restarts() == {"controller": 0, "proxy": 0}


def test_the_api_server_is_down_when_the_container_restarts(node, one, place, tmp_path, tell):
    before = supervisor(one)
    with contextlib.ExitStack() as stack:
        def closing(thing):
            return stack.enter_context(contextlib.closing(thing))
        visitors = closing(Visitors(place, RELEASES[one.name][1], conversations=5, rate=10, newcomers=20))
        watches = [closing(EndpointWatch(one, tmp_path))]
        node.kill("kube-apiserver")
        releases.kill(before)
        again = until("its container is started again", lambda: supervisor(one), timeout=30)
        until("the controller tries", lambda: releases.child_of(node, again), timeout=20)
        node.start("kube-apiserver")
        watches.append(closing(EndpointWatch(one, tmp_path)))
        until("the kubelet tells of the restart", lambda: one.restarts() == {"controller": 1, "proxy": 0}, timeout=60,
              interval=0.25)
        takes_a_route(one, "after-silence", 2617)
        report = visitors.finish()
        assert [watch.states() for watch in watches] == [{"true"}, {"true"}]
    tell("its container is started again while the API server is down", report)
    assert (report["newcomers"]["lost"], report["conversations"]["lost"]) == (0, 0), report
