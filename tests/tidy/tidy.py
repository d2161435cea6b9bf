"""The project's own rules, checked on the whole tree: `tidy.py ROOT` prints every fault, exit code 1 if there is one."""

import sys

import bans
import clock
import crd
import faults as faults_page
import fuzz_targets
import includes
import sizes
import structure
from tree import Tree


def faults(root):
    tree = Tree(root)
    found = []
    for rules in (includes, sizes, structure, bans, crd, clock, faults_page, fuzz_targets):
        found.extend(rules.check(tree))
    return sorted(set(found)), len(tree.files)


def main(root):
    found, files = faults(root)
    for fault in found:
        print(fault)
    print(f"tidy: {files} files, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
