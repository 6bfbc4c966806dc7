"""The deadline worker itself under fire: the municipal log is imported while workers die, and the clocks are right."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lienthong.municipal import import_municipal_days, prepare_municipal_bus
from lienthong_infra import exit_codes
from lienthong_producers.domain.municipal_log import days
from lienthong_producers.municipal_file import municipal_events
from lienthong_schemas.instants import instant_of
from tests.support.agreement import events_of, settled_by_fold
from tests.support.announced import applied_everywhere, standing_on_bus
from tests.support.fleet import ENDS, FAUST, PLAIN, Fleet, Hosts, Storm, storm_name
from tests.support.municipal_recount import LAST_EVENT
from tests.support.whole_bus import WholeBus

pytestmark = pytest.mark.broker

NO_LEDGER = "postgresql://nobody@127.0.0.1:9/none"
VERDICTS = {"breached": 416, "met": 952, "met-late": 377}
"""Facts of the data at the log's last event."""


@pytest.fixture
async def bus(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[WholeBus]:
    """A bus without workers of its own, ready for the municipal log."""
    await prepare_municipal_bus(kafka_bootstrap, unique_prefix)
    bus = WholeBus(kafka_bootstrap, NO_LEDGER, unique_prefix)
    yield bus
    await bus.close(asyncio.Event())


@pytest.fixture
def hosts() -> Hosts:
    """On which host each worker runs."""
    return PLAIN


@pytest.fixture
def fleet(bus: WholeBus, hosts: Hosts, tmp_path: Path) -> Iterator[Fleet]:
    """Deadline workers, as a user starts them."""
    arguments = ("stream", "deadlines", "--session-timeout", "6", "--tick-commit", "0.5", "--prefix", bus.prefix)
    environment = {"LIENTHONG_BOOTSTRAP": bus.bootstrap}
    fleet = Fleet("lienthong.cli.main", arguments, tmp_path, environment, lambda name: ("--host", hosts[name]))
    yield fleet
    fleet.close()


async def import_log(bus: WholeBus, *, days_per_second: float) -> None:
    """The whole log, paced."""
    horizon = instant_of(LAST_EVENT)
    log = list(days(municipal_events(until=horizon), horizon))
    await import_municipal_days(bus.bootstrap, bus.prefix, log, days_per_second=days_per_second)


async def assert_right_clocks(bus: WholeBus) -> None:
    """The clocks that stand are those of the engine's fold in a plain loop over the log, and the facts of the data."""
    standing = await standing_on_bus(bus)
    assert standing == await settled_by_fold(bus, await events_of(bus), instant_of(LAST_EVENT))
    kinds = Counter(key.split("|")[3] for key, _ in standing if key.split("|")[1] != "finding")
    assert {kind: kinds[kind] for kind in VERDICTS} == VERDICTS


async def end_in_good_order(fleet: Fleet) -> None:
    """All that run leave with exit code 0."""
    for name in "ab":
        if fleet.alive(name):
            assert await fleet.leave(name) == exit_codes.GOOD


@pytest.mark.faults
@pytest.mark.parametrize("hosts", [PLAIN, FAUST], ids=storm_name)
async def test_the_clocks_are_right_after_a_storm(bus: WholeBus, fleet: Fleet) -> None:
    """Ten kills, ten SIGTERMs, zombies and rebalances while the log comes in."""
    fleet.start("a")
    fleet.start("b")
    storm = Storm(fleet, seed=3)
    faults = ["kill"] * 10 + ["term"] * 10 + ["freeze"] * 2 + ["join"] * 2
    await asyncio.gather(storm.blow(faults), import_log(bus, days_per_second=6.0))
    await fleet.revive_until(asyncio.create_task(applied_everywhere(bus, instant_of(LAST_EVENT))))
    await end_in_good_order(fleet)
    await assert_right_clocks(bus)
    assert storm.done == Counter(faults)
    assert {code for _, code in fleet.exits} <= ENDS


async def test_the_clocks_are_right_after_a_kill(bus: WholeBus, fleet: Fleet) -> None:
    """kill -9 of one of two workers while the log comes in; the other one takes over."""
    fleet.start("a")
    fleet.start("b")
    importing = asyncio.create_task(import_log(bus, days_per_second=60.0))
    await asyncio.sleep(6.0)
    await fleet.kill("a")
    await importing
    await fleet.revive_until(asyncio.create_task(applied_everywhere(bus, instant_of(LAST_EVENT))))
    await end_in_good_order(fleet)
    await assert_right_clocks(bus)
