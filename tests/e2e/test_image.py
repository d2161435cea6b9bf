"""The image: what it adds to its base, and how the programs in it were built."""

import json
import os
import re
import struct
import subprocess
import tarfile

import pytest

from harness.cluster import ROOT, SCRIPT
from harness.netns import require_root

ARCHIVE = ROOT / "build" / "image.tar"
ADDED = ROOT / "build" / "image"
MOST_BYTES = 120 << 20
PROGRAMS = ("stevedore-proxy", "stevedore-controller")
EXPECTED = re.compile(
    r"usr/bin/stevedore-(proxy|controller)|usr/lib/[\w-]+/lib[\w.+-]+\.so[.\d]*|etc/ssl/certs/ca-certificates\.crt"
    r"|var/lib/dpkg/status\.d/[\w.+-]+|usr/share/doc/[\w.+-]+/copyright|usr/share/doc/stevedore/sbom\.spdx\.json")


@pytest.fixture(scope="module")
def archive():
    require_root()
    subprocess.run([SCRIPT, "product", ARCHIVE], check=True, timeout=290, stdin=subprocess.DEVNULL)
    with tarfile.open(ARCHIVE) as opened:
        yield opened


def member(archive, name):
    return archive.extractfile(name).read()


def config_of(archive):
    manifest = json.loads(member(archive, "manifest.json"))[0]
    return manifest, json.loads(member(archive, manifest["Config"]))


def test_configuration(archive):
    manifest, image = config_of(archive)
    version = re.search(r"project\(stevedore VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
    chart = (ROOT / "helm" / "stevedore" / "Chart.yaml").read_text()
    assert f"\nappVersion: {version} " in chart
    assert manifest["RepoTags"] == [f"localhost/stevedore:{version}"], "what the chart installs by default"
    assert image["config"]["User"] == "65532:65532"
    labels = image["config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == version
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert {"title", "description", "revision"} <= {name.rsplit(".", 1)[1] for name in labels}


def test_the_layer_holds_programs_libraries_and_certificates_only(archive):
    manifest, image = config_of(archive)
    assert len(manifest["Layers"]) == 2, "the base and ours"
    with tarfile.open(fileobj=archive.extractfile(manifest["Layers"][-1])) as layer:
        files = [entry for entry in layer if not entry.isdir()]
    assert [entry.name for entry in files if not EXPECTED.fullmatch(entry.name)] == []
    assert {f"usr/bin/{name}" for name in PROGRAMS} <= {entry.name for entry in files}
    assert sum(entry.size for entry in files) < MOST_BYTES
    assert [entry.name for entry in files if entry.mode & 0o6022 or entry.uid or entry.gid] == []


def test_the_proxy_may_bind_low_ports_where_its_container_may(archive):
    """A file capability: permitted, so that the program also starts where the capability is dropped."""
    manifest, _ = config_of(archive)
    with tarfile.open(fileobj=archive.extractfile(manifest["Layers"][-1])) as layer:
        capable = {entry.name: entry.pax_headers["SCHILY.xattr.security.capability"].encode() for entry in layer
                   if "SCHILY.xattr.security.capability" in entry.pax_headers}
    version, permitted, inheritable, *_ = struct.unpack("<5I", capable.pop("usr/bin/stevedore-proxy"))
    assert (version, permitted, inheritable) == (2 << 24, 1 << 10, 0), "CAP_NET_BIND_SERVICE, not effective"
    assert not capable


def test_the_list_of_contents_names_every_package(archive):
    listed = json.loads((ADDED / "usr" / "share" / "doc" / "stevedore" / "sbom.spdx.json").read_text())["packages"]
    taken = {path.name for path in (ADDED / "var" / "lib" / "dpkg" / "status.d").iterdir()}
    assert len(taken) > 5 and taken <= {entry["name"] for entry in listed}


def dynamic(program):
    what = ("--file-header", "--program-headers", "--dynamic", "--dyn-syms")
    return subprocess.run(["readelf", "--wide", *what, program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_hardened(archive, name):
    text = dynamic(ADDED / "usr" / "bin" / name)
    assert "Type:                              DYN" in text and re.search(r"FLAGS_1.*\bPIE\b", text)
    assert "GNU_RELRO" in text and re.search(r"FLAGS\b.*BIND_NOW", text)
    assert "__stack_chk_fail" in text
    assert re.search(r"__\w+_chk@", text), "FORTIFY"
    assert re.search(r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW ", text), "no executable stack"


if os.environ.get("STEVEDORE_LONG"):
    def test_make_image_compiles_in_a_container(tmp_path):
        base = subprocess.run([SCRIPT, "base"], check=True, capture_output=True, text=True).stdout.split()[-1]
        out = tmp_path / "image.tar"
        store = f"buildah --root {tmp_path}/storage --runroot {tmp_path}/run --storage-driver vfs"
        subprocess.run(["make", "image", f"BASE_IMAGE=docker-archive:{base}", f"OUT={out}"], cwd=ROOT, check=True,
                       env={**os.environ, "BUILDAH": store, "BUILDAH_ISOLATION": "chroot",
                            "BUILD_FLAGS": "--volume /etc/apt:/etc/apt:ro"})
        with tarfile.open(out) as made:
            assert config_of(made)[1]["config"]["User"] == "65532:65532"
