"""Seeing from another thread that the process no longer turns: a run that does not end would hang for ever.

A death is better than a hang: the supervisor starts a new process, and deaths at one record are counted.
"""

from __future__ import annotations

import asyncio
import faulthandler
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

HANG_LIMIT_S: Final = 60.0
"""Seconds without a turn of the event loop. The longest step at work takes about two."""
_LOOK_S: Final = 1.0


class Watchdog:
    """Calls ``on_hang`` from its own thread when the event loop has not turned for too long."""

    def __init__(self, on_hang: Callable[[], None], *, limit_s: float = HANG_LIMIT_S, look_s: float = _LOOK_S) -> None:
        self._on_hang = on_hang
        self._limit_s = limit_s
        self._look_s = look_s
        self._turned_at = time.monotonic()
        self._closed = threading.Event()

    async def turn(self) -> None:
        """Tell the thread again and again that the loop turns. For ever; start it as a task."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        try:
            while True:
                self._turned_at = time.monotonic()
                await asyncio.sleep(self._look_s)
        finally:
            self._closed.set()

    def _watch(self) -> None:
        late = False
        while not self._closed.wait(self._look_s):
            # Twice in a row: a process that was stopped and woken up gets the time to turn once.
            was_late, late = late, time.monotonic() - self._turned_at > self._limit_s
            if was_late and late:
                faulthandler.dump_traceback(sys.stderr)
                self._on_hang()
                return
