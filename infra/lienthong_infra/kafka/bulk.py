"""A partition read from its beginning to its end in whole record batches, several times cheaper than by a consumer.

A consumer makes an object of each record and hands them on one by one, which costs more than all that is done with
them. Here the same client fetches, and of each batch only keys and values are taken. Only committed records are seen:
those of aborted transactions are left out as the protocol says it (the answer to a fetch names the producers and where
each of their aborted transactions begins; it ends at the marker), and control batches are no records.

Stands on parts of the client that it does not promise to keep: ``AIOKafkaClient.send``, its requests and their answers,
and ``MemoryRecords``. The client's version is pinned, and ``tests/contract/test_bulk.py`` holds what is read here to
what a consumer reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from struct import Struct
from typing import Any, Final, TypeVar

from aiokafka import TopicPartition as ClientPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import CorruptRecordException, KafkaError, LeaderNotAvailableError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.memory_records import MemoryRecords

from lienthong_infra.kafka.connection import Patience, discard, started
from lienthong_infra.kafka.errors import translating
from lienthong_infra.kafka.naming import full_name
from lienthong_infra.ports import Change, TopicPartition

FETCH_BYTES: Final = 4 * 1024 * 1024
"""Bytes of one fetch, some thousand cases: they are taken within some ten milliseconds, and nothing else happens
meanwhile."""
_WAIT_MS: Final = 200
_COMMITTED: Final = 1
_LATEST, _EARLIEST = -1, -2
_AGAIN_S: Final = 0.1
_WITH_LOG_START: Final = 11
"""From this version of the answer on there is a field behind the aborted transactions."""
_CONTROL_KEY: Final = Struct(">hh")
_ABORT: Final = 0

T = TypeVar("T")
Aborted = Sequence[tuple[int, int]]
"""Producer and first offset of each aborted transaction that reaches into what was fetched."""


class _Client(AIOKafkaClient):  # type: ignore[misc]  # the client has no types
    """The client under the names that all clients have."""

    async def start(self) -> None:
        await self.bootstrap()

    async def stop(self) -> None:
        await self.close()


class BulkReader:
    """Reads one partition of a topic that exists. Use an object once."""

    def __init__(
        self, bootstrap: str, prefix: str, partition: TopicPartition, *, patience: Patience | None = None
    ) -> None:
        self._bootstrap = bootstrap
        self._patience = patience or Patience()
        self._topic, self._partition = full_name(prefix, partition.topic), partition.partition
        self._client: Any = None

    async def portions(self) -> AsyncGenerator[list[Change], None]:
        """All committed (key, value) up to the end that the partition has now, oldest first.

        Raises UnavailableError once the broker was away for as long as the patience lasts.
        """
        self._client = await started(
            lambda: _Client(bootstrap_servers=self._bootstrap),
            bootstrap=self._bootstrap,
            doing=f"reading {self._topic}/{self._partition}",
            patience=self._patience,
        )
        try:
            self._client.add_topic(self._topic)
            position, end = await self._offset(_EARLIEST), await self._offset(_LATEST)
            while position < end:
                data, aborted = await self._fetched(position)
                found, position = committed(data, aborted, position, end)
                yield found
        finally:
            await discard(self._client)

    async def _offset(self, which: int) -> int:
        request = OffsetRequest(-1, _COMMITTED, [(self._topic, [(self._partition, which)])])

        def offset_in(answer: Any) -> int:
            _, code, _, offset = answer.topics[0][1][0]
            return int(_checked(code, offset))

        return await self._asked(request, offset_in)

    async def _fetched(self, position: int) -> tuple[bytes, Aborted]:
        where = [(self._topic, [(self._partition, position, FETCH_BYTES)])]
        request = FetchRequest(_WAIT_MS, 1, FETCH_BYTES, _COMMITTED, where)

        def batches_in(answer: Any) -> tuple[bytes, Aborted]:
            _, code, _, *rest = answer.topics[0][1][0]
            aborted = rest[2] if answer.API_VERSION >= _WITH_LOG_START else rest[-2]
            return _checked(code, (rest[-1] or b"", aborted or ()))

        return await self._asked(request, batches_in)

    async def _asked(self, request: Any, read: Callable[[Any], T]) -> T:
        """What is read from the leader's answer; asked again while there is none."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        with translating(f"reading {self._topic}/{self._partition}"):
            while True:
                try:
                    leader = self._client.cluster.leader_for_partition(ClientPartition(self._topic, self._partition))
                    if leader is None or leader == -1:
                        raise LeaderNotAvailableError
                    return read(await self._client.send(leader, request))
                except KafkaError as error:
                    if not error.retriable or clock() - begun >= self._patience.limit_s:
                        raise
                await self._client.force_metadata_update()
                await asyncio.sleep(_AGAIN_S)


def _checked(code: int, found: T) -> T:
    if code:
        error = for_code(code)
        raise error
    return found


def committed(data: bytes, aborted: Aborted, position: int, end: int) -> tuple[list[Change], int]:
    """The committed (key, value) from ``position`` to before ``end`` in fetched batches, and where to go on.

    Raises CorruptRecordException.
    """
    found: list[Change] = []
    begins = sorted(aborted, key=lambda each: each[1], reverse=True)
    inside: set[int] = set()
    batches = MemoryRecords(data)
    while batches.has_next() and position < end:
        batch = batches.next_batch()
        if not batch.validate_crc():
            raise CorruptRecordException(f"the batch at {batch.base_offset} is damaged")
        while begins and begins[-1][1] <= batch.base_offset:
            inside.add(begins.pop()[0])
        if batch.is_control_batch:
            if _CONTROL_KEY.unpack(next(batch).key)[1] == _ABORT:
                inside.discard(batch.producer_id)
        elif not (batch.is_transactional and batch.producer_id in inside):
            whole = position <= batch.base_offset and batch.next_offset <= end
            found += [(one.key or b"", one.value) for one in batch if whole or position <= one.offset < end]
        position = batch.next_offset
    return found, position
