"""What a batch of records brings, sorted by the tables it goes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from lienthong_consumers.domain.entry import Entry
from lienthong_infra.dead_letter import Letter
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_schemas.checksums import Checksum
from lienthong_schemas.instants import Instant
from lienthong_schemas.records import ClockEvent, Finding, ReferenceRecord, Tick


class Move(NamedTuple):
    """A partition's position goes from the offset that was stored to the next one; ``known_at`` of its last record."""

    read_from: int
    next_offset: int
    known_at: Instant


class KnownClockEvent(NamedTuple):
    """A clock event, where it lay and when the log took it."""

    event: ClockEvent
    source: TopicPartition
    known_at: Instant


class KnownFinding(NamedTuple):
    """A finding, where it lay and when the log took it."""

    event: Finding
    source: TopicPartition
    known_at: Instant


class KnownReference(NamedTuple):
    """A record of reference data, where it lay and when the log took it."""

    record: ReferenceRecord
    source: TopicPartition
    offset: int
    known_at: Instant


class KnownLetter(NamedTuple):
    """A dead letter, whose it is as far as that can be read, where it lay and when the log took it."""

    letter: Letter
    office: str
    source: TopicPartition
    known_at: Instant


class KnownChecksum(NamedTuple):
    """What the deadline workers have counted, where it lay and when the log took it."""

    checksum: Checksum
    source: TopicPartition
    offset: int
    known_at: Instant


@dataclass(slots=True)
class Batch:
    """Everything that one transaction will hold."""

    moves: dict[TopicPartition, Move] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    clock_events: list[KnownClockEvent] = field(default_factory=list)
    findings: list[KnownFinding] = field(default_factory=list)
    references: list[KnownReference] = field(default_factory=list)
    letters: list[KnownLetter] = field(default_factory=list)
    checksums: list[KnownChecksum] = field(default_factory=list)
    passed: dict[TopicPartition, int] = field(default_factory=dict)
    """Boundaries of checksums in a hole of the log: all records below them were taken before this batch."""
    reached: dict[TopicPartition, int] = field(default_factory=dict)
    """Boundaries of checksums at which this batch ends."""
    tick: Tick | None = None
    """The newest tick: what time it is on the bus, and how far each office was heard."""
    refused: list[OutboundRecord] = field(default_factory=list)
    """Dead letters that must be acknowledged before the transaction begins."""
    taken: Counter[TopicPartition] = field(default_factory=Counter)
    """Records that go into tables, by partition."""
    refusals: Counter[TopicPartition] = field(default_factory=Counter)
    """Records that became dead letters, by partition."""


@dataclass(slots=True)
class Applied:
    """What one transaction changed."""

    fresh: Counter[TopicPartition] = field(default_factory=Counter)
    """Records that were new, by partition; the rest of the taken ones were duplicates."""
    gaps: int = 0
    conflicts: int = 0
    held: int = 0
    corrections: int = 0
