"""The current rows of an earlier time: settled again from the history, in a table that shadows ``case_row``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, Final

from psycopg import Connection, sql

from lienthong_consumers.domain.entry import CurrentRow, Entry
from lienthong_consumers.domain.settlement import settle
from lienthong_consumers.ledger.tables.cases import SELECT_HISTORY, entry_from
from lienthong_schemas.instants import Instant, datetime_of

AT_ONCE: Final = 2_000
"""Cases settled between two writes."""
_HISTORY: Final = f"{SELECT_HISTORY} WHERE known_at <= %s ORDER BY case_id"
_INSTANTS: Final = tuple(index for index, name in enumerate(CurrentRow._fields) if name.endswith("_at"))


def cases_as_of(connection: Connection[Any], as_of: Instant) -> None:
    """Within the caller's transaction, let ``case_row`` be what it was when the log had been taken up to ``as_of``."""
    connection.execute("CREATE TEMPORARY TABLE past_case_row (LIKE case_row) ON COMMIT DROP")
    into = sql.SQL("COPY past_case_row ({}) FROM STDIN").format(
        sql.SQL(", ").join([sql.Identifier(name) for name in CurrentRow._fields])
    )
    with connection.cursor("history") as history:
        history.execute(_HISTORY, (datetime_of(as_of),))
        rows = _rows(map(entry_from, history))
        while chunk := list(islice(rows, AT_ONCE)):
            with connection.cursor().copy(into) as copy:
                for row in chunk:
                    copy.write_row(_values(row))
    connection.execute("ALTER TABLE past_case_row RENAME TO case_row")  # temporary tables are looked at first


def _rows(entries: Iterable[Entry]) -> Iterator[CurrentRow]:
    for _, own in groupby(entries, key=attrgetter("case_id")):
        row = settle(own).row
        if row is not None:
            yield row


def _values(row: CurrentRow) -> Sequence[Any]:
    cells: list[Any] = list(row)
    for index in _INSTANTS:
        if cells[index] is not None:
            cells[index] = datetime_of(cells[index])
    return cells
