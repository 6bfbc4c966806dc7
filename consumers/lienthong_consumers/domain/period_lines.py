"""What the lines of form II.06 are about: offices, communes, fields or procedures, and how they are called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

from lienthong_consumers.domain.period_course import Counts
from lienthong_consumers.domain.period_report import NOTHING, Cell, Line, Period
from lienthong_schemas.instants import Instant
from lienthong_schemas.reference import ReferenceBook

Key = TypeVar("Key", str, tuple[str, str])

UNKNOWN_FIELD: Final = "Chưa rõ lĩnh vực"
"""Name of the line with the dossiers whose procedure has no field in the reference data: they are never left out."""


class Cut(NamedTuple):
    """What a line of the form is about, and how a cell says it."""

    now: Callable[[Cell], str]
    before: Callable[[Cell], str]
    """Of a cell of the period before: the field of a procedure may have been another one."""


def cut_of(by: str, book: ReferenceBook, period: Period) -> Cut:
    """The lines by office, commune, procedure, or by the field of the procedure in the period."""
    if by == "field":
        return Cut(_field_at(book, period.end - 1), _field_at(book, period.begin - 1))
    plain = attrgetter({"procedure": "selector"}.get(by, by))
    return Cut(plain, plain)


def _field_at(book: ReferenceBook, at: Instant) -> Callable[[Cell], str]:
    return lambda cell: book.field_of(cell.selector, at)


def lines_of(counts: Counts, now: Callable[[Cell], Key], before: Callable[[Cell], Key]) -> dict[Key, Line]:
    """The lines of a report, sorted by key; a key without any dossier in the period, or from before it, has none."""
    found: dict[Key, Line] = {}
    for cell, line in counts.cells.items():
        name = now(cell)
        found[name] = found.get(name, NOTHING).plus(line)
    for was, cell, dossiers in _carried_over(counts):
        giver, taker = before(was), now(cell)
        if giver != taker:
            found[taker] = found.get(taker, NOTHING).plus(Line(taken_over=dossiers))
            found[giver] = found.get(giver, NOTHING).plus(Line(handed_over=dossiers))
    return {name: found[name] for name in sorted(found) if any(found[name])}


def _carried_over(counts: Counts) -> Iterator[tuple[Cell, Cell, int]]:
    """Where dossiers were pending at the end of the period before, where they count now, and how many."""
    stayed = {cell: line.carried_over for cell, line in counts.cells.items() if line.carried_over}
    for (was, cell), dossiers in counts.moves.items():
        stayed[cell] = stayed.get(cell, 0) - dossiers
        yield was, cell, dossiers
    for cell, dossiers in stayed.items():
        if dossiers:
            yield cell, cell, dossiers


def name_of(by: str, code: str, book: ReferenceBook, period: Period) -> str:
    """What the form calls the unit, procedure or field with this code, as of the end of the period."""
    at = period.end - 1
    if by == "field":
        return code or UNKNOWN_FIELD
    found = book.procedure(code, at) if by == "procedure" else book.unit(code, at)
    return "" if found is None else found.name
