"""From the cells of a closed period to its reports, and from a report to its record on ``period-report.v1``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from lienthong_consumers.domain.period_course import Counted, Counts
from lienthong_consumers.domain.period_lines import cut_of, lines_of, name_of
from lienthong_consumers.domain.period_report import Line, Period
from lienthong_consumers.domain.restatement import Correction, outcome_column, received_column
from lienthong_consumers.ledger.tables.period_reports import Closed, Shown
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas import period_reports as contract
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from lienthong_schemas.reference import ReferenceBook

BY: Final = ("office", "commune", "field", "procedure")
"""What the lines of the province's reports are about; each office has one by field besides (06b)."""


class Version(NamedTuple):
    """A version of a closed period, and why there is one."""

    form: str
    closed: Closed
    cause: str
    known_at: Instant | None
    reference_end: int
    corrections: Sequence[Correction]
    incomplete: Sequence[str] = ()
    """Offices that owed data and were not complete when the period was closed."""


def reports_of(counts: Counts, period: Period, book: ReferenceBook) -> dict[Shown, dict[str, Line]]:
    """All reports of a period: of the province by each of ``BY``, and of each office by field."""
    reports = {Shown(by, ""): lines_of(counts, *cut_of(by, book, period)) for by in BY}
    now, before = cut_of("field", book, period)
    by_office = lines_of(counts, lambda cell: (cell.office, now(cell)), lambda cell: (cell.office, before(cell)))
    for (office, field), line in by_office.items():
        reports.setdefault(Shown("field", office), {})[field] = line
    return reports


def record_of(
    codec: SchemaBook, book: ReferenceBook, version: Version, shown: Shown, lines: Mapping[str, Line]
) -> OutboundRecord:
    """The record of one report."""
    closed, period = version.closed, version.closed.period
    value: dict[str, Any] = {
        "form": version.form,
        "period": period.name,
        "first_day": period.first_day.isoformat(),
        "last_day": period.last_day.isoformat(),
        "begin_at": period.begin,
        "end_at": period.end,
        "by": shown.by,
        "unit": shown.unit,
        "counting": "day",
        "version": closed.version,
        "cause": version.cause,
        "closed_at": closed.closed_at,
        "known_at": version.known_at,
        "reference_end": version.reference_end,
        "corrections": len(version.corrections),
        "corrected": [_corrected(one) for one in version.corrections[: contract.LISTED_CORRECTIONS]],
        "incomplete_offices": list(version.incomplete),
        "lines": [
            {
                "code": code,
                "name": name_of(shown.by, code, book, period),
                **dict(zip(contract.COLUMNS, line.columns, strict=True)),
                "refused": line.refused,
            }
            for code, line in lines.items()
        ],
        "moved": [
            {"code": code, "taken_over": line.taken_over, "handed_over": line.handed_over}
            for code, line in lines.items()
            if line.taken_over or line.handed_over
        ]
        or None,
    }
    key = contract.key_of(version.form, period.name, shown.by, shown.unit)
    return OutboundRecord(contract.TOPIC, key.encode(), codec.encode(contract.TOPIC, value))


def _corrected(one: Correction) -> dict[str, Any]:
    return {
        "case_id": one.case_id,
        "event_id": one.cause.event_id,
        "known_at": one.cause.known_at,
        "before": counted_text(one.before),
        "after": counted_text(one.after),
    }


def counted_text(counted: Counted | None) -> str:
    """As what a dossier counts, in a few words: ``H27.16 online late``."""
    return "" if counted is None else f"{counted.cell.office} {received_column(counted)} {outcome_column(counted)}"
