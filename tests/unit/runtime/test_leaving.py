"""A host that leaves its group."""

from __future__ import annotations

from lienthong_infra.memory_group import MemoryMembership
from lienthong_infra.ports import TopicPartition
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
