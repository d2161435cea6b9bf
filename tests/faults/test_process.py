"""What happens to a process from outside: its log is read by nobody, signals that are not its own, clocks that begin
elsewhere, a user of no name on a read-only root."""

import fcntl
import json
import os
import re
import select
import signal
import subprocess

import pytest

from harness import netns
from harness.configs import config, listener, simple, upstream
from harness.load import flows
from harness.metrics import DATAGRAMS, Metrics, http_get
from harness.process import SANITIZER, binary
from harness.proxy import RELOADS, write_by_rename
from harness.udp import free_port
from harness.wait import until

YEAR = 365 * 24 * 3600
F_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)


class Unread:
    """A proxy whose log goes into a pipe that nobody reads after its start."""

    def __init__(self, folder, first):
        self.path = folder / "config.json"
        write_by_rename(self.path, json.dumps(first))
        self.reader, writer = os.pipe()
        self.popen = subprocess.Popen([binary("stevedore-proxy"), "-c", self.path, "--metrics-address", "127.0.0.1:0",
                                       "--drain-timeout", "0"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=writer)
        os.close(writer)
        self.text = ""
        try:
            while not (found := re.search(r"Serving metrics address=(\S+)\n", self.text)):
                assert select.select([self.reader], [], [], 30)[0], self.text
                self.read()
            self.address = found.group(1)
            fcntl.fcntl(self.reader, F_SETPIPE_SZ, 4096)   # a page: what it said at the start had more room
        except BaseException:
            self.close()
            raise

    def read(self):
        self.text += os.read(self.reader, 65536).decode()

    def reloads(self, result):
        return Metrics(http_get(self.address, "/metrics")[1]).sum(RELOADS, result=result)

    def end(self):
        """As Kubernetes ends it, and what it said since."""
        self.popen.send_signal(signal.SIGTERM)
        code = self.popen.wait(30)
        while select.select([self.reader], [], [], 0)[0]:
            before = len(self.text)
            self.read()
            if len(self.text) == before:
                break
        return code

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        os.close(self.reader)


def test_nobody_reads_the_log(tmp_path, echo, client):
    """It forwards, takes configs and ends on SIGTERM all the same, and says afterwards how much it did not say."""
    port, second = free_port(), free_port()
    peer = echo("a")
    running = Unread(tmp_path, simple(port, [peer]))
    try:
        for number in range(100):   # each is a line of the log or more: far more than the pipe holds
            write_by_rename(running.path, json.dumps({"version": 2, "number": number}))
            until("it is refused", lambda: running.reloads("failure") > number)
        assert client(port).ask(b"x") == "a"
        write_by_rename(running.path, json.dumps(simple(second, [peer])))
        until("a good one is taken", lambda: running.reloads("success") == 2)
        assert client(second).ask(b"x") == "a"
        running.read()   # room again
        assert running.end() == 0
        dropped = re.search(r"Dropped log lines count=(\d+)", running.text)
        assert dropped and int(dropped.group(1)) >= 50, running.text
        assert not SANITIZER.search(running.text)
    finally:
        running.close()


def test_signals_that_are_not_its_own(proxy, load, peer_process):
    port = free_port()
    running = proxy(simple(port, [peer_process("a")]))
    traffic = load(port, flows(10), rate=500)
    until("traffic flows", lambda: running.metrics().sum(DATAGRAMS, direction="client_out") > 100)
    for _ in range(20):
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGWINCH, signal.SIGHUP):
            running.process.send(number)
    running.apply(simple(port, [peer_process("b")]) | {"hashSeed": 1})
    report = traffic.finish()
    assert report["lost"] == report["astray"] == 0 and report["sent"] > 100


def test_the_end_during_a_reload(tmp_path, proxy, echo):
    """SIGTERM right behind each new config: it ends, with 0."""
    for number in range(5):
        folder = tmp_path / str(number)
        folder.mkdir()
        running = proxy(config([listener(free_port())], [upstream([echo("a")])]), folder=folder)
        many = [listener(free_port(), address=f"127.98.0.{nth}", name=f"l{nth}") for nth in range(1, 100)]
        write_by_rename(running.config_path, json.dumps(config(many, [upstream([echo("b")])])))
        running.process.stop(timeout=20)


@pytest.mark.parametrize("years", [12, 60])
def test_a_monotonic_clock_that_begins_late(proxy, load, peer_process, years):
    """As on a machine that was up for years: nothing overflows, sessions live and end."""
    netns.require_root()
    port = free_port()
    session = {"idleTimeoutSeconds": 1, "embryonicTimeoutSeconds": 1}
    # 32 bits of tenths of a second end after 13.6 years: one begins just before.
    seconds = 429_496_720 if years == 12 else years * YEAR
    try:
        running = proxy(config([listener(port, session=session)], [upstream(
            [peer_process("a"), peer_process("b")], affinity="Key", algorithm="ConsistentHash",
            hashKey={"source": "ClientAddressPort"}, healthCheck={"periodSeconds": 1, "expect": "NoError"})]),
                        through=["unshare", "--time", "--monotonic", str(seconds), "--boottime", str(seconds)])
    except AssertionError as failed:
        if "unshare" in str(failed) and "No such file" in str(failed):
            pytest.skip("the kernel has no time namespaces")
        raise
    traffic = load(port, flows(20), rate=500, seconds=3)
    report = traffic.wait()
    assert report["lost"] == report["astray"] == 0 and report["sent"] > 500
    assert all(len(flow["peers"]) == 1 for flow in report["flows"])
    until("probes go on", lambda: running.metrics().sum("stevedore_proxy_probes_total", result="ok") >= 4)
    until("sessions end", lambda: running.metrics().sum("stevedore_proxy_sessions") == 0)


# Everything read-only but the folder of its files, then another user without any rights or environment.
NOBODY = """mount --bind "$0" "$0" && mount -o remount,ro,bind / && cd / && exec env -i ASAN_OPTIONS="$ASAN_OPTIONS" \
setpriv --reuid 12345 --regid 12345 --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@" """


def test_a_user_of_no_name_on_a_read_only_root(tmp_path, proxy, client, echo):
    netns.require_root()
    os.chown(tmp_path, 12345, 12345)
    for parent in tmp_path.parents[:2]:
        os.chmod(parent, 0o755)
    port, second = free_port(), free_port()
    running = proxy(simple(port, [echo("a")]),
                    through=["unshare", "--mount", "--propagation", "private", "sh", "-c", NOBODY, tmp_path])
    with open(f"/proc/{running.process.pid}/status", encoding="ascii") as status:
        fields = dict(line.split(":\t", 1) for line in status.read().splitlines() if ":\t" in line)
    assert fields["Uid"].split() == ["12345"] * 4 and int(fields["CapEff"], 16) == 0
    assert client(port).ask(b"x") == "a"
    running.apply(simple(second, [echo("b")]))
    assert client(second).ask(b"x") == "b"
