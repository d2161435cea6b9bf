"""Every source has a test and a place in the build; every header says what it is."""

import re

from tree import Fault

WITHOUT_TEST = ("main.cc", "options.cc")
LICENSE_LINE = "SPDX-License-Identifier: Apache-2.0"
CPP_ASSERTION = re.compile(r"\b(EXPECT_|ASSERT_|FAIL\(|ADD_FAILURE)")
PYTHON_ASSERTION = re.compile(r"^\s*(assert\b|pytest\.fail\(|with pytest\.raises\()", re.MULTILINE)


def _names(text, name):
    return re.search(rf"(?<![\w./]){re.escape(name)}(?![\w.])", text) is not None


def _sources(tree):
    for file in tree.files:
        if file.suffix != ".cc" or not file.is_source():
            continue
        test = f"tests/{file.path.removesuffix('.cc')}_test.cc"
        if file.name not in WITHOUT_TEST and test not in tree.by_path:
            yield Fault(file.path, 0, f"source without a test: {test} is missing")
        lists = tree.by_path.get(f"{file.folder}/CMakeLists.txt")
        if lists is None or not _names(lists.text, file.name):
            yield Fault(file.path, 0, f"not built: {file.folder}/CMakeLists.txt does not name it")


def _tests(tree):
    lists = tree.by_path.get("tests/CMakeLists.txt")
    for file in tree.files:
        if not file.path.startswith("tests/"):
            continue
        if file.name.endswith("_test.cc"):
            if not CPP_ASSERTION.search(file.text):
                yield Fault(file.path, 0, "a test that asserts nothing")
            folder = file.folder.removeprefix("tests/")
            if lists is not None and not _names(lists.text, folder):
                yield Fault(file.path, 0, f"not run: tests/CMakeLists.txt does not name {folder}")
        elif re.fullmatch(r"test_\w+\.py|\w+_test\.py", file.name) and not PYTHON_ASSERTION.search(file.text):
            yield Fault(file.path, 0, "a test that asserts nothing")


def _headers(tree):
    for file in tree.files:
        if file.suffix != ".h":
            continue
        head = []
        for line in file.lines:
            if not line.startswith("//"):
                break
            head.append(line)
        if not head:
            yield Fault(file.path, 1, "a header starts with a comment that says what it is")
        if not any(LICENSE_LINE in line for line in head):
            yield Fault(file.path, 1, f"the header's comment lacks '{LICENSE_LINE}'")
        if "#pragma once" not in file.lines:
            yield Fault(file.path, 1, "#pragma once is missing")


def _metrics(tree):
    page = tree.by_path.get("docs/metrics.md")
    if page is None:
        return
    for file in tree.files:
        if not file.is_source():
            continue
        for number, line in enumerate(file.lines, 1):
            for name in re.findall(r'"(stevedore_[a-z0-9_]*[a-z0-9])"', line):
                if not re.search(rf"\b{name}\b", page.text):
                    yield Fault(file.path, number, f"metric {name} is not in docs/metrics.md")


def check(tree):
    yield from _sources(tree)
    yield from _tests(tree)
    yield from _headers(tree)
    yield from _metrics(tree)
