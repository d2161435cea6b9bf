"""manifests/examples as a test runs them: its pods are processes on hosts of their own, by the manifests' commands."""

import yaml

from harness.cluster import ROOT
from harness.process import Process

FOLDER = ROOT / "manifests" / "examples"
FILES = sorted(FOLDER.glob("*.yaml"))
WORKLOADS = ("Deployment", "StatefulSet")


def documents(path):
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


class Pod:
    """A pod of a workload, as far as peers and clients see it."""

    def __init__(self, cluster, folder, workload, index):
        template = workload["spec"]["template"]
        name = workload["metadata"]["name"]
        self.name = f"{name}-{index}"
        self.labels = {**template["metadata"]["labels"], "apps.kubernetes.io/pod-index": str(index)}
        self.host, self.address = cluster.peer_host()
        container = template["spec"]["containers"][0]
        argv = [*container["command"], *container.get("args", [])]
        self._process = Process(argv, folder / f"{self.name}.log", self.host, {"HOSTNAME": self.name})
        self.port = container["ports"][0]["containerPort"]

    def log(self):
        return self._process.log()

    def close(self):
        self._process.kill()


def selects(service, pod):
    return service["spec"]["selector"].items() <= pod.labels.items()


def endpoint_slice(service, pods):
    """What Kubernetes writes for the pods that a Service selects."""
    port = service["spec"]["ports"][0]
    name = service["metadata"]["name"]
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": f"{name}-test", "labels": {"kubernetes.io/service-name": name}},
            "ports": [{"name": port["name"], "port": port["targetPort"], "protocol": port["protocol"]}],
            "endpoints": [{"addresses": [pod.address], "conditions": {"ready": True}} for pod in pods]}
