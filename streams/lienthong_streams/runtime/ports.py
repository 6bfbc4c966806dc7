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


ProcessorFactory = Callable[[TopicPartition], PartitionProcessor]
"""Makes the processor of a partition that was just assigned."""
