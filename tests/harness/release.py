"""A release of the chart on a real node, and what its routes lead to."""

import json
import os
import pathlib
import re
import signal
import time

from harness import chart, objects
from harness.metrics import Metrics, check_conservation
from harness.wait import until

GAME = "game"   # the namespace of routes and of the pods behind them


class Release:
    """Its name has "stevedore" in it, so that its objects have that name too."""

    def __init__(self, node, name="stevedore", namespace=chart.NAMESPACE):
        self.node, self.name, self.namespace = node, name, namespace

    def helm(self, verb, *flags, timeout=120):
        """`helm VERB` of this chart; flags as text."""
        source = [chart.CHART] if verb in ("install", "upgrade") else []
        return self.node.helm(verb, self.name, *source, "--namespace", self.namespace, *flags, timeout=timeout)

    def kubectl(self, *arguments, timeout=60):
        return self.node.kubectl("-n", self.namespace, *arguments, timeout=timeout)

    def pods(self):
        """Live objects, those that are ending too."""
        ours = f"app.kubernetes.io/instance={self.name},app.kubernetes.io/name=stevedore"
        found = self.kubectl("get", "pods", "-l", ours, "-o", "json")
        return [pod for pod in json.loads(found.stdout)["items"] if pod["status"]["phase"] in ("Pending", "Running")]

    def settled(self, replicas):
        """The pods, when as many are there and ready and none is ending; else None."""
        pods = self.pods()
        fine = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"] and is_ready(pod)]
        return pods if len(pods) == len(fine) == replicas else None

    def inside(self, container, script, pod=None):
        """What a script prints in a container of the pod, by default the first."""
        name = pod or self.pods()[0]["metadata"]["name"]
        return self.kubectl("exec", name, "-c", container, "--", "bash", "-c", script).stdout

    def restarts(self):
        """{container: how often it was started again} of the first pod."""
        status = self.pods()[0]["status"]
        return {each["name"]: each["restartCount"]
                for each in status.get("containerStatuses", []) + status.get("initContainerStatuses", [])}

    def check_accounts(self):
        """Every datagram that came to a pod, or to a peer's answer, is accounted for."""
        for pod in self.pods():
            page = f"http://{pod['status']['podIP']}:9181/metrics"
            check_conservation(lambda page=page: Metrics(self.node.run("curl", "--silent", "--fail", page).stdout))


def is_ready(pod):
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in pod["status"].get("conditions", []))


def pods_behind(name, image, replicas, namespace=GAME):
    """A Deployment of peers that answer with their pod's name, and a Service of that name in front of them."""
    container = {"name": "echo", "image": image, "imagePullPolicy": "Never",
                 "ports": [{"containerPort": 7777, "protocol": "UDP"}],
                 "readinessProbe": {"tcpSocket": {"port": 7777}, "periodSeconds": 1, "failureThreshold": 1}}
    deployment = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}}}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
               "spec": {"selector": {"app": name},
                        "ports": [{"name": "kcp", "port": 2345, "protocol": "UDP", "targetPort": 7777}]}}
    return [deployment, service]


def conversations(name, port, service, **spec):
    """A route that hashes the first four bytes, to the pods of one Service."""
    upstream = {"name": "kcp", "algorithm": "ConsistentHash", "hashKey": {"start": 0, "end": 4}, "affinity": "Key",
                "serviceRef": {"name": service, "port": "kcp"}}
    return objects.route(name, port, [upstream], GAME, **spec)


def programmed(node, route, namespace=GAME):
    """The live route, when the condition is True."""
    live = node.get("svdr", route, namespace)
    return live if objects.condition(live, "Programmed").get("status") == "True" else None


def node_port(node, route, namespace=GAME):
    """Where the route's status says that clients reach it; None while it is not programmed."""
    live = programmed(node, route, namespace)
    addresses = live["status"].get("listener", {}).get("addresses", []) if live else []
    return next((entry["nodePort"] for entry in addresses if "nodePort" in entry), None)


def field(pid, name):
    """A line of /proc/PID/status as text; None when the process is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return next(line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith(name + ":"))


def arguments(pid):
    """Of its command line; [] when the process is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def first_processes(node, program):
    """Pids, on this machine, of the containers' first processes that run a program."""
    return [pid for pid in node.processes(program) if (field(pid, "NSpid") or "").split()[-1:] == ["1"]]


def child_of(node, parent):
    """The controller below this supervisor; None while there is none."""
    return next((pid for pid in node.processes("stevedore-controller")
                 if field(pid, "PPid") == str(parent) and (field(pid, "State") or "Z")[0] != "Z"), None)


def kill(pid):
    """kill -9, and returns when it is gone."""
    os.kill(pid, signal.SIGKILL)
    until(f"process {pid} is gone", lambda: (field(pid, "State") or "Z")[0] == "Z")


class EndpointWatch:
    """Every state of the endpoints of a release's Service from now on."""

    def __init__(self, release, folder):
        self._process = release.node.process(
            folder / f"watch-{time.monotonic_ns()}.log", "kubectl", "get", "endpointslices", "--watch", "-n",
            release.namespace, "-l", f"kubernetes.io/service-name={release.name}", "-o",
            r'jsonpath=ready={.endpoints[*].conditions.ready}{"\n"}')
        self._process.wait_for_log("ready=")

    def states(self):
        """For example {"true"}: one endpoint, ready all the time; "true false" stands for two."""
        return set(re.findall(r"^ready=(.*)$", self._process.log(), re.MULTILINE))

    def close(self):
        self._process.kill()
