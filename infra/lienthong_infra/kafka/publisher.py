"""The Publisher on Kafka: idempotent, acknowledged by all in-sync replicas, order kept per partition."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from lienthong_infra.errors import PublishError
from lienthong_infra.kafka.batches import BATCH_BYTES, Batch, acknowledged, grouped, send_group
from lienthong_infra.kafka.connection import Patience, discard, started
from lienthong_infra.kafka.errors import translated
from lienthong_infra.kafka.metadata import PartitionCounts
from lienthong_infra.kafka.naming import full_name
from lienthong_infra.ports import OutboundRecord, TopicPartition, Written

log = logging.getLogger(__name__)

PUBLISH_LIMIT_S: Final = 30.0
"""Seconds until a call gives up waiting for acknowledgements. A cluster of three that loses a broker by kill -9 was
silent for 12 s."""


class KafkaPublisher:
    """Writes records and waits for the broker's word. One call at a time; others wait their turn."""

    def __init__(
        self, bootstrap: str, prefix: str, *, patience: Patience | None = None, limit_s: float = PUBLISH_LIMIT_S
    ) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._patience = patience
        self._limit_s = limit_s
        self._counts = PartitionCounts(bootstrap, prefix, patience)
        self._producer: Any = None
        self._starting = asyncio.Lock()
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Connect. Raises UnavailableError once the patience is at its end."""
        async with self._starting:
            if self._producer is not None:
                return
            self._producer = await started(
                lambda: AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap, enable_idempotence=True, max_batch_size=BATCH_BYTES
                ),
                bootstrap=self._bootstrap,
                doing="connecting a publisher",
                patience=self._patience,
            )

    async def publish(self, records: Sequence[OutboundRecord]) -> list[Written]:
        """Write in order, per partition; returns once all are acknowledged.

        Raises RecordTooLarge or UnknownTopic before anything is written, else UnavailableError or PublishError, after
        which some may be written and others may still be: to publish all of them again is right.
        """
        if not records:
            return []
        async with self._turn:
            await self.start()
            try:
                async with asyncio.timeout(self._limit_s):
                    return await self._write(records)
            except TimeoutError as error:
                # The producer goes on trying what it holds; the next call waits for that first.
                raise translated(error, f"writing {len(records)} records") from error

    async def _write(self, records: Sequence[OutboundRecord]) -> list[Written]:
        producer = self._producer
        await producer.flush()
        counts = await self._counts.of({each.topic for each in records})
        groups = grouped(records, counts)
        try:
            return await self._send(records, groups)
        except KafkaError as error:
            await self._replace_producer(error)
            found = translated(error, f"writing {len(records)} records")
            raise found if isinstance(found, PublishError) else PublishError(str(found)) from error

    async def _send(
        self, records: Sequence[OutboundRecord], groups: Mapping[TopicPartition, Sequence[int]]
    ) -> list[Written]:
        batches: list[Batch] = []
        places: list[TopicPartition] = []
        for target, indexes in groups.items():
            name = full_name(self._prefix, target.topic)
            sent = await send_group(self._producer, name, target.partition, records, indexes)
            batches += sent
            places += [target] * len(sent)
        written: dict[int, Written] = {}
        for first, (_, inside), place in zip(await acknowledged(batches), batches, places, strict=True):
            for at, index in enumerate(inside):
                written[index] = Written(*place, first + at)
        return [written[index] for index in range(len(records))]

    async def _replace_producer(self, error: KafkaError) -> None:
        """After a failed batch the producer's numbering has a gap that the broker refuses for ever."""
        log.warning("producer-replaced", extra={"cause": type(error).__name__})
        producer, self._producer = self._producer, None
        if producer is not None:
            await discard(producer)

    async def close(self) -> None:
        """Release the connection; what is not yet acknowledged gets a few seconds."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await discard(producer)
