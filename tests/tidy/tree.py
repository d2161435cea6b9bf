"""The files that the rules look at, and how a fault is said."""

import dataclasses
import os
import pathlib

SKIPPED_FOLDERS = {".git", "build", "__pycache__", ".cache", "node_modules"}
CODE = {".h", ".cc", ".py", ".sh", ".cmake"}


@dataclasses.dataclass(frozen=True, order=True)
class Fault:
    path: str
    line: int  # from 1; 0 for the file as a whole
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


class File:
    """One text file; `path` is relative to the root, with forward slashes."""

    def __init__(self, root, path):
        self.path = path
        self.name = path.rsplit("/", 1)[-1]
        self.folder = path.rsplit("/", 1)[0] if "/" in path else ""
        self.suffix = pathlib.PurePosixPath(path).suffix
        self.text = (root / path).read_bytes().decode("utf-8", errors="replace")
        self.lines = self.text.splitlines()

    def is_cpp(self):
        return self.suffix in (".h", ".cc")

    def is_source(self):
        """Product code in C++, not tests."""
        return self.is_cpp() and self.path.startswith(("proxy/", "controller/"))

    def is_code(self):
        return self.suffix in CODE or self.name in ("CMakeLists.txt", "Makefile")


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = [File(self.root, path) for path in sorted(self._paths())]
        self.by_path = {file.path: file for file in self.files}

    def _paths(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
            for name in names:
                path = pathlib.Path(folder) / name
                if path.is_file() and b"\0" not in path.read_bytes()[:8000]:
                    yield path.relative_to(self.root).as_posix()
