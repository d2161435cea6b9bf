"""The page docs/reference.md: every field of the CRD, from its schema."""

from harness import crd
from harness.docs import anchor_of

PAGE = crd.FILE.parents[1] / "docs" / "reference.md"
HEAD = """\
# Every field of a StevedoreRoute

What each field is, what it may be, and what happens without it. Made from `crds/stevedoreroutes.yaml`, which `kubectl
explain svdr.spec` shows too; a test keeps this page equal to it (`STEVEDORE_UPDATE_GOLDEN=1` writes it).

A field that is not listed is refused by `kubectl apply`. Fields in **bold** must be set. `[]` is an entry of a list.
"""


def _bare(schema):
    """A schema without its descriptions: equal for two places that take the same."""
    if isinstance(schema, dict):
        return {key: _bare(value) for key, value in schema.items()
                if not (key == "description" and isinstance(value, str))}
    return [_bare(each) for each in schema] if isinstance(schema, list) else schema


def _type(schema):
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}s"
    return schema["type"]


def _code(text):
    return f"`{text}`"


def _limits(schema):
    if "enum" in schema:
        return ", ".join(_code(value) for value in schema["enum"]).replace("|", "\\|")
    said = []
    if "minimum" in schema or "maximum" in schema:
        said.append(f"{schema.get('minimum', '…')} to {schema.get('maximum', '…')}")
    if "maxItems" in schema:
        said.append(f"{schema.get('minItems', 0)} to {schema['maxItems']} entries")
    if "maxLength" in schema:
        least = f"{schema['minLength']} to" if "minLength" in schema else "at most"
        said.append(f"{least} {schema['maxLength']} characters")
    if "pattern" in schema:
        said.append(_code(schema["pattern"].replace("|", "\\|")))
    if schema.get("format") in ("cidr", "date-time"):
        said.append(schema["format"])
    if schema.get("x-kubernetes-list-type") == "set":
        said.append("no two equal")
    if "x-kubernetes-list-map-keys" in schema:
        said.append("unique by " + " and ".join(_code(key) for key in schema["x-kubernetes-list-map-keys"]))
    return ", ".join(said)


def _cell(text):
    return " ".join(text.split()).replace("|", "\\|")


def _row(path, schema, required):
    name = f"**`{path}`**" if required else _code(path)
    default = _code(schema["default"]) if "default" in schema else ""
    return f"| {name} | {_type(schema)} | {default} | {_limits(schema)} | {_cell(schema.get('description', ''))} |"


def _object(path, schema):
    """The node whose properties a section lists: an object, or the entries of a list."""
    if "properties" in schema:
        return path, schema
    items = schema.get("items", {})
    return (path + "[]", items) if "properties" in items else None


class _Page:
    def __init__(self):
        self.lines, self._told = [HEAD], {}

    def section(self, path, schema):
        """One object: its fields, its rules, then the objects in it. What was told once is referred to."""
        bare = str(_bare(schema.get("properties")))
        self.lines.append(f"## `{path}`\n")
        self.lines.append(" ".join(schema["description"].split()) + "\n")
        if bare in self._told:
            same = self._told[bare]
            self.lines.append(f"Its fields and rules are those of [`{same}`](#{anchor_of(same)}).\n")
            return
        self._told[bare] = path
        self.lines.append("| field | type | default | limits | meaning |\n|---|---|---|---|---|")
        for name, child in schema["properties"].items():
            self.lines.append(_row(f"{path}.{name}", child, name in schema.get("required", [])))
        self.lines.append("")
        self._rules(path, schema)
        for name, child in schema["properties"].items():
            below = _object(f"{path}.{name}", child)
            if below:
                self.section(*below)

    def _rules(self, path, schema):
        found = [(path + rule.get("fieldPath", ""), rule["message"])
                 for rule in schema.get("x-kubernetes-validations", [])]
        for name, child in schema["properties"].items():
            if not _object(name, child) or "items" in child:
                found += [(f"{path}.{name}", rule["message"]) for rule in child.get("x-kubernetes-validations", [])]
        if found:
            self.lines.append("What breaks one of these rules is refused, at the field named here:\n")
            self.lines += [f"- `{where}`: {message}" for where, message in found] + [""]


def page():
    """The text of docs/reference.md."""
    made = _Page()
    for top in ("spec", "status"):
        made.section(top, crd.schema()["properties"][top])
    return "\n".join(made.lines).rstrip("\n") + "\n"
