"""The YAML in the documents works: every route in them is accepted by the compiler."""

import pathlib
import re

import pytest

from harness.process import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ["README.md", *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").rglob("*.md")))]
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page):
    """Whole manifests; a block that shows a part of an object is none."""
    return [block for block in BLOCK.findall((ROOT / page).read_text()) if "apiVersion:" in block]


def test_the_readme_shows_routes():
    assert sum("kind: StevedoreRoute" in block for block in blocks("README.md")) >= 2


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)])
def test_routes_compile(page, tmp_path):
    for number, block in enumerate(blocks(page)):
        manifest = tmp_path / f"block-{number}.yaml"
        manifest.write_text(block)
        said = run("stevedore-controller", "compile", "-f", manifest).stderr
        # Their Services are the reader's own: that they are missing here is all there may be to say.
        wrong = [line for line in said.splitlines() if "ServiceNotFound" not in line and "NoPeers" not in line]
        assert not wrong, f"{page}: {wrong}"


def test_examples_compile_without_a_word():
    done = run("stevedore-controller", "compile", "-f", ROOT / "manifests" / "examples")
    assert (done.returncode, done.stderr) == (0, "")
