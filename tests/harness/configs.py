"""Native proxy configs as dictionaries, as short as a test wants them."""


def listener(port, name=None, default="a", rules=(), address="127.0.0.1", **more):
    return {"name": name or f"test/{port}", "address": address, "port": port, "rules": list(rules),
            "defaultUpstream": default, **more}


def rule(name, upstream, *conditions):
    """A condition is (start, end, operator, value)."""
    return {"name": name, "upstream": upstream,
            "match": [dict(zip(("start", "end", "operator", "value"), condition)) for condition in conditions]}


def upstream(peers, name="a", backup=(), **more):
    made = {"name": name, "peers": [entry(peer) for peer in peers], **more}
    if backup:
        made["backupPeers"] = [entry(peer) for peer in backup]
    return made


def entry(peer):
    """From a peer of harness.udp or harness.load, or as it stands."""
    return peer if isinstance(peer, dict) else peer.config()


def config(listeners, upstreams, **more):
    return {"version": 1, "hashSeed": 0, "listeners": list(listeners), "upstreams": list(upstreams), **more}


def simple(port, peers, **more):
    """One listener, one upstream."""
    return config([listener(port)], [upstream(peers, **more)])


KEY = {"algorithm": "ConsistentHash", "hashKey": {"start": 0, "end": 4}}
FAST_PROBE = {"periodSeconds": 1, "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 1,
              "expect": "NoError"}
