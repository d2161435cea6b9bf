"""What the processes hold while the soak runs, and whether it stays level."""

import dataclasses
import os
import pathlib
import statistics
import threading
import time

SECONDS = 1.0      # between samples
POOL = "stevedore_proxy_worker_pool_sockets"


@dataclasses.dataclass(frozen=True)
class Sample:
    at: float          # monotonic
    process: str       # "proxy" or "controller"
    pid: int
    rss: int           # KiB, all of it
    user: int          # KiB of its own: RssAnon
    descriptors: int   # of the proxy without pool sockets: as many as clients want
    threads: int


# What is compared: (field, how it is said, share and amount by which the last third may exceed the first).
MEASURES = (("rss", "resident memory, KiB", 0.05, 1024), ("user", "user memory, KiB", 0.05, 1024),
            ("descriptors", "descriptors", 0.0, 4), ("threads", "threads", 0.0, 0))


def sample(process, pid, pool=0):
    """A sample; None when the process is gone."""
    try:
        fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
        held = len(os.listdir(f"/proc/{pid}/fd"))
        resident, user = (int(fields[name].split()[0]) for name in ("VmRSS", "RssAnon"))
        return Sample(time.monotonic(), process, pid, resident, user, held - pool, int(fields["Threads"]))
    except (OSError, KeyError):
        return None


class Sampler:
    def __init__(self, world):
        self._world, self.samples = world, []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ending.wait(SECONDS):
            for process, pool in (("proxy", self._pool), ("controller", lambda: 0)):
                running = getattr(self._world, process).process
                try:
                    taken = sample(process, running.pid, pool())
                except (OSError, AssertionError):   # it was killed meanwhile, or stands still
                    continue
                if taken:
                    self.samples.append(taken)

    def _pool(self):
        return int(self._world.proxy.metrics().sum(POOL))

    def finish(self):
        self._ending.set()
        self._thread.join(30)


@dataclasses.dataclass(frozen=True)
class Level:
    """A measure of a process over a time: the medians of the first and the last third of it."""
    process: str
    what: str
    first: float
    last: float
    most: float

    def holds(self):
        return self.last <= self.most


def levels(samples, since):
    """A Level for each process and measure, over the samples since then. A process must not have changed meanwhile."""
    made = []
    for process in ("proxy", "controller"):
        own = [each for each in samples if each.process == process and each.at >= since]
        assert len(own) >= 9, f"{len(own)} samples of the {process} are no series"
        assert len({each.pid for each in own}) == 1, f"the {process} was started again"
        third = len(own) // 3
        for field, what, share, amount in MEASURES:
            first, last = (statistics.median(getattr(each, field) for each in part)
                           for part in (own[:third], own[-third:]))
            made.append(Level(process, what, first, last, first * (1 + share) + amount))
    return made
