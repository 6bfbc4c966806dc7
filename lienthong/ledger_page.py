"""The page about the tables of the ledger, written from the database's own comments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from psycopg import Connection

_COLUMNS: Final = """
    SELECT c.relname, c.relkind::text, obj_description(c.oid, 'pg_class'), a.attname,
           format_type(a.atttypid, a.atttypmod), a.attnotnull, col_description(c.oid, a.attnum)
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0
      AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum
"""
_INTRO: Final = (
    "<!-- Written by `lienthong ledger describe`, from comments in the database; change those in a migration. -->",
    "",
    "The ledger of a bus is the schema `ledger_<prefix>`; worked queries: [ledger-sql.md](../ledger-sql.md).",
    "`known_at` is the append time of the log, never the clock of the database: what was known at a time is what has a",
    "`known_at` up to it.",
)


def ledger_page(connection: Connection[Any]) -> str:
    """The page, in Markdown, for the tables and views in the connection's schema."""
    lines = ["# The tables of the ledger", "", *_INTRO]
    for (name, kind, about), columns in groupby(connection.execute(_COLUMNS).fetchall(), key=lambda row: row[:3]):
        lines += ["", f"## `{name}`", "", f"{'View' if kind == 'v' else 'Table'}. {about or ''}.", ""]
        lines += ["| column | type | meaning |", "| --- | --- | --- |"]
        lines += [
            f"| `{column}` | {_type(one, required, kind)} | {text or ''} |".replace("\n", " ")
            for _, _, _, column, one, required, text in columns
        ]
    return "\n".join(lines) + "\n"


def undescribed(connection: Connection[Any]) -> list[str]:
    """The tables and columns without a comment."""
    return sorted(set(_bare(connection)))


def _bare(connection: Connection[Any]) -> Iterator[str]:
    for name, _, about, column, _, _, text in connection.execute(_COLUMNS).fetchall():
        if not about:
            yield name
        if not text:
            yield f"{name}.{column}"


def _type(name: str, required: bool, kind: str) -> str:
    short = name.replace("timestamp with time zone", "timestamptz")
    return short if required or kind == "v" else f"{short} or NULL"
