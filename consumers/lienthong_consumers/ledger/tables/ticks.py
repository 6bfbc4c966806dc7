"""What time it is in the ledger: the tick that is waited for, and the last one that its figures were judged by.

A tick is a barrier: it may be used once the ledger stands at its case ends, or a case would seem to be late whose end
lies on the log but was not read yet. So one is waited for until it is reached: a ledger that is always some seconds
behind would never reach the newest. A tick also says how far each office was heard, so the ledger tells by itself who
is late and who is only silent.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final, NamedTuple

from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_schemas.instants import Instant, datetime_of, instant_of
from lienthong_schemas.records import Tick

WAITS_FOR: Final = timedelta(minutes=10)
"""Time of the bus after which a tick that was not reached gives way to a newer one: its ends may be no real ones."""
_IS_REACHED: Final = """
    NOT EXISTS (
        SELECT FROM jsonb_each_text(tick.case_ends) AS wanted
        LEFT JOIN position AS p ON p.topic || '/' || p.partition = wanted.key
        WHERE coalesce(p.next_offset, 0) < wanted.value::bigint
    )
"""
_NOTE_REACHED: Final = f"""
    UPDATE tick SET reached_time = bus_time, reached_through = complete_through
    WHERE reached_time IS DISTINCT FROM bus_time AND {_IS_REACHED}
"""
_KEEP: Final = """
    INSERT INTO tick (bus_time, case_ends, complete_through) VALUES (%s, %s, %s)
    ON CONFLICT (only_one) DO UPDATE SET bus_time = excluded.bus_time, case_ends = excluded.case_ends,
        complete_through = excluded.complete_through
    WHERE tick.bus_time <= excluded.bus_time
        AND (tick.reached_time = tick.bus_time OR tick.bus_time <= excluded.bus_time - %s)
"""
_REACHED: Final = f"""
    UPDATE judgement SET judged_at = newest.at, complete_through = newest.through FROM (
        SELECT bus_time AS at, complete_through AS through FROM tick WHERE {_IS_REACHED}
        UNION ALL SELECT reached_time, reached_through FROM tick WHERE reached_time IS NOT NULL
        ORDER BY at DESC LIMIT 1
    ) AS newest WHERE judged_at IS NULL OR judged_at < newest.at
"""
_JUDGEMENT: Final = "SELECT generation, judged_at FROM judgement"


class Judgement(NamedTuple):
    """What the ledger's figures are judged by: which ledger it is, and up to what time it knows everything."""

    generation: int
    at: Instant | None
    """None: the ledger has not caught up with any tick yet."""


async def keep_tick(cursor: Cursor, tick: Tick) -> None:
    """Wait for this tick from now on, unless an earlier one is still waited for; one of the past changes nothing."""
    await cursor.execute(_NOTE_REACHED)
    maps = json.dumps(dict(tick.case_ends)), json.dumps(dict(tick.complete_through))
    await cursor.execute(_KEEP, (datetime_of(tick.bus_time), *maps, WAITS_FOR))


async def judgement(cursor: Cursor) -> Judgement:
    """Use the newest tick that the ledger has reached."""
    await cursor.execute(_REACHED)
    await cursor.execute(_JUDGEMENT)
    generation, at = await cursor.fetchone() or (0, None)
    return Judgement(generation, None if at is None else instant_of(at))
