"""A broker in memory with the same ports as the Kafka adapters: for trials, examples and fast tests.

What matters of Kafka is kept: records have offsets per partition; a transaction becomes visible as a whole and leaves
a control marker (an offset without a record) in every partition it wrote to; a fenced partition log cannot write.
Nothing is kept on disk. One event loop; it is not safe for threads.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from itertools import count
from typing import Final

from lienthong_infra.errors import Fenced, PositionLost, RecordTooLarge, UnknownTopic
from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import Change, OutboundRecord, Record, TopicPartition, Written
from lienthong_infra.record_size import MAX_RECORD_BYTES, record_bytes

BeforeEffect = Callable[[str], None]
"""Called with the name of an effect just before it happens; what it raises happens instead. See MemoryBroker."""


def _nothing(_: str) -> None:
    return None


def _now() -> int:
    return time.time_ns() // 1_000_000


class MemoryPartition:
    """The log of one partition. ``end`` is the offset that the next record gets."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.end = 0

    def append(self, topic: str, partition: int, record: OutboundRecord, timestamp: int) -> int:
        """Add a record; returns its offset."""
        offset = self.end
        self.records.append(
            Record(topic, partition, offset, record.key, record.value, timestamp, tuple(record.headers))
        )
        self.end += 1
        return offset

    def since(self, offset: int, limit: int) -> Sequence[Record]:
        """At most ``limit`` records from an offset on."""
        at = bisect_left(self.records, offset, key=lambda record: record.offset)
        return self.records[at : at + limit]


class MemoryBroker:
    """Topics in memory. Topics must be created before use, as on a cluster that creates none by itself.

    ``before_effect`` lets a test end a process between any two effects: it is called with ``publish``, ``fence``,
    ``changelog``, ``commit`` (nothing is written yet), ``commit-end`` (written, not committed), ``committed``
    (committed, but the writer has not heard of it) and may raise.
    """

    def __init__(
        self, *, clock: Callable[[], int] = _now, before_effect: BeforeEffect = _nothing, limit: int = MAX_RECORD_BYTES
    ) -> None:
        self._clock = clock
        self._limit = limit
        self._topics: dict[str, list[MemoryPartition]] = {}
        self._epochs: dict[str, int] = {}
        self._keyless = count()
        self._news = asyncio.Event()
        self.before_effect = before_effect

    def create_topic(self, topic: str, partitions: int = 1) -> None:
        """Create a topic; one that exists is left as it is."""
        self._topics.setdefault(topic, [MemoryPartition() for _ in range(partitions)])

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has. Raises UnknownTopic."""
        if topic not in self._topics:
            raise UnknownTopic(topic)
        return len(self._topics[topic])

    def log(self, partition: TopicPartition) -> MemoryPartition:
        """The log of one partition. Raises UnknownTopic."""
        if partition.partition >= self.partitions(partition.topic):
            raise UnknownTopic(f"{partition.topic}/{partition.partition}")
        return self._topics[partition.topic][partition.partition]

    def records(self, topic: str) -> list[Record]:
        """All records of a topic, partition by partition."""
        return [record for log in self._topics[topic] for record in log.records]

    def write(self, records: Sequence[OutboundRecord], *, transactional: bool = False) -> list[Written]:
        """Append records as one step, or none of them. Raises UnknownTopic or RecordTooLarge."""
        targets = [self._target(record) for record in records]
        written = []
        for record, target in zip(records, targets, strict=True):
            timestamp = self._clock() if record.timestamp is None else record.timestamp
            offset = self.log(target).append(target.topic, target.partition, record, timestamp)
            written.append(Written(target.topic, target.partition, offset))
        if transactional:
            for target in set(targets):
                self.log(target).end += 1  # the control marker
        self.wake()
        return written

    def _target(self, record: OutboundRecord) -> TopicPartition:
        partitions = self.partitions(record.topic)
        if record_bytes(record) > self._limit:
            raise RecordTooLarge(f"a record for {record.topic} has more than {self._limit} bytes")
        if record.partition is not None:
            partition = record.partition
        elif record.key is not None:
            partition = partition_of(record.key, partitions)
        else:
            partition = next(self._keyless) % partitions
        target = TopicPartition(record.topic, partition)
        self.log(target)
        return target

    def wake(self) -> None:
        """Let everybody who waits for news look again."""
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, timeout: float) -> None:
        """Wait until something is written, at most so many seconds."""
        try:
            await asyncio.wait_for(self._news.wait(), timeout)
        except TimeoutError:
            return

    def next_epoch(self, owner: str) -> int:
        """Fence all former owners of this name; returns the epoch of the new one."""
        self._epochs[owner] = self._epochs.get(owner, 0) + 1
        return self._epochs[owner]

    def owns(self, owner: str, epoch: int) -> bool:
        """Whether nobody has fenced this epoch yet."""
        return self._epochs.get(owner) == epoch

    def publisher(self) -> MemoryPublisher:
        """A publisher."""
        return MemoryPublisher(self)

    def reader(self) -> MemoryReader:
        """A reader."""
        return MemoryReader(self)

    def partition_log(self, source: TopicPartition, *, application: str = "deadlines") -> MemoryPartitionLog:
        """What the owner of an input partition writes to; its changelog is ``<application>-changelog-<topic>``."""
        return MemoryPartitionLog(self, application, source)


class MemoryPublisher:
    """The Publisher of a MemoryBroker."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
        """Write in order, all or nothing."""
        self._broker.before_effect("publish")
        return self._broker.write(records)

    async def close(self) -> None:
        """Nothing to release."""


