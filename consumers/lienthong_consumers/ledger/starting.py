"""The start of the ledger's processes: a server may be away for a while, and the order to stop may come meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from lienthong_consumers.ledger.database import connect
from lienthong_consumers.ledger.migrate import Migrated, migrate

T = TypeVar("T")


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T | None:
    """What the work returns; None: it was cut short by the order to stop. What it raises is raised."""
    working, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        stopped.cancel()
        working.cancel()
        await asyncio.wait({working})


async def brought_up(dsn: str, prefix: str) -> Migrated:
    """Wait for the database, then bring the tables to the newest step.

    The wait can be cancelled; a thread, in which the tables are made, could not. Raises as ``migrate`` does.
    """
    await (await connect(dsn, prefix)).close()
    return await asyncio.to_thread(migrate, dsn, prefix)
