"""The own time of an import: what it writes is stamped with the past, and its ticks come between.

When all up to a tick is acknowledged, the tick is written with the ends of the case topics. The time on the bus never
goes back: an import that is run again ticks only where it comes further than before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lienthong_infra.ports import OutboundRecord, Publisher, Reader, TopicPartition
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import DecodeError
from lienthong_schemas.instants import Instant, milliseconds_of
from lienthong_schemas.records import Tick, partition_key, tick

TICKS: Final = TopicPartition("tick.v1", 0)
REFERENCE: Final = TopicPartition("reference.v1", 0)
_READ_S: Final = 10.0
"""How long the last tick may take to come; it lies on the broker already."""


class ImportTime:
    """Where an import stands on its bus. ``find_place`` comes first."""

    def __init__(self, publisher: Publisher, reader: Reader, book: SchemaBook) -> None:
        self._publisher, self._reader, self._book = publisher, reader, book
        self._ends: dict[TopicPartition, int] = {}
        self._reference_end = 0
        self.now: Instant = 0
        """The time of the last tick on the bus."""
        self.ticks = 0
        """Ticks written here."""

    async def find_place(self) -> None:
        """The ends of the topics as they are now, and the time that the prefix has reached."""
        partitions = [
            TopicPartition(topic, number)
            for topic in CASE_TOPICS
            for number in range(await self._reader.partitions(topic))
        ]
        ends = dict(await self._reader.ends([*partitions, REFERENCE, TICKS]))
        self._reference_end = ends.pop(REFERENCE)
        ticks = ends.pop(TICKS)
        self._ends = ends
        if ticks:
            await self._reader.assign({TICKS: ticks - 1})
            for record in (await self._reader.read(timeout=_READ_S)).get(TICKS, ()):
                self.now = max(self.now, _bus_time(self._book, record.value or b""))

    async def publish(self, records: Sequence[OutboundRecord]) -> None:
        """Write records; returns once all are acknowledged. Raises PublishError or UnavailableError."""
        for place in await self._publisher.publish(records):
            target = TopicPartition(place.topic, place.partition)
            if target in self._ends:  # a tick names the ends of case topics only
                self._ends[target] = max(self._ends[target], place.offset + 1)

    async def reach(self, at: Instant, complete_through: Mapping[str, Instant]) -> None:
        """Write the tick of an instant, unless the bus has come that far before."""
        if at > self.now:
            await self._tick(at, complete_through)

    async def again(self, complete_through: Mapping[str, Instant]) -> None:
        """Write the last tick once more: its time stands, the ends have moved."""
        await self._tick(self.now, complete_through)

    async def _tick(self, at: Instant, complete_through: Mapping[str, Instant]) -> None:
        content = Tick(
            bus_time=at,
            case_ends={partition_key(*each): end for each, end in self._ends.items()},
            reference_end=self._reference_end,
            complete_through=complete_through,
        )
        value = self._book.encode(TICKS.topic, content._asdict())
        await self._publisher.publish(
            [OutboundRecord(TICKS.topic, None, value, partition=TICKS.partition, timestamp=milliseconds_of(at))]
        )
        self.now = at
        self.ticks += 1


def _bus_time(book: SchemaBook, value: bytes) -> Instant:
    try:
        return tick(book.decode(TICKS.topic, value)).bus_time
    except DecodeError:
        return 0
