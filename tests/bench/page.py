"""docs/performance.md's section on the data plane, and its plot."""

from harness import pages

SECTION = "data plane"
PLOT = "docs/images/performance-cpu.svg"


def line(entry):
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
    shown = f"{own:.2f} µs" if entry["kind"] == "cpu" else f"{own / 1000:.0f} µs" if entry["kind"] == "latency" else f"{own:,.0f}/s"
    return (f"| {entry['topology']}, {entry['peers']} | {entry['name']} | {shown} | {cell('bare')} | "
            f"{cell('bare-unconnected')} | {cell('nginx')} |")


def write(found):
    rounds = max(len(entry["rounds"]) for entry in found)
    lines = [f"Measured on {pages.machine()}; {rounds} rounds.", "",
             "| topology, peers | work | stevedore | to the bare forwarder | to the unconnected one | to nginx |",
             "|---|---|---|---|---|---|", *map(line, found)]
    pages.write("docs/performance.md", SECTION, lines)
    (pages.ROOT / PLOT).write_text(plot([entry for entry in found if entry["kind"] == "cpu"]))


COLORS = {"stevedore": "#2660c4", "bare": "#8a94a0", "bare-unconnected": "#b9c0c8", "nginx": "#14804a"}


def plot(entries):
    """CPU per datagram as bars, one group for each row."""
    groups = [entry for entry in entries if (entry["topology"], entry["peers"]) == ("loopback", 1)] or entries
    names = list(groups[0]["medians"])
    most = max(value for entry in groups for value in entry["medians"].values())
    bar, left, width = 14, 330, 900
    height = sum(len(names) * bar + 18 for _ in groups) + 60
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
           f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
           '<text x="16" y="26" font-size="16">CPU per forwarded datagram, µs (loopback, 1 peer)</text>']
    y = 44
    for entry in groups:
        out.append(f'<text x="16" y="{y + len(names) * bar / 2 + 4}">{entry["name"]}</text>')
        for name in names:
            value = entry["medians"][name]
            length = (width - left - 160) * value / most
            out.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar - 2}" fill="{COLORS.get(name, "#c27c1d")}"/>')
            out.append(f'<text x="{left + length + 6:.1f}" y="{y + bar - 4}" font-size="11">{value:.2f} {name}</text>')
            y += bar
        y += 18
    return "\n".join([*out, "</svg>"]) + "\n"
