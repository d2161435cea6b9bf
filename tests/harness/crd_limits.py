"""Cases for every limit of the CRD, made from the schema itself: one value inside and one outside each.

A field of the schema that the sample does not have, or a pattern or format that is not in the tables here, is an error:
so no field is forgotten.
"""

import copy

from harness import crd, crd_sample
from harness.crd import Case

INT32_MAX = 2**31 - 1
UNKNOWN = "unheardOf"

# pattern: (good values, bad values, a good value of n characters, a bad one that is too long and nothing else)
PATTERNS = {
    "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$":
        (["b", "1b", "b-1"], ["B", "-b", "b-", "b_b", "b.b", " "], lambda n: "b" * n, lambda n: "b" * (n + 1)),
    "^[a-z]([-a-z0-9]*[a-z0-9])?$":
        (["b", "b-1"], ["B", "1b", "b-", "b.b"], lambda n: "b" * n, lambda n: "b" * (n + 1)),
    "^(0x([0-9a-fA-F]{2})+|0b([01]{8})+)$":
        (["0xaF", "0b10000001", "0x0102"], ["0x", "0xf", "0x0g", "00ff", "0b00000002", "0b0000000", "0X00", "0x00 "],
         lambda n: "0x00" if n == 4 else "0b" + "0" * (n - 2), lambda n: "0b" + "0" * (n - 2 + 8)),
    "^0x([0-9a-fA-F]{2})*$":
        (["0x", "0x00", "0xAb"], ["", "ab", "0xf", "0b00000000", "0x0g"],
         lambda n: "0x" + "0" * (n - 2), lambda n: "0x" + "0" * n),
}
ADDRESSES = (["192.0.2.1", "2001:db8::1", "2001:db8:1111:2222:3333:4444:5555:6666"],
             ["", "a", "192.0.2", "192.0.2.01", "2001:DB8::1", "2001:db8:0::1", "::ffff:192.0.2.1", "0.0.0.0", "::",
              "192.0.2.1:53", "fe80::1%eth0", "1" * 46])
RANGES = (["10.0.0.0/8", "0.0.0.0/0", "192.0.2.1/32", "2001:db8:1111:2222:3333:4444:5555:6666/128", "::/0"],
          ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "2001:db8::/129", "x/8", "1" * 44, "10.1.2.3/8",
           "2001:DB8::/32", "10.0.0.0/08", "::ffff:10.0.0.0/104"])
SERVICE_PORTS = ([1, 65535, "game", "1a", "a" * 63], [0, -1, 65536, "", "80", "A", "a-", "a" * 64])
TIMES = (["2026-01-01T00:00:00Z"], ["yesterday", "2026-01-01"])


def _string_values(path, node):
    if "enum" in node:
        return node["enum"], ["Nonsense", "", node["enum"][0].lower() + "x"]
    if "pattern" in node:
        good, bad, of_length, too_long = PATTERNS[node["pattern"]]
        good = [*good, of_length(node["maxLength"])]
        if node.get("minLength", 0) > 1:
            good.append(of_length(node["minLength"]))
        if node.get("minLength"):
            bad = [*bad, ""]
        return good, [*dict.fromkeys([*bad, too_long(node["maxLength"])])]
    if path[-1] == "address":
        return ADDRESSES
    if node.get("format") == "cidr":
        return RANGES
    if node.get("format") == "date-time":
        return TIMES
    if path[0] == "spec":   # a reference to an upstream of the sample
        return ["a", crd_sample.LONGEST_NAME], ["", "u" * (node["maxLength"] + 1)]
    bad = [""] if node.get("minLength") else []
    return ["a", "u" * node["maxLength"]], [*bad, "u" * (node["maxLength"] + 1)]


def _int_values(node):
    lowest, highest = node.get("minimum"), node.get("maximum")
    good = [0 if lowest is None else lowest, INT32_MAX if highest is None else highest]
    return good, ([] if lowest is None else [lowest - 1]) + ([] if highest is None else [highest + 1])


