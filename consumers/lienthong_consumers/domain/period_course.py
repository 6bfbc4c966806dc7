"""By which state of a dossier a period is judged: the state at its end, so that later work leaves it as it was.

The dates are facts: receipt and end are those of the newest event that is known, whenever it came. All else (office,
commune, procedure, channel, due time, whether it waits) is that of the newest standing event that happened before the
end of the period; but never of one from before its receipt was stated, nor, where it was over within the period, from
before its end was. So a closed period changes through news about the time before its end, and through a receipt or an
end that is stated otherwise, and through nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from lienthong_consumers.domain.entry import Entry
from lienthong_consumers.domain.period_report import (
    NOTHING,
    REFUSED,
    Cell,
    Countable,
    Counting,
    DayOf,
    Line,
    Period,
    line_of,
)
from lienthong_consumers.domain.settlement import standing_entries
from lienthong_schemas.instants import Instant


class State(NamedTuple):
    """What of a standing event the form looks at."""

    happened_at: Instant
    """When it occurred, as it says, but not after it was accepted: a clock that runs ahead moves no event."""
    office: str
    commune: str
    selector: str
    channel: str
    status: str
    due_at: Instant | None


class Course(NamedTuple):
    """A dossier from its first standing event to its newest, with its dates."""

    received_at: Instant | None
    over_at: Instant | None
    """The end that is stated; refused after its receipt, which states none, when that was accepted; None: not over."""
    states: tuple[State, ...]
    received_from: int
    """From which state on a receipt is stated; behind the last: it was not received."""
    over_from: int
    """From which state on it is over; behind the last: it is not."""


class Counted(NamedTuple):
    """As what a dossier counts in a period: where, and with which columns."""

    cell: Cell
    line: Line
    came_from: Cell | None = None
    """Where it was pending at the end of the period before, if that is another cell."""


class Move(NamedTuple):
    """From where to where dossiers went between the end of the period before and the end of this one."""

    before: Cell
    after: Cell


class Counts(NamedTuple):
    """All that the lines of a report are made from, however it is cut."""

    cells: dict[Cell, Line]
    moves: dict[Move, int]
    """How many of the dossiers carried over."""

    def add(self, counted: Counted, sign: int = 1) -> None:
        """Count one dossier, or take it away (-1)."""
        cell, line, came_from = counted
        before = self.cells.get(cell, NOTHING)
        self.cells[cell] = before.plus(line) if sign > 0 else before.minus(line)
        if came_from is not None:
            move = Move(came_from, cell)
            self.moves[move] = self.moves.get(move, 0) + sign


def no_counts() -> Counts:
    """A report without a dossier."""
    return Counts({}, {})


def course_of(entries: Iterable[Entry]) -> Course | None:
    """The course of a dossier from its different events; None: nothing of them has a say."""
    events = standing_entries(entries)
    if not events:
        return None
    newest, over_from = events[-1], _since(events, _is_over)
    over_at = newest.ended_at
    if over_at is None and over_from < len(events):
        over_at = events[_since(events, _is_refused)].accepted_at
    states = (
        State(
            min(one.occurred_at, one.accepted_at),
            one.office,
            one.commune,
            one.selector,
            one.channel,
            one.status,
            one.due_at,
        )
        for one in events
    )
    return Course(newest.received_at, over_at, tuple(states), _since(events, _is_received), over_from)


def _since(events: Sequence[Entry], holds: Callable[[Entry], bool]) -> int:
    """From which event on it holds to the last."""
    place = len(events)
    while place and holds(events[place - 1]):
        place -= 1
    return place


def _is_received(one: Entry) -> bool:
    return one.received_at is not None


def _is_refused(one: Entry) -> bool:
    return one.ended_at is None and one.received_at is not None and one.status == REFUSED


def _is_over(one: Entry) -> bool:
    return one.ended_at is not None or _is_refused(one)


def state_at(course: Course, end: Instant) -> Countable:
    """What the form asks for of a dossier in a period with this end."""
    place = course.received_from
    if course.over_at is not None and course.over_at < end:
        place = max(place, course.over_from)
    place = min(place, len(course.states) - 1)
    for number in range(len(course.states) - 1, place, -1):
        if course.states[number].happened_at < end:
            place = number
            break
    _, office, commune, selector, channel, status, due_at = course.states[place]
    return Countable(office, commune, selector, channel, status, course.received_at, due_at, course.over_at)


def counted_of(course: Course, period: Period, day_of: DayOf, counting: Counting = "day") -> Counted | None:
    """As what a dossier counts in a period; None: it is not in it."""
    case = state_at(course, period.end)
    line = line_of(case, period, day_of, counting)
    if line is None:
        return None
    cell, came_from = _cell(case), None
    if line.carried_over:
        came_from = _cell(state_at(course, period.begin))
    return Counted(cell, line, None if came_from == cell else came_from)


def counts_of(courses: Iterable[Course], period: Period, day_of: DayOf, counting: Counting = "day") -> Counts:
    """The counts of a report, dossier by dossier."""
    found = no_counts()
    for course in courses:
        counted = counted_of(course, period, day_of, counting)
        if counted is not None:
            found.add(counted)
    return found


def _cell(case: Countable) -> Cell:
    return Cell(case.office, case.commune, case.selector)
