"""Publishes a simulation in its own time, as the importer does: events, heartbeats and ticks, in the order of arrival.

A tick is written once all that arrived before it is acknowledged, so its ends are those of the log. Publishing the same
simulation again adds duplicates, which count once, and repairs what broke off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from lienthong_infra.ports import OutboundRecord, Publisher, Reader
from lienthong_producers.domain.simulation.cases import SimulatedEvent
from lienthong_producers.domain.simulation.delivery import Arrival, Beat, Delivered, TimeMark
from lienthong_producers.import_time import ImportTime
from lienthong_producers.schema_book import schema_book
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.headers import event_headers
from lienthong_schemas.identity import event_id
from lienthong_schemas.instants import Instant, milliseconds_of

HEARTBEATS: Final = "heartbeat.v1"
AT_ONCE: Final = 5_000
"""Records that are written in one go at most: what a publisher holds in memory."""

AfterTick = Callable[[Instant, int], None]
"""Called when a tick is on the bus, with its time and how many events are: shows progress."""


@dataclass(frozen=True, slots=True)
class Published:
    """What was written; ``horizon`` is the time of the last tick on the bus."""

    events: int
    heartbeats: int
    ticks: int
    horizon: Instant


class SimulationImport:
    """One run, over ports. The events must be sealed."""

    def __init__(self, publisher: Publisher, reader: Reader) -> None:
        self._book = schema_book()
        self._time = ImportTime(publisher, reader, self._book)
        self._waiting: list[OutboundRecord] = []
        self._events = self._heartbeats = 0

    async def run(self, items: Iterable[Delivered], after_tick: AfterTick | None = None) -> Published:
        """Publish all that arrives. Raises PublishError or UnavailableError; running again then completes it."""
        await self._time.find_place()
        mark: TimeMark | None = None
        for item in items:
            if isinstance(item, TimeMark):
                mark = item
                await self._flush()
                await self._time.reach(item.at, item.complete_through)
                if after_tick is not None:
                    after_tick(item.at, self._events)
                continue
            self._take(item)
            if len(self._waiting) >= AT_ONCE:
                await self._flush()
        if mark is not None and self._time.ticks == 0:  # published before
            await self._time.again(mark.complete_through)
        return Published(self._events, self._heartbeats, self._time.ticks, self._time.now)

    def _take(self, item: Arrival | Beat) -> None:
        if isinstance(item, Arrival):
            self._events += 1
            self._waiting.append(arrival_record(item))
        else:
            self._heartbeats += 1
            self._waiting.append(heartbeat_record(item, self._book))

    async def _flush(self) -> None:
        records, self._waiting = self._waiting, []
        await self._time.publish(records)


def arrival_record(item: Arrival) -> OutboundRecord:
    """The record of an event, stamped with the time of its arrival."""
    event = item.event
    return OutboundRecord(
        event.topic,
        event.case.case_id.encode(),
        event.value,
        _headers(event),
        timestamp=milliseconds_of(item.at),
    )


def heartbeat_record(item: Beat, book: SchemaBook) -> OutboundRecord:
    """The record of a heartbeat, keyed as the forwarder does."""
    beat = item.heartbeat
    return OutboundRecord(
        HEARTBEATS,
        f"{beat.office}/{beat.sender}".encode(),
        book.encode(HEARTBEATS, beat._asdict()),
        timestamp=milliseconds_of(item.at),
    )


def _headers(event: SimulatedEvent) -> tuple[tuple[str, bytes], ...]:
    case, step = event.case, event.step
    named = {
        "event_id": event_id(step.office.code, case.case_id, step.epoch, step.seq),
        "office": step.office.code,
        "change": step.change,
        "occurred_at": step.occurred_at,
        "case_id": case.case_id,
    }
    return event_headers(event.topic, named)
