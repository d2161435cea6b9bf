"""stevedore-controller under test."""

import pathlib

from harness.metrics import Metrics, http_get
from harness.process import Process, binary


class Controller:
    """A running controller that writes config.json in `folder`, where a harness.proxy.Proxy reads it.

    `source` are the flags that say where objects come from; `env` is added to the environment. `log`: another place
    for the log.
    """

    def __init__(self, folder, source, flags=(), namespace=None, env=None, log=None):
        self.folder = pathlib.Path(folder)
        self.namespace = namespace
        argv = [binary("stevedore-controller"), *source, "--proxy-config", self.folder / "config.json",
                "--proxy-status", self.folder / "status.json", "--metrics-address", "127.0.0.1:0", *flags]
        self.process = Process(argv, log or self.folder / "controller.log", namespace, env)
        try:
            self.metrics_address = self.process.wait_for_log(r"Serving metrics address=([^\s\"]+)").group(1)
        except BaseException:
            self.process.kill()
            raise

    def log(self):
        return self.process.log()

    def metrics(self):
        status, body = http_get(self.metrics_address, "/metrics", self.namespace)
        assert status == 200, body
        return Metrics(body)

    def close(self):
        if self.process.running():
            self.process.stop()


def directory(path):
    """The flags of directory mode."""
    return ["--source", f"directory:{path}"]


def kubernetes(kubeconfig):
    return ["--source", "kubernetes", "--kubeconfig", kubeconfig]
