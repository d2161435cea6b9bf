"""The ports of the Service in front of the proxies follow the routes, beside whatever else writes that Service."""

import contextlib
import json
import uuid

import pytest
import yaml

from harness import objects
from harness.cluster import NODE_IP
from harness.controller import Controller, kubernetes
from harness.udp import free_port
from harness.wait import until

SECONDS = 5.0   # from whatever happened to the Service until it is right again
NAME = "udp"
PINNED = 30010, 30011   # in the band that an API server gives to nobody by itself (30000 to 30085)
PLACEHOLDER = {"name": "placeholder", "port": 65535, "protocol": "UDP", "targetPort": 65535}
WEB = {"name": "web", "port": 8080, "protocol": "TCP", "targetPort": 80}


def front(space, *entries, **spec):
    """The published Service as people and charts write it."""
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME, "namespace": space},
            "spec": {"type": "NodePort", "selector": {"app": "stevedore"}, "ports": [PLACEHOLDER, *entries], **spec}}


class Front:
    """The Service, a controller that publishes it, and the proxy. `where` is the Service's namespace."""

    def __init__(self, cluster, space, where, controller, proxy):
        self.cluster, self.space, self.where = cluster, space, where
        self.controller, self.proxy = controller, proxy

    def entries(self):
        """{(port, protocol): entry} of the live Service; {} when there is none."""
        done = self.cluster.kubectl("get", "service", NAME, "-n", self.where, "-o", "json", "--ignore-not-found")
        listed = json.loads(done.stdout)["spec"]["ports"] if done.stdout else []
        return {(entry["port"], entry["protocol"]): entry for entry in listed}

    def wait_for_port(self, port, timeout=SECONDS):
        """Its entry, once it leads to the proxy."""
        def look():
            entry = self.entries().get((port, "UDP"))
            return entry if entry and entry["targetPort"] == port else None
        return until(f"port {port} is published", look, timeout, interval=0.1)

    def apply(self, *entries, **spec):
        """`kubectl apply`, client-side."""
        self.cluster.apply(front(self.where, *entries, **spec))

    def add_route(self, name, port=None, peers=("10.201.1.200",)):
        """The route's port."""
        port = port or free_port(NODE_IP, self.cluster.namespace)
        self.cluster.apply([*objects.with_peers(name, peers, 7777, self.space),
                            objects.route(name, port, [objects.service_upstream(name)], self.space)])
        return port

    def status(self, name):
        return self.cluster.get("svdr", name, self.space).get("status", {})

    def programmed(self, name):
        return objects.condition(self.cluster.get("svdr", name, self.space), "Programmed")

    def config(self):
        return json.loads((self.controller.folder / "config.json").read_text())

    def missing(self):
        """How many ports the controller says are not in the Service."""
        return self.controller.metrics().sum("stevedore_service_ports", state="missing")

    def loads(self):
        """Configs that the proxy has taken."""
        return self.proxy.metrics().sum("stevedore_proxy_config_reloads_total", result="success")

    def writes(self):
        """Applies of ports to this Service so far, by the audit log."""
        return [entry for entry in self.cluster.audit() if entry["verb"] == "patch"
                and "fieldManager=stevedore-ports" in entry["requestURI"]
                and entry["objectRef"]["namespace"] == self.where]


@pytest.fixture
def fronted(cluster, space, controller, proxy, hosted):
    """`fronted(...)`: a Front, without its Service, whose controller sees this test's routes alone."""
    def make(where=space, kubeconfig=None):
        made = proxy(flags=["--wait-for-config"], namespace=cluster.namespace)
        running = controller(kubernetes(kubeconfig or cluster.kubeconfig), namespace=cluster.namespace,
                             flags=["--watch-namespace", space, "--publish-service", f"{where}/{NAME}"])
        return Front(cluster, space, where, running, made)
    return make


@pytest.fixture(scope="module", autouse=True)
def leaving(cluster, tmp_path_factory):
    """A port whose only route is deleted when this file begins; its end is looked at when it ends."""
    space = f"leaving-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", space)
    with contextlib.ExitStack() as stack:
        running = Controller(tmp_path_factory.mktemp("leaving"), kubernetes(cluster.kubeconfig),
                             ["--class", "leaving", "--publish-service", f"{space}/{NAME}"], cluster.namespace)
        stack.callback(running.close)
        made = Front(cluster, space, space, running, None)
        made.apply()
        for name, port in (("stays", 7001), ("leaves", 7002)):
            cluster.apply(objects.route(name, port, [objects.service_upstream(name)], space, className="leaving"))
            made.wait_for_port(port)
        cluster.kubectl("delete", "svdr", "leaves", "-n", space)
        yield made


