"""Form II.06 counted by the database: the cells of a period as known now or at an earlier time.

The rules are those of ``domain/period_report.py``; a test holds the two together.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from lienthong_consumers.domain.period_report import NOTHING, Cell, Counting, Line, Period, cells_of, line_of
from lienthong_consumers.ledger.period_rows import countables, day_of
from lienthong_schemas.instants import Instant, datetime_of

_FIELDS: Final = """case_id, office, commune, selector, channel, status, received_at, due_at,
           CASE WHEN ended_at IS NULL AND received_at IS NOT NULL AND status = '3' THEN accepted_at ELSE ended_at END
           AS over_at"""
COUNTABLES: Final = f"SELECT {_FIELDS} FROM case_row WHERE kind = 'dossier'"
"""What the form asks for of each dossier: the fields of ``Countable``, behind its id."""
IRREGULAR: Final = """
    SELECT case_id FROM case_row WHERE kind = 'dossier' AND (epoch <> 1 OR sealed)
    UNION SELECT case_id FROM conflict UNION SELECT case_id FROM held
"""
"""The cases of which the highest number known at an instant may not be what applied then: conflicts and handovers."""
_COUNTABLES_AT: Final = f"""
    SELECT DISTINCT ON (case_id) {_FIELDS} FROM case_event
    WHERE kind = 'dossier' AND known_at <= %(known)s AND NOT EXISTS
        (SELECT FROM ({IRREGULAR}) AS one WHERE one.case_id = case_event.case_id)
    ORDER BY case_id, epoch, seq DESC
"""
"""The same as known at an instant, of the cases that are not irregular."""
_CELLS: Final = """
    SELECT office, commune, selector,
           count(*) FILTER (WHERE received_at >= %(begin)s AND channel = 'online'),
           count(*) FILTER (WHERE received_at >= %(begin)s AND channel <> 'online'),
           count(*) FILTER (WHERE received_at < %(begin)s),
           count(*) FILTER (WHERE outcome = 'early'), count(*) FILTER (WHERE outcome = 'on_time'),
           count(*) FILTER (WHERE outcome = 'late'), count(*) FILTER (WHERE outcome = 'pending_in_time'),
           count(*) FILTER (WHERE outcome = 'pending_late'),
           count(*) FILTER (WHERE status = '3' AND over_at < %(end)s)
    FROM (
        SELECT office, commune, selector, channel, status, received_at, over_at, CASE
            WHEN over_at < %(end)s THEN CASE
                WHEN due_at IS NULL OR status = '7' THEN 'on_time'
                WHEN %(by_day)s AND (over_at AT TIME ZONE %(zone)s)::date > (due_at AT TIME ZONE %(zone)s)::date
                    OR NOT %(by_day)s AND over_at > due_at THEN 'late'
                WHEN (over_at AT TIME ZONE %(zone)s)::date < (due_at AT TIME ZONE %(zone)s)::date THEN 'early'
                ELSE 'on_time' END
            WHEN due_at IS NULL OR status IN ('5', '6', '8') THEN 'pending_in_time'
            WHEN due_at < CASE WHEN %(by_day)s THEN %(last)s ELSE %(end)s END THEN 'pending_late'
            ELSE 'pending_in_time' END AS outcome
        FROM ({countables}) AS dossier
        WHERE received_at < %(end)s AND (over_at IS NULL OR over_at >= %(begin)s OR received_at >= %(begin)s)
    ) AS counted GROUP BY office, commune, selector
"""
"""Cell and line of each; ``last`` is when the last day of the period begins."""
CELLS: Final = _CELLS.replace("{countables}", COUNTABLES)
_CELLS_AT: Final = _CELLS.replace("{countables}", _COUNTABLES_AT)


def cell_bounds(period: Period, zone: ZoneInfo, counting: Counting) -> dict[str, Any]:
    """The parameters of ``CELLS``."""
    return {
        "begin": datetime_of(period.begin),
        "end": datetime_of(period.end),
        "last": datetime.combine(period.last_day, time(), zone),
        "by_day": counting == "day",
        "zone": zone.key,
    }


def cells_now(connection: Connection[Any], period: Period, zone: ZoneInfo, counting: Counting) -> dict[Cell, Line]:
    """The cells of a period as known now."""
    rows = connection.execute(CELLS, cell_bounds(period, zone, counting))
    return {Cell(*row[:3]): Line(*row[3:]) for row in rows}


def cells_at(
    connection: Connection[Any], period: Period, zone: ZoneInfo, counting: Counting, known_at: Instant
) -> dict[Cell, Line]:
    """The cells of a period as known at an instant: the database counts all but the irregular cases."""
    bounds = cell_bounds(period, zone, counting)
    rows = connection.execute(_CELLS_AT, {**bounds, "known": datetime_of(known_at)})
    found = {Cell(*row[:3]): Line(*row[3:]) for row in rows}
    day = day_of(zone)
    irregular = cells_of(countables(connection, known_at, IRREGULAR), lambda case: line_of(case, period, day, counting))
    for cell, line in irregular.items():
        found[cell] = found.get(cell, NOTHING).plus(line)
    return found
