"""Writing many rows at once: COPY in binary form, where a row costs a few microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant

Cursor = AsyncCursor[TupleRow]

_POSTGRES_EPOCH: Final = 946_684_800 * MICROSECONDS_PER_SECOND
"""2000-01-01T00:00Z as an instant. On the wire PostgreSQL's timestamptz is a 64-bit number of microseconds since then,
so instants go in exactly and without a detour through datetimes. Source: PostgreSQL 15, timestamptz_recv."""


class Column(NamedTuple):
    """A column and the type of what is sent for it."""

    name: str
    kind: str


def texts(*names: str) -> list[Column]:
    """Columns of text."""
    return [Column(name, "text") for name in names]


def integers(*names: str) -> list[Column]:
    """Columns of 32-bit numbers."""
    return [Column(name, "int4") for name in names]


def longs(*names: str) -> list[Column]:
    """Columns of 64-bit numbers."""
    return [Column(name, "int8") for name in names]


def instants(*names: str) -> list[Column]:
    """Columns of timestamptz; their values come from ``stamp``."""
    return [Column(name, "int8") for name in names]


def blobs(*names: str) -> list[Column]:
    """Columns of bytea."""
    return [Column(name, "bytea") for name in names]


def stamp(instant: Instant) -> int:
    """What is sent for an instant."""
    return instant - _POSTGRES_EPOCH


def stamp_or_null(instant: Instant | None) -> int | None:
    """What is sent for an instant that may be missing."""
    return None if instant is None else instant - _POSTGRES_EPOCH


def quoted(columns: Sequence[Column]) -> str:
    """The names as a list for SQL; quoted, for ``offset`` is a word of the language."""
    return ", ".join(f'"{column.name}"' for column in columns)


async def copy_rows(cursor: Cursor, table: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows into a table."""
    async with cursor.copy(f"COPY {table} ({quoted(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types([column.kind for column in columns])
        for row in rows:
            await copy.write_row(row)
