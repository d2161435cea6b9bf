"""2 000 random sequences of object changes, with watches cut at random, end in the config of a fresh start from the
final objects, byte for byte. tests/convergence does the work; what is checked here is that it did."""

import json
import os
import pathlib
import subprocess

import pytest

from harness import netns
from harness.fastload import LONG

SEQUENCES = 2000
UNIVERSES = 10
SEEDS = 4
SEED = int(os.environ.get("STEVEDORE_SEED", "1"))

# What has to have come up in the compared pictures, or the sequences are too tame.
REASONS = {
    "Accepted", "PortConflict", "PortNotPermitted", "PeerNotPermitted", "ListenerLimit", "UnsupportedField",
    "ResolvedRefs", "ServiceNotFound", "PortNotFound", "UnsupportedProtocol", "UnsupportedServiceType", "PeersReady",
    "NoPeers", "UsingBackup", "RuleShadowed", "DefaultUpstreamConflict", "ListenerSettingsConflict",
    "PortOwnedByOtherNamespace"}
CUTS = {
    "cut while open", "list by watch", "list: 410 between pages", "list: HTTP 503", "list: empty object",
    "list: no answer", "list: truncated", "watch: 410 event", "watch: HTTP 410", "watch: HTTP 429", "watch: HTTP 500",
    "watch: ended", "watch: from an old version", "watch: no answer", "watch: torn"}


def run(cluster, timeout, **flags):
    """(exit code, report) of the program inside the cluster's network."""
    program = os.environ.get("STEVEDORE_CONVERGENCE")
    assert program and pathlib.Path(program).exists(), "STEVEDORE_CONVERGENCE does not name the program"
    argv = [program, "--kubeconfig", cluster.kubeconfig]
    for name, value in flags.items():
        argv += ["--" + name.replace("_", "-"), str(value)]
    done = subprocess.run(netns.command(cluster.namespace, argv), capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    assert done.stdout.strip(), done.stderr
    return done, json.loads(done.stdout)


@pytest.mark.parametrize("bug", ["lost-delete", "lost-change", "kept-objects"])
def test_a_planted_bug_is_found(cluster, bug):
    """The comparison can fail. What a sequence meets depends on time as well: a bug has a few seeds to show itself."""
    for seed in range(SEED, SEED + SEEDS):
        done, report = run(cluster, 60, plant=bug, sequences=200, universes=8, seed=seed, patience_ms=5000)
        if done.returncode == 1:
            break
    assert done.returncode == 1, report
    assert "a fresh start has" in report["failure"]


def test_sequences_end_as_a_fresh_start(cluster):
    done, report = run(cluster, 1200 if LONG else 400, sequences=SEQUENCES * (5 if LONG else 1), universes=UNIVERSES,
                       seed=SEED, patience_ms=60_000)
    assert not report["failure"], report["failure"]
    assert done.returncode == 0, done.stderr
    assert report["sequences"] >= SEQUENCES and report["configs"] > SEQUENCES / 2, report
    assert REASONS <= set(report["reasons"]), REASONS - set(report["reasons"])
    assert CUTS <= set(report["cuts"]), CUTS - set(report["cuts"])
    applied = sum(count for what, count in report["writes"].items() if what.split()[-1] in ("200", "201"))
    assert applied > 0.8 * sum(report["writes"].values()), report["writes"]
    print(json.dumps(report))
