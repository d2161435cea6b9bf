"""2 000 random sequences of object changes, with watches cut at random, end in the config of a fresh start from the
final objects, byte for byte. tests/convergence does the work; what is checked here is that it did."""

import json

from harness.convergence import SEED, run
from harness.fastload import LONG

SEQUENCES = 2000
UNIVERSES = 10

# What has to have come up in the compared pictures, or the sequences are too tame.
REASONS = {
    "Accepted", "PortConflict", "PortNotPermitted", "PeerNotPermitted", "ListenerLimit",
    "ResolvedRefs", "ServiceNotFound", "PortNotFound", "UnsupportedProtocol", "UnsupportedServiceType", "PeersReady",
    "NoPeers", "UsingBackup", "RuleShadowed", "DefaultUpstreamConflict", "ListenerSettingsConflict",
    "PortOwnedByOtherNamespace"}
CUTS = {
    "cut while open", "list by watch", "list: 410 between pages", "list: HTTP 410", "list: HTTP 503",
    "list: empty object", "list: no answer", "list: truncated", "watch: 410 event", "watch: HTTP 410",
    "watch: HTTP 429", "watch: HTTP 500", "watch: ended", "watch: from an old version", "watch: no answer",
    "watch: torn"}


def test_sequences_end_as_a_fresh_start(cluster):
    done, report = run(cluster, 3600 if LONG else 1200, sequences=SEQUENCES * (5 if LONG else 1), universes=UNIVERSES,
                       seed=SEED, patience_ms=60_000)
    assert not report["failure"], report["failure"]
    assert done.returncode == 0, done.stderr
    assert report["sequences"] >= SEQUENCES and report["configs"] > SEQUENCES / 2, report
    assert REASONS <= set(report["reasons"]), REASONS - set(report["reasons"])
    assert CUTS <= set(report["cuts"]), CUTS - set(report["cuts"])
    applied = sum(count for what, count in report["writes"].items() if what.split()[-1] in ("200", "201"))
    assert applied > 0.8 * sum(report["writes"].values()), report["writes"]
    print(json.dumps(report))
