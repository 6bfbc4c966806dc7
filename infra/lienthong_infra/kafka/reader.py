"""The Reader on Kafka: chosen partitions from chosen offsets, committed records only, no group."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import OffsetOutOfRangeError

from lienthong_infra.errors import PositionLost, UnknownTopic
from lienthong_infra.kafka.connection import Patience, discard, started
from lienthong_infra.kafka.errors import translating
from lienthong_infra.kafka.metadata import PartitionCounts
from lienthong_infra.kafka.naming import full_name
from lienthong_infra.kafka.records import fetched, from_client, to_client
from lienthong_infra.ports import Record, TopicPartition

FETCH_BYTES = 4 * 1024 * 1024
"""Bytes a fetch may bring per partition."""
FETCH_WAIT_MS = 200
"""Milliseconds a broker keeps a fetch waiting for records. Other questions on the same connection wait as long."""
REQUEST_LIMIT_S = 20.0
"""Seconds to wait for the answer to a question about a log's end."""


class KafkaReader:
    """Reads partitions. A broker that is away makes ``read`` return nothing, and ``ends`` raise UnavailableError."""

    def __init__(self, bootstrap: str, prefix: str, *, patience: Patience | None = None) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._patience = patience
        self._consumer: Any = None
        self._starting = asyncio.Lock()
        self._assigned: tuple[TopicPartition, ...] = ()
        self._counts = PartitionCounts(bootstrap, prefix, patience)

    async def start(self) -> None:
        """Connect. Raises UnavailableError once the patience is at its end."""
        async with self._starting:
            if self._consumer is not None:
                return
            self._consumer = await started(
                lambda: AIOKafkaConsumer(
                    bootstrap_servers=self._bootstrap,
                    isolation_level="read_committed",
                    enable_auto_commit=False,
                    auto_offset_reset="none",
                    max_partition_fetch_bytes=FETCH_BYTES,
                    fetch_max_wait_ms=FETCH_WAIT_MS,
                ),
                bootstrap=self._bootstrap,
                doing="connecting a reader",
                patience=self._patience,
            )

    async def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these partitions from these offsets on, instead of all others.

        An offset before the log's first record (retention has taken it) means the first record. Raises UnknownTopic.
        """
        for partition in positions:
            await self._must_exist(partition)
        await self.start()
        self._assigned = tuple(positions)
        if not positions:
            self._consumer.unsubscribe()
            return
        self._consumer.assign([to_client(self._prefix, each) for each in positions])
        for partition, offset in positions.items():
            self._consumer.seek(to_client(self._prefix, partition), offset)

    async def read(self, *, timeout: float, limit: int = 1000) -> Mapping[TopicPartition, Sequence[Record]]:
        """At most ``limit`` records; empty after ``timeout`` seconds without any.

        Raises PositionLost where a position lies behind the end of its log.
        """
        if not self._assigned:
            await asyncio.sleep(timeout)
            return {}
        try:
            with translating("reading"):
                return fetched(
                    self._prefix, await self._consumer.getmany(timeout_ms=int(timeout * 1000), max_records=limit)
                )
        except Exception as error:
            if isinstance(error.__cause__, OffsetOutOfRangeError):
                await self._go_to_first_record(error.__cause__.args[0])
                return {}
            raise

    async def _go_to_first_record(self, out_of_range: Mapping[Any, int]) -> None:
        with translating("asking for the beginning of a log"):
            beginnings = await self._consumer.beginning_offsets(list(out_of_range))
            ends = await self._consumer.end_offsets(list(out_of_range))
        for each, position in out_of_range.items():
            if position > beginnings[each]:
                raise PositionLost(*from_client(self._prefix, each), position=position, end=ends[each])
            self._consumer.seek(each, beginnings[each])

    async def ends(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The end of each partition. Raises UnknownTopic or UnavailableError."""
        for partition in partitions:
            await self._must_exist(partition)
        await self.start()
        for topic in {each.topic for each in partitions}:
            # The client finds unknown topics one by one, each for a tenth of a second: name them all at once.
            self._consumer._client.add_topic(full_name(self._prefix, topic))
        with translating("asking for the ends of logs"):
            async with asyncio.timeout(REQUEST_LIMIT_S):
                ends = await self._consumer.end_offsets([to_client(self._prefix, each) for each in partitions])
        return {from_client(self._prefix, each): end for each, end in ends.items()}

    async def positions(self) -> Mapping[TopicPartition, int]:
        """The next offset to read of each assigned partition; passes control markers and aborted records."""
        with translating("asking for positions"):
            return {each: await self._consumer.position(to_client(self._prefix, each)) for each in self._assigned}

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has. Raises UnknownTopic."""
        return (await self._counts.of([topic]))[topic]

    async def _must_exist(self, partition: TopicPartition) -> None:
        """The client would wait for an unknown partition for ever."""
        if partition.partition >= await self.partitions(partition.topic):
            raise UnknownTopic(f"{partition.topic}/{partition.partition}")

    async def close(self) -> None:
        """Release the connection."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await discard(consumer)
