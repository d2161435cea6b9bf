"""`make bench`: CPU per forwarded datagram, loss-free rate and latency beside a bare forwarder and nginx.

    python3 tests/bench/bench.py --program stevedore-bench [--quick] [--row TEXT] [--out FILE] [--with NAME]

Rounds of all candidates are interleaved in changing order; what counts is the median of the rounds' ratios.
"""

import argparse
import itertools
import json
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import page  # noqa: E402
import rows  # noqa: E402
from rig import bench  # noqa: E402

SETUPS = tuple(itertools.product(("loopback", "veth"), (1, 4)))


def ordered(candidates, number):
    """Each round begins with another one."""
    at = number % len(candidates)
    return candidates[at:] + candidates[:at]


def cpu_rounds(program, setup, row, names, rounds, seconds):
    """[{candidate: {us, lost}}] by round: CPU microseconds per forwarded datagram."""
    taken = []
    with bench(program, *setup, row, names) as candidates:
        for number in range(rounds + 1):
            results = {}
            for candidate in ordered(candidates, number):
                result = candidate.run(row.rate, seconds)
                forwarded = result["arrived"] + result["answered"]
                results[candidate.name] = {"us": result["cpu_ns"] / 1000 / max(1, forwarded),
                                           "lost": result["sent"] - result["arrived"], "sent": result["sent"]}
            if number:   # the first warms caches
                taken.append(results)
    return taken


def loss_free(candidate, seconds):
    """The highest rate without loss, found to 2 %."""
    low, high = 10_000, 1_000_000
    while high / low > 1.02:
        rate = round((low * high) ** 0.5)
        result = candidate.run(rate, seconds)
        kept_up = result["wall_ns"] < (seconds + 0.4) * 1e9 and result["refused"] == 0
        low, high = (rate, high) if kept_up and result["answered"] == result["sent"] else (low, rate)
    return low


def rate_rounds(program, setup, names, rounds, seconds):
    with bench(program, *setup, rows.RATE_ROW, names) as candidates:
        return [{candidate.name: {"rate": loss_free(candidate, seconds)}
                 for candidate in ordered(candidates, number)} for number in range(rounds)]


def latency_rounds(program, setup, names, rounds, seconds):
    row = rows.LATENCY_ROW
    with bench(program, *setup, row, names) as candidates:
        taken = [{candidate.name: candidate.run(row.rate, seconds)
                  for candidate in ordered(candidates, number)} for number in range(rounds + 1)]
    return taken[1:]


def ratios(taken, value, other):
    """Median, least and most of the rounds' ratios of stevedore to `other`."""
    each = [results["stevedore"][value] / results[other][value] for results in taken]
    return {"median": statistics.median(each), "min": min(each), "max": max(each)}


def summary(taken, value, against):
    return {"medians": {name: statistics.median(results[name][value] for results in taken) for name in taken[0]},
            "ratios": {other: ratios(taken, value, other) for other in against if other in taken[0]}}


def verdict(found, limits, more_is_better=False):
    """{candidate: whether the limit holds}."""
    return {other: (ratio["median"] >= limits[other]) if more_is_better else (ratio["median"] <= limits[other])
            for other, ratio in found["ratios"].items() if other in limits}


def tell(setup, name, found, holds, unit):
    medians = "  ".join(f"{candidate} {value:.2f}" for candidate, value in found["medians"].items())
    against = "  ".join(f"/{other} {ratio['median']:.3f} [{ratio['min']:.3f} {ratio['max']:.3f}]"
                        f"{'' if holds.get(other, True) else ' MISSED'}" for other, ratio in found["ratios"].items())
    print(f"{setup[0]}, {setup[1]} peers: {name}: {medians} {unit}: {against}", flush=True)


def measure(options):
    names = [*rows.CANDIDATES, *options.extra]
    rounds, seconds = (3, 0.3) if options.quick else (9, 0.8)
    setups = SETUPS[:1] if options.quick else SETUPS
    wanted = lambda name: options.row in name   # noqa: E731
    against = [name for name in names if name != "stevedore"]
    found = []

    def keep(setup, kind, name, taken, value, limits, unit, more=False):
        result = summary(taken, value, against)
        holds = verdict(result, limits, more)
        tell(setup, name, result, holds, unit)
        found.append({"topology": setup[0], "peers": setup[1], "kind": kind, "name": name, "value": value, "unit": unit,
                      "limits": limits, "holds": holds, "rounds": taken, **result})

    for setup in setups:
        for row in filter(lambda row: wanted(row.name), rows.ROWS):
            keep(setup, "cpu", row.name, cpu_rounds(options.program, setup, row, names, rounds, seconds), "us",
                 {"bare": row.bare, "nginx": row.nginx}, "µs per datagram")
        if wanted(rows.LATENCY_ROW.name):
            taken = latency_rounds(options.program, setup, names, rounds, seconds)
            for value, limit in rows.LATENCY_LIMITS.items():
                keep(setup, "latency", f"{rows.LATENCY_ROW.name}, {value[:3]}", taken, value, {"nginx": limit}, "ns")
    for setup in setups[:1] if options.quick else (SETUPS[0], SETUPS[3]):
        if wanted(rows.RATE_ROW.name):
            keep(setup, "rate", rows.RATE_ROW.name, rate_rounds(options.program, setup, names, 1 if options.quick else 3,
                 0.5), "rate", {"bare": rows.RATE_ROW.bare, "nginx": rows.RATE_ROW.nginx}, "per second", True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="stevedore-bench")
    parser.add_argument("--quick", action="store_true", help="3 short rounds of one set-up")
    parser.add_argument("--row", default="", help="only rows whose name holds this text")
    parser.add_argument("--with", dest="extra", action="append", default=[], metavar="NAME",
                        help="one more proxy: a start script in tests/bench/proxies")
    parser.add_argument("--out", type=pathlib.Path, help="write the rounds into this file, as JSON")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md")
    options = parser.parse_args()
    found = measure(options)
    if options.out:
        options.out.write_text(json.dumps(found, indent=1))
    if options.page:
        page.write(found)
    missed = [f"{entry['topology']}, {entry['peers']} peers: {entry['name']} /{other}" for entry in found
              for other, holds in entry["holds"].items() if not holds]
    print(f"{len(missed)} limits missed" + "".join(f"\n  {name}" for name in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
