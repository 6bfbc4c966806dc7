"""Reading the ends of logs: the newest record that says something, without reading all that lies before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, TypeVar

from lienthong_infra.ports import Reader, Record, TopicPartition

FIRST_WINDOW: Final = 32
"""Offsets from the end that are tried first: what we look for is the last data record of a transaction, with at most a
few control markers and aborted records behind it."""
_GROWTH: Final = 16
"""How much farther back each further try begins."""
_WAIT_S: Final = 0.3
"""Seconds one read waits; nobody waits that long while there are records."""

Range = tuple[int, int]
"""First offset, and the end (not included)."""
T = TypeVar("T")


async def read_ranges(reader: Reader, ranges: Mapping[TopicPartition, Range]) -> AsyncIterator[Record]:
    """All committed records in these ranges, in order per partition. The reader is assigned to them alone."""
    wanted = {each: bounds for each, bounds in ranges.items() if bounds[0] < bounds[1]}
    if not wanted:
        return
    await reader.assign({each: first for each, (first, _) in wanted.items()})
    unfinished = set(wanted)
    while unfinished:
        for each, records in (await reader.read(timeout=_WAIT_S)).items():
            for record in records:
                if record.offset < wanted[each][1]:
                    yield record
        positions = await reader.positions()
        unfinished = {each for each in wanted if positions[each] < wanted[each][1]}


async def newest(
    reader: Reader,
    ranges: Mapping[TopicPartition, Range],
    take: Callable[[Record], T | None],
) -> dict[TopicPartition, T]:
    """By partition, what ``take`` makes of the last record in the range of which it makes anything."""
    found: dict[TopicPartition, T] = {}
    window = FIRST_WINDOW
    left = dict(ranges)
    while left:
        chunk = {each: (max(first, end - window), end) for each, (first, end) in left.items()}
        async for record in read_ranges(reader, chunk):
            taken = take(record)
            if taken is not None:
                found[TopicPartition(record.topic, record.partition)] = taken
        left = {
            each: (first, chunk[each][0])
            for each, (first, _) in left.items()
            if each not in found and chunk[each][0] > first
        }
        window *= _GROWTH
    return found
