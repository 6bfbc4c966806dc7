"""Field reports (phản ánh hiện trường): written at any hour, verified by the province's centre, handled by an office.

The centre's system numbers and sends every event, whoever holds the case. A place near an earlier report of the same
day makes a duplicate now and then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from lienthong_producers.domain.simulation.cases import Case, Change, Course
from lienthong_producers.domain.simulation.chance import Chance, Weighted
from lienthong_producers.domain.simulation.office_hours import SECOND, OfficeHours
from lienthong_producers.domain.simulation.province import Office, Province
from lienthong_schemas.calendar_table import HOUR, MINUTE
from lienthong_schemas.instants import Instant

_DAY: Final = 24 * HOUR
_CATEGORIES: Final = Weighted(
    (
        ("lighting", 16.0),
        ("waste", 20.0),
        ("road", 16.0),
        ("trees", 8.0),
        ("drainage", 8.0),
        ("public-order", 14.0),
        ("power", 6.0),
        ("food-safety", 4.0),
        ("procedures", 8.0),
    )
)
_HOURS_FOR_SMALL_WORKS: Final = {"lighting": 48, "waste": 48, "trees": 24}
"""By the clock: within 24 to 48 hours, as Hà Tĩnh says of its own."""
_CHANNELS: Final = Weighted(
    (("app", 45.0), ("zalo", 25.0), ("hotline", 15.0), ("web", 8.0), ("qr", 4.0), ("direct", 3.0))
)
_URGENCIES: Final = Weighted((("normal", 88.0), ("urgent", 5.0), ("complex", 7.0)))
_FATES: Final = Weighted(
    (("handled", 86.0), ("rejected", 5.0), ("duplicate", 4.0), ("hidden", 2.0), ("abandoned", 3.0))
)
_LATE_BY: Final = Weighted((((HOUR, _DAY), 60.0), ((_DAY, 10 * _DAY), 40.0)))
_LATE: Final = 0.12
"""85 % are solved in time in Hà Tĩnh; some of the others are never solved."""
_REMEMBERED: Final = 50
"""Reports among which a duplicate finds its first one."""


class FieldReports:
    """Makes the field reports of a province, date by date."""

    def __init__(self, hours: OfficeHours, province: Province, chance: Chance, per_day: float) -> None:
        self._hours, self._province, self._chance, self._per_day = hours, province, chance, per_day
        self._count = 0
        self._recent: list[str] = []

    def arrivals(self, day: date) -> Iterator[Case]:
        """What is written on a date, day off or not."""
        chance = self._chance
        mean = self._per_day * (1.0 if self._hours.is_working(day) else 0.7)
        for at in sorted(self._hours.online(day, chance) for _ in range(chance.count(mean))):
            yield self._case(at, day)

    def _case(self, at: Instant, day: date) -> Case:
        chance, province = self._chance, self._province
        self._count += 1
        content: dict[str, Any] = {
            "category": chance.one_of(_CATEGORIES),
            "channel": chance.one_of(_CHANNELS),
            "urgency": chance.one_of(_URGENCIES),
            "duplicate_of": None,
            "hops": 0,
            "rating": None,
        }
        holder = chance.one_of(province.commune_by_weight)
        case = Case("field-report", province.hub.code, f"PA-{day:%Y}-{self._count:06}", content)
        case.commune, case.seq_by, case.system = holder.commune, "gateway", province.hub
        course = Course(case, province.hub)
        course.received_at = at
        course.due_at = self._due(at, content["category"], content["urgency"])
        course.step(at, "new")
        _Handling(self._hours, chance, province, course).goes(holder, self._recent)
        self._recent = [*self._recent[1 - _REMEMBERED :], case.case_id]
        return case

    def _due(self, at: Instant, category: str, urgency: str) -> Instant:
        """As told to the citizen: four office hours, one or two days by the clock, else the end of a day."""
        calendar = self._hours.calendar
        if urgency == "urgent":
            return calendar.add(at, 4 * HOUR)
        if category in _HOURS_FOR_SMALL_WORKS:
            return at + _HOURS_FOR_SMALL_WORKS[category] * HOUR
        if category == "procedures":
            begun = self._hours.date_of(calendar.next_working(at))
            return calendar.end_of_working_day(calendar.working_day_after(begun, 10))
        return calendar.end_of_working_day(calendar.next_working_day(self._hours.date_of(at + 7 * _DAY)))


@dataclass(slots=True)
class _Handling:
    hours: OfficeHours
    chance: Chance
    province: Province
    course: Course
    hops: int = 0

    def goes(self, holder: Office, recent: list[str]) -> None:
        """From verification on; the centre works day and night."""
        chance, course = self.chance, self.course
        fate = chance.one_of(_FATES)
        if fate == "duplicate" and recent:
            first = recent[chance.whole(0, len(recent) - 1)]
            course.step(self._soon(10, 240), "duplicate", Change({"duplicate_of": first}))
            return
        if fate in ("rejected", "hidden"):
            course.step(self._soon(10, 600), fate)
            return
        course.step(self._soon(5, 300), "verified")
        course.office = holder
        course.step(self._soon(5, 120), "assigned")
        if fate != "abandoned":
            self._handled()

    def _handled(self) -> None:
        chance, course = self.chance, self.course
        if chance.happens(0.07):
            self._forwarded()
        if not chance.happens(0.12):  # the others go from assigned to resolved
            course.step(self._worked(10 * MINUTE, 3 * HOUR), "in-progress", self._hopped())
        late = chance.happens(_LATE)
        if chance.happens(0.4 if late else 0.01) and course.due_at is not None:
            course.due_at += chance.whole(2, 5) * _DAY
            course.step(self._worked(10 * MINUTE, 2 * HOUR), "extended", self._hopped())
            late = late and chance.happens(0.5)
        self._resolved(late=late)
        if chance.happens(0.02):
            course.ended_at = None
            course.step(self._soon(60, 2_000), "reopened", self._hopped())
            course.step(self._worked(10 * MINUTE, 3 * HOUR), "in-progress", self._hopped())
            self._resolved(late=False)
        self._told()

    def _forwarded(self) -> None:
        """The wrong office: it goes to another, sometimes to a department."""
        chance, course = self.chance, self.course
        self.hops += 1
        course.step(self._worked(5 * MINUTE, 4 * HOUR), "forwarded", self._hopped())
        department = chance.happens(0.4)
        course.office = chance.one_of(
            self.province.department_by_weight if department else self.province.commune_by_weight
        )
        course.step(self._soon(5, 240), "assigned", self._hopped())

    def _resolved(self, *, late: bool) -> None:
        """Outdoor work is done on days off too; urgent and small works mostly by the clock."""
        chance, course = self.chance, self.course
        due = course.due_at or course.at
        if late:
            at = max(due, course.at) + chance.whole(*chance.one_of(_LATE_BY)) // SECOND * SECOND
        else:
            left = max(due - course.at, 30 * MINUTE)
            at = course.at + int(left * (0.1 + 0.85 * chance.share())) // SECOND * SECOND
        course.end(at, "resolved", self._hopped())

    def _told(self) -> None:
        chance, course = self.chance, self.course
        if not chance.happens(0.9):
            return
        course.step(self._soon(10, 1_000), "published", self._hopped())
        rating = None
        if chance.happens(0.35):
            rating = chance.one_of(_RATINGS)
            course.step(self._soon(30, 6_000), "rated", Change({"hops": self.hops, "rating": rating}))
        if chance.happens(0.6):
            course.step(self._soon(600, 9_000), "closed", Change({"hops": self.hops, "rating": rating}))

    def _hopped(self) -> Change:
        return Change({"hops": self.hops})

    def _soon(self, least: int, most: int) -> Instant:
        """Minutes later, by the clock."""
        return self.course.at + self.chance.whole(least * 60, most * 60) * SECOND

    def _worked(self, least: int, most: int) -> Instant:
        return self.hours.worked(self.course.at, self.chance.whole(least, most))


_RATINGS: Final = Weighted(((5, 55.0), (4, 25.0), (3, 10.0), (2, 4.0), (1, 6.0)))
