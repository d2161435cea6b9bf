"""How long files, functions and lines may be."""

import re

from tree import Fault

FILE_LINES = 400
FUNCTION_LINES = 70
LINE_COLUMNS = 100

NOT_A_FUNCTION = re.compile(r"^(namespace|class|struct|enum|union|using|typedef|extern|static_assert)\b")
ACCESS = re.compile(r"^ ?(public|private|protected):")


def functions(lines, first=1):
    """(line, length) of each function in clang-formatted code: a block that opens and closes at one indentation.

    `lines` stand at indentation 0; members of classes are looked at one level deeper.
    """
    start = None
    for number, line in enumerate(lines):
        if not line or line.startswith(("#", "//", "}  // namespace")) or ACCESS.match(line):
            continue
        if line.startswith("}"):
            if start is not None:
                head = lines[start]
                if re.match(r"^(template <|)?(class|struct)\b", head) or head.startswith("template <"):
                    body = [text[2:] if text.startswith("  ") else text for text in lines[start + 1:number]]
                    yield from functions(body, first + start + 1)
                if line.rstrip() == "}" and not NOT_A_FUNCTION.match(head):
                    yield first + start, number - start + 1
            start = None
        elif not line.startswith(" "):
            if NOT_A_FUNCTION.match(line) and line.startswith("namespace"):
                continue
            if start is None:
                start = number
            if line.endswith(";"):
                start = None
        elif start is not None and line.endswith(";") and not any(
                text.endswith("{") for text in lines[start:number + 1]):
            start = None  # a declaration over several lines


def check(tree):
    for file in tree.files:
        if file.is_code() and len(file.lines) > FILE_LINES:
            yield Fault(file.path, 0, f"{len(file.lines)} lines: at most {FILE_LINES}, split it")
        if not file.is_cpp():
            continue
        for number, line in enumerate(file.lines, 1):
            if len(line) > LINE_COLUMNS:
                yield Fault(file.path, number, f"{len(line)} columns: at most {LINE_COLUMNS}")
        for number, length in functions(file.lines):
            if length > FUNCTION_LINES:
                yield Fault(file.path, number, f"function of {length} lines: at most {FUNCTION_LINES}")
