"""A real control plane of the test's own: tests/cluster/cluster.sh, and what tests do with it."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile

from harness import netns
from harness.process import Process
from harness.wait import until

ROOT = pathlib.Path(__file__).parent.parent.parent
SCRIPT = ROOT / "tests" / "cluster" / "cluster.sh"
NODE_IP = "10.201.0.1"
UNKNOWN_KIND = "could not find the requested resource"


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

    def run(self, *command, check=True, timeout=60, stdin=None):
        """A command in the cluster's network, with KUBECONFIG and helm on PATH: its CompletedProcess."""
        done = subprocess.run([SCRIPT, "run", *map(str, command)], env=self._env, capture_output=True, text=True,
                              timeout=timeout, input=stdin or "")
        assert done.returncode == 0 or not check, f"{command}: {done.stdout}{done.stderr}"
        return done

    def process(self, log, *command):
        """A command as in `run`, beside the test: its Process."""
        return Process([SCRIPT, "run", *command], log, env=self._env)

    def begin(self, *command, **more):
        """Begins a command there, with the arguments of subprocess.Popen; the caller ends it."""
        return subprocess.Popen([SCRIPT, "run", *map(str, command)], env=self._env, **more)

    def helm(self, *arguments, check=True, timeout=60):
        return self.run("helm", *arguments, check=check, timeout=timeout)

    def apply(self, objects, check=True):
        objects = [objects] if isinstance(objects, dict) else objects
        return self.kubectl("apply", "-f", "-", check=check,
                            stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def get(self, kind, name, namespace="default"):
        """The live object. A busy API server may not know the kind for a moment; then it is asked again."""
        arguments = "get", kind, name, "-n", namespace, "-o", "json"

        def answer():
            done = self.kubectl(*arguments, check=False)
            return None if UNKNOWN_KIND in done.stderr else done
        done = until("the API server knows the kind", answer, interval=0.2)
        assert done.returncode == 0, f"kubectl {arguments}: {done.stderr}"
        return json.loads(done.stdout)

    def request(self, method, path, body=None, content_type="application/merge-patch+json"):
        """The body of the API server's answer, without kubectl: where many small requests have to be cheap."""
        token = re.search(r"token: (\w+)", pathlib.Path(self.kubeconfig).read_text()).group(1)
        trust = ssl.create_default_context(cafile=str(self.state / "pki" / "apiserver.crt"))
        connection = http.client.HTTPSConnection(NODE_IP, 6443, timeout=10, context=trust)
        with contextlib.closing(connection), netns.inside(self.namespace):
            connection.request(method, path, json.dumps(body) if body else None, {
                "Authorization": f"Bearer {token}", "Content-Type": content_type})
            answer = connection.getresponse()
            text = answer.read().decode()
        assert answer.status < 300, f"{method} {path}: {answer.status} {text}"
        return text

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


class Node(Cluster):
    """A cluster with a real node: containerd, kubelet, kube-proxy, scheduler. Pods run."""

    def __init__(self):
        super().__init__()
        try:
            self._script("node", timeout=200)
        except BaseException:
            self.close()
            raise

    def load(self, *archives):
        """Images of docker-archives."""
        self._script("import", *archives, timeout=120)

    def test_image(self, name):
        """The image of tests/cluster/images/<name>.c, on the node; its reference."""
        self.load(self._script("image", name, timeout=120).strip().splitlines()[-1])
        return f"localhost/{name}:1"

    def processes(self, program):
        """Pids, on this machine, of what runs this program in pods: the end of its path."""
        found = []
        for pid in self._script("processes").split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if pathlib.Path(f"/proc/{pid}/exe").readlink().name == program:
                    found.append(int(pid))
        return found

    def product(self, archive):
        """The product's own image on the node, made from build/release when a program in it is newer."""
        self._script("product", archive, timeout=280)
        self.load(archive)
