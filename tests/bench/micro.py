"""The micro ladder: stevedore-micro's figures and their limits."""

import json
import re
import subprocess

import rows
from rig import BUILD, PROXY_CPU

ONE_RULE, MANY_RULES = "rule match/rules:1/shapes:1", "rule match/rules:1000/shapes:1"


def _run(repetitions, seconds, *more):
    program = BUILD / "tests" / "bench" / "micro" / "stevedore-micro"
    argv = ["taskset", "-c", PROXY_CPU, program, "--benchmark_format=json", "--benchmark_report_aggregates_only=true",
            f"--benchmark_repetitions={repetitions}", f"--benchmark_min_time={seconds}", *more]
    return json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True).stdout)


def _natural(name):
    """So that 10 comes behind 2."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def measure(quick):
    """The median of repeated measurements, which take turns but for those that need a million sessions first."""
    repetitions, seconds = (3, 0.05) if quick else (7, 0.2)
    turns = "--benchmark_enable_random_interleaving=true"
    runs = [_run(repetitions, seconds, "--benchmark_filter=-packet path", turns),
            _run(repetitions, seconds, "--benchmark_filter=packet path")]
    units = {"ns": 1, "us": 1e3, "ms": 1e6}
    found = {entry["run_name"]: entry["cpu_time"] * units[entry["time_unit"]]
             for said in runs for entry in said["benchmarks"] if entry.get("aggregate_name") == "median"}
    figures = []
    for name, nanos in sorted(found.items(), key=lambda item: _natural(item[0])):
        limit = rows.MICRO_LIMITS.get(name)
        figures.append({"name": name, "ns": nanos, "limit": limit, "holds": limit is None or nanos <= limit})
    ratio = found[MANY_RULES] / found[ONE_RULE]
    for figure in figures:
        if figure["name"] == MANY_RULES:
            figure.update(ratio=ratio, limit=rows.RULES_LIMIT, holds=ratio <= rows.RULES_LIMIT)
        print(f"micro: {figure['name']}: {figure['ns']:.1f} ns{'' if figure['holds'] else ' MISSED'}", flush=True)
    return {"figures": figures, "runs": runs}


def missed(found):
    return [f"micro: {figure['name']}" for figure in found["figures"] if not figure["holds"]]


def lines(found):
    def shown(nanos):
        return f"{nanos:.1f} ns" if nanos < 1e4 else f"{nanos / 1e6:.2f} ms"

    def limit(figure):
        if figure["limit"] is None:
            return ""
        ratio = "ratio" in figure
        text = f"{figure['ratio']:.2f} of one rule's, ≤ {figure['limit']}" if ratio else f"≤ {figure['limit']} ns"
        return text + ("" if figure["holds"] else " **missed**")
    return ["| part | CPU time | limit |", "|---|---|---|",
            *(f"| {figure['name']} | {shown(figure['ns'])} | {limit(figure)} |" for figure in found["figures"])]
