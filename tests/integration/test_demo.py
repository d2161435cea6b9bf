"""`make run ONCE=1` on this build's binaries: every answer of the demonstration is right."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_demonstration():
    done = subprocess.run([sys.executable, ROOT / "tests" / "demo" / "demo.py", "--build",
                           os.environ["STEVEDORE_BUILD"], "--once"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" ok\n") == 10 and "WRONG" not in done.stdout
