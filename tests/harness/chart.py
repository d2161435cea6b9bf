"""The chart: its files, its value files, and what it renders."""

import json
import pathlib
import re

import yaml

from harness.cluster import ROOT

CHART = ROOT / "helm" / "stevedore"
VALUES = sorted((ROOT / "tests" / "golden" / "chart" / "values").glob("*.yaml"))
WRONG = sorted((ROOT / "tests" / "golden" / "chart" / "wrong").glob("*.yaml"))
NAMESPACE = "stevedore"


def name_of(path):
    """For pytest's ids."""
    return path.stem if isinstance(path, pathlib.Path) else None


def expectation(path):
    """The text that the refusal of a wrong value file must have: its first line."""
    head, _, text = path.read_text().splitlines()[0].partition("# expect: ")
    assert not head and text, f"{path}: starts with '# expect: TEXT'"
    return text


def render(cluster, *flags, release="stevedore", namespace=NAMESPACE):
    """The objects of `helm template`, hooks included."""
    text = cluster.helm("template", release, CHART, "--namespace", namespace, *flags).stdout
    return [document for document in yaml.safe_load_all(text) if document]


def one(objects, kind, name=None):
    found = [each for each in objects if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    assert len(found) == 1, f"{kind} {name}: {len(found)} of them"
    return found[0]


def as_list(objects):
    """For kubectl's stdin."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def monitoring_crds():
    """Stand-ins for the Prometheus operator's: any spec goes."""
    return [{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
             "metadata": {"name": f"{kind.lower()}s.monitoring.coreos.com"},
             "spec": {"group": "monitoring.coreos.com", "scope": "Namespaced",
                      "names": {"kind": kind, "plural": f"{kind.lower()}s"},
                      "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                          "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}
            for kind in ("PodMonitor", "ServiceMonitor", "PrometheusRule")]


def value_rows():
    """Rows of the README's table: each key of values.yaml that has a comment "# --" or a value beside it.

    A commented key speaks for all that is below it.
    """
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    rows, above, comment, told = [], [], [], None
    for line in (CHART / "values.yaml").read_text().splitlines():
        text, indent = line.strip(), len(line) - len(line.lstrip())
        if told is not None and (indent > told or not text):
            continue
        told = None
        if text.startswith("# --"):
            comment = [text[4:].strip()]
        elif text.startswith("#"):
            comment += [text[1:].strip()] if comment else []
        elif text:
            key, _, beside = text.partition(":")
            above = [each for each in above if each[0] < indent] + [(indent, key)]
            path = [each[1] for each in above]
            if comment or beside:
                value = values
                for step in path:
                    value = value[step]
                rows.append(f"| `{'.'.join(path)}` | `{json.dumps(value)}` | {' '.join(comment)} |")
                told = indent
            comment = []
    return rows


INSTALL = ROOT / "manifests" / "install.yaml"
INSTALL_HEAD = """\
# Stevedore without Helm: the CRD, and what the chart makes of its default values. Written by
#
#   STEVEDORE_UPDATE_GOLDEN=1, tests/e2e/test_chart.py
#
# and checked to be equal. Set the image, and a hash-seed of your own, then:
#
#   kubectl apply --server-side -f manifests/install.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: stevedore
  labels:
    pod-security.kubernetes.io/enforce: restricted
"""


def plain_install(cluster):
    """The text of manifests/install.yaml: the CRD and the default release, without what is Helm's own."""
    text = cluster.helm("template", "stevedore", CHART, "--namespace", NAMESPACE, "--no-hooks", "--set", "hashSeed=0",
                        "--set", "crds.enabled=false").stdout
    helms = re.compile(r"^(# Source: .*| *helm\.sh/chart: .*| *app\.kubernetes\.io/managed-by: .*)\n", re.MULTILINE)
    crd = (ROOT / "crds" / "stevedoreroutes.yaml").read_text()
    return f"{INSTALL_HEAD}---\n{crd}{helms.sub('', text)}"
