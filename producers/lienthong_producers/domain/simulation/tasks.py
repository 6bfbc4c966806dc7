"""Tasks (nhiệm vụ) that the province's leaders give to communes and departments, with a day on which they are due.

The province's office numbers them, for it keeps the book of tasks; whoever holds a task does the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from lienthong_producers.domain.simulation.cases import Case, Change, Course
from lienthong_producers.domain.simulation.chance import Chance, Weighted
from lienthong_producers.domain.simulation.office_hours import OfficeHours
from lienthong_producers.domain.simulation.province import Office, Province
from lienthong_schemas.calendar_table import HOUR, MINUTE, WORKING_DAY
from lienthong_schemas.instants import Instant

_TYPES: Final = Weighted((("directive", 40.0), ("conclusion", 30.0), ("resolution", 15.0), ("programme", 15.0)))
_URGENCIES: Final = Weighted((("normal", 80.0), ("urgent", 15.0), ("very-urgent", 5.0)))
_DAYS: Final = Weighted(((3, 25.0), (5, 35.0), (10, 25.0), (20, 15.0)))
"""Working days until a task is due."""
_FATES: Final = Weighted((("done", 88.0), ("declined", 2.0), ("cancelled", 3.0), ("forgotten", 7.0)))
_LATE: Final = 0.12
_LATE_BY: Final = 8 * WORKING_DAY


class Tasks:
    """Makes the tasks that are given on working days."""

    def __init__(self, hours: OfficeHours, province: Province, chance: Chance, per_day: float) -> None:
        self._hours, self._province, self._chance, self._per_day = hours, province, chance, per_day
        self._holders = (*province.communes, *province.departments)
        self._count = 0

    def arrivals(self, day: date) -> Iterator[Case]:
        """What is given on a date."""
        if self._hours.is_working(day):
            chance = self._chance
            for at in sorted(self._hours.at_counter(day, chance) for _ in range(chance.count(self._per_day))):
                yield self._case(at, self._holders[chance.whole(0, len(self._holders) - 1)], day)

    def _case(self, at: Instant, holder: Office, day: date) -> Case:
        chance, centre = self._chance, self._province.centre
        self._count += 1
        content: dict[str, Any] = {
            "task_type": chance.one_of(_TYPES),
            "assigned_by": centre.code,
            "order_notation": f"{chance.whole(1, 900)}/KL-UBND",
            "urgency": chance.one_of(_URGENCIES),
            "progress": None,
        }
        case = Case("task", centre.code, f"NV-{day:%Y}-{self._count:05}", content)
        case.commune, case.seq_by, case.system = holder.commune, "gateway", centre
        course = Course(case, holder)
        course.received_at = at
        calendar = self._hours.calendar
        due = calendar.working_day_after(self._hours.date_of(at), chance.one_of(_DAYS))
        course.due_at = calendar.end_of_working_day(due)
        course.step(at, "assigned")
        self._goes(course)
        return case

    def _goes(self, course: Course) -> None:
        chance = self._chance
        fate = chance.one_of(_FATES)
        if fate == "declined":
            course.step(self._worked(course, HOUR, WORKING_DAY), "declined")
            return
        if chance.happens(0.8):
            course.step(self._worked(course, 10 * MINUTE, 8 * HOUR), "accepted")
        course.step(self._worked(course, 10 * MINUTE, 6 * HOUR), "in-progress", self._done(0, 20))
        if fate == "cancelled":
            course.step(self._worked(course, HOUR, 2 * WORKING_DAY), "cancelled")
        if fate == "done":
            self._carried_out(course)

    def _carried_out(self, course: Course) -> None:
        chance, hours = self._chance, self._hours
        if chance.happens(0.06):
            course.step(self._worked(course, HOUR, WORKING_DAY), "suspended")
            course.step(self._worked(course, HOUR, 2 * WORKING_DAY), "in-progress", self._done(20, 60))
        late = chance.happens(_LATE)
        if course.due_at is not None and chance.happens(0.3 if late else 0.02):
            day = hours.calendar.working_day_after(hours.date_of(max(course.due_at, course.at)), chance.whole(2, 6))
            course.due_at = hours.calendar.end_of_working_day(day)
            course.step(self._worked(course, HOUR, 4 * HOUR), "extended", self._done(30, 70))
            late = late and chance.happens(0.3)
        course.end(self._end(course, late=late), "reported", self._done(100, 100))
        if chance.happens(0.04):
            course.ended_at = None
            course.step(self._worked(course, HOUR, WORKING_DAY), "returned", self._done(60, 80))
            course.step(self._worked(course, HOUR, 4 * HOUR), "in-progress", self._done(80, 90))
            course.end(self._worked(course, HOUR, WORKING_DAY), "reported", self._done(100, 100))
        if chance.happens(0.85):
            course.step(self._worked(course, HOUR, 2 * WORKING_DAY), "confirmed", self._done(100, 100))

    def _end(self, course: Course, *, late: bool) -> Instant:
        chance, hours = self._chance, self._hours
        due = course.due_at or course.at
        if late or due <= course.at:
            return hours.worked(max(due, course.at), chance.whole(HOUR, _LATE_BY))
        left = hours.calendar.between(course.at, due)
        return hours.worked(course.at, int(left * (0.2 + 0.75 * chance.share())))

    def _done(self, least: int, most: int) -> Change:
        return Change({"progress": self._chance.whole(least, most)})

    def _worked(self, course: Course, least: int, most: int) -> Instant:
        return self._hours.worked(course.at, self._chance.whole(least, most))
