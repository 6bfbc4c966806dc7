"""The ledger from outside: one read-only snapshot of its tables, counted by the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, LiteralString

import psycopg

from lienthong_consumers.exporter.sightings import (
    Breaches,
    Comparisons,
    LedgerPosition,
    LedgerSight,
    Letters,
    Published,
)
from lienthong_consumers.ledger.database import connect
from lienthong_infra.errors import UnavailableError
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.instants import Instant, instant_of

ONE_TRY: Final = 0.0
"""Seconds of patience for a connection: none, the next look is the next try."""
_LIMIT: Final = "SET LOCAL statement_timeout = '10s'"
"""A count that takes longer than this is given up, so that looking never burdens the ledger."""

_POSITIONS: Final = "SELECT topic, partition, next_offset, updated_known_at FROM position"
_BREACHES: Final = """
    SELECT office, firmness = 'firm' OR confirmed_by IS NOT NULL AS firm, count(*)
    FROM clock_event
    WHERE kind = 'breached' AND clock = 'processing' AND standing
    GROUP BY 1, 2
"""
_OVERDUE: Final = """
    SELECT commune, firm, count(*)
    FROM (
        SELECT found.commune, bool_and(breach.firmness = 'firm' OR breach.confirmed_by IS NOT NULL) AS firm
        FROM clock_event AS breach JOIN case_row AS found USING (case_id)
        WHERE breach.kind = 'breached' AND breach.clock = 'processing' AND breach.standing AND found.ended_at IS NULL
        GROUP BY found.case_id
    ) AS overdue
    GROUP BY 1, 2
"""
_LETTERS: Final = "SELECT topic, state, count(*) FROM dead_letter GROUP BY topic, state"
_PROBLEMS: Final = """
    SELECT 'gap', count(*) FROM gap
    UNION ALL SELECT 'conflict', count(*) FROM conflict
    UNION ALL SELECT 'held', count(*) FROM held
"""
_FINDINGS: Final = "SELECT code, count(*) FROM finding WHERE standing GROUP BY code"
_COMPARISONS: Final = """
    SELECT topic, count(*), count(*) FILTER (WHERE NOT agreed AND NOT set_aside),
           count(*) FILTER (WHERE NOT agreed AND set_aside),
           count(*) FILTER (WHERE newest AND NOT agrees AND NOT set_aside)
    FROM (
        SELECT topic, agreed, agrees, set_aside,
               row_number() OVER (PARTITION BY topic, partition ORDER BY below DESC) = 1 AS newest
        FROM figures_comparison
    ) AS compared
    GROUP BY topic
"""
_COMPARED_BELOW: Final = """
    SELECT topic, partition, greatest(max(compared.below), max(at.compared_from))
    FROM position AS at LEFT JOIN figures_comparison AS compared USING (topic, partition)
    GROUP BY topic, partition
"""
_PUBLISHED: Final = """
    SELECT judged_at, unsent.number, unsent.oldest, EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND classid = 'outbound'::regclass::oid AND objid = 0 AND objsubid = 2 AND granted
    )
    FROM judgement,
        (SELECT count(*) AS number, coalesce(min(id), 0) AS oldest FROM outbound WHERE sent_at IS NULL) AS unsent
"""
"""With the lock of ``ledger/publishing.py``: whoever holds it publishes."""


class LedgerWatch:
    """Looks at the ledger of one bus; each look has a connection of its own."""

    def __init__(self, dsn: str, prefix: str) -> None:
        self._dsn = dsn
        self._prefix = prefix

    async def look(self, now: Instant) -> LedgerSight:
        """What is there now. Raises UnavailableError, also where the tables are missing, or ConfigurationError."""
        connection = await connect(self._dsn, self._prefix, limit_s=ONE_TRY)
        try:
            await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
            async with connection, connection.transaction():
                await connection.execute(_LIMIT)
                return await self._sight(connection, now)
        except psycopg.ProgrammingError as error:
            raise UnavailableError(
                "the ledger's tables are missing or of another version; `lienthong ledger migrate` makes them"
            ) from error
        except psycopg.Error as error:
            raise UnavailableError(f"the ledger's database gave no answer ({type(error).__name__})") from error

    async def close(self) -> None:
        """Nothing to release: each look has closed its connection."""

    async def _sight(self, connection: psycopg.AsyncConnection[Any], now: Instant) -> LedgerSight:
        positions = {
            TopicPartition(topic, partition): LedgerPosition(next_offset, instant_of(known_at) if known_at else 0)
            for topic, partition, next_offset, known_at in await self._rows(connection, _POSITIONS)
        }
        return LedgerSight(
            seen_at=now,
            positions=positions,
            breaches=_breaches(await self._rows(connection, _BREACHES)),
            overdue=_breaches(await self._rows(connection, _OVERDUE)),
            letters=_letters(await self._rows(connection, _LETTERS)),
            problems=dict(await self._rows(connection, _PROBLEMS)),
            findings=dict(await self._rows(connection, _FINDINGS)),
            comparisons={topic: Comparisons(*counts) for topic, *counts in await self._rows(connection, _COMPARISONS)},
            compared_below={
                TopicPartition(topic, partition): below
                for topic, partition, below in await self._rows(connection, _COMPARED_BELOW)
                if topic in CASE_TOPICS
            },
            published=_published(await self._rows(connection, _PUBLISHED)),
        )

    async def _rows(self, connection: psycopg.AsyncConnection[Any], query: LiteralString) -> list[Any]:
        return await (await connection.execute(query)).fetchall()


def _breaches(rows: Iterable[tuple[str, bool, int]]) -> dict[str, Breaches]:
    found: dict[str, Breaches] = {}
    for unit, firm, count in rows:
        one = Breaches(firm=count) if firm else Breaches(provisional=count)
        found[unit] = found.get(unit, Breaches()).plus(one)
    return found


def _published(rows: Iterable[tuple[Any, int, int, bool]]) -> Published:
    ((judged_at, unsent, oldest, held),) = rows
    return Published(0 if judged_at is None else instant_of(judged_at), unsent, oldest, held)


def _letters(rows: Iterable[tuple[str, str, int]]) -> dict[str, Letters]:
    found: dict[str, dict[str, int]] = {}
    for topic, state, count in rows:
        found.setdefault(topic, {})[state] = count
    return {topic: Letters(**states) for topic, states in found.items()}
