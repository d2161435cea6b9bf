"""Plain requests to a test cluster's API server: hundreds a second, where kubectl does ten."""

import http.client
import json
import ssl

import yaml

from harness import netns
from harness.cluster import NODE_IP

PORT = 6443
ROUTES = "/apis/stevedore.io/v1alpha1/namespaces/{}/stevedoreroutes"


class Api:
    """One connection, as administrator or with `token`. Not for several threads."""

    def __init__(self, cluster, token=None):
        self._namespace = cluster.namespace
        self._token = token or admin_token(cluster)
        context = ssl.create_default_context(cafile=str(cluster.state / "pki" / "apiserver.crt"))
        self._connection = http.client.HTTPSConnection(NODE_IP, PORT, context=context, timeout=20)

    def request(self, method, path, body=None, content_type="application/json"):
        """(status code, decoded JSON)"""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": content_type}
        with netns.inside(self._namespace):   # http.client connects, and again when the server has closed
            self._connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
            reply = self._connection.getresponse()
            return reply.status, json.loads(reply.read())

    def create_route(self, route, dry_run=True, validation="Strict"):
        path = ROUTES.format(route["metadata"]["namespace"])
        return self.request("POST", f"{path}?fieldValidation={validation}{'&dryRun=All' if dry_run else ''}", route)

    def replace_route(self, route, subresource="", dry_run=True):
        """PUT of the whole object; `subresource` is "" or "/status"."""
        path = f"{ROUTES.format(route['metadata']['namespace'])}/{route['metadata']['name']}{subresource}"
        return self.request("PUT", f"{path}?fieldValidation=Strict{'&dryRun=All' if dry_run else ''}", route)

    def close(self):
        self._connection.close()


def admin_token(cluster):
    with open(cluster.kubeconfig) as file:
        return yaml.safe_load(file)["users"][0]["user"]["token"]


def causes(status):
    """[(field, message)] of a refusal as the API server says it, without the hint that it stopped there."""
    return [(cause.get("field", ""), cause.get("message", ""))
            for cause in status.get("details", {}).get("causes", []) if cause.get("field") != "<nil>"]
