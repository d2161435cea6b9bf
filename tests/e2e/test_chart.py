"""What the chart renders: a real API server takes it for many value files; wrong ones are refused by the key's name."""

import json
import os

import pytest
import yaml

from harness import chart
from harness.cluster import ROOT


@pytest.fixture(scope="module")
def ready(cluster):
    """With the kinds that the chart may render, and a namespace that takes restricted pods only."""
    cluster.apply(chart.monitoring_crds())
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=20s", "crd", "--all")
    cluster.kubectl("create", "namespace", chart.NAMESPACE)
    cluster.kubectl("label", "namespace", chart.NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    return cluster


@pytest.mark.parametrize("values", [None, *chart.VALUES], ids=chart.name_of)
def test_values_make_objects_that_the_api_server_takes(ready, values):
    flags = ["--values", values] if values else []
    objects = chart.render(ready, *flags)
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
    assert len(set(names)) == len(names)
    done = ready.kubectl("apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", "-",
                         stdin=chart.as_list(objects))
    assert len(done.stdout.splitlines()) == len(objects)


def test_lint(ready):
    ready.helm("lint", "--strict", chart.CHART)


@pytest.mark.parametrize("values", chart.WRONG, ids=chart.name_of)
def test_wrong_values_are_refused_by_name(ready, values):
    done = ready.helm("template", "stevedore", chart.CHART, "--values", values, check=False)
    assert done.returncode != 0
    assert chart.expectation(values) in done.stderr


def test_pods_are_restricted(ready):
    """Pod Security admission looks at pods themselves; a Deployment is only warned about."""
    objects = chart.render(ready, "--set", "crds.keep=false")
    ready.apply([each for each in objects if each["kind"] == "ServiceAccount"])
    templates = [each["spec"]["template"] for each in objects if each["kind"] in ("Deployment", "Job")]
    assert len(templates) == 3
    pods = [*({"apiVersion": "v1", "kind": "Pod", "metadata": {**template["metadata"], "name": "probe"},
               "spec": template["spec"]} for template in templates), chart.one(objects, "Pod")]
    for pod in pods:
        pod["metadata"]["namespace"] = chart.NAMESPACE
        done = ready.kubectl("apply", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
        assert "Warning" not in done.stderr
    pods[0]["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = True
    done = ready.kubectl("apply", "--dry-run=server", "-f", "-", stdin=json.dumps(pods[0]), check=False)
    assert "violates PodSecurity" in done.stderr, "the namespace enforces it"


def test_only_the_controller_has_the_token_and_each_volume_has_one_writer(ready):
    spec = chart.one(chart.render(ready), "Deployment")["spec"]["template"]["spec"]
    controller, proxy = spec["initContainers"][0], spec["containers"][0]
    assert controller["restartPolicy"] == "Always" and "readinessProbe" not in controller
    assert spec["automountServiceAccountToken"] is False
    writes = {container["name"]: {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
              for container in (controller, proxy)}
    assert writes == {"controller": {"config"}, "proxy": {"status"}}
    assert "token" not in [mount["name"] for mount in proxy["volumeMounts"]]
    assert "env" not in proxy


def test_numbers_are_not_written_as_floats(ready):
    flags = ["--values", next(path for path in chart.VALUES if path.stem == "tuned")]
    objects = chart.render(ready, *flags)
    assert chart.one(objects, "ConfigMap", "stevedore")["data"]["hash-seed"] == "4294967295"
    arguments = chart.one(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert "--max-sessions=2000000" in arguments and "--key-table-size=1048576" in arguments


def test_the_roles_are_those_of_the_manifests(ready):
    objects = chart.render(ready)
    for wanted in yaml.safe_load_all((ROOT / "manifests" / "rbac.yaml").read_text()):
        if wanted["kind"] not in ("ClusterRole", "Role"):
            continue
        found = chart.one(objects, wanted["kind"], wanted["metadata"]["name"])
        assert found["rules"] == wanted["rules"]


def test_namespaced_roles_still_reach_the_published_service(ready):
    objects = chart.render(ready, "--no-hooks", "--set", "watchNamespaces={game,default}")
    assert {each["metadata"]["namespace"] for each in objects if each["kind"] == "Role"} == {
        "game", "default", chart.NAMESPACE}
    assert not [each for each in objects if each["kind"] == "ClusterRoleBinding"]
    rules = chart.one(objects, "Role", "stevedore")["rules"]
    assert {"apiGroups": [""], "resources": ["services"], "resourceNames": ["stevedore"],
            "verbs": ["get", "list", "watch", "patch"]} in rules


def hooks(objects):
    """{(kind, name): events} of what is no part of the release, the chart's own test apart."""
    marked = {(each["kind"], each["metadata"]["name"]): each["metadata"].get("annotations", {}).get("helm.sh/hook")
              for each in objects}
    return {key: events for key, events in marked.items() if events not in (None, "test")}


def test_the_crd_comes_by_a_job_and_never_by_a_rollback(ready):
    before, always = "pre-install,pre-upgrade", "pre-install,pre-upgrade,post-delete"
    needs = [("ServiceAccount", "stevedore-crd"), ("ClusterRole", "stevedore-crd"),
             ("ClusterRoleBinding", "stevedore-crd"), ("ConfigMap", "stevedore-crd")]
    objects = chart.render(ready)
    assert hooks(objects) == {key: before for key in [*needs, ("Job", "stevedore-crd-apply")]}
    assert "CustomResourceDefinition" not in [each["kind"] for each in objects]

    objects = chart.render(ready, "--set", "crds.keep=false")
    assert hooks(objects) == {**{key: always for key in needs}, ("Job", "stevedore-crd-apply"): before,
                              ("Job", "stevedore-crd-delete"): "post-delete"}
    assert not hooks(chart.render(ready, "--set", "crds.enabled=false"))


def test_the_jobs_role_is_for_this_one_crd(ready):
    def rules(*flags):
        return chart.one(chart.render(ready, *flags), "ClusterRole", "stevedore-crd")["rules"]
    wanted = {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"],
              "resourceNames": ["stevedoreroutes.stevedore.io"], "verbs": ["get", "create", "patch"]}
    assert rules() == [wanted]
    assert rules("--set", "crds.keep=false") == [{**wanted, "verbs": ["get", "create", "patch", "delete"]}]


def test_the_jobs_account_may_be_brought_along(ready):
    objects = chart.render(ready, "--set", "serviceAccount.create=false,serviceAccount.name=mine")
    assert chart.one(objects, "Job")["spec"]["template"]["spec"]["serviceAccountName"] == "mine"
    assert chart.one(objects, "ClusterRoleBinding", "stevedore-crd")["subjects"][0]["name"] == "mine"
    assert "ServiceAccount" not in [each["kind"] for each in objects]


def test_no_policy_and_no_service_takes_the_jobs_pod_for_a_proxy(ready):
    objects = chart.render(ready, "--set", "networkPolicy.enabled=true")
    labels = chart.one(objects, "Job")["spec"]["template"]["metadata"]["labels"].items()

    def takes(selector):
        return selector.items() <= labels
    policies = [each["metadata"]["name"] for each in objects if each["kind"] == "NetworkPolicy"
                and takes(each["spec"]["podSelector"]["matchLabels"])]
    assert policies == ["stevedore-crd"]
    assert not takes(chart.one(objects, "Service", "stevedore")["spec"]["selector"])


def test_the_crd_is_the_projects(ready):
    text = (ROOT / "crds" / "stevedoreroutes.yaml").read_text()
    assert (chart.CHART / "files" / "stevedoreroutes.yaml").read_text() == text
    data = chart.one(chart.render(ready), "ConfigMap", "stevedore-crd")["data"]
    assert data["stevedoreroutes.yaml"].strip() == text.strip()


def test_the_manifests_are_the_charts_default(ready):
    """STEVEDORE_UPDATE_GOLDEN=1 writes them."""
    wanted = chart.plain_install(ready)
    if os.environ.get("STEVEDORE_UPDATE_GOLDEN"):
        chart.INSTALL.write_text(wanted)
    assert chart.INSTALL.read_text() == wanted
    made = ready.kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=wanted.split("---\n", 1)[1])
    assert "deployment.apps/stevedore" in made.stdout
    assert "customresourcedefinition.apiextensions.k8s.io/stevedoreroutes.stevedore.io" in made.stdout


def test_ports_of_the_native_sidecar_are_told_by_number(ready):
    """Kubernetes before 1.33, and some network plugins, do not find them by name."""
    objects = chart.render(ready, "--set", "metrics.serviceMonitor.enabled=true,networkPolicy.enabled=true")
    service = chart.one(objects, "Service", "stevedore-metrics")
    assert {entry["name"]: entry["targetPort"] for entry in service["spec"]["ports"]} == {
        "metrics": 9180, "proxy-metrics": 9181}
    policy = chart.one(objects, "NetworkPolicy", "stevedore")["spec"]
    assert [entry["port"] for entry in policy["ingress"][1]["ports"]] == [9180, 9181]


def keys(node, schema, definitions, path=""):
    """Paths of the default values that a closed schema has to name, and those that it names."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if schema.get("additionalProperties") is not False:
        return set(), set()
    have, named = {f"{path}/{key}" for key in node}, {f"{path}/{key}" for key in schema.get("properties", {})}
    for key in node:
        if isinstance(node[key], dict) and key in schema.get("properties", {}):
            more_have, more_named = keys(node[key], schema["properties"][key], definitions, f"{path}/{key}")
            have, named = have | more_have, named | more_named
    return have, named


def test_every_value_has_a_default_and_a_schema():
    schema = json.loads((chart.CHART / "values.schema.json").read_text())
    values = yaml.safe_load((chart.CHART / "values.yaml").read_text())
    have, named = keys(values, schema, schema["definitions"])
    free = {"/affinity", "/controller/resources", "/proxy/resources", "/sysctls"}   # in part Kubernetes' own
    assert {key for key in have ^ named if key.rsplit("/", 1)[0] not in free} == {"/global"}


def test_the_readme_lists_every_value():
    """STEVEDORE_UPDATE_GOLDEN=1 writes the table."""
    path = chart.CHART / "README.md"
    before, head, rest = path.read_text().partition("| value | default | meaning |\n|---|---|---|\n")
    table, after = rest[:rest.index("\n\n")], rest[rest.index("\n\n"):]
    wanted = "\n".join(chart.value_rows())
    if os.environ.get("STEVEDORE_UPDATE_GOLDEN"):
        path.write_text(before + head + wanted + after)
    else:
        assert table == wanted
