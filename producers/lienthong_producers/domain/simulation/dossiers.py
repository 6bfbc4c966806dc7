"""Where dossiers come from: how many on a date, by which channel, to which office, with which procedure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from lienthong_producers.domain.simulation.cases import Case, Course
from lienthong_producers.domain.simulation.chance import Chance, Weighted
from lienthong_producers.domain.simulation.dossier_work import DossierWork, World
from lienthong_producers.domain.simulation.office_hours import OfficeHours
from lienthong_producers.domain.simulation.procedures import AT_COMMUNES, AT_DEPARTMENTS, Procedure
from lienthong_producers.domain.simulation.province import Office, Province
from lienthong_schemas.calendar_table import HOUR, MINUTE
from lienthong_schemas.instants import Instant

_CHANNELS: Final = Weighted((("online", 60.0), ("direct", 39.0), ("post", 1.0)))
"""Communes of Hà Nội, July to September 2025: 59.7, 40.05 and 0.24 %."""
_AT_DEPARTMENTS: Final = 0.15
_BY_WEEKDAY: Final = (1.25, 1.05, 1.0, 0.95, 0.9, 1.0, 1.0)
_AFTER_DAYS_OFF: Final = 1.2
_ON_DAY_OFF: Final = 0.08
"""Of what a working day brings; all of it online."""
_OPEN_DAYS: Final = 3.0
"""Days of arrivals that are open already when the simulation begins."""
_APPLICANTS: Final = Weighted((("citizen", 82.0), ("enterprise", 10.0), ("household", 7.0), ("unknown", 1.0)))
_FEES: Final = Weighted((("none", 50.0), ("online", 35.0), ("cash", 14.0), (None, 1.0)))
_DIGITISED: Final = Weighted(((True, 90.0), (False, 8.0), (None, 2.0)))


class Dossiers:
    """Makes the dossiers of a province, date by date."""

    def __init__(self, hours: OfficeHours, province: Province, chance: Chance, per_day: float, ratings: Chance) -> None:
        self._hours, self._province, self._chance, self._per_day = hours, province, chance, per_day
        self._world = World(hours, chance, ratings, province.department_by_weight)

    def arrivals(self, day: date) -> Iterator[Case]:
        """What comes in on a date; numbers run by office and date, in the order of arrival."""
        numbers: Counter[str] = Counter()
        for at, channel in sorted(self._moments(day)):
            office, procedure = self._addressed()
            case, course = self._case(office, procedure, channel, f"{day:%y%m%d}", numbers)
            work = DossierWork(self._world, procedure, course)
            if channel == "online":
                work.submitted(at)
            else:
                work.received(at)
            yield case

    def open_before(self, begin: Instant) -> Iterator[Case]:
        """Dossiers received before the simulation and not yet done: some of them overdue. They come in that night."""
        chance, calendar = self._chance, self._hours.calendar
        numbers: Counter[str] = Counter()
        for _ in range(chance.count(self._per_day * _OPEN_DAYS)):
            office, procedure = self._addressed()
            age = int(procedure.working * (0.02 + 1.1 * chance.share())) // MINUTE
            received = calendar.subtract(calendar.next_working(begin), max(1, age) * MINUTE)
            day = f"{self._hours.date_of(received):%y%m%d}"
            case, course = self._case(office, procedure, chance.one_of(_CHANNELS), day, numbers)
            at = begin + chance.whole(1, HOUR // 1000) * 1000
            DossierWork(self._world, procedure, course).opened(at, received)
            yield case

    def _moments(self, day: date) -> Iterator[tuple[Instant, str]]:
        working = self._hours.is_working(day)
        for _ in range(self._chance.count(self._per_day * self._factor(day, working))):
            channel = self._chance.one_of(_CHANNELS) if working else "online"
            when = self._hours.online if channel == "online" else self._hours.at_counter
            yield when(day, self._chance), channel

    def _factor(self, day: date, working: bool) -> float:
        if not working:
            return _ON_DAY_OFF
        rested = not self._hours.is_working(day - timedelta(days=1)) and day.weekday() != 0
        return _BY_WEEKDAY[day.weekday()] * (_AFTER_DAYS_OFF if rested else 1.0)

    def _addressed(self) -> tuple[Office, Procedure]:
        chance = self._chance
        if chance.happens(_AT_DEPARTMENTS):
            return chance.one_of(self._province.department_by_weight), chance.one_of(AT_DEPARTMENTS)
        return chance.one_of(self._province.commune_by_weight), chance.one_of(AT_COMMUNES)

    def _case(
        self, office: Office, procedure: Procedure, channel: str, day: str, numbers: Counter[str]
    ) -> tuple[Case, Course]:
        chance = self._chance
        batch = f"{office.code}-{day}"
        numbers[batch] += 1
        content: dict[str, Any] = {
            "procedure": procedure.code,
            "channel": channel,
            "step": "",
            "applicant_kind": chance.one_of(_APPLICANTS),
            "applicant": chance.hexadecimal(),
            "fee_paid": chance.one_of(_FEES),
            "digitised": chance.one_of(_DIGITISED),
            "rating": None,
        }
        case = Case("dossier", office.code, f"{batch}-{numbers[batch]:04}", content)
        case.commune = office.commune
        return case, Course(case, office)
