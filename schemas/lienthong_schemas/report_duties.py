"""Which unit owes which form for a period, and until when: from the reference data, before anything was sent."""

from __future__ import annotations

from typing import Final, NamedTuple

from lienthong_schemas.identity import case_id
from lienthong_schemas.instants import Instant
from lienthong_schemas.policy_body import ClockPolicy
from lienthong_schemas.policy_due import due_time
from lienthong_schemas.policy_parts import Span
from lienthong_schemas.reference import AGENCY, ReferenceBook, Unit
from lienthong_schemas.reporting_period import kind_of

CALENDAR: Final = "default"
EVERY_COMMUNE: Final = "*"
"""In place of codes: every agency that leads a commune."""
_COMMUNES: Final = ("commune", "ward", "special-zone")


class OwedReport(NamedTuple):
    """A report that a unit owes. ``case_id`` is the same whoever works it out: the receiver numbers it."""

    form: str
    period: str
    office: str
    commune: str
    receiver: str
    due_at: Instant

    @property
    def local(self) -> str:
        """Its number at the receiver: ``II.06A-2026-M10-H27.40.1``."""
        return f"{self.form.upper()}-{self.period}-{self.office}"

    @property
    def case_id(self) -> str:
        """``periodic-report:<receiver>:<number>``."""
        return str(case_id("periodic-report", self.receiver, self.local))


def owed_reports(book: ReferenceBook, period: str, end: Instant) -> list[OwedReport]:
    """All reports that are owed for a period which is over at ``end``, by form and office.

    Units and duties are those at its end. Raises ValueError where there is no working calendar for a due time.
    """
    at, kind = end - 1, kind_of(period)
    found = [
        OwedReport(code, period, office, commune, form.receiver, _due(book, duty.due, end))
        for code, form in book.report_forms(at).items()
        for duty in form.owed
        if kind in duty.periods
        for office, commune in _owing(book.units(at), duty.units)
    ]
    return sorted(set(found))


def _owing(units: dict[str, Unit], named: tuple[str, ...]) -> list[tuple[str, str]]:
    """Office and commune of each unit that owes; a code that is no unit owes too, for somebody meant it."""
    leads = {
        code: unit.above
        for code, unit in units.items()
        if unit.unit_type == AGENCY and unit.above in units and units[unit.above].unit_type in _COMMUNES
    }
    return [
        (office, leads.get(office, "")) for name in named for office in (leads if name == EVERY_COMMUNE else (name,))
    ]


def _due(book: ReferenceBook, span: Span, end: Instant) -> Instant:
    found = book.working_calendar(CALENDAR, end)
    if found is None:
        raise ValueError(f"there is no calendar {CALENDAR!r}; publish: lienthong reference apply")
    policy = ClockPolicy(
        case_kind="periodic-report", unit=span.unit, amount=span.amount, due_precision="day", source="report-form"
    )
    return due_time(policy, found[1], end).instant
