"""Latency of a worker process at a steady rate: from append to clock event, and from the due time to the breach.

Dossiers live their life in minutes of work, written as they happen; a ticker runs with its default period. Measured are
the clock events that an event causes (started, paused, resumed, met), from just before the event is handed to the
client to the committed clock event in a reader's hands; and breaches, from the due time to the reader's hands.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from rich.console import Console

from benchmarks.bus import POLICY, bus
from benchmarks.compiled_engine import compiled_engine
from benchmarks.feed import LIFE, dossier_record
from benchmarks.job import INPUT_TOPIC, OUTPUT_TOPIC
from benchmarks.pacing import at_rate
from benchmarks.percentiles import told
from benchmarks.processes import running
from lienthong.simulation import national_entries
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.ports import OutboundRecord, TopicPartition
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_schemas.records import ClockEvent, clock_event

RATE: Final = 2_000
"""Events a second."""
OPEN_AT_ONCE: Final = 500
OVERDUE_SHARE: Final = 0.02
"""Share of dossiers that are given a due time of a few seconds and left alone."""
DUE_AFTER_S: Final = 3.0
WARM_UP_S: Final = 5.0
"""What happens in the first seconds is not measured: group, transactions and caches are new."""
DRAIN_S: Final = 8.0
READY_LIMIT_S: Final = 90.0


def now() -> Instant:
    """The machine's time."""
    return time.time_ns() // 1_000


class Office:
    """Hands dossiers in and works on them, some hundreds at once."""

    def __init__(self, book: SchemaBook, seed: int = 1) -> None:
        self.written_at: dict[tuple[str, str], Instant] = {}
        """By case and ``epoch.seq``: when the event was handed to the client."""
        self._book, self._chance = book, random.Random(seed)
        self._open: list[list[int]] = []
        self._cases = 0

    def events(self, number: int, at: Instant) -> list[OutboundRecord]:
        """The next so many events, as they happen at that instant."""
        return [self._event(at) for _ in range(number)]

    def _event(self, at: Instant) -> OutboundRecord:
        if len(self._open) < OPEN_AT_ONCE:
            self._cases += 1
            if self._chance.random() < OVERDUE_SHARE:
                return self._written(self._cases, 1, at, at + round(DUE_AFTER_S * MICROSECONDS_PER_SECOND))
            self._open.append([self._cases, 0])
        index = self._chance.randrange(len(self._open))
        self._open[index][1] += 1
        case, seq = self._open[index]
        if seq == len(LIFE):
            self._open[index] = self._open[-1]
            self._open.pop()
        return self._written(case, seq, at, at + 30 * 86_400 * MICROSECONDS_PER_SECOND)

    def _written(self, case: int, seq: int, at: Instant, due_at: Instant) -> OutboundRecord:
        record = dossier_record(case, seq, 0)
        times = {"accepted_at": at, "occurred_at": at, "received_at": at, "due_at": due_at}
        times["ended_at"] = at if record["status"] == "9" else None  # type: ignore[assignment]
        self.written_at[record["case_id"], f"1.{seq}"] = at
        return OutboundRecord(INPUT_TOPIC, record["case_id"].encode(), self._book.encode(INPUT_TOPIC, record | times))


class Listener:
    """Reads clock events and keeps how late each was."""

    def __init__(self, reader: KafkaReader, book: SchemaBook, office: Office) -> None:
        self.caused: list[tuple[Instant, float]] = []
        """When the event was written, and milliseconds until its clock event was read."""
        self.breaches: list[tuple[Instant, float]] = []
        self._reader, self._book, self._office = reader, book, office

    async def listen(self) -> None:
        """Read for ever."""
        partitions = range(await self._reader.partitions(OUTPUT_TOPIC))
        await self._reader.assign({TopicPartition(OUTPUT_TOPIC, number): 0 for number in partitions})
        while True:
            found = await self._reader.read(timeout=0.2)
            read_at = now()
            for records in found.values():
                for record in records:
                    self._take(clock_event(self._book.decode(OUTPUT_TOPIC, record.value or b"")), read_at)

    def _take(self, event: ClockEvent, read_at: Instant) -> None:
        if event.kind == "breached":
            self.breaches.append((event.happened_at, (read_at - event.happened_at) / 1_000))
        written_at = self._office.written_at.get((event.case_id, event.cause))
        if written_at is not None and event.kind != "breached":
            self.caused.append((written_at, (read_at - written_at) / 1_000))


