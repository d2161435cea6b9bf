"""The CRD's schema as data: its fields, its rules, and places in a route."""

import copy
import dataclasses
import functools
import pathlib
import re

import yaml

FILE = pathlib.Path(__file__).resolve().parents[2] / "crds" / "stevedoreroutes.yaml"


@functools.cache
def definition():
    """Not to be changed."""
    return yaml.safe_load(FILE.read_text())


def schema_number():
    """The annotation that rises with each change of the schema."""
    return definition()["metadata"]["annotations"]["stevedore.io/schema"]


def version():
    return definition()["spec"]["versions"][0]


def schema():
    return version()["schema"]["openAPIV3Schema"]


def fields(top):
    """(path, schema) of every field below and including `spec` or `status`; "[]" stands for the items of a list."""
    def walk(node, path):
        yield path, node
        for name, child in node.get("properties", {}).items():
            yield from walk(child, (*path, name))
        if "items" in node:
            yield from walk(node["items"], (*path, "[]"))
    yield from walk(schema()["properties"][top], (top,))


def rules():
    """{(path that the rule's failure is told at, message)}; "[]" stands for the items of a list."""
    return {(text(path) + rule.get("fieldPath", ""), rule["message"])
            for path, node in fields("spec") for rule in node.get("x-kubernetes-validations", [])}


def text(path):
    """("spec", "rules", 0, "name") or ("spec", "rules", "[]", "name") as Kubernetes writes it."""
    written = ""
    for step in path:
        if step == "[]" or isinstance(step, int):
            written += step if step == "[]" else f"[{step}]"
        else:
            written += f".{step}" if written else step
    return written


def without_indexes(path):
    return re.sub(r"\[\d+\]", "[]", path)


def places(route, path):
    """The places of a route where a field of the schema stands."""
    found = [((), route)]
    for step in path:
        if step == "[]":
            found = [((*place, index), entry) for place, value in found for index, entry in enumerate(value)]
        else:
            found = [((*place, step), value[step]) for place, value in found if step in value]
    return [place for place, _ in found]


def look(route, place):
    for step in place:
        route = route[step]
    return route


def put(route, place, value):
    look(route, place[:-1])[place[-1]] = value


@dataclasses.dataclass
class Case:
    """A route with one thing changed. `field` is where it is refused; None: it is accepted."""

    name: str
    route: dict
    field: str | None = None
    message: str = ""   # part of what is said

    def named(self, number, namespace):
        """Made distinct: a name, and unless the case is about it a port of its own."""
        route = copy.deepcopy(self.route)
        route["metadata"].update(name=f"case-{number}", namespace=namespace)
        listener = route["spec"].get("listener") if isinstance(route.get("spec"), dict) else None
        if isinstance(listener, dict) and listener.get("port") == SAMPLE_PORT:
            listener["port"] = 2000 + number
        return route


SAMPLE_PORT = 2614
