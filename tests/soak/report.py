"""What the soak found: who lost what while which event went on, what the processes held, and whether that is right."""

import collections

from harness.metrics import DATAGRAMS, DROPS
from soak.traffic import FLOWS
from soak.world import PORTS

KERNEL_DROPS = "stevedore_proxy_kernel_drops_total"
AROUND = 2.0   # seconds
NEVER = ("foreign", "duplicates", "corrupt", "refused")   # counts of a flow's report that are 0 in any case


class Report:
    def __init__(self, minutes, seed, rate):
        self.minutes, self.seed, self.rate = minutes, seed, rate
        self.windows = []      # (name of the event, routes that it may cost, begin, end), begin and end monotonic
        self.lasted = collections.defaultdict(list)   # name of the event -> seconds until all was right again
        self.flows = {}        # route -> report of harness.fastload.Flows
        self.programs = []     # soak.traffic.Repeated
        self.lives = {}        # process -> how often it was started
        self.levels = []       # soak.samples.Level
        self.metrics = None    # of the proxy at its end

    def event(self, name, routes, begin, end):
        self.windows.append((name, routes, begin, end))
        self.lasted[name].append(end - begin)

    def excuse(self, route, at):
        """The event that explains a loss of this route then, the nearest one; None without one. A datagram may meet an
        event a little before and behind it."""
        distance, name = min(((max(begin - at, at - end, 0.0), name) for name, routes, begin, end in self.windows
                              if route in routes), default=(AROUND, None))
        return name if distance < AROUND else None

    def losses(self):
        """{(route, event or None): datagrams lost}."""
        counts = collections.Counter()
        for route, flows in self.flows.items():
            for at, lost in flows["lost_at"]:
                counts[route, self.excuse(route, at)] += lost
        return counts

    def unexplained(self, route):
        """Datagrams that nothing explains: no event of the route, no drop that the kernel counted."""
        dropped = sum(count for labels, count in self.metrics.select(KERNEL_DROPS)
                      if not labels["listener"] or labels["listener"].endswith(str(PORTS[route])))
        return max(0, self.losses()[route, None] - dropped)

    def proxy_killed(self):
        return [(begin - AROUND, end + AROUND) for name, _, begin, end in self.windows if name == "proxy_killed"]

    def faults(self):
        """One line for each thing that is not as it has to be."""
        found = []
        for route, flows in self.flows.items():
            lost = self.unexplained(route)
            if lost:
                alone = [(at, count) for at, count in flows["lost_at"] if self.excuse(route, at) is None]
                found.append(f"{route}: {lost:.0f} datagrams lost without a reason: {alone[:20]}")
            found += [f"{route}: {flows[kind]} {kind}" for kind in NEVER if flows[kind] and not (
                kind == "refused" and self.proxy_killed())]
        moved, most = self.flows["steady"]["moved"], FLOWS * (self.lives["proxy"] - 1)
        if moved > most:
            found.append(f"steady: conversations moved {moved} times, {most} at most by starts of the proxy")
        for program in self.programs:
            failures = program.failures(self.proxy_killed())
            found += [f"{program.name}: {failure}" for failure in failures]
            if len(program.runs) <= len(failures):
                found.append(f"{program.name}: not one run went well")
        found += [f"{level.process}: {level.what} went from {level.first:.0f} to {level.last:.0f}, "
                  f"{level.most:.0f} at most" for level in self.levels if not level.holds()]
        return found

    def lines(self):
        """The figures, as lines of a page."""
        return [*self._about(), "", *self._flow_lines(), "", *self._event_lines(), "", *self._level_lines(), "",
                *self._law_lines()]

    def _about(self):
        programs = "; ".join(f"{len(program.runs)} runs of {program.name}, {self._failed(program)} of them cut short "
                             "by a kill of the proxy" for program in self.programs)
        return [f"{self.minutes:g} minutes, seed {self.seed}, {self.rate} datagrams a second of 16 to 1 400 bytes on "
                f"each of two routes; {programs}. The proxy was started {self.lives['proxy']} times, the controller "
                f"{self.lives['controller']} times."]

    @staticmethod
    def _failed(program):
        return sum(1 for _, _, error in program.runs if error)

    def _flow_lines(self):
        yield "| route | sent | answered | lost while an event explains it | lost otherwise |"
        yield "|---|---|---|---|---|"
        losses = self.losses()
        for route, flows in self.flows.items():
            explained = sum(count for (own, event), count in losses.items() if own == route and event)
            yield f"| {route} | {flows['sent']} | {flows['received']} | {explained} | {losses[route, None]} |"

    def _event_lines(self):
        yield "| event | times | lost on `steady` | lost on `rough` | longest until all was right again |"
        yield "|---|---|---|---|---|"
        losses = self.losses()
        for name, lasted in sorted(self.lasted.items()):
            yield (f"| {name.replace('_', ' ')} | {len(lasted)} | {losses['steady', name]} | {losses['rough', name]} "
                   f"| {max(lasted):.1f} s |")

    def _level_lines(self):
        yield "| process | what | at the start | at the end | limit |"
        yield "|---|---|---|---|---|"
        for level in self.levels:
            yield f"| {level.process} | {level.what} | {level.first:.0f} | {level.last:.0f} | {level.most:.0f} |"

    def _law_lines(self):
        way = {direction: self.metrics.sum(DATAGRAMS, direction=direction)
               for direction in ("client_in", "upstream_out", "upstream_in", "client_out")}
        for name, came, went, direction in (("from clients", "client_in", "upstream_out", "up"),
                                            ("from peers", "upstream_in", "client_out", "down")):
            reasons = collections.Counter()
            for labels, count in self.metrics.select(DROPS, direction=direction):
                reasons[labels["reason"]] += count
            said = ", ".join(f"{count:.0f} {reason}" for reason, count in sorted(reasons.items()) if count) or "none"
            yield (f"- Since the proxy's last start {way[came]:.0f} datagrams came {name}: {way[went]:.0f} forwarded, "
                   f"{sum(reasons.values()):.0f} dropped ({said}).")
        yield f"- Dropped by the kernel before the proxy saw them: {self.metrics.sum(KERNEL_DROPS):.0f}."
