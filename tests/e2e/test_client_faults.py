"""What lies between the controller and the API server fails in every way that HTTP knows; the datagrams do not notice.

The API server lists by watch here; test_client_lists.py has one that does not.
"""

import json
import os

import pytest

from harness.rig import loaded, rig_fixture
from harness.wait import until

LONG = bool(os.environ.get("STEVEDORE_LONG"))
WATCH = r"^GET \S*watch=1(?!\S*sendInitialEvents)"
EXPIRED = ('{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410,'
           '"message":"too old resource version"}')

rig = rig_fixture()


def spoil(rig, **how):
    """Each of the three watches of a new controller meets the fault once when it is opened again."""
    rig.restart_controller()
    before = rig.relay.hits()
    rig.relay.tamper(WATCH, times=3, **how)
    rig.relay.cut()
    until("the watches met the fault", lambda: rig.relay.hits() >= before + 3)


FAULTS = {
    "410 as a status": ({"status": 410, "body": EXPIRED}, "expired"),
    "410 as an event": ({"inject": '{"type":"ERROR","object":' + EXPIRED + "}\n"}, "expired"),
    "429 with Retry-After": ({"status": 429, "headers": {"Retry-After": "2"}}, "error"),
    "500": ({"status": 500, "body": "oops"}, "error"),
    "truncated JSON": ({"inject": '{"type":"ADDED","object":{"metadata":{"na\n'}, "error"),
    "a line of more than 4 MiB": ({"inject": "x\n", "repeat": (4 << 20) + 1}, "error"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_spoilt_watches(rig, fault):
    how, reason = FAULTS[fault]
    with loaded(rig):
        spoil(rig, **how)
        rig.arrived(rig.change())
        assert rig.metric("stevedore_watch_restarts_total", reason=reason) == 3


def test_a_line_of_nearly_4_mib_is_an_event(rig):
    """A MODIFIED of a Service that nobody asks for, with an annotation of almost 4 MiB."""
    annotation = "y" * ((4 << 20) - 300)
    event = ('{"type":"MODIFIED","object":{"apiVersion":"v1","kind":"Service","metadata":{"name":"big","namespace":'
             f'"default","resourceVersion":"1","annotations":{{"a":"{annotation}"}}}},"spec":{{}}}}}}\n')
    with loaded(rig):
        rig.restart_controller()
        rig.relay.tamper(WATCH.replace("GET ", "GET /api/v1/services"), inject=event)
        rig.relay.cut()
        until("the event is counted", lambda: rig.metric(
            "stevedore_watch_events_total", resource="services", type="modified"))
        rig.arrived(rig.change())


def test_connections_that_fall_silent(rig):
    """Half open: nothing comes, nothing ends. The silence limit of 150 s ends it, or whoever is in between."""
    with loaded(rig, seconds=300):
        rig.restart_controller()
        rig.relay.hold()
        change = rig.change()
        rig.more_traffic()
        assert not rig.bound(change[1])
        if LONG:
            rig.arrived(change, 150 + 30)
        else:
            rig.relay.cut()
            rig.arrived(change)


def test_a_list_by_watch_that_stalls(rig):
    """Given up after 15 s; then the API server is asked for a LIST."""
    with loaded(rig):
        rig.restart_controller()
        hits = rig.relay.hits()
        rig.relay.tamper(WATCH.replace("GET ", r"GET \S*/stevedoreroutes"), status=410, body=EXPIRED)
        rig.relay.tamper(r"GET \S*/stevedoreroutes\?\S*sendInitialEvents", stall=True)
        rig.relay.cut()
        until("the list stalls", lambda: rig.relay.hits() >= hits + 2)
        rig.arrived(rig.change())


def test_nobody_answers_for_long(rig):
    with loaded(rig, seconds=900):
        rig.restart_controller()
        rig.relay.refuse()
        change = rig.change()
        rig.more_traffic(2000 * (600 if LONG else 10), 700 if LONG else 60)
        assert rig.controller.process.running() and not rig.bound(change[1])
        assert len(rig.failures()) <= 6, "one line for each of three watches, not one per attempt"
        rig.relay.accept()
        rig.arrived(change)


def compact(cluster):
    """etcd forgets all versions but the latest."""
    def etcd(path, body):
        return cluster.run("curl", "--silent", "--fail", "-d", body, f"http://127.0.0.1:2379/v3/kv/{path}").stdout
    revision = json.loads(etcd("range", '{"key":"AA==","limit":1}'))["header"]["revision"]
    etcd("compaction", json.dumps({"revision": revision, "physical": True}))


def test_compaction_and_a_new_api_server(rig):
    """Nobody remembers the version that the watches had: an ERROR event 410 of the real server, then a new list."""
    gone = rig.change()
    rig.right(*gone)
    with loaded(rig):
        rig.restart_controller()
        rig.relay.refuse()
        rig.remove_route(gone[0])
        change = rig.change()
        rig.cluster.kill("kube-apiserver")
        compact(rig.cluster)
        rig.cluster.start("kube-apiserver")
        rig.relay.accept()
        rig.arrived(change)
        assert not rig.bound(gone[1])
        assert rig.metric("stevedore_watch_restarts_total", reason="expired") > 0
