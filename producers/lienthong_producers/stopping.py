"""Work that goes on until somebody orders it to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress


async def until_stopped(work: Coroutine[object, object, None], stop: asyncio.Event, *, grace: float) -> None:
    """Do the work until it ends, or until ``grace`` seconds after ``stop`` was set; then it is cancelled.

    What the work raises is raised.
    """
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await asyncio.wait({working}, timeout=grace)
    finally:
        stopping.cancel()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