def test_ports_follow_routes(fronted):
    one = fronted()
    one.apply(WEB)
    before = one.entries()
    ports = [one.add_route("a"), one.add_route("b")]
    for port in ports:
        entry = one.wait_for_port(port)
        assert (entry["name"], entry["protocol"]) == (f"udp-{port}", "UDP") and entry["nodePort"] >= 30000
    after = one.entries()
    assert {key: after[key] for key in before} == before, "what others list is as it was"

    def reached():
        return one.status("a").get("listener", {}).get("addresses")
    found = until("the addresses are in the status", reached, interval=0.1)
    service = one.cluster.get("service", NAME, one.where)
    assert found == [{"type": "IPAddress", "value": service["spec"]["clusterIP"], "port": ports[0],
                      "nodePort": after[ports[0], "UDP"]["nodePort"]}]
    assert one.config()["ownAddresses"] == [service["spec"]["clusterIP"]]

    # A load balancer gets its address.
    one.apply(WEB, type="LoadBalancer")
    places = [{"ip": "203.0.113.7"}, {"hostname": "lb.example.org"}]
    one.cluster.kubectl("patch", "service", NAME, "-n", one.where, "--subresource=status", "--type=merge", "-p",
                        json.dumps({"status": {"loadBalancer": {"ingress": places}}}))
    until("the balancer's addresses", lambda: [place["value"] for place in reached()] == [
        "203.0.113.7", "lb.example.org"], interval=0.1)
    one.wait_for_port(ports[0])

    writes = []

    def at_rest():
        writes.append(len(one.writes()))
        return len(writes) > 6 and len(set(writes[-6:])) == 1
    until("applies rest for 3 s", at_rest, timeout=20, interval=0.5)
    assert writes[-1] <= 3


def test_pinned_node_ports_stay(fronted):
    one = fronted()
    port, later = (free_port(NODE_IP, one.cluster.namespace) for _ in range(2))
    pin = {"name": "pinned", "port": port, "protocol": "UDP", "targetPort": port, "nodePort": PINNED[0]}
    one.apply(pin)
    one.add_route("pinned", port)
    one.add_route("later", later)
    one.wait_for_port(later)
    assert one.entries()[port, "UDP"] == pin, "left to whoever listed it"
    until("the nodePort is told", lambda: [place["nodePort"] for place in one.status("pinned").get(
        "listener", {}).get("addresses", [])] == [PINNED[0]], interval=0.1)

    # A port that is published already gets a nodePort and a name of somebody's choice.
    second = {"name": "chosen", "port": later, "protocol": "UDP", "targetPort": later, "nodePort": PINNED[1]}
    one.apply(pin, second)
    other = one.wait_for_port(one.add_route("other"))
    assert one.entries()[later, "UDP"] == second and other["name"].startswith("udp-")
    one.apply(pin)   # not listed any more: ours again
    until("the port is back under our name", lambda: one.wait_for_port(later)["name"] == f"udp-{later}", SECONDS)
    assert one.entries()[port, "UDP"] == pin
    assert one.missing() == 0


