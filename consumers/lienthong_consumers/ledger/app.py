"""The process of the ledger: puts the sink together and runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import CollectorRegistry, start_http_server

from lienthong_consumers.ledger.database import connect
from lienthong_consumers.ledger.exact_start import ExactStart
from lienthong_consumers.ledger.readiness import ledger_topics, refuse_strange
from lienthong_consumers.ledger.reading import CONSUMER, RecordReader
from lienthong_consumers.ledger.sink import LedgerSink, Parts
from lienthong_consumers.ledger.sink_metrics import SinkMetrics
from lienthong_consumers.ledger.starting import brought_up, unless_stopped
from lienthong_consumers.ledger.store import LedgerStore
from lienthong_consumers.ledger.tables.positions import add_topic
from lienthong_infra.errors import ConfigurationError, LienthongError, TemporaryError
from lienthong_infra.kafka.membership import GroupTimes, KafkaMembership
from lienthong_infra.kafka.publisher import KafkaPublisher
from lienthong_infra.kafka.reader import KafkaReader
from lienthong_infra.placement import Placement
from lienthong_infra.ports import TopicPartition
from lienthong_infra.reading import all_partitions
from lienthong_infra.schema_patience import SchemaPatience
from lienthong_schemas.catalogue import load_catalogue
from lienthong_schemas.codec import SchemaBook

log = logging.getLogger(__name__)

_OBJECTS_BETWEEN_COLLECTIONS: Final = 200_000
"""A batch of 4,000 records is some ten thousand objects, all of them gone when it is committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerOptions:
    """Where the ledger reads and writes. ``make_...`` are seams for those who test it."""

    bootstrap: str
    dsn: str
    prefix: str
    metrics_port: int = 0
    times: GroupTimes | None = None
    make_store: Callable[[Any], LedgerStore] = LedgerStore
    make_start: Callable[[], ExactStart] = ExactStart
    make_patience: Callable[[], SchemaPatience] = SchemaPatience


async def run_ledger(options: LedgerOptions, stop: asyncio.Event) -> None:
    """Migrate, then take records until ``stop`` is set.

    Raises ConfigurationError, UnavailableError or UnknownTopic at the start, TemporaryError for anything that a new
    start may heal.
    """
    topics = ledger_topics()
    partitions = await unless_stopped(_prepared(options, topics), stop)
    if partitions is None:
        return
    metrics = _metrics(options)
    publisher = KafkaPublisher(options.bootstrap, options.prefix)
    membership = KafkaMembership(options.bootstrap, options.prefix, application=CONSUMER, times=options.times)
    store = options.make_store(await connect(options.dsn, options.prefix))
    try:
        await store.prepare(partitions)
        parts = Parts(
            membership=membership,
            publisher=publisher,
            store=store,
            reader=RecordReader(SchemaBook(), Placement.of(load_catalogue())),
            start=options.make_start(),
            observer=metrics,
            make_patience=options.make_patience,
        )
        log.info("ledger-started", extra={"bus": options.prefix, "partitions": len(partitions)})
        with _rare_collections():
            await LedgerSink(parts).run(topics, stop)
        log.info("ledger-stopped", extra={"bus": options.prefix})
    except LienthongError:
        raise
    except Exception as error:  # memory may be ahead of the tables: end, and begin again from what is stored
        log.exception("ledger-failed")
        raise TemporaryError(f"the ledger ended on {type(error).__name__}; start it again") from error
    finally:
        await publisher.close()
        await store.close()


async def _prepared(options: LedgerOptions, topics: list[str]) -> list[TopicPartition]:
    """The tables are there, and so are the topics, with these partitions."""
    await brought_up(options.dsn, options.prefix)
    reader = KafkaReader(options.bootstrap, options.prefix)
    try:
        return await all_partitions(reader, topics)
    finally:
        await reader.close()


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for cycles of garbage once every few batches: a batch has none, and to look costs a fifth of its time."""
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _metrics(options: LedgerOptions) -> SinkMetrics:
    registry = CollectorRegistry()
    metrics = SinkMetrics(options.prefix, registry)
    serve_metrics(options.metrics_port, registry)
    return metrics


def serve_metrics(port: int, registry: CollectorRegistry) -> None:
    """Serve metrics on a port of this machine; 0: nowhere. Raises ConfigurationError where it is taken."""
    if port:
        try:
            start_http_server(port, addr="127.0.0.1", registry=registry)
        except OSError as error:
            raise ConfigurationError(
                [f"LIENTHONG_METRICS_PORT: cannot listen on {port} ({error.strerror}); 0 turns it off"]
            ) from error


async def begin_topics(bootstrap: str, dsn: str, prefix: str, topics: list[str]) -> None:
    """Say that topics which are new to a ledger with data are read from their beginning.

    Raises WrongCallError, UnknownTopic, or ConfigurationError where the ledger stands in one of them already.
    """
    refuse_strange(topics)
    reader = KafkaReader(bootstrap, prefix)
    try:
        partitions = await all_partitions(reader, topics)
    finally:
        await reader.close()
    connection = await connect(dsn, prefix)
    async with connection, connection.transaction(), connection.cursor() as cursor:
        await add_topic(cursor, partitions)
