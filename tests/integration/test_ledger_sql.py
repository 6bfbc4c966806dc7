"""The ledger for people who query it: every table and column described, every query of the docs with its result."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from lienthong.ledger_page import ledger_page, undescribed
from lienthong_consumers.ledger.database import connect_now
from lienthong_infra.ports import OutboundRecord
from lienthong_schemas.instants import datetime_of
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import clock_event, dossier, hour, outbound

pytestmark = pytest.mark.broker

DOCS = Path(__file__).resolve().parents[2] / "docs"
QUERY = re.compile(r"^### (?P<title>.+?)\n(?:(?!^### ).)*?```sql\n(?P<query>.*?)```", re.MULTILINE | re.DOTALL)
LATE, EARLY, MOVED = "dossier:H27.16:1", "dossier:H27.16:3", "dossier:H27.16:7"


def at(number: float, record: dict[str, Any]) -> OutboundRecord:
    """A record that happened at its hour, and that the log took at this one."""
    return outbound(record, timestamp=hour(number) // 1_000)


CORRECTED = dossier(3, 3, "9", ended_at=hour(120), occurred_at=hour(49))
LOG = (
    at(1, dossier(1, 1, "2")),
    at(130, dossier(1, 2, "9", ended_at=hour(130), occurred_at=hour(130), rating=5, fee_paid="online")),
    at(1, dossier(2, 1, "4")),
    at(1, dossier(3, 1, "2")),
    at(50, dossier(3, 2, "9", ended_at=hour(50), occurred_at=hour(50), rating=2, fee_paid="cash", digitised=True)),
    at(200, CORRECTED),
    at(3, dossier(4, 3, "5", procedure="2.000635")),
    at(1, dossier(5, 1, "4")),
    at(2, dossier(5, 1, "9", accepted_at=hour(2), ended_at=hour(2))),
    at(1, dossier(7, 1, "2")),
    at(2, dossier(7, 2, "4", office="H27.17", commune="18074")),
    OutboundRecord("dossier.v1", b"dossier:H27.16:8", b"no event"),
    clock_event("a breach"),
)


def answers() -> dict[str, list[tuple[Any, ...]]]:
    """By title, what each query of the docs gives."""
    due = datetime_of(hour(100))
    late_by = datetime(2025, 6, 30, 17, tzinfo=UTC) - due
    history = ((1, "2", 1, 1), (2, "9", 50, 50), (3, "9", 49, 200))
    corrected = [datetime_of(hour(number)) for number in (50, 120, 100)]
    return {
        "Who is late now, by office": [("H27.16", 3, due), ("H27.17", 1, due)],
        "The dossiers that are late longest": [
            (f"dossier:H27.16:{number}", selector, status, due, late_by)
            for number, selector, status in ((2, "1.005129", "4"), (4, "2.000635", "5"), (5, "1.005129", "4"))
        ],
        "The history of a case": [
            (1, seq, "changed", status, "H27.16", datetime_of(hour(happened)), datetime_of(hour(known)))
            for seq, status, happened, known in history
        ],
        "Why did my figure change? The corrections of a month": [
            (EARLY, *corrected, CORRECTED["event_id"], datetime_of(hour(49)), datetime_of(hour(200)))
        ],
        "What did we know then? Rows as of a time": [
            (LATE, "2", None),
            ("dossier:H27.16:2", "4", None),
            (EARLY, "9", datetime_of(hour(50))),
            ("dossier:H27.16:4", "5", None),
            ("dossier:H27.16:5", "4", None),
            (MOVED, "4", None),
        ],
        "The late rate of each commune, with how many it stands on": [("18073", 2, 2, 100), ("18074", 0, 0, None)],
        "What is open, by procedure": [("1.005129", 3, 0, 0), ("2.000635", 0, 1, 0)],
        "Satisfaction, online payment and digitised papers": [
            ("H27.16", 1, 1, 1, 1, 0, 0),
            ("H27.17", 0, 0, 0, 0, 0, 0),
        ],
        "What is missing": [("H27.16", "dossier:H27.16:4", 1, 1, 2)],
        "Two contents under one number": [("dossier:H27.16:5", 1, "9", "4")],
        "What came late": [("H27.16", 1, timedelta(hours=151))],
        "Clocks that are breached": [("H27.16", 1, 0)],
        "What was refused": [("H27.16", "dossier.v1", "not-single-object", "open", 1)],
    }


@pytest_asyncio.fixture
async def bench(postgres_dsn: str, unique_prefix: str) -> AsyncIterator[LedgerBench]:
    """A ledger that has taken LOG."""
    made = LedgerBench(postgres_dsn, unique_prefix)
    made.put(*LOG)
    await made.settle()
    yield made


async def test_the_queries_of_the_docs_give_what_they_say(bench: LedgerBench) -> None:
    """Each of them, and none without a result that is checked."""
    queries = {found["title"]: found["query"] for found in QUERY.finditer((DOCS / "ledger-sql.md").read_text("utf-8"))}
    expected = answers()
    assert queries.keys() - expected.keys() == {"How far the ledger has read"}
    found = {title: bench.rows(queries[title]) for title in expected}
    assert found == expected
    read = {topic: (records, again) for topic, records, again, _ in bench.rows(queries["How far the ledger has read"])}
    assert read["dossier.v1"] == (12, 0)


async def test_every_table_and_column_is_described(bench: LedgerBench) -> None:
    """In the database itself; the page in the docs is what it says. If not: a COMMENT in your migration, then
    ``lienthong ledger describe > docs/reference/ledger.md``."""
    with connect_now(bench.dsn, bench.prefix) as connection:
        assert undescribed(connection) == []
        assert ledger_page(connection) == (DOCS / "reference" / "ledger.md").read_text("utf-8")
