"""Lists and limits of clients under load: nothing is lost to who is let in, a rate is kept, memory stays flat."""

import os
import pathlib
import time

from harness.configs import config, listener, rule, upstream
from harness.metrics import DATAGRAMS, drops, expect_some_drops
from harness.udp import free_port
from harness.wait import until

RATE = 1_000
SECONDS = 12 if os.environ.get("STEVEDORE_LONG") == "1" else 4
OFFERED = 4_000
SOURCES = 100_000      # more than the table of sources holds in one worker
FLOOD = 20_000         # datagrams/s
GROWTH_KIB = 4_096     # the table is 1 MiB; the rest is what any process grows by
OK = rule("ok", "echo", (0, 2, "==", "0x6f6b"))


def resident_kib(proxy):
    status = pathlib.Path(f"/proc/{proxy.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_reloads_of_the_lists_lose_nothing_to_who_is_let_in(peers, fast_flows, client, proxy):
    port = free_port()
    made = [upstream(peers().configs())]

    def lists(number):
        ranges = [f"127.{number}.{part}.0/24" for part in range(64)]
        return config([listener(port, allow=["127.0.0.1/32", *ranges[:63]], deny=ranges)], made)

    running = proxy(lists(1))
    traffic = fast_flows(port, 100, 3_000)
    shut_out = client(port, address="127.0.0.9")
    for number in range(2, 42):
        shut_out.send(b"let me in")
        running.apply(lists(number))
    report = traffic.finish()
    print(f"{report['sent']} datagrams of 100 clients over 40 reloads of 127 ranges: {report['lost']} lost")
    assert report["sent"] > 0 and report["lost"] == 0, report
    assert drops(running, "not_allowed") == 40
    assert shut_out.receive(timeout=0.05) is None


def sample(running):
    """(earliest, latest, sent on, received): what was counted at some moment between the first two."""
    before = time.monotonic()
    page = running.metrics()
    after = time.monotonic()
    return (before, after, page.sum(DATAGRAMS, direction="upstream_out", listener="limited"),
            page.sum(DATAGRAMS, direction="client_in", listener="limited"))


def test_a_rate_is_kept_and_others_are_not_touched(peers, echo, flood, client, proxy):
    """Within 5 % over the time, whatever the batches: the burst, a second's worth, outlasts a pause of the proxy."""
    port = free_port()
    running = proxy(config(
        [listener(port, name="limited", rules=[OK], rateLimit={"datagramsPerSecond": RATE})],
        [upstream(peers(mode="silent").configs()), upstream([echo("echo")], "echo")]), flags=["--workers", "2"])
    traffic = flood(port, 1, OFFERED * 120, OFFERED)
    expect_some_drops(running, "rate_limited")
    other, asked = client(port), 0
    first = sample(running)
    while time.monotonic() < first[1] + SECONDS:
        assert other.ask(b"ok") == "echo", "a source of its own"
        asked += 1
        time.sleep(0.02)   # well below its own limit
    last = sample(running)
    traffic.finish()
    granted, offered = last[2] - first[2] - asked, last[3] - first[3] - asked
    slowest, fastest = granted / (last[1] - first[0]), granted / (last[0] - first[1])
    print(f"{offered / (last[0] - first[0]):.0f}/s offered, {slowest:.0f} to {fastest:.0f}/s sent on, {RATE} allowed;"
          f" another source: {asked} of {asked} answered")
    assert offered > 1.5 * granted, "the flood was no flood"
    assert slowest <= 1.05 * RATE and fastest >= 0.95 * RATE


def test_a_flood_of_sources_takes_no_memory_and_shuts_nobody_out(echo, flood, client, proxy):
    """More sources than the table holds, each of them new: who is held back stays so, who is not is served."""
    port = free_port()
    limit = {"datagramsPerSecond": 5, "burst": 50}
    running = proxy(config([listener(port, default="deny", rules=[OK], rateLimit=limit)],
                           [upstream([echo("echo")], "echo")]), flags=["--workers", "1"])
    flood(port, 1_000, 1_000, FLOOD).wait()
    before = resident_kib(running)
    traffic = flood(port, SOURCES, SOURCES * 100, FLOOD)

    def received():
        return running.metrics().sum(DATAGRAMS, direction="client_in")

    def refused():
        """The loud one sends what the kernel lets it."""
        for _ in range(20):
            loud.send(b"ok")
        return drops(running, "rate_limited") >= 200

    until("the table is full", lambda: received() > SOURCES * 0.8, timeout=60)
    loud, began = client(port), time.monotonic()
    until("it is held back", refused, timeout=20)
    newcomers = 0
    for number in range(1, 41):
        one = client(port, address=f"127.0.1.{number}")
        newcomers += any(one.ask(b"ok", timeout=1) == "echo" for _ in range(5))
    until("the table was full of others since", lambda: received() > SOURCES * 1.6, timeout=60)
    until("it is held back still", lambda: refused() and drops(running, "rate_limited") >= 1_000, timeout=20)
    growth = resident_kib(running) - before
    traffic.finish()
    answered = 0
    while loud.receive(timeout=0.2) is not None:
        answered += 1
    most = limit["burst"] + limit["datagramsPerSecond"] * (time.monotonic() - began) + 1
    print(f"{received():.0f} datagrams of {SOURCES} sources: {growth} KiB more memory, {newcomers} of 40 newcomers"
          f" served, {answered} of {answered + drops(running, 'rate_limited'):.0f} of the loud one sent on,"
          f" {most:.0f} allowed")
    assert newcomers == 40
    assert limit["burst"] <= answered <= most
    assert growth <= GROWTH_KIB
