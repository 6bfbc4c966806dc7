"""Reading ticks and reference data for a whole process."""

from __future__ import annotations

import asyncio

from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import OutboundRecord
from lienthong_streams.runtime.barrier_feed import TICKS_BEFORE_END, BarrierFeed
from tests.support.stage import Ticks


async def fed(ticks: int, references: int) -> Ticks:
    """A sink that was fed to the ends of topics with so many records."""
    broker, sink = MemoryBroker(), Ticks()
    for topic, count in (("tick.v1", ticks), ("reference.v1", references)):
        broker.create_topic(topic)
        broker.write([OutboundRecord(topic, b"", b"") for _ in range(count)], transactional=True)
    feed = BarrierFeed(broker.reader(), sink)
    following = asyncio.create_task(feed.follow())
    async with asyncio.timeout(10):
        await feed.catch_up()
    assert feed.moved.is_set() == bool(ticks or references)
    following.cancel()
    return sink


async def test_catching_up_reads_both_topics_to_their_ends() -> None:
    """Also past the control markers of records that were written in transactions."""
    sink = await fed(ticks=5, references=3)
    assert (sink.ticks, sink.reference_position) == ([0, 1, 2, 3, 4], 4)


async def test_empty_topics_are_at_their_ends_at_once() -> None:
    """A new bus has neither ticks nor reference data."""
    assert (await fed(ticks=0, references=0)).ticks == []


async def test_old_ticks_are_passed_over() -> None:
    """A tick older than the newest two thousand has nothing to add."""
    sink = await fed(ticks=3_000, references=0)
    assert sink.ticks == list(range(3_001 - TICKS_BEFORE_END, 3_000))
