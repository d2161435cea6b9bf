"""With default limits, full tables and a flood on top, the proxy stays within the memory that a pod is given."""

import os
import pathlib

import pytest

from harness.configs import config, listener, upstream
from harness.metrics import DATAGRAMS
from harness.udp import free_port
from harness.wait import until

LIMIT_MIB = 256
SOURCES = 300_000     # more than the table's 262 144
RATE = 40_000


def memory_group():
    """(folder of a new memory cgroup, the names of its limit, use and peak), of version 1 or 2."""
    own = dict(line.split(":", 2)[1:] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines())
    if "memory" in own:
        parent, names = pathlib.Path("/sys/fs/cgroup/memory") / own["memory"].lstrip("/"), (
            "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.max_usage_in_bytes")
    else:
        parent, names = pathlib.Path("/sys/fs/cgroup") / own.get("", "/").lstrip("/"), (
            "memory.max", "memory.current", "memory.peak")
    group = parent / f"stevedore-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / names[0]).write_text(str(LIMIT_MIB << 20))
    except OSError as error:
        if group.exists():
            group.rmdir()
        pytest.skip(f"no memory cgroup may be made here: {error}")
    return group, names


@pytest.fixture
def limited():
    group, names = memory_group()
    yield group, names
    until("nobody is in it", lambda: not (group / "cgroup.procs").read_text())
    group.rmdir()


def test_full_tables_within_the_limit(limited, peers, proxy, flood, client, echo):
    group, (_, _, peak) = limited
    port, steady = free_port(), free_port()
    # Charged to the group from its first byte on: it enters before it becomes the proxy.
    enter = ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    running = proxy(config([listener(port, session={"maxSessions": 10_000_000, "embryonicTimeoutSeconds": 60}),
                            listener(steady, name="steady", default="b")],
                           [upstream(peers(32, mode="silent").configs()), upstream([echo("b")], "b")]), through=enter)
    settled = client(steady)
    assert settled.ask(b"1") == settled.ask(b"2") == "b"
    attack = flood(port, SOURCES, SOURCES, RATE).wait()
    assert attack["sent"] == SOURCES
    until("it is through", lambda: running.metrics().sum(DATAGRAMS, direction="client_in", listener=f"test/{port}")
          + running.metrics().sum("stevedore_proxy_kernel_drops_total") >= SOURCES, 30)
    used = int((group / peak).read_text()) / (1 << 20)
    sessions = running.metrics().sum("stevedore_proxy_sessions")
    print(f"{used:.0f} MiB at the most, of {LIMIT_MIB}; {sessions:.0f} sessions")
    assert sessions > SOURCES / 3
    assert used < LIMIT_MIB * 0.9
    assert settled.ask(b"3") == "b" and running.process.running()
