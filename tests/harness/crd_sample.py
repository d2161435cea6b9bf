"""A route, and a status, in which every field of the schema stands, and those with a default wherever they may."""

from harness.crd import SAMPLE_PORT

CONDITION = {"start": 0, "end": 2, "operator": "==", "value": "0x0102"}
LONGEST_NAME = "u" * 63


def _copy(condition=None):
    return dict(condition or CONDITION)


def _hashing():
    return {"name": "a", "algorithm": "ConsistentHash", "hashKey": {"start": 0, "end": 4}, "affinity": "Key",
            "drain": "Move", "drainTimeoutSeconds": 30, "whenNoneUsable": "Drop",
            "peers": [{"address": "10.0.0.1", "port": 7777, "weight": 2},
                      {"address": "2001:db8::1", "port": 7777, "weight": 1}],
            "backup": {"serviceRef": {"name": "standby", "port": 7777}}}


def _following():
    return {"name": "last", "algorithm": "RoundRobin", "affinity": "Flow", "drain": "Keep", "drainTimeoutSeconds": 0,
            "whenNoneUsable": "FailOpen", "followReplyPort": {"restart": [_copy()]},
            "serviceRef": {"name": "game", "port": "game"},
            "backup": {"peers": [{"address": "10.0.0.9", "port": 7777, "weight": 1}]},
            "healthCheck": {"periodSeconds": 10, "timeoutSeconds": 3, "successThreshold": 2, "failureThreshold": 4,
                            "payload": "0x70696e67", "expect": "Reply", "expectBytes": [_copy()]}}


def route():
    upstreams = [_hashing(),
                 {"name": LONGEST_NAME, "algorithm": "ConsistentHash", "hashKey": {"source": "ClientAddress"},
                  "whenNoneUsable": "FailOpen", "serviceRef": {"name": "game", "port": 7777}},
                 _following()]
    spec = {"className": "stevedore", "priority": 10, "defaultUpstream": "a", "upstreams": upstreams,
            "listener": {"port": SAMPLE_PORT, "address": "10.201.0.1", "allow": ["10.0.0.0/8"],
                         "deny": ["2001:db8::/32"], "rateLimit": {"datagramsPerSecond": 100, "burst": 10},
                         "maxDatagramBytes": 2048, "maxTries": 2},
            "session": {"idleTimeoutSeconds": 30, "embryonicTimeoutSeconds": 5, "maxReplyOnlySeconds": 300,
                        "maxReplyRatio": 3, "maxSessionsPerSource": 100, "maxSessions": 1000},
            "rules": [{"name": "first", "upstream": LONGEST_NAME, "match": [_copy()]}]}
    return {"apiVersion": "stevedore.io/v1alpha1", "kind": "StevedoreRoute",
            "metadata": {"name": "sample", "namespace": "default"}, "spec": spec}


def status():
    return {"observedGeneration": 1, "controllerName": "stevedore/main", "replicas": {"total": 3, "programmed": 2},
            "peerSummary": "2/3",
            "listener": {"port": SAMPLE_PORT, "owner": "default/sample", "attachedRoutes": 1,
                         "addresses": [{"type": "IPAddress", "value": "192.0.2.1", "port": 2614, "nodePort": 30000}]},
            "upstreams": [{"name": "a", "total": 3, "ready": 2, "healthy": 1, "draining": 0, "usingBackup": False}],
            "conditions": [{"type": "Accepted", "status": "True", "reason": "Accepted", "message": "",
                            "observedGeneration": 1, "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
