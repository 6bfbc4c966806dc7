"""A second, slow way from a policy to a due time: it goes from day to day and shares no code with ours.

Written from the rules of the field: intake outside hours counts from the next session; the cut-off is the procedure's;
working days count from the day after receipt; nothing measured in days of the calendar falls due on a day off; forms
that count by day are due at closing time; a pause moves the due time by what it took from the time that counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.support.calendar_oracle import OutOfRange, SlowCalendar, first_shown

HOUR = 3_600_000_000
"""Microseconds."""
ONE = timedelta(days=1)


class SlowPolicy:
    """The oracle of one policy on one calendar."""

    def __init__(self, data: dict[str, Any], calendar: SlowCalendar) -> None:
        self.data, self.calendar = data, calendar
        self.amount = Fraction(str(data["amount"]))
        self.unit: str = data["unit"]
        self.working = self.unit.startswith("working")
        self.dated = self.unit == "working_day" and data.get("days") != "hours"
        self.office_hours = self.working or data.get("intake", self.usual_intake()) == "office-hours"

    def usual_intake(self) -> str:
        """Days of the calendar begin in office hours, hours and minutes at once."""
        return "office-hours" if self.unit == "calendar_day" else "always"

    def due(self, start: int, pauses: Sequence[tuple[int, int]] = ()) -> int:
        """The due time of a clock."""
        begin = self.begin(start)
        nominal = self.count(begin)
        lost = 0
        whole: list[list[int]] = []
        for opened, closed in pauses:
            if whole and whole[-1][1] == opened:
                whole[-1][1] = closed
            else:
                whole.append([opened, closed])
        for opened, closed in whole:
            if opened <= self.last_in_time(self.move(nominal, lost)) and closed > begin:
                opened = max(opened, begin)
                lost += self.calendar.between(opened, closed) if self.working else closed - opened
        return self.settle(self.move(nominal, lost))

    def pieces_of(self, day: date) -> list[tuple[int, int]]:
        """The stretches of work of a day."""
        texts = self.calendar.hours.get(day, [])
        pairs = [(self.calendar.at(day, text[:5]), self.calendar.at(day, text[6:])) for text in texts]
        return [(start, end) for start, end in pairs if start < end]

    def local_date(self, instant: int) -> date:
        """The local date, within the years."""
        day = self.calendar.wall(instant).date()
        if not self.calendar.first <= day <= self.calendar.last:
            raise OutOfRange
        return day

    def begin(self, start: int) -> int:
        """From when the time counts."""
        cut_off = self.data.get("cut_off")
        day = self.local_date(start)
        if cut_off and self.pieces_of(day):
            if "at" in cut_off:
                late = start > self.calendar.at(day, cut_off["at"])
            else:
                late = start >= self.pieces_of(day)[-1][1] - cut_off["before_closing_minutes"] * HOUR // 60
            if late:
                return self.opening(self.calendar.working_day_after(day, 1))
        if not self.office_hours or any(first <= start <= last for first, last in self.pieces_of(day)):
            return start
        later = [first for first, _ in self.pieces_of(day) if first > start]
        return later[0] if later else self.opening(self.calendar.working_day_after(day, 1))

    def opening(self, day: date) -> int:
        """From when a day counts that is not the day of receipt."""
        wanted = (self.data.get("cut_off") or {}).get("counts_from")
        first = self.pieces_of(day)[0][0]
        return first if wanted is None else self.inside(day, self.calendar.at(day, wanted))

    def inside(self, day: date, instant: int) -> int:
        """An instant of a day, brought back to the work before it, or to the opening."""
        reached = self.pieces_of(day)[0][0]
        for first, last in self.pieces_of(day):
            if first <= instant:
                reached = min(instant, last)
        return reached

    def same_hour(self, day: date, instant: int) -> int:
        """What the clock on the wall shows at an instant, on another day."""
        clock = self.calendar.wall(instant).time()
        return first_shown(self.calendar.zone, datetime.combine(day, clock))

    def count(self, begin: int) -> int:
        """The end of the time."""
        hours = {"calendar_minute": Fraction(1, 60), "working_day": Fraction(8)}.get(self.unit, Fraction(1))
        length = int(self.amount * hours * HOUR)
        if self.unit == "calendar_day":
            return self.same_hour(self.local_date(begin) + int(self.amount) * ONE, begin)
        if not self.working:
            return begin + length
        if not self.dated:
            return self.calendar.add(begin, length)
        start = self.calendar.add(begin, int(self.amount % 1 * 8 * HOUR))
        if self.amount < 1:
            return start
        worked, at_midnight = self.work_date(start)
        day = self.calendar.working_day_after(worked, int(self.amount))
        return self.pieces_of(day)[-1][1] if at_midnight else self.inside(day, self.same_hour(day, start))

    def work_date(self, instant: int) -> tuple[date, bool]:
        """The day of the work at an instant, and whether that work ends at the midnight after it."""
        day = self.calendar.wall(instant).date()
        if any(first <= instant <= last for first, last in self.pieces_of(day)):
            return day, False
        return day - ONE, True

    def move(self, nominal: int, lost: int) -> int:
        """The end of the time after so much was lost; what stands at an opening goes to an opening."""
        if not self.working:
            return nominal + lost
        moved = self.calendar.add(nominal, lost)
        opens = any(first == nominal for first, _ in self.calendar.pieces)
        return self.calendar.next_working(moved) if self.dated and opens else moved

    def due_day(self, nominal: int) -> date:
        """The day on which it falls due."""
        if self.working:
            return self.work_date(nominal)[0]
        day = self.local_date(nominal)
        while self.unit == "calendar_day" and not self.pieces_of(day):
            day += ONE
            if day > self.calendar.last:
                raise OutOfRange
        return day

    def settle(self, nominal: int) -> int:
        """Not on a day off, and at closing time where days are counted."""
        day = self.due_day(nominal)
        if self.data.get("due_precision") == "day":
            return self.pieces_of(day)[-1][1]
        if self.unit == "calendar_day" and day != self.local_date(nominal):
            return self.same_hour(day, nominal)
        return nominal

    def last_in_time(self, nominal: int) -> int:
        """The last instant that is in time."""
        if self.data.get("due_precision") != "day":
            return self.settle(nominal)
        return max(self.settle(nominal), self.calendar.at(self.due_day(nominal), "24:00") - 1)
