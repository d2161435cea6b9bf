"""Waiting for a condition, with a deadline."""

import time


def until(what, condition, timeout=10.0, interval=0.02):
    """Calls `condition` until it returns something true, and returns that. Fails with what it last returned."""
    deadline = time.monotonic() + timeout
    while True:
        last = condition()
        if last:
            return last
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what} (last: {last!r})")
        time.sleep(interval)
