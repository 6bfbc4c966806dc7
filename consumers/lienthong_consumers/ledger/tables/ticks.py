"""What time it is in the ledger: the newest tick, and the last one that its figures were judged by.

A tick is a barrier: it may be used once the ledger stands at its case ends, or a case would seem to be late whose end
lies on the log but was not read yet. It also says how far each office was heard, so the ledger tells by itself who is
late and who is only silent.
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_schemas.instants import Instant, datetime_of, instant_of
from lienthong_schemas.records import Tick

_KEEP: Final = """
    INSERT INTO tick (bus_time, case_ends, complete_through) VALUES (%s, %s, %s)
    ON CONFLICT (only_one) DO UPDATE SET bus_time = excluded.bus_time, case_ends = excluded.case_ends,
        complete_through = excluded.complete_through
    WHERE tick.bus_time <= excluded.bus_time
"""
_REACHED: Final = """
    UPDATE judgement SET judged_at = tick.bus_time, complete_through = tick.complete_through FROM tick
    WHERE (judged_at IS NULL OR judged_at < tick.bus_time) AND NOT EXISTS (
        SELECT FROM jsonb_each_text(tick.case_ends) AS wanted
        LEFT JOIN position AS p ON p.topic || '/' || p.partition = wanted.key
        WHERE coalesce(p.next_offset, 0) < wanted.value::bigint
    )
"""
_JUDGEMENT: Final = "SELECT generation, judged_at FROM judgement"


class Judgement(NamedTuple):
    """What the ledger's figures are judged by: which ledger it is, and up to what time it knows everything."""

    generation: int
    at: Instant | None
    """None: the ledger has not caught up with any tick yet."""


async def keep_tick(cursor: Cursor, tick: Tick) -> None:
    """Keep the newest tick; one of the past changes nothing."""
    maps = json.dumps(dict(tick.case_ends)), json.dumps(dict(tick.complete_through))
    await cursor.execute(_KEEP, (datetime_of(tick.bus_time), *maps))


async def judgement(cursor: Cursor) -> Judgement:
    """Use the newest tick if the ledger has reached it, else the one used last."""
    await cursor.execute(_REACHED)
    await cursor.execute(_JUDGEMENT)
    generation, at = await cursor.fetchone() or (0, None)
    return Judgement(generation, None if at is None else instant_of(at))
