"""The days whose figures a periodic report contains.

Decree 09/2019/NĐ-CP cuts figures off on the 14th: a month is "from the 15th to the 14th", a quarter begins on the 15th
of the last month of the quarter before; half a year, nine months and a year begin on 15 December of the year before.
Other regimes close on another day: that is the policy's ``period.closing_day``. Weeks are those of ISO 8601.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import Final, Literal

_PERIOD: Final = re.compile(r"(\d{4})(?:-(?:M(\d\d)|Q(\d)|W(\d\d)|(6|9)M))?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999
SUNDAY: Final = 7
"""The last day of a week of ISO 8601."""


PeriodKind = Literal["day", "week", "month", "quarter", "half-year", "nine-months", "year"]
ClosingDay = Callable[[int, int], int]
"""The last day of a period within a year's month, 1 to 28, as it applies to that month."""


def period_days(period: str, closing_day: int | ClosingDay) -> tuple[date, date]:
    """First and last day of a period: ``2026``, ``2026-M10``, ``2026-Q3``, ``2026-W41``, ``2026-6M``, ``2026-9M``.

    A period begins behind the month before it as that was closed, so that no day is lost or counted twice where the
    closing day changes. Raises ValueError for what is no period.
    """
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(f"{period!r} is no period; write 2026, 2026-M10, 2026-Q3, 2026-W41, 2026-6M or 2026-9M")
    year = int(found[1])
    if found[4]:
        monday = date.fromisocalendar(year, int(found[4]), 1)
        return monday, monday + timedelta(days=6)
    if found[2]:
        last, months = int(found[2]), 1
    elif found[3]:
        last, months = 3 * int(found[3]), 3
    else:
        last = months = int(found[5] or 12)
    closing = closing_day if callable(closing_day) else lambda _year, _month: closing_day
    before = _closed_on(year, last - months, closing)
    return before + timedelta(days=1), _closed_on(year, last, closing)


def named_days(name: str, closing_day: int | ClosingDay) -> tuple[date, date]:
    """First and last day of a period by its name, which may also be that of a single day, ``2026-10-31``.

    Raises ValueError, which says what is wrong, for what is no period or lies outside the years 1900 to 2999.
    """
    try:
        if _DAY.fullmatch(name):
            first = last = date.fromisoformat(name)
        else:
            first, last = period_days(name, closing_day)
    except ValueError as error:
        raise ValueError(str(error) if repr(name) in str(error) else f"{name!r} is no period: {error}") from None
    if first.year < FIRST_YEAR or last.year > LAST_YEAR:
        raise ValueError(f"{name!r} lies outside the years {FIRST_YEAR} to {LAST_YEAR}; check the year")
    return first, last


def _closed_on(year: int, month: int, closing: ClosingDay) -> date:
    """The last day of a month; month 0 is December of the year before."""
    if not month:
        year, month = year - 1, 12
    return date(year, month, closing(year, month))


def periods_ending_on(day: date, kinds: Collection[PeriodKind], closing_day: ClosingDay) -> list[str]:
    """The names of the periods of these kinds of which this is the last day, the shortest first."""
    month, year = day.month, day.year
    closes = day.day == closing_day(year, month)
    named: tuple[tuple[PeriodKind, str, bool], ...] = (
        ("day", day.isoformat(), True),
        ("week", f"{day:%G-W%V}", day.isoweekday() == SUNDAY),
        ("month", f"{year:04}-M{month:02}", closes),
        ("quarter", f"{year:04}-Q{month // 3}", closes and month % 3 == 0),
        ("half-year", f"{year:04}-6M", closes and month == 6),
        ("nine-months", f"{year:04}-9M", closes and month == 9),
        ("year", f"{year:04}", closes and month == 12),
    )
    return [name for kind, name, ends in named if ends and kind in kinds]


def kind_of(period: str) -> PeriodKind:
    """What kind of period a name is. Raises ValueError for what is none."""
    if len(period) == len("2026-10-31"):
        date.fromisoformat(period)
        return "day"
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(f"{period!r} is no period; write 2026, 2026-M10, 2026-Q3, 2026-W41, 2026-6M or 2026-9M")
    kinds: tuple[tuple[str | None, PeriodKind], ...] = ((found[2], "month"), (found[3], "quarter"), (found[4], "week"))
    for there, kind in kinds:
        if there:
            return kind
    return "half-year" if found[5] == "6" else "nine-months" if found[5] else "year"
