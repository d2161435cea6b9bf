"""The clients that measure what Stevedore's pods lose when they go: their own sums are right."""

import time
import types

from harness.load import PeerProcess
from harness.visitors import Visitors
from harness.visitors_main import Line, summary
from harness.wait import until

LOOPBACK = types.SimpleNamespace(namespace=None, addresses=["127.0.0.1", "127.0.0.2"])


def line(sent_at, answers):
    made = Line()
    made.sent_at, made.answers = sent_at, answers
    return made


def test_a_silence_lasts_until_the_next_answered_datagram():
    assert line([0, 1, 2, 4, 5], {0: "a", 3: "b", 4: "b"}).longest_silence() == 3
    assert line([0, 1, 2, 4], {0: "a"}).longest_silence() == 3, "or until the last one"
    assert line([0, 1], {0: "a", 1: "a"}).longest_silence() == 0
    lines = [line([0, 1, 2], {0: "a"}), line([0, 1], {1: "a"})]
    assert summary(lines) == {"sent": 5, "answered": 2, "lost": 3, "worst": 2, "silence": 1}


def test_every_datagram_is_counted():
    peer = PeerProcess("one")
    visitors = Visitors(LOOPBACK, peer.port, host="127.0.0.1", conversations=4, rate=200, newcomers=100)
    began = time.monotonic()
    until("they asked for a while", lambda: time.monotonic() > began + 0.5)
    report = visitors.finish()
    received = peer.close()
    sent = report["conversations"]["sent"] + report["newcomers"]["sent"]
    assert report["conversations"]["sent"] > 50 and report["newcomers"]["sent"] > 25
    assert report["conversations"]["lost"] == report["newcomers"]["lost"] == report["moved"] == 0
    assert received["received"] >= sent + 4, "these, and those before it was ready"
    assert len(received["sources"]) == 4 + report["newcomers"]["sent"], "a socket for each newcomer"
