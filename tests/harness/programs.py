"""Programs that others wrote: where they are, how they are had, and how they are run."""

import fcntl
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

from harness.process import Process
from harness.wait import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "stevedore"


def require(name, package):
    """Path of a program of a Debian package; without it the test is skipped with the reason."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        pytest.skip(f"needs {name}: Debian's package {package} (cmake/deps.sh test)")
    return path


def checked(argv, **more):
    """Runs a command to its end; its output, or a failure that shows it."""
    done = subprocess.run([str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=280, check=False, **more)
    assert done.returncode == 0, f"{argv} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def _locked(path):
    """Two test runs at once make a thing once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = open(path.with_name(path.name + ".lock"), "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def python_with(requirement):
    """A Python in a virtual environment of its own with this one package of PyPI, for example "kcp==0.1.6"."""
    venv = CACHE / f"venv-{requirement.replace('==', '-')}-py{sys.version_info.major}.{sys.version_info.minor}"
    python, ready = venv / "bin" / "python", venv / ".ready"
    with _locked(venv):
        if not ready.exists():
            checked([sys.executable, "-m", "venv", "--clear", venv])
            checked([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement])
            ready.touch()
    return python


@functools.cache
def go_program(folder):
    """The program of a Go module under tests/, built when its sources changed (Go's own cache knows)."""
    source = ROOT / "tests" / folder
    made = CACHE / "programs" / source.name
    with _locked(made):
        checked([ROOT / "tests" / "go_build.sh", source, made])
    return made


class Daemon(Process):
    """A program that serves until it is ended. How it ends is its own affair; that it ended early is a failure.

    `ready` takes it, waits until it serves, and may return something: `ready` of the daemon.
    """

    def __init__(self, argv, log_path, ready, env=None):
        super().__init__(argv, log_path, env=env)
        try:
            self.ready = ready(self)
        except BaseException:
            self.kill()
            raise

    def close(self):
        if not self.running():
            self.wait()
            raise AssertionError(f"{self.argv[0]} ended by itself:\n{self.log()}")
        self.send(signal.SIGTERM)
        self.wait()


def port_in_log(daemon):
    """Ready when it has said so; returns its port."""
    return int(daemon.wait_for_log(r"Serving port=(\d+)").group(1))


class PortPeer:
    """A program's address, as an entry of `peers`."""

    def __init__(self, port, address="127.0.0.1"):
        self.port, self.address = port, address

    def config(self, **more):
        return {"address": self.address, "port": self.port, **more}


def _held_ports():
    """UDP ports of IPv4 that some socket of this host is bound to."""
    lines = pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]
    return {int(line.split()[1].rsplit(":", 1)[1], 16) for line in lines}


def holds(port):
    """Ready when it holds this port."""
    def wait(daemon):
        def look():
            assert daemon.running(), f"{daemon.argv[0]} ended:\n{daemon.log()}"
            return port in _held_ports()
        until(f"{daemon.argv[0]} holds port {port}", look)
    return wait
