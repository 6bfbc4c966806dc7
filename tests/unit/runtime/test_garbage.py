"""Garbage is looked for seldom, but it is looked for; and a partition that is let go leaves none."""

from __future__ import annotations

import gc
import weakref
from contextlib import suppress

from lienthong_infra.ports import TopicPartition
from lienthong_streams.runtime.garbage import OBJECTS_BETWEEN_COLLECTIONS, seldom_collected
from tests.support.brokers import MemoryKit
from tests.support.counting import CountingProcessor
from tests.support.stage import Stage


class Ring:
    """An object that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


def test_the_usual_thresholds_come_back_also_after_an_error() -> None:
    """A caller that goes on lives as it did before."""
    usual = gc.get_threshold()
    with suppress(RuntimeError), seldom_collected():
        assert gc.get_threshold()[0] == OBJECTS_BETWEEN_COLLECTIONS
        assert gc.get_freeze_count() > 0
        raise RuntimeError
    assert (gc.get_threshold(), gc.get_freeze_count()) == (usual, 0)


def test_garbage_made_meanwhile_is_found() -> None:
    """A worker lives for months: what only a collection finds must not add up."""
    with seldom_collected():
        first = weakref.ref(Ring())
        alive = [Ring() for _ in range(OBJECTS_BETWEEN_COLLECTIONS)]
        assert len(alive) == OBJECTS_BETWEEN_COLLECTIONS
        assert first() is None


async def test_a_partition_that_is_let_go_leaves_no_garbage() -> None:
    """What was restored of it, some hundred megabytes, goes at once and waits for no collection."""
    processors: list[weakref.ref[CountingProcessor]] = []

    def processor_of(source: TopicPartition) -> CountingProcessor:
        made = CountingProcessor(source)
        processors.append(weakref.ref(made))
        return made

    stage = await Stage(MemoryKit()).prepare()
    await stage.write(100)
    gc.disable()
    try:
        async with stage.running(processor_of=processor_of) as first:
            await stage.until_said(first)
            async with stage.running() as second:
                await stage.until(lambda: len(first.seen.owned) == len(second.seen.owned) == 1, first, second)
                alive = [each for each in processors if each() is not None]
                assert (len(processors), len(alive)) == (3, 1)
    finally:
        gc.enable()
