"""Credentials and rights that come and go while the controller runs, under load."""

import pytest

from harness.rig import loaded, rig_fixture
from harness.wait import until

ROLES = [("svd-all", ["", "stevedore.io", "coordination.k8s.io", "events.k8s.io"],
          ["services", "stevedoreroutes", "stevedoreroutes/status", "leases", "events", "pods"], ["*"]),
         ("svd-slices", ["discovery.k8s.io"], ["endpointslices"], ["list", "watch"])]


def role(name, groups, resources, verbs):
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
            "rules": [{"apiGroups": groups, "resources": resources, "verbs": verbs}]}


def binding(name):
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": "svd"}]}


def become_a_service_account(cluster, relay):
    cluster.kubectl("create", "serviceaccount", "svd")
    cluster.apply([role(*parts) for parts in ROLES] + [binding(parts[0]) for parts in ROLES])
    relay.set_token(cluster.kubectl("create", "token", "svd").stdout)


rig = rig_fixture(become_a_service_account)


def refused(rig, word):
    until(f"a watch failed with {word!r}", lambda: any(word in line for line in rig.failures()), 20)


def test_token_is_bad_and_good_again(rig):
    good = (rig.relay.folder / "token").read_text()
    with loaded(rig):
        rig.relay.set_token("nonsense")
        rig.relay.tamper("^GET", times=-1, status=401)    # the token in memory is still good: it is read again
        rig.relay.cut()
        change = rig.change()
        refused(rig, "401")
        rig.relay.clear()
        rig.more_traffic()
        assert not rig.bound(change[1])
        rig.relay.set_token(good)
        rig.arrived(change)


def test_ca_is_replaced(rig):
    with loaded(rig):
        rig.relay.replace_ca()
        rig.relay.cut()
        change = rig.change()
        refused(rig, "certificate verify failed")
        rig.more_traffic()
        assert not rig.bound(change[1])
        rig.relay.trust()
        rig.arrived(change)


@pytest.mark.parametrize("left", [[], ["list"], ["watch"]], ids=["none", "list", "watch"])
def test_verbs_are_taken_and_given_back(rig, left):
    """Watches that are open stay so: only new ones are refused. One of both verbs is enough."""
    name, groups, resources, verbs = ROLES[1]
    with loaded(rig):
        rig.restart_controller()
        rig.cluster.apply(role(name, groups, resources, left or ["create"]))
        for verb in set(verbs) - set(left):
            until(f"{verb} is refused", lambda: "no" in rig.cluster.kubectl(
                "auth", "can-i", verb, "endpointslices", "-A", "--as=system:serviceaccount:default:svd",
                check=False).stdout)
        rig.relay.cut()
        change = rig.change()
        if not left:
            refused(rig, "403")
            rig.more_traffic()
            assert not rig.ask(change[1]), "its peers are not known"
        else:
            rig.right(*change)
        rig.cluster.apply(role(name, groups, resources, verbs))
        rig.arrived(change)
        rig.arrived(rig.change())


def test_no_secret_is_in_the_log(rig):
    token = (rig.relay.folder / "token").read_text()
    logs = [path.read_text() for path in rig.folder.glob("controller*.log")]
    assert len(logs) > 1 and not any(token in log or "nonsense" in log for log in logs)
