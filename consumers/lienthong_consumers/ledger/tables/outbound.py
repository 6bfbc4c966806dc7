"""The table ``outbound``: records that are published because of what the ledger holds.

They are written in the transaction whose figures they tell, so that nothing is announced which is not so, and nothing
is forgotten; the relay sends them afterwards (``ledger/relay.py``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, NamedTuple

from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_consumers.ledger.tables.letters import headers_as_json, headers_from_json
from lienthong_infra.ports import OutboundRecord

_ONE_ORDER: Final = "SELECT pg_advisory_xact_lock('outbound'::regclass::oid::bigint)"
_INSERT: Final = """
    INSERT INTO outbound (topic, key, value, headers, known_at)
    VALUES (%s, %s, %s, %s, (SELECT max(updated_known_at) FROM position))
"""
_UNSENT: Final = "SELECT id, topic, key, value, headers::text FROM outbound WHERE sent_at IS NULL ORDER BY id LIMIT %s"
_MARK: Final = "UPDATE outbound SET sent_at = now() WHERE id = ANY(%s)"
_FORGET_OLDER: Final = """
    DELETE FROM outbound AS older USING outbound AS sent
    WHERE sent.id = ANY(%s) AND older.topic = sent.topic AND older.key = sent.key AND older.id < sent.id
"""
_NEWEST: Final = "SELECT DISTINCT ON (key) key, value FROM outbound WHERE topic = %s ORDER BY key, id DESC"


class Unsent(NamedTuple):
    """A record that waits to be sent, and its id."""

    number: int
    record: OutboundRecord


async def enqueue(cursor: Cursor, records: Sequence[OutboundRecord]) -> None:
    """Let these records be published, in this order, if the caller's transaction commits.

    Each has a key, for the newest record of a key is what counts; partition and time are left to key and broker, so
    ``ValueError`` otherwise. Until the transaction ends, others who enqueue wait: ids are committed in their order.
    """
    for record in records:
        if record.key is None or record.partition is not None or record.timestamp is not None:
            raise ValueError(f"a record for {record.topic} must have a key, and neither partition nor timestamp")
    if records:
        await cursor.execute(_ONE_ORDER)
        await cursor.executemany(
            _INSERT, [(one.topic, one.key, one.value, headers_as_json(one.headers)) for one in records]
        )


async def newest(cursor: Cursor, topic: str) -> dict[bytes, bytes | None]:
    """By key, the newest value published or waiting to be: what readers of the topic know, or will."""
    await cursor.execute(_NEWEST, (topic,))
    return {bytes(key): value for key, value in await cursor.fetchall()}


async def unsent(cursor: Cursor, limit: int) -> list[Unsent]:
    """At most ``limit`` records that wait to be sent, in their order."""
    await cursor.execute(_UNSENT, (limit,))
    return [
        Unsent(number, OutboundRecord(topic, key, value, headers_from_json(json.loads(headers))))
        for number, topic, key, value, headers in await cursor.fetchall()
    ]


async def count_unsent(cursor: Cursor) -> int:
    """How many records wait."""
    await cursor.execute("SELECT count(*) FROM outbound WHERE sent_at IS NULL")
    return int((await cursor.fetchone() or (0,))[0])


async def mark_sent(cursor: Cursor, numbers: Sequence[int]) -> None:
    """These are acknowledged: they wait no longer, and what was sent before under their keys is forgotten."""
    await cursor.execute(_MARK, (list(numbers),))
    await cursor.execute(_FORGET_OLDER, (list(numbers),))
