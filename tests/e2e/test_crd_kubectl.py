"""The CRD in the hands of a user: explain, columns, defaults, pruning, and every way of kubectl to write a route."""

import copy
import json
import re

import pytest
import yaml

from harness import crd, crd_limits, crd_sample
from harness.api import ROUTES, Api
from harness.cluster import ROOT
from harness.wait import until


@pytest.fixture
def api(cluster):
    made = Api(cluster)
    yield made
    made.close()


@pytest.fixture(scope="module")
def explained(cluster):
    """kubectl reads the schema from the server's OpenAPI document, which follows a new CRD after a moment."""
    def explain(field, *flags):
        done = cluster.kubectl("explain", f"svdr{field}", *flags, check=False)
        return done.stdout if done.returncode == 0 else None
    until("the schema is published", lambda: explain(""), timeout=30, interval=0.5)
    return explain


def sample(space, name="game"):
    made = crd_sample.route()
    made["metadata"] = {"name": name, "namespace": space}
    return made


def look(cluster, space, name="game"):
    live = cluster.get("svdr", name, space)
    return live["spec"], live["metadata"]["generation"]


def paragraph(text):
    return " ".join(text.split())


@pytest.mark.parametrize("field", ["", ".spec.upstreams.affinity", ".spec.listener", ".status.conditions"])
def test_explain_teaches(explained, field):
    path = tuple(field.split(".")[1:])
    described = {tuple(step for step in place if step != "[]"): node
                 for top in ("spec", "status") for place, node in reversed(list(crd.fields(top)))}
    wanted = described[path]["description"] if path else crd.schema()["description"]
    assert paragraph(wanted) in paragraph(explained(field))


def test_explain_knows_every_field(explained):
    told = set(re.findall(r"^\s+(\w+)\t<", explained("", "--recursive"), re.MULTILINE))
    fields = {path[-1] for top in ("spec", "status") for path, _ in crd.fields(top)} - {"[]"}
    assert fields <= told, fields - told


def test_columns(cluster, api, space):
    code, live = api.create_route(sample(space), dry_run=False)
    assert code == 201
    live["status"] = crd_sample.status()
    live["status"]["conditions"] += [
        {**live["status"]["conditions"][0], "type": kind, "status": status, "reason": reason}
        for kind, status, reason in (("Programmed", "Unknown", "Pending"), ("ResolvedRefs", "False", "PortNotFound"),
                                     ("Conflicted", "True", "RuleShadowed"))]
    assert api.replace_route(live, "/status", dry_run=False)[0] == 200
    shown = {}
    for name, flags in (("svdr", ()), ("stevedore", ()), ("stevedoreroutes", ("-o", "wide"))):
        header, line = cluster.kubectl("get", name, "-n", space, *flags).stdout.splitlines()
        shown[name] = dict(zip(header.split(), line.split()))
        shown[name].pop("AGE")
        shown[name]["NAME"] = shown[name]["NAME"].removeprefix("stevedoreroute.stevedore.io/")
    short = {"NAME": "game", "CLASS": "stevedore", "PORT": "2614", "ACCEPTED": "True", "PROGRAMMED": "Unknown",
             "PEERS": "2/3"}
    assert shown == {"svdr": short, "stevedore": short,
                     "stevedoreroutes": {**short, "RESOLVED": "False", "CONFLICTED": "RuleShadowed"}}


def test_each_default_is_materialised_and_nothing_else(api, space):
    whole = sample(space)
    defaulted = [(path, node["default"]) for path, node in crd.fields("spec") if "default" in node]
    assert len(defaulted) > 10
    for path, default in defaulted:
        route = copy.deepcopy(whole)
        wanted = copy.deepcopy(whole["spec"])
        for place in crd.places(whole, path):
            if path[-1] in ("algorithm", "expect") and crd.look(whole, place) != default:
                continue   # others need their value
            del crd.look(route, place[:-1])[place[-1]]
            crd.put({"spec": wanted}, place, default)
        code, answer = api.create_route(route)
        assert code == 201 and answer["spec"] == wanted, (path, answer)


def test_a_small_route_stays_small(api, space):
    """Tunables are inherited from the owner of the port: a default in the object would be a wish of this route."""
    upstream = {"name": "a", "serviceRef": {"name": "game", "port": "game"}, "healthCheck": {}}
    small = sample(space)
    small["spec"] = {"listener": {"port": 2614}, "defaultUpstream": "a", "upstreams": [upstream]}
    code, answer = api.create_route(small)
    assert code == 201 and answer["spec"] == {
        "className": "stevedore", "priority": 0, "listener": {"port": 2614}, "defaultUpstream": "a", "upstreams": [
            {**upstream, "algorithm": "RoundRobin", "whenNoneUsable": "FailOpen", "healthCheck": {
                "periodSeconds": 5, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3,
                "payload": "0x" + b"heartbeat".hex(), "expect": "NoError"}}]}, answer


