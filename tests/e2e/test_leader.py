"""Several controllers, one writer: the Lease hands over, and a former holder's writes go nowhere.

Three replicas each of three installations (classes) run side by side, one for each way in which a holder is lost. Who
wrote what is read in the API server's audit log. Three handovers each; ten with STEVEDORE_LONG=1.
"""

import concurrent.futures
import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import threading
import time
from datetime import datetime

import pytest

from harness import objects
from harness.controller import kubernetes
from harness.wait import until

RUNS = 10 if os.environ.get("STEVEDORE_LONG") else 3
HANDOVER = 25.0   # s, from the loss of the holder to the next one's first write
POD = re.compile(r"stevedore-controller/\S+ \((.+)\)")


class StatusWrites:
    """(Unix time, route, pod, HTTP status) of every status write in the audit log, read as it grows."""

    def __init__(self, cluster):
        self._path = cluster.state / "audit.log"
        self._offset = 0
        self._all = []
        self._lock = threading.Lock()

    def of(self, route):
        with self._lock:
            self._read()
            return [write for write in self._all if write[1] == route]

    def _read(self):
        with open(self._path, "rb") as log:
            log.seek(self._offset)
            text = log.read()
        text = text[:text.rfind(b"\n") + 1]
        self._offset += len(text)
        for line in text.splitlines():
            if b'"subresource":"status"' in line and b'"stevedoreroutes"' in line:
                entry = json.loads(line)
                self._all.append((datetime.fromisoformat(entry["stageTimestamp"].replace("Z", "+00:00")).timestamp(),
                                  entry["objectRef"]["name"], POD.match(entry["userAgent"]).group(1),
                                  entry["responseStatus"]["code"]))


class Installation:
    """Three replicas of one class, its Lease, and its one route, which changes every second."""

    def __init__(self, kind, cluster, space, writes, start):
        self.kind, self.cluster, self.space, self.writes = kind, cluster, space, writes
        self._start = start
        self._count = itertools.count(1)
        self.replicas = {}
        cluster.apply(objects.route(kind, 4000, [objects.service_upstream("none")], space, className=kind))
        for _ in range(3):
            self.add()

    def add(self):
        pod = f"{self.kind}-{next(self._count)}"
        self.replicas[pod] = self._start(self, pod)
        return self.replicas[pod]

    def lease(self):
        return json.loads(self.cluster.request(
            "GET", f"/apis/coordination.k8s.io/v1/namespaces/{self.space}/leases/stevedore-{self.kind}"))["spec"]

    def done(self, since=0.0):
        """(time, pod) of the successful writes."""
        return [(at, pod) for at, _, pod, code in self.writes.of(self.kind) if code == 200 and at >= since]

    def writer(self):
        """Who writes now."""
        begin = time.time()
        return until(f"a write of {self.kind}", lambda: self.done(begin), timeout=HANDOVER, interval=0.1)[0][1]

    def change(self, number):
        path = f"/apis/stevedore.io/v1alpha1/namespaces/{self.space}/stevedoreroutes/{self.kind}"
        self.cluster.request("PATCH", path, {"spec": {"priority": number}})


@contextlib.contextmanager
def changing(installations):
    """There is always something to write: every route changes each second."""
    ended = threading.Event()

    def run():
        for number in itertools.count(1):
            for installation in installations:
                installation.change(number % 100)
            if ended.wait(1.0):
                return
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            yield
        finally:
            ended.set()
            running.result(30)


def hand_over(installation, lose, recover):
    """Loses the holder, waits for the next one's first write, recovers; returns (former, next, seconds)."""
    former = installation.writer()
    lost_at = time.time()
    lose(former)
    try:
        def others():
            return [write for write in installation.done(lost_at) if write[1] != former]
        at, successor = until(f"another than {former} writes", others, HANDOVER + 5, interval=0.1)[0]
        assert at - lost_at <= HANDOVER
    finally:
        recover(former)
    return former, successor, at - lost_at


def lose_for_a_while(installation, lose, recover):
    """As hand_over(); the former holder has to come back and see who leads."""
    told = {pod: len(replica.log()) for pod, replica in installation.replicas.items()}
    former, successor, seconds = hand_over(installation, lose, recover)
    until(f"{former} sees {successor} lead",
          lambda: f" holder={successor}_" in installation.replicas[former].log()[told[former]:], 30, interval=0.1)
    return former, successor, seconds


def kill(installation, _):
    def recover(former):
        installation.replicas.pop(former)
        installation.add()
    return hand_over(installation, lambda former: installation.replicas[former].process.kill(), recover)


def stop(installation, _):
    def send(former, number):
        installation.replicas[former].process.send(number)
    return lose_for_a_while(installation, lambda former: send(former, signal.SIGSTOP),
                            lambda former: send(former, signal.SIGCONT))


