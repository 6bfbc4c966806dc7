"""The body of a calendar record: time zone, office hours by season, days off, swapped working days.

Days off are data of the record, never computed while deadlines are: a replay next year finds the same days, whatever
a library of holidays says by then. A record with nothing but a time zone is sound (forms count days in it), but no
deadline can be computed from it. Effective dates are those of the record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from lienthong_schemas.calendar_hours import WEEKDAYS, Day, DayHours, Weekday
from lienthong_schemas.reference_body import Body

MOST_YEARS: Final = 50
"""Years that a calendar may cover: more is a slip of the pen, and the table would only be slow to build."""
_ONE_DAY: Final = timedelta(days=1)

Year = Annotated[int, Field(ge=1900, le=2999, strict=True)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Season(Body):
    """Office hours of a stretch of time; a season without its first or last day reaches to the end of the years."""

    first_day: Day | None = None
    last_day: Day | None = None
    hours: Mapping[Weekday, DayHours]
    """By weekday; on a weekday that is left out nobody works."""

    @model_validator(mode="after")
    def _in_order(self) -> Season:
        if self.first_day is not None and self.last_day is not None and self.first_day > self.last_day:
            raise ValueError(f"the season ends on {self.last_day} before it begins on {self.first_day}")
        return self

    def covers(self, day: date) -> bool:
        """Whether a day lies in the season."""
        return (self.first_day or day) <= day <= (self.last_day or day)


class DayOff(Body):
    """A date on which nobody works, and what it is called."""

    date: Day
    name: Name


class WorkingDay(Body):
    """A date that is worked although its weekday is not, such as a Saturday swapped for a bridging Friday."""

    date: Day
    name: Name
    hours_of: Weekday | None = None
    """The weekday whose hours it has: that of the day off it makes up for."""
    hours: DayHours = ()
    """Hours of its own, where they are those of no weekday."""

    @model_validator(mode="after")
    def _with_hours(self) -> WorkingDay:
        if (self.hours_of is None) == (not self.hours):
            raise ValueError(f"the working day {self.date} needs either hours_of a weekday or hours of its own")
        return self

    def hours_in(self, season: Season) -> Sequence[str]:
        """Its hours in the season that covers it."""
        return self.hours if self.hours_of is None else season.hours.get(self.hours_of, ())


class Calendar(Body):
    """When people work, and the time zone in which forms count days."""

    time_zone: str
    source: str
    first_year: Year | None = None
    last_year: Year | None = None
    seasons: tuple[Season, ...] = ()
    days_off: tuple[DayOff, ...] = ()
    """Public holidays of the whole country."""
    working_days: tuple[WorkingDay, ...] = ()
    local_days_off: tuple[DayOff, ...] = ()
    """Days off of this province or office alone."""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no time zone of the IANA database") from error
        return name

    @model_validator(mode="after")
    def _sound(self) -> Calendar:
        problems = list(_problems(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def has_hours(self) -> bool:
        """Whether deadlines can be computed from it."""
        return bool(self.seasons)

    def covered_days(self) -> Iterator[date]:
        """Every date of the years that it covers, in order."""
        if self.first_year is None or self.last_year is None:
            return
        day, last = date(self.first_year, 1, 1), date(self.last_year, 12, 31)
        while day <= last:
            yield day
            day += _ONE_DAY

    def hours_by_day(self) -> Iterator[tuple[date, Sequence[str]]]:
        """Each date on which somebody works with its hours (``HH:MM-HH:MM``), in order."""
        off = {each.date for each in (*self.days_off, *self.local_days_off)}
        extra = {each.date: each for each in self.working_days}
        for day in self.covered_days():
            season = next(season for season in self.seasons if season.covers(day))
            swapped = extra.get(day)
            if day in off:
                continue
            hours = season.hours.get(WEEKDAYS[day.weekday()], ()) if swapped is None else swapped.hours_in(season)
            if hours:
                yield day, hours


def _problems(calendar: Calendar) -> Iterator[str]:
    """What is wrong between the parts of a calendar."""
    if not calendar.seasons:
        if calendar.model_fields_set - {"time_zone", "source"}:
            yield "seasons: there are no office hours; give at least one season, or the time zone alone"
        return
    if calendar.first_year is None or calendar.last_year is None:
        yield "first_year and last_year: say which years the calendar covers"
        return
    if not 0 <= calendar.last_year - calendar.first_year < MOST_YEARS:
        yield f"last_year: it must lie 0 to {MOST_YEARS - 1} years after first_year"
        return
    gaps = list(_gaps_and_overlaps(calendar, date(calendar.first_year, 1, 1), date(calendar.last_year, 12, 31)))
    yield from gaps
    yield from _wrong_dates(calendar)
    if not gaps and next(calendar.hours_by_day(), None) is None:
        yield "there is no working day in all these years: no deadline could ever fall due"


def _gaps_and_overlaps(calendar: Calendar, first: date, last: date) -> Iterator[str]:
    """Each day of the years must lie in one season."""
    expected = first
    for season in sorted(calendar.seasons, key=lambda season: season.first_day or first):
        begins, ends = max(season.first_day or first, first), min(season.last_day or last, last)
        if begins > expected:
            yield f"seasons: no season covers {_stretch(expected, begins - _ONE_DAY)}"
        elif begins < expected and begins <= ends:
            yield f"seasons: two seasons cover {_stretch(begins, min(ends, expected - _ONE_DAY))}"
        expected = max(expected, ends + _ONE_DAY)
    if expected <= last:
        yield f"seasons: no season covers {_stretch(expected, last)}"


def _stretch(begins: date, ends: date) -> str:
    return str(begins) if begins == ends else f"{begins} to {ends}"


def _wrong_dates(calendar: Calendar) -> Iterator[str]:
    lists: Mapping[str, Iterable[DayOff | WorkingDay]] = {
        "days_off": calendar.days_off,
        "working_days": calendar.working_days,
        "local_days_off": calendar.local_days_off,
    }
    years = range(calendar.first_year or 0, (calendar.last_year or 0) + 1)
    for name, listed in lists.items():
        for day, count in Counter(each.date for each in listed).items():
            if count > 1:
                yield f"{name}: {day} is listed {count} times"
            if day.year not in years:
                yield f"{name}: {day} lies outside the years {years[0]} to {years[-1]}"
    off = {each.date for each in (*calendar.days_off, *calendar.local_days_off)}
    for each in calendar.working_days:
        if each.date in off:
            yield f"working_days: {each.date} is a day off as well; keep one of the two"
        elif not any(each.hours_in(season) for season in calendar.seasons if season.covers(each.date)):
            yield f"working_days: {each.date}: its season has no hours on {each.hours_of}"
