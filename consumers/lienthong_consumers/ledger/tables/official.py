"""The figures of every cell of ``official-totals.v1``, counted by the database from one snapshot.

What needs no clock comes from ``total_part``, which the sinks keep by transitions. What depends on time is counted from
the open cases (an index leads to them) by the stated due time and the judgement's tick. Breaches and receipts are those
that stand among the announcements; so are the shares of the regulated time, by the end of the last episode, told by
what made it firm where something did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from lienthong_consumers.domain.figures import PAUSED, STOPPED
from lienthong_consumers.ledger.recount import status_pairs
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.partial_totals import SHARE_BOUNDS
from lienthong_schemas.records import partition_key
from lienthong_schemas.totals import (
    AGENCY,
    CHANNEL,
    COMMUNE,
    FIELD,
    FIELD_KINDS,
    MEASURES,
    NEW,
    NEW_CHANNELS,
    PENDING,
    PROCEDURE,
    PROVINCE,
    WHOLE,
    Cell,
)

SOURCES: Final = (*CASE_TOPICS, "sla.v1", "tick.v1")
"""Topics that the figures stand on."""
_CELL: Final = ("kind", "office", "commune", "selector", "channel")
_TIMED: Final = (*PENDING, "breaches", "receipt_in_time", "receipt_late")
"""Measures that are not in ``total_part``."""
_KEPT: Final = tuple(name for name in MEASURES if name not in (*_TIMED, *NEW))


def _sum(name: str) -> str:
    if name not in NEW:
        return f"sum({name})"
    known = ", ".join(f"'{channel}'" for channel in NEW_CHANNELS)
    channel = next((f"= '{channel}'" for channel, new in NEW_CHANNELS.items() if new == name), f"NOT IN ({known})")
    return f"coalesce(sum(received - carried) FILTER (WHERE channel {channel}), 0)"


def _columns(mine: tuple[str, ...], counted: str) -> str:
    """The columns of a part of the base cells that counts some of the measures, all in one order."""
    before, after = _COUNTED[: _COUNTED.index(mine[0])], _COUNTED[_COUNTED.index(mine[-1]) + 1 :]
    return ", ".join((*_CELL, *(f"0 AS {name}" for name in before), counted, *(f"0 AS {name}" for name in after)))


_OPEN: Final = f"""
    SELECT r.kind, r.office, r.commune, r.selector, r.channel,
        CASE WHEN r.case_id IN (SELECT case_id FROM gap) THEN 'pending_provisional'
             WHEN r.due_at IS NULL THEN 'pending_undated'
             WHEN r.due_at >= judged.at OR (r.kind, r.status) IN ({status_pairs(PAUSED)}) THEN 'pending_in_time'
             WHEN r.due_at <= heard.through THEN 'pending_late'
             ELSE 'pending_provisional' END AS verdict
    FROM case_row AS r CROSS JOIN judged LEFT JOIN heard ON heard.office = r.office
    WHERE r.ended_at IS NULL AND r.received_at IS NOT NULL AND (r.kind, r.status) NOT IN ({status_pairs(STOPPED)})
"""
_ANNOUNCED: Final = """
    SELECT r.kind, r.office, r.commune, r.selector, r.channel,
        CASE WHEN c.clock = 'processing' THEN 'breaches' WHEN c.kind = 'met' THEN 'receipt_in_time'
             ELSE 'receipt_late' END AS verdict
    FROM clock_event AS c JOIN case_row AS r USING (case_id)
    WHERE c.standing AND ((c.clock = 'processing' AND c.kind = 'breached')
        OR (c.clock = 'receipt' AND c.kind IN ('met', 'met-late')))
"""
_SHARES: Final = tuple(f"share_{number}" for number in range(len(SHARE_BOUNDS) + 1))
_UNTOLD: Final = "share_untold"
"""Ends that say nothing about the regulated time: their worker was older than the field."""
_ENDS: Final = f"""
    SELECT r.kind, r.office, r.commune, r.selector, r.channel,
        CASE WHEN coalesce(word.regulated_seconds, c.regulated_seconds) IS NULL THEN -1
             ELSE width_bucket(CASE WHEN word.regulated_seconds IS NULL THEN c.used_percent ELSE word.used_percent END,
                 ARRAY[{", ".join(str(bound + 1) for bound in SHARE_BOUNDS)}]::bigint[]) END AS share
    FROM clock_event AS c JOIN case_row AS r USING (case_id)
        LEFT JOIN clock_event AS word ON word.event_id = c.confirmed_by
    WHERE c.standing AND c.clock = 'processing' AND c.kind IN ('met', 'met-late') AND r.ended_at IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM clock_event AS later
            WHERE later.case_id = c.case_id AND later.episode > c.episode
                AND later.standing AND later.clock = 'processing' AND later.episode > 1
        )
