"""tests/convergence: the program that compares a followed picture of a cluster with a fresh one."""

import json
import os
import pathlib
import subprocess

from . import netns

SEED = int(os.environ.get("STEVEDORE_SEED", "1"))


def run(cluster, timeout, **flags):
    """(exit code, report) of the program inside the cluster's network."""
    program = os.environ.get("STEVEDORE_CONVERGENCE")
    assert program and pathlib.Path(program).exists(), "STEVEDORE_CONVERGENCE does not name the program"
    argv = [program, "--kubeconfig", cluster.kubeconfig]
    for name, value in flags.items():
        argv += ["--" + name.replace("_", "-"), str(value)]
    done = subprocess.run(netns.command(cluster.namespace, argv), capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)
    assert done.stdout.strip(), done.stderr
    return done, json.loads(done.stdout)