def test_unknown_fields_are_pruned_where_nobody_checks(cluster, api, space):
    for case in crd_limits.cases(sample(space), "spec"):
        if case.field and case.field.endswith(crd_limits.UNKNOWN):
            code, answer = api.create_route(case.route, validation="Ignore")
            assert code == 201 and crd_limits.UNKNOWN not in json.dumps(answer["spec"]), case.name
    typo = sample(space)
    typo["spec"]["listener"]["maxTrys"] = 2
    refused = cluster.apply(typo, check=False)
    assert refused.returncode != 0 and re.search(r'unknown field "[\w.]*maxTrys"', refused.stderr)
    cluster.kubectl("apply", "--validate=false", "-f", "-", stdin=json.dumps(typo))
    assert look(cluster, space)[0] == sample(space)["spec"]


def test_null_is_as_good_as_left_out(api, space):
    route = sample(space)
    for place in (("spec", "className"), ("spec", "listener", "address"), ("spec", "session"),
                  ("spec", "upstreams", 2, "healthCheck"), ("spec", "upstreams", 2, "affinity")):
        crd.put(route, place, None)
    code, answer = api.create_route(route)
    assert code == 201 and answer["spec"]["className"] == "stevedore", answer
    assert not {"address"} & set(answer["spec"]["listener"]) and "session" not in answer["spec"]
    assert not {"healthCheck", "affinity"} & set(answer["spec"]["upstreams"][2])


APPLY = {"client-side": [], "server-side": ["--server-side"]}


@pytest.mark.parametrize("way", APPLY)
def test_apply_comes_to_rest(cluster, space, way):
    text = json.dumps(sample(space))
    cluster.kubectl("apply", *APPLY[way], "-f", "-", stdin=text)
    assert look(cluster, space) == (sample(space)["spec"], 1)
    before = cluster.get("svdr", "game", space)["metadata"]["resourceVersion"]
    cluster.kubectl("apply", *APPLY[way], "-f", "-", stdin=text)
    assert cluster.get("svdr", "game", space)["metadata"]["resourceVersion"] == before
    assert cluster.kubectl("diff", *APPLY[way], "-f", "-", stdin=text).stdout == ""


def test_what_was_read_can_be_written_back(cluster, space):
    cluster.apply(sample(space))
    for command in (["apply"], ["apply", "--server-side", "--force-conflicts"], ["replace"]):
        read = cluster.kubectl("get", "svdr", "game", "-n", space, "-o", "yaml").stdout
        cluster.kubectl(*command, "-f", "-", stdin=read)
        assert look(cluster, space) == (sample(space)["spec"], 1), command


def test_edit(cluster, space, tmp_path):
    def edit(sed, check=True):
        return cluster.run("env", f"KUBE_EDITOR=sed -i {sed}", f"TMPDIR={tmp_path}", "kubectl", "edit", "svdr", "game",
                           "-n", space, check=check)
    cluster.apply(sample(space))
    edit("s/priority:.*/priority:\\ 20/")
    assert look(cluster, space) == ({**sample(space)["spec"], "priority": 20}, 2)
    assert edit("s/Keep$/Kept/", check=False).returncode != 0
    # kubectl opens the editor again, with what the server said above the text; it leaves the file when nothing changes.
    shown = "".join(path.read_text() for path in tmp_path.glob("kubectl-edit-*"))
    assert 'spec.upstreams[2].drain: Unsupported value: "Kept": supported values: "Keep", "Move"' in shown
    assert look(cluster, space)[1] == 2


def test_two_managers_share_the_upstreams(cluster, space):
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(sample(space)))
    other = {**sample(space), "spec": {"upstreams": [{"name": "extra", "serviceRef": {"name": "more", "port": 1}}]}}
    cluster.kubectl("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=json.dumps(other))
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(sample(space)))
    assert [upstream["name"] for upstream in look(cluster, space)[0]["upstreams"]] == [
        "a", crd_sample.LONGEST_NAME, "last", "extra"]


def routes_of(text):
    return [document for document in yaml.safe_load_all(text)
            if isinstance(document, dict) and document.get("kind") == "StevedoreRoute"]


def test_golden_routes_are_accepted(api, space):
    files = (ROOT / "tests" / "golden" / "crd").glob("*.yaml")
    routes = [route for file in files for route in routes_of(file.read_text())]
    assert len(routes) >= 3
    for route in routes:
        code, answer = api.request("POST", ROUTES.format(space) + "?dryRun=All&fieldValidation=Strict",
                                   {**route, "metadata": {"name": "example"}})
        assert code == 201, (route, answer["message"])
