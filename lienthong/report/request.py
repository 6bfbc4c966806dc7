"""The opening events of the reports that units owe: one case each, numbered by who asks for it."""

from __future__ import annotations

from typing import Final

from lienthong_consumers.ledger.period_rows import period_of
from lienthong_infra.errors import BadInputError, WrongCallError
from lienthong_producers.outbox import Accepted, Outbox, Refused
from lienthong_schemas.instants import datetime_of
from lienthong_schemas.models import PeriodicReport
from lienthong_schemas.reference import ReferenceBook
from lienthong_schemas.report_duties import OwedReport, owed_reports

REQUESTED: Final = "requested"
"""The status of a report that is asked for: its clock runs."""


def request_reports(outbox: Outbox, book: ReferenceBook, name: str, receiver: str = "") -> tuple[list[str], list[str]]:
    """The cases that were opened, and those that this outbox had numbered before. Raises BadInputError, OutboxFull.

    An opening is the case's event 1 or none at all: to ask again changes nothing.
    """
    opened: list[str] = []
    there: list[str] = []
    for form in book.report_forms(book.changes()[-1]):
        end = period_of(name, book.closing_day(form), book).end
        for owed in owed_reports(book, name, end):
            if owed.form == form and receiver in ("", owed.receiver):
                (opened if _open(outbox, owed, end) else there).append(owed.case_id)
    if not opened and not there:
        raise WrongCallError([f"--period: nobody owes a report for {name}; look at the records of kind report-form"])
    return opened, there


def _open(outbox: Outbox, owed: OwedReport, end: int) -> bool:
    """Ask for a report, unless it has been numbered already."""
    state = PeriodicReport(
        authority=owed.receiver,
        local=owed.local,
        office=owed.office,
        commune=owed.commune,
        occurred_at=datetime_of(end),
        status=REQUESTED,
        received_at=datetime_of(end),
        due_at=datetime_of(owed.due_at),
        form=owed.form,
        period=owed.period,
    )
    outcome = outbox.accept_each([state], keep_if=lambda made: all(_is_first(each) for each in made))
    problems = [problem for each in outcome if isinstance(each, Refused) for problem in each.problems]
    if problems:
        raise BadInputError([f"{owed.case_id}: {problem}" for problem in problems])
    return all(_is_first(each) for each in outcome)


def _is_first(made: object) -> bool:
    return isinstance(made, Accepted) and (made.epoch, made.seq) == (1, 1)
