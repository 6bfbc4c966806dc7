"""The watchdog in its own thread."""

from __future__ import annotations

import asyncio
import threading
import time

from lienthong_streams.runtime.watchdog import Watchdog


async def test_a_loop_that_does_not_turn_is_seen_from_outside() -> None:
    """A run that does not end would hang for ever; the other thread ends the process."""
    hung = threading.Event()
    turning = asyncio.create_task(Watchdog(hung.set, limit_s=0.05, look_s=0.01).turn())
    await asyncio.sleep(0)
    deadline = time.monotonic() + 10
    while not hung.is_set() and time.monotonic() < deadline:
        time.sleep(0.01)  # noqa: ASYNC251  # the hang itself
    turning.cancel()
    assert hung.is_set()


async def test_a_loop_that_turns_is_left_alone() -> None:
    """Also when it is busy for less than the limit."""
    hung = threading.Event()
    turning = asyncio.create_task(Watchdog(hung.set, limit_s=5.0, look_s=0.01).turn())
    for _ in range(20):
        await asyncio.sleep(0.01)
    turning.cancel()
    assert not hung.is_set()
