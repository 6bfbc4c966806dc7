"""What can be exported: tables of the ledger under names that people use, and the columns that a table has today.

Columns are asked of the database, so that a new one needs nothing here. Bytes are left out but for digests: the bytes
of an event hold an applicant's pseudonym, and nothing personal leaves the ledger by this way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from psycopg import Connection

from lienthong_infra.errors import WrongCallError

INSTANT: Final = "timestamptz"
BYTES: Final = "bytea"
DIGESTS: Final = ("digest", "applied_digest")
"""Columns of bytes that are written, in hexadecimal."""


class Source(NamedTuple):
    """A table or view, in which order its rows come, and whether its rows never change once they are known."""

    table: str
    order: tuple[str, ...]
    is_history: bool = False


SOURCES: Final[Mapping[str, Source]] = {
    "cases": Source("case_row", ("case_id",)),
    "events": Source("case_event", ("case_id", "epoch", "seq", "digest"), is_history=True),
    "clocks": Source("clock_event", ("case_id", "clock", "episode", "known_at", "event_id")),
    "findings": Source("finding", ("case_id", "known_at", "event_id")),
    "totals": Source("total", ("kind", "office")),
    "cells": Source("total_part", ("kind", "office", "commune", "selector", "channel", "partition")),
    "corrections": Source("correction", ("id",), is_history=True),
    "gaps": Source("gap", ("case_id", "epoch", "first_seq")),
    "conflicts": Source("conflict", ("case_id", "epoch", "seq", "digest")),
}
"""By the name on the command line."""

_COLUMNS: Final = """
    SELECT attname, typname FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


def source_named(name: str) -> Source:
    """The source of this name. Raises WrongCallError with the names that there are."""
    if name not in SOURCES:
        raise WrongCallError([f"--what {name}: there is no such thing to export; there are: {', '.join(SOURCES)}"])
    return SOURCES[name]


def columns_of(connection: Connection[Any], table: str) -> dict[str, str]:
    """The columns of a table that can be exported, in their order, with the names of their types."""
    found = connection.execute(_COLUMNS, (table,)).fetchall()
    return {name: kind for name, kind in found if kind != BYTES or name in DIGESTS}
