"""Clients of the soak, each of which checks what comes back: KCP conversations by the reference implementation (SHA-256
of both directions), TFTP transfers by tftp-hpa (the files are compared), and the load generator's own datagrams,
numbered, every byte of which is checked."""

import json
import random
import shutil
import subprocess
import threading
import time

from harness import netns, tftp
from harness.fastload import Flood, Flows
from soak.world import KCP, PORTS

KCP_BYTES = 60_000          # each way, for each of a client's conversations
TFTP_BYTES = 100_000
FLOWS = 50                  # client sockets of a route
SIZES = {"size": 16, "size_to": 1_400}
REST = 2.0                  # seconds between two runs of a program
TRICKLE = 100               # datagrams/s from ever new sources, all the time


class Repeated:
    """Runs `once(number)` again and again on a thread; keeps (began, ended, error or None) of each run."""

    def __init__(self, name, once):
        self.name, self.runs = name, []
        self._once = once
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ending.is_set():
            began, error = time.monotonic(), None
            try:
                self._once(len(self.runs))
            except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as failure:
                error = f"{type(failure).__name__}: {failure}"
            self.runs.append((began, time.monotonic(), error))
            self._ending.wait(REST)

    def finish(self):
        """Lets the one under way come to its end."""
        self._ending.set()
        self._thread.join(180)
        assert not self._thread.is_alive(), f"{self.name} does not end"

    def failures(self, excused):
        """Runs that went wrong and that no window in `excused` ((begin, end) each) has met."""
        return [error for began, ended, error in self.runs
                if error and not any(begin <= ended and end >= began for begin, end in excused)]


class Traffic:
    def __init__(self, stack, world, rate):
        """`rate` datagrams/s of the load generator on each of the routes steady and rough."""
        self.world = world
        common = {"namespace": world.namespace, "seconds": 1_000_000, **SIZES}
        self.flows = {}
        for route in ("steady", "rough"):
            self.flows[route] = Flows(PORTS[route], FLOWS, rate, **common)
            stack.callback(self.flows[route].close)
        self.trickle = Flood(PORTS["flooded"], 1_000_000, 10**9, TRICKLE, namespace=world.namespace)
        stack.callback(self.trickle.close)
        self._transfers = world.folder / "transfers"
        self._transfers.mkdir()
        self.programs = [Repeated("kcp", self._converse), Repeated("tftp", self._transfer)]

    def _converse(self, number):
        """Two client ports with two conversations each."""
        first = 4 * number + 1
        conversations = [[first, first + 1], [first + 2, first + 3]]
        argv = netns.command(self.world.namespace, [str(self.world.kcp_python), "-B", str(KCP), "client",
                                                    str(PORTS["kcp"]), json.dumps(conversations), str(KCP_BYTES)])
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
                              env={"PYTHONPATH": str(KCP.parents[1])})
        assert done.returncode == 0, done.stderr
        for conversation, verdict in json.loads(done.stdout)["conversations"].items():
            assert verdict["received"] == KCP_BYTES and verdict["sha256"] == verdict["sent_sha256"], (
                f"conversation {conversation}: {verdict}")

    def _transfer(self, number):
        """A client that reads and writes twice; then its folder is no longer needed."""
        content = random.Random(number).randbytes(TFTP_BYTES)
        client = tftp.Client(PORTS["tftp"], self._transfers / f"c{number}", content, namespace=self.world.namespace)
        try:
            said = client.finish()
        finally:
            client.close()
        assert not said, said
        for count in "12":
            assert (client.folder / f"down{count}").read_bytes() == self.world.content, "read"
            stored = [server.folder / f"up-{client.folder.name}-{count}" for server in self.world.tftp_servers]
            stored = [path for path in stored if path.exists()]
            assert len(stored) == 1 and stored[0].read_bytes() == content, "written"
            stored[0].unlink()
        shutil.rmtree(client.folder)

    def finish(self):
        """{route: report of its flows}."""
        for program in self.programs:
            program.finish()
        self.trickle.finish()
        return {route: flows.finish() for route, flows in self.flows.items()}
