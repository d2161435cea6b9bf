"""Rules decide by bytes and bits; a datagram too short for a condition fails it."""

import pytest

from harness.configs import config, listener, rule, upstream
from harness.udp import free_port


@pytest.mark.parametrize("operator, value, hits, misses", [
    ("==", "0x0102", [b"\1\2", b"\1\2\3"], [b"\1\3", b"\1", b""]),
    ("!==", "0x0102", [b"\1\3"], [b"\1\2", b"\1", b""]),
    ("|=", "0b0000111100001111", [b"\x0f\x0f", b"\0\0", b"\5\3"], [b"\x10\0", b"\xff\xff", b"\1"]),
    ("!|=", "0x0f0f", [b"\x10\0", b"\xff\xff"], [b"\x0f\x0f", b"\0\0", b"\x10"]),
    ("&=", "0b1000000000000001", [b"\x80\1", b"\xff\xff"], [b"\x80\0", b"\0\1", b"\xff"]),
    ("!&=", "0x8001", [b"\x80\0", b"\0\1"], [b"\x80\1", b"\xff\xff", b"\x80"]),
])
def test_each_operator(echo, client, proxy, operator, value, hits, misses):
    port = free_port()
    rules = [rule("r", "hit", (0, 2, operator, value))]
    proxy(config([listener(port, rules=rules, default="miss")],
                 [upstream([echo("hit")], "hit"), upstream([echo("miss")], "miss")]))
    one = client(port)
    assert [one.ask(payload) for payload in hits] == ["hit"] * len(hits)
    assert [one.ask(payload) for payload in misses] == ["miss"] * len(misses)


def test_first_rule_wins_and_all_conditions_hold(echo, client, proxy):
    port = free_port()
    rules = [rule("both", "ab", (0, 1, "==", "0x61"), (1, 2, "==", "0x62")),
             rule("first", "a", (0, 1, "==", "0x61"))]
    proxy(config([listener(port, rules=rules, default="other")],
                 [upstream([echo(name)], name) for name in ("ab", "a", "other")]))
    one = client(port)
    assert [one.ask(payload) for payload in (b"ab", b"ac", b"a", b"bb", b"")] == ["ab", "a", "a", "other", "other"]


@pytest.mark.parametrize("size", [0, 1, 1472, 9000, 65_000])
def test_datagrams_of_every_size_come_back_whole(echo, client, proxy, size):
    port = free_port()
    proxy(config([listener(port)], [upstream([echo("a")])]))
    assert client(port).ask(bytes(range(256)) * (size // 256) + bytes(size % 256)) == "a"


def test_wildcard_listener_answers_both_families_from_the_address_asked(echo, client, proxy):
    port = free_port()
    proxy(config([listener(port, address="::")], [upstream([echo("a")])]))
    assert client(port, "127.0.0.1").ask(b"x") == "a"
    assert client(port, "127.0.0.77").ask(b"x") == "a"   # Client checks who answers
    assert client(port, "::1").ask(b"x") == "a"
