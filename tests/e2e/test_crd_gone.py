"""The CRD is deleted and comes back, while the controller runs and while it does not."""

import pytest

from harness.rig import loaded, rig_fixture
from harness.wait import until

CRD = "crd/stevedoreroutes.stevedore.io"
MISSING = "has no StevedoreRoutes"

rig = rig_fixture()


def told(rig):
    return [line for line in rig.controller.log().splitlines() if MISSING in line]


def delete_crd(rig):
    rig.cluster.kubectl("delete", CRD, "--timeout=30s", timeout=60)


@pytest.fixture
def with_crd(rig):
    yield
    rig.cluster.install_crds()


def bring_back(rig):
    rig.cluster.install_crds()
    rig.port = rig.add_route("game", rig.addresses[:2])
    rig.right("game", rig.port)
    with loaded(rig):
        rig.arrived(rig.change())


def test_routes_go_with_the_crd_and_come_back(rig, with_crd):
    before = len(told(rig))
    delete_crd(rig)
    until("its port is closed", lambda: rig.proxy.status()["listeners"] == [])
    until("it is told", lambda: told(rig), 20)
    assert rig.controller.process.running()
    bring_back(rig)
    assert len(told(rig)) == before + 1, "once"


def test_a_controller_that_starts_without_the_crd_leaves_the_config_alone(rig, with_crd):
    rig.controller.process.kill()
    config = rig.config()
    with loaded(rig):
        delete_crd(rig)
        rig.start_controller()
        until("it is told", lambda: told(rig), 20)
        rig.more_traffic(10_000)
        assert rig.config() == config and "Wrote config" not in rig.controller.log()
    bring_back(rig)
