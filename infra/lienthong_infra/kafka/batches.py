"""Records on their way out as whole batches, several times cheaper in Python than record by record."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from lienthong_infra.errors import RecordTooLarge, UnknownTopic
from lienthong_infra.partitioning import partition_of
from lienthong_infra.ports import Change, OutboundRecord, TopicPartition
from lienthong_infra.record_size import MAX_RECORD_BYTES, record_bytes

BATCH_BYTES: Final = 256 * 1024
"""A batch is closed at this size; a larger record travels alone in its batch. A broker takes up to 1 MiB a batch."""
Batch = tuple["asyncio.Future[Any]", Sequence[int]]
"""The future of a sent batch, and which of the records (by index) lie in it, in order."""

_keyless = count()
_new = tuple.__new__  # what a named tuple's own constructor does, at half its cost


def grouped(records: Sequence[OutboundRecord], counts: Mapping[str, int]) -> dict[TopicPartition, list[int]]:
    """The indexes of the records by the partition they go to, in order.

    Raises RecordTooLarge, or UnknownTopic where a stated partition does not exist; nothing has been sent then.
    """
    groups: dict[tuple[str, int], list[int]] = {}
    for index, record in enumerate(records):
        topic, key, _, _, partition, _ = record
        if record_bytes(record) > MAX_RECORD_BYTES:
            raise RecordTooLarge(f"a record for {topic} has more than {MAX_RECORD_BYTES} bytes")
        partitions = counts[topic]
        if partition is not None:
            if not 0 <= partition < partitions:
                raise UnknownTopic(f"{topic}/{partition}")
        elif key is not None:
            partition = partition_of(key, partitions)
        else:
            partition = next(_keyless) % partitions
        target = topic, partition
        group = groups.get(target)
        if group is None:
            group = groups[target] = []
        group.append(index)
    return {TopicPartition(*target): group for target, group in groups.items()}


def change_records(changelog: TopicPartition, changes: Sequence[Change]) -> list[OutboundRecord]:
    """Changes as records for a partition of a changelog. Raises RecordTooLarge."""
    topic, partition = changelog
    if any(len(key) + len(value or b"") > MAX_RECORD_BYTES for key, value in changes):
        raise RecordTooLarge(f"a record for {topic} has more than {MAX_RECORD_BYTES} bytes")
    return [_new(OutboundRecord, (topic, key, value, (), partition, None)) for key, value in changes]


async def send_group(
    producer: AIOKafkaProducer, name: str, partition: int, records: Sequence[OutboundRecord], indexes: Sequence[int]
) -> list[Batch]:
    """Hand the records with these indexes to the producer, in order, for one partition of the topic ``name``."""
    sent: list[Batch] = []
    inside: list[int] = []
    batch = producer.create_batch()
    for index in indexes:
        _, key, value, headers, _, timestamp = records[index]
        if batch.append(key=key, value=value, timestamp=timestamp, headers=[*headers]) is None:
            sent.append((await producer.send_batch(batch, name, partition=partition), inside))
            batch, inside = producer.create_batch(), []
            batch.append(key=key, value=value, timestamp=timestamp, headers=[*headers])
        inside.append(index)
    sent.append((await producer.send_batch(batch, name, partition=partition), inside))
    return sent


async def acknowledged(batches: Sequence[Batch]) -> list[int]:
    """Wait for all batches; returns the offset of each batch's first record. Raises what the first failed one says."""
    results = await asyncio.gather(*(future for future, _ in batches), return_exceptions=True)
    offsets: list[int] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        offsets.append(result.offset)
    return offsets
