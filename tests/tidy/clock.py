"""Only what people read may look at the wall clock: it jumps, and nothing that ends or is due may jump with it."""

import re

from tree import Fault

WALL_CLOCK = re.compile(r"\bsystem_clock\b|\bstd::time\(|\bCLOCK_REALTIME\b|\bgettimeofday\b|(?<![\w.>])::time\(")

# file -> what it tells the time for
ALLOWED = {
    "proxy/base/timestamp.cc": "times in statuses, Events and Leases",
    "proxy/control/control_loop.cc": "the metric of the last config",
    "proxy/report/live_page.cc": "the page's time",
    "controller/sync_loop.cc": "the metric of the last config",
    "controller/kube/list_watch.cc": "the metric of the last news",
}


def check(tree):
    for file in tree.files:
        if not file.is_source() or file.path in ALLOWED:
            continue
        for number, line in enumerate(file.lines, 1):
            if WALL_CLOCK.search(line.split("//")[0]):
                yield Fault(file.path, number, "the wall clock jumps: take Clock, or TimestampNow() for people")
