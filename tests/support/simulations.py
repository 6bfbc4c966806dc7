"""Small simulated provinces for tests, made once for all tests that only look at them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_producers.domain.simulation.delivery import Arrival, Beat, Delivered, TimeMark
from lienthong_producers.domain.simulation.flaws import CONFLICT
from lienthong_producers.domain.simulation.office_hours import OfficeHours
from lienthong_producers.domain.simulation.options import Disorder, Flaws, Outage, Size
from lienthong_producers.domain.simulation.simulation import Simulation
from lienthong_schemas.calendar_body import Calendar
from lienthong_schemas.codec import SchemaBook
from tests.support.calendars import VIETNAM_2026

CALENDAR = Calendar.model_validate({**VIETNAM_2026, "first_year": 2025, "last_year": 2027})
"""Việt Nam in 2026; in the years around it nobody has a day off."""
BOOK = SchemaBook()
OFFLINE = "H27.40.5"
SCRAMBLED = Disorder(held=0.01, outages=(Outage(OFFLINE, 3),))
TEN_DAYS = Size(days=10, dossiers_per_day=40, communes=12)


@cache
def simulation(size: Size = TEN_DAYS, flaws: Flaws | None = None) -> Simulation:
    """A simulation with the calendar of the tests."""
    return Simulation(size, CALENDAR, flaws=flaws)


@cache
def hours() -> OfficeHours:
    """The hours of that calendar."""
    return OfficeHours(CALENDAR)


@cache
def default_month() -> Sequence[SimulatedEvent]:
    """The truth of a month in a province of the default size, with moderate arrivals."""
    return tuple(simulation(Size(dossiers_per_day=150)).truth())


@cache
def tet_month() -> Sequence[SimulatedEvent]:
    """The truth of 30 days around Tết 2026 (16 to 20 February)."""
    return tuple(simulation(Size(seed=7, start=date(2026, 2, 2), dossiers_per_day=100, communes=20)).truth())


@cache
def ten_days() -> Sequence[SimulatedEvent]:
    """The sealed truth of ten days, with more flaws than usual."""
    return tuple(simulation(flaws=FLAWED).truth(BOOK))


FLAWED = Flaws(conflicts=0.02, lost=0.01)


@cache
def scrambled() -> Sequence[Delivered]:
    """A scrambled delivery of those ten days, one office three days late, a tick every two hours."""
    return tuple(simulation(flaws=FLAWED).delivery(SCRAMBLED, book=BOOK, tick_minutes=120))


def arrivals(items: Sequence[Delivered]) -> list[Arrival]:
    """The events among what arrives."""
    return [item for item in items if isinstance(item, Arrival)]


def beats(items: Sequence[Delivered]) -> list[Beat]:
    """The heartbeats."""
    return [item for item in items if isinstance(item, Beat)]


def marks(items: Sequence[Delivered]) -> list[TimeMark]:
    """The ticks."""
    return [item for item in items if isinstance(item, TimeMark)]


@cache
def month_by_case() -> dict[str, list[SimulatedEvent]]:
    """The events of that month, by case."""
    return by_case(default_month())


def by_case(events: Sequence[SimulatedEvent]) -> dict[str, list[SimulatedEvent]]:
    """The events of each case in the order of the truth, without those whose number was given before."""
    found: dict[str, list[SimulatedEvent]] = {}
    for event in events:
        if event.flaw != CONFLICT:
            found.setdefault(event.case.case_id, []).append(event)
    return found
