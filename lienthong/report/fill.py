"""Filling form II.06 from the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong.report.form import FilledForm, FilledLine
from lienthong_consumers.domain.period_report import (
    Cell,
    Counting,
    Line,
    Period,
    lines_by,
)
from lienthong_consumers.ledger.period_cells import cells_at, cells_now
from lienthong_consumers.ledger.period_rows import (
    day_of,
    newest_known,
    period_of,
    reference_book,
    zone_of,
)
from lienthong_infra.errors import BadInputError
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.reference import ReferenceBook

UNKNOWN_FIELD: Final = "Chưa rõ lĩnh vực"
"""Name of the line with the dossiers whose procedure has no field in the reference data: they are never left out."""


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
        cells = _cells(connection, asked, period, book)
    if asked.unit and not cells and asked.unit not in units:
        raise BadInputError([f"--unit: {asked.unit} is no unit of that period, and no dossier names it"])
    lines = lines_by(cells, key_of(asked.by, book, period))
    named = tuple(FilledLine(code, name_of(asked.by, code, book, period), line) for code, line in lines.items())
    return FilledForm(period, asked.by, asked.counting, known_at, closed, named)


def _cells(connection: Connection[Any], asked: Asked, period: Period, book: ReferenceBook) -> dict[Cell, Line]:
    zone = zone_of(book, period.end - 1)
    if asked.as_of is None:
        cells = cells_now(connection, period, zone, asked.counting)
    else:
        cells = cells_at(connection, period, zone, asked.counting, asked.as_of)
    if not asked.unit:
        return cells
    return {cell: line for cell, line in cells.items() if asked.unit in (cell.office, cell.commune)}


def key_of(by: str, book: ReferenceBook, period: Period) -> Callable[[Cell], str]:
    """What a line of the form is about, and how a cell says it. The field is that of the period."""
    if by == "field":
        return lambda cell: book.field_of(cell.selector, period.end - 1)
    return attrgetter({"procedure": "selector"}.get(by, by))


def name_of(by: str, code: str, book: ReferenceBook, period: Period) -> str:
    """What the form calls the unit, procedure or field with this code, as of the end of the period."""
    at = period.end - 1
    if by == "field":
        return code or UNKNOWN_FIELD
    found = book.procedure(code, at) if by == "procedure" else book.unit(code, at)
    return "" if found is None else found.name


def _yesterday(book: ReferenceBook, now: Instant) -> str:
    return (day_of(zone_of(book, now))(now) - timedelta(days=1)).isoformat()
