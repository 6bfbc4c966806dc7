"""What a bus needs before anything happens on it: its topics, its reference data, the schemas."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.reference_log import apply_reference
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.instants import Instant
from lienthong_schemas.reference_files import Entry, schema_entries


@asynccontextmanager
async def clients(bootstrap: str, prefix: str) -> AsyncIterator[tuple[KafkaReader, KafkaPublisher]]:
    """A reader and a publisher of a bus, closed at the end."""
    reader, publisher = KafkaReader(bootstrap, prefix), KafkaPublisher(bootstrap, prefix)
    try:
        yield reader, publisher
    finally:
        await publisher.close()
        await reader.close()


async def prepare_bus(bootstrap: str, prefix: str, entries: Iterable[Entry], *, known_from: Instant | None) -> None:
    """Make the topics under this prefix, and publish reference data and schemas; what is there stays.

    ``known_from``: since when a live bus knows them; None on one that takes an import, whose own time counts.
    Raises UnavailableError, CatalogueError, PublishError.
    """
    catalogue = load_catalogue()
    async with KafkaAdmin(bootstrap, prefix) as admin:
        await admin.apply(catalogue, imported=known_from is None)
    async with clients(bootstrap, prefix) as (reader, publisher):
        await apply_reference(reader, publisher, [*entries, *schema_entries(catalogue)], known_from=known_from)
