"""A real Prometheus scrapes a real release on a real node, as docs/monitoring.md and the chart's monitors say: every
query of the dashboard and every alert's expression is put to it while there is something to see."""

import json
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from harness import chart, metrics, monitoring, objects
from harness.cluster import NODE_IP, ROOT, Node
from harness.programs import require
from harness.prometheus import Prometheus, monitor_jobs
from harness.udp import bound_socket
from harness.wait import until

GAME = "game"
WIKI = "https://wiki.example.com/stevedore"
FLAGS = ("metrics.serviceMonitor.enabled=true", "metrics.prometheusRule.enabled=true", "metrics.dashboard.enabled=true",
         f"metrics.prometheusRule.runbookUrl={WIKI}", "metrics.dashboard.folder=Network")

# Alerts whose expressions have nothing to tell here, and why.
QUIET = {
    "StevedoreProxyDown": "two proxies are scraped",
    "StevedoreKernelDrops": "a few datagrams a second fit into every buffer",
    "StevedoreSessionTableFull": "a handful of sessions in a table of 262144",
    "StevedoreConfigRejected": "the controller writes a file that was damaged again within a second",
    "StevedoreConfigStale": "both proxies run what was written, seconds ago",
    "StevedoreWatchStale": "the API server sends bookmarks",
    "StevedoreReconcileErrors": "the volume takes what is written",
    "StevedoreNoLeader": "one of two replicas holds the Lease",
    "StevedorePortNotPublished": "the Service has the port of each listener",
    "StevedoreAPIThrottled": "the API server has nothing else to do",
}
# Queries of the dashboard that have nothing to tell here, by panel, and why.
EMPTY = {}


def probed(service, name="kcp", **more):
    probe = {"periodSeconds": 1, "timeoutSeconds": 1, "failureThreshold": 1, "payload": "0x70", "expect": "Reply"}
    return {"name": name, "serviceRef": {"name": service, "port": "kcp"}, "healthCheck": probe, **more}


PEERS = {"name": "kcp-server", "port": "kcp"}
# One route for each thing that is to be seen. Nobody listens on the port of the Service "closed".
ROUTES = [
    objects.route("kcp", 2614, [probed("kcp-server")], GAME, default="deny", rules=[
        {"name": "v1", "match": [{"start": 0, "end": 1, "operator": "==", "value": "0x01"}], "upstream": "kcp"}]),
    objects.route("shut", 2701, [probed("closed", whenNoneUsable="Drop")], GAME),
    objects.route("spare", 2702, [probed("closed", backup={"serviceRef": PEERS})], GAME),
    objects.route("open", 2703, [probed("closed")], GAME),
    objects.route("late", 2614, [probed("kcp-server")], chart.NAMESPACE),   # game/kcp has the port
]
PAYLOADS = {2614: [b"\x01 answered", b"\x02 matches nothing"], 2701: [b"nobody"], 2702: [b"backup"], 2703: [b"refused"]}


def peers(image):
    labels = {"app": "kcp-server"}
    echo = {"name": "echo", "image": image, "imagePullPolicy": "Never"}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "kcp-server", "namespace": GAME},
                  "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": {
                      "metadata": {"labels": labels},
                      "spec": {"terminationGracePeriodSeconds": 1, "containers": [echo]}}}}
    services = [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": GAME},
                 "spec": {"selector": labels,
                          "ports": [{"name": "kcp", "port": 2345, "protocol": "UDP", "targetPort": port}]}}
                for name, port in (("kcp-server", 7777), ("closed", 7778))]
    return [deployment, *services]


class Traffic:
    """Clients in the node's network: a datagram of each kind 20 times a second, until it is closed."""

    def __init__(self, node, ports):
        self._clients = [(bound_socket("0.0.0.0", namespace=node.namespace), (NODE_IP, ports[port]), payload)
                         for port, payloads in PAYLOADS.items() for payload in payloads]
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._closing.wait(0.05):
            for client, target, payload in self._clients:
                client.sendto(payload, target)

    def close(self):
        self._closing.set()
        self._thread.join()
        for client, _, _ in self._clients:
            client.close()


def pods(node):
    """{name: address} of the release's pods, once all are ready."""
    found = json.loads(node.kubectl("get", "pods", "-n", chart.NAMESPACE, "-o", "json").stdout)["items"]
    ready = {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in found
             if objects.condition(pod, "Ready").get("status") == "True"}
    return ready if len(ready) == len(found) == 2 else None


@pytest.fixture(scope="module")
def node():
    made = Node()
    try:
        made.product(ROOT / "build" / "image.tar")
        for name in (GAME, chart.NAMESPACE):
            made.kubectl("create", "namespace", name)
        made.apply([*chart.monitoring_crds(), *peers(made.test_image("echo"))])
        made.kubectl("wait", "--for=condition=Established", "--timeout=20s", "crd", "--all")
        made.helm("install", "stevedore", chart.CHART, "--namespace", chart.NAMESPACE,
                  *(part for flag in FLAGS for part in ("--set", flag)))
        made.release_pods = until("both pods are ready", lambda: pods(made), timeout=60, interval=0.25)
        yield made
    finally:
        made.close()


