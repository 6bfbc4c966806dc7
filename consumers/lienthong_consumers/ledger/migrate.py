"""Bringing the tables of a ledger to the newest step, one process at a time."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from zlib import crc32

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.schema_name import schema_of
from lienthong_infra.errors import ConfigurationError

_LOCK_CLASS = 0x6C74  # "lt": our advisory locks, apart from those of others in the same database


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
    schema = schema_of(prefix)
    with connect_now(dsn, prefix) as lock, as_file(files("lienthong_consumers.ledger") / "migrations") as scripts:
        lock.execute("SELECT pg_advisory_lock(%s, %s)", (_LOCK_CLASS, _lock_of(schema)))
        lock.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: connect_now(dsn, prefix, autocommit=False),
            poolclass=NullPool,
        )
        with engine.begin() as connection:
            before = _current(connection, schema)
            _refuse_newer(before, scripts, schema)
            command.upgrade(_config(scripts, connection=connection, schema=schema), "head")
            after = _current(connection, schema)
    return Migrated(schema, before, after)


def level(dsn: str, prefix: str) -> tuple[str, str]:
    """The step at which the tables are (empty: there are none), and the newest one known. Changes nothing.

    Raises UnavailableError or ConfigurationError.
    """
    with connect_now(dsn, prefix, limit_s=0.0) as connection:
        if connection.execute("SELECT to_regclass('migration')").fetchone() == (None,):
            current = ""
        else:
            row = connection.execute("SELECT version_num FROM migration").fetchone()
            current = row[0] if row else ""
    with as_file(files("lienthong_consumers.ledger") / "migrations") as scripts:
        return current, ScriptDirectory.from_config(_config(scripts)).get_current_head() or ""


def drop(dsn: str, prefix: str) -> None:
    """Delete a ledger with all its tables."""
    with connect_now(dsn, prefix) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema_of(prefix))))


def _lock_of(schema: str) -> int:
    """A lock per schema, as PostgreSQL's signed 32-bit number."""
    return crc32(schema.encode()) - 2**31


def _config(scripts: Path, **attributes: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.set_main_option("path_separator", "os")
    config.attributes.update(attributes)
    return config


def _current(connection: Connection, schema: str) -> str:
    context = MigrationContext.configure(
        connection, opts={"version_table": "migration", "version_table_schema": schema}
    )
    return context.get_current_revision() or ""


def _refuse_newer(current: str, scripts: Path, schema: str) -> None:
    config = _config(scripts)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current and current not in known:
        raise ConfigurationError(
            [
                f"the ledger {schema} is at step {current}, which this program does not know (newest: {max(known)}): "
                "install the newer program"
            ]
        )
