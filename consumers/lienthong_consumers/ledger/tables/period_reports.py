"""The tables of period reports: closed periods with their cells, versions and corrections."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from lienthong_consumers.domain.period_course import Counted, Counts, Move
from lienthong_consumers.domain.period_report import COUNTS, Cell, Line, Period
from lienthong_consumers.domain.restatement import Correction, outcome_column, received_column
from lienthong_consumers.ledger.period_cells import CELLS, cell_bounds, counts_from
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_schemas.instants import Instant, datetime_of, instant_of

_LINE: Final = ", ".join(COUNTS)
_ADD: Final = f"""
    INSERT INTO period_cell AS c (form, period, office, commune, selector, {_LINE})
    VALUES (%s, %s, %s, %s, %s, {", ".join(["%s"] * len(COUNTS))})
    ON CONFLICT (form, period, office, commune, selector) DO UPDATE SET
    {", ".join(f"{name} = c.{name} + excluded.{name}" for name in COUNTS)}
"""
_MOVE: Final = """
    INSERT INTO period_move (form, period, office_before, commune_before, selector_before,
                             office, commune, selector, dossiers)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
"""Without a key: six codes of any length are no row of an index. Corrections add rows."""
_MOVES: Final = """
    SELECT office_before, commune_before, selector_before, office, commune, selector, sum(dossiers)::bigint
    FROM period_move WHERE form = %s AND period = %s
    GROUP BY office_before, commune_before, selector_before, office, commune, selector HAVING sum(dossiers) <> 0
"""
_CORRECT: Final = """
    INSERT INTO period_correction (form, period, version, case_id, event_id, epoch, seq, occurred_at, known_at,
        office_before, commune_before, selector_before, received_before, outcome_before, came_from_before,
        office_after, commune_after, selector_after, received_after, outcome_after, came_from_after)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


RULE: Final = 2
"""How dossiers are judged: 2 by their state at the end of the period (decision 0029), 1 by their last state."""


class Closed(NamedTuple):
    """A closed period, in which zone its days are, when it was closed and its newest version."""

    period: Period
    zone: str
    closed_at: Instant
    version: int
    rule: int = RULE
    """By which rule its newest version is counted; see ``RULE``."""


class Shown(NamedTuple):
    """Which report of a period: by what, and of which office; empty: the whole province."""

    by: str
    unit: str


async def closed_periods(cursor: Cursor, form: str) -> list[Closed]:
    """All closed periods, in the order of their ends."""
    await cursor.execute(
        "SELECT period, first_day, last_day, begin_at, end_at, time_zone, closed_at, version, rule FROM period_close"
        " WHERE form = %s ORDER BY end_at, begin_at DESC",
        (form,),
    )
    return [
        Closed(Period(name, first, last, instant_of(begin), instant_of(end)), zone, instant_of(closed_at), *rest)
        for name, first, last, begin, end, zone, closed_at, *rest in await cursor.fetchall()
    ]


async def closed_through(cursor: Cursor, form: str) -> date | None:
    """Every period that ends on this day or before is closed; None: nothing was closed yet."""
    await cursor.execute("SELECT through_day FROM period_closing WHERE form = %s", (form,))
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def close_through(cursor: Cursor, form: str, day: date) -> None:
    """Say so."""
    await cursor.execute(
        "INSERT INTO period_closing (form, through_day) VALUES (%s, %s)"
        " ON CONFLICT (form) DO UPDATE SET through_day = excluded.through_day",
        (form, day),
    )


async def begin_restating(cursor: Cursor, form: str, reached: Instant) -> bool:
    """Whether an hour of the bus has gone by since corrections were looked for; if so, they are looked for now."""
    await cursor.execute(
        "UPDATE period_closing SET restated_at = %(at)s WHERE form = %(form)s"
        " AND (restated_at IS NULL OR restated_at <= %(at)s - interval '1 hour')",
        {"at": datetime_of(reached), "form": form},
    )
    return cursor.rowcount == 1


async def first_known(cursor: Cursor) -> Instant | None:
    """The append time of the first dossier's event; None: there is none."""
    await cursor.execute("SELECT min(known_at) FROM case_event WHERE kind = 'dossier'")
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else instant_of(row[0])


async def newest_dossier(cursor: Cursor) -> Instant | None:
    """The append time of the newest record of dossiers that the ledger took."""
    await cursor.execute("SELECT max(updated_known_at) FROM position WHERE topic = 'dossier.v1'")
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else instant_of(row[0])


