"""The PartitionLog on Kafka: a transactional producer that fences, and a changelog read only after that.

The transactional id names application and input partition, so whoever starts a producer under it aborts the former
owner's open transaction and shuts that owner out (``InitProducerId``). What the changelog holds after that is final.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from lienthong_infra.errors import UnknownTopic
from lienthong_infra.kafka.batches import BATCH_BYTES, Batch, acknowledged, change_records, grouped, send_group
from lienthong_infra.kafka.bulk import BulkReader
from lienthong_infra.kafka.connection import Patience, discard, started
from lienthong_infra.kafka.errors import translating
from lienthong_infra.kafka.metadata import PartitionCounts
from lienthong_infra.kafka.naming import full_name, transactional_id
from lienthong_infra.ports import Change, OutboundRecord, TopicPartition

TRANSACTION_TIMEOUT_S: Final = 10.0
"""After so many seconds the broker aborts an open transaction by itself. Readers of committed records wait for a frozen
owner at most so long."""
COMMIT_LIMIT_S: Final = 20.0
"""Seconds for one whole transaction. Longer than the broker waits, so a slow one ends as Fenced, a dead broker here."""
_REQUEST_TIMEOUT_MS: Final = 15_000


class KafkaPartitionLog:
    """What the owner of one input partition writes to. Its changelog is ``<application>-changelog-<topic>``."""

    def __init__(
        self,
        bootstrap: str,
        prefix: str,
        source: TopicPartition,
        *,
        application: str = "deadlines",
        patience: Patience | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._changelog = TopicPartition(f"{application}-changelog-{source.topic}", source.partition)
        self._id = transactional_id(prefix, application, source.topic, source.partition)
        self._patience = patience
        self._counts = PartitionCounts(bootstrap, prefix, patience)
        self._producer: Any = None
        self._ended: BaseException | None = None

    async def fence(self) -> None:
        """Become the owner. Raises UnavailableError once the patience is at its end."""
        self._producer = await started(
            lambda: AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                transactional_id=self._id,
                transaction_timeout_ms=int(TRANSACTION_TIMEOUT_S * 1000),
                request_timeout_ms=_REQUEST_TIMEOUT_MS,
                max_batch_size=BATCH_BYTES,
            ),
            bootstrap=self._bootstrap,
            doing=f"becoming the owner as {self._id}",
            patience=self._patience,
        )

    async def changelog(self) -> AsyncGenerator[Sequence[Change], None]:
        """All committed changes in the changelog partition, oldest first. Raises UnknownTopic or UnavailableError."""
        await self._changelog_must_exist()
        reader = BulkReader(self._bootstrap, self._prefix, self._changelog, patience=self._patience)
        async with aclosing(reader.portions()) as portions:
            async for portion in portions:
                yield portion

    async def _changelog_must_exist(self) -> None:
        topic, partition = self._changelog
        if partition >= (await self._counts.of([topic]))[topic]:
            raise UnknownTopic(f"{topic}/{partition}")

    async def commit(self, outputs: Sequence[OutboundRecord], changes: Sequence[Change]) -> None:
        """One transaction: the outputs, then the changes to the changelog.

        Raises RecordTooLarge or UnknownTopic before anything is written. Raises Fenced when no longer the owner, and
        UnavailableError after the time limit; then it is unknown what is written, and this object says so ever after:
        fence anew and read the changelog again.
        """
        if self._ended is not None:
            raise self._ended
        if not outputs and not changes:
            return
        counts = await self._counts.of({each.topic for each in outputs})
        groups: list[tuple[TopicPartition, Sequence[int]]] = [*grouped(outputs, counts).items()]
        records = [*outputs, *change_records(self._changelog, changes)]
        if changes:  # a host without state has no changelog
            await self._changelog_must_exist()
            groups.append((self._changelog, range(len(outputs), len(records))))
        try:
            with translating(f"committing as {self._id}"):
                async with asyncio.timeout(COMMIT_LIMIT_S):
                    await self._transaction(records, groups)
        except BaseException as error:
            self._ended = error
            raise

    async def _transaction(
        self, records: Sequence[OutboundRecord], groups: Sequence[tuple[TopicPartition, Sequence[int]]]
    ) -> None:
        producer = self._producer
        await producer.begin_transaction()
        batches: list[Batch] = []
        for target, indexes in groups:
            name = full_name(self._prefix, target.topic)
            batches += await send_group(producer, name, target.partition, records, indexes)
        await acknowledged(batches)
        await producer.commit_transaction()

    async def close(self) -> None:
        """Release the connection. A transaction that is still open is aborted by the next owner, or by the broker."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await discard(producer)
