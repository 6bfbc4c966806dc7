"""A filled form as text or as a file: table, CSV, XLSX, JSON.

A code comes from whoever sent the dossier: one that begins like a formula must not become one in a spreadsheet, and one
with signs that a workbook cannot hold must not keep all the others from it.
"""

from __future__ import annotations

import csv
import io
import json
from typing import BinaryIO, Final

from lienthong.report.form import FilledForm

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
"""With these spreadsheets take the text of a CSV cell for a formula; an apostrophe in front says that it is text."""


def as_csv(form: FilledForm) -> str:
    """CSV in UTF-8 with a mark in front, so that spreadsheets show Vietnamese letters."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(map(_as_texts, form.rows(beside=True)))
    return "\ufeff" + out.getvalue()


def as_json(form: FilledForm) -> str:
    """JSON in one line."""
    return json.dumps(form.as_json(), ensure_ascii=False)


def _as_texts(row: list[str | int]) -> list[str | int]:
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell for cell in row]


def write_xlsx(form: FilledForm, file: BinaryIO) -> None:
    """Write a workbook of one sheet: title, headings, lines, bottom line."""
    import openpyxl
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment, Font

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "II.06"
    sheet.append([form.title])
    for row in form.rows(beside=True):
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("\ufffd", cell) if isinstance(cell, str) else cell for cell in row])
        for cell in sheet[sheet.max_row]:
            if cell.data_type == "f":
                cell.data_type = "s"
    bold = Font(bold=True)
    for number in (1, 2, sheet.max_row):
        for cell in sheet[number]:
            cell.font = bold
    for cell in sheet[2]:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["B"].width = 44
    sheet.freeze_panes = "C3"
    book.save(file)
