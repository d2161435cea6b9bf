"""The list of what the programs are made of (cmake/sbom.py): complete, well formed, the same twice, and in the documents."""

import json
import os
import re
import subprocess

import pytest

from harness.cluster import ROOT
from harness.process import binary

PROGRAMS = ("stevedore-proxy", "stevedore-controller")
SCRIPT = ROOT / "cmake" / "sbom.py"
PAGE = ROOT / "docs" / "supply-chain.md"


def sbom(*more, **environment):
    done = subprocess.run([SCRIPT, os.environ["STEVEDORE_BUILD"], *more], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def document():
    return json.loads(sbom())


def packages(document, how):
    """{name: version}; `how` is the beginning of the comment."""
    return {entry["name"]: entry["versionInfo"] for entry in document["packages"]
            if entry.get("comment", "").startswith(how)}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_library_that_a_program_loads_is_listed(document, name):
    mapped = subprocess.run([binary(name), "--version"], check=True, capture_output=True, text=True, timeout=20,
                            env={**os.environ, "LD_DEBUG": "files"}).stderr
    loaded = set(re.findall(r"calling init: \S*/(\S+)", mapped))
    assert len(loaded) > 5, mapped[:500]
    listed = {file for entry in document["packages"] if entry.get("comment", "").startswith("loaded: ")
              for file in entry["comment"].removeprefix("loaded: ").split(", ")}
    assert loaded - listed == set()
    assert "civetweb" not in json.dumps(document).lower()


def test_what_is_only_headers_is_listed(document):
    compiled_in = packages(document, "compiled in")
    assert {"libboost1.74-dev", "nlohmann-json3-dev", "libcli11-dev", "libxxhash-dev"} <= compiled_in.keys()
    assert not any("gtest" in name or "gmock" in name for name in compiled_in), "tests do not ship"


def test_well_formed(document):
    assert document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0"
    assert re.fullmatch(r"urn:sha256:[0-9a-f]{64}", document["documentNamespace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"])
    identifiers = [entry["SPDXID"] for entry in document["packages"]]
    assert len(set(identifiers)) == len(identifiers)
    assert [name for name in identifiers if not re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name)] == []
    for entry in document["packages"]:
        assert {"name", "versionInfo", "downloadLocation", "licenseConcluded", "copyrightText"} <= entry.keys()
    for entry in document["packages"][1:]:
        locator = entry["externalRefs"][0]["referenceLocator"]
        assert re.fullmatch(r"pkg:deb/debian/[\w.%-]+@[\w.%~-]+\?arch=\w+&distro=debian-12", locator), locator
    related = {relation["relatedSpdxElement"] for relation in document["relationships"]}
    assert related == set(identifiers)


def test_the_same_twice_and_at_the_time_that_was_asked_for():
    first = sbom(SOURCE_DATE_EPOCH="1700000000")
    assert first == sbom(SOURCE_DATE_EPOCH="1700000000")
    assert json.loads(first)["creationInfo"]["created"] == "2023-11-14T22:13:20Z"


def test_the_documents_name_what_parses_untrusted_bytes(document):
    """Rows of docs/supply-chain.md are `| package | version | ...`; a version there is the beginning of the real one."""
    known = {**packages(document, "compiled in"), **packages(document, "loaded")}
    rows = dict(re.findall(r"^\| `([a-z][\w.+-]+)` \| ([\d.]+)", PAGE.read_text(), re.MULTILINE))
    assert len(rows) >= 8
    for name, version in rows.items():
        assert name in known, f"{PAGE.name} names {name}, which is not in the programs"
        real = known[name].split(":")[-1]
        assert re.match(re.escape(version) + r"(?![0-9])", real), f"{PAGE.name}: {name} {version}, built with {real}"
    toolchain = re.compile(r"lib(c6|gcc-12|stdc\+\+-12)-dev|linux-libc-dev|lib(gcc-s1|stdc\+\+6|c6)")
    dev = re.compile(r"lib(cpprest|fmt|spdlog|ssl|yaml-cpp)-dev|prometheus-cpp-dev")   # of libraries that are loaded
    missing = [name for name in known if name not in rows and not toolchain.fullmatch(name) and not dev.fullmatch(name)]
    assert missing == [], f"{PAGE.name} does not say what these parse"
