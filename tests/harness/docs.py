"""The project's documents as data: their blocks of code, their links, what they name.

A fenced block says in its info string what it is, and tests hold it to that:

    yaml                  manifests: the API server takes each, the controller accepts each StevedoreRoute
    yaml refused=REASON   the same, but some route of the block is not accepted, for this reason of Accepted
    yaml rejected         the API server refuses it
    yaml in=KIND.PATH     a part of an object: stands for itself at that path of a small object of KIND
    yaml values           values of the chart
    yaml foreign          kinds that are not in the cluster, or no objects at all: parsed only
    json                  a config file: `stevedore-proxy check` takes it
    json other            parsed only
    console               typed and answered, on the real node: `$ ` begins a command, the rest is what it prints
    sh                    commands: what they name exists
"""

import dataclasses
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md",
         *sorted((ROOT / "docs").rglob("*.md")), ROOT / "helm" / "stevedore" / "README.md"]

_FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"<<'?(\w+)'?\n(.*?)^\s*\1$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")


def name_of(page):
    """For messages and pytest's ids."""
    return str(page.relative_to(ROOT))


@dataclasses.dataclass(frozen=True)
class Block:
    page: pathlib.Path
    line: int
    info: tuple   # the words behind the fence
    text: str

    @property
    def name(self):
        return f"{name_of(self.page)}:{self.line}"

    @property
    def language(self):
        return self.info[0] if self.info else ""

    def word(self, key):
        """The value of `key=value` among the words; None without it."""
        return next((word.split("=", 1)[1] for word in self.info if word.startswith(key + "=")), None)

    def documents(self):
        return [each for each in yaml.safe_load_all(self.text) if each is not None]


def blocks(page, *languages):
    """The page's blocks of these languages, or all; a manifest typed into a shell is a block of YAML too."""
    text = page.read_text()
    found = []
    for match in _FENCE.finditer(text):
        indent = len(match[1])
        body = "".join(line[indent:] if not line[:indent].strip() else line for line in match[3].splitlines(True))
        block = Block(page, text.count("\n", 0, match.start()) + 1, tuple(match[2].split()), body)
        found.append(block)
        if block.language in ("sh", "console"):
            found += [dataclasses.replace(block, info=("yaml",), text=typed) for typed in typed_manifests(body)]
    return [block for block in found if not languages or block.language in languages]


def typed_manifests(text):
    """What here-documents of a shell hold, when it is YAML of objects."""
    return [match[2] for match in _HEREDOC.finditer(text) if "apiVersion:" in match[2]]


def prose(page):
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text())


def spans(page):
    """Text in backticks, outside of blocks."""
    return [" ".join(span.split()) for span in _SPAN.findall(prose(page))]


def links(page):
    """Relative ones: (file, anchor or "")."""
    found = []
    for target in _LINK.findall(_SPAN.sub("code", prose(page))):
        if "://" not in target and not target.startswith("mailto:"):
            path, _, anchor = target.partition("#")
            found.append(((page.parent / path).resolve() if path else page, anchor))
    return found


def anchor_of(heading):
    """As GitHub makes it, of the text that is shown."""
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", shown.lower()).strip().replace(" ", "-")


def anchors(page):
    return {anchor_of(heading) for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)}
