"""What the soak runs in: a controller in directory mode and a proxy in a network namespace of their own, peers on hosts
beside it, and a folder of manifests that says who they are.

Routes: `steady` (peers that nobody touches), `rough` (peers that end, stand still, lose their network, leave), `kcp`,
`tftp`, `flooded`, and others that come and go.
"""

import json
import os
import pathlib
import signal
import time

from harness import netns, objects, tftp
from harness.controller import Controller, directory
from harness.fastload import Peers
from harness.programs import Daemon, PortPeer, port_in_log, python_with
from harness.proxy import Proxy, write_by_rename
from harness.udp import Client, free_port
from harness.wait import until

PROXY = "10.202.0.2"
PEER_PORT = 7777
ROUGH, SPARE, STEADY = 3, 1, 2    # hosts of peers
PORTS = {"steady": 2001, "rough": 2002, "kcp": 2003, "tftp": 2004, "flooded": 2005}
EXTRA_PORT = 2100                 # and up: routes that come and go
PROBE = {"periodSeconds": 1, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 2, "expect": "Reply"}
BY_CONVERSATION = {"algorithm": "ConsistentHash", "hashKey": {"start": 0, "end": 4}, "affinity": "Key"}
# Short, so that what the proxy keeps of things that are gone (their ids, for twice this and a minute) has been given
# back by the time that memory is compared.
SESSION = {"idleTimeoutSeconds": 30, "maxReplyOnlySeconds": 30}
BACK_SECONDS = 30.0               # from the end of a fault until everything is right again
LOG_LINES = 40                    # of each process, told when something is not right again
KCP_MEMORY = 10                   # seconds for which a KCP server remembers a conversation that is over
KCP = pathlib.Path(__file__).parents[1] / "programs" / "kcp_main.py"


def odd(upstream):
    """A rule on one bit of the payload: the number of the flow is odd."""
    return {"name": "odd", "upstream": upstream, "match": [{"start": 3, "end": 4, "operator": "|=", "value": "0x01"}]}


class Host:
    """A host with one peer of tests/load."""

    def __init__(self, network, address):
        self.address, self.namespace = address, network.host(address)
        self.peer = None
        self.start()

    def start(self):
        self.peer = Peers(1, self.address, self.namespace, port=PEER_PORT)

    def kill(self):
        os.kill(self.peer.pid, signal.SIGKILL)
        self.peer.close()

    def signal(self, number):
        os.kill(self.peer.pid, number)

    def link(self, state):
        netns.ip("-n", self.namespace, "link", "set", "eth0", state)


