"""A real control plane of the test's own: tests/cluster/cluster.sh, and what tests do with it."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from harness import netns
from harness.wait import until

ROOT = pathlib.Path(__file__).parent.parent.parent
SCRIPT = ROOT / "tests" / "cluster" / "cluster.sh"
NODE_IP = "10.201.0.1"


class Cluster:
    """Needs its binaries: `cluster.sh build` comes before (ctest and make see to it)."""

    _count = 0

    def __init__(self):
        netns.require_root()
        Cluster._count += 1
        self.namespace = f"svd-{os.getpid()}-{Cluster._count}"
        self._folder = tempfile.mkdtemp(prefix="stevedore-cluster-")
        self.state = pathlib.Path(self._folder) / "state"
        self._env = {**os.environ, "CLUSTER_NS": self.namespace, "CLUSTER_DIR": str(self.state)}
        self._peers = 0
        try:
            self.kubeconfig = self._script("up", timeout=120).strip().splitlines()[-1]
        except BaseException:
            self.close()
            raise

    def _script(self, *arguments, timeout=60):
        done = subprocess.run([SCRIPT, *map(str, arguments)], env=self._env, capture_output=True, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"cluster.sh {arguments}: {done.stderr}\n{self._logs()}"
        return done.stdout

    def _logs(self):
        """The last lines of each part, for the message of a failure."""
        return "\n".join(f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-15:])
                         for path in sorted(self.state.glob("*.log")) if path.name != "audit.log")

    def kubectl(self, *arguments, stdin=None, check=True, timeout=30):
        """kubectl as administrator: its CompletedProcess."""
        done = subprocess.run([SCRIPT, "kubectl", *arguments], env=self._env, capture_output=True, text=True,
                              timeout=timeout, input=stdin or "")
        assert done.returncode == 0 or not check, f"kubectl {arguments}: {done.stderr}"
        return done

    def apply(self, objects, check=True):
        objects = [objects] if isinstance(objects, dict) else objects
        return self.kubectl("apply", "-f", "-", check=check,
                            stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def get(self, kind, name, namespace="default"):
        """The live object."""
        return json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json").stdout)

    def install_crds(self):
        self.kubectl("apply", "--server-side", "-f", str(ROOT / "crds"))
        self.kubectl("wait", "--for=condition=Established", "--timeout=20s", "crd/stevedoreroutes.stevedore.io")

    def peer_host(self):
        """(namespace, address) of a new host on the cluster's network."""
        self._peers += 1
        address = f"10.201.1.{self._peers}"
        return self._script("peer", f"p{self._peers}", address).strip(), address

    def kill(self, part):
        """kill -9 of a part of the control plane, by the pid that the script remembers."""
        pid = int(self._script("pid", part))
        os.kill(pid, signal.SIGKILL)
        until(f"{part} is gone", lambda: not pathlib.Path(f"/proc/{pid}").exists()
              or "\nState:\tZ" in pathlib.Path(f"/proc/{pid}/status").read_text())

    def start(self, part):
        self._script("start", part, timeout=120)

    def audit(self):
        """The audit log so far: one dictionary for each request."""
        return [json.loads(line) for line in (self.state / "audit.log").read_text().splitlines()]

    def close(self):
        subprocess.run([SCRIPT, "down"], env=self._env, check=True, timeout=120)
        shutil.rmtree(self._folder, ignore_errors=True)
