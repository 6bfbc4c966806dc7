"""A second, slow calendar for tests: it walks over the stretches of work one by one and shares no code with ours.

It reads the plain data of a record's body. Every answer is found by going forward (or back) from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
WIDEST_OFFSET = timedelta(hours=15)
"""More than any zone is away from UTC."""
NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class OutOfRange(Exception):
    """The answer lies outside the years of the calendar."""


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@cache
def first_shown(zone: str, wall: datetime) -> int:
    """The first instant at which the clock on the wall shows a time or has passed it: minute by minute where needed."""
    there = ZoneInfo(zone)
    early, late = (wall.replace(tzinfo=UTC) + sign * WIDEST_OFFSET for sign in (-1, 1))
    offset = early.astimezone(there).utcoffset()
    if offset == late.astimezone(there).utcoffset():
        assert offset is not None
        return microseconds(wall.replace(tzinfo=UTC) - offset)
    seconds = timedelta(seconds=wall.second, microseconds=wall.microsecond)
    at = early - seconds
    while at.astimezone(there).replace(tzinfo=None) < wall - seconds:
        at += MINUTE
    jumped = at.astimezone(there).replace(tzinfo=None) > wall - seconds
    return microseconds(at if jumped else at + seconds)


class SlowCalendar:
    """The oracle of one calendar body."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.zone = body["time_zone"]
        self.first, self.last = date(body["first_year"], 1, 1), date(body["last_year"], 12, 31)
        self.hours: dict[date, list[str]] = {}
        for day in self.days():
            hours = self._hours(body, day)
            if any(self.at(day, text[:5]) < self.at(day, text[6:]) for text in hours):
                self.hours[day] = hours
        self.pieces = [
            (self.at(day, text[:5]), self.at(day, text[6:]))
            for day, texts in self.hours.items()
            for text in texts
            if self.at(day, text[:5]) < self.at(day, text[6:])
        ]

    def days(self) -> Iterator[date]:
        """Every date of the years, in order."""
        day = self.first
        while day <= self.last:
            yield day
            day += timedelta(days=1)

    @staticmethod
    def _hours(body: dict[str, Any], day: date) -> list[str]:
        text = day.isoformat()
        for off in body.get("days_off", []) + body.get("local_days_off", []):
            if off["date"] == text:
                return []
        name = NAMES[day.weekday()]
        for extra in body.get("working_days", []):
            if extra["date"] == text:
                if "hours" in extra:
                    return list(extra["hours"])
                name = extra["hours_of"]
        for season in body["seasons"]:
            if season.get("first_day", "0000") <= text <= season.get("last_day", "9999"):
                return list(season["hours"].get(name, []))
        raise AssertionError(f"no season covers {text}")

    def at(self, day: date, clock: str) -> int:
        """The instant of a time of day (HH:MM)."""
        hours, minutes = clock.split(":")
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
        return first_shown(self.zone, midnight + timedelta(hours=int(hours), minutes=int(minutes)))

    def wall(self, instant: int) -> datetime:
        """What the clock on the wall shows."""
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)).astimezone(ZoneInfo(self.zone))

    def add(self, instant: int, working: int) -> int:
        """Go forward until so much has been worked."""
        if working == 0:
            return instant
        for start, end in self.pieces:
            begin = max(start, instant)
            if begin < end:
                if end - begin >= working:
                    return begin + working
                working -= end - begin
        raise OutOfRange

    def subtract(self, instant: int, working: int) -> int:
        """Go back until so much has been worked."""
        if working == 0:
            return instant
        for start, end in reversed(self.pieces):
            until = min(end, instant)
            if start < until:
                if until - start >= working:
                    return until - working
                working -= until - start
        raise OutOfRange

    def between(self, earlier: int, later: int) -> int:
        """Sum what of each stretch lies between."""
        if later < earlier:
            return -self.between(later, earlier)
        return sum(max(0, min(end, later) - max(start, earlier)) for start, end in self.pieces)

    def next_working(self, instant: int) -> int:
        """The first moment from here on after which somebody works."""
        for start, end in self.pieces:
            if instant < end:
                return max(start, instant)
        raise OutOfRange

    def last_working(self, instant: int) -> int:
        """The last moment up to here before which somebody worked."""
        for start, end in reversed(self.pieces):
            if start < instant:
                return min(end, instant)
        raise OutOfRange

    def working_day_after(self, day: date, number: int) -> date:
        """Go from day to day and count the working ones."""
        while number:
            day += timedelta(days=1)
            if day > self.last:
                raise OutOfRange
            number -= day in self.hours
        return day

    def working_day_before(self, day: date, number: int) -> date:
        """Go back from day to day and count the working ones."""
        while number:
            day -= timedelta(days=1)
            if day < self.first:
                raise OutOfRange
            number -= day in self.hours
        return day
