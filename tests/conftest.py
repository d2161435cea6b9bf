"""Fixtures for all tests in Python."""

from harness.fixtures import client, controller, echo, load, peer_process, proxy  # noqa: F401
from harness.fixtures import fast_flows, flood, peers  # noqa: F401
