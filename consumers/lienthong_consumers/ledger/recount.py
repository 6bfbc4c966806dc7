"""Counting the ledger again inside the database, to compare with what was counted on the way."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong_consumers.domain.figures import Figures, Unit

_TOTALS: Final = "SELECT office, kind, waiting, received, ended, ended_late, open FROM total"
_ROWS: Final = """
    SELECT office, kind, count(*) FILTER (WHERE received_at IS NULL AND ended_at IS NULL),
           count(*) FILTER (WHERE received_at IS NOT NULL OR ended_at IS NOT NULL),
           count(*) FILTER (WHERE ended_at IS NOT NULL), count(*) FILTER (WHERE ended_at > due_at),
           count(*) FILTER (WHERE received_at IS NOT NULL AND ended_at IS NULL)
    FROM case_row GROUP BY office, kind
"""
_RECORDS: Final = """
    SELECT coalesce(sum(entries), 0)::bigint, coalesce(sum(duplicates), 0)::bigint, coalesce(sum(refused), 0)::bigint
    FROM position WHERE topic = ANY(%s)
"""


class Difference(NamedTuple):
    """A unit whose total is not what its rows add up to."""

    unit: Unit
    total: Figures
    rows: Figures


class RecordCount(NamedTuple):
    """What became of the records of some topics; the sum is the number of records read."""

    entries: int
    duplicates: int
    refused: int


def kept_totals(connection: Connection[Any]) -> dict[Unit, Figures]:
    """The totals as they were kept, without units that have nothing."""
    return _figures(connection, _TOTALS)


def recounted_totals(connection: Connection[Any]) -> dict[Unit, Figures]:
    """The totals counted again from the current rows."""
    return _figures(connection, _ROWS)


def differences(connection: Connection[Any]) -> list[Difference]:
    """Where totals and rows disagree; empty in a ledger that is right."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        kept, counted = kept_totals(connection), recounted_totals(connection)
    nothing = Figures()
    return [
        Difference(unit, kept.get(unit, nothing), counted.get(unit, nothing))
        for unit in sorted(kept.keys() | counted.keys())
        if kept.get(unit, nothing) != counted.get(unit, nothing)
    ]


def record_count(connection: Connection[Any], topics: list[str]) -> RecordCount:
    """What became of all records of these topics."""
    return RecordCount(*(connection.execute(_RECORDS, (topics,)).fetchone() or (0, 0, 0)))


def _figures(connection: Connection[Any], query: Any) -> dict[Unit, Figures]:
    found = {Unit(office, kind): Figures(*numbers) for office, kind, *numbers in connection.execute(query)}
    return {unit: figures for unit, figures in found.items() if figures != Figures()}
