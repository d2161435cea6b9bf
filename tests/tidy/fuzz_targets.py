"""Every .cc of tests/fuzz is a fuzz target: it states a property, is built and run, and has a corpus, which is small."""

import re

from tree import Fault

FOLDER = "tests/fuzz"
LISTS = f"{FOLDER}/CMakeLists.txt"
CORPORA_BYTES = 500_000
INPUT_BYTES = 2048
HEADER = re.compile(r"// Fuzz target: .*\n(//.*\n)*// Property: ")


def _targets(tree):
    names = set()
    lists = tree.by_path.get(LISTS)
    for file in tree.files:
        if file.folder != FOLDER or file.suffix != ".cc":
            continue
        name = file.name.removesuffix(".cc")
        names.add(name)
        if not HEADER.match(file.text):
            yield Fault(file.path, 1, "a fuzz target starts with '// Fuzz target: ' and then '// Property: '")
        if "LLVMFuzzerTestOneInput(" not in file.text or "Require" not in file.text:
            yield Fault(file.path, 0, "a fuzz target that demands nothing")
        if lists is None or not re.search(rf"^stevedore_fuzz_target\({name} ", lists.text, re.MULTILINE):
            yield Fault(file.path, 0, f"not built: {LISTS} does not name it")
        corpus = tree.root / FOLDER / "corpus" / name
        if not corpus.is_dir() or not any(corpus.iterdir()):
            yield Fault(file.path, 0, f"no corpus: {FOLDER}/corpus/{name} holds nothing")
    for file in tree.files:
        if file.folder == FOLDER and file.suffix == ".dict" and file.name.removesuffix(".dict") not in names:
            yield Fault(file.path, 0, "words of no fuzz target")
    for path in sorted((tree.root / FOLDER / "corpus").glob("*/*")):
        if path.parent.name not in names:
            yield Fault(path.relative_to(tree.root).as_posix(), 0, "input of no fuzz target")


def _sizes(tree):
    total = 0
    for path in sorted((tree.root / FOLDER / "corpus").glob("*/*")):
        size = path.stat().st_size
        total += size
        if size > INPUT_BYTES:
            yield Fault(path.relative_to(tree.root).as_posix(), 0, f"{size} bytes: at most {INPUT_BYTES}")
    if total > CORPORA_BYTES:
        yield Fault(f"{FOLDER}/corpus", 0, f"{total} bytes together: at most {CORPORA_BYTES}")


def check(tree):
    yield from _targets(tree)
    yield from _sizes(tree)
