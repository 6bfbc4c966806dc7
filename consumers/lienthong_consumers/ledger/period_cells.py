"""Form II.06 counted by the database: the cells of a period as known now or at an earlier time.

The rules are those of ``domain/period_report.py`` and ``domain/period_course.py``; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from lienthong_consumers.domain.period_course import Counts, Move, counted_of, no_counts
from lienthong_consumers.domain.period_report import COUNTS, NOTHING, Cell, Counting, Line, Period
from lienthong_consumers.ledger.period_rows import courses, day_of
from lienthong_consumers.ledger.period_states import IN_PERIOD, IRREGULAR, PLAIN, candidates, looked_through
from lienthong_schemas.instants import Instant, datetime_of

_CELLS: Final = """
    SELECT office, commune, selector,
           count(*) FILTER (WHERE received_at >= %(begin)s AND channel = 'online'),
           count(*) FILTER (WHERE received_at >= %(begin)s AND channel <> 'online'),
           count(*) FILTER (WHERE received_at < %(begin)s),
           count(*) FILTER (WHERE outcome = 'early'), count(*) FILTER (WHERE outcome = 'on_time'),
           count(*) FILTER (WHERE outcome = 'late'), count(*) FILTER (WHERE outcome = 'pending_in_time'),
           count(*) FILTER (WHERE outcome = 'pending_late'),
           count(*) FILTER (WHERE status = '3' AND over_at < %(end)s),
           office_before, commune_before, selector_before
    FROM (
        SELECT *, CASE
            WHEN over_at < %(end)s THEN CASE
                WHEN due_at IS NULL OR status = '7' THEN 'on_time'
                WHEN %(by_day)s AND (over_at AT TIME ZONE %(zone)s)::date > (due_at AT TIME ZONE %(zone)s)::date
                    OR NOT %(by_day)s AND over_at > due_at THEN 'late'
                WHEN (over_at AT TIME ZONE %(zone)s)::date < (due_at AT TIME ZONE %(zone)s)::date THEN 'early'
                ELSE 'on_time' END
            WHEN due_at IS NULL OR status IN ('5', '6', '8') THEN 'pending_in_time'
            WHEN due_at < CASE WHEN %(by_day)s THEN %(last)s ELSE %(end)s END THEN 'pending_late'
            ELSE 'pending_in_time' END AS outcome
        FROM ({judged}) AS dossier
        WHERE over_at IS NULL OR over_at >= %(begin)s OR received_at >= %(begin)s
    ) AS counted GROUP BY office, commune, selector, office_before, commune_before, selector_before
"""
"""Cell, line, and the cell at the end of the period before of those carried over; ``last`` is when the last day of the
period begins."""


def _cells(*, then: bool) -> str:
    plain, others = _CELLS.format(judged=PLAIN), _CELLS.format(judged=looked_through(then=then))
    return f"{candidates(where=IN_PERIOD, then=then)} {plain} UNION ALL {others}"


CELLS: Final = _cells(then=False)
_CELLS_AT: Final = _cells(then=True)
_BEHIND: Final = len(Cell._fields) + len(COUNTS)


def cell_bounds(period: Period, zone: ZoneInfo, counting: Counting) -> dict[str, Any]:
    """The parameters of ``CELLS``."""
    return {
        "begin": datetime_of(period.begin),
        "end": datetime_of(period.end),
        "last": datetime.combine(period.last_day, time(), zone),
        "by_day": counting == "day",
        "zone": zone.key,
    }


def counts_from(rows: Iterable[Any]) -> Counts:
    """The counts in rows of ``CELLS``."""
    found = no_counts()
    for row in rows:
        cell, line = Cell(*row[: len(Cell._fields)]), Line(*row[len(Cell._fields) : _BEHIND])
        found.cells[cell] = found.cells.get(cell, NOTHING).plus(line)
        if row[_BEHIND] is not None and (before := Cell(*row[_BEHIND:])) != cell:
            found.moves[Move(before, cell)] = line.carried_over
    return found


def cells_now(connection: Connection[Any], period: Period, zone: ZoneInfo, counting: Counting) -> Counts:
    """The counts of a period as known now."""
    return counts_from(connection.execute(CELLS, cell_bounds(period, zone, counting)))


def cells_at(
    connection: Connection[Any], period: Period, zone: ZoneInfo, counting: Counting, known_at: Instant
) -> Counts:
    """The counts of a period as known at an instant: the database counts all but the irregular cases."""
    bounds = cell_bounds(period, zone, counting)
    found = counts_from(connection.execute(_CELLS_AT, {**bounds, "known": datetime_of(known_at)}))
    day = day_of(zone)
    for _, _, course in courses(connection, known_at, IRREGULAR):
        counted = counted_of(course, period, day, counting)
        if counted is not None:
            found.add(counted)
    return found
