"""The records of a topic that are there now, and those that come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from lienthong_infra.ports import Reader, Record, TopicPartition

_WAIT_S: Final = 0.5
"""Seconds that one read waits for records."""

Ends = Mapping[TopicPartition, int]


async def ends_of(reader: Reader, topic: str) -> Ends:
    """Where each partition of a topic ends now. Raises UnknownTopic or UnavailableError."""
    return await reader.ends([TopicPartition(topic, number) for number in range(await reader.partitions(topic))])


async def present(reader: Reader, ends: Ends) -> AsyncIterator[Record]:
    """The records up to these ends, partition by partition, each in its order."""
    for partition, end in sorted(ends.items()):
        await reader.assign({partition: 0})
        while (await reader.positions())[partition] < end:
            for record in (await reader.read(timeout=_WAIT_S)).get(partition, ()):
                if record.offset < end:
                    yield record


async def coming(reader: Reader, ends: Ends) -> AsyncIterator[Record]:
    """The records behind these ends, as they come; for ever."""
    await reader.assign(ends)
    while True:
        for records in (await reader.read(timeout=_WAIT_S)).values():
            for record in records:
                yield record
