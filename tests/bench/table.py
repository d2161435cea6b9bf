"""The main table's rows: CPU per datagram, latency and loss-free rate beside a bare forwarder and nginx."""

import itertools
import statistics

import rows
from rig import bench, default_buffers, half_a_processor, plain

SETUPS = tuple(itertools.product(("loopback", "veth"), (1, 4)))


def ordered(candidates, number):
    """Each round begins with another one."""
    at = number % len(candidates)
    return candidates[at:] + candidates[:at]


def cpu_rounds(candidates, row, rounds, seconds):
    """[{candidate: {us, lost}}] by round: CPU microseconds per forwarded datagram. A round in which somebody forwarded
    less than half says that the machine was away: it is void and taken again, as often as there are rounds."""
    taken = []
    for number in range(2 * rounds + 1):
        results = {}
        for candidate in ordered(candidates, number):
            result = candidate.run(row.rate, seconds)
            forwarded = result["arrived"] + result["answered"]
            results[candidate.name] = {"us": result["cpu_ns"] / 1000 / max(1, forwarded),
                                       "lost": result["sent"] - result["arrived"], "sent": result["sent"]}
        behind = [name for name, entry in results.items() if entry["lost"] > entry["sent"] / 2]
        if behind:
            print(f"{row.name}: a round is void: more than half lost by {behind}", flush=True)
        elif number:   # the first warms caches
            taken.append(results)
        if len(taken) == rounds:
            return taken
    assert taken, f"{row.name}: more than half is lost in every round"
    return taken


def _kept_up(candidate, rate, seconds):
    """Whether nothing was lost and nothing left waiting: the run that was, or None. A moment that the machine gave to
    somebody else may spoil a try: there are two."""
    for _ in range(2):
        result = candidate.run(rate, seconds)
        in_time = result["wall_ns"] < (seconds * 1.05 + 0.01) * 1e9
        if result["answered"] == result["sent"] and not result["refused"] and in_time:
            return result
    return None


def loss_free(candidate, seconds, near=None):
    """The highest rate without loss, found to 2 %, and how busy both processors were at it. `near`: what it was the
    round before."""
    low, high, best = (near / 1.15, near * 1.15, None) if near else (5_000, 200_000, None)
    while high / low > 1.02:
        rate = round((low * high) ** 0.5)
        kept = _kept_up(candidate, rate, seconds)
        low, high, best = (rate, high, kept) if kept else (low, rate, best)
    if near and (not best or high == near * 1.15):   # it is not near there
        return loss_free(candidate, seconds)
    assert best, f"{candidate.name} loses datagrams at every rate"
    return {"rate": low, "proxy_busy": best["cpu_ns"] / best["wall_ns"],
            "load_busy": best["load_cpu_ns"] / best["wall_ns"]}


def rate_rounds(program, setup, variants, rounds, seconds):
    taken, last = [], {}
    with bench(program, *setup, rows.RATE_ROW, variants) as candidates, half_a_processor(candidates):
        for number in range(rounds):
            taken.append({candidate.name: loss_free(candidate, seconds, last.get(candidate.name))
                          for candidate in ordered(candidates, number)})
            last = {name: found["rate"] for name, found in taken[-1].items()}
    return taken


def latency_rounds(program, setup, variants, rounds, seconds):
    row = rows.LATENCY_ROW
    with bench(program, *setup, row, variants) as candidates:
        taken = [{candidate.name: candidate.run(row.rate, seconds) for candidate in ordered(candidates, number)}
                 for number in range(rounds + 1)]
    return taken[1:]


def buffer_losses(program, row, rounds, seconds):
    """{candidate: share of the datagrams that was lost} with the system's default receive buffers."""
    with default_buffers(), bench(program, *SETUPS[0], row, rows.BUFFER_VARIANTS) as candidates:
        taken = cpu_rounds(candidates, row, rounds, seconds)
    return {name: sum(r[name]["lost"] for r in taken) / sum(r[name]["sent"] for r in taken) for name in taken[0]}