async def _steadily(publisher: KafkaPublisher, office: Office, rate: int, seconds: float) -> None:
    """Write at a steady rate; what falls due while something is being written goes with the next write."""
    waiting: list[OutboundRecord] = []
    writing: asyncio.Task[Any] | None = None
    async for number in at_rate(rate, seconds):
        waiting += office.events(number, now())
        if writing is None or writing.done():
            writing = asyncio.create_task(_write_all(publisher, waiting))
    if writing is not None:
        await writing
    await _write_all(publisher, waiting)


async def _write_all(publisher: KafkaPublisher, waiting: list[OutboundRecord]) -> None:
    while waiting:
        records, waiting[:] = [*waiting], []
        await publisher.publish(records)


async def run(
    bootstrap: str, rate: int, seconds: float, *, compiled: bool = False, worker: Sequence[str] = ()
) -> dict[str, Any]:
    """One run on a bus of its own; returns the percentiles. ``worker``: more options of ``stream deadlines``."""
    engine = compiled_engine() if compiled else {}
    entries = [entry for entry in national_entries() if entry.kind != POLICY]
    async with AsyncExitStack() as stack:
        prefix = await stack.enter_async_context(bus(bootstrap, entries, imported=False))
        book = SchemaBook()
        office, reader, publisher = Office(book), KafkaReader(bootstrap, prefix), KafkaPublisher(bootstrap, prefix)
        stack.push_async_callback(reader.close)
        stack.push_async_callback(publisher.close)
        listener = Listener(reader, book, office)
        bus_of = {"LIENTHONG_BOOTSTRAP": bootstrap, "LIENTHONG_PREFIX": prefix, "LIENTHONG_METRICS_PORT": "0"}
        for verb in (("ticker",), ("stream", "deadlines", *worker)):
            await stack.enter_async_context(running(*verb, environment=bus_of | engine))
        listening = asyncio.create_task(listener.listen())
        async with asyncio.timeout(READY_LIMIT_S):
            while not listener.caused:  # until the worker has its partitions and the first tick
                await publisher.publish(office.events(1, now()))
                await asyncio.sleep(0.2)
        begin = now() + round(min(WARM_UP_S, seconds / 2) * MICROSECONDS_PER_SECOND)
        await _steadily(publisher, office, rate, seconds)
        await asyncio.sleep(min(DRAIN_S, seconds))
        async with asyncio.timeout(READY_LIMIT_S):
            while not any(at >= begin for at, _ in listener.caused):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
        listening.cancel()
        expected = sum(at >= begin for at in office.written_at.values())
    return {"rate": rate, "events": expected, "compiled": compiled, **_told(listener, begin)}


def _told(listener: Listener, begin: Instant) -> dict[str, Any]:
    found = {"clock_event": listener.caused, "breach": listener.breaches}
    return {name: told([late for at, late in each if at >= begin]) for name, each in found.items()}


def measure(
    bootstrap: str, *, rate: int, seconds: float, compiled: bool = False, worker: Sequence[str] = ()
) -> dict[str, Any]:
    """One run. Raises CannotCompile."""
    return asyncio.run(run(bootstrap, rate, seconds, compiled=compiled, worker=worker))


def lines(found: dict[str, Any]) -> Iterator[str]:
    """What was found, in words."""
    for name, asked in (("clock_event", "p99 250 ms"), ("breach", "2,000 ms")):
        one = found[name]
        yield (
            f"{name.replace('_', ' ')}: {one['number']:,} at {found['rate']:,} events/s, p50 {one['p50_ms']} ms, "
            f"p99 {one['p99_ms']} ms, longest {one['max_ms']} ms (asked: {asked} or less)"
        )


def show(found: dict[str, Any], console: Console) -> None:
    """Print it."""
    for line in lines(found):
        console.print(line)
