"""A reload loses nothing, and a bad file changes nothing."""

import json

from harness.configs import KEY, config, listener, rule, simple, upstream
from harness.load import flows
from harness.udp import free_port
from harness.wait import until


def test_bad_files_under_load_lose_nothing(peer_process, load, proxy):
    port = free_port()
    good = simple(port, [peer_process("a"), peer_process("b")])
    running = proxy(good)
    digest = running.status()["digest"]
    traffic = load(port, flows(20))
    text = json.dumps(good)

    running.overwrite(text[:len(text) // 2])
    running.overwrite("")
    running.overwrite(json.dumps({**good, "listeners": [listener(port, default="nowhere")]}))
    last = until("the refusal is told", lambda: running.status()["lastAttempt"]
                 if running.status()["lastAttempt"]["errors"] else None)
    running.config_path.unlink()
    running.apply(good | {"hashSeed": 1})

    report = traffic.finish()
    assert report["lost"] == 0 and report["astray"] == 0 and report["sent"] > 0
    assert last["result"] == "rejected" and "nowhere" in json.dumps(last["errors"])
    assert all(len(flow["peers"]) == 1 for flow in report["flows"])
    assert running.status()["digest"] != digest


def test_reload_by_rename_takes_effect_and_keeps_flows(peer_process, load, client, proxy):
    port, second = free_port(), free_port()
    a, b = peer_process("a"), peer_process("b")
    running = proxy(simple(port, [a]))
    traffic = load(port, flows(20))
    for name in ("first", "second", "third"):
        running.apply(config([listener(port), listener(second, name=name, default="b")],
                             [upstream([a]), upstream([b], "b")]))
        assert client(second).ask(b"x") == "b"
    running.apply(config([listener(port)], [upstream([a, b])]))
    until("the second listener is gone", lambda: len(running.status()["listeners"]) == 1)

    report = traffic.finish()
    assert report["lost"] == 0 and report["astray"] == 0
    assert all(flow["peers"].keys() == {"a"} for flow in report["flows"]), "flows keep their peer"
    assert client(second).ask(b"x", timeout=0.2) is None


def test_rules_change(echo, client, proxy):
    port = free_port()
    ups = [upstream([echo("a")]), upstream([echo("b")], "b")]
    running = proxy(config([listener(port, rules=[rule("r", "b", (0, 1, "==", "0x31"))])], ups))
    one = client(port)
    assert (one.ask(b"1"), one.ask(b"2")) == ("b", "a")
    running.apply(config([listener(port, rules=[rule("r", "b", (0, 1, "==", "0x32"))])], ups))
    assert (one.ask(b"1"), one.ask(b"2")) == ("a", "b")


def test_key_affinity_keeps_conversations_when_a_peer_joins(peer_process, load, proxy):
    port = free_port()
    peers = [peer_process(name) for name in "abcd"]
    running = proxy(simple(port, peers[:3], affinity="Key", **KEY))
    conversations = [{"socket": number % 4, "header": f"{number:08x}"} for number in range(40)]
    traffic = load(port, conversations)
    until("traffic flows", lambda: running.metrics().sum(
        "stevedore_proxy_datagrams_total", direction="client_out") > 4000)
    running.apply(simple(port, peers, affinity="Key", **KEY))
    seen = running.metrics().sum("stevedore_proxy_datagrams_total", direction="client_out")
    until("traffic flows on", lambda: running.metrics().sum(
        "stevedore_proxy_datagrams_total", direction="client_out") > seen + 4000)
    report = traffic.finish()
    assert report["lost"] == 0 and report["astray"] == 0
    assert all(len(flow["peers"]) == 1 for flow in report["flows"])
