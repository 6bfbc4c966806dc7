"""Filling form II.06 from the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong.report.form import FilledForm, FilledLine
from lienthong_consumers.domain.period_course import Counts
from lienthong_consumers.domain.period_lines import Cut, cut_of, lines_of, name_of
from lienthong_consumers.domain.period_report import Cell, Counting, Line, Period
from lienthong_consumers.ledger.period_cells import cells_at, cells_now
from lienthong_consumers.ledger.period_rows import (
    day_of,
    newest_known,
    period_of,
    reference_book,
    zone_of,
)
from lienthong_consumers.ledger.period_versions import Published, published, published_lines
from lienthong_infra.errors import WrongCallError
from lienthong_schemas.instants import Instant, iso_of
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.report_form import DOSSIER_FORM

_WANTED: Final = "wanted"


class Asked(NamedTuple):
    """What somebody wants to see."""

    period: str
    by: str = "office"
    unit: str = ""
    """Code of an office or a commune; empty: all."""
    counting: Counting = "day"
    closing_day: int | None = None
    """Another closing day than that of the form in the reference data."""
    as_of: Instant | None = None
    """As known at this append time of the log; None: as known now."""
    running: bool = False
    """Whether a period that is not over may be shown."""
    version: int | None = None
    """As it was published in this version; None: counted now."""
    today: bool = False
    """Whether lines are of the units of today instead of those of the period."""


def filled(connection: Connection[Any], asked: Asked, now: Instant) -> FilledForm:
    """The form, all from one snapshot. Raises WrongCallError, or ConfigurationError where there is no calendar."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        book = reference_book(connection)
        period = period_of(
            asked.period or _yesterday(book, now), asked.closing_day or book.closing_day(DOSSIER_FORM), book
        )
        newest = newest_known(connection)
        known_at = newest if asked.as_of is None or newest is None else min(newest, asked.as_of)
        closed = period.end <= (now if asked.as_of is None else min(asked.as_of, now))
        if not closed and not asked.running:
            raise WrongCallError(
                [f"--period: {period.name} is over at {iso_of(period.end)}; --running shows what it is so far"]
            )
        newest_version = published(connection, DOSSIER_FORM, period.name)
        if asked.version is not None:
            return _version(connection, asked, period, book, newest_version)
        units = book.units(period.end - 1)
        counts = _counts(connection, asked, period, book)

    def wanted(cell: Cell) -> bool:
        return not asked.unit or asked.unit in _units_of(cell, asked, book, now)

    if (
        asked.unit
        and not any(map(wanted, counts.cells))
        and asked.unit not in (book.units(now) if asked.today else units)
    ):
        raise WrongCallError([_no_such_unit(asked.unit, book, period)])
    cut = cut_of(asked.by, book, period)
    if asked.today and asked.by in ("office", "commune"):
        today = _of_today(cut, book, now)
        lines = _lines(counts, today, wanted)
        form = FilledForm(period, asked.by, asked.counting, known_at, closed, _named_today(lines, period, book, now))
        return form._replace(notes=_split(_lines(counts, cut, wanted), book, now))
    form = FilledForm(period, asked.by, asked.counting, known_at, closed, ())
    if newest_version is not None:
        form = form._replace(newest=newest_version.version, incomplete=newest_version.incomplete)
    return form._replace(lines=_named(_lines(counts, cut, wanted), asked.by, book, period))


def _lines(counts: Counts, cut: Cut, wanted: Callable[[Cell], bool]) -> dict[str, Line]:
    """The lines of the cells that are wanted; what came from other cells or went there is told as of other lines."""

    def marked(code: Callable[[Cell], str]) -> Callable[[Cell], tuple[str, str]]:
        return lambda cell: (_WANTED, code(cell)) if wanted(cell) else ("", "")

    found = lines_of(counts, marked(cut.now), marked(cut.before))
    return {code: line for (mark, code), line in found.items() if mark}


def _of_today(cut: Cut, book: ReferenceBook, now: Instant) -> Cut:
    """The same lines for the units of today."""
    today = cache(lambda code: book.unit_today(code, now)[0])
    return Cut(lambda cell: today(cut.now(cell)), lambda cell: today(cut.before(cell)))


def _split(lines: Mapping[str, Line], book: ReferenceBook, now: Instant) -> tuple[str, ...]:
    """What cannot be told apart."""
    return tuple(
        f"{code} was split into {', '.join(parts)}: {line.received:,} dossiers whose last event still names it "
        "cannot be told apart and stay under it"
        for code, line in lines.items()
        if (parts := book.unit_today(code, now)[1])
    )


def _named_today(
    lines: Mapping[str, Line], period: Period, book: ReferenceBook, now: Instant
) -> tuple[FilledLine, ...]:
    units = {code: book.unit(code, now) or book.unit(code, period.end - 1) for code in lines}
    return tuple(
        FilledLine(code, "" if (unit := units[code]) is None else unit.name, line) for code, line in lines.items()
    )


def _no_such_unit(code: str, book: ReferenceBook, period: Period) -> str:
    """Why there is no report of a unit, and what there is."""
    at = period.end - 1
    began, unit = book.began(code), book.unit(code, at)
    if began is None:
        return f"--unit: {code} is no unit of that period, and no dossier names it"
    if unit is not None and unit.successors:
        return f"--unit: {code} had ended by then; in its place there was {', '.join(unit.successors)}"
    before = book.predecessors(code)
    instead = f"; until then there was {', '.join(before)}" if before else ""
    return f"--unit: {code} did not exist in that period, it began at {iso_of(began)}{instead}"


def _named(lines: Mapping[str, Line], by: str, book: ReferenceBook, period: Period) -> tuple[FilledLine, ...]:
    return tuple(FilledLine(code, name_of(by, code, book, period), line) for code, line in lines.items())


def _version(
    connection: Connection[Any], asked: Asked, period: Period, book: ReferenceBook, newest: Published | None
) -> FilledForm:
    """The form as it was published."""
    if newest is None or asked.version is None:
        raise WrongCallError([f"--version: {period.name} was not published; is `lienthong ledger publish` running?"])
    if asked.version > newest.version:
        raise WrongCallError([f"--version: the newest version of {period.name} is {newest.version}"])
    if asked.unit and asked.by != "field":
        raise WrongCallError(["--version: an office has a report of its own only --by field"])
    found = published_lines(connection, DOSSIER_FORM, period.name, (asked.by, asked.unit), asked.version)
    if found is None:
        raise WrongCallError([f"--unit: {asked.unit} had no dossier in version {asked.version} of {period.name}"])
    lines = _named(found.lines, asked.by, book, period)
    form = FilledForm(period, asked.by, "day", found.known_at, True, lines, asked.version, newest.version)
    return form._replace(incomplete=newest.incomplete)


def _counts(connection: Connection[Any], asked: Asked, period: Period, book: ReferenceBook) -> Counts:
    zone = zone_of(book, period.end - 1)
    if asked.as_of is None:
        return cells_now(connection, period, zone, asked.counting)
    return cells_at(connection, period, zone, asked.counting, asked.as_of)


def _units_of(cell: Cell, asked: Asked, book: ReferenceBook, now: Instant) -> tuple[str, ...]:
    """Office and commune of a cell, as those who ask call them."""
    codes = (cell.office, cell.commune)
    return tuple(book.unit_today(code, now)[0] for code in codes) if asked.today else codes


def _yesterday(book: ReferenceBook, now: Instant) -> str:
    return (day_of(zone_of(book, now))(now) - timedelta(days=1)).isoformat()
