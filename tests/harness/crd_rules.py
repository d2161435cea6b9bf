"""Cases for every CEL rule of the CRD, both ways, each with the place and the words of its refusal."""

import copy

from harness import crd_sample
from harness.crd import SAMPLE_PORT, Case

HASH = {"algorithm": "ConsistentHash", "hashKey": {"source": "ClientAddress"}}
UPSTREAM = "spec.upstreams[0]"


def route(spec=None, **upstream):
    """A minimal good route, with these fields in its spec and in its one upstream. None takes a field out."""
    made = crd_sample.route()
    made["spec"] = {"listener": {"port": SAMPLE_PORT}, "defaultUpstream": "a",
                    "upstreams": [{"name": "a", "serviceRef": {"name": "game", "port": "game"}}]}
    for target, changes in ((made["spec"], spec or {}), (made["spec"]["upstreams"][0], upstream)):
        for name, value in changes.items():
            target.pop(name, None) if value is None else target.update({name: copy.deepcopy(value)})
    return made


def _rule(name="r", upstream="a", **condition):
    return {"name": name, "upstream": upstream, "match": [{**crd_sample.CONDITION, **condition}]}


def _conditions():
    """The rules of a condition, in each of the three places where conditions stand."""
    def at(place, condition):
        if place == "match":
            return route({"rules": [{"name": "r", "upstream": "a", "match": [condition]}]}), "spec.rules[0].match[0]"
        if place == "restart":
            return route(followReplyPort={"restart": [condition]}), f"{UPSTREAM}.followReplyPort.restart[0]"
        return (route(healthCheck={"expect": "Reply", "expectBytes": [condition]}),
                f"{UPSTREAM}.healthCheck.expectBytes[0]")
    table = [
        ((0, 1, "0x00"), None), ((2047, 2048, "0b00000000"), None), ((100, 164, "0x" + "00" * 64), None),
        ((4, 4, "0x00"), ""), ((5, 4, "0x00"), ""), ((0, 65, "0x" + "00" * 65), ""),
        ((0, 2, "0x00"), ".value"), ((0, 2, "0x000000"), ".value"), ((0, 2, "0b00000000"), ".value"),
        ((0, 1, "0b0000000000000000"), ".value"),
    ]
    messages = {"": "`start` must be less than `end`, and data[start:end] may not be longer than 64 bytes",
                ".value": "`value` must be exactly as many bytes as data[start:end] (two hex digits or eight bits per"
                          " byte)"}
    for place in ("match", "restart", "expectBytes"):
        for (start, end, value), wrong in table:
            made, field = at(place, {"start": start, "end": end, "operator": "==", "value": value})
            name = f"{place} data[{start}:{end}) with {value[:12]}"
            yield Case(name, made) if wrong is None else Case(name, made, field + wrong, messages[wrong])


def _spec():
    unknown = "`defaultUpstream` must be 'deny' or name an entry of `upstreams`"
    rules = "every rule's `upstream` must be 'deny' or name an entry of `upstreams`"
    nothing = "must set `rules` or a `defaultUpstream` other than 'deny'"
    address = "must be one address in canonical form; leave it out for all addresses"
    yield Case("a default upstream that exists", route({"defaultUpstream": "a"}))
    yield Case("a default upstream that does not", route({"defaultUpstream": "b"}), "spec.defaultUpstream", unknown)
    yield Case("rules to an upstream and to deny", route({"rules": [_rule("x"), _rule("y", "deny")]}))
    yield Case("a rule to nowhere", route({"rules": [_rule("x"), _rule("y", "b")]}), "spec.rules", rules)
    yield Case("two rules of one name", route({"rules": [_rule("x"), _rule("x", start=2, end=4)]}), "spec.rules",
               "rule names must be unique within `rules`")
    yield Case("rules alone", route({"defaultUpstream": None, "rules": [_rule()]}))
    yield Case("neither rules nor a default", route({"defaultUpstream": None}), "spec", nothing)
    yield Case("no rules and deny", route({"defaultUpstream": "deny", "rules": []}), "spec", nothing)
    for good in ("192.0.2.1", "2001:db8::1"):
        yield Case(f"address {good}", route({"listener": {"port": SAMPLE_PORT, "address": good}}))
    for bad in ("0.0.0.0", "::", "2001:DB8::1", "game.example.org"):
        yield Case(f"address {bad}", route({"listener": {"port": SAMPLE_PORT, "address": bad}}),
                   "spec.listener.address", address)


def _ranges():
    message = "must be a network address and its prefix in canonical form"
    for name in ("allow", "deny"):
        for text, good in (("10.0.0.0/8", True), ("192.0.2.7/32", True), ("0.0.0.0/0", True), ("2001:db8::/32", True),
                           ("::/0", True), ("10.1.2.3/8", False), ("192.0.2.1/31", False), ("2001:db8::1/64", False),
                           ("2001:DB8::/32", False), ("2001:db8:0::/48", False)):
            made = route({"listener": {"port": SAMPLE_PORT, name: ["198.51.100.0/24", text]}})
            yield Case(f"{name} {text}", made) if good else Case(
                f"{name} {text}", made, f"spec.listener.{name}[1]", message)


