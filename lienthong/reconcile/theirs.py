"""What another system says: figures by unit, or its dossiers; and every fault of its file, with the row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from lienthong.reconcile import headings
from lienthong.reconcile.headings import FIGURES, NAME, ONLINE, STATUSES, TOTALS, UNIT, VERDICTS
from lienthong.reconcile.sheet import Cell, Row, Sheet
from lienthong_consumers.domain.period_report import REFUSED, Countable
from lienthong_schemas.errors import IdentityError
from lienthong_schemas.identity import normalise_local
from lienthong_schemas.instants import Instant, instant_of
from lienthong_schemas.unit_names import plain_name

UnitOf = Callable[[str, str], str]
"""The code of a unit from what a file says: its code, its name. Raises ValueError with what is wrong."""
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}([., ][0-9]{3})+")
_DAY_FIRST: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?:[ T]+([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?")
_SUMS: Final = (
    ("received", ("new_online", "new_direct", "carried_over")),
    ("resolved", ("early", "on_time", "late")),
    ("pending", ("pending_in_time", "pending_late")),
    ("received", ("resolved", "pending")),
)
_END_OF_DAY: Final = time(23, 59, 59)


class Fault(NamedTuple):
    """Something wrong in a file. The row is compared as far as it can be."""

    row: int
    what: str


class TheirDossier(NamedTuple):
    """A dossier of the other system. ``days``: fields of which only the day is stated."""

    row: int
    code: str
    case: Countable
    days: frozenset[str]
    verdict: str
    """early, on_time or late, where the file says it; else empty."""


def figures_of(sheet: Sheet, unit_of: UnitOf) -> tuple[dict[str, dict[str, int]], list[Fault]]:
    """By unit the figures that the file states, by their keys in ``FIGURES``; and every fault."""
    found: dict[str, dict[str, int]] = {}
    faults: list[Fault] = []
    for row in sheet.rows:
        if plain_name(row.text(NAME) or row.text(UNIT)) in TOTALS:
            continue
        unit = _unit(row, unit_of, faults)
        numbers = _numbers(row, faults)
        faults += [Fault(row.number, what) for what in impossible(numbers)]
        if unit in found:
            faults.append(Fault(row.number, f"{unit} stands twice; the first row counts"))
        elif unit:
            found[unit] = numbers
    return found, faults


def impossible(numbers: Mapping[str, int]) -> list[str]:
    """What cannot be about figures: sums that do not add up, more resolved than received."""
    found = []
    for total, parts in _SUMS:
        if total in numbers and all(part in numbers for part in parts):
            added = sum(numbers[part] for part in parts)
            if added != numbers[total]:
                found.append(f"{total} is {numbers[total]}, but {' + '.join(parts)} is {added}")
    if numbers.get("resolved", 0) > numbers.get("received", numbers.get("resolved", 0)):
        found.append(f"resolved {numbers['resolved']} is more than received {numbers['received']}")
    return found


def dossiers_of(sheet: Sheet, unit_of: UnitOf, zone: ZoneInfo, by: str) -> tuple[list[TheirDossier], list[Fault]]:
    """The dossiers of a list; and every fault. ``by``: whether its units are offices or communes."""
    found: dict[str, TheirDossier] = {}
    faults: list[Fault] = []
    for row in sheet.rows:
        unit = _unit(row, unit_of, faults)
        try:
            code = normalise_local(row.text(headings.CODE))
        except IdentityError as error:
            faults.append(Fault(row.number, str(error)))
            continue
        times, days = _times(row, zone, faults)
        if unit is None or times is None:
            continue
        if code in found:
            faults.append(Fault(row.number, f"{code} stands twice; the first row counts"))
            continue
        status = _status(row, faults)
        channel = (
            headings.CHANNEL_ONLINE if plain_name(row.text(headings.CHANNEL)) in ONLINE else row.text(headings.CHANNEL)
        )
        received, due, ended = times
        office, commune = (unit, "") if by == "office" else ("", unit)
        if ended is not None and received is not None and ended < received:
            faults.append(Fault(row.number, f"{code} ended before it was received"))
        over = received if ended is None and status == REFUSED else ended
        case = Countable(office, commune, "", channel, status, received, due, over)
        verdict = VERDICTS.get(plain_name(row.text(headings.VERDICT)), "")
        found[code] = TheirDossier(row.number, code, case, days, verdict)
    return list(found.values()), faults


def _unit(row: Row, unit_of: UnitOf, faults: list[Fault]) -> str | None:
    try:
        return unit_of(row.text(UNIT), row.text(NAME))
    except ValueError as error:
        faults.append(Fault(row.number, str(error)))
        return None


def _numbers(row: Row, faults: list[Fault]) -> dict[str, int]:
    found: dict[str, int] = {}
    for field in FIGURES:
        text = row.text(field)
        if field not in row.cells or not text:
            continue
        plain = re.sub("[., ]", "", text) if _THOUSANDS.fullmatch(text) else text
        if plain.isascii() and plain.isdigit():
            found[field] = int(plain)
        else:
            faults.append(Fault(row.number, f"{field}: {text!r} is no count; a whole number from 0 on is wanted"))
    return found


def _times(
    row: Row, zone: ZoneInfo, faults: list[Fault]
) -> tuple[tuple[Instant | None, Instant | None, Instant | None] | None, frozenset[str]]:
    found: list[Instant | None] = []
    days = set()
    good = True
    for field in (headings.RECEIVED, headings.DUE, headings.ENDED):
        try:
            instant, is_day = _instant(row.cells.get(field), zone, late=field != headings.RECEIVED)
        except ValueError:
            wanted = "such as 31/10/2026, 31/10/2026 16:30 or 2026-10-31T16:30:00+07:00"
            faults.append(Fault(row.number, f"{field}: {row.text(field)!r} is no time, {wanted}"))
            good = False
            continue
        found.append(instant)
        if is_day:
            days.add(field)
    return ((found[0], found[1], found[2]) if good else None), frozenset(days)


def _instant(value: Cell, zone: ZoneInfo, *, late: bool) -> tuple[Instant | None, bool]:
    """The instant in a cell and whether only its day is stated: it is taken as the day's end, or its beginning."""
    if value is None or value == "":
        return None, False
    moment = value if isinstance(value, datetime | date) else _read(str(value).strip())
    is_day = not isinstance(moment, datetime) or (moment.tzinfo is None and moment.time() == time())
    if is_day:
        moment = datetime.combine(moment, _END_OF_DAY if late else time())
    assert isinstance(moment, datetime)
    return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=zone)), is_day


def _read(text: str) -> datetime | date:
    found = _DAY_FIRST.fullmatch(text)
    if found is None:
        return date.fromisoformat(text) if len(text) == len("2026-10-31") else datetime.fromisoformat(text)
    day = date(int(found[3]), int(found[2]), int(found[1]))
    if not found[4]:
        return day
    hour, rest = found[4].split(":", 1)
    return datetime.combine(day, time.fromisoformat(f"{hour:0>2}:{rest}"))


def _status(row: Row, faults: list[Fault]) -> str:
    text = row.text(headings.STATUS)
    status = text if text in STATUSES.values() else STATUSES.get(plain_name(text), "")
    if text and not status:
        faults.append(Fault(row.number, f"status: {text!r} is none of the national code list (1 to 10)"))
    return status
