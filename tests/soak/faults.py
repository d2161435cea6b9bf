"""What the soak does to its world: each function is one event, undone by itself before it returns. `lossy` says whose
datagrams it may cost; to all others it costs nothing."""

import contextlib
import json
import signal
import socket
import threading
import time

from harness import netns
from harness.fastload import Flood
from harness.metrics import http_get
from harness.proxy import write_by_rename
from harness.udp import bound_socket
from harness.wait import until
from soak.world import EXTRA_PORT, PEER_PORT, PORTS, SESSION

BROKEN = ['{ "version": 1, "listeners": [', "", "[]", '{"version": 1, "listeners": [{"name": "x", "port": 0}]}']
STORM_THREADS, STORM_SCRAPES = 4, 25
SLOW_CONNECTIONS = 50
FLOOD = {"sources": 1_000_000, "datagrams": 6_000, "rate": 2_000}


def nobody(world, rng):
    """Nothing happens: what is lost now has no excuse."""
    world.pause(rng.uniform(1, 3))


def controller_killed(world, rng):
    world.controller.process.kill()
    world.pause(rng.uniform(0, 2))
    world.start_controller()


def proxy_killed(world, rng):
    del rng
    world.proxy.process.kill()
    world.start_proxy()


@contextlib.contextmanager
def stopped(process):
    """It stands still meanwhile."""
    process.send(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send(signal.SIGCONT)


def controller_paused(world, rng):
    with stopped(world.controller.process):
        world.pause(rng.uniform(0.5, 3))


def peer_killed(world, rng):
    host = rng.choice(world.rough)
    host.kill()
    world.pause(rng.uniform(0, 4))
    host.start()


def peer_paused(world, rng):
    """Long enough, at times, for its probe to fail."""
    host = rng.choice(world.rough)
    host.signal(signal.SIGSTOP)
    world.pause(rng.uniform(0.2, 6))
    host.signal(signal.SIGCONT)


def all_peers_paused(world, rng):
    """The backup peer has its turn."""
    for host in world.rough:
        host.signal(signal.SIGSTOP)
    until("the backup peer serves", lambda: world.rough_status().get("backupActive"), 30)
    world.pause(rng.uniform(0, 2))
    for host in world.rough:
        host.signal(signal.SIGCONT)


def peer_unplugged(world, rng):
    """Its interface goes down and up."""
    host = rng.choice(world.rough)
    host.link("down")
    world.pause(rng.uniform(0.2, 6))
    host.link("up")


def peer_leaves_and_returns(world, rng):
    """As a pod: out of the list, ended, started, listed again."""
    host = rng.choice(world.rough)
    world.list_rough([each for each in world.rough if each is not host])
    world.pause(0.5)
    host.kill()
    world.pause(rng.uniform(0, 2))
    host.start()
    world.list_rough(world.rough)


def route_comes_and_goes(world, rng):
    port = EXTRA_PORT + rng.randrange(50)
    hosts = rng.sample(world.steady + world.spare, rng.randint(1, 3))
    peers = [{"address": host.address, "port": PEER_PORT} for host in hosts]
    world.put("extra", {"apiVersion": "stevedore.io/v1alpha1", "kind": "StevedoreRoute",
                        "metadata": {"name": f"extra-{port}", "namespace": "default"},
                        "spec": {"listener": {"port": port}, "defaultUpstream": "a", "session": SESSION,
                                 "upstreams": [{"name": "a", "peers": peers}]}})
    until("its datagrams flow", lambda: world.bound(port) and world.answers(port), 30)
    world.remove("extra")
    until("its listener is gone", lambda: not world.bound(port), 30)


def many_changes(world, rng):
    """Thirty of one manifest, as fast as they can be written."""
    ports = [EXTRA_PORT + 60 + number for number in range(3)]
    for _ in range(30):
        last = rng.choice(ports)
        world.put("extra", world.static(f"extra-{last}", world.silent, last))
    want = [port == last for port in ports]
    until("the last of them counts", lambda: [world.bound(port) for port in ports] == want, 30)
    world.remove("extra")
    until("none of it is left", lambda: not any(map(world.bound, ports)), 30)


def broken_manifest(world, rng):
    text = json.dumps(world.static("extra", world.silent, EXTRA_PORT + 70))
    (world.manifests / "broken.yaml").write_text(text[:rng.randrange(1, len(text) - 1)])
    world.pause(1)
    world.remove("broken")


def broken_config(world, rng):
    """Something writes into the proxy's file, and asks for a reload; then the good one is there again."""
    good = world.proxy.config_path.read_text()
    world.proxy.overwrite(rng.choice(BROKEN))
    world.proxy.process.send(signal.SIGHUP)
    world.pause(rng.uniform(0, 1))
    write_by_rename(world.proxy.config_path, good)
    until("the good one counts again", lambda: world.proxy.metrics().value(
        "stevedore_proxy_config_last_reload_successful") == 1, 30)


def scrape_storm(world, rng):
    del rng

    def scrape(address):
        for _ in range(STORM_SCRAPES):
            with contextlib.suppress(OSError):   # refused beyond the endpoint's limit of connections
                http_get(address, "/metrics", world.namespace)
    threads = [threading.Thread(target=scrape, args=[process.metrics_address], daemon=True)
               for process in (world.proxy, world.controller) for _ in range(STORM_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "a scrape never ended"


def slow_clients(world, rng):
    """Connections that never finish their request; a scrape gets through all the same."""
    with contextlib.ExitStack() as stack:
        for process in (world.proxy, world.controller):
            host, port = process.metrics_address.rsplit(":", 1)
            for _ in range(SLOW_CONNECTIONS):
                with netns.inside(world.namespace):
                    one = stack.enter_context(socket.socket())
                one.setblocking(False)
                with contextlib.suppress(OSError):
                    one.connect((host, int(port)))
                with contextlib.suppress(OSError):
                    one.send(b"GET /metrics HTTP/1.1\r\nHost: " + b"x" * rng.randint(0, 100))
        for process in (world.proxy, world.controller):
            def scraped(address=process.metrics_address):
                with contextlib.suppress(OSError):
                    return http_get(address, "/metrics", world.namespace)[0] == 200
                return False
            until("a scrape beside slow clients", scraped, 30)


def garbage(world, rng):
    """Datagrams of any length and content, at peers that echo whatever comes."""
    with bound_socket("127.0.0.1", 0, world.namespace) as sock:
        for _ in range(300):
            size = rng.choice([0, 1, 3, 4, rng.randrange(1_500), rng.randrange(1_500), 9_000, 65_507])
            sock.sendto(rng.randbytes(size), ("127.0.0.1", PORTS[rng.choice(["steady", "flooded"])]))
            time.sleep(0.002)


def flood(world, rng):
    """From a million sources, at a peer that never answers."""
    del rng
    attack = Flood(PORTS["flooded"], namespace=world.namespace, **FLOOD)
    try:
        assert attack.wait()["foreign"] == 0
    finally:
        attack.close()


def peer_and_controller_paused(world, rng):
    """Both at once: only the proxy can see that the peer is gone."""
    with stopped(world.controller.process):
        peer_paused(world, rng)


KILLS = (proxy_killed, controller_killed)     # after which a process's memory cannot be compared with before
OTHERS = (nobody, controller_paused, peer_killed, peer_paused, all_peers_paused, peer_unplugged,
          peer_leaves_and_returns, route_comes_and_goes, many_changes, broken_manifest, broken_config, scrape_storm,
          slow_clients, garbage, flood, peer_and_controller_paused)
ROUGH_ONLY = {peer_killed, peer_paused, all_peers_paused, peer_unplugged, peer_leaves_and_returns,
              peer_and_controller_paused}


def lossy(event):
    """The routes whose datagrams it may cost."""
    if event is proxy_killed:
        return {"steady", "rough"}
    return {"rough"} if event in ROUGH_ONLY else set()

