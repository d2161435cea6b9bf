"""Fixtures that are factories: each makes things and closes all of them when the test ends, the newest first."""

import contextlib

import pytest

from harness import fastload
from harness.controller import Controller
from harness.load import Load, PeerProcess
from harness.proxy import Proxy
from harness.udp import Client, EchoPeer


@contextlib.contextmanager
def closing(make):
    """Gives a function that makes things like `make` does. Closes them all, even when one of them fails to."""
    with contextlib.ExitStack() as made:
        yield lambda *arguments, **keywords: _kept(made, make(*arguments, **keywords))


def _kept(made, thing):
    made.callback(thing.close)
    return thing


@pytest.fixture
def echo():
    with closing(EchoPeer) as make:
        yield make


@pytest.fixture
def peer_process():
    with closing(PeerProcess) as make:
        yield make


@pytest.fixture
def client():
    with closing(Client) as make:
        yield make


@pytest.fixture
def proxy(tmp_path, echo, peer_process, peers, client):
    """`proxy(config, ...)` starts one in the folder `tmp_path`, or in `folder`.

    When the test ends, each has to account for every datagram, to end with 0 on SIGTERM, and to leave no sanitizer
    report. Peers and clients outlive it, whatever the order of a test's arguments.
    """
    with closing(lambda config=None, folder=tmp_path, **more: Proxy(folder, config, **more)) as make:
        yield make


@pytest.fixture
def peers():
    """Fast peers: harness.fastload.Peers."""
    with closing(fastload.Peers) as make:
        yield make


@pytest.fixture
def fast_flows(proxy):
    """Clients that check every reply; they end before the proxies."""
    with closing(fastload.Flows) as make:
        yield make


@pytest.fixture
def flood(proxy):
    with closing(fastload.Flood) as make:
        yield make


@pytest.fixture
def load(proxy):
    """Load ends before the proxies: they have to come to rest."""
    with closing(Load) as make:
        yield make


@pytest.fixture
def controller(tmp_path):
    """`controller(source, ...)` starts one in the folder `tmp_path`; it has to end with 0 on SIGTERM."""
    with closing(lambda source, folder=tmp_path, **more: Controller(folder, source, **more)) as make:
        yield make
