"""System calls of a running process that go wrong by our choice: strace injects a signal or an error."""

import signal
import subprocess

from harness.programs import require
from harness.wait import until


class Tampering:
    """Beside the process `pid`, or the one thread of that number alone, until it is closed. `what` is as in strace(1): inject=, for instance
    "sendmmsg:error=ENOBUFS:when=1+3"; it counts the calls of each thread, of those on `path` if that is not None (of a
    rename: the old name). Nothing is done before the call begins."""

    def __init__(self, pid, what, path=None, alone=False):
        argv = [require("strace", "strace"), *([] if alone else ["-f"]), "-p", str(pid), "-o", "/dev/null"]
        if path is not None:
            argv += ["-P", str(path)]
        argv += ["-e", f"trace={what.split(':')[0]}", "-e", f"inject={what}"]
        self._strace = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self._strace.stderr.readline()
        assert "attached" in line, line

    def close(self):
        """Lets go of the process."""
        if self._strace.poll() is None:
            self._strace.send_signal(signal.SIGTERM)
        self._strace.communicate(timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _state(pid):
    """One letter of proc(5), such as T for stopped; "" when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return ""


def wait_stopped(pid, timeout=30.0):
    """Until it stands still: stopped, or held by its tracer in that state."""
    until(f"{pid} stands still", lambda: _state(pid) in ("T", "t"), timeout)
