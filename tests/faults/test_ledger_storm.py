"""The ledger under a storm on a real Kafka and PostgreSQL: it is a recount of the log, 0 lost, 0 twice."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.recount import differences
from lienthong_infra import exit_codes
from tests.support.ledger_process import POINTS
from tests.support.ledger_storm import FREEZE, Storm

pytestmark = pytest.mark.broker

EVENTS = 50_000
EACH = 10
SLICE_EVENTS = 4_000


@pytest_asyncio.fixture
async def storm(kafka_bootstrap: str, postgres_dsn: str, unique_prefix: str, tmp_path: Path) -> AsyncIterator[Storm]:
    """A bus with two sinks."""
    made = Storm(kafka_bootstrap, postgres_dsn, unique_prefix, tmp_path)
    try:
        await made.begin()
        yield made
    finally:
        await made.close()


async def exact_after(storm: Storm, least: int, dsn: str, prefix: str) -> None:
    """The rest is taken, and everything adds up."""
    await storm.finish(least)
    assert storm.found() == storm.expected()
    with connect_now(dsn, prefix) as connection:
        assert differences(connection) == []


async def test_three_ends_lose_nothing(storm: Storm, postgres_dsn: str, unique_prefix: str) -> None:
    """A kill, an orderly end, and a death between the writes and the commit."""
    await storm.strike(signal.SIGKILL)
    await storm.strike(signal.SIGTERM)
    await storm.die_at("written")
    await exact_after(storm, SLICE_EVENTS, postgres_dsn, unique_prefix)
    assert (storm.codes, storm.surprises) == ({-signal.SIGKILL: 2, exit_codes.GOOD: 4}, {})


@pytest.mark.faults
async def test_a_storm_of_ends_loses_nothing(storm: Storm, postgres_dsn: str, unique_prefix: str) -> None:
    """10 kills, 10 orderly ends, 2 zombies, 2 deaths at each named point, over two sinks that share the partitions."""
    strikes = [signal.SIGKILL, signal.SIGTERM] * EACH + [FREEZE] * 2
    storm.chance.shuffle(strikes)
    for number, how in enumerate(strikes):
        await storm.strike(how)
        if number < 2 * len(POINTS):
            await storm.die_at(POINTS[number % len(POINTS)])
    await exact_after(storm, EVENTS, postgres_dsn, unique_prefix)
    assert storm.codes[-signal.SIGKILL] == EACH + 2 * len(POINTS)
    assert set(storm.codes) <= {-signal.SIGKILL, exit_codes.GOOD, exit_codes.TEMPORARY_FAILURE}
    assert storm.codes[exit_codes.TEMPORARY_FAILURE] <= 2, "only a zombie may find itself fenced"
    assert storm.surprises == {}
