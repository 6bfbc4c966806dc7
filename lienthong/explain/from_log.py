"""The material of an explanation from the log alone: the case's events, rules, announcements, the last tick."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Final

from lienthong.explain.material import Material
from lienthong_infra.append_time import known_at
from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import Reader, Record, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_infra.reference_log import read_reference
from lienthong_schemas.case_event import read_case_event
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import ContractError
from lienthong_schemas.identity import CaseId
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import ClockEvent, ReferenceRecord, clock_event
from lienthong_streams.domain.timeline import Known

_CLOCK_EVENTS: Final = "sla.v1"
_TICKS: Final = TopicPartition("tick.v1", 0)


async def read_log(reader: Reader, identity: CaseId) -> Material:
    """Read the case's partitions from their beginning. Raises UnknownTopic or UnavailableError."""
    book, case_id = SchemaBook(), str(identity)
    references = (await read_reference(reader, book)).records
    _learn(book, references)
    history: list[Known] = []
    topic = f"{identity.kind}.v1"
    for record in await _records(reader, topic, case_id):
        with suppress(ContractError):  # a dead letter: it has no say anywhere
            event, _ = read_case_event(book, topic, record.key, record.value or b"")
            history.append(Known(event, known_at(record)))
    announced: list[ClockEvent] = []
    for record in await _records(reader, _CLOCK_EVENTS, case_id) if history else ():
        with suppress(ContractError):
            announced.append(clock_event(book.decode(_CLOCK_EVENTS, record.value or b"")))
    return Material("log", history, references, announced, await _ticked_at(reader), f"the log of {topic}")


def _learn(book: SchemaBook, references: tuple[ReferenceRecord, ...]) -> None:
    """Make published schemas known; a broken one is passed over: what was written with it is a dead letter."""
    for one in references:
        if one.kind == "schema":
            with suppress(Exception):  # whatever a broken schema raises in the Avro library
                book.learn(one.key.split("@", 1)[0], json.loads(one.body))


async def _records(reader: Reader, topic: str, case_id: str) -> list[Record]:
    """All records of a case on a topic, in their order."""
    key = case_id.encode()
    place = TopicPartition(topic, partition_of(key, await reader.partitions(topic)))
    return [record async for record in read_to_end(reader, place) if record.key == key]


async def _ticked_at(reader: Reader) -> Instant | None:
    end = (await reader.ends([_TICKS]))[_TICKS]
    found = None
    async for record in read_to_end(reader, _TICKS, start=max(0, end - 1)):
        found = known_at(record)
    return found
