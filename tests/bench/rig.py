"""Proxies and load in network namespaces of their own: the proxy on processor 0, everything else on processor 1."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from harness import netns

FOLDER = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ.get("STEVEDORE_BUILD", FOLDER.parents[1] / "build" / "release")).resolve()
PROXY_CPU, LOAD_CPU = "0", "1"


class Topology:
    """Of one candidate. `loopback`: proxy and ends on one host. `veth`: two hosts with a wire between them."""

    def __init__(self, kind, number):
        netns.require_root()
        ends = ("one",) if kind == "loopback" else ("px", "ends")
        self.names = [f"svd-bench-{os.getpid()}-{number}-{end}" for end in ends]
        for name in self.names:
            netns.ip("netns", "add", name)
            netns.ip("-n", name, "link", "set", "lo", "up")
        self.proxy_space, self.load_space = self.names[0], self.names[-1]
        self.proxy_address = self.load_address = "127.0.0.1"
        self.crowd_address = "127.1.0.0"   # a crowd's flows are the addresses from here on
        if kind == "veth":
            self._connect()
        for name in self.names:   # above the listeners; it decides how many clients there may be
            netns.run(name, "sysctl", "-qw", "net.ipv4.ip_local_port_range=9000 65500")

    def _connect(self):
        netns.ip("-n", self.proxy_space, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns",
                 self.load_space)
        self.proxy_address, self.load_address, self.crowd_address = "10.203.0.1", "10.203.0.2", "10.204.0.0"
        for name, address in ((self.proxy_space, self.proxy_address), (self.load_space, self.load_address)):
            netns.ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            netns.ip("-n", name, "link", "set", "eth0", "up")
        netns.ip("-n", self.load_space, "route", "add", "local", "10.204.0.0/14", "dev", "lo")
        netns.ip("-n", self.proxy_space, "route", "add", "10.204.0.0/14", "via", self.load_address)

    def close(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], check=False)


class Load:
    """stevedore-bench load: peers that are there from the start, flows that stay open, runs that are asked for."""

    def __init__(self, program, topology, peers, gro):
        argv = netns.command(topology.load_space, ["taskset", "-c", LOAD_CPU, program, "load", topology.load_address,
                                                   str(peers), "gro" if gro else "plain"])
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.peers = [f"{topology.load_address}:{port}" for port in json.loads(self._process.stdout.readline())]

    def tell(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the load ended at: {line}"
        return json.loads(answer)

    def close(self):
        self._process.stdin.close()
        self._process.wait(30)


@dataclasses.dataclass(frozen=True)
class Variant:
    """A candidate: a start script of proxies/, and what is special about it here."""

    name: str
    script: str
    peers: int = 0             # 0: as many as the set-up has
    environment: tuple = ()    # (name, value) pairs for the script
    load: str = ""             # words for the load
    cpus: str = PROXY_CPU
    prefix: tuple = ()         # of its command line


def plain(name):
    return Variant(name, name)


class Candidate:
    """A proxy, started by its script in proxies/, with a load of its own: each needs thousands of descriptors."""

    def __init__(self, variant, program, kind, number, peers, gro):
        self.variant, self.name = variant, variant.name
        with contextlib.ExitStack() as made:
            self.topology = Topology(kind, number)
            made.callback(self.topology.close)
            self._load = Load(program, self.topology, variant.peers or peers, gro)
            made.callback(self._load.close)
            self.address = f"{self.topology.proxy_address}:7000"
            self.work = pathlib.Path(tempfile.mkdtemp(prefix="stevedore-bench-"))
            made.callback(shutil.rmtree, self.work, ignore_errors=True)
            environment = {"STEVEDORE_BUILD": str(BUILD), **os.environ, "BENCH": str(program), "WORK": str(self.work),
                           **dict(variant.environment)}
            argv = [*variant.prefix, "taskset", "-c", variant.cpus, FOLDER / "proxies" / variant.script, self.address,
                    *self.peers]
            self._process = subprocess.Popen(netns.command(self.topology.proxy_space, argv), env=environment)
            made.callback(self._end)
            self._made = made.pop_all()

    @property
    def peers(self):
        return self._load.peers

    def pids(self):
        """Of the process and its children, whose CPU time counts."""
        family, fresh = [], [self._process.pid]
        while fresh:
            family += fresh
            fresh = [int(pid) for parent in fresh for path in pathlib.Path(f"/proc/{parent}/task").glob("*/children")
                     for pid in path.read_text().split()]
        return family

    def open(self, row):
        """Makes the row's flows known to the proxy."""
        source = self.topology.crowd_address if row.crowd else self.topology.load_address
        opened = self._load.tell(f"open target={self.address} source={source} {row.words()} {self.variant.load}")
        self._check()
        assert opened["warm"], f"{self.name}: not every flow was answered"

    def run(self, rate, seconds):
        """Counts and CPU time of one run."""
        result = self._load.tell(f"run rate={rate} seconds={seconds} pids={','.join(map(str, self.pids()))}")
        self._check()
        return result

    def resident(self):
        """Bytes of memory of the proxy's process, and how many descriptors it has open."""
        pid = self.pids()[-1]
        kib = next(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                   if line.startswith("VmRSS:"))
        return kib * 1024, len(os.listdir(f"/proc/{pid}/fd"))

    def _check(self):
        assert self._process.poll() is None, f"{self.name} ended with {self._process.returncode}"

    def _end(self):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def close(self):
        self._made.close()


@contextlib.contextmanager
def bench(program, kind, peers, row, variants):
    """The candidates with the row's flows open through each of them."""
    with contextlib.ExitStack() as stack:
        candidates = []
        for number, variant in enumerate(variants):
            candidate = Candidate(variant, program, kind, number, peers, row.gso)
            stack.callback(candidate.close)
            candidates.append(candidate)
        for candidate in candidates:
            candidate.open(row)
        yield candidates


@contextlib.contextmanager
def half_a_processor(candidates):
    """The proxies have half of their processor's time, so that they come to their limit before the load does."""
    group = pathlib.Path(f"/sys/fs/cgroup/cpu/stevedore-bench-{os.getpid()}")
    unified = pathlib.Path(f"/sys/fs/cgroup/stevedore-bench-{os.getpid()}")
    if not pathlib.Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").exists():
        group = unified
    group.mkdir()
    try:
        if group is unified:
            (group / "cpu.max").write_text("2500 5000")
        else:
            (group / "cpu.cfs_period_us").write_text("5000")
            (group / "cpu.cfs_quota_us").write_text("2500")
        for candidate in candidates:
            for pid in candidate.pids():
                (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        for candidate in candidates:
            for pid in candidate.pids():
                (group.parent / "cgroup.procs").write_text(str(pid))
        group.rmdir()


@contextlib.contextmanager
def default_buffers():
    """net.core.rmem_max at the system's default; a proxy may only ask for more (UNPRIVILEGED), not take it."""
    path = pathlib.Path("/proc/sys/net/core/rmem_max")
    before = path.read_text()
    path.write_text("212992")
    try:
        yield
    finally:
        path.write_text(before)


UNPRIVILEGED = ("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin")
