"""Clients of a published port on hosts of their own: what they lose while something happens to Stevedore."""

import json

from harness import netns
from harness.cluster import NODE_IP
from harness.load import spawn


class Place:
    """A host on the cluster's network with `count` addresses: as many clients, to a Service."""

    def __init__(self, cluster, count):
        self.namespace, first = cluster.peer_host()
        number = first.rsplit(".", 1)[1]
        self.addresses = [f"10.201.{200 + int(number)}.{client + 1}" for client in range(count)]
        for address in self.addresses:
            netns.ip("-n", self.namespace, "address", "add", f"{address}/16", "dev", "eth0")


class Visitors:
    """harness.visitors_main: all conversations were answered when this is constructed."""

    def __init__(self, place, port, host=NODE_IP, conversations=40, rate=400, newcomers=50, seconds=400):
        orders = {"target": [host, port], "sources": place.addresses, "conversations": conversations, "rate": rate,
                  "newcomers": newcomers, "seconds": seconds}
        self._process = spawn("visitors_main", [json.dumps(orders)], place.namespace)
        line = self._process.stdout.readline()
        if line != "ready\n":
            self._process.wait(10)
            raise AssertionError("conversations were not answered")

    def finish(self):
        """Ends them, waits for the last answers; the report."""
        output, _ = self._process.communicate(timeout=30)   # closing its stdin is the sign
        assert self._process.returncode == 0, f"the visitors ended with {self._process.returncode}"
        return json.loads(output)

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
