"""docs/faults.md: numbers without holes, as many as its headings say, and a test that exists for each, or a reason."""

import re

from tree import Fault

PAGE = "docs/faults.md"
HEADING = re.compile(r"## ([A-Z])\. .*\((\d+)\)$")
ROW = re.compile(r"\| *([A-Z])(\d+) *\|")
COLUMNS = 5   # number, fault, what a user sees, what the software does, tests
QUOTED = re.compile(r"`([^`]+)`")
GOOGLE = re.compile(r"[A-Z]\w*\.[A-Z]\w*")
PYTEST = re.compile(r"(\w[\w/]*\.py)::(test_\w+)")
FUZZ = re.compile(r"fuzz/\w+")
WITHOUT = "none: "   # begins the last cell of a row without a test, and the reason follows
SHORTEST_REASON = 20

MACRO = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)
FUNCTION = re.compile(r"^def (test_\w+)\(", re.MULTILINE)


def _tests(tree):
    """Every test there is: "Suite.Name", "file::function" with the file below tests/, "fuzz/target"."""
    found = set()
    for file in tree.files:
        if not file.path.startswith("tests/"):
            continue
        if file.folder == "tests/fuzz" and file.suffix == ".cc":
            found.add(file.path.removeprefix("tests/").removesuffix(".cc"))
        elif file.suffix == ".cc":
            found.update(f"{suite}.{name}" for suite, name in MACRO.findall(file.text))
        elif file.suffix == ".py":
            found.update(f"{file.path.removeprefix('tests/')}::{name}" for name in FUNCTION.findall(file.text))
    return found


def _row_faults(cells, tests):
    if len(cells) != COLUMNS:
        yield f"{len(cells)} cells, not {COLUMNS}"
        return
    if not all(cells):
        yield "an empty cell"
    said = cells[-1]
    if said.startswith(WITHOUT):
        if len(said) < len(WITHOUT) + SHORTEST_REASON:
            yield "no test and no reason"
        return
    names = QUOTED.findall(said)
    if not names:
        yield f'names no test: name one, or say why there is none after "{WITHOUT}"'
    for name in names:
        if not any(form.fullmatch(name) for form in (GOOGLE, PYTEST, FUZZ)):
            yield f"{name} is neither Suite.Name nor file.py::test_function nor fuzz/target"
        elif name not in tests:
            yield f"test {name} does not exist"


def check(tree):
    page = tree.by_path.get(PAGE)
    if page is None:
        return
    tests = _tests(tree)
    wanted, numbers = {}, {}
    for line, text in enumerate(page.lines, 1):
        heading, row = HEADING.match(text), ROW.match(text)
        if heading:
            wanted[heading.group(1)] = (line, int(heading.group(2)))
        if row:
            letter, number = row.group(1), int(row.group(2))
            following = numbers.get(letter, 0) + 1
            if number != following:
                yield Fault(PAGE, line, f"{letter}{number} follows {letter}{following - 1}")
            numbers[letter] = number
            for fault in _row_faults([cell.strip() for cell in text.strip().strip("|").split("|")], tests):
                yield Fault(PAGE, line, f"{letter}{number}: {fault}")
    for letter, number in numbers.items():
        if letter not in wanted:
            yield Fault(PAGE, 0, f'section {letter} has no heading "## {letter}. ... (number of rows)"')
    for letter, (line, count) in wanted.items():
        if numbers.get(letter, 0) != count:
            yield Fault(PAGE, line, f"section {letter} ends with {numbers.get(letter, 0)}, its heading says {count}")
