"""The table ``reference``: the records of reference.v1 as the ledger knows them."""

from __future__ import annotations

from collections.abc import Sequence

from lienthong_consumers.ledger.batch import Applied, KnownReference
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_schemas.instants import datetime_of, instant_of
from lienthong_schemas.records import ReferenceRecord

_SELECT = (
    "SELECT record_id, kind, key, version, valid_from, known_from, body FROM reference"
    ' WHERE %(kind)s::text IS NULL OR kind = %(kind)s ORDER BY "offset"'
)
_LAST = 'SELECT coalesce(max("offset"), -1) FROM reference'


async def write_references(cursor: Cursor, references: Sequence[KnownReference], applied: Applied) -> None:
    """Add the records."""
    await cursor.executemany(
        'INSERT INTO reference (record_id, kind, key, version, valid_from, known_from, body, "offset", known_at)'
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                *one.record[:4],
                datetime_of(one.record.valid_from),
                datetime_of(one.record.known_from),
                one.record.body,
                one.offset,
                datetime_of(one.known_at),
            )
            for one in references
        ],
    )
    for one in references:
        applied.fresh[one.source] += 1


async def last_reference(cursor: Cursor) -> int:
    """Offset of the newest record; -1 where there is none."""
    await cursor.execute(_LAST)
    return int((await cursor.fetchone() or (-1,))[0])


async def read_references(cursor: Cursor, kind: str | None = None) -> list[ReferenceRecord]:
    """All records, or those of a kind, oldest first."""
    await cursor.execute(_SELECT, {"kind": kind})
    return [
        ReferenceRecord(record_id, kind, key, version, instant_of(valid_from), instant_of(known_from), body)
        for record_id, kind, key, version, valid_from, known_from, body in await cursor.fetchall()
    ]
