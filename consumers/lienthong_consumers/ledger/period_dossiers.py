"""The dossiers of the ledger one by one, for comparing with another system's: what counts, and what may explain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong_consumers.domain.period_course import state_at
from lienthong_consumers.domain.period_report import Countable, Period
from lienthong_consumers.domain.settlement import standing_entries
from lienthong_consumers.ledger.period_rows import courses
from lienthong_consumers.ledger.period_states import judged
from lienthong_schemas.instants import Instant, datetime_of, instant_of

_NOW: Final = f"""
    SELECT row.case_id, row.office, row.commune, row.selector, row.channel, row.status, row.received_at, row.due_at,
           row.over_at, row.known_at, events.offices
    FROM ({judged()}) AS row JOIN (
        SELECT case_id, array_agg(DISTINCT office ORDER BY office) AS offices FROM case_event
        WHERE kind = 'dossier' GROUP BY case_id
    ) AS events USING (case_id)
"""


class LedgerDossier(NamedTuple):
    """A dossier as the ledger has it, or had it."""

    case_id: str
    case: Countable
    """By its state at the end of the period that is asked for."""
    known_at: Instant
    """When the bus knew the event that applies."""
    offices: Sequence[str]
    """All that ever had it."""


def dossiers(connection: Connection[Any], period: Period, known_at: Instant | None) -> Iterator[LedgerDossier]:
    """All dossiers as a period judges them, as known now or at an instant (append time of the log)."""
    if known_at is None:
        bounds = {"begin": datetime_of(period.begin), "end": datetime_of(period.end)}
        with connection.cursor(name="dossiers") as cursor:
            for case_id, *texts, received, due, over, known, offices in cursor.execute(_NOW, bounds):
                times = [None if each is None else instant_of(each) for each in (received, due, over)]
                case = Countable(*texts, *times)
                yield LedgerDossier(case_id, case, instant_of(known), offices)
        return
    for case_id, entries, course in courses(connection, known_at):
        newest = standing_entries(entries)[-1]
        offices = sorted({entry.office for entry in entries})
        yield LedgerDossier(case_id, state_at(course, period.end), newest.known_at, offices)
