"""A sanitizer's report fails a test: with the options of this run, for each kind of fault, through the harness too."""

import os
import subprocess

import pytest

from harness.process import SANITIZER, Process

FAULTS = [
    ("STEVEDORE_PLANTED", "heap-overflow", "AddressSanitizer: heap-buffer-overflow"),
    ("STEVEDORE_PLANTED", "use-after-free", "AddressSanitizer: heap-use-after-free"),
    ("STEVEDORE_PLANTED", "use-after-return", "AddressSanitizer: stack-use-after-return"),
    ("STEVEDORE_PLANTED", "leak", "LeakSanitizer: detected memory leaks"),
    ("STEVEDORE_PLANTED", "signed-overflow", "runtime error: signed integer overflow"),
    ("STEVEDORE_PLANTED_TSAN", "data-race", "ThreadSanitizer: data race"),
]


@pytest.mark.parametrize("program, fault, report", FAULTS)
def test_a_fault_is_reported_and_ends_the_program(program, fault, report):
    done = subprocess.run([os.environ[program], fault], capture_output=True, text=True, timeout=60)
    assert done.stdout == "planting\n"
    assert report in done.stderr and SANITIZER.search(done.stderr)
    assert done.returncode != 0


@pytest.mark.parametrize("program, fault, report", FAULTS)
def test_the_harness_tells_it_from_the_log_of_a_process(tmp_path, program, fault, report):
    for name, close in (("stop", Process.stop), ("kill", Process.kill)):
        process = Process([os.environ[program], fault], tmp_path / f"{name}.log")
        process._popen.wait(60)
        with pytest.raises(AssertionError, match="sanitizer report"):
            close(process)


@pytest.mark.parametrize("program", ["STEVEDORE_PLANTED", "STEVEDORE_PLANTED_TSAN"])
def test_without_a_fault_nothing_is_said(program):
    done = subprocess.run([os.environ[program], "none"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