def _sources():
    peers = [{"address": "10.0.0.1", "port": 7777}]
    service = {"name": "game", "port": "game"}
    one = "exactly one of `serviceRef` or `peers` must be set"
    yield Case("peers alone", route(serviceRef=None, peers=peers))
    yield Case("a Service and peers", route(peers=peers), UPSTREAM, one)
    yield Case("no source of peers", route(serviceRef=None), UPSTREAM, one)
    yield Case("backup peers", route(backup={"peers": peers}))
    yield Case("a backup Service", route(backup={"serviceRef": service}))
    yield Case("a backup of both", route(backup={"serviceRef": service, "peers": peers}), f"{UPSTREAM}.backup", one)
    yield Case("a backup of neither", route(backup={}), f"{UPSTREAM}.backup", one)
    for field, wrap in (("", lambda **more: more), (".backup", lambda **more: {"backup": more})):
        for port, good in ((7777, True), ("game", True), (0, False), (65536, False), ("7777", False), ("G", False)):
            made = route(**wrap(serviceRef={"name": "game", "port": port}))
            yield Case(f"Service port {port!r} {field}", made) if good else Case(
                f"Service port {port!r} {field}", made, f"{UPSTREAM}{field}.serviceRef.port",
                "`port` must be 1 to 65535, or a port name")
        for address, good in (("10.0.0.1", True), ("2001:db8::1", True), ("0.0.0.0", False), ("224.0.0.1", False),
                              ("ff02::1", False), ("2001:db8:0::1", False)):
            more = wrap(peers=[{"address": address, "port": 7777}])
            made = route(**(more if field else {"serviceRef": None, **more}))
            yield Case(f"peer {address} {field}", made) if good else Case(
                f"peer {address} {field}", made, f"{UPSTREAM}{field}.peers[0].address",
                "must be one unicast address in canonical form")


def _balance():
    key = "`hashKey` must be set when, and only when, `algorithm` is ConsistentHash"
    either = "must set either `start` and `end`, or `source`"
    length = "`start` must be less than `end`, and the key may not be longer than 64 bytes"
    reserved = route({"defaultUpstream": "deny", "rules": [_rule(upstream="deny")]}, name="deny")
    yield Case("an upstream called deny", reserved, f"{UPSTREAM}.name",
               "'deny' is reserved, since it means to drop: choose another name")
    yield Case("a hash with its key", route(**HASH))
    yield Case("a hash without a key", route(algorithm="ConsistentHash"), UPSTREAM, key)
    yield Case("a key without a hash", route(hashKey={"start": 0, "end": 4}), UPSTREAM, key)
    for hash_key, message in (
            ({"start": 0, "end": 64}, None), ({"source": "ClientAddressPort"}, None),
            ({}, either), ({"start": 0}, either), ({"end": 4}, either), ({"source": "ClientAddress", "end": 4}, either),
            ({"start": 4, "end": 4}, length), ({"start": 0, "end": 65}, length)):
        made = route(algorithm="ConsistentHash", hashKey=hash_key)
        yield Case(f"the key {hash_key}", made) if message is None else Case(
            f"the key {hash_key}", made, f"{UPSTREAM}.hashKey", message)


def _affinity():
    follow = "`followReplyPort` needs `affinity: Flow` or `Key`"
    drain = "`drain` and `drainTimeoutSeconds` need `affinity: Flow` or `Key`"
    yield Case("affinity Key with a hash", route(**HASH, affinity="Key"))
    yield Case("affinity Key without a hash", route(affinity="Key"), f"{UPSTREAM}.affinity",
               "`affinity: Key` needs `algorithm: ConsistentHash`")
    for field, value, place, message in (
            ("followReplyPort", {}, "followReplyPort", follow), ("drain", "Move", "drain", drain),
            ("drainTimeoutSeconds", 5, "drain", drain)):
        for name, more, good in (
                ("RoundRobin", {}, True), ("RoundRobin, None", {"affinity": "None"}, False),
                ("ConsistentHash", HASH, False), ("ConsistentHash, Flow", {**HASH, "affinity": "Flow"}, True),
                ("ConsistentHash, Key", {**HASH, "affinity": "Key"}, True)):
            made = route(**{field: value}, **more)
            yield Case(f"{field} with {name}", made) if good else Case(
                f"{field} with {name}", made, f"{UPSTREAM}.{place}", message)


def _probes():
    expect = "`expectBytes` needs `expect: Reply`"
    order = "`timeoutSeconds` must be less than or equal to `periodSeconds`"
    bytes_ = {"expectBytes": [crd_sample.CONDITION]}
    for name, check, field, message in (
            ("defaults", {}, None, ""), ("a reply", {"expect": "Reply", **bytes_}, None, ""),
            ("bytes of no reply", {"expect": "NoError", **bytes_}, ".expectBytes", expect),
            ("bytes and no expect", bytes_, ".expectBytes", expect),
            ("timeout of a period", {"periodSeconds": 3, "timeoutSeconds": 3}, None, ""),
            ("timeout over the period", {"periodSeconds": 3, "timeoutSeconds": 4}, "", order),
            ("timeout over the default period", {"timeoutSeconds": 6}, "", order)):
        made = route(healthCheck=check)
        yield Case(f"probe, {name}", made, field if field is None else f"{UPSTREAM}.healthCheck{field}", message)


def cases():
    for table in (_spec, _ranges, _conditions, _sources, _balance, _affinity, _probes):
        yield from table()


# Rules that need the object before the change: only the API server has it. (change of the spec, accepted)
CHANGES = (
    ("the port", {"listener": {"port": 4001}}, False),
    ("an address added", {"listener": {"port": 4000, "address": "10.201.0.1"}}, False),
    ("the class", {"className": "other"}, False),
    ("another tunable of the listener", {"listener": {"port": 4000, "maxTries": 5}}, True),
    ("the priority", {"priority": 5}, True),
    ("the class, written out", {"className": "stevedore"}, True),
)
IMMUTABLE = ("spec", "`listener.port`, `listener.address` and `className` cannot change: create a new route, then"
                     " delete this one")
