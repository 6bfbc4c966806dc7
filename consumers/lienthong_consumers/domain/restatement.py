"""What a later event changes in periods that are closed: which dossier counted as what, as what it counts now, and why.

A closed period is never changed in silence. What it was closed with is known dossier by dossier (its ``Course``); each
later event that moves a dossier to another column, unit or procedure is a correction that names it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from lienthong_consumers.domain.changes import LONG_HISTORY
from lienthong_consumers.domain.entry import Entry
from lienthong_consumers.domain.period_course import Counted, Counts, Course, counted_of, course_of, no_counts
from lienthong_consumers.domain.period_report import DayOf, Period

_RECEIVED: Final = ("online", "direct", "carried_over")
_OUTCOMES: Final = ("early", "on_time", "late", "pending_in_time", "pending_late")


class Correction(NamedTuple):
    """A dossier counts differently in a closed period since an event. None: it is not in the period."""

    period: str
    case_id: str
    before: Counted | None
    after: Counted | None
    cause: Entry


class Remembered(NamedTuple):
    """Up to where the events of a dossier are in what was published."""

    offset: int
    """Of the last record of its partition that is."""
    accepted: Mapping[tuple[int, int, bytes], int]
    """Of events of which an earlier delivery became known since: when they were said to be accepted."""


def received_column(counted: Counted) -> str:
    """The column on the left of the form in which a dossier is."""
    return next(name for name in _RECEIVED if getattr(counted.line, name))


def outcome_column(counted: Counted) -> str:
    """The column on the right."""
    return next(name for name in _OUTCOMES if getattr(counted.line, name))


def before_of(remembered: Remembered | None, history: Sequence[Entry]) -> Course | None:
    """The course of a dossier as it was published; None: it was not known."""
    if remembered is None:
        return None
    then = (one for one in history if one.offset <= remembered.offset)
    return course_of(one._replace(accepted_at=remembered.accepted.get(one.identity, one.accepted_at)) for one in then)


def steps_of(remembered: Remembered | None, history: Sequence[Entry]) -> list[tuple[Entry, Course]]:
    """What a dossier was after each event that came since it was published, with the event, in the order of arrival.

    Where an event changed it that had come before (its earlier delivery became known), the newest event stands for it.
    """
    arrived = sorted(history, key=lambda entry: (entry.known_at, entry.topic, entry.partition, entry.offset))
    first = 0
    if remembered is not None:
        first = next((n for n, one in enumerate(arrived) if one.offset > remembered.offset), len(arrived))
    if len(arrived) > LONG_HISTORY or first == len(arrived):
        first = len(arrived) - 1
    found = []
    for number in range(max(first, 0), len(arrived)):
        course = course_of(arrived[: number + 1])
        if course is not None:
            found.append((arrived[number], course))
    return found


def corrections_of(
    case_id: str,
    before: Course | None,
    steps: Sequence[tuple[Entry, Course]],
    periods: Sequence[Period],
    day_of: Mapping[str, DayOf],
) -> Iterator[Correction]:
    """The corrections of one dossier, by period.

    ``periods``: in the order of their ends. ``day_of``: that of each period, by name.
    """
    courses = [course for course in (before, *(course for _, course in steps)) if course is not None]
    received = [course.received_at for course in courses if course.received_at is not None]
    if not received:
        return
    first = bisect_right(periods, min(received), key=lambda period: period.end)
    for period in periods[first:]:
        if not any(_can_count(course, period) for course in courses):
            continue
        day = day_of[period.name]
        counted = None if before is None else counted_of(before, period, day)
        for cause, course in steps:
            after = counted_of(course, period, day)
            if after != counted:
                yield Correction(period.name, case_id, counted, after, cause)
            counted = after


def deltas_of(corrections: Iterable[Correction]) -> dict[str, Counts]:
    """What corrections add to the counts of each period, and take from them."""
    found: dict[str, Counts] = {}
    for one in corrections:
        counts = found.setdefault(one.period, no_counts())
        if one.before is not None:
            counts.add(one.before, -1)
        if one.after is not None:
            counts.add(one.after)
    return found


def _can_count(course: Course, period: Period) -> bool:
    """Whether a dossier can be in a period: quick, for there are hundreds of periods."""
    received, over = course.received_at, course.over_at
    return received is not None and received < period.end and (over is None or max(over, received) >= period.begin)
