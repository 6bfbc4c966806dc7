"""The ledger under a storm on a real Kafka and PostgreSQL: it is a recount of the log, 0 lost, 0 twice."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from lienthong_consumers.ledger.database import connect_now
from lienthong_consumers.ledger.recount import differences
from lienthong_infra import exit_codes
from lienthong_infra.embedded.postgres import EmbeddedPostgres
from tests.support.ledger_fire import LedgerFire, province
from tests.support.ledger_process import POINTS
from tests.support.ledger_storm import FREEZE, Storm, Weather
from tests.support.servers import temporary_home

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
    too_early = -signal.SIGTERM  # asked to end before it could hear: it had come back by itself a moment ago
    assert set(storm.codes) <= {-signal.SIGKILL, exit_codes.GOOD, exit_codes.TEMPORARY_FAILURE, too_early}
    assert storm.codes[exit_codes.TEMPORARY_FAILURE] <= 2, "only a zombie may find itself fenced"
    assert set(storm.surprises) <= {exit_codes.TEMPORARY_FAILURE}, "a batch beyond its time limit, at most"


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A database of its own, which a storm may restart."""
    home = temporary_home()
    made = EmbeddedPostgres(home)
    yield made
    made.reset()
    shutil.rmtree(home, ignore_errors=True)


@dataclass
class Fires:
    """Makes storms over simulated provinces."""

    bus: tuple[str, str, Path]
    server: EmbeddedPostgres
    made: list[LedgerFire] = field(default_factory=list)

    async def begin(self, events: int, seed: int, *flags: str, piece: int = 50) -> LedgerFire:
        """A bus with two sinks, and a province that waits to be brought."""
        bootstrap, prefix, folder = self.bus
        dsn = self.server.start_with_database(tied=True)
        fire = LedgerFire(bootstrap, dsn, prefix, folder, Weather(seed, province(events, seed), piece, flags))
        fire.use(self.server)
        self.made.append(fire)
        await fire.begin()
        return fire


@pytest_asyncio.fixture
async def fires(
    kafka_bootstrap: str, server: EmbeddedPostgres, unique_prefix: str, tmp_path: Path
) -> AsyncIterator[Fires]:
    """Storms that are over when the test is."""
    made = Fires((kafka_bootstrap, unique_prefix, tmp_path), server)
    try:
        yield made
    finally:
        for fire in made.made:
            await fire.close()


async def burn(fire: LedgerFire, plan: Plan) -> None:
    """All faults of a plan in an order of chance, then the rest of the records."""
    faults: list[Callable[[], Awaitable[None]]] = [lambda: fire.strike(signal.SIGKILL)] * plan.kills
    faults += [lambda: fire.strike(signal.SIGTERM)] * plan.ends
    faults += [lambda: fire.strike(FREEZE)] * plan.zombies
    faults += [partial(fire.freeze_at, point) for point in POINTS[: plan.zombies_with_a_batch]]
    faults += [partial(fire.die_at, point) for point in POINTS]
    faults += [partial(fire.restart_database, (signal.SIGINT, signal.SIGQUIT)[n % 2]) for n in range(plan.restarts)]
    faults += [lambda: fire.block(plan.blocked_s)]
    fire.chance.shuffle(faults)
    for fault in faults:
        await fault()
    await fire.finish(sys.maxsize)


class Plan(NamedTuple):
    """How often what happens."""

    kills: int
    ends: int
    zombies: int
    zombies_with_a_batch: int
    restarts: int
    blocked_s: float


SOME_OF_EACH = Plan(kills=3, ends=1, zombies=1, zombies_with_a_batch=1, restarts=1, blocked_s=23.0)
ALL = Plan(kills=25, ends=8, zombies=4, zombies_with_a_batch=3, restarts=4, blocked_s=60.0)
RESTARTED = {exit_codes.TEMPORARY_FAILURE, exit_codes.UNAVAILABLE}


async def assert_exact_after_all(fire: LedgerFire, plan: Plan, events: int) -> None:
    """0 rows wrong, 0 cells wrong; sinks ended by what was done to them, or came back by themselves."""
    assert await fire.wrong() == {}
    assert fire.written >= events
    assert fire.codes[-signal.SIGKILL] >= plan.kills + len(POINTS)
    too_early = -signal.SIGTERM  # asked to end before it could hear: it had come back by itself a moment ago
    assert set(fire.codes) <= {-signal.SIGKILL, exit_codes.GOOD, exit_codes.TEMPORARY_FAILURE, too_early}
    assert set(fire.surprises) <= RESTARTED


@pytest.mark.faults
async def test_a_province_survives_some_of_each_fault(fires: Fires) -> None:
    """50,000 records; kills, orderly ends, zombies, deaths at each named point, the database restarted and blocked."""
    fire = await fires.begin(EVENTS, 1)
    await burn(fire, SOME_OF_EACH)
    await assert_exact_after_all(fire, SOME_OF_EACH, EVENTS)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1])
async def test_a_province_survives_a_long_storm(fires: Fires, seed: int) -> None:
    """300,000 records; 29 kills, 7 zombies, the database restarted 4 times (2 crashes), and blocked for 60 s."""
    fire = await fires.begin(6 * EVENTS, seed, piece=150)
    await burn(fire, ALL)
    await assert_exact_after_all(fire, ALL, 6 * EVENTS)


async def with_a_zombie(fire: LedgerFire) -> dict[str, list[Any]]:
    """A sink that stands still with a batch in its hands while the other takes it, and then goes on: what is wrong."""
    await fire.freeze_at()
    await fire.finish(sys.maxsize)
    return await fire.wrong()


@pytest.mark.faults
async def test_with_the_fence_a_zombie_s_batch_counts_once(fires: Fires) -> None:
    """The control of the next test."""
    assert await with_a_zombie(await fires.begin(SLICE_EVENTS, 2)) == {}


@pytest.mark.faults
async def test_without_the_fence_a_zombie_s_batch_counts_twice(fires: Fires) -> None:
    """So the storm would notice if the fence were lost."""
    wrong = await with_a_zombie(await fires.begin(SLICE_EVENTS, 2, "--without-fence"))
    assert "records" in wrong


async def with_a_client_that_loses(fire: LedgerFire) -> dict[str, list[Any]]:
    """One kill, and all the way a client that loses what it has fetched now and then: what is wrong."""
    await fire.strike(signal.SIGKILL)
    await fire.finish(sys.maxsize)
    return await fire.wrong()


@pytest.mark.faults
async def test_by_the_position_rule_what_a_client_loses_is_read_again(fires: Fires) -> None:
    """The control of the next test."""
    assert await with_a_client_that_loses(await fires.begin(SLICE_EVENTS, 3, "--losing")) == {}


@pytest.mark.faults
async def test_without_the_position_rule_what_a_client_loses_is_lost(fires: Fires) -> None:
    """So the storm would notice if runs no longer began exactly at the position."""
    wrong = await with_a_client_that_loses(await fires.begin(SLICE_EVENTS, 3, "--losing", "--without-start"))
    assert wrong.keys() >= {"rows", "cells", "events"}
