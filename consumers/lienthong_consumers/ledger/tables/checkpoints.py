"""The table ``checkpoint``: what the ledger, and what the deadline workers, had counted after the same records.

The ledger's word is read from the totals it keeps, in the transaction that has taken the last record below a boundary.
The workers' word comes by ``checksum.v1``. Nothing is compared here: views of the database do, whoever came first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from psycopg.types.json import Jsonb

from lienthong_consumers.ledger.batch import Applied, KnownChecksum, Move
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.case_event import kind_of_topic
from lienthong_schemas.checksums import Checksum, checksum_of
from lienthong_schemas.instants import Instant, datetime_of

LEDGER: Final = "ledger"
DEADLINES: Final = "deadlines"
"""Who has counted."""
_TOTALS: Final = """
    SELECT office, sum(received)::bigint, sum(ended)::bigint, sum(ended_late)::bigint FROM total_part
    WHERE kind = %s AND partition = %s GROUP BY office
"""
_INSERT: Final = """
    INSERT INTO checkpoint
        (topic, partition, below, counted_by, digest, received, ended, ended_late, known_at, written)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (topic, partition, below, counted_by, digest)
        DO UPDATE SET written = greatest(checkpoint.written, excluded.written)
    RETURNING xmax = 0
"""


async def write_own_checksums(
    cursor: Cursor, boundaries: Mapping[TopicPartition, int], moves: Mapping[TopicPartition, Move]
) -> None:
    """Keep the totals of these partitions as they are now. The caller holds the fence of all of them."""
    for (topic, partition), below in sorted(boundaries.items()):
        await cursor.execute(_TOTALS, (kind_of_topic(topic), partition))
        offices = {office: numbers for office, *numbers in await cursor.fetchall()}
        own = checksum_of(topic, partition, below, offices)
        await _insert(cursor, own, LEDGER, moves[TopicPartition(topic, partition)].known_at, 0)


async def write_checksums(cursor: Cursor, checksums: Sequence[KnownChecksum], applied: Applied) -> None:
    """Add what the workers say; what one of them says again is no news, something else for the same boundary is."""
    for one in checksums:
        if await _insert(cursor, one.checksum, DEADLINES, one.known_at, one.offset):
            applied.fresh[one.source] += 1


async def _insert(cursor: Cursor, one: Checksum, counted_by: str, known_at: Instant, written: int) -> bool:
    """Whether it is new."""
    figures = Jsonb(one.received), Jsonb(one.ended), Jsonb(one.ended_late)
    await cursor.execute(_INSERT, (*one[:3], counted_by, one.digest, *figures, datetime_of(known_at), written))
    return await cursor.fetchone() == (True,)