def live(node, kind, name="stevedore"):
    return node.get(kind, name, chart.NAMESPACE)


def annotated_jobs():
    """Those of the guide."""
    return yaml.safe_load(monitoring.blocks(monitoring.GUIDE.read_text(), "yaml foreign")[0])["scrape_configs"]


def monitored_jobs(node):
    """Of the release's ServiceMonitor, and of the PodMonitor that the chart has instead."""
    by_pod = chart.one(chart.render(node, "--set", "metrics.podMonitor.enabled=true"), "PodMonitor")
    return [job for monitor in (live(node, "servicemonitor"), by_pod) for job in monitor_jobs(monitor)]


def all_up(server, count):
    found = server.targets()
    return len(found) == count and all(target["health"] == "up" for target in found)


@pytest.fixture(scope="module")
def operators(node, tmp_path_factory):
    """The Prometheus of somebody who has the operator; it only looks for targets."""
    server = Prometheus(tmp_path_factory.mktemp("operators") / "data", monitored_jobs(node), node, 9091)
    yield server
    server.close()


@pytest.fixture(scope="module")
def prometheus(node, operators, tmp_path_factory):
    """By annotations, with the release's rules. It sees the release before it has any route, then all of ROUTES."""
    server = Prometheus(tmp_path_factory.mktemp("annotated") / "data", annotated_jobs(), node, 9090,
                        live(node, "prometheusrule")["spec"])
    try:
        until("all targets are up", lambda: all_up(server, 4), timeout=20)
        yield server
    finally:
        server.close()


def node_ports(node):
    """{port: node port}, once every listener is published."""
    found = {entry["port"]: entry["nodePort"] for entry in live(node, "service")["spec"]["ports"]}
    return found if set(PAYLOADS) <= set(found) else None


def damage(node, pod):
    """Another's hand in the config of a pod; the proxy refuses it, the controller writes it again."""
    node.kubectl("exec", "-n", chart.NAMESPACE, pod, "-c", "controller", "--", "bash", "-c",
                 "echo { >/run/stevedore/config/config.json")


@pytest.fixture(scope="module")
def busy(node, prometheus):
    """The Prometheus, with traffic of all kinds."""
    node.apply(ROUTES)
    traffic = Traffic(node, until("every port is published", lambda: node_ports(node), timeout=20, interval=0.1))
    try:
        for pod in node.release_pods:
            damage(node, pod)
            until("the proxy has refused it", lambda: prometheus.query(
                f'stevedore_proxy_config_reloads_total{{result="failure", pod="{pod}"}} == 1'))
        prometheus.traffic = traffic
        yield prometheus
    finally:
        traffic.close()


def test_both_containers_of_each_pod_are_scraped(node, prometheus):
    found = {(labels["namespace"], labels["pod"], labels["container"], labels["component"])
             for labels, _ in prometheus.query("stevedore_build_info")}
    assert found == {(chart.NAMESPACE, pod, part, part) for pod in node.release_pods
                     for part in ("controller", "proxy")}
    assert [target["lastError"] for target in prometheus.targets()] == [""] * 4


def test_the_monitors_lead_to_the_same_targets(node, operators):
    until("all targets are up", lambda: all_up(operators, 8), timeout=20)
    found = [(target["scrapePool"].split("/")[0], target["labels"]["job"], target["labels"]["pod"],
              target["labels"]["container"], target["scrapeUrl"]) for target in operators.targets()]
    ports = {"controller": 9180, "proxy": 9181}
    assert sorted(found) == sorted((monitor, "stevedore", pod, part, f"http://{address}:{port}/metrics")
                                   for monitor in ("PodMonitor", "ServiceMonitor")
                                   for pod, address in node.release_pods.items() for part, port in ports.items())


def values_of(server, board):
    """{variable: its value when All is chosen}, asked as Grafana asks."""
    values = {"__rate_interval": "1m"}
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            values[variable["name"]] = variable["current"].get("value", "")
            continue
        series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"]).groups()
        found = server.label_values(filled(series, values), label)
        assert found, f"{variable['name']}: nothing to choose"
        values[variable["name"]] = variable.get("allValue") or f"({'|'.join(found)})"
    return values


def filled(expression, values):
    return re.sub(r"\$(\w+)", lambda found: values[found.group(1)], expression)


def test_the_config_map_has_the_dashboard_for_grafanas_sidecar(node):
    made = live(node, "configmap", "stevedore-dashboard")
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert made["metadata"]["annotations"]["grafana_folder"] == "Network"
    assert json.loads(made["data"]["stevedore.json"]) == monitoring.dashboard()