def chart(folder, space):
    """A chart that renders the Service."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": "front", "version": "1.0.0"}))
    (folder / "values.yaml").write_text("note: one\n")
    made = front(space, WEB)
    made["metadata"]["annotations"] = {"note": "{{ .Values.note }}"}
    (folder / "templates" / "service.yaml").write_text(yaml.safe_dump(made))
    return folder


@pytest.mark.parametrize("how", ["--server-side=true", "--server-side=false"])
def test_helm_upgrade(fronted, tmp_path, how):
    one = fronted()
    made = chart(tmp_path / "chart", one.where)
    one.cluster.helm("install", "front", made, "-n", one.where, how)
    port = one.add_route("game")
    before = one.wait_for_port(port)
    config = one.config()
    for note in ("two", "three"):
        one.cluster.helm("upgrade", "front", made, "-n", one.where, how, "--set", f"note={note}")
        service = one.cluster.get("service", NAME, one.where)
        assert service["metadata"]["annotations"]["note"] == note
        assert one.wait_for_port(port) == before, "with its nodePort"
    assert (8080, "TCP") in one.entries()
    assert one.config() == config


def test_kubectl_apply_replace_and_force(fronted, ask, hosted):
    one = fronted()
    one.apply(WEB)
    port = one.add_route("game", peers=[hosted("a").address])
    before = one.wait_for_port(port)
    until("the peer answers", lambda: ask(port) == "a")
    config = one.config()

    one.apply({**WEB, "targetPort": 81})
    assert one.wait_for_port(port) == before, "kubectl apply touches only what its file says"
    for command in (["replace"], ["replace", "--force"]):
        one.cluster.kubectl(*command, "-f", "-", stdin=json.dumps(front(one.where, WEB)))
        one.wait_for_port(port)
        assert (8080, "TCP") in one.entries()
        assert ask(port) == "a"
    until("the new Service's address", lambda: one.config()["ownAddresses"] == [
        one.cluster.get("service", NAME, one.where)["spec"]["clusterIP"]], SECONDS)
    assert {**one.config(), "ownAddresses": config["ownAddresses"]} == config, "nothing else is new"
    assert one.proxy.metrics().sum("stevedore_proxy_config_reloads_total", result="failure") == 0


def test_missing_service_is_told(fronted):
    one = fronted()
    port = one.add_route("game")
    missing = f"the published Service {one.where}/{NAME} does not exist"

    def told():
        condition = one.programmed("game")
        return condition if missing in condition.get("message", "") else None
    condition = until("the missing Service is told", told, interval=0.1)
    assert (condition["status"], condition["reason"]) == ("True", "Programmed"), "the listener itself works"
    assert one.missing() == 1
    one.apply()
    one.wait_for_port(port)
    until("all is well", lambda: one.programmed("game")["message"] == "", interval=0.1)
    assert one.missing() == 0
    one.cluster.kubectl("delete", "service", NAME, "-n", one.where)
    until("the deleted Service is told", told, interval=0.1)
    assert one.status("game")["listener"].get("addresses", []) == []
    assert one.config()["ownAddresses"] == []


@pytest.fixture
def weak(cluster, space):
    """The kubeconfig of a user who may do everything but write Services, and a function that grants this too."""
    def role(name, verbs, *resources):
        cluster.kubectl("create", "clusterrole", f"{space}-{name}", f"--verb={verbs}",
                        f"--resource={','.join(resources)}")
        cluster.kubectl("create", "clusterrolebinding", f"{space}-{name}", f"--clusterrole={space}-{name}",
                        f"--serviceaccount={space}:weak")
    cluster.kubectl("create", "serviceaccount", "weak", "-n", space)
    role("read", "get,list,watch", "services", "endpointslices.discovery.k8s.io", "stevedoreroutes.stevedore.io")
    role("status", "patch", "stevedoreroutes.stevedore.io/status")
    token = cluster.kubectl("create", "token", "weak", "-n", space).stdout.strip()
    with open(cluster.kubeconfig) as file:
        config = yaml.safe_load(file)
    config["users"][0]["user"] = {"token": token}
    path = cluster.state / f"{space}.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path, lambda: role("write", "patch", "services")


def test_refusal_is_told(fronted, weak):
    kubeconfig, grant = weak
    one = fronted(kubeconfig=kubeconfig)
    one.apply()
    port = one.add_route("game")
    message = until("the refusal is told", lambda: "HTTP 403" in one.programmed("game").get("message", "")
                    and one.programmed("game")["message"], interval=0.1)
    assert f"port {port}" in message and f"{one.where}/{NAME}" in message
    assert one.controller.metrics().sum("stevedore_service_writes_total", result="failure") >= 1
    assert one.programmed("game")["status"] == "True"
    grant()
    one.wait_for_port(port, timeout=25)
    until("all is well", lambda: one.programmed("game")["message"] == "", interval=0.1)


def test_addresses_of_a_service_elsewhere(cluster, space, fronted, echo, client):
    """The Service's namespace is not watched. Its addresses are ours, and their change moves no session."""
    where = f"{space}-edge"
    cluster.kubectl("create", "namespace", where)
    one = fronted(where=where)
    one.apply()
    namespace, address = cluster.peer_host()
    peer = echo("a", address, 7777, namespace=namespace)
    port = one.add_route("game", peers=[address])
    one.wait_for_port(port)
    with client(port, NODE_IP, namespace=cluster.namespace) as talker:
        until("the peer answers", lambda: talker.ask(b"x", 0.1) == "a")
        sources = {source for _, source in peer.received}
        loads = one.loads()
        for external in ("203.0.113.9", "203.0.113.10"):
            one.apply(externalIPs=[external])
            until("the new address is ours", lambda: external in one.config()["ownAddresses"], SECONDS)
            until("the proxy runs it", lambda: one.loads() > loads)
            loads = one.loads()
            assert talker.ask(b"y") == "a"
            one.wait_for_port(port)
        assert {source for _, source in peer.received} == sources, "one session all the time"

    # As a peer, it is refused.
    cluster.apply(objects.endpoint_slice("game", [address, "203.0.113.10"], 7777, space))

    def refused():
        told = objects.condition(cluster.get("svdr", "game", space), "PeersAvailable")
        return "203.0.113.10" in told.get("message", "")
    until("the peer is refused", refused, interval=0.1)
    assert [peer["address"] for peer in one.config()["upstreams"][0]["peers"]] == [address]
    cluster.kubectl("delete", "namespace", where, "--wait=false")


def test_port_leaves_a_minute_after_its_route(leaving):
    """By the audit log: the route was deleted when the file began."""
    until("the port is gone", lambda: (7002, "UDP") not in leaving.entries(), timeout=70, interval=0.2)
    assert (7001, "UDP") in leaving.entries()
    removed = leaving.writes()[-1]
    deleted = next(entry for entry in leaving.cluster.audit() if entry["verb"] == "delete"
                   and entry["objectRef"].get("name") == "leaves")
    assert 60 <= seconds(removed) - seconds(deleted) <= 63


def seconds(entry):
    """When an audited request came in."""
    clock = entry["requestReceivedTimestamp"].split("T")[1].rstrip("Z").split(":")
    return int(clock[0]) * 3600 + int(clock[1]) * 60 + float(clock[2])