def _entry(node, template, number):
    """An entry of a list, distinct from the others where the list wants that."""
    if isinstance(template, str):
        return f"10.1.{number}.0/24"
    entry = copy.deepcopy(template)
    for key in ("name", "port", "type", "value"):
        if key in entry and entry.get("start") is None and key in node["required"]:
            entry[key] = 1000 + number if key == "port" else f"n{number}"
    return entry


def _list_values(node, sample):
    def of(count):
        return [*sample, *(_entry(node["items"], sample[-1], number) for number in range(len(sample), count))]
    good = [of(node["maxItems"])] + ([sample[:1]] if node.get("minItems") == 1 and len(sample) == 1 else [])
    return good, [of(node["maxItems"] + 1)] + ([[]] if node.get("minItems") else [])


def _values(path, node, sample):
    """(good values, bad values) of the field itself."""
    if node.get("x-kubernetes-int-or-string"):
        return SERVICE_PORTS[0], [*SERVICE_PORTS[1], 1.5, ["a"]]
    if node["type"] == "integer":
        good, bad = _int_values(node)
        return good, [*bad, "12", 1.5]
    if node["type"] == "string":
        good, bad = _string_values(path, node)
        return good, [*bad, 7]
    if node["type"] == "array":
        good, bad = _list_values(node, sample)
        return good, [*bad, "words"]
    if node["type"] == "boolean":
        return [True, False], ["true", 1]
    return [], ["words"]


def _fit(parent, name, value):
    """Makes the neighbours of a good value fit it, so that no rule between fields is broken."""
    if name in ("start", "end"):
        parent.update(start=value, end=value + 1) if name == "start" else parent.update(start=value - 1, end=value)
        if "value" in parent:
            parent["value"] = "0x00"
    elif name == "value" and "operator" in parent:
        parent.update(start=0, end=(len(value) - 2) // (2 if value.startswith("0x") else 8))
    elif name == "periodSeconds":
        parent["timeoutSeconds"] = min(value, parent["timeoutSeconds"])
    elif name == "timeoutSeconds":
        parent["periodSeconds"] = max(value, parent["periodSeconds"])
    elif (name, value) == ("expect", "NoError"):
        parent.pop("expectBytes")
    elif value in ("ConsistentHash", "Key"):
        parent.update(algorithm="ConsistentHash", hashKey={"source": "ClientAddress"})
    elif (name, value) == ("affinity", "None"):
        for other in ("drain", "drainTimeoutSeconds", "followReplyPort"):
            parent.pop(other)


def _changed(sample, place, value):
    route = copy.deepcopy(sample)
    crd.put(route, place, value)
    return route


def _object_cases(sample, place, node):
    written = crd.text(place)
    for name in node.get("required", []):
        route = copy.deepcopy(sample)
        del crd.look(route, place)[name]
        yield Case(f"{written} without {name}", route, f"{written}.{name}")
    yield Case(f"{written} with an unknown field", _changed(sample, (*place, UNKNOWN), 1), f"{written}.{UNKNOWN}")


def _duplicates(sample, place, node):
    if node.get("x-kubernetes-list-type") in ("map", "set"):
        entries = crd.look(sample, place)
        route = _changed(sample, place, [*entries, copy.deepcopy(entries[0])])
        yield Case(f"{crd.text(place)} with an entry twice", route, f"{crd.text(place)}[{len(entries)}]")


def cases(sample, top):
    """Every case of the fields below `top`, "spec" or "status"."""
    for path, node in crd.fields(top):
        found = crd.places(sample, path)
        assert found, f"the sample has no {crd.text(path)}: add it, so that its limits are tested"
        place = found[-1]
        written = crd.text(place)
        good, bad = _values(path, node, crd.look(sample, place))
        for value in good:
            route = _changed(sample, place, value)
            _fit(crd.look(route, place[:-1]), place[-1], value)
            yield Case(f"{written} = {_short(value)}", route)
        for value in bad:
            yield Case(f"{written} = {_short(value)} is wrong", _changed(sample, place, value), written)
        if node.get("type") == "object":
            yield from _object_cases(sample, place, node)
        elif node.get("type") == "array":
            yield from _duplicates(sample, place, node)


def _short(value):
    return f"{len(value)} entries" if isinstance(value, list) else repr(value)[:60]
