"""docs/performance.md: its sections are written by the measurements themselves, between two markers."""

import os
import pathlib
import platform
import re

PAGE = pathlib.Path(__file__).parent.parent.parent / "docs" / "performance.md"


def machine():
    """One line on where figures were taken."""
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores, {model.group(1) if model else platform.machine()}, Linux {platform.release()}"


def render(page, section, lines):
    """The page's text with the lines in place of what stood between the section's markers."""
    first, last = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    head, found, rest = page.partition(first)
    _, ended, tail = rest.partition(last)
    assert found and ended, f"{PAGE.name} has no markers of the section {section}"
    return "\n".join([head + first, *lines, last]) + tail


def write(section, lines):
    PAGE.write_text(render(PAGE.read_text(), section, lines))
