"""The soak's judgement: what it excuses, and that nothing else passes."""

import pytest

from harness.metrics import Metrics
from soak.report import Report
from soak.samples import Sample, levels
from soak.traffic import FLOWS, Repeated

FINE = {"sent": 100, "received": 100, "lost_at": [], "moved": 0, "foreign": 0, "duplicates": 0, "corrupt": 0,
        "refused": 0}


def program(error, began):
    """One good run, and one of a second that ended with this error."""
    made = Repeated.__new__(Repeated)   # without its thread
    made.name, made.runs = "kcp", [(0, 1, None), (began, began + 1, error)]
    return made


def samples(process, **grown):
    """Sixty seconds of a process that holds the same all the time, but for what `grown` says of the last twenty."""
    level = {"rss": 20_000, "user": 10_000, "descriptors": 30, "threads": 5}
    return [Sample(at=at, process=process, pid=7, **(level | grown if at >= 40 else level)) for at in range(60)]


def report(steady=FINE, error=None, began=50, page="", **grown):
    made = Report(1, 1, 1)
    made.flows = {"steady": steady, "rough": FINE}
    made.programs, made.lives = [program(error, began)], {"proxy": 1, "controller": 1}
    made.levels = levels(samples("proxy", **grown) + samples("controller"), 0)
    made.metrics = Metrics(page)
    made.event("peer_killed", {"rough"}, 10, 12)
    made.event("proxy_killed", {"steady", "rough"}, 20, 21)
    return made


def test_nothing_wrong():
    assert report().faults() == []
    assert any("| steady | 100 | 100 | 0 | 0 |" in line for line in report().lines())


@pytest.mark.parametrize("at, excused", [(20.5, True), (18.5, True), (22.5, True), (17.9, False), (11.0, False),
                                         (40.0, False)])
def test_a_loss_needs_an_event_that_may_cost_it(at, excused):
    found = report(FINE | {"lost_at": [[at, 3]]}).faults()
    assert (found == []) == excused, found


def test_what_the_kernel_dropped_is_explained():
    lost = FINE | {"lost_at": [[40.0, 3]]}
    name = "stevedore_proxy_kernel_drops_total"
    assert report(lost, page=f'{name}{{listener="default/2001"}} 3\n').faults() == []
    assert report(lost, page=f'{name}{{listener="default/2005"}} 3\n').faults() != [], "another listener's"


@pytest.mark.parametrize("wrong", [{"corrupt": 1}, {"duplicates": 1}, {"foreign": 1}, {"moved": FLOWS}])
def test_what_never_may_be(wrong):
    assert report(FINE | wrong).faults() != []


def test_a_program_fails_only_while_the_proxy_is_dead():
    assert report(error="AssertionError: SHA-256").faults() == ["kcp: AssertionError: SHA-256"]
    assert report(error="AssertionError: SHA-256", began=19.5).faults() == []


@pytest.mark.parametrize("grown", [{"rss": 23_000}, {"user": 12_000}, {"descriptors": 40}, {"threads": 6}])
def test_growth_is_a_fault(grown):
    assert len(report(**grown).faults()) == 1
