"""The dossiers of the ledger one by one, for comparing with another system's: what counts, and what may explain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong_consumers.domain.entry import Entry
from lienthong_consumers.domain.period_report import Countable, over_at
from lienthong_consumers.domain.settlement import settle
from lienthong_schemas.instants import Instant, datetime_of, instant_of

_NAMES: Final = tuple(name for name in Entry._fields if name != "value")
_HISTORY: Final = f"""
    SELECT {", ".join(f'event."{name}"' for name in _NAMES)} FROM case_event AS event
    WHERE event.kind = 'dossier' AND event.known_at <= %(known)s ORDER BY event.case_id
"""
_NOW: Final = """
    SELECT row.case_id, row.office, row.commune, row.selector, row.channel, row.status, row.received_at, row.due_at,
           row.ended_at, row.accepted_at, row.known_at, events.offices
    FROM case_row AS row JOIN (
        SELECT case_id, array_agg(DISTINCT office ORDER BY office) AS offices FROM case_event
        WHERE kind = 'dossier' GROUP BY case_id
    ) AS events USING (case_id)
    WHERE row.kind = 'dossier'
"""


class LedgerDossier(NamedTuple):
    """A dossier as the ledger has it, or had it."""

    case_id: str
    case: Countable
    known_at: Instant
    """When the bus knew the event that applies."""
    offices: Sequence[str]
    """All that ever had it."""


def dossiers(connection: Connection[Any], known_at: Instant | None) -> Iterator[LedgerDossier]:
    """All dossiers, as known now or at an instant (append time of the log)."""
    if known_at is None:
        with connection.cursor(name="dossiers") as cursor:
            for case_id, *texts, received, due, ended, accepted, known, offices in cursor.execute(_NOW):
                times = [None if each is None else instant_of(each) for each in (received, due, ended)]
                over = over_at(texts[4], times[0], times[2], instant_of(accepted))
                case = Countable(texts[0], texts[1], texts[2], texts[3], texts[4], times[0], times[1], over)
                yield LedgerDossier(case_id, case, instant_of(known), offices)
        return
    rows = connection.execute(_HISTORY, {"known": datetime_of(known_at)})
    for _, group in groupby(map(_entry, rows), key=attrgetter("case_id")):
        entries = list(group)
        row = settle(entries).row
        if row is not None:
            over = over_at(row.status, row.received_at, row.ended_at, row.accepted_at)
            case = Countable(
                row.office, row.commune, row.selector, row.channel, row.status, row.received_at, row.due_at, over
            )
            yield LedgerDossier(row.case_id, case, row.known_at, sorted({entry.office for entry in entries}))


def _entry(row: tuple[Any, ...]) -> Entry:
    values = (instant_of(value) if hasattr(value, "tzinfo") else value for value in row)
    return Entry._make((*values, b""))
