"""Five minutes of the soak, at a rate that leaves room for other tests. `make soak` is the long one."""

import os

from harness import netns
from soak.run import soak

MINUTES = float(os.environ.get("STEVEDORE_SOAK_MINUTES", "5"))
SEED = int(os.environ.get("STEVEDORE_SEED", "1"))
RATE = 250      # datagrams/s on each of two routes


def test_nothing_is_lost_without_a_reason_and_nothing_grows(tmp_path):
    netns.require_root()
    report = soak(MINUTES, SEED, RATE, tmp_path)
    print("\n".join(report.lines()))
    assert report.faults() == []
