"""The quick start for analysts does what it says: every block of the page is run as it stands there."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from lienthong_consumers.ledger.database import connect_now
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.partition_log import KafkaPartitionLog
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_schemas.catalogue import load_catalogue, packaged_root
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.totals import (
    AGENCY,
    CHANNEL,
    COMMUNE,
    LIVE_TOPIC,
    OFFICIAL_TOPIC,
    PROVINCE,
    WHOLE,
    Cell,
    Totals,
    key_of,
    record_of,
)
from tests.support.ledger_bench import LedgerBench
from tests.support.ledger_log import clock_event, dossier, hour, outbound
from tests.support.source_tree import ROOT

pytestmark = pytest.mark.broker

BOOK = SchemaBook()
PAGE = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
LIMIT_S = 60.0


def blocks(language: str) -> list[str]:
    """The blocks of the page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def figures(cell: Cell, received: int, late: int = 0) -> Totals:
    """Some figures of a cell, all of them ended."""
    counts: dict[str, Any] = {
        "received": received,
        "new_online": received,
        "ended_early": received - late,
        "ended_late": late,
    }
    return Totals(*cell, as_of=hour(1), generation=1, positions={}, **counts)


def cell(view: str, unit: str, channel: str, kind: str = "dossier") -> Cell:
    """A cell of a unit and a channel."""
    return Cell(CHANNEL, kind, view, unit, channel)


async def publish(bootstrap: str, prefix: str, topic: str, *records: Totals) -> None:
    """Put records on a totals topic, in a transaction as those who write it do."""
    log = KafkaPartitionLog(bootstrap, prefix, TopicPartition("outbound", 0), application="analysts")
    await log.fence()
    try:
        made = [OutboundRecord(topic, key_of(one.cell), BOOK.encode(topic, record_of(one))) for one in records]
        await log.commit(made, ())
    finally:
        await log.close()


async def output_of(program: str, bootstrap: str, prefix: str) -> list[str]:
    """What a block prints when it is run as a program of its own."""
    schema = packaged_root() / "avro" / "totals.v1.avsc"
    variables = {"LIENTHONG_BOOTSTRAP": bootstrap, "LIENTHONG_PREFIX": prefix, "TOTALS_SCHEMA": str(schema)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(LIMIT_S):
        shown, complaint = await process.communicate()
    assert (process.returncode, complaint.decode()) == (0, "")
    return shown.decode().splitlines()


async def test_both_programs_read_what_their_topic_says(kafka_bootstrap: str, unique_prefix: str) -> None:
    """The newest record of each key, sums of one view alone, rates with their n; by either client."""
    with_aiokafka, with_confluent = blocks("python")
    async with KafkaAdmin(kafka_bootstrap, unique_prefix) as admin:
        await admin.apply(load_catalogue())
    whole = Cell(PROVINCE, "dossier", WHOLE, "", "")
    await publish(
        kafka_bootstrap,
        unique_prefix,
        OFFICIAL_TOPIC,
        figures(cell(COMMUNE, "18073", "online"), 1),
        figures(cell(COMMUNE, "18073", "online"), 7, 2),
        figures(cell(COMMUNE, "18073", "direct"), 3),
        figures(cell(COMMUNE, "", "online"), 5),
        figures(cell(AGENCY, "H27.16", "online"), 12),
        figures(cell(COMMUNE, "18073", "", "document"), 90),
        figures(whole, 15, 2),
    )
    await publish(kafka_bootstrap, unique_prefix, LIVE_TOPIC, figures(whole, 14), figures(whole, 16))
    assert await output_of(with_aiokafka, kafka_bootstrap, unique_prefix) == [
        "none: received 5, ended 5, late 0 of 5",
        "18073: received 10, ended 10, late 2 of 10",
    ]
    (line,) = await output_of(with_confluent, kafka_bootstrap, unique_prefix)
    assert line.startswith("dossier: received 16, overdue 0, as of 2025-06-")


async def test_the_questions_in_sql_have_answers(ledger_dsn_factory: Callable[[], str], unique_prefix: str) -> None:
    """Shares of the regulated time, figures by commune, what is overdue by the time that published figures are judged
    by."""
    shares, by_commune, overdue = blocks("sql")
    bench = LedgerBench(ledger_dsn_factory(), unique_prefix)
    bench.put(outbound(dossier(1, 1)), outbound(dossier(2, 1, "9", ended_at=hour(101))))
    told: dict[str, Any] = {"number": 2, "regulated_seconds": 28_800}
    bench.put(*(clock_event(f"m{used}", "met", used_percent=used, **told) for used in (20, 40, 95)))
    bench.put(clock_event("c", "confirmed", refers_to="m95", used_percent=60, **told))
    await bench.settle()
    with connect_now(bench.dsn, bench.prefix) as connection:
        connection.execute("UPDATE judgement SET judged_at = 'epoch'::timestamptz + %s * interval '1 us'", (hour(101),))
        assert connection.execute(shares.encode()).fetchall() == [("1.005129", 3, 40, 60)]
        assert connection.execute(by_commune.encode()).fetchall() == [("18073", 2, 1, 1)]
        assert [row[:2] for row in connection.execute(overdue.encode()).fetchall()] == [("H27.16", 1)]
