"""Two checkouts in two folders give the same proxy, byte for byte. The compiler's cache makes it affordable: what differed
only by its folder would miss it, or show here."""

import hashlib
import os
import shutil
import subprocess

import pytest

from harness.cluster import ROOT

PROGRAMS = ["stevedore-proxy"] + (["stevedore-controller"] if os.environ.get("STEVEDORE_LONG") else [])


def checkout(folder):
    """What git would give: no build directory, nothing ignored."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.rstrip("\0").split("\0")
    for name in listed:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def build(folder):
    """{program: SHA-256}"""
    checkout(folder)
    for command in (["cmake", "--preset", "release", "-DSTEVEDORE_TESTS=OFF", "-DSTEVEDORE_REVISION=same"],
                    ["cmake", "--build", "--preset", "release", "--target", *PROGRAMS]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=580)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return {name: hashlib.sha256((folder / "build" / "release" / name.removeprefix("stevedore-") / name).read_bytes())
            .hexdigest() for name in PROGRAMS}


def test_two_folders_one_program(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    assert build(tmp_path / "here") == build(tmp_path / "a" / "much" / "deeper" / "folder")
