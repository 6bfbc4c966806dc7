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


_new = tuple.__new__
"""Makes a named tuple of its fields in their order, in a fraction of the time that it takes to call it by its name."""


def announcement(book: SchemaBook, case_id: str, last: Known, emission: Emission, origin: Origin) -> OutboundRecord:
    """The record that says an emission. ``last`` is the case's newest event: who holds it now."""
    parts = emission.settled_key.split("|")
    if parts[1] == "finding":
        topic, value = FINDINGS, book.encode(FINDINGS, _finding(parts, last, emission, origin))
    else:
        topic, value = CLOCK_EVENTS, book.encode(CLOCK_EVENTS, _clock_event(parts, last, emission, origin))
    return _new(OutboundRecord, (topic, case_id.encode(), value, (), None, None))


def _clock_event(parts: list[str], last: Known, emission: Emission, origin: Origin) -> ClockEvent:
    case_id, clock, episode, kind, level, cause = parts
    topic, partition = origin.source
    fact = emission.content if isinstance(emission.content, Fact) else _gone(last, origin)
    # fmt: off
    return _new(ClockEvent, (
        emission.event_id, emission.settled_key, case_id, clock, int(episode),
        _KIND_OF_WITHDRAWAL.get(emission.kind, kind), level, cause, emission.refers_to, emission.firmness,
        fact.happened_at, origin.announced_at, fact.stated_due_at, fact.due_at, fact.office, fact.commune,
        fact.selector, fact.used_seconds, fact.paused_seconds, fact.policy, origin.reference_end,
        topic, partition, origin.next_offset, fact.regulated_seconds, fact.used_percent,
    ))
    # fmt: on


def _gone(last: Known, origin: Origin) -> Fact:
    """What is said of a fact that holds no longer."""
    holder = last.event
    return Fact(
        clock="",
        episode=0,
        kind="",
        cause="",
        happened_at=origin.announced_at,
        firmness="",
        stated_due_at=holder.due_at,
        due_at=None,
        office=holder.office,
        commune=holder.commune,
        selector=holder.selector,
        used=0,
        paused=0,
        policy="",
    )


def _finding(parts: list[str], last: Known, emission: Emission, origin: Origin) -> Finding:
    case_id, _, code, cause = parts
    topic, partition = origin.source
    remark = emission.content
    if not isinstance(remark, Remark):
        remark = Remark(code, cause, "no longer so", last.event.office, last.event.commune)
    # fmt: off
    return _new(Finding, (
        emission.event_id, emission.settled_key, case_id, code, "raised" if emission.kind == "said" else "withdrawn",
        emission.refers_to, cause, remark.detail, origin.announced_at, remark.office, remark.commune,
        topic, partition, origin.next_offset,
    ))
    # fmt: on
