"""Running the migrations that a ledger's tables have not seen yet."""

from __future__ import annotations

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from lienthong_consumers.ledger.database import connect_now


def upgrade(dsn: str, prefix: str, schema: str, *, to: str = "head") -> None:
    """Bring the tables in an existing schema to the newest step, or to the one named; the caller holds the lock."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect_now(dsn, prefix, autocommit=False),
        poolclass=NullPool,
    )
    with as_file(files("lienthong_consumers.ledger") / "migrations") as scripts, engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(scripts))
        config.set_main_option("path_separator", "os")
        config.attributes.update(connection=connection, schema=schema)
        command.upgrade(config, to)
