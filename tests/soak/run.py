#!/usr/bin/env python3
"""The soak: real traffic for MINUTES while everything that may happen to Stevedore happens, in an order that the seed
decides. Prints each event and, at the end, what was sent, lost, why, and what the processes held. Exit code 1 when
anything was lost without a reason, or grew.

    tests/soak/run.py [--minutes 30] [--seed N] [--rate 1000] [--page]
"""

import argparse
import contextlib
import pathlib
import random
import sys
import tempfile
import time

from harness import pages
from soak import faults
from soak.report import Report
from soak.samples import Sampler, levels
from soak.traffic import Traffic
from soak.world import World

WARM = 0.4       # of the time: every event once, those that kill our own processes only then
PAGE_MINUTES = 30


def order(rng, began, seconds):
    """Events without end: the kills, then each of the others once, then at random; with kills in the first part."""
    kills = [faults.proxy_killed] + [faults.controller_killed] * 2
    yield from kills
    yield from rng.sample(faults.OTHERS, len(faults.OTHERS))
    while True:
        warm = time.monotonic() - began < seconds * WARM
        yield rng.choice(faults.OTHERS + (faults.KILLS if warm else ()))


def soak(minutes, seed, rate, folder, say=print):
    """Runs it; returns its Report."""
    rng, seconds = random.Random(seed), minutes * 60
    say(f"soak of {minutes:g} minutes, seed {seed}, {rate} datagrams/s on each of two routes")
    with contextlib.ExitStack() as stack:
        world = World(stack, folder)
        sampler = Sampler(world)
        stack.callback(sampler.finish)
        traffic = Traffic(stack, world, rate)
        report, began, level_since = Report(minutes, seed, rate), time.monotonic(), None
        for number, event in enumerate(order(rng, began, seconds)):
            at = time.monotonic()
            level = number >= len(faults.OTHERS) + 3 and at - began >= seconds * WARM
            if level and level_since is None:
                level_since = at
            if at - began >= seconds and (level_since is not None and at - level_since > seconds / 3):
                break
            try:
                event(world, rng)
                world.settled()
            except AssertionError as failure:
                raise AssertionError(f"{event.__name__} at {at - began:.1f} s: {failure}\n{world.state()}") from None
            report.event(event.__name__, faults.lossy(event), at, time.monotonic())
            say(f"{at - began:7.1f} s  {event.__name__}, {time.monotonic() - at:.1f} s until all was right again")
            world.pause(rng.uniform(0.5, 2))
        sampler.finish()
        report.flows = traffic.finish()
        report.programs = traffic.programs
        report.lives = world.lives
        report.levels = levels(sampler.samples, level_since)
        report.metrics = world.proxy.check_conservation()
    return report


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--minutes", type=float, default=PAGE_MINUTES)
    arguments.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    arguments.add_argument("--rate", type=int, default=1000, help="datagrams/s on each of the two routes")
    arguments.add_argument("--page", action="store_true",
                           help=f"write docs/reliability.md, from {PAGE_MINUTES} minutes on")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="stevedore-soak-") as folder:
        report = soak(options.minutes, options.seed, options.rate, pathlib.Path(folder),
                      lambda line: print(line, flush=True))
    print("\n".join(report.lines()))
    faulty = report.faults()
    if options.page and options.minutes >= PAGE_MINUTES and not faulty:
        pages.write("docs/reliability.md", "soak", [f"Measured on {pages.machine()}.", "", *report.lines()])
    print("\n".join(f"FAULT: {each}" for each in faulty) or "nothing lost without a reason, nothing grew")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
