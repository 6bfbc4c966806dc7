"""The municipal log on a bus of its own: topics, reference data, then the import day by day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from lienthong.bus_setup import clients, prepare_bus
from lienthong_producers.domain.municipal_log import Day
from lienthong_producers.importer import Imported, MunicipalImport
from lienthong_schemas.reference_files import load_reference

REFERENCE_SET = "municipal"


async def prepare_municipal_bus(bootstrap: str, prefix: str) -> None:
    """Make the topics of an import under this prefix, and publish its reference data; what is there stays.

    Raises UnavailableError, CatalogueError, PublishError.
    """
    await prepare_bus(bootstrap, prefix, load_reference(REFERENCE_SET), known_from=None)


async def import_municipal_days(
    bootstrap: str,
    prefix: str,
    log: Sequence[Day],
    *,
    days_per_second: float = 0.0,
    after_day: Callable[[Day], None] | None = None,
) -> Imported:
    """Publish the days on a bus that is prepared; ``days_per_second`` 0 = as fast as it goes.

    Raises UnavailableError or PublishError; running it again then completes the import.
    """
    clock = asyncio.get_running_loop().time
    begun, done = clock(), 0

    async def pace(day: Day) -> None:
        nonlocal done
        done += 1
        if after_day is not None:
            after_day(day)
        if days_per_second:
            await asyncio.sleep(max(0.0, begun + done / days_per_second - clock()))

    async with clients(bootstrap, prefix) as (reader, publisher):
        return await MunicipalImport(publisher, reader).run(log, pace)
