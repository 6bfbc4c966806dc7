"""How long a record waits for its output after each kind of fault: ``python -m benchmarks.pauses plain`` or ``faust``.

Two counting workers with a session of six seconds, 100 records a second, faults 14 s apart. Prints, for each fault, the
longest time between a record and its output among the records written until the next fault.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import sys
import tempfile
import time
from pathlib import Path
from signal import SIGTERM

from rich.console import Console

from lienthong_infra.embedded.servers import bootstrap as broker_address
from lienthong_infra.settings import load_settings
from tests.support.brokers import KafkaKit, records_of
from tests.support.counting import OUTPUT
from tests.support.fleet import FROZEN_S, Fleet
from tests.support.stage import INPUT, Stage

APART_S = 14.0
PARTITIONS = 4
PER_TENTH = 10
TAKEN = "partition-taken-over"
"""What a worker logs for each partition."""


async def feed(stage: Stage, stop: asyncio.Event) -> None:
    """Write until told to stop."""
    while not stop.is_set():
        await stage.write(PER_TENTH)
        await asyncio.sleep(0.1)


async def back(fleet: Fleet, name: str = "b") -> None:
    """Start a worker, and wait until it has partitions again: the next fault must hit one at work."""
    taken = 0 if name == "c" else fleet.times_said(name, TAKEN)
    fleet.start(name)
    async with asyncio.timeout(60):
        while fleet.times_said(name, TAKEN) <= taken:
            fleet.revive()
            await asyncio.sleep(0.2)


async def kill(fleet: Fleet) -> None:
    """kill -9 and a new start, as a supervisor does it."""
    await fleet.kill("b")
    await back(fleet)


async def term(fleet: Fleet) -> None:
    """SIGTERM and a new start."""
    fleet.signal("b", SIGTERM)
    await fleet.ended("b")
    await back(fleet)


async def freeze(fleet: Fleet) -> None:
    """Frozen for longer than a session; it ends by itself when it wakes up, and is started again."""
    taken = fleet.times_said("b", TAKEN)
    await fleet.freeze("b", FROZEN_S)
    await asyncio.sleep(2)
    async with asyncio.timeout(60):
        while fleet.times_said("b", TAKEN) <= taken:
            fleet.revive()
            await asyncio.sleep(0.2)


async def join(fleet: Fleet) -> None:
    """A third worker comes."""
    await back(fleet, "c")


async def leave(fleet: Fleet) -> None:
    """It goes again."""
    fleet.signal("c", SIGTERM)
    await fleet.ended("c")


async def calm(fleet: Fleet) -> None:
    """Nothing happens."""


FAULTS = (calm, kill, term, freeze, join, leave)


async def measure(stage: Stage, fleet: Fleet) -> dict[str, tuple[float, float]]:
    """By fault, when it happened and when the next one did."""
    stop, windows = asyncio.Event(), {}
    fleet.start("a")
    fleet.start("b")
    for name in "ab":
        await fleet.has_said(name, TAKEN)
    feeding = asyncio.create_task(feed(stage, stop))
    await asyncio.sleep(5)
    for fault in FAULTS:
        begun = time.time()
        await fault(fleet)
        await asyncio.sleep(max(0.0, APART_S - (time.time() - begun)))
        windows[fault.__name__] = (begun, time.time())
    stop.set()
    await feeding
    await stage.until_said()
    return windows


async def waits(stage: Stage) -> list[tuple[float, float]]:
    """Of each record, when it was written, and how many seconds later its output."""
    found = []
    for number in range(PARTITIONS):
        written = {each.offset: each.timestamp for each in await records_of(stage.kit, INPUT, number)}
        for said in await records_of(stage.kit, OUTPUT, number):
            match = re.search(rb"@(\d+)=", said.value or b"")
            assert match is not None
            at = written[int(match[1])]
            found.append((at / 1000, (said.timestamp - at) / 1000))
    return found


async def main(host: str) -> None:
    """Measure one host."""
    address, prefix = broker_address(load_settings(), tied=True), f"pauses-{secrets.token_hex(4)}"
    kit = KafkaKit(address, prefix)
    stage = await Stage(kit, partitions=PARTITIONS).prepare()
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet("tests.support.counting_process", (address, prefix, host), Path(folder))
        try:
            windows = await measure(stage, fleet)
        finally:
            fleet.close()
    found = await waits(stage)
    await stage.assert_exact()
    await kit.close()
    console = Console()
    for name, (begun, ended) in windows.items():
        longest = max(wait for at, wait in found if begun - 1 <= at < ended - 1)
        console.print(f"{host:6} {name:7} {longest:5.1f} s")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
