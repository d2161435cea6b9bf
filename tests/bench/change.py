"""Start and change: the time to the first datagram, and what a large reload adds to latency."""

import contextlib
import json
import pathlib
import socket
import statistics
import subprocess
import tempfile
import threading
import time

import large_config
import rows
from harness import netns
from rig import BUILD, PROXY_CPU, Load, Topology, Variant, bench

ROW = rows.Row("64 B echo, 1 000 flows", 1_000, 5_000)


def _first_reply(address):
    """Asks every millisecond; the monotonic time of the first answer."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as client:
        client.settimeout(0.001)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                client.sendto(b"\x01\x00" + bytes(62), address)
                client.recv(2048)
                return time.monotonic()
    raise AssertionError("no answer in 20 s")


def _cold_start(program, number, large):
    """Milliseconds from the start of the process to the first reply."""
    topology = Topology("loopback", f"start-{number}")
    with contextlib.ExitStack() as made:
        made.callback(topology.close)
        load = Load(program, topology, 1, False)
        made.callback(load.close)
        path = pathlib.Path(made.enter_context(tempfile.TemporaryDirectory())) / "stevedore.json"
        large_config.write(path, "127.0.0.1:7000", load.peers)
        if not large:
            config = json.loads(path.read_text())
            config["listeners"], config["upstreams"] = config["listeners"][:1], config["upstreams"][:4]
            path.write_text(json.dumps(config))
        argv = ["taskset", "-c", PROXY_CPU, BUILD / "proxy" / "stevedore-proxy", "-c", path, "--workers", "1",
                "--metrics-address", "127.0.0.1:0", "--log-level", "error", "--drain-timeout", "0"]
        with netns.inside(topology.proxy_space):
            start = time.monotonic()
            process = subprocess.Popen(argv)
            try:
                return (_first_reply(("127.0.0.1", 7000)) - start) * 1000
            finally:
                process.terminate()
                process.wait(20)


def _digest(candidate):
    """The beginning of the status, which holds the digest: reading all of it would disturb what is measured."""
    with (candidate.work / "status.json").open() as file:
        return file.read(200)


def _reload(candidate, fresh):
    """Seconds from the file's replacement by `fresh`, in one step as the controller does it, to the status that names
    it."""
    before = _digest(candidate)
    assert '"digest"' in before
    start = time.monotonic()
    fresh.rename(candidate.work / "stevedore.json")
    while _digest(candidate) == before:
        assert time.monotonic() < start + 30, "the reload is not in force after 30 s"
        time.sleep(0.005)
    return time.monotonic() - start


def _run(candidate, seconds, turn):
    """One run; with a reload after a third of it when there is a turn."""
    took = []
    fresh = candidate.work / "fresh.json"
    large_config.write(fresh, candidate.address, candidate.peers, turn)
    if turn:
        later = threading.Timer(seconds / 3, lambda: took.append(_reload(candidate, fresh)))
        later.start()
    result = candidate.run(ROW.rate, seconds)
    if turn:
        later.join()
        assert took, "the reload failed"
    lost = result["sent"] - result["answered"]
    return {"p999_ms": result["p999_ns"] / 1e6, "p50_ms": result["p50_ns"] / 1e6, "lost": lost,
            "reload_ms": took[0] * 1000 if took else None}


def _reloads(program, quick):
    rounds, seconds = (3, 1.5) if quick else (9, 3)
    variant = Variant("stevedore", "stevedore-large")
    with bench(program, "loopback", 1, ROW, [variant]) as (candidate,):
        candidate.run(ROW.rate, 0.5)
        taken = []
        for number in range(1, rounds + 1):
            order = (0, number) if number % 2 else (number, 0)
            runs = {bool(turn): _run(candidate, seconds, turn) for turn in order}
            taken.append({"without": runs[False], "with": runs[True]})
    return taken


def measure(program, quick):
    starts = {name: [_cold_start(program, number, name == "large") for number in range(3 if quick else 9)]
              for name in ("small", "large")}
    taken = _reloads(program, quick)
    each = [entry["with"]["p999_ms"] - entry["without"]["p999_ms"] for entry in taken]
    found = {"starts": starts, "rounds": taken, "added_ms": statistics.median(each), "min": min(each), "max": max(each),
             "lost": sum(entry["with"]["lost"] for entry in taken),
             "reload_ms": statistics.median(entry["with"]["reload_ms"] for entry in taken),
             "without_ms": statistics.median(entry["without"]["p999_ms"] for entry in taken)}
    found["holds"] = found["added_ms"] <= rows.RELOAD_LIMIT_MS
    for name, times in starts.items():
        print(f"start, {name}: {statistics.median(times):.0f} ms [{min(times):.0f} {max(times):.0f}]", flush=True)
    print(f"reload: in force after {found['reload_ms']:.0f} ms, {found['lost']} lost, p99.9 {found['without_ms']:.2f} "
          f"ms without, added {found['added_ms']:+.2f} ms [{found['min']:+.2f} {found['max']:+.2f}]"
          f"{'' if found['holds'] else ' MISSED'}", flush=True)
    return found


def missed(found):
    return [] if found["holds"] else ["reload: p99.9 of latency"]


def lines(found):
    def start(name):
        times = found["starts"][name]
        return f"{statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})"
    return ["| figure | measured | limit |", "|---|---|---|",
            f"| start of the process to its first reply, one listener | {start('small')} | |",
            f"| the same, 500 listeners, 2 000 rules, 10 000 peers | {start('large')} | |",
            f"| replacement of that config's file to its being in force, under load | {found['reload_ms']:.0f} ms | |",
            f"| p99.9 of latency while nothing changes | {found['without_ms']:.2f} ms | |",
            f"| what a reload in the run adds to it | {found['added_ms']:+.2f} ms ({found['min']:+.2f} to "
            f"{found['max']:+.2f}) | ≤ {rows.RELOAD_LIMIT_MS:.0f} ms{'' if found['holds'] else ' **missed**'} |",
            f"| datagrams lost in runs with a reload | {found['lost']} | |"]
