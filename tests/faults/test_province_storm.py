"""The deadline workers under fire while a simulated province comes in, scrambled: what stands is what must stand.

A delivery has 5 % duplicates, 10 % out of order and an office that is three days late. Faults come every two to four
seconds: kill -9, SIGTERM, zombies (SIGSTOP beyond the session), a third worker that joins and leaves.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from lienthong.simulation import prepare_simulated_bus, simulation_of
from lienthong_infra import exit_codes
from lienthong_producers.domain.simulation.options import Disorder, Flaws, Outage, Size
from tests.support.announced import applied_everywhere
from tests.support.fleet import ENDS, FAUST, PLAIN, Fleet, Hosts, Storm, storm_name
from tests.support.province_storm import Imported, PauseWatch, bring, judge, right_figures, truth_of, wrong_totals
from tests.support.whole_bus import WholeBus

pytestmark = [pytest.mark.broker, pytest.mark.faults]

NO_LEDGER = "postgresql://nobody@127.0.0.1:9/none"
SCRAMBLED = Disorder(duplicates=0.05, out_of_order=0.10, outages=(Outage("H27.40.3", 3),))
APART_S = 2.0, 4.0
FIGURES_LIMIT_S = 60.0
"""Figures are published every two seconds, and once more where an owner has changed."""


@pytest.fixture
async def bus(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[WholeBus]:
    """A bus without workers of its own; its topics are made with its province."""
    bus = WholeBus(kafka_bootstrap, NO_LEDGER, unique_prefix)
    yield bus
    await bus.close(asyncio.Event())


@pytest.fixture
def fleet(bus: WholeBus, hosts: Hosts, tmp_path: Path) -> Iterator[Fleet]:
    """Deadline workers, as a user starts them."""
    verb = ("stream", "deadlines", "--prefix", bus.prefix)
    arguments = (*verb, "--session-timeout", "6", "--tick-commit", "0.5", "--figures-every", "2")
    environment = {"LIENTHONG_BOOTSTRAP": bus.bootstrap}
    fleet = Fleet("lienthong.cli.main", arguments, tmp_path, environment, lambda name: ("--host", hosts[name]))
    yield fleet
    fleet.close()


async def end_in_good_order(fleet: Fleet) -> None:
    """All that run leave with exit code 0."""
    for name in "ab":
        if fleet.alive(name):
            assert await fleet.leave(name) == exit_codes.GOOD


class Storms(NamedTuple):
    """A province, how quickly it comes in, and what happens meanwhile."""

    size: Size
    events_per_second: float
    faults: list[str]


async def survive(bus: WholeBus, fleet: Fleet, storms: Storms) -> Imported:
    """Bring a province while faults come, wait until all is applied, and judge."""
    simulation = simulation_of(storms.size, Flaws(), SCRAMBLED)
    await prepare_simulated_bus(bus.bootstrap, bus.prefix, simulation.province)
    fleet.start("a")
    fleet.start("b")
    storm, watch = Storm(fleet, seed=storms.size.seed, apart_s=APART_S), PauseWatch(bus)
    looking = asyncio.create_task(watch.look())
    bringing = asyncio.create_task(bring(bus, simulation, SCRAMBLED, events_per_second=storms.events_per_second))
    await storm.blow(list(storms.faults))
    imported = await bringing
    await fleet.revive_until(asyncio.create_task(applied_everywhere(bus, simulation.horizon)))
    assert looking.cancel(), "it should have looked to the end"
    truth = await truth_of(bus, simulation.horizon, imported.heard)
    snapshots = await right_figures(bus, truth, limit_s=FIGURES_LIMIT_S)
    await end_in_good_order(fleet)
    judgement = await judge(bus, truth)
    totals = await wrong_totals(bus, truth)
    cells = sum(map(len, truth.figures.values()))
    print(f"{imported.events} events, {imported.again} of them again; {dict(storm.done)}")  # noqa: T201 - worth reading
    print(f"{judgement.standing} stand, {cells} cells, {snapshots} snapshots; pause {watch.longest_s:.1f} s")  # noqa: T201
    assert judgement.is_right, judgement
    assert totals == []
    assert storm.done == Counter(storms.faults)
    assert {code for _, code in fleet.exits} <= ENDS
    return imported


@pytest.mark.parametrize("hosts", [PLAIN], ids=storm_name)
async def test_a_province_is_judged_rightly_after_a_storm(bus: WholeBus, fleet: Fleet) -> None:
    """50,000 events, all kinds of case, 69 communes."""
    faults = ["kill"] * 8 + ["term"] * 5 + ["freeze"] * 2 + ["join"] * 3
    imported = await survive(bus, fleet, Storms(Size(seed=1, dossiers_per_day=330.0), 450.0, faults))
    assert imported.events > 48_000


@pytest.mark.long
@pytest.mark.parametrize("hosts", [PLAIN, FAUST], ids=storm_name)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_large_province_is_judged_rightly_after_a_long_storm(bus: WholeBus, fleet: Fleet, seed: int) -> None:
    """300,000 events and at least 40 faults, with several seeds."""
    faults = ["kill"] * 20 + ["term"] * 10 + ["freeze"] * 6 + ["join"] * 6
    imported = await survive(bus, fleet, Storms(Size(seed=seed, dossiers_per_day=2_030.0), 1_200.0, faults))
    assert imported.events > 295_000
