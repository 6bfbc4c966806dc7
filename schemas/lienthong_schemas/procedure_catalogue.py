"""From a catalogue of procedures (code, unit, amount, name, field) to clock policies and fields, in bulk; rows that are
wrong are listed.

Headings and units are read in English and Vietnamese. All but the time comes from a template: acceptance, supplement,
escalation; a warning or an apology that does not fit into a short time is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from lienthong_schemas.calendar_table import WORKING_DAY
from lienthong_schemas.policy_body import ClockPolicy, policy_key
from lienthong_schemas.policy_parts import DAY_UNITS, Span, Unit
from lienthong_schemas.reference_body import body_problems

HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "code": ("code", "procedure", "mã", "mã thủ tục", "mã tthc", "mã số"),
    "unit": ("unit", "đơn vị", "đơn vị tính", "đơn vị thời gian", "loại thời gian"),
    "amount": ("amount", "time", "thời gian", "thời hạn", "thời hạn giải quyết", "số lượng"),
    "name": ("name", "tên", "tên thủ tục", "tên tthc", "thủ tục"),
    "field": ("field", "lĩnh vực", "tên lĩnh vực", "thuộc lĩnh vực"),
}
"""The columns and what they may be called; name and field may be left out."""
UNITS: Final[Mapping[str, Unit]] = {
    "phút": "calendar_minute",
    "giờ đồng hồ": "calendar_hour",
    "ngày": "calendar_day",
    "giờ làm việc": "working_hour",
    "ngày làm việc": "working_day",
    **{unit: unit for unit in ("calendar_minute", "calendar_hour", "calendar_day", "working_hour", "working_day")},
}
_CODE: Final = re.compile(r"[1-9]\.[0-9]{6}(\.[0-9A-Z]+)*")
"""A national code (``1.004222``), with or without the code of an agency behind it."""
_AMOUNT: Final = re.compile(r"[0-9]+([.,][0-9]+)?")
_DAY: Final = 24 * 3_600 * 1_000_000
"""Microseconds."""


class Row(NamedTuple):
    """A row of a catalogue: its number in the file, and its cells by column."""

    number: int
    cells: Mapping[str, object]


class Refused(NamedTuple):
    """A row that makes no policy, and every reason."""

    row: int
    code: str
    reasons: tuple[str, ...]


class Imported(NamedTuple):
    """Bodies of policies by key, what was refused, and bodies of procedures by code where the row names a field."""

    bodies: Mapping[str, Mapping[str, Any]]
    refused: tuple[Refused, ...]
    procedures: Mapping[str, Mapping[str, Any]] = {}


def columns_of(headings: Sequence[object]) -> dict[str, int]:
    """Where each column stands. Raises ValueError with every problem."""
    found: dict[str, int] = {}
    problems = []
    for index, heading in enumerate(headings):
        words = _plain(heading).lower()
        for column, names in HEADINGS.items():
            if words in names and column in found:
                problems.append(f"two columns are the {column}: {headings[found[column]]!r} and {heading!r}; keep one")
            elif words in names:
                found[column] = index
    problems.extend(
        f"there is no column for the {column}; call one of them {' or '.join(HEADINGS[column])}"
        for column in ("code", "unit", "amount")
        if column not in found
    )
    if problems:
        raise ValueError("\n".join(problems))
    return found


def import_rows(rows: Iterable[Row], template: Mapping[str, Any], source: str) -> Imported:
    """Policies for the rows of a catalogue. ``template``: the body of a policy that gives all but the time."""
    bodies: dict[str, Mapping[str, Any]] = {}
    procedures: dict[str, Mapping[str, Any]] = {}
    refused: list[Refused] = []
    rows_of: dict[str, int] = {}
    for row in rows:
        code = _code(row.cells.get("code"))
        body, reasons = _body(row, code, template, source)
        if code in rows_of:
            reasons.append(f"code: {code} stands in row {rows_of[code]} already; keep one of them")
        if reasons:
            refused.append(Refused(row.number, code, tuple(reasons)))
        else:
            bodies[policy_key(body["case_kind"], code, "*", "processing")] = body
            rows_of[code] = row.number
            field = _plain(row.cells.get("field"))
            if field:
                procedures[code] = {"name": body["name"], "field": field, "source": source}
    return Imported(bodies, tuple(refused), procedures)


def _body(row: Row, code: str, template: Mapping[str, Any], source: str) -> tuple[dict[str, Any], list[str]]:
    reasons = []
    if not _CODE.fullmatch(code):
        reasons.append(f"code: {code!r} is no code of a procedure; write it as 1.004222 (six digits behind the point)")
    unit = UNITS.get(_plain(row.cells.get("unit")).lower())
    if unit is None:
        known = ", ".join(UNITS)
        reasons.append(f"unit: {_plain(row.cells.get('unit'))!r} is no unit; write one of {known}")
    amount = _amount(row.cells.get("amount"))
    if amount is None:
        reasons.append(f"amount: {_plain(row.cells.get('amount'))!r} is no number; write 5 or 0,5")
    if reasons or unit is None or amount is None:
        return {}, reasons
    body = _filled(template, unit, amount)
    body.update(selector=code, name=_plain(row.cells.get("name")), source=source)
    try:
        ClockPolicy.model_validate(body)
    except ValidationError as error:
        return {}, body_problems(error)
    return body, []


def _filled(template: Mapping[str, Any], unit: Unit, amount: Decimal) -> dict[str, Any]:
    """The template with a time of its own, without what does not fit into it."""
    body = {key: value for key, value in template.items() if key not in ("mode", "period")}
    body.update(unit=unit, amount=int(amount) if amount == int(amount) else float(amount))
    if unit not in DAY_UNITS:
        body.pop("due_precision", None)
    elif not amount:
        body["due_precision"] = "day"
    if not _fits(body.get("apology_lead"), unit, amount):
        del body["apology_lead"]
    warnings = [each for each in body.get("warnings", ()) if _fits(each.get("before"), unit, amount)]
    if "warnings" in body:
        body["warnings"] = warnings
    return body


def _fits(before: Mapping[str, Any] | None, unit: Unit, amount: Decimal) -> bool:
    """Whether something so long before the due time comes after the start, a working day taken for a day."""
    if before is None:
        return True
    lead = Span.model_validate(before)
    return _days(lead.unit, lead.microseconds) < _days(unit, _length(unit, amount))


def _length(unit: Unit, amount: Decimal) -> int:
    return Span.model_construct(unit=unit, amount=amount).microseconds


def _days(unit: Unit, length: int) -> float:
    return length / (WORKING_DAY if unit.startswith("working") else _DAY)


def _code(cell: object) -> str:
    """The code in a cell. In a sheet it may be a number without the zeros at its end: there are always six digits."""
    if isinstance(cell, float):
        return f"{cell:.6f}"
    return _plain(cell).upper()


def _amount(cell: object) -> Decimal | None:
    text = _plain(cell)
    if isinstance(cell, bool) or not _AMOUNT.fullmatch(text):
        return None
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


def _plain(cell: object) -> str:
    """The text of a cell, in one form of Unicode, with single spaces."""
    return "" if cell is None else " ".join(unicodedata.normalize("NFC", str(cell)).split())
