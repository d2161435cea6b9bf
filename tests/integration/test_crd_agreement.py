"""Directory mode takes and refuses what the API server takes and refuses, at the same field: limits, rules, defaults.

tests/e2e/test_crd_schema.py runs the same cases on a real API server.
"""

import copy
import json
import re

import pytest

from harness import crd, crd_limits, crd_rules, crd_sample
from harness.process import run

NOT_BUILT = "this version of Stevedore does not have this function yet"
LINE = re.compile(r"^[^:]*: space-(\d+)/\S+: (?:(?P<condition>\w+=\S+): )?(?P<text>.*)$")
FINDING = re.compile(r"^(spec[^:]*): (.*)$")


def unbuilt():
    """The fields that the schema has and this version refuses, as their descriptions say."""
    return {crd.text(path) for path, node in crd.fields("spec") if "Not built yet" in node["description"]}


def without_unbuilt(case):
    """The case without what this version refuses anyway, so that its config is compiled; unless that is its matter."""
    if any(case.name.startswith(field) for field in unbuilt()):
        return case
    route = copy.deepcopy(case.route)
    for field in unbuilt():
        section, name = field.split(".")[1:]
        part = route["spec"].get(section) if isinstance(route.get("spec"), dict) else None
        if isinstance(part, dict):
            part.pop(name, None)
    return crd.Case(case.name, route, case.field, case.message)


def compiled(tmp_path, cases):
    """[(field, message)] of each case, by number, and the config. Each has a namespace and a port of its own."""
    path = tmp_path / "routes.yaml"
    path.write_text("\n---\n".join(json.dumps(case.named(number, f"space-{number}"))
                                   for number, case in enumerate(cases)))
    done = run("stevedore-controller", "compile", "-f", path)
    (tmp_path / "config.json").write_text(done.stdout)
    told = [[] for _ in cases]
    for line in done.stderr.splitlines():
        match = LINE.match(line)
        assert match, line
        if match["condition"] and not match["condition"].startswith("Accepted="):
            continue   # Services are missing here
        found = FINDING.match(match["text"])
        told[int(match[1])].append((found[1], found[2]) if found else ("", match["text"]))
    return told, json.loads(done.stdout)


def is_told_at(case, field):
    """Directory mode may be more precise: the rule, where CEL can only name the list."""
    return field == case.field or re.fullmatch(re.escape(case.field) + r"\[\d+\]\.upstream", field)


def faults(cases, told):
    for case, findings in zip(cases, told):
        built = [finding for finding in findings if NOT_BUILT not in finding[1]]
        if case.field is None and built:
            yield f"{case.name}: refused: {built}"
        elif case.field is not None and not any(is_told_at(case, field) and case.message in message
                                                for field, message in built):
            yield f"{case.name}: not refused at {case.field} with {case.message!r}: {findings}"


def is_ours(case):
    return case.route["spec"].get("className", "stevedore") == "stevedore"


@pytest.mark.parametrize("table", ["limits", "rules"])
def test_directory_mode_agrees(tmp_path, table):
    made = crd_rules.cases() if table == "rules" else crd_limits.cases(crd_sample.route(), "spec")
    cases = [without_unbuilt(case) for case in made]
    told, config = compiled(tmp_path, cases)
    found = list(faults(cases, told))
    assert not found, "\n".join(found)
    # What is taken is in the config, and the proxy takes it too.
    routes = {upstream["name"].rsplit("/", 1)[0] for upstream in config["upstreams"]}
    assert routes == {f"space-{number}/case-{number}" for number, case in enumerate(cases)
                      if case.field is None and not told[number] and is_ours(case)}
    assert run("stevedore-proxy", "check", "-c", tmp_path / "config.json").returncode == 0


def test_what_is_not_built_says_so_in_both_places(tmp_path):
    told, _ = compiled(tmp_path, [crd.Case("all", crd_sample.route())])
    assert {field for field, message in told[0] if NOT_BUILT in message} == unbuilt()


def left_out():
    """{name of the field: the default that its description tells}, where the schema itself has none."""
    for path, node in crd.fields("spec"):
        told = re.search(r"Left out(?: or 0)?: (\d+|Keep)\.", node.get("description", ""))
        if told:
            yield path[-1], told[1]


def test_defaults_of_the_descriptions_are_those_of_the_config(tmp_path):
    path = tmp_path / "route.yaml"
    path.write_text(json.dumps(crd_rules.route(serviceRef=None, peers=[{"address": "10.0.0.1", "port": 1}])))
    done = run("stevedore-controller", "compile", "-f", path)
    assert done.returncode == 0, done.stderr
    config = json.loads(done.stdout)
    listener, upstream = config["listeners"][0], config["upstreams"][0]
    have = {**listener, **listener["session"], **upstream}
    wanted = dict(left_out())
    assert set(wanted) == {"maxDatagramBytes", "maxTries", "idleTimeoutSeconds", "embryonicTimeoutSeconds",
                           "maxReplyOnlySeconds", "drain"}
    assert {name: str(have[name]) for name in wanted} == wanted
    assert upstream["affinity"] == "Flow" and have["maxSessionsPerSource"] == 0
