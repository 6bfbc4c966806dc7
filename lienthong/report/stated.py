"""Reports of units: their own figures against the ledger's, and which are due, sent, late or missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong_consumers.domain.period_report import sum_of
from lienthong_consumers.domain.stated_figures import Difference, columns_of, differences, impossible
from lienthong_consumers.ledger.period_rows import period_of, reference_book, zone_of
from lienthong_consumers.ledger.periodic_reports import CountedDossier, SentReport, dossiers_of, sent_reports
from lienthong_consumers.letters.contents import book_with
from lienthong_consumers.letters.listing import published_schemas
from lienthong_infra.errors import ConfigurationError, WrongCallError
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from lienthong_schemas.report_duties import OwedReport, owed_reports

STOPPED: Final = "waived"
"""The status of a report that nobody wants any more."""


class Compared(NamedTuple):
    """A unit's report beside the ledger: what cannot be, what differs, and the dossiers in the columns that differ."""

    report: SentReport
    problems: list[str]
    differences: list[Difference]
    dossiers: Mapping[str, list[CountedDossier]]


class Duty(NamedTuple):
    """A report that is owed or was sent: ``due``, ``sent``, ``late``, ``missing`` or ``waived``."""

    case_id: str
    form: str
    office: str
    due_at: Instant | None
    ended_at: Instant | None
    state: str
    asked_for: bool
    """Whether there is a case of it, with clocks."""


def _schemas_of(connection: Connection[Any]) -> SchemaBook:
    """A newer program may have sent a report: its schema was published, and is in the ledger."""
    return book_with(published_schemas(connection))


def compared(connection: Connection[Any], name: str, unit: str = "", form: str = "") -> list[Compared]:
    """Every report with figures for a period against what the ledger counts now. Raises WrongCallError."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        book = reference_book(connection)
        period_of(name, book.closing_day(form), book)
        reports = [
            one
            for one in sent_reports(connection, _schemas_of(connection), name)
            if one.figures and unit in ("", one.office, one.commune) and form in ("", one.form)
        ]
        if unit and not book.knows_unit(unit) and not reports:
            raise WrongCallError([f"--unit: {unit} is no unit, and no report for {name} names it"])
        found = []
        for one in reports:
            period = period_of(name, book.closing_day(one.form), book)
            dossiers = list(dossiers_of(connection, one.office, period, zone_of(book, period.end - 1)))
            differ = differences(one.figures, sum_of(dossier.line for dossier in dossiers))
            behind = {
                each.column: [dossier for dossier in dossiers if each.column in columns_of(dossier.line)]
                for each in differ
            }
            found.append(Compared(one, impossible(one.figures), differ, behind))
    return found


def duties(connection: Connection[Any], name: str, now: Instant) -> list[Duty]:
    """What is owed for a period, and what came of it; reports that nobody owes too. Raises WrongCallError."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        book = reference_book(connection)
        sent = {one.case_id: one for one in sent_reports(connection, _schemas_of(connection), name)}
    by_unit = {(one.form.upper(), one.office): one for one in sent.values()}
    found: dict[str, Duty] = {}
    for code in book.report_forms(now):
        period = period_of(name, book.closing_day(code), book)
        try:
            owed = [one for one in owed_reports(book, name, period.end) if one.form == code]
        except ValueError as error:
            raise ConfigurationError([str(error)]) from error
        for one in owed:
            report = sent.get(one.case_id) or by_unit.get((one.form.upper(), one.office))
            duty = _duty(one, report, now)
            found[duty.case_id] = duty
    for case_id, report in sent.items():
        if case_id not in found:
            state = _state(report, report.due_at, now)
            found[case_id] = Duty(
                case_id, report.form, report.office, report.due_at, report.ended_at, state, asked_for=True
            )
    return sorted(found.values(), key=lambda duty: (duty.form, duty.office, duty.case_id))


def _duty(owed: OwedReport, report: SentReport | None, now: Instant) -> Duty:
    if report is None:
        state = "missing" if owed.due_at < now else "due"
        return Duty(owed.case_id, owed.form, owed.office, owed.due_at, None, state, asked_for=False)
    due_at = owed.due_at if report.due_at is None else report.due_at
    state = _state(report, due_at, now)
    return Duty(report.case_id, owed.form, owed.office, due_at, report.ended_at, state, asked_for=True)


def _state(report: SentReport, due_at: Instant | None, now: Instant) -> str:
    if report.ended_at is not None:
        return "late" if due_at is not None and report.ended_at > due_at else "sent"
    if report.status == STOPPED:
        return "waived"
    return "missing" if due_at is not None and due_at < now else "due"
