"""The days whose figures a periodic report contains.

Decree 09/2019/NĐ-CP cuts figures off on the 14th: a month is "from the 15th to the 14th", a quarter begins on the 15th
of the last month of the quarter before; half a year, nine months and a year begin on 15 December of the year before.
Other regimes close on another day: that is the policy's ``period.closing_day``. Weeks are those of ISO 8601.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

_PERIOD: Final = re.compile(r"(\d{4})(?:-(?:M(\d\d)|Q(\d)|W(\d\d)|(6|9)M))?")


def period_days(period: str, closing_day: int) -> tuple[date, date]:
    """First and last day of a period: ``2026``, ``2026-M10``, ``2026-Q3``, ``2026-W41``, ``2026-6M``, ``2026-9M``.

    ``closing_day``: the last day of a period within its month, 1 to 28. Raises ValueError for what is no period.
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
    return _day_after_closing(year, last - months, closing_day), date(year, last, closing_day)


def _day_after_closing(year: int, month: int, closing_day: int) -> date:
    """The first day of a period; month 0 is December of the year before."""
    closed = date(year, month, closing_day) if month else date(year - 1, 12, closing_day)
    return closed + timedelta(days=1)
