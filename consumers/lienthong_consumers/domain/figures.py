"""What is counted of cases, from the current row alone: no clock is needed.

Ended means that the case states when it ended (``ended_at``); received, that it states when it was received, or has
ended. Official lateness is by the stated due time of the last state (design §5): ended late means both are stated and
the end is the later. The table of states is not asked (decision 0012), so that the figures are a function of the log
alone and a later version of reference data cannot move them; what waits, is paused or stopped is told by the statuses
written down here. What depends on time, such as being late and not ended, is counted from the rows when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from lienthong_consumers.domain.entry import CurrentRow
from lienthong_schemas.case_marks import SATISFIED_FROM
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant

PAUSED: Final[Mapping[str, frozenset[str]]] = {
    "dossier": frozenset("568"),
    "document": frozenset(("13",)),
    "task": frozenset(("suspended",)),
}
"""By kind of case, the statuses in which it waits for others. A test holds them against the national table."""
STOPPED: Final[Mapping[str, frozenset[str]]] = {
    "dossier": frozenset("3"),
    "field-report": frozenset(("rejected", "duplicate", "hidden")),
    "periodic-report": frozenset(("waived",)),
    "document": frozenset(("02", "15")),
    "task": frozenset(("declined", "cancelled")),
}
"""By kind of case, the statuses in which it is over without having been handled."""
AHEAD_OF_UTC: Final = 7 * 3_600 * MICROSECONDS_PER_SECOND
"""Việt Nam's time, which says to which day an instant belongs; it has no summer time."""
_DAY: Final = 24 * 3_600 * MICROSECONDS_PER_SECOND
_DIFFERENT: Final = 4_096
"""Different outcomes kept: standings times what is known of fee, papers, signature and rating."""
_NONE: Final[frozenset[str]] = frozenset()


