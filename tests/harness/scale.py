"""500 routes with 10 000 peers on a real API server, and the time from a change to the datagram that shows it."""

import calendar
import json
import os
import pathlib
import random
import socket
import struct
import threading
import time

from harness import netns, objects
from harness.api import ROUTES as ROUTES_PATH
from harness.api import Api
from harness.cluster import NODE_IP
from harness.udp import Client


SPACE = "scale"
ROUTES = 500
PEERS = 20        # of each route
MEASURED = 10     # routes whose changes are measured; their peers answer, the others' are never asked
FIRST_PORT = 20000
PEER_PORT = 7777
SIDES = ("left", "right")
IP_PKTINFO = 8    # Linux; Python's socket module has no name for it


def background_objects():
    """The Services, EndpointSlices and routes that only have to be there."""
    for number in range(ROUTES - MEASURED):
        name = f"route-{number}"
        addresses = [f"10.64.{number // 10}.{number % 10 * PEERS + peer + 1}" for peer in range(PEERS)]
        yield from objects.with_peers(name, addresses, PEER_PORT, SPACE)
        rules = [{"name": f"r{byte}", "upstream": "a",
                  "match": [{"start": 0, "end": 2, "operator": "==", "value": f"0x00{byte:02x}"}]} for byte in range(4)]
        yield objects.route(name, FIRST_PORT + MEASURED + number, [objects.service_upstream(name)], SPACE, rules=rules)


def measured_route(number, side):
    upstreams = [objects.service_upstream(name, name=name) for name in SIDES]
    return objects.route(f"measured-{number}", FIRST_PORT + number, upstreams, SPACE, default=side)


def swap_objects(addresses):
    """A route on the last of the measured ports whose peers change by their EndpointSlice."""
    return [*objects.with_peers("swap", addresses, PEER_PORT, SPACE),
            objects.route("swap", FIRST_PORT + MEASURED - 1, [objects.service_upstream("swap")], SPACE)]


class Side:
    """A host with PEERS addresses; whatever comes to one of them is answered from it with the side's name."""

    def __init__(self, cluster, name, number):
        self.name = name
        namespace, _ = cluster.peer_host()
        self.addresses = [f"10.201.{number}.{peer + 1}" for peer in range(PEERS)]
        for address in self.addresses:
            netns.ip("-n", namespace, "address", "add", f"{address}/16", "dev", "eth0")
        with netns.inside(namespace):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        self._socket.bind(("", PEER_PORT))
        self._socket.settimeout(0.1)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while not self._closing.is_set():
            try:
                payload, ancillary, _, source = self._socket.recvmsg(2048, 64)
            except TimeoutError:
                continue
            to = ancillary[0][2][8:12]
            info = struct.pack("@i4s4s", 0, to, to)
            self._socket.sendmsg([self.name.encode() + b"|" + payload],
                                 [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0, source)

    def close(self):
        self._closing.set()
        self._thread.join()
        self._socket.close()


def create(cluster, things):
    """Creates objects over one connection."""
    api = Api(cluster)
    paths = {"Service": "/api/v1/namespaces/{}/services",
             "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices", "StevedoreRoute": ROUTES_PATH}
    try:
        for thing in things:
            status, answer = api.request("POST", paths[thing["kind"]].format(SPACE), thing)
            assert status == 201, answer
    finally:
        api.close()


class Change:
    """Sends a datagram a millisecond to `port` until `side` answers, and remembers when that was."""

    def __init__(self, cluster, port, side):
        self._client = Client(port, NODE_IP, namespace=cluster.namespace)
        self._side = side
        self.seen_at = None
        self._give_up = time.time() + 20
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self):
        with self._client as client:
            while self.seen_at is None and time.time() < self._give_up:
                client.send(b"who")
                reply = client.receive(0.02)
                if reply and reply.startswith(f"{self._side}|".encode()):
                    self.seen_at = time.time()
                time.sleep(0.001)

    def wait(self):
        self._thread.join()
        assert self.seen_at, f"{self._side} never answered"
        return self.seen_at


def change_by_kubectl(cluster, port, side, thing):
    """One change: (kubectl's start, its end, the first datagram that the new side answered), Unix times."""
    manifest = cluster.state / "change.json"
    manifest.write_text(json.dumps(thing))
    change = Change(cluster, port, side)
    began = time.time()
    cluster.kubectl("apply", "-f", str(manifest))
    ended = time.time()
    return began, ended, change.wait()


def accepted_at(cluster, kind, name):
    """When the API server received the last write of the object, by its audit log: Unix time."""
    path = cluster.state / "audit.log"
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 400_000))
        lines = file.read().splitlines()[1:]
    for line in reversed(lines):
        entry = json.loads(line)
        target = entry.get("objectRef", {})
        if (target.get("resource"), target.get("name"), entry["verb"]) == (kind, name, "patch") \
                and "subresource" not in target:
            whole, fraction = entry["requestReceivedTimestamp"].rstrip("Z").split(".")
            return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction}")
    raise AssertionError(f"no write of {kind} {name} in the audit log")


def status_writes(cluster):
    """Writes of routes' statuses so far, by the audit log."""
    wanted = {"resource": "stevedoreroutes", "subresource": "status"}
    return sum(1 for entry in cluster.audit() if entry["verb"] in ("patch", "update")
               and wanted.items() <= entry.get("objectRef", {}).items())


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid, field="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no {field}")


def pause():
    """So that changes meet the controller's own timers at any phase."""
    time.sleep(random.uniform(0, 0.2))


