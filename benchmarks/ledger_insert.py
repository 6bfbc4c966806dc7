"""A plain loop that writes the rows of the ledger's history and nothing else: no totals, no current rows, no rules.

Arguments: bootstrap, DSN, prefix, events, and how rows are written: ``insert`` (executemany) or ``copy``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from psycopg import AsyncConnection

from benchmarks.job import INPUT_TOPIC, Meter, fastavro_reader
from benchmarks.postgres_cpu import PostgresCpu
from lienthong_consumers.ledger.database import connect
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import Record, TopicPartition
from lienthong_schemas.instants import datetime_of, instant_of_milliseconds

BATCH: Final = 4_000
"""Records at once, as many as the ledger takes."""
COLUMNS: Final = (
    *("case_id", "epoch", "seq", "digest", "kind", "topic", "partition", '"offset"', "known_at", "office", "commune"),
    *("selector", "channel", "change", "status", "occurred_at", "accepted_at", "received_at", "due_at", "ended_at"),
    *("source_ref", "event_id", "fee_paid", "digitised", "value"),
)
_TABLE: Final = "plain_event"
_INSERT: Final = (
    f"INSERT INTO {_TABLE} ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))}) ON CONFLICT DO NOTHING"
)
_COPY: Final = f"COPY {_TABLE} ({', '.join(COLUMNS)}) FROM STDIN"
_READ = fastavro_reader()


def row(record: Record) -> tuple[Any, ...]:
    """The columns of an event."""
    value = record.value or b""
    one = _READ(value)
    times = (one[name] for name in ("occurred_at", "accepted_at", "received_at", "due_at", "ended_at"))
    return (
        *(one["case_id"], one["epoch"], one["seq"], sha256(value).digest()[:16], "dossier", record.topic),
        *(record.partition, record.offset, datetime_of(instant_of_milliseconds(record.timestamp))),
        *(one[name] for name in ("office", "commune", "procedure", "channel", "change", "status")),
        *(None if at is None else datetime_of(at) for at in times),
        *(one[name] for name in ("source_ref", "event_id", "fee_paid", "digitised")),
        value,
    )


async def write(connection: AsyncConnection, rows: Iterable[tuple[Any, ...]], *, copying: bool) -> None:
    """One transaction."""
    async with connection.transaction(), connection.cursor() as cursor:
        if not copying:
            await cursor.executemany(_INSERT, rows)
            return
        async with cursor.copy(_COPY) as copy:
            for one in rows:
                await copy.write_row(one)


async def run(bootstrap: str, dsn: str, prefix: str, events: int, how: str) -> None:
    """Take all events and report."""
    meter, database = Meter(events), PostgresCpu()
    reader, connection = KafkaReader(bootstrap, prefix), await connect(dsn, prefix)
    try:
        database.of(connection.info.backend_pid)
        await connection.execute(f"CREATE TABLE {_TABLE} (LIKE case_event, PRIMARY KEY (case_id, epoch, seq, digest))")
        partitions = range(await reader.partitions(INPUT_TOPIC))
        await reader.assign({TopicPartition(INPUT_TOPIC, number): 0 for number in partitions})
        done = False
        while not done:
            found = await reader.read(timeout=1.0, limit=BATCH)
            records = [record for some in found.values() for record in some]
            if records:
                await write(connection, map(row, records), copying=how == "copy")
                database.count(len(records))
                done = meter.count(len(records))
    finally:
        await reader.close()
        await connection.close()
    meter.report(**database.report())


if __name__ == "__main__":
    address, database_dsn, bus, number, manner = sys.argv[1:]
    asyncio.run(run(address, database_dsn, bus, int(number), manner))
