"""500 routes and 10 000 peers: from `kubectl apply` to the datagram, and what an idle controller costs.

STEVEDORE_LONG=1 measures 200 changes and 30 s of rest instead of 40 and 10. STEVEDORE_FIGURES=1 writes the figures to
docs/performance.md.
"""

import contextlib
import os
import time

import pytest

from harness import objects, pages, scale
from harness.controller import Controller, kubernetes
from harness.fastload import LONG
from harness.proxy import Proxy
from harness.wait import until

CHANGES = 200 if LONG else 40
REST_SECONDS = 30 if LONG else 10
P50, P99 = 0.3, 1.0   # seconds, from the start of kubectl
RESIDENT_MIB = 150
IDLE_SHARE = 0.01     # of a core
RECOMPILE = 0.1       # seconds, from the first news of a change to the written config, on average
PROPAGATION = "stevedore_config_propagation_seconds"


class World:
    def __init__(self, stack, cluster, folder):
        self.cluster, self.folder = cluster, folder
        cluster.kubectl("create", "namespace", scale.SPACE)
        scale.create(cluster, scale.background_objects())
        self.sides = {}
        for number, name in enumerate(scale.SIDES, 2):
            self.sides[name] = scale.Side(cluster, name, number)
            stack.callback(self.sides[name].close)
        first = self.sides["left"]
        for side in self.sides.values():
            cluster.apply(objects.with_peers(side.name, side.addresses, scale.PEER_PORT, scale.SPACE))
        cluster.apply([*(scale.measured_route(number, "left") for number in range(scale.MEASURED - 1)),
                       *scale.swap_objects(first.addresses)])
        self.proxy = Proxy(folder, flags=["--wait-for-config"], namespace=cluster.namespace)
        stack.callback(self.proxy.close)
        self.controller = Controller(folder, kubernetes(cluster.kubeconfig), namespace=cluster.namespace)
        stack.callback(self.controller.close)
        self.pid = self.controller.process.pid
        until("every route is programmed", lambda: self.controller.metrics().sum(
            "stevedore_routes", condition="Programmed", status="True") == scale.ROUTES, 60)
        self.come_to_rest()

    def come_to_rest(self):
        counts = []

        def rested():
            counts.append((scale.status_writes(self.cluster), self.config_writes()))
            return len(counts) > 4 and len(set(counts[-4:])) == 1
        until("writes rest for 2 s", rested, timeout=90, interval=0.7)

    def config_writes(self):
        return self.controller.metrics().sum("stevedore_config_writes_total")

    def change(self, number):
        """One change: seconds from kubectl's start, and from the API server's receipt, to the answered datagram."""
        which = number % scale.MEASURED
        side = self.sides[scale.SIDES[1 - number // scale.MEASURED % 2]]
        kind, name, thing = "stevedoreroutes", f"measured-{which}", scale.measured_route(which, side.name)
        if which == scale.MEASURED - 1:
            kind, name = "endpointslices", "swap-1"
            thing = objects.endpoint_slice("swap", side.addresses, scale.PEER_PORT, scale.SPACE)
        scale.pause()
        began, _, seen = scale.change_by_kubectl(self.cluster, scale.FIRST_PORT + which, side.name, thing)
        return seen - began, seen - scale.accepted_at(self.cluster, kind, name)


@pytest.fixture(scope="module")
def world(cluster, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        yield World(stack, cluster, tmp_path_factory.mktemp("scale"))


def test_changes_and_rest(world):
    before = world.controller.metrics()
    times = [world.change(number) for number in range(CHANGES)]
    after = world.controller.metrics()
    by_kubectl, by_api = zip(*times)
    syncs = after.sum(f"{PROPAGATION}_count") - before.sum(f"{PROPAGATION}_count")
    recompile = (after.sum(f"{PROPAGATION}_sum") - before.sum(f"{PROPAGATION}_sum")) / syncs

    world.come_to_rest()
    writes, statuses = world.config_writes(), scale.status_writes(world.cluster)
    used, began = scale.cpu_seconds(world.pid), time.monotonic()
    time.sleep(REST_SECONDS)   # nothing is waited for: this is the measurement
    idle = (scale.cpu_seconds(world.pid) - used) / (time.monotonic() - began)
    resident = scale.resident_mib(world.pid, "VmHWM")
    figures = {"changes": CHANGES, "recompile": recompile, "idle": idle, "resident": resident,
               "kubectl": [scale.percentile(by_kubectl, share) for share in (0.5, 0.99)],
               "api": [scale.percentile(by_api, share) for share in (0.5, 0.99)]}
    print(figures)
    if os.environ.get("STEVEDORE_FIGURES") == "1":
        pages.write("docs/performance.md", "control plane", page(figures))

    assert world.config_writes() == writes, "no config is written while nothing changes"
    assert scale.status_writes(world.cluster) == statuses, "no status is written while nothing changes"
    assert idle < IDLE_SHARE and resident < RESIDENT_MIB, figures
    assert recompile < RECOMPILE, figures
    assert figures["kubectl"][0] <= P50 and figures["kubectl"][1] <= P99, figures


def page(figures):
    def ms(seconds):
        return f"{seconds * 1000:.0f} ms"
    return [
        f"Measured on {pages.machine()}; {figures['changes']} changes.", "",
        "| figure | measured | limit |", "|---|---|---|",
        "| start of `kubectl apply` to the first datagram on the new path, p50 "
        f"| {ms(figures['kubectl'][0])} | 300 ms |",
        f"| the same, p99 | {ms(figures['kubectl'][1])} | 1000 ms |",
        f"| the API server's receipt of the change to that datagram, p50 | {ms(figures['api'][0])} | |",
        f"| the same, p99 | {ms(figures['api'][1])} | |",
        f"| news of a change to the written config (view, compile, validate, write), mean | {ms(figures['recompile'])} "
        "| 100 ms |",
        f"| highest resident memory of the controller | {figures['resident']:.0f} MiB | 150 MiB |",
        f"| CPU of the controller while nothing changes | {figures['idle'] * 100:.2f} % of a core | 1 % |",
        "| writes of configs and statuses while nothing changes | 0 | 0 |"]
