"""Which offices have not said that all of theirs up to an instant is on the bus, and who they were at a closing.

What an office says of itself comes with heartbeats; the ticker puts it into its ticks, and the ledger keeps it with the
tick that its figures are judged by. So it holds for what the ledger has read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_schemas.instants import Instant, datetime_of

_HEARD: Final = "SELECT key, value::bigint FROM judgement, jsonb_each_text(complete_through)"
_OWING: Final = """
    SELECT DISTINCT office FROM case_row
    WHERE kind = 'dossier' AND received_at < %(end)s AND (ended_at IS NULL OR ended_at >= %(begin)s)
"""
_KEEP: Final = "INSERT INTO period_incomplete (form, period, office, complete_through) VALUES (%s, %s, %s, %s)"
_KEPT: Final = "SELECT office FROM period_incomplete WHERE form = %s AND period = %s ORDER BY office"

Incomplete = Mapping[str, Instant | None]
"""By office that is not complete, through when it is; None: it has never been heard."""


async def heard_incomplete(cursor: Cursor, end: Instant) -> dict[str, Instant]:
    """Of the offices that were ever heard, those that are not complete through an instant."""
    await cursor.execute(_HEARD)
    return {office: through for office, through in await cursor.fetchall() if through < end}


async def incomplete_offices(cursor: Cursor, begin: Instant, end: Instant) -> dict[str, Instant | None]:
    """Every office that owes data for a time and is not complete through its end.

    It owes them if it was ever heard, or if a dossier of that time is its: received before the end, not ended before
    the beginning.
    """
    await cursor.execute(_HEARD)
    heard: dict[str, Instant] = dict(await cursor.fetchall())
    await cursor.execute(_OWING, {"begin": datetime_of(begin), "end": datetime_of(end)})
    owing = {office for (office,) in await cursor.fetchall()} | heard.keys()
    return {office: heard.get(office) for office in sorted(owing) if heard.get(office, 0) < end}


async def keep_incomplete(cursor: Cursor, form: str, period: str, offices: Incomplete) -> None:
    """Keep who was not complete when a period was closed."""
    await cursor.executemany(
        _KEEP,
        [
            (form, period, office, None if through is None else datetime_of(through))
            for office, through in offices.items()
        ],
    )


async def kept_incomplete(cursor: Cursor, form: str, period: str) -> tuple[str, ...]:
    """Who was not complete when a period was closed."""
    await cursor.execute(_KEPT, (form, period))
    return tuple(office for (office,) in await cursor.fetchall())
