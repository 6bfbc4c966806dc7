"""Sources for the exporter that do what a test says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

from lienthong_consumers.exporter.sightings import Breaches, LedgerPosition, LedgerSight, Letters
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.instants import Instant

Sight = TypeVar("Sight")


class StagedWatch(Generic[Sight]):
    """Shows what ``show`` makes of the time, or raises what it raises."""

    def __init__(self, show: Callable[[Instant], Sight]) -> None:
        self.show = show
        self.opened = 0
        self.closed = 0

    def opener(self) -> Callable[[], Awaitable[StagedWatch[Sight]]]:
        """Opens this same watch each time."""

        async def open_watch() -> StagedWatch[Sight]:
            self.opened += 1
            return self

        return open_watch

    async def look(self, now: Instant) -> Sight:
        """What is there now."""
        return self.show(now)

    async def close(self) -> None:
        """Count it."""
        self.closed += 1


def ledger_sight(
    seen_at: Instant = 0,
    *,
    positions: Mapping[TopicPartition, int] | None = None,
    breaches: Mapping[str, Breaches] | None = None,
    overdue: Mapping[str, Breaches] | None = None,
    letters: Mapping[str, Letters] | None = None,
) -> LedgerSight:
    """A look at a ledger, empty but for what is given."""
    return LedgerSight(
        seen_at=seen_at,
        positions={each: LedgerPosition(offset, seen_at) for each, offset in (positions or {}).items()},
        breaches=breaches or {},
        overdue=overdue or {},
        letters=letters or {},
        problems={"gap": 0, "conflict": 0, "held": 0},
        findings={},
    )
