"""Waiting on a condition with a deadline; no test sleeps for a fixed time."""

import time
from collections.abc import Callable

_POLL_S = 0.02


def wait_until(condition: Callable[[], bool], *, timeout_s: float = 20.0, what: str = "the condition") -> None:
    """Return once `condition` holds; fail the test after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s} s in vain for {what}")
        time.sleep(_POLL_S)
