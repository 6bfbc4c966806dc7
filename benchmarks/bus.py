"""A bus of its own for a benchmark: topics under a new prefix, reference data, and their removal."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from benchmarks.feed import arrivals, province
from lienthong.simulation import national_entries, publish_simulation
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.reference_log import apply_reference
from lienthong_producers.domain.simulation.reference_data import reference_entries
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.reference_files import Entry

POLICY = "clock-policy"
"""The kind of reference records without which clocks count by the stated due time alone."""


@asynccontextmanager
async def bus(bootstrap: str, entries: Iterable[Entry], *, imported: bool) -> AsyncIterator[str]:
    """A prefix with topics and this reference data; everything is removed at the end.

    ``imported``: the log keeps the writer's time, as an import needs it; else it takes the broker's.
    """
    prefix = f"bench-{uuid.uuid4().hex[:8]}"
    async with KafkaAdmin(bootstrap, prefix) as admin:
        await admin.apply(load_catalogue(), imported=imported)
        reader, publisher = KafkaReader(bootstrap, prefix), KafkaPublisher(bootstrap, prefix)
        try:
            await apply_reference(reader, publisher, list(entries), known_from=None)
            yield prefix
        finally:
            await publisher.close()
            await reader.close()
            await admin.delete([*await admin.describe()])


def province_entries(events: int, *, policies: bool = True) -> list[Entry]:
    """The reference data of the province that sends so many events, with or without its clock policies."""
    entries = [*national_entries(), *reference_entries(province(events).province)]
    return [entry for entry in entries if policies or entry.kind != POLICY]


async def publish_province(bootstrap: str, prefix: str, events: int) -> None:
    """Publish the dossiers of the province and its ticks, in its own time."""
    done = await publish_simulation(bootstrap, prefix, arrivals(events))
    if done.events != events:
        raise SystemExit(f"{done.events} events are on the bus instead of {events}")
