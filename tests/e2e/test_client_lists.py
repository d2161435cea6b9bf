"""Faults of lists, from an API server that refuses to list by watch (as before Kubernetes 1.32)."""

import pytest

from harness.rig import loaded, rig_fixture
from harness.wait import until

WATCH = r"^GET \S*/stevedoreroutes\?\S*watch=1"
LIST = r"^GET \S*/stevedoreroutes\?(?!\S*watch=1)"

rig = rig_fixture(lambda cluster, relay: relay.tamper("sendInitialEvents", times=-1, status=422))


def test_it_lists(rig):
    assert rig.relay.hits() == 3, "each resource asked once for a list by watch"
    assert "Listing by LIST, not by watch resource=services" in rig.controller.log()


FAULTS = {
    "truncated JSON": {"truncate": True},
    "a stalled body": {"stall": True},
    "429 with Retry-After": {"status": 429, "headers": {"Retry-After": "3"}},
    "503": {"status": 503},
    "an empty object": {"status": 200, "body": "{}"},
    "410 for the version asked for": {"status": 410},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_spoilt_lists(rig, fault):
    with loaded(rig):
        rig.restart_controller()
        hits = rig.relay.hits()
        rig.relay.tamper(WATCH, status=410)
        rig.relay.tamper(LIST, **FAULTS[fault])
        rig.relay.cut()
        until("the list met the fault", lambda: rig.relay.hits() >= hits + 2)
        assert rig.bound(rig.port), "a spoilt list removes nothing"
        rig.arrived(rig.change())
