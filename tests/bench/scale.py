"""How CPU per datagram and memory grow with rules, peers, listeners, sessions and workers."""

import statistics

import rows
import table
from rig import bench


def _memory(candidates):
    """What the sessions of the last candidate take, beside the first with few sessions and the same room."""
    (few, few_open), (many, many_open) = candidates[0].resident(), candidates[-1].resident()
    first, last = (candidate.variant for candidate in (candidates[0], candidates[-1]))
    sessions = int(last.load.split("flows=")[1])
    return {"sessions": sessions, "peers": last.peers, "mib": many / 2**20, "sockets": many_open - few_open + 1,
            "bytes_per_session": (many - few) / (sessions - 100), "first": first.name}


def measure(program, quick, wanted):
    rounds, seconds = (3, 0.2) if quick else (9, 0.5)
    found = {"scales": [], "memory": None}
    for scale in rows.scales(quick):
        if not wanted(f"scale: {scale.name}"):
            continue
        with bench(program, "loopback", 2, scale.row, scale.variants) as candidates:
            taken = table.cpu_rounds(candidates, scale.row, rounds, seconds)
            if scale.name == "sessions":
                found["memory"] = _memory(candidates)
        first = scale.variants[0].name
        for variant in scale.variants:
            each = [results[variant.name]["us"] / results[first]["us"] for results in taken]
            limit = scale.limits.get(variant.name)
            figure = {"scale": scale.name, "name": variant.name, "row": scale.row.name,
                      "ratio": statistics.median(each), "min": min(each), "max": max(each),
                      "us": statistics.median(r[variant.name]["us"] for r in taken),
                      "lost": sum(r[variant.name]["lost"] for r in taken), "limit": limit,
                      "holds": limit is None or statistics.median(each) <= limit,
                      "rounds": [results[variant.name] for results in taken]}
            found["scales"].append(figure)
            print(f"scale: {variant.name}: {figure['us']:.2f} µs, {figure['ratio']:.3f} [{figure['min']:.3f} "
                  f"{figure['max']:.3f}] of {first}'s{'' if figure['holds'] else ' MISSED'}", flush=True)
    if found["memory"]:
        memory = found["memory"]
        memory["holds"] = {name: memory[name] <= limit for name, limit in rows.MEMORY_LIMITS.items()}
        print(f"memory: {memory['sessions']} sessions: {memory['mib']:.1f} MiB, "
              f"{memory['bytes_per_session']:.1f} bytes each, {memory['sockets']} sockets for {memory['peers']} peers: "
              f"{memory['holds']}", flush=True)
    return found


def missed(found):
    gone = [f"scale: {figure['name']}" for figure in found["scales"] if not figure["holds"]]
    memory = found["memory"] or {"holds": {}}
    return gone + [f"memory: {name}" for name, holds in memory["holds"].items() if not holds]


def lines(found):
    made = ["| what grows | CPU per datagram | to the first of its kind | limit |", "|---|---|---|---|"]
    for figure in found["scales"]:
        limit = "" if figure["limit"] is None else f"≤ {figure['limit']}{'' if figure['holds'] else ' **missed**'}"
        ratio = f"{figure['ratio']:.2f} ({figure['min']:.2f} to {figure['max']:.2f})"
        first = figure["min"] == figure["max"] == 1
        made.append(f"| {figure['name']} | {figure['us']:.2f} µs | {'' if first else ratio} | {limit} |")
    memory = found["memory"]
    if memory:
        def limit(name):
            return f"≤ {rows.MEMORY_LIMITS[name]}{'' if memory['holds'][name] else ' **missed**'}"
        made += ["", f"With {memory['sessions']:,} sessions towards {memory['peers']} peers the process holds "
                 f"{memory['mib']:.0f} MiB ({limit('mib')}), {memory['bytes_per_session']:.0f} bytes for each session "
                 f"({limit('bytes_per_session')}), and {memory['sockets']:,} upstream sockets: the "
                 "largest number of clients of one peer."]
    return made
