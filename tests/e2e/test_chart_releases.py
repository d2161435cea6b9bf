"""Releases over time on a real node: the CRD, which is none of theirs, the hash seed, and what an uninstall leaves."""

import json
import re
import shutil

import pytest

from harness import chart, crd, objects
from harness.cluster import ROOT, Node
from harness.wait import until

CRD = "stevedoreroutes.stevedore.io"
NOW = crd.schema_number()
IMAGE = ROOT / "build" / "image.tar"
NO_PODS = ("--set", "replicas=0")
SPACES = ("a", "b", "c")


@pytest.fixture(scope="module")
def node():
    made = Node()
    try:
        made.product(IMAGE)
        for space in SPACES:
            made.kubectl("create", "namespace", space)
            made.kubectl("label", "namespace", space, "pod-security.kubernetes.io/enforce=restricted")
        yield made
    finally:
        made.close()


@pytest.fixture
def bare(node):
    """A node without releases and without the CRD. Afterwards nothing may be left of them but the CRD."""
    yield node
    for release in json.loads(node.helm("list", "--all-namespaces", "--output", "json").stdout):
        node.helm("uninstall", release["name"], "--namespace", release["namespace"])
    left = leftovers(node)
    node.kubectl("delete", "crd", CRD, "--ignore-not-found")
    assert not left


def leftovers(node):
    """What hooks made and did not take away."""
    kinds = "jobs,serviceaccounts,configmaps,networkpolicies,clusterroles,clusterrolebindings"
    items = json.loads(node.kubectl("get", kinds, "--all-namespaces", "-o", "json").stdout)["items"]
    return [(item["kind"], item["metadata"]["name"]) for item in items
            if "helm.sh/hook" in item["metadata"].get("annotations", {})]


def install(node, release, namespace, *flags, check=True, source=chart.CHART):
    return node.helm("upgrade", "--install", release, source, "--namespace", namespace, *flags, check=check,
                     timeout=120)


def seed(node, release, namespace):
    return node.get("configmap", release, namespace)["data"]["hash-seed"]


def live_crd(node):
    return json.loads(node.kubectl("get", "crd", CRD, "-o", "json").stdout)


def schema(node):
    return live_crd(node)["metadata"]["annotations"]["stevedore.io/schema"]


def a_route(name, class_name="stevedore"):
    route = objects.route(name, 7000, [objects.service_upstream("game")], "default")
    route["spec"]["className"] = class_name
    return route


def type_in(node, text, pattern):
    """Types the one command in the text that the pattern finds."""
    found = re.findall(rf"^ *({pattern}.*)$", text, re.MULTILINE)
    assert len(found) == 1, text
    return node.run(*found[0].split())


def test_the_crd_that_kubectl_brought(bare):
    bare.install_crds()
    before = live_crd(bare)
    install(bare, "one", "a", *NO_PODS)
    assert live_crd(bare) == before
    bare.helm("uninstall", "one", "--namespace", "a")
    assert live_crd(bare) == before


def test_releases_come_and_go_and_routes_stay(bare):
    install(bare, "one", "a", *NO_PODS)
    assert leftovers(bare) == []
    drawn = seed(bare, "one-stevedore", "a")
    bare.apply([a_route("first"), a_route("second", "other")])

    install(bare, "one", "a", "--set", "replicas=0,proxy.workers=2")
    assert seed(bare, "one-stevedore", "a") == drawn, "kept over an upgrade"
    install(bare, "two", "b", "--set", "replicas=0,class=other")
    assert seed(bare, "two-stevedore", "b") != drawn

    bare.helm("uninstall", "one", "--namespace", "a")
    told = install(bare, "one", "c", *NO_PODS).stdout
    assert bare.get("svdr", "first")["spec"]["className"] == "stevedore"
    assert bare.get("svdr", "second")["spec"]["className"] == "other"

    bare.helm("uninstall", "one", "--namespace", "c")
    bare.helm("uninstall", "two", "--namespace", "b")
    type_in(bare, told, "kubectl delete crd ")
    told = install(bare, "one", "a", "--set", "replicas=0,crds.enabled=false").stdout
    assert CRD not in bare.kubectl("get", "crd", "-o", "name").stdout
    type_in(bare, told.replace("-f crds/", f"-f {ROOT}/crds"), "kubectl apply --server-side ")
    assert schema(bare) == NOW


