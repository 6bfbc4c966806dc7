"""The totals by cell: kept by the sink, counted again from the rows, carried over from an older ledger."""

from __future__ import annotations

import pytest

from lienthong_consumers.domain.figures import MEASURES
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.migrate import migrate
from lienthong_consumers.ledger.recount import differences
from lienthong_consumers.ledger.schema_name import schema_of
from lienthong_consumers.ledger.upgrade import upgrade
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.case_event import CASE_TOPICS
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import dossier, hour, other, outbound, recount_cells

pytestmark = pytest.mark.broker

OPENING = {"started_at": hour(0), "used_seconds": 60, "paused_seconds": 0}
REPORTS = "field-report.v1"
REPORT = {"category": "road", "channel": "app", "urgency": "urgent", "duplicate_of": None, "hops": 0, "rating": None}
DOCUMENT = {
    "document_type": "letter",
    "sender": "H27.16",
    "code_notation": "1/UBND",
    "urgency": "normal",
    "signature": None,
    "file_digest": None,
}
PERIODIC = {"form": "II.06", "period": "2026-M10", "figures": {}}


def first_events() -> list[OutboundRecord]:
    """Four kinds of case, ends of each sort, marks, an opening balance."""
    return [
        outbound(dossier(1, 1, "9", ended_at=hour(3), fee_paid="online", digitised=True)),
        outbound(dossier(2, 1, "9", ended_at=hour(130), channel="direct", fee_paid="cash", digitised=False)),
        outbound(dossier(9, 1, "9", ended_at=hour(100))),
        outbound(dossier(3, 1, "5", procedure="2.000635")),
        outbound(dossier(4, 1, "3", received_at=None)),
        outbound(dossier(5, 1, "3")),
        outbound(dossier(8, 1, "1", received_at=None)),
        outbound(dossier(6, 4, "4", change="opening", opening=OPENING)),
        outbound(dossier(7, 1, "4")),
        outbound(
            other("field-report", 1, "duplicate", **{**REPORT, "duplicate_of": "field-report:H27.16:2"}), topic=REPORTS
        ),
        outbound(other("field-report", 2, "rated", **{**REPORT, "rating": 4}, ended_at=hour(9)), topic=REPORTS),
        outbound(other("document", 1, "13", **{**DOCUMENT, "signature": "valid"}), topic="document.v1"),
        outbound(
            other("periodic-report", 1, "submitted", **PERIODIC, due_at=None, ended_at=hour(2)),
            topic="periodic-report.v1",
        ),
    ]


async def test_every_cell_is_a_recount_of_the_log(bench: LedgerBench) -> None:
    """Every figure occurs; a case moves between two units, and the cell that lost it is empty."""
    bench.put(*first_events())
    await bench.settle()
    bench.put(outbound(dossier(7, 2, "4", office="H27.17", commune="18074")))
    await bench.settle()
    records = [record for topic in CASE_TOPICS for record in bench.broker.records(topic)]
    assert bench.cells() == recount_cells(records)
    assert {name for figures in bench.cells().values() for name in figures} == set(MEASURES)
    with connect_now(bench.dsn, bench.prefix) as connection:
        assert differences(connection) == []


async def test_a_ledger_with_data_is_carried_over(bench: LedgerBench) -> None:
    """Its new columns and cells are what a ledger of this program has that took the same log."""
    bench.put(*first_events(), outbound(dossier(1, 1, "5", accepted_at=hour(0))), outbound(dossier(6, 6)))
    await bench.settle()
    old = older_ledger(bench)
    with connect_now(bench.dsn, bench.prefix) as connection:
        for table in ("case_event", "case_row"):
            names = ", ".join(
                f'"{name}"'
                for (name,) in connection.execute(
                    "SELECT column_name FROM information_schema.columns WHERE (table_schema, table_name) = (%s, %s)",
                    (schema_of(old), table),
                )
            )
            connection.execute(f"INSERT INTO {schema_of(old)}.{table} ({names}) SELECT {names} FROM {table}")
    migrate(bench.dsn, old)
    for query in (
        "SELECT to_jsonb(one) FROM case_event AS one ORDER BY case_id, epoch, seq, digest",
        "SELECT to_jsonb(one) FROM case_row AS one ORDER BY case_id",
        "SELECT to_jsonb(one) FROM total_part AS one ORDER BY kind, partition, office, commune, selector, channel",
        "SELECT to_jsonb(one) FROM total AS one ORDER BY office, kind",
    ):
        with connect_now(bench.dsn, old) as connection:
            assert connection.execute(query).fetchall() == bench.rows(query), query


def older_ledger(bench: LedgerBench) -> str:
    """A ledger as the program before the cells had made it, empty; its prefix."""
    prefix = f"{bench.prefix}-old"
    with connect_now(bench.dsn, prefix) as connection:
        connection.execute(f"CREATE SCHEMA {schema_of(prefix)}")
    upgrade(bench.dsn, prefix, schema_of(prefix), to="0003")
    return prefix
