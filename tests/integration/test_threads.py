"""Where all threads of the proxy meet at once: datagrams, probes, reloads, scrapes, the live page, and an end amidst."""

import concurrent.futures
import signal
import threading

from harness.configs import FAST_PROBE, KEY, config, listener, rule, upstream
from harness.load import flows
from harness.udp import free_port
from harness.wait import until

ROUNDS = 30


def ask_all_the_time(running, paths, over, answered):
    """Asks for each path in turn until `over`; counts the answers."""
    while not over.is_set():
        for path in paths:
            status, body = running.get(path)
            assert status == 200 and body, path
            answered[path] = answered.get(path, 0) + 1


def test_reloads_scrapes_probes_and_load_at_once(peer_process, load, proxy):
    ports = [free_port() for _ in range(3)]
    peers = [peer_process(name) for name in "ab"]

    def version(number):
        """Rules, weights, listeners and backup peers change; the way of the load stays."""
        return config(
            [listener(ports[0], rules=[rule("none", "b", (0, 2, "==", f"0xfe{number:02x}"))]),
             *(listener(port, default="b") for port in ports[1:1 + number % 3])],
            [upstream(peers, affinity="Key", **KEY, healthCheck=FAST_PROBE),
             upstream([{**peers[number % 2].config(), "weight": 1 + number}], "b", backup=[peers[1 - number % 2]],
                      healthCheck=FAST_PROBE)])

    running = proxy(version(0), flags=["--workers", "3", "--drain-timeout", "30"])
    traffic = load(ports[0], flows(20), rate=1000)
    over = threading.Event()
    asked = ["/metrics", "/state.json", f"/explain?listener={ports[0]}&hex=00112233"]
    answered = [{}, {}, {}]
    with concurrent.futures.ThreadPoolExecutor(len(answered)) as pool:
        visitors = [pool.submit(ask_all_the_time, running, asked, over, counts) for counts in answered]
        try:
            for number in range(1, ROUNDS):
                running.apply(version(number))
                running.process.send(signal.SIGHUP)
            until("every probe passed once", lambda: running.upstream_status("a")["healthy"] == 2)
            running.process.send(signal.SIGTERM)
            until("it drains", lambda: running.get("/readyz")[0] == 503)
        finally:
            over.set()
        assert [visitor.exception(timeout=60) for visitor in visitors] == [None] * len(visitors)
    report = traffic.finish()
    assert report["lost"] == 0 and report["astray"] == 0 and report["sent"] > 0
    assert all(counts.get(path, 0) > 0 for counts in answered for path in asked)
    running.check_conservation()
    running.process.send(signal.SIGTERM)   # the second: it ends at once
    assert running.process.wait() == 0
    running.process.kill()   # it is gone: what is left is to look for reports