def test_an_uninstall_deletes_the_crd_where_it_is_told_to(bare):
    told = install(bare, "one", "a", "--set", "replicas=0,crds.keep=false").stdout
    assert "deletes the CRD, and with it every route of the cluster" in told
    bare.apply(a_route("first"))
    bare.helm("uninstall", "one", "--namespace", "a")
    assert CRD not in bare.kubectl("get", "crd", "-o", "name").stdout
    assert leftovers(bare) == []


def test_a_strangers_crd_fails_the_install_which_says_why(bare, tmp_path):
    text = (ROOT / "crds" / "stevedoreroutes.yaml").read_text()
    assert text.count("stevedore.io/schema:") == 1 and text.count("- name: v1alpha1\n") == 1
    strangers = tmp_path / "crd.yaml"
    strangers.write_text(text.replace("stevedore.io/schema:", "note:").replace("- name: v1alpha1\n", "- name: v7\n"))
    bare.kubectl("apply", "--server-side", "-f", str(strangers))

    refused = install(bare, "one", "a", *NO_PODS, check=False)
    assert refused.returncode != 0
    assert "is not Stevedore's" in refused.stdout + refused.stderr, "Helm shows the Job's log"
    assert "is not Stevedore's" in bare.kubectl("logs", "-n", "a", "job/one-stevedore-crd-apply").stdout
    assert leftovers(bare) == [("Job", "one-stevedore-crd-apply")]

    bare.kubectl("delete", "crd", CRD)
    install(bare, "one", "a", *NO_PODS)
    assert schema(bare) == NOW and leftovers(bare) == []


def test_an_image_that_cannot_be_had_fails_the_install_in_time(bare, tmp_path):
    """Before Helm itself gives up, after 5 minutes. Here the Job's 4 minutes are 5 seconds."""
    copy = tmp_path / "hasty"
    shutil.copytree(chart.CHART, copy)
    file = copy / "templates" / "_crd.tpl"
    text = file.read_text()
    assert text.count("activeDeadlineSeconds: 240 ") == 1
    file.write_text(text.replace("activeDeadlineSeconds: 240 ", "activeDeadlineSeconds: 5 "))
    refused = install(bare, "one", "a", "--set", "replicas=0,image.tag=none", source=copy, check=False)
    assert refused.returncode != 0 and "Job/a/one-stevedore-crd-apply not ready" in refused.stderr, refused.stderr
    told = bare.kubectl("describe", "job", "one-stevedore-crd-apply", "-n", "a").stdout
    assert "DeadlineExceeded" in told, told

    install(bare, "one", "a", *NO_PODS)
    assert schema(bare) == NOW and leftovers(bare) == []


def older(folder):
    """The chart as it was with a schema before this one, which lacked a field."""
    copy = folder / "older"
    shutil.copytree(chart.CHART, copy)
    file = copy / "files" / "stevedoreroutes.yaml"
    text = file.read_text().replace(f'stevedore.io/schema: "{NOW}"', 'stevedore.io/schema: "0"')
    assert text.count(" allow:\n") == 1, "the field to leave out"
    file.write_text(text.replace(" allow:\n", " allowed:\n"))
    return copy


def test_no_rollback_and_no_older_chart_takes_a_field_from_a_live_route(bare, tmp_path):
    old = older(tmp_path)

    def write():
        bare.kubectl("annotate", "svdr", "guarded", "--overwrite", f"written={write.times}")
        write.times += 1
    write.times = 0

    def status_is_written():
        """By the controller, over one that is taken away."""
        bare.kubectl("patch", "svdr", "guarded", "--subresource=status", "--type=merge", "-p", '{"status": null}')
        until("the controller writes the status",
              lambda: objects.condition(bare.get("svdr", "guarded"), "Accepted"), timeout=60, interval=0.2)

    def allowed():
        return bare.get("svdr", "guarded")["spec"]["listener"].get("allow")

    install(bare, "one", "a", "--set", "replicas=1", source=old)
    assert schema(bare) == "0"
    install(bare, "one", "a", "--set", "replicas=1")
    assert schema(bare) == NOW
    route = a_route("guarded")
    route["spec"]["listener"]["allow"] = ["192.0.2.0/24"]
    bare.apply(route)
    for step in (status_is_written, lambda: bare.helm("rollback", "one", "1", "--namespace", "a"), status_is_written,
                 write, lambda: install(bare, "one", "a", "--set", "replicas=1", source=old), status_is_written, write):
        step()
        assert allowed() == ["192.0.2.0/24"]
    assert schema(bare) == NOW

    # The older schema, by force: what all this is about.
    file = old / "files" / "stevedoreroutes.yaml"
    bare.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(file))
    until("a write cuts the field", lambda: write() or allowed() is None, timeout=20)
