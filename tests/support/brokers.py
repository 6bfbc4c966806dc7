"""One way to a broker for contract suites: the memory broker and a real Kafka behind the same few methods."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.membership import GroupTimes, KafkaMembership
from lienthong_infra.kafka.naming import full_name
from lienthong_infra.kafka.partition_log import KafkaPartitionLog
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.memory_group import MemoryGroup
from lienthong_infra.ports import Change, Membership, PartitionLog, Publisher, Reader, Record, TopicPartition
from lienthong_infra.reading import read_to_end

C = TypeVar("C")
CHANGELOG_CONFIG = {"cleanup.policy": "compact"}
_TOPIC_LIMIT_S = 20.0
_ASK_AGAIN_S = 0.02


async def _leaders(admin: AIOKafkaAdminClient, name: str) -> None:
    """Return once every partition of a topic has a leader."""
    while True:
        found = [each for each in await admin.describe_topics() if each["topic"] == name]
        if found and all(partition["leader"] >= 0 for partition in found[0]["partitions"]):
            return
        await asyncio.sleep(_ASK_AGAIN_S)


class BrokerKit(Protocol):
    """What a contract suite asks of a broker. Everything that a kit hands out is closed with the kit."""

    async def create_topic(self, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """Create a topic."""
        ...

    def publisher(self) -> Publisher:
        """A publisher."""
        ...

    def reader(self) -> Reader:
        """A reader."""
        ...

    def partition_log(self, source: TopicPartition, *, application: str = "deadlines") -> PartitionLog:
        """What the owner of an input partition writes to."""
        ...

    def membership(self, *, application: str = "deadlines") -> Membership:
        """A member of a group, not yet entered."""
        ...

    async def expel(self, member: Membership) -> None:
        """Let the group take a member for dead without telling it."""
        ...

    async def shown(self, *, application: str = "deadlines") -> dict[TopicPartition, tuple[int, str]]:
        """What the group shows to anybody who looks: offset and remark."""
        ...

    async def close(self) -> None:
        """Close everything handed out."""
        ...


async def changes_of(log: PartitionLog) -> list[Change]:
    """All of a changelog."""
    return [change async for portion in log.changelog() for change in portion]


async def records_of(kit: BrokerKit, topic: str, partition: int = 0) -> list[Record]:
    """All committed records of a partition."""
    reader = kit.reader()
    try:
        return [record async for record in read_to_end(reader, TopicPartition(topic, partition))]
    finally:
        await reader.close()


class MemoryKit:
    """The kit of a memory broker."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self._groups: dict[str, MemoryGroup] = {}

    async def create_topic(self, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """Create a topic."""
        self.broker.create_topic(topic, partitions)

    def publisher(self) -> Publisher:
        """A publisher."""
        return self.broker.publisher()

    def reader(self) -> Reader:
        """A reader."""
        return self.broker.reader()

    def partition_log(self, source: TopicPartition, *, application: str = "deadlines") -> PartitionLog:
        """What the owner of an input partition writes to."""
        return self.broker.partition_log(source, application=application)

    def group(self, application: str = "deadlines") -> MemoryGroup:
        """The group of an application."""
        return self._groups.setdefault(application, MemoryGroup(self.broker))

    def membership(self, *, application: str = "deadlines") -> Membership:
        """A member of a group, not yet entered."""
        return self.group(application).membership()

    async def expel(self, member: Membership) -> None:
        """Let the group take a member for dead without telling it."""
        for group in self._groups.values():
            await group.expel(member)  # type: ignore[arg-type]  # this kit hands out no other kind

    async def shown(self, *, application: str = "deadlines") -> dict[TopicPartition, tuple[int, str]]:
        """What the group shows."""
        return self.group(application).shown

    async def close(self) -> None:
        """Nothing to close."""


class KafkaKit:
    """The kit of a real Kafka; topics carry a prefix of the test's own."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.bootstrap = bootstrap
        self.prefix = prefix
        self._open: list[Any] = []
        self._members: list[Membership] = []

    async def create_topic(self, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
        """Create a topic and wait until metadata show it."""
        name = full_name(self.prefix, topic)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=dict(config or {}))])
            async with asyncio.timeout(_TOPIC_LIMIT_S):
                await _leaders(admin, name)
        finally:
            await admin.close()

    def _kept(self, client: C) -> C:
        self._open.append(client)
        return client

    def publisher(self) -> Publisher:
        """A publisher."""
        return self._kept(KafkaPublisher(self.bootstrap, self.prefix))

    def reader(self) -> Reader:
        """A reader."""
        return self._kept(KafkaReader(self.bootstrap, self.prefix))

    def partition_log(self, source: TopicPartition, *, application: str = "deadlines") -> PartitionLog:
        """What the owner of an input partition writes to."""
        return self._kept(KafkaPartitionLog(self.bootstrap, self.prefix, source, application=application))

    def membership(self, *, application: str = "deadlines") -> Membership:
        """A member of a group, not yet entered, with the shortest session that the broker allows."""
        member = self._new_member(application, GroupTimes(session_s=6.0, rebalance_s=10.0))
        self._members.append(member)
        return member

    def _new_member(self, application: str, times: GroupTimes) -> Membership:
        return KafkaMembership(self.bootstrap, self.prefix, application=application, times=times)

    async def expel(self, member: Membership) -> None:
        """The nearest thing to a dead member that a living process can do is to leave."""
        await member.leave()

    async def shown(self, *, application: str = "deadlines") -> dict[TopicPartition, tuple[int, str]]:
        """What the group shows."""
        async with KafkaAdmin(self.bootstrap, self.prefix) as admin:
            offsets = await admin.group_offsets(application)
        return {each: (found.offset, found.remark) for each, found in offsets.items()}

    async def close(self) -> None:
        """Close everything handed out."""
        for member in self._members:
            await member.leave()
        for client in self._open:
            await client.close()
