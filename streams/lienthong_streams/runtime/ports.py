"""The port between a host and what it hosts: a processor of one input partition.

A host takes a partition over, gives the processor its changelog, then runs of records; what a run returns it commits
in one transaction: outputs, changes, and the position as the last change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from lienthong_infra.ports import OutboundRecord, Record, TopicPartition
from lienthong_schemas.instants import Instant


@dataclass(frozen=True, slots=True)
class Effects:
    """What one run wants committed, all or nothing."""

    outputs: tuple[OutboundRecord, ...]
    """Records to write; the key decides the partition."""
    changes: tuple[tuple[bytes, bytes | None], ...]
    """Changes for the changelog; the position is always the last."""
    urgent: bool
    """False: only the position of an idle partition moved; the host may delay or drop it."""
    unfinished: bool = False
    """More is to be done than one run may take; the host runs it again soon, also without records or ticks."""


class PartitionProcessor(Protocol):
    """Processes one partition; synchronous, without a client."""

    @property
    def position(self) -> int:
        """Next input offset."""
        ...

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the changelog, oldest first."""
        ...

    def restored(self) -> None:
        """All of the changelog was given: build what is derived from it."""
        ...

    def run(self, records: Sequence[Record], *, now: Instant) -> Effects:
        """Take records that begin exactly at the position; moves it. It may stop early: the position tells."""
        ...

    def skip_hole(self, offset: int) -> None:
        """The log itself has no record from the position to ``offset``."""
        ...

    def set_aside(self, record: Record, *, deaths: int, now: Instant) -> Effects:
        """Write the dead letter of the record at the position, which ended the process ``deaths`` times; move on."""
        ...


ProcessorFactory = Callable[[TopicPartition], PartitionProcessor]
"""Makes the processor of a partition that was just assigned."""


class BarrierSink(Protocol):
    """Takes the records of the tick topic and of the reference topic; never raises over a wrong one."""

    def add_tick(self, record: Record) -> None:
        """Take one record of the tick topic."""
        ...

    def add_reference(self, record: Record) -> None:
        """Take one record of the reference topic."""
        ...

    def set_reference_position(self, next_offset: int) -> None:
        """The reference topic has been read up to here."""
        ...


@dataclass(frozen=True, slots=True)
class Advance:
    """What one step did."""

    taken: int = 0
    """Records taken, dead letters included."""
    outputs: tuple[str, ...] = ()
    """Topics of the outputs that were committed."""
    committed: bool = False
    seek_to: int | None = None
    """Fetch from here: what was fetched does not begin at the position, or was not taken to its end."""
    jumped: bool = False
    hole: int = 0
    """Offsets passed over because the log itself has no records there."""
    waiting: bool = False
    """The processor stopped early: something that it needs is not there yet."""
    set_aside: int = 0
    """Records set aside because they brought the worker down again and again."""
    kept_back: bool = False
    """Something that is not urgent was not committed: another step must come, also without news."""
    unfinished: bool = False
    """The processor has more to do than it may in one run: the next step must come soon, also without news."""


class HostObserver(Protocol):
    """Hears what a host does, for metrics. Must return at once and never raise."""

    def taken_over(self, source: TopicPartition, position: int) -> None:
        """The partition is ours and restored."""
        ...

    def advanced(self, source: TopicPartition, step: Advance, position: int, position_value: bytes) -> None:
        """A step was done; ``position_value`` is that of the last committed position record, or empty."""
        ...

    def released(self, source: TopicPartition) -> None:
        """The partition is ours no longer."""
        ...
