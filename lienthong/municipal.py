"""The municipal log on a bus of its own: topics, reference data, then the import day by day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.reference_log import apply_reference
from lienthong_producers.domain.municipal_log import Day
from lienthong_producers.importer import Imported, MunicipalImport
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.reference_files import load_reference, schema_entries

REFERENCE_SET = "municipal"


async def prepare_municipal_bus(bootstrap: str, prefix: str) -> None:
    """Make the topics of an import under this prefix, and publish its reference data; what is there stays.

    Raises UnavailableError, CatalogueError, PublishError.
    """
    catalogue = load_catalogue()
    async with KafkaAdmin(bootstrap, prefix) as admin:
        await admin.apply(catalogue, imported=True)
    reader, publisher = KafkaReader(bootstrap, prefix), KafkaPublisher(bootstrap, prefix)
    try:
        entries = [*load_reference(REFERENCE_SET), *schema_entries(catalogue)]
        await apply_reference(reader, publisher, entries, known_from=None)
    finally:
        await publisher.close()
        await reader.close()


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

    reader, publisher = KafkaReader(bootstrap, prefix), KafkaPublisher(bootstrap, prefix)
    try:
        return await MunicipalImport(publisher, reader).run(log, pace)
    finally:
        await publisher.close()
        await reader.close()