class World:
    def __init__(self, stack, folder):
        """What it starts is ended by `stack` (contextlib.ExitStack)."""
        self.folder = pathlib.Path(folder)
        self.manifests = self.folder / "manifests"
        self.manifests.mkdir()
        network = netns.Network()
        stack.callback(network.close)
        self.namespace = network.host(PROXY)
        self.rough = self._hosts(stack, network, 1, ROUGH)
        self.spare = self._hosts(stack, network, 2, SPARE)
        self.steady = self._hosts(stack, network, 3, STEADY)
        self.listed = list(self.rough)     # the rough peers that the EndpointSlice names
        self.content = bytes(range(256)) * 1200   # that TFTP's clients read
        self._programs(stack)
        self._routes()
        self.lives = {"proxy": 0, "controller": 0}   # how often each was started
        self.proxy = self.controller = None
        stack.callback(lambda: self.proxy.close())
        self.start_proxy()
        stack.callback(lambda: self.controller.close())
        self.start_controller()
        self.settled()

    @staticmethod
    def _hosts(stack, network, subnet, count):
        made = [Host(network, f"10.202.{subnet}.{number + 1}") for number in range(count)]
        for host in made:
            stack.callback(lambda host=host: host.peer.close())
        return made

    def _programs(self, stack):
        """Servers of KCP and TFTP on the proxy's own host, and a peer that never answers."""
        self.kcp_python = python_with("kcp==0.1.6")
        tests = str(KCP.parents[1])
        self.kcp_servers = []
        for number in range(2):
            argv = netns.command(self.namespace, [str(self.kcp_python), "-B", str(KCP), "server", str(KCP_MEMORY)])
            server = Daemon(argv, self.folder / f"kcp-{number}.log", port_in_log, env={"PYTHONPATH": tests})
            stack.callback(server.close)
            self.kcp_servers.append(PortPeer(server.ready))
        self.tftp_servers = []
        for name in ("tftp-a", "tftp-b"):
            server = tftp.Server(name, self.folder, self.content, free_port("127.0.0.1", self.namespace),
                                 namespace=self.namespace)
            stack.callback(server.close)
            self.tftp_servers.append(server)
        self.silent = Peers(1, namespace=self.namespace, mode="silent")
        stack.callback(self.silent.close)

    def put(self, name, *manifests):
        """As an editor saves, all in one file."""
        write_by_rename(self.manifests / f"{name}.yaml", "\n---\n".join(map(json.dumps, manifests)))

    def remove(self, name):
        (self.manifests / f"{name}.yaml").unlink()

    def _routes(self):
        steady = [host.address for host in self.steady]
        upstreams = [objects.service_upstream("steady"), objects.service_upstream("steady", "odd", **BY_CONVERSATION)]
        self.put("steady", *objects.with_peers("steady", steady, PEER_PORT),
                 objects.route("steady", PORTS["steady"], upstreams, rules=[odd("odd")], session=SESSION))
        self.put("rough-peers", *objects.with_peers("rough", [host.address for host in self.listed], PEER_PORT))
        self.put("spare-peers", *objects.with_peers("spare", [host.address for host in self.spare], PEER_PORT))
        self.put("rough", objects.route("rough", PORTS["rough"], [objects.service_upstream(
            "rough", healthCheck=PROBE, backup={"serviceRef": {"name": "spare", "port": objects.PORT_NAME}},
            **BY_CONVERSATION)], session=SESSION))
        self.put("kcp", self.static("kcp", self.kcp_servers, **BY_CONVERSATION))
        self.put("tftp", self.static("tftp", self.tftp_servers, **tftp.FOLLOW))
        self.put("flooded", self.static("flooded", self.silent, session={**SESSION, "maxSessions": 2_000}))

    @staticmethod
    def static(name, peers, port=None, session=SESSION, **upstream):
        """A route whose peers stand in it."""
        listed = peers.configs() if isinstance(peers, Peers) else [peer.config() for peer in peers]
        return objects.route(name, port or PORTS[name], [{"name": "a", "peers": listed, **upstream}],
                             session=session)

    def start_proxy(self):
        self.proxy = Proxy(self.folder, flags=["--wait-for-config"], namespace=self.namespace)
        self.lives["proxy"] += 1

    def start_controller(self):
        self.controller = Controller(self.folder, directory(self.manifests), namespace=self.namespace)
        self.lives["controller"] += 1

    def list_rough(self, hosts):
        self.listed = list(hosts)
        self.put("rough-peers", *objects.with_peers("rough", [host.address for host in hosts], PEER_PORT))
        until("the proxy knows the peers", lambda: self.rough_status().get("total") == len(hosts), BACK_SECONDS)

    def rough_status(self):
        return next((each for each in self.proxy.status().get("upstreams", []) if "rough" in each["name"]), {})

    def bound(self, port):
        return any(each["bound"] and each["name"].endswith(str(port)) for each in self.proxy.status()["listeners"])

    def answers(self, port, payload=b"soak"):
        """Whether a client that nobody knows is answered, by a peer of tests/load."""
        with Client(port, namespace=self.namespace, address="127.0.0.1") as one:
            one.send(payload)
            return one.receive(timeout=0.2) is not None

    def settled(self, seconds=BACK_SECONDS):
        """Waits until all peers are usable, and newcomers are answered on both routes."""
        until("every rough peer is usable", lambda: self.rough_status().get("usable") == len(self.listed), seconds)
        for name in ("steady", "rough"):
            until(f"a newcomer of {name} is answered", lambda port=PORTS[name]: self.answers(port), seconds)

    def state(self):
        """What there is to know when something is not right again."""
        logs = [f"--- {name}\n" + "\n".join((self.folder / name).read_text(errors="replace").splitlines()[-LOG_LINES:])
                for name in ("proxy.log", "controller.log")]
        return "\n".join([json.dumps(self.rough_status()), self.proxy.get("/state.json")[1][:4000], *logs])

    @staticmethod
    def pause(seconds):
        """How long a fault lasts: no condition ends it."""
        time.sleep(seconds)
