"""The ledger's tables as the sink sees them: positions, and one transaction for each batch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Final

from psycopg import AsyncConnection
from psycopg import Error as DatabaseError

from lienthong_consumers.ledger.batch import Applied, Batch, Move
from lienthong_consumers.ledger.readiness import begin_command, not_begun
from lienthong_consumers.ledger.tables import announcements, cases, totals
from lienthong_consumers.ledger.tables.announcements import write_clock_events, write_findings
from lienthong_consumers.ledger.tables.cases import apply_entries
from lienthong_consumers.ledger.tables.checkpoints import write_checksums, write_own_checksums
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_consumers.ledger.tables.letters import offices_over_limit, write_letters
from lienthong_consumers.ledger.tables.positions import (
    count_records,
    create_positions,
    move_positions,
    read_positions,
)
from lienthong_consumers.ledger.tables.references import read_references, write_references
from lienthong_consumers.ledger.tables.ticks import keep_tick
from lienthong_infra.errors import ConfigurationError, TemporaryError
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.records import ReferenceRecord

log = logging.getLogger(__name__)

TRANSACTION_LIMIT_S: Final = 20.0
"""Seconds for one batch. Longer, and the group would take the sink for dead (its rebalance time is 30 s): it ends
itself and a supervisor starts it again."""


HOLDER_PATIENCE_S: Final = 3.0
"""Seconds that a former owner's transaction is waited for. One in good order ends its batch before it lets go."""


class LedgerStore:
    """The tables of one bus, on one connection that nobody else uses. One call at a time."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def prepare(self, partitions: Collection[TopicPartition]) -> None:
        """Get the connection ready; at the very first start, say that all these partitions are read from the start.

        Raises ConfigurationError where the ledger has data and topics are new to it: all of them, with the remedy.
        """
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            for statement in (*cases.TEMPORARY_TABLES, *totals.TEMPORARY_TABLES, *announcements.TEMPORARY_TABLES):
                await cursor.execute(statement)
            await create_positions(cursor, partitions)
            stored = await read_positions(cursor, partitions)
        if new := not_begun(partitions, stored):
            raise ConfigurationError(
                [
                    f"{', '.join(new)}: the ledger has data, but no position in these topics, so it would reach no "
                    "tick: no official figure is judged anew and no period is closed. If they are new since this "
                    f"ledger began, stop all its processes, run `{begin_command(new)}` once and start them again "
                    "(docs/operate/upgrade.md); if not, find out who removed the rows: to start from 0 could hide a "
                    "loss"
                ]
            )

    async def take_over(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        """Where the ledger stands in these partitions, once nobody else writes to them.

        A former owner that the group took for dead may stand still in the middle of a transaction and hold the rows for
        ever: its session is ended, and what it had not committed is void. Raises ConfigurationError where the ledger
        has no word about a partition.
        """
        locking = asyncio.create_task(self._lock_positions(partitions))
        try:
            done, _ = await asyncio.wait({locking}, timeout=HOLDER_PATIENCE_S)
            if not done:
                await self._end_holders()
            stored = await locking
        finally:
            locking.cancel()
        missing = sorted(set(partitions) - set(stored))
        if missing:
            raise ConfigurationError(
                [
                    f"{one.topic}/{one.partition}: the ledger has data, but no position for this partition. If the "
                    f"topic is new, begin it with `lienthong ledger migrate --begin {one.topic}`; if not, find out "
                    "who removed the row: to start from 0 could hide a loss"
                    for one in missing
                ]
            )
        return stored

    async def _lock_positions(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
        async with self._connection.transaction(), self._connection.cursor() as cursor:
            return await read_positions(cursor, partitions, locked=True)

    async def _end_holders(self) -> None:
        """End the sessions that hold what we wait for."""
        waiting = self._connection.info
        side = await AsyncConnection.connect(waiting.dsn, password=waiting.password, autocommit=True)
        async with side:
            cursor = await side.execute(
                "SELECT pid, pg_terminate_backend(pid) FROM unnest(pg_blocking_pids(%s)) AS pid", (waiting.backend_pid,)
            )
            for pid, ended in await cursor.fetchall():
                log.warning("holder-of-positions-ended", extra={"session": pid, "ended": ended})

    async def references(self) -> list[ReferenceRecord]:
        """The reference records that the ledger knows."""
        async with self._connection.cursor() as cursor:
            return await read_references(cursor)

    async def offices_over_limit(self) -> int:
        """How many offices have more open dead letters than a sender may."""
        async with self._connection.cursor() as cursor:
            return await offices_over_limit(cursor)

    async def apply(self, batch: Batch) -> Applied:
        """Take a batch: fence, history, rows, totals, announcements, letters and positions in one transaction.

        Raises Fenced where another sink has gone on, TemporaryError on anything else that is in the way; nothing of the
        batch is kept then.
        """
        applied = Applied()
        try:
            async with (
                asyncio.timeout(TRANSACTION_LIMIT_S),
                self._connection.transaction(),
                self._connection.cursor() as cursor,
            ):
                await self._fence(cursor, batch.moves)
                await self._write(cursor, batch, applied)
        except TimeoutError as error:
            raise TemporaryError(f"the ledger's database took more than {TRANSACTION_LIMIT_S:.0f} s") from error
        except DatabaseError as error:
            raise TemporaryError(f"the ledger's database refused a batch: {_cause(error)}") from error
        return applied

    async def _fence(self, cursor: Cursor, moves: Mapping[TopicPartition, Move]) -> None:
        await move_positions(cursor, moves)

    async def _write(self, cursor: Cursor, batch: Batch, applied: Applied) -> None:
        await write_own_checksums(cursor, batch.passed, batch.moves)
        if batch.entries:
            await apply_entries(cursor, batch.entries, applied)
        if batch.clock_events:
            await write_clock_events(cursor, batch.clock_events, applied)
        if batch.findings:
            await write_findings(cursor, batch.findings, applied)
        if batch.references:
            await write_references(cursor, batch.references, applied)
        if batch.letters:
            await write_letters(cursor, batch.letters, applied)
        if batch.checksums:
            await write_checksums(cursor, batch.checksums, applied)
        await write_own_checksums(cursor, batch.reached, batch.moves)
        if batch.tick is not None:
            await keep_tick(cursor, batch.tick)
        await count_records(cursor, batch, applied)

    async def close(self) -> None:
        """Release the connection."""
        await self._connection.close()


def _cause(error: DatabaseError) -> str:
    """What went wrong, without the server's text: that may quote data."""
    return f"{type(error).__name__} {error.sqlstate or ''}".strip()
