"""Writing an export: the database sends CSV, piece by piece, so that a million rows need no memory here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from psycopg import Connection

from lienthong.export.past import cases_as_of
from lienthong.export.query import query_of
from lienthong.export.sources import columns_of, source_named
from lienthong.tail.selection import conditions
from lienthong_infra.errors import WrongCallError
from lienthong_schemas.instants import Instant, iso_of


class Asked(NamedTuple):
    """What somebody wants to have."""

    what: str
    where: Sequence[str] = ()
    columns: Sequence[str] = ()
    """None: all."""
    as_of: Instant | None = None
    """As known at this append time of the log; None: as known now."""


def refuse_what_cannot_be(asked: Asked) -> None:
    """Raises WrongCallError for what is wrong whatever the ledger holds, so that none need be there to be told."""
    source = source_named(asked.what)
    conditions(asked.where)
    if asked.as_of is not None and asked.what != "cases" and not source.is_history:
        raise WrongCallError(
            [f"--as-of: {asked.what} are kept as they are now; cases, events, corrections have a past"]
        )


def export(connection: Connection[Any], asked: Asked, write: Callable[[bytes], object]) -> int:
    """Write the rows as CSV (UTF-8, first line the columns), all from one snapshot; returns how many.

    Raises WrongCallError with everything that is wrong, before anything is written.
    """
    refuse_what_cannot_be(asked)
    source, chosen = source_named(asked.what), conditions(asked.where)
    known = columns_of(connection, source.table)
    until = iso_of(asked.as_of) if asked.as_of is not None and source.is_history else ""
    query = query_of(source, known, asked.columns, chosen, until)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if asked.as_of is not None and not source.is_history:
            cases_as_of(connection, asked.as_of)
        with connection.cursor() as cursor:
            with cursor.copy(query.statement, query.parameters or None) as copy:
                for piece in copy:
                    write(bytes(piece))
            return cursor.rowcount
