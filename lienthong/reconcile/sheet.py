"""Reading a CSV or XLSX file of another system: its heading, and its rows with their numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final, NamedTuple
from zipfile import BadZipFile

from lienthong.reconcile.headings import fields_of
from lienthong_infra.errors import BadInputError

HEADING_WITHIN: Final = 30
"""Rows in which the heading is looked for: forms begin with titles."""
LEAST_HEADINGS: Final = 3
Cell = str | int | float | datetime | date | None


class Row(NamedTuple):
    """A row: its number as a spreadsheet shows it, and its cells by what their headings mean."""

    number: int
    cells: dict[str, Cell]

    def text(self, field: str) -> str:
        """A cell as text, without blanks around it; empty where there is none."""
        value = self.cells.get(field)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return "" if value is None else str(value).strip()


class Sheet(NamedTuple):
    """What was read."""

    fields: frozenset[str]
    rows: list[Row]
    unread: list[str]
    """Headings that mean nothing here."""


def read_sheet(path: Path) -> Sheet:
    """Read a file. Raises BadInputError where it cannot be read or no row of it is a heading."""
    try:
        lines = list(_workbook(path) if path.suffix.lower() in (".xlsx", ".xlsm") else _text(path))
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise BadInputError([f"{path}: it cannot be read ({error}); CSV in UTF-8 or XLSX is wanted"]) from error
    for at, cells in enumerate(lines[:HEADING_WITHIN]):
        fields = fields_of([str(cell or "") for cell in cells])
        if sum(map(bool, fields)) >= LEAST_HEADINGS:
            return _below(lines, at, fields)
    raise BadInputError(
        [
            f"{path}: none of the first {HEADING_WITHIN} rows is a heading: at least {LEAST_HEADINGS} of those in "
            "docs/reconcile.md are wanted, such as 'Đơn vị' and 'Tổng số tiếp nhận', or 'Mã hồ sơ' and 'Ngày tiếp nhận'"
        ]
    )


def _below(lines: Sequence[Sequence[Cell]], at: int, fields: Sequence[str]) -> Sheet:
    rows = []
    for number, cells in enumerate(lines[at + 1 :], start=at + 2):
        if any(cell not in (None, "") for cell in cells):
            rows.append(Row(number, {field: cell for field, cell in zip(fields, cells, strict=False) if field}))
    unread = [str(cell) for field, cell in zip(fields, lines[at], strict=False) if not field and cell not in (None, "")]
    return Sheet(frozenset(filter(None, fields)), rows, unread)


def _text(path: Path) -> Iterator[list[Cell]]:
    text = path.read_text(encoding="utf-8-sig")
    sample = text[:4_096]
    delimiter = max(",;\t", key=sample.count)
    for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        yield list(cells)


def _workbook(path: Path) -> Iterator[list[Cell]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except BadZipFile as error:
        raise ValueError("it is no workbook") from error
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # some programs write a wrong range, and nothing outside of it would be read
    for cells in sheet.iter_rows(values_only=True):
        yield list(cells)
