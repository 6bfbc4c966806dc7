"""When people come to the counter, when they write from home, when officers work: from the province's calendar.

At the counter most come after opening and before the lunch break, as at every office; online most write in the morning
and again after supper. All instants are whole milliseconds, as the log has them. Times of day count from midnight: on
a day when clocks are changed they are an hour off, and no calendar of Việt Nam has such a day.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from lienthong_producers.domain.simulation.chance import Chance, Weighted
from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.calendar_hours import Hours, hours_of, instant_at
from lienthong_schemas.calendar_table import MINUTE, WorkingCalendar
from lienthong_schemas.errors import BeyondCalendar
from lienthong_schemas.instants import MICROSECONDS_PER_MILLISECOND, Instant, iso_of

SECOND: Final = 1_000_000
"""Microseconds."""
_BIN: Final = 5
"""Minutes within which arrivals are spread evenly."""
_BY_HOUR: Final = (1, 1, 0, 0, 0, 1, 3, 7, 11, 13, 12, 8, 5, 7, 10, 10, 8, 6, 5, 7, 10, 9, 6, 3)
"""Weight of each hour of the day for what is written online. Inferred; no figures by hour are published."""
_ONE_DAY: Final = timedelta(days=1)


class OfficeHours:
    """Times of day and of work. Raises NoOfficeHours for a calendar that is a time zone alone."""

    def __init__(self, body: Calendar, name: str = "calendar") -> None:
        self.calendar = WorkingCalendar(body, name)
        self._hours = {day: tuple(map(hours_of, texts)) for day, texts in body.hours_by_day()}
        self._dates = [*body.covered_days(), self.calendar.last_day + _ONE_DAY]
        self._begins = [instant_at(day, 0, self.calendar.zone) for day in self._dates]
        self._counter: dict[tuple[Hours, ...], Weighted[int]] = {}
        self._online = Weighted((hour * 60, float(weight)) for hour, weight in enumerate(_BY_HOUR))

    def midnight(self, day: date) -> Instant:
        """When a date begins. Raises BeyondCalendar."""
        index = (day - self._dates[0]).days
        if not 0 <= index < len(self._dates):
            raise self._beyond(str(day))
        return self._begins[index]

    def date_of(self, instant: Instant) -> date:
        """The local date. Raises BeyondCalendar."""
        if not self._begins[0] <= instant < self._begins[-1]:
            raise self._beyond(iso_of(instant))
        return self._dates[bisect(self._begins, instant) - 1]

    def is_working(self, day: date) -> bool:
        """Whether somebody works on a date."""
        return day in self._hours

    def at_counter(self, day: date, chance: Chance) -> Instant:
        """When somebody comes to the counter on a working day."""
        hours = self._hours[day]
        weighted = self._counter.get(hours)
        if weighted is None:
            weighted = self._counter[hours] = Weighted(_counter_weights(hours))
        return self._within(day, chance.one_of(weighted), _BIN, chance)

    def online(self, day: date, chance: Chance) -> Instant:
        """When somebody writes on a date, working day or not."""
        return self._within(day, chance.one_of(self._online), 60, chance)

    def back_at_counter(self, instant: Instant, days: int, chance: Chance) -> Instant:
        """When somebody comes to the counter, so many days after an instant or on the working day after them."""
        day = self.calendar.next_working_day(self.date_of(instant) + max(1, days) * _ONE_DAY)
        return self.at_counter(day, chance)

    def worked(self, instant: Instant, working: int) -> Instant:
        """The instant by which so many microseconds of office hours have passed, at least a second."""
        return self.calendar.add(instant, max(SECOND, _whole(working)))

    def _within(self, day: date, minute: int, minutes: int, chance: Chance) -> Instant:
        return self.midnight(day) + minute * MINUTE + _whole(int(chance.share() * (minutes * MINUTE)))

    def _beyond(self, wanted: str) -> BeyondCalendar:
        first, last = self.calendar.first_day.year, self.calendar.last_day.year
        return BeyondCalendar(f"{wanted} lies outside the years {first} to {last} that the calendar covers")


def _whole(microseconds: int) -> int:
    return microseconds - microseconds % MICROSECONDS_PER_MILLISECOND


def _counter_weights(hours: Sequence[Hours]) -> Iterator[tuple[int, float]]:
    """How many come in each stretch of five minutes of a working day: (minute of the day, weight)."""
    for number, session in enumerate(hours):
        first, last = number == 0, number == len(hours) - 1
        for minute in range(session.start, session.end - _BIN + 1, _BIN):
            weight = 1.0 + (3.0 if first else 1.2) * _hill(minute - session.start, 35, 35)
            if not last:
                weight += 2.2 * _hill(session.end - minute, 40, 35)
            elif session.end - minute <= 20:
                weight *= 0.4  # most counters take in little shortly before closing
            yield minute, weight


def _hill(minute: int, top: int, half: int) -> float:
    """A hill of height 1 over ``top``, down to 0 at ``half`` minutes on either side."""
    return max(0.0, 1.0 - abs(minute - top) / half)
