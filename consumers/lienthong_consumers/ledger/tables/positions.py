"""The table ``position``: where the ledger stands in each partition, and the fence."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lienthong_consumers.ledger.batch import Applied, Batch, Move
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_infra.errors import ConfigurationError, Fenced
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.instants import datetime_of


async def create_positions(cursor: Cursor, partitions: Collection[TopicPartition]) -> None:
    """At the very first start, say that every partition is read from its beginning. Later this changes nothing."""
    await _one_at_a_time(cursor)
    await cursor.execute("SELECT EXISTS (SELECT FROM position) OR EXISTS (SELECT FROM case_event)")
    if await cursor.fetchone() == (False,):
        await _insert(cursor, partitions)


async def add_topic(cursor: Cursor, partitions: Collection[TopicPartition]) -> None:
    """Say that a topic new to the ledger is read from its beginning. Raises ConfigurationError where it is not new."""
    await _one_at_a_time(cursor)
    known = await read_positions(cursor, partitions)
    if known:
        raise ConfigurationError(
            [f"{one.topic}/{one.partition}: the ledger stands at {known[one]} there already" for one in sorted(known)]
        )
    await _insert(cursor, partitions)


async def _one_at_a_time(cursor: Cursor) -> None:
    """Let no other sink make rows at the same time. No lock of the table: a sink that stands still may hold rows."""
    await cursor.execute("SELECT pg_advisory_xact_lock('position'::regclass::oid::bigint)")


async def _insert(cursor: Cursor, partitions: Collection[TopicPartition]) -> None:
    await cursor.executemany(
        "INSERT INTO position (topic, partition, next_offset) VALUES (%s, %s, 0)",
        [(one.topic, one.partition) for one in sorted(partitions)],
    )


async def read_positions(
    cursor: Cursor, partitions: Collection[TopicPartition], *, locked: bool = False
) -> dict[TopicPartition, int]:
    """The stored positions, ``locked`` until the transaction ends; a partition without one is left out."""
    await cursor.execute(
        "SELECT topic, partition, next_offset FROM position"
        " WHERE (topic, partition) IN (SELECT * FROM unnest(%s::text[], %s::int[])) ORDER BY topic, partition"
        + (" FOR UPDATE" if locked else ""),
        ([one.topic for one in partitions], [one.partition for one in partitions]),
    )
    return {TopicPartition(topic, number): offset for topic, number, offset in await cursor.fetchall()}


async def move_positions(cursor: Cursor, moves: Mapping[TopicPartition, Move]) -> None:
    """Go on from where was read, unless somebody else has. Raises Fenced.

    The rows stay locked until the transaction ends: another sink waits here, then finds them moved. In one order, so
    that two sinks never wait for each other in a circle.
    """
    for partition, move in sorted(moves.items()):
        await cursor.execute(
            "UPDATE position SET next_offset = %s, updated_known_at = %s"
            " WHERE topic = %s AND partition = %s AND next_offset = %s",
            (move.next_offset, datetime_of(move.known_at), *partition, move.read_from),
        )
        if cursor.rowcount != 1:
            raise Fenced(
                f"{partition.topic}/{partition.partition}: the ledger no longer stands at {move.read_from}: another "
                "sink reads this partition"
            )


async def count_records(cursor: Cursor, batch: Batch, applied: Applied) -> None:
    """Add to the counts of each partition what became of its records."""
    await cursor.executemany(
        "UPDATE position SET entries = entries + %s, duplicates = duplicates + %s, refused = refused + %s"
        " WHERE topic = %s AND partition = %s",
        [
            (fresh, batch.taken[one] - fresh, batch.refusals[one], one.topic, one.partition)
            for one in sorted(batch.moves)
            for fresh in (applied.fresh[one],)
        ],
    )
