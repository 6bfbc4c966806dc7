"""A filled form as text or as a file: table, CSV, XLSX, JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from lienthong.report.form import FilledForm


def as_csv(form: FilledForm) -> str:
    """CSV in UTF-8 with a mark in front, so that spreadsheets show Vietnamese letters."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(form.rows())
    return "\ufeff" + out.getvalue()


def as_json(form: FilledForm) -> str:
    """JSON in one line."""
    return json.dumps(form.as_json(), ensure_ascii=False)


def write_xlsx(form: FilledForm, path: Path) -> None:
    """Write a workbook of one sheet: title, headings, lines, bottom line."""
    import openpyxl
    from openpyxl.styles import Alignment, Font

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "II.06"
    sheet.append([form.title])
    for row in form.rows():
        sheet.append(row)
    bold = Font(bold=True)
    for number in (1, 2, sheet.max_row):
        for cell in sheet[number]:
            cell.font = bold
    for cell in sheet[2]:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["B"].width = 44
    sheet.freeze_panes = "C3"
    book.save(path)
