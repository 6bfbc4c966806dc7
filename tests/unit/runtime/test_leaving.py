"""A host that leaves its group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from lienthong_infra.memory import MemoryPartitionLog
from lienthong_infra.memory_group import MemoryMembership
from lienthong_infra.ports import Change, PartitionLog, TopicPartition
from tests.support.brokers import MemoryKit
from tests.support.stage import INPUT, Stage


class LateGift(MemoryMembership):
    """A group that shares out once more, to a member that is about to leave."""

    async def leave(self) -> None:
        """The member is given a partition, and then lets go."""
        await self.receive([TopicPartition(INPUT, 0)])
        await super().leave()


async def test_who_leaves_takes_nothing_over() -> None:
    """To take a partition over is to shut out its owner, who by then is somebody else."""
    kit = MemoryKit()
    stage = await Stage(kit).prepare()
    async with stage.running(membership=LateGift(kit.group())) as host:
        await stage.until(lambda: len(host.seen.owned) == stage.partitions, host)
    assert (host.seen.owned, host.seen.counts["taken-over"]) == (set(), stage.partitions)


class EndlessLog(MemoryPartitionLog):
    """A changelog that takes for ever to read."""

    def __init__(self, kit: MemoryKit, source: TopicPartition) -> None:
        super().__init__(kit.broker, "deadlines", source)
        self.reading = asyncio.Event()
        self.closed = False

    async def changelog(self) -> AsyncGenerator[Sequence[Change], None]:
        """Nothing comes."""
        self.reading.set()
        await asyncio.Event().wait()
        yield ()

    async def close(self) -> None:
        """Note it."""
        self.closed = True
        await super().close()


async def test_who_is_asked_to_end_does_not_read_its_changelogs_first() -> None:
    """A take-over of large partitions takes many seconds, and a supervisor kills whoever does not end in time."""
    kit = MemoryKit()
    stage = await Stage(kit).prepare()
    endless: list[EndlessLog] = []

    def log_of(source: TopicPartition) -> PartitionLog:
        if not host.seen.counts["taken-over"]:
            return kit.partition_log(source)
        endless.append(EndlessLog(kit, source))
        return endless[-1]

    host = await stage.start(log_of=log_of)
    await stage.until(lambda: len(host.seen.owned) == stage.partitions, host)
    shared_out = frozenset(host.seen.owned)
    await host.host.revoked(shared_out)
    again = asyncio.create_task(host.host.assigned(shared_out))
    await stage.until(lambda: [each.reading.is_set() for each in endless] == [True] * stage.partitions, host)
    await host.leave()
    await again
    assert host.seen.counts["taken-over"] == stage.partitions
    assert all(each.closed for each in endless)
