"""Comparing two schemas of a ledger table by table, row by row, in the order of their keys.

Both sides are read in portions, so that memory does not grow with the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, cast

from psycopg import Connection, sql

from lienthong_consumers.verification.tables import COMPARED, NOT_COMPARED, ComparedTable

AT_ONCE: Final = 5_000
"""Rows of one portion."""
Kind = Literal["missing", "surplus", "other"]
"""``missing``: the log says it and the ledger does not. ``surplus``: the other way. ``other``: the row is another."""
_COLUMNS: Final = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position
"""
_KEY: Final = """
    SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
    WHERE indrelid = to_regclass(%s) AND indisprimary ORDER BY array_position(indkey::int2[], attnum)
"""
_TABLES: Final = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1
"""


class Difference(NamedTuple):
    """A row in which ledger and replay differ; ``values``: column, what the ledger has, what the log says."""

    table: str
    kind: Kind
    key: tuple[str, ...]
    values: tuple[tuple[str, str, str], ...]


@dataclass(slots=True)
class Comparison:
    """What was found in one table."""

    table: str
    rows: int = 0
    """Rows of the replay."""
    differences: int = 0
    shown: list[Difference] = field(default_factory=list)
    """The first of them."""


class _Layout(NamedTuple):
    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    is_text: frozenset[str]
    spec: ComparedTable


def unknown_tables(connection: Connection[Any]) -> list[str]:
    """Tables of a ledger of which it is not said how they are compared."""
    found = (name for (name,) in connection.execute(_TABLES))
    return [name for name in found if name not in COMPARED and name not in NOT_COMPARED]


def compare(ledger: Connection[Any], replayed: Connection[Any], *, most: int) -> Iterator[Comparison]:
    """Compare all tables; of each at most ``most`` differences are kept, all are counted. Both connections must be in a
    transaction."""
    for table, spec in COMPARED.items():
        layout = _layout(replayed, table, spec)
        found = Comparison(table)
        for difference in _differences(layout, _rows(ledger, layout), _counted(_rows(replayed, layout), found)):
            found.differences += 1
            if len(found.shown) < most:
                found.shown.append(difference)
        yield found


def _layout(connection: Connection[Any], table: str, spec: ComparedTable) -> _Layout:
    columns = connection.execute(_COLUMNS, (table,)).fetchall()
    names = tuple(name for name, _ in columns if name not in spec.left_out)
    key = names if spec.whole else tuple(name for (name,) in connection.execute(_KEY, (table,)))
    return _Layout(table, key, names, frozenset(name for name, kind in columns if kind == "text"), spec)


def _rows(connection: Connection[Any], layout: _Layout) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """Key and values of each row, in the order of keys as Python has it."""
    key = [_sortable(name, layout) for name in layout.key]
    query = sql.SQL("SELECT {key}, {columns} FROM {table} AS one WHERE {where} ORDER BY {key}").format(
        key=sql.SQL(", ").join(key),
        columns=sql.SQL(", ").join(sql.Identifier("one", name) for name in layout.columns),
        table=sql.Identifier(layout.table),
        where=sql.SQL(layout.spec.where),
    )
    with connection.cursor(name=f"verify_{layout.table}") as cursor:
        cursor.itersize = AT_ONCE
        cursor.execute(query)
        for row in cursor:
            values = row[len(key) :]
            if layout.table != "total_part" or _counts_something(layout, values):
                yield row[: len(key)], values


def _sortable(name: str, layout: _Layout) -> sql.Composable:
    """A column of the key so that PostgreSQL sorts it as Python does; of a whole row every column as text."""
    column = sql.Identifier("one", name)
    if layout.spec.whole:
        return sql.SQL("coalesce({}::text, '') COLLATE \"C\"").format(column)
    return sql.SQL('{} COLLATE "C"').format(column) if name in layout.is_text else column


def _counts_something(layout: _Layout, values: Sequence[Any]) -> bool:
    """A cell that is empty again has a row of zeros, or none where it was filled and emptied in one batch."""
    return any(value for name, value in zip(layout.columns, values, strict=True) if name not in layout.key)


def _counted(rows: Iterator[tuple[Any, Any]], found: Comparison) -> Iterator[tuple[Any, Any]]:
    for row in rows:
        found.rows += 1
        yield row


def _differences(
    layout: _Layout, ledger: Iterator[tuple[Any, Any]], replayed: Iterator[tuple[Any, Any]]
) -> Iterator[Difference]:
    """Walk along both in the order of keys."""
    mine, theirs = next(ledger, None), next(replayed, None)
    while mine is not None or theirs is not None:
        if theirs is None or (mine is not None and mine[0] < theirs[0]):
            yield _difference(layout, "surplus", cast("Any", mine)[0], ())
            mine = next(ledger, None)
        elif mine is None or theirs[0] < mine[0]:
            yield _difference(layout, "missing", theirs[0], ())
            theirs = next(replayed, None)
        else:
            if mine[1] != theirs[1]:
                pairs = zip(layout.columns, mine[1], theirs[1], strict=True)
                values = tuple((name, _told(old), _told(new)) for name, old, new in pairs if old != new)
                yield _difference(layout, "other", mine[0], values)
            mine, theirs = next(ledger, None), next(replayed, None)


def _difference(
    layout: _Layout, kind: Kind, key: Sequence[Any], values: tuple[tuple[str, str, str], ...]
) -> Difference:
    return Difference(layout.table, kind, tuple(map(_told, key)), values)


def _told(value: Any) -> str:
    """A value for people. Bytes are not shown: they may be a sender's data."""
    if isinstance(value, bytes | memoryview):
        whole = bytes(value)
        return whole.hex() if len(whole) <= 16 else f"{len(whole)} bytes"
    if isinstance(value, datetime):
        return value.isoformat()
    return "-" if value is None else str(value)