def _ratios(taken, value, other):
    """Median, least and most of the rounds' ratios of stevedore to `other`."""
    each = [results["stevedore"][value] / results[other][value] for results in taken]
    return {"median": statistics.median(each), "min": min(each), "max": max(each)}


def _tell(setup, name, found, unit):
    medians = "  ".join(f"{candidate} {value:.2f}" for candidate, value in found["medians"].items())
    holds = found["holds"]
    against = "  ".join(f"/{other} {ratio['median']:.3f} [{ratio['min']:.3f} {ratio['max']:.3f}]"
                        f"{'' if holds.get(other, True) else ' MISSED'}" for other, ratio in found["ratios"].items())
    print(f"{setup[0]}, {setup[1]} peers: {name}: {medians} {unit}: {against}", flush=True)


def _entry(setup, kind, name, taken, value, limits, unit):
    """What a row says: medians, ratios to the others, and which limits hold. More is better where it is a rate."""
    others = [candidate for candidate in taken[0] if candidate != "stevedore"]
    found = {"topology": setup[0], "peers": setup[1], "kind": kind, "name": name, "value": value, "unit": unit,
             "limits": limits, "rounds": taken,
             "medians": {name: statistics.median(results[name][value] for results in taken) for name in taken[0]},
             "ratios": {other: _ratios(taken, value, other) for other in others}}
    found["holds"] = {other: ratio["median"] >= limits[other] if kind == "rate" else ratio["median"] <= limits[other]
                      for other, ratio in found["ratios"].items() if other in limits}
    _tell(setup, name, found, unit)
    return found


def measure(program, quick, extra, wanted):
    rounds, seconds = (3, 0.2) if quick else (9, 0.35)
    cpu_takes = rounds if quick else 13   # they vary most, by who sleeps when the other one sends
    found, buffers = [], []
    for setup in SETUPS[:1] if quick else SETUPS:
        names = rows.CANDIDATES + (rows.BESIDE if setup == SETUPS[0] else ())
        variants = [plain(name) for name in (*names, *extra)]
        for row in filter(lambda row: wanted(row.name), rows.ROWS):
            with bench(program, *setup, row, variants) as candidates:
                taken = cpu_rounds(candidates, row, cpu_takes, seconds)
            found.append(_entry(setup, "cpu", row.name, taken, "us", {"bare": row.bare, "nginx": row.nginx},
                                "µs per datagram"))
        if wanted(rows.RATE_ROW.name):
            taken = rate_rounds(program, setup, variants, 1 if quick else rounds, seconds)
            found.append(_entry(setup, "rate", rows.RATE_ROW.name, taken, "rate",
                                {"bare": rows.RATE_ROW.bare, "nginx": rows.RATE_ROW.nginx}, "per second"))
        if wanted(rows.LATENCY_ROW.name):
            taken = latency_rounds(program, setup, variants, rounds, seconds)
            for value, limit in rows.LATENCY_LIMITS.items():
                found.append(_entry(setup, "latency", f"{rows.LATENCY_ROW.name}, {value[:3]}", taken, value,
                                    {"nginx": limit}, "ns"))
    for row in filter(lambda row: wanted(f"default buffers: {row.name}"), rows.BUFFER_ROWS):
        losses = buffer_losses(program, row, 2 if quick else rounds, seconds)
        buffers.append({"name": row.name, "losses": losses})
        each = "  ".join(f"{name} {100 * lost:.2f} %" for name, lost in losses.items())
        print(f"default buffers: {row.name}: lost {each}", flush=True)
    return {"rows": found, "buffers": buffers}


def missed(found):
    return [f"{entry['topology']}, {entry['peers']} peers: {entry['name']} /{other}" for entry in found["rows"]
            for other, holds in entry["holds"].items() if not holds]
