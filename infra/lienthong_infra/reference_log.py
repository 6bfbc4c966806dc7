"""The reference topic over the ports: read it whole, publish what is new. One partition, never shortened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from lienthong_infra.ports import OutboundRecord, Publisher, Reader, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import CatalogueError, DecodeError
from lienthong_schemas.instants import Instant, milliseconds_of
from lienthong_schemas.records import ReferenceRecord, reference_record
from lienthong_schemas.reference_files import Entry
from lienthong_schemas.reference_plan import reference_plan

REFERENCE: Final = TopicPartition("reference.v1", 0)


class ReferenceLog(NamedTuple):
    """What the reference topic holds: its records, oldest first, and its end."""

    records: tuple[ReferenceRecord, ...]
    end: int
    unreadable: tuple[int, ...] = ()
    """Offsets of records that no schema known here can read."""


async def read_reference(reader: Reader, book: SchemaBook | None = None) -> ReferenceLog:
    """Read the reference topic to the end it has now; the reader is assigned to it alone.

    Raises UnknownTopic or UnavailableError.
    """
    book = SchemaBook() if book is None else book
    records: list[ReferenceRecord] = []
    unreadable: list[int] = []
    end = (await reader.ends([REFERENCE]))[REFERENCE]
    async for record in read_to_end(reader, REFERENCE):
        if record.offset >= end:
            break
        try:
            records.append(reference_record(book.decode(REFERENCE.topic, record.value or b"")))
        except DecodeError:
            unreadable.append(record.offset)
    return ReferenceLog(tuple(records), end, tuple(unreadable))


async def publish_reference(publisher: Publisher, records: Sequence[ReferenceRecord], *, imported: bool = False) -> int:
    """Publish records in their order; in an import each bears its own ``known_from`` as the record's time.

    Returns how many. Raises PublishError or UnavailableError, after which some may be published: plan again then.
    """
    book = SchemaBook()
    outbound = [
        OutboundRecord(
            REFERENCE.topic,
            f"{record.kind}/{record.key}".encode(),
            book.encode(REFERENCE.topic, record._asdict()),
            timestamp=milliseconds_of(record.known_from) if imported else None,
        )
        for record in records
    ]
    await publisher.publish(outbound)
    return len(outbound)


async def apply_reference(
    reader: Reader, publisher: Publisher, entries: Sequence[Entry], *, known_from: Instant | None
) -> list[ReferenceRecord]:
    """Publish what the topic does not hold yet; returns it. ``known_from`` None = as each applied, for an import.

    Raises CatalogueError, with nothing published, where an entry contradicts what was published before.
    """
    plan = reference_plan(entries, (await read_reference(reader)).records)
    if plan.problems:
        raise CatalogueError(plan.problems)
    records = [entry.record(known_from) for entry in plan.new]
    if records:
        await publish_reference(publisher, records, imported=known_from is None)
    return records
