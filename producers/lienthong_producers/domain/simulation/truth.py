"""The truth: every event of the province in the order of its time, and so, per case, in that of its numbers."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from lienthong_producers.domain.simulation.cases import Case, SimulatedEvent
from lienthong_producers.domain.simulation.chance import Chance
from lienthong_producers.domain.simulation.documents import Documents
from lienthong_producers.domain.simulation.dossiers import Dossiers
from lienthong_producers.domain.simulation.field_reports import FieldReports
from lienthong_producers.domain.simulation.office_hours import OfficeHours
from lienthong_producers.domain.simulation.options import Size
from lienthong_producers.domain.simulation.periodic_reports import PeriodicReports
from lienthong_producers.domain.simulation.province import Province
from lienthong_producers.domain.simulation.tasks import Tasks
from lienthong_schemas.instants import Instant

FIELD_REPORTS: Final = 0.06
DOCUMENTS: Final = 0.25
TASKS: Final = 0.02
"""How many there are on a working day for each dossier. Inferred: Hà Tĩnh has about a hundred field reports a day."""


def dates(size: Size) -> list[date]:
    """The dates that are simulated, and the one after them."""
    return [size.start + timedelta(days=number) for number in range(size.days + 1)]


def truth(size: Size, hours: OfficeHours, province: Province) -> Iterator[SimulatedEvent]:
    """All events before the horizon. Raises BeyondCalendar where the calendar ends too early for a due time."""
    begins = [hours.midnight(day) for day in dates(size)]
    agenda = _Agenda(begins)
    ratings = Chance(size.seed, "ratings of dossiers")
    dossiers = Dossiers(hours, province, Chance(size.seed, "dossiers"), size.dossiers_per_day, ratings)
    reports = PeriodicReports(hours, province, Chance(size.seed, "periodic reports"))
    sources = (
        dossiers,
        FieldReports(hours, province, Chance(size.seed, "field reports"), size.dossiers_per_day * FIELD_REPORTS),
        reports,
        Documents(hours, province, Chance(size.seed, "documents"), size.dossiers_per_day * DOCUMENTS),
        Tasks(hours, province, Chance(size.seed, "tasks"), size.dossiers_per_day * TASKS),
    )
    for case in dossiers.open_before(begins[0]):
        agenda.enter(case)
    for number, day in enumerate(dates(size)[:-1]):
        for source in sources:
            for case in source.arrivals(day):
                agenda.enter(case)
        for event in agenda.of_date(number):
            reports.see(event)
            yield event


class _Agenda:
    """What is still to come, by date: a case is planned to its end when it begins, and told step by step."""

    __slots__ = ("_begins", "_by_date", "_serial")

    def __init__(self, begins: Sequence[Instant]) -> None:
        """``begins``: when each date begins, and at last the horizon."""
        self._begins = begins
        self._by_date: list[list[tuple[Instant, int, Case, int]]] = [[] for _ in begins]
        self._serial = 0

    def enter(self, case: Case) -> None:
        """Enter all steps of a case that lie before the horizon."""
        horizon = self._begins[-1]
        for index, step in enumerate(case.steps):
            if step.at >= horizon:
                break
            self._serial += 1
            self._by_date[bisect(self._begins, step.at) - 1].append((step.at, self._serial, case, index))

    def of_date(self, number: int) -> Iterator[SimulatedEvent]:
        """The events of a date in their order; they are forgotten."""
        entries, self._by_date[number] = self._by_date[number], []
        entries.sort()
        for _, _, case, index in entries:
            steps = case.steps
            yield SimulatedEvent(case, steps[index], steps[index + 1].at if index + 1 < len(steps) else None)
