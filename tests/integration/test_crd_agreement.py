"""Directory mode takes and refuses what the API server takes and refuses, at the same field: limits, rules, defaults.

tests/e2e/test_crd_schema.py runs the same cases on a real API server.
"""

import json
import re

import pytest

from harness import crd, crd_limits, crd_rules, crd_sample
from harness.process import run

LINE = re.compile(r"^[^:]*: space-(\d+)/\S+: (?:(?P<condition>\w+=\S+): )?(?P<text>.*)$")
FINDING = re.compile(r"^(spec[^:]*): (.*)$")


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
        if case.field is None and findings:
            yield f"{case.name}: refused: {findings}"
        elif case.field is not None and not any(is_told_at(case, field) and case.message in message
                                                for field, message in findings):
            yield f"{case.name}: not refused at {case.field} with {case.message!r}: {findings}"


def is_ours(case):
    return case.route["spec"].get("className", "stevedore") == "stevedore"


@pytest.mark.parametrize("table", ["limits", "rules"])
def test_directory_mode_agrees(tmp_path, table):
    cases = list(crd_rules.cases() if table == "rules" else crd_limits.cases(crd_sample.route(), "spec"))
    told, config = compiled(tmp_path, cases)
    found = list(faults(cases, told))
    assert not found, "\n".join(found)
    # What is taken is in the config, and the proxy takes it too.
    routes = {upstream["name"].rsplit("/", 1)[0] for upstream in config["upstreams"]}
    assert routes == {f"space-{number}/case-{number}" for number, case in enumerate(cases)
                      if case.field is None and not told[number] and is_ours(case)}
    assert run("stevedore-proxy", "check", "-c", tmp_path / "config.json").returncode == 0


def test_every_field_has_its_function(tmp_path):
    told, config = compiled(tmp_path, [crd.Case("all", crd_sample.route())])
    assert told == [[]]
    wanted = crd_sample.route()["spec"]
    listener = config["listeners"][0]
    for name in ("allow", "deny", "rateLimit", "maxDatagramBytes", "maxTries"):
        assert listener[name] == wanted["listener"][name]
    assert listener["session"] == wanted["session"]


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
