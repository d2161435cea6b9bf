"""Kubernetes objects as dictionaries."""

PORT_NAME = "game"


def route(name, port, upstreams, namespace="default", default=None, rules=(), **spec):
    spec = {"listener": {"port": port}, "upstreams": upstreams, "rules": list(rules), **spec}
    spec["defaultUpstream"] = default or upstreams[0]["name"]
    return {"apiVersion": "stevedore.io/v1alpha1", "kind": "StevedoreRoute",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def service_upstream(service, name="a", **more):
    return {"name": name, "serviceRef": {"name": service, "port": PORT_NAME}, **more}


def service(name, namespace="default", port=7777):
    """Without a selector: its EndpointSlices are written by the test."""
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
            "spec": {"ports": [{"name": PORT_NAME, "port": port, "protocol": "UDP"}]}}


def endpoint_slice(service_name, addresses, port, namespace="default"):
    return {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": f"{service_name}-1", "namespace": namespace,
                         "labels": {"kubernetes.io/service-name": service_name}},
            "ports": [{"name": PORT_NAME, "port": port, "protocol": "UDP"}],
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in addresses]}


def with_peers(service_name, addresses, port, namespace="default"):
    """A Service and its EndpointSlice."""
    return [service(service_name, namespace), endpoint_slice(service_name, addresses, port, namespace)]


def condition(live_route, kind):
    """The condition of a route as the API server returns it; {} when it is not there."""
    found = live_route.get("status", {}).get("conditions", [])
    return next((entry for entry in found if entry["type"] == kind), {})
