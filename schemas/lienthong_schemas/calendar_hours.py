"""Office hours as people write them, and the instants that they mean, also on days when the clocks are changed.

A time of day is an ``int``: minutes after local midnight, 0 to 1440. It means the first moment at which the wall clock
shows it or has passed it: a time that the clocks jump over is the jump itself, of a time that comes twice the first
counts. So hours that lie side by side never overlap and never leave a gap.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Annotated, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, instant_of

MINUTES_PER_DAY: Final = 24 * 60
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of ``date.weekday()``."""

_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_HOURS_FORM: Final = 'write them as "07:00-11:30"'


class Hours(NamedTuple):
    """One stretch of work within a day, from a time of day up to another."""

    start: int
    end: int


def minute_of(text: object) -> int:
    """The time of day in ``HH:MM``; ``24:00`` is the end of the day. Raises ValueError."""
    if not isinstance(text, str) or _TIME.fullmatch(text) is None:
        raise ValueError(f'{text!r} is no time of day; write it in quotes, such as "15:00"')
    return int(text[:2]) * 60 + int(text[3:])


def time_text(minute: int) -> str:
    """A time of day as people write it: ``HH:MM``."""
    return f"{minute // 60:02}:{minute % 60:02}"


def hours_of(text: str) -> Hours:
    """The hours in ``HH:MM-HH:MM``. Raises ValueError."""
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} are no hours; {_HOURS_FORM}")
    hours = Hours(minute_of(start), minute_of(end))
    if hours.start >= hours.end:
        raise ValueError(f"{text!r} ends before it begins; {_HOURS_FORM}, and a night as two days")
    return hours


def _time_text(value: object) -> object:
    minute_of(value)
    return value


def _hours_text(value: str) -> str:
    hours_of(value)
    return value


def _date(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError(f"{value!r} is no date; write it as 2026-01-31")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is no date of the calendar") from None


def _in_order(day: tuple[str, ...]) -> tuple[str, ...]:
    for earlier, later in pairwise(day):
        if hours_of(earlier).end > hours_of(later).start:
            raise ValueError(f"{earlier} and {later} overlap or stand in the wrong order")
    return day


TimeText = Annotated[str, BeforeValidator(_time_text)]
"""``HH:MM``."""
DayHours = Annotated[tuple[Annotated[str, AfterValidator(_hours_text)], ...], AfterValidator(_in_order)]
"""The hours of one day, ``HH:MM-HH:MM`` each, in order; none: nobody works."""
Day = Annotated[date, BeforeValidator(_date)]
"""A local date in ``YYYY-MM-DD``."""


def instant_at(day: date, minute: int, zone: ZoneInfo) -> Instant:
    """The first instant at which the wall clock of the zone shows this time of this day, or has passed it."""
    return instant_of_wall(datetime.combine(day, time()) + timedelta(minutes=minute), zone)


def instant_of_wall(wall: datetime, zone: ZoneInfo) -> Instant:
    """The first instant at which the wall clock shows a time (a datetime without zone), or has passed it."""
    first = instant_of(wall.replace(tzinfo=zone))
    second = instant_of(wall.replace(tzinfo=zone, fold=1))
    return first if first <= second else _jump(second, first, wall, zone)


def _jump(before: Instant, after: Instant, wall: datetime, zone: ZoneInfo) -> Instant:
    """The instant, to the second, at which the clocks jump over a time: the later offset holds from it on."""
    offset = wall.replace(tzinfo=zone, fold=1).utcoffset()
    low, high = before // MICROSECONDS_PER_SECOND, -(-after // MICROSECONDS_PER_SECOND)
    while low < high:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            high = middle
        else:
            low = middle + 1
    return low * MICROSECONDS_PER_SECOND
