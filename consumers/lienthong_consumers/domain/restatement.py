"""What a later event changes in periods that are closed: which dossier counted as what, as what it counts now, and why.

A closed period is never changed in silence. What it was closed with is known dossier by dossier (``Countable``); each
later event that moves a dossier to another column, unit or procedure is a correction that names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from lienthong_consumers.domain.changes import LONG_HISTORY
from lienthong_consumers.domain.entry import CurrentRow, Entry
from lienthong_consumers.domain.period_report import NOTHING, Cell, Countable, DayOf, Line, Period, line_of, over_at
from lienthong_consumers.domain.settlement import settle

_RECEIVED: Final = ("online", "direct", "carried_over")
_OUTCOMES: Final = ("early", "on_time", "late", "pending_in_time", "pending_late")


class Counted(NamedTuple):
    """As what a dossier counts in a period: where, and with which columns."""

    cell: Cell
    line: Line

    @property
    def received(self) -> str:
        """The column on the left of the form in which it is."""
        return next(name for name in _RECEIVED if getattr(self.line, name))

    @property
    def outcome(self) -> str:
        """The column on the right."""
        return next(name for name in _OUTCOMES if getattr(self.line, name))


class Correction(NamedTuple):
    """A dossier counts differently in a closed period since an event. None: it is not in the period."""

    period: str
    case_id: str
    before: Counted | None
    after: Counted | None
    cause: Entry


def countable_of(row: CurrentRow) -> Countable:
    """What the form asks for of a current row."""
    over = over_at(row.status, row.received_at, row.ended_at, row.accepted_at)
    return Countable(row.office, row.commune, row.selector, row.channel, row.status, row.received_at, row.due_at, over)


def steps_of(counted: Countable | None, history: Sequence[Entry]) -> list[tuple[Entry, Countable]]:
    """What a dossier was after each event that came since it was counted, with the event, in the order of arrival.

    Where an event changed it that had come before (its earlier delivery became known), the newest event stands for it.
    """
    arrived = sorted(history, key=lambda entry: (entry.known_at, entry.topic, entry.partition, entry.offset))
    if len(arrived) > LONG_HISTORY:
        row = settle(arrived).row
        return [] if row is None else [(arrived[-1], countable_of(row))]
    states: list[tuple[Entry, Countable | None]] = []
    for number in range(1, len(arrived) + 1):
        row = settle(arrived[:number]).row
        states.append((arrived[number - 1], None if row is None else countable_of(row)))
    known = [number for number, (_, state) in enumerate(states) if state == counted]
    since = known[-1] + 1 if known else 0 if counted is None else len(states) - 1
    return [(entry, state) for entry, state in states[since:] if state is not None]


def corrections_of(
    case_id: str,
    counted: Countable | None,
    steps: Iterable[tuple[Entry, Countable]],
    periods: Iterable[Period],
    day_of: Mapping[str, DayOf],
) -> Iterator[Correction]:
    """The corrections of one dossier, by period; ``day_of`` is that of each period, by name."""
    steps = list(steps)
    states = [state for state in (counted, *(state for _, state in steps)) if state is not None]
    for period in periods:
        if not any(_can_count(state, period) for state in states):
            continue
        day = day_of[period.name]
        before = None if counted is None else _counted(counted, period, day)
        for cause, state in steps:
            after = _counted(state, period, day)
            if after != before:
                yield Correction(period.name, case_id, before, after, cause)
            before = after


def deltas_of(corrections: Iterable[Correction]) -> dict[str, dict[Cell, Line]]:
    """What corrections add to the cells of each period, and take from them."""
    found: dict[str, dict[Cell, Line]] = {}
    for one in corrections:
        cells = found.setdefault(one.period, {})
        if one.before is not None:
            cell, line = one.before
            cells[cell] = cells.get(cell, NOTHING).minus(line)
        if one.after is not None:
            cell, line = one.after
            cells[cell] = cells.get(cell, NOTHING).plus(line)
    return found


def _can_count(case: Countable, period: Period) -> bool:
    """Whether a dossier can be in a period: quick, for there are hundreds of periods."""
    received, over = case.received_at, case.ended_at
    return received is not None and received < period.end and (over is None or max(over, received) >= period.begin)


def _counted(case: Countable, period: Period, day_of: DayOf) -> Counted | None:
    line = line_of(case, period, day_of)
    return None if line is None else Counted(Cell(case.office, case.commune, case.selector), line)
