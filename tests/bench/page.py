"""docs/performance.md's sections on the data plane, and its plot."""

import change
import micro
import scale
from harness import pages

PAGE = "docs/performance.md"
PLOT = "docs/images/performance-cpu.svg"
SOURCE = "build/bench/{}.json holds every round."


def _line(entry, names):
    def cell(other):
        ratio, limit = entry["ratios"].get(other), entry["limits"].get(other)
        if ratio is None:
            return ""
        text = f"{ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})"
        if limit is None:
            return text
        sign = "≥" if entry["kind"] == "rate" else "≤"
        return f"{text}, {sign} {limit}{'' if entry['holds'][other] else ' **missed**'}"
    own = entry["medians"]["stevedore"]
    shown = {"cpu": f"{own:.2f} µs", "latency": f"{own / 1000:.0f} µs", "rate": f"{own:,.0f}/s"}[entry["kind"]]
    others = " | ".join(cell(name) for name in names)
    return f"| {entry['topology']}, {entry['peers']} | {entry['name']} | {shown} | {others} |"


TITLES = {"bare": "to the bare forwarder", "bare-unconnected": "to the unconnected one", "nginx": "to nginx",
          "nginx-multi-accept": "to nginx, multi_accept on"}


def _busy(entry):
    """Whose processor was full at the highest loss-free rate."""
    each = [f"{name} {100 * max(r[name]['proxy_busy'] for r in entry['rounds']):.0f} % "
            f"({100 * max(r[name]['load_busy'] for r in entry['rounds']):.0f} %)" for name in entry["medians"]]
    return (f"At the highest loss-free rate ({entry['topology']}, {entry['peers']}) a proxy, which may have 50 % of "
            f"its processor, and the load (in brackets) used: {', '.join(each)}.")


def table_lines(found):
    entries = found["rows"]
    names = list(dict.fromkeys(name for entry in entries for name in sorted(entry["medians"])))
    names.remove("stevedore")
    titles = " | ".join(TITLES.get(name, f"to {name}") for name in names)
    lines = [f"| topology, peers | work | stevedore | {titles} |", "|---" * (3 + len(names)) + "|",
             *(_line(entry, names) for entry in entries)]
    for entry in entries:
        if entry["kind"] == "rate":
            lines += ["", _busy(entry)]
    if found["buffers"]:
        names = list(found["buffers"][0]["losses"])
        lines += ["", "Lost where nobody may have more than the system's default receive buffer (`net.core.rmem_max` = "
                  "212 992):", "", f"| work | {' | '.join(names)} |", "|---" * (1 + len(names)) + "|",
                  *(f"| {row['name']} | {' | '.join(f'{100 * lost:.2f} %' for lost in row['losses'].values())} |"
                    for row in found["buffers"])]
    return lines


LINES = {"table": table_lines, "micro": micro.lines, "scale": scale.lines, "change": change.lines}
SECTIONS = {"table": "data plane", "micro": "micro ladder", "scale": "scale", "change": "start and change"}


def _rounds(name, found):
    each = {"table": lambda: found["rows"], "scale": lambda: found["scales"], "change": lambda: [found]}.get(name)
    counts = sorted({len(entry["rounds"]) for entry in each()}) if each else []
    return f"; {' or '.join(map(str, counts))} rounds" if counts else ""


def write(name, found):
    if name == "table" and not found["rows"]:
        return
    lines = [f"Measured on {pages.machine()}{_rounds(name, found)}. {SOURCE.format(name)}", "", *LINES[name](found)]
    pages.write(PAGE, SECTIONS[name], lines)
    if name == "table":
        cpu = [entry for entry in found["rows"] if entry["kind"] == "cpu"]
        if cpu:
            (pages.ROOT / PLOT).write_text(plot(cpu))


COLORS = {"stevedore": "#2660c4", "bare": "#8a94a0", "bare-unconnected": "#b9c0c8", "nginx": "#14804a",
          "nginx-multi-accept": "#7fb89a"}


def plot(entries):
    """CPU per datagram as bars, one group for each row."""
    groups = [entry for entry in entries if (entry["topology"], entry["peers"]) == ("loopback", 1)] or entries
    names = list(groups[0]["medians"])
    most = max(value for entry in groups for value in entry["medians"].values())
    bar, left, width = 14, 330, 940
    height = sum(len(names) * bar + 18 for _ in groups) + 60
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
           'font-size="13">',
           f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
           '<text x="16" y="26" font-size="16">CPU per forwarded datagram, µs (loopback, 1 peer)</text>']
    y = 44
    for entry in groups:
        out.append(f'<text x="16" y="{y + len(names) * bar / 2 + 4}">{entry["name"]}</text>')
        for name in names:
            value = entry["medians"][name]
            length = (width - left - 190) * value / most
            color = COLORS.get(name, "#c27c1d")
            out.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 2}" fill="{color}"/>')
            out.append(f'<text x="{left + length + 6:.1f}" y="{y + bar - 4}" font-size="11">{value:.2f} {name}</text>')
            y += bar
        y += 18
    return "\n".join([*out, "</svg>"]) + "\n"
