"""What one look at a bus from outside shows. Plain data, shared by the exporter and ``lienthong status``.

Two sources are looked at apart, so that one that is away takes nothing of the other with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from lienthong_infra.ports import TopicPartition
from lienthong_schemas.instants import Instant


class AppliedPosition(NamedTuple):
    """Where the owner of an input partition stands, by its own changelog."""

    next_offset: int
    """Next input offset: everything below it is applied and committed."""
    horizon: Instant
    """Time of the newest tick applied, microseconds UTC; 0 = none yet."""
    generation: int
    """How often the partition was taken over."""


class NewestTick(NamedTuple):
    """The newest tick on ``tick.v1``."""

    offset: int
    bus_time: Instant
    complete_through: Mapping[str, Instant]
    """By office, how far the ticker had heard of it."""


class OfficeSign(NamedTuple):
    """What was last heard of an office, over all its outboxes: the one that was silent longest decides."""

    last_heard: Instant
    """Append time of its last heartbeat, microseconds UTC, by the clock of the bus and not of the office."""
    complete_through: Instant
    pending: int
    """Events accepted by the office that the bus has not acknowledged."""

    def together(self, other: OfficeSign) -> OfficeSign:
        """The sign of two outboxes as one office."""
        return OfficeSign(
            min(self.last_heard, other.last_heard),
            min(self.complete_through, other.complete_through),
            self.pending + other.pending,
        )


class TotalsSign(NamedTuple):
    """What is seen of the processes that add up the live totals."""

    members: int
    """Processes in their group: one writes, the others stand by."""
    next_offset: int
    """Offset of ``totals-partial.v1`` below which everything stands on ``totals.v1``, as they last showed it."""


@dataclass(frozen=True, slots=True)
class BrokerSight:
    """One look at the broker."""

    seen_at: Instant
    ends: Mapping[TopicPartition, int]
    """Log ends of every topic of the catalogue that is no changelog."""
    data_ends: Mapping[TopicPartition, int]
    """Of the same partitions, the offset behind the last record that is there: control markers of transactions lie
    behind it, and nobody's position needs to pass those. An empty log has none."""
    applied: Mapping[TopicPartition, AppliedPosition]
    """By partition of a case topic; one that no worker ever owned is missing."""
    tick: NewestTick | None = None
    offices: Mapping[str, OfficeSign] = field(default_factory=dict)
    unreadable: Mapping[str, int] = field(default_factory=dict)
    """By topic, records that this process could not read since it started."""
    totals: TotalsSign | None = None
    """None: no process for the live totals has ever run on this bus, or none for weeks."""


class LedgerPosition(NamedTuple):
    """Where the ledger stands in one partition."""

    next_offset: int
    updated_known_at: Instant
    """Append time of the newest record applied, microseconds UTC; 0 = none yet."""


class Breaches(NamedTuple):
    """Breaches by whether the office had been heard up to the due time and its sequence has no hole."""

    firm: int = 0
    provisional: int = 0

    def plus(self, other: Breaches) -> Breaches:
        """The sum."""
        return Breaches(self.firm + other.firm, self.provisional + other.provisional)


class Letters(NamedTuple):
    """Dead letters of one topic by what has become of them."""

    open: int = 0
    replayed: int = 0
    waived: int = 0


class Comparisons(NamedTuple):
    """Of one case topic, how often ledger and deadline workers were found to have counted the same."""

    compared: int = 0
    """Offsets at which both had written their figures."""
    mismatches: int = 0
    """Those at which they differed, and nothing tells why."""
    set_aside: int = 0
    """Those at which they differed behind a record that the workers had put aside as a dead letter."""
    differing: int = 0
    """Partitions whose newest figures differ, and nothing tells why."""

    def plus(self, other: Comparisons) -> Comparisons:
        """The sum."""
        return Comparisons(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Published(NamedTuple):
    """How far the official totals are."""

    judged_at: Instant
    """The bus's time by which they were judged last, microseconds UTC; 0 = none were published yet."""
    unsent: int
    """Records of all publications that wait to be sent."""
    oldest_unsent: int = 0
    """The number of the one that has waited longest; 0 = none waits."""
    held: bool = False
    """Whether a process holds the right to publish; it may be frozen all the same."""

    @property
    def expected(self) -> bool:
        """Whether this bus publishes at all: it may do without."""
        return bool(self.held or self.judged_at)


NOT_PUBLISHED: Final = Published(0, 0)


@dataclass(frozen=True, slots=True)
class LedgerSight:
    """One look at the ledger; all of it from one snapshot of the database."""

    seen_at: Instant
    positions: Mapping[TopicPartition, LedgerPosition]
    breaches: Mapping[str, Breaches]
    """By office: breaches that hold, of cases that are open or ended."""
    overdue: Mapping[str, Breaches]
    """By commune: cases with a breach that holds and that are still open."""
    letters: Mapping[str, Letters]
    """By topic of the record that became a letter."""
    problems: Mapping[str, int]
    """Open problems of sequences: ``gap``, ``conflict``, ``held``."""
    findings: Mapping[str, int]
    """By code, findings that were raised and not withdrawn."""
    comparisons: Mapping[str, Comparisons] = field(default_factory=dict)
    """By case topic."""
    compared_below: Mapping[TopicPartition, int] = field(default_factory=dict)
    """By partition of a case topic, the newest offset at which both had counted; where comparing began, as long as
    there is none."""
    published: Published = NOT_PUBLISHED
