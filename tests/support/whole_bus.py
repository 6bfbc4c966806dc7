"""A whole bus in the test's own process: Kafka, PostgreSQL, deadline worker, ledger, and time made by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import Connection

from lienthong.demo.settling import BusWatch
from lienthong_consumers.ledger.app import LedgerOptions, run_ledger
from lienthong_consumers.ledger.database import connect_now
from lienthong_infra.kafka.admin import KafkaAdmin
from lienthong_infra.kafka.membership import GroupTimes, KafkaMembership
from lienthong_infra.kafka.partition_log import KafkaPartitionLog
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.placement import Placement
from lienthong_infra.ports import OutboundRecord, PartitionLog, Record, TopicPartition
from lienthong_infra.reading import read_to_end
from lienthong_infra.reference_log import apply_reference
from lienthong_infra.schema_patience import SchemaPatience
from lienthong_producers.ticker import Ticker
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import MICROSECONDS_PER_SECOND, Instant
from lienthong_schemas.records import Heartbeat
from lienthong_schemas.reference_files import load_reference, schema_entries
from lienthong_streams.barriers import Barriers
from lienthong_streams.partial_figures import PartialFigures
from lienthong_streams.partition import DeadlinePartition
from lienthong_streams.rebuild import RebuildingLog
from lienthong_streams.runtime.barrier_feed import BarrierFeed
from lienthong_streams.runtime.host import Host, HostPorts
from lienthong_streams.runtime.ports import Advance
from lienthong_streams.runtime.times import HostTimes

REST_LIMIT_S = 60.0
SCHEMA_WAIT: Instant = 4 * MICROSECONDS_PER_SECOND
"""Instead of a minute."""
FIGURES_EVERY: Instant = MICROSECONDS_PER_SECOND // 5
"""Live figures as soon as can be, but not with every run."""
GROUP = GroupTimes(session_s=6.0, rebalance_s=10.0)


def wall_clock() -> Instant:
    """The present."""
    return time.time_ns() // 1_000


def short_patience() -> SchemaPatience:
    """Patience with unknown schemas for a test."""
    return SchemaPatience(wait=SCHEMA_WAIT)


class Unwatched:
    """A host's observer that takes no note."""

    def taken_over(self, source: TopicPartition, position: int) -> None:
        """Nothing."""

    def advanced(self, source: TopicPartition, step: Advance, position: int, position_value: bytes) -> None:
        """Nothing."""

    def released(self, source: TopicPartition) -> None:
        """Nothing."""


