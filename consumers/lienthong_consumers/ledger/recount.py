"""Counting the ledger again inside the database, to compare with what was counted on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong_consumers.domain.figures import MEASURES, PAUSED, STOPPED, Cell, Figures
from lienthong_schemas.case_marks import SATISFIED_FROM

_KEY: Final = ", ".join(Cell._fields)
_TOTALS: Final = f"SELECT {_KEY}, {', '.join(MEASURES)} FROM total_part"
_COUNTED: Final[Mapping[str, str]] = {
    "waiting": "NOT is_received AND NOT is_stopped",
    "declined": "NOT is_received AND is_stopped",
    "received": "is_received",
    "carried": "is_received AND carried",
    "in_process": "is_open AND NOT is_stopped AND NOT is_paused",
    "paused": "is_open AND NOT is_stopped AND is_paused",
    "stopped": "is_open AND is_stopped",
    "ended_early": "end_day < due_day",
    "ended_on_time": "end_day = due_day AND ended_at <= due_at",
    "ended_late": "ended_at > due_at",
    "ended_undated": "ended_at IS NOT NULL AND due_at IS NULL",
    "ended_late_by_day": "end_day > due_day",
    "rated": "rating IS NOT NULL",
    "satisfied": f"rating >= {SATISFIED_FROM}",
    "fee_known": "fee_paid IS NOT NULL",
    "fee_online": "fee_paid = 'online'",
    "digitise_known": "digitised IS NOT NULL",
    "digitised": "digitised",
    "signature_known": "signature IS NOT NULL",
    "signed": "signature = 'valid'",
    "repeated": "duplicate_of IS NOT NULL",
}
"""What a row must be to be counted by each measure; the same that ``domain/figures.py`` says of one row."""


def status_pairs(of_kinds: Mapping[str, frozenset[str]]) -> str:
    """Pairs of kind and status as a list for SQL; both are constants of ours."""
    return ", ".join(f"('{kind}', '{status}')" for kind, all_of in of_kinds.items() for status in sorted(all_of))


_ROWS: Final = f"""
    SELECT {_KEY}, {", ".join(f"count(*) FILTER (WHERE {_COUNTED[name]})" for name in MEASURES)}
    FROM (
        SELECT *, received_at IS NOT NULL OR ended_at IS NOT NULL AS is_received,
            received_at IS NOT NULL AND ended_at IS NULL AS is_open,
            ended_at IS NULL AND (kind, status) IN ({status_pairs(STOPPED)}) AS is_stopped,
            (kind, status) IN ({status_pairs(PAUSED)}) AS is_paused,
            (ended_at AT TIME ZONE 'UTC' + interval '7 hours')::date AS end_day,
            (due_at AT TIME ZONE 'UTC' + interval '7 hours')::date AS due_day
        FROM case_row
    ) AS one
    GROUP BY {_KEY}
"""
_RECORDS: Final = """
    SELECT coalesce(sum(entries), 0)::bigint, coalesce(sum(duplicates), 0)::bigint, coalesce(sum(refused), 0)::bigint
    FROM position WHERE topic = ANY(%s)
"""


class Difference(NamedTuple):
    """A cell whose total is not what its rows add up to."""

    cell: Cell
    total: Figures
    rows: Figures


class RecordCount(NamedTuple):
    """What became of the records of some topics; the sum is the number of records read."""

    entries: int
    duplicates: int
    refused: int


def kept_totals(connection: Connection[Any]) -> dict[Cell, Figures]:
    """The totals as they were kept, without cells that have nothing."""
    return _figures(connection, _TOTALS)


def recounted_totals(connection: Connection[Any]) -> dict[Cell, Figures]:
    """The totals counted again from the current rows."""
    return _figures(connection, _ROWS)


def differences(connection: Connection[Any]) -> list[Difference]:
    """Where totals and rows disagree; empty in a ledger that is right."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        kept, counted = kept_totals(connection), recounted_totals(connection)
    nothing = Figures()
    return [
        Difference(cell, kept.get(cell, nothing), counted.get(cell, nothing))
        for cell in sorted(kept.keys() | counted.keys())
        if kept.get(cell, nothing) != counted.get(cell, nothing)
    ]


def record_count(connection: Connection[Any], topics: list[str]) -> RecordCount:
    """What became of all records of these topics."""
    return RecordCount(*(connection.execute(_RECORDS, (topics,)).fetchone() or (0, 0, 0)))


def _figures(connection: Connection[Any], query: Any) -> dict[Cell, Figures]:
    key = len(Cell._fields)
    found = {Cell(*row[:key]): Figures(*row[key:]) for row in connection.execute(query)}
    return {cell: figures for cell, figures in found.items() if figures != Figures()}
