"""What clients lose while something happens to Stevedore's pods: two replicas behind a node port of a real node.

STEVEDORE_FIGURES=1 takes the chart's own times instead of short ones and writes the figures to docs/operations.md.
"""

import os

import pytest

from harness import pages
from harness import release as releases
from harness.release import GAME, Release
from harness.visitors import Place, Visitors
from harness.wait import until

FIGURES = os.environ.get("STEVEDORE_FIGURES") == "1"
TIMES = [] if FIGURES else ["--set", "proxy.preStopSeconds=4", "--set", "proxy.drainTimeoutSeconds=8"]
PORT, NODE_PORT = 2614, 30080
VALUES = [*TIMES, "--set", f"service.ports.kcp.port={PORT}", "--set", f"service.ports.kcp.nodePort={NODE_PORT}"]
REPLICAS = 2
CRASH_SECONDS, REINSTALL_SECONDS = 5, 30   # longest silence that is allowed
TABLE = ["| what happens | datagrams of 40 conversations | lost | longest silence "
         "| new sockets | lost | longest silence |", "|---|---|---|---|---|---|---|"]


@pytest.fixture(scope="module")
def installed(node):
    made = Release(node)
    made.helm("install", *VALUES)
    node.apply([*releases.pods_behind("kcp", node.test_image("echo"), 3), releases.conversations("kcp", PORT, "kcp")])
    until("the route's status tells its node port", lambda: releases.node_port(node, "kcp"), timeout=60, interval=0.25)
    until("three are ready", lambda: node.get("svdr", "kcp", GAME)["status"].get("peerSummary") == "3/3", timeout=30)
    return made


@pytest.fixture(scope="module")
def place(node):
    return Place(node, 20)


@pytest.fixture(scope="module")
def rows():
    """Lines of the page; written when all of them are there."""
    made = []
    yield made
    if FIGURES and len(made) == 6:
        pages.write("docs/operations.md", "losses", [f"Measured on {pages.machine()}.", "", *TABLE, *made])


@pytest.fixture
def during(installed, place, rows):
    """`during(what, act)`: the report of clients while `act` runs and until every pod is settled again."""
    def measure(what, act):
        until("both pods are ready", lambda: installed.settled(REPLICAS), timeout=90, interval=0.25)
        visitors = Visitors(place, NODE_PORT)
        try:
            act()
            until("both are ready, and old ones gone", lambda: installed.settled(REPLICAS), timeout=120, interval=0.25)
            report = visitors.finish()
        finally:
            visitors.close()
        installed.check_accounts()
        old, new = report["conversations"], report["newcomers"]
        rows.append(f"| {what} | {old['sent']} | {old['lost']} | {old['silence']:.1f} s "
                    f"| {new['sent']} | {new['lost']} | {new['silence']:.1f} s |")
        print(f"\n{what}: {report}")
        return report
    return measure


def lossless(report, moves):
    """A new socket loses nothing, a conversation the answer under way when it changes replicas; it keeps its peer."""
    assert report["newcomers"]["lost"] == 0, report
    assert report["conversations"]["worst"] <= moves, report
    assert report["moved"] == 0, "every replica knows the conversation's peer"


def rolled_out(installed):
    installed.kubectl("rollout", "status", f"deployment/{installed.name}", "--timeout=90s", timeout=100)


def test_a_pod_is_deleted(installed, during):
    name = installed.pods()[0]["metadata"]["name"]
    lossless(during("`kubectl delete pod` of one", lambda: installed.kubectl("delete", "pod", name, "--wait=false")), 1)


def test_an_upgrade_changes_flags_of_the_proxy(installed, during):
    def upgrade():
        installed.helm("upgrade", *VALUES, "--set", "proxy.maxSessions=100000")
        rolled_out(installed)
    lossless(during("`helm upgrade` that changes the proxy's flags", upgrade), REPLICAS)


def test_the_upgrade_is_rolled_back(installed, during):
    def rollback():
        installed.helm("rollback")
        rolled_out(installed)
    lossless(during("`helm rollback` of it", rollback), REPLICAS)
    arguments = installed.pods()[0]["spec"]["containers"][0]["args"]
    assert "--max-sessions=262144" in arguments


def test_a_restart_of_the_rollout(installed, during):
    def restart():
        installed.kubectl("rollout", "restart", f"deployment/{installed.name}")
        rolled_out(installed)
    lossless(during("`kubectl rollout restart`", restart), REPLICAS)


def test_a_proxy_is_killed(installed, during):
    def kill():
        releases.kill(releases.first_processes(installed.node, "stevedore-proxy")[0])
        until("its container was started again", lambda: sum(restarts(installed)) == 1, timeout=30)
    report = during("`kill -9` of one proxy", kill)
    assert max(report[kind]["silence"] for kind in ("conversations", "newcomers")) < CRASH_SECONDS, report


def restarts(installed):
    return [status["restartCount"] for pod in installed.pods() for status in pod["status"].get("containerStatuses", [])]


def test_the_release_is_taken_away_and_installed_again(node, installed, during):
    before = node.get("svdr", "kcp", GAME)["metadata"]["uid"]

    def again():
        installed.helm("uninstall")
        installed.helm("install", *VALUES)
        rolled_out(installed)
    report = during("`helm uninstall`, then `helm install`", again)
    assert node.get("svdr", "kcp", GAME)["metadata"]["uid"] == before, "routes are kept"
    assert max(report[kind]["silence"] for kind in ("conversations", "newcomers")) < REINSTALL_SECONDS, report
