"""All that the ledger holds about one case: its events as they came, what was announced, and the reference data."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong_schemas.instants import Instant, instant_of
from lienthong_schemas.records import ClockEvent, ReferenceRecord


class StoredEvent(NamedTuple):
    """An event: its value as it was written, and the earliest times at which a copy was accepted and known."""

    topic: str
    value: bytes
    accepted_at: Instant
    known_at: Instant


class CaseHistory(NamedTuple):
    """What the ledger holds; ``ticked_at`` is the append time of the last tick that it has read."""

    events: list[StoredEvent]
    announced: list[ClockEvent]
    references: list[ReferenceRecord]
    ticked_at: Instant | None


_EVENTS: Final = (
    "SELECT topic, value, accepted_at, known_at FROM case_event WHERE case_id = %s ORDER BY epoch, seq, digest"
)
_ANNOUNCED: Final = f"SELECT {', '.join(ClockEvent._fields)} FROM clock_event WHERE case_id = %s ORDER BY event_id"
_REFERENCES: Final = f'SELECT {", ".join(ReferenceRecord._fields)} FROM reference ORDER BY "offset"'
_TICKED: Final = "SELECT updated_known_at FROM position WHERE topic = 'tick.v1' AND updated_known_at IS NOT NULL"


def case_history(connection: Connection[Any], case_id: str) -> CaseHistory:
    """Everything about a case, from one snapshot."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        events = [StoredEvent._make(_plain(row)) for row in cursor.execute(_EVENTS, (case_id,)).fetchall()]
        announced = [ClockEvent._make(_plain(row)) for row in cursor.execute(_ANNOUNCED, (case_id,)).fetchall()]
        references = [ReferenceRecord._make(_plain(row)) for row in cursor.execute(_REFERENCES).fetchall()]
        ticked = cursor.execute(_TICKED).fetchone()
    return CaseHistory(events, announced, references, None if ticked is None else instant_of(ticked[0]))


def _plain(row: tuple[Any, ...]) -> list[Any]:
    return [instant_of(value) if isinstance(value, datetime) else value for value in row]