"""
_SHARE_COLUMNS: Final = ", ".join(
    f"count(*) FILTER (WHERE share = {number}) AS {name}"
    for number, name in zip((*range(len(_SHARES)), -1), (*_SHARES, _UNTOLD), strict=True)
)
_COUNTED: Final = (*_KEPT, *_TIMED, *_SHARES, _UNTOLD)
_TIMED_COLUMNS: Final = ", ".join(f"count(*) FILTER (WHERE verdict = '{name}') AS {name}" for name in _TIMED)
_FIGURES: Final = f"""
    WITH judged AS (SELECT judged_at AS at, complete_through FROM judgement),
    heard AS (
        SELECT key AS office, timestamptz 'epoch' + value::bigint * interval '1 microsecond' AS through
        FROM judged, jsonb_each_text(complete_through)
    ),
    timed AS (SELECT * FROM ({_OPEN}) AS pending UNION ALL ({_ANNOUNCED})),
    base AS (
        SELECT {_columns(_KEPT, ", ".join(_KEPT))} FROM total_part
        UNION ALL
        SELECT {_columns(_TIMED, _TIMED_COLUMNS)} FROM timed GROUP BY {", ".join(_CELL)}
        UNION ALL
        SELECT {_columns((*_SHARES, _UNTOLD), _SHARE_COLUMNS)} FROM ({_ENDS}) AS ended GROUP BY {", ".join(_CELL)}
    ),
    known_field AS (SELECT * FROM unnest(%(selectors)s::text[], %(fields)s::text[]) AS f(selector, field))
    SELECT kind, office, commune, selector, channel, coalesce(field, ''),
        grouping(office), grouping(commune), grouping(selector), grouping(channel),
        {", ".join(f"{_sum(name)}::bigint" for name in (*MEASURES, *_SHARES, _UNTOLD))}
    FROM (
        SELECT base.*, coalesce(known_field.field, '') AS field FROM base LEFT JOIN known_field USING (selector)
    ) AS whole
    GROUP BY GROUPING SETS ((kind), (kind, office, field), (kind, commune, field), (kind, office, selector),
        (kind, commune, selector), (kind, office, channel), (kind, commune, channel))
"""
_ROOM: Final = "SET LOCAL work_mem = '64MB'"
"""For this transaction: groups of a hundred thousand base cells are made in memory, not by sorting on the disk."""
_SELECTORS: Final = "SELECT DISTINCT selector FROM total_part WHERE kind = ANY(%s)"
_POSITIONS: Final = "SELECT topic, partition, next_offset FROM position WHERE topic = ANY(%s)"


class CellFigures(NamedTuple):
    """The figures of a cell: the measures in their order, and ended cases by share of the regulated time."""

    cell: Cell
    measures: tuple[int, ...]
    shares: tuple[int, ...]
    untold: int
    """Ended cases whose worker did not say their share."""


async def selectors_with_field(cursor: Cursor) -> list[str]:
    """The selectors in use of the kinds whose selectors belong to a field."""
    await cursor.execute(_SELECTORS, (list(FIELD_KINDS),))
    return [selector for (selector,) in await cursor.fetchall()]


async def figures(cursor: Cursor, field_of: Mapping[str, str]) -> list[CellFigures]:
    """The figures of every cell that has ever had a case, by the judgement. ``field_of``: by selector, its field."""
    await cursor.execute(_ROOM)
    await cursor.execute(_FIGURES, {"selectors": list(field_of), "fields": list(field_of.values())})
    found = []
    async for kind, office, commune, selector, channel, field, *rest in cursor:
        by_office, by_commune, by_selector, by_channel = (not grouped for grouped in rest[:4])
        counted = tuple(rest[4 : 4 + len(MEASURES)]), tuple(rest[4 + len(MEASURES) : -1]), rest[-1]
        if not by_office and not by_commune:
            found.append(CellFigures(Cell(PROVINCE, kind, WHOLE, "", ""), *counted))
            continue
        unit_kind, unit = (AGENCY, office) if by_office else (COMMUNE, commune)
        if by_selector:
            found.append(CellFigures(Cell(PROCEDURE, kind, unit_kind, unit, selector), *counted))
        elif by_channel:
            found.append(CellFigures(Cell(CHANNEL, kind, unit_kind, unit, channel), *counted))
        elif kind in FIELD_KINDS:
            found.append(CellFigures(Cell(FIELD, kind, unit_kind, unit, field), *counted))
    return found


async def positions(cursor: Cursor) -> dict[str, int]:
    """Where the ledger stands in the sources of the figures."""
    await cursor.execute(_POSITIONS, (list(SOURCES),))
    return {partition_key(topic, number): offset for topic, number, offset in await cursor.fetchall()}
