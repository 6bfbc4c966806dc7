"""Live figures: what each case counts as, and how many cases of each cell count as what.

A case counts as exactly one outcome, a function of its last event that applies and of its processing clock, so the
figures of a partition are a function of its cases, however they came about. What is counted follows the ledger:
received and ended are what the case states, late is what ended after the stated due time of the last state (design §5,
decision 0012).

A cell is a commune, an office and a selector. The outcome is one small number, so that a case's state can keep it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from lienthong_schemas.calendar_table import HOUR
from lienthong_schemas.case_event import CaseEvent
from lienthong_schemas.instants import Instant
from lienthong_schemas.partial_totals import MEASURES, SHARE_BOUNDS

AHEAD_OF_UTC: Final = 7 * HOUR
"""Việt Nam's time; it has no summer time."""
_DAY: Final = 24 * HOUR

_SHARES: Final = len(SHARE_BOUNDS) + 2
"""No share, one for each bound, and above them all."""
_VERDICTS_OPEN: Final = ("pending_in_time", "pending_late", "pending_provisional", "pending_undated")
_VERDICTS_ENDED: Final = ("ended_early", "ended_on_time", "ended_late", "ended_undated")
IN_TIME, LATE, PROVISIONAL, OPEN_UNDATED = range(4)
EARLY, ON_TIME, ENDED_LATE, ENDED_UNDATED = range(4)
WAITING, IN_PROCESS, PAUSED, HANDLED, STOPPED = 0, 1, 5, 9, 13
"""Numbers of standings; to all but the first a verdict is added. Outcomes are kept in states: these never change."""
_STANDINGS: Final = (
    ("waiting",),
    *(("received", "in_process", verdict) for verdict in _VERDICTS_OPEN),
    *(("received", "paused", verdict) for verdict in _VERDICTS_OPEN),
    *(("received", verdict) for verdict in _VERDICTS_ENDED),
    *(("received", verdict, "stopped") for verdict in _VERDICTS_ENDED),
)
"""What a case counts as, by number: the measures to which it adds one."""
_ROOM: Final = 32
"""Standings that an outcome has room for."""


class Cell(NamedTuple):
    """Whose figures: a unit and what its cases are about."""

    commune: str
    office: str
    selector: str


class Contribution(NamedTuple):
    """What one case adds: its cell, and its outcome as a number; ``measures_of`` takes it apart."""

    cell: Cell
    outcome: int


class ClockView(NamedTuple):
    """What the figures look at of a case's processing clock; its last episode, where it has several."""

    state: str
    """running, paused, ended or stopped; empty where no clock runs."""
    dated: bool
    """Whether there is a due time that counts."""
    breached: bool
    certain: bool
    """No event is missing, and where the breach is one by absence the office was heard up to the due time."""
    breaches: int
    """Breaches that hold, those of all episodes."""
    used: int = 0
    """Microseconds that the clock had run; asked only of an ended one."""
    regulated: int = 0
    """Microseconds that it might have run."""


NO_CLOCK: Final = ClockView("", dated=False, breached=False, certain=True, breaches=0)


def contribution(
    last: CaseEvent, clock: ClockView, *, carried: bool, before: Contribution | None = None
) -> Contribution:
    """What a case counts as. ``last``: its newest event that applies. ``carried``: an opening balance brought it in.

    ``before``, what it counted as before, is given back where nothing has changed: most events change nothing here.
    """
    ended = last.ended_at
    share = 0
    if ended is not None:
        standing = (STOPPED if clock.state == "stopped" else HANDLED) + _ended(ended, last.due_at)
        if clock.state == "ended":
            share = share_number(clock.used, clock.regulated)
    elif last.received_at is None:
        standing, carried = WAITING, False
    else:
        standing = (PAUSED if clock.state == "paused" else IN_PROCESS) + _pending(clock)
    outcome = ((clock.breaches * _SHARES + share) * 2 + carried) * _ROOM + standing
    cell = (last.commune, last.office, last.selector)
    if before is not None and before.outcome == outcome and before.cell == cell:
        return before
    return Contribution(Cell(*cell), outcome)


def share_number(used: int, regulated: int) -> int:
    """Number of the bucket of a share of time, from 1; 0 where there is no regulated time to compare with."""
    if regulated <= 0:
        return 0
    percent = -(-used * 100 // regulated)  # rounded up: a bound is inclusive
    return 1 + bisect_left(SHARE_BOUNDS, percent)


def _pending(clock: ClockView) -> int:
    if not clock.certain:
        return PROVISIONAL
    if not clock.dated:
        return OPEN_UNDATED
    return LATE if clock.breached else IN_TIME


def _ended(ended: Instant, due: Instant | None) -> int:
    if due is None:
        return ENDED_UNDATED
    if ended > due:
        return ENDED_LATE
    return ON_TIME if _day(ended) == _day(due) else EARLY


def _day(instant: Instant) -> int:
    return (instant + AHEAD_OF_UTC) // _DAY


@cache  # a few hundred outcomes are all there are
def measures_of(number: int) -> tuple[tuple[int, ...], int]:
    """What a case with this outcome adds to each of MEASURES, and the bucket of its share of time (0: none)."""
    rest, standing = divmod(number, _ROOM)
    rest, carried = divmod(rest, 2)
    breaches, share = divmod(rest, _SHARES)
    adds = dict.fromkeys(_STANDINGS[standing], 1)
    adds["carried"], adds["breaches"] = carried, breaches
    return tuple(adds.get(name, 0) for name in MEASURES), share


class LiveFigures:
    """How many cases of each cell have which outcome, and which cells have changed since somebody took note."""

    def __init__(self) -> None:
        self.changed: set[Cell] = set()
        """Cells whose figures are other than when they were last taken."""
        self._cells: dict[Cell, dict[int, int]] = {}

    def cells(self) -> Iterator[Cell]:
        """All cells that have a case."""
        return iter(self._cells)

    def add(self, case: Contribution) -> None:
        """Count a case that was known before; nothing has changed by that."""
        outcomes = self._cells.setdefault(case.cell, {})
        outcomes[case.outcome] = outcomes.get(case.outcome, 0) + 1

    def move(self, before: Contribution | None, after: Contribution | None) -> None:
        """Count the transition of one case."""
        if before is after or before == after:
            return
        if before is not None:
            self._take_away(before)
            self.changed.add(before.cell)
        if after is not None:
            self.add(after)
            self.changed.add(after.cell)

    def _take_away(self, case: Contribution) -> None:
        outcomes = self._cells[case.cell]
        left = outcomes[case.outcome] - 1
        if left:
            outcomes[case.outcome] = left
            return
        del outcomes[case.outcome]
        if not outcomes:
            del self._cells[case.cell]

    def is_empty(self, cell: Cell) -> bool:
        """Whether no case is left in a cell."""
        return cell not in self._cells

    def snapshot(self, cell: Cell) -> tuple[list[int], list[int]]:
        """The figures of a cell: MEASURES, and handled cases by share of time."""
        measures, shares = [0] * len(MEASURES), [0] * _SHARES
        for number, cases in self._cells.get(cell, {}).items():
            adds, share = measures_of(number)
            shares[share] += cases
            for index, amount in enumerate(adds):
                if amount:
                    measures[index] += amount * cases
        return measures, shares[1:]
