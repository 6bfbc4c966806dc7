"""`lienthong verify`: a ledger against a replay of its log, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from io import BytesIO
from itertools import chain, repeat

import pytest
from fastavro import parse_schema, schemaless_writer
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.verification.comparison import unknown_tables
from lienthong_consumers.verification.tables import COMPARED, NOT_COMPARED
from lienthong_consumers.verification.verify import Verified, verify
from lienthong_infra import exit_codes
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.codec import MARKER, SchemaBook, packaged_schema, without_logical_types
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import clock_event, dossier, finding, hour, other, outbound, reference

pytestmark = pytest.mark.broker


@pytest.fixture
async def bench(dsn: str, unique_prefix: str) -> LedgerBench:
    """A ledger that has read a bit of everything, in several batches."""
    bench = LedgerBench(dsn, unique_prefix)
    again = outbound(dossier(1, 2, "9", ended_at=hour(3)))
    bench.put(outbound(dossier(1, 1, "2")), again, again, outbound(dossier(2, 1, "9", ended_at=hour(200))))
    bench.put(outbound(dossier(5, 3, "4")), outbound(dossier(6, 1)), outbound(dossier(6, 1, "5")))
    bench.put(
        reference("calendar", "default", {"time_zone": "Asia/Ho_Chi_Minh", "source": "a test"}),
        clock_event("a"),
        finding("b"),
    )
    bad = again._replace(value=b"broken")
    bench.put(bad)
    await bench.settle()
    bench.put(outbound(dossier(2, 2, "4", ended_at=hour(90))), outbound(dossier(3, 1, epoch=2)))
    await bench.settle()
    return bench


async def verified(bench: LedgerBench, *, keep: bool = False) -> Verified:
    """What is found, in a thread of its own: it has a loop of its own."""
    return await asyncio.to_thread(
        verify,
        bench.broker.reader,
        bench.dsn,
        bench.prefix,
        most=1,
        keep=keep,
        progress=lambda taken: None,
    )


def wrong(found: Verified) -> dict[str, int]:
    """Tables with differences, and how many."""
    return {one.table: one.differences for one in found.tables if one.differences}


def schemas(bench: LedgerBench) -> int:
    """How many ledgers lie in the database under the prefix of the bus."""
    return int(bench.value("SELECT count(*) FROM pg_namespace WHERE starts_with(nspname, current_schema())"))


async def test_a_ledger_is_what_its_log_says(bench: LedgerBench) -> None:
    """Batches of the replay are others; every table has rows to compare; nothing is left behind."""
    before = bench.rows("SELECT * FROM position ORDER BY 1, 2")
    found = await verified(bench)
    assert wrong(found) == {}
    rows = {one.table: one.rows for one in found.tables}
    assert {table for table, count in rows.items() if not count} <= {"checkpoint"}
    assert (schemas(bench), bench.rows("SELECT * FROM position ORDER BY 1, 2")) == (1, before)


FAULTS = {
    ("case_row", "other"): "UPDATE case_row SET status = '8' WHERE seq = 2 AND ended_at < due_at",
    ("case_event", "missing"): "DELETE FROM case_event WHERE case_id IN (SELECT case_id FROM gap)",
    ("total_part", "other"): "UPDATE total_part SET received = received + 1 WHERE received > 0",
    ("gap", "surplus"): "INSERT INTO gap VALUES ('dossier:H27.16:zzz', 1, 1, 1, now())",
    ("correction", "missing"): "DELETE FROM correction",
    ("position", "other"): "UPDATE position SET refused = 0 WHERE refused = 1",
}


async def test_what_was_changed_by_hand_is_named(bench: LedgerBench) -> None:
    """Rows changed, removed, added: those tables with so many rows, and no other."""
    with connect_now(bench.dsn, bench.prefix) as connection:
        changed = {table: connection.execute(fault.encode()).rowcount for (table, _), fault in FAULTS.items()}
    found = await verified(bench)
    assert wrong(found) == changed
    assert {(each.table, each.kind) for one in found.tables for each in one.shown} == set(FAULTS)
    assert all(bool(each.values) == (each.kind == "other") for one in found.tables for each in one.shown)
    assert max(changed.values()) > max(len(one.shown) for one in found.tables)


async def test_the_ledger_goes_on_meanwhile(bench: LedgerBench) -> None:
    """What came after the positions of the snapshot is no difference."""
    running = asyncio.create_task(verified(bench))
    bench.put(*(outbound(dossier(number, 1)) for number in range(50, 90)))
    await bench.settle()
    assert wrong(await running) == {}


async def test_a_replay_can_be_kept(bench: LedgerBench) -> None:
    """For a look at it with SQL."""
    found = await verified(bench, keep=True)
    assert schemas(bench) == 2
    assert bench.value(f"SELECT count(*) FROM {found.schema}.case_row") == bench.value("SELECT count(*) FROM case_row")


async def test_what_was_refused_for_want_of_a_schema_stays_refused(bench: LedgerBench) -> None:
    """It came a minute before its schema; by now the record could be read, but its letter says what happened."""
    newer = packaged_schema("document.v1")
    newer["fields"].append({"name": "added_later", "type": "string", "default": ""})
    mark, out = SchemaBook().learn("document.v1", newer), BytesIO()
    record = other("document", 1, "01", document_type="letter", sender="H27.16", added_later="new")
    schemaless_writer(out, parse_schema(without_logical_types(newer)), record)
    moments = chain((hour(0),), repeat(hour(0) + 61_000_000))
    bench.put(OutboundRecord("document.v1", record["case_id"].encode(), MARKER + mark + out.getvalue()))
    await bench.settle(clock=lambda: next(moments))
    bench.put(reference("schema", "document.v1", newer))
    await bench.settle()
    assert bench.value("SELECT count(*) FROM dead_letter WHERE code = 'unknown-fingerprint'") == 1
    assert wrong(await verified(bench)) == {}


def test_it_is_said_of_every_table_how_it_is_compared(dsn: str, unique_prefix: str) -> None:
    """A new table must not go by unseen, and none is named that is not there."""
    bench = LedgerBench(dsn, unique_prefix)
    with connect_now(bench.dsn, bench.prefix) as connection:
        assert unknown_tables(connection) == []
        there = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'")
        assert {*COMPARED, *NOT_COMPARED} <= {name for (name,) in there}


@pytest.mark.parametrize("call", [["--most", "-1"], ["--no-such-option"], ["surplus"]])
def test_a_wrong_call_says_so(call: list[str]) -> None:
    """Before anything is connected."""
    assert CliRunner().invoke(build_app(), ["verify", *call]).exit_code == exit_codes.WRONG_CALL
