"""In steady state a worker makes no futex call: it waits for nobody."""

from harness.configs import simple
from harness.strace import busiest_thread, counting, forwarded
from harness.udp import free_port
from harness.wait import until

DATAGRAMS_WANTED = 1_000_000   # through the worker, both ways together


def test_no_futex_call_over_a_million_datagrams(peers, proxy, fast_flows, tmp_path):
    port = free_port()
    running = proxy(simple(port, peers(2).configs()), flags=["--workers", "1"])
    fast_flows(port, 16, 40_000)
    # recvmmsg as well, so that an empty table cannot be taken for "none".
    with counting(running, busiest_thread(running), tmp_path, ("futex", "recvmmsg")) as count:
        seen = forwarded(running)
        until("a million datagrams", lambda: forwarded(running) >= seen + DATAGRAMS_WANTED or count.ended(),
              timeout=200, interval=0.1)
    assert count.calls.get("recvmmsg", 0) > 1_000, count.calls
    assert count.calls.get("futex", 0) == 0, count.calls
