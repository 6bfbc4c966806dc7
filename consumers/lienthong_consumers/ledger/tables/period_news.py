"""Which dossiers have news for closed periods: up to where each is published, and what came since that can matter.

Ordinary work matters to no closed period, and most dossiers have nothing else: their rows are compared, their events
are not read. The sink notes what a row does not show: late numbers, handovers, conflicts, earlier deliveries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from lienthong_consumers.domain.restatement import Remembered
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_schemas.instants import Instant, datetime_of, instant_of

_KIND: Final = "dossier:"
_CHANGED: Final = """
    SELECT d.case_id, c."offset" FROM case_row AS d LEFT JOIN period_counted AS c USING (case_id)
    WHERE d.kind = 'dossier' AND CASE
        WHEN c.case_id IS NULL THEN d.received_at < %(end)s
        WHEN EXISTS (SELECT FROM period_news AS n WHERE n.case_id = d.case_id) THEN true
        WHEN (d.epoch, d.seq) = (c.epoch, c.seq) THEN false
        ELSE d.received_at IS DISTINCT FROM c.received_at OR '3' IN (d.status, c.status)
            OR d.ended_at IS DISTINCT FROM c.ended_at AND least(d.ended_at, c.ended_at) < %(end)s
            OR EXISTS (
                SELECT FROM case_event AS e WHERE e.case_id = d.case_id AND e."offset" > c."offset" AND (
                    least(e.occurred_at, e.accepted_at) < %(end)s
                    OR e.received_at IS NULL OR e.ended_at IS NULL AND d.ended_at < %(end)s
                )
            )
        END
    ORDER BY d.case_id
"""
_REMEMBER: Final = """
    INSERT INTO period_counted (case_id, epoch, seq, status, received_at, ended_at, "offset")
    SELECT d.case_id, d.epoch, d.seq, d.status, d.received_at, d.ended_at,
           (SELECT max(e."offset") FROM case_event AS e WHERE e.case_id = d.case_id)
    FROM case_row AS d LEFT JOIN period_counted AS c USING (case_id)
    WHERE d.kind = 'dossier' AND CASE WHEN c.case_id IS NULL THEN d.received_at < %(end)s
        ELSE (d.epoch, d.seq) <> (c.epoch, c.seq)
            OR EXISTS (SELECT FROM period_news AS n WHERE n.case_id = d.case_id) END
    ON CONFLICT (case_id) DO UPDATE SET (epoch, seq, status, received_at, ended_at, "offset")
        = (excluded.epoch, excluded.seq, excluded.status, excluded.received_at, excluded.ended_at, excluded."offset")
"""


async def note_news(cursor: Cursor, cases: Iterable[str], earlier: Collection[tuple[str, int, int, bytes]]) -> None:
    """Note dossiers that were settled anew, and events of which an earlier delivery is about to count.

    Rows are only ever added: a turn of the publication takes away those that it has seen, and waits for nobody.
    """
    own = [case_id for case_id in cases if case_id.startswith(_KIND)]
    if own:
        await cursor.execute("INSERT INTO period_news (case_id) SELECT unnest(%s::text[])", (own,))
    await cursor.executemany(
        "INSERT INTO period_news (case_id, epoch, seq, digest, accepted_at) SELECT case_id, epoch, seq, digest,"
        " accepted_at FROM case_event WHERE case_id = %s AND epoch = %s AND seq = %s AND digest = %s",
        [each for each in earlier if each[0].startswith(_KIND)],
    )


async def changed_cases(cursor: Cursor, end: Instant) -> dict[str, Remembered | None]:
    """The dossiers that may count otherwise in a period that ended at an instant or before, and what was published of
    each; None: nothing."""
    await cursor.execute("SELECT case_id, epoch, seq, digest, accepted_at FROM period_news WHERE epoch > 0 ORDER BY id")
    accepted: dict[str, dict[tuple[int, int, bytes], int]] = {}
    for case_id, epoch, seq, digest, at in await cursor.fetchall():
        accepted.setdefault(case_id, {}).setdefault((epoch, seq, bytes(digest)), instant_of(at))
    await cursor.execute(_CHANGED, {"end": datetime_of(end)})
    return {
        case_id: None if offset is None else Remembered(offset, accepted.get(case_id, {}))
        for case_id, offset in await cursor.fetchall()
    }


async def remember_counted(cursor: Cursor, end: Instant) -> None:
    """From now on the dossiers received before an instant are published as they are."""
    await cursor.execute(_REMEMBER, {"end": datetime_of(end)})
    await forget_news(cursor)


async def forget_news(cursor: Cursor) -> None:
    """What was noted so far has been looked at."""
    await cursor.execute("DELETE FROM period_news")