class Figures(NamedTuple):
    """Cases of one cell, or a change of these numbers. The columns of ``total_part``."""

    waiting: int = 0
    """Known, and not yet received complete and valid."""
    declined: int = 0
    """Stopped before they were received."""
    received: int = 0
    """In process, paused, stopped and the four ended ones."""
    carried: int = 0
    """Of the received ones: brought in by an opening balance, received before the bus came."""
    in_process: int = 0
    paused: int = 0
    stopped: int = 0
    """Received, over by their status, and without a time of end: refused, a duplicate."""
    ended_early: int = 0
    """On a day before the stated due day."""
    ended_on_time: int = 0
    """On the stated due day, not after the stated due time."""
    ended_late: int = 0
    """After the stated due time."""
    ended_undated: int = 0
    """No due time is stated."""
    ended_late_by_day: int = 0
    """Of those that ended late: on a later day than the stated due day."""
    rated: int = 0
    satisfied: int = 0
    """Of the rated ones: rated 4 or 5."""
    fee_known: int = 0
    fee_online: int = 0
    digitise_known: int = 0
    digitised: int = 0
    signature_known: int = 0
    signed: int = 0
    """Of those whose signature is known: with a valid one."""
    repeated: int = 0
    """Reports that repeat another one."""

    @property
    def ended(self) -> int:
        """All that state an end."""
        return self.ended_early + self.ended_on_time + self.ended_late + self.ended_undated

    @property
    def open(self) -> int:
        """Received and without an end: received = ended + open."""
        return self.in_process + self.paused + self.stopped

    def plus(self, other: Figures) -> Figures:
        """The sum, number by number."""
        return Figures(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


ZERO: Final = Figures()
MEASURES: Final = Figures._fields
"""Names of the figures, in their order."""


class Cell(NamedTuple):
    """Whose figures: a base cell, of which every other total is a sum. The key of ``total_part``.

    The partition is in it so that two sinks never add to the same row, and the ledger can be compared partition by
    partition: a case has all its events in one.
    """

    kind: str
    partition: int
    office: str
    commune: str
    selector: str
    channel: str


class Unit(NamedTuple):
    """An office and a kind of case."""

    office: str
    kind: str


def cell_of(row: CurrentRow) -> Cell:
    """Where a case is counted: with the office that holds it."""
    return Cell(row.kind, row.partition, row.office, row.commune, row.selector, row.channel)


def unit_of(row: CurrentRow) -> Unit:
    """Who counts a case: the office that holds it."""
    return Unit(row.office, row.kind)


def standing_of(row: CurrentRow) -> tuple[str, ...]:
    """What a case counts as: the measures to which its times and its status add one."""
    if row.ended_at is not None:
        return _ended(row.ended_at, row.due_at)
    is_stopped = row.status in STOPPED.get(row.kind, _NONE)
    if row.received_at is None:
        return ("declined",) if is_stopped else ("waiting",)
    if is_stopped:
        return "received", "stopped"
    return "received", "paused" if row.status in PAUSED.get(row.kind, _NONE) else "in_process"


def _ended(ended: Instant, due: Instant | None) -> tuple[str, ...]:
    if due is None:
        return "received", "ended_undated"
    by_day = (ended + AHEAD_OF_UTC) // _DAY - (due + AHEAD_OF_UTC) // _DAY
    if ended > due:
        return ("received", "ended_late", "ended_late_by_day") if by_day > 0 else ("received", "ended_late")
    return "received", "ended_early" if by_day < 0 else "ended_on_time"


def figures_of(row: CurrentRow) -> Figures:
    """What one case counts as."""
    numbers = [0] * len(MEASURES)
    for place in _places_of(row):
        numbers[place] = 1
    return Figures(*numbers)


def _places_of(row: CurrentRow) -> tuple[int, ...]:
    """The same as the places of the figures that are one."""
    return _places(
        standing_of(row), row.carried, row.rating, row.fee_paid, row.digitised, row.signature, row.duplicate_of is None
    )


@lru_cache(maxsize=_DIFFERENT)
def _places(
    standing: tuple[str, ...],
    carried: bool,
    rating: int | None,
    *marks: str | bool | None,
) -> tuple[int, ...]:
    fee_paid, digitised, signature, is_first = marks
    is_received = "received" in standing
    holds = {
        "carried": carried and is_received,
        "rated": rating is not None,
        "satisfied": rating is not None and rating >= SATISFIED_FROM,
        "fee_known": fee_paid is not None,
        "fee_online": fee_paid == "online",
        "digitise_known": digitised is not None,
        "digitised": digitised is True,
        "signature_known": signature is not None,
        "signed": signature == "valid",
        "repeated": not is_first,
    }
    return tuple(place for place, name in enumerate(MEASURES) if name in standing or holds.get(name, False))


class Totals:
    """Changes of totals by cell."""

    def __init__(self) -> None:
        self._cells: dict[Cell, list[int]] = {}

    def move(self, before: CurrentRow | None, after: CurrentRow | None) -> None:
        """Count the real transition of one case from one current row to another."""
        if before is not None:
            self._add(cell_of(before), _places_of(before), -1)
        if after is not None:
            self._add(cell_of(after), _places_of(after), 1)

    def _add(self, cell: Cell, places: Sequence[int], count: int) -> None:
        numbers = self._cells.get(cell)
        if numbers is None:
            numbers = self._cells[cell] = [0] * len(MEASURES)
        for place in places:
            numbers[place] += count

    def changes(self) -> dict[Cell, Figures]:
        """What must be added to the totals, sorted by cell so that all writers lock rows in one order; a cell whose
        changes cancel out is left out."""
        return {cell: Figures(*self._cells[cell]) for cell in sorted(self._cells) if any(self._cells[cell])}


def totals_of(rows: Iterable[CurrentRow]) -> dict[Cell, Figures]:
    """The totals of a set of current rows, counted from nothing."""
    totals = Totals()
    for row in rows:
        totals.move(None, row)
    return totals.changes()


def by_unit(cells: Mapping[Cell, Figures]) -> dict[Unit, Figures]:
    """The figures of each office and kind; a unit that has nothing is left out."""
    units: dict[Unit, Figures] = {}
    for cell, figures in cells.items():
        unit = Unit(cell.office, cell.kind)
        units[unit] = units.get(unit, ZERO).plus(figures)
    return {unit: figures for unit, figures in units.items() if figures != ZERO}
