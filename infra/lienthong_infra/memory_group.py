"""A consumer group in memory, with the port of the Kafka membership and the eager way in which Kafka shares out.

When somebody enters or leaves, everybody gives up everything, and all partitions are shared out anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from lienthong_infra.memory import MemoryBroker
from lienthong_infra.ports import GroupListener, Record, TopicPartition


class MemoryGroup:
    """A group: its members and what they last showed as their positions."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.broker = broker
        self.shown: dict[TopicPartition, tuple[int, str]] = {}
        self._members: list[MemoryMembership] = []
        self._topics: set[str] = set()
        self._rebalancing = asyncio.Lock()

    def membership(self) -> MemoryMembership:
        """A membership, not yet entered."""
        return MemoryMembership(self)

    async def enter(self, member: MemoryMembership, topics: Sequence[str]) -> None:
        """A member comes in. Raises UnknownTopic."""
        for topic in topics:
            self.broker.partitions(topic)
        self._topics.update(topics)
        self._members.append(member)
        await self._share_out()

    async def leave(self, member: MemoryMembership) -> None:
        """A member goes in good order."""
        if member in self._members:
            await self._share_out(leaving=member)

    async def expel(self, member: MemoryMembership) -> None:
        """A member's session has timed out: the others share out what it had, and it is not told."""
        self._members.remove(member)
        await self._share_out()

    async def _share_out(self, leaving: MemoryMembership | None = None) -> None:
        async with self._rebalancing:
            await asyncio.gather(*(member.give_up() for member in self._members))
            if leaving is not None:
                self._members.remove(leaving)
            every = [
                TopicPartition(topic, n) for topic in sorted(self._topics) for n in range(self.broker.partitions(topic))
            ]
            shares = [every[at :: len(self._members)] for at in range(len(self._members))]
            await asyncio.gather(*(member.receive(share) for member, share in zip(self._members, shares, strict=True)))


class MemoryMembership:
    """The Membership of a MemoryGroup."""

    def __init__(self, group: MemoryGroup) -> None:
        self._group = group
        self._listener: GroupListener | None = None
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    async def join(self, topics: Sequence[str], listener: GroupListener) -> None:
        """Enter the group. Raises UnknownTopic."""
        self._listener = listener
        await self._group.enter(self, topics)

    async def give_up(self) -> None:
        """The group takes everything back."""
        if self._listener is not None:
            await self._listener.revoked(frozenset(self._positions))
        self._positions.clear()
        self._paused.clear()

    async def receive(self, partitions: Collection[TopicPartition]) -> None:
        """The group gives these; fetching begins at what was last shown, as on Kafka."""
        self._positions = {each: self._group.shown.get(each, (0, ""))[0] for each in partitions}
        if self._listener is not None:
            await self._listener.assigned(frozenset(partitions))
        self._group.broker.wake()

    async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        """At most ``limit`` records; empty after ``timeout`` seconds without any."""
        found = self._take(limit)
        if not found:
            await self._group.broker.news(timeout)
            found = self._take(limit)
        return found

    def _take(self, limit: int) -> dict[TopicPartition, Sequence[Record]]:
        found: dict[TopicPartition, Sequence[Record]] = {}
        for partition in [each for each in self._positions if each not in self._paused]:
            records = self._group.broker.log(partition).since(self._positions[partition], limit)
            if records:
                del self._positions[partition]  # to the end of the line: partitions take turns
                self._positions[partition] = records[-1].offset + 1
                found[partition] = records
                limit -= len(records)
                if limit == 0:
                    break
        return found

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Fetch a partition from this offset on."""
        if partition in self._positions:
            self._positions[partition] = offset
            self._group.broker.wake()

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        """Fetch nothing from these until they are resumed."""
        self._paused.update(each for each in partitions if each in self._positions)

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        """Fetch from these again."""
        self._paused.difference_update(partitions)
        self._group.broker.wake()

    async def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The end of each partition."""
        return {partition: self._group.broker.log(partition).end for partition in partitions}

    async def positions(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The next offset to fetch of those that are still assigned."""
        return {each: self._positions[each] for each in partitions if each in self._positions}

    async def show(self, positions: Mapping[TopicPartition, tuple[int, str]]) -> None:
        """Keep positions and remarks for displays."""
        self._group.shown.update(positions)

    async def leave(self) -> None:
        """Leave the group in good order."""
        await self._group.leave(self)
