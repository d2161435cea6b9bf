"""The comparison of test_convergence.py can fail: planted bugs are found. Alone, for what a sequence meets depends on
time as well."""

import pytest

from harness.convergence import SEED, run

SEEDS = 4   # that a bug has to show itself


@pytest.mark.parametrize("bug", ["lost-delete", "lost-change", "kept-objects"])
def test_a_planted_bug_is_found(cluster, bug):
    for seed in range(SEED, SEED + SEEDS):
        done, report = run(cluster, 60, plant=bug, sequences=200, universes=8, seed=seed, patience_ms=5000)
        if done.returncode == 1:
            break
    assert done.returncode == 1, report
    assert "a fresh start has" in report["failure"]
