"""What the ledger says about one kind of case: the summary of the municipal facts, the table per unit, settled clocks.

All functions take a connection from ``database.connect_now``, so that tables are found in the schema of the bus.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong_schemas.instants import Instant, datetime_of

SOURCE_ROW: Final = "row:"
"""How the reference of an event begins that stands for a row of an imported file (the rest is the row's number)."""
CALENDAR: Final = "default"
"""Key of the calendar whose time zone says which day an instant belongs to."""


class Summary(NamedTuple):
    """Counts of one kind of case, from rows and history. ``None`` by date: the bus was given no calendar."""

    dossiers: int
    source_rows: int
    events: int
    ended: int
    open: int
    ended_late: int
    ended_late_by_date: int | None


class Settled(NamedTuple):
    """Standing clock events, firm and provisional ones."""

    breached: int
    met: int
    met_late: int


class UnitFigures(NamedTuple):
    """The figures of one office; ``overdue`` are open cases whose stated due time lies before the instant asked for."""

    office: str
    waiting: int
    received: int
    ended: int
    ended_late: int
    open: int
    overdue: int


_EVENTS: Final = """
    SELECT count(*), count(DISTINCT source_ref) FILTER (WHERE starts_with(source_ref, %s)) FROM case_event
    WHERE kind = %s
"""
_TOTALS: Final = """
    SELECT coalesce(sum(waiting + received), 0)::bigint, coalesce(sum(ended), 0)::bigint,
           coalesce(sum(open + waiting), 0)::bigint, coalesce(sum(ended_late), 0)::bigint
    FROM total WHERE kind = %s
"""
_CALENDARS: Final = """
    SELECT DISTINCT ON (valid_from) valid_from, body::json ->> 'time_zone' FROM reference
    WHERE kind = 'calendar' AND key = %s ORDER BY valid_from, version DESC, "offset" DESC
"""
_LATE_BY_DATE: Final = """
    SELECT count(*) FROM case_row
    WHERE kind = %(kind)s AND ended_at >= %(since)s AND (%(until)s::timestamptz IS NULL OR ended_at < %(until)s)
      AND (ended_at AT TIME ZONE %(zone)s)::date > (due_at AT TIME ZONE %(zone)s)::date
"""
_UNITS: Final = """
    SELECT t.office, t.waiting, t.received, t.ended, t.ended_late, t.open, coalesce(o.overdue, 0)
    FROM total AS t LEFT JOIN (
        SELECT office, count(*) AS overdue FROM case_row
        WHERE kind = %(kind)s AND ended_at IS NULL AND received_at IS NOT NULL AND due_at < %(at)s GROUP BY office
    ) AS o USING (office)
    WHERE t.kind = %(kind)s AND (t.waiting, t.received) <> (0, 0) ORDER BY t.office
"""
_SETTLED: Final = """
    SELECT count(*) FILTER (WHERE kind = 'breached'), count(*) FILTER (WHERE kind = 'met'),
           count(*) FILTER (WHERE kind = 'met-late')
    FROM clock_event WHERE standing AND clock = 'processing' AND starts_with(case_id, %s)
"""


def summary(connection: Connection[Any], kind: str) -> Summary:
    """The counts of one kind of case, all from one snapshot. ``open`` counts every case that has not ended."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        events, source_rows = cursor.execute(_EVENTS, (SOURCE_ROW, kind)).fetchone() or (0, 0)
        dossiers, ended, is_open, late = cursor.execute(_TOTALS, (kind,)).fetchone() or (0, 0, 0, 0)
        calendars = cursor.execute(_CALENDARS, (CALENDAR,)).fetchall()
        by_date = _late_by_date(connection, kind, calendars) if calendars else None
    return Summary(dossiers, source_rows, events, ended, is_open, late, by_date)


def _late_by_date(connection: Connection[Any], kind: str, calendars: list[tuple[datetime, str]]) -> int:
    """Cases whose end falls on a later day than the stated due time, in the time zone valid at the end.

    An end before the first calendar belongs to the first one.
    """
    count = 0
    for number, (valid_from, zone) in enumerate(calendars):
        until = calendars[number + 1][0] if number + 1 < len(calendars) else None
        since: datetime | str = valid_from if number else "-infinity"
        row = connection.execute(_LATE_BY_DATE, {"kind": kind, "since": since, "until": until, "zone": zone})
        count += (row.fetchone() or (0,))[0]
    return count


def unit_table(connection: Connection[Any], kind: str, at: Instant) -> list[UnitFigures]:
    """The figures of every office that has a case of this kind, by office; overdue at an instant."""
    rows = connection.execute(_UNITS, {"kind": kind, "at": datetime_of(at)}).fetchall()
    return [UnitFigures(*row) for row in rows]


def settled(connection: Connection[Any], kind: str) -> Settled:
    """The settled clocks of one kind of case: standing breaches and verdicts."""
    return Settled(*(connection.execute(_SETTLED, (f"{kind}:",)).fetchone() or (0, 0, 0)))
