"""Form II.06 counted by the database: the cells of a period as known now, from the current rows.

The rules are those of ``domain/period_report.py``; a test holds the two together.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection

from lienthong_consumers.domain.period_report import Cell, Counting, Line, Period
from lienthong_schemas.instants import datetime_of

COUNTABLES: Final = """
    SELECT case_id, office, commune, selector, channel, status, received_at, due_at,
           CASE WHEN ended_at IS NULL AND received_at IS NOT NULL AND status = '3' THEN accepted_at ELSE ended_at END
           AS over_at
    FROM case_row WHERE kind = 'dossier'
"""
"""What the form asks for of each dossier: the fields of ``Countable``, behind its id."""
CELLS: Final = f"""
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
        FROM ({COUNTABLES}) AS dossier
        WHERE received_at < %(end)s AND (over_at IS NULL OR over_at >= %(begin)s)
    ) AS counted GROUP BY office, commune, selector
"""
"""Cell and line of each; ``last`` is when the last day of the period begins."""


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
