"""Kubernetes Events tell each transition of a route once, and a route that flaps does not flood the API server."""

import json
import time

import pytest

from harness import objects
from harness.cluster import NODE_IP
from harness.controller import kubernetes
from harness.udp import free_port
from harness.wait import until

BURST = 25  # writes for one object at once


def events(cluster, space, name=None, kind="StevedoreRoute"):
    """The Events about an object, or about all of a kind, oldest first."""
    listed = json.loads(cluster.kubectl("get", "events.events.k8s.io", "-n", space, "-o", "json").stdout)["items"]
    return sorted((event for event in listed if event["regarding"]["kind"] == kind
                   and name in (None, event["regarding"]["name"])), key=lambda event: event["eventTime"])


def told(cluster, space, name):
    return [(event["type"], event["reason"]) for event in events(cluster, space, name)]


def wait_until_told(cluster, space, name, *expected):
    """Waits for these (type, reason) and no others, in any order."""
    until(f"{expected} about {space}/{name}", interval=0.1,
          condition=lambda: sorted(told(cluster, space, name)) == sorted(expected) or None)


@pytest.fixture
def port(cluster):
    return free_port(NODE_IP, cluster.namespace)


def test_each_transition_is_told_once(cluster, space, hosted, gateway, port):
    cluster.apply(objects.route("game", port, [objects.service_upstream("pods")], space))
    first = [("Normal", "Accepted"), ("Warning", "ServiceNotFound"), ("Normal", "Programmed"), ("Warning", "NoPeers")]
    wait_until_told(cluster, space, "game", *first)
    cluster.apply(objects.with_peers("pods", [hosted("a").address], 7777, space))
    then = [("Normal", "ResolvedRefs"), ("Normal", "PeersReady")]
    wait_until_told(cluster, space, "game", *first, *then)

    route = cluster.get("svdr", "game", space)
    for event in events(cluster, space, "game"):
        assert event["metadata"]["name"].startswith("game.")
        assert event["regarding"]["uid"] == route["metadata"]["uid"]
        assert event["regarding"]["apiVersion"] == "stevedore.io/v1alpha1" and event["regarding"]["resourceVersion"]
        assert event["reportingController"] == "stevedore.io/controller"
        assert event["reportingInstance"] and event["action"] and event["note"]
        assert "series" not in event, event
    notes = {event["reason"]: event["note"] for event in events(cluster, space, "game")}
    assert str(port) in notes["Accepted"] and "pods" in notes["ServiceNotFound"]

    shown = cluster.kubectl("describe", "svdr", "game", "-n", space).stdout
    assert "ServiceNotFound" in shown.split("Events:")[1]
    assert gateway.controller.metrics().value("stevedore_events_total", result="created") >= 6


def test_a_new_controller_tells_no_old_news(cluster, space, hosted, gateway, port):
    cluster.apply([*objects.with_peers("pods", [hosted("a").address], 7777, space),
                   objects.route("game", port, [objects.service_upstream("pods")], space),
                   objects.route("bad", port + 1, [objects.service_upstream("nowhere")], space)])
    wait_until_told(cluster, space, "game", ("Normal", "Accepted"), ("Normal", "Programmed"))
    until("the bad route is told, too", lambda: len(told(cluster, space, "bad")) == 4)
    gateway.wait_for_condition("game", space, "Programmed", "True")
    gateway.wait_for_condition("bad", space, "Programmed", "True")
    before = events(cluster, space)
    gateway.controller.process.kill()
    gateway.restart_controller()

    def works():
        return gateway.controller.metrics().sum("stevedore_routes", condition="Programmed", status="True") >= 2
    until("the new controller has its picture", works)
    # It tells what is new, and nothing else.
    cluster.apply(objects.with_peers("nowhere", [hosted("b").address], 7777, space))
    until("news are told", lambda: ("Normal", "ResolvedRefs") in told(cluster, space, "bad"), interval=0.1)
    after = events(cluster, space)
    assert [event for event in after if event in before] == before, "none was told again"
    assert len(after) == len(before) + 2
    assert gateway.controller.metrics().value("stevedore_events_total", result="created") == 2


def test_who_loses_a_port_is_told_to_whom(cluster, space, gateway, port):
    cluster.apply(objects.route("first", port, [objects.service_upstream("pods")], space))
    until("the first route has the port", lambda: told(cluster, space, "first"))
    other = f"{space}-other"
    cluster.kubectl("create", "namespace", other)
    try:
        cluster.apply(objects.route("second", port, [objects.service_upstream("pods")], other))
        until("the conflict is told", lambda: events(cluster, other, "second"), interval=0.1)
        assert told(cluster, other, "second") == [("Warning", "PortConflict")]
        conflict, = events(cluster, other, "second")
        assert (conflict["type"], conflict["reason"]) == ("Warning", "PortConflict")
        assert f"{space}/first" in conflict["note"] or space in conflict["note"]
    finally:
        cluster.kubectl("delete", "namespace", other, "--wait=false")


