"""Words that may not stand in the project, and what the packet path may not use."""

import re

from tree import Fault

# Written in pieces, so that this file does not hold them.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
PLACES = re.compile(r"(?<![\w.}])/(wo" r"rk|ho" r"me|ro" r"ot)/")
REGISTRIES = re.compile(
    r"\b(pypi\.o" r"rg|pythonhosted\.o" r"rg|proxy\.golang\.o" r"rg|sum\.golang\.o" r"rg|deb\.debian\.o" r"rg"
    r"|registry\.npmjs\.o" r"rg|crates\.i" r"o|repo1?\.maven\.(apache\.)?o" r"rg)\b")
WORDS = ((UNFINISHED, "unfinished work belongs into an issue"),
         (PLACES, "a path of one machine"),
         (REGISTRIES, "the host name of a package registry"))

# Files that hold other people's text.
FOREIGN = ("tests/cluster/go.sum", "tests/cluster/go.mod", "LICENSE")

PACKET_PATH = re.compile(
    r"proxy/(worker/\w+|session/\w+|runtime/(rule_matcher|balancer|hash_key))\.(h|cc)")

PACKET_PATH_BANS = (
    (re.compile(r"\bstd::(string|to_string|ostringstream|stringstream)\b"), "std::string"),
    (re.compile(r"\bthrow\b"), "throw"),
    (re.compile(r"\bstd::(mutex|shared_mutex|lock_guard|unique_lock|scoped_lock|condition_variable)\b"), "a lock"),
    (re.compile(r"\bspdlog\b|#include \"proxy/base/log\.h\""), "logging"),
    (re.compile(r"\bnlohmann\b"), "JSON"),
    (re.compile(r"\bstd::function\b"), "std::function"),
)

# What stands in a file of the packet path and yet never runs for a datagram: (file, what) -> why.
ALLOWED = {
    ("proxy/worker/worker_pool.h", "std::string"): "starts and stops the workers",
    ("proxy/worker/worker_pool.cc", "std::string"): "starts and stops the workers",
    ("proxy/worker/worker.h", "std::string"): "errors of its creation",
    ("proxy/worker/worker.cc", "std::string"): "errors of its creation",
    ("proxy/session/port_pool.h", "std::function"): "called when a socket opens or closes",
    ("proxy/session/port_pool.cc", "std::function"): "called when a socket opens or closes",
}


def _code(line):
    """The line without its comment and without what stands in quotes, includes apart."""
    if line.lstrip().startswith("#include"):
        return line
    return re.sub(r'"(\\.|[^"\\])*"', '""', line).split("//")[0]


def check(tree):
    for file in tree.files:
        if file.path in FOREIGN:
            continue
        for number, line in enumerate(file.lines, 1):
            for pattern, why in WORDS:
                match = pattern.search(line)
                if match:
                    yield Fault(file.path, number, f"'{match.group(0)}': {why}")
        if not PACKET_PATH.fullmatch(file.path):
            continue
        for number, line in enumerate(file.lines, 1):
            for pattern, what in PACKET_PATH_BANS:
                if pattern.search(_code(line)) and (file.path, what) not in ALLOWED:
                    yield Fault(file.path, number, f"{what} on the packet path")
