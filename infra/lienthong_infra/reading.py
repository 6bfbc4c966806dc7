"""Reading a partition from its first to its present last record, over any Reader."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final

from lienthong_infra.errors import UnknownTopic
from lienthong_infra.ports import Reader, Record, TopicPartition

_WAIT_S: Final = 0.3
"""Seconds one read waits; nobody waits that long while there are records."""
_AT_ONCE: Final = 20_000
"""Records of one read."""


async def read_to_end(reader: Reader, partition: TopicPartition, *, start: int = 0) -> AsyncIterator[Record]:
    """The records from ``start`` to the end that the partition has now. The reader is assigned to it alone."""
    end = (await reader.ends([partition]))[partition]
    if start >= end:
        return
    await reader.assign({partition: start})
    while (await reader.positions())[partition] < end:
        for record in (await reader.read(timeout=_WAIT_S, limit=_AT_ONCE)).get(partition, ()):
            if record.offset >= end:
                return
            yield record


async def all_partitions(reader: Reader, topics: Iterable[str]) -> list[TopicPartition]:
    """All partitions of these topics. Raises UnknownTopic, which names all that are missing."""
    found: list[TopicPartition] = []
    missing: list[str] = []
    for topic in topics:
        try:
            found += [TopicPartition(topic, number) for number in range(await reader.partitions(topic))]
        except UnknownTopic as error:
            missing.append(error.topic)
    if missing:
        raise UnknownTopic(*missing)
    return found
