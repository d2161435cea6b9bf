"""The CRD's schema on the real API server: every limit with a value inside and one outside, every rule both ways.

Who is wrong is told where, and what would be right. tests/integration/test_crd_agreement.py runs the same cases without
an API server.
"""

import copy

import pytest

from harness import crd, crd_limits, crd_rules, crd_sample
from harness.api import Api, causes

# What a wrong value may break besides: a rule between fields, and for a fraction its format.
FOLLOWS = (*(message for _, message in crd.rules()),
           *(f"in {crd.text(path[1:])}".replace("[]", "[0]") for path, _ in crd.fields("status")))


@pytest.fixture
def api(cluster):
    made = Api(cluster)
    yield made
    made.close()


def wrong(case, code, answer):
    """What is not as the case says; "" when all is well."""
    told = causes(answer)
    if case.field is None:
        return "" if code in (200, 201) else f"{case.name}: refused with {code}: {answer['message']}"
    if case.field.endswith(crd_limits.UNKNOWN):
        said = f'unknown field "{case.field}"'
        return "" if code == 400 and said in answer["message"] else f"{case.name}: not {said}: {code} {answer}"
    others = [message for field, message in told if field != case.field and not message.endswith(FOLLOWS)]
    if code != 422 or others or case.field not in dict(told):
        return f"{case.name}: not refused at {case.field} alone: {code} {told or answer}"
    return ""


def test_limits_of_the_spec(api, space):
    cases = list(crd_limits.cases(crd_sample.route(), "spec"))
    faults = [wrong(case, *api.create_route(case.named(number, space))) for number, case in enumerate(cases)]
    assert len(cases) > 400
    assert not list(filter(None, faults)), "\n".join(filter(None, faults))


def test_limits_of_the_status(api, space):
    sample = crd_sample.route()
    sample["metadata"]["namespace"] = space
    code, live = api.create_route(sample, dry_run=False)
    assert code == 201, live
    live["status"] = crd_sample.status()
    cases = list(crd_limits.cases(live, "status"))
    faults = [wrong(case, *api.replace_route(case.route, "/status")) for case in cases]
    assert len(cases) > 80
    assert not list(filter(None, faults)), "\n".join(filter(None, faults))


def test_no_rule_is_forgotten():
    refused = {(crd.without_indexes(case.field), case.message) for case in crd_rules.cases() if case.field}
    refused.add(crd_rules.IMMUTABLE)
    untested = {rule for rule in crd.rules()
                if not any(rule[0] == field and message in rule[1] for field, message in refused)}
    assert not untested


def test_rules(api, space):
    faults = []
    for number, case in enumerate(crd_rules.cases()):
        code, answer = api.create_route(case.named(number, space))
        if case.field is None:
            faults += [] if code == 201 else [f"{case.name}: refused with {code}: {answer['message']}"]
        elif code != 422 or not any(field == case.field and case.message in told for field, told in causes(answer)):
            faults.append(f"{case.name}: not refused at {case.field} with {case.message!r}: {code} {causes(answer)}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name, change, accepted", crd_rules.CHANGES, ids=[change[0] for change in crd_rules.CHANGES])
def test_what_may_change(api, space, name, change, accepted):
    before = crd_rules.route({"listener": {"port": 4000}})
    before["metadata"] = {"name": "game", "namespace": space}
    code, live = api.create_route(before, dry_run=False)
    assert code == 201, live
    after = copy.deepcopy(live)
    after["spec"].update(change)
    code, answer = api.replace_route(after)
    assert code == (200 if accepted else 422), answer
    assert accepted or causes(answer) == [(crd_rules.IMMUTABLE[0], f"Invalid value: {crd_rules.IMMUTABLE[1]}")]


def test_an_address_can_neither_change_nor_go(api, space):
    before = crd_rules.route({"listener": {"port": 4000, "address": "10.201.0.1"}})
    before["metadata"] = {"name": "game", "namespace": space}
    code, live = api.create_route(before, dry_run=False)
    assert code == 201, live
    for listener in ({"port": 4000}, {"port": 4000, "address": "10.201.0.2"}):
        live["spec"]["listener"] = listener
        code, answer = api.replace_route(live)
        assert code == 422 and "cannot change" in answer["message"], answer
