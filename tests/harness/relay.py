"""What stands between a controller and its API server and spoils the traffic: see relay_main."""

import json
import pathlib
import subprocess

from harness.load import spawn
from harness.proxy import write_by_rename


def make_ca(folder):
    """ca.crt in `folder`, and a certificate relay.crt with relay.key for 127.0.0.1 that it signed."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, cwd=folder, capture_output=True)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2)
    openssl("req", "-x509", *key, "-subj", "/CN=relay ca", "-keyout", "ca.key", "-out", "signing.crt")
    openssl("req", "-x509", *key, "-subj", "/CN=relay", "-addext", "subjectAltName=IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE", "-CA", "signing.crt", "-CAkey", "ca.key",
            "-keyout", "relay.key", "-out", "relay.crt")


def admin_token(cluster):
    return (cluster.state / "pki" / "tokens.csv").read_text().split(",")[0]


class Relay:
    """Runs in the cluster's network namespace; `kubeconfig` leads through it, with the token in the file `token`."""

    def __init__(self, folder, cluster, server):
        self.folder = pathlib.Path(folder)
        make_ca(self.folder)
        self.trust()
        self._process = spawn("relay_main", [*map(str, server), str(self.folder / "relay.crt"),
                                             str(self.folder / "relay.key")], cluster.namespace)
        self.port = int(self._process.stdout.readline())
        self.set_token(admin_token(cluster))
        self.kubeconfig = self.folder / "relay.kubeconfig"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "relay",
            "clusters": [{"name": "relay", "cluster": {
                "server": f"https://127.0.0.1:{self.port}", "certificate-authority": "ca.crt"}}],
            "users": [{"name": "relay", "user": {"tokenFile": "token"}}],
            "contexts": [{"name": "relay", "context": {"cluster": "relay", "user": "relay"}}]}))

    def _order(self, what, **more):
        self._process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def set_token(self, token):
        write_by_rename(self.folder / "token", token)

    def trust(self):
        """The client's CA file holds the CA that signed the relay's certificate."""
        write_by_rename(self.folder / "ca.crt", (self.folder / "signing.crt").read_text())

    def replace_ca(self):
        """Another CA and certificate; the client's CA file is still the former one."""
        make_ca(self.folder)
        self._order("certificate")

    def cut(self):
        self._order("cut")

    def hold(self):
        self._order("hold")

    def refuse(self):
        """As if nobody was there."""
        self._order("refuse")
        self._order("cut")

    def accept(self):
        self._order("accept")

    def tamper(self, match, **how):
        self._order("tamper", match=match, **how)

    def clear(self):
        self._order("clear")

    def hits(self):
        return self._order("count")["hits"]

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
