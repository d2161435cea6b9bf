#!/usr/bin/env python3
"""Runs fuzz targets from their corpora, each for so long, and ends with a table: `fuzz.py [--seconds N] [TARGET...]`.

The targets were built by the preset fuzz (`make fuzz` does both). A crash, a leak, a property that does not hold, or an
input that takes more than a second of CPU time ends a target and the run with exit 1; the input stays under
build/fuzz/failures, and the output says how to replay it. What a run finds goes to build/fuzz/found; --keep adds of that
what reaches code that the corpus does not, by few inputs, to the corpus in the repository.
"""

import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
UNIT_SECONDS = 1  # what one input may take
KEPT_BYTES = 600  # the most that --keep adds as one input
CORPUS_INPUTS = 48  # of a target, up to which it adds some
# Longer inputs where a limit lies beyond what is told to try by default.
MAX_BYTES = {"http_request": 9000, "watch_stream": 2048, "maglev": 512, "byte_match": 1024}
DEFAULT_BYTES = 4096


@dataclasses.dataclass
class Outcome:
    target: str
    seconds: float = 0
    executions: int = 0
    coverage: int = 0
    found: int = 0
    failure: str = ""


def targets():
    return sorted(file.stem for file in HERE.glob("*.cc"))


def corpus(target):
    return HERE / "corpus" / target


def cpu_seconds(command):
    """CPU time of a command that replays one input; the kernel ends it at ten times what an input may take."""
    limit = ["prlimit", f"--cpu={10 * UNIT_SECONDS}", "--"]
    child = subprocess.Popen(limit + command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, env=os.environ | {"ASAN_OPTIONS": "detect_leaks=0"})
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0  # reaped above
    return usage.ru_utime + usage.ru_stime


def number(pattern, log):
    """The last number that the pattern finds in the log of libFuzzer; 0 without one."""
    values = re.findall(pattern, log)
    return int(values[-1]) if values else 0


def shown(path):
    return os.path.relpath(path, ROOT)


class Run:
    def __init__(self, build, target, seconds, seed):
        self.program = build / "fuzzers" / target
        self.found = build / "found" / target
        self.failures = build / "failures" / target
        self.seconds, self.seed = seconds, seed
        self.outcome = Outcome(target)
        for folder in (self.found, self.failures):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)

    def command(self, seconds):
        target = self.outcome.target
        arguments = [self.program, self.found, corpus(target), f"-max_total_time={seconds}", f"-timeout={UNIT_SECONDS}",
                     f"-max_len={MAX_BYTES.get(target, DEFAULT_BYTES)}", "-rss_limit_mb=1536", "-print_final_stats=1",
                     "-reload=0", f"-artifact_prefix={self.failures}/", f"-seed={self.seed}"]
        words = HERE / f"{target}.dict"
        return [str(a) for a in arguments + ([f"-dict={words}"] if words.exists() else [])]

    def run(self):
        start = time.monotonic()
        while not self.outcome.failure and (left := self.seconds - (time.monotonic() - start)) >= 1:
            self.once(int(left))
        self.outcome.seconds = time.monotonic() - start
        self.outcome.found = len(list(self.found.iterdir()))
        if not self.outcome.failure and self.outcome.executions == 0:
            self.outcome.failure = "nothing was executed"
        return self.outcome

    def once(self, seconds):
        # Beside tests that wait for something: those come first.
        done = subprocess.run(["nice", "-n", "10"] + self.command(seconds), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
                              timeout=seconds + 120)
        self.outcome.executions += number(r"stat::number_of_executed_units: (\d+)", done.stdout)
        self.outcome.coverage = max(self.outcome.coverage, number(r" cov: (\d+)", done.stdout))
        if done.returncode == 0:
            return
        slow = sorted(self.failures.glob("timeout-*"))
        # libFuzzer measures the time that passes. Where others run, only CPU time is the input's own.
        if slow and cpu_seconds([str(self.program), str(slow[0])]) < UNIT_SECONDS:
            slow[0].unlink()
            return
        self.outcome.failure = self.tell(done.stdout)

    def tell(self, log):
        lines = log.splitlines()
        start = next((i for i, line in enumerate(lines) if re.search(r"ERROR:|property violated|runtime error", line)),
                     max(0, len(lines) - 40))
        text = ["", f"{self.outcome.target} failed:"] + ["  " + line for line in lines[start:start + 40]]
        inputs = sorted(self.failures.iterdir())
        for path in inputs:
            text += [f"The input is {shown(path)}. To replay it:", f"  {shown(self.program)} {shown(path)}",
                     f"Mend it, and keep the input: cp {shown(path)} {shown(corpus(self.outcome.target))}/"]
        return "\n".join(text)

    def keep(self):
        """Adds the inputs that together reach what the corpus does not, the longest first, as many as fit."""
        own = corpus(self.outcome.target)
        with tempfile.TemporaryDirectory() as folder:
            merged = [str(self.program), "-merge=1", f"-max_len={KEPT_BYTES}", folder, str(own), str(self.found)]
            subprocess.run(merged, stdin=subprocess.DEVNULL, capture_output=True, check=True)
            known = {path.read_bytes() for path in own.iterdir()}
            inputs = {path.read_bytes(): path for path in pathlib.Path(folder).iterdir()}
            new = sorted(inputs.keys() - known, key=len, reverse=True)[:max(0, CORPUS_INPUTS - len(known))]
            for data in new:
                shutil.copy(inputs[data], own / inputs[data].name[:12])


def table(outcomes):
    print(f"{'target':<18}{'seconds':>8}{'executions':>12}{'coverage':>10}{'new inputs':>12}  result")
    for o in outcomes:
        print(f"{o.target:<18}{o.seconds:>8.0f}{o.executions:>12}{o.coverage:>10}{o.found:>12}"
              f"  {'FAILED' if o.failure else 'ok'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--seed", type=int, default=0, help="of what is tried; another one each time without")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets beside each other (one per CPU)")
    parser.add_argument("--keep", action="store_true", help="add what is new to the corpus")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all of them without a name")
    options = parser.parse_args()
    names = options.targets or targets()
    for name in names:
        if name not in targets():
            parser.error(f"no target {name}: there are {', '.join(targets())}")
        if not (options.build / "fuzzers" / name).exists():
            parser.error(f"{name} is not built: cmake --preset fuzz && cmake --build --preset fuzz")
    runs = [Run(options.build.resolve(), name, options.seconds, options.seed) for name in names]
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        outcomes = list(pool.map(Run.run, runs))
    for outcome in outcomes:
        if outcome.failure:
            print(outcome.failure)
    table(outcomes)
    if options.keep:
        for run in runs:
            run.keep()
    return 1 if any(outcome.failure for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
