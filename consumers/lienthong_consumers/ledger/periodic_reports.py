"""The periodic reports of units as the ledger holds them, and the dossiers behind a unit's figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from psycopg import Connection

from lienthong_consumers.domain.period_report import Countable, Line, Period, line_of
from lienthong_consumers.ledger.period_rows import day_of
from lienthong_consumers.ledger.period_states import IN_PERIOD, judged
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant, datetime_of, instant_of

_REPORTS: Final = """
    SELECT r.case_id, r.office, r.commune, r.selector, r.status, r.received_at, r.due_at, r.ended_at, e.occurred_at,
           e.known_at, e.value
    FROM case_row AS r JOIN case_event AS e USING (case_id, epoch, seq, digest)
    WHERE r.kind = 'periodic-report' ORDER BY r.selector, r.office, r.case_id
"""
_DOSSIERS: Final = f"""
    SELECT case_id, office, commune, selector, channel, status, received_at, due_at, over_at, known_at
    FROM ({judged(IN_PERIOD)}) AS dossier
    WHERE office = %(unit)s OR commune = %(unit)s ORDER BY case_id
"""


class SentReport(NamedTuple):
    """The newest state of a periodic report."""

    case_id: str
    office: str
    commune: str
    form: str
    status: str
    due_at: Instant | None
    ended_at: Instant | None
    known_at: Instant
    figures: Mapping[str, int]


class CountedDossier(NamedTuple):
    """A dossier of a unit, as what it counts in a period, and when the ledger learned its newest state."""

    case_id: str
    line: Line
    known_at: Instant


def sent_reports(connection: Connection[Any], schemas: SchemaBook, period: str) -> list[SentReport]:
    """The reports of all units for a period, by form and office, as they stand now.

    ``schemas`` knows those that the ledger has read them with.
    """
    found = []
    for case_id, office, commune, form, status, _, due, ended, _, known, value in connection.execute(_REPORTS):
        whole = schemas.decode("periodic-report.v1", bytes(value))
        if whole["period"] == period:
            times = (None if each is None else instant_of(each) for each in (due, ended))
            due_at, ended_at = times
            found.append(
                SentReport(
                    case_id, office, commune, form, status, due_at, ended_at, instant_of(known), whole["figures"]
                )
            )
    return found


def dossiers_of(connection: Connection[Any], unit: str, period: Period, zone: ZoneInfo) -> Iterator[CountedDossier]:
    """The dossiers of an office or commune that are in a period, as known now."""
    day = day_of(zone)
    bounds = {"unit": unit, "begin": datetime_of(period.begin), "end": datetime_of(period.end)}
    for case_id, *fields, known in connection.execute(_DOSSIERS, bounds):
        times = (None if each is None else instant_of(each) for each in fields[5:])
        line = line_of(Countable(*fields[:5], *times), period, day)
        if line is not None:
            yield CountedDossier(case_id, line, instant_of(known))
