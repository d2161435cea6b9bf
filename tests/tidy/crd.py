"""The CRD teaches: every field has a description that tells its default and its limits, every rule a message."""

import re

import yaml
from tree import Fault

FOLDER = "crds/"
CHART = "helm/stevedore/files/"   # a chart cannot read outside its own folder
SHORTEST, LONGEST = 20, 640   # characters of a description
RULE_MESSAGE = 20
KUBERNETES_OWN = {"apiVersion", "kind", "metadata"}


def _default(value):
    return re.compile(rf'Default "?{re.escape(str(value))}"?(?![\w-])')


def _whole(text):
    return re.compile(rf"(?<![\w-]){re.escape(str(text))}(?!\w)")


def _limits(schema, text):
    """What the text has to tell of the limits of a field, and does not."""
    if "minimum" in schema and "maximum" in schema:
        wanted = f"{schema['minimum']} to {schema['maximum']}"
        if not _whole(wanted).search(text):
            yield f'does not say "{wanted}"'
    for key in ("minimum", "maximum", "minItems", "maxItems", "maxLength"):
        if key in schema and not _whole(schema[key]).search(text):
            yield f"does not name its {key}, {schema[key]}"
    for value in schema.get("enum", []):
        if str(value) not in text:
            yield f"does not name its value {value}"


def _default_faults(schema, text):
    if "default" in schema and not _default(schema["default"]).search(text):
        yield f'does not say "Default {schema["default"]}"'
    if "default" not in schema and re.search(r"\bDefault\b", text):
        yield 'speaks of a default that the schema does not have; what is left out is told by "Left out: ..."'


def _description_faults(schema, is_spec):
    text = schema.get("description", "")
    if not SHORTEST <= len(text) <= LONGEST:
        yield f"a description of {len(text)} characters: between {SHORTEST} and {LONGEST}"
        return
    if not text.endswith("."):
        yield "the description does not end with a full stop"
    if is_spec:
        yield from _limits(schema, text)
        yield from _default_faults(schema, text)


def _walk(schema, path):
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        if path or name not in KUBERNETES_OWN:
            yield from _walk(child, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from _walk(schema["items"], f"{path}[]")


def schema_faults(schema):
    """(path of the field, what is wrong with it)"""
    for path, field in _walk(schema, ""):
        for fault in _description_faults(field, is_spec=path.startswith("spec")):
            yield path or "the kind", fault
        for rule in field.get("x-kubernetes-validations", []):
            if len(rule.get("message", "")) < RULE_MESSAGE:
                yield path, f"a rule whose message does not say what would be right: {rule['rule']}"


def check(tree):
    for file in tree.files:
        if not (file.path.startswith(FOLDER) and file.suffix == ".yaml"):
            continue
        copy = tree.by_path.get(CHART + file.name)
        if copy is not None and copy.text != file.text:
            yield Fault(copy.path, 0, f"differs from {file.path}: copy it")
        for version in yaml.safe_load(file.text)["spec"]["versions"]:
            for path, fault in schema_faults(version["schema"]["openAPIV3Schema"]):
                yield Fault(file.path, 0, f"{path}: {fault}")
