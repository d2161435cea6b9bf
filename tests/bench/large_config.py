"""A config of 500 listeners, 2 000 rules and 10 000 peers, of which the first listener's first upstream is real.

    large_config.py FILE LISTEN PEER...
"""

import json
import pathlib
import sys

LISTENERS, RULES, PEERS, UPSTREAMS = 500, 2_000, 10_000, 1_000


def make(listen, peers, turn=0):
    """Every other `turn` has other addresses for 100 peers and another value in 500 rules: a reload has work."""
    address, port = listen.rsplit(":", 1)
    real = [{"address": peer.rsplit(":", 1)[0], "port": int(peer.rsplit(":", 1)[1])} for peer in peers]
    made = [{"name": "u0", "affinity": "Flow", "peers": real}]
    for number in range(1, UPSTREAMS):
        count = PEERS // UPSTREAMS + (PEERS // UPSTREAMS - len(real) if number == 1 else 0)
        network = 50 + turn % 2 if number % 100 == 99 else 20
        made.append({"name": f"u{number}", "affinity": "Flow", "peers": [
            {"address": f"10.{network}.{number // 10}.{number % 10 * 20 + at + 1}", "port": 7000}
            for at in range(count)]})
        if number % 10 == 1:
            made[-1].update(algorithm="ConsistentHash", hashKey={"start": 0, "end": 4})
    listeners = []
    for number in range(LISTENERS):
        rules = [{"name": f"r{at}", "upstream": f"u{(number * 2 + at) % UPSTREAMS}", "match": [
            {"start": 0, "end": 2, "operator": "==", "value": f"0x01{at if at < 3 else 100 + turn % 2:02x}"}]}
            for at in range(RULES // LISTENERS)]
        listeners.append({"name": f"l{number}", "address": address, "port": int(port) + number,
                          "session": {"idleTimeoutSeconds": 600}, "rules": rules})
    return {"version": 1, "listeners": listeners, "upstreams": made}


def write(path, listen, peers, turn=0):
    pathlib.Path(path).write_text(json.dumps(make(listen, peers, turn)))


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], sys.argv[3:])
