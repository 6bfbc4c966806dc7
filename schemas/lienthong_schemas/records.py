"""The bus's own records, as frozen tuples: ticks, heartbeats, reference records, clock events, findings.

Field names and order are those of the Avro schemas (a test holds them together); instants are microseconds UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from lienthong_schemas.instants import Instant

FIRM: Final = "firm"
PROVISIONAL_SILENCE: Final = "provisional-silence"
"""The responsible office has not been heard up to the due time."""
PROVISIONAL_HOLE: Final = "provisional-hole"
"""An event of the case is missing in the sequence."""

CLOCK_EVENT_KINDS: Final = (
    "started",
    "paused",
    "resumed",
    "restarted",
    "extended",
    "due-changed",
    "warned",
    "breached",
    "confirmed",
    "escalated",
    "met",
    "met-late",
    "stopped",
    "cleared",
)
ANNOUNCEMENT_KINDS: Final = frozenset(("confirmed", "cleared"))
"""Kinds that tell how knowledge went; they are history and no part of the settled result."""


class Heartbeat(NamedTuple):
    """An office's sign of life; see ``heartbeat.v1``."""

    office: str
    sender: str
    sent_at: Instant
    complete_through: Instant
    accepted: int
    pending: int


class Tick(NamedTuple):
    """The bus's time as a barrier; see ``tick.v1``. ``case_ends`` is keyed by ``topic/partition`` without prefix."""

    bus_time: Instant
    case_ends: Mapping[str, int]
    reference_end: int
    complete_through: Mapping[str, Instant]


class ReferenceRecord(NamedTuple):
    """One version of one piece of reference data; see ``reference.v1``. ``body`` is JSON text."""

    record_id: str
    kind: str
    key: str
    version: int
    valid_from: Instant
    known_from: Instant
    body: str


class ClockEvent(NamedTuple):
    """What a clock did; see ``clock-event.v2``."""

    event_id: str
    settled_key: str
    case_id: str
    clock: str
    episode: int
    kind: str
    level: str
    cause: str
    refers_to: str | None
    firmness: str
    happened_at: Instant
    announced_at: Instant
    stated_due_at: Instant | None
    due_at: Instant | None
    office: str
    commune: str
    selector: str
    used_seconds: int
    paused_seconds: int
    policy: str
    reference_end: int
    source_topic: str
    source_partition: int
    source_offset: int
    regulated_seconds: int | None = None
    used_percent: int | None = None


class Finding(NamedTuple):
    """Something wrong in the data that is kept and flagged; see ``finding.v1``."""

    event_id: str
    settled_key: str
    case_id: str
    code: str
    kind: str
    refers_to: str | None
    cause: str
    detail: str
    announced_at: Instant
    office: str
    commune: str
    source_topic: str
    source_partition: int
    source_offset: int


def partition_key(topic: str, partition: int) -> str:
    """How a tick names a partition of a topic (without prefix): ``dossier.v1/3``."""
    return f"{topic}/{partition}"


def heartbeat(record: Mapping[str, Any]) -> Heartbeat:
    """A decoded record of ``heartbeat.v1``."""
    return Heartbeat(**record)


def tick(record: Mapping[str, Any]) -> Tick:
    """A decoded record of ``tick.v1``."""
    return Tick(**record)


def reference_record(record: Mapping[str, Any]) -> ReferenceRecord:
    """A decoded record of ``reference.v1``."""
    return ReferenceRecord(**record)


def clock_event(record: Mapping[str, Any]) -> ClockEvent:
    """A decoded record of ``sla.v1``."""
    return ClockEvent(**record)


def finding(record: Mapping[str, Any]) -> Finding:
    """A decoded record of ``quality.v1``."""
    return Finding(**record)
