"""The tables of what is not as it should be in the sequence of a case: gap, conflict, held, correction."""

from __future__ import annotations

from lienthong_consumers.domain.changes import Changes, Correction
from lienthong_consumers.ledger.tables.copying import Cursor
from lienthong_schemas.instants import Instant, datetime_of


async def write_irregularities(cursor: Cursor, changes: Changes, *, known_at: Instant) -> None:
    """Write what opened and remove what closed; what closed goes first, for a conflict may close and open in one."""
    known = datetime_of(known_at)
    await cursor.executemany(
        "DELETE FROM gap WHERE case_id = %s AND epoch = %s AND first_seq = %s AND last_seq = %s",
        [(case_id, *gap) for case_id, gap in changes.gaps_closed],
    )
    await cursor.executemany(
        "INSERT INTO gap (case_id, epoch, first_seq, last_seq, known_at) VALUES (%s, %s, %s, %s, %s)",
        [(case_id, *gap, known) for case_id, gap in changes.gaps_opened],
    )
    await cursor.executemany(
        "DELETE FROM conflict WHERE case_id = %s AND epoch = %s AND seq = %s AND digest = %s",
        [(case_id, *conflict[:3]) for case_id, conflict in changes.conflicts_closed],
    )
    await cursor.executemany(
        "INSERT INTO conflict (case_id, epoch, seq, digest, applied_digest, known_at) VALUES (%s, %s, %s, %s, %s, %s)",
        [(case_id, *conflict, known) for case_id, conflict in changes.conflicts_opened],
    )
    await cursor.executemany(
        "DELETE FROM held WHERE case_id = %s AND epoch = %s AND seq = %s AND digest = %s",
        [(case_id, *held) for case_id, held in changes.released],
    )
    await cursor.executemany(
        "INSERT INTO held (case_id, epoch, seq, digest, known_at) VALUES (%s, %s, %s, %s, %s)",
        [(case_id, *held, known) for case_id, held in changes.held],
    )
    await _write_corrections(cursor, changes.corrections)


async def _write_corrections(cursor: Cursor, corrections: list[Correction]) -> None:
    await cursor.executemany(
        "INSERT INTO correction (case_id, kind, event_id, epoch, seq, known_at, office_before, due_at_before,"
        " ended_at_before, office_after, due_at_after, ended_at_after)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                one.case_id,
                one.after.kind,
                one.cause.event_id,
                *one.cause.number,
                datetime_of(one.cause.known_at),
                one.before.office,
                *(None if at is None else datetime_of(at) for at in (one.before.due_at, one.before.ended_at)),
                one.after.office,
                *(None if at is None else datetime_of(at) for at in (one.after.due_at, one.after.ended_at)),
            )
            for one in corrections
        ],
    )