class WholeBus:
    """One bus. Make it with ``whole_bus``."""

    def __init__(self, bootstrap: str, dsn: str, prefix: str) -> None:
        self.bootstrap, self.dsn, self.prefix = bootstrap, dsn, prefix
        self.book = SchemaBook()
        self.publisher = KafkaPublisher(bootstrap, prefix)
        self.reader = KafkaReader(bootstrap, prefix)
        self.now = wall_clock()
        """What ticks say; a test moves it."""
        self._watch = BusWatch(bootstrap, dsn, prefix)
        self._ticking, self._barriers = KafkaReader(bootstrap, prefix), KafkaReader(bootstrap, prefix)
        self._ticker: Ticker | None = None
        self._workers: list[asyncio.Task[None]] = []

    async def prepare(self, reference: str, *, imported: bool) -> None:
        """Make topics and publish a set of reference data."""
        catalogue = load_catalogue()
        async with KafkaAdmin(self.bootstrap, self.prefix) as admin:
            await admin.apply(catalogue, imported=imported)
        # Without the clock policies: due times of tests are minutes ahead, and those count in days.
        policies = [entry for entry in load_reference(reference) if entry.kind != "clock-policy"]
        entries = [*policies, *schema_entries(catalogue)]
        await apply_reference(self.reader, self.publisher, entries, known_from=None if imported else self.now)

    def start(self, stop: asyncio.Event) -> None:
        """Start deadline worker and ledger."""
        options = LedgerOptions(
            bootstrap=self.bootstrap, dsn=self.dsn, prefix=self.prefix, times=GROUP, make_patience=short_patience
        )
        self._workers = [
            asyncio.create_task(self._host().run(CASE_TOPICS, stop)),
            asyncio.create_task(run_ledger(options, stop)),
        ]

    def _host(self) -> Host:
        book = SchemaBook()
        barriers = Barriers(book)
        placement = Placement.of(load_catalogue())

        def processor_of(source: TopicPartition) -> DeadlinePartition:
            figures = PartialFigures(source, book, every=FIGURES_EVERY)
            partition = DeadlinePartition(source, book, barriers, patience=short_patience(), figures=figures)
            partition.placement = placement
            return partition

        def log_of(source: TopicPartition) -> PartitionLog:
            log = KafkaPartitionLog(self.bootstrap, self.prefix, source, application="deadlines")
            return RebuildingLog(log, source, book, lambda: KafkaReader(self.bootstrap, self.prefix))

        ports = HostPorts(
            membership=KafkaMembership(self.bootstrap, self.prefix, times=GROUP),
            log_of=log_of,
            processor_of=processor_of,
            feed=BarrierFeed(self._barriers, barriers),
            observer=Unwatched(),
            now=wall_clock,
            remark=lambda value: value.decode(),
        )
        return Host(ports, HostTimes(tick_commit_s=0.2))

    async def publish(self, *records: OutboundRecord) -> None:
        """Put records on the bus, in order."""
        await self.publisher.publish(records)

    async def heard(self, *offices: str, through: Instant) -> None:
        """A heartbeat of each office."""
        beats = [Heartbeat(office, "outbox-1", through, through, 1, 0) for office in offices]
        await self.publish(
            *(
                OutboundRecord(
                    "heartbeat.v1", f"{beat.office}/outbox-1".encode(), self.book.encode("heartbeat.v1", beat._asdict())
                )
                for beat in beats
            )
        )

    async def tick(self, at: Instant) -> None:
        """A tick at an instant, over all that is on the bus."""
        self.now = at
        if self._ticker is None:
            self._ticker = Ticker(self._ticking, self.publisher, clock=lambda: self.now)
            await self._ticker.start()
        await self._ticker.tick()

    async def at_rest(self) -> None:
        """Wait until everything is applied everywhere; fails at once where a worker dies."""
        resting = asyncio.create_task(self._watch.settled(limit_s=REST_LIMIT_S))
        await asyncio.wait({resting, *self._workers}, return_when=asyncio.FIRST_COMPLETED)
        for worker in self._workers:
            if worker.done():
                resting.cancel()
                worker.result()
        await resting

    async def records(self, topic: str) -> list[Record]:
        """All committed records of a topic."""
        partitions = [TopicPartition(topic, number) for number in range(await self.reader.partitions(topic))]
        return [record for each in partitions async for record in read_to_end(self.reader, each)]

    async def decoded(self, topic: str) -> list[dict[str, Any]]:
        """All committed records of a topic, decoded."""
        return [self.book.decode(topic, record.value or b"") for record in await self.records(topic)]

    def ledger(self) -> Connection[Any]:
        """A connection to the ledger."""
        return connect_now(self.dsn, self.prefix)

    def rows(self, query: str, *parameters: object) -> list[Any]:
        """What a query on the ledger gives."""
        with self.ledger() as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    async def close(self, stop: asyncio.Event) -> None:
        """End the workers; raises what one of them raised."""
        stop.set()
        results = await asyncio.gather(*self._workers, return_exceptions=True)
        await self._watch.__aexit__()
        for client in (self.publisher, self.reader, self._ticking, self._barriers):
            await client.close()
        for result in results:
            if isinstance(result, BaseException):
                raise result


@asynccontextmanager
async def whole_bus(
    bootstrap: str, dsn: str, prefix: str, *, reference: str = "vn", imported: bool = False
) -> AsyncIterator[WholeBus]:
    """A bus at work inside."""
    bus, stop = WholeBus(bootstrap, dsn, prefix), asyncio.Event()
    try:
        await bus.prepare(reference, imported=imported)
        bus.start(stop)
        yield bus
    finally:
        await bus.close(stop)
