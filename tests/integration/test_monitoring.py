"""The dashboard, the runbooks and the alerts fit each other and the metrics that exist. What a real Prometheus makes of
them: tests/e2e/test_prometheus.py."""

import itertools
import re

import pytest

from harness import monitoring

UNITS = {"pps", "bps", "bytes", "s", "ops", "opm", "reqps", "short", "percentunit", "bool_yes_no"}
SECTIONS = ["## Likely causes", "## Look at", "## What to do"]


def all_panels():
    return monitoring.panels(monitoring.dashboard())


def test_each_alert_has_its_runbook_and_each_runbook_its_alert():
    assert set(monitoring.runbooks()) == set(monitoring.alerts())
    for name, rule in monitoring.alerts().items():
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{name}.md"
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"] and rule["annotations"]["description"]


@pytest.mark.parametrize("name", monitoring.runbooks())
def test_a_runbook_tells_meaning_causes_where_to_look_and_what_to_do(name):
    text = monitoring.runbooks()[name]
    head, *parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    assert head.startswith(f"# {name}\n\n") and len(head.split()) > 15
    assert [part.splitlines()[0] for part in parts] == SECTIONS
    assert all(re.search(r"^- ", part, re.MULTILINE) for part in (parts[0], parts[2]))
    assert monitoring.blocks(parts[1], "sh") and monitoring.blocks(parts[1], "promql")
    severity = monitoring.alerts()[name]["labels"]["severity"]
    assert severity.capitalize() in head, "the page says how severe it is"


@pytest.mark.parametrize("path", [monitoring.ALERTS, monitoring.DASHBOARD, monitoring.GUIDE,
                                  *sorted(monitoring.RUNBOOKS.glob("*.md"))], ids=lambda path: path.stem)
def test_only_metrics_that_exist_are_named(path):
    assert monitoring.undocumented(path.read_text()) == set()


def test_a_metric_that_does_not_exist_is_found():
    assert monitoring.undocumented("rate(stevedore_proxy_sesions[1m]) process_cpu_seconds_total") == {
        "stevedore_proxy_sesions"}
    assert monitoring.undocumented("stevedore_proxy_probe_duration_seconds_bucket{le=\"1\"}") == set()


def test_the_guide_links_each_runbook():
    linked = re.findall(r"\(runbooks/(\w+)\.md\)", monitoring.GUIDE.read_text())
    assert sorted(linked) == sorted(monitoring.runbooks())


def test_panels_lie_side_by_side():
    panels = monitoring.dashboard()["panels"]
    ids = [panel["id"] for panel in panels]
    assert len(set(ids)) == len(ids)
    taken = set()
    for place in (panel["gridPos"] for panel in panels):
        cells = set(itertools.product(range(place["x"], place["x"] + place["w"]),
                                      range(place["y"], place["y"] + place["h"])))
        assert place["x"] + place["w"] <= 24 and not cells & taken
        taken |= cells


@pytest.mark.parametrize("panel", all_panels(), ids=lambda panel: panel["title"].replace(" ", "-"))
def test_a_panel_says_what_it_shows_and_what_to_do(panel):
    assert panel["title"] and len(panel["description"].split()) >= 10
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    for runbook in re.findall(r"Runbook (\w+)", panel["description"]):
        assert runbook in monitoring.alerts()


# Labels of which there are many where there are many routes, nodes or peers.
MANY = {"listener", "route", "rule", "upstream", "peer", "pod", "worker"}


def grouped(expression):
    """The labels that tell the lines of a panel apart, and that stay after its outermost aggregation."""
    outer = re.search(r"\bby \(([^)]*)\)", expression)
    return {label.strip() for label in outer.group(1).split(",")} if outer else set()


@pytest.mark.parametrize("panel", all_panels(), ids=lambda panel: panel["title"].replace(" ", "-"))
def test_a_panel_stays_readable_with_many_routes(panel):
    aggregated = re.compile(r"(\d+ \* )?(sum|min|max|count|topk|bottomk|histogram_quantile)\b")
    for expression in (target["expr"] for target in panel["targets"]):
        assert aggregated.match(expression)
        limited = expression.startswith(("topk($top, ", "bottomk($top, ", "count(")) or "bottomk($top, " in expression
        assert limited or not grouped(expression) & MANY, "it takes the first few, by topk"


def test_each_query_can_be_narrowed_to_a_release():
    for expression in (target["expr"] for panel in all_panels() for target in panel["targets"]):
        selectors = re.findall(r"\{([^}]*)\}", expression)
        assert selectors
        for selector in selectors:
            assert selector.startswith('namespace=~"$namespace", pod=~"$pod"'), expression


def test_variables_are_declared_before_they_are_used():
    declared = {"__rate_interval"}
    for variable in monitoring.dashboard()["templating"]["list"]:
        assert set(re.findall(r"\$(\w+)", str(variable.get("query", "")))) <= declared
        declared.add(variable["name"])
    used = {name for panel in all_panels() for target in panel["targets"]
            for name in re.findall(r"\$(\w+)", target["expr"])}
    assert used <= declared
    assert {"namespace", "class", "pod", "top"} <= declared
