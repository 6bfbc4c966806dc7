"""From what the engine says to records on ``sla.v1`` and ``quality.v1``."""

from __future__ import annotations

from typing import Final, NamedTuple

from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import ClockEvent, Finding
from lienthong_streams.domain.announcements import Emission
from lienthong_streams.domain.facts import Fact, Remark
from lienthong_streams.domain.timeline import Known

CLOCK_EVENTS: Final = "sla.v1"
FINDINGS: Final = "quality.v1"

_KIND_OF_WITHDRAWAL: Final = {"withdrawn": "cleared", "confirmed": "confirmed"}


class Origin(NamedTuple):
    """Where an announcement comes from: the input position, the bus's time, how far the reference data was read."""

    source: TopicPartition
    next_offset: int
    announced_at: Instant
    reference_end: int


def announcement(book: SchemaBook, case_id: str, last: Known, emission: Emission, origin: Origin) -> OutboundRecord:
    """The record that says an emission. ``last`` is the case's newest event: who holds it now."""
    parts = emission.settled_key.split("|")
    if parts[1] == "finding":
        value = book.encode(FINDINGS, _finding(case_id, last, emission, origin))
        return OutboundRecord(FINDINGS, case_id.encode(), value)
    value = book.encode(CLOCK_EVENTS, _clock_event(case_id, last, emission, origin))
    return OutboundRecord(CLOCK_EVENTS, case_id.encode(), value)


def _clock_event(case_id: str, last: Known, emission: Emission, origin: Origin) -> ClockEvent:
    _, clock, episode, kind, level, cause = emission.settled_key.split("|")
    fact = emission.content if isinstance(emission.content, Fact) else None
    holder = last.event
    return ClockEvent(
        event_id=emission.event_id,
        settled_key=emission.settled_key,
        case_id=case_id,
        clock=clock,
        episode=int(episode),
        kind=_KIND_OF_WITHDRAWAL.get(emission.kind, kind),
        level=level,
        cause=cause,
        refers_to=emission.refers_to,
        firmness=emission.firmness,
        happened_at=origin.announced_at if fact is None else fact.happened_at,
        announced_at=origin.announced_at,
        stated_due_at=holder.due_at if fact is None else fact.stated_due_at,
        due_at=None if fact is None else fact.due_at,
        office=holder.office if fact is None else fact.office,
        commune=holder.commune if fact is None else fact.commune,
        selector=holder.selector if fact is None else fact.selector,
        used_seconds=0 if fact is None else fact.used_seconds,
        paused_seconds=0 if fact is None else fact.paused_seconds,
        policy="" if fact is None else fact.policy,
        reference_end=origin.reference_end,
        source_topic=origin.source.topic,
        source_partition=origin.source.partition,
        source_offset=origin.next_offset,
        regulated_seconds=None if fact is None else fact.regulated_seconds,
        used_percent=None if fact is None else fact.used_percent,
    )


def _finding(case_id: str, last: Known, emission: Emission, origin: Origin) -> Finding:
    _, _, code, cause = emission.settled_key.split("|")
    remark = emission.content if isinstance(emission.content, Remark) else None
    return Finding(
        event_id=emission.event_id,
        settled_key=emission.settled_key,
        case_id=case_id,
        code=code,
        kind="raised" if emission.kind == "said" else "withdrawn",
        refers_to=emission.refers_to,
        cause=cause,
        detail="no longer so" if remark is None else remark.detail,
        announced_at=origin.announced_at,
        office=last.event.office if remark is None else remark.office,
        commune=last.event.commune if remark is None else remark.commune,
        source_topic=origin.source.topic,
        source_partition=origin.source.partition,
        source_offset=origin.next_offset,
    )
