"""Load generators and peers as processes of their own, so that the test's interpreter does not slow them down."""

import json
import os
import pathlib
import signal
import subprocess
import sys

from harness import netns

_ENV = {**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parent.parent)}


def spawn(module, arguments, namespace):
    """Runs harness.MODULE as a process with pipes to its stdin and stdout."""
    argv = [sys.executable, "-B", "-m", f"harness.{module}", *arguments]
    return subprocess.Popen(netns.command(namespace, argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            text=True, env=_ENV)


def flows(count, header="", ports=None):
    """`count` flows, each on a client port of its own, or all on `ports` of them."""
    return [{"socket": number % (ports or count), "header": header} for number in range(count)]


class Load:
    """Sends from its construction on; `finish` ends it and returns the report of load_main."""

    def __init__(self, port, flows, rate=5000, seconds=60, host="127.0.0.1", namespace=None, **orders):
        orders = {"target": [host, port], "rate": rate, "seconds": seconds, "flows": flows, **orders}
        self._seconds = seconds
        self._process = spawn("load_main", [json.dumps(orders)], namespace)

    def _report(self):
        output, _ = self._process.communicate(timeout=self._seconds + 30)
        assert self._process.returncode == 0, f"the load generator ended with {self._process.returncode}"
        return json.loads(output)

    def finish(self):
        """Stops sending, waits for the last replies."""
        return self._report()   # closing its stdin is the sign

    def wait(self):
        """Waits until all datagrams that were ordered are sent (orders `datagrams`, or `seconds`)."""
        output = self._process.stdout.read()
        self._process.stdin.close()
        assert self._process.wait(30) == 0, f"the load generator ended with {self._process.returncode}"
        return json.loads(output)

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class PeerProcess:
    """harness.echo_main: a peer that keeps up with load."""

    def __init__(self, name, address="127.0.0.1", port=0, namespace=None):
        self.name, self.address = name, address
        self._process = spawn("echo_main", ["--name", name, "--address", address, "--port", str(port)], namespace)
        self.port = int(self._process.stdout.readline())

    def config(self, **more):
        return {"address": self.address, "port": self.port, **more}

    def close(self):
        """Ends it; returns what it received: {received, sources}."""
        if self._process.poll() is not None:
            return None
        self._process.send_signal(signal.SIGTERM)
        output, _ = self._process.communicate(timeout=10)
        return json.loads(output) if output.strip() else None
