"""What the ledger knows, or knew at some time, of the dossiers of a period; and the days that go with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, LiteralString
from zoneinfo import ZoneInfo

from psycopg import Connection

from lienthong_consumers.domain.entry import Entry
from lienthong_consumers.domain.period_course import Course, course_of
from lienthong_consumers.domain.period_report import DayOf, Period
from lienthong_consumers.ledger.summary import CALENDAR
from lienthong_infra.errors import ConfigurationError, WrongCallError
from lienthong_schemas.instants import Instant, datetime_of, instant_of, iso_of
from lienthong_schemas.records import ReferenceRecord
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.reporting_period import ClosingDay, named_days

KIND: Final = "dossier"
"""The form is about dossiers; other kinds of case have reports of their own."""
_HISTORY: Final = f"""
    SELECT {", ".join(f'"{name}"' for name in Entry._fields if name != "value")} FROM case_event
    WHERE kind = %(kind)s AND known_at <= %(known)s AND ({{}}) ORDER BY case_id
"""
_REFERENCES: Final = """
    SELECT record_id, kind, key, version, valid_from, known_from, body FROM reference
    WHERE kind IN ('calendar', 'unit', 'procedure', 'report-form') ORDER BY "offset"
"""
_NEWEST: Final = "SELECT max(updated_known_at) FROM position WHERE topic = 'dossier.v1'"
_INSTANTS: Final = tuple(
    index
    for index, name in enumerate(name for name in Entry._fields if name != "value")
    if name in ("known_at", "occurred_at", "accepted_at", "received_at", "due_at", "ended_at")
)


def reference_book(connection: Connection[Any]) -> ReferenceBook:
    """The calendars, units, procedures and forms that the bus was given."""
    rows = connection.execute(_REFERENCES).fetchall()
    return ReferenceBook(
        ReferenceRecord(record_id, kind, key, version, instant_of(valid_from), instant_of(known_from), body)
        for record_id, kind, key, version, valid_from, known_from, body in rows
    )


def zone_of(book: ReferenceBook, at: Instant) -> ZoneInfo:
    """The time zone that says which day an instant belongs to. Raises ConfigurationError where no calendar says so, and
    WrongCallError where that is so only before the first one."""
    found = book.calendar(CALENDAR, at)
    if found is None:
        first = next((each for each in book.changes() if book.calendar(CALENDAR, each) is not None), None)
        if first is not None:
            raise WrongCallError([f"--period: the calendar {CALENDAR!r} says no time zone before {iso_of(first)}"])
        problem = (
            f"the bus has no calendar {CALENDAR!r} and no time zone is guessed; publish: lienthong reference apply"
        )
        raise ConfigurationError([problem])
    return ZoneInfo(found[1].time_zone)


def day_of(zone: ZoneInfo) -> DayOf:
    """The day of an instant in a time zone."""

    def day(instant: Instant) -> date:
        return datetime_of(instant).astimezone(zone).date()

    return day


def period_of(name: str, closing_day: int | ClosingDay, book: ReferenceBook) -> Period:
    """A period by its name, such as ``2026-M10``, ``2026-Q3``, ``2026`` or a day ``2026-10-31``.

    Raises WrongCallError for what is no period, ConfigurationError without a calendar.
    """
    try:
        first, last = named_days(name, closing_day)
    except ValueError as error:
        raise WrongCallError([f"--period: {error}"]) from None
    noon = instant_of(datetime.combine(last, time(12), ZoneInfo("UTC")))
    return days_in_zone(name, first, last, zone_of(book, noon))


def days_in_zone(name: str, first: date, last: date, zone: ZoneInfo) -> Period:
    """A period from its first to its last day."""
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    return Period(name, first, last, instant_of(begin), instant_of(end))


def newest_known(connection: Connection[Any]) -> Instant | None:
    """The append time of the newest record of the dossiers that the ledger took; None before the first."""
    row = connection.execute(_NEWEST).fetchone()
    return None if row is None or row[0] is None else instant_of(row[0])


def courses(
    connection: Connection[Any], known_at: Instant, cases: LiteralString = ""
) -> Iterator[tuple[str, list[Entry], Course]]:
    """The dossiers as known at an instant (append time of the log): case id, events, and what they say.

    ``cases``: a query that gives the ids of those that are wanted; empty: all.
    """
    query = _HISTORY.format(f"case_id IN ({cases})" if cases else "true")
    history = connection.execute(query, {"kind": KIND, "known": datetime_of(known_at)})
    for case_id, group in groupby(map(_entry, history), key=attrgetter("case_id")):
        entries = list(group)
        course = course_of(entries)
        if course is not None:
            yield case_id, entries, course


def _entry(row: tuple[Any, ...]) -> Entry:
    cells = list(row)
    for index in _INSTANTS:
        if cells[index] is not None:
            cells[index] = instant_of(cells[index])
    return Entry._make([*cells, b""])
