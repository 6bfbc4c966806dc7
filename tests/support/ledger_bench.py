"""A ledger on a real PostgreSQL behind a broker in memory: put records in, let a sink take them, look at the tables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lienthong_consumers.ledger.database import connect, connect_now
from lienthong_consumers.ledger.exact_start import ExactStart
from lienthong_consumers.ledger.migrate import migrate
from lienthong_consumers.ledger.readiness import ledger_topics
from lienthong_consumers.ledger.reading import RecordReader
from lienthong_consumers.ledger.recount import kept_totals
from lienthong_consumers.ledger.sink import LedgerSink, Parts, Silent
from lienthong_consumers.ledger.store import LedgerStore
from lienthong_infra.memory import MemoryBroker
from lienthong_infra.memory_group import MemoryGroup
from lienthong_infra.ports import Membership, OutboundRecord, Record, TopicPartition
from lienthong_infra.stalls import StallTimes
from lienthong_schemas.case_event import CASE_TOPICS
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook
from lienthong_schemas.instants import Instant
from tests.support.ledger_cells import Cells
from tests.support.ledger_recount import Recount

MOST_S = 30.0
"""Seconds until a test that waits for a sink fails."""
Clock = Callable[[], Instant]


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; fail after ``MOST_S`` seconds."""
    async with asyncio.timeout(MOST_S):
        while not condition():  # noqa: ASYNC110 - what is waited for lies in a database, which sets no event
            await asyncio.sleep(0.01)


class LedgerBench:
    """One ledger in a schema of its own; ``broker`` holds all topics of the catalogue."""

    def __init__(self, dsn: str, prefix: str) -> None:
        self.dsn = dsn
        self.prefix = prefix
        self.topics = ledger_topics()
        self.broker = MemoryBroker()
        catalogue = load_catalogue()
        for spec in catalogue.topics.values():
            self.broker.create_topic(spec.name, spec.config.partitions)
        self.partitions = [
            TopicPartition(topic, number) for topic in self.topics for number in range(self.broker.partitions(topic))
        ]
        self.group = MemoryGroup(self.broker)
        migrate(dsn, self.prefix)

    async def sink(
        self,
        *,
        membership: Membership | None = None,
        make_store: Callable[[Any], LedgerStore] = LedgerStore,
        start: ExactStart | None = None,
        clock: Clock | None = None,
        stalls: StallTimes | None = None,
    ) -> tuple[LedgerSink, LedgerStore]:
        """A sink, not yet running, and its store, which the caller closes."""
        store = make_store(await connect(self.dsn, self.prefix))
        await store.prepare(self.partitions)
        parts = Parts(
            membership=membership or self.group.membership(),
            publisher=self.broker.publisher(),
            store=store,
            reader=RecordReader(SchemaBook()),
            start=start or ExactStart(),
            observer=Silent(),
            stalls=stalls or StallTimes(),
        )
        return LedgerSink(parts if clock is None else replace(parts, clock=clock)), store

    async def settle(self, **parts: Any) -> None:
        """Let one sink take everything there is, then stop it."""
        sink, store = await self.sink(**parts)
        await self.run_until(lambda: bool(sink.positions) and not self.behind(), (sink, store))

    async def run_until(self, condition: Callable[[], bool], *sinks: tuple[LedgerSink, LedgerStore]) -> None:
        """Run sinks side by side until the condition holds or one of them ends, then stop them."""
        stop = asyncio.Event()
        running = [asyncio.create_task(sink.run(self.topics, stop)) for sink, _ in sinks]
        try:
            await until(lambda: condition() or any(task.done() for task in running))
        finally:
            stop.set()
            self.broker.wake()
            try:
                await asyncio.gather(*running)
            finally:
                for _, store in sinks:
                    await store.close()

    def behind(self) -> list[TopicPartition]:
        """The partitions of which a record is not yet taken; control markers behind the last record do not count."""
        positions = {
            TopicPartition(topic, number): at
            for topic, number, at in self.rows("SELECT topic, partition, next_offset FROM position")
        }
        return [
            one
            for one in self.partitions
            if (records := self.broker.log(one).records) and records[-1].offset >= positions.get(one, 0)
        ]

    def put(self, *records: OutboundRecord) -> None:
        """Write records to the log."""
        self.broker.write(records)

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """What a query gives."""
        with connect_now(self.dsn, self.prefix) as connection:
            return connection.execute(query, arguments).fetchall()

    def change(self, statement: str) -> None:
        """Do something to the tables that no sink does."""
        with connect_now(self.dsn, self.prefix) as connection:
            connection.execute(statement)

    def value(self, query: str, *arguments: object) -> Any:
        """The single value of a query."""
        ((found,),) = self.rows(query, *arguments)
        return found

    def counted(self) -> Recount:
        """What the tables hold, in the form of a recount of the log."""
        return counted(self.dsn, self.prefix)

    def cells(self) -> Cells:
        """The figures of the cells, those that are not zero."""
        return kept_cells(self.dsn, self.prefix)

    def case_records(self) -> list[Record]:
        """All records of dossiers on the log."""
        return self.broker.records("dossier.v1")


def kept_cells(dsn: str, prefix: str) -> Cells:
    """The totals of a ledger by cell, in the form of a recount of the log."""
    with connect_now(dsn, prefix) as connection:
        found = {
            tuple(cell): {name: count for name, count in figures._asdict().items() if count}
            for cell, figures in kept_totals(connection).items()
        }
    return {cell: figures for cell, figures in found.items() if figures}


def counted(dsn: str, prefix: str) -> Recount:
    """What the tables of a ledger hold about cases, in the form of a recount of the log."""
    with connect_now(dsn, prefix) as connection:
        rows = {
            case: (epoch, seq, digest)
            for case, epoch, seq, digest in connection.execute("SELECT case_id, epoch, seq, digest FROM case_row")
        }
        totals = {
            (office, kind): tuple(numbers)
            for office, kind, *numbers in connection.execute(
                "SELECT office, kind, waiting, received, ended, ended_late, open FROM total"
            )
            if any(numbers)
        }
        (events,) = connection.execute("SELECT count(*) FROM case_event").fetchone() or (0,)
        (duplicates,) = connection.execute(
            "SELECT sum(duplicates)::bigint FROM position WHERE topic = ANY(%s)", (list(CASE_TOPICS),)
        ).fetchone() or (0,)
    return Recount(rows, totals, events, duplicates)
