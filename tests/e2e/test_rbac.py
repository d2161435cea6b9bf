"""The controller with exactly the role of manifests/rbac.yaml, or the chart's: everything works, nothing is refused."""

import re

import pytest
import yaml

from harness import objects
from harness.cluster import NODE_IP, ROOT
from harness.controller import kubernetes
from harness.udp import free_port
from harness.wait import until

NAMESPACE = "stevedore"
FILE = ROOT / "manifests" / "rbac.yaml"
CHART = str(ROOT / "helm" / "stevedore")
ROW = re.compile(r"^(\S*)\s+\[(.*?)\]\s+\[(.*?)\]\s+\[(.*?)\]$")


@pytest.fixture(scope="module")
def account(cluster):
    """The ServiceAccount with its roles, and one without any."""
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("apply", "-f", str(FILE))
    cluster.kubectl("create", "serviceaccount", "bare", "-n", NAMESPACE)
    return "stevedore"


def kubeconfig(cluster, account):
    """That of a ServiceAccount, with a token of its own."""
    token = cluster.kubectl("create", "token", account, "-n", NAMESPACE, "--duration=1h").stdout.strip()
    with open(cluster.kubeconfig) as file:
        config = yaml.safe_load(file)
    config["users"][0]["user"] = {"token": token}
    config["contexts"][0]["context"]["namespace"] = NAMESPACE
    path = cluster.state / f"{account}.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def documents(kind):
    return [document for document in yaml.safe_load_all(FILE.read_text()) if document["kind"] == kind]


def granted(rules):
    """{(resource or URL, name or "", verb)} of a role's rules, as `kubectl auth can-i --list` names them."""
    found = set()
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                kind, _, subresource = resource.partition("/")
                full = f"{kind}.{group}" if group else kind
                for name in rule.get("resourceNames", [""]):
                    found |= {(f"{full}/{subresource}" if subresource else full, name, verb) for verb in rule["verbs"]}
    return found


def can(cluster, name, namespace):
    """What `kubectl auth can-i --list` says of a ServiceAccount in a namespace."""
    text = cluster.kubectl("auth", "can-i", "--list", "--no-headers", "-n", namespace,
                           f"--as=system:serviceaccount:{NAMESPACE}:{name}").stdout
    found = set()
    for line in text.splitlines():
        row = ROW.match(line)
        assert row, line
        resource, urls, names, verbs = row.groups()
        for what in urls.split() or [resource]:
            found |= {(what, one, verb) for one in names.split() or [""] for verb in verbs.split()}
    return found


def test_roles_are_exact(cluster, account, space):
    everywhere, here = documents("ClusterRole")[0]["rules"], documents("Role")[0]["rules"]
    assert can(cluster, "stevedore", NAMESPACE) == can(cluster, "bare", NAMESPACE) | granted(everywhere + here)
    assert can(cluster, "stevedore", space) == can(cluster, "bare", space) | granted(everywhere)


def test_the_chart_renders_these_roles(cluster):
    chart = cluster.helm("template", "stevedore", CHART, "--namespace", NAMESPACE).stdout
    rendered = {(document["kind"], document["metadata"]["name"]): document["rules"]
                for document in yaml.safe_load_all(chart) if (document or {}).get("kind") in ("Role", "ClusterRole")}
    for kind in ("ClusterRole", "Role"):
        matching = [rules for (own, _), rules in rendered.items()
                    if own == kind and granted(rules) == granted(documents(kind)[0]["rules"])]
        assert matching, rendered


def test_roles_have_no_secrets_and_no_wildcards():
    for rule in documents("ClusterRole")[0]["rules"] + documents("Role")[0]["rules"]:
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert "secrets" not in rule["resources"]


def publish(cluster, name):
    """A Service as the chart makes it, before the first port."""
    cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": NAMESPACE},
                   "spec": {"ports": [{"name": "placeholder", "port": 65535, "protocol": "UDP"}]}})


def events(cluster, space):
    return cluster.kubectl("get", "events.events.k8s.io", "-n", space, "-o",
                           "jsonpath={range .items[*]}{.regarding.name} {.reason}{\"\\n\"}{end}").stdout


@pytest.fixture
def works(cluster, space, hosted, proxy, controller, ask):
    """`works(account)`: a controller as this ServiceAccount does all that it has to; returns its audited requests."""
    def run(account, *flags):
        publish(cluster, account)
        proxy(flags=["--wait-for-config"], namespace=cluster.namespace)
        running = controller(kubernetes(kubeconfig(cluster, account)), namespace=cluster.namespace,
                             flags=["--leader-elect", "--publish-service", f"{NAMESPACE}/{account}", *flags])
        port = free_port(NODE_IP, cluster.namespace)
        cluster.apply([*objects.with_peers("game", [hosted("a").address], 7777, space),
                       objects.route("game", port, [objects.service_upstream("game")], space)])
        until("the peer answers", lambda: ask(port) == "a")

        def wait(what, condition):
            until(what, condition, timeout=30, interval=0.2)
        wait("the status is written",
             lambda: objects.condition(cluster.get("svdr", "game", space), "Programmed").get("status") == "True")
        wait("the port is published", lambda: port in [
            entry["port"] for entry in cluster.get("service", account, NAMESPACE)["spec"]["ports"]])
        wait("an event is there", lambda: "game Accepted" in events(cluster, space))
        running.process.stop()   # hands the Lease back
        user = f"system:serviceaccount:{NAMESPACE}:{account}"
        return [entry for entry in cluster.audit() if entry["user"]["username"] == user]
    return run


def refused(requests):
    return [(entry["verb"], entry["requestURI"]) for entry in requests
            if entry.get("responseStatus", {}).get("code") in (401, 403)]


def test_everything_works_with_these_roles(account, works):
    requests = works(account)
    assert requests and not refused(requests), refused(requests)
    assert used(requests) <= granted(documents("ClusterRole")[0]["rules"] + documents("Role")[0]["rules"])
    assert ("leases.coordination.k8s.io", "", "create") in used(requests)


def test_everything_works_in_one_namespace(cluster, account, space, works):
    """The chart's roles with `watchNamespaces`: none of the whole cluster."""
    chart = cluster.helm("template", "scoped", CHART, "--namespace", NAMESPACE, "--no-hooks", "--set",
                         f"watchNamespaces={{{space}}}")
    wanted = [document for document in yaml.safe_load_all(chart.stdout)
              if (document or {}).get("kind") in ("ServiceAccount", "Role", "RoleBinding", "ClusterRoleBinding")]
    assert "ClusterRoleBinding" not in [document["kind"] for document in wanted]
    cluster.apply(wanted)
    name = next(document["metadata"]["name"] for document in wanted if document["kind"] == "ServiceAccount")
    requests = works(name, "--watch-namespace", space)
    assert requests and not refused(requests), refused(requests)


def used(entries):
    """{(resource, name where a role names it, verb)} of audited requests."""
    found = set()
    for entry in entries:
        target = entry.get("objectRef")
        if target is None or "resource" not in target:
            continue   # discovery, which everybody may
        kind = f"{target['resource']}.{target['apiGroup']}" if target.get("apiGroup") else target["resource"]
        kind += f"/{target['subresource']}" if target.get("subresource") else ""
        name = target["name"] if (kind, entry["verb"]) == ("services", "patch") else ""
        found.add((kind, name, entry["verb"]))
    return found
