"""Sections of documents that measurements write themselves, between two markers."""

import os
import pathlib
import platform
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def machine():
    """One line on where figures were taken."""
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores, {model.group(1) if model else platform.machine()}, Linux {platform.release()}"


def render(text, section, lines):
    """The page's text with the lines in place of what stood between the section's markers."""
    first, last = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    head, found, rest = text.partition(first)
    _, ended, tail = rest.partition(last)
    assert found and ended, f"no markers of the section {section}"
    return "\n".join([head + first, *lines, last]) + tail


def write(page, section, lines):
    """`page` is a path in the project."""
    path = ROOT / page
    path.write_text(render(path.read_text(), section, lines))