async def write_close(cursor: Cursor, form: str, closed: Closed) -> Counts:
    """Close a period: its dossiers are counted from the current rows, and returned."""
    period = closed.period
    await cursor.execute(
        "INSERT INTO period_close (form, period, first_day, last_day, begin_at, end_at, time_zone, closed_at, version,"
        " rule) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (form, *period[:3], datetime_of(period.begin), datetime_of(period.end), closed.zone,
         datetime_of(closed.closed_at), closed.version, closed.rule),
    )  # fmt: skip
    return await count_anew(cursor, form, closed)


async def count_anew(cursor: Cursor, form: str, closed: Closed) -> Counts:
    """Count a closed period from the dossiers as they are known now, by the rule of today."""
    period = closed.period
    for kept in ("period_cell", "period_move"):
        await cursor.execute(f"DELETE FROM {kept} WHERE form = %s AND period = %s", (form, period.name))
    await cursor.execute("UPDATE period_close SET rule = %s WHERE form = %s AND period = %s", (RULE, form, period.name))
    await cursor.execute(CELLS, cell_bounds(period, ZoneInfo(closed.zone), "day"))
    counts = counts_from(await cursor.fetchall())
    await add_counts(cursor, form, period.name, counts)
    return counts


async def add_counts(cursor: Cursor, form: str, period: str, counts: Counts) -> None:
    """Add to the counts of a period, or take from them."""
    cells = [(form, period, *cell, *line[: len(COUNTS)]) for cell, line in sorted(counts.cells.items())]
    moves = [
        (form, period, *before, *after, dossiers)
        for (before, after), dossiers in sorted(counts.moves.items())
        if dossiers
    ]
    await cursor.executemany(_ADD, cells)
    await cursor.executemany(_MOVE, moves)


async def read_counts(cursor: Cursor, form: str, period: str) -> Counts:
    """The counts of the newest version of a period."""
    await cursor.execute(
        f"SELECT office, commune, selector, {_LINE} FROM period_cell WHERE form = %s AND period = %s", (form, period)
    )
    cells = {Cell(*row[:3]): Line(*row[3:]) for row in await cursor.fetchall()}
    await cursor.execute(_MOVES, (form, period))
    moves = {Move(Cell(*row[:3]), Cell(*row[3:6])): row[6] for row in await cursor.fetchall()}
    return Counts(cells, moves)


async def raise_version(cursor: Cursor, form: str, period: str, version: int) -> None:
    """The newest version of a period."""
    await cursor.execute(
        "UPDATE period_close SET version = %s WHERE form = %s AND period = %s", (version, form, period)
    )


async def write_corrections(
    cursor: Cursor, form: str, corrections: Iterable[Correction], versions: Mapping[str, int]
) -> None:
    """Keep corrections; ``versions`` has the first version of each period that holds them."""
    await cursor.executemany(
        _CORRECT,
        [
            (
                form, one.period, versions[one.period], one.case_id, one.cause.event_id, one.cause.epoch, one.cause.seq,
                datetime_of(one.cause.occurred_at), datetime_of(one.cause.known_at),
                *_side(one.before), *_side(one.after),
            )
            for one in corrections
        ],
    )  # fmt: skip


def _side(counted: Counted | None) -> Sequence[str]:
    if counted is None:
        return ("",) * 6
    came_from = "" if counted.came_from is None else " ".join(each for each in counted.came_from if each)
    return *counted.cell, received_column(counted), outcome_column(counted), came_from


async def write_version(
    cursor: Cursor,
    form: str,
    closed: Closed,
    known_at: Instant | None,
    reports: Mapping[Shown, Mapping[str, Line]],
) -> None:
    """Keep the lines of a version."""
    await cursor.executemany(
        "INSERT INTO period_report (form, period, by, unit, version, known_at, lines)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            (form, closed.period.name, *shown, closed.version, None if known_at is None else datetime_of(known_at),
             json.dumps([[code, *line] for code, line in lines.items()], ensure_ascii=False))
            for shown, lines in reports.items()
        ],
    )  # fmt: skip


async def newest_lines(cursor: Cursor, form: str, period: str) -> dict[Shown, dict[str, Line]]:
    """What was published last of a period, report by report."""
    await cursor.execute(
        "SELECT DISTINCT ON (by, unit) by, unit, lines FROM period_report WHERE form = %s AND period = %s"
        " ORDER BY by, unit, version DESC",
        (form, period),
    )
    return {Shown(by, unit): lines_from(lines) for by, unit, lines in await cursor.fetchall()}


def lines_from(lines: Collection[Sequence[object]]) -> dict[str, Line]:
    """The lines of a report as they are kept."""
    return {str(code): Line(*map(int, map(str, counts))) for code, *counts in lines}
