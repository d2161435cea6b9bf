"""What operators are given: alerts, their runbooks, the dashboard, and the metrics that these may name."""

import json
import re

import yaml

from harness.chart import CHART
from harness.cluster import ROOT

ALERTS = CHART / "files" / "alerts.yaml"
DASHBOARD = CHART / "files" / "dashboard.json"
RUNBOOKS = ROOT / "docs" / "runbooks"
GUIDE = ROOT / "docs" / "monitoring.md"
METRICS = ROOT / "docs" / "metrics.md"

_NAME = re.compile(r"\b(?:stevedore|controller_runtime|leader_election|rest_client|workqueue|process)_\w+")
_OF_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")


def alerts():
    """{name: rule}"""
    return {rule["alert"]: rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]}


def runbooks():
    """{name: text}"""
    return {page.stem: page.read_text() for page in sorted(RUNBOOKS.glob("*.md"))}


def dashboard():
    return json.loads(DASHBOARD.read_text())


def panels(board):
    """Those that show something: rows left out."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def blocks(text, language):
    """The code blocks of a page of Markdown."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def documented():
    """The names in the tables of docs/metrics.md."""
    rows = [line.split("|")[1] for line in METRICS.read_text().splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row) if "_" in name}


def undocumented(text):
    """Metrics that a text names and docs/metrics.md does not."""
    known = documented()
    return {name for name in _NAME.findall(text) if not {name, _OF_HISTOGRAM.sub("", name)} & known}
