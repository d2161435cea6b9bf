"""A process of a test: its log, its end, and what a sanitizer said about it."""

import os
import pathlib
import re
import signal
import subprocess

from harness import netns
from harness.wait import until

SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|SUMMARY: \w+Sanitizer")


def binary(name):
    """The built program: from the build directory in STEVEDORE_BUILD."""
    build = os.environ.get("STEVEDORE_BUILD")
    assert build, "STEVEDORE_BUILD does not name a build directory; run these tests with ctest"
    folder = "proxy" if name == "stevedore-proxy" else "controller"
    path = pathlib.Path(build) / folder / name
    assert path.exists(), f"{path} is not built"
    return str(path)


def run(name, *arguments, timeout=60, **kwargs):
    """Runs a built program to its end; returns its subprocess.CompletedProcess with text output."""
    done = subprocess.run([binary(name), *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL, **kwargs)
    assert not SANITIZER.search(done.stderr), done.stderr
    return done


class Process:
    """Runs `argv` with stdout and stderr in `log_path`. Every signal goes to the pid that it started itself."""

    def __init__(self, argv, log_path, namespace=None, env=None):
        self.argv = [str(argument) for argument in argv]
        self.log_path = pathlib.Path(log_path)
        self._log = open(self.log_path, "ab")
        self._began_at = self._log.tell()
        self._popen = subprocess.Popen(
            netns.command(namespace, self.argv), stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            env={**os.environ, **(env or {})})
        self.pid = self._popen.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def running(self):
        return self._popen.poll() is None

    def send(self, number):
        self._popen.send_signal(number)

    def wait_for_log(self, pattern, timeout=15.0):
        """The first match in the log, as far as this process wrote it, or one that ran beside it. Fails at once when
        the process has ended without it."""
        def own_log():
            return self.log_path.read_bytes()[self._began_at:].decode(errors="replace")

        def look():
            match = re.search(pattern, own_log())
            if not match and not self.running():
                match = re.search(pattern, own_log())
                assert match, f"{self.argv[0]} ended with {self._popen.returncode}, no {pattern!r} in:\n{self.log()}"
            return match
        try:
            return until(f"{pattern!r} in the log of {self.argv[0]}", look, timeout)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.log()}") from None

    def wait(self, timeout=30.0):
        """Waits for the end and returns the exit code."""
        try:
            code = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.argv[0]} did not end within {timeout} s:\n{self.log()}") from None
        self._log.close()
        return code

    def stop(self, timeout=30.0):
        """SIGTERM; it has to end with 0, and no sanitizer may have reported."""
        if self.running():
            self.send(signal.SIGTERM)
        code = self.wait(timeout)
        self._check_reports()
        assert code == 0, f"{self.argv[0]} ended with {code}:\n{self.log()}"

    def kill(self):
        """kill -9, whatever state it is in; no sanitizer may have reported before."""
        if self.running():
            self.send(signal.SIGKILL)
            self.wait()
        self._check_reports()

    def _check_reports(self):
        if self.log_path.is_file():   # not a pipe
            assert not SANITIZER.search(self.log()), f"sanitizer report:\n{self.log()}"
