"""Bringing the tables of a ledger to the newest step, one process at a time.

The tool of the migrations takes seconds to be loaded, so it is only where there is something to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zlib import crc32

from psycopg import sql

from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.schema_name import schema_of
from lienthong_consumers.ledger.steps import known_steps, step_of
from lienthong_infra.errors import ConfigurationError

_LOCK_CLASS: Final = 0x6C74
"""Of our advisory locks ("lt"), apart from those of others in the same database."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """The step before and after; the first is empty where there were no tables."""

    schema: str
    before: str
    after: str


def migrate(dsn: str, prefix: str) -> Migrated:
    """Make or bring forward the tables of a bus. Others who do the same wait until this one has finished.

    Raises UnavailableError, or ConfigurationError where the tables are newer than this program.
    """
    schema, newest = schema_of(prefix), known_steps()[-1]
    with connect_now(dsn, prefix) as lock:
        lock.execute("SELECT pg_advisory_lock(%s, %s)", (_LOCK_CLASS, _lock_of(schema)))
        before = step_of(lock)
        if before and before not in known_steps():
            raise ConfigurationError(
                [
                    f"the ledger {schema} is at step {before}, which this program does not know (newest: {newest}): "
                    "install the newer program"
                ]
            )
        if before != newest:
            from lienthong_consumers.ledger.upgrade import upgrade

            lock.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
            upgrade(dsn, prefix, schema)
        return Migrated(schema, before, step_of(lock))


def level(dsn: str, prefix: str) -> tuple[str, str]:
    """The step at which the tables are (empty: there are none), and the newest one known. Changes nothing.

    Raises UnavailableError or ConfigurationError.
    """
    with connect_now(dsn, prefix, limit_s=0.0) as connection:
        return step_of(connection), known_steps()[-1]


def drop(dsn: str, prefix: str) -> None:
    """Delete a ledger with all its tables."""
    with connect_now(dsn, prefix) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema_of(prefix))))


def _lock_of(schema: str) -> int:
    """A lock per schema, as PostgreSQL's signed 32-bit number."""
    return crc32(schema.encode()) - 2**31
