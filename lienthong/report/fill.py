"""Filling form II.06 from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong.report.form import FilledForm, FilledLine
from lienthong_consumers.domain.period_report import Countable, Counting, Line, Period, line_of, lines_by
from lienthong_consumers.ledger.period_rows import (
    countables,
    day_of,
    newest_known,
    period_of,
    reference_book,
    zone_of,
)
from lienthong_infra.errors import BadInputError
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.reference import ReferenceBook, Unit

BY: Final[Mapping[str, Any]] = {
    "office": lambda case: case.office,
    "commune": lambda case: case.commune,
    "procedure": lambda case: case.selector,
}
"""What a line of the form is about, and where a dossier has it."""


class Asked(NamedTuple):
    """What somebody wants to see."""

    period: str
    by: str = "office"
    unit: str = ""
    """Code of an office or a commune; empty: all."""
    counting: Counting = "day"
    closing_day: int = 14
    as_of: Instant | None = None
    """As known at this append time of the log; None: as known now."""
    running: bool = False
    """Whether a period that is not over may be shown."""


def filled(connection: Connection[Any], asked: Asked, now: Instant) -> FilledForm:
    """The form, all from one snapshot. Raises BadInputError, or ConfigurationError where there is no calendar."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        book = reference_book(connection)
        period = period_of(asked.period or _yesterday(book, now), asked.closing_day, book)
        newest = newest_known(connection)
        known_at = newest if asked.as_of is None or newest is None else min(newest, asked.as_of)
        closed = period.end <= (now if asked.as_of is None else asked.as_of)
        if not closed and not asked.running:
            raise BadInputError(
                [f"--period: {period.name} is over at {iso_of(period.end)}; --running shows what it is so far"]
            )
        units = book.units(period.end - 1)
        lines = _lines(connection, asked, period, book)
    if asked.unit and not lines and asked.unit not in units:
        raise BadInputError([f"--unit: {asked.unit} is no unit of that period, and no dossier names it"])
    named = tuple(FilledLine(code, _name(units, code, asked.by), line) for code, line in lines.items())
    return FilledForm(period, asked.by, asked.counting, known_at, closed, named)


def _lines(connection: Connection[Any], asked: Asked, period: Period, book: ReferenceBook) -> dict[str, Line]:
    day = day_of(zone_of(book, period.end - 1))

    def line(case: Countable) -> Line | None:
        if asked.unit and asked.unit not in (case.office, case.commune):
            return None
        return line_of(case, period, day, asked.counting)

    return lines_by(countables(connection, period, asked.as_of), BY[asked.by], line)


def _name(units: Mapping[str, Unit], code: str, by: str) -> str:
    unit = units.get(code) if by != "procedure" else None
    return "" if unit is None else unit.name


def _yesterday(book: ReferenceBook, now: Instant) -> str:
    return (day_of(zone_of(book, now))(now) - timedelta(days=1)).isoformat()
