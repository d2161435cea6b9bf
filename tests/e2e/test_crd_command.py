"""`stevedore-controller crd apply` and `crd delete` on a real API server, with exactly the role of the chart's Jobs."""

import json

import pytest
import yaml

from harness import chart, crd as crd_file, objects, process
from harness.cluster import ROOT, Cluster
from harness.controller import Controller, kubernetes
from harness.wait import until

CRD = "stevedoreroutes.stevedore.io"
FILE = ROOT / "crds" / "stevedoreroutes.yaml"
NOW = crd_file.schema_number()
PATH = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{CRD}"


@pytest.fixture(scope="module")
def cluster():
    """A control plane without the CRD, with the account of the chart's Jobs and one without rights."""
    made = Cluster()
    try:
        made.kubectl("create", "namespace", chart.NAMESPACE)
        made.kubectl("create", "serviceaccount", "bare", "-n", chart.NAMESPACE)
        rendered = chart.render(made, "--set", "crds.keep=false", "--show-only", "templates/crd.yaml")
        made.apply([each for each in rendered if each["kind"] != "Job"])
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def without_crd(cluster):
    yield
    cluster.kubectl("delete", "crd", CRD, "--ignore-not-found")


@pytest.fixture(scope="module")
def kubeconfigs(cluster, tmp_path_factory):
    """{account: path}"""
    with open(cluster.kubeconfig) as file:
        config = yaml.safe_load(file)
    made = {}
    for account in ("stevedore-crd", "bare"):
        token = cluster.kubectl("create", "token", account, "-n", chart.NAMESPACE, "--duration=1h").stdout.strip()
        config["users"][0]["user"] = {"token": token}
        made[account] = tmp_path_factory.mktemp(account) / "kubeconfig"
        made[account].write_text(yaml.safe_dump(config))
    return made


@pytest.fixture
def crd(cluster, kubeconfigs):
    """`crd(verb, ...)`: its exit code and log, as the Jobs' account."""
    def run(verb, file=FILE, account="stevedore-crd", flags=()):
        done = cluster.run(process.binary("stevedore-controller"), "crd", verb, "--file", file, "--kubeconfig",
                           kubeconfigs[account], *flags, check=False)
        return done.returncode, done.stdout + done.stderr
    return run


def changed(folder, schema=None, change=lambda crd: None):
    """A file of the CRD with another schema number, or without, and `change`."""
    made = yaml.safe_load(FILE.read_text())
    del made["metadata"]["annotations"]
    if schema is not None:
        made["metadata"]["annotations"] = {"stevedore.io/schema": str(schema)}
    change(made)
    path = folder / "crd.json"
    path.write_text(json.dumps(made))
    return path


def without_allow(made):
    del properties(made)["listener"]["properties"]["allow"]


def properties(made):
    return made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]


def live(cluster):
    return json.loads(cluster.request("GET", PATH))


def schema(cluster):
    return live(cluster)["metadata"]["annotations"].get("stevedore.io/schema")


def test_it_is_there_and_served_when_the_command_ends(cluster, crd):
    code, log = crd("apply")
    assert code == 0 and f"Installed the CRD name={CRD} schema={NOW}" in log, log
    cluster.apply(objects.route("first", 7000, [objects.service_upstream("game")], "default"))
    before = live(cluster)
    code, log = crd("apply")
    assert code == 0 and "Left the CRD alone, since it is the same" in log and len(log.splitlines()) == 1, log
    assert live(cluster) == before


def test_a_schema_goes_only_forward(cluster, crd, tmp_path):
    older = changed(tmp_path, 0, without_allow)
    code, log = crd("apply", older)
    assert code == 0 and "allow" not in properties(live(cluster))["listener"]["properties"], log
    code, log = crd("apply")
    assert code == 0 and f"Raised the CRD name={CRD} schema={NOW} from=0" in log, log
    raised = live(cluster)
    assert "allow" in properties(raised)["listener"]["properties"]

    code, log = crd("apply", older)
    assert code == 0 and f"since it is newer name={CRD} schema={NOW} ours=0" in log and len(log.splitlines()) == 1, log
    code, log = crd("delete", older)
    assert code == 0 and "since it is newer" in log, log
    assert live(cluster) == raised


def test_a_controller_older_than_the_crd_refuses_what_it_does_not_know(cluster, crd, tmp_path):
    """A filter that does nothing would be worse than none: only the routes that use the newer field wait."""
    def newer(made):
        properties(made)["listener"]["properties"]["allowedHours"] = {"type": "string"}
    crd("apply", changed(tmp_path, int(NOW) + 1, newer))
    routes = [objects.route(name, 7000 + number, [objects.service_upstream("game")], "default")
              for number, name in enumerate(("plain", "newer"))]
    routes[1]["spec"]["listener"]["allowedHours"] = "8-18"
    cluster.apply(routes)
    running = Controller(tmp_path, kubernetes(cluster.kubeconfig), namespace=cluster.namespace)

    def verdict(name):
        said = objects.condition(cluster.get("svdr", name, "default"), "Accepted")
        return said if said.get("status") in ("True", "False") else None
    try:
        said = {name: until(f"a verdict on {name}", lambda name=name: verdict(name), timeout=60)
                for name in ("plain", "newer")}
        assert (said["plain"]["status"], said["newer"]["status"]) == ("True", "False"), said
        assert said["newer"]["reason"] == "UnsupportedField", said
        assert "spec.listener.allowedHours" in said["newer"]["message"], said
    finally:
        running.close()


