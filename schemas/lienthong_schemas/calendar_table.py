"""The working calendar: a sorted table of working intervals, ready to count in working time and in days.

Every interval carries the working time before it, and every day what lies before it, so that measuring needs no search
and adding and subtracting a bisection.
Times are instants, working time is in microseconds, both exact. An office is open from the first instant of an
interval up to its last, which is still in time (half past eleven, closing time), and no later.

Adding ends at the earliest instant by which the time has been worked, subtracting at the latest: 4.5 hours from 07:00
end at 11:30, not at 13:30.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.calendar_hours import hours_of, instant_at, instant_of_wall
from lienthong_schemas.errors import BeyondCalendar, NoOfficeHours
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant, iso_of

MINUTE: Final = 60 * MICROSECONDS_PER_SECOND
HOUR: Final = 60 * MINUTE
"""Microseconds, like all lengths of time here."""
WORKING_DAY: Final = 8 * HOUR
"""Microseconds of working time that count as one day where days are counted in hours (internal steps of Hà Nội's
decisions 1811/QĐ and 663/QĐ-TTPVHCC; systems of provinces do the same)."""

_DAY: Final = 24 * HOUR
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class WorkingCalendar:
    """Counts in working time and in days. Raises NoOfficeHours for a calendar that is a time zone alone.

    All methods raise BeyondCalendar for what lies outside the covered years, or would.
    """

    __slots__ = (
        "_before",
        "_days",
        "_days_before",
        "_ends",
        "_first_ordinal",
        "_intervals_before",
        "_midnights",
        "_name",
        "_starts",
        "_total",
        "begins",
        "ends",
        "first_day",
        "last_day",
        "zone",
    )

    def __init__(self, body: Calendar, name: str = "calendar") -> None:
        """``name`` is how errors call it, such as the id of its record."""
        if not body.has_hours or body.first_year is None or body.last_year is None:
            raise NoOfficeHours(
                f"{name}: it has no office hours, so no deadline can be computed from it: "
                "add seasons and the years that it covers to its reference data"
            )
        self._name = name
        self.zone = ZoneInfo(body.time_zone)
        self.first_day = date(body.first_year, 1, 1)
        self.last_day = date(body.last_year, 12, 31)
        self._first_ordinal = self.first_day.toordinal()
        midnights = range(self.last_day.toordinal() - self._first_ordinal + 2)
        self._midnights = [instant_at(date.fromordinal(self._first_ordinal + day), 0, self.zone) for day in midnights]
        self.begins: Instant = self._midnights[0]
        self.ends: Instant = self._midnights[-1]
        self._starts: list[Instant] = []
        self._ends: list[Instant] = []
        self._before: list[int] = []
        self._days: list[int] = []
        self._intervals_before: list[int] = []
        self._days_before: list[int] = []
        self._fill(body)

    def _fill(self, body: Calendar) -> None:
        total = 0
        hours_by_day = dict(body.hours_by_day())
        for place in range(len(self._midnights) - 1):
            day = date.fromordinal(self._first_ordinal + place)
            first = len(self._starts)
            self._intervals_before.append(first)
            self._days_before.append(len(self._days))
            for hours in map(hours_of, hours_by_day.get(day, ())):
                start, end = instant_at(day, hours.start, self.zone), instant_at(day, hours.end, self.zone)
                if start < end:
                    self._starts.append(start)
                    self._ends.append(end)
                    self._before.append(total)
                    total += end - start
            if len(self._starts) > first:
                self._days.append(day.toordinal())
        self._intervals_before.append(len(self._starts))
        self._days_before.append(len(self._days))
        self._total = total

    def add(self, instant: Instant, working: int) -> Instant:
        """The earliest instant by which so much working time has passed since ``instant``; 0 changes nothing."""
        if working <= 0:
            return self.subtract(instant, -working) if working else instant
        target = self._worked(instant) + working
        if target > self._total:
            raise self._beyond(f"{working / HOUR:.2f} working hours after {iso_of(instant)}")
        index = bisect_left(self._before, target) - 1
        return self._starts[index] + target - self._before[index]

    def subtract(self, instant: Instant, working: int) -> Instant:
        """The latest instant since which so much working time had passed at ``instant``; 0 changes nothing."""
        if working <= 0:
            return self.add(instant, -working) if working else instant
        target = self._worked(instant) - working
        if target < 0:
            raise self._beyond(f"{working / HOUR:.2f} working hours before {iso_of(instant)}")
        index = bisect_right(self._before, target) - 1
        return self._starts[index] + target - self._before[index]

    def between(self, earlier: Instant, later: Instant) -> int:
        """Microseconds of working time from one instant to another; negative where the second comes first."""
        return self._worked(later) - self._worked(earlier)

    def is_open(self, instant: Instant) -> bool:
        """Whether it lies within working hours, their first and last instant included."""
        index = self._index(instant)
        return index >= 0 and instant <= self._ends[index]

    def begins_session(self, instant: Instant) -> bool:
        """Whether a working interval begins at an instant."""
        index = self._index(instant)
        return index >= 0 and instant == self._starts[index]

    def next_working(self, instant: Instant) -> Instant:
        """``instant`` itself if work goes on after it, else the beginning of the next working interval."""
        index = self._index(instant)
        if index >= 0 and instant < self._ends[index]:
            return instant
        if index + 1 == len(self._starts):
            raise self._beyond(f"the next working time after {iso_of(instant)}")
        return self._starts[index + 1]

    def last_working(self, instant: Instant) -> Instant:
        """``instant`` itself if there was work up to it, else the end of the working interval before it."""
        index = self._index(instant)
        if index >= 0 and instant == self._starts[index]:
            index -= 1
        if index < 0:
            raise self._beyond(f"the working time before {iso_of(instant)}")
        return min(instant, self._ends[index])

    def date_of(self, instant: Instant) -> date:
        """The local date."""
        return date.fromordinal(self._first_ordinal + self._place(instant))

    def begins_day(self, instant: Instant) -> bool:
        """Whether a local date begins at an instant."""
        return self.begins <= instant <= self.ends and self._midnights[self._place(instant)] == instant

    def is_working_day(self, day: date) -> bool:
        """Whether somebody works on a date."""
        place = self._place_of(day)
        return self._days_before[place] < self._days_before[place + 1]

    def next_working_day(self, day: date) -> date:
        """The date itself if it is a working day, else the first working day after it."""
        return self._day_at(self._days_before[self._place_of(day)], "the next working day from", day)

    def working_day_after(self, day: date, number: int) -> date:
        """The working day number ``number`` after a date, which itself is not counted (1 is the next)."""
        index = self._days_before[self._place_of(day) + 1] + number - 1
        return self._day_at(index, f"{number} working days after", day)

    def working_day_before(self, day: date, number: int) -> date:
        """The working day number ``number`` before a date, which itself is not counted (1 is the one before)."""
        index = self._days_before[self._place_of(day)] - number
        return self._day_at(index, f"{number} working days before", day)

    def start_of_working_day(self, day: date) -> Instant:
        """When work begins on a working day. Raises ValueError for a day off."""
        return self._starts[self._intervals_before[self._working_place(day)]]

    def end_of_working_day(self, day: date) -> Instant:
        """Closing time of a working day. Raises ValueError for a day off."""
        return self._ends[self._intervals_before[self._working_place(day) + 1] - 1]

    def end_of_day(self, day: date) -> Instant:
        """The last instant (microsecond) of a date, working day or not."""
        return self._midnights[self._place_of(day) + 1] - 1

    def time_on(self, day: date, minute: int) -> Instant:
        """The instant at which the wall clock shows a time of a date, or has passed it; see ``calendar_hours``."""
        place = self._place_of(day)
        if self._is_plain(place):
            return self._midnights[place] + minute * MINUTE
        return instant_at(day, minute, self.zone)

    def same_time_on(self, day: date, instant: Instant) -> Instant:
        """The instant at which the wall clock shows on another date what it shows at ``instant``."""
        place, own = self._place_of(day), self._place(instant)
        if self._is_plain(own) and self._is_plain(place):
            return instant + self._midnights[place] - self._midnights[own]
        wall = (_EPOCH + timedelta(microseconds=instant)).astimezone(self.zone)
        return instant_of_wall(datetime.combine(day, wall.time()), self.zone)

    def within_hours(self, day: date, instant: Instant) -> Instant:
        """An instant of a working day, kept inside its hours: a break or the evening goes back to the last work."""
        start = self.start_of_working_day(day)
        if instant <= start:
            return start
        return instant if self.is_open(instant) else self.last_working(instant)

    def _index(self, instant: Instant) -> int:
        """The index of the last interval that begins at or before an instant; -1 if none does."""
        index = self._intervals_before[self._place(instant)]
        while index < len(self._starts) and self._starts[index] <= instant:
            index += 1
        return index - 1

    def _worked(self, instant: Instant) -> int:
        """Working time from the beginning of the table."""
        index = self._index(instant)
        return self._before[index] + min(instant, self._ends[index]) - self._starts[index] if index >= 0 else 0

    def _place(self, instant: Instant) -> int:
        """The place of an instant's day among those covered; the very end begins the day behind them."""
        if not self.begins <= instant <= self.ends:
            raise self._beyond(iso_of(instant))
        place = min((instant - self.begins) // _DAY, len(self._midnights) - 1)
        while self._midnights[place] > instant:  # where the clocks were changed meanwhile
            place -= 1
        while place + 1 < len(self._midnights) and self._midnights[place + 1] <= instant:
            place += 1
        return place

    def _place_of(self, day: date) -> int:
        """The place of a date among those covered."""
        place = day.toordinal() - self._first_ordinal
        if not 0 <= place < len(self._midnights) - 1:
            raise self._beyond(str(day))
        return place

    def _working_place(self, day: date) -> int:
        """The place of a working day among those covered."""
        place = self._place_of(day)
        if self._days_before[place] == self._days_before[place + 1]:
            raise ValueError(f"{self._name}: nobody works on {day}; ask next_working_day first")
        return place

    def _is_plain(self, place: int) -> bool:
        """Whether the clocks are not changed on a date."""
        return place + 1 < len(self._midnights) and self._midnights[place + 1] - self._midnights[place] == _DAY

    def _day_at(self, index: int, wanted: str, day: date) -> date:
        if not 0 <= index < len(self._days):
            raise self._beyond(f"{wanted} {day}")
        return date.fromordinal(self._days[index])

    def _beyond(self, wanted: str) -> BeyondCalendar:
        return BeyondCalendar(
            f"{self._name}: {wanted} lies outside the years that it covers, {self.first_day.year} to "
            f"{self.last_day.year}: publish a version of the calendar with more years"
        )
