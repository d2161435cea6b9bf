"""A real Prometheus: its processes, its answers, and scrape jobs as the Prometheus operator makes them."""

import contextlib
import json
import math
import signal
import urllib.parse

import yaml

from harness.metrics import Metrics, http_get
from harness.process import Process
from harness.programs import go_program, require


class _Program(Process):
    """Ends at SIGTERM; that it ended before is a failure."""

    def close(self):
        assert self.running(), self.log()
        self.send(signal.SIGTERM)
        self.wait()


class Prometheus:
    """In the network of a cluster; it looks and evaluates every second. `jobs`: scrape_configs. `rules`: the spec of a
    PrometheusRule.

    Debian's is built without the discovery of Kubernetes. So that runs beside it, one for each kubernetes_sd_config,
    and hands over by file: the same code, tests/programs/discovery.
    """

    def __init__(self, folder, jobs, cluster, port, rules=None):
        self.address, self._network = f"127.0.0.1:{port}", cluster.namespace
        self._processes = contextlib.ExitStack()
        discovery = go_program("programs/discovery")
        folder.mkdir()
        for number, job in enumerate(jobs):
            config = {**job.pop("kubernetes_sd_configs")[0], "kubeconfig_file": cluster.kubeconfig}
            found = folder / f"{number}.json"
            self._start([discovery, json.dumps(config), found], folder / f"discovery-{number}.log")
            job["file_sd_configs"] = [{"files": [str(found)]}]
        (folder / "rules.yml").write_text(yaml.safe_dump(rules or {"groups": []}))
        (folder / "prometheus.yml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"], "scrape_configs": jobs}))
        self._server = self._start(
            [require("prometheus", "prometheus"), f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--web.listen-address={self.address}"], folder / "log")
        try:
            self._server.wait_for_log("Server is ready to receive web requests")
        except BaseException:
            self.close()
            raise

    def _start(self, argv, log):
        process = _Program(argv, log, self._network)
        self._processes.callback(process.close)
        return process

    def close(self):
        self._processes.close()

    def log(self):
        return self._server.log()

    def api(self, path, **parameters):
        """`data` of the answer, which must come without a warning."""
        pairs = urllib.parse.urlencode({name.replace("match", "match[]"): value for name, value in parameters.items()})
        status, body = http_get(self.address, f"/api/v1/{path}?{pairs}", self._network)
        assert status == 200, f"{path} {parameters}: {body}"
        answer = json.loads(body)
        assert "warnings" not in answer, answer["warnings"]
        return answer["data"]

    def query(self, expression):
        """[(labels, value)]: what is not a number is left out, as a panel does."""
        found = [(one["metric"], float(one["value"][1])) for one in self.api("query", query=expression)["result"]]
        return [(labels, value) for labels, value in found if not math.isnan(value)]

    def targets(self):
        return self.api("targets", state="active")["activeTargets"]

    def label_values(self, series, label):
        return self.api(f"label/{label}/values", match=series)

    def own_metrics(self):
        return Metrics(http_get(self.address, "/metrics", self._network)[1])


def _meta(label, regex=None, target=None):
    rule = {"source_labels": [label]}
    return {**rule, "target_label": target} if target else {**rule, "action": "keep", "regex": regex}


def _label(prefix, name):
    return f"__meta_kubernetes_{prefix}_label_" + name.replace(".", "_").replace("/", "_")


def monitor_jobs(monitor):
    """The scrape jobs that the operator makes of a PodMonitor or ServiceMonitor, one for each of its endpoints."""
    of_pods = monitor["kind"] == "PodMonitor"
    role, kind, port = ("pod", "pod", "pod_container_port_name") if of_pods else (
        "endpointslice", "service", "endpointslice_port_name")
    spec, where = monitor["spec"], monitor["metadata"]["namespace"]
    jobs = []
    for number, endpoint in enumerate(spec["podMetricsEndpoints" if of_pods else "endpoints"]):
        rules = [_meta(_label(kind, name), value) for name, value in spec["selector"]["matchLabels"].items()]
        rules += [_meta(f"__meta_kubernetes_{port}", endpoint["port"]),
                  _meta("__meta_kubernetes_namespace", target="namespace"),
                  _meta("__meta_kubernetes_pod_container_name", target="container"),
                  _meta("__meta_kubernetes_pod_name", target="pod"),
                  _meta(_label(kind, spec["jobLabel"]), target="job"),
                  {"target_label": "endpoint", "replacement": endpoint["port"]}]
        rules += [] if of_pods else [_meta("__meta_kubernetes_service_name", target="service")]
        jobs.append({"job_name": f"{monitor['kind']}/{where}/{monitor['metadata']['name']}/{number}",
                     "sample_limit": spec.get("sampleLimit", 0), "relabel_configs": rules,
                     "kubernetes_sd_configs": [{"role": role, "namespaces": {"names": [where]}}]})
    return jobs
