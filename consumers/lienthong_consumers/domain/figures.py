"""What is counted per office and kind of case, from the current row alone: no clock is needed.

Ended means that the case states when it ended (``ended_at``); the table of states is not asked, so that the figures
are a function of the log alone and a later version of reference data cannot move them. Official lateness is by the
stated due time of the last state (design §5): ended late means both are stated and the end is the later.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from lienthong_consumers.domain.entry import CurrentRow


class Figures(NamedTuple):
    """Cases of one office and kind, or a change of these numbers."""

    waiting: int = 0
    """Known, but not yet received complete and valid."""
    received: int = 0
    ended: int = 0
    ended_late: int = 0
    open: int = 0
    """Received and not ended: received = ended + open."""

    def plus(self, other: Figures) -> Figures:
        """The sum, number by number."""
        return Figures(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))

    def minus(self, other: Figures) -> Figures:
        """The difference, number by number."""
        return Figures(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


ZERO = Figures()
_WAITING = Figures(waiting=1)
_OPEN = Figures(received=1, open=1)
_ENDED = Figures(received=1, ended=1)
_ENDED_LATE = Figures(received=1, ended=1, ended_late=1)


class Unit(NamedTuple):
    """Whose figures: an office and a kind of case."""

    office: str
    kind: str


def figures_of(row: CurrentRow) -> Figures:
    """What one case counts as."""
    if row.ended_at is None:
        return _WAITING if row.received_at is None else _OPEN
    if row.due_at is not None and row.ended_at > row.due_at:
        return _ENDED_LATE
    return _ENDED


def unit_of(row: CurrentRow) -> Unit:
    """Who counts a case: the office that holds it."""
    return Unit(row.office, row.kind)


class Part(NamedTuple):
    """The share of a unit's figures that lies in one partition: a case has all its events in one."""

    partition: int
    unit: Unit


class Totals(dict[Part, Figures]):
    """Changes of totals by part; a part whose changes cancel out is left out of ``changes``."""

    def move(self, partition: int, before: CurrentRow | None, after: CurrentRow | None) -> None:
        """Count the real transition of one case, which lies in a partition, from one current row to another."""
        if before is not None:
            part = Part(partition, unit_of(before))
            self[part] = self.get(part, ZERO).minus(figures_of(before))
        if after is not None:
            part = Part(partition, unit_of(after))
            self[part] = self.get(part, ZERO).plus(figures_of(after))

    def changes(self) -> dict[Part, Figures]:
        """What must be added to the totals, sorted by part so that all writers lock rows in one order."""
        return {part: self[part] for part in sorted(self) if self[part] != ZERO}


def totals_of(rows: Iterable[CurrentRow]) -> dict[Unit, Figures]:
    """The totals of a set of current rows, counted from nothing."""
    totals = Totals()
    for row in rows:
        totals.move(0, None, row)
    return {part.unit: figures for part, figures in totals.changes().items()}
