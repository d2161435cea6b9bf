"""A thousand reloads in a row, under load: nothing is lost, no session moves, no descriptor leaks."""

import json
import os

from harness.configs import config, listener, rule, upstream
from harness.proxy import RELOADS, write_by_rename
from harness.udp import free_port
from harness.wait import until

RELOAD_COUNT = 1_000
RATE = 20_000
FLOWS = 200


def variant(number, port, others, peers):
    """A config that differs from the last one in listeners, rules, upstreams, peers, weights and limits."""
    stable = [peer | {"weight": 1 + (number + nth) % 3} for nth, peer in enumerate(peers[:2])]
    more = peers[2:] if number % 2 else []
    shape = (number % 7, number % 7 + 2, "==", f"0x{number % 65536:04x}")
    return config(
        [listener(port, rules=[rule(f"r{number % 5}", "b", (60, 64, "==", "0xffffffff"), shape)],
                  session={"maxSessions": 5_000 + number})]
        + [listener(other, name=f"other{nth}", default="b") for nth, other in enumerate(others[:number % 3])],
        [upstream(stable + more),
         upstream(peers[number % 3:], "b", algorithm="ConsistentHash", hashKey={"start": 0, "end": 1 + number % 4})])


def descriptors(proxy):
    return len(os.listdir(f"/proc/{proxy.process.pid}/fd"))


def test_a_thousand_reloads_under_load(peers, proxy, fast_flows):
    port, *others = (free_port() for _ in range(4))
    targets = peers(4).configs()
    first = variant(0, port, others, targets)
    running = proxy(first)
    flows = fast_flows(port, FLOWS, RATE)
    before = descriptors(running)

    for number in range(1, RELOAD_COUNT + 1):
        write_by_rename(running.config_path, json.dumps(variant(number, port, others, targets)))
        until("the reload", lambda: running.reloads("success") == number + 1, interval=0.001)
    running.apply(first)
    until("descriptors are back at their start", lambda: descriptors(running) == before)

    report = flows.finish()
    assert report["sent"] >= RATE, report
    assert report["lost"] == report["foreign"] == report["duplicates"] == 0, report
    assert report["moved"] == 0, "every flow kept its peer and the port that the peer sees"
    assert running.metrics().sum(RELOADS, result="failure") == 0
