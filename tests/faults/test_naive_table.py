"""The proof that the storms bite: a plain Faust agent with a Table, doing the same job under the same faults, is wrong.

Decision 0002 has larger measurements of the same thing, and why it cannot be otherwise: the Table's producer has no
fence, offsets are committed apart from the state, and what a rebalance interrupts is lost or done again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from signal import SIGTERM

import pytest

from tests.support.brokers import KafkaKit, records_of
from tests.support.counting import OUTPUT
from tests.support.fleet import FROZEN_S, Fleet
from tests.support.stage import Stage

pytestmark = [pytest.mark.broker, pytest.mark.faults]

RECORDS = 8_000
PER_SECOND = 200
QUIET_S = 15.0
"""Nothing more comes after so long; longer than a session and a rebalance."""
SETTLE_LIMIT_S = 150.0


@pytest.fixture
async def stage(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[Stage]:
    """Topics with four partitions on a real Kafka."""
    kit = KafkaKit(kafka_bootstrap, unique_prefix)
    yield await Stage(kit, partitions=4).prepare()
    await kit.close()


@pytest.fixture
def fleet(stage: Stage, kafka_bootstrap: str, unique_prefix: str, tmp_path: Path) -> Iterator[Fleet]:
    """Naive workers for these topics."""
    fleet = Fleet("tests.support.naive_table", (kafka_bootstrap, unique_prefix), tmp_path)
    yield fleet
    fleet.close()


async def feed(stage: Stage) -> None:
    """Write all records, a little at a time."""
    chunk = PER_SECOND // 20
    for _ in range(0, RECORDS, chunk):
        await stage.write(chunk)
        await asyncio.sleep(chunk / PER_SECOND)


async def settled(stage: Stage, fleet: Fleet) -> None:
    """Return once nothing more is said; whatever has ended is started again."""
    clock = asyncio.get_running_loop().time
    seen, since, limit = -1, clock(), clock() + SETTLE_LIMIT_S
    while clock() < min(since + QUIET_S, limit):
        fleet.revive()
        now = sum(map(len, (await stage.outputs()).values()))
        if now != seen:
            seen, since = now, clock()
        await asyncio.sleep(1.0)


async def wrongs(stage: Stage) -> Counter[str]:
    """How many outputs are missing, say what is not so, or are said again."""
    found: Counter[str] = Counter()
    for number, truth in (await stage.expected()).items():
        told = Counter((each.key or b"", each.value or b"") for each in await records_of(stage.kit, OUTPUT, number))
        found["missing"] += len(set(truth) - told.keys())
        found["wrong"] += len(told.keys() - set(truth))
        found["again"] += sum(told.values()) - len(told)
    return found


async def test_without_faults_a_naive_table_is_right(stage: Stage, fleet: Fleet) -> None:
    """So what the next test finds is the doing of the faults."""
    fleet.start("a")
    await feed(stage)
    await settled(stage, fleet)
    assert await wrongs(stage) == Counter()


async def test_under_faults_a_naive_table_is_wrong(stage: Stage, fleet: Fleet) -> None:
    """Joins, kills, a frozen worker, SIGTERMs: counts that never were are said, or some never; doubles are forgiven."""
    fleet.start("a")
    feeding = asyncio.create_task(feed(stage))
    for _ in range(2):
        await asyncio.sleep(6)
        fleet.start("b")
        await asyncio.sleep(8)
        await fleet.kill("b")
        await fleet.freeze("a", FROZEN_S)
        fleet.revive()
        fleet.signal("a", SIGTERM)
        with suppress(TimeoutError):  # it is known to hang
            await fleet.ended("a")
        if fleet.alive("a"):
            await fleet.kill("a")
        fleet.start("a")
    await feeding
    await settled(stage, fleet)
    found = await wrongs(stage)
    assert found["missing"] + found["wrong"] > 0, found
