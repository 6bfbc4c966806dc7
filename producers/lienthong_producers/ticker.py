"""The ticker: the bus's own clock. Each tick says what time it is and how far the case topics reached by then.

Heartbeats are read first and the ends are taken after: whatever an office had acknowledged before its heartbeat lies
before those ends. So a host that has read up to them may believe ``complete_through``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Final

from lienthong_infra.dead_letter import letter_of_error
from lienthong_infra.errors import Stalled, TemporaryError, UnavailableError
from lienthong_infra.ports import OutboundRecord, Publisher, Reader, Record, TopicPartition
from lienthong_producers.clock import Clock, wall_clock
from lienthong_producers.schema_book import schema_book
from lienthong_producers.stopping import until_stopped
from lienthong_schemas.believed_ticks import read_tick
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.errors import BrokenRule, DecodeError, IdentityError
from lienthong_schemas.identity import normalise_office
from lienthong_schemas.instants import Instant, instant_of_milliseconds, is_plausible
from lienthong_schemas.records import Heartbeat, Tick, heartbeat, partition_key

HEARTBEATS: Final = TopicPartition("heartbeat.v1", 0)
TICKS: Final = TopicPartition("tick.v1", 0)
REFERENCE: Final = TopicPartition("reference.v1", 0)
LOOK_BACK: Final = 100_000
"""Heartbeats read at the start: a quarter of an hour of 126 communes with one every second, or two hours and a half
with one every ten. Of an office that was silent longer, the last tick still knows."""
STOP_GRACE_S: Final = 2.0
"""How long a tick in work may take after the order to stop; one that is cut off does no harm."""
READ_LIMIT_S: Final = 30.0
"""Seconds after which records that wait but do not come count as a stall."""

_log = logging.getLogger(__name__)


class Ticker:
    """Writes ticks. ``without`` names outboxes that are gone for good and must no longer hold their office back."""

    def __init__(
        self, reader: Reader, publisher: Publisher, *, without: Collection[str] = (), clock: Clock = wall_clock
    ) -> None:
        self._reader, self._publisher, self._clock = reader, publisher, clock
        self._without = frozenset(without)
        self._book = schema_book()
        self._case_partitions: list[TopicPartition] = []
        self._last = Tick(0, {}, 0, {})
        self._heard: dict[str, dict[str, Instant]] = {}

    async def start(self) -> None:
        """Find the last tick and the newest heartbeats. Raises UnknownTopic, UnavailableError."""
        for topic in CASE_TOPICS:
            count = await self._reader.partitions(topic)
            self._case_partitions += [TopicPartition(topic, number) for number in range(count)]
        ends = await self._reader.ends([HEARTBEATS, TICKS])
        await self._reader.assign({HEARTBEATS: max(0, ends[HEARTBEATS] - LOOK_BACK), TICKS: max(0, ends[TICKS] - 1)})
        await self._catch_up()

    async def tick(self) -> Tick:
        """Write one tick and return it."""
        await self._catch_up()
        ends = await self._reader.ends([*self._case_partitions, REFERENCE])
        now = Tick(
            bus_time=max(self._clock(), self._last.bus_time),
            case_ends={partition_key(*each): ends[each] for each in self._case_partitions},
            reference_end=ends[REFERENCE],
            complete_through=self._complete_through(),
        )
        await self._publisher.publish([_outbound(self._book, now)])  # it becomes the last one when it is read back
        return now

    async def run(self, stop: asyncio.Event, *, interval: float) -> None:
        """Start, then write a tick every ``interval`` seconds until ``stop`` is set; later failures are waited out.

        Raises UnknownTopic or UnavailableError at the start.
        """
        await until_stopped(self._serve(stop, interval), stop, grace=STOP_GRACE_S)

    async def _serve(self, stop: asyncio.Event, interval: float) -> None:
        await self.start()
        while not stop.is_set():
            try:
                await self.tick()
            except (UnavailableError, TemporaryError) as error:
                _log.warning("tick-failed", extra={"cause": str(error), "next_try_in_s": interval})
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), interval)

    async def _catch_up(self) -> None:
        """Read heartbeats and ticks up to their present ends."""
        ends = await self._reader.ends([HEARTBEATS, TICKS])
        try:
            async with asyncio.timeout(READ_LIMIT_S):
                while not _reached(await self._reader.positions(), ends):
                    found = await self._reader.read(timeout=1.0)
                    for record in found.get(TICKS, ()):
                        self._see_tick(record)
                    await self._hear(found.get(HEARTBEATS, ()))
        except TimeoutError as error:
            raise Stalled(f"heartbeats and ticks could not be read within {READ_LIMIT_S:.0f} s") from error

    def _see_tick(self, record: Record) -> None:
        """Remember the newest tick, also one that another ticker wrote."""
        try:
            seen = read_tick(self._book, record.value, record.timestamp)
        except (DecodeError, BrokenRule):
            _log.warning("tick-unreadable", extra={"offset": record.offset})  # whoever applies ticks writes the letter
            return
        if seen.bus_time >= self._last.bus_time:
            self._last = seen

    async def _hear(self, records: Collection[Record]) -> None:
        letters: list[OutboundRecord] = []
        for record in records:
            try:
                beat = _sound_heartbeat(self._book, record)
            except (DecodeError, BrokenRule) as error:
                letters.append(letter_of_error(record, error, consumer="ticker"))
                continue
            self._heard.setdefault(beat.office, {})[beat.sender] = beat.complete_through
        if letters:
            await self._publisher.publish(letters)

    def _complete_through(self) -> dict[str, Instant]:
        """By office, what the most backward of its outboxes vouches for; else what the last tick knew of it."""
        heard = {
            office: min(through for _, through in counted)
            for office, senders in self._heard.items()
            if (counted := [each for each in senders.items() if each[0] not in self._without])
        }
        return {**self._last.complete_through, **heard}


def _reached(positions: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> bool:
    return all(positions[each] >= end for each, end in ends.items())


def _sound_heartbeat(book: SchemaBook, record: Record) -> Heartbeat:
    """The heartbeat, complete up to its arrival at most: an office's clock may run ahead, and what it says of the
    future is not yet true. What no tick could say is refused, or the ledger would refuse every tick from now on."""
    beat = heartbeat(book.decode(HEARTBEATS.topic, record.value or b""))
    try:
        sound = normalise_office(beat.office) == beat.office
    except IdentityError:
        sound = False
    if not sound:
        raise BrokenRule(("office: it is no agency code in normal form",))
    through = min(beat.complete_through, instant_of_milliseconds(record.timestamp))
    if not is_plausible(through):
        raise BrokenRule(("complete_through: it lies outside the years 1900 to 2999",))
    return beat._replace(complete_through=through)


def _outbound(book: SchemaBook, now: Tick) -> OutboundRecord:
    return OutboundRecord(TICKS.topic, None, book.encode(TICKS.topic, now._asdict()), partition=TICKS.partition)
