"""A pool of calendars, each built once for both engines; number 0 is the plainest, the others follow from theirs."""

from __future__ import annotations

import random
from bisect import bisect_right
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.calendar_table import WorkingCalendar
from tests.support.calendar_oracle import OutOfRange, SlowCalendar

NUMBER = 64
"""Calendars of the pool: building one takes 20 ms."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL = ["07:00-11:30", "13:30-17:00"]
PATTERNS = [
    USUAL,
    ["08:00-12:00", "13:00-17:00"],
    ["07:30-12:00", "13:00-16:30"],
    ["08:00-11:00"],
    ["07:00-10:00", "10:00-12:00", "14:00-15:30", "18:00-20:15"],
    ["00:00-24:00"],
    ["18:00-24:00"],
    ["00:00-02:30", "22:15-24:00"],
]
ZONES = ["Asia/Ho_Chi_Minh", "Asia/Ho_Chi_Minh", "Europe/Amsterdam", "Australia/Lord_Howe"]
FIRST = date(2026, 2, 23)
"""From here on somebody works, for SPAN days: zones with summer time change their clocks in them."""
SPAN = 130
"""Days."""


class WalkingCalendar(SlowCalendar):
    """The slow calendar, walking from where the question begins instead of from the first day."""

    def __init__(self, body: dict[str, Any]) -> None:
        super().__init__(body)
        self.ends = [end for _, end in self.pieces]
        self.edges = sorted({edge for piece in self.pieces for edge in piece})
        self._at: dict[tuple[date, str], int] = {}

    def at(self, day: date, clock: str) -> int:
        """The instant of a time of day (HH:MM)."""
        if not hasattr(self, "_at"):
            return super().at(day, clock)
        if (day, clock) not in self._at:
            self._at[day, clock] = super().at(day, clock)
        return self._at[day, clock]

    def between(self, earlier: int, later: int) -> int:
        """Sum what of each stretch lies between, up to the first that lies behind."""
        if later < earlier:
            return -self.between(later, earlier)
        total = 0
        for start, end in self.pieces[bisect_right(self.ends, earlier) :]:
            if start >= later:
                break
            total += min(end, later) - max(start, earlier)
        return total

    def add(self, instant: int, working: int) -> int:
        """Go forward until so much has been worked."""
        for start, end in self.pieces[bisect_right(self.ends, instant) :] if working else ():
            begin = max(start, instant)
            if end - begin >= working:
                return begin + working
            working -= end - begin
        if working:
            raise OutOfRange
        return instant

    def next_working(self, instant: int) -> int:
        """The first moment from here on after which somebody works."""
        for start, _ in self.pieces[bisect_right(self.ends, instant) :]:
            return max(start, instant)
        raise OutOfRange


class Both(NamedTuple):
    """A calendar for the engine and for the oracle."""

    body: Calendar
    ours: WorkingCalendar
    slow: WalkingCalendar


def body_of(number: int) -> dict[str, Any]:
    """Two seasons of weeks, days off, local days off, a swapped day and one with hours of its own."""
    chance = random.Random(number)
    one = timedelta(days=1)
    last = FIRST + SPAN * one
    split = FIRST + chance.randint(10, 60) * one
    weeks = [_week(chance, number) for _ in range(2)]
    seasons = [
        {"hours": {}, "last_day": str(FIRST - one)},
        {"hours": weeks[0], "first_day": str(FIRST), "last_day": str(split - one)},
        {"hours": weeks[1], "first_day": str(split), "last_day": str(last)},
        {"hours": {}, "first_day": str(last + one)},
    ]
    special = [FIRST + day * one for day in chance.sample(range(1, SPAN), 12 if number else 0)]
    saturdays = [day for day in special if day.weekday() == 5 and number]
    return {
        "time_zone": chance.choice(ZONES) if number else ZONES[0],
        "source": "test",
        "first_year": 2026,
        "last_year": 2026,
        "seasons": seasons,
        "working_days": [
            *({"date": str(day), "name": "own hours", "hours": ["09:00-10:30"]} for day in special[:2]),
            *({"date": str(day), "name": "swapped", "hours_of": "fri"} for day in saturdays if day not in special[:2]),
        ],
        "days_off": [{"date": str(day), "name": "off"} for day in special[2:8] if day not in saturdays],
        "local_days_off": [{"date": str(day), "name": "local"} for day in special[8:] if day not in saturdays],
    }


def _week(chance: random.Random, number: int) -> dict[str, list[str]]:
    if not number:
        return dict.fromkeys(WEEKDAYS[:5], USUAL)
    usual = chance.choice(PATTERNS[: 3 if number % 2 else None])
    week = dict.fromkeys(WEEKDAYS[:5], usual)
    week[chance.choice(WEEKDAYS[:4])] = chance.choice(PATTERNS)
    if chance.random() < 0.3:
        week["sat"] = chance.choice(PATTERNS)
    return week


@cache
def calendar(number: int) -> Both:
    """The calendar of a number."""
    data = body_of(number)
    body = Calendar.model_validate(data)
    return Both(body, WorkingCalendar(body), WalkingCalendar(data))