class MemoryReader:
    """The Reader of a MemoryBroker."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._positions: dict[TopicPartition, int] = {}

    async def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these partitions from these offsets on. Raises UnknownTopic."""
        for partition in positions:
            self._broker.log(partition)
        self._positions = dict(positions)

    async def read(self, *, timeout: float, limit: int = 1000) -> Mapping[TopicPartition, Sequence[Record]]:
        """At most ``limit`` records; empty after ``timeout`` seconds without any."""
        found = self._take(limit)
        if not found:
            await self._broker.news(timeout)
            found = self._take(limit)
        return found

    def _take(self, limit: int) -> dict[TopicPartition, Sequence[Record]]:
        found: dict[TopicPartition, Sequence[Record]] = {}
        for partition, position in self._positions.items():
            log = self._broker.log(partition)
            if position > log.end:
                raise PositionLost(*partition, position=position, end=log.end)
            records = log.since(position, limit)
            more = bool(records) and records[-1] is not log.records[-1]
            self._positions[partition] = records[-1].offset + 1 if more else log.end
            if records:
                found[partition] = records
                limit -= len(records)
                if limit == 0:
                    break
        return found

    async def ends(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The end of each partition. Raises UnknownTopic."""
        return {partition: self._broker.log(partition).end for partition in partitions}

    async def positions(self) -> Mapping[TopicPartition, int]:
        """The next offset to read of each assigned partition."""
        return dict(self._positions)

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has. Raises UnknownTopic."""
        return self._broker.partitions(topic)

    async def close(self) -> None:
        """Nothing to release."""


_EPOCH_OF_NOBODY: Final = 0
_PORTION: Final = 100
"""Changes given out at once; few, so that tests have more than one portion."""


class MemoryPartitionLog:
    """The PartitionLog of a MemoryBroker."""

    def __init__(self, broker: MemoryBroker, application: str, source: TopicPartition) -> None:
        self._broker = broker
        self._owner = f"{application}-{source.topic}-{source.partition}"
        self._changelog = TopicPartition(f"{application}-changelog-{source.topic}", source.partition)
        self._epoch = _EPOCH_OF_NOBODY

    async def fence(self) -> None:
        """Become the owner."""
        self._broker.before_effect("fence")
        self._epoch = self._broker.next_epoch(self._owner)

    async def changelog(self) -> AsyncGenerator[Sequence[Change], None]:
        """All changes in the changelog partition, oldest first."""
        self._broker.before_effect("changelog")
        records = list(self._broker.log(self._changelog).records)
        for begin in range(0, len(records), _PORTION):
            yield [(each.key or b"", each.value) for each in records[begin : begin + _PORTION]]

    async def commit(self, outputs: Sequence[OutboundRecord], changes: Sequence[Change]) -> None:
        """One transaction: the outputs, then the changes. Raises Fenced when no longer the owner."""
        self._broker.before_effect("commit")
        await asyncio.sleep(0)  # a network call lies here: others may become the owner meanwhile
        self._broker.before_effect("commit-end")
        if not self._broker.owns(self._owner, self._epoch):
            raise Fenced(f"{self._owner} has a new owner")
        topic, partition = self._changelog
        kept = [OutboundRecord(topic, key, value, (), partition) for key, value in changes]
        self._broker.write([*outputs, *kept], transactional=True)
        self._broker.before_effect("committed")

    async def close(self) -> None:
        """Nothing to release."""
