"""Releases over time on a real API server: the CRD among several owners, the hash seed, what an uninstall leaves."""

import json
import re
import shutil

import pytest

from harness import chart, objects
from harness.cluster import Cluster

CRD = "stevedoreroutes.stevedore.io"


@pytest.fixture(scope="module")
def control_plane():
    made = Cluster()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def bare(control_plane):
    """A control plane without releases and without the CRD."""
    yield control_plane
    for release in json.loads(control_plane.helm("list", "--all-namespaces", "--output", "json").stdout):
        control_plane.helm("uninstall", release["name"], "--namespace", release["namespace"])
    control_plane.kubectl("delete", "crd", CRD, "--ignore-not-found")


def install(cluster, release, namespace, *flags, check=True, source=chart.CHART):
    return cluster.helm("upgrade", "--install", release, source, "--namespace", namespace, "--create-namespace", *flags,
                        check=check)


def commands(message):
    """{"leave": [...], "take over": [...]}: what the refusal tells to type."""
    leave, over = message.split("To take it over")
    typed = re.compile(r"^  ((?:helm|kubectl) .*)$", re.MULTILINE)
    return {"leave": typed.findall(leave), "take over": typed.findall(over)}


def type_in(cluster, lines):
    for line in lines:
        words = line.replace("CHART", str(chart.CHART)).split()
        words.append("--create-namespace") if words[0] == "helm" else None
        cluster.run(*words)


def owner(cluster):
    found = json.loads(cluster.kubectl("get", "crd", CRD, "-o", "json").stdout)["metadata"].get("annotations", {})
    return found.get("meta.helm.sh/release-name"), found.get("meta.helm.sh/release-namespace")


def seed(cluster, release, namespace):
    return cluster.get("configmap", release, namespace)["data"]["hash-seed"]


def a_route(name, class_name):
    route = objects.route(name, 7000, [objects.service_upstream("game")], "default")
    route["spec"]["className"] = class_name
    return route


def test_the_crd_that_kubectl_brought(bare):
    bare.install_crds()
    refused = install(bare, "one", "a", check=False)
    assert refused.returncode != 0 and "somebody's kubectl" in refused.stderr
    typed = commands(refused.stderr)

    type_in(bare, typed["leave"])
    assert owner(bare) == (None, None)
    bare.helm("uninstall", "one", "--namespace", "a")

    type_in(bare, typed["take over"])
    assert owner(bare) == ("one", "a")


def test_releases_come_and_go_and_routes_stay(bare):
    install(bare, "one", "a")
    drawn = seed(bare, "one-stevedore", "a")
    bare.kubectl("wait", "--for=condition=Established", "--timeout=20s", f"crd/{CRD}")
    bare.apply([a_route("first", "stevedore"), a_route("second", "other")])

    install(bare, "one", "a", "--set", "proxy.workers=2")
    assert seed(bare, "one-stevedore", "a") == drawn, "kept over an upgrade"

    refused = install(bare, "two", "b", "--set", "class=other", check=False)
    assert refused.returncode != 0 and "release one of namespace a" in refused.stderr
    leave = commands(refused.stderr)["leave"]
    type_in(bare, [line + " --set class=other" for line in leave])
    assert owner(bare) == ("one", "a") and seed(bare, "two-stevedore", "b") != drawn

    bare.helm("uninstall", "one", "--namespace", "a")
    refused = install(bare, "one", "c", check=False)
    type_in(bare, commands(refused.stderr)["take over"])
    assert owner(bare) == ("one", "c")
    assert bare.get("svdr", "first")["spec"]["className"] == "stevedore"
    assert bare.get("svdr", "second")["spec"]["className"] == "other"


def older(folder):
    """The chart as it was with a schema before this one, which lacked a field."""
    copy = folder / "older"
    shutil.copytree(chart.CHART, copy)
    file = copy / "files" / "stevedoreroutes.yaml"
    text = file.read_text().replace('stevedore.io/schema: "1"', 'stevedore.io/schema: "0"')
    assert text.count(" allow:\n") == 1, "the field to leave out"
    file.write_text(text.replace(" allow:\n", " allowed:\n"))
    return copy


def test_an_older_chart_leaves_a_newer_schema_alone(bare, tmp_path):
    install(bare, "one", "a")
    bare.kubectl("wait", "--for=condition=Established", "--timeout=20s", f"crd/{CRD}")
    route = a_route("guarded", "stevedore")
    route["spec"]["listener"]["allow"] = ["192.0.2.0/24"]
    bare.apply(route)

    install(bare, "one", "a", source=older(tmp_path))
    assert bare.get("svdr", "guarded")["spec"]["listener"]["allow"] == ["192.0.2.0/24"]
    assert owner(bare) == ("one", "a"), "kept, though no part of the revision"

    bare.helm("rollback", "one", "1", "--namespace", "a")
    assert bare.get("svdr", "guarded")["spec"]["listener"]["allow"] == ["192.0.2.0/24"]
