"""Form II.06 of a province's month from the ledger: as known now, as known at an earlier time, closed and corrected.

The database fills its tables itself: 69 communes, 18 procedures, dossiers of three months with seven events each.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from psycopg import AsyncConnection, Connection

from lienthong.report.fill import Asked, filled
from lienthong_consumers.ledger.database import connect, connect_now
from lienthong_consumers.ledger.migrate import migrate
from lienthong_consumers.ledger.period_publication import PeriodReports
from lienthong_consumers.ledger.schema_name import schema_of
from lienthong_infra.embedded.servers import ledger_dsn
from lienthong_infra.settings import load_settings
from lienthong_producers.domain.simulation.procedures import PROCEDURES
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import datetime_of, instant_of
from lienthong_schemas.reference_files import load_reference
from lienthong_schemas.statements import moment

DOSSIERS: Final = 90_000
"""A month of Hà Tĩnh has some 30,000; each is handled within weeks."""
EVENTS_EACH: Final = 7
COMMUNES: Final = 69
PERIOD: Final = "2026-M10"
NOW: Final = instant_of(moment("2026-11-20T00:00:00+07:00"))
ROUNDS: Final = 5
_ROWS: Final = f"""
    INSERT INTO case_row (case_id, kind, epoch, seq, digest, accepted_at, office, commune, selector, channel, status,
                          received_at, due_at, ended_at, known_at, sealed, carried, partition)
    SELECT 'dossier:H27.40.' || commune || ':' || n, 'dossier', 1, {EVENTS_EACH}, decode(md5(n::text), 'hex'), ended,
           'H27.40.' || commune, (18000 + commune)::text, (%(codes)s::text[])[1 + n %% {len(PROCEDURES)}],
           CASE WHEN n %% 4 < 3 THEN 'online' ELSE 'direct' END, CASE WHEN n %% 20 < 19 THEN '9' ELSE '5' END,
           received, received + '10 days', CASE WHEN n %% 20 < 19 THEN ended END, ended, false, false, 0
    FROM (SELECT n, 1 + n %% {COMMUNES} AS commune, received,
                 received + make_interval(hours => n * 7919 %% 300) AS ended
          FROM (SELECT n, '2026-08-01+07'::timestamptz + n * '90 days'::interval / {DOSSIERS} AS received
                FROM generate_series(1, {DOSSIERS}) AS n) AS one) AS two
"""
_EVENTS: Final = f"""
    INSERT INTO case_event (case_id, epoch, seq, digest, kind, topic, partition, "offset", known_at, office, commune,
                            selector, channel, change, status, occurred_at, accepted_at, received_at, due_at, ended_at,
                            event_id, value)
    SELECT case_id, epoch, n, CASE WHEN n = {EVENTS_EACH} THEN digest ELSE decode(md5(case_id || n), 'hex') END, kind,
           'dossier.v1', 0, 0, at, office, commune, selector, channel, 'changed',
           CASE WHEN n = {EVENTS_EACH} THEN status ELSE '4' END, at, at, received_at, due_at,
           CASE WHEN n = {EVENTS_EACH} THEN ended_at END, case_id || n, ''
    FROM (SELECT *, received_at + (known_at - received_at) * n / {EVENTS_EACH} AS at
          FROM case_row, generate_series(1, {EVENTS_EACH}) AS n) AS one
"""

_LATE: Final = f"""
    WITH late AS (
        UPDATE case_row SET due_at = received_at, seq = {EVENTS_EACH + 1}, known_at = known_at + '1 day'
        WHERE case_id IN (SELECT case_id FROM case_row LIMIT %s) RETURNING *
    )
    INSERT INTO case_event (case_id, epoch, seq, digest, kind, topic, partition, "offset", known_at, office, commune,
                            selector, channel, change, status, occurred_at, accepted_at, received_at, due_at, ended_at,
                            event_id, value)
    SELECT case_id, epoch, seq, digest, kind, 'dossier.v1', 0, 1, known_at, office, commune, selector, channel,
           'changed', status, received_at, accepted_at, received_at, due_at, ended_at, case_id, '' FROM late
"""
"""News of what happened long ago: another due time, from the day of the receipt on."""
CORRECTED: Final = 100


@contextmanager
def _ledger() -> Iterator[Connection[Any]]:
    """A ledger of its own with its rows; it is removed at the end."""
    dsn, prefix = ledger_dsn(load_settings(), tied=True), f"bench-{uuid.uuid4().hex[:8]}"
    migrate(dsn, prefix)
    with connect_now(dsn, prefix) as connection:
        try:
            for number, entry in enumerate(load_reference("vn")):
                valid_from = datetime_of(entry.valid_from)
                connection.execute(
                    "INSERT INTO reference VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    (entry.record_id, *entry[:3], valid_from, valid_from, entry.body, number, valid_from),
                )
            connection.execute(_ROWS, {"codes": [each.code for each in PROCEDURES]})
            connection.execute(_EVENTS)
            connection.execute("ANALYZE case_row")
            connection.execute("ANALYZE case_event")
            yield connection
        finally:
            connection.execute(f"DROP SCHEMA {schema_of(prefix)} CASCADE")


def _seconds(connection: Connection[Any], asked: Asked) -> float:
    """The middle of some rounds, from the question to the filled form."""
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        filled(connection, asked, NOW)
        taken.append(time.perf_counter() - begin)
    return round(statistics.median(taken), 2)


def measure() -> dict[str, float]:
    """Seconds for the form of all communes, now and as of an earlier time, and of the form by field."""
    with _ledger() as connection:
        as_of = instant_of(moment("2026-10-20T00:00:00+07:00"))
        return {
            "dossiers": DOSSIERS,
            "events": DOSSIERS * EVENTS_EACH,
            "by_commune_s": _seconds(connection, Asked(PERIOD, by="commune")),
            "by_field_s": _seconds(connection, Asked(PERIOD, by="field")),
            "as_of_s": _seconds(connection, Asked(PERIOD, by="commune", as_of=as_of)),
            **asyncio.run(_published(connection)),
        }


async def _published(connection: Connection[Any]) -> dict[str, float]:
    """Seconds of a turn that closes periods, by period, and of one that finds a hundred dossiers changed."""
    connection.execute("UPDATE judgement SET judged_at = %s", (datetime_of(NOW),))
    taken, periods = [0.0], 0
    async with await connect(ledger_dsn(load_settings()), _prefix_of(connection)) as other:
        while (found := await _turn(other))[1]:
            taken.append(found[0])
            periods += found[1]
        connection.execute(_LATE, (CORRECTED,))
        connection.execute("UPDATE judgement SET judged_at = judged_at + interval '2 hours'")
        restated, _ = await _turn(other)
    return {
        "periods": periods,
        "closing_s_each": round(sum(taken) / max(periods, 1), 2),
        "restating_s": round(restated, 2),
    }


async def _turn(connection: AsyncConnection) -> tuple[float, int]:
    """One turn of the publication: its seconds, and of how many periods it has written."""
    begin = time.perf_counter()
    async with connection.transaction(), connection.cursor() as cursor:
        codec = SchemaBook()
        records = await PeriodReports(codec).publish(cursor, NOW)
        names = {codec.decode(one.topic, one.value or b"")["period"] for one in records}
    return time.perf_counter() - begin, len(names)


def _prefix_of(connection: Connection[Any]) -> str:
    """The prefix of the bus whose schema the connection looks into."""
    (schema,) = connection.execute("SELECT current_schema()").fetchone() or ("",)
    return str(schema).removeprefix("ledger_").replace("_", "-")


if __name__ == "__main__":
    print(json.dumps(measure()))  # noqa: T201
