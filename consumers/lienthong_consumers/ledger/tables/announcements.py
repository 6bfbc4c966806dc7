"""The tables of what the streams announce: clock_event and finding. An announcement counts once, whoever repeats it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lienthong_consumers.ledger.batch import Applied, KnownClockEvent, KnownFinding
from lienthong_consumers.ledger.tables.copying import (
    Column,
    Cursor,
    copy_rows,
    instants,
    integers,
    longs,
    quoted,
    stamp,
    stamp_or_null,
    texts,
)
from lienthong_infra.ports import TopicPartition
from lienthong_schemas.records import ANNOUNCEMENT_KINDS

_CLOCK_EVENT: Final = (
    *texts("event_id", "settled_key", "case_id", "clock"),
    *integers("episode"),
    *texts("kind", "level", "cause", "refers_to", "firmness"),
    *instants("happened_at", "announced_at", "stated_due_at", "due_at"),
    *texts("office", "commune", "selector"),
    *longs("used_seconds", "paused_seconds"),
    *texts("policy"),
    *longs("reference_end"),
    *texts("source_topic"),
    *integers("source_partition"),
    *longs("source_offset", "regulated_seconds", "used_percent"),
    *instants("known_at"),
    Column("standing", "bool"),
)
_FINDING: Final = (
    *texts("event_id", "settled_key", "case_id", "code", "kind", "refers_to", "cause", "detail"),
    *instants("announced_at"),
    *texts("office", "commune", "source_topic"),
    *integers("source_partition"),
    *longs("source_offset"),
    *instants("known_at"),
    Column("standing", "bool"),
)
_RAISED: Final = "raised"

TEMPORARY_TABLES: Final = (
    "CREATE TEMPORARY TABLE batch_clock_event (LIKE clock_event) ON COMMIT DELETE ROWS",
    "CREATE TEMPORARY TABLE batch_finding (LIKE finding) ON COMMIT DELETE ROWS",
)


async def write_clock_events(cursor: Cursor, events: Sequence[KnownClockEvent], applied: Applied) -> None:
    """Add the new ones; what a `cleared` refers to stands no longer, what a `confirmed` refers to is firm."""
    await copy_rows(cursor, "batch_clock_event", _CLOCK_EVENT, map(_clock_event_values, events))
    fresh = await _insert_new(cursor, "clock_event", _CLOCK_EVENT)
    for kind, change in (("cleared", "standing = false, withdrawn_by"), ("confirmed", "confirmed_by")):
        await _follow(cursor, "clock_event", kind=kind, change=change, fresh=fresh)
    _count(applied, {one.event.event_id: one.source for one in events}, fresh)


async def write_findings(cursor: Cursor, findings: Sequence[KnownFinding], applied: Applied) -> None:
    """Add the new ones; what a `withdrawn` refers to stands no longer."""
    await copy_rows(cursor, "batch_finding", _FINDING, map(_finding_values, findings))
    fresh = await _insert_new(cursor, "finding", _FINDING)
    await _follow(cursor, "finding", kind="withdrawn", change="standing = false, withdrawn_by", fresh=fresh)
    _count(applied, {one.event.event_id: one.source for one in findings}, fresh)


async def _insert_new(cursor: Cursor, table: str, columns: Sequence[Column]) -> list[str]:
    names = quoted(columns)
    await cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {names} FROM batch_{table} ON CONFLICT DO NOTHING RETURNING event_id"
    )
    return [event_id for (event_id,) in await cursor.fetchall()]


async def _follow(cursor: Cursor, table: str, *, kind: str, change: str, fresh: list[str]) -> None:
    """Apply words about others in either order: the word may come in before what it is about."""
    for told, about in (("word.event_id", "word.refers_to"), ("one.event_id", "one.event_id")):
        await cursor.execute(
            f"UPDATE {table} AS one SET {change} = word.event_id FROM {table} AS word"
            f" WHERE word.kind = %s AND word.refers_to = one.event_id AND {told} = ANY(%s) AND {about} IS NOT NULL",
            (kind, fresh),
        )


def _count(applied: Applied, sources: dict[str, TopicPartition], fresh: list[str]) -> None:
    for event_id in fresh:
        applied.fresh[sources[event_id]] += 1


def _clock_event_values(known: KnownClockEvent) -> tuple[Any, ...]:
    event = known.event
    return (
        *event[:10],
        stamp(event.happened_at),
        stamp(event.announced_at),
        stamp_or_null(event.stated_due_at),
        stamp_or_null(event.due_at),
        *event[14:],
        stamp(known.known_at),
        event.kind not in ANNOUNCEMENT_KINDS,
    )


def _finding_values(known: KnownFinding) -> tuple[Any, ...]:
    event = known.event
    return (
        *event[:8],
        stamp(event.announced_at),
        *event[9:],
        stamp(known.known_at),
        event.kind == _RAISED,
    )