def test_every_panel_has_something_to_show(node, busy):
    board = monitoring.dashboard()
    until("the pods are there to choose", lambda: len(busy.label_values("stevedore_controller_info", "pod")) == 2)
    values = values_of(busy, board)
    queries = {(panel["title"], target["refId"]): filled(target["expr"], values)
               for panel in monitoring.panels(board) for target in panel["targets"]}
    waiting = {key for key in queries if key[0] not in EMPTY}

    def look():
        waiting.difference_update([key for key in waiting if busy.query(queries[key])])
        return not waiting
    try:
        until("every panel has data", look, timeout=30, interval=0.5)
    except AssertionError:
        raise AssertionError({key: queries[key] for key in waiting}) from None
    for (title, ref), expression in queries.items():
        assert title not in EMPTY or not busy.query(expression), f"{title} {ref} is not empty: {EMPTY[title]}"


def test_what_is_to_be_seen_is_seen(busy):
    """Data is not enough: these are right."""
    def upstreams(expression):
        return {labels["route"] for labels, _ in busy.query(expression)}
    for expression, wanted in (('stevedore_proxy_upstream_peers{state="usable"} == 0', {"shut"}),
                               ("stevedore_proxy_upstream_backup_active == 1", {"spare"})):
        until(f"{expression}: {wanted}, not {upstreams(expression)}", lambda: upstreams(expression) == wanted)

    def reasons():
        return {(labels["listener"], labels["reason"]) for labels, _ in busy.query(
            'sum by (listener, reason) (rate(stevedore_proxy_dropped_datagrams_total{direction="up"}[1m])) > 0')}
    until("both kinds of drops have a rate", lambda: {("game/2614", "no_match"), ("game/2701", "no_peer")} <= reasons(),
          timeout=30, interval=0.5)
    assert not [name for name in busy.api("labels") if name.startswith("exported_")], "a target's label and ours differ"


def test_every_alert_is_healthy_and_says_what_is(busy):
    expected = monitoring.alerts()
    states = {name: "inactive" if name in QUIET else "pending" for name in expected}

    def rules():
        return {rule["name"]: rule for group in busy.api("rules")["groups"] for rule in group["rules"]}
    until("what is wrong is about to be raised", lambda: {
        name: rule["state"] for name, rule in rules().items()} == states, timeout=30, interval=0.5)
    for name, rule in rules().items():
        assert (rule["health"], rule.get("lastError", "")) == ("ok", "")
        assert rule["annotations"]["runbook_url"] == f"{WIKI}/{name}.md"
        assert bool(busy.query(expected[name]["expr"])) == (name not in QUIET), QUIET.get(name, "it is not empty")


def test_each_runbook_can_be_followed(node, busy):
    commands = {command for text in monitoring.runbooks().values() for block in monitoring.blocks(text, "sh")
                for command in block.splitlines()}

    def follow(command):
        until(f"{command!r} says something", lambda: node.run("bash", "-c", command).stdout.strip(), interval=0.5)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(follow, commands))
    queries = {query for text in monitoring.runbooks().values() for block in monitoring.blocks(text, "promql")
               for query in block.splitlines()}
    for query in queries:
        busy.query(query)


def test_the_guides_commands_render(node):
    commands = [line for block in monitoring.blocks(monitoring.GUIDE.read_text(), "sh") for line in block.splitlines()]
    kinds = []
    for command in commands:
        flags = re.findall(r"--set \S+", command)
        assert command.startswith("helm upgrade stevedore helm/stevedore --namespace stevedore --reuse-values --set ")
        kinds += [each["kind"] for each in chart.render(node, *" ".join(flags).split())]
    assert {"PodMonitor", "ServiceMonitor", "PrometheusRule"} <= set(kinds)


@pytest.mark.parametrize("port", [9180, 9181])
def test_the_pages_keep_prometheus_conventions(node, busy, port):
    for address in node.release_pods.values():
        _, page = metrics.http_get(f"{address}:{port}", "/metrics", node.namespace)
        samples = [(name, *sorted(labels.items())) for name, labels, _ in metrics.Metrics(page).samples]
        assert len(set(samples)) == len(samples)
        linted = subprocess.run([require("promtool", "prometheus"), "check", "metrics"], input=page, text=True,
                                capture_output=True, check=False, timeout=60)
        assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


def test_nothing_was_refused_or_seen_twice(busy, operators):
    for server in (busy, operators):
        own = server.own_metrics()
        bad = r"prometheus_(target_scrapes_(sample|exceeded)|rule_evaluation_failures_total|target_scrape_pool_exceeded)"
        assert [sample for sample in own.samples if sample[2] and re.match(bad, sample[0])] == []
        assert not re.search(r"level=(warn|error).*", server.log())


def test_at_rest_every_datagram_is_accounted_for(busy):
    busy.traffic.close()
    law = monitoring.blocks(monitoring.METRICS.read_text().split("## Every datagram is accounted for")[1], "")[0]
    since = time.time()
    until("the last look was after the traffic", lambda: min(
        value for _, value in busy.query("timestamp(stevedore_proxy_sessions_limit)")) > since + 1)
    found = {labels.get("listener", ""): value for labels, value in busy.query(law)}
    assert set(found.values()) == {0.0} and {f"game/{port}" for port in PAYLOADS} <= set(found)
