"""The desk between the host and Faust: one demand at a time, filled through the agent, dropped by a rebalance."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Collection

import pytest

from lienthong_infra import exit_codes
from lienthong_infra.ports import TopicPartition
from lienthong_streams.faust_host.desk import Desk

A, B = TopicPartition("in.v1", 0), TopicPartition("in.v1", 1)


class Listener:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, frozenset[TopicPartition]]] = []

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """Given."""
        self.heard.append(("assigned", frozenset(partitions)))

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """Taken."""
        self.heard.append(("revoked", frozenset(partitions)))


async def test_a_demand_is_answered_once_all_its_runs_came_through_the_agent() -> None:
    """Two partitions, one after the other."""
    desk = Desk()
    fetching = asyncio.create_task(desk.fetch(1.0))
    demand = await desk.demand()
    demand.expect(2)
    demand.take(A, ["first"])
    assert not demand.filled.done()
    demand.take(B, ["second"])
    assert await fetching == {A: ["first"], B: ["second"]}


async def test_nothing_is_fetched_before_it_is_asked_for() -> None:
    """What the host seeks must hold for what is fetched next; and a demand that was answered is none any more."""
    desk = Desk()
    fetcher = asyncio.create_task(desk.demand())
    await asyncio.sleep(0)
    assert not fetcher.done()
    fetching = asyncio.create_task(desk.fetch(1.0))
    (await fetcher).expect(0)
    assert await fetching == {}
    again = asyncio.create_task(desk.demand())
    await asyncio.sleep(0)
    assert not again.done()
    again.cancel()


@pytest.mark.parametrize("event", ["assigned", "revoked"])
async def test_a_rebalance_answers_an_open_demand_with_what_is_there(event: str) -> None:
    """Faust drops what it has in hand without a word; what comes late is dropped here."""
    desk, listener = Desk(), Listener()
    desk.open(listener)
    fetching = asyncio.create_task(desk.fetch(1.0))
    demand = await desk.demand()
    demand.expect(2)
    demand.take(A, ["first"])
    await getattr(desk, event)([A])
    demand.take(B, ["late"])
    assert list(await fetching) == [A]
    assert listener.heard == [(event, frozenset({A}))]


async def test_partitions_wait_for_a_host_that_is_not_ready() -> None:
    """Faust may be given partitions before the host has read ticks and reference data."""
    desk, listener = Desk(), Listener()
    given = asyncio.create_task(desk.assigned([A, B]))
    await asyncio.sleep(0)
    assert not given.done()
    desk.open(listener)
    await given
    assert listener.heard == [("assigned", frozenset({A, B}))]
    assert desk.wanted == {A, B}


async def test_what_is_paused_or_taken_back_is_not_asked_for() -> None:
    """A new assignment begins without pauses."""
    desk = Desk()
    desk.open(Listener())
    await desk.assigned([A, B])
    desk.pause([A])
    assert desk.wanted == {B}
    desk.resume([A])
    assert desk.wanted == {A, B}
    desk.pause([B])
    await desk.revoked([A, B])
    assert desk.wanted == set()
    await desk.assigned([B])
    assert desk.wanted == {B}


async def test_a_failure_of_faust_reaches_whoever_waits_for_records() -> None:
    """The first one; and at once, where it came before."""
    desk = Desk()
    fetching = asyncio.create_task(desk.fetch(60.0))
    await asyncio.sleep(0)
    desk.fail(LookupError("first"))
    desk.fail(KeyError("second"))
    for attempt in (fetching, desk.fetch(60.0)):
        with pytest.raises(LookupError, match="first"):
            await attempt


def test_the_process_ends_whatever_faust_does() -> None:
    """From a thread that needs no event loop."""
    from lienthong_streams.faust_host.process import end_soon

    ended = threading.Event()
    codes: list[int] = []

    def note(code: int) -> None:
        codes.append(code)
        ended.set()

    end_soon(exit_codes.TEMPORARY_FAILURE, limit_s=0.01, now_end=note)
    assert ended.wait(10)
    assert codes == [exit_codes.TEMPORARY_FAILURE]


def test_the_plain_host_does_without_faust() -> None:
    """It is slow to import, and nobody should need it who does not run it."""
    code = "import sys, lienthong_streams.worker, lienthong.cli.stream; sys.exit('faust' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
