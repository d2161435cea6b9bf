"""stevedore-proxy under test."""

import json
import os
import pathlib
import signal

from harness.metrics import Metrics, check_conservation, http_get
from harness.process import Process, binary
from harness.wait import until

RELOADS = "stevedore_proxy_config_reloads_total"


def write_by_rename(path, text):
    """As the controller writes: nobody ever sees half a file."""
    fresh = pathlib.Path(f"{path}.new")
    fresh.write_text(text)
    os.replace(fresh, path)


def _text(config):
    return config if isinstance(config, str) else json.dumps(config, indent=1)


class Proxy:
    """A running proxy. Its files are in `folder`: config.json, status.json, proxy.log.

    `config` is a dictionary, a text, or None to start with what config.json holds (maybe nothing: then pass
    "--wait-for-config"). `through` is a command that executes the one behind it, such as prlimit. `log`: another place
    for the log.
    """

    def __init__(self, folder, config=None, flags=(), namespace=None, through=(), log=None):
        self.folder = pathlib.Path(folder)
        self.namespace = namespace
        self.config_path = self.folder / "config.json"
        self.status_path = self.folder / "status.json"
        if config is not None:
            write_by_rename(self.config_path, _text(config))
        argv = [*through, binary("stevedore-proxy"), "-c", self.config_path, "--status-file", self.status_path,
                "--metrics-address", "127.0.0.1:0", "--drain-timeout", "0", *flags]
        self.process = Process(argv, log or self.folder / "proxy.log", namespace)
        try:
            self.metrics_address = self.process.wait_for_log(r"Serving metrics address=([^\s\"]+)").group(1)
            if config is not None:
                until("the first config is in force", lambda: self.status().get("digest"))
        except BaseException:
            self.process.kill()
            raise

    def status(self):
        """The status file; {} before the first."""
        try:
            return json.loads(self.status_path.read_text())
        except FileNotFoundError:
            return {}

    def listener_status(self, name):
        return next((entry for entry in self.status().get("listeners", []) if entry["name"] == name), None)

    def upstream_status(self, name):
        return next((entry for entry in self.status().get("upstreams", []) if entry["name"] == name), None)

    def get(self, path):
        """(status, body) from its HTTP endpoint."""
        return http_get(self.metrics_address, path, self.namespace)

    def metrics(self):
        status, body = self.get("/metrics")
        assert status == 200, body
        return Metrics(body)

    def reloads(self, result):
        return self.metrics().sum(RELOADS, result=result)

    def apply(self, config, result="success"):
        """Replaces the config by rename and waits for the verdict."""
        self._change(lambda: write_by_rename(self.config_path, _text(config)), result)

    def overwrite(self, text, result="failure"):
        """Writes into the file in place, as an editor or a crash would, and waits for the verdict."""
        self._change(lambda: self.config_path.write_text(text), result)

    def _change(self, write, result):
        before = self.reloads(result)
        write()
        until(f"a reload with result {result}", lambda: self.reloads(result) > before)

    def pause(self):
        self.process.send(signal.SIGSTOP)
        until("the proxy stands still", lambda: self._state() == "T")

    def resume(self):
        self.process.send(signal.SIGCONT)

    def _state(self):
        return pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]

    def check_conservation(self):
        return check_conservation(self.metrics)

    def close(self):
        """Ends it, and always checks the law, the exit code and the sanitizers."""
        if self.process.running():
            try:
                self.check_conservation()
            except BaseException:
                self.process.kill()
                raise
            self.process.stop()
