"""Periodic reports: each week and each month the province asks every office for its figures.

A month closes on the 14th (Decree 09/2019/NĐ-CP), a week on Sunday. Figures are those that the office counted since the
simulation began; a few have a slip of the pen, some come late, some never.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from lienthong_producers.domain.simulation.cases import Case, Change, Course, SimulatedEvent
from lienthong_producers.domain.simulation.chance import Chance
from lienthong_producers.domain.simulation.figures import NOTHING_COUNTED, Figures
from lienthong_producers.domain.simulation.office_hours import OfficeHours
from lienthong_producers.domain.simulation.province import Province
from lienthong_schemas.calendar_table import HOUR, MINUTE, WORKING_DAY

MONTHLY_FORM: Final = "II.06a"
WEEKLY_FORM: Final = "BC-TUAN"
_CLOSING_DAY: Final = 14
_DAYS_TO_REPORT: Final = {MONTHLY_FORM: 3, WEEKLY_FORM: 1}
"""Working days from the request to the stated due time."""
_MISSING: Final = 0.03
_WAIVED: Final = 0.01
_LATE: Final = 0.08
_SLIPS: Final = 0.06
_RETURNED: Final = 0.10


class PeriodicReports:
    """Makes the reports; it must see every event of the simulation, for it counts."""

    def __init__(self, hours: OfficeHours, province: Province, chance: Chance) -> None:
        self._hours, self._chance = hours, chance
        self._offices = (*province.communes, *province.departments)
        self._centre = province.centre
        self._figures = Figures(hours.date_of, (MONTHLY_FORM, WEEKLY_FORM))

    def see(self, event: SimulatedEvent) -> None:
        """Count an event."""
        if event.case.kind == "dossier":
            self._figures.see(event)

    def arrivals(self, day: date) -> Iterator[Case]:
        """The reports whose period has closed on the date before; they are asked for on the next working day."""
        yesterday = day - timedelta(days=1)
        if yesterday.day == _CLOSING_DAY:
            yield from self._all(MONTHLY_FORM, f"{yesterday:%Y-M%m}", day)
        if day.weekday() == 0:
            yield from self._all(WEEKLY_FORM, f"{yesterday:%G-W%V}", day)

    def _all(self, form: str, period: str, day: date) -> Iterator[Case]:
        counted = self._figures.snapshot(form, self._hours.midnight(day))
        self._figures.reset(form)
        for office in self._offices:
            content = {"form": form, "period": period, "figures": {}}
            case = Case("periodic-report", self._centre.code, f"{form.upper()}-{period}-{office.code}", content)
            case.commune, case.seq_by, case.system = office.commune, "gateway", self._centre
            self._goes(Course(case, office), day, form, counted.get(office.code, NOTHING_COUNTED))
            yield case

    def _goes(self, course: Course, day: date, form: str, figures: Mapping[str, int]) -> None:
        chance, calendar = self._chance, self._hours.calendar
        opening = calendar.start_of_working_day(calendar.next_working_day(day))
        if form == MONTHLY_FORM:
            course.step(self._hours.midnight(day), "announced")
        course.received_at = opening
        course.due_at = calendar.add(opening, _DAYS_TO_REPORT[form] * WORKING_DAY)
        course.step(opening, "requested")
        if chance.happens(_WAIVED):
            course.step(self._worked(course, HOUR, 4 * HOUR), "waived")
        elif not chance.happens(_MISSING):
            self._written(course, figures)

    def _written(self, course: Course, figures: Mapping[str, int]) -> None:
        chance, due = self._chance, course.due_at or course.at
        if chance.happens(0.7):
            course.step(self._worked(course, 10 * MINUTE, 5 * HOUR), "drafting")
        left = self._hours.calendar.between(course.at, due)
        wait = int(left * (0.2 + 0.79 * chance.share()))
        if chance.happens(_LATE):
            wait = left + chance.whole(10 * MINUTE, 3 * WORKING_DAY)
        stated = self._with_slip(figures) if chance.happens(_SLIPS) else figures
        course.end(self._hours.worked(course.at, wait), "submitted", _stating(stated))
        if chance.happens(_RETURNED):
            course.ended_at = None
            course.step(self._worked(course, 30 * MINUTE, WORKING_DAY), "returned", _stating(stated))
            course.end(self._worked(course, 30 * MINUTE, WORKING_DAY), "submitted", _stating(figures))
            stated = figures
        course.step(self._worked(course, 30 * MINUTE, WORKING_DAY), "accepted", _stating(stated))

    def _with_slip(self, figures: Mapping[str, int]) -> Mapping[str, int]:
        name = list(figures)[self._chance.whole(0, len(figures) - 1)]
        return {**figures, name: figures[name] + self._chance.whole(1, 9)}

    def _worked(self, course: Course, least: int, most: int) -> int:
        return self._hours.worked(course.at, self._chance.whole(least, most))


def _stating(figures: Mapping[str, int]) -> Change:
    content: dict[str, Any] = {"figures": figures}
    return Change(content)