def test_what_kubectl_brought_is_left_alone_or_raised(cluster, crd, tmp_path):
    cluster.install_crds()
    before = live(cluster)
    code, log = crd("apply")
    assert code == 0 and "since it is the same" in log and live(cluster) == before, log

    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(changed(tmp_path, None, without_allow)))
    cluster.kubectl("annotate", "crd", CRD, "stevedore.io/schema-")
    code, log = crd("apply")
    assert code == 0 and "Raised the CRD" in log and schema(cluster) == NOW, log
    assert live(cluster)["spec"] == before["spec"], "fields were taken over"


def test_a_changed_one_is_restored(cluster, crd):
    crd("apply")
    before = live(cluster)
    cluster.kubectl("patch", "crd", CRD, "--type=json", "-p", json.dumps(
        [{"op": "remove", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/listener/"
          "properties/allow"}]))
    assert live(cluster)["spec"] != before["spec"]
    code, log = crd("apply")
    assert code == 0 and "Restored the CRD, which somebody had changed" in log, log
    assert live(cluster)["spec"] == before["spec"]


def test_a_strangers_is_refused(cluster, crd, tmp_path):
    def of_another_project(made):
        made["spec"]["versions"][0]["name"] = "v7"
    cluster.kubectl("apply", "--server-side", "-f", str(changed(tmp_path, None, of_another_project)))
    code, log = crd("apply")
    assert code == 1 and "is not Stevedore's" in log and "a version v7, which is unknown here" in log, log
    code, log = crd("delete")
    assert code == 0 and "is not Stevedore's" in log, log
    assert [each["name"] for each in live(cluster)["spec"]["versions"]] == ["v7"]


def test_names_that_somebody_has_are_told(cluster, crd, tmp_path):
    """Another CRD has the kind's short name: ours is accepted without being served."""
    other = yaml.safe_load(FILE.read_text())
    other["metadata"]["name"] = f"others.{other['spec']['group']}"
    other["spec"]["names"] = {"plural": "others", "singular": "other", "kind": "Other", "shortNames": ["svdr"]}
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(other))
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=20s", f"crd/{other['metadata']['name']}")
    try:
        code, log = crd("apply", flags=["--timeout", "3"])
        assert code == 1 and 'is not served: "svdr" is already in use' in log, log
    finally:
        cluster.kubectl("delete", "crd", other["metadata"]["name"])
    code, log = crd("apply")
    assert code == 0, log


def test_delete_waits_until_all_routes_are_gone(cluster, crd):
    crd("apply")
    held = objects.route("held", 7000, [objects.service_upstream("game")], "default")
    held["metadata"]["finalizers"] = ["example.com/held"]
    cluster.apply(held)
    code, log = crd("delete", flags=["--timeout", "1"])
    assert code == 1 and "Deleting the CRD, and every object of it" in log and "still being deleted" in log, log
    code, log = crd("apply", flags=["--timeout", "1"])
    assert code == 1 and "still being deleted" in log, log

    cluster.kubectl("patch", "svdr", "held", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    until("the CRD is gone", lambda: CRD not in cluster.kubectl("get", "crd", "-o", "name").stdout, interval=0.1)
    code, log = crd("delete")
    assert code == 0 and "There is no CRD to delete" in log, log


def test_what_is_forbidden_is_named(cluster, crd):
    code, log = crd("apply", account="bare")
    assert code == 1 and f"needed: get of customresourcedefinitions.apiextensions.k8s.io {CRD}" in log, log
    assert "cannot get resource" in log and "(tried for " in log, "rights may be about to come"


def test_the_jobs_have_the_rights_that_they_need_and_use_all(cluster, crd):
    crd("apply")
    crd("delete")
    user = f"system:serviceaccount:{chart.NAMESPACE}:stevedore-crd"
    mine = [entry for entry in cluster.audit() if entry["user"]["username"] == user]
    assert not [entry for entry in mine if entry["responseStatus"]["code"] in (401, 403)]
    rule = chart.one(chart.render(cluster, "--set", "crds.keep=false"), "ClusterRole", "stevedore-crd")["rules"][0]
    assert {(entry["objectRef"]["resource"], entry["objectRef"]["name"]) for entry in mine} == {
        (rule["resources"][0], rule["resourceNames"][0])}
    # `create` is asked for inside of an apply, and appears in no entry of its own.
    assert {entry["verb"] for entry in mine} == set(rule["verbs"]) - {"create"}
    assert "create" in rule["verbs"] and [entry for entry in mine if entry["responseStatus"]["code"] == 201]


def test_an_apply_for_none_does_not_replace_one(cluster):
    """What the command relies on where another Job is at work at the same time."""
    cluster.install_crds()
    made = yaml.safe_load(FILE.read_text())
    made["metadata"]["resourceVersion"] = "1"
    done = cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(made),
                           check=False)
    assert done.returncode != 0 and "the object has been modified" in done.stderr, done.stderr
