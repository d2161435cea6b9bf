"""`make bench`: what the data plane costs, beside a bare forwarder and nginx, part by part, and as it grows.

    python3 tests/bench/bench.py --program stevedore-bench [--quick] [--part PART] [--row TEXT] [--with NAME] [--page]

Rounds of all candidates are interleaved in changing order; what counts is the median of the rounds' ratios. Every round
stands in build/bench/PART.json.
"""

import argparse
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import change  # noqa: E402
import micro  # noqa: E402
import page  # noqa: E402
import scale  # noqa: E402
import table  # noqa: E402
from harness import pages  # noqa: E402
from rig import LOAD_CPU  # noqa: E402

PARTS = {   # name: (module, how it is measured)
    "table": (table, lambda options, wanted: table.measure(options.program, options.quick, options.extra, wanted)),
    "micro": (micro, lambda options, wanted: micro.measure(options.quick)),
    "scale": (scale, lambda options, wanted: scale.measure(options.program, options.quick, wanted)),
    "change": (change, lambda options, wanted: change.measure(options.program, options.quick)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True, help="stevedore-bench")
    parser.add_argument("--quick", action="store_true", help="short rounds, one set-up")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this one")
    parser.add_argument("--row", default="", help="only rows whose name holds this text")
    parser.add_argument("--with", dest="extra", action="append", default=[], metavar="NAME",
                        help="one more proxy in the table: a start script in tests/bench/proxies")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md")
    options = parser.parse_args()
    options.program = options.program.resolve()
    os.sched_setaffinity(0, {int(LOAD_CPU)})   # nothing of the measurement's own on the proxy's processor
    folder = pages.ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    missed = []
    for name in options.part or PARTS:
        module, measure = PARTS[name]
        found = measure(options, lambda text: options.row in text)
        record = {"machine": pages.machine(), "quick": options.quick, **found}
        (folder / f"{name}.json").write_text(json.dumps(record, indent=1))
        missed += module.missed(found)
        if options.page:
            page.write(name, found)
    print(f"{len(missed)} limits missed" + "".join(f"\n  {name}" for name in missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
