"""Several processes for the live totals: one writes, the others stand by. Source: decision 0024."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from lienthong_infra.errors import Fenced, UnavailableError
from lienthong_infra.memory_group import MemoryGroup, MemoryMembership
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND
from lienthong_streams.totals_host import PARTIALS, TotalsPorts
from lienthong_streams.totals_shift import Shift
from tests.support.merged import added_up, plain_totals, snapshot
from tests.support.totals_bus import Bus, Observed

LIMIT_S = 20.0
NONE = {"received": 0, "in_process": 0, "pending_in_time": 0}


@dataclass
class Process:
    """One of several processes, as far as one sees it."""

    membership: MemoryMembership
    observed: Observed = field(default_factory=Observed)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    async def leave(self) -> None:
        """Ask it to end, and wait for it; raises what it ended on."""
        self.stop.set()
        assert self.task is not None
        await self.task


class Crew:
    """Processes for one bus, in one group."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.group = MemoryGroup(self.bus.broker)
        self.started: list[Process] = []

    def start(self, ports_of: Callable[[], TotalsPorts] | None = None) -> Process:
        """Start one more."""
        process = Process(self.group.membership())
        ports = ports_of or (lambda: self.bus.ports(process.observed))
        shift = Shift(process.membership, ports, process.observed, show_s=0.01)
        process.task = asyncio.create_task(shift.run(process.stop))
        self.started.append(process)
        return process

    def publish(self, received: int) -> None:
        """An owner of a partition publishes, and an interval goes by."""
        counted = dict.fromkeys(NONE, received)
        self.bus.publish(snapshot(counted, position=received))
        self.bus.now += MICROSECONDS_PER_SECOND

    def says(self, received: int) -> bool:
        """Whether the totals are those of what was published last."""
        expected = added_up([snapshot(dict.fromkeys(NONE, received))])
        without_fields = {
            (*name[:4], "" if name[0] == "unit-field" else name[4]): each for name, each in expected.items()
        }
        return plain_totals(self.bus.standing().values()) == without_fields


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110 - looked at from outside
            await asyncio.sleep(0.005)


@asynccontextmanager
async def crew_at_work() -> AsyncIterator[Crew]:
    """A crew of which nobody is left afterwards."""
    crew = Crew()
    try:
        yield crew
    finally:
        for process in crew.started:
            assert process.task is not None
            process.task.cancel()
        await asyncio.gather(*(each.task for each in crew.started if each.task), return_exceptions=True)


async def test_one_writes_and_the_other_stands_by() -> None:
    """Only the one that the group has chosen counts as active."""
    async with crew_at_work() as crew:
        crew.publish(3)
        first, second = crew.start(), crew.start()
        await until(lambda: crew.says(3) and len([one for one in crew.started if one.observed.is_active]) == 1)
        crew.publish(4)
        await until(lambda: crew.says(4) and {first.observed.is_active, second.observed.is_active} == {True, False})
        assert not [one for one in crew.started if one.task is not None and one.task.done()]


async def test_a_turn_that_is_taken_back_is_over_before_the_next_begins() -> None:
    """Also where the same process gets it again: two hosts in one process would shut each other out."""
    async with crew_at_work() as crew:
        process = crew.start()
        for received in range(1, 4):
            await until(lambda: process.observed.is_active is True and process.observed.position >= 0)
            turns = process.observed.turns
            crew.start()
            await until(lambda before=turns: process.observed.turns > before)  # type: ignore[misc]
            crew.publish(received)
            await until(lambda now=received: crew.says(now))  # type: ignore[misc]
        crew.publish(9)
        await until(lambda: crew.says(9))
        assert process.observed.at_once == 1
        assert process.task is not None
        assert not process.task.done()


async def test_when_it_leaves_the_other_goes_on() -> None:
    """With what came while nobody wrote."""
    async with crew_at_work() as crew:
        first = crew.start()
        await until(lambda: first.observed.is_active is True and first.observed.position >= 0)
        crew.publish(3)
        await until(lambda: crew.says(3))
        second = crew.start()
        await first.leave()
        crew.publish(4)
        await until(lambda: crew.says(4))
        assert first.observed.is_active is False
        await until(lambda: second.observed.is_active is True)


async def test_one_that_was_shut_out_ends_and_nothing_of_it_stands() -> None:
    """Its session has timed out and it does not know; it wakes up behind its successor."""
    async with crew_at_work() as crew:
        zombie = crew.start()
        await until(lambda: zombie.observed.position >= 0)
        crew.start()
        await until(lambda: len([one for one in crew.started if one.observed.is_active]) == 1)
        on_duty = next(one for one in crew.started if one.observed.is_active)
        standing_by = next(one for one in crew.started if one is not on_duty)
        await crew.group.expel(on_duty.membership)
        await until(lambda: standing_by.observed.position >= 0 and standing_by.observed.is_active is True)
        crew.publish(5)
        await until(lambda: crew.says(5))
        assert on_duty.task is not None
        with pytest.raises(Fenced):
            await on_duty.task
        assert crew.says(5)


async def test_the_position_is_shown_to_those_who_look_from_outside() -> None:
    """Up to where everything stands, as the group's offset."""
    async with crew_at_work() as crew:
        crew.publish(1)
        crew.publish(2)
        crew.start()
        await until(lambda: crew.group.shown.get(PARTIALS) == (2, ""))
        assert crew.group.shown[PARTIALS] == (2, "")


async def test_whatever_goes_wrong_in_a_turn_ends_the_process() -> None:
    """Its supervisor starts it again; meanwhile another has the turn."""

    def away() -> NoReturn:
        raise UnavailableError("away")

    async with crew_at_work() as crew:
        process = crew.start(away)
        assert process.task is not None
        with pytest.raises(UnavailableError):
            await process.task