def writes_of_events(cluster, space, name):
    """Requests for Events of the route that reached the API server, as its audit log has them."""
    return [entry for entry in cluster.audit()
            if entry.get("objectRef", {}).get("resource") == "events" and entry["objectRef"].get("namespace") == space
            and entry["verb"] in ("create", "patch") and entry["stage"] == "ResponseComplete"
            and entry["userAgent"].startswith("stevedore-controller")]


def test_a_flapping_route_stays_within_its_budget(cluster, space, hosted, gateway, port):
    cluster.apply([*objects.with_peers("pods", [hosted("a").address], 7777, space),
                   objects.route("game", port, [objects.service_upstream("pods")], space)])
    gateway.wait_for_condition("game", space, "Programmed", "True")
    path = f"/apis/stevedore.io/v1alpha1/namespaces/{space}/stevedoreroutes/game"

    def turn_to(service, resolved):
        cluster.request("PATCH", path, {"spec": {"upstreams": [objects.service_upstream(service)]}})
        until(f"ResolvedRefs={resolved}", timeout=10, condition=lambda: objects.condition(
            json.loads(cluster.request("GET", path)), "ResolvedRefs").get("status") == resolved)

    for _ in range(20):
        turn_to("nowhere", "False")
        turn_to("pods", "True")
    listed = events(cluster, space, "game")
    reasons = [event["reason"] for event in listed]
    assert len(set(reasons)) == len(reasons), "repeats are counted, not told anew"
    by_reason = {event["reason"]: event for event in listed}
    for reason in ("ServiceNotFound", "ResolvedRefs"):
        series = by_reason[reason]["series"]
        assert 5 <= series["count"] <= 20 and series["lastObservedTime"] > by_reason[reason]["eventTime"]
    writes = writes_of_events(cluster, space, "game")
    assert len(listed) < len(writes) <= BURST
    assert all(entry["responseStatus"]["code"] in (200, 201) for entry in writes)
    assert gateway.controller.metrics().sum("stevedore_events_total", result="failed") == 0


def test_the_leader_is_told(cluster, controller):
    one = controller([*kubernetes(cluster.kubeconfig), "--leader-elect", "--class", "told"],
                     namespace=cluster.namespace)
    until("the controller leads", lambda: one.metrics().sum("leader_election_master_status") == 1)
    (labels, _), = one.metrics().select("leader_election_master_status")
    lease = labels["name"]

    def leading():
        everywhere = json.loads(cluster.kubectl("get", "events.events.k8s.io", "-A", "-o", "json").stdout)["items"]
        return [event for event in everywhere
                if event["regarding"]["kind"] == "Lease" and event["regarding"]["name"] == lease]
    event, = until("the event of the Lease", leading)
    assert event["reason"] == "LeaderElection" and "became leader" in event["note"]


def test_metrics_are_plausible(cluster, space, hosted, gateway, port):
    cluster.apply([*objects.with_peers("pods", [hosted("a").address], 7777, space),
                   objects.route("game", port, [objects.service_upstream("pods")], space)])
    gateway.wait_for_condition("game", space, "Programmed", "True")
    until("the event is written",
          lambda: gateway.controller.metrics().sum("stevedore_events_total", result="created") >= 2)
    metrics = gateway.controller.metrics()
    assert metrics.value("stevedore_routes", condition="Programmed", status="True") >= 1
    for resource in ("stevedoreroutes", "services", "endpointslices"):
        assert metrics.value("stevedore_cache_objects", resource=resource) >= 1
        assert metrics.value("stevedore_lists_total", resource=resource) == 1
        assert metrics.sum("stevedore_list_duration_seconds_count", resource=resource) == 1
        assert metrics.sum("stevedore_failed_lists_total", resource=resource) == 0
        heard = metrics.value("stevedore_watch_last_event_timestamp_seconds", resource=resource)
        assert abs(time.time() - heard) < 120
    written = metrics.value("stevedore_config_propagation_seconds_count")
    assert written >= 1
    assert metrics.value("stevedore_config_propagation_seconds_sum") < written, "well under a second each"
    assert metrics.sum("rest_client_requests_total", method="GET", code="200") >= 3
    assert metrics.sum("rest_client_requests_total", method="PATCH", code="200") >= 1
    assert metrics.sum("rest_client_requests_total", method="POST", code="201") >= 2
    assert metrics.sum("rest_client_request_duration_seconds_count", verb="PATCH") >= 1
    assert metrics.value("stevedore_status_writes_total", result="success") >= 1
    assert metrics.value("workqueue_adds_total", controller="sync") >= 1
    assert metrics.value("controller_runtime_reconcile_total", result="error") == 0
    turns = metrics.sum("controller_runtime_reconcile_total")
    assert metrics.value("controller_runtime_reconcile_time_seconds_count") >= turns >= 1
    until("the loop rests", lambda: gateway.controller.metrics().value("workqueue_depth") == 0)
