"""What the lines of form II.06 are about: offices, communes, fields or procedures, and how they are called."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Final

from lienthong_consumers.domain.period_report import Cell, Period
from lienthong_schemas.reference import ReferenceBook

UNKNOWN_FIELD: Final = "Chưa rõ lĩnh vực"
"""Name of the line with the dossiers whose procedure has no field in the reference data: they are never left out."""


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
