"""Proxies and load in network namespaces of their own: the proxy on processor 0, everything else on processor 1."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from harness import netns

FOLDER = pathlib.Path(__file__).parent
PROXY_CPU, LOAD_CPU = "0", "1"


class Topology:
    """Of one candidate. `loopback`: proxy and ends on one host. `veth`: two hosts with a wire between them."""

    def __init__(self, kind, number):
        netns.require_root()
        self.names = [f"svd-bench-{os.getpid()}-{number}-{end}" for end in (["one"] if kind == "loopback" else ["px", "ends"])]
        for name in self.names:
            netns.ip("netns", "add", name)
            netns.ip("-n", name, "link", "set", "lo", "up")
        self.proxy_space, self.load_space = self.names[0], self.names[-1]
        self.proxy_address = self.load_address = "127.0.0.1"
        if kind == "veth":
            netns.ip("-n", self.proxy_space, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns",
                     self.load_space)
            self.proxy_address, self.load_address = "10.203.0.1", "10.203.0.2"
            for name, address in ((self.proxy_space, self.proxy_address), (self.load_space, self.load_address)):
                netns.ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
                netns.ip("-n", name, "link", "set", "eth0", "up")
        for name in self.names:   # the unprivileged range decides how many clients there may be
            subprocess.run(netns.command(name, ["sysctl", "-qw", "net.ipv4.ip_local_port_range=2000 65500"]), check=True)

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


class Candidate:
    """A proxy, started by its script in proxies/, with a load of its own: each needs thousands of descriptors."""

    def __init__(self, name, program, topology, peers, gro):
        self.name = name
        self._load = Load(program, topology, peers, gro)
        self._source = topology.load_address
        self._address = f"{topology.proxy_address}:7000"
        self._work = tempfile.mkdtemp(prefix=f"bench-{name}-")
        build = FOLDER.parents[1] / "build" / "release"
        environment = {"STEVEDORE_BUILD": str(build), **os.environ, "BENCH": str(program), "WORK": self._work}
        argv = ["taskset", "-c", PROXY_CPU, FOLDER / "proxies" / name, self._address, *self._load.peers]
        self._process = subprocess.Popen(netns.command(topology.proxy_space, argv), env=environment)

    def pids(self):
        """Of the process and its children, whose CPU time counts."""
        family, fresh = [], [self._process.pid]
        while fresh:
            family += fresh
            fresh = [int(pid) for parent in fresh for path in pathlib.Path(f"/proc/{parent}/task").glob("*/children")
                     for pid in path.read_text().split()]
        return ",".join(map(str, family))

    def open(self, row):
        """Makes the row's flows known to the proxy."""
        opened = self._load.tell(f"open target={self._address} source={self._source} {row.words()}")
        self._check()
        assert opened["warm"], f"{self.name}: not every flow was answered"

    def run(self, rate, seconds):
        """Counts and CPU time of one run."""
        result = self._load.tell(f"run rate={rate} seconds={seconds} pids={self.pids()}")
        self._check()
        return result

    def _check(self):
        assert self._process.poll() is None, f"{self.name} ended with {self._process.returncode}"

    def close(self):
        self._load.close()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._work, ignore_errors=True)


@contextlib.contextmanager
def bench(program, kind, peers, row, names):
    """The candidates with the row's flows open through each of them."""
    with contextlib.ExitStack() as stack:
        candidates = []
        for number, name in enumerate(names):
            topology = Topology(kind, number)
            stack.callback(topology.close)
            candidate = Candidate(name, program, topology, peers, row.gso)
            stack.callback(candidate.close)
            candidates.append(candidate)
        for candidate in candidates:
            candidate.open(row)
        yield candidates
