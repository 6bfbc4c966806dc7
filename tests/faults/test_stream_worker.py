"""Stream workers as real processes under fire, on a real Kafka: what they commit is what a plain loop says.

The engine is the counting processor, so the truth is exact, record by record; the processes, the host and the way to
Kafka are the worker's own.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from lienthong_infra import exit_codes
from tests.support.brokers import KafkaKit
from tests.support.fleet import ENDS, FAUST, MIXED, PLAIN, Fleet, Hosts, Storm, storm_name
from tests.support.stage import Stage

pytestmark = pytest.mark.broker


@pytest.fixture
async def stage(kafka_bootstrap: str, unique_prefix: str) -> AsyncIterator[Stage]:
    """Topics with four partitions on a real Kafka."""
    kit = KafkaKit(kafka_bootstrap, unique_prefix)
    yield await Stage(kit, partitions=4).prepare()
    await kit.close()


@pytest.fixture
def hosts() -> Hosts:
    """On which host each worker runs."""
    return PLAIN


@pytest.fixture
def fleet(stage: Stage, hosts: Hosts, kafka_bootstrap: str, unique_prefix: str, tmp_path: Path) -> Iterator[Fleet]:
    """Counting workers for these topics."""
    arguments = (kafka_bootstrap, unique_prefix)
    fleet = Fleet("tests.support.counting_process", arguments, tmp_path, own=lambda name: [hosts[name]])
    yield fleet
    fleet.close()


async def feed(stage: Stage, records: int, per_second: int) -> None:
    """Write so many records, a little at a time."""
    chunk = max(1, per_second // 20)
    for start in range(0, records, chunk):
        await stage.write(min(chunk, records - start))
        await asyncio.sleep(chunk / per_second)


@pytest.mark.parametrize("hosts", [PLAIN, pytest.param(FAUST, marks=pytest.mark.faults)], ids=storm_name)
async def test_three_kills_leave_no_trace(stage: Stage, fleet: Fleet) -> None:
    """kill -9 in the middle of work, death between two effects, SIGTERM: with two workers, while records flow."""
    fleet.start("a")
    fleet.start("b", "commit", "9")
    feeding = asyncio.create_task(feed(stage, records=6_000, per_second=600))
    assert await fleet.ended("b", limit_s=30) == -SIGKILL
    fleet.start("b")
    await asyncio.sleep(1.5)
    await fleet.kill("a")
    fleet.start("a")
    await fleet.has_said("b", "stream-worker-started", 2)
    fleet.signal("b", SIGTERM)
    assert await fleet.ended("b") == exit_codes.GOOD
    await feeding
    await stage.until_said()
    fleet.signal("a", SIGTERM)
    assert await fleet.ended("a") == exit_codes.GOOD
    await stage.assert_exact()


def test_a_worker_without_a_broker_gives_up_with_its_exit_code() -> None:
    """One clear line for each step, then exit code 69."""
    done = subprocess.run(
        [sys.executable, "-m", "lienthong.cli.main", "stream", "deadlines", "--give-up", "4"],
        env={**os.environ, "LIENTHONG_BOOTSTRAP": "127.0.0.1:9"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == exit_codes.UNAVAILABLE
    lines = done.stderr.splitlines()
    steps = [line for line in lines if "broker-unavailable" in line]
    assert len(steps) >= 2
    assert all("address=127.0.0.1:9 attempt=" in line for line in steps)
    others = [line.split()[2] for line in lines if line not in steps]
    assert others == ["stream-worker-started", "stream-worker-failed"]


@pytest.mark.faults
@pytest.mark.parametrize(("hosts", "seed"), [(PLAIN, 1), (PLAIN, 2), (FAUST, 1), (MIXED, 3)], ids=storm_name)
async def test_a_storm_leaves_no_trace(stage: Stage, fleet: Fleet, seed: int) -> None:
    """Ten kills, ten deaths between effects, ten SIGTERMs, zombies and rebalances during 50,000 records.

    On either host, and on both at once: they share the partitions of a bus.
    """
    fleet.start("a")
    fleet.start("b")
    storm = Storm(fleet, seed)
    faults = ["kill"] * 10 + ["effect"] * 10 + ["term"] * 10 + ["freeze"] * 3 + ["join"] * 3
    blowing = asyncio.create_task(storm.blow(faults))
    feeding = asyncio.create_task(feed(stage, records=50_000, per_second=400))
    await asyncio.gather(blowing, feeding)
    said = asyncio.create_task(stage.until_said(limit_s=120))
    await fleet.revive_until(said)
    for name in "ab":
        if fleet.alive(name):
            assert await fleet.leave(name) == exit_codes.GOOD
    await stage.assert_exact()
    assert storm.done == Counter(faults)
    assert {code for _, code in fleet.exits} <= ENDS
