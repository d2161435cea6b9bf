"""The programs as they ship: hardened, without paths or times of the build, and linked with nothing unexpected."""

import re
import subprocess

import pytest

from harness.cluster import ROOT
from harness.process import binary

PROGRAMS = ("stevedore-proxy", "stevedore-controller")
COMPILER_FLAGS = ("-fstack-protector-strong", "-fstack-clash-protection", "-fPIE")
# Which folders are spared run-time checks of containers: the packet path, and nothing else.
UNCHECKED = {"net", "runtime", "session", "worker"}


def said_by(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_hardened(name):
    text = said_by("readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-syms", binary(name))
    assert re.search(r"Type: +DYN", text) and re.search(r"FLAGS_1.*\bPIE\b", text), "position independent"
    assert "GNU_RELRO" in text and re.search(r"FLAGS\b.*\bBIND_NOW\b", text), "relocations are read-only"
    assert re.search(r"GNU_STACK +\S+ \S+ \S+ \S+ \S+ RW ", text), "no executable stack"
    assert not re.search(r"LOAD +(\S+ ){5}RWE", text), "nothing is writable and executable"
    assert not re.search(r"\b(RPATH|RUNPATH|TEXTREL)\b", text)
    assert "__stack_chk_fail" in text and re.search(r"__\w+_chk@", text), "stack protector, FORTIFY"


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_file_was_compiled_with_the_flags(name):
    """The compiler writes down for each file what it was told."""
    info = said_by("readelf", "--wide", "--debug-dump=info", "--dwarf-depth=1", binary(name))
    units = re.findall(r"DW_AT_producer +: (?:\(.*?\): )?(GNU C\+\+.*)\n(?:.*\n)*?.*DW_AT_name +: (?:\(.*?\): )?(\S+)",
                       info)
    ours = {path: producer for producer, path in units if re.search(r"(proxy|controller)/", path)}
    assert len(ours) > 50, f"only {len(ours)} files found"
    for path, producer in ours.items():
        assert [flag for flag in COMPILER_FLAGS if f"{flag} " not in f"{producer} "] == [], path
        folder = re.search(r"proxy/(\w+)/", path)
        checked = "-ftrivial-auto-var-init=zero" in producer
        assert checked or path.endswith(("main.cc", "options.cc")) or folder and folder.group(1) in UNCHECKED, path


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_path_of_the_checkout_and_no_time_of_the_build(name):
    with open(binary(name), "rb") as file:
        assert str(ROOT).encode() not in file.read()


def test_sources_name_no_time_of_the_build():
    sources = [path for folder in ("proxy", "controller") for path in (ROOT / folder).rglob("*") if path.is_file()]
    assert len(sources) > 100
    assert [path for path in sources if re.search(rb"__(DATE|TIME|TIMESTAMP)__", path.read_bytes())] == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_civetweb(name):
    """prometheus-cpp's own server, whose parser has an open CVE in Debian 12: the endpoint is ours."""
    libraries = said_by("ldd", binary(name))
    assert "libprometheus-cpp-core" in libraries
    assert "civetweb" not in libraries.lower() and "libprometheus-cpp-pull" not in libraries
    symbols = said_by("nm", "--demangle", binary(name))
    assert "CivetServer" not in symbols and not re.search(r"\bmg_(start|read|write)\b", symbols)


def test_the_proxy_loads_no_library_of_the_controller():
    """The one that meets hostile datagrams carries no HTTP client, no TLS, no YAML and no decompression."""
    libraries = said_by("ldd", binary("stevedore-proxy"))
    assert not re.search(r"lib(cpprest|ssl|yaml-cpp|brotli\w+|z)\.so", libraries), libraries
