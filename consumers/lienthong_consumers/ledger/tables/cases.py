"""The tables of cases: history, current rows, totals, gaps, conflicts, held events, corrections."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from lienthong_consumers.domain.changes import Changes, by_case, changes_of, continues
from lienthong_consumers.domain.entry import CurrentRow, Entry
from lienthong_consumers.ledger.batch import Applied
from lienthong_consumers.ledger.tables.copying import (
    Column,
    Cursor,
    blobs,
    copy_rows,
    instants,
    integers,
    longs,
    quoted,
    stamp,
    stamp_or_null,
    texts,
)
from lienthong_consumers.ledger.tables.irregularities import write_irregularities
from lienthong_consumers.ledger.tables.period_news import note_news
from lienthong_consumers.ledger.tables.totals import add_totals
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.instants import datetime_of, instant_of

_MARKS: Final = (
    *texts("urgency"),
    Column("rating", "int2"),
    *texts("fee_paid"),
    Column("digitised", "bool"),
    *texts("signature", "duplicate_of"),
)
_EVENT: Final = (
    *texts("case_id"),
    *integers("epoch"),
    *longs("seq"),
    *blobs("digest"),
    *texts("kind", "topic"),
    *integers("partition"),
    *longs("offset"),
    *instants("known_at"),
    *texts("office", "commune", "selector", "channel", "change", "status"),
    *instants("occurred_at", "accepted_at", "received_at", "due_at", "ended_at"),
    *integers("next_epoch"),
    *longs("last_seq"),
    *texts("source_ref", "event_id"),
    *_MARKS,
    *blobs("value"),
)
_ROW: Final = (
    *texts("case_id", "kind"),
    *integers("epoch"),
    *longs("seq"),
    *blobs("digest"),
    *instants("accepted_at"),
    *texts("office", "commune", "selector", "channel", "status"),
    *instants("received_at", "due_at", "ended_at", "known_at"),
    Column("sealed", "bool"),
    Column("carried", "bool"),
    *integers("partition"),
    *_MARKS,
)
_NO_VALUE: Final = b""
"""Entries read from the history come without the value's bytes; nothing is decided by them."""

SELECT_ROWS: Final = f"SELECT {quoted(_ROW)} FROM case_row"
SELECT_HISTORY: Final = f"SELECT {quoted(_EVENT[:-1])} FROM case_event"
TEMPORARY_TABLES: Final = ("CREATE TEMPORARY TABLE batch_row (LIKE case_row) ON COMMIT DELETE ROWS",)
_UPSERT_ROWS: Final = (
    f"INSERT INTO case_row ({quoted(_ROW)}) SELECT {quoted(_ROW)} FROM batch_row ON CONFLICT (case_id) DO UPDATE SET "
    + ", ".join(f'"{column.name}" = excluded."{column.name}"' for column in _ROW[1:])
)


async def apply_entries(cursor: Cursor, entries: Collection[Entry], applied: Applied) -> None:
    """Take the events of a batch into all tables of cases. The caller holds the fence of their partitions."""
    cases = by_case(entries)
    rows = await read_rows(cursor, list(cases))
    unsettled = [case_id for case_id, own in cases.items() if not continues(rows.get(case_id), own)]
    histories = by_case(await read_history(cursor, unsettled))
    changes = changes_of(cases, rows, histories)
    await copy_rows(cursor, "case_event", _EVENT, map(_event_values, changes.entries))
    await note_news(cursor, unsettled, changes.earlier)
    await _correct_times(cursor, changes)
    await _write_rows(cursor, changes.rows.values())
    await add_totals(cursor, changes.totals.changes())
    await write_irregularities(cursor, changes, known_at=max(entry.known_at for entry in entries))
    for entry in changes.entries:
        applied.fresh[TopicPartition(entry.topic, entry.partition)] += 1
    applied.gaps += len(changes.gaps_opened)
    applied.conflicts += len(changes.conflicts_opened)
    applied.held += len(changes.held)
    applied.corrections += len(changes.corrections)


async def read_rows(cursor: Cursor, cases: Collection[str]) -> dict[str, CurrentRow]:
    """The current rows of these cases."""
    await cursor.execute(f"{SELECT_ROWS} WHERE case_id = ANY(%s)", (cases,))
    return {values[0]: row_from(values) for values in await cursor.fetchall()}


async def read_history(cursor: Cursor, cases: Collection[str]) -> list[Entry]:
    """All events of these cases, without their bytes."""
    if not cases:
        return []
    await cursor.execute(f"{SELECT_HISTORY} WHERE case_id = ANY(%s)", (cases,))
    return [entry_from(values) for values in await cursor.fetchall()]


def row_from(values: tuple[Any, ...]) -> CurrentRow:
    """The current row in a row of SELECT_ROWS."""
    return CurrentRow._make(instant_of(value) if isinstance(value, datetime) else value for value in values)


def entry_from(values: tuple[Any, ...]) -> Entry:
    """The entry in a row of SELECT_HISTORY."""
    found = (instant_of(value) if isinstance(value, datetime) else value for value in values)
    return Entry._make((*found, _NO_VALUE))


def _event_values(entry: Entry) -> tuple[Any, ...]:
    return (
        *entry[:8],
        stamp(entry.known_at),
        *entry[9:15],
        stamp(entry.occurred_at),
        stamp(entry.accepted_at),
        stamp_or_null(entry.received_at),
        stamp_or_null(entry.due_at),
        stamp_or_null(entry.ended_at),
        *entry[20:],
    )


def _row_values(row: CurrentRow) -> tuple[Any, ...]:
    return (
        *row[:5],
        stamp(row.accepted_at),
        *row[6:11],
        stamp_or_null(row.received_at),
        stamp_or_null(row.due_at),
        stamp_or_null(row.ended_at),
        stamp(row.known_at),
        *row[15:],
    )


async def _correct_times(cursor: Cursor, changes: Changes) -> None:
    """Events of which an earlier delivery became known: the earliest times count, whatever came first."""
    await cursor.executemany(
        "UPDATE case_event SET accepted_at = %s, known_at = %s"
        " WHERE case_id = %s AND epoch = %s AND seq = %s AND digest = %s",
        [(*map(datetime_of, times), *identity) for identity, times in changes.earlier.items()],
    )


async def _write_rows(cursor: Cursor, rows: Collection[CurrentRow]) -> None:
    """Write the rows as they are: the fence makes this sink the only one who may, and a conflict may turn one back."""
    if rows:
        await copy_rows(cursor, "batch_row", _ROW, map(_row_values, rows))
        await cursor.execute(_UPSERT_ROWS)
