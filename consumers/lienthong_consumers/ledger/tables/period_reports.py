"""The tables of period reports: closed periods with their cells, versions and corrections."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from lienthong_consumers.domain.period_report import Cell, Countable, Line, Period
from lienthong_consumers.domain.restatement import Correction, Counted
from lienthong_consumers.ledger.period_cells import CELLS, COUNTABLES, cell_bounds
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_schemas.instants import Instant, datetime_of, instant_of

_LINE: Final = ", ".join(Line._fields)
_COUNTABLE: Final = "office, commune, selector, channel, status, received_at, due_at, over_at"
_ADD: Final = f"""
    INSERT INTO period_cell AS c (form, period, office, commune, selector, {_LINE})
    VALUES (%s, %s, %s, %s, %s, {", ".join(["%s"] * len(Line._fields))})
    ON CONFLICT (form, period, office, commune, selector) DO UPDATE SET
    {", ".join(f"{name} = c.{name} + excluded.{name}" for name in Line._fields)}
"""
_CHANGED: Final = f"""
    SELECT d.case_id, c.case_id IS NULL,
           {", ".join(f"c.{name}" for name in _COUNTABLE.split(", "))}
    FROM ({COUNTABLES}) AS d LEFT JOIN period_counted AS c USING (case_id)
    WHERE (d.received_at < %(end)s OR c.case_id IS NOT NULL)
      AND ({", ".join(f"d.{name}" for name in _COUNTABLE.split(", "))})
          IS DISTINCT FROM ({", ".join(f"c.{name}" for name in _COUNTABLE.split(", "))})
    ORDER BY d.case_id
"""
_REMEMBER: Final = f"""
    INSERT INTO period_counted (case_id, {_COUNTABLE})
    SELECT d.case_id, {", ".join(f"d.{name}" for name in _COUNTABLE.split(", "))}
    FROM ({COUNTABLES}) AS d LEFT JOIN period_counted AS c USING (case_id)
    WHERE (d.received_at < %(end)s OR c.case_id IS NOT NULL)
      AND ({", ".join(f"d.{name}" for name in _COUNTABLE.split(", "))})
          IS DISTINCT FROM ({", ".join(f"c.{name}" for name in _COUNTABLE.split(", "))})
    ON CONFLICT (case_id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in _COUNTABLE.split(", "))}
"""
_CORRECT: Final = """
    INSERT INTO period_correction (form, period, version, case_id, event_id, epoch, seq, occurred_at, known_at,
        office_before, commune_before, selector_before, received_before, outcome_before,
        office_after, commune_after, selector_after, received_after, outcome_after)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


class Closed(NamedTuple):
    """A closed period, in which zone its days are, when it was closed and its newest version."""

    period: Period
    zone: str
    closed_at: Instant
    version: int


class Shown(NamedTuple):
    """Which report of a period: by what, and of which office; empty: the whole province."""

    by: str
    unit: str


async def closed_periods(cursor: Cursor, form: str) -> list[Closed]:
    """All closed periods, in the order of their ends."""
    await cursor.execute(
        "SELECT period, first_day, last_day, begin_at, end_at, time_zone, closed_at, version FROM period_close"
        " WHERE form = %s ORDER BY end_at, begin_at DESC",
        (form,),
    )
    return [
        Closed(Period(name, first, last, instant_of(begin), instant_of(end)), zone, instant_of(closed_at), version)
        for name, first, last, begin, end, zone, closed_at, version in await cursor.fetchall()
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


async def write_close(cursor: Cursor, form: str, closed: Closed) -> dict[Cell, Line]:
    """Close a period: its cells are counted from the current rows, and returned."""
    period = closed.period
    await cursor.execute(
        "INSERT INTO period_close VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (form, *period[:3], datetime_of(period.begin), datetime_of(period.end), closed.zone,
         datetime_of(closed.closed_at), closed.version),
    )  # fmt: skip
    await cursor.execute(CELLS, cell_bounds(period, ZoneInfo(closed.zone), "day"))
    cells = {Cell(*row[:3]): Line(*row[3:]) for row in await cursor.fetchall()}
    await add_cells(cursor, form, period.name, cells)
    return cells


async def add_cells(cursor: Cursor, form: str, period: str, cells: Mapping[Cell, Line]) -> None:
    """Add to the cells of a period, or take from them."""
    await cursor.executemany(_ADD, [(form, period, *cell, *line) for cell, line in sorted(cells.items())])


async def read_cells(cursor: Cursor, form: str, period: str) -> dict[Cell, Line]:
    """The cells of the newest version of a period."""
    await cursor.execute(
        f"SELECT office, commune, selector, {_LINE} FROM period_cell WHERE form = %s AND period = %s", (form, period)
    )
    return {Cell(*row[:3]): Line(*row[3:]) for row in await cursor.fetchall()}


async def changed_cases(cursor: Cursor, end: Instant) -> dict[str, Countable | None]:
    """The dossiers received before an instant that are no longer what they were counted as, with what that was."""
    await cursor.execute(_CHANGED, {"end": datetime_of(end)})
    found: dict[str, Countable | None] = {}
    for case_id, is_new, *fields in await cursor.fetchall():
        times = (None if each is None else instant_of(each) for each in fields[5:])
        found[case_id] = None if is_new else Countable(*fields[:5], *times)
    return found


async def remember_counted(cursor: Cursor, end: Instant) -> None:
    """From now on the dossiers received before an instant are counted as what they are."""
    await cursor.execute(_REMEMBER, {"end": datetime_of(end)})


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
                *_sides(one.before), *_sides(one.after),
            )
            for one in corrections
        ],
    )  # fmt: skip


def _sides(counted: Counted | None) -> Sequence[str]:
    return ("",) * 5 if counted is None else (*counted.cell, counted.received, counted.outcome)


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
