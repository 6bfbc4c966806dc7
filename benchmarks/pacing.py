"""A steady rate: so many events a second, however long it takes to write each chunk of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

CHUNK_S: Final = 0.01
"""So often a chunk of events is due."""


async def at_rate(rate: int, seconds: float) -> AsyncIterator[int]:
    """How many events are due, whenever some are: ``rate`` a second, for so many seconds."""
    begin, told = time.perf_counter(), 0
    while (passed := time.perf_counter() - begin) < seconds:
        due = int(passed * rate) - told
        if due:
            told += due
            yield due
        await asyncio.sleep(CHUNK_S)
