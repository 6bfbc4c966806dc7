"""The simulation as a whole: a province, its truth, and any number of deliveries of that truth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_producers.domain.simulation.contents import sealed
from lienthong_producers.domain.simulation.delivery import Delivered, Timetable, delivered
from lienthong_producers.domain.simulation.flaws import flawed
from lienthong_producers.domain.simulation.lines_of_offices import LinesOfOffices
from lienthong_producers.domain.simulation.office_hours import OfficeHours
from lienthong_producers.domain.simulation.options import CLEAN, Disorder, Flaws, SimulationError, Size, check
from lienthong_producers.domain.simulation.province import province
from lienthong_producers.domain.simulation.truth import dates, truth
from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.calendar_table import MINUTE
from lienthong_schemas.codec import SchemaBook

TICK_MINUTES: Final = 60
_DAYS_BEFORE: Final = 45
_DAYS_AFTER: Final = 200
"""Days around a simulation that its calendar must cover: cases opened before it, due times after it."""


class Simulation:
    """A simulated province. Everything it gives follows from its arguments; each call begins anew.

    Raises SimulationError with every fault, and NoOfficeHours for a calendar that is a time zone alone.
    """

    def __init__(
        self, size: Size, calendar: Calendar, *, flaws: Flaws | None = None, calendar_id: str = "calendar"
    ) -> None:
        self.size = size
        self.flaws = flaws or Flaws()
        check(size, self.flaws, CLEAN)
        self._hours = hours = OfficeHours(calendar, calendar_id)
        _check_covered(size, hours, calendar_id)
        self.province = province(size.seed, size.communes)
        days = dates(size)
        self.begin, self.horizon = hours.midnight(days[0]), hours.midnight(days[-1])

    def truth(self, book: SchemaBook | None = None) -> Iterator[SimulatedEvent]:
        """Every event in the order of the offices' numbers, flaws included; with a book, their values as well."""
        events = flawed(truth(self.size, self._hours, self.province), self.flaws, self.size.seed)
        return events if book is None else sealed(events, book)

    def delivery(
        self, disorder: Disorder, *, book: SchemaBook | None = None, tick_minutes: int = TICK_MINUTES
    ) -> Iterator[Delivered]:
        """All that arrives on the bus, in its order. Raises SimulationError with every fault."""
        problems = list(disorder.problems(self.size))
        if not 1 <= tick_minutes <= self.size.days * 24 * 60:
            problems.append(f"tick-minutes: {tick_minutes} is not between 1 and the length of the simulation")
        if problems:
            raise SimulationError(tuple(problems))
        table = Timetable(self.begin, self.horizon, tick_minutes * MINUTE)
        return delivered(self.truth(book), table, disorder, self.size.seed, LinesOfOffices(self.province, self.begin))


def _check_covered(size: Size, hours: OfficeHours, calendar_id: str) -> None:
    first, last = hours.calendar.first_day, hours.calendar.last_day
    needed = size.start - timedelta(days=_DAYS_BEFORE), size.start + timedelta(days=size.days + _DAYS_AFTER)
    if needed[0] < first or needed[1] > last:
        raise SimulationError(
            (
                f"start, days: {calendar_id} covers {first} to {last}, and with cases opened before and due afterwards "
                f"{needed[0]} to {needed[1]} is needed",
            )
        )
