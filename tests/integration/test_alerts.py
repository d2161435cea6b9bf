"""The chart's alerts in Prometheus' own rule engine: each is raised by what it is for, and by nothing less."""

import re
import subprocess

import pytest
import yaml

from harness.cluster import ROOT
from harness.programs import checked, require

RULES = ROOT / "helm" / "stevedore" / "files" / "alerts.yaml"
CASES = yaml.safe_load((ROOT / "tests" / "golden" / "chart" / "alerts.yaml").read_text())
LABELS = {"P": 'namespace="n",pod="a",instance="a:9181"', "C": 'namespace="n",pod="a",instance="a:9180"',
          "B": 'namespace="n",pod="b",instance="b:9180"', "U": 'route_namespace="game",route="kcp",upstream="a"'}
OTHERS = ("stevedore_", "controller_runtime_", "leader_election_", "rest_client_")


def rules():
    return {rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}


def series(text):
    name, values = text.rsplit(" ", 1)
    if not name.startswith(OTHERS):
        name = f"stevedore_proxy_{name}"
    return {"series": re.sub(r"(?<=\{)[PCBU]\b", lambda found: LABELS[found.group()], name), "values": values}


def raised(folder, alert, texts):
    """Whether these series raise the alert within 40 minutes: promtool says which alerts it found instead of none."""
    test = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [{
        "interval": "1m", "input_series": [series(text) for text in texts],
        "alert_rule_test": [{"alertname": alert, "eval_time": "39m", "exp_alerts": []}]}]}
    (folder / "test.yaml").write_text(yaml.safe_dump(test))
    done = subprocess.run([require("promtool", "prometheus"), "test", "rules", str(folder / "test.yaml")],
                          capture_output=True, text=True, check=False, timeout=60)
    if done.returncode == 0:
        return False
    assert f'alertname="{alert}"' in done.stdout + done.stderr, done.stdout + done.stderr
    return True


def test_the_file_is_valid():
    checked([require("promtool", "prometheus"), "check", "rules", RULES])


def test_every_alert_has_a_case():
    assert set(CASES) == set(rules())


@pytest.mark.parametrize("alert", CASES)
def test_alert(tmp_path, alert):
    assert raised(tmp_path, alert, CASES[alert]["fires"])
    assert not raised(tmp_path, alert, CASES[alert]["quiet"])


def test_alerts_name_metrics_that_exist():
    page = (ROOT / "docs" / "metrics.md").read_text()
    names = set(re.findall(r"\b(?:stevedore|controller_runtime|leader_election|rest_client)_\w+", RULES.read_text()))
    assert {name for name in names if f"`{name}`" not in page} == set()
