"""Every block of YAML in the documents, on a real API server: taken strictly, and routes accepted by the controller.

harness.docs says what the words behind the fence mean.
"""

import copy
import functools
import json

import pytest
import yaml

from harness import chart, docs, objects
from harness.controller import Controller, kubernetes
from harness.wait import until

BLOCKS = [block for page in docs.PAGES for block in docs.blocks(page, "yaml")]
ROUTES = "/apis/stevedore.io/v1alpha1/namespaces/{}/stevedoreroutes"
SMALL = {
    "StevedoreRoute": {
        "apiVersion": "stevedore.io/v1alpha1", "kind": "StevedoreRoute", "metadata": {"name": "game"},
        "spec": {"listener": {"port": 7000}, "defaultUpstream": "game",
                 "upstreams": [{"name": "game", "serviceRef": {"name": "game", "port": "game"}}]}},
    "Service": {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "stevedore"},
        "spec": {"type": "LoadBalancer", "selector": {"app": "stevedore"},
                 "ports": [{"name": "placeholder", "port": 65535, "protocol": "UDP"}]}},
}


def put_in(node, path, part):
    """`part` at `path` of a tree: dictionaries are merged, everything else is replaced."""
    if path:
        return {**node, path[0]: put_in(node.get(path[0], {}), path[1:], part)}
    if not isinstance(part, dict) or not isinstance(node, dict):
        return part
    return {**node, **{key: put_in(node.get(key, {}), (), value) for key, value in part.items()}}


def manifests(block):
    """The objects of a block."""
    place = block.word("in")
    if place:
        kind, *path = place.split(".")
        return [put_in(copy.deepcopy(SMALL[kind]), path, yaml.safe_load(block.text))]
    found = block.documents()
    unclear = [each for each in found if not (isinstance(each, dict) and "kind" in each and "apiVersion" in each)]
    assert not unclear, f"{block.name}: no object; say what it is behind the fence (tests/harness/docs.py): {unclear}"
    return [one for each in found for one in (each["items"] if each["kind"] == "List" else [each])]


def kinds(*words):
    """Blocks of values or of foreign kinds, by that word; without one, the rest."""
    return [block for block in BLOCKS if {"values", "foreign"} & set(block.info) == set(words)]


def routes_of(found):
    """The routes among objects, those of another class left out: they are another controller's."""
    return [each for each in found
            if each["kind"] == "StevedoreRoute" and each["spec"].get("className", "stevedore") == "stevedore"]


def space_of(manifest):
    return manifest["metadata"].get("namespace", "default")


@pytest.fixture(scope="module")
def spaces(cluster):
    """`spaces(names)`: sees to it that these namespaces exist."""
    @functools.cache
    def make(name):
        cluster.kubectl("create", "namespace", name, check=name not in ("default", "kube-system"))
    return lambda names: [make(name) for name in sorted(set(names))]


@pytest.fixture(scope="module")
def taken(cluster, spaces):
    """`taken(manifests)`: what kubectl says of applying them, in a trial, every field checked."""
    def apply(found, check=True):
        spaces(map(space_of, found))
        return cluster.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-",
                               stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": found}), check=check)
    return apply


@pytest.fixture(scope="module")
def verdicts(cluster, spaces, tmp_path_factory):
    """`verdicts(routes)`: the condition Accepted of each, when they are applied together; then they are taken away."""
    source = [*kubernetes(cluster.kubeconfig), "--static-peers", "10.0.0.0/8"]
    running = Controller(tmp_path_factory.mktemp("docs"), source, namespace=cluster.namespace)

    def accepted(path, name):
        condition = objects.condition(json.loads(cluster.request("GET", f"{path}/{name}")), "Accepted")
        return condition if condition.get("status") in ("True", "False") else None

    def decide(routes):
        spaces(map(space_of, routes))
        places = [(ROUTES.format(space_of(route)), route["metadata"]["name"]) for route in routes]
        try:
            for (path, _), route in zip(places, routes):
                cluster.request("POST", path, route, "application/json")
            return [until(f"a verdict on {name}", lambda path=path, name=name: accepted(path, name), interval=0.05)
                    for path, name in places]
        finally:
            for path, name in places:
                cluster.request("DELETE", f"{path}/{name}")
    yield decide
    running.close()


@pytest.mark.parametrize("block", kinds(), ids=lambda block: block.name)
def test_manifests_are_taken_and_routes_accepted(block, taken, verdicts):
    found = manifests(block)
    if "rejected" in block.info:
        assert taken(found, check=False).returncode != 0, block.name
        return
    taken(found)
    routes = routes_of(found)
    said = verdicts(routes) if routes else []
    refused, wanted = {each["reason"] for each in said if each["status"] == "False"}, block.word("refused")
    assert refused == ({wanted} if wanted else set()), f"{block.name}: {said}"
    assert routes or not wanted


@pytest.mark.parametrize("block", kinds("values"), ids=lambda block: block.name)
def test_values_are_the_charts(block, cluster, tmp_path):
    path = tmp_path / "values.yaml"
    path.write_text(block.text)
    assert chart.render(cluster, "--values", path), block.name


@pytest.mark.parametrize("block", kinds("foreign"), ids=lambda block: block.name)
def test_foreign_blocks_are_yaml(block):
    assert block.documents(), block.name


def test_the_notes_of_the_chart(cluster, taken, verdicts):
    """What `helm install` prints to be typed next, for the defaults and for values that change it."""
    for flags in ([], ["--set", "class=blue", "--set", "watchNamespaces={game}"]):
        notes = cluster.helm("install", "stevedore", chart.CHART, "--namespace", chart.NAMESPACE, "--dry-run=client",
                             *flags).stdout.split("NOTES:\n", 1)[1]
        typed = [one for text in docs.typed_manifests(notes) for one in yaml.safe_load_all(text)]
        assert [each["kind"] for each in typed] == ["StevedoreRoute"], notes
        taken(typed)
        assert [each["reason"] for each in verdicts(routes_of(typed))] == ([] if flags else ["Accepted"])


def test_there_is_something_to_test():
    """A page that loses its blocks, or a fence that is read wrongly, is noticed."""
    pages = {docs.name_of(block.page) for block in kinds()}
    assert {"README.md", "docs/install.md", "docs/conditions.md", "docs/published-service.md"} <= pages
    assert len(kinds()) >= 10 and kinds("values")
    assert any(block.word("refused") for block in BLOCKS) and any("rejected" in block.info for block in BLOCKS)
