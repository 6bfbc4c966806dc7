"""The ports between our code and the outside: records, and what a broker must be able to do.

Topics here are logical names without the bus's prefix (``dossier.v1``); adapters put the prefix on and take it off.
Adapters: ``lienthong_infra.kafka`` (Apache Kafka) and ``lienthong_infra.memory`` (in memory, for tests and trials).
One contract suite (``tests/contract``) holds both to the same behaviour.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

Headers = tuple[tuple[str, bytes], ...]


class TopicPartition(NamedTuple):
    """A partition of a topic, by the topic's logical name."""

    topic: str
    partition: int


class Record(NamedTuple):
    """A record as read. ``timestamp`` is in milliseconds since 1970 (LogAppendTime live, CreateTime in an import)."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: Headers = ()


class OutboundRecord(NamedTuple):
    """A record to write. Without ``partition`` the key decides (murmur2); without ``timestamp`` the broker's clock."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
    timestamp: int | None = None


Change = tuple[bytes, bytes | None]
"""Key and value of a record of a changelog; without a value the key is deleted."""


class Written(NamedTuple):
    """Where an acknowledged record lies."""

    topic: str
    partition: int
    offset: int


class Publisher(Protocol):
    """Writes records; what it returns has been acknowledged by the broker."""

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
        """Write in order; returns once all are acknowledged. Raises PublishError, after which some may be written."""
        ...

    async def close(self) -> None:
        """Release the connection."""
        ...


class Reader(Protocol):
    """Reads partitions without a group: positions belong to the caller. Only committed records are seen."""

    async def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these partitions from these offsets on (instead of all others)."""
        ...

    async def read(self, *, timeout: float, limit: int = 1000) -> Mapping[TopicPartition, Sequence[Record]]:
        """At most ``limit`` records; empty after ``timeout`` seconds without any."""
        ...

    async def ends(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The end of each partition: the offset that the next committed record will have or pass."""
        ...

    async def positions(self) -> Mapping[TopicPartition, int]:
        """The next offset to read of each assigned partition; passes control markers and aborted records."""
        ...

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has. Raises UnknownTopic."""
        ...

    async def close(self) -> None:
        """Release the connection."""
        ...


class PartitionLog(Protocol):
    """What the owner of one input partition writes to: outputs and its changelog, in transactions, fenced.

    ``fence`` must come before ``changelog``: it ends the former owner's transaction and shuts it out, so that what is
    then read is final.
    """

    async def fence(self) -> None:
        """Become the owner. Every later write of a former owner raises Fenced there."""
        ...

    def changelog(self) -> AsyncGenerator[Sequence[Change], None]:
        """All committed changes in the changelog partition, oldest first, in portions that take no longer than a
        breath; never all of them in memory at once."""
        ...

    async def commit(self, outputs: Sequence[OutboundRecord], changes: Sequence[Change]) -> None:
        """One transaction: the outputs, then the changes to the changelog. Raises Fenced when no longer the owner."""
        ...

    async def close(self) -> None:
        """Release the connection; an open transaction is aborted."""
        ...


class GroupListener(Protocol):
    """Hears what a group gives to a member and takes from it; one call at a time.

    It must not raise: a client swallows what a listener raises. Partitions may be fetched from before ``assigned`` has
    been called, so pause them before anything is awaited.
    """

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """All partitions that are this member's from now on."""
        ...

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """These are no longer; somebody else may have them once this returns."""
        ...


class Membership(Protocol):
    """Membership in a group that shares the partitions of topics. Positions belong to the member, never to the group.

    To seek, pause or resume a partition that is no longer assigned does nothing.
    """

    async def join(self, topics: Sequence[str], listener: GroupListener) -> None:
        """Enter the group. Raises UnavailableError or UnknownTopic."""
        ...

    async def fetch(self, *, timeout: float, limit: int) -> Mapping[TopicPartition, Sequence[Record]]:
        """At most ``limit`` committed records; empty after ``timeout`` seconds, longer in a rebalance."""
        ...

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Fetch a partition from this offset on."""
        ...

    def pause(self, partitions: Collection[TopicPartition]) -> None:
        """Fetch nothing from these until they are resumed."""
        ...

    def resume(self, partitions: Collection[TopicPartition]) -> None:
        """Fetch from these again."""
        ...

    async def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The end of each partition, as in Reader."""
        ...

    async def positions(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The next offset to fetch of those that are still assigned; passes control markers."""
        ...

    async def show(self, positions: Mapping[TopicPartition, tuple[int, str]]) -> None:
        """Write positions and remarks as the group's offsets, for displays only: nothing reads them back."""
        ...

    async def leave(self) -> None:
        """Leave the group at once, so that the others need not wait for a time-out; release the connection."""
        ...
