"""What fetching as a member of a group must be, on every broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

import pytest

from lienthong_infra.ports import Membership, OutboundRecord, TopicPartition
from tests.support.brokers import BrokerKit

TOPIC = "in.v1"
PARTITIONS = 3
HELD = 600
"""Records of each partition: all of them are in the client's hands after one fetch."""
LIMIT = 50
_JOIN_LIMIT_S = 60.0


class Given:
    """A listener that notes when the group has given partitions."""

    def __init__(self, member: Membership) -> None:
        self.done = asyncio.Event()
        self._member = member

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """From the beginning."""
        for each in partitions:
            self._member.seek(each, 0)
        if partitions:
            self.done.set()

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """Nothing to let go of."""


class MembershipContract:
    """A subclass has a fixture ``kit``."""

    @pytest.fixture
    async def kit(self) -> BrokerKit:
        """The broker under test."""
        raise AssertionError("a subclass says which broker")

    @pytest.fixture
    async def member(self, kit: BrokerKit) -> AsyncIterator[Membership]:
        """The only member of a group, with a backlog in each of its partitions."""
        await kit.create_topic(TOPIC, PARTITIONS)
        publisher = kit.publisher()
        await publisher.publish(
            [OutboundRecord(TOPIC, b"k", b"%d" % n, partition=n % PARTITIONS) for n in range(HELD * PARTITIONS)]
        )
        member = kit.membership()
        given = Given(member)
        await member.join([TOPIC], given)
        async with asyncio.timeout(_JOIN_LIMIT_S):
            while not given.done.is_set():
                await member.fetch(timeout=0.05, limit=1)
        for number in range(PARTITIONS):
            member.seek(TopicPartition(TOPIC, number), 0)
        yield member
        await member.leave()

    async def test_no_partition_waits_for_another_to_be_read_whole(self, member: Membership) -> None:
        """Whose steps are small must not starve a partition: its stalls would be seen, and its deadlines missed."""
        turns: list[TopicPartition] = []
        async with asyncio.timeout(_JOIN_LIMIT_S):
            while len(set(turns)) < PARTITIONS:
                turns += await member.fetch(timeout=0.2, limit=LIMIT)
        assert len(turns) <= 2 * PARTITIONS

    async def test_taking_turns_loses_nothing_and_keeps_the_order(self, member: Membership) -> None:
        """Each partition comes whole, once, in order, whatever the turns."""
        taken: dict[TopicPartition, list[bytes | None]] = {TopicPartition(TOPIC, n): [] for n in range(PARTITIONS)}
        async with asyncio.timeout(_JOIN_LIMIT_S):
            while sum(map(len, taken.values())) < HELD * PARTITIONS:
                for partition, records in (await member.fetch(timeout=0.2, limit=LIMIT)).items():
                    taken[partition] += [each.value for each in records]
        for partition, values in taken.items():
            expected = range(partition.partition, HELD * PARTITIONS, PARTITIONS)
            assert values == [b"%d" % n for n in expected]
