"""How old live figures are: from the append of an event to the partial figure, and to the total, that count it.

Ticker, deadline worker and the process of the totals run as a user starts them, with their default intervals. Measured
are receipts and ends of dossiers, for each of them changes a figure for good: from just before the event is handed to
the client until a reader has the total of its office and procedure that stands on a later offset of its partition.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from rich.console import Console

from benchmarks.bus import POLICY, bus
from benchmarks.job import INPUT_TOPIC
from benchmarks.latency import READY_LIMIT_S, Office, now
from benchmarks.pacing import at_rate
from benchmarks.percentiles import told
from benchmarks.processes import running
from lienthong.simulation import national_entries
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import OutboundRecord, TopicPartition, Written
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from lienthong_schemas.partial_totals import TOPIC as PARTIALS
from lienthong_schemas.records import partition_key
from lienthong_schemas.totals import AGENCY, LIVE_TOPIC, PROCEDURE

RATE: Final = 200
"""Events a second: that of a large province at its busiest."""
ASKED_MS: Final = 2_000
WARM_UP_S: Final = 5.0
_FOR_GOOD: Final = ("2", "9")
"""Received, ended."""
Place = tuple[str, str]
"""Office, and partition of the case topic."""


class Waiting:
    """Events that no total is known to count yet, and how long it took for the others."""

    def __init__(self, book: SchemaBook) -> None:
        self.taken: list[tuple[Instant, float]] = []
        """When an event was written, and milliseconds until its total was read."""
        self._book = book
        self._offsets: defaultdict[Place, list[tuple[int, Instant]]] = defaultdict(list)
        self._reached: dict[Place, int] = {}

    def written(self, records: Sequence[OutboundRecord], places: Sequence[Written], at: Instant) -> None:
        """Events are on the log."""
        for record, place in zip(records, places, strict=True):
            event = self._book.decode(INPUT_TOPIC, record.value or b"")
            if event["status"] in _FOR_GOOD:
                here = event["office"], partition_key(place.topic, place.partition)
                insort(self._offsets[here], (place.offset, at))
                self._counted(here, self._reached.get(here, 0), now())

    def read(self, topic: str, value: bytes, at: Instant) -> None:
        """A partial figure or a total was read."""
        for here, position in _reached(topic, self._book.decode(topic, value)):
            self._reached[here] = max(position, self._reached.get(here, 0))
            self._counted(here, position, at)

    def _counted(self, here: Place, position: int, at: Instant) -> None:
        waiting = self._offsets[here]
        while waiting and waiting[0][0] < position:
            _, written_at = waiting.pop(0)
            self.taken.append((written_at, (at - written_at) / 1_000))

    def late(self, since: Instant) -> list[float]:
        """Milliseconds until each event that was written since then was counted."""
        return [each for at, each in self.taken if at >= since]

    def left(self, since: Instant) -> int:
        """Events written since then that no total counts yet."""
        return sum(at >= since for waiting in self._offsets.values() for _, at in waiting)


def _reached(topic: str, record: dict[str, Any]) -> Iterator[tuple[Place, int]]:
    """Up to which offsets the events of an office are counted in a record."""
    if topic == PARTIALS:
        yield (record["office"], partition_key(record["source_topic"], record["source_partition"])), record["position"]
    elif (record["scope"], record["unit_kind"]) == (PROCEDURE, AGENCY):
        for source, position in record["positions"].items():
            yield (record["unit"], source), position


class Listener:
    """Reads both topics."""

    def __init__(self, reader: KafkaReader, book: SchemaBook) -> None:
        self.waiting = {topic: Waiting(book) for topic in (PARTIALS, LIVE_TOPIC)}
        self._reader = reader

    async def listen(self) -> None:
        """For ever."""
        await self._reader.assign({TopicPartition(topic, 0): 0 for topic in self.waiting})
        while True:
            found = await self._reader.read(timeout=0.2)
            at = now()
            for partition, records in found.items():
                for record in records:
                    self.waiting[partition.topic].read(partition.topic, record.value or b"", at)


async def _steadily(publisher: KafkaPublisher, office: Office, listener: Listener, rate: int, seconds: float) -> None:
    async for number in at_rate(rate, seconds):
        await _write(publisher, office, listener, number)


async def _write(publisher: KafkaPublisher, office: Office, listener: Listener, number: int) -> None:
    at = now()
    records = office.events(number, at)
    places = await publisher.publish(records)
    for waiting in listener.waiting.values():
        waiting.written(records, places, at)


async def run(bootstrap: str, *, rate: int, seconds: float) -> dict[str, Any]:
    """One run on a bus of its own; returns the percentiles."""
    entries = [entry for entry in national_entries() if entry.kind != POLICY]
    async with AsyncExitStack() as stack:
        prefix = await stack.enter_async_context(bus(bootstrap, entries, imported=False))
        book = SchemaBook()
        office, reader, publisher = Office(book), KafkaReader(bootstrap, prefix), KafkaPublisher(bootstrap, prefix)
        stack.push_async_callback(reader.close)
        stack.push_async_callback(publisher.close)
        listener = Listener(reader, book)
        waiting = listener.waiting[LIVE_TOPIC]
        environment = {"LIENTHONG_BOOTSTRAP": bootstrap, "LIENTHONG_PREFIX": prefix, "LIENTHONG_METRICS_PORT": "0"}
        for verb in (("ticker",), ("stream", "deadlines"), ("stream", "totals")):
            await stack.enter_async_context(running(*verb, environment=environment))
        listening = asyncio.create_task(listener.listen())
        async with asyncio.timeout(READY_LIMIT_S):
            while not waiting.taken:  # until all have begun and the first tick has come
                await _write(publisher, office, listener, 1)
                await asyncio.sleep(0.2)
        await _steadily(publisher, office, listener, rate, min(WARM_UP_S, seconds))
        begin = now()
        await _steadily(publisher, office, listener, rate, seconds)
        async with asyncio.timeout(READY_LIMIT_S):
            while waiting.left(begin):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        listening.cancel()
    return {"rate": rate} | {topic: told(each.late(begin)) for topic, each in listener.waiting.items()}


def measure(bootstrap: str, *, rate: int, seconds: float) -> dict[str, Any]:
    """One run."""
    return asyncio.run(run(bootstrap, rate=rate, seconds=seconds))


def lines(found: dict[str, Any]) -> Iterator[str]:
    """What was found, in words."""
    for topic, asked in ((PARTIALS, ""), (LIVE_TOPIC, f" (asked: {ASKED_MS} ms or less)")):
        one = found[topic]
        yield (
            f"event to {topic}: {one['number']:,} at {found['rate']:,} events/s, p50 {one['p50_ms']} ms, "
            f"p95 {one['p95_ms']} ms{asked}, p99 {one['p99_ms']} ms, longest {one['max_ms']} ms"
        )


def show(found: dict[str, Any], console: Console) -> None:
    """Print it."""
    for line in lines(found):
        console.print(line)