def bridge_port(cluster, namespace):
    """The cluster's end of the cable to a host."""
    shown = subprocess.run(["ip", "-n", namespace, "-o", "link", "show", "eth0"], check=True, capture_output=True,
                           text=True).stdout
    index = re.search(r"eth0@if(\d+):", shown).group(1)
    links = subprocess.run(["ip", "-n", cluster.namespace, "-o", "link"], check=True, capture_output=True,
                           text=True).stdout
    return re.search(rf"^{index}: (\w+)@", links, re.MULTILINE).group(1)


def partition(installation, run):
    """The holder's host falls silent; every second time it still hears, so that it has something to write.

    What it sent meanwhile is sent again by its kernel later, when another leads.
    """
    cluster = installation.cluster
    inside = ["ip", "netns", "exec", cluster.namespace]

    def cable(former, *state):
        port = bridge_port(cluster, installation.replicas[former].namespace)
        subprocess.run([*inside, "ip", "link", "set", port, *state], check=True)

    def deafen(former):
        address = installation.replicas[former].address
        subprocess.run([*inside, "nft", "add table ip lost; "
                        "add chain ip lost input { type filter hook input priority 0; }; "
                        f"add rule ip lost input ip saddr {address} drop"], check=True)
    if run % 2:
        return lose_for_a_while(installation, deafen, lambda former: subprocess.run(
            [*inside, "nft", "delete table ip lost"], check=True))
    return lose_for_a_while(installation, lambda former: cable(former, "nomaster"),
                            lambda former: cable(former, "master", "node0"))


@pytest.fixture
def installation(cluster, space, controller, tmp_path):
    """`installation(kind, hosts)`: with `hosts`, each replica has a host of its own."""
    writes = StatusWrites(cluster)

    def start(owner, pod, hosts):
        folder = tmp_path / pod
        folder.mkdir()
        namespace, address = cluster.peer_host() if hosts else (cluster.namespace, None)
        made = controller(kubernetes(cluster.kubeconfig), folder=folder, env={"POD_NAME": pod, "POD_NAMESPACE": space},
                          flags=["--leader-elect", "--class", owner.kind], namespace=namespace)
        made.address = address
        return made
    return lambda kind, hosts=False: Installation(
        kind, cluster, space, writes, lambda owner, pod: start(owner, pod, hosts))


def check_writers(installation, leaders):
    """One after the other, each only while it led: nobody's write succeeded after the next one's first."""
    order = [pod for pod, _ in itertools.groupby(pod for _, pod in installation.done())]
    assert order == leaders, (installation.kind, installation.writes.of(installation.kind))
    assert installation.lease()["leaseTransitions"] == len(leaders) - 1


def test_lost_holder_is_replaced(installation, capsys):
    ways = {"kill": kill, "stop": stop, "partition": partition}
    running = {kind: installation(kind, hosts=kind == "partition") for kind in ways}

    def run(kind):
        found = [ways[kind](running[kind], number) for number in range(RUNS)]
        running[kind].writer()
        return found
    with changing(running.values()), concurrent.futures.ThreadPoolExecutor(len(ways)) as pool:
        runs = {kind: pool.submit(run, kind) for kind in ways}
        concurrent.futures.wait(runs.values())
    for kind, found in runs.items():
        handovers = found.result()
        check_writers(running[kind], [handovers[0][0]] + [successor for _, successor, _ in handovers])
        refused = sum(1 for *_, code in running[kind].writes.of(kind) if code == 409)
        with capsys.disabled():
            print(f"\n{kind}: {RUNS} handovers (10 with STEVEDORE_LONG=1), seconds: "
                  f"{' '.join(f'{seconds:.1f}' for _, _, seconds in handovers)}; stale writes refused: {refused}")


def test_holder_that_ends_hands_over_at_once(installation):
    pods = installation("end")
    with changing([pods]):
        former = pods.writer()
        begin = time.time()
        pods.replicas[former].process.stop()
        at, successor = until("the next one writes", lambda: [
            write for write in pods.done(begin) if write[1] != former], HANDOVER, interval=0.1)[0]
        assert at - begin < 10
        assert pods.lease()["holderIdentity"].startswith(f"{successor}_")
    check_writers(pods, [former, successor])


def test_status_computed_from_an_old_object_is_refused(cluster, space):
    """What stands between a process that stood still after it had looked at its Lease, and the next one's work."""
    cluster.apply(objects.route("game", 4000, [objects.service_upstream("none")], space, className="nobody"))
    meta = cluster.get("svdr", "game", space)["metadata"]
    path = f"/apis/stevedore.io/v1alpha1/namespaces/{space}/stevedoreroutes/game/status"

    def write(version):
        body = {"apiVersion": "stevedore.io/v1alpha1", "kind": "StevedoreRoute",
                "metadata": {"name": "game", "namespace": space, "uid": meta["uid"], "resourceVersion": version},
                "status": {"observedGeneration": 1, "peerSummary": version}}
        answer = cluster.request("PATCH", f"{path}?fieldManager=stevedore-controller&force=true", body,
                                 "application/apply-patch+yaml")
        return json.loads(answer)["metadata"]["resourceVersion"]
    newer = write(meta["resourceVersion"])
    with pytest.raises(AssertionError, match=": 409 "):
        write(meta["resourceVersion"])
    write(newer)
