"""Who may include whom: the layers of the project, and where heavy headers may stand."""

import re

from tree import Fault

# Compact values, plain enough for layers that may not include the rest of their folder: an address with its port, an
# object's namespace and name.
VALUE_TYPES = ("proxy/config/address.h",)
OBJECT_KEY = ("controller/kube/object_meta.h",)

# What the files of a folder may include besides their own folder. A name that ends in "/" is a folder.
ALLOWED = {
    "proxy/base": (),
    "proxy/config": ("proxy/base/",),
    "proxy/net": ("proxy/base/",) + VALUE_TYPES,
    "proxy/runtime": ("proxy/base/", "proxy/config/", "proxy/net/"),
    "proxy/session": ("proxy/base/", "proxy/net/", "proxy/runtime/") + VALUE_TYPES,
    "proxy/worker": ("proxy/base/", "proxy/net/", "proxy/runtime/", "proxy/session/") + VALUE_TYPES,
    "proxy/health": ("proxy/base/", "proxy/net/", "proxy/runtime/") + VALUE_TYPES,
    "proxy/report": (
        "proxy/base/", "proxy/config/", "proxy/net/", "proxy/runtime/", "proxy/health/", "proxy/worker/"),
    "proxy/control": ("proxy/",),
    "proxy": ("proxy/",),
    "controller/kube": ("proxy/base/",),
    "controller/api": ("proxy/base/", "proxy/config/") + OBJECT_KEY,
    "controller/store": ("proxy/base/", "controller/api/", "controller/source/sink.h") + OBJECT_KEY,
    "controller/source": ("proxy/base/", "controller/kube/"),
    "controller/compile": ("proxy/base/", "proxy/config/", "controller/api/", "controller/store/") + OBJECT_KEY,
    "controller/convert": (
        "proxy/base/", "proxy/config/", "controller/api/", "controller/source/", "controller/store/",
        "controller/compile/") + OBJECT_KEY,
    "controller/publish": (
        "proxy/base/", "proxy/config/", "controller/kube/", "controller/api/",
        "controller/compile/route_report.h"),
    "controller": ("proxy/base/", "proxy/config/", "controller/"),
}

# What a folder may not include although the table above lets it.
FORBIDDEN = {"proxy/worker": ("proxy/base/log.h",)}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')

# Heavy libraries: (include prefix, where it may stand, what the name of a header that exposes it must hold; None: no
# header may). A header that exposes one is internal to its folder.
HEAVY = (
    ("nlohmann/", ("proxy/config/", "controller/"), "json"),
    ("yaml-cpp/", ("controller/",), None),
    ("cpprest/", ("controller/kube/",), "rest"),
    ("boost/", ("proxy/base/",), None),
    ("spdlog/", ("proxy/base/log.",), "log"),
)


def included(file):
    """(line, path, quoted) of each include."""
    for number, line in enumerate(file.lines, 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(2), match.group(1) == '"'


def _allowed(folder, target):
    if target in FORBIDDEN.get(folder, ()):
        return False
    # A folder's own files; executables' files (main, options) are not for the folders below them.
    if target.rsplit("/", 1)[0] == folder:
        return True
    return any(target.startswith(a) if a.endswith("/") else target == a for a in ALLOWED[folder])


def _layers(tree):
    for file in tree.files:
        if not file.is_source():
            continue
        if file.folder not in ALLOWED:
            yield Fault(file.path, 0, f"folder {file.folder} is not in the table of tests/tidy/includes.py")
            continue
        for line, target, quoted in included(file):
            if quoted and not target.startswith(("proxy/", "controller/")):
                yield Fault(file.path, line, f'"{target}": include from the root of the repository')
            elif quoted and not _allowed(file.folder, target):
                yield Fault(file.path, line, f"{file.folder} may not include {target}")


def _heavy(tree):
    for file in tree.files:
        if not file.is_source():
            continue
        for line, target, _ in included(file):
            for prefix, places, name in HEAVY:
                if not target.startswith(prefix):
                    continue
                if not file.path.startswith(places):
                    yield Fault(file.path, line, f"<{target}> may stand only in {', '.join(places)}")
                elif file.suffix == ".h" and (name is None or name not in file.name):
                    yield Fault(file.path, line, f"<{target}> in a header: every file that includes it pays")


def _exposing_headers(tree):
    """A header that exposes JSON or REST is for the .cc files of its own folder (and their tests)."""
    libraries = tuple(prefix for prefix, _, name in HEAVY if name in ("json", "rest"))
    exposing = {file.path for file in tree.files if file.suffix == ".h" and file.is_source()
                and any(target.startswith(libraries) for _, target, _ in included(file))}
    for file in tree.files:
        if not file.is_cpp():
            continue
        own = file.folder.removeprefix("tests/")
        for line, target, _ in included(file):
            if target not in exposing:
                continue
            if target.rsplit("/", 1)[0] != own:
                yield Fault(file.path, line, f"{target} exposes a heavy library and is internal to its folder")
            elif file.suffix == ".h" and file.path not in exposing:
                yield Fault(file.path, line, f"{target} exposes a heavy library: include it in .cc files only")


def check(tree):
    yield from _layers(tree)
    yield from _heavy(tree)
    yield from _exposing_headers(tree)
