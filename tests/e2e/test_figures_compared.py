"""Deadline worker and ledger on a real Kafka and PostgreSQL count the same; a changed figure is seen (P9)."""

from __future__ import annotations

import asyncio
import json

import pytest
from typer.testing import CliRunner

from lienthong.cli.main import build_app
from lienthong_consumers.exporter.ledger_watch import LedgerWatch
from lienthong_consumers.exporter.sightings import Comparisons
from lienthong_infra import exit_codes
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_schemas import checksums
from tests.e2e.test_lost_changelog import lose_changelogs
from tests.support.handwritten import MINUTE, OFFICE, Scribe
from tests.support.whole_bus import WholeBus, wall_clock, whole_bus

pytestmark = pytest.mark.broker
EVERY = 20
"""Instead of a thousand."""


def cases(scribe: Scribe, first: int, count: int) -> list[OutboundRecord]:
    """Dossiers of two or three events: some end in time, some late, some stay open; each event is there twice."""
    courses = [
        scribe.course(f"{number}", ("2", 1.0), ("4", 2.0), *([("9", 10.0 + 5 * (number % 9))] if number % 3 else []))
        for number in range(first, first + count)
    ]
    return [record for course in courses for record in (*course, *reversed(course))]


async def compared(bus: WholeBus) -> Comparisons:
    """What the exporter sees of dossiers."""
    return (await LedgerWatch(bus.dsn, bus.prefix).look(wall_clock())).comparisons["dossier.v1"]


async def verify(bus: WholeBus) -> tuple[int, list[str]]:
    """Exit code of `lienthong verify`, and the tables that differ."""
    call = ["verify", "--json", "--prefix", bus.prefix]
    servers = {"LIENTHONG_BOOTSTRAP": bus.bootstrap, "LIENTHONG_LEDGER_DSN": bus.dsn}
    done = await asyncio.to_thread(CliRunner().invoke, build_app(), call, env=servers, catch_exceptions=False)
    tables = json.loads(done.stdout)["tables"]
    return done.exit_code, sorted(one["table"] for one in tables if one["differences"])


async def test_both_count_the_same_and_a_wrong_total_is_named(
    kafka_bootstrap: str, postgres_dsn: str, unique_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also before the first tick and over a lost changelog; a total of the ledger that was changed shows its office."""
    monkeypatch.setattr(checksums, "EVERY", EVERY)
    async with whole_bus(kafka_bootstrap, postgres_dsn, unique_prefix) as bus:
        scribe = Scribe(bus.book, wall_clock() - 60 * MINUTE)
        await bus.publish(*cases(scribe, 0, 40))
        await bus.tick(scribe.minute(45.0))
        await bus.at_rest()
        await bus.publish(*cases(scribe, 40, 40))
        await bus.tick(scribe.minute(50.0))
        await bus.at_rest()
        ends = bus.rows("SELECT next_offset FROM position WHERE topic = 'dossier.v1'")
        boundaries = sum(end // EVERY for (end,) in ends)
        assert await compared(bus) == Comparisons(compared=boundaries)
        assert boundaries > 8
    await lose_changelogs(bus)
    async with whole_bus(kafka_bootstrap, postgres_dsn, unique_prefix) as bus:
        await bus.tick(scribe.minute(55.0))
        await bus.at_rest()
        assert len(await bus.records(checksums.TOPIC)) == 2 * boundaries
        assert await compared(bus) == Comparisons(compared=boundaries)
        assert await verify(bus) == (exit_codes.GOOD, [])
        bus.rows("UPDATE total_part SET received = received + 1 WHERE partition = 0 RETURNING office")
        await bus.publish(*cases(scribe, 80, 60))
        await bus.tick(scribe.minute(56.0))
        await bus.at_rest()
        found = await compared(bus)
        assert (found.differing, found.mismatches > 0, found.compared > boundaries) == (1, True, True)
        wrong = bus.rows(
            "SELECT DISTINCT topic, partition, office, ledger_received - deadlines_received,"
            " ledger_ended - deadlines_ended FROM figures_mismatch"
        )
        assert wrong == [("dossier.v1", 0, OFFICE, 1, 0)]
        assert await verify(bus) == (exit_codes.PROBLEMS_FOUND, ["checkpoint", "total_part"])
        sight = await LedgerWatch(bus.dsn, bus.prefix).look(wall_clock())
        assert sight.compared_below[TopicPartition("dossier.v1", 0)] >= EVERY
